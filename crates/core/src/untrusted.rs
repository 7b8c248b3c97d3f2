//! Text from files, servers and environments, made safe to show on a terminal.

use std::borrow::Cow;

/// The text without what could steer a terminal or reorder a line: control characters (tabs and line ends become spaces)
/// and the bidirectional and invisible format characters of Unicode (UAX #9, UTR #36).
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let safe = text.chars().filter_map(|c| match c {
        '\t' | '\n' | '\r' => Some(' '),
        c if steers(c) => None,
        c => Some(c),
    });
    Cow::Owned(safe.collect())
}

/// [`printable`] text of at most `most` characters; a longer one ends in `…`.
#[must_use]
pub fn excerpt(text: &str, most: usize) -> String {
    let safe = printable(text);
    if safe.chars().count() <= most {
        return safe.into_owned();
    }
    safe.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Whether a character could steer a terminal or reorder or hide text.
pub(crate) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{061C}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_direction_marks_are_taken_out() {
        assert_eq!(printable("a\x1b[31mb\u{202e}c\r\nd\u{9b}e"), "a[31mbc  de");
        assert!(matches!(printable("été 東京"), Cow::Borrowed(_)));
        assert_eq!(excerpt("abcdef", 4), "abc…");
        assert_eq!(excerpt("abcd", 4), "abcd");
    }
}
