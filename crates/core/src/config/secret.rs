//! No secret belongs into a config. Where one was written all the same, it is not shown again.

use std::{borrow::Cow, ops::Range};

use crate::untrusted::excerpt;

/// What the name of a secret holds, in lower case with `_`.
const WORDS: [&str; 13] = [
    "secret",
    "password",
    "passwd",
    "passphrase",
    "token",
    "access_key",
    "accesskey",
    "api_key",
    "apikey",
    "private_key",
    "privatekey",
    "auth_key",
    "credential",
];

/// Whether a key of this name would hold a secret.
pub(super) fn is_name(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    WORDS.iter().any(|word| key.contains(word))
}

/// What the name of a key ends in that holds a secret and nothing about one, in lower case without marks between its words.
const ENDS: [&str; 12] = [
    "secret",
    "password",
    "passwd",
    "passphrase",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authkey",
    "secretaccesskey",
    "credentials",
];

/// Whether a text that stands under this key is most likely a secret, as it stands there.
pub(super) fn is_secret_value(key: &str, text: &str) -> bool {
    let key: String = key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let is_named = ENDS.iter().any(|end| key.ends_with(end));
    (is_named && !text.is_empty()) || text.contains("-----BEGIN") && text.contains("PRIVATE KEY") || has_password(text)
}

/// Whether a URL in the text has a password before its host.
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
}

/// A command as messages show it: its program alone, because arguments may hold secrets.
pub(super) fn program_of(command: &str) -> String {
    let program = program(command);
    let shown = excerpt(program, 60);
    if program.len() == command.len() { shown } else { format!("{shown} …") }
}

/// The first word of a command as it is typed. A variable that is set before it, as in a shell, and a URL end with what names
/// them.
fn program(command: &str) -> &str {
    let end = command.find(|c: char| c.is_whitespace() || "=\"',]".contains(c)).unwrap_or(command.len());
    let end = command.find("://").map_or(end, |url| url.min(end));
    command.get(..end).unwrap_or_default()
}

/// The text with `*` for each byte of what looks like a secret: the value of a key of such a name, what follows the program of
/// a command, what stands before the `@` of a URL, and the first line of a key as PEM writes it. It looks at lines rather than at TOML, because a file that is no TOML is shown too. Lengths stay.
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
        let mut keys = line.match_indices('=').filter_map(|(equals, _)| Some((equals, line.get(..equals)?)));
        if let Some((equals, key)) = keys.find(|(_, key)| is_name(key) || is_command(key)) {
            let value = start + equals + 1;
            let value_end = value_end(text, value, end);
            let shown = if is_name(key) { 0 } else { shown_of_command(text.get(value..value_end).unwrap_or_default()) };
            hidden.push(value + shown..value_end);
        } else if let Some((scheme, at)) = line.find("://").zip(line.rfind('@')).filter(|(scheme, at)| scheme < at) {
            hidden.push(start + scheme + 3..start + at);
        } else if let Some(at) = line.find("-----BEGIN") {
            hidden.push(start + at..end);
        }
    }
    hidden
}

/// Whether what stands before a `=` ends in the key of a command.
fn is_command(key: &str) -> bool {
    key.trim_end().trim_end_matches(['"', '\'']).ends_with("command")
}

/// How many bytes of a command's value are shown: up to the end of the program.
fn shown_of_command(value: &str) -> usize {
    let word = value.trim_start_matches(|c: char| c.is_whitespace() || "[\"'".contains(c));
    value.len() - word.len() + program(word).len()
}

/// The end of the line on which a value ends that begins here: this line's, unless the value is a string or an array of
/// several lines.
fn value_end(text: &str, start: usize, line_end: usize) -> usize {
    let value = text.get(start..).unwrap_or_default();
    let trimmed = value.trim_start_matches([' ', '\t']);
    for (open, close) in [("\"\"\"", "\"\"\""), ("'''", "'''"), ("[", "]"), ("{", "}")] {
        if let Some(rest) = trimmed.strip_prefix(open) {
            let closed = if open == "[" {
                behind_array(rest)
            } else {
                rest.find(close).map_or("", |at| rest.get(at..).unwrap_or_default())
            };
            let after = closed.find('\n').map_or("", |newline| closed.get(newline + 1..).unwrap_or_default());
            return (text.len() - after.len()).max(line_end);
        }
    }
    line_end
}

