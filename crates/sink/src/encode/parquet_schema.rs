//! Columns as Parquet can hold them: what each becomes, in the schema and in its values.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, ListArray, MapArray, PrimitiveArray, StringArray, StructArray,
    cast::AsArray,
    types::{Date32Type, Date64Type, Decimal128Type, Decimal256Type},
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{
    ArrowError, DataType, Field, FieldRef, Fields, TimeUnit,
    extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY},
};
use lakeward_core::plan::ParquetVersion;

use super::{
    cells::{Cells, Form, Style},
    extension::Extension,
};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// A column, or a field within one, and what becomes of it.
pub(super) struct Column {
    pub(super) source: FieldRef,
    /// The same field in the file. Names within lists and maps are those of the Parquet format.
    pub(super) target: FieldRef,
    how: How,
    /// The item of a list, the key and the value of a map, the fields of a struct.
    pub(super) children: Vec<Column>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// As it is.
    Keep,
    /// To the target's type, exactly; nanoseconds to microseconds towards 1970, as the CloudQuery S3 destination does (observed).
    Cast,
    /// To the target's type, if every number has no more digits than it says: the format would cut off the others.
    Decimal,
    /// Milliseconds to days.
    Days,
    /// As CSV has it.
    Text,
    /// To the type of the values, and on from there.
    Unpack,
    /// By its children.
    Nested,
}

impl Column {
    /// What becomes of a column.
    ///
    /// # Errors
    /// The type, of the column or within it, that Parquet can't hold.
    pub(super) fn of(source: &FieldRef, version: ParquetVersion) -> Result<Self, DataType> {
        Self::named(source, source.name(), version)
    }

    fn named(source: &FieldRef, name: &str, version: ParquetVersion) -> Result<Self, DataType> {
        use DataType as T;
        let leaf = |how: How, data_type: DataType| {
            let target = source.as_ref().clone().with_name(name).with_data_type(data_type);
            let target = if how == How::Text { without_extension(target) } else { target };
            Ok(Self { source: source.clone(), target: target.into(), how, children: Vec::new() })
        };
        if Extension::of(source).is_some() {
            return leaf(How::Text, T::Utf8);
        }
        let has_nanoseconds = version == ParquetVersion::V2_6;
        match source.data_type() {
            // Whoever knows the format at all knows these two better than Arrow's variants of them.
            T::Utf8View | T::LargeUtf8 => leaf(How::Keep, T::Utf8),
            T::BinaryView => leaf(How::Keep, T::Binary),
            T::UInt32 if version == ParquetVersion::V1_0 => leaf(How::Cast, T::Int64),
            T::Float16 => leaf(How::Cast, T::Float32),
            T::Timestamp(TimeUnit::Second, zone) => leaf(How::Cast, T::Timestamp(TimeUnit::Millisecond, zone.clone())),
            T::Timestamp(TimeUnit::Nanosecond, zone) if !has_nanoseconds => {
                leaf(How::Cast, T::Timestamp(TimeUnit::Microsecond, zone.clone()))
            }
            T::Time32(TimeUnit::Second) => leaf(How::Cast, T::Time32(TimeUnit::Millisecond)),
            T::Time64(TimeUnit::Nanosecond) if !has_nanoseconds => leaf(How::Cast, T::Time64(TimeUnit::Microsecond)),
            T::Date64 => leaf(How::Days, T::Date32),
            T::Duration(_) | T::Interval(_) | T::LargeBinary => leaf(How::Text, T::Utf8),
            T::Decimal32(precision, scale)
            | T::Decimal64(precision, scale)
            | T::Decimal128(precision, scale)
            | T::Decimal256(precision, scale)
                if u8::try_from(*scale).map_or(true, |scale| scale > *precision) =>
            {
                leaf(How::Text, T::Utf8)
            }
            T::Decimal32(precision, scale) | T::Decimal64(precision, scale) => {
                leaf(How::Decimal, T::Decimal128(*precision, *scale))
            }
            T::Decimal128(..) | T::Decimal256(..) => leaf(How::Decimal, source.data_type().clone()),
            T::List(item) => {
                let item = Self::named(item, "element", version)?;
                let how = if item.how == How::Keep { How::Keep } else { How::Nested };
                Ok(Self::nested(source, name, how, T::List(item.target.clone()), vec![item]))
            }
            T::LargeList(item) | T::ListView(item) | T::LargeListView(item) => {
                let item = Self::named(item, "element", version)?;
                Ok(Self::nested(source, name, How::Nested, T::List(item.target.clone()), vec![item]))
            }
            T::FixedSizeList(item, length) => {
                let item = Self::named(item, "element", version)?;
                let how = if item.how == How::Keep { How::Keep } else { How::Nested };
                let data_type = T::FixedSizeList(item.target.clone(), *length);
                Ok(Self::nested(source, name, how, data_type, vec![item]))
            }
            T::Map(entries, sorted) => {
                let T::Struct(fields) = entries.data_type() else { return Err(source.data_type().clone()) };
                let [key, value] = fields.as_ref() else { return Err(source.data_type().clone()) };
                let children = vec![Self::named(key, "key", version)?, Self::named(value, "value", version)?];
                let how = kept_or_nested(&children);
                let entries = entries.as_ref().clone().with_name("key_value").with_data_type(members(&children));
                Ok(Self::nested(source, name, how, T::Map(entries.into(), *sorted), children))
            }
            // Parquet has no group without fields.
            T::Struct(fields) if fields.is_empty() => leaf(How::Text, T::Utf8),
            T::Struct(fields) => {
                let children =
                    fields.iter().map(|field| Self::of(field, version)).collect::<Result<Vec<_>, DataType>>()?;
                Ok(Self::nested(source, name, kept_or_nested(&children), members(&children), children))
            }
            T::Dictionary(keys, values) => match values.as_ref() {
                T::Utf8 | T::Binary => leaf(How::Keep, T::Dictionary(keys.clone(), values.clone())),
                _ => {
                    let values = Field::clone(source).with_data_type(values.as_ref().clone());
                    Self::unpacked(source, &values.into(), name, version)
                }
            },
            T::RunEndEncoded(_, values) => {
                let is_nullable = source.is_nullable() || values.is_nullable();
                let values = Field::clone(source).with_data_type(values.data_type().clone()).with_nullable(is_nullable);
                Self::unpacked(source, &values.into(), name, version)
            }
            T::Union(..) => Err(source.data_type().clone()),
            kept => leaf(How::Keep, kept.clone()),
        }
    }

