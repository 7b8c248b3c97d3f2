use super::*;
use crate::{Again, Trouble, command, compose, headless};

#[test]
fn a_new_config_says_what_it_is_and_how_it_was_made() {
    let answers = answers(&[
        (Id::SsoSession, "acme"),
        (Id::SsoAccountId, "111122223333"),
        (Id::SsoRoleName, "Writer"),
        (Id::Bucket, "my-lake"),
        (Id::Paths, "'data/*.csv' \"it's\""),
        (Id::Region, "eu-west-1"),
    ]);
    let composed = compose(&answers, &facts()).expect("a config");
    assert_eq!(
        composed.document.toml,
        r#"# What each key means, and all the others: `lakeward schema`.
# Made as by this command (add --config if this is not lakeward.toml):
#   lakeward init --auth sso --sso-session acme --sso-account-id 111122223333 --sso-role-name Writer --bucket my-lake --region eu-west-1 --source files --paths 'data/*.csv' --paths "it's"
version = 1

# Which credentials are used. No secret stands here.
[auth]
method = "sso"
sso_session = "acme"
sso_account_id = "111122223333"
sso_role_name = "Writer"

# Where objects go, and what they are.
[destination]
bucket = "my-lake"
path = "raw/{{TABLE}}/{{YEAR}}-{{MONTH}}-{{DAY}}/{{UUID}}.{{FORMAT}}"
region = "eu-west-1"
format = "parquet"
compression = "zstd"

# Where rows come from. Each run appends all of them.
[[source]]
type = "files"
paths = ["data/*.csv", "it's"]
"#
    );
    assert!(composed.document.policy.expect("a policy").contains("arn:aws:s3:::my-lake/raw/*"));
    assert!(composed.document.changes.is_empty());
}

#[test]
fn flags_file_config_and_command_give_the_same_bytes() {
    for answers in whole() {
        let toml = compose(&answers, &facts()).expect("a config").document.toml;
        assert!(!toml.contains("access_key"), "{toml}");
        // The command line, as a shell splits it.
        let command = command(&{
            let mut filled = answers.clone();
            filled.fill(&facts());
            filled
        });
        let words = shlex::split(&command).expect("a command");
        assert_eq!(words[..2], ["lakeward", "init"]);
        let mut flags: Vec<(Id, Vec<String>)> = Vec::new();
        for pair in words[2..].chunks(2) {
            let question = crate::Question::of_flag(pair[0].trim_start_matches("--")).expect("a flag");
            match flags.iter_mut().find(|(id, _)| *id == question.id) {
                Some((_, values)) => values.push(pair[1].clone()),
                None => flags.push((question.id, vec![pair[1].clone()])),
            }
        }
        flags.reverse();
        let by_flags = Answers::from_flags(flags).expect("flags");
        assert_eq!(compose(&by_flags, &facts()).expect("a config").document.toml, toml);
        assert_eq!(headless(place(), &by_flags).expect("a config").1.text, toml);
        // The answers file.
        let mut file = toml::Table::new();
        for (id, answer) in answers.iter() {
            let value = match &answer.value {
                Value::Text(text) => text.clone().into(),
                Value::List(parts) => parts.clone().into(),
            };
            file.insert(id.question().flag.to_owned(), value);
        }
        let by_file = Answers::from_answers_file(&file.to_string()).expect("an answers file");
        assert_eq!(compose(&by_file, &facts()).expect("a config").document.toml, toml);
        // The config itself, which then has nothing to change.
        let mut there = facts();
        there.place.existing = Some(toml.clone());
        let edited = compose(&Answers::from_config(&toml).expect("a config"), &there).expect("a config");
        assert_eq!(edited.document.toml, toml);
        assert_eq!(
            compose(&Answers::from_config(&toml).expect("a config"), &facts()).expect("a config").document.toml,
            toml
        );
    }
}

const THERE: &str = r#"# mine
version = 1
shutdown_grace = "5s" # short

