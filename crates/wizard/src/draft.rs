//! The answers of a session that was left, kept for the next one. No question asks for a secret; where one was typed all the same, that
//! answer is not in the draft.

use serde::{Deserialize, Serialize};

use crate::answers::{Answers, From};

/// The version of the form in which drafts are kept.
const VERSION: u32 = 1;

/// A draft: the answers that people gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The answers.
    pub answers: Answers,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    answers: Answers,
}

impl Draft {
    /// The draft as text, from all answers so far.
    #[must_use]
    pub fn text(answers: &Answers) -> String {
        let kept = Kept { version: VERSION, answers: answers.of_people() };
        serde_json::to_string_pretty(&kept).unwrap_or_default()
    }

    /// Reads a draft back; one without answers is none.
    ///
    /// # Errors
    /// When it is of another version, or is no draft: it can be ignored, and the text says why.
    pub fn read(text: &str) -> Result<Option<Self>, String> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let unreadable =
            |_| "the answers of an earlier session can't be read, so all questions are asked anew".to_owned();
        let Version { version } = serde_json::from_str(text).map_err(unreadable)?;
        if version != VERSION {
            return Err(
                "the answers of an earlier session are of another version of Lakeward, so all questions are asked anew"
                    .into(),
            );
        }
        let Kept { answers, .. } = serde_json::from_str(text).map_err(unreadable)?;
        let answers = answers.attributed(From::Draft);
        Ok((answers != Answers::default()).then_some(Self { answers }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::Id;

    #[test]
    fn a_draft_keeps_what_people_said_and_nothing_else() {
        let mut answers = Answers::default();
        answers.give(Id::Bucket, "my-lake".into(), From::Typed);
        answers.give(Id::Auth, "sso".into(), From::Flag);
        answers.give(Id::Region, "eu-west-1".into(), From::Detected);
        answers.give(Id::Format, "parquet".into(), From::Default);
        answers.give(Id::Spec, "{ token = \"hush\" }".into(), From::Typed);
        assert!(!Draft::text(&answers).contains("hush"));
        let draft = Draft::read(&Draft::text(&answers)).expect("a draft").expect("answers");
        let ids: Vec<Id> = draft.answers.iter().map(|(id, _)| id).collect();
        assert_eq!(ids, [Id::Auth, Id::Bucket]);
        assert!(draft.answers.iter().all(|(_, answer)| answer.from == From::Draft));
        assert_eq!(Draft::read(&Draft::text(&Answers::default())), Ok(None));
    }

    #[test]
    fn what_is_no_draft_is_ignored_with_a_reason() {
        for (text, why) in [
            ("", "can't be read"),
            ("{}", "can't be read"),
            ("{\"version\": 1, \"answers\": {\"bucket\": 3}}", "can't be read"),
            ("{\"version\": 2, \"anything\": []}", "another version"),
        ] {
            let said = Draft::read(text).expect_err(text);
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
