use std::collections::BTreeSet;

use super::*;
use crate::{Kind, Need};

/// An answer that can't be taken, for every question.
const WRONG: &[(Id, &str)] = &[
    (Id::Storage, "s4"),
    (Id::Auth, "magic"),
    (Id::Profile, "[profile analytics]"),
    (Id::SsoSession, "[sso-session acme]"),
    (Id::SsoStartUrl, "acme.awsapps.com/start"),
    (Id::SsoRegion, "eu central"),
    (Id::SsoAccountId, "1234"),
    (Id::SsoRoleName, ""),
    (Id::RoleArn, "arn:aws:iam::1:user/me"),
    (Id::SourceProfile, "[default]"),
    (Id::MfaSerial, "my phone"),
    (Id::ExternalId, "example corp"),
    (Id::RoleSessionName, "a b"),
    (Id::Duration, "1 fortnight"),
    (Id::Dir, "~/lake"),
    (Id::Bucket, "My_Lake"),
    (Id::Path, "raw/{{TABLE}}"),
    (Id::Region, "eu/central"),
    (Id::Format, "xml"),
    (Id::Compression, "lz4"),
    (Id::FileSize, "large"),
    (Id::SseKmsKeyId, "the lake's key"),
    (Id::Endpoint, "minio:9000/x"),
    (Id::Source, "ftp"),
    (Id::Paths, "~/x.csv"),
    (Id::Command, "'one two'"),
    (Id::Table, "a/b"),
    (Id::SourceFormat, "xls"),
    (Id::OnError, "shrug"),
    (Id::Address, "localhost"),
    (Id::Plugin, "~/cq-source-aws"),
    (Id::Tables, "''"),
    (Id::SkipTables, "''"),
    (Id::Spec, "{ token = \"hush\" }"),
    (Id::Network, "udp"),
    (Id::Timeout, "0"),
];

/// Whole answers in which the question is asked.
fn where_asked(id: Id) -> Answers {
    let asked = whole().into_iter().map(|mut answers| {
        answers.fill(&facts());
        answers
    });
    asked.into_iter().find(|answers| (id.question().need)(answers) != Need::NotAsked).expect("it is asked somewhere")
}

#[test]
fn every_question_has_a_flag_a_help_an_example_and_an_id_of_its_own() {
    let unique = |texts: Vec<String>| texts.iter().collect::<BTreeSet<_>>().len() == QUESTIONS.len();
    assert!(unique(QUESTIONS.iter().map(|question| question.flag.to_owned()).collect()));
    assert!(unique(QUESTIONS.iter().map(|question| question.key.to_owned()).collect()));
    assert!(ids().is_sorted() && unique(ids().iter().map(|id| format!("{id:?}")).collect()));
    for question in QUESTIONS {
        let is_flag = |flag: &str| flag.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        assert!(is_flag(question.flag) && question.id.question().id == question.id, "{question:?}");
        assert!(question.help.ends_with('.') && !question.title.is_empty(), "{question:?}");
        assert!(question.choices().iter().all(|choice| !choice.help.is_empty()), "{question:?}");
        let last = question.key.rsplit('.').next().expect("a key").replace('_', "-");
        let is_kind = matches!(question.id, Id::Auth | Id::Source | Id::SourceProfile | Id::SourceFormat | Id::Plugin);
        assert!(is_kind || question.flag == last, "{} is not the key {last}", question.flag);
        for other in question.depends_on {
            assert!(*other < question.id, "{:?} is asked before what it rests on", question.id);
        }
    }
}

/// What the config's schema says of a key: once for each kind of table that has it.
fn in_schema<'a>(schema: &'a serde_json::Value, keys: &[&str]) -> Vec<&'a serde_json::Value> {
    let [key, rest @ ..] = keys else { return vec![schema] };
    let table = if schema.get("items").is_some() { &schema["items"] } else { schema };
    let kinds = table["oneOf"].as_array().map_or(vec![table], |kinds| kinds.iter().collect());
    kinds.iter().filter_map(|kind| kind["properties"].get(key)).flat_map(|inner| in_schema(inner, rest)).collect()
}

/// The variables of a path that a text names.
fn variables(text: &str) -> BTreeSet<String> {
    let named = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    named.map(|(name, _)| format!("{{{{{name}}}}}")).collect()
}

#[test]
fn every_question_is_a_key_of_the_schema_which_says_the_same_of_it() {
    let schema = lakeward_core::config::json_schema();
    for question in QUESTIONS {
        let keys: Vec<&str> = question.key.split('.').collect();
        let said = in_schema(&schema, &keys);
        assert!(!said.is_empty(), "{} is no key", question.key);
        assert!(in_schema(&schema, &[keys.as_slice(), &["none"]].concat()).is_empty());
        for said in &said {
            let description = said["description"].as_str().unwrap_or_else(|| panic!("{} has none", question.key));
            assert!(description.ends_with('.'), "{}: {description}", question.key);
            assert!(variables(description).is_subset(&variables(question.help)), "{}: {description}", question.key);
            let default = said.get("default").and_then(|default| default.as_str());
            let takes = (question.default)(&where_asked(question.id), &facts());
            // The kinds of a table are told apart by the person, not by a default.
            let is_kind = said.get("const").is_some();
            assert!(is_kind || default.is_none_or(|default| takes == Some(default.into())), "{}", question.key);
        }
        // The same choices, whether they are values or kinds of a table. A source's format depends on its kind.
        let values = said.iter().flat_map(|said| {
            let one_of = said["enum"].as_array().into_iter().flatten();
            let described = said["oneOf"].as_array().into_iter().flatten().map(|choice| &choice["const"]);
            one_of.chain(described).chain(said.get("const")).filter_map(|value| value.as_str())
        });
        let values: BTreeSet<&str> = values.collect();
        let choices: BTreeSet<&str> = question.choices().iter().map(|choice| choice.value).collect();
        assert_eq!(values, choices, "{}", question.key);
    }
}

