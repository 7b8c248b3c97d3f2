//! Values as text, whatever their type: the fields of CSV and the values of JSON.

use std::ops::Range;

use arrow_array::{
    Array, ArrayAccessor, ArrowPrimitiveType, FixedSizeListArray, GenericBinaryArray, GenericListArray,
    GenericListViewArray, GenericStringArray, MapArray, OffsetSizeTrait, StructArray, UnionArray,
    cast::AsArray,
    types::{
        ArrowDictionaryKeyType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
        DecimalType, DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
        Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalDayTimeType,
        IntervalMonthDayNanoType, IntervalYearMonthType, RunEndIndexType, Time32MillisecondType, Time32SecondType,
        Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
        TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_buffer::{ArrowNativeType, NullBuffer};
use arrow_schema::{DataType, Field, FieldRef, IntervalUnit, TimeUnit};

use super::{extension::Extension, json_text, scalar_text, time_text};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// In which form values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As text by itself: what is nested as JSON, anything else bare.
    Bare,
    /// As a JSON value.
    Json,
}

/// How values are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) form: Form,
    /// Keys in JSON columns are made fit for Athena.
    pub(super) athena: bool,
}

impl Style {
    fn nested(self) -> Self {
        Self { form: Form::Json, ..self }
    }
}

type Write<'a> = Box<dyn Fn(usize, &mut Vec<u8>) + Send + Sync + 'a>;

/// The values of an array, ready to be written one by one, in any order and by many threads.
pub(super) struct Cells<'a> {
    nulls: Option<NullBuffer>,
    style: Style,
    write: Write<'a>,
}

impl<'a> Cells<'a> {
    /// The values of a field.
    pub(super) fn of(field: &Field, array: &'a dyn Array, style: Style) -> Self {
        Self::bound(Extension::of(field), array, style)
    }

    fn bound(extension: Option<Extension>, array: &'a dyn Array, style: Style) -> Self {
        Self { nulls: array.logical_nulls(), style, write: writer(extension, array, style) }
    }

    /// Whether the row has no value.
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Writes the row's value; no value is `null` in JSON and nothing otherwise.
    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        if !self.is_null(row) {
            (self.write)(row, out);
        } else if self.style.form == Form::Json {
            out.extend_from_slice(b"null");
        }
    }
}

/// Whether values of this type are written with digits, letters and `+-.:/=` alone, when bare.
pub(super) fn is_plain(field: &Field) -> bool {
    use DataType::{
        Dictionary, Interval, LargeUtf8, List, ListView, Map, RunEndEncoded, Struct, Union, Utf8, Utf8View,
    };
    use DataType::{FixedSizeList, LargeList, LargeListView};
    let plain = |data_type: &DataType| {
        !matches!(
            data_type,
            Utf8 | LargeUtf8
                | Utf8View
                | List(_)
                | ListView(_)
                | LargeList(_)
                | LargeListView(_)
                | FixedSizeList(..)
                | Map(..)
                | Struct(_)
                | Union(..)
                | Interval(_)
                | Dictionary(..)
                | RunEndEncoded(..)
        )
    };
    !matches!(Extension::of(field), Some(Extension::Json | Extension::Inet)) && plain(field.data_type())
}

/// The fields of a struct, or the columns of a table, as a JSON object whose keys are in the order of their bytes.
pub(super) struct Object<'a> {
    /// Each with what stands before its value: `{"name":` or `,"name":`.
    members: Vec<(Vec<u8>, Cells<'a>)>,
}

impl<'a> Object<'a> {
    pub(super) fn of<'f>(columns: impl Iterator<Item = (&'f Field, &'a dyn Array)>, style: Style) -> Self {
        let mut columns: Vec<_> = columns.collect();
        columns.sort_by_key(|(field, _)| field.name());
        let member = |(index, (field, array)): (usize, (&Field, &'a dyn Array))| {
            let mut before = vec![if index == 0 { b'{' } else { b',' }];
            json_text::string(field.name(), &mut before);
            before.push(b':');
            (before, Cells::of(field, array, style.nested()))
        };
        Self { members: columns.into_iter().enumerate().map(member).collect() }
    }

    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        if self.members.is_empty() {
            out.push(b'{');
        }
        for (before, cells) in &self.members {
            out.extend_from_slice(before);
            cells.write(row, out);
        }
        out.push(b'}');
    }
}

