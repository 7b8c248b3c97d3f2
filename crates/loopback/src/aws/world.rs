//! What every service of one loopback AWS shares.

use std::sync::{Mutex, PoisonError};

use secrecy::SecretString;

use super::{
    clients::Clients,
    clock::Clock,
    console_sessions::ConsoleSessions,
    expiring::Expiring,
    issued::AccessKeys,
    options::{Account, Options},
    script::Script,
    secrets::HandedOut,
    sso_sessions::SsoSessions,
};

/// Where the services listen: `http://127.0.0.1:PORT` each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoints {
    /// [`Service::Oidc`](super::Service::Oidc).
    pub oidc: String,
    /// [`Service::Portal`](super::Service::Portal).
    pub portal: String,
    /// [`Service::SignIn`](super::Service::SignIn).
    pub sign_in: String,
    /// [`Service::Sts`](super::Service::Sts).
    pub sts: String,
    /// [`Service::Account`](super::Service::Account).
    pub account: String,
    /// [`Service::Imds`](super::Service::Imds).
    pub imds: String,
    /// [`Service::Container`](super::Service::Container).
    pub container: String,
}

/// The state of one loopback AWS.
#[derive(Debug)]
pub(super) struct World {
    pub(super) options: Options,
    pub(super) endpoints: Endpoints,
    pub(super) clock: Clock,
    pub(super) script: Script,
    pub(super) secrets: HandedOut,
    /// Every access key.
    pub(super) keys: AccessKeys,
    pub(super) clients: Clients,
    pub(super) sso: SsoSessions,
    pub(super) console: ConsoleSessions,
    /// The subjects of web identity tokens, by token.
    pub(super) web_identities: Expiring<String>,
    pub(super) imds_tokens: Expiring<()>,
    container_token: Mutex<SecretString>,
    /// What may be used at the portal, which changes.
    accounts: Mutex<Vec<Account>>,
}

impl World {
    pub(super) fn new(options: Options, endpoints: Endpoints) -> Self {
        let (clock, secrets) = (Clock::default(), HandedOut::default());
        Self {
            endpoints,
            script: Script::default(),
            keys: AccessKeys::of_users(&options.users, clock.clone(), secrets.clone()),
            clock,
            clients: Clients::new(secrets.clone()),
            sso: SsoSessions::new(secrets.clone()),
            console: ConsoleSessions::new(secrets.clone()),
            web_identities: Expiring::default(),
            imds_tokens: Expiring::default(),
            container_token: Mutex::new(secrets.token(64).into()),
            accounts: Mutex::new(options.accounts.clone()),
            options,
            secrets,
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
        *self.container_token.lock().unwrap_or_else(PoisonError::into_inner) = self.secrets.token(64).into();
    }
}
