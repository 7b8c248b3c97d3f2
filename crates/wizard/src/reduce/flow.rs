//! Which screen follows which, and what is begun when one is entered.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::tickets::Request;
use crate::{
    answers::{Answer, Answers, From},
    compose,
    draft::Draft,
    effect::{Effect, SignInRequest},
    facts::{Again, Place, Remote, Trouble},
    question::{Id, Need, QUESTIONS},
    state::{List, Popup, Review, ReviewTab, Row, Screen, Scroll, State, Welcome},
};

/// What a session begins with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Start {
    /// The terminal and the machine, and the config that is there.
    pub place: Place,
    /// The answers of flags, variables and the answers file, laid over one another with [`Answers::lay`].
    pub answers: Answers,
    /// The draft of an earlier session with this config.
    pub draft: Option<Draft>,
    /// Those of earlier sessions with other configs: they are told of, and not taken.
    #[serde(default)]
    pub others: Vec<Draft>,
    /// Whether this config has a draft about which nobody is asked, as where lines come from a pipe: it is told of, and stays until there
    /// are other answers to keep.
    #[serde(default)]
    pub passed_over: bool,
    /// Whether the questions were asked for (`lakeward init`), rather than whatever there is to do.
    pub init: bool,
    /// Columns and rows.
    pub size: (u16, u16),
}

/// Begins a session: at what can be done with a config that is there, else at how to sign in.
#[must_use]
pub fn start(start: Start, now: SystemTime) -> (State, Vec<Effect>) {
    let Start { place, answers, draft, others, passed_over, init, size } = start;
    let mut state = State::new(place, now);
    state.size = size;
    state.passed_over = passed_over;
    state.begun = answers.clone();
    state.answers = answers;
    let screen = state.meet();
    let is_readable = state.facts.place.existing.is_none() || state.facts.configured.is_some();
    state.draft = draft.filter(|draft| {
        // A draft that says nothing new is no reason for a question, and one of a config that is no TOML can't be gone on with.
        let is_own = draft.config.as_ref().is_none_or(|config| *config == state.facts.place.config);
        is_own && is_readable && draft.answers.iter().any(|(id, answer)| state.answers.value(id) != Some(&answer.value))
    });
    // What is there is run without a word about an edit that was left: the question comes with the next edit.
    if state.draft.is_some() && screen != Screen::Welcome {
        state.popup = Some(Popup::Resume);
    }
    state.enter_screen(screen);
    state.notice = Draft::elsewhere(&others, &state.facts.place);
    if passed_over {
        let note = format!("Answers of an earlier session are kept: {} takes them.", state.facts.place.resuming());
        state.facts.place.notes.push(note);
    }
    if screen == Screen::Welcome && init {
        state.list.focus = state.list.rows.iter().position(|row| *row == Row::Welcome(Welcome::Edit)).unwrap_or(0);
        state.list.touched = true;
    }
    let effects = std::mem::take(&mut state.effects);
    (state, effects)
}

impl State {
    /// Reads the config that is there; where it begins.
    fn meet(&mut self) -> Screen {
        let mut screen = Screen::Method;
        if let Some(text) = self.facts.place.existing.clone() {
            screen = Screen::Welcome;
            // What can be done with it is done as its file says; an edit takes what flags say.
            self.answers = Answers::default();
            let place = &self.facts.place;
            (self.facts.mended, self.facts.is_mendable) = (None, true);
            match compose::resolve(&text, place) {
                Ok((plan, _)) => (self.facts.again, self.facts.sources) = (Again::of(&plan), plan.sources.len()),
                Err(errors) => {
                    let mut trouble = compose::refused_there(&errors, place);
                    let mended = compose::mended(&text, &errors);
                    let rest = mended.as_ref().map(|mended| compose::resolve(mended, place).err().unwrap_or_default());
                    self.facts.is_mendable = compose::is_asked(rest.as_ref().unwrap_or(&errors));
                    let way_out = match (self.facts.is_mendable, &mended) {
                        (true, Some(_)) => {
                            Some("Edit takes a misspelt key as it is meant, and shows the change before it writes")
                        }
                        (true, None) => None,
                        (false, _) => Some("`lakeward init --config OTHER.toml` begins another config"),
                    };
                    if let Some(way_out) = way_out {
                        trouble.next = Some(match trouble.next {
                            Some(hint) if hint.ends_with('?') => format!("{hint} {way_out}"),
                            Some(hint) => format!("{hint}. {way_out}"),
                            None => way_out.to_owned(),
                        });
                    }
                    (self.facts.document, self.facts.mended) = (Remote::Failed(trouble), mended);
                }
            }
            if let Ok(config) = Answers::from_config(self.facts.mended.as_ref().unwrap_or(&text)) {
                self.answers.lay(&config);
                self.facts.configured = Some(config);
            }
        }
        self.answers.fill(&self.facts);
        screen
    }