fn writer<'a>(extension: Option<Extension>, array: &'a dyn Array, style: Style) -> Write<'a> {
    use DataType as T;
    match array.data_type() {
        T::Null => Box::new(|_, _| {}),
        T::Boolean => {
            let values = array.as_boolean();
            Box::new(|row, out| out.extend_from_slice(if values.value(row) { b"true" } else { b"false" }))
        }
        T::Int8 => integer::<Int8Type>(array),
        T::Int16 => integer::<Int16Type>(array),
        T::Int32 => integer::<Int32Type>(array),
        T::Int64 => integer::<Int64Type>(array),
        T::UInt8 => integer::<UInt8Type>(array),
        T::UInt16 => integer::<UInt16Type>(array),
        T::UInt32 => integer::<UInt32Type>(array),
        T::UInt64 => integer::<UInt64Type>(array),
        T::Float16 => {
            let value = values::<Float16Type>(array);
            Box::new(move |row, out| float(value(row).to_f32(), style.form, out))
        }
        T::Float32 => {
            let value = values::<Float32Type>(array);
            Box::new(move |row, out| float(value(row), style.form, out))
        }
        T::Float64 => {
            let value = values::<Float64Type>(array);
            Box::new(move |row, out| float(value(row), style.form, out))
        }
        T::Decimal32(_, scale) => decimal::<Decimal32Type>(array, *scale, style),
        T::Decimal64(_, scale) => decimal::<Decimal64Type>(array, *scale, style),
        T::Decimal128(_, scale) => decimal::<Decimal128Type>(array, *scale, style),
        T::Decimal256(_, scale) => decimal::<Decimal256Type>(array, *scale, style),
        T::Date32 => day::<Date32Type>(array, 1, style),
        T::Date64 => day::<Date64Type>(array, DAY_MS, style),
        T::Time32(TimeUnit::Second) => time::<Time32SecondType>(array, TimeUnit::Second, style),
        T::Time32(_) => time::<Time32MillisecondType>(array, TimeUnit::Millisecond, style),
        T::Time64(TimeUnit::Nanosecond) => time::<Time64NanosecondType>(array, TimeUnit::Nanosecond, style),
        T::Time64(_) => time::<Time64MicrosecondType>(array, TimeUnit::Microsecond, style),
        T::Timestamp(unit, zone) => instant(array, *unit, zone.is_some(), style),
        T::Duration(unit) => duration(array, *unit, style),
        T::Interval(unit) => interval(array, *unit, style),
        T::Utf8 => text(extension, array.as_string::<i32>(), style),
        T::LargeUtf8 => text(extension, array.as_string::<i64>(), style),
        T::Utf8View => text(extension, array.as_string_view(), style),
        T::Binary => binary_or_text(extension, array.as_binary::<i32>(), style),
        T::LargeBinary => binary_or_text(extension, array.as_binary::<i64>(), style),
        T::BinaryView => binary(extension, array.as_binary_view(), style),
        T::FixedSizeBinary(_) => binary(extension, array.as_fixed_size_binary(), style),
        T::List(item) => list(item, array.as_list::<i32>(), style),
        T::LargeList(item) => list(item, array.as_list::<i64>(), style),
        T::ListView(item) => list_view(item, array.as_list_view::<i32>(), style),
        T::LargeListView(item) => list_view(item, array.as_list_view::<i64>(), style),
        T::FixedSizeList(item, _) => fixed_size_list(item, array.as_fixed_size_list(), style),
        T::Map(_, _) => map(array.as_map(), style),
        T::Struct(_) => {
            let object = object(array.as_struct(), style);
            Box::new(move |row, out| object.write(row, out))
        }
        T::Union(..) => union(array.as_union(), style),
        T::Dictionary(keys, _) => match keys.as_ref() {
            T::Int8 => dictionary::<Int8Type>(extension, array, style),
            T::Int16 => dictionary::<Int16Type>(extension, array, style),
            T::Int32 => dictionary::<Int32Type>(extension, array, style),
            T::Int64 => dictionary::<Int64Type>(extension, array, style),
            T::UInt8 => dictionary::<UInt8Type>(extension, array, style),
            T::UInt16 => dictionary::<UInt16Type>(extension, array, style),
            T::UInt32 => dictionary::<UInt32Type>(extension, array, style),
            _ => dictionary::<UInt64Type>(extension, array, style),
        },
        T::RunEndEncoded(ends, _) => match ends.data_type() {
            T::Int16 => runs::<Int16Type>(extension, array, style),
            T::Int32 => runs::<Int32Type>(extension, array, style),
            _ => runs::<Int64Type>(extension, array, style),
        },
    }
}

