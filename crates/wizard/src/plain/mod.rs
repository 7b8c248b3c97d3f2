//! The plain mode: the same questions as lines that are printed once, and answers as lines that are typed. For screen readers, pipes and
//! terminals that can do no more. Nothing is ever drawn over, and nothing is coloured.

mod tell;
mod ask;
mod progress;

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::{
    effect::Effect,
    event::{Event, Intent, Key},
    question::Id,
    secret::Secret,
    state::{Popup, Row, Screen, State},
};
use progress::Progress;

/// A session in plain mode.
#[derive(Debug)]
pub struct Plain {
    /// Where the wizard stands.
    pub state: State,
    /// The screen that was introduced, and the question that was asked on it.
    told: Told,
    /// The fields of this form that are dealt with.
    answered: Vec<Id>,
    /// How many of the page's rows are above it.
    page: usize,
    progress: Progress,
}

/// What follows from an event or a line.
#[derive(Debug, Default)]
pub struct Turn {
    /// What to print, a line each.
    pub lines: Vec<String>,
    /// What to do.
    pub effects: Vec<Effect>,
}

/// What was said already.
#[derive(Clone, Debug, Default, PartialEq)]
struct Told {
    screen: Option<Screen>,
    popup: Option<Popup>,
    notice: Option<String>,
    awaited: Option<&'static str>,
    question: Option<(Id, Option<String>)>,
    rows: Option<(Vec<Row>, usize)>,
    page: Option<crate::event::Page>,
    notes: usize,
    /// The next warning about the code's end is given below this.
    warned: Option<Duration>,
    trouble: Option<crate::facts::Trouble>,
    is_known: bool,
    checks: usize,
    checked: Option<bool>,
}

impl Plain {
    /// Begins with a session as [`start`](crate::start) begins it.
    #[must_use]
    pub fn new(state: State, effects: Vec<Effect>) -> (Self, Turn) {
        let mut plain =
            Self { state, told: Told::default(), answered: Vec::new(), page: 0, progress: Progress::default() };
        let mut turn = Turn { lines: Vec::new(), effects };
        turn.lines.push("Lakeward setup. < goes back, ? helps, q quits and keeps the answers.".to_owned());
        turn.lines.extend(plain.state.facts.place.notes.clone());
        plain.speak(&mut turn);
        (plain, turn)
    }

    /// Something happened.
    pub fn step(&mut self, event: Event) -> Turn {
        let mut turn = Turn::default();
        self.take(event, &mut turn);
        self.speak(&mut turn);
        turn
    }

    /// A line was typed, without its end.
    pub fn read(&mut self, line: &str) -> Turn {
        let mut turn = Turn::default();
        self.line(line, &mut turn);
        self.speak(&mut turn);
        turn
    }

    /// Standard input has ended: a run goes on, and anything else can't. The exit then lists the flags of what was not answered.
    pub fn end(&mut self) -> Turn {
        let mut turn = Turn::default();
        if !self.state.is_running() {
            self.take(Event::Intent(Intent::End), &mut turn);
            if let Some(crate::effect::Exit::Unanswered(missing)) = &self.state.exit {
                turn.lines.push(match missing.as_slice() {
                    [] => "The input ended before the config was written.".to_owned(),
                    missing => format!("The input ended. Still to be answered: {}.", missing.join(", ")),
                });
            }
        }
        turn
    }

    /// Whether a line is wanted now. Lines of a pipe are read only then: until then there is something to wait for.
    #[must_use]
    pub fn wants_line(&self) -> bool {
        if self.state.exit.is_some() || self.state.is_running() {
            return false;
        }
        let is_busy = match self.state.screen {
            Screen::Method | Screen::Identity | Screen::Preview | Screen::Review => self.state.awaited().is_some(),
            Screen::SignIn => self.state.trouble().is_none() && self.state.hidden.is_none(),
            Screen::Directory => !self.is_directory_ready(),
            Screen::Mfa => self.state.notice.as_deref() == Some("the code is being checked"),
            _ => false,
        };
        self.state.popup.is_some() || !is_busy
    }

