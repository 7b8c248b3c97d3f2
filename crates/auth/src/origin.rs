//! A value that takes part in a search, and where it was read.

use std::{fmt, path::PathBuf};

use lakeward_core::untrusted::printable;

/// A value and where it stands.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) text: String,
    pub(crate) origin: Origin,
}

/// Where a value was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An environment variable.
    Variable(&'static str),
    /// A line of a file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A file of the AWS tools' caches.
    Cache(PathBuf),
    /// `[auth]` of Lakeward's config, or the command line.
    Config,
    /// `[destination]` of Lakeward's config.
    Destination,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::File { path, line } => write!(f, "{}:{line}", printable(&path.display().to_string())),
            Self::Cache(path) => f.write_str(&printable(&path.display().to_string())),
            Self::Config => f.write_str("[auth]"),
            Self::Destination => f.write_str("[destination]"),
        }
    }
}

/// A value that took part in a decision. Its text holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key, as the AWS tools name it.
    pub key: String,
    /// The value, or `(set)` for a secret.
    pub value: String,
    /// Where it was read.
    pub origin: Origin,
}

impl Setting {
    pub(crate) fn new(key: impl Into<String>, value: &Value) -> Self {
        Self::of(key, &value.text, value.origin.clone())
    }

    pub(crate) fn of(key: impl Into<String>, value: &str, origin: Origin) -> Self {
        Self { key: key.into(), value: printable(value).into_owned(), origin }
    }

    /// That a secret is there.
    pub(crate) fn secret(key: impl Into<String>, origin: Origin) -> Self {
        Self { key: key.into(), value: "(set)".to_owned(), origin }
    }
}