fn values<'a, T: ArrowPrimitiveType>(array: &'a dyn Array) -> impl Fn(usize) -> T::Native + Send + Sync + 'a {
    let values = array.as_primitive::<T>();
    move |row| values.value(row)
}

fn integer<'a, T: ArrowPrimitiveType<Native: itoa::Integer>>(array: &'a dyn Array) -> Write<'a> {
    let value = values::<T>(array);
    Box::new(move |row, out| out.extend_from_slice(itoa::Buffer::new().format(value(row)).as_bytes()))
}

/// The fewest digits that read back as the same value. What JSON has no number for is the string that Go's `strconv` writes.
fn float<F: zmij::Float + Into<f64> + Copy>(value: F, form: Form, out: &mut Vec<u8>) {
    let wide: f64 = value.into();
    if wide.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        let name = if wide.is_nan() {
            "NaN"
        } else if wide > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        quoted(form, out, |out| out.extend_from_slice(name.as_bytes()));
    }
}

/// Writes what needs no escaping: between quotes in JSON.
fn quoted(form: Form, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    if form == Form::Json {
        out.push(b'"');
        write(out);
        out.push(b'"');
    } else {
        write(out);
    }
}

fn token<'a>(style: Style, write: impl Fn(usize, &mut Vec<u8>) + Send + Sync + 'a) -> Write<'a> {
    match style.form {
        Form::Bare => Box::new(write),
        Form::Json => Box::new(move |row, out| quoted(Form::Json, out, |out| write(row, out))),
    }
}

fn decimal<'a, T: DecimalType + ArrowPrimitiveType>(array: &'a dyn Array, scale: i8, style: Style) -> Write<'a>
where
    T::Native: std::fmt::Display,
{
    use std::io::Write as _;
    let value = values::<T>(array);
    token(style, move |row, out| {
        let start = out.len();
        let written = write!(out, "{}", value(row));
        debug_assert!(written.is_ok(), "memory takes all bytes");
        scalar_text::set_point(start, scale, out);
    })
}

fn day<'a, T: ArrowPrimitiveType<Native: Into<i64>>>(array: &'a dyn Array, per_day: i64, style: Style) -> Write<'a> {
    let value = values::<T>(array);
    token(style, move |row, out| time_text::date(value(row).into().div_euclid(per_day), out))
}

fn time<'a, T: ArrowPrimitiveType<Native: Into<i64>>>(array: &'a dyn Array, unit: TimeUnit, style: Style) -> Write<'a> {
    let value = values::<T>(array);
    token(style, move |row, out| time_text::time(value(row).into(), unit, out))
}

fn instant<'a>(array: &'a dyn Array, unit: TimeUnit, zoned: bool, style: Style) -> Write<'a> {
    let values = match unit {
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().values(),
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().values(),
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().values(),
        TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().values(),
    };
    token(style, move |row, out| time_text::timestamp(values[row], unit, zoned, out))
}

fn duration<'a>(array: &'a dyn Array, unit: TimeUnit, style: Style) -> Write<'a> {
    let values = match unit {
        TimeUnit::Second => array.as_primitive::<DurationSecondType>().values(),
        TimeUnit::Millisecond => array.as_primitive::<DurationMillisecondType>().values(),
        TimeUnit::Microsecond => array.as_primitive::<DurationMicrosecondType>().values(),
        TimeUnit::Nanosecond => array.as_primitive::<DurationNanosecondType>().values(),
    };
    token(style, move |row, out| {
        out.extend_from_slice(itoa::Buffer::new().format(values[row]).as_bytes());
        out.extend_from_slice(time_text::unit_sign(unit).as_bytes());
    })
}

