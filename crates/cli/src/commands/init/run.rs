//! A run, as `lakeward --config` makes it.

use std::sync::{Arc, Mutex, PoisonError};

use lakeward_core::{
    event::{Event as RunEvent, Observer},
    failure::Failure,
    plan::Plan,
};
use lakeward_source::Commands;
use lakeward_wizard::{Event, Ticket};
use tokio::sync::watch;

use super::world::{Events, World, trouble};
use crate::{
    run::{Ended, LandedSoFar, Run, interrupted_early},
    signals::Interruption,
};

pub(crate) struct Request {
    pub(crate) world: Arc<World>,
    pub(crate) ticket: Ticket,
    pub(crate) plan: Plan,
    pub(crate) commands: Commands,
    /// Whether it was asked to stop.
    pub(crate) asked: watch::Receiver<bool>,
}

/// What the last run came to, in all words: the screen has not room for every key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told(Arc<Mutex<Option<String>>>);

impl Told {
    pub(crate) fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }
}

/// Passes on what happens, and notes what lands.
pub(crate) fn watching(ticket: Ticket, events: Events) -> Arc<LandedSoFar> {
    LandedSoFar::new(Arc::new(Watching { ticket, events }))
}

pub(crate) async fn run(request: Request, landed: Arc<LandedSoFar>, told: Told, events: Events) {
    let ticket = request.ticket;
    let ended = Box::pin(land(request, landed)).await;
    let result = match ended {
        Ok(Ended { summary, failure: None, .. }) => {
            told.set(summary.clone());
            Ok(summary)
        }
        Ok(Ended { summary, failure: Some((failure, incomplete)), .. }) => {
            told.set(format!("{summary}{incomplete}"));
            Err(trouble(&failure))
        }
        Err(failure) => Err(trouble(&failure)),
    };
    events.send(Event::RunEnded(ticket, result));
}

async fn land(request: Request, observer: Arc<dyn Observer>) -> Result<Ended, Failure> {
    let Request { world, plan, commands, asked, .. } = request;
    // Whichever way it ends, no command of a source outlives it.
    let _end = commands.clone().end_with();
    let mut interruption = Interruption::asked_by(asked);
    let objects = world.objects(&plan);
    let (plan, server) = world.lead(plan).await?;
    let run = tokio::select! {
        run = Run::discover(plan, observer, commands) => run?,
        () = interruption.asked() => return Err(interrupted_early()),
    };
    let run = match objects {
        Some(objects) => run.with_objects_at(objects),
        None => run,
    };
    let ended = run.land(&world.environment, interruption).await;
    if let Some(server) = server {
        server.stop().await;
    }
    ended
}

struct Watching {
    ticket: Ticket,
    events: Events,
}

impl Observer for Watching {
    fn on(&self, event: &RunEvent) {
        self.events.send(Event::Run(self.ticket, Box::new(event.clone())));
    }
}
