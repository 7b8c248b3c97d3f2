//! The plain mode: the same questions as lines that are printed once, and answers as lines that are typed. For screen readers, pipes and
//! terminals that can do no more. Nothing is ever drawn over, and nothing is coloured.
//!
//! A runner prints the lines of each [`Turn`] and carries its effects out. From a terminal it hands over every line that is typed; from
//! a pipe it reads one only when [`Plain::wants_line`]. When the input ends it calls [`Plain::end`], and again once a run is over.

mod tell;
mod ask;
mod progress;

#[cfg(test)]
mod tests;

use std::time::Duration;

use lakeward_core::untrusted;

use crate::{
    effect::{Effect, Exit},
    event::{Event, Intent, Key, Page, Press},
    facts::{Document, Trouble},
    question::Id,
    secret::Secret,
    state::{INTRODUCTION, Popup, Row, Screen, State, Welcome},
};
use progress::Progress;

/// A session in plain mode.
#[derive(Debug)]
pub struct Plain {
    /// Where the wizard stands.
    pub state: State,
    told: Told,
    /// The forms of which also those questions are asked that few people need.
    opened: Vec<Screen>,
    /// The fields of this form that are dealt with.
    answered: Vec<Id>,
    /// What was proposed for a field before an answer to it was not taken.
    proposed: Option<(Id, String)>,
    /// How many of the list's rows come before those that are shown.
    page: usize,
    progress: Progress,
    /// What Enter does with the config that is there: nothing, unless the person came for one thing.
    meant: Option<Welcome>,
}

/// What follows from an event or a line.
#[derive(Debug, Default)]
pub struct Turn {
    /// What to print, a line each. Nothing in them steers a terminal.
    pub lines: Vec<String>,
    /// What to do.
    pub effects: Vec<Effect>,
}

/// What was said already of this screen.
#[derive(Clone, Debug, Default, PartialEq)]
struct Told {
    screen: Option<Screen>,
    popup: Option<Popup>,
    notice: Option<String>,
    awaited: Option<&'static str>,
    /// The field that was asked for, with what was wrong with it.
    question: Option<(Id, Option<String>)>,
    /// That its answer was not taken just now: what can be answered stands above.
    is_refused: bool,
    /// The rows that were listed, and which page of them.
    rows: Option<(Vec<Row>, usize)>,
    page: Option<Page>,
    /// Below this much time the page's end was told.
    warned: Option<Duration>,
    /// The latest note of the sign-in.
    note: Option<String>,
    /// That it takes long.
    is_slow: bool,
    /// That something is typed and not shown.
    hidden: bool,
    trouble: Option<Trouble>,
    /// Identity or preview.
    is_known: bool,
    document: Option<Document>,
    checks: usize,
    checked: Option<bool>,
}

impl Plain {
    /// Begins with a session as [`start`](crate::start) begins it.
    #[must_use]
    pub fn new(state: State, effects: Vec<Effect>) -> (Self, Turn) {
        let mut plain = Self {
            state,
            told: Told::default(),
            opened: Vec::new(),
            answered: Vec::new(),
            proposed: None,
            page: 0,
            progress: Progress::default(),
            meant: None,
        };
        if let Some(Row::Welcome(Welcome::Edit)) = plain.state.list.focused() {
            plain.meant = Some(Welcome::Edit);
        }
        let mut turn = Turn { lines: Vec::new(), effects };
        let (what, keeps) = match plain.state.facts.place.is_demo {
            true => ("demo", ""),
            false => ("setup", " and keeps the answers"),
        };
        turn.lines.push(format!("Lakeward {what}. < goes back, ? helps, q quits{keeps}."));
        // Whoever has a config knows.
        let is_first = plain.state.facts.place.existing.is_none() && !plain.state.facts.place.is_demo;
        turn.lines.extend(is_first.then(|| INTRODUCTION.to_owned()));
        turn.lines.extend(plain.state.facts.place.notes.clone());
        // It is about other configs, and before what is asked about this one.
        turn.lines.extend(plain.state.notice.take().map(|notice| tell::sentence(&notice)));
        let turn = plain.spoken(turn);
        (plain, turn)
    }

