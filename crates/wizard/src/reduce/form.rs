//! Forms: fields that are filled from the answers, edited, and read back into them.

use super::{identity::completed_path, tickets::Request};
use crate::facts::Remote;
use crate::{
    answers::{Answers, From, Value},
    effect::Effect,
    event::{Key, Press},
    question::{Id, Kind, Need, QUESTIONS, Question},
    state::{Field, Form, Screen, State},
};

impl State {
    /// Makes the fields of the screen from the answers. What stands in fields that stay, stays.
    pub(super) fn refresh_form(&mut self) {
        self.show_fields(None);
    }

    /// Makes the fields; the one that is being edited stays, whatever stands in it by now.
    fn show_fields(&mut self, edited: Option<Id>) {
        // How to sign in, and account and role, are chosen from lists.
        let is_form = match self.screen {
            Screen::Details | Screen::Destination | Screen::Source => true,
            Screen::Directory => self.form.more,
            _ => false,
        };
        let focused = self.form.fields.get(self.form.focus).map(|field| field.id);
        let is_shown = |question: &&Question| {
            question.screen == self.screen
                && is_form
                && (question.need)(&self.answers) != Need::NotAsked
                && (!question.rare || self.form.more || self.is_unusual(question) || edited == Some(question.id))
        };
        let (rare, usual): (Vec<_>, Vec<_>) = QUESTIONS.iter().filter(is_shown).partition(|question| question.rare);
        let fields = usual.into_iter().chain(rare).map(|question| {
            let there = self.form.fields.iter().find(|field| field.id == question.id);
            // Whoever refreshes has kept what was typed: where a field differs, its answer was changed elsewhere.
            let is_current = |field: &&Field| self.says(field);
            match there.filter(is_current) {
                Some(field) => Field { note: self.note(question.id), ..field.clone() },
                None => self.field(question),
            }
        });
        let fields: Vec<Field> = fields.collect();
        let focus = fields.iter().position(|field| Some(field.id) == focused);
        let held = self.form.held && focus.is_some();
        self.form =
            Form { focus: focus.unwrap_or_else(|| self.first_gap(&fields)), fields, held, more: self.form.more };
    }

    /// Whether the answers say what stands in a field.
    pub(super) fn says(&self, field: &Field) -> bool {
        let value = typed(field);
        self.answers.get(field.id).map_or(value.is_blank(), |answer| answer.value == value)
    }

    fn is_unusual(&self, question: &Question) -> bool {
        self.answers.is_given(question.id) && {
            let mut without = self.answers.clone();
            without.remove(question.id);
            (question.default)(&without, &self.facts).as_ref() != self.answers.value(question.id)
        }
    }

    fn field(&self, question: &Question) -> Field {
        let text = self.answers.get(question.id).map(|answer| answer.value.typed()).unwrap_or_default();
        let mut field =
            Field { id: question.id, text: String::new(), cursor: 0, error: None, note: self.note(question.id) };
        field.show(&text);
        // What an earlier look at it has refused is refused still; an answer that is lacking is not wrong yet.
        if self.answers.get(question.id).is_some_and(|answer| match answer.from {
            From::Config => true,
            From::Typed | From::Draft => !answer.value.is_blank(),
            _ => false,
        }) {
            field.error = self.taken(&field, &self.answers).err();
        }
        field
    }

    /// What is good to know about an answer: where it came from, or that it has to be looked at again.
    fn note(&self, id: Id) -> Option<String> {
        let answer = self.answers.get(id).filter(|answer| !answer.value.is_blank())?;
        if answer.stale {
            return Some(self.look_again_for(id));
        }
        let there = self.edited.as_ref().and_then(|there| match id {
            Id::SsoStartUrl => Some((&there.name, &there.start_url)),
            Id::SsoRegion => Some((&there.name, &there.region)),
            _ => None,
        });
        if let Some((name, _)) = there.filter(|(_, text)| answer.value == Value::from(text.as_str())) {
            return Some(format!("from [sso-session {}]", lakeward_core::untrusted::printable(name)));
        }
        let words = match answer.from {
            From::Flag => format!("from --{}", id.question().flag),
            From::Variable => format!("from {}", id.question().variable()?),
            From::File => "from the answers file".to_owned(),
            From::Draft => "from the last time".to_owned(),
            From::Config => "from the config".to_owned(),
            From::Detected => "found".to_owned(),
            From::Typed | From::Default => return None,
        };
        Some(words)
    }

