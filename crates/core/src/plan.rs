//! The plan: what a config resolves to, validated. The engine sees this and never a config.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use arrow_schema::DataType;

use crate::{batch::ClosePolicy, key::Template, table::TableName};

/// Everything that a run needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Where what outlives a run is kept (absolute). Created when something is first kept there.
    pub state_dir: PathBuf,
    /// How long after a first signal open objects may take to land.
    pub shutdown_grace: Duration,
    /// Which credentials are used.
    pub auth: AuthPlan,
    /// Where objects go and what they look like.
    pub destination: DestinationPlan,
    /// Where rows come from, in the config's order; at least one.
    pub sources: Vec<SourcePlan>,
    /// The tables to sync; empty: all that the sources hold.
    pub only_tables: Vec<TableName>,
}

/// Which credentials are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthPlan {
    /// The AWS credential chain, in its order.
    Chain,
    /// `AWS_ACCESS_KEY_ID` and its kin alone.
    Env,
    /// One profile of the shared AWS files alone.
    Profile(String),
}

/// Where objects go and what they look like.
#[derive(Clone, Debug, PartialEq)]
pub struct DestinationPlan {
    /// Which S3.
    pub storage: Storage,
    /// The bucket's name.
    pub bucket: String,
    /// The object key's template; it names the table, and an object's UUID unless `no_rotate`.
    pub path: Template,
    /// Parquet's settings.
    pub parquet: ParquetPlan,
    /// When an object closes. Without any limit when `no_rotate`.
    pub close: ClosePolicy,
    /// One object a table.
    pub no_rotate: bool,
    /// How long an upload is tried again without progress.
    pub retry_deadline: Duration,
}

/// Which S3 an object is put into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// AWS or a server that speaks its protocol.
    S3(S3Plan),
    /// The S3 server in this process.
    Embedded {
        /// The folder (absolute) under which an object is the file `bucket/key`.
        dir: PathBuf,
    },
}

/// How an S3 over the network is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Plan {
    /// The bucket's region, where the config names it.
    pub region: Option<String>,
    /// Another endpoint than AWS's: an `http` or `https` URL.
    pub endpoint: Option<String>,
    /// Whether the endpoint's certificate is taken unchecked.
    pub skip_tls_verify: bool,
    /// Whether the bucket stands in the path instead of the host name.
    pub use_path_style: bool,
}

/// How Parquet is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParquetPlan {
    /// The codec of its pages.
    pub compression: Compression,
    /// The most rows of a row group.
    pub max_row_group_length: u64,
}

/// A codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Stored as it is.
    None,
    /// Snappy (raw blocks).
    Snappy,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// One `[[source]]`.
#[derive(Clone, Debug, PartialEq)]
pub enum SourcePlan {
    /// Files of this machine.
    Files {
        /// Files, folders (all files below them) and globs; absolute. At least one.
        paths: Vec<String>,
        /// The one table that all the files are; without it each file's stem is its table.
        table: Option<TableName>,
        /// How they are read.
        read: ReadPlan,
    },
    /// Standard input.
    Stdin {
        /// The table.
        table: TableName,
        /// How it is read; the format is given.
        read: ReadPlan,
    },
}

/// How rows are read from files or standard input.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadPlan {
    /// The format; without it, it is found by content, and in doubt by the file's name.
    pub format: Option<InputFormat>,
    /// Types that are given rather than inferred, by column.
    pub columns: BTreeMap<String, DataType>,
    /// How much is looked at to infer types.
    pub sample: Sample,
    /// The longest record (CSV record, JSON value) in bytes.
    pub max_record_bytes: u64,
    /// What becomes of a row that does not fit.
    pub on_error: OnError,
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputFormat {
    /// Comma-separated values, RFC 4180.
    Csv,
    /// Tab-separated values, quoted as CSV is.
    Tsv,
    /// One JSON value a line.
    Ndjson,
    /// One JSON array of values.
    Json,
}

/// How much of a table's files is looked at to infer its columns' types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// So many bytes (after decompression) over all files of the table.
    Bytes(u64),
    /// Everything: the files are read twice.
    All,
}

/// What becomes of a row that does not fit its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The run ends and names the file, the line, the column and the value.
    Fail,
    /// The row goes with its reason into a rejects file.
    Skip {
        /// The folder (absolute) for rejects files.
        rejects: PathBuf,
        /// The run ends when more rows than this were rejected, over all tables.
        max_rejects: Option<u64>,
    },
}
