//! The front on a full screen.

use std::{
    env, io,
    sync::mpsc::{Receiver, Sender},
};

use lakeward_core::failure::{Failure, FailureKind};
use lakeward_tui::wizard::{Look, Stage, Then, copy};
use lakeward_wizard::{Effect, Event, Exit, State};

use super::runner::{OfTerminal, Runner};

/// A screen that was taken.
pub(crate) struct Screen {
    stage: Stage,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when it can't be taken.
    pub(crate) fn open(ascii: bool, events: Sender<Event>) -> Result<Self, Failure> {
        let look = Look::from_environment(ascii, |name| env::var_os(name));
        let stage = Stage::open(look, events).map_err(|error| {
            Failure::new(FailureKind::Usage, format!("the screen can't be used: {error}")).next("use --plain")
        })?;
        Ok(Self { stage })
    }

    /// Runs a session to its end.
    ///
    /// # Errors
    /// [`FailureKind::Bug`] when the terminal can't be used any more.
    pub(crate) fn run(
        &mut self,
        state: &mut State,
        effects: Vec<Effect>,
        runner: &mut Runner,
        events: &Receiver<Event>,
    ) -> Result<Exit, Failure> {
        let mut exit = None;
        let mut next = carry_out(effects, state, runner, &mut exit);
        if next == Then::Leave {
            return Ok(exit.unwrap_or(Exit::Left));
        }
        let ran = self.stage.run(state, events, |state, event| {
            let effects = state.step(event);
            runner.record(state);
            next = carry_out(effects, state, runner, &mut exit);
            next
        });
        match (exit, ran) {
            (Some(exit), _) => Ok(exit),
            (None, Ok(())) => Ok(Exit::Left),
            (None, Err(error)) => {
                Err(Failure::new(FailureKind::Bug, format!("the terminal can't be used any more: {error}")))
            }
        }
    }

    /// Gives the terminal back and leaves a few lines in it.
    pub(crate) fn close(self, summary: &str) {
        // A terminal that is gone needs no summary.
        let _ = self.stage.close(summary);
    }
}

fn carry_out(effects: Vec<Effect>, state: &mut State, runner: &mut Runner, exit: &mut Option<Exit>) -> Then {
    let mut then = Then::Go;
    for effect in effects {
        match runner.carry_out(effect, state) {
            Some(OfTerminal::Exit(how)) => {
                *exit = Some(how);
                return Then::Leave;
            }
            Some(OfTerminal::Redraw) => then = Then::Redraw,
            Some(OfTerminal::Suspend) => then = Then::Suspend,
            Some(OfTerminal::Copy(text)) => {
                let note = copied(copy(text.expose(), |name| env::var_os(name)));
                // It has no effects of its own.
                let _ = state.step(Event::Note(note));
                runner.record(state);
            }
            None => {}
        }
    }
    then
}

fn copied(result: io::Result<()>) -> String {
    match result {
        Ok(()) => "the terminal was asked to put it onto the clipboard".to_owned(),
        Err(error) => format!("it can't be copied: {error}"),
    }
}