    /// Whether the next line must not be shown while it is typed.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.state.hidden.is_some() && self.state.popup.is_none()
    }

    fn take(&mut self, event: Event, turn: &mut Turn) {
        let before = self.state.screen;
        turn.effects.extend(self.state.step(event));
        if self.state.screen != before {
            self.answered.clear();
            self.page = 0;
            self.told = Told { notice: self.told.notice.take(), ..Told::default() };
        }
    }

    fn press(&mut self, key: Key, turn: &mut Turn) {
        self.take(Event::from(key), turn);
    }

    fn intend(&mut self, intent: Intent, turn: &mut Turn) {
        self.take(Event::Intent(intent), turn);
    }

    fn line(&mut self, line: &str, turn: &mut Turn) {
        // The same trouble, when it comes again after a line, is news.
        self.told.notice = None;
        if self.is_hidden() {
            let typed = line.trim();
            return match typed {
                "<" => self.intend(Intent::Back, turn),
                "q" => self.intend(Intent::Quit, turn),
                _ => self.intend(Intent::Hidden(Secret::from(typed)), turn),
            };
        }
        match self.state.popup {
            Some(Popup::Resume) => {
                let wanted = !matches!(line.trim(), "n" | "no");
                return self.press(if wanted { Key::Enter } else { Key::Char('n') }, turn);
            }
            Some(_) => self.press(Key::Esc, turn),
            None => {}
        }
        match line {
            "q" => self.intend(Intent::Quit, turn),
            "<" => self.back(turn),
            "?" => self.help(turn),
            _ if !self.state.form.fields.is_empty() => self.answer(line, turn),
            _ => self.choose(line.trim(), turn),
        }
    }

    /// A line on a screen that is no form.
    fn choose(&mut self, line: &str, turn: &mut Turn) {
        let screen = self.state.screen;
        if line.is_empty() {
            return self.intend(Intent::Next, turn);
        }
        let letter = |this: &mut Self, turn: &mut Turn| {
            let mut letters = line.chars();
            if let (Some(letter), None) = (letters.next(), letters.next()) {
                this.press(Key::Char(letter), turn);
            } else {
                turn.lines
                    .push(format!("\"{}\" is no answer here; ? helps.", lakeward_core::untrusted::excerpt(line, 40)));
            }
        };
        match (screen, line) {
            (Screen::Review, "w") => self.take(Event::Key(crate::event::Press::ctrl('s')), turn),
            (Screen::Review, "policy" | "command" | "toml") => turn.lines.extend(self.page_of_review(line)),
            (Screen::Directory, "+") => {
                self.page += ask::PAGE;
                if self.page >= self.state.list.matching.len() {
                    self.page = 0;
                }
                self.told.rows = None;
            }
            (Screen::Directory, "=") => self.press(Key::F(3), turn),
            _ => match line.parse::<usize>() {
                Ok(number) if self.is_row(number) => self.pick(number, turn),
                _ if screen == Screen::Directory => {
                    self.page = 0;
                    self.intend(Intent::Filter(line.to_owned()), turn);
                    self.told.rows = None;
                }
                Ok(number) if !self.state.list.rows.is_empty() => {
                    turn.lines.push(format!("There is no {number}; choose 1 to {}.", self.state.list.matching.len()));
                }
                _ => letter(self, turn),
            },
        }
    }

    fn is_row(&self, number: usize) -> bool {
        let is_list =
            matches!(self.state.screen, Screen::Welcome | Screen::Method | Screen::Directory | Screen::Written);
        // An account's digits are a filter, not the number of a row.
        is_list && (1..=self.state.list.matching.len()).contains(&number)
    }

    fn pick(&mut self, number: usize, turn: &mut Turn) {
        let Some(row) = self.state.list.matching.get(number - 1).copied() else { return };
        if let (Screen::Directory, Some(Row::Account(at))) = (self.state.screen, self.state.list.rows.get(row))
            && let Some(account) = self.state.facts.accounts.get(*at).filter(|account| account.roles.got().is_none())
        {
            // Its roles come as a list of their own.
            let id = account.id.clone();
            self.page = 0;
            self.told.rows = None;
            return self.intend(Intent::Filter(id), turn);
        }
        self.intend(Intent::Pick(row), turn);
    }
}
