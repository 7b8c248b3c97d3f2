//! Lists: rows, a filter, a focus.

use crate::{
    answers::Value,
    event::{Key, Press},
    facts::{Account, Found, Remote},
    question::Id,
    state::{List, Row, Screen, State, Way, Welcome},
};

/// How far the page keys go.
const PAGE: usize = 10;

impl State {
    /// Makes the rows of the screen from what is known. The focus stays on its row; where the person has not moved, it is on the best.
    pub(super) fn refresh_list(&mut self) {
        let focused = self.list.matching.get(self.list.focus).and_then(|row| self.list.texts.get(*row));
        let before = self.list.sought.take().or_else(|| focused.filter(|_| self.list.touched).cloned());
        let is_looking = self.screen == Screen::Method && self.facts.detection.asked().is_some();
        let rows = self.rows();
        let texts = rows.iter().map(|row| self.row_text(*row)).collect();
        self.list = List { rows, texts, ..std::mem::take(&mut self.list) };
        self.list.search();
        let place_of =
            |text: &String, list: &List| list.matching.iter().position(|row| list.texts.get(*row) == Some(text));
        self.list.focus = match before {
            // The config's own method may be another row now: the focus goes with it.
            Some(text) => {
                let place = place_of(&text, &self.list);
                self.list.sought = Some(text).filter(|_| place.is_none() && is_looking);
                place.or_else(|| self.answered_method()).unwrap_or(self.list.focus)
            }
            None => self.best_row(),
        };
        self.list.clamp();
    }

    /// Leads to the first table about which something is odd, for its note may be missed else.
    pub(super) fn show_first_warning(&mut self) {
        let tables = self.facts.preview.got().map_or(&[][..], |preview| &preview.tables);
        self.list.focus = tables.iter().position(|table| table.warnings().next().is_some()).unwrap_or(self.list.focus);
    }

    fn rows(&self) -> Vec<Row> {
        match self.screen {
            Screen::Welcome => self.welcome_rows().into_iter().map(Row::Welcome).collect(),
            Screen::Method => {
                use crate::facts::Condition::Absent;
                let configured = self.configured();
                // What is named by the config and can't be used stands there once, as the config's.
                let is_listed = |found: &Found| {
                    !matches!(found.condition, Absent(_)) && (configured.is_none() || !self.is_of_config(found))
                };
                let found = self.facts.found.iter().enumerate().filter(|(_, found)| is_listed(found));
                let found = found.map(|(at, _)| Row::Found(at));
                let configured = configured.iter().map(|_| Row::Configured);
                configured.chain(found).chain(Way::ALL.map(Row::Other)).collect()
            }
            Screen::Directory => directory_rows(&self.facts.accounts),
            Screen::Preview => {
                let tables = self.facts.preview.got().map_or(0, |preview| preview.tables.len());
                (0..tables).map(Row::Table).collect()
            }
            Screen::Written => vec![Row::Run(true), Row::Run(false)],
            Screen::Run => (0..self.run.tables.len()).map(Row::Table).collect(),
            _ => Vec::new(),
        }
    }

    /// What a row is searched in, and told apart by.
    fn row_text(&self, row: Row) -> String {
        let account = |at: usize| self.facts.accounts.get(at);
        let text = match row {
            Row::Welcome(choice) => choice.words(self.facts.again).0.to_owned(),
            Row::Found(at) => {
                self.facts.found.get(at).map(|found| format!("{} {}", found.title, found.origin)).unwrap_or_default()
            }
            Row::Configured => {
                self.configured().map(|found| format!("{} {}", found.title, found.origin)).unwrap_or_default()
            }
            Row::Other(way) => way.words().0.to_owned(),
            Row::Account(at) => account(at).map(described).unwrap_or_default(),
            Row::Role(at, role) => account(at)
                .map(|account| {
                    let role = account.roles.got().and_then(|roles| roles.get(role));
                    format!("{} {}", described(account), role.map(String::as_str).unwrap_or_default())
                })
                .unwrap_or_default(),
            Row::Table(at) => {
                let name = match self.screen {
                    Screen::Run => self.run.tables.get(at).map(|table| &table.name),
                    _ => self.facts.preview.got().and_then(|preview| preview.tables.get(at)).map(|table| &table.name),
                };
                name.cloned().unwrap_or_default()
            }
            Row::Run(run) => run.to_string(),
        };
        text.to_lowercase()
    }

