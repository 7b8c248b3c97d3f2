//! The sign-ins at the console: codes that were given out, refresh tokens, and the proofs that came with requests.

use secrecy::SecretString;

use super::{codes::Codes, dpop::Proofs, expiring::Expiring, issued::Issued, secrets::HandedOut};

/// A sign-in at the console as a client remembers it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConsoleSession {
    /// The client that signed in: the one whose browser is on its own machine.
    pub client_id: String,
    /// The temporary keys.
    pub keys: Issued,
    /// What they are renewed with, by the holder of the key.
    pub refresh_token: SecretString,
    /// Who signed in, as a JWT.
    pub id_token: SecretString,
}

/// Codes, sessions and proofs.
#[derive(Debug, Default)]
pub(super) struct ConsoleSessions {
    pub(super) codes: Codes,
    /// By refresh token.
    pub(super) sessions: Expiring<Session>,
    pub(super) proofs: Proofs,
}

/// What a refresh token belongs to.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) client_id: String,
    /// The thumbprint of its key.
    pub(super) key: String,
}

impl ConsoleSessions {
    pub(super) fn new(secrets: HandedOut) -> Self {
        Self { codes: Codes::new(secrets), ..Self::default() }
    }

    /// Makes every refresh token void.
    pub(super) fn end_all(&self) {
        self.sessions.all().clear();
    }
}
