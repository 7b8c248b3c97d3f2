//! What a resolution consists of: links, each with what was found there, and from where.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use aws_credential_types::Credentials;

use crate::{
    broken::{Broken, shown},
    error::SourceError,
    origin::Setting,
    place::Place,
    sources::role::MfaRole,
    step::Step,
    tools::Tools,
};

/// One place where credentials may come from.
#[derive(Clone, Debug)]
pub struct Link {
    /// Which.
    pub place: Place,
    /// What was found there.
    pub state: State,
    /// The values that say so.
    pub settings: Vec<Setting>,
    /// For a role: where the credentials that assume it come from.
    pub inner: Vec<Link>,
}

/// What was found at a place.
#[derive(Clone, Debug)]
pub enum State {
    /// Credentials can be had here.
    Found(Found),
    /// Nothing is set up here, and why.
    Skipped(String),
    /// Something is set up here that can't work.
    Broken(Broken),
}

/// A place where credentials can be had.
#[derive(Clone)]
pub struct Found {
    /// What they are, such as `role arn:…, assumed with profile x`.
    pub what: String,
    pub(crate) source: Arc<dyn Source>,
}

impl Found {
    /// What has to be run or asked to get them, innermost first; nothing for keys that are at hand.
    #[must_use]
    pub fn needs(&self) -> Vec<Step> {
        self.source.needs()
    }

    /// Whether nothing says that there are any, so that only asking shows it: the role of an instance, where a search ends.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        self.source.is_guess()
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").field("what", &self.what).finish_non_exhaustive()
    }
}

impl Link {
    pub(crate) fn found(place: Place, what: impl Into<String>, source: impl Source + 'static) -> Self {
        let found = Found { what: shown(what.into()), source: Arc::new(source) };
        Self { place, state: State::Found(found), settings: Vec::new(), inner: Vec::new() }
    }

    pub(crate) fn skipped(place: Place, why: impl Into<String>) -> Self {
        Self { place, state: State::Skipped(shown(why.into())), settings: Vec::new(), inner: Vec::new() }
    }

    pub(crate) fn broken(place: Place, broken: Broken) -> Self {
        Self { place, state: State::Broken(broken), settings: Vec::new(), inner: Vec::new() }
    }

    pub(crate) fn with(mut self, settings: Vec<Setting>) -> Self {
        self.settings = settings;
        self
    }

    pub(crate) fn inside(mut self, inner: Vec<Link>) -> Self {
        self.inner = inner;
        self
    }

    /// Whether the search ends here, for better or worse.
    #[must_use]
    pub fn decides(&self) -> bool {
        !matches!(self.state, State::Skipped(_))
    }
}

/// The link at which the search ends.
#[must_use]
pub fn deciding(links: &[Link]) -> Option<&Link> {
    links.iter().find(|link| link.decides())
}

/// A place where credentials can be had, again and again.
#[async_trait]
pub(crate) trait Source: Send + Sync {
    /// Gets credentials.
    async fn fetch(&self, tools: &Tools) -> Result<Credentials, SourceError>;

    /// What has to be run or asked for that, innermost first.
    fn needs(&self) -> Vec<Step>;

    /// Whether nothing says that there are credentials here.
    fn is_guess(&self) -> bool {
        false
    }

    /// The roles on the way that ask for an MFA code, innermost first.
    fn mfa_roles(&self) -> Vec<MfaRole> {
        Vec::new()
    }

    /// Whether later credentials can differ from earlier ones: whether it renews by itself.
    fn renews(&self) -> bool {
        true
    }

    /// A source of the same credentials that may do no more than a session policy allows; or why there is none.
    fn restricted(&self, _policy: &str) -> Result<Arc<dyn Source>, &'static str> {
        Err("these are not credentials of a role that is assumed here, so they can't be had with fewer rights")
    }
}
