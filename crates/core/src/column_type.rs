//! The column types that a config can name, and the Arrow types that they are.

use arrow_schema::{DECIMAL128_MAX_PRECISION, DataType, TimeUnit};

/// The names that a config's `columns` may use, each with what it means. The first of a line is the one that messages use.
pub const COLUMN_TYPES: &[(&str, &[&str], &str)] = &[
    ("string", &["text", "varchar", "utf8"], "text, kept as it is"),
    ("int64", &["integer", "int", "bigint"], "a whole number of 64 bits"),
    ("float64", &["double", "float"], "a floating-point number of 64 bits"),
    ("boolean", &["bool"], "true or false"),
    ("date", &[], "a day, as in 2026-02-28"),
    ("timestamp", &[], "a day and time without a zone, to the microsecond"),
    ("timestamptz", &[], "an instant: a day and time with a zone, kept in UTC, to the microsecond"),
    ("decimal(P,S)", &[], "an exact number of P digits (1 to 38), S of them after the point"),
];

/// Why a text names no column type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnTypeError {
    /// No such type.
    #[error(
        "{0:?} is no column type; there are string, int64, float64, boolean, date, timestamp, timestamptz and decimal(P,S)"
    )]
    Unknown(String),
    /// A decimal whose precision or scale is out of range.
    #[error("{0:?}: a decimal has 1 to 38 digits, and not more of them after the point than in all")]
    Decimal(String),
}

/// An instant in UTC to the microsecond: what `timestamptz` is.
#[must_use]
pub fn timestamp_utc() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Reads a column type as a config writes it.
///
/// # Errors
/// When there is no such type.
pub fn parse(text: &str) -> Result<DataType, ColumnTypeError> {
    let name = text.trim().to_ascii_lowercase();
    if let Some(arguments) = name.strip_prefix("decimal(").and_then(|rest| rest.strip_suffix(')')) {
        let wrong = || ColumnTypeError::Decimal(text.to_owned());
        let (precision, scale) = arguments.split_once(',').unwrap_or((arguments, "0"));
        let precision: u8 = precision.trim().parse().map_err(|_| wrong())?;
        let scale: i8 = scale.trim().parse().map_err(|_| wrong())?;
        let scale_fits = u8::try_from(scale).is_ok_and(|scale| scale <= precision);
        if !(1..=DECIMAL128_MAX_PRECISION).contains(&precision) || !scale_fits {
            return Err(wrong());
        }
        return Ok(DataType::Decimal128(precision, scale));
    }
    let named = COLUMN_TYPES.iter().find(|(main, others, _)| *main == name || others.contains(&name.as_str()));
    match named.map(|(main, _, _)| *main) {
        Some("string") => Ok(DataType::Utf8),
        Some("int64") => Ok(DataType::Int64),
        Some("float64") => Ok(DataType::Float64),
        Some("boolean") => Ok(DataType::Boolean),
        Some("date") => Ok(DataType::Date32),
        Some("timestamp") => Ok(DataType::Timestamp(TimeUnit::Microsecond, None)),
        Some("timestamptz") => Ok(timestamp_utc()),
        _ => Err(ColumnTypeError::Unknown(text.to_owned())),
    }
}

/// The name under which a person knows an Arrow type: a config's name where it has one, Arrow's own otherwise.
#[must_use]
pub fn describe(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 => "string".into(),
        DataType::Int64 => "int64".into(),
        DataType::Float64 => "float64".into(),
        DataType::Boolean => "boolean".into(),
        DataType::Date32 => "date".into(),
        DataType::Timestamp(_, None) => "timestamp".into(),
        DataType::Timestamp(_, Some(_)) => "timestamptz".into(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::List(item) => format!("list of {}", describe(item.data_type())),
        DataType::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|field| format!("{} {}", field.name(), describe(field.data_type()))).collect();
            format!("struct({})", fields.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_type_is_read_and_described_by_its_own_name() {
        for (main, others, _) in COLUMN_TYPES {
            let main = main.replace("P,S", "12,2");
            let data_type = parse(&main).expect("a listed type");
            assert_eq!(describe(&data_type), main);
            for other in *others {
                assert_eq!(parse(other), Ok(data_type.clone()));
            }
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for bad in
            ["", "strin", "decimal", "decimal()", "decimal(0,0)", "decimal(39,2)", "decimal(4,5)", "decimal(4,-1)"]
        {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
