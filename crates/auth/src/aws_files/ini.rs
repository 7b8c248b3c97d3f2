//! The dialect of INI that the AWS tools read, with the line of every key. It is Python's `configparser.RawConfigParser`: no
//! library tells lines and agrees with it on continuations, comments, duplicates and `[DEFAULT]`.

use std::collections::BTreeMap;

use lakeward_core::untrusted::excerpt;

/// Keys that every section has unless it sets them itself.
const DEFAULTS: &str = "DEFAULT";

/// The most characters of a name that are told.
const MOST_TOLD: usize = 80;

/// A section as it stands in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    /// What stands between the brackets.
    pub(super) name: String,
    /// The line of its header, from 1.
    pub(super) line: usize,
    /// Its keys, in the order of the file.
    pub(super) entries: Vec<Entry>,
}

/// A key of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The key in lower case.
    pub(super) key: String,
    /// The value; lines that continue it follow after line ends.
    pub(super) value: String,
    /// The line of the key, from 1.
    pub(super) line: usize,
}

/// Why a line can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IniError {
    /// The line, from 1.
    pub(super) line: usize,
    /// What is wrong there.
    pub(super) what: String,
    /// Whether what stands there stands somewhere above too.
    pub(super) is_repeated: bool,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A comment, or empty.
    Nothing,
    /// `[name]`.
    Header,
    /// A key with its value, or the beginning of it.
    Entry,
    /// More of the value above.
    Continuation,
}

/// Reads a file.
///
/// # Errors
/// The first line that Python's parser refuses, and those further down that would be refused once those before are mended.
pub(super) fn parse(text: &str) -> Result<Vec<Section>, Vec<IniError>> {
    Ok(layout(text)?.sections)
}

/// A file, and how it is written.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) sections: Vec<Section>,
    /// What every section has unless it says otherwise.
    pub(super) shared: Vec<Entry>,
    /// What each line is.
    pub(super) lines: Vec<Line>,
}

