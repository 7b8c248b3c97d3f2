//! The answers so far, and where each came from.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, Serializer};

use crate::{
    facts::{Facts, Place},
    question::{Id, Kind, Need, QUESTIONS, Question},
    table,
};

/// An answer's value. None is a secret that can be taken: the config holds none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Of a text, a choice or a table.
    Text(String),
    /// Of a list or words.
    List(Vec<String>),
}

impl Value {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::List(parts) => parts.is_empty(),
        }
    }
}

impl std::convert::From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Who gave an answer. An earlier one is not overruled by a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// The person, in this session.
    Typed,
    /// A flag.
    Flag,
    /// A `LAKEWARD_` variable.
    Variable,
    /// The answers file.
    File,
    /// The draft of an earlier session.
    Draft,
    /// The config that is edited.
    Config,
    /// Something that was found on this machine.
    Detected,
    /// The question's default.
    Default,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What was answered. A blank one is no answer, and keeps weaker ones out.
    pub value: Value,
    /// By whom.
    pub from: From,
    /// Whether an answer that it rests on has changed since.
    #[serde(default)]
    pub stale: bool,
}

/// All answers. Where they are written down, those are left out in which something looks like a secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(#[serde(serialize_with = "keep")] BTreeMap<Id, Answer>, #[serde(skip)] Rests);

/// Which answers were given while others were what they are not any more: with those it holds again, as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rests(BTreeMap<Id, Rest>);

/// What one answer rests on that is another now, and the answer itself where it was taken out for that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rest {
    on: BTreeMap<Id, Value>,
    /// The answer that has to be looked at again for that.
    of: Option<Value>,
    #[serde(skip)]
    out: Option<Answer>,
}

impl PartialEq for Answers {
    /// What they say, and not how they came to that.
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Answers {}

/// Writes down the answers that can be kept.
fn keep<S: Serializer>(answers: &BTreeMap<Id, Answer>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(answers.iter().filter(|(id, answer)| can_be_kept(**id, &answer.value)))
}

/// Whether nothing in an answer looks like a secret.
fn can_be_kept(id: Id, value: &Value) -> bool {
    match (id.question().kind, value) {
        (Kind::Table, Value::Text(text)) => table::can_be_kept(text),
        _ => true,
    }
}

impl Answers {
    /// An answer.
    #[must_use]
    pub fn get(&self, id: Id) -> Option<&Answer> {
        self.0.get(&id)
    }

    /// The value of an answer that says something.
    #[must_use]
    pub fn value(&self, id: Id) -> Option<&Value> {
        self.get(id).map(|answer| &answer.value).filter(|value| !value.is_blank())
    }

    /// The text of an answer that says something.
    #[must_use]
    pub fn text(&self, id: Id) -> Option<&str> {
        match self.value(id)? {
            Value::Text(text) => Some(text),
            Value::List(_) => None,
        }
    }

    /// Whether a choice was answered with this value.
    #[must_use]
    pub fn is(&self, id: Id, value: &str) -> bool {
        self.text(id) == Some(value)
    }

    /// Whether somebody, and not the program, gave this answer.
    #[must_use]
    pub fn is_given(&self, id: Id) -> bool {
        self.get(id).is_some_and(|answer| answer.from != From::Default && !answer.value.is_blank())
    }

    /// Every answer.
    pub fn iter(&self) -> impl Iterator<Item = (Id, &Answer)> {
        self.0.iter().map(|(id, answer)| (*id, answer))
    }

    /// Takes an answer, unless a stronger one is there. Where that changes the value, those that rest on it become stale, or are
    /// forgotten where no person gave them. Whether the value is another now.
    pub fn give(&mut self, id: Id, value: Value, from: From) -> bool {
        let before = match self.get(id) {
            Some(there) if there.from < from => return false,
            there => there.map(|answer| answer.value.clone()),
        };
        let is_other = before.as_ref() != Some(&value);
        if let Some(before) = before.filter(|_| is_other) {
            self.doubt(id, (id, &before, &value), &mut BTreeSet::from([id]));
        }
        self.set(id, value, from);
        is_other
    }

    /// What rests on an answer holds no more once that is another, and again once it is what it was.
    fn doubt(&mut self, id: Id, change: (Id, &Value, &Value), seen: &mut BTreeSet<Id>) {
        let (root, before, now) = change;
        for question in QUESTIONS.iter().filter(|question| question.depends_on.contains(&id)) {
            if !seen.insert(question.id) {
                continue;
            }
            let rest = self.1.0.entry(question.id).or_default();
            if rest.on.get(&root) == Some(now) {
                rest.on.remove(&root);
            } else {
                rest.on.entry(root).or_insert_with(|| before.clone());
            }
            if rest.on.is_empty() {
                let out = self.1.0.remove(&question.id).and_then(|rest| rest.out);
                match (self.0.get_mut(&question.id), out) {
                    (Some(Answer { from: From::Default, .. }) | None, Some(out)) => _ = self.0.insert(question.id, out),
                    (Some(Answer { from: From::Detected | From::Default, .. }), None) => {
                        _ = self.0.remove(&question.id);
                    }
                    (Some(answer), _) => answer.stale = false,
                    (None, None) => {}
                }
            } else {
                match self.0.get_mut(&question.id) {
                    Some(Answer { from: From::Detected, .. }) => rest.out = self.0.remove(&question.id),
                    Some(Answer { from: From::Default, .. }) => _ = self.0.remove(&question.id),
                    Some(answer) => {
                        answer.stale = true;
                        rest.of = Some(answer.value.clone());
                    }
                    None => {}
                }
            }
            self.doubt(question.id, change, seen);
        }
    }