[auth] # who
method = "sso" # for now
sso_session = "acme"
sso_account_id = "111122223333"
sso_role_name = "Writer"

[destination]
bucket = "old-lake" # not for long
path = "x/{{TABLE}}/{{UUID}}.{{FORMAT}}"
tags = { team = "data" }

[[source]]
type = "files" # the first
paths = [
  "a.csv", # one
]
columns = { zip = "string" }

[[source]]
type = "files"
paths = ["b.csv"]
"#;

fn edit(texts: &[(Id, &str)], there: &str) -> Result<crate::Document, Trouble> {
    let mut facts = facts();
    facts.place.existing = Some(there.to_owned());
    let mut all = Answers::from_config(there).expect("a config");
    for (id, text) in texts {
        all.give(*id, id.question().read(text).expect("read"), From::Typed);
    }
    compose(&all, &facts).map(|composed| composed.document)
}

#[test]
fn editing_keeps_what_it_does_not_touch() {
    assert_eq!(edit(&[], THERE).expect("a config").toml, THERE);
    assert!(edit(&[], THERE).expect("a config").changes.is_empty());
    let edited = edit(&[(Id::Bucket, "new-lake"), (Id::Auth, "profile"), (Id::Profile, "p")], THERE).expect("a config");
    let expected =
        THERE.replace("\"old-lake\"", "\"new-lake\"").replace("method = \"sso\"", "method = \"profile\"").replace(
            "sso_session = \"acme\"\nsso_account_id = \"111122223333\"\nsso_role_name = \"Writer\"\n",
            "profile = \"p\"\n",
        );
    assert_eq!(edited.toml, expected);
    let changes: Vec<&String> = edited.changes.iter().filter(|line| !line.starts_with(' ')).collect();
    assert!(changes.contains(&&"-bucket = \"old-lake\" # not for long".to_owned()), "{changes:?}");
    assert!(changes.contains(&&"+bucket = \"new-lake\" # not for long".to_owned()), "{changes:?}");
    assert_eq!(edited.changes.len(), THERE.lines().count() + 3);
}

#[test]
fn editing_goes_into_tables_that_are_not_there_and_takes_them_out_again() {
    let kms = edit(&[(Id::SseKmsKeyId, "alias/lake")], THERE).expect("a config").toml;
    assert!(kms.contains("server_side_encryption_configuration = { sse_kms_key_id = \"alias/lake\" }"), "{kms}");
    assert_eq!(edit(&[(Id::SseKmsKeyId, "")], &kms).expect("a config").toml, THERE);
    let role = [(Id::Auth, "role"), (Id::RoleArn, "arn:aws:iam::111122223333:role/x"), (Id::SourceProfile, "base")];
    let role = edit(&role, THERE).expect("a config").toml;
    assert!(role.contains("source = { method = \"profile\", profile = \"base\" }"), "{role}");
    let back = edit(&[(Id::Auth, "env")], &role).expect("a config").toml;
    assert!(!back.contains("base") && back.contains("method = \"env\" # for now"), "{back}");
    // A source of the role that no question asks for stays.
    let env = role.replace("{ method = \"profile\", profile = \"base\" }", "{ method = \"env\" }");
    assert_eq!(edit(&[], &env).expect("a config").toml, env);
    // No [auth] at all is the chain.
    let bare = "version = 1\n[destination]\nbucket = \"b-1\"\npath = \"{{TABLE}}/{{UUID}}\"\n[[source]]\ntype = \"files\"\npaths = [\"a\"]\n";
    assert_eq!(edit(&[], bare).expect("a config").toml, bare);
    assert!(edit(&[(Id::Auth, "env")], bare).expect("a config").toml.contains("[auth]\nmethod = \"env\"\n"));
}

#[test]
fn what_no_question_asks_and_does_not_go_along_is_told() {
    let there = THERE.replace("tags = { team = \"data\" }", "storage_class = \"STANDARD_IA\"");
    let trouble = edit(&[(Id::Storage, "embedded"), (Id::Dir, "lake")], &there).expect_err("it does not go along");
    assert!(trouble.what.contains("lakeward.toml: `storage_class` does not go with storage"), "{}", trouble.what);
    assert!(Answers::from_config("[auth").expect_err("broken").what.contains("not TOML"));
}

