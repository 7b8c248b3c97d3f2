//! TOML as a person would write it: in the order of what it was made of, with comments.

use std::fmt::Write as _;

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};
use toml_writer::{TomlKeyBuilder, TomlStringBuilder, TomlWrite as _};

use crate::untrusted::printable;

/// The width of a comment in characters.
const WIDTH: usize = 118;

/// A text in the making.
#[derive(Default)]
pub(super) struct TomlText(String);

impl TomlText {
    /// Lines of a comment, broken between words; what could steer a terminal is left out.
    pub(super) fn comment(&mut self, text: &str) {
        let text = printable(text);
        let mut line = String::from("#");
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&std::mem::replace(&mut line, "#".into()));
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }

    /// A comment that is one line, however long.
    pub(super) fn comment_line(&mut self, text: &str) {
        self.line(&format!("# {}", printable(text)));
    }

    pub(super) fn blank(&mut self) {
        self.line("");
    }

    /// A header, or any other line that is TOML already.
    pub(super) fn line(&mut self, line: &str) {
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }

    pub(super) fn entry(&mut self, key: &str, value: &DeValue<'_>) {
        self.line(&format!("{} = {}", written_key(key), written(value)));
    }

    pub(super) fn text_entry(&mut self, key: &str, text: &str) {
        self.entry(key, &DeValue::String(DeString::Borrowed(text)));
    }

    /// A table with all that is in it, tables of it under headers of their own. `header` is its dotted key.
    pub(super) fn table(&mut self, header: &str, table: &DeTable<'_>) {
        let fields = in_order(table);
        let (inline, below): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(_, value)| !is_below(value.get_ref()));
        if !inline.is_empty() || below.is_empty() {
            self.blank();
            self.line(&format!("[{header}]"));
            self.entries(&inline);
        }
        self.tables(header, &below);
    }

    fn entries(&mut self, fields: &[(&str, &Spanned<DeValue<'_>>)]) {
        fields.iter().for_each(|(key, value)| self.entry(key, value.get_ref()));
    }

    fn tables(&mut self, header: &str, fields: &[(&str, &Spanned<DeValue<'_>>)]) {
        for (key, value) in fields {
            let header = format!("{header}.{}", written_key(key));
            match value.get_ref() {
                DeValue::Table(table) => self.table(&header, table),
                DeValue::Array(items) => {
                    for table in items.iter().filter_map(|item| item.get_ref().as_table()) {
                        let (inline, below): (Vec<_>, Vec<_>) =
                            in_order(table).into_iter().partition(|(_, value)| !is_below(value.get_ref()));
                        self.blank();
                        self.line(&format!("[[{header}]]"));
                        self.entries(&inline);
                        self.tables(&header, &below);
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn push(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// The fields of a table in the order in which they were written.
pub(super) fn in_order<'t, 'a>(table: &'t DeTable<'a>) -> Vec<(&'t str, &'t Spanned<DeValue<'a>>)> {
    let mut fields: Vec<_> = table.iter().collect();
    fields.sort_by_key(|(key, _)| key.span().start);
    fields.into_iter().map(|(key, value)| (key.get_ref().as_ref(), value)).collect()
}

/// Whether a value is written under a header of its own.
fn is_below(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Table(table) => !table.is_empty(),
        DeValue::Array(items) => items.iter().next().is_some() && items.iter().all(|item| item.get_ref().is_table()),
        _ => false,
    }
}

fn written_key(key: &str) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = text.key(TomlKeyBuilder::new(key).as_default());
    text
}

/// A value on one line, except for a text of several.
pub(super) fn written(value: &DeValue<'_>) -> String {
    let mut text = String::new();
    let _ = match value {
        DeValue::String(value) => text.value(TomlStringBuilder::new(value).as_default()),
        DeValue::Integer(value) => write!(text, "{value}"),
        DeValue::Float(value) => write!(text, "{value}"),
        DeValue::Boolean(value) => text.value(*value),
        DeValue::Datetime(value) => write!(text, "{value}"),
        DeValue::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| written(item.get_ref())).collect();
            write!(text, "[{}]", items.join(", "))
        }
        DeValue::Table(table) if table.is_empty() => write!(text, "{{}}"),
        DeValue::Table(table) => {
            let fields = in_order(table).into_iter();
            let fields: Vec<String> =
                fields.map(|(key, value)| format!("{} = {}", written_key(key), written(value.get_ref()))).collect();
            write!(text, "{{ {} }}", fields.join(", "))
        }
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What TOML is read from, and written again.
    fn again(text: &str) -> String {
        let table = DeTable::parse(text).expect("TOML");
        let mut toml = TomlText::default();
        toml.table("a", table.get_ref());
        toml.into_string()
    }

    #[test]
    fn tables_are_written_in_their_order_and_read_back_equal() {
        let text = "z = 1\n'a b' = 'x\"y'\nlist = [1, [2]]\nempty = {}\nmixed = [1, { b = 2 }]\nlong = \"a\\nb\\u0000\"\nf = 1.5\n\
                    [t]\nu.v = true\n[[rows]]\nn = 1\n[rows.deep]\nx = 'é'\n[[rows]]\n";
        let written = again(text);
        assert!(written.starts_with("\n[a]\nz = 1\n\"a b\" = 'x\"y'\nlist = [1, [2]]\nempty = {}\n"), "{written}");
        let read: toml::Table = written.parse().expect("TOML");
        assert_eq!(read["a"], toml::Value::Table(text.parse().expect("TOML")));
    }

    #[test]
    fn a_comment_is_broken_between_words_and_steers_nothing() {
        let mut toml = TomlText::default();
        toml.comment(&format!("one\ntwo\u{1b}[31m {} end", "x".repeat(115)));
        assert_eq!(toml.into_string(), format!("# one two[31m\n# {}\n# end\n", "x".repeat(115)));
    }
}
