//! A table: a name and a schema.

use std::{fmt, sync::Arc};

use arrow_schema::SchemaRef;
use serde::{Deserialize, Serialize};

use crate::untrusted::steers;

/// The longest table name in bytes: the longest segment of an object key that a file system can hold too.
pub const MAX_TABLE_NAME: usize = 255;

/// A table's name, fit to be one segment of an object key.
///
/// It is never empty, `.` or `..`, has no `/`, no `\` and no character that could steer a terminal, and is at most [`MAX_TABLE_NAME`] bytes,
/// so that a key rendered from it can't leave the destination's prefix.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableName(Arc<str>);

/// Why a text can't be a table's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} can't be a table name: {reason}")]
pub struct TableNameError {
    name: String,
    reason: &'static str,
}

impl TableName {
    /// Checks a name.
    ///
    /// # Errors
    /// When the name could not be one segment of an object key.
    pub fn new(name: &str) -> Result<Self, TableNameError> {
        let reason = if name.is_empty() {
            "it is empty"
        } else if name == "." || name == ".." {
            "as part of an object key it would leave the prefix"
        } else if name.contains(['/', '\\']) {
            "a slash in it would leave its place in the object key"
        } else if name.chars().any(steers) {
            "it holds a control character, or one that is invisible or turns the direction of text"
        } else if name.len() > MAX_TABLE_NAME {
            "it is longer than 255 bytes"
        } else {
            return Ok(Self(name.into()));
        };
        Err(TableNameError { name: name.chars().take(80).collect(), reason })
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TableName {
    type Error = TableNameError;
    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::new(&name)
    }
}

impl From<TableName> for String {
    fn from(name: TableName) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A table whose columns are known: what a source announces before its first row.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// Its columns, in the order in which they land.
    pub schema: SchemaRef,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_leave_the_prefix_are_refused() {
        for bad in ["", ".", "..", "a/b", "../x", "a\\b", "a\0b", "a\nb", "a\u{202e}b", &"x".repeat(256)] {
            assert!(TableName::new(bad).is_err(), "{bad:?}");
        }
        for good in ["weather", "sales 2024", "été", "...", "a.b", &"x".repeat(255)] {
            assert!(TableName::new(good).is_ok(), "{good:?}");
        }
    }
}