#[test]
fn yes_tells_all_that_is_missing_or_wrong_at_once() {
    let lacks = headless(place(), &answers(&[(Id::Auth, "sso")])).expect_err("much is missing");
    for flag in ["--sso-start-url", "--sso-region", "--sso-account-id", "--sso-role-name", "--bucket", "--paths"] {
        assert!(lacks.what.contains(flag), "{flag}: {}", lacks.what);
    }
    assert!(!lacks.what.contains("--path ") && lacks.code == 2);
    let both = headless(place(), &answers(&[(Id::Bucket, "My_Lake")])).expect_err("wrong and missing").what;
    for said in ["--bucket: ", "--auth ", "--storage embedded"] {
        assert!(both.contains(said), "{said}: {both}");
    }
    let wrong =
        headless(place(), &answers(&[(Id::Auth, "env"), (Id::Bucket, "B"), (Id::Region, "a b"), (Id::Profile, "x")]));
    let wrong = wrong.expect_err("wrong").what;
    for flag in ["--bucket: ", "--region: ", "--profile does not go with"] {
        assert!(wrong.contains(flag), "{flag}: {wrong}");
    }
    let there = Place { existing: Some(THERE.into()), ..place() };
    assert!(headless(there, &whole()[0]).expect_err("it is there").what.contains("overwrites nothing"));
}

const PLUGIN: &str = r#"version = 1

[destination]
bucket = "my-lake"
path = "x/{{TABLE}}/{{UUID}}.{{FORMAT}}"

# Where rows come from. Each run appends all that the plugin sends.
[[source]]
type = "cloudquery"
path = "./cq-source-aws" # built by us
name = "aws"

[source.spec] # as in aws.yml
token = "${API_TOKEN}"
regions = [
  "eu-central-1", # the main one
]
"#;

#[test]
fn a_plugins_spec_stays_as_it_is_written_until_it_says_something_else() {
    assert_eq!(edit(&[], PLUGIN).expect("a config").toml, PLUGIN);
    // The same, however it is typed.
    let same = r#"{"regions": ["eu-central-1"], "token": "${API_TOKEN}"}"#;
    assert_eq!(edit(&[(Id::Spec, same)], PLUGIN).expect("a config").toml, PLUGIN);
    let other = edit(&[(Id::Spec, "{ regions = [] }"), (Id::Tables, "'a*' b")], PLUGIN).expect("a config").toml;
    let source: toml::Table = other.parse().expect("TOML");
    let expected: toml::Value = "{ type = 'cloudquery', path = './cq-source-aws', name = 'aws', tables = ['a*', 'b'], spec = { regions = [] } }".parse().expect("TOML");
    assert_eq!(source["source"][0], expected, "{other}");
    assert!(other.contains("# built by us"), "{other}");
    let without = edit(&[(Id::Spec, "")], PLUGIN).expect("a config").toml;
    assert!(!without.contains("spec") && !without.contains("token"), "{without}");
    // Of another kind of source nothing of it is left, and the comment goes along.
    let files = edit(&[(Id::Source, "files"), (Id::Paths, "x.csv")], PLUGIN);
    assert!(files.expect_err("the name is the plugin's").what.contains("`name` does not go with type"));
    let nameless = PLUGIN.replace("name = \"aws\"\n", "");
    let files = edit(&[(Id::Source, "files"), (Id::Paths, "x.csv")], &nameless).expect("a config").toml;
    assert!(
        files.ends_with(
            "# Where rows come from. Each run appends all of them.\n[[source]]\ntype = \"files\"\npaths = [\"x.csv\"]\n"
        ),
        "{files}"
    );
    let back = edit(&[(Id::Source, "cloudquery"), (Id::Address, "h:1")], &files).expect("a config").toml;
    assert!(back.contains("Each run appends all that the plugin sends.\n"), "{back}");
}

