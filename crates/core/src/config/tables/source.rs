//! The tables `[[source]]` and their keys.

use std::{collections::BTreeMap, ops::Range};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{At, Duration, SIZE, Size};
use crate::config;

pub(in crate::config) struct Source {
    pub(in crate::config) kind: SourceKind,
    pub(in crate::config) read: Read,
    /// Where its table begins.
    pub(in crate::config) span: Range<usize>,
}

pub(in crate::config) enum SourceKind {
    Files(Files),
    Stdin(Stdin),
    Command(Command),
    CloudQuery(Box<CloudQuery>),
}

/// Files of this machine.
#[derive(Deserialize, JsonSchema)]
pub(in crate::config) struct Files {
    /// Files, folders (everything below them) and globs.
    #[schemars(length(min = 1), extend("examples" = [["data/*.csv"]]))]
    pub(in crate::config) paths: At<Vec<At<String>>>,
    /// The one table that all the files are. Default: each file's stem is its table.
    #[schemars(length(min = 1, max = 255))]
    pub(in crate::config) table: Option<At<String>>,
    /// The format. Default: found by content, and in doubt by the file's name.
    pub(in crate::config) format: Option<InputFormat>,
}

/// Standard input; one source can take it.
#[derive(Deserialize, JsonSchema)]
pub(in crate::config) struct Stdin {
    /// The table.
    #[schemars(length(min = 1, max = 255))]
    pub(in crate::config) table: At<String>,
    /// The format.
    pub(in crate::config) format: InputFormat,
}

/// What a program writes to its standard output.
#[derive(Deserialize, JsonSchema)]
pub(in crate::config) struct Command {
    /// The program and its arguments, without a shell. It runs in the config's folder; a relative path to it counts from there.
    #[schemars(length(min = 1), extend("examples" = [["psql", "--csv", "-c", "select * from orders"]]))]
    pub(in crate::config) command: At<Vec<String>>,
    /// The table.
    #[schemars(length(min = 1, max = 255))]
    pub(in crate::config) table: At<String>,
    /// The format.
    pub(in crate::config) format: InputFormat,
}

/// A source plugin of CloudQuery, started here or running already.
#[derive(Deserialize, JsonSchema)]
pub(in crate::config) struct CloudQuery {
    /// The plugin's program; a relative path counts from the config's folder. Instead: address.
    #[schemars(length(min = 1), example = &"./cq-source-aws")]
    pub(in crate::config) path: Option<At<String>>,
    /// The host and port of a plugin that is running already.
    #[schemars(regex(pattern = r"^(\[[0-9A-Fa-f:.]+\]|[^:/?#@\s\[\]]+):[0-9]{1,5}$"), example = &"127.0.0.1:7777")]
    pub(in crate::config) address: Option<At<String>>,
    /// How a plugin that is started is reached: at a unix socket of this user's own, or at a port of the loopback interface, for plugins
    /// that know nothing else (those of the JavaScript SDK).
    #[schemars(extend("default" = "unix"))]
    pub(in crate::config) network: Option<At<Network>>,
    /// What messages call it, and what its state is kept under. Default: the name of its program, or its address.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"), example = &"aws")]
    pub(in crate::config) name: Option<At<String>>,
    /// The tables to sync; `*` stands for any characters.
    #[schemars(length(min = 1), extend("default" = ["*"], "examples" = [["aws_ec2_*"]]))]
    pub(in crate::config) tables: Option<At<Vec<At<String>>>>,
    /// The tables to leave out of them.
    #[schemars(extend("default" = []))]
    pub(in crate::config) skip_tables: Option<Vec<At<String>>>,
    /// Whether a table that is read through a chosen one stays out unless `tables` names it too, as `*` does.
    #[schemars(extend("default" = true))]
    pub(in crate::config) skip_dependent_tables: Option<bool>,
    /// Whether the plugin makes each row's `_cq_id` of its primary key, so that it is the same in every run.
    #[schemars(extend("default" = false))]
    pub(in crate::config) deterministic_cq_id: Option<bool>,
    /// The plugin's own spec. `${NAME}` in a text stands for an environment variable, and `${file:PATH}` for what a file holds; they are
    /// looked up when the plugin is run.
    pub(in crate::config) spec: Option<At<PluginSpec>>,
    /// How long the plugin may take to answer, and then to send the next row, before the run ends.
    #[schemars(extend("default" = config::PLUGIN_TIMEOUT))]
    pub(in crate::config) timeout: Option<At<Duration>>,
}

/// The spec of a plugin: a table with any keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::config) struct PluginSpec(pub(in crate::config) toml::Table);

impl JsonSchema for PluginSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PluginSpec".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": true })
    }
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum Network {
    /// A unix socket.
    Unix,
    /// A port of the loopback interface.
    Tcp,
}

/// How rows are read, whatever they are read from.
#[derive(Deserialize, JsonSchema)]
pub(in crate::config) struct Read {
    /// Types that are given rather than inferred, by column: string, int64, float64, boolean, date, timestamp, timestamptz or
    /// decimal(P,S). Of several tables, those that have the column.
    pub(in crate::config) columns: Option<BTreeMap<String, At<String>>>,
    /// How much of a table is looked at to infer its columns' types: a size, or "all" to read everything twice.
    #[schemars(extend("pattern" = format!("^all$|{SIZE}"), "default" = config::SAMPLE))]
    pub(in crate::config) sample: Option<At<Size>>,
    /// The longest record (CSV record, JSON value): 1 KiB to 1 GiB.
    #[schemars(extend("default" = config::MAX_RECORD_BYTES))]
    pub(in crate::config) max_record_bytes: Option<At<Size>>,
    /// What becomes of a row that does not fit.
    #[schemars(extend("default" = "fail"))]
    pub(in crate::config) on_error: Option<OnError>,
    /// The folder for rejects files, with on_error = "skip".
    #[schemars(length(min = 1), extend("default" = config::REJECTS))]
    pub(in crate::config) rejects: Option<At<String>>,
    /// The run ends when more rows than this were rejected, with on_error = "skip". Default: no limit.
    pub(in crate::config) max_rejects: Option<At<u64>>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum InputFormat {
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

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(in crate::config) enum OnError {
    /// The run ends and names the file, the line, the column and the value.
    Fail,
    /// The row goes with its reason into a rejects file.
    Skip,
}