/// What follows an array, of which the text begins behind its `[`. A bracket in a string or a comment closes nothing.
fn behind_array(text: &str) -> &str {
    let (mut rest, mut depth) = (text, 1);
    while let Some(at) = rest.find(['[', ']', '"', '\'', '#']) {
        let (mark, behind) = rest.split_at(at).1.split_at(1);
        rest = match mark {
            "[" => {
                depth += 1;
                behind
            }
            "]" => {
                depth -= 1;
                behind
            }
            "#" => behind.find('\n').map_or("", |newline| behind.get(newline..).unwrap_or_default()),
            quote => behind_string(behind, quote),
        };
        if depth == 0 {
            return rest;
        }
    }
    ""
}

/// What follows a string, of which the text begins behind the first mark; one of a single line ends with its line.
fn behind_string<'a>(text: &'a str, quote: &str) -> &'a str {
    let long = quote.repeat(3);
    let (mut rest, close) = match text.strip_prefix(&quote.repeat(2)) {
        Some(rest) => (rest, long.as_str()),
        None => (text, quote),
    };
    while let Some(at) = rest.find(|c: char| c == '\\' || c == '\n' || quote.contains(c)) {
        let from = rest.get(at..).unwrap_or_default();
        let mut behind = from.chars();
        match behind.next() {
            // What is escaped is no mark.
            Some('\\') if quote == "\"" => _ = behind.next(),
            Some('\n') if close == quote => return from,
            Some(c) if quote.contains(c) => {
                if let Some(behind) = from.strip_prefix(close) {
                    return behind;
                }
            }
            _ => {}
        }
        rest = behind.as_str();
    }
    ""
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
            ("password = [\n\"a]\", # ]\n'b',\n]\nc = 1", "password = *\n***** * *\n****\n*\nc = 1"),
            ("command = [\"mysql -pSECRET db\"]\nc = 1", "command = [\"mysql ******** ****\nc = 1"),
            ("command = \"curl -H 'X: SECRET'\"", "command = \"curl ** *** ********"),
            ("command = \"PGPASSWORD=SECRET psql\"", "command = \"PGPASSWORD******* *****"),
            ("'command' = ['https://me:SECRET@host']", "'command' = ['https*******************"),
            ("{ t = 1, command = ['x', 'SECRET'], n = 1", "{ t = 1, command = ['x** ********** * * *"),
            (
                "command = [\n  'sh', '-c',\n  \"[ \\\"a\\\" ] SECRET\",\n \"\"\"]\n\" SECRET\"\"\",\n]\nc = 1",
                "command = [\n  'sh** *****\n  ** ***** * ********\n ****\n* **********\n*\nc = 1",
            ),
            ("command = [\"a\", \"SECRET\n\"SECRET\"\n", "command = [\"a** *******\n********\n"),
            ("commands = 1", "commands = 1"),
            ("endpoint = \"https://me:pw@host\"", "endpoint = \"https://*****@host\""),
            ("pem = \"-----BEGIN KEY-----", "pem = \"********** ********"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn a_text_that_is_most_likely_a_secret_is_known() {
        for (key, text) in [
            ("token", "x"),
            ("api-key", "x"),
            ("clientSecret", "x"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
            ("key", "-----BEGIN RSA PRIVATE KEY-----"),
            ("dsn", "postgres://me:pw@host/db"),
        ] {
            assert!(is_secret_value(key, text), "{key}");
        }
        for (key, text) in [
            ("token_url", "https://host/token"),
            ("token", ""),
            ("secret_name", "prod"),
            ("dsn", "postgres://me@host:5432/db?x=a@b"),
            ("key", "id"),
        ] {
            assert!(!is_secret_value(key, text), "{key}");
        }
    }

    proptest! {
        #[test]
        fn lengths_and_lines_stay(text in "(token|command|a|=|,|#|\\\\|\"|'''|\\[|é|\n| |://|@){0,30}") {
            let masked = mask(&text);
            prop_assert_eq!(masked.len(), text.len());
            prop_assert_eq!(masked.lines().count(), text.lines().count());
        }
    }
}
