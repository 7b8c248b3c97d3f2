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
    /// The config that is edited.
    Config,
    /// The draft of an earlier session.
    Draft,
    /// Something that was found on this machine.
    Detected,
    /// The question's default.
    Default,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What was answered.
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

    /// The text of an answer; that of a list is its parts with spaces between.
    #[must_use]
    pub fn text(&self, id: Id) -> Option<String> {
        Some(match &self.get(id)?.value {
            Value::Text(text) => text.clone(),
            Value::List(parts) => parts.join(" "),
        })
    }

    /// Whether a choice was answered with this value.
    #[must_use]
    pub fn is(&self, id: Id, value: &str) -> bool {
        matches!(self.get(id), Some(Answer { value: Value::Text(text), .. }) if text == value)
    }
}