    /// Which other answer is not what it was when this one was given.
    fn look_again_for(&self, id: Id) -> String {
        match self.answers.rests_on(id) {
            Some((root, before)) if !before.is_blank() && !matches!(root.question().kind, Kind::Table) => {
                let before = lakeward_core::untrusted::excerpt(&before.typed(), 30);
                format!("still right? {} was {before} when this was given", root.question().title)
            }
            Some((root, _)) => format!("still right? {} is another now", root.question().title),
            None => "still right? An answer that it depends on has changed".to_owned(),
        }
    }

    fn first_gap(&self, fields: &[Field]) -> usize {
        let is_gap =
            |field: &Field| field.text.is_empty() && (field.id.question().need)(&self.answers) == Need::Required;
        let is_text = |field: &Field| field.id.question().choices().is_empty();
        // What is there already is looked at, or was refused, where it has to be there.
        let is_needed = |field: &Field| is_text(field) && (field.id.question().need)(&self.answers) == Need::Required;
        let at = |is: &dyn Fn(&Field) -> bool| fields.iter().position(is);
        at(&is_gap).or_else(|| at(&is_needed)).or_else(|| at(&is_text)).unwrap_or(0)
    }

    /// The field that has the focus.
    #[must_use]
    pub fn focused_field(&self) -> Option<&Field> {
        self.form.fields.get(self.form.focus)
    }

    /// Whether letters are text here.
    #[must_use]
    pub fn takes_text(&self) -> bool {
        if self.popup.is_some() {
            return false;
        }
        if self.hidden.is_some() {
            return true;
        }
        match self.focused_field() {
            Some(field) => field.id.question().choices().is_empty(),
            None => self.screen == Screen::Directory,
        }
    }

