//! What every service of one loopback AWS shares.

use std::sync::{Mutex, PoisonError};

use secrecy::SecretString;

use super::{
    account,
    clock::Clock,
    compute,
    console::{self, Console},
    exchange::{Answer, Refusal, Request},
    expiring::Expiring,
    issued::AccessKeys,
    oidc::{self, Oidc},
    options::{Account, Options},
    portal, random,
    script::{Operation, Script, Service},
    sso_sessions::SsoSessions,
    sts,
};

/// Where the services listen: `http://127.0.0.1:PORT` each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoints {
    /// [`Service::Oidc`].
    pub oidc: String,
    /// [`Service::Portal`].
    pub portal: String,
    /// [`Service::SignIn`].
    pub sign_in: String,
    /// [`Service::Sts`].
    pub sts: String,
    /// [`Service::Account`].
    pub account: String,
    /// [`Service::Imds`].
    pub imds: String,
    /// [`Service::Container`].
    pub container: String,
}

/// The state of one loopback AWS.
#[derive(Debug)]
pub(super) struct World {
    pub(super) options: Options,
    pub(super) endpoints: Endpoints,
    pub(super) clock: Clock,
    pub(super) script: Script,
    /// Every access key.
    pub(super) keys: AccessKeys,
    pub(super) oidc: Oidc,
    pub(super) sso: SsoSessions,
    pub(super) console: Console,
    /// The subjects of web identity tokens, by token.
    pub(super) web_identities: Expiring<String>,
    pub(super) imds_tokens: Expiring<()>,
    container_token: Mutex<SecretString>,
    /// What may be used at the portal, which changes.
    accounts: Mutex<Vec<Account>>,
}

impl World {
    pub(super) fn new(options: Options, endpoints: Endpoints) -> Self {
        let clock = Clock::default();
        Self {
            endpoints,
            script: Script::default(),
            keys: AccessKeys::of_users(&options.users, clock.clone()),
            clock,
            oidc: Oidc::default(),
            sso: SsoSessions::default(),
            console: Console::default(),
            web_identities: Expiring::default(),
            imds_tokens: Expiring::default(),
            container_token: Mutex::new(random::token(64).into()),
            accounts: Mutex::new(options.accounts.clone()),
            options,
        }
    }

    pub(super) fn accounts(&self) -> Vec<Account> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_accounts(&self, accounts: Vec<Account>) {
        *self.accounts.lock().unwrap_or_else(PoisonError::into_inner) = accounts;
    }

    pub(super) fn container_token(&self) -> SecretString {
        self.container_token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn new_container_token(&self) {
        *self.container_token.lock().unwrap_or_else(PoisonError::into_inner) = random::token(64).into();
    }
}

impl Service {
    /// Which operation a request to it is for.
    pub(super) fn operation(self, request: &Request) -> Option<Operation> {
        match self {
            Self::Oidc => oidc::operation(request),
            Self::Portal => portal::operation(request),
            Self::SignIn => console::operation(request),
            Self::Sts => sts::operation(request),
            Self::Account => account::operation(request),
            Self::Imds => compute::imds_operation(request),
            Self::Container => compute::container_operation(request),
        }
    }

    /// Its answer.
    pub(super) fn answer(self, world: &World, operation: Operation, request: &Request) -> Answer {
        let answered = match self {
            Self::Oidc => oidc::answer(world, operation, request),
            Self::Portal => portal::answer(world, operation, request),
            Self::SignIn => console::answer(world, operation, request),
            Self::Sts => sts::answer(world, operation, request),
            Self::Account => account::answer(world, request),
            Self::Imds => compute::imds(world, operation, request),
            Self::Container => compute::container(world, request),
        };
        answered.unwrap_or_else(|Refusal { status, code, message }| self.error(status, code, &message))
    }

    /// An error in its form.
    pub(super) fn error(self, status: u16, code: &str, message: &str) -> Answer {
        match self {
            Self::Oidc => oidc::error(status, code, message),
            Self::Portal => portal::error(status, code, message),
            Self::SignIn => console::error(status, code, message),
            Self::Sts => sts::error(status, code, message),
            Self::Account => account::error(status, code, message),
            Self::Imds => compute::imds_error(status, code, message),
            Self::Container => compute::container_error(status, code, message),
        }
    }

    /// The answer to a request for something that it does not do.
    pub(super) fn unknown(self) -> Answer {
        match self {
            Self::Sts => self.error(400, "InvalidAction", "Could not find operation for version 2011-06-15"),
            _ => self.error(404, "UnknownOperationException", "there is no such operation"),
        }
    }
}