    /// Where the focus is until the person moves it.
    fn best_row(&self) -> usize {
        if let Some(at) = self.answered_method() {
            return at;
        }
        // What was just checked is not run by one Enter too many, and what can't sign in not at all.
        let cannot_sign_in = self.facts.identity.trouble().is_some();
        let can_sign_in_anew = self.list.rows.contains(&Row::Welcome(Welcome::SignIn));
        let of_menu = match (self.facts.check != Remote::Idle, cannot_sign_in) {
            (false, true) if can_sign_in_anew => Some(Welcome::SignIn),
            (true, _) | (_, true) => Some(Welcome::Check),
            (false, false) => None,
        };
        // Nor is what was tried and did not work.
        let has_failed = matches!(self.facts.check, Remote::Got(false) | Remote::Failed(_));
        let wanted = |row: &usize| match self.list.rows.get(*row) {
            Some(Row::Welcome(choice)) => Some(*choice) == of_menu,
            Some(Row::Run(run)) => *run != has_failed,
            Some(Row::Found(at)) => self.facts.found.get(*at).is_some_and(|found| found.condition.is_usable()),
            Some(Row::Account(at) | Row::Role(at, _)) if self.answers.value(Id::SsoAccountId).is_some() => {
                let account = self.facts.accounts.get(*at);
                let role = match self.list.rows.get(*row) {
                    Some(Row::Role(_, role)) => account.and_then(|account| account.roles.got()?.get(*role)),
                    _ => None,
                };
                account.is_some_and(|account| self.answers.is(Id::SsoAccountId, &account.id))
                    && (role.is_none()
                        || self.answers.text(Id::SsoRoleName).is_none_or(|name| role.is_some_and(|role| role == name)))
            }
            _ => false,
        };
        // Where nothing that was found can be used, another way is the best.
        let is_other = |row: &usize| matches!(self.list.rows.get(*row), Some(Row::Other(_)));
        let rows = &self.list.matching;
        rows.iter().position(wanted).or_else(|| rows.iter().position(is_other)).unwrap_or(0)
    }

    /// Where the way to sign in is that was answered already, by a config or an earlier choice.
    fn answered_method(&self) -> Option<usize> {
        // Who wants no AWS may have looked at a way to sign in before.
        let is_aws = !self.answers.is(Id::Storage, "embedded");
        let is_answered = |id: Id, value: &Value| is_aws && self.answers.value(id) == Some(value);
        let is_found = |row: &Row| match row {
            Row::Found(at) => self.facts.found.get(*at).is_some_and(|found| {
                !found.answers.is_empty() && found.answers.iter().all(|(id, value)| is_answered(*id, value))
            }),
            _ => false,
        };
        let is_way = |row: &Row| matches!(row, Row::Other(way) if Some(*way) == self.answered_way());
        let is_configured = |row: &Row| *row == Row::Configured && self.keeps_config();
        let rows = &self.list.rows;
        let at = rows.iter().position(is_configured);
        let at = at.or_else(|| rows.iter().position(is_found)).or_else(|| rows.iter().position(is_way))?;
        self.list.matching.iter().position(|row| *row == at)
    }

    /// The program that the chosen way runs for its credentials.
    #[must_use]
    pub fn runs(&self) -> Option<&str> {
        let is_answered =
            |found: &&Found| found.answers.iter().all(|(id, value)| self.answers.value(*id) == Some(value));
        let mut found = self.facts.found.iter().filter(|found| !found.answers.is_empty()).filter(is_answered);
        found.find_map(|found| found.condition.program())
    }

    fn answered_way(&self) -> Option<Way> {
        if self.answers.is(Id::Storage, "embedded") {
            return Some(Way::Embedded);
        }
        Some(match self.answers.text(Id::Auth)? {
            "sso" => Way::Sso,
            "role" => Way::Role,
            "profile" => Way::Profile,
            "compute" => Way::Compute,
            "chain" => Way::Chain,
            _ => return None,
        })
    }

