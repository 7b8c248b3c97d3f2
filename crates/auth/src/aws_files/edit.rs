//! Changes to the text of an AWS file: keys of one section, or a new section. Every other line stays as it is, to the byte, and
//! what comes of it is read again: it must say what was meant, and nothing else.

use std::ops::Range;

use super::{
    Meaning,
    ini::{self, IniError, Layout, Line, Section},
};

/// A change to one section, which is made if it is not there.
#[derive(Clone, PartialEq, Eq)]
pub struct Edit {
    pub(super) of: Of,
    changes: Vec<(String, Option<String>)>,
}

/// Whose section it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// A profile, in the config file.
    Profile(String),
    /// An SSO session, in the config file.
    SsoSession(String),
    /// A profile's keys, in the credentials file.
    Keys(String),
}

/// Why a text can't be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EditError {
    /// It can't be read to begin with.
    Unreadable(Vec<IniError>),
    /// It would not say what was meant.
    Unsayable {
        /// The section.
        section: String,
    },
}

impl Edit {
    /// One that changes nothing yet.
    #[must_use]
    pub fn new(of: Of) -> Self {
        Self { of, changes: Vec::new() }
    }

    /// Sets a key, whose name is in lower case.
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.changes.push((key.into(), Some(value.into())));
        self
    }

    /// Takes a key out.
    #[must_use]
    pub fn remove(mut self, key: impl Into<String>) -> Self {
        self.changes.push((key.into(), None));
        self
    }

    /// The text with the change.
    pub(super) fn apply(&self, text: &str) -> Result<String, EditError> {
        let layout = ini::layout(text).map_err(EditError::Unreadable)?;
        let found = layout.sections.iter().rposition(|section| self.of.is(&section.name));
        let mut document = Document::of(text);
        match found.and_then(|index| layout.sections.get(index)) {
            Some(section) => self.change(section, &layout.lines, &mut document),
            None => self.add(&mut document),
        }
        let changed = document.text();
        // A key that all sections share would come back, and a value could begin another section.
        match ini::parse(&changed) {
            Ok(read) if said(&read) == self.expected(&layout, found) => Ok(changed),
            _ => Err(EditError::Unsayable { section: self.of.header() }),
        }
    }

    fn change(&self, section: &Section, kinds: &[Line], document: &mut Document) {
        let lines = body(section, kinds);
        let entry = |key: &str| {
            let own = section.entries.iter().find(|entry| entry.key == key && lines.contains(&(entry.line - 1)));
            own.map(|entry| (entry.line - 1, entry.value.as_str()))
        };
        let mut added = Vec::new();
        let last = lines
            .clone()
            .rfind(|line| kinds.get(*line).is_some_and(|kind| *kind != Line::Nothing))
            .unwrap_or(section.line - 1);
        for (key, value) in &self.changes {
            match (entry(key), value) {
                (Some((_, old)), Some(value)) if old == value => {}
                (Some((line, _)), value) => {
                    let mut more = kinds.iter().enumerate().skip(line + 1);
                    let more = more.by_ref().take_while(|(_, kind)| matches!(kind, Line::Continuation | Line::Nothing));
                    let more: Vec<usize> =
                        more.filter(|(_, kind)| **kind == Line::Continuation).map(|(line, _)| line).collect();
                    more.into_iter().for_each(|line| document.remove(line));
                    match value {
                        Some(value) => document.set_value(line, value),
                        None => document.remove(line),
                    }
                }
                (None, Some(value)) => added.push(format!("{key} = {value}")),
                (None, None) => {}
            }
        }
        // Like the keys that are there; in an empty section like what follows, which would continue a value if it stood deeper.
        let like = if kinds.get(last) == Some(&Line::Header) {
            kinds.iter().skip(lines.end).position(|kind| *kind == Line::Header).map(|next| lines.end + next)
        } else {
            lines.clone().rev().find(|line| kinds.get(*line) == Some(&Line::Entry))
        };
        let indent = like.map(|line| document.indent(line)).unwrap_or_default();
        document.insert_after(last, added.iter().map(|line| format!("{indent}{line}")).collect());
    }

    /// A section of its own, at the end.
    fn add(&self, document: &mut Document) {
        let mut lines: Vec<String> = vec![format!("[{}]", self.of.header())];
        lines.extend(self.changes.iter().filter_map(|(key, value)| Some(format!("{key} = {}", value.as_ref()?))));
        if document.ends_in_text() {
            lines.insert(0, String::new());
        }
        document.append(lines);
    }

    /// What the sections should say with the change.
    fn expected(&self, layout: &Layout, found: Option<usize>) -> Vec<Said> {
        let mut all = said(&layout.sections);
        let index = found.unwrap_or_else(|| {
            let shared = Section { name: self.of.header(), line: 0, entries: layout.shared.clone() };
            all.extend(said(&[shared]));
            all.len() - 1
        });
        if let Some((_, entries)) = all.get_mut(index) {
            for (key, value) in &self.changes {
                entries.retain(|(known, _)| known != key);
                entries.extend(value.clone().map(|value| (key.clone(), value)));
            }
            entries.sort();
        }
        all
    }
}

