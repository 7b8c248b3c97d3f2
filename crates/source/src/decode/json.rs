//! JSON records, taken apart with `serde_json` into the raw text of their values and decoded from that: so no number
//! passes through a type that could not hold it.

use std::{borrow::Cow, collections::HashMap, fmt, str, sync::Arc};

use arrow_array::{ArrayRef, ListArray, StructArray, new_null_array};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields};
use lakeward_core::{column_type::describe, untrusted::excerpt};
use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Column, MAX_ITEM_CELLS, Misfits, Name, cells as cells_of, leaf, leaf::Notation};
use crate::{block::Block, error::Misfit};

/// How deep a record may nest.
const MAX_DEPTH: usize = 128;

/// Decodes the records of a block, each one JSON value, into the columns' arrays.
pub(super) fn records(
    block: &Block,
    columns: &Fields,
    given: &[bool],
    misfits: &mut Misfits,
) -> Result<Vec<ArrayRef>, ArrowError> {
    let rows = block.records.len();
    let mut grid = Grid::new(columns, rows);
    for row in 0..rows {
        if misfits.by_row.contains_key(&row) {
            continue;
        }
        let found = record_text(block.text(row)).and_then(|text| grid.put(row, text));
        if let Err(misfit) = found {
            misfits.by_row.insert(row, misfit);
            grid.clear(row);
        }
    }
    let columns = columns.iter().zip(given).zip(grid.columns);
    columns
        .map(|((field, given), cells)| {
            let mut column = Column { name: Name::of(field.name()), rows: None, misfits: &mut *misfits };
            array(*given, field.data_type(), &cells, rows, &mut column)
        })
        .collect()
}

/// A record as text, if it is UTF-8 and not nested too deeply to be looked into.
pub(crate) fn record_text(record: &[u8]) -> Result<&str, Misfit> {
    let text = str::from_utf8(record).map_err(|error| {
        Misfit::record(format!("the record is not UTF-8 (from byte {} of it)", error.valid_up_to() + 1))
    })?;
    if is_too_deep(text) {
        return Err(Misfit::record(format!("the record is nested more than {MAX_DEPTH} deep")));
    }
    Ok(text)
}

/// # Errors
/// When the text can't be an object, with what it is.
pub(crate) fn is_object(text: &str) -> Result<(), Misfit> {
    if text.trim_ascii_start().starts_with('{') {
        return Ok(());
    }
    Err(match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Misfit::record(format!("{} is no object", excerpt(text, 80))),
        Err(error) => broken(&error),
    })
}

