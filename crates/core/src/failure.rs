//! How a run can fail, in words for the person at the keyboard, and the exit code that goes with it.

use std::{error::Error, fmt, iter};

use crate::untrusted::excerpt;

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
    /// What the person can do next, where there is something to do. Of several things, one a line, the most likely first.
    pub next: Option<String>,
    /// Whether it is of rows that do not fit and that the source could set aside instead.
    pub can_set_aside: bool,
}

impl Failure {
    /// A failure without advice.
    pub fn new(kind: FailureKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), next: None, can_set_aside: false }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn next(mut self, advice: impl Into<String>) -> Self {
        self.next = Some(advice.into());
        self
    }
}

/// What to do next in one line: all of several things.
#[must_use]
pub fn in_one_line(next: &str) -> String {
    next.lines().collect::<Vec<_>>().join("; or: ")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Failure {}

/// An error and all its causes, the outermost first.
pub fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&cause| cause.source())
}

/// The first among an error and its causes that is a `T`.
#[must_use]
pub fn find_cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// That a server on the network gave no answer: which, and why, in whole. What lies below it is for programs.
#[derive(Debug)]
pub struct Unreached {
    /// Such as "sts.amazonaws.com can't be reached: connection refused".
    pub what: String,
    /// What stood in the way.
    pub why: NoAnswer,
    /// What was met.
    pub cause: Box<dyn Error + Send + Sync>,
}

/// What stood in the way of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// There was no connection within this time.
    NoConnection(String),
    /// There was no answer within this time.
    Late(String),
    /// Nobody knows the server's name.
    UnknownName,
    /// Nothing listens there.
    Refused,
    /// The connection was broken off.
    Reset,
    /// The system has given up waiting for the connection.
    NotInTime,
    /// The network does not lead there.
    NoWay,
    /// Anything else, as a client tells it.
    Other(String),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConnection(limit) => write!(f, "no connection within {limit}"),
            Self::Late(limit) => write!(f, "no answer within {limit}"),
            Self::UnknownName => f.write_str("its name is not known (DNS)"),
            Self::Refused => f.write_str("connection refused"),
            Self::Reset => f.write_str("connection reset"),
            Self::NotInTime => f.write_str("no connection in time"),
            Self::NoWay => f.write_str("no way leads there"),
            Self::Other(why) => f.write_str(why),
        }
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Unreached {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.cause.as_ref())
    }
}

/// What clients say around an [`Unreached`], and what tells a person nothing.
const AROUND: [&str; 4] = ["dispatch failure", "io error", "timeout", "other"];

/// An error with all its causes in one printable line of at most `most` characters. A cause that an outer error has already
/// told is left out, and so are those of an [`Unreached`].
#[must_use]
pub fn told(error: &(dyn Error + 'static), most: usize) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        if cause.is::<Unreached>() {
            parts.retain(|part| !AROUND.contains(&part.as_str()));
            if !parts.iter().any(|part| part.contains(&text)) {
                parts.push(text);
            }
            break;
        }
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    excerpt(&parts.join(": "), most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<dyn Error + Send + Sync>>,
    }

    #[test]
    fn an_error_is_told_with_its_causes_and_none_of_them_twice() {
        let innermost = std::io::Error::other("refused\x1b[31m");
        let inner = Layer { text: "tunnel error", source: Some(Box::new(innermost)) };
        let outer = Layer { text: "dispatch failure: tunnel error", source: Some(Box::new(inner)) };
        assert_eq!(told(&outer, 100), "dispatch failure: tunnel error: refused[31m");
        assert_eq!(told(&outer, 9), "dispatch…");
        assert!(find_cause::<std::io::Error>(&outer).is_some() && find_cause::<fmt::Error>(&outer).is_none());
    }

    #[test]
    fn of_a_server_that_was_not_reached_its_name_and_the_reason_are_told() {
        let innermost = std::io::Error::other("tcp connect error");
        let what = "sts can't be reached: refused".into();
        let unreached = Unreached { what, why: NoAnswer::Refused, cause: Box::new(innermost) };
        let around = Layer { text: "io error", source: Some(Box::new(unreached)) };
        let around = Layer { text: "dispatch failure", source: Some(Box::new(around)) };
        assert_eq!(told(&around, 100), "sts can't be reached: refused");
        let outer = Layer { text: "no keys", source: Some(Box::new(around)) };
        assert_eq!(told(&outer, 100), "no keys: sts can't be reached: refused");
        assert!(find_cause::<std::io::Error>(&outer).is_some());
    }

    #[test]
    fn exit_codes_are_the_documented_ones() {
        use FailureKind::{Bug, Denied, Destination, Input, Interrupted, Partial, Usage};
        let codes = [Bug, Usage, Input, Destination, Partial, Denied, Interrupted].map(FailureKind::exit_code);
        assert_eq!(codes, [1, 2, 65, 69, 75, 77, 130]);
    }
}