#[test]
fn a_secret_in_a_spec_is_in_no_command_and_no_config() {
    let mut answers = whole().into_iter().find(|answers| answers.value(Id::Plugin).is_some()).expect("a plugin");
    answers.fill(&facts());
    assert!(command(&answers).contains("API_TOKEN"));
    for secret in ["{ token = \"hush\" }", "{ a = { password = 4711 } }", "{ token: hush", "token: hush, 4711"] {
        answers.set(Id::Spec, text(secret), From::Typed);
        let command = command(&answers);
        assert!(!command.contains("hush") && !command.contains("4711") && command.contains("--tables"), "{command}");
        let trouble = compose(&answers, &facts()).expect_err("refused");
        assert!(!trouble.what.contains("hush") && trouble.what.contains("spec"), "{}", trouble.what);
        let trouble = headless(place(), &answers).expect_err("refused");
        assert!(!trouble.what.contains("hush") && trouble.what.contains("--spec: "), "{}", trouble.what);
    }
}

#[test]
fn what_a_further_run_does_is_said_as_it_is() {
    let again = |texts: &[(Id, &str)], there: &str| {
        let mut facts = facts();
        facts.place.existing = Some(there.to_owned());
        let mut all = Answers::from_config(there).expect("a config");
        texts.iter().for_each(|(id, text)| _ = all.give(*id, (*text).into(), From::Typed));
        Again::of(&compose(&all, &facts).expect("a config").plan)
    };
    assert_eq!(again(&[], THERE), Again::All);
    assert_eq!(again(&[], PLUGIN), Again::Increment);
    assert_eq!(again(&[(Id::Address, "localhost:7777")], PLUGIN), Again::Increment);
    assert_eq!(
        again(&[(Id::Address, "plugins.example:7777")], PLUGIN),
        Again::All,
        "it can't reach where state is kept"
    );
    let anew = PLUGIN.replace("/{{UUID}}.{{FORMAT}}\"", "\"\nno_rotate = true");
    assert_eq!(again(&[], &anew), Again::Anew);
}

#[test]
fn another_config_than_the_usual_one_is_named_by_the_command_but_not_in_the_config() {
    let elsewhere =
        Place { config: "/home/me/p/my lake.toml".into(), config_shown: "p/my lake.toml".into(), ..place() };
    let given =
        answers(&[(Id::Storage, "embedded"), (Id::Bucket, "test"), (Id::Source, "files"), (Id::Paths, "x.csv")]);
    let usual = compose(&given, &facts()).expect("a config").document;
    let other = compose(&given, &Facts { place: elsewhere.clone(), ..Facts::default() }).expect("a config").document;
    assert_eq!(usual.toml, other.toml);
    assert!(usual.command.starts_with("lakeward init --storage embedded"), "{}", usual.command);
    assert!(
        other.command.starts_with("lakeward init --config 'p/my lake.toml' --storage embedded"),
        "{}",
        other.command
    );
    assert_eq!([place().opening(), elsewhere.opening()], ["lakeward", "lakeward init --config 'p/my lake.toml'"]);
    let begin = crate::Start { place: elsewhere, answers: given, ..crate::Start::default() };
    let (state, _) = crate::start(begin, super::fixtures::noon());
    assert!(state.command().contains(" --config 'p/my lake.toml' "), "{}", state.command());
}

#[test]
fn of_what_only_the_file_says_the_command_is_told_to_be_no_part() {
    let answers = &whole()[3];
    let toml = compose(answers, &facts()).expect("a config").document.toml;
    let there = |text: &str| {
        let mut facts = facts();
        facts.place.existing = Some(text.to_owned());
        compose(answers, &facts).expect("a config").document.is_all
    };
    assert!(compose(answers, &facts()).expect("a config").document.is_all && there(&toml));
    assert!(!there(&format!("{toml}\n[[source]]\ntype = \"files\"\npaths = [\"more\"]\n")));
}
