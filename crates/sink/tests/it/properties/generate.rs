//! Tables of every Arrow type, nested, with nulls and extreme values.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BinaryViewArray, BooleanArray, DictionaryArray,
    FixedSizeBinaryArray, FixedSizeListArray, Int32Array, LargeBinaryArray, LargeListArray, LargeStringArray,
    ListArray, ListViewArray, MapArray, NullArray, PrimitiveArray, RecordBatch, RunArray, StringArray, StringViewArray,
    StructArray, UnionArray, types::*,
};
use arrow_buffer::{Buffer, IntervalMonthDayNano, NullBuffer, OffsetBuffer, ScalarBuffer, i256};
use arrow_schema::{DataType, Field, FieldRef, Fields, IntervalUnit, Schema, TimeUnit, UnionFields, UnionMode};

/// Which types a format can hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    EveryType,
    /// Not unions.
    WhatParquetHolds,
}

pub(super) struct Generator {
    rng: fastrand::Rng,
    holds: Holds,
}

const PIECES: &[&str] = &[
    "",
    ",",
    ";",
    "-",
    "\"",
    "'",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "\u{1b}[31m",
    " ",
    "a",
    "été",
    "東京",
    "🦀",
    "\u{2028}",
    "NULL",
    "\\N",
    "\\",
    "=1+2",
    "#",
    "1e5",
    "<&>",
    "\u{feff}",
    "\u{7f}",
    "{\"a\":1}",
];

const JSON: &[&str] = &[
    "null",
    "{}",
    "[]",
    "1",
    "-0.0",
    "12345678901234567890123",
    "1e400",
    "\"a\\nb\"",
    "{\"b\":[1,{\"a\":\"<&>\"}],\"a\":null}",
    " {\n \"x\" : [ 1 ,\r\n 2 ] }\n",
    "\"\\u2028\"",
];

