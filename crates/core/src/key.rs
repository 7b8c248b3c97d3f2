//! The object key: a template, parsed once, and what it renders to.
//!
//! Variables and their meaning are those of the CloudQuery S3 destination (observed), so that its paths can be kept.

use std::fmt;

use chrono::{DateTime, Datelike, Timelike, Utc};
use uuid::Uuid;

use crate::{table::TableName, untrusted::steers};

/// The longest object key in bytes of UTF-8 (Amazon S3 user guide, "Naming Amazon S3 objects").
pub const MAX_KEY: usize = 1024;

/// A variable of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The table's name.
    Table,
    /// The table's name with `_` as `-`.
    TableHyphen,
    /// The format's file extension, with that of the compression where one is around it.
    Format,
    /// One for each object: a time-ordered UUID (version 7).
    Uuid,
    /// One for each run.
    SyncId,
    /// The year in UTC, four digits, when the object is begun.
    Year,
    /// The month in UTC, two digits.
    Month,
    /// The day in UTC, two digits.
    Day,
    /// The hour in UTC, two digits.
    Hour,
    /// The minute in UTC, two digits.
    Minute,
}

impl Variable {
    /// Every variable, by the name that stands between `{{` and `}}`.
    pub const ALL: [(&'static str, Self); 10] = [
        ("TABLE", Self::Table),
        ("TABLE_HYPHEN", Self::TableHyphen),
        ("FORMAT", Self::Format),
        ("UUID", Self::Uuid),
        ("SYNC_ID", Self::SyncId),
        ("YEAR", Self::Year),
        ("MONTH", Self::Month),
        ("DAY", Self::Day),
        ("HOUR", Self::Hour),
        ("MINUTE", Self::Minute),
    ];
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Variable(Variable),
}

/// A parsed path template such as `raw/{{TABLE}}/{{UUID}}.{{FORMAT}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// Why a path is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Nothing in it.
    #[error("the path is empty")]
    Empty,
    /// It starts with `/`.
    #[error("the path starts with `/`; an object key has no leading slash")]
    LeadingSlash,
    /// A `//`, `.` or `..`, or a trailing `/`.
    #[error("the path has {0:?} as a segment; every segment between slashes must be a name")]
    Segment(String),
    /// A backslash, or a character that could steer a terminal.
    #[error("the path holds {0:?}, which object keys of Lakeward never do")]
    Character(char),
    /// `{{` without `}}`.
    #[error("the path opens `{{{{` and never closes it with `}}}}`")]
    Unclosed,
    /// A variable in single braces.
    #[error("the path has {{{0}}}; a variable is written {{{{{0}}}}}")]
    SingleBraces(&'static str),
    /// A variable that does not exist.
    #[error("the path names {{{{{name}}}}}, which is no variable")]
    UnknownVariable {
        /// The name between the braces.
        name: String,
        /// The variable whose name is nearest, if one is near.
        nearest: Option<&'static str>,
    },
    /// Literal text alone is longer than a key may be.
    #[error("the path is longer than an object key may be (1,024 bytes)")]
    TooLong,
}

/// What a template is rendered with.
#[derive(Clone, Copy, Debug)]
pub struct KeyParts<'a> {
    /// The table whose rows the object holds.
    pub table: &'a TableName,
    /// The file extension, such as `parquet` or `csv.gz`.
    pub extension: &'a str,
    /// The object's own id.
    pub uuid: Uuid,
    /// The run's id.
    pub sync_id: Uuid,
    /// When the object was begun.
    pub begun: DateTime<Utc>,
}

/// An object's key: 1 to [`MAX_KEY`] bytes of clean segments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectKey(String);

/// A key that would be longer than S3 allows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("table {table}: its object key would be {bytes} bytes long; S3 takes at most 1,024")]
pub struct KeyTooLong {
    table: TableName,
    bytes: usize,
}