/// Intervals are objects of their parts; one of months alone is a bare number where it stands by itself.
fn interval<'a>(array: &'a dyn Array, unit: IntervalUnit, style: Style) -> Write<'a> {
    match unit {
        IntervalUnit::YearMonth if style.form == Form::Bare => integer::<IntervalYearMonthType>(array),
        IntervalUnit::YearMonth => {
            let value = values::<IntervalYearMonthType>(array);
            Box::new(move |row, out| parts(&[("months", value(row).into())], out))
        }
        IntervalUnit::DayTime => {
            let value = values::<IntervalDayTimeType>(array);
            Box::new(move |row, out| {
                let value = value(row);
                parts(&[("days", value.days.into()), ("milliseconds", value.milliseconds.into())], out);
            })
        }
        IntervalUnit::MonthDayNano => {
            let value = values::<IntervalMonthDayNanoType>(array);
            Box::new(move |row, out| {
                let value = value(row);
                let (months, days) = (value.months.into(), value.days.into());
                parts(&[("months", months), ("days", days), ("nanoseconds", value.nanoseconds)], out);
            })
        }
    }
}

fn parts(parts: &[(&str, i64)], out: &mut Vec<u8>) {
    let mut before = b"{\"".as_slice();
    for (name, value) in parts {
        out.extend_from_slice(before);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        out.extend_from_slice(itoa::Buffer::new().format(*value).as_bytes());
        before = b",\"";
    }
    out.push(b'}');
}

fn text<'a>(
    extension: Option<Extension>,
    array: impl ArrayAccessor<Item = &'a str> + Send + Sync + 'a,
    style: Style,
) -> Write<'a> {
    if extension == Some(Extension::Json) {
        return Box::new(move |row, out| json(array.value(row), style, out));
    }
    Box::new(move |row, out| plain_text(array.value(row), style.form, out))
}

fn plain_text(text: &str, form: Form, out: &mut Vec<u8>) {
    match form {
        Form::Bare => out.extend_from_slice(text.as_bytes()),
        Form::Json => json_text::string(text, out),
    }
}

fn json(text: &str, style: Style, out: &mut Vec<u8>) {
    match style {
        Style { form: Form::Json, athena } => json_text::value(text, athena, out),
        Style { athena: true, .. } => json_text::text_with_plain_keys(text, out),
        Style { .. } => out.extend_from_slice(text.as_bytes()),
    }
}

/// Bytes that are to be text are looked at once, all together, whether they are.
fn binary_or_text<'a, O: OffsetSizeTrait>(
    extension: Option<Extension>,
    array: &'a GenericBinaryArray<O>,
    style: Style,
) -> Write<'a> {
    let is_text = matches!(extension, Some(Extension::Json | Extension::Inet));
    match is_text.then(|| GenericStringArray::<O>::try_from_binary(array.clone())) {
        Some(Ok(texts)) if extension == Some(Extension::Json) => {
            Box::new(move |row, out| json(texts.value(row), style, out))
        }
        Some(Ok(texts)) => Box::new(move |row, out| plain_text(texts.value(row), style.form, out)),
        Some(Err(_)) | None => binary(extension, array, style),
    }
}

fn binary<'a>(
    extension: Option<Extension>,
    array: impl ArrayAccessor<Item = &'a [u8]> + Send + Sync + 'a,
    style: Style,
) -> Write<'a> {
    match extension {
        None => token(style, move |row, out| scalar_text::base64(array.value(row), out)),
        Some(Extension::Uuid) => {
            token(style, move |row, out| scalar_text::hex(array.value(row), &[4, 6, 8, 10], b'-', out))
        }
        Some(Extension::Mac) => {
            token(style, move |row, out| scalar_text::hex(array.value(row), &[1, 2, 3, 4, 5, 6, 7], b':', out))
        }
        Some(Extension::Json) => Box::new(move |row, out| match std::str::from_utf8(array.value(row)) {
            Ok(text) => json(text, style, out),
            Err(_) => quoted(style.form, out, |out| scalar_text::base64(array.value(row), out)),
        }),
        Some(Extension::Inet) => Box::new(move |row, out| match std::str::from_utf8(array.value(row)) {
            Ok(text) => plain_text(text, style.form, out),
            Err(_) => quoted(style.form, out, |out| scalar_text::base64(array.value(row), out)),
        }),
    }
}

