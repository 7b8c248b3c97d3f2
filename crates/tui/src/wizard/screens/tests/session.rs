//! A session over the reducer, without a terminal and without AWS: keys, and what comes of effects.

use std::time::{Duration, SystemTime};

use lakeward_core::event;
use lakeward_wizard::{
    Account, CheckLine, Effect, Event, Found, Identity, Key, Press, Preview, Row, SignInEvent, Start, State, Ticket,
    Trouble, start,
};

/// 2026-11-23, 14:05:00 UTC.
pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_442_700)
}

pub(super) fn later(seconds: u64) -> SystemTime {
    now() + Duration::from_secs(seconds)
}

/// A session that goes on.
pub(super) struct Session {
    pub(super) state: State,
    effects: Vec<Effect>,
}

impl Session {
    pub(super) fn new(begin: Start) -> Self {
        let (state, effects) = start(begin, now());
        Self { state, effects }
    }

    pub(super) fn event(mut self, event: Event) -> Self {
        self.effects.extend(self.state.step(event));
        self
    }

    pub(super) fn press(self, press: impl Into<Press>) -> Self {
        self.event(Event::Key(press.into()))
    }

    pub(super) fn letter(self, letter: char) -> Self {
        self.press(Key::Char(letter))
    }

    pub(super) fn text(self, text: &str) -> Self {
        text.chars().fold(self, |session, c| session.press(Key::Char(c)))
    }

    pub(super) fn presses(self, key: Key, times: usize) -> Self {
        (0..times).fold(self, |session, _| session.press(key))
    }

    pub(super) fn enter(self) -> Self {
        self.press(Key::Enter)
    }

    pub(super) fn tick(self, seconds: u64) -> Self {
        self.event(Event::Tick(later(seconds)))
    }

    pub(super) fn ticket(&self, of: impl Fn(&Effect) -> Option<Ticket>) -> Ticket {
        self.effects.iter().rev().find_map(of).expect("the effect")
    }

    pub(super) fn detected(self, all: Vec<Found>) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Detect(ticket) = effect { Some(*ticket) } else { None });
        let session = all.into_iter().fold(self, |session, found| session.event(Event::Found(ticket, Box::new(found))));
        session.event(Event::Detected(ticket))
    }

    pub(super) fn pick(self, row: Row) -> Self {
        let at = self.state.list.rows.iter().position(|other| *other == row).expect("the row");
        self.event(Event::Intent(lakeward_wizard::Intent::Pick(at)))
    }

    pub(super) fn sign_in(self, event: SignInEvent) -> Self {
        let ticket = self.ticket(|effect| if let Effect::SignIn(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::SignIn(ticket, event))
    }

    pub(super) fn accounts(self, accounts: Vec<Account>) -> Self {
        let ticket =
            self.ticket(|effect| if let Effect::ListAccounts(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::Accounts(ticket, accounts))
    }

    pub(super) fn listed(self) -> Self {
        let ticket =
            self.ticket(|effect| if let Effect::ListAccounts(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::Listed(ticket, Ok(())))
    }

    /// Answers every list of roles that was asked for, and those that are asked for then.
    pub(super) fn roles(mut self, of: impl Fn(&str) -> Result<Vec<String>, Trouble>) -> Self {
        let mut answered = 0;
        while let Some(effect) = self.effects.get(answered).cloned() {
            answered += 1;
            if let Effect::ListRoles(ticket, _, account) = effect {
                let roles = of(&account);
                self = self.event(Event::Roles(ticket, account, roles));
            }
        }
        self
    }

    pub(super) fn identified(self, identity: Result<Identity, Trouble>) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Identify(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::Identified(ticket, identity))
    }

    pub(super) fn previewed(self, preview: Result<Preview, Trouble>) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Preview(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::Previewed(ticket, preview))
    }

    pub(super) fn checked(self, lines: Vec<CheckLine>, works: bool) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Check(ticket, _) = effect { Some(*ticket) } else { None });
        let session = lines.into_iter().fold(self, |session, line| session.event(Event::Checked(ticket, line)));
        session.event(Event::CheckDone(ticket, works))
    }

    pub(super) fn written(self, result: Result<String, Trouble>) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Write(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::Written(ticket, result))
    }

    pub(super) fn run(self, event: event::Event) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Run(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::Run(ticket, Box::new(event)))
    }

    pub(super) fn run_ended(self, result: Result<String, Trouble>) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Run(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::RunEnded(ticket, result))
    }

    /// A screen as it is, for what no event leads to alone.
    pub(super) fn with(mut self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.state);
        self
    }
}
