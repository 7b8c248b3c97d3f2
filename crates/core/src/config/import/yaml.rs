//! YAML as the tree that configs are checked as, so that both are told about in the same way. A place in it is a range of bytes of
//! the YAML.

use std::{fmt, ops::Range};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Location, MessageFormatter as _, Spanned as InYaml, UserMessageFormatter};
use toml::{
    Spanned,
    de::{DeArray, DeString, DeTable, DeValue},
};

use super::{super::error::Finding, reference::Hidden};
use crate::untrusted::excerpt;

/// Far more than a spec has; aliases that multiply end here.
const MOST_EVENTS: usize = 50_000;
const MOST_DOCUMENTS: usize = 1_000;
/// How deep values may stand in one another: each level takes room on the stack.
const MOST_DEPTH: usize = 32;

/// A YAML text that could be read.
pub(super) struct Yaml<'a> {
    documents: Vec<InYaml<Node>>,
    hidden: Hidden<'a>,
}

impl<'a> Yaml<'a> {
    /// Reads a text.
    ///
    /// # Errors
    /// Why it is no YAML.
    pub(super) fn parse(text: &'a str) -> Result<Self, Finding> {
        let hidden = Hidden::of(text).ok_or_else(|| {
            Finding::new(
                0..0,
                "the text holds characters of the last planes for private use, or far too many references",
            )
        })?;
        let options = serde_saphyr::options! {
            with_snippet: false,
            // An account's id is no number.
            leading_zero_numbers_as_strings: true,
            budget: serde_saphyr::budget! {
                max_events: MOST_EVENTS,
                max_nodes: MOST_EVENTS,
                max_documents: MOST_DOCUMENTS,
                max_depth: MOST_DEPTH,
                flow_nesting_limit: MOST_DEPTH,
            },
        };
        let documents = serde_saphyr::from_multiple_with_options(&hidden.text, options)
            .map_err(|error| refused(&hidden.text, &error))?;
        Ok(Self { documents, hidden })
    }

    /// The documents that hold something. A field that is null is left out: it says nothing.
    ///
    /// # Errors
    /// What a config can't hold, or what is no mapping.
    pub(super) fn documents(&self) -> Result<Vec<Spanned<DeTable<'_>>>, Finding> {
        let table = |node| match value(node, &self.hidden)?.map(Spanned::into_inner) {
            Some(DeValue::Table(table)) => Ok(Spanned::new(span(&node.defined), table)),
            _ => Err(Finding::new(span(&node.defined), "this document is no mapping of fields to values")
                .hint("a spec begins with `kind: source` or `kind: destination`")),
        };
        self.documents.iter().map(table).collect()
    }
}

/// What is wrong with the YAML; nearly always at its first character that does not fit.
fn refused(text: &str, error: &serde_saphyr::Error) -> Finding {
    let what = UserMessageFormatter.format_message(error.without_snippet());
    let at = error.location().map_or(0..0, |location| match span(&location) {
        Range { start: 0, end: 0 } => at_line(text, &location),
        span => span,
    });
    Finding::new(at, format!("this is no YAML that can be read: {}", excerpt(&what, 200)))
}

/// The place of a line and a column, both from 1.
fn at_line(text: &str, location: &Location) -> Range<usize> {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX).saturating_sub(1);
    let (line, column) = (number(location.line()), number(location.column()));
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let within = text.get(before..).unwrap_or_default().char_indices().nth(column);
    let at = before + within.map_or(0, |(at, _)| at);
    at..at
}

fn span(location: &Location) -> Range<usize> {
    let number = |value: Option<u64>| value.and_then(|value| usize::try_from(value).ok()).unwrap_or_default();
    let start = number(location.span().byte_offset());
    start..start + number(location.span().byte_len())
}