/// Reads a file with all that an editor needs.
///
/// # Errors
/// As [`parse`].
pub(super) fn layout(text: &str) -> Result<Layout, Vec<IniError>> {
    let mut parser = Parser::default();
    let (mut kinds, mut errors) = (Vec::new(), Vec::new());
    for ((line, _), number) in lines(text).into_iter().zip(1..) {
        match parser.line(line, number) {
            Ok(kind) => kinds.push(kind),
            // What stands before the first section is told once.
            Err(_) if parser.current.is_none() && !errors.is_empty() => {}
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let (sections, shared) = parser.finish();
    Ok(Layout { sections, shared, lines: kinds })
}

/// The lines of a text, each with what ends it. What follows the last line end is no line.
pub(super) fn lines(text: &str) -> Vec<(&str, &str)> {
    let (mut lines, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.find(['\r', '\n']).unwrap_or(rest.len()));
        let end = match after.as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        let (end, after) = after.split_at(end);
        lines.push((line, end));
        rest = after;
    }
    lines
}

#[derive(Default)]
struct Parser {
    sections: Vec<Section>,
    defaults: Section,
    /// The section that is being read.
    current: Option<Current>,
    /// Whether a key of it can be continued.
    in_value: bool,
    /// How far the last line that was not a continuation was indented.
    indent: usize,
    /// The lines of the headers so far, and of each section's keys.
    headers: BTreeMap<String, usize>,
    keys: BTreeMap<(String, String), usize>,
}

#[derive(Clone, Copy)]
enum Current {
    Defaults,
    Section,
}

impl Parser {
    fn line(&mut self, line: &str, number: usize) -> Result<Line, IniError> {
        let wrong = |what: &str| Err(IniError { line: number, what: what.to_owned(), is_repeated: false });
        let repeated = |what: String, first: usize| {
            let what = format!("{what} (the first is in line {first})");
            Err(IniError { line: number, what, is_repeated: true })
        };
        let value = line.trim();
        if value.starts_with(['#', ';']) {
            return Ok(Line::Nothing);
        }
        if value.is_empty() {
            self.continue_value("");
            return Ok(Line::Nothing);
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if self.in_value && indent > self.indent {
            self.continue_value(value);
            return Ok(Line::Continuation);
        }
        self.indent = indent;
        if let Some(name) = header(value) {
            let Some(first) = self.begin(name, number) else { return Ok(Line::Header) };
            // Its keys may be those of the first: that is no further error.
            self.keys.retain(|(section, _), _| section != name);
            return repeated(format!("[{}] stands here a second time", excerpt(name, MOST_TOLD)), first);
        }
        if value.starts_with('[') && !value.contains(['=', ':']) {
            // What follows belongs to it, and not to the section before.
            self.begin(value.trim_start_matches('['), number);
            return wrong(if value.contains(']') {
                "this is a [section] without a name"
            } else {
                "the ] of this [section] is missing"
            });
        }
        if self.current.is_none() {
            return wrong("no [section] stands before this line");
        }
        let Some((key, value)) = value.split_once(['=', ':']) else {
            return wrong("this is neither a [section] nor `key = value`");
        };
        let key = key.trim().to_lowercase();
        if key.is_empty() {
            return wrong("there is no key before the `=`");
        }
        let Some(section) = self.section() else { return Ok(Line::Nothing) };
        let name = section.name.clone();
        section.entries.push(Entry { key: key.clone(), value: value.trim().to_owned(), line: number });
        self.in_value = true;
        let told = format!("`{}` stands a second time in [{}]", excerpt(&key, MOST_TOLD), excerpt(&name, MOST_TOLD));
        if let Some(first) = self.keys.insert((name, key), number) {
            return repeated(told, first);
        }
        Ok(Line::Entry)
    }

    /// Begins a section; where it has been there already, in which line.
    fn begin(&mut self, name: &str, line: usize) -> Option<usize> {
        self.in_value = false;
        if name == DEFAULTS {
            self.defaults.name = name.to_owned();
            self.current = Some(Current::Defaults);
            return None;
        }
        self.current = Some(Current::Section);
        self.sections.push(Section { name: name.to_owned(), line, entries: Vec::new() });
        self.headers.insert(name.to_owned(), line)
    }

    fn section(&mut self) -> Option<&mut Section> {
        match self.current? {
            Current::Defaults => Some(&mut self.defaults),
            Current::Section => self.sections.last_mut(),
        }
    }

    fn continue_value(&mut self, more: &str) {
        if !self.in_value {
            return;
        }
        if let Some(entry) = self.section().and_then(|section| section.entries.last_mut()) {
            entry.value.push('\n');
            entry.value.push_str(more);
        }
    }

    fn finish(mut self) -> (Vec<Section>, Vec<Entry>) {
        let trim = |entry: &mut Entry| entry.value.truncate(entry.value.trim_end().len());
        self.defaults.entries.iter_mut().for_each(trim);
        for section in &mut self.sections {
            section.entries.iter_mut().for_each(trim);
            for default in &self.defaults.entries {
                if !section.entries.iter().any(|entry| entry.key == default.key) {
                    section.entries.push(default.clone());
                }
            }
        }
        (self.sections, self.defaults.entries)
    }
}

/// The name in `[name]`; what follows the last bracket is of no account.
fn header(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use lakeward_testkit::python;
    use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
    use serde_json::{Value, json};

    use super::*;

    const JUDGE: &str = r#"
import configparser, json, sys
answers = []
for text in json.load(open(sys.argv[1], encoding="utf-8")):
    parser = configparser.RawConfigParser()
    try:
        parser.read_file(text.replace("\r\n", "\n").replace("\r", "\n").splitlines(keepends=True))
        answers.append({s: {o: parser.get(s, o) for o in parser.options(s)} for s in parser.sections()})
    except configparser.Error:
        answers.append(None)
print(json.dumps(answers))
"#;

    fn judged(text: &str) -> Value {
        let Ok(sections) = parse(text) else { return Value::Null };
        let entries = |section: &Section| -> Value {
            section.entries.iter().map(|entry| (entry.key.clone(), json!(entry.value))).collect()
        };
        sections.iter().map(|section| (section.name.clone(), entries(section))).collect()
    }

    /// Judged by Python's own parser, all texts in one process.
    #[test]
    fn files_are_read_as_python_reads_them() {
        let line = "( |\t|\n|\r\n|#|;|=|:|\\[|\\]|a|B|\\[a\\]\n|\\[b c\\]\n|\\[DEFAULT\\]\n|k = v\n|K: w\n|é = x ; y\n|  more\n){0,14}";
        let (texts, mut runner) = (proptest::string::string_regex(line).unwrap(), TestRunner::deterministic());
        let mut cases: Vec<String> = (0..600).map(|_| texts.new_tree(&mut runner).unwrap().current()).collect();
        cases.extend_from_within(..200);
        cases.iter_mut().skip(600).for_each(|case| case.insert_str(0, "[a]\nk = v\n"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cases.json");
        std::fs::write(&path, json!(cases).to_string()).unwrap();
        let answers = python::json(JUDGE, [path]);
        let readable = answers.as_array().unwrap().iter().filter(|answer| !answer.is_null()).count();
        assert!(readable > 100 && readable < 700, "{readable} of {} can be read", cases.len());
        for (text, answer) in cases.iter().zip(answers.as_array().unwrap()) {
            assert_eq!(judged(text), *answer, "{text:?}");
        }
    }

    #[test]
    fn errors_and_keys_have_their_lines() {
        let sections = parse("# x\n[a]\n\nk = v\n s\n[b]\nk=\n").unwrap();
        assert_eq!((sections[0].line, sections[0].entries[0].line, sections[1].line), (2, 4, 6));
        assert_eq!(sections[0].entries[0].value, "v\ns");
        for (text, line) in [("k = v", 1), ("[a]\nk\n", 2), ("[a]\n[a]\n", 2), ("[a]\nk=1\nK=2\n", 3), ("[a]\n= 1", 2)]
        {
            assert_eq!(parse(text).map_err(|errors| errors[0].line), Err(line), "{text:?}");
        }
        let what = |text| parse(text).map_err(|mut errors| errors.remove(0).what);
        let again = what("[profile a]\nx = 1\n[b]\n[profile a]\n").expect_err("twice");
        assert_eq!(again, "[profile a] stands here a second time (the first is in line 1)");
        assert_eq!(what("[]\n").expect_err("nameless"), "this is a [section] without a name");
        assert_eq!(what("[a\n").expect_err("open"), "the ] of this [section] is missing");
        let again = what("[a]\nk=1\n\nK=2\n").expect_err("twice");
        assert_eq!(again, "`k` stands a second time in [a] (the first is in line 2)");
    }

    #[test]
    fn all_lines_that_are_wrong_are_told_and_none_that_is_only_wrong_by_another() {
        let lines =
            |text| parse(text).map_or_else(|errors| errors.iter().map(|error| error.line).collect(), |_| Vec::new());
        for (text, wrong) in [
            ("k = v\nl = w\n[a]\nk\n", vec![1, 4]),
            ("[a]\nk = 1\n[b\nk = 1\nl\n[c\nk = 1\n", vec![3, 5, 6]),
            ("[a]\nk = 1\n[a]\nk = 1\nk = 2\n[b]\n= 1\nk\n", vec![3, 5, 7, 8]),
            ("[a]\nk = 1\nk = 2\nk = 3\n", vec![3, 4]),
            ("[DEFAULT]\nk\n[a]\nk\n  more\n", vec![2, 4, 5]),
            ("[a]\nk = v\n", vec![]),
        ] {
            assert_eq!(lines(text), wrong, "{text:?}");
        }
        // With the first line mended, Python's parser comes to the next one.
        assert_eq!(lines("[a]\nk = 1\n[b]\nk = 1\nl\n[c\nk = 1\n"), [5, 6]);
    }
}
