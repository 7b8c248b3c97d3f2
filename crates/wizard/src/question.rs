//! The registry of questions: what is asked, and all that any front needs to ask it. The full screen, the plain mode, the flags of
//! `lakeward init`, the answers file and the docs are made from it.

use serde::{Deserialize, Serialize};

use crate::{answers::Answers, answers::Value, facts::Facts};

/// Which question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is described by its question")]
pub enum Id {
    Auth,
    Profile,
    SsoSession,
    SsoStartUrl,
    SsoRegion,
    SsoAccountId,
    SsoRoleName,
    RoleArn,
    SourceProfile,
    ExternalId,
    RoleSessionName,
    Duration,
    MfaSerial,
    Storage,
    Dir,
    Bucket,
    Region,
    Endpoint,
    Path,
    Format,
    Compression,
    FileSize,
    SseKmsKeyId,
    Source,
    Paths,
    Table,
    SourceFormat,
    Command,
    OnError,
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
    /// An answer that would do.
    pub example: &'static str,
    /// How it is answered.
    pub kind: Kind,
    /// Whether it is asked at all, given the other answers.
    pub asked: fn(&Answers) -> bool,
    /// Whether there must be an answer where it is asked.
    pub required: bool,
    /// The answer that is taken where nobody gives one.
    pub default: fn(&Answers, &Facts) -> Option<Value>,
    /// The answers on which this one rests: when one of them changes, this one is looked at again.
    pub depends_on: &'static [Id],
}

/// How a question is answered.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A line of text.
    Text,
    /// Several texts, such as paths.
    List,
    /// A program and its arguments, split as a shell would.
    Words,
    /// One of a few.
    Choice(&'static [Choice]),
}

/// One of a few answers.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The value in the config.
    pub value: &'static str,
    /// What it means, in a few words.
    pub help: &'static str,
}

/// Every question, in the order in which they are asked.
pub const QUESTIONS: &[Question] = &[];