    fn nested(source: &FieldRef, name: &str, how: How, data_type: DataType, children: Vec<Self>) -> Self {
        let target = source.as_ref().clone().with_name(name).with_data_type(data_type).into();
        Self { source: source.clone(), target, how, children }
    }

    fn unpacked(source: &FieldRef, values: &FieldRef, name: &str, version: ParquetVersion) -> Result<Self, DataType> {
        let values = Self::named(values, name, version)?;
        let target = values.target.clone();
        Ok(Self { source: source.clone(), target, how: How::Unpack, children: vec![values] })
    }

    /// What stands in the file in this column's place: the column itself, but for one that is unpacked.
    pub(super) fn landed(&self) -> &Self {
        match (self.how, self.children.first()) {
            (How::Unpack, Some(values)) => values.landed(),
            _ => self,
        }
    }

    /// The values as they land.
    ///
    /// # Errors
    /// When a value is beyond the target's range.
    pub(super) fn convert(&self, array: &ArrayRef, athena: bool) -> Result<ArrayRef, ArrowError> {
        match self.how {
            How::Keep => Ok(array.clone()),
            How::Cast => exact_cast(array, self.target.data_type()),
            How::Decimal => {
                let decimals = exact_cast(array, self.target.data_type())?;
                match decimals.data_type() {
                    DataType::Decimal128(precision, _) => {
                        decimals.as_primitive::<Decimal128Type>().validate_decimal_precision(*precision)?;
                    }
                    DataType::Decimal256(precision, _) => {
                        decimals.as_primitive::<Decimal256Type>().validate_decimal_precision(*precision)?;
                    }
                    _ => {}
                }
                Ok(decimals)
            }
            How::Days => {
                let milliseconds = array.as_primitive::<Date64Type>();
                let day = |value: i64| i32::try_from(value.div_euclid(DAY_MS)).map_err(|_| out_of_range(array));
                let days: PrimitiveArray<Date32Type> = milliseconds.try_unary(day)?;
                Ok(Arc::new(days))
            }
            How::Text => text(&self.source, array, athena),
            How::Unpack => {
                let Some(values) = self.children.first() else { return Ok(array.clone()) };
                values.convert(&exact_cast(array, values.source.data_type())?, athena)
            }
            How::Nested => self.convert_nested(array, athena),
        }
    }

