//! The document that a config's layers make: the file's TOML with the environment's values laid over it.

use std::{collections::BTreeMap, ops::Range};

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue, Deserializer},
};

use super::{
    error::{ConfigError, Finding, Place},
    tables::Version,
};

/// The merged layers, and where each value came from.
///
/// A place is a range of bytes of the file. Behind the file's last byte, each byte stands for one environment variable, so
/// that a value keeps one kind of place through everything that reads it.
pub(super) struct Document<'a> {
    pub(super) root: Spanned<DeTable<'a>>,
    text: &'a str,
    variables: Vec<String>,
}

impl<'a> Document<'a> {
    /// Parses the file's text.
    ///
    /// # Errors
    /// All syntax errors that can be told apart.
    pub(super) fn parse(text: &'a str) -> Result<Self, Vec<ConfigError>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let document = Self { root, text, variables: Vec::new() };
        if errors.is_empty() {
            return Ok(document);
        }
        let findings = errors.iter().map(|error| {
            let span = error.span().unwrap_or(text.len()..text.len());
            Finding::new(span, format!("this is not TOML: {}", error.message()))
        });
        Err(document.errors(findings.collect()))
    }

    /// A document that was read in another way; places in it are ranges of this text.
    pub(super) fn of(text: &'a str, root: Spanned<DeTable<'a>>) -> Self {
        Self { root, text, variables: Vec::new() }
    }

    /// The whole document as a value.
    pub(super) fn root_value(&self) -> Spanned<DeValue<'a>> {
        Spanned::new(self.root.span(), DeValue::Table(self.root.get_ref().clone()))
    }

    /// The version that the file names, if it names one.
    pub(super) fn version(&self) -> Option<(i64, Range<usize>)> {
        let version = Version::deserialize(Deserializer::from(self.root.clone())).ok()?.version;
        Some((version.value, version.span))
    }

    /// Lays the value of an environment variable over a key. Tables on the way are made; where something else than a table
    /// stands in the way, that stays and is an error of its own.
    pub(super) fn overlay(&mut self, variable: &str, path: &[&str], value: DeValue<'a>) {
        let at = self.text.len() + 1 + self.variables.len();
        self.variables.push(variable.to_owned());
        let Some((last, tables)) = path.split_last() else { return };
        let name = |key: &str| Spanned::new(at..at + 1, DeString::Owned(key.to_owned()));
        let mut table = self.root.get_mut();
        for key in tables {
            let made = || Spanned::new(at..at + 1, DeValue::Table(DeTable::new()));
            match table.entry(name(key)).or_insert_with(made).get_mut() {
                DeValue::Table(inner) => table = inner,
                _ => return,
            }
        }
        table.remove(*last);
        table.insert(name(last), Spanned::new(at..at + 1, value));
    }

    /// The errors that findings are, in the order of the file, each with its key.
    pub(super) fn errors(&self, mut findings: Vec<Finding>) -> Vec<ConfigError> {
        let mut keys = BTreeMap::new();
        name_values(&mut keys, "", self.root.get_ref());
        findings.sort_by_key(|finding| finding.span.start);
        let error = |finding: Finding| {
            let named = keys.get(&(finding.span.start, finding.span.end));
            ConfigError {
                what: match named {
                    Some(key) if finding.names_value => format!("`{key}`: {}", finding.what),
                    _ => finding.what,
                },
                key: finding.key.or_else(|| named.cloned()),
                at: self.place(finding.span),
                hint: finding.hint,
            }
        };
        findings.into_iter().map(error).collect()
    }

    fn place(&self, span: Range<usize>) -> Place {
        if let Some(index) = span.start.checked_sub(self.text.len() + 1) {
            return Place::Variable(self.variables.get(index).cloned().unwrap_or_default());
        }
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Place::File { span, line: before.matches('\n').count() + 1, column }
    }
}

/// Collects the dotted key of every value by the value's place.
fn name_values(keys: &mut BTreeMap<(usize, usize), String>, prefix: &str, table: &DeTable<'_>) {
    for (key, value) in table.iter() {
        let name = format!("{prefix}{}", key.get_ref());
        name_value(keys, &name, value);
    }
}

fn name_value(keys: &mut BTreeMap<(usize, usize), String>, name: &str, value: &Spanned<DeValue<'_>>) {
    match value.get_ref() {
        DeValue::Table(table) => name_values(keys, &format!("{name}."), table),
        DeValue::Array(items) => items.iter().for_each(|item| name_value(keys, name, item)),
        _ => {}
    }
    // A table that a variable made stands where its value stands; the value's own key is the one to name.
    keys.entry((value.span().start, value.span().end)).or_insert_with(|| name.to_owned());
}
