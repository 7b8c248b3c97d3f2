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

/// What the name of a key ends with whose value is a secret, in lower case without `_`.
const ENDINGS: [&str; 15] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "secretkey",
    "token",
    "accesskey",
    "accesskeyid",
    "apikey",
    "authkey",
    "privatekey",
    "keyjson",
    "credential",
    "credentials",
];

/// What secrets of well-known services begin with, and how many characters follow at least.
const BEGINNINGS: [(&str, usize); 13] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("github_pat_", 30),
    ("glpat-", 16),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("AIza", 30),
    ("eyJhbGciOi", 20),
];

/// Why a text that stands in the value of a key looks like a secret that is written out, if it does. What a reference names is
/// none.
pub(super) fn written_out(key: &str, text: &str) -> Option<String> {
    let name: String = key.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    if ENDINGS.iter().any(|ending| name.ends_with(ending)) && !text.trim().is_empty() {
        return Some(format!("`{}` is the name of a secret", excerpt(key, 60)));
    }
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c)));
    let begins = |word: &str| {
        let rest =
            |(beginning, least): &(&str, usize)| word.strip_prefix(beginning).is_some_and(|rest| rest.len() >= *least);
        BEGINNINGS.iter().find(|beginning| rest(beginning))
    };
    if let Some((beginning, _)) = words.into_iter().find_map(begins) {
        return Some(format!("it begins as keys do that begin with {beginning}"));
    }
    if text.contains("PRIVATE KEY-----") {
        return Some("it holds a private key".to_owned());
    }
    let is_with_password = |url: &str| {
        let authority = url.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
    };
    if text.split("://").skip(1).any(is_with_password) {
        return Some("the URL holds a password".to_owned());
    }
    let mut pairs =
        text.split(|c: char| c.is_whitespace() || ";&?".contains(c)).filter_map(|pair| pair.split_once('='));
    let is_password = |(name, value): (&str, &str)| {
        !value.is_empty()
            && ["password", "pwd", "secret", "token"].iter().any(|word| name.to_lowercase().ends_with(word))
    };
    pairs.any(is_password).then(|| "it holds a password".to_owned())
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
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
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

/// As [`mask`], of a text that should be YAML: what stands behind a key of such a name, also on the lines below that are part of it,
/// and words that look like secrets.
pub(super) fn mask_yaml(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    // The column of the key whose value goes on, and whether all that is below it belongs to a secret.
    let mut open: Option<(usize, bool)> = None;
    for line in text.split_inclusive('\n') {
        let item = line.trim_start();
        let column = line.len() - item.trim_start_matches(['-', ' ']).len();
        let indent = line.len() - item.len();
        open = open.filter(|(key, _)| item.is_empty() || indent > *key || (indent == *key && item.starts_with('-')));
        let key = line.match_indices(':').find(|(colon, _)| line.get(..*colon).is_some_and(is_secret_key));
        let from = match (open, key) {
            (Some((_, true)), _) => indent,
            (_, Some((colon, _))) => {
                let value = line.get(colon + 1..).unwrap_or_default().trim();
                open = Some((column, !value.is_empty() && !value.starts_with('#')));
                colon + 1
            }
            (Some((_, false)), None) if !line.contains(": ") && !line.trim_end().ends_with(':') => indent,
            _ => line
                .split_whitespace()
                .find(|word| written_out("", word).is_some())
                .and_then(|word| line.find(word))
                .unwrap_or(line.len()),
        };
        let (shown, secret) = line.split_at_checked(from).unwrap_or((line, ""));
        masked.push_str(shown);
        for c in secret.chars() {
            let star = if c.is_whitespace() { c } else { '*' };
            masked.extend(std::iter::repeat_n(star, c.len_utf8() / star.len_utf8()));
        }
    }
    masked
}

/// Whether what stands before a `:` ends in a key that would hold a secret.
fn is_secret_key(before: &str) -> bool {
    let key = before.trim_end_matches(['"', '\'']);
    let key = key.rsplit(|c: char| !(c.is_alphanumeric() || "_-".contains(c))).next().unwrap_or_default();
    is_name(key) || written_out(key, "x").is_some()
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
    fn secrets_that_are_written_out_are_told_from_what_only_sounds_so() {
        for (key, text) in [
            ("api_token", "x"),
            ("clientSecret", "x"),
            ("access-key", "x"),
            ("service_account_key_json", "{}"),
            ("x", "AKIAIOSFODNN7EXAMPLE"),
            ("x", "key=AKIAIOSFODNN7EXAMPLE;"),
            ("x", "postgresql://me:pw@localhost/db"),
            ("x", "host=localhost password=pw"),
            ("x", "-----BEGIN PRIVATE KEY-----\nabc"),
            ("", "ghp_0123456789abcdefghijklmnopqrstuvwxyz"),
        ] {
            assert!(written_out(key, text).is_some(), "{key}: {text}");
        }
        for (key, text) in [
            ("api_token", " "),
            ("token_path", "/run/secrets/token"),
            ("secret_name", "lake"),
            ("tables", "tokens"),
            ("x", "postgresql://me@localhost/db"),
            ("x", "postgresql://me:@localhost/db"),
            ("x", "https://example.com:443/a@b"),
            ("x", "AKIA"),
            ("x", "password="),
        ] {
            assert_eq!(written_out(key, text), None, "{key}: {text}");
        }
    }

    #[test]
    fn values_of_secret_names_are_masked_in_yaml() {
        for (text, masked) in [
            ("a: b\n", "a: b\n"),
            ("api_token: abc # c\nb: c\n", "api_token: *** * *\nb: c\n"),
            ("- token: abc\n  b: c\n", "- token: ***\n  b: c\n"),
            ("token: |\n  abc: d\n\n  e\nb: c\n", "token: *\n  **** *\n\n  *\nb: c\n"),
            ("tokens:\n- abc\n- d\nb: c\n", "tokens:\n- ***\n- *\nb: c\n".replace("- ", "* ").as_str()),
            ("credentials:\n  role_arn: abc\n  secret: d\n", "credentials:\n  role_arn: abc\n  secret: *\n"),
            ("{a: b, 'password': c, d: e}\n", "{a: b, 'password': ** ** **\n"),
            ("token:\n  abc\n  d\nb: c\n", "token:\n  ***\n  *\nb: c\n"),
            ("dsn: postgresql://me:pw@host\n", "dsn: ***********************\n"),
        ] {
            assert_eq!(mask_yaml(text), masked, "{text}");
        }
    }

    proptest! {
        #[test]
        fn lengths_and_lines_of_yaml_stay(text in "(token|a|: |:|- |#|\"|\\||é|\n| |://|@){0,30}") {
            let masked = mask_yaml(&text);
            prop_assert_eq!(masked.len(), text.len());
            prop_assert_eq!(masked.lines().count(), text.lines().count());
        }

        #[test]
        fn lengths_and_lines_stay(text in "(token|command|a|=|,|#|\\\\|\"|'''|\\[|é|\n| |://|@){0,30}") {
            let masked = mask(&text);
            prop_assert_eq!(masked.len(), text.len());
            prop_assert_eq!(masked.lines().count(), text.lines().count());
        }
    }
}
