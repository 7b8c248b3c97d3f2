//! What is wrong with a config, and how it is shown: the place, the line with what is meant underlined, and a hint.

use std::{fmt, ops::Range, path::Path};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::secret;
use crate::untrusted::printable;

/// How an error about a key that there is not begins.
pub(super) const UNKNOWN: &str = "unknown key `";

/// How the hint begins that names the key which is meant.
pub(super) const DID_YOU_MEAN: &str = "did you mean `";

/// One thing that is wrong with a config (exit code 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Where it stands.
    pub at: Place,
    /// The dotted key of what is meant, such as `destination.bucket` or `source.paths`, where it is one value or one key that
    /// is missing.
    pub key: Option<String>,
    /// What is wrong, with the key: one line without a final dot.
    pub what: String,
    /// How to put it right, where that can be told.
    pub hint: Option<String>,
}

/// Where a value of a config came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file.
    File {
        /// The bytes that are meant.
        span: Range<usize>,
        /// The line of their first byte, from 1.
        line: usize,
        /// The column of their first byte in characters, from 1.
        column: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A flag of the command line.
    Flag(&'static str),
    /// The spec that a CloudQuery host handed over.
    Spec,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { line, column, .. } => write!(f, "line {line}, column {column}"),
            Self::Variable(name) => write!(f, "environment variable {}", printable(name)),
            Self::Flag(name) => write!(f, "{name}"),
            Self::Spec => f.write_str("the destination's spec"),
        }
    }
}

impl ConfigError {
    /// What is wrong, without the key before it: for a place that shows the key anyway.
    #[must_use]
    pub fn about_value(&self) -> &str {
        let named = self.key.as_ref().and_then(|key| self.what.strip_prefix(&format!("`{key}`: ")));
        named.unwrap_or(&self.what)
    }

    /// The key that is most likely meant where another one stands at the place, and the bytes of that.
    #[must_use]
    pub fn meant(&self) -> Option<(Range<usize>, &str)> {
        let Place::File { span, .. } = &self.at else { return None };
        let meant = self.hint.as_ref().filter(|_| self.what.starts_with(UNKNOWN))?;
        Some((span.clone(), meant.strip_prefix(DID_YOU_MEAN)?.strip_suffix("`?")?))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, printable(&self.what))
    }
}

impl std::error::Error for ConfigError {}

/// How [`render`] draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// ASCII without colours, for logs and files.
    Plain,
    /// With ANSI colours, for a terminal.
    Coloured,
}

/// All errors as text: for each a line with what is wrong, the place, the line of the file with what is meant underlined,
/// and the hint. `file` is named as it is given; `text` is what was resolved. Values that look like secrets are masked.
#[must_use]
pub fn render(errors: &[ConfigError], file: &Path, text: &str, style: Style) -> String {
    let text = visible(&secret::mask(text));
    let file = file.display().to_string();
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let rendered: Vec<String> = errors
        .iter()
        .map(|error| {
            let what = printable(&error.what);
            let mut report = match &error.at {
                Place::File { span, .. } => {
                    let mark = AnnotationKind::Primary.span(within(&text, span));
                    let snippet = Snippet::source(text.as_str()).path(printable(&file)).annotation(mark);
                    Level::ERROR.primary_title(what).element(snippet)
                }
                elsewhere => Group::with_title(Level::ERROR.primary_title(format!("{elsewhere}: {what}"))),
            };
            if let Some(hint) = &error.hint {
                report = report.element(Level::HELP.message(printable(hint)));
            }
            renderer.render(&[report])
        })
        .collect();
    rendered.join("\n\n")
}

/// The text with a stand-in of the same length for each character that could steer a terminal. Those of ASCII stay: the
/// renderer shows them as pictures.
fn visible(text: &str) -> String {
    let stand_in = |c: char| match c.len_utf8() {
        1 => c,
        _ if printable(c.encode_utf8(&mut [0; 4])).contains(c) => c,
        2 => '·',
        _ => char::REPLACEMENT_CHARACTER,
    };
    text.chars().map(stand_in).collect()
}

/// The part of a span that lies in the text's first line of it, from and to whole characters.
fn within(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
    let line = text.get(start..end).and_then(|marked| marked.find(['\r', '\n'])).unwrap_or(end - start);
    start..start + line
}

/// Something wrong, while its place still is a range of the document.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) span: Range<usize>,
    pub(super) what: String,
    pub(super) hint: Option<String>,
    /// The dotted key, where the place is not its value's.
    pub(super) key: Option<String>,
    /// Whether `what` is about the value at the place and does not name its key.
    pub(super) names_value: bool,
}

impl Finding {
    /// A whole sentence.
    pub(super) fn new(span: Range<usize>, what: impl Into<String>) -> Self {
        Self { span, what: what.into(), hint: None, key: None, names_value: false }
    }

    /// What is wrong with the value at the place; its key is put before it.
    pub(super) fn value(span: Range<usize>, what: impl Into<String>) -> Self {
        Self { names_value: true, ..Self::new(span, what) }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the key that is meant and has no value.
    pub(super) fn key(mut self, key: String) -> Self {
        self.key = Some(key);
        self
    }
}

/// The candidate that a misspelt word most likely means, if one is near.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let word = plain(word);
    let most = (word.chars().count() / 3).clamp(1, 4);
    let distances =
        candidates.into_iter().map(|candidate| (strsim::damerau_levenshtein(&plain(candidate), &word), candidate));
    distances
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Names as they are listed in a message.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_shown_is_as_long_and_steers_nothing(text in "(\\PC|[\u{80}-\u{9f}\u{202e}\u{feff}\u{61c}\x1b\n]){0,20}") {
            let shown = visible(&text);
            prop_assert_eq!(shown.len(), text.len());
            let errors = [ConfigError { at: Place::File { span: 0..text.len(), line: 1, column: 1 }, key: None, what: text.clone(), hint: None }];
            let shown = render(&errors, Path::new("x"), &text, Style::Plain).replace('\n', "");
            prop_assert_eq!(printable(&shown).into_owned(), shown);
        }
    }
}