impl Template {
    /// Parses and checks a path.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(path: &str) -> Result<Self, TemplateError> {
        clean(path)?;
        let mut pieces = Vec::new();
        let mut rest = path;
        while let Some((literal, after)) = rest.split_once("{{") {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            let (name, after) = after.split_once("}}").ok_or(TemplateError::Unclosed)?;
            pieces.push(Piece::Variable(variable(name)?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        let in_single_braces = |(name, _): &(&'static str, Variable)| {
            let braced = format!("{{{name}}}");
            pieces.iter().any(|piece| matches!(piece, Piece::Literal(text) if text.contains(&braced)))
        };
        if let Some((name, _)) = Variable::ALL.iter().find(|variable| in_single_braces(variable)) {
            return Err(TemplateError::SingleBraces(name));
        }
        let template = Self { pieces };
        if template.literal_bytes() > MAX_KEY {
            return Err(TemplateError::TooLong);
        }
        Ok(template)
    }

    /// Whether the template uses a variable.
    #[must_use]
    pub fn uses(&self, variable: Variable) -> bool {
        self.pieces.contains(&Piece::Variable(variable))
    }

    /// Completes a path that names no table, as the CloudQuery S3 destination does: `/{{TABLE}}.{{FORMAT}}` is appended, and
    /// with `unique` also `.{{UUID}}`.
    #[must_use]
    pub fn with_table(mut self, unique: bool) -> Self {
        if self.uses(Variable::Table) || self.uses(Variable::TableHyphen) {
            return self;
        }
        let literal = |text: &str| Piece::Literal(text.to_owned());
        match self.pieces.last_mut() {
            Some(Piece::Literal(text)) => text.push('/'),
            _ => self.pieces.push(literal("/")),
        }
        self.pieces.extend([Piece::Variable(Variable::Table), literal("."), Piece::Variable(Variable::Format)]);
        if unique {
            self.pieces.extend([literal("."), Piece::Variable(Variable::Uuid)]);
        }
        self
    }

    /// The destination's prefix: the path up to its first variable. Every key starts with it.
    #[must_use]
    pub fn prefix(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Literal(text)) => text,
            _ => "",
        }
    }

    /// The key of one object.
    ///
    /// # Errors
    /// When the key would be longer than S3 allows.
    pub fn render(&self, parts: &KeyParts<'_>) -> Result<ObjectKey, KeyTooLong> {
        let mut key = String::with_capacity(self.literal_bytes() + 64);
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => key.push_str(text),
                Piece::Variable(variable) => render_variable(&mut key, *variable, parts),
            }
        }
        if key.len() > MAX_KEY {
            return Err(KeyTooLong { table: parts.table.clone(), bytes: key.len() });
        }
        Ok(ObjectKey(key))
    }

    /// A glob over the keys of all of a table's objects, of this run and of others. What would steer a glob stands in brackets.
    #[must_use]
    pub fn glob(&self, table: &TableName, extension: &str) -> String {
        let mut glob = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => as_it_is(&mut glob, text),
                Piece::Variable(Variable::Table) => as_it_is(&mut glob, table.as_str()),
                Piece::Variable(Variable::TableHyphen) => as_it_is(&mut glob, &table.as_str().replace('_', "-")),
                Piece::Variable(Variable::Format) => as_it_is(&mut glob, extension),
                // Two stars would be any depth of folders.
                Piece::Variable(_) if glob.ends_with('*') => {}
                Piece::Variable(_) => glob.push('*'),
            }
        }
        glob
    }

    fn literal_bytes(&self) -> usize {
        self.pieces.iter().map(|piece| if let Piece::Literal(text) = piece { text.len() } else { 0 }).sum()
    }
}

/// Adds a text to a glob.
fn as_it_is(glob: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '*' | '?' | '[' => glob.extend(['[', c, ']']),
            c => glob.push(c),
        }
    }
}

/// Checks that a path or key is one or more names with slashes between.
fn clean(path: &str) -> Result<(), TemplateError> {
    if path.is_empty() {
        return Err(TemplateError::Empty);
    }
    if path.starts_with('/') {
        return Err(TemplateError::LeadingSlash);
    }
    if let Some(c) = path.chars().find(|c| steers(*c) || *c == '\\') {
        return Err(TemplateError::Character(c));
    }
    if let Some(bad) = path.split('/').find(|segment| matches!(*segment, "" | "." | "..")) {
        return Err(TemplateError::Segment(bad.to_owned()));
    }
    Ok(())
}

