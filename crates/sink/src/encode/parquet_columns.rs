//! What is chosen by column: whether a dictionary pays, and whether smallest and largest values are of use to a reader.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use arrow_array::{Array, ArrayRef, cast::AsArray};
use arrow_schema::DataType;
use parquet::{
    file::properties::{EnabledStatistics, WriterPropertiesBuilder},
    schema::types::ColumnPath,
};

use super::{
    cells::{Cells, Form, Style},
    extension::Extension,
    parquet_schema::Column,
};

/// Values that are looked at.
const SAMPLE: usize = 1024;

/// With fewer values no choice is made: a dictionary is written, and given up by the writer when it grows too large.
const FEWEST: usize = 256;

/// Chooses for all columns, by the first rows: `arrays` are the columns as they land.
pub(super) fn choose(
    mut builder: WriterPropertiesBuilder,
    columns: &[Column],
    arrays: &[ArrayRef],
) -> WriterPropertiesBuilder {
    for (column, array) in columns.iter().zip(arrays) {
        builder = choose_within(builder, column.landed(), array, vec![column.target.name().clone()]);
    }
    builder
}

fn choose_within(
    mut builder: WriterPropertiesBuilder,
    column: &Column,
    array: &ArrayRef,
    path: Vec<String>,
) -> WriterPropertiesBuilder {
    let within = |names: &[&str]| path.iter().cloned().chain(names.iter().map(|name| (*name).to_owned())).collect();
    match (array.data_type(), column.children.as_slice()) {
        (DataType::List(_), [item]) => {
            choose_within(builder, item.landed(), array.as_list::<i32>().values(), within(&["list", "element"]))
        }
        (DataType::FixedSizeList(..), [item]) => {
            choose_within(builder, item.landed(), array.as_fixed_size_list().values(), within(&["list", "element"]))
        }
        (DataType::Map(..), [key, value]) => {
            let map = array.as_map();
            builder = choose_within(builder, key.landed(), map.keys(), within(&["key_value", "key"]));
            choose_within(builder, value.landed(), map.values(), within(&["key_value", "value"]))
        }
        (DataType::Struct(_), children) => {
            for (child, array) in children.iter().zip(array.as_struct().columns()) {
                builder = choose_within(builder, child.landed(), array, within(&[child.target.name()]));
            }
            builder
        }
        _ => {
            let path = ColumnPath::new(path);
            if !dictionary_pays(column, array) {
                builder = builder.set_column_dictionary_enabled(path.clone(), false);
            }
            if !has_useful_order(column) {
                builder = builder.set_column_statistics_enabled(path, EnabledStatistics::None);
            }
            builder
        }
    }
}

/// A dictionary costs a look-up for each value and, where nearly all values differ, saves nothing.
fn dictionary_pays(column: &Column, array: &ArrayRef) -> bool {
    if matches!(array.data_type(), DataType::Dictionary(..)) {
        return true;
    }
    let cells = Cells::of(&column.target, array, Style { form: Form::Bare, athena: false });
    let hasher = RandomState::new();
    let (mut values, mut distinct) = (0, HashSet::new());
    let mut text = Vec::new();
    for row in (0..array.len().min(SAMPLE)).filter(|row| !cells.is_null(*row)) {
        text.clear();
        cells.write(row, &mut text);
        values += 1;
        distinct.insert(hasher.hash_one(&text));
    }
    values < FEWEST || distinct.len() * 10 <= values * 9
}

/// No one looks for JSON or bytes by their order, and their ends can be long.
fn has_useful_order(column: &Column) -> bool {
    let source = column.source.as_ref();
    match Extension::of(source) {
        Some(Extension::Json) => false,
        Some(_) => true,
        None => !matches!(
            source.data_type(),
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::Interval(_)
        ),
    }
}
