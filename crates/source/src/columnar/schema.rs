//! The columns of a table whose inputs bring their own: what they have in common, with nothing lost.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arrow_schema::{
    DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType, Field, Metadata, Schema, TimeUnit,
    extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY},
};
use lakeward_core::{column_type::describe, untrusted::excerpt};

use crate::{
    decode::conform::can_conform,
    error::{Disagreement, Error},
};

/// The columns of the inputs so far.
pub(crate) struct Union {
    /// Types that are given, by column: in these, inputs may differ.
    given: BTreeMap<String, DataType>,
    columns: Vec<Column>,
    places: HashMap<String, usize>,
    metadata: Metadata,
    inputs: usize,
}

struct Column {
    field: Field,
    /// The input that its type comes from.
    input: Arc<str>,
    /// How many inputs have it.
    inputs: usize,
}

impl Union {
    pub(crate) fn new(given: &BTreeMap<String, DataType>) -> Self {
        let (columns, places, metadata) = Default::default();
        Self { given: given.clone(), columns, places, metadata, inputs: 0 }
    }

    /// Takes the columns of an input in.
    pub(crate) fn add(&mut self, input: &str, schema: &Schema) -> Result<(), Error> {
        let input: Arc<str> = input.into();
        check_names(&input, schema)?;
        if self.inputs == 0 {
            self.metadata.clone_from(schema.metadata());
        }
        self.inputs += 1;
        for field in schema.fields() {
            if let Some(given) = self.given.get(field.name())
                && !can_conform(field.data_type(), given)
            {
                return Err(Error::Retype {
                    path: input.to_string(),
                    column: excerpt(field.name(), 200),
                    from: excerpt(&describe(field.data_type()), 200),
                    to: describe(given),
                });
            }
            self.column(&input, field.as_ref().clone().with_data_type(plain(field.data_type())))?;
        }
        Ok(())
    }

    /// Takes in the columns that were inferred from text. Text is decoded to some types only, and may lack any value.
    pub(crate) fn add_text(&mut self, input: &str, columns: Vec<(String, DataType)>) -> Result<(), Error> {
        let input: Arc<str> = input.into();
        self.inputs += 1;
        for (name, mut inferred) in columns {
            let column = self.places.get(&name).and_then(|place| self.columns.get(*place));
            if column.is_some_and(|column| *column.field.data_type() == DataType::Utf8) && !inferred.is_nested() {
                // As text, what is written there is kept as it is.
                inferred = DataType::Utf8;
            }
            self.column(&input, Field::new(&name, inferred.clone(), true))?;
            if let Some(column) = self.places.get(&name).and_then(|place| self.columns.get(*place))
                && !self.given.contains_key(&name)
                && *column.field.data_type() != inferred
                && !is_of_text(column.field.data_type())
            {
                return Err(disagreement(&name, column, &input, &inferred));
            }
        }
        for column in &mut self.columns {
            column.field.set_nullable(true);
        }
        Ok(())
    }

    fn column(&mut self, input: &Arc<str>, field: Field) -> Result<(), Error> {
        let place = *self.places.entry(field.name().clone()).or_insert(self.columns.len());
        let Some(column) = self.columns.get_mut(place) else {
            self.columns.push(Column { field, input: Arc::clone(input), inputs: 1 });
            return Ok(());
        };
        column.inputs += 1;
        if self.given.contains_key(field.name()) {
            column.field.set_nullable(column.field.is_nullable() || field.is_nullable());
            return Ok(());
        }
        let (one, other) = (column.field.data_type(), field.data_type());
        let common = common(one, other).ok_or_else(|| disagreement(field.name(), column, input, other))?;
        if common != *one {
            column.input = Arc::clone(input);
            column.field = retyped(&column.field, common);
        }
        column.field.set_nullable(column.field.is_nullable() || field.is_nullable());
        Ok(())
    }

    /// How many columns there are.
    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.inputs == 0
    }

    /// The schema of the table. A column that an input lacks may be null.
    pub(crate) fn schema(self) -> Schema {
        let inputs = self.inputs;
        let fields = self.columns.into_iter().map(|column| {
            let is_nullable = column.field.is_nullable() || column.inputs < inputs;
            column.field.with_nullable(is_nullable)
        });
        Schema::new_with_metadata(fields.collect::<Vec<_>>(), self.metadata)
    }
}

/// A column of another type. What its metadata say of an extension type was said of the type that it had.
pub(crate) fn retyped(field: &Field, data_type: DataType) -> Field {
    let mut field = field.clone().with_data_type(data_type);
    let metadata = field.metadata_mut();
    metadata.remove(EXTENSION_TYPE_NAME_KEY);
    metadata.remove(EXTENSION_TYPE_METADATA_KEY);
    field
}

fn disagreement(name: &str, column: &Column, input: &str, other: &DataType) -> Error {
    Error::Disagreement(Box::new(Disagreement {
        column: excerpt(name, 200),
        one: column.input.to_string(),
        one_type: excerpt(&describe(column.field.data_type()), 200),
        other: input.to_owned(),
        other_type: excerpt(&describe(other), 200),
    }))
}