#[test]
fn every_choice_is_one_of_the_configs_and_there_are_no_others() {
    for question in QUESTIONS.iter().filter(|question| !question.choices().is_empty()) {
        let answers = where_asked(question.id);
        let wrong = question.check(&text("?"), &answers, &place()).expect_err("no choice");
        for choice in question.choices() {
            assert!(wrong.contains(choice.value), "{}: {wrong}", choice.value);
        }
        let listed = wrong.split("one of ").nth(1).and_then(|rest| rest.split(';').next()).expect("a list");
        assert_eq!(listed.split(", ").count(), question.choices().len(), "{wrong}");
    }
}

#[test]
fn examples_and_defaults_pass_and_what_is_wrong_does_not() {
    for question in QUESTIONS {
        let answers = where_asked(question.id);
        let example = question.read(question.example).expect("closed quotes");
        assert_eq!(question.check(&example, &answers, &place()), Ok(()), "{:?}", question.id);
        assert_eq!(question.tidied(example.clone()), example);
        if let Some(default) = (question.default)(&answers, &facts()) {
            assert_eq!(question.check(&default, &answers, &place()), Ok(()), "{:?}", question.id);
        }
    }
    for (id, wrong) in WRONG {
        let question = id.question();
        let value = question.read(wrong).expect("closed quotes");
        assert!(question.check(&value, &where_asked(*id), &place()).is_err(), "{id:?}: {wrong}");
        // Also where all else is missing or wrong.
        let mut alone = where_asked(*id);
        for (other, _) in WRONG.iter().filter(|(other, _)| other != id && other.question().choices().is_empty()) {
            alone.set(*other, text("\u{7}"), From::Typed);
        }
        assert!(question.check(&value, &alone, &place()).is_err(), "{id:?}: {wrong} among others");
    }
    let judged: Vec<Id> = WRONG.iter().map(|(id, _)| *id).collect();
    assert_eq!(judged, ids(), "every question has a validator");
}

#[test]
fn what_is_wrong_is_said_in_the_configs_words_and_without_the_key() {
    let said = |id: Id, wrong: &str| {
        id.question().check(&id.question().read(wrong).expect("read"), &where_asked(id), &place()).expect_err(wrong)
    };
    assert_eq!(
        said(Id::Bucket, "My-lake"),
        "a bucket's name is made of lower-case letters, digits, `.` and `-`, and this one holds 'M'"
    );
    assert!(said(Id::Bucket, "s3://my-lake/raw").starts_with("this is a URL; write the bucket's name alone"));
    assert!(
        said(Id::Path, "raw/{{TABLE}}/{{UIID}}").contains("did you mean {{UUID}}"),
        "{}",
        said(Id::Path, "raw/{{UIID}}")
    );
    assert!(said(Id::Path, "raw/{{TABLE}}.{{FORMAT}}").contains("overwrite"));
    assert!(said(Id::Bucket, "").contains("my-lake"));
    assert_eq!(
        said(Id::SseKmsKeyId, "127.0.0.1:9"),
        "\"127.0.0.1:9\" names no KMS key; write the key's id, alias/NAME or the ARN of either"
    );
    // A digit that was meant for a list.
    assert!(said(Id::SsoStartUrl, "https://acme.awsapps.com/start4").ends_with("ends with /start"));
    let secret = said(Id::Spec, "{ token = \"hush\" }");
    assert!(
        secret.contains("looks like a secret") && secret.contains("${NAME}") && !secret.contains("hush"),
        "{secret}"
    );
    let spec = Id::Spec.question();
    let wrong = spec.check(&text("{ token: hush"), &where_asked(Id::Spec), &place()).expect_err("no table");
    assert!(wrong.contains("neither a TOML table") && !wrong.contains("hush"), "{wrong}");
}

#[test]
fn pastes_are_tidied() {
    for (id, pasted, kept) in [
        (Id::SsoStartUrl, " https://acme.awsapps.com/start/#/ \n", "https://acme.awsapps.com/start"),
        (Id::SsoStartUrl, "https://acme.awsapps.com/start/#/device?x=1", "https://acme.awsapps.com/start"),
        (Id::SsoStartUrl, "https://acme.awsapps.com/start/", "https://acme.awsapps.com/start/"),
        (Id::Bucket, "\tmy-lake\r\n", "my-lake"),
    ] {
        assert_eq!(id.question().tidied(text(pasted)), text(kept));
    }
    for question in QUESTIONS.iter().filter(|question| matches!(question.kind, Kind::List | Kind::Words)) {
        assert!(question.read("'open").is_err());
        let value = Value::List(vec!["a b".into(), "it's".into(), String::new()]);
        assert_eq!(question.read(&value.typed()), Ok(value));
    }
}
