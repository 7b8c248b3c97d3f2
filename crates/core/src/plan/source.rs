//! Where the rows of a run come from.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use arrow_schema::DataType;

use super::DestinationPlan;
use crate::table::TableName;

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
    /// What a program writes to its standard output.
    Command {
        /// The program and its arguments; no shell is between. At least one.
        command: Vec<String>,
        /// The folder (absolute) in which it runs.
        folder: PathBuf,
        /// The table.
        table: TableName,
        /// How it is read; the format is given.
        read: ReadPlan,
    },
    /// A source plugin of CloudQuery.
    CloudQuery(PluginPlan),
}

impl SourcePlan {
    /// How its rows are read, where it is text or files that are read.
    #[must_use]
    pub fn read(&self) -> Option<&ReadPlan> {
        match self {
            Self::Files { read, .. } | Self::Stdin { read, .. } | Self::Command { read, .. } => Some(read),
            Self::CloudQuery(_) => None,
        }
    }
}

/// A source plugin of CloudQuery, and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginPlan {
    /// What messages call it, and what its state is kept under. No other source of the plan has the name.
    pub name: String,
    /// Where it is.
    pub place: PluginPlace,
    /// The folder (absolute) in which it runs, and from which the files count that its spec refers to.
    pub folder: PathBuf,
    /// The tables to sync: names with `*` as the plugin reads them. At least one.
    pub tables: Vec<String>,
    /// Those of them to leave out.
    pub skip_tables: Vec<String>,
    /// Whether a table that is read through a chosen one stays out unless it is one of `tables` itself.
    pub skip_dependent_tables: bool,
    /// Whether the plugin makes each row's `_cq_id` of its primary key.
    pub deterministic_cq_id: bool,
    /// The plugin's own spec; `${NAME}` and `${file:PATH}` in its texts stand for what they name when it runs.
    pub spec: serde_json::Map<String, serde_json::Value>,
    /// How long it may say nothing when something is due.
    pub timeout: Duration,
}

/// Where a plugin is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginPlace {
    /// A program (absolute) of this machine, to be started and ended with the run.
    Program {
        /// Its path.
        path: PathBuf,
        /// How it is reached.
        network: PluginNetwork,
    },
    /// One that is running: a host and a port.
    Address(String),
}

impl PluginPlan {
    /// Whether what it remembers is kept from one run to the next. Without rotation each run writes its tables whole, so none may go on
    /// where another ended; and a plugin on another machine can't reach what keeps it.
    #[must_use]
    pub fn keeps_state(&self, destination: &DestinationPlan) -> bool {
        let is_near = match &self.place {
            PluginPlace::Program { .. } => true,
            PluginPlace::Address(address) => is_loopback(address),
        };
        !destination.no_rotate && is_near
    }
}

fn is_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    address.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback())
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        || host.eq_ignore_ascii_case("localhost")
}

/// How a plugin that was started is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PluginNetwork {
    /// At a unix socket that this user alone can reach.
    #[default]
    Unix,
    /// At a port of the loopback interface.
    Tcp,
}

/// How rows are read, whatever they are read from.
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
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, as a file (Feather version 2) or as a stream.
    Arrow,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_on_this_machine_can_reach_what_keeps_a_state() {
        for near in ["127.0.0.1:7777", "localhost:1", "[::1]:7777"] {
            assert!(is_loopback(near), "{near}");
        }
        for far in ["10.0.0.1:7777", "localhost.example.org:1", "[fe80::1]:7777"] {
            assert!(!is_loopback(far), "{far}");
        }
    }
}
