//! Signing in: the page and its code, and codes of MFA devices.

use super::tickets::Request;
use crate::{
    effect::{Effect, SignInRequest},
    event::{SignInAct, SignInEvent},
    facts::{Remote, Trouble},
    question::Id,
    secret::{Hidden, Secret},
    state::{Row, Screen, SignInState, State, Welcome},
    titles,
};

/// How many oddities are kept.
const NOTES: usize = 5;
/// How many digits an MFA code has (RFC 6238 as AWS uses it).
const MFA_DIGITS: usize = 6;

impl State {
    pub(super) fn sign_in(&mut self, request: SignInRequest) {
        let ticket = self.tickets.draw(Request::SignIn);
        self.hidden = matches!(request, SignInRequest::Mfa { .. }).then(Hidden::default);
        self.sign_in =
            SignInState { request: Some(request.clone()), outcome: Remote::Asked(self.now), ..SignInState::default() };
        self.effects.push(Effect::SignIn(ticket, request));
    }

    /// Gives the sign-in up: whatever it still says is not heard.
    pub(super) fn drop_sign_in(&mut self) {
        self.tickets.drop(Request::SignIn);
        if self.sign_in.outcome.asked().is_some() {
            self.effects.push(Effect::StopSignIn);
        }
        self.sign_in = SignInState::default();
        self.hidden = None;
    }

    pub(super) fn sign_in_event(&mut self, event: SignInEvent) {
        match event {
            SignInEvent::Page(page) => {
                self.sign_in.outcome = Remote::Asked(self.now);
                self.sign_in.page = Some((page, self.now));
            }
            SignInEvent::Expired => {
                if let Some((page, _)) = &mut self.sign_in.page {
                    page.expires = page.expires.min(self.now);
                }
                self.sign_in.qr_alone = false;
            }
            SignInEvent::Waiting(asked) => self.sign_in.asked = Some(asked),
            SignInEvent::Note(note) => {
                let note = self.sign_in_words(&note);
                // What is said again is news, and not two of them.
                self.sign_in.notes.retain(|said| *said != note);
                self.sign_in.notes.push(note);
                let over = self.sign_in.notes.len().saturating_sub(NOTES);
                self.sign_in.notes.drain(..over);
            }
            SignInEvent::Done(what) => {
                self.tickets.drop(Request::SignIn);
                self.drop_identity();
                let is_shown = matches!(self.screen, Screen::SignIn | Screen::Mfa);
                self.sign_in = SignInState { outcome: Remote::Got(what.clone()), ..SignInState::default() };
                self.hidden = None;
                if is_shown {
                    self.popup = None;
                    self.after_auth(true);
                    self.notice = Some(what);
                }
            }
            SignInEvent::Failed(trouble) => {
                self.tickets.drop(Request::SignIn);
                self.sign_in.page = None;
                self.sign_in.qr_alone = false;
                self.sign_in.handed_over = None;
                self.sign_in.outcome = Remote::Failed(self.of_sign_in(trouble));
                self.hidden = None;
            }
        }
    }

    /// What is said of a sign-in, in the words of the form where its fields are there. What a session of the AWS files says is called
    /// as it is there.
    pub(super) fn of_sign_in(&self, trouble: Trouble) -> Trouble {
        let next = trouble.next.as_deref().map(|next| self.in_menu(&self.sign_in_words(next)));
        Trouble { next, ..trouble }
    }

    /// Where the menu signs in, it comes first, in place of the command that does.
    fn in_menu(&self, next: &str) -> String {
        let is_command = |line: &&str| line.starts_with("sign in with `lakeward auth login") && line.ends_with('`');
        let (commands, mut others): (Vec<&str>, Vec<&str>) = next.lines().partition(is_command);
        if commands.is_empty()
            || self.screen != Screen::Welcome
            || !self.list.rows.contains(&Row::Welcome(Welcome::SignIn))
        {
            return next.to_owned();
        }
        others.insert(0, "choose \"Sign in\"");
        others.join("\n")
    }

    fn sign_in_words(&self, text: &str) -> String {
        let has_fields = self.answers.is(Id::Auth, "sso") && self.answers.value(Id::SsoSession).is_none();
        if has_fields { titles::of_sign_in(text) } else { text.to_owned() }
    }

    /// Begins anew after a failure; else there is only waiting.
    pub(super) fn enter_sign_in(&mut self) {
        if let Some(hidden) = &mut self.hidden {
            let pasted = hidden.take();
            self.hidden = None;
            if !pasted.expose().is_empty() {
                self.effects.push(Effect::Act(SignInAct::Paste(pasted)));
            }
        } else if self.sign_in.outcome.trouble().is_some() {
            self.sign_in_again();
        } else if self.approves() {
            self.effects.push(Effect::Act(SignInAct::Approve));
            self.notice = Some("approved, as somebody would on that page".to_owned());
        } else {
            self.notice = Some("waiting for the approval in the browser".to_owned());
        }
    }

    /// Whether the page can be approved here, for its service is a stand-in.
    pub(super) fn approves(&self) -> bool {
        self.facts.place.is_demo && self.sign_in.page.is_some() && !self.sign_in.is_expired(self.now)
    }