    /// Something happened.
    pub fn step(&mut self, event: Event) -> Turn {
        let mut turn = Turn::default();
        self.take(event, &mut turn);
        self.spoken(turn)
    }

    /// A line was typed.
    pub fn read(&mut self, line: &str) -> Turn {
        let mut turn = Turn::default();
        self.line(line.trim_end_matches(['\r', '\n']), &mut turn);
        self.spoken(turn)
    }

    /// The input has ended. A run goes on, and a config that was written stays; anything else can't go on, and it is said what was not
    /// answered and whether the answers are kept.
    pub fn end(&mut self) -> Turn {
        let mut turn = Turn::default();
        if self.state.is_running() {
            return turn;
        }
        self.take(Event::Intent(Intent::End), &mut turn);
        if let Some(Exit::Unanswered(missing)) = &self.state.exit {
            turn.lines.push(match missing.as_slice() {
                _ if self.state.screen == Screen::Welcome => {
                    "The input ended before anything was chosen. Nothing was changed.".to_owned()
                }
                [] => "The input ended before the config was written.".to_owned(),
                missing => {
                    let open = missing.iter().map(|id| id.question());
                    let open: Vec<String> =
                        open.map(|question| format!("{} (--{})", question.title, question.flag)).collect();
                    format!("The input ended. Still to be answered: {}.", open.join(", "))
                }
            });
            if self.state.leaves_draft() {
                let command = self.state.facts.place.resuming();
                turn.lines.push(format!("The answers are kept: {command} goes on with them."));
            }
        } else if self.state.screen == Screen::Written && !self.state.facts.place.is_demo {
            let config = &self.state.facts.place.config_shown;
            turn.lines.push(format!("The input ended before a run was chosen. To run it: lakeward --config {config}"));
        }
        turn
    }

    /// Whether a line is wanted now: nothing has to be waited for first.
    #[must_use]
    pub fn wants_line(&self) -> bool {
        if self.state.exit.is_some() || self.state.is_running() {
            return false;
        }
        let is_busy = match self.state.screen {
            Screen::Method | Screen::Identity | Screen::Preview | Screen::Review => self.state.awaited().is_some(),
            Screen::SignIn => self.state.trouble().is_none() && self.state.hidden.is_none(),
            Screen::Directory => !self.is_directory_ready(),
            Screen::Mfa => self.state.sign_in.handed_over.is_some(),
            _ => false,
        };
        self.state.popup.is_some() || !is_busy
    }