fn is_too_deep(text: &str) -> bool {
    // Hardly any record has so many brackets that a closer look is needed.
    if text.len() <= 2 * MAX_DEPTH || memchr::memchr2_iter(b'{', b'[', text.as_bytes()).nth(MAX_DEPTH).is_none() {
        return false;
    }
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

fn array(
    given: bool,
    data_type: &DataType,
    cells: &[Cell<'_>],
    rows: usize,
    column: &mut Column<'_>,
) -> Result<ArrayRef, ArrowError> {
    match data_type {
        nothing if cells.is_empty() => Ok(new_null_array(nothing, rows)),
        DataType::Struct(fields) => structs(fields, cells, column),
        DataType::List(item) => lists(item, cells, column),
        leaf => leaf::array(&Raw { given }, leaf, cells.iter().map(|cell| cell.filter(|raw| *raw != "null")), column),
    }
}

/// The raw text of a value; `None` where a record has none.
type Cell<'a> = Option<&'a str>;

fn structs(fields: &Fields, cells: &[Cell<'_>], column: &mut Column<'_>) -> Result<ArrayRef, ArrowError> {
    let rows = cells.len();
    let mut grid = Grid::new(fields, rows);
    let mut nulls = NullBufferBuilder::new(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        match cell {
            Some(raw) if raw.starts_with('{') => match grid.put(index, raw) {
                Ok(()) => nulls.append_non_null(),
                Err(Misfit { column: key, reason, .. }) => {
                    let name = column.name;
                    let mut place = Column {
                        name: key.as_deref().map_or(name, |key| name.field(key)),
                        rows: column.rows,
                        misfits: &mut *column.misfits,
                    };
                    place.misfit(index, || reason);
                    grid.clear(index);
                    nulls.append_null();
                }
            },
            None | Some("null") => nulls.append_null(),
            Some(raw) => {
                column.misfit(index, || format!("{} is no object", excerpt(raw, 80)));
                nulls.append_null();
            }
        }
    }
    let name = column.name;
    let arrays = fields.iter().zip(grid.columns).map(|(field, cells)| {
        let name = name.field(field.name());
        let mut place = Column { name, rows: column.rows, misfits: &mut *column.misfits };
        array(false, field.data_type(), &cells, rows, &mut place)
    });
    let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(StructArray::try_new(fields.clone(), arrays, nulls.finish())?))
}

fn lists(item: &Arc<Field>, cells: &[Cell<'_>], column: &mut Column<'_>) -> Result<ArrayRef, ArrowError> {
    let (mut items, mut rows, mut lengths) = (Vec::<Cell<'_>>::new(), Vec::new(), Vec::with_capacity(cells.len()));
    let item_cells = cells_of(item.data_type());
    let mut nulls = NullBufferBuilder::new(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let before = items.len();
        match cell {
            Some(raw) if raw.starts_with('[') => {
                // The record was parsed as a whole, so that its parts parse too.
                let most = before + column.room(index, item_cells);
                let mut found = Items { items: &mut items, most, is_surplus: false };
                let parsed = serde_json::Deserializer::from_str(raw).deserialize_seq(&mut found);
                debug_assert!(parsed.is_ok());
                if found.is_surplus {
                    // However short the text of an item is, it takes as much memory as any.
                    column.misfit(index, || format!("its items and their fields are more than {MAX_ITEM_CELLS}"));
                    items.truncate(before);
                }
                column.take_room(index, (items.len() - before) * item_cells);
                nulls.append_non_null();
            }
            None | Some("null") => nulls.append_null(),
            Some(raw) => {
                column.misfit(index, || {
                    format!("{} is no {}", excerpt(raw, 80), describe(&DataType::List(Arc::clone(item))))
                });
                nulls.append_null();
            }
        }
        rows.resize(items.len(), column.row(index));
        lengths.push(items.len() - before);
    }
    let place = column.name;
    let mut place = Column { name: place.items(), rows: Some(&rows), misfits: &mut *column.misfits };
    let values = array(false, item.data_type(), &items, items.len(), &mut place)?;
    Ok(Arc::new(ListArray::try_new(Arc::clone(item), OffsetBuffer::from_lengths(lengths), values, nulls.finish())?))
}

/// The cells of some objects, a column for each key.
struct Grid<'a> {
    keys: Vec<&'a str>,
    places: HashMap<&'a str, usize>,
    rows: usize,
    /// A column in which nothing was put is empty.
    columns: Vec<Vec<Cell<'a>>>,
}

impl<'a> Grid<'a> {
    fn new(fields: &'a Fields, rows: usize) -> Self {
        let keys: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        let places = keys.iter().enumerate().map(|(place, key)| (*key, place)).collect();
        Self { columns: vec![Vec::new(); keys.len()], rows, keys, places }
    }

    /// Puts the values of an object into a row.
    fn put(&mut self, row: usize, object: &'a str) -> Result<(), Misfit> {
        is_object(object)?;
        let mut put = Put { grid: self, row, expected: 0, misfit: None };
        let mut deserializer = serde_json::Deserializer::from_str(object);
        let parsed = deserializer.deserialize_map(&mut put);
        let misfit = put.misfit;
        parsed.and_then(|()| deserializer.end()).map_err(|error| broken(&error))?;
        misfit.map_or(Ok(()), Err)
    }

    fn cell(&mut self, place: usize, row: usize) -> Option<&mut Cell<'a>> {
        let column = self.columns.get_mut(place)?;
        if column.is_empty() {
            column.resize(self.rows, None);
        }
        column.get_mut(row)
    }

    fn clear(&mut self, row: usize) {
        for cell in self.columns.iter_mut().filter_map(|column| column.get_mut(row)) {
            *cell = None;
        }
    }

    /// The place of a key, which most likely follows the key before.
    fn place(&self, key: &str, expected: usize) -> Option<usize> {
        if self.keys.get(expected) == Some(&key) { Some(expected) } else { self.places.get(key).copied() }
    }
}

/// Puts an object's values into a row of a grid as it is parsed.
struct Put<'g, 'a> {
    grid: &'g mut Grid<'a>,
    row: usize,
    expected: usize,
    misfit: Option<Misfit>,
}

impl<'a> Visitor<'a> for &mut Put<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(place) = map.next_key_seed(Key(self))? {
            let Some(place) = place else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = map.next_value::<&'a RawValue>()?.get();
            self.expected = place + 1;
            if let Some(cell) = self.grid.cell(place, self.row)
                && cell.replace(value).is_some()
            {
                let key = self.grid.keys.get(place).map(|key| excerpt(key, 80));
                self.misfit =
                    Some(Misfit { column: key, reason: "the key appears twice in one object".into(), retype: None });
            }
        }
        Ok(())
    }
}