    /// The config was read again, from the beginning.
    pub(super) fn met_again(&mut self, text: Option<String>) {
        let is_same = self.facts.place.existing == text;
        self.answers.forget(From::Config);
        self.facts.configured = None;
        self.facts.place.existing = text;
        QUESTIONS.iter().for_each(|question| self.forget(question.id));
        let screen = self.meet();
        self.enter_screen(screen);
        if is_same {
            self.notice = Some(format!("{} is as it was", self.facts.place.config_shown));
        }
    }

    /// Leads to a screen and fills its form or list from the answers and facts. Nothing else happens.
    pub fn show(&mut self, screen: Screen) {
        self.screen = screen;
        for field in std::mem::take(&mut self.form).fields {
            if field.error.is_some() {
                self.refused.insert(field.id)
            } else {
                self.refused.remove(&field.id)
            };
        }
        self.list = List::default();
        self.hidden = (screen == Screen::Mfa).then(Default::default);
        if screen == Screen::Review {
            // What has changed since it was checked is shown first.
            let tab = if self.facts.check == Remote::Idle { ReviewTab::default() } else { self.review.tab };
            self.review = Review { tab, scroll: Scroll::default() };
        }
        self.refresh_form();
        self.refresh_list();
    }

    /// Goes forward to a screen; back leads here again.
    pub(super) fn go(&mut self, screen: Screen) {
        self.trail.push(self.screen);
        self.enter_screen(screen);
    }

    /// Goes forward to a screen; back leads to where this one was come from.
    pub(super) fn go_instead(&mut self, screen: Screen) {
        self.enter_screen(screen);
    }

    /// Shows a screen and begins what it needs.
    pub(super) fn enter_screen(&mut self, screen: Screen) {
        self.show(screen);
        if !matches!(screen, Screen::Welcome | Screen::Identity) && self.facts.identity.asked().is_some() {
            // Nobody waits for it here; who comes back has it asked anew.
            self.drop_identity();
        }
        if screen != Screen::Preview && self.facts.preview.asked().is_some() {
            self.drop_preview();
        }
        if screen != Screen::Review && self.facts.check.asked().is_some() {
            self.drop_check();
        }
        match screen {
            // Of a config that can't be taken nobody waits for more.
            Screen::Welcome if self.facts.document.trouble().is_none() => self.identify_if_unknown(),
            Screen::Method if self.facts.detection == Remote::Idle => self.detect(),
            Screen::Directory => self.list_accounts(),
            Screen::Identity => self.identify_if_unknown(),
            Screen::Preview => self.preview(),
            Screen::Review => self.compose(),
            _ => {}
        }
    }

    /// The screen before, with all that was typed.
    pub(super) fn back(&mut self) {
        self.keep_form();
        if matches!(self.screen, Screen::SignIn | Screen::Mfa) {
            self.drop_sign_in();
        }
        match self.trail.pop() {
            Some(Screen::Welcome) => self.back_to_menu(),
            Some(screen) => self.enter_screen(screen),
            None => self.ask_to_quit(),
        }
    }

