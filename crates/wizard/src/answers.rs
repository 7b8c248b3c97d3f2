//! The answers so far, and where each came from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::question::Id;

/// An answer's value. None is a secret: the config holds none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Of a text or a choice.
    Text(String),
    /// Of a list or words.
    List(Vec<String>),
}

impl Value {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::List(parts) => parts.is_empty(),
        }
    }
}

impl std::convert::From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Who gave an answer. An earlier one is not overruled by a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// The person, in this session.
    Typed,
    /// A flag.
    Flag,
    /// A `LAKEWARD_` variable.
    Variable,
    /// The answers file.
    File,
    /// The draft of an earlier session.
    Draft,
    /// The config that is edited.
    Config,
    /// Something that was found on this machine.
    Detected,
    /// The question's default.
    Default,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What was answered. A blank one is no answer, and keeps weaker ones out.
    pub value: Value,
    /// By whom.
    pub from: From,
    /// Whether an answer that it rests on has changed since.
    #[serde(default)]
    pub stale: bool,
}

/// All answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers(BTreeMap<Id, Answer>);

impl Answers {
    /// An answer.
    #[must_use]
    pub fn get(&self, id: Id) -> Option<&Answer> {
        self.0.get(&id)
    }

    /// The value of an answer that says something.
    #[must_use]
    pub fn value(&self, id: Id) -> Option<&Value> {
        self.get(id).map(|answer| &answer.value).filter(|value| !value.is_blank())
    }

    /// The text of an answer that says something.
    #[must_use]
    pub fn text(&self, id: Id) -> Option<&str> {
        match self.value(id)? {
            Value::Text(text) => Some(text),
            Value::List(_) => None,
        }
    }

    /// Whether a choice was answered with this value.
    #[must_use]
    pub fn is(&self, id: Id, value: &str) -> bool {
        self.text(id) == Some(value)
    }
}