impl Of {
    /// Whether a section is it.
    fn is(&self, section: &str) -> bool {
        match self {
            Self::Profile(name) => Meaning::in_config(section) == Meaning::Profile(name.clone()),
            Self::SsoSession(name) => Meaning::in_config(section) == Meaning::SsoSession(name.clone()),
            Self::Keys(name) => section == name,
        }
    }

    /// What stands between the brackets of a new one: quoted where a name would not be read as one word.
    fn header(&self) -> String {
        let quoted = |name: &str| match shlex::split(name) {
            Some(words) if words == [name] => name.to_owned(),
            _ => shlex::try_quote(name).map_or_else(|_| name.to_owned(), std::borrow::Cow::into_owned),
        };
        match self {
            Self::Profile(name) if name == "default" => name.clone(),
            Self::Profile(name) => format!("profile {}", quoted(name)),
            Self::SsoSession(name) => format!("sso-session {}", quoted(name)),
            Self::Keys(name) => name.clone(),
        }
    }
}

/// A section's name, and its keys with their values, sorted.
type Said = (String, Vec<(String, String)>);

fn said(sections: &[Section]) -> Vec<Said> {
    let entries = |section: &Section| {
        let mut entries: Vec<_> =
            section.entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect();
        entries.sort();
        entries
    };
    sections.iter().map(|section| (section.name.clone(), entries(section))).collect()
}

/// The lines of a section after its header, from 0.
fn body(section: &Section, kinds: &[Line]) -> Range<usize> {
    let next = kinds.iter().skip(section.line).position(|kind| *kind == Line::Header);
    section.line..next.map_or(kinds.len(), |next| section.line + next)
}

/// Lines, each with what ends it. Those that are taken out keep their number.
struct Document {
    lines: Vec<Option<(String, String)>>,
    inserted: Vec<(usize, Vec<String>)>,
    /// What ends a new line.
    end: String,
}

impl Document {
    fn of(text: &str) -> Self {
        let lines = ini::lines(text);
        let end = lines.first().map(|(_, end)| *end).filter(|end| !end.is_empty()).unwrap_or("\n").to_owned();
        let lines = lines.into_iter().map(|(line, end)| Some((line.to_owned(), end.to_owned())));
        Self { lines: lines.collect(), inserted: Vec::new(), end }
    }

    fn remove(&mut self, line: usize) {
        if let Some(line) = self.lines.get_mut(line) {
            *line = None;
        }
    }

    /// Puts another value after the key of a line, which stays as it is written.
    fn set_value(&mut self, line: usize, value: &str) {
        let Some(Some((text, _))) = self.lines.get_mut(line) else { return };
        let Some(separator) = text.find(['=', ':']) else { return };
        let (key, old) = text.split_at(separator + 1);
        let space: String = old.chars().take_while(|c| c.is_whitespace()).collect();
        let space = if old.trim().is_empty() { " " } else { &space };
        *text = format!("{key}{space}{value}");
    }

    fn indent(&self, line: usize) -> String {
        let line = self.lines.get(line).and_then(Option::as_ref);
        line.map(|(text, _)| text.chars().take_while(|c| c.is_whitespace()).collect()).unwrap_or_default()
    }

    fn insert_after(&mut self, line: usize, lines: Vec<String>) {
        self.inserted.push((line, lines));
    }

    fn append(&mut self, lines: Vec<String>) {
        let last = self.lines.len();
        self.lines.push(None);
        self.inserted.push((last, lines));
    }

    fn ends_in_text(&self) -> bool {
        self.lines.iter().flatten().next_back().is_some_and(|(text, _)| !text.trim().is_empty())
    }

