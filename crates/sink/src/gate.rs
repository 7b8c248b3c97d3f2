//! The places for uploads: as many as the pace allows, and no more memory in them than they may hold.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::pace::Pace;

/// Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    most_memory: u64,
    /// Marked as changed whenever a place may have become free.
    freed: watch::Sender<()>,
}

#[derive(Debug)]
struct State {
    pace: Pace,
    running: u32,
    memory: u64,
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Gate,
    memory: u64,
}

impl Gate {
    /// A gate through which no more than so many bytes of memory go at once.
    pub(crate) fn new(most_memory: u64) -> Self {
        let state = State { pace: Pace::new(), running: 0, memory: 0 };
        Self(Arc::new(Shared { state: Mutex::new(state), most_memory, freed: watch::Sender::new(()) }))
    }

    /// Waits for a place for an upload that holds so much memory. One that holds more than all may is let in alone.
    pub(crate) async fn enter(&self, memory: u64) -> Place {
        let mut freed = self.0.freed.subscribe();
        loop {
            if self.take(memory) {
                return Place { gate: self.clone(), memory };
            }
            // The sender lives as long as `self`.
            let _ = freed.changed().await;
        }
    }

    /// Waits until nothing is on its way.
    pub(crate) async fn drained(&self) {
        let mut freed = self.0.freed.subscribe();
        while self.lock().running > 0 {
            let _ = freed.changed().await;
        }
    }

    pub(crate) fn succeeded(&self, bytes: u64, took: Duration) {
        self.lock().pace.succeeded(bytes, took);
        self.0.freed.send_replace(());
    }

    pub(crate) fn slow_down(&self) {
        self.lock().pace.slow_down(Instant::now());
    }

    fn take(&self, memory: u64) -> bool {
        let mut state = self.lock();
        if state.running >= state.pace.limit() {
            state.pace.full();
            return false;
        }
        if state.running > 0 && state.memory + memory > self.0.most_memory {
            return false;
        }
        state.running += 1;
        state.memory += memory;
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every step leaves the state whole, so a panic elsewhere doesn't spoil it.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        state.running -= 1;
        state.memory -= self.memory;
        drop(state);
        self.gate.0.freed.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn places_and_their_memory_are_counted_and_given_back() {
        let gate = Gate::new(100);
        let large = gate.enter(1000).await;
        let soon = |future| tokio::time::timeout(Duration::from_millis(50), future);
        assert!(soon(gate.enter(1)).await.is_err(), "more memory than may be");
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter(60).await }
        });
        drop(large);
        let first = waiting.await.expect("no panic");
        assert!(soon(gate.enter(60)).await.is_err());
        let others = [gate.enter(20).await, gate.enter(20).await, gate.enter(0).await];
        assert!(soon(gate.enter(0)).await.is_err(), "more places than at the beginning");
        drop((first, others));
        gate.drained().await;
    }
}
