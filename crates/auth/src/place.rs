//! The places where credentials are searched.

use std::fmt;

/// A place where credentials may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A profile that is named and is not there.
    Profile,
    /// Keys in environment variables.
    Environment,
    /// A role that a profile assumes.
    RoleOfProfile,
    /// A role that Lakeward's config names.
    RoleOfConfig,
    /// A role that is assumed with a token in a file.
    WebIdentity,
    /// A role of IAM Identity Center.
    Sso,
    /// Keys in the credentials file.
    KeysInCredentials,
    /// A console sign-in.
    Console,
    /// A program that prints credentials.
    Program,
    /// Keys in the config file of the AWS tools.
    KeysInConfig,
    /// The role of a container.
    Container,
    /// The role of an EC2 instance.
    Instance,
}

impl Place {
    /// What the place is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Environment => "environment keys",
            Self::RoleOfProfile => "role of the profile",
            Self::RoleOfConfig => "role of [auth]",
            Self::WebIdentity => "web identity",
            Self::Sso => "IAM Identity Center",
            Self::KeysInCredentials => "keys in the credentials file",
            Self::Console => "console sign-in",
            Self::Program => "credential_process",
            Self::KeysInConfig => "keys in the config file",
            Self::Container => "container role",
            Self::Instance => "instance role",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