    /// Whether something has been waited for so long that somebody may want to leave instead: a line can be taken meanwhile.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        const PATIENCE: Duration = Duration::from_secs(3);
        let state = &self.state;
        let is_leavable = matches!(state.screen, Screen::Identity | Screen::Preview | Screen::Review);
        let waited = |since| state.now.duration_since(since).unwrap_or_default();
        is_leavable && state.popup.is_none() && state.awaited().is_some_and(|(_, since)| waited(since) >= PATIENCE)
    }

    /// Whether the next line must not be shown while it is typed.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.state.hidden.is_some() && self.state.popup.is_none()
    }

    /// Says what there is to say, with nothing in it that steers a terminal.
    fn spoken(&mut self, mut turn: Turn) -> Turn {
        self.speak(&mut turn);
        let safe = |line: &String| untrusted::printable(line).into_owned();
        turn.lines = turn.lines.iter().map(safe).collect();
        turn
    }

    fn take(&mut self, event: Event, turn: &mut Turn) {
        let before = self.state.screen;
        turn.effects.extend(self.state.step(event));
        if self.state.screen != before {
            self.answered.clear();
            self.page = 0;
            self.told = Told { notice: self.told.notice.take(), ..Told::default() };
            if self.opened.contains(&self.state.screen) && self.has_more() {
                self.press(Key::F(3), turn);
            }
        }
    }

    fn press(&mut self, press: impl Into<Press>, turn: &mut Turn) {
        self.take(Event::Key(press.into()), turn);
    }

    fn intend(&mut self, intent: Intent, turn: &mut Turn) {
        self.take(Event::Intent(intent), turn);
    }

    fn line(&mut self, line: &str, turn: &mut Turn) {
        // A notice that comes again after a line is news, unless nothing was done.
        if line != "?" {
            self.told.notice = None;
        }
        match line {
            "q" => self.intend(Intent::Quit, turn),
            "?" => self.help(turn),
            _ if self.state.popup.is_some() => self.answer_popup(line.trim(), turn),
            "<" => self.back(turn),
            _ if self.state.hidden.is_some() => self.intend(Intent::Hidden(Secret::from(line)), turn),
            "+" if self.has_more() => {
                self.told.question = None;
                self.opened.push(self.state.screen);
                self.press(Key::F(3), turn);
            }
            _ if !self.state.form.fields.is_empty() => self.answer(line, turn),
            _ => self.choose(line.trim(), turn),
        }
    }

    /// A line while it is asked whether to go on with a draft, whether to change a file, or whether to leave.
    fn answer_popup(&mut self, line: &str, turn: &mut Turn) {
        let is_offer = matches!(self.state.popup, Some(Popup::Resume | Popup::Keep(..)));
        match line {
            "" | "y" | "yes" if is_offer => self.press(Key::Enter, turn),
            "<" if is_offer && self.state.screen == Screen::Welcome => {
                self.told = Told::default();
                self.press(Key::Esc, turn);
            }
            "n" | "no" if is_offer => self.press(Key::Char('n'), turn),
            line if is_offer => {
                turn.lines.push(no_answer(line));
                self.told.popup = None;
            }
            _ => self.press(Key::Esc, turn),
        }
    }

    /// A line on a screen that is no form.
    fn choose(&mut self, line: &str, turn: &mut Turn) {
        let screen = self.state.screen;
        match (screen, line) {
            (Screen::Welcome, "") if let Some(number) = self.taken_by_enter() => self.pick(number, turn),
            (_, "") if screen != Screen::Welcome && (!self.is_list() || self.taken_by_enter().is_some()) => {
                self.told.trouble = None;
                match self.has_failed() && matches!(screen, Screen::Identity | Screen::Preview) {
                    true => self.press(Key::Char('r'), turn),
                    false => self.intend(Intent::Next, turn),
                }
            }
            (_, "") => turn.lines.push(match self.state.list.matching.len() {
                0 => "Type the number of a row.".to_owned(),
                last => format!("Type a number from 1 to {last}."),
            }),
            (Screen::Preview, "e") if self.has_failed() => self.back_to_source(turn),
            (Screen::Review, "w") => self.press(Press::ctrl('s'), turn),
            (Screen::Review, "policy" | "command" | "toml") => turn.lines.extend(self.page_of_review(line)),
            (Screen::Directory, "+") => {
                self.page += ask::PAGE;
                if self.page >= self.state.list.matching.len() {
                    self.page = 0;
                }
                self.told.rows = None;
            }
            (Screen::Directory, "=") => self.press(Key::F(3), turn),
            (_, words) if let Some(row) = self.named(words) => self.intend(Intent::Pick(row), turn),
            _ => match (line.parse::<usize>(), letter(line)) {
                (Ok(number), _) if self.is_row(number) => self.pick(number, turn),
                (_, Some(letter)) if self.does_something(line) => {
                    self.told.trouble = None;
                    if (screen, letter) == (Screen::Method, 'r') {
                        // What is found may be what stood there.
                        (self.told.screen, self.told.rows) = (None, None);
                    }
                    self.press(Key::Char(letter), turn);
                }
                _ if screen == Screen::Directory => {
                    self.page = 0;
                    self.told.rows = None;
                    self.intend(Intent::Filter(line.to_owned()), turn);
                    if self.state.list.matching.is_empty() {
                        // A number of the list that stands above chooses from it all the same.
                        let words = untrusted::excerpt(line, 40);
                        turn.lines.push(format!("Nothing matches \"{words}\", so all are listed again."));
                        self.intend(Intent::Filter(String::new()), turn);
                    }
                }
                (Ok(number), _) if self.is_list() => {
                    turn.lines.push(ask::no_such_number(number, self.state.list.matching.len()));
                }
                _ if self.is_list() => {
                    let words = untrusted::excerpt(line, 40);
                    let last = self.state.list.matching.len();
                    turn.lines.push(format!("\"{words}\" is no answer here; choose 1 to {last}, or ? for help."));
                }
                _ => turn.lines.push(no_answer(line)),
            },
        }
    }

    /// Whether a letter does something on this screen. Copying is for terminals that take escapes, and what else has a key in the full
    /// screen is said here without being asked for.
    fn does_something(&self, letter: &str) -> bool {
        const LETTERS: &[&str] = &["e", "g", "k", "m", "n", "o", "p", "r", "s", "u", "w"];
        let is_copy = self.state.screen == Screen::SignIn && letter == "u";
        // Here rows have numbers: a session that is wrong is edited where it is chosen.
        let is_of_row = self.state.screen == Screen::Method && letter == "e";
        // What tries again went by another letter on these screens.
        let meant = match (self.state.screen, letter) {
            (Screen::SignIn | Screen::Mfa, "n") if self.state.trouble().is_some() => "r",
            (_, letter) => letter,
        };
        LETTERS.contains(&letter) && !is_copy && !is_of_row && self.state.hints().iter().any(|hint| hint.key == meant)
    }

    /// Whether what the screen was to do has failed.
    fn has_failed(&self) -> bool {
        self.state.trouble().is_some()
    }

    /// The number of the row that Enter takes: only one that was shown.
    fn taken_by_enter(&self) -> Option<usize> {
        let list = &self.state.list;
        let row = match self.state.screen {
            // Whoever comes back to the menu does not mean what stands first in it.
            Screen::Welcome => {
                let meant = self.meant.map(Row::Welcome);
                list.matching.iter().position(|row| meant.is_some() && list.rows.get(*row).copied() == meant)?
            }
            _ => list.focus,
        };
        (self.page..self.page + ask::PAGE).contains(&row).then_some(row + 1)
    }

    /// Whether the screen is a list from which is chosen by number, with rows in it.
    fn is_list(&self) -> bool {
        let has_numbers =
            matches!(self.state.screen, Screen::Welcome | Screen::Method | Screen::Directory | Screen::Written);
        has_numbers && !self.state.list.matching.is_empty()
    }

    fn is_row(&self, number: usize) -> bool {
        // An account's digits are a filter, not the number of a row.
        self.is_list() && (1..=self.state.list.matching.len()).contains(&number)
    }

    /// The row that is named: as the list has it, and a way to sign in also as its flag does.
    fn named(&self, words: &str) -> Option<usize> {
        let words = words.to_lowercase();
        let is_it = |row: &Row| match row {
            Row::Other(way) => [way.words().0, way.flag()].iter().any(|name| name.to_lowercase() == words),
            Row::Welcome(choice) => choice.words(self.state.facts.again).0.to_lowercase() == words,
            Row::Run(true) => ["run", "run now"].contains(&words.as_str()),
            Row::Run(false) => words == "not now",
            _ => false,
        };
        self.state.list.rows.iter().position(is_it)
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

/// The letter that a line is.
fn letter(line: &str) -> Option<char> {
    let mut letters = line.chars();
    letters.next().filter(|_| letters.next().is_none())
}

fn no_answer(line: &str) -> String {
    format!("\"{}\" is no answer here; ? helps.", untrusted::excerpt(line, 40))
}
