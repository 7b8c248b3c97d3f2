//! What can go wrong between a path and a batch, in the words that the person sees.

use std::{fmt, io, path::Path};

use lakeward_core::{
    failure::{Failure, FailureKind},
    table::TableName,
    untrusted,
};

/// What a folder or a glob does not find.
const LEFT_OUT: &str =
    "The config itself and what runs write (`rejects`, `state_dir`, the embedded S3's `dir`) are left out";

/// Why a record is not a row of its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// The column, with its path inside nested values (`properties.mag`, `tags[]`); `None` when it is the whole record.
    pub(crate) column: Option<String>,
    /// What does not fit, printable.
    pub(crate) reason: String,
    /// The column that would take the value, were its type text.
    pub(crate) retype: Option<String>,
}

impl Misfit {
    /// A misfit of the record as a whole.
    pub(crate) fn record(reason: impl Into<String>) -> Self {
        Self { column: None, reason: reason.into(), retype: None }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "column {column:?}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

/// Where in an input a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The line on which it begins, from 1.
    Line(u64),
    /// Its number, from 1, where there are no lines.
    Row(u64),
}

impl Place {
    pub(crate) fn number(self) -> u64 {
        let (Self::Line(number) | Self::Row(number)) = self;
        number
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

/// A misfit with its place.
#[derive(Debug)]
pub(crate) struct MisfitAt {
    pub(crate) path: String,
    pub(crate) place: Place,
    pub(crate) misfit: Misfit,
}

impl fmt::Display for MisfitAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {}", self.path, self.place, self.misfit)
    }
}

/// A column whose types in two inputs have none in common.
#[derive(Debug)]
pub(crate) struct Disagreement {
    pub(crate) column: String,
    pub(crate) one: String,
    pub(crate) one_type: String,
    pub(crate) other: String,
    pub(crate) other_type: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, one, one_type, other, other_type } = self;
        write!(f, "column {column:?} is {one_type} in {one} and {other_type} in {other}")
    }
}

/// How many faults of inputs are told at once.
const TOLD: usize = 5;
/// How a file is left out.
const LEAVE_OUT: &str = "leave it out (in `paths`, list the others, or take a glob that does not match it)";

