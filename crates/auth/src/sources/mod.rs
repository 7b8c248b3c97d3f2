//! The places where credentials come from, one file each: how it is recognised (`plan`) and how credentials are got there
//! ([`Source::fetch`](crate::link::Source::fetch)). A new one is a file and a line here.

pub(crate) mod environment;
pub(crate) mod keys;
pub(crate) mod role;
pub(crate) mod web_identity;
pub(crate) mod sso;
pub(crate) mod login;
pub(crate) mod process;
pub(crate) mod container;
pub(crate) mod instance;

pub(crate) use process::as_wanted;
pub use process::{end_programs, with_programs};

use crate::{
    aws_files::{AwsFiles, Profile},
    environment::Environment,
    link::Link,
};

/// What planners of links look at.
pub(crate) struct Context<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) files: &'a AwsFiles,
    /// The profile at hand; without keys where there is none of the name.
    pub(crate) profile: &'a Profile,
    /// Whether the profile was chosen by name, so that variables do not count.
    pub(crate) pinned: bool,
    /// The profiles through which the search has come, the first one first.
    pub(crate) through: Vec<String>,
}

pub(crate) type Planner = fn(&Context<'_>) -> Link;

/// All that a profile can say, in botocore's order.
pub(crate) const IN_PROFILE: [Planner; 7] = [
    role::plan,
    web_identity::plan,
    sso::plan,
    keys::in_credentials_file,
    login::plan,
    process::plan,
    keys::in_config_file,
];

/// The role of this machine.
pub(crate) const OF_MACHINE: [Planner; 2] = [container::plan, instance::plan];

/// All that a profile says, as the source of a role: variables do not count.
fn links_of_source(context: &Context<'_>) -> Vec<Link> {
    IN_PROFILE.iter().skip(1).map(|plan| plan(context)).collect()
}
