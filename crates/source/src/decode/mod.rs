//! Decoding a block of records into a record batch, column by column.
//!
//! A record becomes a row of raw cells first: pieces of the block's own text. Each column's cells are then decoded by the
//! column's type. A cell that does not fit makes its row a misfit, which is taken out of the batch and handed on with its
//! reason.

pub(crate) mod json;
mod leaf;
pub(crate) mod scalar;

pub(crate) mod conform;

use std::{borrow::Cow, collections::BTreeMap, str};

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use arrow_select::filter::filter_record_batch;

use lakeward_core::{column_type::describe, untrusted::excerpt};

use self::leaf::Plain;
use crate::{
    block::{Block, Fields},
    error::{Misfit, Place},
};

/// The most cells that the items of a record's lists may take; with more, the record is a misfit.
pub(crate) const MAX_ITEM_CELLS: usize = 1 << 24;

/// How many cells a value of a type takes, whatever it holds: itself and its fields, but not the items of its lists.
pub(crate) fn cells(data_type: &DataType) -> usize {
    match data_type {
        DataType::Struct(fields) => 1 + fields.iter().map(|field| cells(field.data_type())).sum::<usize>(),
        _ => 1,
    }
}

/// How many cells an item of a list takes, at most, of all lists in a type; `None` where there is no list.
pub(crate) fn item_cells(data_type: &DataType) -> Option<usize> {
    match data_type {
        DataType::Struct(fields) => fields.iter().filter_map(|field| item_cells(field.data_type())).max(),
        DataType::List(item) => item_cells(item.data_type()).max(Some(cells(item.data_type()))),
        _ => None,
    }
}

/// What decodes the blocks of one input.
#[derive(Debug)]
pub(crate) struct Decoder {
    schema: SchemaRef,
    /// For each column, whether its type was given rather than inferred.
    given: Vec<bool>,
    /// For each column, its place among the input's fields; for JSON there is none.
    places: Vec<Option<usize>>,
}

/// A decoded block.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) batch: RecordBatch,
    pub(crate) rejected: Vec<Rejected>,
}

/// A record that is no row.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub(crate) place: Place,
    pub(crate) misfit: Misfit,
    /// Its text as it stands in the file; of a row without a text, a JSON object.
    pub(crate) text: Vec<u8>,
}

impl Decoder {
    /// A decoder of records under this header, or of JSON when there is none.
    pub(crate) fn new(schema: SchemaRef, given: Vec<bool>, header: Option<&[String]>) -> Self {
        let place = |name: &String| header.and_then(|header| header.iter().position(|column| column == name));
        let places = schema.fields().iter().map(|field| place(field.name())).collect();
        Self { schema, given, places }
    }

    /// Decodes a block.
    ///
    /// # Errors
    /// Only when Arrow refuses the arrays made here: a bug.
    pub(crate) fn decode(&self, block: &Block) -> Result<Decoded, ArrowError> {
        let mut misfits = Misfits::default();
        for (row, misfit) in &block.misfits {
            misfits.by_row.insert(*row, misfit.clone());
        }
        let rows = block.records.len();
        let arrays = match &block.fields {
            Some(fields) => self.fields(fields, rows, &mut misfits)?,
            None => json::records(block, self.schema.fields(), &self.given, &mut misfits)?,
        };
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let mut batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)?;
        if !misfits.by_row.is_empty() {
            let kept: BooleanArray = (0..rows).map(|row| Some(!misfits.by_row.contains_key(&row))).collect();
            batch = filter_record_batch(&batch, &kept)?;
        }
        let rejected = misfits.by_row.into_iter().map(|(row, misfit)| Rejected {
            place: Place::Line(block.records.get(row).map_or(0, |record| record.line)),
            misfit,
            text: block.text(row).to_vec(),
        });
        Ok(Decoded { batch, rejected: rejected.collect() })
    }

    fn fields(&self, fields: &Fields, rows: usize, misfits: &mut Misfits) -> Result<Vec<ArrayRef>, ArrowError> {
        let text = match str::from_utf8(fields.text()) {
            // Two halves of a character in two fields would make a whole one where they meet.
            Ok(text) if fields.ends().iter().all(|end| text.is_char_boundary(*end as usize)) => Cow::Borrowed(text),
            _ => {
                self.find_invalid(fields, rows, misfits);
                Cow::Owned(fields.masked())
            }
        };
        let columns = self.schema.fields().iter().zip(&self.given).zip(&self.places);
        columns
            .map(|((field, given), place)| {
                let Some(place) = *place else { return Ok(new_null_array(field.data_type(), rows)) };
                // An empty field is null.
                let cells = (0..rows).map(|row| text.get(fields.range(row, place)).filter(|cell| !cell.is_empty()));
                let mut column = Column { name: Name::of(field.name()), rows: None, misfits: &mut *misfits };
                match field.data_type() {
                    DataType::Struct(_) | DataType::List(_) => Ok(no_nested(field.data_type(), cells, &mut column)),
                    leaf => leaf::array(&Plain { given: *given }, leaf, cells, &mut column),
                }
            })
            .collect()
    }

    fn find_invalid(&self, fields: &Fields, rows: usize, misfits: &mut Misfits) {
        for row in 0..rows {
            for (field, place) in self.schema.fields().iter().zip(&self.places) {
                let Some(place) = *place else { continue };
                let cell = fields.text().get(fields.range(row, place)).unwrap_or_default();
                if str::from_utf8(cell).is_err() {
                    let mut column = Column { name: Name::of(field.name()), rows: None, misfits: &mut *misfits };
                    column.misfit(row, || format!("{:?} is not UTF-8", excerpt(&String::from_utf8_lossy(cell), 80)));
                }
            }
        }
    }
}