    /// What can be done with the config that is there: with what its file says, and the edit is kept.
    fn back_to_menu(&mut self) {
        let of_edit = |answer: &Answer| matches!(answer.from, From::Typed | From::Draft);
        if !self.says_what_the_file_says() {
            let edit = self.draft_text();
            let config = self.facts.configured.clone().unwrap_or_default();
            let says_other = |(id, answer): (Id, &Answer)| {
                of_edit(answer) && config.value(id) != Some(&answer.value).filter(|value| !value.is_blank())
            };
            if self.draft.is_none() && self.answers.iter().any(says_other) {
                self.draft = Draft::read(&edit).ok().flatten();
                self.save_draft();
            }
            QUESTIONS.iter().for_each(|question| self.forget(question.id));
            _ = self.meet();
        }
        self.enter_screen(Screen::Welcome);
    }

    /// Whether no answer is a person's.
    fn says_what_the_file_says(&self) -> bool {
        self.answers.iter().all(|(_, answer)| matches!(answer.from, From::Config | From::Detected | From::Default))
    }

    /// Whether an edit of the config that is there was left, with which one can go on here.
    #[must_use]
    pub fn has_left_edit(&self) -> bool {
        self.draft.is_some() && self.list.rows.contains(&Row::Welcome(Welcome::Edit))
    }

    /// Goes through the questions of the config that is there.
    pub(super) fn edit(&mut self) {
        if self.says_what_the_file_says() {
            let config = std::mem::replace(&mut self.answers, self.begun.clone());
            self.answers.lay(&config);
            self.answers.fill(&self.facts);
        }
        if self.draft.is_some() {
            self.popup = Some(Popup::Resume);
            return;
        }
        self.go(if self.answers.is(Id::Storage, "embedded") { Screen::Destination } else { Screen::Method });
    }

    /// Where it goes on once the way to sign in is chosen: what is still to be known of it, else whose the credentials are.
    pub(super) fn after_auth(&mut self, replace: bool) {
        let next = if self.trail.last() == Some(&Screen::Welcome) && replace {
            // It was signed in for the config that is there.
            self.trail.pop();
            self.facts.identity = Remote::Idle;
            Screen::Welcome
        } else if self.lacks_account() {
            Screen::Directory
        } else {
            Screen::Identity
        };
        if next == Screen::Welcome || replace { self.go_instead(next) } else { self.go(next) }
    }

    pub(super) fn lacks_account(&self) -> bool {
        let lacks = |id: Id| {
            (id.question().need)(&self.answers) == Need::Required
                && (self.answers.value(id).is_none()
                    || self.answers.get(id).is_some_and(|answer| answer.stale)
                    || self.answers.refused(id, &self.facts.place).is_some())
        };
        lacks(Id::SsoAccountId) || lacks(Id::SsoRoleName)
    }

    /// What the answers want signed in to, if they want that.
    pub(super) fn sign_in_request(&self) -> Option<SignInRequest> {
        let text = |id: Id| {
            let is_asked = (id.question().need)(&self.answers) != Need::NotAsked;
            self.answers.text(id).filter(|_| is_asked).map(str::to_owned)
        };
        match text(Id::Auth)?.as_str() {
            "sso" => Some(SignInRequest::Sso {
                session: text(Id::SsoSession),
                start_url: text(Id::SsoStartUrl),
                region: text(Id::SsoRegion),
            }),
            "role" => Some(SignInRequest::Mfa { profile: None, serial: text(Id::MfaSerial)? }),
            _ => None,
        }
    }

    /// What the Enter key does on the screen.
    pub(super) fn enter(&mut self) {
        match self.screen {
            Screen::Welcome => self.enter_welcome(),
            Screen::Method => self.enter_method(),
            Screen::Details => {
                if self.submit_form() {
                    self.close_session();
                    self.sign_in_or_go_on();
                }
            }
            Screen::SignIn => self.enter_sign_in(),
            Screen::Mfa => self.enter_mfa(),
            Screen::Directory => self.enter_directory(),
            Screen::Identity => self.enter_identity(),
            Screen::Destination => {
                if self.submit_form() {
                    self.after_destination();
                }
            }
            Screen::Source => {
                if self.submit_form() {
                    // Standard input can be read once, and the run needs it.
                    self.go(if self.answers.is(Id::Source, "stdin") { Screen::Review } else { Screen::Preview });
                }
            }
            Screen::Preview => self.enter_preview(),
            Screen::Review => self.enter_review(),
            Screen::Written => self.enter_written(),
            Screen::Run => self.enter_run(),
            Screen::Farewell => self.leave(self.end_of_run()),
        }
    }

