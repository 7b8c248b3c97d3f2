//! The sessions of IAM Identity Center: bearer tokens for the portal, and the refresh tokens that renew them.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use secrecy::SecretString;

use super::{
    expiring::Expiring,
    options::{Lifetimes, RefreshTokens},
    random,
    secrets::HandedOut,
};

/// A sign-in at IAM Identity Center as a client remembers it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SsoSession {
    /// The client that signed in.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// When its registration expires.
    pub registration_expires: SystemTime,
    /// The bearer token for the portal.
    pub access_token: SecretString,
    /// When that expires.
    pub expires: SystemTime,
    /// What it is renewed with.
    pub refresh_token: SecretString,
}

/// What a client gets.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) lifetime: Duration,
    pub(super) refresh: Option<String>,
}

/// A sign-in, to which tokens belong.
#[derive(Clone, Debug)]
struct Session {
    id: String,
    client_id: String,
    ends: SystemTime,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct SsoSessions {
    access: Expiring<Session>,
    refresh: Expiring<Session>,
    secrets: HandedOut,
    /// A rotation is one step: of two that use a token at once, one loses.
    rotation: Mutex<()>,
}

impl SsoSessions {
    pub(super) fn new(secrets: HandedOut) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// Begins a session.
    pub(super) fn begin(&self, client_id: &str, refreshes: bool, now: SystemTime, lifetimes: &Lifetimes) -> Tokens {
        let ends = now + lifetimes.sso_session;
        let session = Session { id: random::token(16), client_id: client_id.into(), ends };
        let refresh = refreshes.then(|| self.give_refresh(&session, now));
        self.give_access(session, refresh, now, lifetimes)
    }

    /// Renews the access token. `None` if the refresh token is not good (any more), or another client's.
    pub(super) fn renew(
        &self,
        client_id: &str,
        token: &str,
        mode: RefreshTokens,
        now: SystemTime,
        lifetimes: &Lifetimes,
    ) -> Option<Tokens> {
        let _one_at_a_time = self.rotation.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.refresh.get(token).filter(|known| !known.is_expired(now))?;
        let session = Some(known.value).filter(|session| session.client_id == client_id)?;
        let refresh = match mode {
            RefreshTokens::Rotate => {
                self.refresh.take(token);
                Some(self.give_refresh(&session, now))
            }
            RefreshTokens::Repeat => Some(token.to_owned()),
            RefreshTokens::Omit => None,
        };
        Some(self.give_access(session, refresh, now, lifetimes))
    }

    /// Whether an access token is good.
    pub(super) fn is_good(&self, access: &str, now: SystemTime) -> bool {
        self.access.get(access).is_some_and(|session| !session.is_expired(now))
    }

    /// Ends the session of an access token, as `Logout` does.
    pub(super) fn end(&self, access: &str) {
        if let Some(ended) = self.access.take(access) {
            self.access.all().retain(|_, session| session.value.id != ended.value.id);
            self.refresh.all().retain(|_, session| session.value.id != ended.value.id);
        }
    }

    /// Makes every access token void before its time; they can be renewed.
    pub(super) fn revoke_access(&self) {
        self.access.all().clear();
    }

    /// Makes every token void.
    pub(super) fn end_all(&self) {
        self.access.all().clear();
        self.refresh.all().clear();
    }

    fn give_refresh(&self, session: &Session, now: SystemTime) -> String {
        let token = self.secrets.noted(format!("aorAAAAA{}", random::token(96)));
        let lifetime = session.ends.duration_since(now).unwrap_or_default();
        self.refresh.insert(&token, session.clone(), now, lifetime);
        token
    }

    fn give_access(&self, session: Session, refresh: Option<String>, now: SystemTime, lifetimes: &Lifetimes) -> Tokens {
        let access = self.secrets.noted(format!("aoaAAAAA{}", random::token(96)));
        let lifetime = lifetimes.sso_token;
        self.access.insert(&access, session, now, lifetime);
        Tokens { access, lifetime, refresh }
    }
}