fn items<'a>(items: Cells<'a>, range: impl Fn(usize) -> Range<usize> + Send + Sync + 'a) -> Write<'a> {
    Box::new(move |row, out| {
        out.push(b'[');
        let range = range(row);
        for item in range.clone() {
            if item > range.start {
                out.push(b',');
            }
            items.write(item, out);
        }
        out.push(b']');
    })
}

fn list<'a, O: OffsetSizeTrait>(item: &Field, array: &'a GenericListArray<O>, style: Style) -> Write<'a> {
    let offsets = array.value_offsets();
    items(Cells::of(item, array.values(), style.nested()), |row| offsets[row].as_usize()..offsets[row + 1].as_usize())
}

fn list_view<'a, O: OffsetSizeTrait>(item: &Field, array: &'a GenericListViewArray<O>, style: Style) -> Write<'a> {
    items(Cells::of(item, array.values(), style.nested()), |row| {
        let start = array.value_offset(row).as_usize();
        start..start + array.value_size(row).as_usize()
    })
}

fn fixed_size_list<'a>(item: &Field, array: &'a FixedSizeListArray, style: Style) -> Write<'a> {
    let length = array.value_length().as_usize();
    items(Cells::of(item, array.values(), style.nested()), move |row| row * length..(row + 1) * length)
}

/// A map is the list of its entries, which are objects of a `key` and a `value` whatever Arrow's fields are called.
fn map<'a>(array: &'a MapArray, style: Style) -> Write<'a> {
    let (key, value) = array.entries_fields();
    let keys = Cells::of(key, array.keys(), style.nested());
    let values = Cells::of(value, array.values(), style.nested());
    let offsets = array.value_offsets();
    Box::new(move |row, out| {
        out.push(b'[');
        let range = offsets[row].as_usize()..offsets[row + 1].as_usize();
        for entry in range.clone() {
            out.extend_from_slice(if entry > range.start { b",{\"key\":" } else { b"{\"key\":" });
            keys.write(entry, out);
            out.extend_from_slice(b",\"value\":");
            values.write(entry, out);
            out.push(b'}');
        }
        out.push(b']');
    })
}

fn object<'a>(array: &'a StructArray, style: Style) -> Object<'a> {
    let columns = array.fields().iter().zip(array.columns());
    Object::of(columns.map(|(field, column)| (field.as_ref(), column.as_ref())), style)
}

/// A union is the value that it has, whichever of its types that is.
fn union<'a>(array: &'a UnionArray, style: Style) -> Write<'a> {
    let children: Vec<(i8, Cells<'a>)> = match array.data_type() {
        DataType::Union(fields, _) => {
            let child = |(id, field): (i8, &FieldRef)| (id, Cells::of(field, array.child(id), style.nested()));
            fields.iter().map(child).collect()
        }
        _ => Vec::new(),
    };
    Box::new(move |row, out| {
        let id = array.type_id(row);
        if let Some((_, child)) = children.iter().find(|(child, _)| *child == id) {
            child.write(array.value_offset(row), out);
        }
    })
}

fn dictionary<'a, K: ArrowDictionaryKeyType>(
    extension: Option<Extension>,
    array: &'a dyn Array,
    style: Style,
) -> Write<'a> {
    let array = array.as_dictionary::<K>();
    let values = Cells::bound(extension, array.values(), style);
    let keys = array.keys().values();
    Box::new(move |row, out| values.write(keys[row].as_usize(), out))
}

fn runs<'a, R: RunEndIndexType>(extension: Option<Extension>, array: &'a dyn Array, style: Style) -> Write<'a> {
    let Some(array) = array.as_run_opt::<R>() else { return Box::new(|_, _| {}) };
    let values = Cells::bound(extension, array.values(), style);
    Box::new(move |row, out| values.write(array.get_physical_index(row), out))
}
