//! What Enter would answer on a list, and the same as the answers so far as a command.

use crate::{
    answers::{From, Value},
    compose,
    facts::{Found, commanded},
    question::{Id, QUESTIONS, Question},
    state::{Row, Screen, State, Way, Welcome},
};

impl State {
    /// The same as the answers so far, as one command: with what stands in the fields and was not refused, and with what Enter would
    /// choose. A default is in it once its screen has come: until then nobody has seen it.
    #[must_use]
    pub fn command(&self) -> String {
        if self.screen == Screen::Welcome {
            return self.command_of_menu();
        }
        let mut answers = self.typed_answers();
        for (id, value) in self.chosen() {
            answers.give(id, value, From::Typed);
        }
        answers.fill(&self.facts);
        let form = self.form.fields.iter();
        let (wrong, right): (Vec<_>, Vec<_>) = form.partition(|field| field.error.is_some());
        let elsewhere = self.refused.iter().filter(|id| right.iter().all(|field| field.id != **id));
        wrong.iter().map(|field| &field.id).chain(elsewhere).for_each(|id| answers.remove(*id));
        let has_come = |question: &Question| place(question.screen) <= place(self.screen);
        compose::command_of(&answers, &self.facts.place.named(), |question| {
            has_come(question) || answers.is_given(question.id)
        })
    }

    /// What the row with the focus does, as a command.
    fn command_of_menu(&self) -> String {
        let words: &[&str] = match self.list.focused() {
            Some(Row::Welcome(Welcome::Run)) => &["lakeward"],
            Some(Row::Welcome(Welcome::Check)) => &["lakeward", "check"],
            Some(Row::Welcome(Welcome::SignIn)) => &["lakeward", "auth", "login"],
            _ => &["lakeward", "init"],
        };
        commanded(words.iter().copied(), self.facts.place.named())
    }

    /// Whether what has the focus is a way to sign in that does not work: no command says the same.
    #[must_use]
    pub fn is_on_unusable(&self) -> bool {
        let Some(Row::Found(at)) = self.list.focused() else { return false };
        self.facts.found.get(at).is_some_and(|found| !found.condition.is_usable())
    }

    /// Gives the answers of the row that has the focus.
    pub(super) fn take_chosen(&mut self) {
        if self.screen == Screen::Method {
            self.edited = None;
        }
        self.chosen().into_iter().for_each(|(id, value)| self.answer(id, value));
    }

    /// The answers that choosing the row with the focus gives, in the order in which one rests on another; a blank one takes away.
    fn chosen(&self) -> Vec<(Id, Value)> {
        match (self.screen, self.list.focused()) {
            (Screen::Method, Some(Row::Found(at))) => {
                let found = self.facts.found.get(at).filter(|found| found.condition.is_usable());
                found.map(|found| self.answers_of(found)).unwrap_or_default()
            }
            (Screen::Method, Some(Row::Configured)) => self.answers_of_config(),
            (Screen::Method, Some(Row::Other(way))) => self.answers_of_way(way),
            (Screen::Directory, Some(Row::Role(at, role))) if !self.form.more => {
                let Some(account) = self.facts.accounts.get(at) else { return Vec::new() };
                let role = account.roles.got().and_then(|roles| roles.get(role));
                let role = role.map(|role| (Id::SsoRoleName, role.as_str().into()));
                [(Id::SsoAccountId, account.id.as_str().into())].into_iter().chain(role).collect()
            }
            _ => Vec::new(),
        }
    }

    fn answers_of(&self, found: &Found) -> Vec<(Id, Value)> {
        let names_session = found.answers.iter().any(|(id, _)| *id == Id::SsoSession);
        let mut answers = vec![(Id::Storage, "s3".into())];
        answers.extend(self.blank(Id::SsoSession).filter(|_| !names_session));
        // In the order of the registry: an answer that others rest on comes before them.
        let mut others = found.answers.clone();
        others.sort_by_key(|(id, _)| *id);
        answers.extend(others);
        answers
    }

    /// What the config says of signing in: nothing changes, unless another way was chosen in between.
    fn answers_of_config(&self) -> Vec<(Id, Value)> {
        let Some(config) = self.facts.configured.as_ref().filter(|_| !self.keeps_config()) else { return Vec::new() };
        let auth = QUESTIONS.iter().filter(|question| question.key.starts_with("auth."));
        let auth = auth.filter_map(|question| match config.value(question.id) {
            Some(value) => Some((question.id, value.clone())),
            None => self.blank(question.id),
        });
        [(Id::Storage, "s3".into())].into_iter().chain(auth).collect()
    }

    fn answers_of_way(&self, way: Way) -> Vec<(Id, Value)> {
        if way == Way::Embedded {
            return vec![(Id::Storage, way.flag().into())];
        }
        let mut answers = vec![(Id::Storage, "s3".into()), (Id::Auth, way.flag().into())];
        // A session that was found is another row.
        answers.extend(self.blank(Id::SsoSession).filter(|_| way == Way::Sso));
        answers
    }

    /// No answer, where there is one.
    fn blank(&self, id: Id) -> Option<(Id, Value)> {
        self.answers.value(id).map(|_| (id, Value::Text(String::new())))
    }
}

/// The place of a screen on the way.
fn place(screen: Screen) -> Option<usize> {
    Screen::ALL.iter().position(|other| *other == screen)
}
