//! What a source remembers between two runs: how far it has read each incremental table. It writes that to the backend that its
//! host names, before anybody knows whether the rows have landed; so it is kept in memory, and saved once they have.

mod backend;
mod file;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

pub use backend::StateBackend;
pub use file::{StateFile, StateFileError};

/// The most bytes of keys and values that are kept.
const LARGEST: usize = 32 << 20;

/// The keys and values of each table of state; the plugin names tables and keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct State(BTreeMap<String, BTreeMap<String, Entry>>);

/// What stands under one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The value.
    pub value: String,
    /// Its version, where the plugin counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl State {
    fn bytes(&self) -> usize {
        let entries = self.0.values().flatten();
        entries.map(|(key, entry)| key.len() + entry.value.len()).sum()
    }
}

/// A state that is being used. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct SharedState(Arc<Mutex<State>>);

impl SharedState {
    /// A state to begin with.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// The state as it is now.
    #[must_use]
    pub fn now(&self) -> State {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Entries are put in whole, so a panic elsewhere doesn't spoil them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
