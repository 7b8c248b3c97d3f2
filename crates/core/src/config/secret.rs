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
    let mut hidden: Vec<Range<usize>> = Vec::new();
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let name_of_secret = line.match_indices('=').find(|(equals, _)| line.get(..*equals).is_some_and(is_name));
        if let Some((equals, _)) = name_of_secret {
            let value_start = line_start + equals + 1;
            hidden.push(value_start..value_end(text, value_start, line_start + line.len()));
        }
        if let Some((scheme, at)) = line.find("://").zip(line.rfind('@')).filter(|(scheme, at)| scheme < at) {
            hidden.push(line_start + scheme + 3..line_start + at);
        }
        line_start += line.len();
    }
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if !c.is_whitespace() && hidden.iter().any(|range| range.contains(&at)) {
            masked.extend(std::iter::repeat_n('*', c.len_utf8()));
        } else {
            masked.push(c);
        }
    }
    Cow::Owned(masked)
}

/// Where the value that begins here ends: with its line, or with the delimiter of a string or an array of several lines.
fn value_end(text: &str, start: usize, line_end: usize) -> usize {
    let value = text.get(start..).unwrap_or_default();
    let trimmed = value.trim_start();
    let skipped = value.len() - trimmed.len();
    for (open, close) in [("\"\"\"", "\"\"\""), ("'''", "'''"), ("[", "]"), ("{", "}")] {
        if let Some(rest) = trimmed.strip_prefix(open) {
            let end = rest.find(close).map_or(text.len(), |at| start + skipped + open.len() + at + close.len());
            return end.max(line_end);
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
            ("password = \"\"\"a\nb\"\"\"\nc = 1", "password = ****\n****\nc = 1"),
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
