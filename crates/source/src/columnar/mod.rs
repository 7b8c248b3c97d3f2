//! Parquet and Arrow IPC: inputs that bring their columns' types with them.
//!
//! Parquet needs a file that can be read at any place, and so does an Arrow file; of a pipe or a compressed file, the
//! content is put into a file without a name first. An Arrow stream is read as it comes.

mod ipc;
mod parquet;
pub(crate) mod schema;
pub(crate) mod stored;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use lakeward_core::{
    budget::{Budget, Reservation},
    plan::InputFormat,
    untrusted,
};

use self::{ipc::Messages, parquet::RowGroups, stored::Stored};
use crate::{block::Limits, error::Error, open::Stream};

/// An input of Parquet or Arrow that is being read.
pub(crate) enum Columnar {
    Parquet(Box<RowGroups>),
    Arrow(Box<Messages>),
}

/// Rows of an input, with the columns' own types.
pub(crate) struct Part {
    /// The first row's number in the input, from 1.
    pub(crate) first_row: u64,
    /// Bytes of the input, as stored, that it stands for.
    pub(crate) stored: u64,
    pub(crate) batch: RecordBatch,
    /// What it takes, and took while it was decoded.
    pub(crate) memory: Reservation,
}

/// Whether a format brings its columns' types with it.
pub(crate) fn is_columnar(format: InputFormat) -> bool {
    matches!(format, InputFormat::Parquet | InputFormat::Arrow)
}

impl Columnar {
    /// Begins to read a file.
    pub(crate) fn file(path: &Path, format: InputFormat, spool: &Path) -> Result<Self, Error> {
        let mut stream = Stream::file(path)?;
        if !needs_file(&mut stream, format)? {
            return Ok(Self::Arrow(Box::new(Messages::of_stream(stream)?)));
        }
        let stored = if stream.is_compressed() { Stored::spool(&mut stream, spool)? } else { Stored::open(path)? };
        Self::stored(stream.name, stored, format)
    }

    /// Begins to read an Arrow stream.
    pub(crate) fn stream(stream: Stream) -> Result<Self, Error> {
        Ok(Self::Arrow(Box::new(Messages::of_stream(stream)?)))
    }

    /// Begins to read what has been stored.
    pub(crate) fn stored(name: String, stored: Stored, format: InputFormat) -> Result<Self, Error> {
        Ok(match format {
            InputFormat::Parquet => Self::Parquet(Box::new(RowGroups::new(name, stored)?)),
            _ => Self::Arrow(Box::new(Messages::of_file(name, stored)?)),
        })
    }

    /// The input's name in messages.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Parquet(groups) => groups.name(),
            Self::Arrow(messages) => messages.name(),
        }
    }

    /// Its format's name in messages.
    pub(crate) fn format(&self) -> &'static str {
        match self {
            Self::Parquet(_) => parquet::FORMAT,
            Self::Arrow(_) => ipc::FORMAT,
        }
    }

    /// Its columns, as they are stored.
    pub(crate) fn schema(&self) -> &SchemaRef {
        match self {
            Self::Parquet(groups) => groups.schema(),
            Self::Arrow(messages) => messages.schema(),
        }
    }

    /// The next rows; `None` at the end. Waits until there is memory for them.
    pub(crate) fn next(&mut self, limits: Limits, budget: &Budget) -> Result<Option<Part>, Error> {
        match self {
            Self::Parquet(groups) => groups.next(limits, budget),
            Self::Arrow(messages) => messages.next(budget),
        }
    }

    /// Bytes as stored that no part stood for, at the end.
    pub(crate) fn left(&self) -> u64 {
        match self {
            Self::Parquet(groups) => groups.left(),
            Self::Arrow(messages) => messages.left(),
        }
    }

    /// The stream of an Arrow stream, given back.
    pub(crate) fn into_stream(self) -> Option<Stream> {
        match self {
            Self::Parquet(_) => None,
            Self::Arrow(messages) => messages.into_stream(),
        }
    }
}

/// Whether the content has to be in a file. It tells what is not of the format.
pub(crate) fn needs_file(stream: &mut Stream, format: InputFormat) -> Result<bool, Error> {
    let head = stream.peek(8)?;
    let is_file = match format {
        InputFormat::Parquet if head.starts_with(parquet::ENCRYPTED) => {
            return Err(Error::Encrypted { path: stream.name.clone() });
        }
        InputFormat::Parquet if head.starts_with(parquet::MAGIC) => true,
        InputFormat::Arrow if head.starts_with(ipc::MAGIC) => true,
        InputFormat::Arrow if head.starts_with(parquet::MAGIC) => {
            return Err(Error::NotOfFormat { path: stream.name.clone(), format: "Arrow data" });
        }
        InputFormat::Parquet => {
            return Err(Error::NotOfFormat { path: stream.name.clone(), format: "a Parquet file" });
        }
        _ => false,
    };
    Ok(is_file)
}

/// Why content that claims to be of a format can't be read.
pub(crate) fn broken(path: &str, format: &'static str, cause: &dyn std::fmt::Display) -> Error {
    Error::Broken { path: path.to_owned(), format, cause: untrusted::excerpt(&cause.to_string(), 300) }
}

/// Runs what decodes untrusted content.
///
/// The readers of Parquet and Arrow panic at some damage instead of telling it. What they were working on is not used
/// again, so that nothing half done is seen.
pub(crate) fn guarded<T>(
    path: &str,
    format: &'static str,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(broken(path, format, &"its parts contradict each other")))
}
