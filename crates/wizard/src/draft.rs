//! The answers of a session that was left, kept for the next one. No question asks for a secret; where one was typed all the same, that
//! answer is not in the draft.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use crate::{
    answers::{Answers, From, Rests},
    facts::{self, Facts, Place},
    question::{Id, Need},
    state::Way,
};

/// The version of the form in which drafts are kept.
const VERSION: u32 = 1;

/// A draft: the answers that people gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The answers.
    pub answers: Answers,
    /// The config that they were given for, where that is known.
    #[serde(default)]
    pub config: Option<PathBuf>,
    /// When they were kept, where that is known.
    #[serde(default)]
    pub kept: Option<SystemTime>,
    /// Whether a sign-in was begun with them and not given up.
    #[serde(default)]
    pub signs_in: bool,
    /// What has to be looked at again, of the config's answers too.
    #[serde(default)]
    pub rests: Rests,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    #[serde(flatten)]
    draft: Draft,
}

impl Draft {
    /// The draft as text, from all answers so far.
    #[must_use]
    pub fn text(answers: &Answers, place: &Place, now: SystemTime, signs_in: bool) -> String {
        let (config, kept) = (Some(place.config.clone()), Some(now));
        let draft = Self { answers: answers.of_people(), config, kept, signs_in, rests: answers.rests() };
        serde_json::to_string_pretty(&Kept { version: VERSION, draft }).unwrap_or_default()
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
        let Kept { mut draft, .. } = serde_json::from_str(text).map_err(unreadable)?;
        draft.answers = draft.answers.attributed(From::Draft);
        Ok((draft.answers != Answers::default()).then_some(draft))
    }

    /// Has its answers count, and looked at again what had to be.
    pub fn lay_over(&self, answers: &mut Answers) {
        answers.lay(&self.answers);
        answers.rest(&self.rests);
    }

    /// Whose answers these are, what they answer, and what becomes of signing in.
    #[must_use]
    pub fn offer(&self, place: &Place, now: SystemTime) -> String {
        const MOST: usize = 6;
        let told = self.told(place, now);
        let mut whole = self.answers.clone();
        whole.lay(&place.existing.as_deref().and_then(|text| Answers::from_config(text).ok()).unwrap_or_default());
        whole.fill(&Facts { place: place.clone(), ..Facts::default() });
        // What is not asked any more was answered for something else.
        let is_asked = |id: Id| (id.question().need)(&whole) != Need::NotAsked;
        let answered = self.answers.iter().filter(|(id, answer)| !answer.value.is_blank() && is_asked(*id));
        let (wrong, mut right): (Vec<Id>, Vec<Id>) =
            answered.map(|(id, _)| id).partition(|id| whole.refused(*id, place).is_some());
        // Whether it is AWS is chosen with how to sign in.
        let is_embedded = whole.is(Id::Storage, Way::Embedded.flag());
        if right.contains(&Id::Auth) && !is_embedded {
            right.retain(|id| *id != Id::Storage);
        }
        let title = |id: &Id| match id {
            Id::Storage if is_embedded => Way::Embedded.words().0,
            id => id.question().title,
        };
        let named = |lead: &str, ids: &[Id]| {
            let titles: Vec<&str> = ids.iter().take(MOST).map(title).collect();
            let more = ids.len().saturating_sub(MOST);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            if ids.is_empty() { String::new() } else { format!(" {lead}: {}{more}.", titles.join(", ")) }
        };
        let signs_in = self.signs_in
            && is_asked(Id::Auth)
            && (whole.is(Id::Auth, "sso") || self.answers.value(Id::MfaSerial).is_some());
        let anew = if signs_in { " Signing in begins anew." } else { "" };
        format!("{told}{}{}{anew}", named("It answered", &right), named("Not taken so far", &wrong))
    }

    /// Where the drafts of other configs are gone on with, if there are some in the same folder: what was begun elsewhere is nobody's
    /// matter here.
    #[must_use]
    pub(crate) fn elsewhere(others: &[Self], place: &Place) -> Option<String> {
        let folder = place.config.parent()?;
        // As the person would write it.
        let is_here = Path::new(&place.config_shown).parent() == Some(Path::new(""));
        let shown = |config: &PathBuf| {
            let below = config.strip_prefix(folder).ok()?;
            let shown = if is_here { below } else { config };
            Some(lakeward_core::untrusted::printable(&shown.to_string_lossy()).into_owned())
        };
        let configs: Vec<String> = others.iter().filter_map(|draft| shown(draft.config.as_ref()?)).collect();
        let command = |config: &String| format!("`{}`", place.asking_for(facts::named(config)));
        match configs.as_slice() {
            [] => None,
            [config] => Some(format!(
                "the answers of an earlier session for {config} are kept: {} goes on with them",
                command(config)
            )),
            [all @ .., last] => Some(format!(
                "the answers of earlier sessions for other configs are kept: {} and {} go on with them",
                all.iter().map(command).collect::<Vec<_>>().join(", "),
                command(last)
            )),
        }
    }

