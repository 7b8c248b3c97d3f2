//! How a run can fail, in words for the person at the keyboard, and the exit code that goes with it.

use std::fmt;

/// The kinds of failure; each is one documented exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// A bug of Lakeward.
    Bug,
    /// Wrong from config and flags alone.
    Usage,
    /// Anything about an input: a missing file, bad data, a source that failed.
    Input,
    /// The destination never answered, has no such bucket, or a local folder can't be written.
    Destination,
    /// Stopped after some progress for another reason than a signal: retry deadline, disk full.
    Partial,
    /// Not signed in, or not allowed.
    Denied,
    /// Stopped by SIGINT or SIGTERM.
    Interrupted,
}

impl FailureKind {
    /// The process's exit code: those of sysexits.h where it has a fitting one, 128 + 2 for an interruption.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Bug => 1,
            Self::Usage => 2,
            Self::Input => 65,
            Self::Destination => 69,
            Self::Partial => 75,
            Self::Denied => 77,
            Self::Interrupted => 130,
        }
    }
}

/// What ended a run: what failed on what and why, and what to do next.
#[derive(Debug)]
pub struct Failure {
    /// Decides the exit code.
    pub kind: FailureKind,
    /// What failed, on what, and why: one or more whole lines without a final dot.
    pub what: String,
    /// What the person can do next, where there is something to do.
    pub next: Option<String>,
}

impl Failure {
    /// A failure without advice.
    pub fn new(kind: FailureKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), next: None }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn next(mut self, advice: impl Into<String>) -> Self {
        self.next = Some(advice.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_the_documented_ones() {
        use FailureKind::{Bug, Denied, Destination, Input, Interrupted, Partial, Usage};
        let codes = [Bug, Usage, Input, Destination, Partial, Denied, Interrupted].map(FailureKind::exit_code);
        assert_eq!(codes, [1, 2, 65, 69, 75, 77, 130]);
    }
}