    fn convert_nested(&self, array: &ArrayRef, athena: bool) -> Result<ArrayRef, ArrowError> {
        match (self.target.data_type(), self.children.as_slice()) {
            (DataType::List(target), [item]) => {
                let list = exact_cast(array, &DataType::List(item.source.clone()))?;
                let list = list.as_list::<i32>();
                let (offsets, range) = from_zero(list.offsets());
                let items = item.convert(&list.values().slice(range.start, range.len()), athena)?;
                Ok(Arc::new(ListArray::try_new(as_held(target, &items), offsets, items, list.nulls().cloned())?))
            }
            (DataType::FixedSizeList(target, length), [item]) => {
                let list = array.as_fixed_size_list();
                let items = item.convert(list.values(), athena)?;
                let nulls = list.nulls().cloned();
                let list = FixedSizeListArray::try_new_with_length(
                    as_held(target, &items),
                    *length,
                    items,
                    nulls,
                    list.len(),
                )?;
                Ok(Arc::new(list))
            }
            (DataType::Map(target, sorted), [key, value]) => {
                let map = array.as_map();
                let (offsets, range) = from_zero(map.offsets());
                let part = |array: &ArrayRef| array.slice(range.start, range.len());
                let columns =
                    vec![key.convert(&part(map.keys()), athena)?, value.convert(&part(map.values()), athena)?];
                let entries = StructArray::try_new(held_fields(&self.children, &columns), columns, None)?;
                let target = target.as_ref().clone().with_data_type(entries.data_type().clone());
                Ok(Arc::new(MapArray::try_new(target.into(), offsets, entries, map.nulls().cloned(), *sorted)?))
            }
            (DataType::Struct(_), children) => {
                let columns = array.as_struct().columns().iter().zip(children);
                let columns: Vec<ArrayRef> =
                    columns.map(|(array, child)| child.convert(array, athena)).collect::<Result<_, _>>()?;
                let (fields, nulls) = (held_fields(children, &columns), array.nulls().cloned());
                Ok(Arc::new(StructArray::try_new_with_length(fields, columns, nulls, array.len())?))
            }
            _ => Ok(array.clone()),
        }
    }
}

/// An extension type's name is not kept where its storage is not.
fn without_extension(mut field: Field) -> Field {
    let metadata = field.metadata_mut();
    metadata.remove(EXTENSION_TYPE_NAME_KEY);
    metadata.remove(EXTENSION_TYPE_METADATA_KEY);
    field
}

fn kept_or_nested(children: &[Column]) -> How {
    if children.iter().all(|child| child.how == How::Keep) { How::Keep } else { How::Nested }
}

fn fields(children: &[Column]) -> Fields {
    children.iter().map(|child| child.target.clone()).collect()
}

fn members(children: &[Column]) -> DataType {
    DataType::Struct(fields(children))
}

/// The field with the type that its values have in memory: text can be held in several ways that land as one.
fn as_held(field: &Field, array: &ArrayRef) -> FieldRef {
    Arc::new(field.clone().with_data_type(array.data_type().clone()))
}

fn held_fields(children: &[Column], arrays: &[ArrayRef]) -> Fields {
    children.iter().zip(arrays).map(|(child, array)| as_held(&child.target, array)).collect()
}

fn exact_cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(array.clone());
    }
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}

fn out_of_range(array: &ArrayRef) -> ArrowError {
    ArrowError::CastError(format!("a value of type {} is out of range", array.data_type()))
}

/// Offsets that begin at 0, and the range of the values that they are for: a slice of a batch still holds all of its values.
fn from_zero(offsets: &OffsetBuffer<i32>) -> (OffsetBuffer<i32>, std::ops::Range<usize>) {
    let (first, last) = (offsets.first(), offsets.last());
    let index = |offset: i32| usize::try_from(offset).unwrap_or_default();
    let range = index(first)..index(last);
    if first == 0 {
        return (offsets.clone(), range);
    }
    let shifted: ScalarBuffer<i32> = offsets.iter().map(|offset| offset - first).collect();
    (OffsetBuffer::new(shifted), range)
}

fn text(field: &Field, array: &ArrayRef, athena: bool) -> Result<ArrayRef, ArrowError> {
    let cells = Cells::of(field, array, Style { form: Form::Bare, athena });
    let mut text = Vec::new();
    let mut offsets = Vec::with_capacity(array.len() + 1);
    offsets.push(0_i32);
    for row in 0..array.len() {
        cells.write(row, &mut text);
        offsets.push(i32::try_from(text.len()).map_err(|_| ArrowError::OffsetOverflowError(text.len()))?);
    }
    let offsets = OffsetBuffer::new(offsets.into());
    Ok(Arc::new(StringArray::try_new(offsets, text.into(), array.logical_nulls())?))
}

#[cfg(test)]
mod tests {
    use arrow_array::Decimal128Array;

    use super::*;

    fn column(array: &ArrayRef, version: ParquetVersion) -> Column {
        let field = Arc::new(Field::new("x", array.data_type().clone(), true));
        Column::of(&field, version).expect("a column")
    }

    #[test]
    fn a_decimal_with_more_digits_than_its_type_is_refused() {
        for (value, fits) in [(99_999, true), (100_000, false)] {
            let array = Decimal128Array::from(vec![value]).with_precision_and_scale(5, 2).expect("a type");
            let array: ArrayRef = Arc::new(array);
            assert_eq!(column(&array, ParquetVersion::V2_6).convert(&array, false).is_ok(), fits, "{value}");
        }
    }
}
