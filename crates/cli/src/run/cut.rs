//! What a run has landed so far, for one that is ended at once: nothing else has its books then.

use std::sync::{Arc, Mutex, PoisonError};

use lakeward_core::event::{Event, Observer};
use lakeward_tui::summary;

#[derive(Default)]
struct Landed {
    has_begun: bool,
    /// The first of them.
    keys: Vec<String>,
    all: usize,
}

/// An observer that notes what lands and passes every event on.
pub(crate) struct LandedSoFar {
    next: Arc<dyn Observer>,
    landed: Mutex<Landed>,
}

impl LandedSoFar {
    pub(crate) fn new(next: Arc<dyn Observer>) -> Arc<Self> {
        Arc::new(Self { next, landed: Mutex::default() })
    }

    /// What has landed until now, and that more may have; nothing where nothing was sent yet.
    pub(crate) fn told(&self) -> String {
        let landed = self.landed.lock().unwrap_or_else(PoisonError::into_inner);
        if landed.has_begun { summary::render_cut(&landed.keys, landed.all) } else { String::new() }
    }
}

impl Observer for LandedSoFar {
    fn on(&self, event: &Event) {
        let mut landed = self.landed.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::RunStarted { .. } => landed.has_begun = true,
            Event::ObjectLanded { key, .. } => {
                landed.all += 1;
                // No more are ever listed.
                if landed.keys.len() < summary::MOST_KEYS {
                    landed.keys.push(key.as_str().to_owned());
                }
            }
            _ => {}
        }
        drop(landed);
        self.next.on(event);
    }
}