/// A column of which other inputs have nested values, and this one has fields, none of which can be one.
fn no_nested<'a>(
    data_type: &DataType,
    cells: impl Iterator<Item = Option<&'a str>>,
    column: &mut Column<'_>,
) -> ArrayRef {
    let mut rows = 0;
    for (row, cell) in cells.enumerate() {
        rows = row + 1;
        if let Some(cell) = cell {
            column.misfit(row, || format!("{:?} is no {}", excerpt(cell, 80), describe(data_type)));
        }
    }
    new_null_array(data_type, rows)
}

/// The misfits of a block: the first of each row.
#[derive(Debug, Default)]
pub(crate) struct Misfits {
    by_row: BTreeMap<usize, Misfit>,
    /// For each row, how many cells the items of its lists take so far; shorter than the rows.
    item_cells: Vec<usize>,
}

/// The name of a column or of a place inside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'a> {
    parent: Option<&'a Name<'a>>,
    /// `None` for the items of a list.
    name: Option<&'a str>,
}

impl<'a> Name<'a> {
    fn of(name: &'a str) -> Self {
        Self { parent: None, name: Some(name) }
    }

    fn field(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), name: Some(name) }
    }

    fn items(&'a self) -> Self {
        Self { parent: Some(self), name: None }
    }

    /// The column's own name.
    fn root(&self) -> &'a str {
        self.parent.map_or(self.name.unwrap_or_default(), Name::root)
    }

    fn path(&self) -> String {
        let parent = self.parent.map(Name::path);
        match (parent, self.name) {
            (None, name) => name.unwrap_or_default().to_owned(),
            (Some(parent), Some(name)) => format!("{parent}.{name}"),
            (Some(parent), None) => format!("{parent}[]"),
        }
    }
}

/// A column under work: where its misfits go.
pub(crate) struct Column<'a> {
    name: Name<'a>,
    /// For the items of lists, the row that each belongs to.
    rows: Option<&'a [usize]>,
    misfits: &'a mut Misfits,
}

impl Column<'_> {
    fn row(&self, cell: usize) -> usize {
        self.rows.map_or(cell, |rows| rows.get(cell).copied().unwrap_or_default())
    }

    /// How many items of so many cells each there is room for in the row of a cell.
    fn room(&self, cell: usize, cells: usize) -> usize {
        let taken = self.misfits.item_cells.get(self.row(cell)).copied().unwrap_or_default();
        MAX_ITEM_CELLS.saturating_sub(taken) / cells
    }

    fn take_room(&mut self, cell: usize, cells: usize) {
        let (row, taken) = (self.row(cell), &mut self.misfits.item_cells);
        if taken.len() <= row {
            taken.resize(row + 1, 0);
        }
        if let Some(taken) = taken.get_mut(row) {
            *taken += cells;
        }
    }

    /// A value that does not fit the column's type; as text it would.
    fn misfit(&mut self, cell: usize, reason: impl FnOnce() -> String) {
        let root = self.name.root();
        self.put(cell, || (reason(), Some(excerpt(root, 200))));
    }

    /// A value that fits no type.
    fn broken(&mut self, cell: usize, reason: impl FnOnce() -> String) {
        self.put(cell, || (reason(), None));
    }

    fn put(&mut self, cell: usize, misfit: impl FnOnce() -> (String, Option<String>)) {
        let (row, name) = (self.row(cell), self.name);
        self.misfits.by_row.entry(row).or_insert_with(|| {
            let (reason, retype) = misfit();
            Misfit { column: Some(excerpt(&name.path(), 200)), reason, retype }
        });
    }
}
