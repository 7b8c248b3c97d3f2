//! Whole sessions of lines, with what is printed.

mod asking;
mod sign_in;
mod run;
mod failures;
mod drafts;
mod property;

use std::time::Duration;

use super::*;
use crate::{
    Account, Answers, CheckLine, Condition, Draft, Found, Outcome, Page, Remote, SignInAct, SignInEvent, SignInRequest,
    Start, TableState, Ticket, start,
    tests::{fixtures::*, place},
};

/// A session, all that it has printed, and all that it wanted done.
struct Session {
    plain: Plain,
    printed: Vec<String>,
    effects: Vec<Effect>,
}

impl Session {
    fn new() -> Self {
        Self::with(Start { place: place(), ..Start::default() })
    }

    fn with(begin: Start) -> Self {
        let (state, effects) = start(begin, noon());
        let (plain, turn) = Plain::new(state, effects);
        Self { plain, printed: turn.lines, effects: turn.effects }
    }

    fn take(&mut self, turn: Turn) -> &mut Self {
        self.printed.extend(turn.lines);
        self.effects.extend(turn.effects);
        self
    }

    fn line(&mut self, line: &str) -> &mut Self {
        self.printed.clear();
        let turn = self.plain.read(line);
        self.take(turn)
    }

    fn event(&mut self, event: Event) -> &mut Self {
        let turn = self.plain.step(event);
        self.take(turn)
    }

    fn later(&mut self, seconds: u64) -> &mut Self {
        self.printed.clear();
        self.event(Event::Tick(noon() + Duration::from_secs(seconds)))
    }

    /// Has everything answered that was asked of AWS and the machine, and works.
    fn works(&mut self) -> &mut Self {
        let mut runner = Runner::default();
        runner.carry_out(std::mem::take(&mut self.effects));
        while let Some(event) = runner.next() {
            let turn = self.plain.step(event);
            self.printed.extend(turn.lines);
            runner.carry_out(turn.effects);
        }
        self
    }

    fn lead_to_destination(&mut self) -> &mut Self {
        self.works().line("7").works().line("")
    }

    fn ticket(&self, of: impl Fn(&Effect) -> Option<Ticket>) -> Ticket {
        self.effects.iter().rev().find_map(of).expect("such an effect")
    }

    fn says(&self, words: &str) -> bool {
        self.printed.iter().any(|line| line.contains(words))
    }

    fn screen(&self) -> Screen {
        self.plain.state.screen
    }
}

#[track_caller]
fn assert_says(session: &Session, words: &str) {
    assert!(session.says(words), "{words}: {:#?}", session.printed);
}

fn is_plain(line: &str) -> bool {
    lakeward_core::untrusted::printable(line) == line
}
