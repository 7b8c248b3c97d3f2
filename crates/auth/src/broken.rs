//! What is set up and can't work.

use std::borrow::Cow;

use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};

use crate::origin::Origin;

/// Something that is set up and can't work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub next: String,
    /// The same as far as it has a name of its own.
    pub fault: Fault,
}

/// What is wrong with what is set up, as far as that has a name of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Profiles take their credentials from one another, in a circle.
    Circle,
    /// The region of IAM Identity Center is none.
    SsoRegion,
    /// These keys of IAM Identity Center are missing.
    LacksSso(Vec<&'static str>),
    /// It names something that is not there.
    NamesAbsent,
    /// It has to be written like this.
    Misspelt(String),
    /// This key has no value.
    Empty(&'static str),
    /// A key id without its secret key.
    LacksSecret,
    /// What stands here, in a file.
    At(Origin),
    /// Anything else.
    #[default]
    Other,
}

impl Broken {
    pub(crate) fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: shown(what.into()), next: shown(next.into()), fault: Fault::Other }
    }

    /// Two of them. What has a name of its own is the first.
    pub(crate) fn and(self, other: &Self) -> Self {
        let next = if self.next == other.next { self.next } else { format!("{}; then {}", self.next, other.next) };
        Self { what: format!("{}; {}", self.what, other.what), next, fault: self.fault }
    }

    /// The same as what ends a run.
    #[must_use]
    pub fn failure(self, kind: FailureKind) -> Failure {
        Failure::new(kind, self.what).next(self.next)
    }

    pub(crate) fn fault(self, fault: Fault) -> Self {
        Self { fault, ..self }
    }
}

impl Fault {
    /// In so few words that a narrow column holds them; nothing where only the whole tells anything.
    #[must_use]
    pub fn short(&self) -> Option<String> {
        Some(match self {
            Self::Circle => "profiles in a circle".to_owned(),
            Self::SsoRegion => "bad SSO region".to_owned(),
            Self::LacksSso(keys) => match keys.as_slice() {
                [key] => format!("lacks {key}"),
                keys => format!("lacks {} keys of SSO", keys.len()),
            },
            Self::NamesAbsent => "names what is not there".to_owned(),
            Self::LacksSecret => "lacks the secret key".to_owned(),
            Self::Misspelt(right) => format!("write it as {right}"),
            Self::Empty("aws_access_key_id") => "the key id is empty".to_owned(),
            Self::Empty(_) => "the secret key is empty".to_owned(),
            Self::At(Origin::File { path, line }) => {
                let file = path.file_name().unwrap_or_default().display().to_string();
                format!("{}:{line} is wrong", printable(&file))
            }
            Self::At(_) | Self::Other => return None,
        })
    }
}

/// Names and values of files and variables are put into every text.
pub(crate) fn shown(text: String) -> String {
    match printable(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(safe) => safe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_short_in_its_column() {
        let at = Origin::File { path: "/home/me/.aws/config".into(), line: 28 };
        for (fault, words) in [
            (Fault::Circle, Some("profiles in a circle")),
            (Fault::LacksSso(vec!["sso_region"]), Some("lacks sso_region")),
            (Fault::LacksSso(vec!["sso_region", "sso_role_name"]), Some("lacks 2 keys of SSO")),
            (Fault::Misspelt("[user]".to_owned()), Some("write it as [user]")),
            (Fault::Empty("aws_secret_access_key"), Some("the secret key is empty")),
            (Fault::At(at), Some("config:28 is wrong")),
            (Fault::At(Origin::Variable("AWS_PROFILE")), None),
            (Fault::Other, None),
        ] {
            assert_eq!(fault.short().as_deref(), words, "{fault:?}");
        }
    }
}
