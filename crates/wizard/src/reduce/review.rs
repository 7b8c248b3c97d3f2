//! The review: the config, its policy, the check, the command; and the writing.

use super::tickets::Request;
use crate::{
    answers::{Answers, From},
    effect::{Effect, Writing},
    event::{Key, Press},
    facts::{CheckLine, Outcome, Remote, Trouble},
    question::QUESTIONS,
    state::{Popup, ReviewTab, Row, Screen, Scroll, State},
};

impl State {
    pub(super) fn check(&mut self) {
        self.facts.checks.clear();
        match self.plan() {
            Ok(plan) => {
                let ticket = self.tickets.draw(Request::Check);
                self.facts.check = Remote::Asked(self.now);
                self.effects.push(Effect::Check(ticket, Box::new(plan)));
            }
            Err(trouble) => self.facts.check = Remote::Failed(trouble),
        }
    }

    /// What a check has found counts no more, and one that goes on is given up.
    pub(super) fn drop_check(&mut self) {
        self.tickets.drop(Request::Check);
        if self.facts.check.asked().is_some() {
            self.effects.push(Effect::StopCheck);
        }
        self.facts.checks.clear();
        self.facts.check = Remote::Idle;
    }

    pub(super) fn checked(&mut self, line: CheckLine) {
        if let (Outcome::Ok, Some((id, value))) = (line.outcome, line.answer.clone()) {
            let is_open = self.answers.value(id).is_none();
            if is_open && self.answers.give(id, value, From::Detected) && self.screen == Screen::Review {
                self.compose();
            }
        }
        // Several of which there is nothing but one reason to tell are told as one.
        let is_bare = |line: &CheckLine| line.outcome == Outcome::Skipped && line.next.is_none();
        match self.facts.checks.last_mut() {
            Some(last) if is_bare(last) && is_bare(&line) && last.detail == line.detail => {
                last.check = format!("{}, {}", last.check, line.check);
            }
            _ => self.facts.checks.push(line),
        }
    }

    pub(super) fn check_done(&mut self, works: bool) {
        self.facts.check = Remote::Got(works);
        if self.screen == Screen::Review && works && self.review.tab != ReviewTab::Check {
            // An answer that has to change first is told by the screen, and the page of the check tells all of it.
            self.notice = self.offered().is_none().then(|| {
                if self.facts.preview.trouble().is_some() {
                    "the test write works, but the source could not be read"
                } else {
                    "it works"
                }
                .to_owned()
            });
        }
    }

    /// Enter: first the check, then the writing.
    pub(super) fn enter_review(&mut self) {
        if self.is_writing() {
            return self.say_writing();
        }
        if let Remote::Failed(trouble) = &self.facts.document {
            self.popup = Some(Popup::Trouble(trouble.clone()));
            return;
        }
        let is_offered = self.offered().is_some();
        match &self.facts.check {
            Remote::Idle => {
                self.review = crate::state::Review { tab: ReviewTab::Check, scroll: Scroll::default() };
                self.check();
            }
            Remote::Asked(_) => {
                self.notice = Some("the check goes on; Ctrl-S writes without waiting for it".to_owned());
            }
            // What works although an answer is wrong works by a detour: the right one is what Enter takes, then it is checked again.
            Remote::Got(true) if is_offered => _ = self.take_offer(),
            Remote::Got(true) if self.is_only_checked() => self.back(),
            Remote::Got(true) => self.write(),
            Remote::Got(false) | Remote::Failed(_) => {
                self.review.tab = ReviewTab::Check;
                self.notice = Some("r tests again once it is mended; Ctrl-S writes the config anyway".to_owned());
            }
        }
    }

    /// Whether the check was all that was asked for, of a config that stays as it is.
    #[must_use]
    pub fn is_only_checked(&self) -> bool {
        let is_there = |document: &crate::facts::Document| self.facts.place.existing.as_ref() == Some(&document.toml);
        self.trail.last() == Some(&Screen::Welcome) && self.facts.document.got().is_some_and(is_there)
    }

    /// The answer that the check found and that is not taken.
    #[must_use]
    pub fn offered(&self) -> Option<&CheckLine> {
        let is_offer =
            |line: &&CheckLine| line.answer.as_ref().is_some_and(|(id, value)| self.answers.value(*id) != Some(value));
        self.facts.checks.iter().find(is_offer)
    }

    fn take_offer(&mut self) -> bool {
        let Some((id, value)) = self.offered().and_then(|line| line.answer.clone()) else { return false };
        self.answer(id, value);
        self.compose();
        self.review.tab = ReviewTab::Check;
        self.check();
        true
    }

