//! What a resolution consists of: links, each with what was found there, and from where.

use std::{borrow::Cow, fmt, path::PathBuf, sync::Arc};

use lakeward_core::untrusted::printable;

use crate::{aws_files::Value, sources::Source};

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
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::File { path, line } => write!(f, "{}:{line}", printable(&path.display().to_string())),
            Self::Cache(path) => f.write_str(&printable(&path.display().to_string())),
            Self::Config => f.write_str("[auth]"),
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

/// One place where credentials may come from.
#[derive(Clone, Debug)]
pub struct Link {
    /// What the place is called.
    pub name: &'static str,
    /// What was found there.
    pub state: State,
    /// The values that say so.
    pub settings: Vec<Setting>,
    /// For a role: where the credentials that assume it come from.
    pub inner: Vec<Link>,
}

/// What was found at a place.
#[derive(Clone, Debug)]
pub enum State {
    /// Credentials can be had here.
    Found(Found),
    /// Nothing is set up here, and why.
    Skipped(String),
    /// Something is set up here that can't work.
    Broken {
        /// What is wrong.
        what: String,
        /// What to do.
        next: String,
    },
}

/// A place where credentials can be had.
#[derive(Clone)]
pub struct Found {
    /// What they are, such as `role arn:…, assumed with profile x`.
    pub what: String,
    pub(crate) source: Arc<dyn Source>,
}

impl Found {
    /// What has to be run or asked to get them, innermost first; nothing for keys that are at hand.
    #[must_use]
    pub fn needs(&self) -> Vec<String> {
        self.source.needs()
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").field("what", &self.what).finish_non_exhaustive()
    }
}

impl Link {
    pub(crate) fn found(name: &'static str, what: impl Into<String>, source: impl Source + 'static) -> Self {
        let found = Found { what: shown(what.into()), source: Arc::new(source) };
        Self { name, state: State::Found(found), settings: Vec::new(), inner: Vec::new() }
    }

    pub(crate) fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, state: State::Skipped(shown(why.into())), settings: Vec::new(), inner: Vec::new() }
    }

    pub(crate) fn broken(name: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        let state = State::Broken { what: shown(what.into()), next: shown(next.into()) };
        Self { name, state, settings: Vec::new(), inner: Vec::new() }
    }

    pub(crate) fn with(mut self, settings: Vec<Setting>) -> Self {
        self.settings = settings;
        self
    }

    pub(crate) fn inside(mut self, inner: Vec<Link>) -> Self {
        self.inner = inner;
        self
    }

    /// Whether the search ends here, for better or worse.
    #[must_use]
    pub fn decides(&self) -> bool {
        !matches!(self.state, State::Skipped(_))
    }
}

/// Names and values of files and variables are put into every text.
fn shown(text: String) -> String {
    match printable(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(safe) => safe,
    }
}

/// The link at which the search ends.
#[must_use]
pub fn deciding(links: &[Link]) -> Option<&Link> {
    links.iter().find(|link| link.decides())
}