fn variable(name: &str) -> Result<Variable, TemplateError> {
    Variable::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, variable)| variable).ok_or_else(|| {
        let upper = name.trim().to_ascii_uppercase();
        let distance = |known: &str| strsim::damerau_levenshtein(known, &upper);
        let nearest = Variable::ALL.iter().map(|(known, _)| *known).min_by_key(|known| distance(known));
        TemplateError::UnknownVariable { name: name.to_owned(), nearest: nearest.filter(|known| distance(known) <= 2) }
    })
}

fn render_variable(key: &mut String, variable: Variable, parts: &KeyParts<'_>) {
    let two = |number: u32| format!("{number:02}");
    match variable {
        Variable::Table => key.push_str(parts.table.as_str()),
        Variable::TableHyphen => key.push_str(&parts.table.as_str().replace('_', "-")),
        Variable::Format => key.push_str(parts.extension),
        Variable::Uuid => key.push_str(&parts.uuid.to_string()),
        Variable::SyncId => key.push_str(&parts.sync_id.to_string()),
        Variable::Year => key.push_str(&format!("{:04}", parts.begun.year())),
        Variable::Month => key.push_str(&two(parts.begun.month())),
        Variable::Day => key.push_str(&two(parts.begun.day())),
        Variable::Hour => key.push_str(&two(parts.begun.hour())),
        Variable::Minute => key.push_str(&two(parts.begun.minute())),
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => f.write_str(text)?,
                Piece::Variable(variable) => {
                    let name = Variable::ALL.iter().find(|(_, known)| known == variable).map_or("", |(name, _)| name);
                    write!(f, "{{{{{name}}}}}")?;
                }
            }
        }
        Ok(())
    }
}

impl ObjectKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ObjectKey {
    type Error = TemplateError;

    /// A key that was written down, as [`Template::render`] may have made it.
    fn try_from(key: String) -> Result<Self, Self::Error> {
        clean(&key)?;
        if key.len() > MAX_KEY { Err(TemplateError::TooLong) } else { Ok(Self(key)) }
    }
}

impl From<ObjectKey> for String {
    fn from(key: ObjectKey) -> Self {
        key.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn parts(table: &TableName) -> KeyParts<'_> {
        let begun = Utc.with_ymd_and_hms(2026, 3, 4, 5, 6, 7).single().expect("a time");
        KeyParts { table, extension: "parquet", uuid: Uuid::from_u128(1), sync_id: Uuid::from_u128(2), begun }
    }

    fn render(path: &str, table: &str) -> String {
        let table = TableName::new(table).expect("a table name");
        Template::parse(path).expect("a template").render(&parts(&table)).expect("a key").to_string()
    }

    #[test]
    fn every_variable_is_rendered() {
        assert_eq!(
            render(
                "a/{{TABLE}}/{{TABLE_HYPHEN}}/{{YEAR}}-{{MONTH}}-{{DAY}}T{{HOUR}}{{MINUTE}}/{{SYNC_ID}}/{{UUID}}.{{FORMAT}}",
                "my_t"
            ),
            "a/my_t/my-t/2026-03-04T0506/00000000-0000-0000-0000-000000000002/00000000-0000-0000-0000-000000000001.parquet"
        );
    }

    #[test]
    fn a_glob_covers_the_keys_of_one_table() {
        for (path, table, glob) in [
            ("raw/{{TABLE}}/{{YEAR}}-{{MONTH}}-{{DAY}}/{{UUID}}.{{FORMAT}}", "my_t", "raw/my_t/*-*-*/*.parquet"),
            ("raw/{{TABLE}}.{{FORMAT}}", "t", "raw/t.parquet"),
            ("{{YEAR}}{{MONTH}}/{{TABLE_HYPHEN}}-{{SYNC_ID}}{{UUID}}", "my_t", "*/my-t-*"),
            ("raw*/{{TABLE}}/{{UUID}}", "t[1]?", "raw[*]/t[[]1][?]/*"),
        ] {
            let table = TableName::new(table).expect("a table name");
            assert_eq!(Template::parse(path).expect("a template").glob(&table, "parquet"), glob);
        }
    }

