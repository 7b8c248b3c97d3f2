//! Where answers come from besides the person: flags, variables, the answers file, the config that is there.

use toml::{Table, Value as Toml};

use crate::{
    answers::{Answers, From, Value},
    facts::Trouble,
    question::{Id, Kind, QUESTIONS, Question},
    table,
};

impl Answers {
    /// The answers of flags: each with its values in the order of the command line. A program may be one text that is split as a
    /// shell would, or a text for each argument.
    ///
    /// # Errors
    /// When a flag that takes one value was given several, or a text has an open quote.
    pub fn from_flags(flags: impl IntoIterator<Item = (Id, Vec<String>)>) -> Result<Self, Trouble> {
        let mut answers = Self::default();
        for (id, mut values) in flags {
            let question = id.question();
            let value = match (question.kind, values.as_slice()) {
                (_, []) => continue,
                (Kind::Words, [one]) => question.read(one).map_err(|why| in_flag(question, &why))?,
                (Kind::List | Kind::Words, _) => Value::List(values),
                (Kind::Table, [one]) => question.read(one).map_err(|why| in_flag(question, &why))?,
                (_, [_]) => Value::Text(values.swap_remove(0).trim().to_owned()),
                _ => return Err(in_flag(question, "it is given several times, and takes one value")),
            };
            answers.set(id, value, From::Flag);
        }
        Ok(answers)
    }

    /// The answers of the environment's `LAKEWARD_` variables: those that a run would lay over the config too.
    #[must_use]
    pub fn from_environment(environment: &[(String, String)]) -> Self {
        let mut answers = Self::default();
        for question in QUESTIONS {
            let Some(variable) = question.variable() else { continue };
            if let Some((_, text)) = environment.iter().find(|(name, text)| *name == variable && !text.is_empty()) {
                answers.set(question.id, Value::Text(text.trim().to_owned()), From::Variable);
            }
        }
        answers
    }

    /// The answers of a file: TOML whose keys are the flags without their dashes, such as `sso-start-url = "…"`; `_` counts as `-`.
    /// Lists are arrays of strings, and tables are tables.
    ///
    /// # Errors
    /// When it is no TOML, or a key is no flag, or a value is not of its kind.
    pub fn from_answers_file(text: &str) -> Result<Self, Trouble> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            Trouble::usage(format!("the answers file is not TOML: {}", error.message()))
                .next("write one answer a line, such as bucket = \"my-lake\"")
        })?;
        let mut answers = Self::default();
        for (key, value) in &table {
            let question = Question::of_flag(key).ok_or_else(|| unknown(key))?;
            let value = read(question, value).ok_or_else(|| {
                Trouble::usage(format!("the answers file: {key} can't be {}", value.type_str())).next(
                    match question.kind {
                        Kind::List | Kind::Words => format!("write {key} = [\"…\", \"…\"]"),
                        Kind::Table => format!("write {key} = {}", question.example),
                        Kind::Text | Kind::Choice(_) => format!("write {key} = \"{}\"", question.example),
                    },
                )
            })?;
            answers.set(question.id, value, From::File);
        }
        Ok(answers)
    }

    /// The answers that a config gives: those of its first `[[source]]` where it has several. What no question asks is not here.
    ///
    /// # Errors
    /// When it is no TOML.
    pub fn from_config(text: &str) -> Result<Self, Trouble> {
        let config: Table = text.parse().map_err(|error: toml::de::Error| {
            Trouble::usage(format!("the config that is there is not TOML: {}", error.message()))
                .next("mend it, or choose another file with --config")
        })?;
        let mut answers = Self::default();
        for question in QUESTIONS {
            if let Some(value) = find(&config, question.key).and_then(|value| read(question, value)) {
                answers.set(question.id, value, From::Config);
            }
        }
        // Of a config that needs no credentials, nobody has chosen the chain.
        if answers.get(Id::Auth).is_none() && !answers.is(Id::Storage, "embedded") {
            answers.set(Id::Auth, "chain".into(), From::Config);
        }
        if config.get("auth").and_then(|auth| auth.get("source")?.get("method")?.as_str()) != Some("profile") {
            answers.remove(Id::SourceProfile);
        }
        Ok(answers)
    }
}

/// The value of a dotted key; of an array of tables the first is meant.
fn find<'a>(config: &'a Table, key: &str) -> Option<&'a Toml> {
    let mut keys = key.split('.');
    let mut value = config.get(keys.next()?)?;
    for key in keys {
        value = match value {
            Toml::Array(tables) => tables.first()?.get(key)?,
            other => other.get(key)?,
        };
    }
    Some(value)
}

fn read(question: &Question, value: &Toml) -> Option<Value> {
    let text = |value: &Toml| match value {
        Toml::String(text) => Some(text.clone()),
        Toml::Integer(number) => Some(number.to_string()),
        _ => None,
    };
    match (question.kind, value) {
        (Kind::List | Kind::Words, Toml::Array(parts)) => {
            parts.iter().map(text).collect::<Option<_>>().map(Value::List)
        }
        (Kind::List, value) => text(value).map(|text| Value::List(vec![text])),
        (Kind::Words, value) => text(value).and_then(|text| question.read(&text).ok()),
        (Kind::Table, Toml::Table(table)) => Some(Value::Text(table::line(table))),
        (Kind::Table, value) => text(value).and_then(|text| question.read(&text).ok()),
        (Kind::Text | Kind::Choice(_), value) => text(value).map(|text| Value::Text(text.trim().to_owned())),
    }
}

fn in_flag(question: &Question, why: &str) -> Trouble {
    Trouble::usage(format!("--{}: {why}", question.flag))
        .next(format!("write it as --{} {}", question.flag, question.example))
}

fn unknown(key: &str) -> Trouble {
    let shown = lakeward_core::untrusted::excerpt(key, 60);
    let distance = |flag: &str| strsim::damerau_levenshtein(flag, &key.replace('_', "-"));
    let near = QUESTIONS.iter().map(|question| question.flag).min_by_key(|flag| distance(flag));
    let near = near.filter(|flag| distance(flag) <= 2);
    Trouble::usage(format!("the answers file: {shown} is no question's flag")).next(match near {
        Some(near) => format!("did you mean {near}?"),
        None => "its keys are the flags of `lakeward init` without their dashes".to_owned(),
    })
}
