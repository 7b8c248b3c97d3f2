//! JSON text of other people's making, put into a line of ours.

use std::collections::{HashMap, HashSet};

use memchr::memchr2;
use serde_json::value::RawValue;

/// A text as a JSON string. Nothing is escaped but what JSON demands.
pub(super) fn string(text: &str, out: &mut Vec<u8>) {
    // Most texts need no escape, which is quickly seen: all bytes are looked at, as vectors of them.
    if !text.bytes().fold(false, |found, byte| found | (byte < b' ') | matches!(byte, b'"' | b'\\')) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    let written = serde_json::to_writer(out, text);
    debug_assert!(written.is_ok(), "memory takes all bytes");
}

/// The text of a JSON column as a value on one line: as it is, to the last digit of its numbers. What is no JSON becomes a
/// string, so that nothing is lost and the line stays readable. With `athena`, keys are made fit for it.
pub(super) fn value(text: &str, athena: bool, out: &mut Vec<u8>) {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) if athena => with_plain_keys(raw.get(), out),
        Ok(raw) => on_one_line(raw.get(), out),
        Err(_) => string(text, out),
    }
}

/// The text of a JSON column as text, with its keys made fit for Athena. What is no JSON stays as it is.
pub(super) fn text_with_plain_keys(text: &str, out: &mut Vec<u8>) {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(raw) => with_plain_keys(raw.get(), out),
        Err(_) => out.extend_from_slice(text.as_bytes()),
    }
}

/// Valid JSON without line ends. They can only stand between tokens: in a string they are escaped.
fn on_one_line(json: &str, out: &mut Vec<u8>) {
    let mut rest = json.as_bytes();
    while let Some(end) = memchr2(b'\n', b'\r', rest) {
        let (line, after) = rest.split_at(end);
        out.extend_from_slice(line);
        rest = after.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// Valid JSON, in which every character of a key that is none of `[0-9A-Za-z_]` becomes `_`, at every depth. Where keys of one
/// object fall together, the later ones are numbered: `a_b`, `a_b_2`, `a_b_3`.
fn with_plain_keys(json: &str, out: &mut Vec<u8>) {
    // For each open object its keys, for each open array nothing.
    let mut open: Vec<Option<Keys>> = Vec::new();
    let mut key_is_next = false;
    let mut rest = json.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            b'"' => {
                let (text, after) = rest.split_at(string_length(rest));
                match open.last_mut() {
                    Some(Some(keys)) if key_is_next => {
                        out.push(b'"');
                        out.extend_from_slice(keys.plain(text).as_bytes());
                        out.push(b'"');
                    }
                    _ => out.extend_from_slice(text),
                }
                rest = after;
                continue;
            }
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => {
                match byte {
                    b'{' => open.push(Some(Keys::default())),
                    b'[' => open.push(None),
                    b'}' | b']' => drop(open.pop()),
                    _ => {}
                }
                key_is_next = matches!(byte, b'{' | b',') && matches!(open.last(), Some(Some(_)));
                out.push(byte);
            }
        }
        rest = after;
    }
}

/// How many bytes the string takes with which valid JSON begins, its quotes among them.
fn string_length(json: &[u8]) -> usize {
    let mut length = 1;
    while let Some(at) = json.get(length..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        if json.get(length + at) == Some(&b'"') {
            return length + at + 1;
        }
        length += at + 2;
    }
    json.len()
}

/// The keys that an object has so far.
#[derive(Default)]
struct Keys {
    taken: HashSet<String>,
    /// The number that the next key of this name gets.
    next: HashMap<String, u64>,
}

impl Keys {
    /// The plain name of a key, given as a JSON string.
    fn plain(&mut self, json: &[u8]) -> String {
        let inner = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
        // A key with half a surrogate pair is valid JSON and no text.
        let key = serde_json::from_slice(json).unwrap_or_else(|_| String::from_utf8_lossy(inner).into_owned());
        let plain: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        if self.taken.insert(plain.clone()) {
            return plain;
        }
        let next = self.next.entry(plain.clone()).or_insert(2);
        loop {
            let numbered = format!("{plain}_{next}");
            *next += 1;
            if self.taken.insert(numbered.clone()) {
                return numbered;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: fn(&str, bool, &mut Vec<u8>), text: &str, athena: bool) -> String {
        let mut out = Vec::new();
        write(text, athena, &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn json_is_kept_to_the_last_digit_and_put_on_one_line() {
        for (text, expected) in [
            ("12345678901234567890123", "12345678901234567890123"),
            (" {\"a\":\r\n  [1.10, \"<&>\"]}\n", "{\"a\":  [1.10, \"<&>\"]}"),
            ("", "\"\""),
            ("{\"a\":", "\"{\\\"a\\\":\""),
            ("\"\\ud800\"", "\"\\ud800\""),
        ] {
            assert_eq!(written(value, text, false), expected);
        }
    }

    #[test]
    fn keys_are_made_plain_at_every_depth_and_none_is_lost() {
        for (text, expected) in [
            (
                r#"{"a b":1,"c-d":{"e.f":[{"g:h":null}]},"ok_1":true}"#,
                r#"{"a_b":1,"c_d":{"e_f":[{"g_h":null}]},"ok_1":true}"#,
            ),
            (r#"{"dup key":1,"dup-key":2,"dup_key":3}"#, r#"{"dup_key":1,"dup_key_2":2,"dup_key_3":3}"#),
            (r#"{"a_2":0, "a":1, "a":2, "a b":3}"#, r#"{"a_2":0,"a":1,"a_3":2,"a_b":3}"#),
            (r#"{"ключ":"a b"}"#, r#"{"____":"a b"}"#),
            (r#"{"a\"b\\":"c\"d","":[["x y"]],"\ud800":1}"#, r#"{"a_b_":"c\"d","":[["x y"]],"_ud800":1}"#),
            ("[ ]", "[]"),
            ("\"a b\"", "\"a b\""),
        ] {
            assert_eq!(written(value, text, true), expected);
        }
        let colliding: Vec<String> =
            (0..50_000).map(|n| format!("\"{}\":{n}", if n % 2 == 0 { "a b" } else { "a-b" })).collect();
        let json = written(value, &format!("{{{}}}", colliding.join(",")), true);
        let read: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&json).expect("JSON");
        assert_eq!(read.len(), 50_000);
    }

    #[test]
    fn deep_nesting_takes_no_stack() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(written(value, &deep, true), deep);
        assert_eq!(written(value, &deep, false), deep);
    }
}
