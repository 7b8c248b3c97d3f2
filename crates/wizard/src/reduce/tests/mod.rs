//! Whole sessions over the reducer, without a terminal and without AWS.

mod scenarios;
mod method;
mod configured;
mod forms;
mod sign_in;
mod keep;
mod failures;
mod drafts;
mod ways_out;
mod run;
mod property;

use std::time::{Duration, SystemTime};

use crate::{
    Account, CheckLine, Condition, Draft, Effect, Event, Exit, Found, Id, Key, Outcome, Press, Preview, PreviewedTable,
    Remote, Row, Screen, SignInEvent, SignInRequest, Start, State, Ticket, Trouble, Value, Way, Welcome, start,
    tests::{fixtures::*, place},
};

/// A session, and what its runner was asked to do.
pub(super) struct Session {
    pub(super) state: State,
    pub(super) effects: Vec<Effect>,
    /// Keys besides text.
    pub(super) keys: usize,
    /// All events, as they are recorded.
    pub(super) lines: String,
}

impl Session {
    pub(super) fn new() -> Self {
        Self::with(Start { place: place(), ..Start::default() })
    }

    pub(super) fn with(begin: Start) -> Self {
        let (state, effects) = start(begin, noon());
        Self { state, effects, keys: 0, lines: String::new() }
    }

    pub(super) fn event(&mut self, event: Event) -> &mut Self {
        self.lines += &(crate::record::line(&self.state, &event) + "\n");
        self.effects.extend(self.state.step(event));
        self
    }

    pub(super) fn press(&mut self, press: impl Into<Press>) -> &mut Self {
        self.keys += 1;
        self.event(Event::Key(press.into()))
    }

    pub(super) fn letter(&mut self, letter: char) -> &mut Self {
        self.press(Key::Char(letter))
    }

    /// Text, a key a character; it does not count.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.event(Event::Key(Key::Char(c).into()));
        }
        self
    }

    pub(super) fn enter(&mut self) -> &mut Self {
        self.press(Key::Enter)
    }

    /// The ticket of the latest effect that `of` finds one in.
    #[track_caller]
    pub(super) fn ticket(&self, of: impl Fn(&Effect) -> Option<Ticket>) -> Ticket {
        self.effects.iter().rev().find_map(of).unwrap_or_else(|| panic!("no such effect: {:?}", self.effects))
    }

    pub(super) fn detect_ticket(&self) -> Ticket {
        self.ticket(|effect| if let Effect::Detect(ticket) = effect { Some(*ticket) } else { None })
    }

    pub(super) fn sign_in_ticket(&self) -> Ticket {
        self.ticket(|effect| if let Effect::SignIn(ticket, _) = effect { Some(*ticket) } else { None })
    }

    pub(super) fn accounts_ticket(&self) -> Ticket {
        self.ticket(|effect| if let Effect::ListAccounts(ticket, _) = effect { Some(*ticket) } else { None })
    }

    pub(super) fn identify_ticket(&self) -> Ticket {
        self.ticket(|effect| if let Effect::Identify(ticket, _) = effect { Some(*ticket) } else { None })
    }

    pub(super) fn preview_ticket(&self) -> Ticket {
        self.ticket(|effect| if let Effect::Preview(ticket, _) = effect { Some(*ticket) } else { None })
    }

    pub(super) fn check_ticket(&self) -> Ticket {
        self.ticket(|effect| if let Effect::Check(ticket, _) = effect { Some(*ticket) } else { None })
    }

    pub(super) fn write_ticket(&self) -> Ticket {
        self.ticket(|effect| if let Effect::Write(ticket, _) = effect { Some(*ticket) } else { None })
    }

    pub(super) fn run_ticket(&self) -> Ticket {
        self.ticket(|effect| if let Effect::Run(ticket, _) = effect { Some(*ticket) } else { None })
    }

    pub(super) fn detect(&mut self, all: Vec<Found>) -> &mut Self {
        let ticket = self.detect_ticket();
        for found in all {
            self.event(Event::Found(ticket, Box::new(found)));
        }
        self.event(Event::Detected(ticket))
    }

    pub(super) fn identified(&mut self) -> &mut Self {
        self.event(Event::Identified(self.identify_ticket(), Ok(identity())))
    }

    pub(super) fn previewed(&mut self) -> &mut Self {
        let preview = Preview { tables: vec![PreviewedTable { name: "orders".into(), ..PreviewedTable::default() }] };
        self.event(Event::Previewed(self.preview_ticket(), Ok(preview)))
    }

    /// Leads by keys to the destination, with the chain.
    pub(super) fn lead_to_destination(&mut self) -> &mut Self {
        self.detect(vec![]);
        self.pick(Row::Other(Way::Chain)).identified().enter()
    }

    /// Leads by keys to the review, with the chain.
    pub(super) fn lead_to_review(&mut self) -> &mut Self {
        self.lead_to_destination().text("my-lake").enter().text("data/*.csv").enter().previewed().enter()
    }

    #[track_caller]
    pub(super) fn pick(&mut self, row: Row) -> &mut Self {
        let at = self.state.list.rows.iter().position(|other| *other == row).expect("the row");
        self.event(Event::Intent(crate::Intent::Pick(at)))
    }

    pub(super) fn has_hint(&self, key: &str) -> bool {
        self.state.hints().iter().any(|hint| hint.key == key)
    }

    pub(super) fn said(&self) -> &str {
        self.state.notice.as_deref().unwrap_or_default()
    }
}
