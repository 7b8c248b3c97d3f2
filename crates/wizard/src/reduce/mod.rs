//! What follows from an event.

use std::collections::BTreeMap;

use crate::{effect::Effect, effect::Ticket, event::Event, state::Screen, state::State};

/// The latest ticket of each kind of request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tickets {
    _latest: BTreeMap<u8, Ticket>,
}

impl State {
    /// Leads to a screen and fills its form or list from the answers and facts. Nothing else happens.
    pub fn show(&mut self, screen: Screen) {
        self.screen = screen;
    }

    /// What follows from an event: the state changes, and effects are to be carried out.
    pub fn step(&mut self, event: Event) -> Vec<Effect> {
        let _ = event;
        Vec::new()
    }
}
