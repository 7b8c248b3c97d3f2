//! No secret belongs into a config. Where one was written all the same, it is not shown again.

use std::{borrow::Cow, ops::Range};

/// What the name of a secret holds, in lower case with `_`.
const WORDS: [&str; 6] = ["secret", "password", "passphrase", "token", "access_key", "credential"];

/// Whether a key of this name would hold a secret.
pub(super) fn is_name(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    WORDS.iter().any(|word| key.contains(word))
}

/// The text with `*` for each byte of what looks like a secret: the value of a key of such a name, and what stands before the
/// `@` of a URL. It looks at lines rather than at TOML, because a file that is no TOML is shown too. Lengths stay.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    let hidden = hidden(text);
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut masked, mut shown_from) = (String::with_capacity(text.len()), 0);
    for range in hidden {
        masked.push_str(text.get(shown_from..range.start).unwrap_or_default());
        for c in text.get(range.clone()).unwrap_or_default().chars() {
            let star = if c.is_whitespace() { c } else { '*' };
            masked.extend(std::iter::repeat_n(star, c.len_utf8() / star.len_utf8()));
        }
        shown_from = range.end;
    }
    masked.push_str(text.get(shown_from..).unwrap_or_default());
    Cow::Owned(masked)
}

/// The bytes to mask, in order.
fn hidden(text: &str) -> Vec<Range<usize>> {
    let mut hidden: Vec<Range<usize>> = Vec::new();
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        let start = end;
        end += line.len();
        if hidden.last().is_some_and(|range| range.end >= end) {
            continue;
        }
        if let Some((equals, _)) = line.match_indices('=').find(|(equals, _)| line.get(..*equals).is_some_and(is_name))
        {
            let value = start + equals + 1;
            hidden.push(value..value_end(text, value, end));
        } else if let Some((scheme, at)) = line.find("://").zip(line.rfind('@')).filter(|(scheme, at)| scheme < at) {
            hidden.push(start + scheme + 3..start + at);
        }
    }
    hidden
}

/// The end of the line on which a value ends that begins here: this line's, unless the value is a string or an array of
/// several lines.
fn value_end(text: &str, start: usize, line_end: usize) -> usize {
    let value = text.get(start..).unwrap_or_default();
    let trimmed = value.trim_start();
    for (open, close) in [("\"\"\"", "\"\"\""), ("'''", "'''"), ("[", "]"), ("{", "}")] {
        if let Some(rest) = trimmed.strip_prefix(open) {
            let closed = rest.find(close).map_or("", |at| rest.get(at..).unwrap_or_default());
            let after = closed.find('\n').map_or("", |newline| closed.get(newline + 1..).unwrap_or_default());
            return (text.len() - after.len()).max(line_end);
        }
    }
    line_end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_of_secret_names_are_masked_and_nothing_else() {
        for (text, masked) in [
            ("bucket = \"x\"\n", "bucket = \"x\"\n"),
            ("aws_secret_access_key = \"été\" # x\nb = 1", "aws_secret_access_key = ******* * *\nb = 1"),
            ("auth = { Access-Key-ID = 'AKIA' }", "auth = { Access-Key-ID = ****** *"),
            ("token = \"broken", "token = *******"),
            ("password = \"\"\"a\nb\"\"\" # x\nc = 1", "password = ****\n**** * *\nc = 1"),
            ("password = \"\"\"a\nb\n", "password = ****\n*\n"),
            ("endpoint = \"https://me:pw@host\"", "endpoint = \"https://*****@host\""),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    proptest! {
        #[test]
        fn lengths_and_lines_stay(text in "(token|a|=|\"|'''|\\[|é|\n| |://|@){0,30}") {
            let masked = mask(&text);
            prop_assert_eq!(masked.len(), text.len());
            prop_assert_eq!(masked.lines().count(), text.lines().count());
        }
    }
}
