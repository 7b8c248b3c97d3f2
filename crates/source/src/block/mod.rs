//! Cutting content into blocks of whole records, each with its line.
//!
//! A block is what is decoded at once: bounded in bytes, rows and items, and as much larger than that as one record is.

mod array;
mod csv;
mod lines;
mod window;

use lakeward_core::plan::InputFormat;

use crate::{
    error::{Error, Misfit},
    open::Stream,
};

pub(crate) use self::csv::Fields;
use self::{array::ArrayCutter, csv::CsvCutter, lines::LineCutter, window::Window};

/// The most cells of rows, and of the items of their lists, that are decoded at once: either takes memory even for what it
/// lacks.
pub(crate) const BLOCK_CELLS: usize = 1 << 19;
/// The most rows of a block.
const BLOCK_ROWS: usize = 1 << 16;
/// The most columns that a table may have.
pub(crate) const MAX_COLUMNS: usize = 10_000;

/// How much of a record that is too long is kept, to be shown.
const KEPT: usize = 4 << 10;

/// When a block is full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) bytes: usize,
    pub(crate) rows: usize,
    /// Items of lists; `usize::MAX` where no column has lists.
    pub(crate) items: usize,
}

impl Limits {
    /// So many rows as are decoded at once when each takes so many cells.
    pub(crate) fn rows_of(cells: usize) -> usize {
        (BLOCK_CELLS / cells.max(1)).clamp(1, BLOCK_ROWS)
    }

    /// At most how many items the lists of a JSON record have: before each is a bracket or a comma.
    fn items_of(self, record: &[u8]) -> usize {
        if self.items == usize::MAX {
            return 0;
        }
        record.iter().filter(|byte| matches!(byte, b'[' | b',')).count()
    }
}

/// Whole records, in the order of the file.
pub(crate) struct Block {
    /// The text from which they were cut.
    pub(crate) raw: Vec<u8>,
    /// Where each record lies in it.
    pub(crate) records: Vec<Record>,
    /// The records' fields, when they have a header's columns; otherwise each record is one JSON value.
    pub(crate) fields: Option<Fields>,
    /// At most how many items the records' lists have.
    pub(crate) items: usize,
    /// Records that are no rows, by their place in `records`, ascending.
    pub(crate) misfits: Vec<(usize, Misfit)>,
}

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The line of the file on which it begins, from 1.
    pub(crate) line: u64,
}

impl Block {
    /// A record's text as it stands in the file.
    pub(crate) fn text(&self, record: usize) -> &[u8] {
        self.records.get(record).and_then(|record| self.raw.get(record.start..record.end)).unwrap_or_default()
    }

    /// Bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        let fields = self.fields.as_ref().map_or(0, Fields::memory);
        self.raw.capacity() + fields + self.records.capacity() * size_of::<Record>()
    }
}

/// Cuts a stream of one format into blocks.
pub(crate) enum Cutter {
    Csv(Box<CsvCutter>),
    Lines(LineCutter),
    Array(ArrayCutter),
}

impl Cutter {
    /// Begins to cut a stream, and reads the header of one that has it. No record may be longer than `longest` bytes.
    pub(crate) fn new(stream: Stream, format: InputFormat, longest: usize) -> Result<Self, Error> {
        let window = Window::new(stream);
        Ok(match format {
            InputFormat::Csv => Self::Csv(Box::new(CsvCutter::new(window, b',', longest)?)),
            InputFormat::Tsv => Self::Csv(Box::new(CsvCutter::new(window, b'\t', longest)?)),
            InputFormat::Ndjson => Self::Lines(LineCutter::new(window, longest)),
            InputFormat::Json => Self::Array(ArrayCutter::new(window, longest)),
            InputFormat::Parquet | InputFormat::Arrow => return Err(Error::Bug("this format has no records".into())),
        })
    }

    /// The names of the header; `None` for formats without one, and for an input that is empty.
    pub(crate) fn header(&self) -> Option<&[String]> {
        match self {
            Self::Csv(cutter) => cutter.header(),
            Self::Lines(_) | Self::Array(_) => None,
        }
    }

    /// The next block; `None` at the end.
    pub(crate) fn next(&mut self, limits: Limits) -> Result<Option<Block>, Error> {
        match self {
            Self::Csv(cutter) => cutter.next(limits),
            Self::Lines(cutter) => cutter.next(limits),
            Self::Array(cutter) => cutter.next(limits),
        }
    }

    /// The stream that is cut.
    pub(crate) fn stream(&self) -> &Stream {
        match self {
            Self::Csv(cutter) => cutter.window().stream(),
            Self::Lines(cutter) => cutter.window().stream(),
            Self::Array(cutter) => cutter.window().stream(),
        }
    }

    /// Gives the stream back.
    pub(crate) fn into_stream(self) -> Stream {
        match self {
            Self::Csv(cutter) => cutter.into_window().into_stream(),
            Self::Lines(cutter) => cutter.into_window().into_stream(),
            Self::Array(cutter) => cutter.into_window().into_stream(),
        }
    }
}

fn too_long(longest: usize) -> Misfit {
    Misfit::record(format!("the record is longer than max_record_bytes ({longest} bytes); only its beginning is kept"))
}
