//! Tables as answers: a line of TOML, which may be typed as JSON too. However it was written, the same table is the same line.

use lakeward_core::{config, untrusted::printable};
use toml::{Table, Value};

/// The line of the table that a text is: an inline table of TOML, or an object of JSON.
///
/// # Errors
/// When it is neither, and why: nothing of the text is in that.
pub(crate) fn read(text: &str) -> Result<String, String> {
    parsed(text).map(|table| line(&table))
}

/// The table as a line of TOML.
pub(crate) fn line(table: &Table) -> String {
    let mut line = String::new();
    write_table(&mut line, table);
    line
}

/// Whether a text can be shown and kept: nothing in it looks like a secret. Of what is no table, nobody knows.
pub(crate) fn can_be_kept(text: &str) -> bool {
    text.trim().is_empty() || parsed(text).is_ok_and(|table| config::plugin_spec_fault(&table).is_none())
}

fn parsed(text: &str) -> Result<Table, String> {
    let text = text.trim();
    let why_not_toml = match text.parse() {
        Ok(Value::Table(table)) => return Ok(table),
        Ok(other) => format!("it is a TOML {}", other.type_str()),
        Err(error) => error.message().to_owned(),
    };
    let why_not_json = match serde_json::from_str(text) {
        Ok(Value::Table(table)) => return Ok(table),
        Ok(other) => format!("it is a JSON {}", other.type_str()),
        Err(error) if error.is_data() => "a null or a number in it is none that TOML has".to_owned(),
        Err(error) => format!("{}, column {}", said(&error), error.column()),
    };
    // What looks like JSON is told what is wrong with it as JSON.
    let looks_like_json = text.strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with('"'));
    let why = if looks_like_json { why_not_json } else { why_not_toml };
    Err(format!("it is neither a TOML table such as {{ key = \"value\" }} nor a JSON object ({why})"))
}

/// What is wrong with JSON, in a few words and without its place.
fn said(error: &serde_json::Error) -> &'static str {
    if error.is_eof() { "it ends too early" } else { "it is no JSON" }
}

fn write(line: &mut String, value: &Value) {
    match value {
        Value::String(text) => write_text(line, text),
        Value::Array(items) => {
            line.push('[');
            for (at, item) in items.iter().enumerate() {
                line.push_str(if at == 0 { "" } else { ", " });
                write(line, item);
            }
            line.push(']');
        }
        Value::Table(table) => write_table(line, table),
        other => line.push_str(&other.to_string()),
    }
}

fn write_table(line: &mut String, table: &Table) {
    if table.is_empty() {
        return line.push_str("{}");
    }
    for (at, (key, value)) in table.iter().enumerate() {
        line.push_str(if at == 0 { "{ " } else { ", " });
        if !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
            line.push_str(key);
        } else {
            write_text(line, key);
        }
        line.push_str(" = ");
        write(line, value);
    }
    line.push_str(" }");
}

/// A text in quotes. What no line shows is escaped.
fn write_text(line: &mut String, text: &str) {
    line.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            '\n' => line.push_str("\\n"),
            '\t' => line.push_str("\\t"),
            c if printable(c.encode_utf8(&mut [0; 4])).chars().eq([c]) => line.push(c),
            c => line.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn toml_and_json_of_one_table_are_the_same_line() {
        let line = r#"{ at = 2026-01-02, list = [1, 0.5, { "a b" = true }], on = false, text = "it's \"${A}\"" }"#;
        assert_eq!(read(line).as_deref(), Ok(line));
        let json = r#"{"text": "it's \"${A}\"", "on": false, "list": [1, 0.5, {"a b": true}]}"#;
        assert_eq!(read(json), Ok(line.replace("at = 2026-01-02, ", "")));
        assert_eq!(read("{\n  a = 'x' , # why\n}\n").as_deref(), Ok(r#"{ a = "x" }"#));
        assert_eq!(read(" {} ").as_deref(), Ok("{}"));
        assert_eq!(read(r#"{"":"\u0007\u202e\n"}"#).as_deref(), Ok(r#"{ "" = "\U00000007\U0000202E\n" }"#));
    }

    #[test]
    fn what_is_no_table_is_told_without_a_word_of_it() {
        for (text, why) in [
            ("hush", "neither"),
            ("{ token = hush }", "neither"),
            ("{ token = \"hush\"", "neither"),
            ("[\"hush\"]", "it is a TOML array"),
            ("\"hush\"", "it is a TOML string"),
            ("{\"token\": \"hush\"", "it ends too early, column 16"),
            ("{\"token\": hush}", "it is no JSON, column"),
            ("{\"token\": null}", "none that TOML has"),
            ("{\"token\": 18446744073709551615}", "none that TOML has"),
            ("token: hush", "neither"),
        ] {
            let told = read(text).expect_err(text);
            assert!(told.contains(why) && !told.contains("hush"), "{text}: {told}");
        }
    }

    #[test]
    fn a_secret_is_not_kept_and_neither_is_what_may_hold_one() {
        for text in ["", "{}", "{ token = \"${A}\" }", "{\"regions\": [\"eu-west-1\"]}"] {
            assert!(can_be_kept(text), "{text}");
        }
        for text in ["{ token = \"hush\" }", "{ a = [{ dsn = \"pg://me:hush@h\" }] }", "{ token = \"hush", "hush"] {
            assert!(!can_be_kept(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_line_is_one_line_and_reads_back_as_the_same(text in "\\PC{0,8}", c in any::<char>(), number in any::<f64>()) {
            let inner: Table = [(format!("{text}{c}"), Value::String(format!("{c}{text}")))].into_iter().collect();
            let mut table = Table::new();
            table.insert(text, Value::Array(vec![Value::Table(inner), Value::Boolean(true)]));
            if number.is_finite() {
                table.insert("number".into(), Value::Float(number));
            }
            let line = line(&table);
            prop_assert!(printable(&line) == line);
            prop_assert_eq!(read(&line), Ok(line.clone()));
            prop_assert_eq!(parsed(&line), Ok(table));
        }
    }
}