    /// Whether it would help to sign in once more: what failed here failed with a sign-in that needs a person.
    pub(super) fn can_sign_in_anew(&self) -> bool {
        let is_here = match self.screen {
            Screen::Directory => self.list.rows.is_empty() && !self.form.more,
            Screen::Identity => true,
            _ => false,
        };
        is_here && self.trouble().is_some() && self.sign_in_request().is_some()
    }

    /// Signs in although that seemed to have been done: a sign-in can be taken back before it expires.
    pub(super) fn sign_in_anew(&mut self) {
        let Some(request) = self.sign_in_request() else { return };
        let is_mfa = matches!(request, SignInRequest::Mfa { .. });
        self.go_instead(if is_mfa { Screen::Mfa } else { Screen::SignIn });
        self.sign_in(request);
    }

    fn sign_in_again(&mut self) {
        if let Some(request) = self.sign_in.request.clone() {
            self.sign_in(request);
            self.sign_in.again = Some(self.now);
        }
    }

    /// Whether the list of accounts failed, so that it can be asked for again.
    pub(super) fn can_list_again(&self) -> bool {
        self.list.rows.is_empty() && !self.form.more && self.facts.directory.trouble().is_some()
    }

    pub(super) fn enter_mfa(&mut self) {
        let Some(hidden) = &mut self.hidden else {
            return self.sign_in_again();
        };
        let code = hidden.take();
        if self.sign_in.handed_over.is_some() {
            self.notice = Some("the code is still being checked".to_owned());
        } else if code.expose().len() == MFA_DIGITS && code.expose().bytes().all(|byte| byte.is_ascii_digit()) {
            self.sign_in.handed_over = Some(self.now);
            self.effects.push(Effect::Act(SignInAct::Code(code)));
            self.notice = Some("the code is being checked".to_owned());
        } else {
            self.notice = Some(format!("an MFA code has {MFA_DIGITS} digits; type the one that the device shows now"));
        }
    }

    /// A whole hidden text, as the plain mode reads it.
    pub(super) fn hidden_given(&mut self, secret: &Secret) {
        if self.screen == Screen::SignIn && self.hidden.is_none() {
            self.hidden = Some(Hidden::default());
        }
        if let Some(hidden) = &mut self.hidden {
            _ = hidden.take();
            hidden.push(&super::line::one_line(secret.expose()));
            self.enter();
        }
    }

    /// Letters of the waiting screen. Whether it was one.
    pub(super) fn sign_in_letter(&mut self, letter: char) -> bool {
        let page = self.sign_in.page.as_ref().map(|(page, _)| page);
        match letter {
            // One that has expired leads nowhere.
            'c' | 'u' | 'o' | 'p' | 'v' if self.sign_in.is_expired(self.now) => return false,
            'c' => match page {
                Some(page) => {
                    // The code is what has to be typed elsewhere; where there is none, the address.
                    let text = page.code.as_ref().map_or_else(|| page.url.clone(), |code| code.code.clone());
                    self.effects.push(Effect::Copy(text));
                }
                None => return false,
            },
            'u' => match page {
                Some(page) => self.effects.push(Effect::Copy(page.url.clone())),
                None => return false,
            },
            'o' => match page {
                Some(page) => {
                    self.effects.push(Effect::Open(page.url.clone()));
                    self.notice = Some("a browser is asked for; where none opens, open the page yourself".to_owned());
                }
                None => return false,
            },
            'm' if page.is_some() => self.act(SignInAct::Switch),
            'r' | 'n' if self.sign_in.outcome.trouble().is_some() => self.sign_in_again(),
            'n' if page.is_some() => self.act(SignInAct::Renew),
            'p' if page.is_some_and(|page| !page.device) => self.hidden = Some(Hidden::default()),
            'v' if page.is_some_and(|page| page.device) => self.sign_in.qr_alone = !self.sign_in.qr_alone,
            'e' => self.edit_sso(),
            'g' if self.can_go_unsigned() => self.go_unsigned(),
            'k' => return self.offer_to_keep(),
            _ => return false,
        }
        true
    }

    /// Whether one can go on although the sign-in has failed: the config may be meant for another machine, or another time.
    pub(super) fn can_go_unsigned(&self) -> bool {
        let is_sso = matches!(self.sign_in.request, Some(SignInRequest::Sso { .. }));
        is_sso && self.sign_in.outcome.trouble().is_some() && self.trail.last() != Some(&Screen::Welcome)
    }

    /// Goes on without a sign-in: account and role can't be listed, and are typed.
    fn go_unsigned(&mut self) {
        let Some(trouble) = self.sign_in.outcome.trouble().cloned() else { return };
        if !self.lacks_account() {
            return self.after_auth(true);
        }
        self.show(Screen::Directory);
        self.facts.directory = Remote::Failed(trouble);
        self.show_more();
    }

    fn act(&mut self, act: SignInAct) {
        // What comes next is another page.
        self.sign_in.page = None;
        self.sign_in.qr_alone = false;
        self.effects.push(Effect::Act(act));
    }

    /// Back to start URL and region: a wrong one looks like a wrong code.
    fn edit_sso(&mut self) {
        let there = self.session_there();
        self.drop_sign_in();
        if let Some(there) = there {
            self.open_session(there);
        }
        if self.trail.last() == Some(&Screen::Details) {
            self.back();
        } else {
            self.go_instead(Screen::Details);
        }
        self.say_opened();
    }
}
