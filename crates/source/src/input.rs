//! One input of a table: a file, a pipe, or what came through one and had to be put into a file.

use std::path::PathBuf;

use lakeward_core::plan::InputFormat;

use crate::{
    columnar::stored::Stored,
    open::{Stamp, Stream},
};

/// One input of a table.
pub(crate) enum Input {
    /// A file, as it was found.
    File { path: PathBuf, format: InputFormat, stamp: Stamp },
    /// Standard input or what a command prints, with what was taken as a sample put back before it.
    Piped { format: InputFormat, stream: Box<Stream> },
    /// What came through a pipe and had to be put into a file.
    Spooled { name: String, format: InputFormat, stored: Stored },
}
