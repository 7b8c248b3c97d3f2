use super::*;

#[test]
fn the_stronger_giver_wins_in_whatever_order_they_come() {
    let givers =
        [From::Typed, From::Flag, From::Variable, From::File, From::Draft, From::Config, From::Detected, From::Default];
    assert!(givers.is_sorted());
    for (at, strong) in givers.iter().enumerate() {
        for weak in &givers[at + 1..] {
            for order in [[strong, weak], [weak, strong]] {
                let mut answers = Answers::default();
                let mut laid = Answers::default();
                for from in order {
                    answers.give(Id::Bucket, text(&format!("{from:?}")), *from);
                    let mut layer = Answers::default();
                    layer.give(Id::Bucket, text(&format!("{from:?}")), *from);
                    laid.lay(&layer);
                }
                assert!(answers.is(Id::Bucket, &format!("{strong:?}")) && laid.is(Id::Bucket, &format!("{strong:?}")));
            }
        }
    }
}

#[test]
fn what_rests_on_a_changed_answer_is_looked_at_again() {
    let mut answers = answers(&[
        (Id::Auth, "sso"),
        (Id::SsoSession, "acme"),
        (Id::SsoAccountId, "111122223333"),
        (Id::SsoRoleName, "Writer"),
        (Id::Bucket, "my-lake"),
    ]);
    answers.give(Id::Region, text("eu-west-1"), From::Detected);
    answers.give(Id::SsoSession, text("acme"), From::Typed);
    assert!(answers.iter().all(|(_, answer)| !answer.stale), "nothing has changed");
    answers.give(Id::SsoSession, text("other"), From::Typed);
    let stale: Vec<Id> = answers.iter().filter(|(_, answer)| answer.stale).map(|(id, _)| id).collect();
    assert_eq!(stale, [Id::SsoAccountId, Id::SsoRoleName]);
    answers.give(Id::Bucket, text("other-lake"), From::Typed);
    assert_eq!(answers.get(Id::Region), None, "it was found for the other bucket");
}

#[test]
fn variables_answer_what_they_override() {
    let environment = [
        ("LAKEWARD_AUTH_METHOD".to_owned(), "env".to_owned()),
        ("LAKEWARD_DESTINATION_BUCKET".to_owned(), " my-lake".to_owned()),
        ("LAKEWARD_DESTINATION_SERVER_SIDE_ENCRYPTION_CONFIGURATION__SSE_KMS_KEY_ID".to_owned(), "k".to_owned()),
        ("LAKEWARD_AUTH_SOURCE__PROFILE".to_owned(), "p".to_owned()),
        ("LAKEWARD_SOURCE_PATHS".to_owned(), "x".to_owned()),
    ];
    let answers = Answers::from_environment(&environment);
    let ids: Vec<Id> = answers.iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [Id::Auth, Id::SourceProfile, Id::Bucket, Id::SseKmsKeyId]);
    assert!(answers.is(Id::Bucket, "my-lake"));
    // They are the variables that the config knows.
    let toml = "version = 1\n[destination]\n[[source]]\ntype=\"files\"\npaths=[\"x\"]\n";
    let all: Vec<(String, String)> =
        QUESTIONS.iter().filter_map(|question| Some((question.variable()?, question.example.to_owned()))).collect();
    let inputs = lakeward_core::config::Inputs {
        file: std::path::Path::new("/x/lakeward.toml"),
        text: toml,
        environment: &all,
        flags: lakeward_core::config::Flags::default(),
        default_state_dir: "/s".into(),
    };
    let errors = lakeward_core::config::resolve(&inputs).expect_err("much does not go together");
    assert!(errors.iter().all(|error| !error.what.contains("sets nothing")), "{errors:?}");
}

#[test]
fn an_answers_file_that_is_wrong_says_where() {
    for (file, said) in [
        ("bucket = ", "not TOML"),
        ("buckt = \"x\"", "buckt is no question's flag"),
        ("bucket = [\"x\"]", "bucket can't be array"),
        ("paths = [1.5]", "paths can't be array"),
        ("spec = [1]", "spec can't be array"),
        ("spec = \"{ token: hush\"", "spec can't be string"),
        ("\"a\\u001b[31m\" = 1", "is no question's flag"),
    ] {
        let trouble = Answers::from_answers_file(file).expect_err(file);
        assert!(trouble.what.contains(said) && !trouble.what.contains('\u{1b}'), "{file}: {}", trouble.what);
    }
    let near = Answers::from_answers_file("buckt = 1").expect_err("misspelt").next;
    assert_eq!(near.as_deref(), Some("did you mean bucket?"));
    assert!(Answers::from_answers_file("sso_region = \"x\"\nsso-account-id = 111122223333").is_ok());
}

#[test]
fn flags_that_are_given_wrongly_are_told() {
    let twice = Answers::from_flags([(Id::Bucket, vec!["a".into(), "b".into()])]).expect_err("twice").what;
    assert!(twice.contains("--bucket: it is given several times"), "{twice}");
    assert!(Answers::from_flags([(Id::Command, vec!["'a".into()])]).is_err());
    let table = Answers::from_flags([(Id::Spec, vec!["{ token: hush".into()])]).expect_err("no table");
    assert!(
        table.what.contains("--spec: it is neither a TOML table") && !table.what.contains("hush"),
        "{}",
        table.what
    );
    let words = Answers::from_flags([(Id::Command, vec!["a 'b c'".into()])]).expect("words");
    assert_eq!(words.value(Id::Command), Some(&Value::List(vec!["a".into(), "b c".into()])));
}
