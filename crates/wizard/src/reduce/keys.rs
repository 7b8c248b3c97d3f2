//! Keys and pastes: who takes them.

use crate::{
    effect::{Effect, Exit},
    event::{Key, Press},
    question::Id,
    secret::Hidden,
    state::{Popup, Screen, State},
};

impl State {
    pub(super) fn press(&mut self, press: Press) {
        match press.key {
            Key::Char('c') if press.ctrl => return self.control_c(),
            Key::Char('l') if press.ctrl => return self.effects.push(Effect::Redraw),
            Key::Char('z') if press.ctrl => return self.effects.push(Effect::Suspend),
            _ => {}
        }
        // Of what is not seen no key chooses anything; whether to leave is asked in any window.
        if self.is_too_small() && self.popup != Some(Popup::Quit) {
            return;
        }
        self.notice = None;
        if self.popup.is_some() {
            return self.popup_key(press);
        }
        match press.key {
            Key::F(1) => self.popup = Some(Popup::Help),
            Key::F(2) => self.popup = Some(Popup::Command),
            Key::Esc => self.escape(),
            Key::Enter => self.enter(),
            _ if self.hidden.is_some() => self.hidden_key(press),
            Key::Char('?') if !self.takes_text() => self.popup = Some(Popup::Help),
            Key::Char('q') if !self.takes_text() && !press.ctrl && !press.alt => self.quit(),
            _ => _ = self.screen_key(press),
        }
    }

    fn screen_key(&mut self, press: Press) -> bool {
        if self.screen == Screen::Review {
            return self.review_key(press);
        }
        if self.screen == Screen::Directory && press.key == Key::F(3) {
            self.show_more();
            return true;
        }
        if !self.form.fields.is_empty() {
            return self.form_key(press);
        }
        if press == Key::Char('s').into() && self.can_sign_in_anew() {
            self.sign_in_anew();
            return true;
        }
        if press == Key::Char('r').into() && self.screen == Screen::Directory && self.can_list_again() {
            self.enter();
            return true;
        }
        if let Key::Char(letter) = press.key
            && !press.ctrl
            && !press.alt
            && self.screen != Screen::Directory
            && self.letter(letter)
        {
            return true;
        }
        self.list_key(press)
    }

