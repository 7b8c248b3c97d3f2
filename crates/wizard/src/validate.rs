//! Whether an answer can be taken. The config's own rules say so: the answer is put into a config and that is resolved; of what is
//! wrong then, what is wrong at this answer's key counts. Of a few the config leaves the judgement to AWS, and a person is told sooner.

use crate::{
    answers::{Answers, From, Value},
    compose::{completed, new, resolve},
    facts::Place,
    question::{Id, Need, Question},
    table,
};

impl Question {
    /// The answer as it is kept, without what a paste brings along.
    #[must_use]
    pub fn tidied(&self, value: Value) -> Value {
        let tidy = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned();
        match value {
            Value::Text(text) if self.id == Id::SsoStartUrl => {
                let text = tidy(&text);
                // The portal's pages are behind `#`; the sign-in knows the address without them.
                match text.split_once('#') {
                    Some((start, _)) => Value::Text(start.trim_end_matches('/').to_owned()),
                    None => Value::Text(text),
                }
            }
            Value::Text(text) => Value::Text(tidy(&text)),
            list => list,
        }
    }

    /// Checks an answer among the others.
    ///
    /// # Errors
    /// What is wrong with it, and how to put it right where that can be told: a sentence or two without a final dot.
    pub fn check(&self, value: &Value, answers: &Answers, place: &Place) -> Result<(), String> {
        let need = (self.need)(answers);
        if value.is_blank() {
            return match need {
                Need::Required => Err(format!("an answer is needed, such as {}", self.example)),
                Need::NotAsked | Need::Optional => Ok(()),
            };
        }
        if matches!(value, Value::Text(_)) && matches!(self.kind, crate::Kind::List | crate::Kind::Words) {
            return Err("a quote in it is not closed".to_owned());
        }
        if let (crate::Kind::Table, Value::Text(text)) = (self.kind, value) {
            table::read(text)?;
        }
        let mut with = answers.clone();
        with.set(self.id, value.clone(), From::Typed);
        // What is wrong elsewhere can hide what is wrong here, so the others are tried as they are, and as they could be.
        let wrong = |answers: &Answers| {
            let errors = resolve(&new(answers, ""), place).err().unwrap_or_default();
            errors.into_iter().find(|error| error.key.as_deref() == Some(self.key))
        };
        let found = |with: &Answers| {
            wrong(&completed(with, |_| false))
                .or_else(|| wrong(&completed(with, |other| other.id != self.id && !self.is_judged_by(other.id))))
        };
        let error = found(&with).or_else(|| {
            let mut understood = answers.understood();
            understood.set(self.id, value.clone(), From::Typed);
            (understood != with).then(|| found(&understood))?
        });
        match error {
            Some(error) => Err(match &error.hint {
                Some(hint) => format!("{}; {hint}", error.about_value()),
                None => error.about_value().to_owned(),
            }),
            None => self.taken_by_aws(value),
        }
    }

    /// Whether another answer says what this one may be.
    fn is_judged_by(&self, other: Id) -> bool {
        // Servers of other vendors name regions as they like.
        self.id == Id::Region && other == Id::Endpoint
    }

    /// Checks what AWS and its files would refuse, and the config takes as it is.
    fn taken_by_aws(&self, value: &Value) -> Result<(), String> {
        let Value::Text(text) = value else { return Ok(()) };
        let length = match self.id {
            // STS AssumeRole: ExternalId, SerialNumber.
            Id::ExternalId => 2..=1224,
            Id::MfaSerial => 9..=256,
            // KMS GenerateDataKey: KeyId.
            Id::SseKmsKeyId => 1..=2048,
            Id::Profile | Id::SourceProfile | Id::SsoSession if text.contains(['[', ']']) => {
                return Err("write the name alone, as it stands between the brackets of ~/.aws/config".to_owned());
            }
            // IAM Identity Center: "https://(your-subdomain).awsapps.com/start".
            Id::SsoStartUrl if text.split_once(".awsapps.com/start").is_some_and(|(_, rest)| !is_end_of_path(rest)) => {
                return Err("the address of a portal at awsapps.com ends with /start".to_owned());
            }
            _ => return Ok(()),
        };
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
        if length.contains(&text.len()) && text.chars().all(is_allowed) {
            return Ok(());
        }
        let (least, most) = length.into_inner();
        Err(format!("AWS takes {least} to {most} letters, digits and _ + = , . @ : / - here"))
    }
}

/// Whether what follows a path adds nothing to it.
fn is_end_of_path(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['/', '?', '#'])
}
