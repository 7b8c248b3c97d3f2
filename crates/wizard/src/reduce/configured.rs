//! The method of the config that is there, where it was not found on this machine: it stays to be chosen, for the config may be run
//! elsewhere, and who edits another answer of it does not mean to change this one.

use lakeward_core::untrusted::printable;

use crate::{
    answers::{Answers, Value},
    facts::{Condition, Found},
    question::Id,
    state::{Row, State},
};

/// The answers that tell one way to sign in from another.
const NAMES: [Id; 5] = [Id::Auth, Id::Profile, Id::SsoSession, Id::SsoStartUrl, Id::RoleArn];

impl State {
    /// The config's own method as a row of the list; none where it was found and can be used, and none for the embedded S3.
    #[must_use]
    pub fn configured(&self) -> Option<Found> {
        let config = self.facts.configured.as_ref().filter(|config| !config.is(Id::Storage, "embedded"))?;
        let found = self.facts.found.iter().find(|found| self.is_of_config(found));
        if found.is_some_and(|found| found.condition.is_usable()) {
            return None;
        }
        let method = config.text(Id::Auth)?;
        let text = |id: Id| config.text(id).map(|text| printable(text).into_owned());
        let named = |kind: &str, id: Id| text(id).map(|name| format!("{kind} \"{name}\""));
        // Only these are looked for by their name.
        let (title, sought) = match method {
            "env" => ("Environment keys".to_owned(), Some("not set in this shell")),
            "profile" => (named("Profile", Id::Profile)?, Some("not on this machine")),
            "sso" => match named("SSO session", Id::SsoSession) {
                Some(session) => (session, Some("not on this machine")),
                None => (format!("SSO of {}", host(&text(Id::SsoStartUrl)?)), None),
            },
            "role" => (format!("Role {}", text(Id::RoleArn)?), None),
            "compute" => ("The machine's role".to_owned(), None),
            "chain" => ("The AWS chain".to_owned(), None),
            _ => return None,
        };
        let condition = match (found, sought) {
            (Some(found), _) => found.condition.clone(),
            (None, Some(words)) if self.facts.detection.got().is_some() => Condition::Broken(words.into()),
            (None, Some(_)) => Condition::Absent("not found so far".to_owned()),
            (None, None) => Condition::Absent("tried when chosen".to_owned()),
        };
        Some(Found {
            title,
            origin: "from the config".to_owned(),
            condition,
            why: "It stays as the config says it. Whether it works here is tried next, and it can be kept although it does not: the \
                  config may be run elsewhere."
                .to_owned(),
            answers: Vec::new(),
            sign_in: None,
            session: None,
            rank: 0,
        })
    }

    /// Whether what was found is what the config names.
    pub(super) fn is_of_config(&self, found: &Found) -> bool {
        let says = |config: &Answers, (id, value): &(Id, Value)| config.value(*id) == Some(value);
        let config = self.facts.configured.as_ref();
        config
            .is_some_and(|config| !found.answers.is_empty() && found.answers.iter().all(|answer| says(config, answer)))
    }

    /// Whether the answers so far choose the config's own method.
    pub(super) fn keeps_config(&self) -> bool {
        let config = self.facts.configured.as_ref();
        !self.answers.is(Id::Storage, "embedded")
            && config.is_some_and(|config| NAMES.iter().all(|id| config.value(*id) == self.answers.value(*id)))
    }

    /// What the focus is on, where that is a way that was found or the config's own.
    #[must_use]
    pub fn focused_found(&self) -> Option<Found> {
        match self.list.focused()? {
            Row::Found(at) => self.facts.found.get(at).cloned(),
            Row::Configured => self.configured(),
            _ => None,
        }
    }

    /// Takes what the config says of signing in.
    pub(super) fn take_configured(&mut self) {
        let changes = !self.keeps_config();
        self.take_chosen();
        if changes {
            self.save_draft();
        }
        self.after_auth(false);
    }
}

/// What tells one access portal from another, and fits into a row of the list.
fn host(start_url: &str) -> &str {
    let rest = start_url.split_once("://").map_or(start_url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