fn check_names(input: &str, schema: &Schema) -> Result<(), Error> {
    let mut seen = HashMap::new();
    for (index, field) in schema.fields().iter().enumerate() {
        let position = index + 1;
        if field.name().contains('\0') {
            let cause = format!("the name of column {position} holds a NUL character");
            return Err(Error::Names { path: input.to_owned(), cause });
        }
        if let Some(first) = seen.insert(field.name().as_str(), position) {
            let name = excerpt(field.name(), 80);
            let cause = format!("columns {first} and {position} have the same name {name:?}");
            return Err(Error::Names { path: input.to_owned(), cause });
        }
    }
    Ok(())
}

/// Views are how text lies in memory, and nothing that a table says.
fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        other => other.clone(),
    }
}

/// Whether text is decoded to this type.
fn is_of_text(data_type: &DataType) -> bool {
    use DataType::{Boolean, Date32, Decimal128, Float64, Int64, Timestamp, Utf8};
    match data_type {
        Utf8 | Int64 | Float64 | Boolean | Date32 => true,
        Decimal128(_, scale) => *scale >= 0,
        Timestamp(TimeUnit::Microsecond, zone) => zone.as_deref().is_none_or(|zone| zone == "UTC"),
        _ => false,
    }
}

/// The type that holds the values of both; `None` where there is none, or one would have to be guessed.
fn common(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::{
        Binary, Date32, Date64, Decimal128, Decimal256, Dictionary, Float64, LargeBinary, LargeUtf8, List, Null,
        Struct, Timestamp, Utf8,
    };
    if one == other {
        return Some(one.clone());
    }
    if one.is_integer() && other.is_integer() {
        return integer(one, other);
    }
    match (one, other) {
        (Null, some) | (some, Null) => Some(some.clone()),
        (Dictionary(_, one), Dictionary(_, other)) => common(one, other),
        (Dictionary(_, values), other) | (other, Dictionary(_, values)) => common(values, other),
        (Utf8 | LargeUtf8, Utf8 | LargeUtf8) => Some(LargeUtf8),
        (Binary | LargeBinary, Binary | LargeBinary) => Some(LargeBinary),
        // A whole number that is no float's makes its row a misfit.
        (one, other) if (one.is_floating() || one.is_integer()) && (other.is_floating() || other.is_integer()) => {
            Some(Float64)
        }
        (Date32, Date64) | (Date64, Date32) => Some(Date64),
        (Timestamp(one, one_zone), Timestamp(other, other_zone)) => {
            let zone = match (one_zone, other_zone) {
                (one, other) if one == other => one.clone(),
                (Some(_), Some(_)) => Some("UTC".into()),
                _ => return None,
            };
            Some(Timestamp(finer(*one, *other), zone))
        }
        (one, other) if one.is_decimal() && other.is_decimal() => {
            let ((one, one_scale), (other, other_scale)) = (decimal(one)?, decimal(other)?);
            let scale = one_scale.max(other_scale);
            let whole = (i16::from(one) - i16::from(one_scale)).max(i16::from(other) - i16::from(other_scale));
            let precision = u8::try_from(whole + i16::from(scale)).ok()?.max(1);
            if precision <= DECIMAL128_MAX_PRECISION {
                Some(Decimal128(precision, scale))
            } else {
                (precision <= DECIMAL256_MAX_PRECISION).then_some(Decimal256(precision, scale))
            }
        }
        (List(one), List(other)) => Some(List(Arc::new(common_field(one, other)?))),
        (Struct(one), Struct(other)) if one.len() == other.len() => {
            let fields = one
                .iter()
                .zip(other)
                .map(|(one, other)| if one.name() == other.name() { common_field(one, other) } else { None });
            Some(Struct(fields.collect::<Option<_>>()?))
        }
        // Any text is text, but a value of another type is written in more ways than one.
        _ => None,
    }
}

fn common_field(one: &Field, other: &Field) -> Option<Field> {
    let data_type = common(one.data_type(), other.data_type())?;
    let field = if data_type == *one.data_type() { one.clone() } else { retyped(one, data_type) };
    let is_nullable = one.is_nullable() || other.is_nullable();
    Some(field.with_nullable(is_nullable))
}

fn integer(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::{Int16, Int32, Int64};
    let by_width =
        |one: &DataType, other: &DataType| one.primitive_width().cmp(&other.primitive_width()) == Ordering::Less;
    if one.is_signed_integer() == other.is_signed_integer() {
        return Some(if by_width(one, other) { other.clone() } else { one.clone() });
    }
    let (signed, unsigned) = if one.is_signed_integer() { (one, other) } else { (other, one) };
    let holding = match unsigned {
        DataType::UInt8 => Int16,
        DataType::UInt16 => Int32,
        DataType::UInt32 => Int64,
        _ => return None,
    };
    Some(if by_width(signed, &holding) { holding } else { signed.clone() })
}

fn finer(one: TimeUnit, other: TimeUnit) -> TimeUnit {
    let rank = |unit: TimeUnit| match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    };
    if rank(one) < rank(other) { other } else { one }
}

fn decimal(data_type: &DataType) -> Option<(u8, i8)> {
    match data_type {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => Some((*precision, *scale)),
        _ => None,
    }
}