    #[test]
    fn a_path_without_a_table_gets_one() {
        let path = Template::parse("raw").expect("a template");
        assert_eq!(path.clone().with_table(true).to_string(), "raw/{{TABLE}}.{{FORMAT}}.{{UUID}}");
        assert_eq!(path.clone().with_table(false).to_string(), "raw/{{TABLE}}.{{FORMAT}}");
        assert_eq!(path.with_table(true).prefix(), "raw/");
        let path = Template::parse("x/{{TABLE_HYPHEN}}").expect("a template");
        assert_eq!(path.clone().with_table(true), path);
    }

    #[test]
    fn the_prefix_ends_at_the_first_variable() {
        for (path, prefix) in
            [("raw/{{TABLE}}", "raw/"), ("{{TABLE}}/x", ""), ("raw/t-{{UUID}}", "raw/t-"), ("raw/x", "raw/x")]
        {
            assert_eq!(Template::parse(path).expect("a template").prefix(), prefix);
        }
    }

    #[test]
    fn bad_paths_are_refused_with_the_reason() {
        use TemplateError::{
            Character, Empty, LeadingSlash, Segment, SingleBraces, TooLong, Unclosed, UnknownVariable,
        };
        let long = "x/".repeat(600) + "y";
        for (path, error) in [
            ("", Empty),
            ("/raw", LeadingSlash),
            ("raw//x", Segment(String::new())),
            ("raw/../x", Segment("..".into())),
            ("./raw", Segment(".".into())),
            ("raw/", Segment(String::new())),
            ("a\\b", Character('\\')),
            ("a\nb", Character('\n')),
            ("raw/{{TABLE", Unclosed),
            ("raw/{TABLE}/{{UUID}}", SingleBraces("TABLE")),
            ("raw/{{TABEL}}", UnknownVariable { name: "TABEL".into(), nearest: Some("TABLE") }),
            ("raw/{{table}}", UnknownVariable { name: "table".into(), nearest: Some("TABLE") }),
            ("raw/{{CUSTOMER}}", UnknownVariable { name: "CUSTOMER".into(), nearest: None }),
            (&long, TooLong),
        ] {
            assert_eq!(Template::parse(path), Err(error), "{path}");
        }
    }

    #[test]
    fn a_key_longer_than_s3_takes_is_refused() {
        let table = TableName::new(&"t".repeat(255)).expect("a table name");
        let template = Template::parse("{{TABLE}}/{{TABLE}}/{{TABLE}}/{{TABLE}}/x").expect("a template");
        let error = template.render(&parts(&table)).expect_err("1,026 bytes").to_string();
        assert!(error.contains("would be 1025 bytes long"), "{error}");
    }

    fn segment() -> impl Strategy<Value = String> {
        let variable = prop::sample::select(Variable::ALL.map(|(name, _)| format!("{{{{{name}}}}}")).to_vec());
        prop::collection::vec(prop_oneof![variable, "[a-z0-9=_ é-]{1,6}"], 1..4).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_template_survives_printing_and_its_keys_stay_below_its_prefix(
            segments in prop::collection::vec(segment(), 1..5), table in "[a-z_.-]{1,12}"
        ) {
            let path = segments.join("/");
            let template = Template::parse(&path).expect("clean segments");
            prop_assert_eq!(template.to_string(), path);
            if let Ok(table) = TableName::new(&table) {
                let key = template.render(&parts(&table)).expect("short");
                prop_assert!(key.as_str().starts_with(template.prefix()));
                prop_assert_eq!(key.as_str().split('/').count(), segments.len());
            }
        }

        #[test]
        fn any_text_parses_or_is_refused_without_a_panic(path in "\\PC{0,40}|[{}A-Z/.]{0,40}") {
            if let Ok(template) = Template::parse(&path) {
                prop_assert_eq!(template.to_string(), path);
            }
        }
    }
}