impl Generator {
    pub(super) fn new(seed: u64, holds: Holds) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed), holds }
    }

    pub(super) fn batch(&mut self) -> RecordBatch {
        let rows = self.rng.usize(0..24);
        let columns = self.rng.usize(1..10);
        let fields: Vec<FieldRef> = (0..columns).map(|number| Arc::new(self.column(number))).collect();
        let arrays = fields.iter().map(|field| self.array(field, rows)).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("a batch")
    }

    fn column(&mut self, number: usize) -> Field {
        let name = format!("{}{number}", self.rng.choice(["c", "a b", "q\"", "x,y", "été.", ""]).expect("one"));
        let extension = |name: &str| HashMap::from([("ARROW:extension:name".to_owned(), name.to_owned())]);
        match self.rng.u8(0..20) {
            0 => Field::new(name, DataType::FixedSizeBinary(16), true).with_metadata(extension("uuid")),
            1 => Field::new(name, DataType::Binary, true).with_metadata(extension("json")),
            2 => Field::new(name, DataType::Binary, true).with_metadata(extension("mac")),
            3 => Field::new(name, DataType::Binary, true).with_metadata(extension("inet")),
            _ => self.field(&name, 0),
        }
    }

    fn field(&mut self, name: &str, depth: u32) -> Field {
        let data_type = self.data_type(depth);
        // A union has no nulls of its own.
        let mut is_nullable = self.rng.u8(0..4) > 0 || matches!(data_type, DataType::Null | DataType::Union(..));
        // PyArrow 26 can't read a file of its own that has one without nulls in a struct that is null.
        is_nullable |= depth > 0 && matches!(data_type, DataType::FixedSizeList(..));
        Field::new(name, data_type, is_nullable)
    }

    fn item(&mut self, depth: u32) -> FieldRef {
        Arc::new(self.field("item", depth + 1))
    }

    fn unit(&mut self) -> TimeUnit {
        [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond][self.rng.usize(0..4)]
    }

    fn data_type(&mut self, depth: u32) -> DataType {
        use DataType::*;
        let most = match (depth, self.holds) {
            (3.., _) => 34,
            (_, Holds::WhatParquetHolds) => 43,
            _ => 44,
        };
        match self.rng.u8(0..most) {
            0 => Null,
            1 => Boolean,
            2 => Int8,
            3 => Int16,
            4 => Int32,
            5 | 6 => Int64,
            7 => UInt8,
            8 => UInt16,
            9 => UInt32,
            10 => UInt64,
            11 => Float16,
            12 => Float32,
            13 => Float64,
            14..=16 => Utf8,
            17 => LargeUtf8,
            18 => Utf8View,
            19 => Binary,
            20 => LargeBinary,
            21 => BinaryView,
            22 => FixedSizeBinary(3),
            23 => {
                let precision = self.rng.u8(1..=38);
                Decimal128(precision, self.rng.i8(0..=precision.cast_signed()))
            }
            24 => {
                let precision = self.rng.u8(39..=76);
                Decimal256(precision, self.rng.i8(0..=precision.cast_signed()))
            }
            25 => Decimal128(20, self.rng.i8(-5..0)),
            26 => Date32,
            27 => Date64,
            28 => Time32(if self.rng.bool() { TimeUnit::Second } else { TimeUnit::Millisecond }),
            29 => Time64(if self.rng.bool() { TimeUnit::Microsecond } else { TimeUnit::Nanosecond }),
            30 | 31 => Timestamp(self.unit(), self.rng.bool().then(|| "UTC".into())),
            32 => Duration(self.unit()),
            33 => Interval(IntervalUnit::MonthDayNano),
            34 | 35 => List(self.item(depth)),
            36 => LargeList(self.item(depth)),
            37 => ListView(self.item(depth)),
            38 => FixedSizeList(self.item(depth), 2),
            39 | 40 => {
                let fields =
                    (0..self.rng.usize(1..4)).map(|number| self.field(&format!("f {}", 9 - number), depth + 1));
                Struct(fields.collect::<Vec<_>>().into())
            }
            41 => {
                let key = Field::new("key", if self.rng.bool() { Utf8 } else { Int64 }, false);
                let entries = Struct(vec![key, self.field("value", depth + 1)].into());
                Map(Arc::new(Field::new("entries", entries, false)), false)
            }
            42 if self.rng.bool() => Dictionary(Box::new(Int32), Box::new(if self.rng.bool() { Utf8 } else { Int64 })),
            42 => {
                let values = Arc::new(Field::new("values", if self.rng.bool() { Utf8 } else { Float64 }, true));
                RunEndEncoded(Arc::new(Field::new("run_ends", Int32, false)), values)
            }
            _ => {
                let fields = [self.field("a", depth + 1), self.field("b", depth + 1)].map(Arc::new);
                Union(UnionFields::try_new([0, 1], fields).expect("fields"), UnionMode::Dense)
            }
        }
    }

    fn nulls(&mut self, field: &Field, length: usize) -> Option<NullBuffer> {
        let has_nulls = field.is_nullable() && self.rng.u8(0..5) > 0;
        has_nulls.then(|| (0..length).map(|_| self.rng.u8(0..4) > 0).collect::<Vec<bool>>().into())
    }

    fn some<T>(&mut self, field: &Field, length: usize, mut value: impl FnMut(&mut Self) -> T) -> Vec<Option<T>> {
        let nulls = self.nulls(field, length);
        (0..length).map(|row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)).then(|| value(self))).collect()
    }

    fn primitive<T: ArrowPrimitiveType>(
        &mut self,
        field: &Field,
        length: usize,
        value: impl FnMut(&mut Self) -> T::Native,
    ) -> ArrayRef {
        let values = self.some(field, length, value);
        Arc::new(PrimitiveArray::<T>::from_iter(values).with_data_type(field.data_type().clone()))
    }

    fn text(&mut self) -> String {
        (0..self.rng.usize(0..4)).map(|_| *self.rng.choice(PIECES).expect("one")).collect()
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..self.rng.usize(0..7)).map(|_| self.rng.u8(..)).collect()
    }

    fn extreme(&mut self) -> i64 {
        let any = self.rng.i64(..);
        *self.rng.choice(&[0, 1, -1, 9_007_199_254_740_993, i64::MAX, i64::MIN, any]).expect("one")
    }

    fn double(&mut self) -> f64 {
        let any = f64::from_bits(self.rng.u64(..));
        let some = [
            0.0,
            -0.0,
            1.5,
            0.1,
            1e21,
            1e-7,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        if self.rng.bool() { *self.rng.choice(&some).expect("one") } else { any }
    }

    /// A count of units since 1970: the year 1, a far future, fractions, and what Parquet's milliseconds can still hold.
    fn instant(&mut self, unit: TimeUnit) -> i64 {
        let per_second = match unit {
            TimeUnit::Second => 1,
            TimeUnit::Millisecond => 1_000,
            TimeUnit::Microsecond => 1_000_000,
            TimeUnit::Nanosecond => 1_000_000_000,
        };
        let edge = if unit == TimeUnit::Second { i64::MAX / 1000 } else { i64::MAX };
        let year_1 = if unit == TimeUnit::Nanosecond { -9_000_000_000 } else { -62_135_596_800 };
        let some =
            [0, -1, 1, edge, -edge, year_1 * per_second, 1_700_000_000 * per_second + 1, 951_782_400 * per_second];
        *self.rng.choice(&some).expect("one")
    }

    fn digits(&mut self, precision: u8) -> String {
        let sign = if self.rng.bool() { "-" } else { "" };
        let digits = match self.rng.u8(0..3) {
            0 => "9".repeat(precision.into()),
            1 => "0".into(),
            _ => (0..self.rng.u8(1..=precision)).map(|_| self.rng.digit(10)).collect(),
        };
        format!("{sign}{digits}")
    }

    fn array(&mut self, field: &Field, length: usize) -> ArrayRef {
        use DataType as T;
        let extension = field.metadata().get("ARROW:extension:name").map(String::as_str);
        match (field.data_type(), extension) {
            (T::Binary, Some("json")) => {
                let values = self.some(field, length, |this| this.rng.choice(JSON).expect("one").as_bytes());
                Arc::new(BinaryArray::from_iter(values))
            }
            (T::Binary, Some("inet")) => {
                let values = self.some(field, length, |this| format!("10.0.0.{}/8", this.rng.u8(..)));
                Arc::new(BinaryArray::from_iter(values))
            }
            (T::Binary, Some(_)) => {
                let values = self.some(field, length, |this| [0, 1, 2, 3, 4, this.rng.u8(..)]);
                Arc::new(BinaryArray::from_iter(values))
            }
            (T::Null, _) => Arc::new(NullArray::new(length)),
            (T::Boolean, _) => Arc::new(BooleanArray::from(self.some(field, length, |this| this.rng.bool()))),
            (T::Int8, _) => self.primitive::<Int8Type>(field, length, |this| this.rng.i8(..)),
            (T::Int16, _) => self.primitive::<Int16Type>(field, length, |this| this.rng.i16(..)),
            (T::Int32, _) => self.primitive::<Int32Type>(field, length, |this| this.rng.i32(..)),
            (T::Int64, _) => self.primitive::<Int64Type>(field, length, Self::extreme),
            (T::UInt8, _) => self.primitive::<UInt8Type>(field, length, |this| this.rng.u8(..)),
            (T::UInt16, _) => self.primitive::<UInt16Type>(field, length, |this| this.rng.u16(..)),
            (T::UInt32, _) => self.primitive::<UInt32Type>(field, length, |this| this.rng.u32(..)),
            (T::UInt64, _) => self.primitive::<UInt64Type>(field, length, |this| this.extreme().cast_unsigned()),
            (T::Float16, _) => self.primitive::<Float16Type>(field, length, |this| {
                <Float16Type as ArrowPrimitiveType>::Native::from_f64(this.double())
            }),
            #[expect(clippy::cast_possible_truncation, reason = "any value will do")]
            (T::Float32, _) => self.primitive::<Float32Type>(field, length, |this| this.double() as f32),
            (T::Float64, _) => self.primitive::<Float64Type>(field, length, Self::double),
            (T::Decimal128(precision, _), _) => {
                self.primitive::<Decimal128Type>(field, length, |this| this.digits(*precision).parse().expect("digits"))
            }
            (T::Decimal256(precision, _), _) => self.primitive::<Decimal256Type>(field, length, |this| {
                i256::from_string(&this.digits(*precision)).expect("digits")
            }),
            (T::Date32, _) => self.primitive::<Date32Type>(field, length, |this| {
                *this.rng.choice(&[0, -1, -719_162, 2_932_896, 19_700, 11_016, i32::MAX, i32::MIN]).expect("one")
            }),
            (T::Date64, _) => self.primitive::<Date64Type>(field, length, |this| {
                86_400_000 * this.rng.choice(&[0, -1, -719_162, 2_932_896, 2_147_483_647]).expect("one")
            }),
            (T::Time32(TimeUnit::Second), _) => {
                self.primitive::<Time32SecondType>(field, length, |this| this.rng.i32(0..86_400))
            }
            (T::Time32(_), _) => {
                self.primitive::<Time32MillisecondType>(field, length, |this| this.rng.i32(0..86_400_000))
            }
            (T::Time64(TimeUnit::Microsecond), _) => {
                self.primitive::<Time64MicrosecondType>(field, length, |this| this.rng.i64(0..86_400_000_000))
            }
            (T::Time64(_), _) => {
                self.primitive::<Time64NanosecondType>(field, length, |this| this.rng.i64(0..86_400_000_000_000))
            }
            (T::Timestamp(unit, _), _) => {
                let unit = *unit;
                match unit {
                    TimeUnit::Second => self.primitive::<TimestampSecondType>(field, length, |this| this.instant(unit)),
                    TimeUnit::Millisecond => {
                        self.primitive::<TimestampMillisecondType>(field, length, |this| this.instant(unit))
                    }
                    TimeUnit::Microsecond => {
                        self.primitive::<TimestampMicrosecondType>(field, length, |this| this.instant(unit))
                    }
                    TimeUnit::Nanosecond => {
                        self.primitive::<TimestampNanosecondType>(field, length, |this| this.instant(unit))
                    }
                }
            }
            (T::Duration(unit), _) => match unit {
                TimeUnit::Second => self.primitive::<DurationSecondType>(field, length, Self::extreme),
                TimeUnit::Millisecond => self.primitive::<DurationMillisecondType>(field, length, Self::extreme),
                TimeUnit::Microsecond => self.primitive::<DurationMicrosecondType>(field, length, Self::extreme),
                TimeUnit::Nanosecond => self.primitive::<DurationNanosecondType>(field, length, Self::extreme),
            },
            (T::Interval(_), _) => self.primitive::<IntervalMonthDayNanoType>(field, length, |this| {
                IntervalMonthDayNano::new(this.rng.i32(..), this.rng.i32(..), this.extreme())
            }),
            (T::Utf8, _) => Arc::new(StringArray::from(self.some(field, length, Self::text))),
            (T::LargeUtf8, _) => Arc::new(LargeStringArray::from(self.some(field, length, Self::text))),
            (T::Utf8View, _) => Arc::new(StringViewArray::from_iter(self.some(field, length, Self::text))),
            (T::Binary, _) => Arc::new(BinaryArray::from_iter(self.some(field, length, Self::bytes))),
            (T::LargeBinary, _) => Arc::new(LargeBinaryArray::from_iter(self.some(field, length, Self::bytes))),
            (T::BinaryView, _) => Arc::new(BinaryViewArray::from_iter(self.some(field, length, Self::bytes))),
            (T::FixedSizeBinary(size), _) => {
                let bytes: Vec<u8> =
                    (0..length * usize::try_from(*size).expect("small")).map(|_| self.rng.u8(..)).collect();
                let nulls = self.nulls(field, length);
                Arc::new(FixedSizeBinaryArray::try_new(*size, Buffer::from(bytes), nulls).expect("an array"))
            }
            _ => self.nested(field, length),
        }
    }

    fn offsets(&mut self, length: usize) -> OffsetBuffer<i32> {
        OffsetBuffer::from_lengths((0..length).map(|_| self.rng.usize(0..4)))
    }

    fn nested(&mut self, field: &Field, length: usize) -> ArrayRef {
        use DataType as T;
        let nulls = self.nulls(field, length);
        match field.data_type() {
            T::List(item) => {
                let offsets = self.offsets(length);
                let items = self.array(item, usize::try_from(offsets.last()).expect("small"));
                Arc::new(ListArray::new(item.clone(), offsets, items, nulls))
            }
            T::LargeList(item) => {
                let lengths: Vec<usize> = (0..length).map(|_| self.rng.usize(0..4)).collect();
                let items = self.array(item, lengths.iter().sum());
                Arc::new(LargeListArray::new(item.clone(), OffsetBuffer::from_lengths(lengths), items, nulls))
            }
            T::ListView(item) => {
                let items = self.array(item, 10);
                let offsets: ScalarBuffer<i32> = (0..length).map(|_| self.rng.i32(0..7)).collect();
                let sizes: ScalarBuffer<i32> = (0..length).map(|_| self.rng.i32(0..4)).collect();
                Arc::new(ListViewArray::new(item.clone(), offsets, sizes, items, nulls))
            }
            T::FixedSizeList(item, size) => {
                let items = self.array(item, length * usize::try_from(*size).expect("small"));
                Arc::new(
                    FixedSizeListArray::try_new_with_length(item.clone(), *size, items, nulls, length).expect("a list"),
                )
            }
            T::Struct(fields) => self.record(fields, length, nulls),
            T::Map(entries, _) => {
                let T::Struct(fields) = entries.data_type() else { unreachable!("a map has entries") };
                let offsets = self.offsets(length);
                let columns = self.record(fields, usize::try_from(offsets.last()).expect("small"), None);
                let columns = columns.as_any().downcast_ref::<StructArray>().expect("a struct").clone();
                Arc::new(MapArray::new(entries.clone(), offsets, columns, nulls, false))
            }
            T::Dictionary(_, values) => {
                let values = self.array(&Field::new("values", values.as_ref().clone(), false), 5);
                let keys = Int32Array::from(self.some(field, length, |this| this.rng.i32(0..5)));
                Arc::new(DictionaryArray::new(keys, values))
            }
            T::RunEndEncoded(_, values) => {
                let values = values.as_ref().clone().with_nullable(field.is_nullable());
                let mut ends: Vec<i32> = Vec::new();
                let rows = i32::try_from(length).expect("small");
                while ends.last().copied().unwrap_or_default() < rows {
                    let end = ends.last().copied().unwrap_or_default() + self.rng.i32(1..4);
                    ends.push(end.min(rows));
                }
                let values = self.array(&values, ends.len());
                Arc::new(RunArray::<Int32Type>::try_new(&Int32Array::from(ends), values.as_ref()).expect("runs"))
            }
            T::Union(fields, _) => {
                let ids: Vec<i8> = (0..length).map(|_| self.rng.i8(0..2)).collect();
                let offsets: Vec<i32> = (0..length).map(|_| self.rng.i32(0..5)).collect();
                let children = fields.iter().map(|(_, field)| self.array(field, 5)).collect();
                Arc::new(
                    UnionArray::try_new(fields.clone(), ids.into(), Some(offsets.into()), children).expect("a union"),
                )
            }
            other => unreachable!("no values for {other}"),
        }
    }

    fn record(&mut self, fields: &Fields, length: usize, nulls: Option<NullBuffer>) -> ArrayRef {
        let columns = fields.iter().map(|field| self.array(field, length)).collect();
        Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, length).expect("a struct"))
    }
}