    /// What it means that none of a question's choices is chosen, where that is an answer.
    #[must_use]
    pub fn without_choice(&self, question: &Question) -> Option<&'static str> {
        let is_open = !question.choices().is_empty()
            && (question.need)(&self.answers) == Need::Optional
            && (question.default)(&self.answers, &self.facts).is_none();
        is_open.then_some(if question.id == Id::SourceFormat { "found by content" } else { "not set" })
    }

    /// A key of a form. Whether it was one.
    pub(super) fn form_key(&mut self, press: Press) -> bool {
        let (count, focus) = (self.form.fields.len(), self.form.focus);
        if count == 0 {
            return false;
        }
        match press.key {
            Key::Tab | Key::Down => self.focus_field((focus + 1) % count),
            Key::BackTab | Key::Up => {
                let before = self.form.fields.get(focus).and_then(|field| field.error.clone());
                self.focus_field((focus + count - 1) % count);
                // Whoever goes back has not passed over an answer.
                if let Some(left) = self.form.fields.get_mut(focus).filter(|field| field.text.is_empty()) {
                    left.error = before;
                }
            }
            Key::F(3) => self.show_more(),
            _ => return self.edit_field(press),
        }
        true
    }

    pub(super) fn show_more(&mut self) {
        self.form.more = !self.form.more;
        self.keep_form();
        self.refresh_form();
        self.form.focus = self.form.focus.min(self.form.fields.len().saturating_sub(1));
    }

    fn focus_field(&mut self, to: usize) {
        self.check_field(self.form.focus);
        self.form.held = false;
        self.form.focus = to.min(self.form.fields.len().saturating_sub(1));
    }

    /// Whether the text of the field with the focus is a default that nobody has looked into: what is typed takes its place.
    fn is_proposed(&self) -> bool {
        let is_default = |field: &&Field| {
            let answer = self.answers.get(field.id);
            answer.is_some_and(|answer| answer.from == From::Default) && self.says(field)
        };
        !self.form.held && self.focused_field().filter(is_default).is_some_and(|field| !field.text.is_empty())
    }

    /// Takes the default out before something else is put in, or holds it where it is edited.
    fn replace_proposed(&mut self, is_text: bool) {
        if is_text
            && self.is_proposed()
            && let Some(field) = self.form.fields.get_mut(self.form.focus)
        {
            field.set("");
        }
        self.form.held = true;
    }

    /// The default of a question whose field is empty: it counts again once the field is left.
    #[must_use]
    pub fn default_of(&self, id: Id) -> Option<String> {
        let question = id.question();
        let mut without = self.typed_answers();
        without.remove(id);
        let is_needed = question.choices().is_empty() && (question.need)(&without) == Need::Required;
        let default = (question.default)(&without, &self.facts).filter(|value| is_needed && !value.is_blank());
        default.map(|value| value.typed())
    }

    fn edit_field(&mut self, press: Press) -> bool {
        let Some(field) = self.form.fields.get(self.form.focus) else { return false };
        if field.id.question().choices().is_empty() {
            self.replace_proposed(matches!(press.key, Key::Char(_)) && !press.ctrl && !press.alt);
        }
        let Some(field) = self.form.fields.get_mut(self.form.focus) else { return false };
        let question = field.id.question();
        let choices = question.choices();
        if choices.is_empty() {
            let was_refused = field.error.take().is_some();
            let is_edited = field.edit(press);
            if is_edited {
                // It is the person's now, wherever it came from.
                field.note = None;
            }
            self.look_again(was_refused);
            if is_edited {
                self.follow_edit(question.id);
            }
            return is_edited;
        }
        let at = choices.iter().position(|choice| choice.value == field.text);
        if let (Key::Left | Key::Right | Key::Char(' '), Some(_)) = (press.key, self.without_choice(question)) {
            // One stop more, before the first.
            let (stop, stops) = (at.map_or(0, |at| at + 1), choices.len() + 1);
            let stop = (stop + if press.key == Key::Left { stops - 1 } else { 1 }) % stops;
            let chosen = stop.checked_sub(1).and_then(|at| choices.get(at)).map_or("", |choice| choice.value);
            self.choose(question.id, chosen);
            return true;
        }
        let to = match press.key {
            Key::Left => at.map_or(choices.len() - 1, |at| (at + choices.len() - 1) % choices.len()),
            Key::Right | Key::Char(' ') => at.map_or(0, |at| (at + 1) % choices.len()),
            Key::Char(c) if !press.ctrl && !press.alt => {
                match c.to_digit(10).and_then(|digit| usize::try_from(digit).ok()) {
                    Some(digit @ 1..) if digit <= choices.len() => digit - 1,
                    _ => return false,
                }
            }
            Key::Backspace | Key::Delete if (question.need)(&self.answers) == Need::Optional => {
                self.choose(question.id, "");
                return true;
            }
            _ => return false,
        };
        if let Some(choice) = choices.get(to) {
            self.choose(question.id, choice.value);
        }
        true
    }

    /// Shows the fields that go with what stands in them now, where these are others.
    fn follow_edit(&mut self, edited: Id) {
        let answers = self.typed_answers();
        let is_asked = |question: &&Question| {
            question.screen == self.screen && !question.rare && (question.need)(&answers) != Need::NotAsked
        };
        let asked = QUESTIONS.iter().filter(is_asked).map(|question| question.id);
        let shown = self.form.fields.iter().map(|field| field.id).filter(|id| !id.question().rare);
        if !asked.eq(shown) {
            self.keep_form();
            self.show_fields(Some(edited));
        }
    }

    /// Takes a choice at once: others may be asked then that were not, and the other way round.
    fn choose(&mut self, id: Id, value: &str) {
        if let Some(field) = self.form.fields.iter_mut().find(|field| field.id == id) {
            field.set(value);
            field.error = None;
        }
        self.keep_form();
        self.refresh_form();
        // A choice may not go with another one: that is said at once, and taken back at once.
        let is_choice = |field: &&Field| !field.id.question().choices().is_empty() && !field.text.is_empty();
        let choices = self.form.fields.iter().filter(is_choice);
        let errors: Vec<_> = choices.map(|field| (field.id, self.taken(field, &self.answers).err())).collect();
        for (id, error) in errors {
            if let Some(field) = self.form.fields.iter_mut().find(|field| field.id == id) {
                field.error = error;
            }
        }
    }

    pub(super) fn paste_into_field(&mut self, text: &str) {
        let Some(field) = self.form.fields.get_mut(self.form.focus) else { return };
        let choices = field.id.question().choices();
        let text = text.trim();
        if choices.is_empty() {
            self.replace_proposed(true);
            let Some(field) = self.form.fields.get_mut(self.form.focus) else { return };
            let was_refused = field.error.take().is_some();
            field.insert(text);
            let id = field.id;
            self.look_again(was_refused);
            self.follow_edit(id);
        } else if choices.iter().any(|choice| choice.value == text) {
            let id = field.id;
            self.choose(id, text);
        }
    }

    /// A text into a field, as a line of the plain mode gives it; it is checked at once.
    pub(super) fn fill_field(&mut self, id: Id, text: &str) {
        let Some(at) = self.form.fields.iter().position(|field| field.id == id) else { return };
        self.form.focus = at;
        if let Some(field) = self.form.fields.get_mut(at) {
            field.error = None;
            field.set(text);
        }
        self.check_field(at);
        if self.form.fields.get(at).is_some_and(|field| field.error.is_none()) {
            self.keep_form();
            self.answers.confirm(id);
            self.refresh_form();
        }
    }

    /// Of a field that was refused, says after each edit what is still wrong with it; of one that was not, nothing until it is left.
    fn look_again(&mut self, was_refused: bool) {
        let Some(field) = self.form.fields.get(self.form.focus).filter(|field| was_refused && field.error.is_none())
        else {
            return;
        };
        let error = self.taken(field, &self.typed_answers()).err();
        if let Some(field) = self.form.fields.get_mut(self.form.focus) {
            field.error = error;
        }
    }

    /// What stands in a field, as it is kept, or what is wrong with it.
    fn taken(&self, field: &Field, answers: &Answers) -> Result<Value, String> {
        let question = field.id.question();
        let completed = if question.id == Id::Path { completed_path(answers, &self.facts) } else { None };
        let value = match completed {
            Some(path) => path.as_str().into(),
            None => question.tidied(question.read(&field.text)?),
        };
        match question.check(&value, answers, &self.facts.place) {
            Ok(()) => Ok(value),
            // Here there is no key for it.
            Err(why) => Err(why
                .replace(", or set no_rotate = true for one object a table", "")
                .replace(", or set storage = \"s3\" for S3", "; for S3 choose a way to sign in")),
        }
    }

    /// Puts the default back into a field that was emptied.
    fn restore_default(&mut self, at: usize) {
        let empty = self.form.fields.get(at).filter(|field| field.text.trim().is_empty());
        let Some((id, default)) = empty.and_then(|field| Some((field.id, self.default_of(field.id)?))) else { return };
        self.answers.remove(id);
        if let Some(field) = self.form.fields.get_mut(at) {
            field.set(&default);
        }
        self.answers.fill(&self.facts);
    }

    /// Says what is wrong with a field, if something is.
    fn check_field(&mut self, at: usize) -> bool {
        self.restore_default(at);
        self.keep_form();
        let Some(field) = self.form.fields.get(at) else { return true };
        let question = field.id.question();
        let checked = self.taken(field, &self.answers);
        // Others may rest on it.
        let notes: Vec<_> = self.form.fields.iter().map(|field| self.note(field.id)).collect();
        self.form.fields.iter_mut().zip(notes).for_each(|(field, note)| field.note = note);
        let Some(field) = self.form.fields.get_mut(at) else { return true };
        match checked {
            Ok(value) => {
                let text = value.typed();
                if text != field.text && matches!(question.kind, Kind::Text) {
                    if question.id == Id::Path {
                        self.notice = Some(format!("the path had no variable, and is {text} now"));
                    }
                    field.set(&text);
                    self.keep_form();
                }
                if let Some(field) = self.form.fields.get_mut(at) {
                    field.error = None;
                }
                true
            }
            Err(why) => {
                field.error = Some(why);
                false
            }
        }
    }

    /// Takes what stands in the fields into the answers as it is, right or wrong.
    pub(super) fn keep_form(&mut self) {
        let changed = self.form.fields.iter().filter(|field| !self.says(field));
        let changed: Vec<(Id, Value)> = changed.map(|field| (field.id, typed(field))).collect();
        if changed.is_empty() {
            return;
        }
        changed.into_iter().for_each(|(id, value)| self.answer(id, value));
        // What rested on them and was found or a default may be another now, and nobody typed what its field says.
        let outdated = self.form.fields.iter().enumerate().filter(|(_, field)| !self.says(field));
        let current: Vec<(usize, Field)> = outdated.map(|(at, field)| (at, self.field(field.id.question()))).collect();
        for (at, field) in current {
            if let Some(there) = self.form.fields.get_mut(at) {
                *there = field;
            }
        }
    }

    /// The person's answer. What was found out for another one is forgotten.
    pub(super) fn answer(&mut self, id: Id, value: Value) {
        let with = |answers: &Answers| {
            let is_of = |id: Id| id.question().key.starts_with("auth.") || matches!(id, Id::Storage | Id::Endpoint);
            answers.iter().filter(|(id, _)| is_of(*id)).map(|(id, answer)| (id, answer.value.clone())).collect()
        };
        // A choice that only hides them leaves the credentials what they are.
        let can_return = matches!(id, Id::Storage | Id::Endpoint);
        if let (true, Some(identity)) = (can_return, self.facts.identity.got()) {
            self.aside = Some((with(&self.answers), identity.clone()));
        }
        if self.answers.give(id, value, From::Typed) {
            self.forget(id);
            self.answers.fill(&self.facts);
        }
        if let (true, Some((answers, identity))) = (self.facts.identity == Remote::Idle, &self.aside)
            && *answers == with(&self.answers)
        {
            self.facts.identity = Remote::Got(identity.clone());
        }
    }

    /// Forgets what was found out with another answer.
    pub(super) fn forget(&mut self, id: Id) {
        let key = id.question().key;
        if key.starts_with("auth.") || matches!(id, Id::Storage | Id::Endpoint) {
            self.drop_identity();
        }
        if matches!(id, Id::Auth | Id::SsoSession | Id::SsoStartUrl | Id::SsoRegion) {
            self.tickets.drop(Request::Accounts);
            self.facts.accounts.clear();
            self.facts.directory = Remote::Idle;
        }
        if !key.starts_with("auth.") {
            self.drop_preview();
        }
        self.drop_check();
        self.facts.document = Remote::Idle;
    }

    /// Checks all fields. Whether the screen is done; else the focus is on the first that is not.
    pub(super) fn submit_form(&mut self) -> bool {
        self.keep_form();
        self.refresh_form();
        let wrong = (0..self.form.fields.len()).filter(|at| !self.check_field(*at)).collect::<Vec<_>>();
        if let Some(first) = wrong.first() {
            let (from, first) = (self.form.focus, *first);
            self.focus_first(first, from);
            return false;
        }
        let ids: Vec<Id> = self.form.fields.iter().map(|field| field.id).collect();
        ids.into_iter().for_each(|id| self.answers.confirm(id));
        self.save_draft();
        true
    }

    /// Leads to the first field that is not done. One that is empty and was not looked at yet is not wrong, but what comes next.
    fn focus_first(&mut self, first: usize, from: usize) {
        for (at, field) in self.form.fields.iter_mut().enumerate() {
            if at > from && field.text.is_empty() {
                field.error = None;
            }
        }
        self.form.held = false;
        self.form.focus = first;
    }

    /// The key of a table's first object as the path in the field would make it; left empty, it is the default.
    ///
    /// # Errors
    /// What is wrong with the path.
    pub fn key_preview(&self) -> Result<String, String> {
        // What is no choice was refused.
        let mut answers = self.typed_answers().understood();
        answers.fill(&self.facts);
        for id in [Id::Path, Id::Dir, Id::Bucket] {
            if let Some(default) = self.default_of(id).filter(|_| answers.text(id).is_none_or(str::is_empty)) {
                answers.set(id, default.as_str().into(), From::Default);
            }
        }
        super::identity::key_preview(&answers, &self.facts, self.now)
    }

    /// Whether the path in the field will be completed once the field is left.
    #[must_use]
    pub fn completes_path(&self) -> bool {
        completed_path(&self.typed_answers(), &self.facts).is_some()
    }

    /// The answers with what stands in the fields right now.
    #[must_use]
    pub fn typed_answers(&self) -> Answers {
        let mut answers = self.answers.clone();
        for field in &self.form.fields {
            if !self.says(field) {
                answers.set(field.id, typed(field), From::Typed);
            }
        }
        answers
    }

    pub(super) fn copy(&mut self, text: &str) {
        self.effects.push(Effect::Copy(text.into()));
    }
}

/// The answer that stands in a field, right or wrong.
fn typed(field: &Field) -> Value {
    field.id.question().read(&field.text).unwrap_or_else(|_| Value::Text(field.text.clone()))
}