    fn letter(&mut self, letter: char) -> bool {
        match (self.screen, letter) {
            (Screen::Method, letter) => return self.method_letter(letter),
            (Screen::SignIn, letter) => return self.sign_in_letter(letter),
            (Screen::Mfa, 'r' | 'n') if self.sign_in.outcome.trouble().is_some() => self.enter(),
            (Screen::Identity, 'r') if self.facts.identity.asked().is_none() => self.identify(),
            (Screen::Identity, 'g') if self.facts.identity.trouble().is_some() => self.go(Screen::Destination),
            (Screen::Identity, 'k') => return self.offer_to_keep(),
            (Screen::Preview, 'r') if self.facts.preview.asked().is_none() => self.preview_again(),
            (Screen::Preview, 'g') if self.facts.preview.trouble().is_some() => self.go(Screen::Review),
            (Screen::Preview, 's') if self.can_set_aside() => {
                self.answer(Id::OnError, "skip".into());
                self.preview_again();
            }
            (Screen::Run, 'e') if !self.run.log.is_empty() => self.popup = Some(Popup::Errors),
            (Screen::Identity | Screen::Preview, 'd') => match self.trouble().cloned() {
                Some(trouble) => self.popup = Some(Popup::Trouble(trouble)),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// What `q` does where it is no text: it leaves, and asks first where that is in the middle of something.
    fn quit(&mut self) {
        match self.screen {
            Screen::Welcome | Screen::Written | Screen::Farewell => self.leave_quietly(),
            Screen::Run if self.is_running() => self.escape(),
            Screen::Run => self.leave(self.end_of_run()),
            _ => self.ask_to_quit(),
        }
    }

    fn leave_quietly(&mut self) {
        self.leave(if self.screen == Screen::Welcome { Exit::Done } else { self.end_of_run() });
    }

    /// What is wrong on the screen, if something is.
    #[must_use]
    pub fn trouble(&self) -> Option<&crate::facts::Trouble> {
        match self.screen {
            Screen::Welcome => self.facts.document.trouble().or(self.facts.identity.trouble()),
            Screen::SignIn | Screen::Mfa => self.sign_in.outcome.trouble(),
            Screen::Directory => self.facts.directory.trouble(),
            Screen::Identity => self.facts.identity.trouble(),
            Screen::Preview => self.facts.preview.trouble(),
            Screen::Review => {
                self.facts.document.trouble().or(self.facts.check.trouble()).or(self.facts.written.trouble())
            }
            Screen::Run | Screen::Farewell => self.run.ended.as_ref().and_then(|ended| ended.as_ref().err()),
            _ => None,
        }
    }

    /// What the screen waits for, and since when.
    #[must_use]
    pub fn awaited(&self) -> Option<(&'static str, std::time::SystemTime)> {
        let (what, since) = match self.screen {
            Screen::Welcome | Screen::Identity => ("AWS: who this is", self.facts.identity.asked()),
            Screen::Method => ("ways to sign in", self.facts.detection.asked()),
            Screen::SignIn if self.sign_in.page.is_none() => ("the sign-in service", self.sign_in.outcome.asked()),
            Screen::Mfa => ("AWS: whether the code is right", self.sign_in.handed_over),
            Screen::Directory => ("accounts and roles", self.facts.directory.asked()),
            Screen::Preview if self.answers.is(Id::Source, "cloudquery") => {
                ("the plugin to list its tables", self.facts.preview.asked())
            }
            Screen::Preview if self.answers.is(Id::Source, "command") => {
                ("the first rows of the command, which runs", self.facts.preview.asked())
            }
            Screen::Preview => ("the source", self.facts.preview.asked()),
            Screen::Review => match self.facts.written.asked() {
                Some(since) => ("the config to be written", Some(since)),
                None => ("the check", self.facts.check.asked()),
            },
            _ => return None,
        };
        since.map(|since| (what, since))
    }

    /// Back; before that, what is opened is closed.
    pub(super) fn escape(&mut self) {
        if self.popup.is_some() {
            return self.popup_key(Key::Esc.into());
        }
        match self.screen {
            Screen::SignIn if self.hidden.is_some() => self.hidden = None,
            Screen::SignIn if self.sign_in.qr_alone => self.sign_in.qr_alone = false,
            Screen::Directory if self.form.more => self.show_more(),
            Screen::Directory if !self.list.filter.is_empty() => self.filter_by(String::new()),
            Screen::Run if self.is_running() => {
                self.notice = Some("the run goes on; Ctrl-C stops it safely".to_owned());
            }
            Screen::Run => self.enter(),
            // What is written is what stands there.
            Screen::Review if self.is_writing() => self.say_writing(),
            Screen::Welcome => self.leave_quietly(),
            Screen::Written => self.go_instead(Screen::Farewell),
            Screen::Farewell => self.leave_quietly(),
            _ => self.back(),
        }
    }

    fn control_c(&mut self) {
        if self.is_running()
            || matches!(self.screen, Screen::Run | Screen::Farewell)
            || matches!(self.popup, Some(Popup::Quit | Popup::Resume))
        {
            return self.interrupt();
        }
        self.ask_to_quit();
    }

    fn popup_key(&mut self, press: Press) {
        let yes = matches!(press.key, Key::Enter | Key::Char('y'));
        let no = matches!(press.key, Key::Esc | Key::Char('n' | 'q'));
        match &self.popup {
            // Whoever asked to leave with it means it.
            Some(Popup::Quit) if yes || press.key == Key::Char('q') => self.leave(Exit::Left),
            // Whoever presses anything else has gone on: Enter then is not meant for this question.
            Some(Popup::Quit) if !no => {
                self.popup = None;
                self.press(press);
            }
            Some(Popup::Keep(entry, _)) if yes => {
                let entry = entry.clone();
                self.keep(entry);
            }
            Some(Popup::Resume) if yes || press.key == Key::Char('n') => {
                self.popup = None;
                self.resume(yes);
            }
            // Neither yes nor no: the draft stays for another time.
            Some(Popup::Resume) if no && self.screen == Screen::Welcome => self.popup = None,
            Some(Popup::Resume) if no => self.leave(Exit::Left),
            Some(Popup::Resume) => {}
            Some(Popup::Command) if press.key == Key::Char('y') => {
                let command = self.command();
                self.copy(&command);
            }
            Some(_) if self.popup_scroll.key(press.key) => {}
            Some(Popup::Chain(_)) if press.key == Key::Char('w') => self.popup = None,
            Some(Popup::Trouble(_)) if press.key == Key::Char('d') => self.popup = None,
            Some(Popup::Errors) if press.key == Key::Char('e') => self.popup = None,
            _ if yes || no || matches!(press.key, Key::F(1 | 2) | Key::Char('?')) => self.popup = None,
            _ => {}
        }
    }

    fn hidden_key(&mut self, press: Press) {
        let Some(hidden) = &mut self.hidden else { return };
        match press.key {
            Key::Char('u') if press.ctrl => *hidden = Hidden::default(),
            Key::Char(c) if !press.ctrl && !press.alt => push(hidden, c.encode_utf8(&mut [0; 4])),
            Key::Backspace => hidden.pop(),
            _ => {}
        }
    }

    /// A paste never submits, and brings no controls.
    pub(super) fn paste(&mut self, text: &str) {
        if self.popup.is_some() || self.is_too_small() {
            return;
        }
        self.notice = None;
        if let Some(hidden) = &mut self.hidden {
            push(hidden, text.trim());
        } else if !self.form.fields.is_empty() {
            self.paste_into_field(text);
        } else if self.screen == Screen::Directory {
            let filter = format!("{}{}", self.list.filter, super::line::one_line(text.trim()));
            self.filter_by(filter);
        } else if self.screen == Screen::SignIn && self.sign_in.page.as_ref().is_some_and(|(page, _)| !page.device) {
            let hidden = self.hidden.insert(Hidden::default());
            push(hidden, text.trim());
        }
    }
}

fn push(hidden: &mut Hidden, text: &str) {
    const LONGEST: usize = 8192;
    let text = super::line::one_line(text);
    if hidden.bytes() + text.len() <= LONGEST {
        hidden.push(&text);
    }
}
