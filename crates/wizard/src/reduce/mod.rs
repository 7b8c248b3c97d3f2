//! What follows from an event. `flow` says which screen follows which; each screen or concern has a module of its own.

mod tickets;
mod keys;
mod hints;
mod scroll;
mod form;
mod line;
mod list;
mod chosen;
mod overview;
mod flow;
mod method;
mod configured;
mod sign_in;
mod directory;
mod identity;
mod review;
mod keep;
mod run;

#[cfg(test)]
mod tests;

pub use flow::{Start, start};
pub use hints::Hint;
pub(crate) use tickets::Tickets;

use std::{collections::BTreeSet, time::Duration};

use crate::{
    answers::Answers,
    draft::Draft,
    effect::{Effect, Exit},
    event::{Event, Intent},
    question::Id,
    record,
    state::{Popup, Screen, Scroll, State, Typing},
    titles,
};
use tickets::Request;

impl State {
    /// What follows from an event: the state changes, and effects are to be carried out. After the end nothing follows.
    pub fn step(&mut self, event: Event) -> Vec<Effect> {
        if self.recorded.is_some() {
            let line = record::line(self, &event);
            self.recorded.get_or_insert_default().push_str(&(line + "\n"));
        }
        if self.exit.is_none() {
            let over = self.popup.as_ref().map(std::mem::discriminant);
            self.take(event);
            if self.popup.as_ref().map(std::mem::discriminant) != over {
                self.popup_scroll = Scroll::default();
            }
        }
        std::mem::take(&mut self.effects)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Key(press) => self.press(press),
            Event::Paste(text) => self.paste(&text),
            Event::Intent(intent) => self.intend(intent),
            Event::Resize(columns, rows) => self.size = (columns, rows),
            Event::Tick(now) => {
                // A clock that is set back leaves what was awaited awaited.
                self.now = now;
                self.count_seconds();
                self.keep_typed();
            }
            Event::Signal => self.interrupt(),
            Event::Found(ticket, found) if self.tickets.is_latest(Request::Detect, ticket) => self.found(*found),
            Event::Detected(ticket) if self.tickets.is_latest(Request::Detect, ticket) => self.detected(),
            Event::Explained(ticket, search) if self.tickets.is_latest(Request::Explain, ticket) => {
                self.explained(search);
            }
            Event::SignIn(ticket, event) if self.tickets.is_latest(Request::SignIn, ticket) => {
                self.sign_in_event(event);
            }
            Event::Accounts(ticket, accounts) if self.tickets.is_latest(Request::Accounts, ticket) => {
                self.accounts(accounts);
            }
            Event::Roles(ticket, account, roles) if self.tickets.is_latest(Request::Accounts, ticket) => {
                self.roles(&account, roles);
            }
            Event::Listed(ticket, result) if self.tickets.is_latest(Request::Accounts, ticket) => self.listed(result),
            Event::Identified(ticket, result) if self.tickets.is_latest(Request::Identify, ticket) => {
                self.facts.identity = result.map_err(|trouble| self.of_sign_in(trouble)).into();
                if self.screen == Screen::Welcome {
                    self.refresh_list();
                }
            }
            Event::Previewed(ticket, result) if self.tickets.is_latest(Request::Preview, ticket) => {
                self.facts.preview = result.map_err(titles::of_form).into();
                if self.screen == Screen::Preview {
                    self.refresh_list();
                    self.show_first_warning();
                }
            }
            Event::Checked(ticket, line) if self.tickets.is_latest(Request::Check, ticket) => self.checked(line),
            Event::CheckDone(ticket, works) if self.tickets.is_latest(Request::Check, ticket) => self.check_done(works),
            Event::Changed(ticket, text) if self.tickets.is_latest(Request::Write, ticket) => {
                if self.screen == Screen::Welcome { self.met_again(text) } else { self.changed_meanwhile(text) }
            }
            Event::Written(ticket, result) if self.tickets.is_latest(Request::Write, ticket) => self.written(result),
            Event::Offered(ticket, offer) if self.tickets.is_latest(Request::Keep, ticket) => {
                self.offered_to_keep(offer);
            }
            Event::Kept(ticket, kept) if self.tickets.is_latest(Request::Keep, ticket) => self.kept(kept),
            Event::Run(ticket, event) if self.tickets.is_latest(Request::Run, ticket) => self.run_event(*event),
            Event::RunEnded(ticket, result) if self.tickets.is_latest(Request::Run, ticket) => self.run_ended(result),
            Event::Beyond(lines) if self.popup.is_some() => self.popup_scroll.fit(lines),
            Event::Beyond(lines) => self.review.scroll.fit(lines),
            Event::Drafted(kept) => self.drafted(kept),
            Event::Note(note) => self.notice = Some(note),
            // The answer to a request that nobody waits for any more.
            _ => {}
        }
    }

    fn intend(&mut self, intent: Intent) {
        self.notice = None;
        match intent {
            Intent::Next => self.enter(),
            Intent::Back => self.escape(),
            Intent::Pick(row) => self.pick(row),
            Intent::Fill(id, text) => self.fill_field(id, &text),
            Intent::Filter(text) => self.filter_by(text),
            Intent::Hidden(secret) => self.hidden_given(&secret),
            Intent::Quit => self.leave(Exit::Left),
            Intent::End => self.end_of_input(),
        }
    }

    /// Nobody can answer any more. A config that was written stays.
    fn end_of_input(&mut self) {
        if matches!(self.screen, Screen::Written | Screen::Run | Screen::Farewell) {
            return self.leave(self.end_of_run());
        }
        let wrong = self.form.fields.iter().filter(|field| field.error.is_some()).map(|field| field.id);
        let left = self.answers.left_wrong(&self.facts.place);
        let open = self.answers.missing().into_iter().chain(left).map(|question| question.id);
        let missing: BTreeSet<Id> = open.chain(wrong).collect();
        self.leave(Exit::Unanswered(missing.into_iter().collect()));
    }

    /// Ctrl-C, and signals: a run is asked to stop, anything else ends.
    fn interrupt(&mut self) {
        if self.is_running() {
            self.stop_run();
        } else if self.screen == Screen::Run || self.screen == Screen::Farewell {
            self.leave(self.end_of_run());
        } else {
            self.leave(Exit::Interrupted);
        }
    }

    /// The end. Answers are kept, unless they are in the config by now.
    fn leave(&mut self, exit: Exit) {
        if self.sign_in.request.is_some() {
            self.drop_sign_in();
        }
        self.popup = None;
        // A draft that nobody has decided about stays as it is.
        if self.has_draft() && self.draft.is_none() {
            self.keep_form();
            if self.is_unanswered() && !self.passed_over {
                self.effects.push(Effect::DropDraft);
            } else {
                self.save_draft();
            }
        }
        self.exit = Some(exit.clone());
        self.effects.push(Effect::Exit(exit));
    }

    fn save_draft(&mut self) {
        // What nobody was asked about gives way to answers, and not to none.
        if self.passed_over && self.is_unanswered() {
            return;
        }
        self.passed_over = false;
        self.effects.push(Effect::SaveDraft(self.draft_text()));
    }

    /// Keeps what stands in a form that was not left, once it has stood there for a moment.
    fn keep_typed(&mut self) {
        const MOMENT: Duration = Duration::from_secs(1);
        let Some(typed) = self.unkept_typing() else {
            self.typing.since = None;
            return;
        };
        let since = *self.typing.since.get_or_insert(self.now);
        if self.now.duration_since(since).is_ok_and(|stood| stood >= MOMENT) {
            self.effects.push(Effect::SaveDraft(self.draft_of(&typed)));
            self.typing = Typing { since: None, kept: typed };
        }
    }

    /// The answers with what stands in a form, where that is not in the draft.
    fn unkept_typing(&self) -> Option<Answers> {
        let is_new = self.has_draft() && self.draft.is_none() && self.form.fields.iter().any(|field| !self.says(field));
        is_new.then(|| self.typed_answers()).filter(|typed| *typed != self.typing.kept)
    }

    /// Whether something was typed that is to be kept in a moment, so that the time matters.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        self.unkept_typing().is_some()
    }

    pub(crate) fn draft_text(&self) -> String {
        self.draft_of(&self.answers)
    }

    fn draft_of(&self, answers: &Answers) -> String {
        let after = [Screen::SignIn, Screen::Mfa, Screen::Directory, Screen::Identity];
        // What was begun and left again is not among them.
        let signs_in = after.iter().any(|screen| self.screen == *screen || self.trail.contains(screen));
        Draft::text(answers, &self.facts.place, self.now, signs_in)
    }

    fn drafted(&mut self, kept: Result<(), String>) {
        self.facts.unkept = kept.err();
        if let Some(why) = self.facts.unkept.as_ref().filter(|_| !self.facts.place.is_demo) {
            self.notice = Some(format!("the answers can't be kept for another time: {why}"));
        }
    }

    /// Whether there are answers here that leaving would lose were they not kept.
    fn has_draft(&self) -> bool {
        !matches!(self.screen, Screen::Written | Screen::Run | Screen::Farewell | Screen::Welcome)
    }

    /// Whether nothing was answered that another session could go on with.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        Draft::read(&self.draft_text()).is_ok_and(|draft| draft.is_none())
    }

    /// Whether another session could go on with the answers, as far as is known.
    #[must_use]
    pub fn keeps_answers(&self) -> bool {
        self.has_draft() && self.facts.unkept.is_none() && !self.facts.place.is_demo
    }

    /// Whether another session finds answers to go on with: those of this one, or of an earlier one about which was not decided.
    #[must_use]
    pub fn leaves_draft(&self) -> bool {
        self.keeps_answers() && (self.draft.is_some() || self.passed_over || !self.is_unanswered())
    }

    /// What leaving now means.
    #[must_use]
    pub fn on_leaving(&self) -> String {
        match &self.facts.unkept {
            _ if self.facts.place.is_demo => "The demo ends, and its answers are not kept.".to_owned(),
            _ if self.screen == Screen::Written => "The config is written.".to_owned(),
            _ if !self.has_draft() || self.is_unanswered() => "Nothing is changed.".to_owned(),
            Some(why) => format!("Your answers are lost then: they can't be kept for another time ({why})."),
            None => {
                let command = self.facts.place.asking();
                format!("Your answers are kept as a draft: the next `{command}` proposes them again.")
            }
        }
    }

    fn ask_to_quit(&mut self) {
        if self.has_draft() {
            // Whether they can be kept is known before it is decided.
            self.save_draft();
        }
        self.popup = Some(Popup::Quit);
    }
}
