//! `${NAME}` and `${file:PATH}`: CloudQuery puts what they name in their place before it reads a spec's text.

use std::borrow::Cow;

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Literal(&'a str),
    /// With its braces.
    Reference(&'a str),
}

/// What a reference names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named<'a> {
    Variable(&'a str),
    File(&'a str),
    /// A point in time, or what only CloudQuery knows.
    Other,
}

/// Takes a text apart.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((start, end)) = next(rest) {
        let (literal, from) = rest.split_at(start);
        let (reference, behind) = from.split_at(end - start);
        pieces.extend((!literal.is_empty()).then_some(Piece::Literal(literal)));
        pieces.push(Piece::Reference(reference));
        rest = behind;
    }
    pieces.extend((!rest.is_empty()).then_some(Piece::Literal(rest)));
    pieces
}

/// Where the first reference stands: on one line, with something between its braces.
fn next(text: &str) -> Option<(usize, usize)> {
    text.match_indices("${").find_map(|(start, open)| {
        let inner = text.get(start + open.len()..)?;
        let end =
            inner.find(['}', '\n']).filter(|end| *end > 0 && inner.get(*end..).is_some_and(|c| c.starts_with('}')))?;
        Some((start, start + open.len() + end + 1))
    })
}

/// The references of a text.
pub(super) fn all(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Reference(reference) => Some(reference),
        Piece::Literal(_) => None,
    })
}

/// Whether a reference follows a `$` of the text, with which a config would not read it as one.
pub(super) fn is_after_a_dollar(text: &str) -> bool {
    let pieces = pieces(text);
    pieces
        .windows(2)
        .any(|pair| matches!(pair, [Piece::Literal(literal), Piece::Reference(_)] if literal.ends_with('$')))
}

/// The text without its references.
pub(super) fn literal(text: &str) -> String {
    pieces(text)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Literal(literal) => Some(literal),
            Piece::Reference(_) => None,
        })
        .collect()
}

/// What a reference names.
pub(super) fn named(reference: &str) -> Named<'_> {
    let inner = reference.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
    let is_name = |text: &str| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !text.starts_with(|c: char| c.is_ascii_digit())
    };
    match inner.strip_prefix("file:") {
        Some(path) => Named::File(path),
        None if is_name(inner) => Named::Variable(inner),
        None => Named::Other,
    }
}

/// The text as a word of a shell, in which the references mean what they do in CloudQuery; none where that can't be.
pub(super) fn shell_word(text: &str) -> Option<String> {
    let mut word = String::from("\"");
    for piece in pieces(text) {
        match piece {
            Piece::Literal(literal) if literal.chars().any(char::is_control) => return None,
            Piece::Literal(literal) => {
                for c in literal.chars() {
                    word.extend("\\\"$`".contains(c).then_some('\\').into_iter().chain([c]));
                }
            }
            Piece::Reference(reference) => match named(reference) {
                Named::Variable(_) => word.push_str(reference),
                Named::File(path) => word.push_str(&format!("$(cat '{}')", path.replace('\'', r"'\''"))),
                Named::Other => return None,
            },
        }
    }
    Some(word + "\"")
}

/// The first of the characters that stand for references, of a plane for private use.
const FIRST: char = '\u{F0000}';

/// A YAML text in which each reference stands as plain text of as many bytes: a brace means something else in YAML.
pub(super) struct Hidden<'a> {
    pub(super) text: Cow<'a, str>,
    references: Vec<&'a str>,
}

impl<'a> Hidden<'a> {
    /// None where the text itself holds characters that stand for references.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        if text.chars().any(|c| c >= FIRST) {
            return None;
        }
        let (mut hidden, mut references) = (String::new(), Vec::new());
        for piece in pieces(text) {
            match piece {
                Piece::Literal(literal) => hidden.push_str(literal),
                Piece::Reference(reference) => {
                    let stand_in = char::from_u32(u32::from(FIRST) + u32::try_from(references.len()).ok()?)?;
                    hidden.push(stand_in);
                    hidden.extend(std::iter::repeat_n('_', reference.len() - stand_in.len_utf8()));
                    references.push(reference);
                }
            }
        }
        let text = if references.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(hidden) };
        Some(Self { text, references })
    }

    /// A part of the hidden text with its references.
    pub(super) fn restored(&self, part: &str) -> String {
        let (mut restored, mut rest) = (String::new(), part);
        while let Some((at, reference)) = self.first_of(rest) {
            restored.push_str(rest.get(..at).unwrap_or_default());
            restored.push_str(reference);
            rest = rest.get(at + reference.len()..).unwrap_or_default();
        }
        restored + rest
    }

    fn first_of(&self, text: &str) -> Option<(usize, &'a str)> {
        text.char_indices().find_map(|(at, c)| {
            let index = u32::from(c).checked_sub(u32::from(FIRST)).and_then(|index| usize::try_from(index).ok())?;
            Some((at, *self.references.get(index)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_are_told_from_text() {
        use Piece::{Literal, Reference};
        for (text, expected) in [
            ("", vec![]),
            ("raw", vec![Literal("raw")]),
            ("a${B}c${file:./d e}", vec![Literal("a"), Reference("${B}"), Literal("c"), Reference("${file:./d e}")]),
            ("${} ${\n} ${a", vec![Literal("${} ${\n} ${a")]),
            ("$${A}}", vec![Literal("$"), Reference("${A}"), Literal("}")]),
        ] {
            assert_eq!(pieces(text), expected, "{text}");
        }
        assert_eq!(named("${A_1}"), Named::Variable("A_1"));
        assert_eq!(named("${file:./a b}"), Named::File("./a b"));
        assert_eq!((named("${time:now}"), named("${ A }"), named("${1}")), (Named::Other, Named::Other, Named::Other));
    }

    #[test]
    fn a_shell_reads_what_cloudquery_does() {
        for (text, word) in [
            ("raw/${A}/{{TABLE}}", Some(r#""raw/${A}/{{TABLE}}""#)),
            ("a\"b`c\\d$e", Some(r#""a\"b\`c\\d\$e""#)),
            ("${file:it's}", Some(r#""$(cat 'it'\''s')""#)),
            ("${time:now}", None),
            ("a\n${B}", None),
        ] {
            assert_eq!(shell_word(text).as_deref(), word, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_hidden_comes_back(text in "(\\$|\\{|\\}|\\$\\{A\\}|é|file:|\n|_){0,20}") {
            let hidden = Hidden::of(&text).expect("no characters of private use");
            prop_assert_eq!(hidden.text.len(), text.len());
            prop_assert_eq!(hidden.restored(&hidden.text), text);
        }
    }
}