    /// What a stale answer rests on and is another now, and what that was.
    pub(crate) fn rests_on(&self, id: Id) -> Option<(Id, &Value)> {
        self.1.0.get(&id)?.on.iter().next().map(|(root, before)| (*root, before))
    }

    /// Says that an answer was looked at again and holds.
    pub(crate) fn confirm(&mut self, id: Id) {
        if let Some(answer) = self.0.get_mut(&id) {
            answer.stale = false;
            self.1.0.remove(&id);
        }
    }

    /// Lays other answers over or under these, as their givers' standing wants it.
    pub fn lay(&mut self, others: &Self) {
        for (id, answer) in others.iter() {
            if self.get(id).is_none_or(|there| answer.from <= there.from) {
                self.0.insert(id, answer.clone());
                self.doubt_again(id);
            }
        }
    }

    /// What has to be looked at again, whoever gave it, as it is kept for another time.
    pub(crate) fn rests(&self) -> Rests {
        let is_stale = |id: &Id| self.get(*id).is_some_and(|answer| answer.stale);
        let rests = self.1.0.iter().filter(|(id, _)| is_stale(id));
        let kept = rests.map(|(id, rest)| {
            let on = rest.on.iter().filter(|(root, before)| can_be_kept(**root, before));
            let of = rest.of.clone().filter(|of| can_be_kept(*id, of));
            (*id, Rest { on: on.map(|(root, before)| (*root, before.clone())).collect(), of, out: None })
        });
        Rests(kept.filter(|(_, rest)| !rest.on.is_empty() && rest.of.is_some()).collect())
    }

    /// Has looked at again what had to be: those answers that are what they were then, also where they are laid under these later.
    pub(crate) fn rest(&mut self, rests: &Rests) {
        for (id, rest) in &rests.0 {
            let mut rest = rest.clone();
            rest.on.retain(|root, before| self.value(*root) != Some(before));
            if !rest.on.is_empty() {
                self.1.0.insert(*id, rest);
                self.doubt_again(*id);
            } else if let Some(answer) = self.0.get_mut(id) {
                answer.stale = false;
            }
        }
    }

    fn doubt_again(&mut self, id: Id) {
        if let (Some(rest), Some(answer)) = (self.1.0.get(&id), self.0.get_mut(&id)) {
            answer.stale |= !rest.on.is_empty() && rest.of.as_ref() == Some(&answer.value);
        }
    }

    /// Why an answer that was given can't be taken, if it can't.
    pub(crate) fn refused(&self, id: Id, place: &Place) -> Option<String> {
        let question = id.question();
        let value = self.value(id).filter(|_| (question.need)(self) != Need::NotAsked)?;
        question.check(&question.tidied(value.clone()), self, place).err()
    }

    /// The questions that an earlier session has left with an answer that can't be taken: they are as open as those without one.
    #[must_use]
    pub fn left_wrong(&self, place: &Place) -> Vec<&'static Question> {
        let is_of_draft = |id: Id| self.get(id).is_some_and(|answer| answer.from == From::Draft);
        QUESTIONS
            .iter()
            .filter(|question| is_of_draft(question.id) && self.refused(question.id, place).is_some())
            .collect()
    }

    /// The answers without choices that are none: those say nothing of what else can be answered, and hide what is wrong with it.
    pub(crate) fn understood(&self) -> Self {
        let mut understood = self.clone();
        for question in QUESTIONS.iter().filter(|question| !question.choices().is_empty()) {
            let is_none = |text: &str| question.choices().iter().all(|choice| choice.value != text);
            if self.text(question.id).is_some_and(is_none) {
                understood.remove(question.id);
            }
        }
        understood
    }

    /// Puts in the default of every question that is asked and has no answer, and takes out those that are not asked any more.
    pub fn fill(&mut self, facts: &Facts) {
        self.forget(From::Default);
        for question in QUESTIONS {
            if (question.need)(self) == Need::NotAsked || self.get(question.id).is_some() {
                continue;
            }
            if let Some(value) = (question.default)(self, facts) {
                self.0.insert(question.id, Answer { value, from: From::Default, stale: false });
            }
        }
    }

    /// The questions that are asked and must be answered, and are not.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static Question> {
        let is_missing =
            |question: &&Question| (question.need)(self) == Need::Required && self.value(question.id).is_none();
        QUESTIONS.iter().filter(is_missing).collect()
    }

    /// Only the answers that a person gave, in this session or an earlier one.
    pub(crate) fn of_people(&self) -> Self {
        let is_a_persons = |answer: &Answer| answer.from <= From::Draft;
        Self(
            self.0
                .iter()
                .filter(|(_, answer)| is_a_persons(answer))
                .map(|(id, answer)| (*id, answer.clone()))
                .collect(),
            Rests::default(),
        )
    }

    /// Only the answers that can be shown, whatever was typed: those in which nothing looks like a secret.
    pub(crate) fn without_secrets(mut self) -> Self {
        self.0.retain(|id, answer| can_be_kept(*id, &answer.value));
        self
    }

    /// The same answers, as given by someone else.
    pub(crate) fn attributed(mut self, from: From) -> Self {
        self.0.values_mut().for_each(|answer| answer.from = from);
        self
    }

    pub(crate) fn set(&mut self, id: Id, value: Value, from: From) {
        self.1.0.remove(&id);
        self.0.insert(id, Answer { value, from, stale: false });
    }

    /// Takes out all that one giver gave.
    pub(crate) fn forget(&mut self, from: From) {
        self.0.retain(|_, answer| answer.from != from);
    }

    pub(crate) fn remove(&mut self, id: Id) {
        self.0.remove(&id);
    }
}
