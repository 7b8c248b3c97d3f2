//! Entries of the AWS tools' own files that a person may want: nothing is written there before it was shown and wanted.

use super::tickets::Request;
use crate::{
    effect::{AwsEntry, Effect, SignInRequest},
    facts::Trouble,
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
                    Some(AwsEntry::Session { name: name_of(&start_url), start_url, region })
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
            Ok((AwsEntry::Session { name, .. }, said)) => {
                self.answer(Id::SsoSession, name.as_str().into());
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

/// A name for the session of a start URL: the first label of its host.
fn name_of(start_url: &str) -> String {
    let host = start_url.split_once("://").map_or(start_url, |(_, rest)| rest);
    let label = host.split(['.', '/', ':']).next().unwrap_or_default();
    let name: String = label.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    if name.is_empty() { "sso".to_owned() } else { name.to_lowercase() }
}
