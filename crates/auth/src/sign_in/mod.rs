//! Signing in, with a person at hand: to IAM Identity Center, to the console, with an MFA code; and signing out. What comes of it
//! goes to the AWS tools' own caches and files, where runs find it.

mod person;
mod situation;
mod target;
mod sso;
mod start_url;
mod registration;
mod device;
mod browser;
mod listener;
mod pkce;
mod server_time;
mod directory;
mod console;
mod mfa;
mod logout;

pub use console::{ConsoleRequest, ConsoleSignedIn};
pub use directory::{Account, AccountRoles, DirectoryError};
pub use logout::{SignOut, SignedOut};
pub use mfa::{CodeQuestion, Given, RoleMfa, UserMfa, UserMfaRequest};
pub use person::{Act, Attendant, Code, Flow, Page, Person, Progress};
pub use situation::{Machine, Situation, situation};
pub use sso::{SsoSignedIn, Way};
pub use target::{Choice, SsoRole, SsoTarget, Target};

use std::fmt;

use lakeward_core::failure::Failure;

use crate::{
    aws_files::{AwsFiles, Changed, Edit},
    environment::Environment,
    session::Signing,
    tools::Tools,
};

/// The scope that a session asks for: what the access portal needs.
pub const SSO_SCOPE: &str = crate::cache::sso_registration::ACCESS_SCOPE;

/// What signing in works with: the environment, the AWS files, and the clients that both say how to build.
pub struct SignIn {
    pub(crate) environment: Environment,
    pub(crate) files: AwsFiles,
    /// The profile whose settings count, which need not exist.
    pub(crate) profile: String,
    pub(crate) tools: Tools,
}

impl SignIn {
    /// Reads the AWS files. `profile` is the one whose settings (region, endpoints, CA bundle) count; without it that which the
    /// environment names.
    ///
    /// # Errors
    /// [`FailureKind::Denied`](lakeward_core::failure::FailureKind::Denied) when the files can't be read;
    /// [`FailureKind::Usage`](lakeward_core::failure::FailureKind::Usage) when the CA bundle can't be used.
    pub fn new(environment: Environment, profile: Option<&str>) -> Result<Self, Failure> {
        let auth = match profile {
            Some(name) => lakeward_core::plan::AuthPlan::Profile(name.to_owned()),
            None => lakeward_core::plan::AuthPlan::Chain,
        };
        let signing = Signing::plan(&auth, environment)?;
        let tools = signing.tools(signing.http(None)?);
        let profile = signing.resolution.profile.as_ref().map_or("default", |profile| &profile.value).to_owned();
        let Signing { environment, files, .. } = signing;
        Ok(Self { environment, files, profile, tools })
    }

    /// The AWS files with changes. Nothing is written yet.
    ///
    /// # Errors
    /// [`FailureKind::Denied`](lakeward_core::failure::FailureKind::Denied) when a file can't be read, or can't take a change.
    pub fn changes(&self, edits: &[Edit]) -> Result<Vec<Changed>, Failure> {
        self.files.changed(edits)
    }

    /// The profile whose settings count.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// Whether the profile gets its credentials from a console sign-in.
    #[must_use]
    pub fn has_console_sign_in(&self) -> bool {
        self.has("login_session") && !self.has("role_arn")
    }

    /// Whether the profile holds a user's keys and names an MFA device.
    #[must_use]
    pub fn has_mfa_device(&self) -> bool {
        self.has("mfa_serial") && self.has("aws_access_key_id") && !self.has("role_arn")
    }

    fn has(&self, key: &str) -> bool {
        self.files.profiles.get(&self.profile).is_some_and(|profile| profile.get(key).is_some())
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("profile", &self.profile).finish_non_exhaustive()
    }
}