/// A fault that ends the run. Files are named as [`shown`] writes them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{path} does not exist")]
    Missing { path: String, near: Option<String> },
    #[error("{path} is a link to {to}, which does not exist")]
    Dangling { path: String, to: String },
    #[error("no file matches {glob}")]
    NoMatch { glob: String, near: Option<String>, left_out: bool },
    #[error("the folder {path} holds no file")]
    NoFiles { path: String, left_out: bool },
    #[error("{glob} is no valid glob: {cause}")]
    Glob { glob: String, cause: String },
    #[error("{path} is not read as a source: it is {what}")]
    Own { path: String, what: String },
    #[error("{path} is neither a file nor a folder")]
    NotAFile { path: String },
    #[error("{path} can't be read: {cause}")]
    Unreadable { path: String, cause: io::Error },
    #[error("{path} changed while it was read")]
    Changed { path: String },
    #[error("{path} names no table: {cause}")]
    TableName { path: String, cause: String },

    #[error("{path}: the {compression} data are cut short or damaged, after {after} bytes of content: {cause}")]
    Damaged { path: String, compression: &'static str, after: u64, cause: io::Error },
    #[error("{path} is {what}, which is not read")]
    Foreign { path: String, what: &'static str },
    #[error("the format of {path} can't be told from its content or its name")]
    Format { path: String },

    #[error("{path} is not {format}, as its name or the source's `format` says")]
    NotOfFormat { path: String, format: &'static str },
    #[error("{path}: the {format} data are cut short or damaged: {cause}")]
    Broken { path: String, format: &'static str, cause: String },
    #[error("{path}: the Arrow data are cut short or damaged: the mark of their end is missing")]
    NoEnd { path: String },
    #[error("{path}{} with {codec}, which is not read", compressed(column.as_deref()))]
    Codec { path: String, column: Option<String>, codec: String },
    #[error("{path} is an encrypted Parquet file, which is not read")]
    Encrypted { path: String },
    #[error("{path}: {cause}")]
    Names { path: String, cause: String },
    #[error("{0}")]
    Disagreement(Box<Disagreement>),
    #[error("{path}: column {column:?} is {from}, which can't be read as {to}")]
    Retype { path: String, column: String, from: String, to: String },
    #[error("what came can't be put into a file in {path}: {cause}")]
    Spool { path: String, cause: io::Error },

    #[error("{path} is empty: it has not even a header")]
    Empty { path: String },
    #[error("table {table} has no columns: {why}")]
    NoColumns { table: TableName, why: String },
    #[error("table {table} would have more than {most} columns")]
    TooManyColumns { table: TableName, most: usize },
    #[error("{path}, header: {cause}")]
    Header { path: String, cause: String },
    #[error("{path}, line {line}: a key holds a NUL character: {key:?}")]
    Key { path: String, line: u64, key: String },
    #[error("{path}, line {line}: a quote is opened in the record that begins here, and never closed")]
    UnclosedQuote { path: String, line: u64 },
    #[error("{path}, line {line}: {cause}")]
    Array { path: String, line: u64, cause: String },
    #[error("{at}")]
    Misfit { at: Box<MisfitAt>, partly_sampled: bool, skips: bool },

    #[error("table {table}: more than {most} rows were set aside; the last one: {last}")]
    TooManyRejects { table: TableName, most: u64, last: Box<MisfitAt>, rejects: String },
    #[error("the rejects file {path} can't be written: {cause}")]
    Rejects { path: String, cause: io::Error },

    #[error("there is no table {name:?} in the sources")]
    UnknownTable { name: String, near: Option<String> },
    #[error("{} column {column:?}, whose type the config gives", without(table.as_ref()))]
    UnknownColumn { table: Option<TableName>, column: String, near: Option<String> },
    #[error("two sources read the table {table} and differ in {key:?}")]
    Conflict { table: TableName, key: &'static str },
    #[error("the table {table} is also one of a source of type \"cloudquery\"")]
    Elsewhere { table: TableName },
    #[error("standard input can be read by one source only")]
    StdinTwice,
    #[error("sample = \"all\" reads everything twice, and {name} can be read only once")]
    PipeSample { name: &'static str },
    #[error("the source of {name} gives no format")]
    PipeFormat { name: &'static str },

    #[error("{command} can't be started: {cause}")]
    NotStarted { command: String, cause: io::Error },
    #[error("{0}")]
    Command(CommandFailed),

    #[error("{} files can't be taken as they are:{}", .0.len(), listed(.0))]
    Several(Vec<Self>),

    #[error("{0}")]
    Bug(String),
}

impl Error {
    /// Of several faults the one, or all.
    pub(crate) fn of(mut faults: Vec<Self>) -> Option<Self> {
        match faults.len() {
            0 | 1 => faults.pop(),
            _ => Some(Self::Several(faults)),
        }
    }

    /// Whether it is about one file, and says nothing about others.
    pub(crate) fn is_of_one_file(&self) -> bool {
        matches!(
            self,
            Self::Unreadable { .. }
                | Self::Damaged { .. }
                | Self::Foreign { .. }
                | Self::Format { .. }
                | Self::NotOfFormat { .. }
                | Self::Broken { .. }
                | Self::NoEnd { .. }
                | Self::Codec { .. }
                | Self::Encrypted { .. }
                | Self::Names { .. }
                | Self::Empty { .. }
                | Self::Header { .. }
                | Self::Key { .. }
                | Self::UnclosedQuote { .. }
                | Self::Array { .. }
        )
    }

    fn kind(&self) -> FailureKind {
        match self {
            Self::UnknownTable { .. }
            | Self::UnknownColumn { .. }
            | Self::Conflict { .. }
            | Self::Elsewhere { .. }
            | Self::StdinTwice
            | Self::PipeSample { .. }
            | Self::PipeFormat { .. }
            | Self::Own { .. }
            | Self::Glob { .. } => FailureKind::Usage,
            Self::Rejects { .. } | Self::Spool { .. } => FailureKind::Destination,
            Self::Bug(_) => FailureKind::Bug,
            _ => FailureKind::Input,
        }
    }

    fn next(&self) -> Option<String> {
        let advice = match self {
            Self::Missing { near: Some(near), .. } | Self::NoMatch { near: Some(near), .. } => {
                format!("did you mean {near}? Relative paths count from the folder of the config file")
            }
            Self::Missing { .. } => "check `paths`; relative paths count from the folder of the config file".into(),
            Self::NoMatch { left_out, .. } => noting(
                "check `paths`; relative paths count from the folder of the config file".to_owned(),
                *left_out,
            ),
            Self::NoFiles { left_out, .. } => noting(
                "name a folder with files in it. Hidden files (with a leading dot) are left out".to_owned(),
                *left_out,
            ),
            Self::Dangling { .. } => "make what it leads to, or name another file".into(),
            Self::Own { .. } => {
                "take it out of `paths`; to read what a run has written, copy it to a folder of its own".into()
            }
            Self::Glob { .. } => "write `*`, `?`, `**`, `[…]` and `{a,b}` as a shell would".into(),
            Self::NotAFile { .. } => "for a pipe, use a source of type \"stdin\"".into(),
            Self::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::PermissionDenied => {
                "give the user of this process the right to read it".into()
            }
            Self::Unreadable { .. } | Self::Bug(_) => return None,
            Self::Changed { .. } => "run again when nothing writes to it, or sync a copy".into(),
            Self::TableName { .. } => "give the source a `table`".into(),
            Self::Damaged { .. } => {
                "get the file anew: what follows the fault can't be read, so nothing of it can be skipped".into()
            }
            Self::Foreign { .. } => "convert it to CSV or NDJSON in UTF-8, plain, with gzip or with zstd".into(),
            Self::Format { .. } => "give the source a `format`: csv, tsv, ndjson, json, parquet or arrow".into(),
            Self::NotOfFormat { .. } => "leave `format` out, or give the one that it is".into(),
            Self::Broken { .. } => "get the file anew, or write it again".into(),
            Self::NoEnd { .. } => "get the file anew, or write it again with a writer that is closed at the end; of a stream that \
                                   is whole without the mark, use a source of type = \"command\", whose status tells the end"
                .into(),
            Self::Codec { .. } => "write it again with zstd, lz4, snappy or gzip, or without compression".into(),
            Self::Encrypted { .. } => "write it again without encryption".into(),
            Self::Names { .. } => "give each column a name of its own".into(),
            Self::Disagreement(disagreement) => {
                let column = &disagreement.column;
                format!(
                    "give the column one type (columns = {{ {column:?} = \"string\" }}), or one of the files another `table`"
                )
            }
            Self::Retype { .. } => "give it another type in `columns`, or leave it out there".into(),
            Self::Spool { .. } => "make room, or set `state_dir` to a folder that has it".into(),
            Self::Empty { .. } => format!("write a header into it, or {LEAVE_OUT}"),
            Self::Several(_) => {
                "mend them, or leave them out (in `paths`, list the others, or take a glob that does not match these)".into()
            }
            Self::NoColumns { .. } => "check the files, and the source's `format`".into(),
            Self::TooManyColumns { .. } => "check whether a key of the JSON is in truth a value, such as an id".into(),
            Self::Header { cause, .. } if cause.ends_with("is not UTF-8") => "write the file in UTF-8".into(),
            Self::Header { .. } => "give each column a name of its own in the first line".into(),
            Self::Key { .. } => "rename the key: no table format takes such a name".into(),
            Self::UnclosedQuote { line, .. } => format!(
                "close the quote of the record in line {line} (inside a quoted field a quote is written as two), or {LEAVE_OUT}. \
                 on_error = \"skip\" can't set it aside, for where the record ends is unknown"
            ),
            Self::Array { .. } => {
                "mend the file: where the next value begins is unknown, so that nothing of it can be skipped".into()
            }
            Self::Misfit { skips: true, .. } => {
                "check the source's `format`: rows are set aside already, and none was left to tell the columns from".into()
            }
            Self::Misfit { at, partly_sampled, .. } => misfit_advice(&at.misfit, *partly_sampled),
            Self::TooManyRejects { rejects, .. } => {
                format!("look into {rejects} for the reasons, or raise `max_rejects`")
            }
            Self::Rejects { .. } => "give `rejects` a folder that this process can write to".into(),
            Self::UnknownTable { near, .. } => match near {
                Some(near) => format!("did you mean {near:?}?"),
                None => "leave `--table` out to sync all tables".into(),
            },
            Self::UnknownColumn { near, .. } => match near {
                Some(near) => format!("did you mean {near:?}?"),
                None => "take it out of `columns`, or sample more (sample = \"all\")".into(),
            },
            Self::Conflict { .. } => "give both the same, or another `table` to one of them".into(),
            Self::Elsewhere { .. } => "give the files another `table`, or leave it out of the plugin's with `skip_tables`".into(),
            Self::StdinTwice => "leave one source of type \"stdin\"".into(),
            Self::PipeSample { .. } => "give the sample in bytes, such as sample = \"16MiB\"".into(),
            Self::NotStarted { cause, .. } => match cause.kind() {
                io::ErrorKind::NotFound => {
                    "check the program's name: a path counts from the folder of the config file, and a name is looked for \
                     in PATH"
                        .into()
                }
                io::ErrorKind::PermissionDenied => "make the program executable for the user of this process".into(),
                _ => return None,
            },
            Self::Command(_) => "run the command by itself to see why; of what it printed, nothing is sure".into(),
            Self::PipeFormat { .. } => "give the source a `format`: csv, tsv, ndjson, json, parquet or arrow".into(),
        };
        Some(advice)
    }
}

/// An advice, with a note on what is left out where something was.
fn noting(advice: String, left_out: bool) -> String {
    if left_out { format!("{advice}. {LEFT_OUT}") } else { advice }
}

fn misfit_advice(misfit: &Misfit, partly_sampled: bool) -> String {
    let mut ways = vec!["mend the row".to_owned()];
    if let Some(column) = &misfit.retype {
        ways.push(format!("give the column another type (columns = {{ {column:?} = \"string\" }})"));
    }
    if partly_sampled {
        ways.push("infer types from all rows (sample = \"all\")".into());
    }
    ways.push("set such rows aside (on_error = \"skip\")".into());
    let last = ways.pop().unwrap_or_default();
    format!("{}, or {last}", ways.join(", "))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut failure = Self::new(error.kind(), error.to_string());
        failure.can_set_aside = matches!(error, Error::Misfit { skips: false, .. });
        match error.next() {
            Some(advice) => failure.next(advice),
            None => failure,
        }
    }
}

/// The first faults, one a line, and how many more there are.
fn listed(faults: &[Error]) -> String {
    let mut lines: String = faults.iter().take(TOLD).map(|fault| format!("\n  {fault}")).collect();
    if faults.len() > TOLD {
        lines.push_str(&format!("\n  and {} more", faults.len() - TOLD));
    }
    lines
}

/// That the only table of a source has none, or none of several has one.
fn without(table: Option<&TableName>) -> String {
    table.map_or_else(|| "no table of the source has a".to_owned(), |table| format!("table {table} has no"))
}

fn compressed(column: Option<&str>) -> String {
    match column {
        Some(column) => format!(": column {column:?} is compressed"),
        None => " is compressed".into(),
    }
}

/// A path as messages write it.
pub(crate) fn shown(path: &Path) -> String {
    untrusted::printable(&path.to_string_lossy()).into_owned()
}

/// The candidate that a mistyped name most likely means, if one is near enough to be worth a word.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = name.chars().count().div_ceil(3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A program that ended otherwise than with status 0.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{command} {end}{}", said(words))]
pub(crate) struct CommandFailed {
    pub(crate) command: String,
    /// How it ended.
    pub(crate) end: String,
    /// The end of what it wrote to standard error.
    pub(crate) words: Vec<String>,
}

fn said(words: &[String]) -> String {
    if words.is_empty() {
        return ", and wrote nothing to standard error".into();
    }
    format!("; the end of its standard error:\n  {}", words.join("\n  "))
}
