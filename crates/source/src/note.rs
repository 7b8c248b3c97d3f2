//! What may not be what was meant, though nothing fails.

use std::fmt;

use lakeward_core::untrusted::printable;

use crate::infer::Unlike;

/// Something about a table that is worth a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// Its inputs have not all the same columns.
    Differ { inputs: usize },
    /// A column is text for the sake of a few values.
    Odd(OddValue),
    /// A column of JSON is text because of a value that is something else than those before it.
    Mixed { column: String, before: &'static str, value: String, path: String, line: u64 },
    /// A column is text because its types in two inputs have none in common.
    Unlike { column: String, unlike: Unlike },
    /// A file of one column whose name looks like several.
    OneColumn { path: String, what: &'static str },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differ { inputs } => {
                write!(
                    f,
                    "it is made of {inputs} files that have different columns; if each is a table of its own, leave `table` out \
                     of its [[source]]"
                )
            }
            Self::Odd(odd) => odd.fmt(f),
            Self::Mixed { column, before, value, path, line } => {
                let (column, path) = (printable(column), last(path));
                write!(
                    f,
                    "{column} is text: it holds {before} at first, but {value:?} in line {line} of {path} is something else; if \
                     that is right, give the type: columns = {{ {column:?} = \"string\" }} in its [[source]]"
                )
            }
            Self::Unlike { column, unlike: Unlike { one, one_type, other, other_type } } => {
                // Of two files of one name their folders are told, too.
                let (one, other) = if last(one) == last(other) { (&**one, &**other) } else { (last(one), last(other)) };
                let column = printable(column);
                write!(f, "{column} is text because it is {one_type} in {one} and {other_type} in {other}")
            }
            Self::OneColumn { path, what } => write!(f, "the header of {} is one column with {what}", last(path)),
        }
    }
}

/// A value because of which a column is text, though almost all of its values are numbers, or dates and times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OddValue {
    /// The column.
    pub(crate) column: String,
    /// The input, fit for a terminal.
    pub(crate) path: String,
    /// Its line there.
    pub(crate) line: u64,
    /// The beginning of the value, fit for a terminal.
    pub(crate) value: String,
    /// How many more there are in the sample that are none.
    pub(crate) more: u64,
    /// The type that the column would have without them, as `columns` takes it.
    pub(crate) otherwise: String,
}

impl fmt::Display for OddValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, path, line, value, more, .. } = self;
        write!(f, "{} is text because of line {line} of {} ({value:?})", printable(column), last(path))?;
        match more {
            0 => Ok(()),
            1 => f.write_str(" and one more value"),
            more => write!(f, " and {more} more values"),
        }
    }
}

/// The notes on one table, a sentence each, without a dot. The types that would mend it are one: `columns` is one key.
pub(crate) fn told(notes: &[Note]) -> Vec<String> {
    let odd: Vec<&OddValue> =
        notes.iter().filter_map(|note| if let Note::Odd(odd) = note { Some(odd) } else { None }).collect();
    let mut told: Vec<String> =
        notes.iter().filter(|note| !matches!(note, Note::Odd(_))).map(ToString::to_string).collect();
    if !odd.is_empty() {
        let what: Vec<String> = odd.iter().map(ToString::to_string).collect();
        let types = odd.iter().map(|odd| format!("{:?} = {:?}", printable(&odd.column), odd.otherwise));
        let types = types.collect::<Vec<_>>().join(", ");
        told.push(format!(
            "{}; to have such rows set aside, or end the run, give the type: columns = {{ {types} }} in its [[source]]",
            what.join("; ")
        ));
    }
    told
}

/// The name of a file without its folder.
pub(crate) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
