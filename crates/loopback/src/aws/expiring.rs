//! What the services remember under a random name for a while.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

/// What has expired is told apart from what never was for this long.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// How many there may be before what is long expired is forgotten.
const MANY: usize = 1000;

/// Values by name, each with its end. The names are secrets as a rule.
pub(super) struct Expiring<T>(Mutex<HashMap<String, Lasting<T>>>);

/// A value and its end.
#[derive(Clone, Debug)]
pub(super) struct Lasting<T> {
    pub(super) value: T,
    pub(super) expires: SystemTime,
}

impl<T> Lasting<T> {
    pub(super) fn is_expired(&self, now: SystemTime) -> bool {
        self.expires <= now
    }
}

impl<T> Default for Expiring<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> fmt::Debug for Expiring<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.all().len(), std::any::type_name::<T>())
    }
}

impl<T> Expiring<T> {
    /// Whether nothing had that name.
    pub(super) fn insert(&self, name: impl Into<String>, value: T, now: SystemTime, lifetime: Duration) -> bool {
        let mut all = self.all();
        if all.len() >= MANY {
            all.retain(|_, lasting| lasting.expires + REMEMBERED > now);
        }
        all.insert(name.into(), Lasting { value, expires: now + lifetime }).is_none()
    }

    /// Takes a value out, expired or not.
    pub(super) fn take(&self, name: &str) -> Option<Lasting<T>> {
        self.all().remove(name)
    }

    /// All of them, to look at and to change.
    pub(super) fn all(&self) -> MutexGuard<'_, HashMap<String, Lasting<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Expiring<T> {
    /// A value, expired or not.
    pub(super) fn get(&self, name: &str) -> Option<Lasting<T>> {
        self.all().get(name).cloned()
    }
}