    pub(super) fn write(&mut self) {
        let Remote::Got(document) = &self.facts.document else {
            if let Remote::Failed(trouble) = &self.facts.document {
                self.popup = Some(Popup::Trouble(trouble.clone()));
            }
            return;
        };
        if self.is_writing() {
            return;
        }
        let place = &self.facts.place;
        let writing =
            Writing { file: place.config.clone(), text: document.toml.clone(), before: place.existing.clone() };
        if writing.before.as_ref() == Some(&writing.text) {
            let said = format!("{} stays as it is: nothing in it changes", place.config_shown);
            self.facts.is_unchanged = true;
            return self.end_writing(said);
        }
        let ticket = self.tickets.draw(Request::Write);
        self.facts.written = Remote::Asked(self.now);
        self.effects.push(Effect::Write(ticket, Box::new(writing)));
    }

    /// Whether the config is being written: nothing that it holds changes meanwhile.
    pub(super) fn is_writing(&self) -> bool {
        self.facts.written.asked().is_some()
    }

    pub(super) fn say_writing(&mut self) {
        self.notice = Some("the config is being written".to_owned());
    }

    /// The config was changed by someone else: the answers are laid over what is there now, and what that changes is shown again.
    pub(super) fn changed_meanwhile(&mut self, text: Option<String>) {
        // A config that is gone or broken has no other answers than those that it had.
        if let Some(Ok(config)) = text.as_deref().map(Answers::from_config) {
            self.answers.forget(From::Config);
            self.answers.lay(&config);
            self.facts.configured = Some(config);
        }
        self.facts.place.existing = text;
        self.facts.mended = None;
        self.answers.fill(&self.facts);
        QUESTIONS.iter().for_each(|question| self.forget(question.id));
        self.review = crate::state::Review::default();
        self.compose();
    }

    pub(super) fn written(&mut self, result: Result<String, Trouble>) {
        match result {
            Ok(said) => self.end_writing(said),
            Err(trouble) => {
                self.facts.written = Remote::Failed(trouble.clone());
                self.popup = Some(Popup::Trouble(trouble));
            }
        }
    }

    fn end_writing(&mut self, said: String) {
        if let Some(document) = self.facts.document.got() {
            self.facts.place.existing = Some(document.toml.clone());
            self.facts.mended = None;
        }
        self.facts.written = Remote::Got(said);
        self.effects.push(Effect::DropDraft);
        self.popup = None;
        // What is written is not unwritten by going back.
        self.trail.clear();
        self.go_instead(Screen::Written);
    }

    pub(super) fn enter_written(&mut self) {
        match self.list.focused() {
            Some(Row::Run(true)) => self.begin_run(),
            _ => self.go_instead(Screen::Farewell),
        }
    }

    /// The pages that there are: what needs no AWS needs no policy.
    #[must_use]
    pub fn tabs(&self) -> Vec<ReviewTab> {
        let has_policy = !self.answers.is(crate::Id::Storage, "embedded");
        ReviewTab::ALL.into_iter().filter(|tab| has_policy || *tab != ReviewTab::Policy).collect()
    }

    /// A key of the review. Whether it was one.
    pub(super) fn review_key(&mut self, press: Press) -> bool {
        let tabs = self.tabs();
        let at = tabs.iter().position(|tab| *tab == self.review.tab).unwrap_or(0);
        match press.key {
            Key::Char('s') if press.ctrl => self.write(),
            Key::Left | Key::BackTab => self.show_tab((at + tabs.len() - 1) % tabs.len()),
            Key::Right | Key::Tab => self.show_tab((at + 1) % tabs.len()),
            Key::Char(c) if !press.ctrl && !press.alt => return self.review_letter(c),
            key => return self.review.scroll.key(key),
        }
        true
    }

    fn show_tab(&mut self, at: usize) {
        self.review =
            crate::state::Review { tab: self.tabs().get(at).copied().unwrap_or_default(), scroll: Scroll::default() };
    }

    /// A letter acts only where it is named: what lies behind this screen is a write.
    fn review_letter(&mut self, letter: char) -> bool {
        let is_named = self.hints().iter().any(|hint| hint.key.chars().eq([letter]));
        match letter {
            'r' if is_named => {
                self.review.tab = ReviewTab::Check;
                self.check();
            }
            'u' if is_named && !self.is_writing() => return self.take_offer(),
            'y' => match self.review_text().filter(|_| is_named) {
                Some(text) => self.copy(&text),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// The text of the page that is shown, as it is copied: of the check, the statement that would help.
    #[must_use]
    pub fn review_text(&self) -> Option<String> {
        let document = self.facts.document.got()?;
        match self.review.tab {
            ReviewTab::Toml if !document.changes.is_empty() => Some(document.changes.join("\n")),
            ReviewTab::Toml => Some(document.toml.clone()),
            ReviewTab::Policy => document.policy.clone(),
            ReviewTab::Check => self.facts.checks.iter().find_map(|line| line.statement.clone()),
            ReviewTab::Command => Some(document.command.clone()),
        }
    }
}
