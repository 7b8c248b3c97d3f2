//! What a question is: all that any front needs to ask it. The full screen, the plain mode, the flags of `lakeward init`, the answers
//! file and the docs are made from [`QUESTIONS`].

use serde::{Deserialize, Serialize};

pub use crate::registry::QUESTIONS;
use crate::{answers::Answers, answers::Value, facts::Facts, state::Screen, table};

/// Which question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is described by its question")]
pub enum Id {
    Storage,
    Auth,
    Profile,
    SsoSession,
    SsoStartUrl,
    SsoRegion,
    SsoAccountId,
    SsoRoleName,
    RoleArn,
    SourceProfile,
    MfaSerial,
    ExternalId,
    RoleSessionName,
    Duration,
    Dir,
    Bucket,
    Path,
    Region,
    Format,
    Compression,
    FileSize,
    SseKmsKeyId,
    Endpoint,
    Source,
    Paths,
    Command,
    Table,
    SourceFormat,
    OnError,
    Address,
    Plugin,
    Tables,
    SkipTables,
    Spec,
    Network,
    Timeout,
}

/// One question.
#[derive(Debug)]
pub struct Question {
    /// Which.
    pub id: Id,
    /// Its key in the config, with the tables above it: `destination.bucket`; `source.paths` is of the first `[[source]]`.
    pub key: &'static str,
    /// Its flag, without the dashes; also its key in an answers file.
    pub flag: &'static str,
    /// A few words, as the label of a field.
    pub title: &'static str,
    /// One or two sentences: what it is, and what follows from it.
    pub help: &'static str,
    /// An answer that would do, as it is typed.
    pub example: &'static str,
    /// How it is answered.
    pub kind: Kind,
    /// The screen on which it is asked.
    pub screen: Screen,
    /// Whether few people need it: it is asked only where someone wants to see it, and written only where it says something else
    /// than the default.
    pub rare: bool,
    /// Whether it is asked at all, given the other answers, and must be answered then.
    pub need: fn(&Answers) -> Need,
    /// The answer that is taken where nobody gives one.
    pub default: fn(&Answers, &Facts) -> Option<Value>,
    /// The answers on which this one rests: when one of them changes, this one is looked at again.
    pub depends_on: &'static [Id],
}

/// Whether a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It does not go with the other answers.
    NotAsked,
    /// No answer is an answer too.
    Optional,
    /// Without an answer there is no config.
    Required,
}

/// How a question is answered.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A line of text.
    Text,
    /// Several texts, such as paths; typed with blanks between, and quoted as a shell wants it.
    List,
    /// A program and its arguments, split as a shell would.
    Words,
    /// A table with whatever keys: a line of TOML or of JSON.
    Table,
    /// One of a few.
    Choice(&'static [Choice]),
}

/// One of a few answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The value in the config.
    pub value: &'static str,
    /// What it means, in a few words.
    pub help: &'static str,
}

impl Id {
    /// The question.
    #[must_use]
    pub fn question(self) -> &'static Question {
        // A test holds that the registry is in the order of the ids, whole.
        QUESTIONS.iter().find(|question| question.id == self).unwrap_or(&QUESTIONS[0])
    }
}

impl Question {
    /// The question that a flag answers; `_` counts as `-`.
    #[must_use]
    pub fn of_flag(flag: &str) -> Option<&'static Self> {
        let flag = flag.replace('_', "-");
        QUESTIONS.iter().find(|question| question.flag == flag)
    }

    /// The `LAKEWARD_` variable that answers it; a source has none.
    #[must_use]
    pub fn variable(&self) -> Option<String> {
        let keys: Vec<String> = self.key.split('.').map(str::to_uppercase).collect();
        match keys.as_slice() {
            [table, ..] if table == "SOURCE" => None,
            [table, rest @ ..] => Some(format!("LAKEWARD_{table}_{}", rest.join("__"))),
            [] => None,
        }
    }

    /// The choices, where it has some.
    #[must_use]
    pub fn choices(&self) -> &'static [Choice] {
        if let Kind::Choice(choices) = self.kind { choices } else { &[] }
    }

    /// Whether it is answered with a table, into which a secret may be typed by mistake.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.kind, Kind::Table)
    }

    /// The answer that a text is: of a list or of words its parts, of a table its line.
    ///
    /// # Errors
    /// When a quote in it is not closed, or it is no table.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        match self.kind {
            Kind::Text | Kind::Choice(_) => Ok(Value::Text(text.to_owned())),
            Kind::Table if text.is_empty() => Ok(Value::Text(String::new())),
            Kind::Table => table::read(text).map(Value::Text),
            Kind::List | Kind::Words => {
                shlex::split(text).map(Value::List).ok_or_else(|| "a quote in it is not closed".to_owned())
            }
        }
    }
}

impl Value {
    /// As it is typed into a field: [`Question::read`] gives it back.
    #[must_use]
    pub fn typed(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(parts) => shlex::Quoter::new()
                .allow_nul(true)
                .join(parts.iter().map(String::as_str))
                .unwrap_or_else(|_| parts.join(" ")),
        }
    }
}