/// The value of a node; none of null.
fn value<'a>(node: &'a InYaml<Node>, hidden: &Hidden<'_>) -> Result<Option<Spanned<DeValue<'a>>>, Finding> {
    let at = span(&node.defined);
    let value = match &node.value {
        Node::Null => return Ok(None),
        Node::Bool(value) => DeValue::Boolean(*value),
        Node::Number(number) => match DeValue::parse(number).map(Spanned::into_inner) {
            Ok(DeValue::Integer(number)) if number.as_str().parse::<i64>().is_ok() => DeValue::Integer(number),
            Ok(DeValue::Float(number)) => DeValue::Float(number),
            _ => {
                return Err(
                    Finding::new(at, "a config holds no number of more than 64 bits").hint("write it in quotes")
                );
            }
        },
        Node::Text(text) => DeValue::String(DeString::Owned(hidden.restored(text))),
        Node::List(items) => {
            let mut list = DeArray::new();
            for item in items {
                let nothing = || Finding::new(span(&item.defined), "a list holds null, which a config can't");
                list.push(value(item, hidden)?.ok_or_else(|| nothing().hint("take the item out"))?);
            }
            DeValue::Array(list)
        }
        Node::Map(fields) => {
            let mut table = DeTable::new();
            for (key, field) in fields {
                let name = DeString::Owned(hidden.restored(&key.value));
                if let Some(field) = value(field, hidden)? {
                    table.insert(Spanned::new(span(&key.defined), name), field);
                }
            }
            DeValue::Table(table)
        }
    };
    Ok(Some(Spanned::new(at, value)))
}

/// A value as YAML knows it.
enum Node {
    Null,
    Bool(bool),
    /// As TOML writes it.
    Number(String),
    Text(String),
    List(Vec<InYaml<Node>>),
    Map(Vec<(InYaml<String>, InYaml<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNode)
    }
}

struct AnyNode;

impl<'de> Visitor<'de> for AnyNode {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(format!("{value:?}").replace("NaN", "nan")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(field) = fields.next_entry()? {
            map.push(field);
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::import::toml_text::written;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let told = |finding: Finding| format!("{}..: {}", finding.span.start, finding.what);
        let yaml = Yaml::parse(text).map_err(told)?;
        let documents = yaml.documents().map_err(told)?;
        Ok(documents.into_iter().map(|document| written(&DeValue::Table(document.into_inner()))).collect())
    }

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn values_are_those_of_yaml() {
        for (text, documents) in [
            ("a: 1\nb: [x, 'y']\n", vec!["{ a = 1, b = [\"x\", \"y\"] }"]),
            ("a: null\nb: ~\nc:\nd: ''\n", vec!["{ d = \"\" }"]),
            (
                "a: 1.0\nb: 1e3\nc: -5\nd: 0x1F\ne: 1.5e300\n",
                vec!["{ a = 1.0, b = 1000.0, c = -5, d = 31, e = 1.5e300 }"],
            ),
            (
                "a: 012345678901\nb: 2024-01-01\nc: v1.0\n",
                vec!["{ a = \"012345678901\", b = \"2024-01-01\", c = \"v1.0\" }"],
            ),
            ("a: |\n  b\n  c\nd: >-\n  e\n  f\n", vec!["{ a = \"\"\"\nb\nc\n\"\"\", d = \"e f\" }"]),
            (
                "x: &a {p: 1}\ny:\n  <<: *a\n  q: 2\nz: *a\n",
                vec!["{ x = { p = 1 }, y = { p = 1, q = 2 }, z = { p = 1 } }"],
            ),
            ("a: {b: ${A}, c: [${B}, d]}\n", vec!["{ a = { b = \"${A}\", c = [\"${B}\", \"d\"] } }"]),
            ("\u{feff}a: 1\r\n---\r\nb: 2\r\n", vec!["{ a = 1 }", "{ b = 2 }"]),
            ("---\n# nothing\n---\na: 1\n...\n", vec!["{ a = 1 }"]),
        ] {
            assert_eq!(read(text).as_deref(), Ok(owned(&documents).as_slice()), "{text}");
        }
    }

    #[test]
    fn what_can_not_be_read_is_told_with_its_place() {
        let deep = format!("a: {}{}", "[".repeat(100), "]".repeat(100));
        for (text, at, says) in [
            ("a: 1\na: 2\n", 5, "duplicate"),
            ("a: 1\nb: [1\n", 8, "bracket"),
            ("a: b: c\n", 4, "mapping values"),
            ("a: *x\n", 3, "unknown"),
            ("- a\n", 0, "no mapping"),
            ("a: [1, null]\n", 7, "null"),
            ("a: 9223372036854775808\n", 3, "64 bits"),
            ("a: \u{F0000}\n", 0, "private use"),
            (&deep, 0, "no YAML"),
        ] {
            let told = read(text).expect_err(text);
            assert!(told.contains(says), "{text}: {told}");
            assert!(says == "no YAML" || told.starts_with(&format!("{at}..")), "{text}: {told}");
        }
    }
}