    /// Who came here without AWS has not been asked how to sign in.
    fn after_destination(&mut self) {
        if !self.answers.is(Id::Storage, "embedded") && !self.trail.contains(&Screen::Identity) {
            self.trail.retain(|screen| *screen == Screen::Welcome);
            self.enter_screen(Screen::Method);
            self.notice = Some("S3 needs a sign-in: choose one, and the answers so far stay".to_owned());
        } else {
            self.go(Screen::Source);
        }
    }

    pub(super) fn sign_in_or_go_on(&mut self) {
        match self.sign_in_request() {
            Some(request @ SignInRequest::Mfa { .. }) => {
                self.go(Screen::Mfa);
                self.sign_in(request);
            }
            Some(request) => {
                self.go(Screen::SignIn);
                self.sign_in(request);
            }
            None => self.after_auth(false),
        }
    }

    /// A draft is wanted, or not.
    pub(super) fn resume(&mut self, wanted: bool) {
        let Some(draft) = self.draft.take() else { return };
        if wanted {
            draft.lay_over(&mut self.answers);
            self.answers.fill(&self.facts);
            QUESTIONS.iter().for_each(|question| self.forget(question.id));
            if self.screen != Screen::Welcome {
                self.show(self.screen);
            }
        } else {
            self.effects.push(Effect::DropDraft);
        }
        if self.screen == Screen::Welcome {
            self.edit();
        }
    }

    /// Makes the config from the answers.
    pub(super) fn compose(&mut self) {
        let composed = compose::compose(&self.answers, &self.facts);
        self.facts.again = composed.as_ref().map(|composed| Again::of(&composed.plan)).unwrap_or_default();
        self.facts.document = composed.map(|composed| composed.document).into();
    }

    /// What the config means, or why it means nothing yet.
    pub(super) fn plan(&self) -> Result<lakeward_core::plan::Plan, Trouble> {
        compose::compose(&self.answers, &self.facts).map(|composed| composed.plan)
    }

    fn preview(&mut self) {
        if self.facts.preview.got().is_some() || self.facts.preview.asked().is_some() {
            return;
        }
        match self.plan() {
            Ok(plan) => {
                let ticket = self.tickets.draw(Request::Preview);
                self.facts.preview = Remote::Asked(self.now);
                self.effects.push(Effect::Preview(ticket, Box::new(plan)));
            }
            // It is not the source that is wrong.
            Err(trouble) => {
                self.facts.document = Remote::Failed(trouble.clone());
                self.facts.preview = Remote::Failed(trouble);
            }
        }
        self.refresh_list();
    }

    /// What the sources hold is not known any more. A look that goes on is given up, and no program of a source outlives it.
    pub(super) fn drop_preview(&mut self) {
        self.tickets.drop(Request::Preview);
        if self.facts.preview.asked().is_some() {
            self.effects.push(Effect::StopPreview);
        }
        self.facts.preview = Remote::Idle;
    }

    /// Whether the source can't be read for rows that could be set aside.
    pub(super) fn can_set_aside(&self) -> bool {
        (Id::OnError.question().need)(&self.answers) != Need::NotAsked
            && !self.answers.is(Id::OnError, "skip")
            && self.facts.preview.trouble().is_some_and(|trouble| trouble.can_set_aside)
    }

    /// Looks into the sources again.
    pub(super) fn preview_again(&mut self) {
        self.facts.preview = Remote::Idle;
        self.preview();
    }

    fn enter_preview(&mut self) {
        match &self.facts.preview {
            Remote::Got(preview) if !preview.tables.is_empty() => self.go(Screen::Review),
            Remote::Got(_) => self.notice = Some("no table was found; Esc leads back to the source".to_owned()),
            Remote::Failed(_) => {
                self.notice = Some("r tries again, g goes on without looking, Esc leads back".to_owned());
            }
            Remote::Asked(_) | Remote::Idle => self.notice = Some("the source is being looked at".to_owned()),
        }
    }
}