    /// A key of a list. Whether it was one.
    pub(super) fn list_key(&mut self, press: Press) -> bool {
        let last = self.list.matching.len().saturating_sub(1);
        let filters = self.screen == Screen::Directory;
        let focus = self.list.focus;
        let to = match press.key {
            Key::Up => focus.saturating_sub(1),
            Key::Down => (focus + 1).min(last),
            Key::PageUp => focus.saturating_sub(PAGE),
            Key::PageDown => (focus + PAGE).min(last),
            Key::Home => 0,
            Key::End => last,
            Key::Char('u') if filters && press.ctrl => {
                self.filter_by(String::new());
                return true;
            }
            Key::Backspace if filters => {
                use unicode_segmentation::UnicodeSegmentation as _;
                let mut filter = self.list.filter.clone();
                if let Some((at, _)) = self.list.filter.grapheme_indices(true).next_back() {
                    filter.truncate(at);
                }
                self.filter_by(filter);
                return true;
            }
            Key::Char(c) if filters && !press.ctrl && !press.alt => {
                self.filter_by(format!("{}{}", self.list.filter, super::line::one_line(c.encode_utf8(&mut [0; 4]))));
                return true;
            }
            Key::Char(c) if !press.ctrl && !press.alt => {
                match c.to_digit(10).and_then(|digit| usize::try_from(digit).ok()) {
                    Some(digit @ 1..) if digit <= last + 1 => digit - 1,
                    _ => return false,
                }
            }
            _ => return false,
        };
        if self.list.rows.is_empty() {
            return false;
        }
        self.list.focus = to;
        self.list.touched = true;
        self.list.sought = None;
        self.ask_roles();
        true
    }

    /// Only rows that match from now on; the best of them has the focus.
    pub(super) fn filter_by(&mut self, filter: String) {
        const LONGEST: usize = 256;
        if filter.len() > LONGEST {
            return;
        }
        self.list.touched = true;
        self.list.filter = filter;
        self.list.focus = 0;
        self.list.search();
        self.ask_roles();
    }

    /// Chooses a row, whatever the filter says.
    pub(super) fn pick(&mut self, row: usize) {
        if self.list.rows.get(row).is_none() {
            return;
        }
        if !self.list.matching.contains(&row) {
            self.filter_by(String::new());
        }
        self.list.touched = true;
        self.list.sought = None;
        if let Some(at) = self.list.matching.iter().position(|matching| *matching == row) {
            self.list.focus = at;
            self.enter();
        }
    }

    /// Whether the method is one that may need a person: keys of the environment and of the machine come without one.
    fn can_need_sign_in(&self) -> bool {
        !self.answers.is(Id::Auth, "env") && !self.answers.is(Id::Auth, "compute")
    }

    fn welcome_rows(&self) -> Vec<Welcome> {
        match self.facts.document {
            // Of what is no TOML nothing can be kept: a person has to mend it first.
            // Nor does a question ask for each key.
            Remote::Failed(_) if self.facts.configured.is_none() || !self.facts.is_mendable => {
                vec![Welcome::LookAgain, Welcome::Quit]
            }
            // What can't be taken can't be run, and is mended by going through the questions.
            Remote::Failed(_) => vec![Welcome::Edit, Welcome::Quit],
            _ if self.answers.is(Id::Storage, "embedded") || !self.can_need_sign_in() => {
                vec![Welcome::Run, Welcome::Edit, Welcome::Check, Welcome::Quit]
            }
            _ => vec![Welcome::Run, Welcome::Edit, Welcome::Check, Welcome::SignIn, Welcome::Quit],
        }
    }
}

impl List {
    /// Finds the rows that hold every word of the filter.
    fn search(&mut self) {
        let filter = self.filter.to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let matches = |text: &String| words.iter().all(|word| text.contains(word));
        self.matching = (0..self.rows.len()).filter(|row| self.texts.get(*row).is_some_and(matches)).collect();
        self.clamp();
    }

    fn clamp(&mut self) {
        self.focus = self.focus.min(self.matching.len().saturating_sub(1));
    }
}

fn directory_rows(accounts: &[Account]) -> Vec<Row> {
    let mut rows = Vec::with_capacity(accounts.len());
    for (at, account) in accounts.iter().enumerate() {
        match account.roles.got().map(Vec::len) {
            None | Some(0) => rows.push(Row::Account(at)),
            Some(roles) => rows.extend((0..roles).map(|role| Row::Role(at, role))),
        }
    }
    rows
}

fn described(account: &Account) -> String {
    format!("{} {} {}", account.name, account.id, account.email)
}