    /// Whose answers these are: for which config, and how old they are.
    #[must_use]
    pub fn told(&self, place: &Place, now: SystemTime) -> String {
        let age = self.kept.and_then(|kept| now.duration_since(kept).ok());
        let age = age.map_or_else(String::new, |age| format!(" {}", ago(age)));
        let config = if self.config.is_some() { &place.config_shown } else { "its config" };
        match place.existing {
            Some(_) => format!("An edit of {config} was left{age}, and nothing of it is written."),
            None => format!("An earlier session was left{age}, before {config} was written."),
        }
    }
}

/// How long ago something was, in words.
fn ago(age: Duration) -> String {
    let counted = |count: u64, unit: &str| format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
    match age.as_secs() / 60 {
        0 => "just now".to_owned(),
        minutes @ 1..120 => counted(minutes, "minute"),
        minutes @ 120..2880 => counted(minutes / 60, "hour"),
        minutes => counted(minutes / (60 * 24), "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{fixtures::noon, place};

    #[test]
    fn a_draft_keeps_what_people_said_and_nothing_else() {
        let mut answers = Answers::default();
        answers.give(Id::Bucket, "my-lake".into(), From::Typed);
        answers.give(Id::Auth, "sso".into(), From::Flag);
        answers.give(Id::Region, "eu-west-1".into(), From::Detected);
        answers.give(Id::Format, "parquet".into(), From::Default);
        answers.give(Id::Spec, "{ token = \"hush\" }".into(), From::Typed);
        let text = Draft::text(&answers, &place(), noon(), false);
        assert!(!text.contains("hush"));
        let draft = Draft::read(&text).expect("a draft").expect("answers");
        let ids: Vec<Id> = draft.answers.iter().map(|(id, _)| id).collect();
        assert_eq!(ids, [Id::Auth, Id::Bucket]);
        assert!(draft.answers.iter().all(|(_, answer)| answer.from == From::Draft));
        assert_eq!(Draft::read(&Draft::text(&Answers::default(), &place(), noon(), false)), Ok(None));
    }

    #[test]
    fn a_draft_says_which_config_it_is_for_and_how_old_it_is() {
        let here = place();
        let there = Place { config: "/elsewhere/lakeward.toml".into(), ..place() };
        let mut answers = Answers::default();
        answers.give(Id::Bucket, "my-lake".into(), From::Typed);
        let draft = |place: &Place| {
            Draft::read(&Draft::text(&answers, place, noon(), false)).expect("a draft").expect("answers")
        };
        let later = |minutes: u64| noon() + Duration::from_secs(60 * minutes);
        assert_eq!(
            draft(&here).told(&here, later(12)),
            "An earlier session was left 12 minutes ago, before lakeward.toml was written."
        );
        assert_eq!(
            draft(&here).offer(&here, later(60 * 24 * 3)),
            "An earlier session was left 3 days ago, before lakeward.toml was written. It answered: Bucket."
        );
        assert_eq!(Draft::elsewhere(&[draft(&there)], &here), None, "what was begun in another folder");
        let below = |name: &str| draft(&Place { config: format!("/home/me/{name}").into(), ..place() });
        assert_eq!(
            Draft::elsewhere(&[draft(&there), below("sub/b.toml")], &here).as_deref(),
            Some(
                "the answers of an earlier session for sub/b.toml are kept: `lakeward init --config sub/b.toml` goes on with \
                 them"
            )
        );
        assert_eq!(
            Draft::elsewhere(&[below("a.toml"), below("b.toml"), below("c d.toml")], &here).as_deref(),
            Some(
                "the answers of earlier sessions for other configs are kept: `lakeward init --config a.toml`, `lakeward init \
                 --config b.toml` and `lakeward init --config 'c d.toml'` go on with them"
            )
        );
        assert_eq!(Draft::elsewhere(&[], &here), None);
        let offer = |given: &[(Id, &str)]| {
            let mut answers = Answers::default();
            given.iter().for_each(|(id, value)| _ = answers.give(*id, (*value).into(), From::Typed));
            Draft { answers, ..Draft::default() }.offer(&here, noon())
        };
        let told = offer(&[(Id::Storage, "embedded"), (Id::Dir, "lake")]);
        assert!(told.ends_with("It answered: No AWS, Folder."), "{told}");
        let told = offer(&[(Id::Storage, "s3"), (Id::Auth, "chain")]);
        assert!(told.ends_with("It answered: Sign in with."), "{told}");
        let older = Draft { answers: answers.clone(), ..Draft::default() };
        assert_eq!(older.told(&here, noon()), "An earlier session was left, before its config was written.");
        let there = Place { existing: Some(String::new()), ..place() };
        assert_eq!(
            draft(&there).told(&there, noon()),
            "An edit of lakeward.toml was left just now, and nothing of it is written."
        );
        assert_eq!(
            (ago(Duration::ZERO).as_str(), ago(Duration::from_secs(7200)).as_str()),
            ("just now", "2 hours ago")
        );
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
