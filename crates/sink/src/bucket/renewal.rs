//! Keys that the server refuses as expired although they should not be: they are renewed once, ahead of their time.

use std::{
    collections::HashMap,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Mutex;

/// Gets other keys than those with the access key id that it is given; tells whether there are some now.
#[derive(Clone)]
pub struct Renew(Arc<Asks>);

type Asks = dyn Fn(String) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync;

impl Renew {
    /// Keys that are renewed by this function.
    pub fn new<F: Future<Output = bool> + Send + 'static>(renew: impl Fn(String) -> F + Send + Sync + 'static) -> Self {
        Self(Arc::new(move |refused| Box::pin(renew(refused))))
    }
}

impl fmt::Debug for Renew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renew").finish_non_exhaustive()
    }
}

/// How many requests can have been signed with keys at the time when they were renewed: as many as are under way at once.
const MOST_SIGNED_BEFORE: u32 = 32;

/// What has been renewed.
#[derive(Debug)]
pub(super) struct Renewal {
    renew: Option<Renew>,
    /// The access key ids that were refused, and how often. Held while a renewal is under way: the other requests wait for its
    /// outcome.
    refused: Mutex<HashMap<String, u32>>,
    /// Whether the server has taken keys since the last renewal.
    taken: AtomicBool,
}

impl Renewal {
    pub(super) fn new(renew: Option<Renew>) -> Self {
        Self { renew, refused: Mutex::default(), taken: AtomicBool::new(true) }
    }

    /// Books of its own about the same keys.
    pub(super) fn another(&self) -> Self {
        Self::new(self.renew.clone())
    }

    /// The server has taken the keys of a request.
    pub(super) fn taken(&self) {
        self.taken.store(true, Ordering::Relaxed);
    }

    /// Whether there are other keys than these, which the server has refused. Keys that are refused as soon as they are renewed are
    /// not renewed again: then it is not their age.
    pub(super) async fn has_others(&self, key_id: &str) -> bool {
        let Some(Renew(renew)) = &self.renew else { return false };
        let mut refused = self.refused.lock().await;
        if let Some(times) = refused.get_mut(key_id) {
            *times += 1;
            // Others were signed with them before they were renewed. If they come again and again, there are no others.
            return *times <= MOST_SIGNED_BEFORE;
        }
        if !self.taken.swap(false, Ordering::Relaxed) {
            return false;
        }
        refused.insert(key_id.to_owned(), 1);
        renew(key_id.to_owned()).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    fn counted(count: &Arc<AtomicU32>, gives: bool) -> Renewal {
        let count = count.clone();
        Renewal::new(Some(Renew::new(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            std::future::ready(gives)
        })))
    }

    #[tokio::test]
    async fn each_pair_of_keys_is_renewed_once_whoever_finds_it_refused() {
        let count = Arc::default();
        let renewal = counted(&count, true);
        assert!(renewal.has_others("A").await && renewal.has_others("A").await);
        assert!(!renewal.has_others("B").await, "renewed keys were refused at once");
        renewal.taken();
        assert!(renewal.has_others("B").await);
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn keys_that_can_not_be_renewed_are_not() {
        let count = Arc::default();
        assert!(!counted(&count, false).has_others("A").await);
        assert!(!Renewal::new(None).has_others("A").await);
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }
}
