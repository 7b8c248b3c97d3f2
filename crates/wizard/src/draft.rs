//! The answers of a session that was left, kept for the next one. No question asks for a secret, so a draft holds none.

use crate::answers::Answers;

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The answers that a person gave.
    pub answers: Answers,
}
