//! What has to be run or asked to get credentials.

use std::{fmt, path::PathBuf};

use lakeward_core::untrusted::printable;

/// One thing that is run or asked. As a text it goes on after "Lakeward".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A program is run.
    Runs(String),
    /// STS is asked for this role.
    AsksSts(String),
    /// The token in a file is sent to STS.
    SendsToken(PathBuf),
    /// IAM Identity Center is asked for a role, in this region.
    AsksSso(String),
    /// A service of the machine is asked, at this URL.
    Asks(String),
    /// The AWS CLI's cache is read, for this role.
    ReadsRole(String),
    /// The console sign-in of this session is read, and renewed near its end.
    ReadsSignIn(String),
}

impl Step {
    /// Whether it is STS that answers: it has to be found in a region.
    pub(crate) fn is_for_sts(&self) -> bool {
        matches!(self, Self::AsksSts(_) | Self::SendsToken(_))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runs(program) => write!(f, "runs {}", printable(program)),
            Self::AsksSts(role) => write!(f, "asks STS for role {}", printable(role)),
            Self::SendsToken(file) => {
                write!(f, "sends the token in {} to STS", printable(&file.display().to_string()))
            }
            Self::AsksSso(region) => write!(f, "asks IAM Identity Center in {} for the role", printable(region)),
            Self::Asks(url) => write!(f, "asks {}", printable(url)),
            Self::ReadsRole(role) => write!(f, "reads the AWS CLI's cache for role {}", printable(role)),
            Self::ReadsSignIn(session) => {
                write!(f, "reads the sign-in of {}, and renews it if less than 5 minutes are left", printable(session))
            }
        }
    }
}