/// Finds a key's place among the columns; a key without one makes its record a misfit.
struct Key<'k, 'g, 'a>(&'k mut Put<'g, 'a>);

impl<'de> DeserializeSeed<'de> for Key<'_, '_, '_> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_, '_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        let place = self.0.grid.place(key, self.0.expected);
        if place.is_none() {
            let reason = "the rows from which the columns were inferred have no such key".into();
            self.0.misfit.get_or_insert_with(|| Misfit { column: Some(excerpt(key, 80)), reason, retype: None });
        }
        Ok(place)
    }
}

/// Collects an array's items, so long as there are no more than `most` of them all.
struct Items<'i, 'a> {
    items: &'i mut Vec<Cell<'a>>,
    most: usize,
    is_surplus: bool,
}

impl<'a> Visitor<'a> for &mut Items<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&'a RawValue>()? {
            if self.items.len() < self.most {
                self.items.push(Some(item.get()));
            } else {
                self.is_surplus = true;
            }
        }
        Ok(())
    }
}

/// The raw text of a JSON value.
struct Raw {
    given: bool,
}

impl Raw {
    /// The text of a string where another type of value was given for it.
    fn given_string<'a>(&self, raw: &'a str) -> Option<Cow<'a, str>> {
        if self.given { self.string(raw) } else { None }
    }
}

impl Notation for Raw {
    fn given(&self) -> bool {
        self.given
    }

    fn number<'a>(&self, raw: &'a str) -> Option<Cow<'a, str>> {
        if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            Some(raw.into())
        } else {
            self.given_string(raw)
        }
    }

    fn word<'a>(&self, raw: &'a str) -> Option<Cow<'a, str>> {
        if matches!(raw, "true" | "false") { Some(raw.into()) } else { self.given_string(raw) }
    }

    fn string<'a>(&self, raw: &'a str) -> Option<Cow<'a, str>> {
        if raw.starts_with('"') { unquoted(raw) } else { None }
    }

    fn text<'a>(&self, raw: &'a str) -> Result<Cow<'a, str>, &'static str> {
        if raw.starts_with('"') { unquoted(raw).ok_or("holds half of a surrogate pair") } else { Ok(raw.into()) }
    }

    fn shown(&self, raw: &str) -> String {
        excerpt(raw, 80)
    }
}

/// The text of a JSON string, without its quotes and escapes.
pub(crate) fn unquoted(raw: &str) -> Option<Cow<'_, str>> {
    if raw.contains('\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    raw.strip_prefix('"')?.strip_suffix('"').map(Cow::Borrowed)
}

pub(crate) fn broken(error: &serde_json::Error) -> Misfit {
    let text = error.to_string();
    let complaint = text.split(" at line ").next().unwrap_or_default();
    Misfit::record(format!("broken JSON: {complaint} (at byte {} of the line)", error.column()))
}
