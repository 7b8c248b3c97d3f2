//! All that is secret of what was given out: for a test that looks whether a program shows or leaves any of it.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::SecretString;

use super::random;

/// The most secrets that are remembered; the oldest go first.
const MOST: usize = 100_000;

/// Every secret that was given out: tokens, keys' secrets, clients' secrets, codes. Its clones are the same list.
#[derive(Clone, Default)]
pub struct HandedOut(Arc<Mutex<VecDeque<SecretString>>>);

impl fmt::Debug for HandedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandedOut")
    }
}

impl HandedOut {
    /// All so far (the last 100,000).
    #[must_use]
    pub fn all(&self) -> Vec<SecretString> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// A new secret of `bytes` random bytes.
    pub(super) fn token(&self, bytes: usize) -> String {
        self.noted(random::token(bytes))
    }

    /// The secret itself, which is remembered.
    pub(super) fn noted(&self, secret: String) -> String {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == MOST {
            all.pop_front();
        }
        all.push_back(secret.as_str().into());
        secret
    }
}
