//! Entries of the AWS tools' own files that a person may want: nothing is written there before it was shown and wanted.

use lakeward_core::untrusted::printable;

use super::tickets::Request;
use crate::{
    effect::{AwsEntry, Effect, SignInRequest},
    facts::{SsoSession, Trouble},
    question::Id,
    state::{Popup, Screen, State},
};

impl State {
    /// What could be kept from here: the session of a start URL that was typed, or the role that was chosen as a profile.
    #[must_use]
    pub fn keepable(&self) -> Option<AwsEntry> {
        let text = |id: Id| self.answers.text(id).map(str::to_owned);
        if !self.answers.is(Id::Auth, "sso") || self.answers.is(Id::Storage, "embedded") {
            return None;
        }
        match self.screen {
            Screen::SignIn => match self.sign_in.request.clone()? {
                SignInRequest::Sso { session: None, start_url: Some(start_url), region: Some(region) } => {
                    let is_there = self.edited.is_some();
                    let name = self.edited.as_ref().map_or_else(|| name_of(&start_url), |there| there.name.clone());
                    Some(AwsEntry::Session { name, start_url, region, is_there })
                }
                _ => None,
            },
            Screen::Identity => {
                self.facts.identity.got()?;
                let (account_id, role_name) = (text(Id::SsoAccountId)?, text(Id::SsoRoleName)?);
                let name = format!("{role_name}-{account_id}");
                Some(AwsEntry::Profile { name, session: text(Id::SsoSession)?, account_id, role_name })
            }
            _ => None,
        }
    }

    /// Has the change shown. Whether there is one.
    pub(super) fn offer_to_keep(&mut self) -> bool {
        let Some(entry) = self.keepable() else { return false };
        let ticket = self.tickets.draw(Request::Keep);
        self.effects.push(Effect::Offer(ticket, entry));
        true
    }

    pub(super) fn offered_to_keep(&mut self, offer: Result<(AwsEntry, String), Trouble>) {
        self.popup = Some(match offer {
            Ok((entry, change)) => Popup::Keep(entry, change),
            Err(trouble) => Popup::Trouble(trouble),
        });
    }

    /// The person has seen the change and wants it.
    pub(super) fn keep(&mut self, entry: AwsEntry) {
        self.popup = None;
        let ticket = self.tickets.draw(Request::Keep);
        self.effects.push(Effect::Keep(ticket, entry));
    }

    pub(super) fn kept(&mut self, kept: Result<(AwsEntry, String), Trouble>) {
        self.tickets.drop(Request::Keep);
        match kept {
            Err(trouble) => self.popup = Some(Popup::Trouble(trouble)),
            Ok((AwsEntry::Session { name, is_there, .. }, said)) => {
                self.answer(Id::SsoSession, name.as_str().into());
                self.edited = None;
                if is_there {
                    // What was found of it is not so any more.
                    self.detect();
                }
                self.save_draft();
                if self.screen == Screen::SignIn {
                    // Its own sign-in is another one, which renews.
                    self.drop_sign_in();
                    self.sign_in(SignInRequest::Sso { session: Some(name), start_url: None, region: None });
                }
                self.notice = Some(said);
            }
            Ok((AwsEntry::Profile { .. }, said)) => self.notice = Some(said),
        }
    }
}

impl State {
    /// The session of the AWS files that is signed in to, or that has the focus, as it stands there.
    pub(super) fn session_there(&self) -> Option<SsoSession> {
        match (self.screen, &self.sign_in.request) {
            (Screen::Method, _) => self.focused_found()?.session,
            (Screen::SignIn, Some(SignInRequest::Sso { session: Some(name), .. }))
                if self.answers.is(Id::Auth, "sso") =>
            {
                let mut there = self.facts.found.iter().filter_map(|found| found.session.as_ref());
                there.find(|session| session.name == *name).cloned()
            }
            _ => None,
        }
    }

    /// Start URL and region of a session become answers, and can be changed.
    pub(super) fn open_session(&mut self, there: SsoSession) {
        let opened = [
            (Id::Storage, "s3"),
            (Id::Auth, "sso"),
            (Id::SsoSession, ""),
            (Id::SsoStartUrl, &there.start_url),
            (Id::SsoRegion, &there.region),
        ];
        opened.into_iter().for_each(|(id, text)| self.answer(id, text.into()));
        self.edited = Some(there);
    }

    /// What is said once they are shown.
    pub(super) fn say_opened(&mut self) {
        let name = self.edited.as_ref().map(|there| printable(&there.name).into_owned());
        self.notice = name.map(|name| format!("[sso-session {name}] stays as it is until you want it changed"));
    }

    /// What was opened and not changed is the session again.
    pub(super) fn close_session(&mut self) {
        let Some(there) = self.edited.clone() else { return };
        let says = |id: Id, text: &str| self.answers.text(id) == Some(text);
        let is_named = self.answers.text(Id::SsoSession).is_some_and(|name| !name.is_empty());
        if !is_named && says(Id::SsoStartUrl, &there.start_url) && says(Id::SsoRegion, &there.region) {
            self.answer(Id::SsoSession, there.name.as_str().into());
        } else if !is_named {
            return;
        }
        self.edited = None;
    }
}

/// A name for the session of a start URL: the first label of its host.
fn name_of(start_url: &str) -> String {
    let host = start_url.split_once("://").map_or(start_url, |(_, rest)| rest);
    let label = host.split(['.', '/', ':']).next().unwrap_or_default();
    let name: String = label.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    if name.is_empty() { "sso".to_owned() } else { name.to_lowercase() }
}