    /// All of it. A file without a last line end has none afterwards.
    fn text(self) -> String {
        let Self { lines, inserted, end } = self;
        let is_open = lines.iter().flatten().next_back().is_some_and(|(_, end)| end.is_empty());
        let mut all: Vec<(String, String)> = Vec::with_capacity(lines.len());
        for (number, line) in lines.into_iter().enumerate() {
            all.extend(line);
            for (_, lines) in inserted.iter().filter(|(after, _)| *after == number) {
                all.extend(lines.iter().map(|line| (line.clone(), end.clone())));
            }
        }
        let last = all.len().saturating_sub(1);
        let mut text = String::new();
        for (number, (line, own)) in all.into_iter().enumerate() {
            text.push_str(&line);
            match (number == last, own.is_empty()) {
                (true, _) if is_open => {}
                (_, true) => text.push_str(&end),
                (_, false) => text.push_str(&own),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use lakeward_testkit::python;
    use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
    use serde_json::{Value, json};

    use super::*;

    fn profile(name: &str) -> Edit {
        Edit::new(Of::Profile(name.into()))
    }

    #[test]
    fn a_key_is_changed_where_it_stands_and_comments_stay() {
        let text = "# mine\r\n[default]\r\nRegion=us-east-1\r\n; note\r\ns3 =\r\n  a = b\r\n\r\n  c = d\r\n[profile x]\r\nregion = eu\r\n\r\n# end";
        let changed = profile("default").set("region", "eu-west-3").set("login_session", "arn").remove("s3");
        let expected = "# mine\r\n[default]\r\nRegion=eu-west-3\r\n; note\r\n\r\nlogin_session = arn\r\n[profile x]\r\nregion = eu\r\n\r\n# end";
        assert_eq!(changed.apply(text).unwrap(), expected);
        assert_eq!(profile("x").set("region", "eu").apply(text).unwrap(), text, "nothing to change");
        let longer = profile("x").set("output", "json").apply(text).unwrap();
        assert!(longer.ends_with("[profile x]\r\nregion = eu\r\noutput = json\r\n\r\n# end"), "{longer:?}");
    }

    #[test]
    fn a_section_is_added_at_the_end_and_quoted_where_it_has_to_be() {
        let session = Edit::new(Of::SsoSession("my sso".into())).set("sso_region", "eu-west-1");
        let text = session.apply("").unwrap();
        assert_eq!(text, "[sso-session 'my sso']\nsso_region = eu-west-1\n");
        let text = profile("it's").set("sso_session", "my sso").apply(&text).unwrap();
        assert!(text.ends_with("eu-west-1\n\n[profile \"it's\"]\nsso_session = my sso\n"), "{text}");
        // What is written so is found so.
        let again = profile("it's").set("region", "x").apply(&text).unwrap();
        assert_eq!(again, format!("{text}region = x\n"));
        assert_eq!(profile("default").set("a", "b").apply("# x").unwrap(), "# x\n\n[default]\na = b");
        let keys = Edit::new(Of::Keys("a b".into())).set("aws_access_key_id", "AKID");
        assert_eq!(keys.apply("[x]\n\n").unwrap(), "[x]\n\n[a b]\naws_access_key_id = AKID\n");
    }

    #[test]
    fn the_section_that_counts_is_changed() {
        let text = "[profile default]\nregion = a\n[default]\nregion = b\n";
        assert_eq!(profile("default").set("region", "c").apply(text).unwrap(), text.replace("= b", "= c"));
        let text = "[x]\nregion = a\n";
        assert!(profile("x").set("region", "c").apply(text).unwrap().ends_with("[profile x]\nregion = c\n"));
    }

    #[test]
    fn what_can_not_be_said_is_refused() {
        let unsayable = |edit: Edit, text: &str| match edit.apply(text) {
            Err(EditError::Unsayable { .. }) => {}
            other => panic!("{other:?}"),
        };
        unsayable(profile("x").set("region", "a\n[default]"), "");
        unsayable(profile("x").set("region", " a"), "");
        unsayable(profile("x\ny").set("region", "a"), "");
        unsayable(Edit::new(Of::Keys("DEFAULT".into())).set("region", "a"), "");
        unsayable(profile("x").remove("region"), "[DEFAULT]\nregion = a\n[profile x]\n");
        assert!(matches!(profile("x").set("a", "b").apply("k = v"), Err(EditError::Unreadable(_))));
    }

    const JUDGE: &str = r#"
import configparser, json, sys
def read(text):
    parser = configparser.RawConfigParser()
    parser.read_file(text.replace("\r\n", "\n").replace("\r", "\n").splitlines(keepends=True))
    return {s: dict(parser.items(s)) for s in parser.sections()}
print(json.dumps([[read(text) for text in case] for case in json.load(open(sys.argv[1], encoding="utf-8"))]))
"#;

    /// What is wrong with the lines that are no part of a change: each of them has to be there still, in order.
    fn kept(edit: &Edit, before: &str, after: &str) -> &'static str {
        let layout = ini::layout(before).unwrap();
        let section = layout.sections.iter().rfind(|section| edit.of.is(&section.name));
        let own = section.map_or(0..0, |section| body(section, &layout.lines));
        let is_changed = |line: usize| {
            let entries = section.into_iter().flat_map(|section| &section.entries);
            let entry = entries
                .filter(|entry| own.contains(&(entry.line - 1)) && entry.line <= line + 1)
                .max_by_key(|entry| entry.line);
            own.contains(&line)
                && matches!(layout.lines[line], Line::Entry | Line::Continuation)
                && entry.is_some_and(|entry| edit.changes.iter().any(|(key, _)| *key == entry.key))
        };
        let (before, after) = (ini::lines(before), ini::lines(after));
        let mut rest = after.iter();
        for (line, (text, end)) in before.iter().enumerate().filter(|(line, _)| !is_changed(*line)) {
            // The last one may get or give a line end.
            let is_last = line + 1 == before.len();
            if !rest.any(|(other, other_end)| {
                other == text && (other_end == end || is_last || end.is_empty() || other_end.is_empty())
            }) {
                return "a line is gone";
            }
        }
        let open = |lines: &[(&str, &str)]| lines.last().is_some_and(|(_, end)| end.is_empty());
        match open(&before) == open(&after) || after.is_empty() {
            true if after.len() > before.len() + edit.changes.len() + 2 => "there are more lines than were added",
            true => "",
            false => "the file ends otherwise",
        }
    }

    /// Whatever stands in a file that can be read: after a change Python's parser reads the change and nothing else, and every
    /// line that is no part of it is still there, byte by byte and in order.
    #[test]
    fn a_change_changes_nothing_else() {
        let line = "( |\t|\n|\r\n|\r|# c\n|;|=|a|é|\\[profile p\\]\n|\\[profile q\\]\n|\\[DEFAULT\\]\n|  \\[default\\]\n|k = v\r\n|K: w\n| l = x ; y\n|  more\n|   deeper){0,16}";
        let (texts, mut runner) = (proptest::string::string_regex(line).unwrap(), TestRunner::deterministic());
        let edits = [
            profile("p").set("k", "new").set("n", "1"),
            profile("q").remove("k").remove("l"),
            profile("default").set("l", "2"),
            profile("other one").set("k", "v"),
        ];
        let (mut cases, mut wanted) = (Vec::new(), Vec::new());
        for index in 0..3000 {
            let text = texts.new_tree(&mut runner).unwrap().current();
            let edit = &edits[index % edits.len()];
            let changed = match edit.apply(&text) {
                Ok(changed) => changed,
                // What all sections share can't be taken out of one.
                Err(EditError::Unsayable { .. }) if text.contains("[DEFAULT]") => continue,
                Err(EditError::Unreadable(_)) => continue,
                Err(error) => panic!("{error:?}: {text:?}"),
            };
            assert_eq!(kept(edit, &text, &changed), "", "{text:?} -> {changed:?}");
            cases.push(json!([text, changed]));
            wanted.push(edit);
        }
        assert!(cases.len() > 400, "{} texts can be read", cases.len());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cases.json");
        std::fs::write(&path, json!(cases).to_string()).unwrap();
        let answers = python::json(JUDGE, [path]);
        for ((case, answer), edit) in cases.iter().zip(answers.as_array().unwrap()).zip(wanted) {
            let mut expected = answer[0].clone();
            let section = expected.as_object().unwrap().keys().rfind(|name| edit.of.is(name)).cloned();
            let shared = || ini::layout(case[0].as_str().unwrap()).unwrap().shared;
            let section = section.unwrap_or_else(|| {
                let header = edit.of.header();
                expected[&header] = shared().into_iter().map(|entry| (entry.key, Value::from(entry.value))).collect();
                header
            });
            for (key, value) in &edit.changes {
                let section = expected[&section].as_object_mut().unwrap();
                match value {
                    Some(value) => drop(section.insert(key.clone(), Value::from(value.clone()))),
                    None => drop(section.remove(key)),
                }
            }
            assert_eq!(answer[1], expected, "{case}");
        }
    }
}
