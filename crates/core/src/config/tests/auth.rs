use super::*;
use crate::plan::{RolePlan, SsoPlan, SsoSession};

fn auth(table: &str) -> AuthPlan {
    plan(&format!("{LEAST}[auth]\n{table}\n")).auth
}

/// Each error with its line in the table, and its hint.
fn errors(table: &str) -> Vec<String> {
    let text = format!("{LEAST}[auth]\n{table}\n");
    let before = LEAST.lines().count() + 1;
    let line = |error: &ConfigError| match &error.at {
        Place::File { line, .. } => line - before,
        other => panic!("{other}"),
    };
    let errors = resolve(&inputs(&text, &[])).expect_err("the config is wrong");
    let hint = |error: &ConfigError| error.hint.clone().unwrap_or_default();
    errors.iter().map(|error| format!("{}: {} | {}", line(error), error.what, hint(error))).collect()
}

#[test]
fn every_method_reaches_the_plan() {
    assert_eq!(auth("method = \"env\""), AuthPlan::Env);
    assert_eq!(auth("method = \"compute\""), AuthPlan::Compute);
    assert_eq!(auth("profile = \"p\"\nmethod = \"profile\""), AuthPlan::Profile("p".into()));
    let role = "sso_account_id = \"111122223333\"\nsso_role_name = \"Writer\"";
    let sso =
        |session| AuthPlan::Sso(SsoPlan { session, account_id: "111122223333".into(), role_name: "Writer".into() });
    assert_eq!(auth(&format!("method = \"sso\"\nsso_session = \"s\"\n{role}")), sso(SsoSession::Named("s".into())));
    assert_eq!(
        auth(&format!("method = \"sso\"\nsso_start_url = \"https://x/start\"\nsso_region = \"eu-west-1\"\n{role}")),
        sso(SsoSession::Direct { start_url: "https://x/start".into(), region: "eu-west-1".into() })
    );
    let arn = "arn:aws-cn:iam::111122223333:role/path/lake";
    let least = RolePlan {
        role_arn: arn.into(),
        session_name: None,
        external_id: None,
        duration: None,
        mfa_serial: None,
        source: AuthPlan::Chain,
    };
    assert_eq!(auth(&format!("method = \"role\"\nrole_arn = \"{arn}\"")), AuthPlan::Role(Box::new(least.clone())));
    let whole = "role_session_name = \"me\"\nexternal_id = \"ext\"\nduration = \"1h\"\nmfa_serial = \"GAHT12345678\"
source = { method = \"profile\", profile = \"p\" }";
    let expected = RolePlan {
        session_name: Some("me".into()),
        external_id: Some("ext".into()),
        duration: Some(Duration::from_hours(1)),
        mfa_serial: Some("GAHT12345678".into()),
        source: AuthPlan::Profile("p".into()),
        ..least
    };
    assert_eq!(auth(&format!("method = \"role\"\nrole_arn = \"{arn}\"\n{whole}")), AuthPlan::Role(Box::new(expected)));
}

#[test]
fn variables_choose_the_source_of_a_role() {
    let environment = variables(&[
        ("LAKEWARD_AUTH_METHOD", "role"),
        ("LAKEWARD_AUTH_ROLE_ARN", "arn:aws:iam::111122223333:role/lake"),
        ("LAKEWARD_AUTH_SOURCE__METHOD", "profile"),
        ("LAKEWARD_AUTH_SOURCE__PROFILE", "p"),
    ]);
    let plan = resolve(&inputs(LEAST, &environment)).expect("a plan").plan;
    let AuthPlan::Role(role) = plan.auth else { panic!("{:?}", plan.auth) };
    assert_eq!(
        (role.role_arn.as_str(), role.source),
        ("arn:aws:iam::111122223333:role/lake", AuthPlan::Profile("p".into()))
    );
}

#[test]
fn a_variable_that_says_another_kind_leaves_the_files_keys_of_other_kinds_out() {
    let text = format!(
        "{LEAST}[auth]\nmethod = \"role\"\nrole_arn = \"arn:aws:iam::111122223333:role/lake\"\n[auth.source]\nmethod = \
         \"profile\"\nprofile = \"p\"\n"
    );
    let resolved = |pairs: &[(&str, &str)]| {
        let environment = variables(pairs);
        let resolved = resolve(&inputs(&text, &environment)).unwrap_or_else(|errors| panic!("{errors:?}"));
        (resolved.plan.auth, resolved.warnings)
    };
    let warning = |says: &str| vec![says.to_owned()];
    assert_eq!(
        resolved(&[("LAKEWARD_AUTH_METHOD", "env")]),
        (
            AuthPlan::Env,
            warning(
                "LAKEWARD_AUTH_METHOD says method = \"env\": what does not go with that is left out of [auth]: `role_arn`, \
                 `source`"
            )
        )
    );
    // What a variable sets stays, whichever comes first.
    let (plan, warnings) = resolved(&[("LAKEWARD_AUTH_METHOD", "profile"), ("LAKEWARD_AUTH_PROFILE", "q")]);
    assert_eq!((plan, warnings.len()), (AuthPlan::Profile("q".into()), 1));
    let (plan, warnings) = resolved(&[("LAKEWARD_AUTH_SOURCE__METHOD", "env")]);
    let AuthPlan::Role(role) = plan else { panic!("{plan:?}") };
    assert_eq!(role.source, AuthPlan::Env);
    assert_eq!(
        warnings,
        warning(
            "LAKEWARD_AUTH_SOURCE__METHOD says method = \"env\": what does not go with that is left out of [auth.source]: \
             `profile`"
        )
    );
    // The same kind changes nothing, and one that there is not is told with the rest.
    assert_eq!(resolved(&[("LAKEWARD_AUTH_METHOD", "role")]).1, Vec::<String>::new());
    let environment = variables(&[("LAKEWARD_AUTH_METHOD", "magic")]);
    assert_eq!(resolve(&inputs(&text, &environment)).expect_err("errors").len(), 1);
    // Two variables that don't go together are still told.
    let environment = variables(&[("LAKEWARD_AUTH_METHOD", "env"), ("LAKEWARD_AUTH_PROFILE", "q")]);
    assert_eq!(resolve(&inputs(LEAST, &environment)).expect_err("errors").len(), 1);
}

#[test]
fn a_variable_can_say_another_storage() {
    let text = LEAST.replace("[[source]]", "storage = \"s3\"\nvendor = \"minio\"\nuse_path_style = true\n[[source]]");
    let environment = variables(&[("LAKEWARD_DESTINATION_DIR", "lake"), ("LAKEWARD_DESTINATION_STORAGE", "embedded")]);
    let resolved = resolve(&inputs(&text, &environment)).unwrap_or_else(|errors| panic!("{errors:?}"));
    assert!(matches!(resolved.plan.destination.storage, Storage::Embedded { .. }));
    assert_eq!(
        resolved.warnings,
        [
            "LAKEWARD_DESTINATION_STORAGE says storage = \"embedded\": what does not go with that is left out of [destination]: \
          `use_path_style`, `vendor`"
        ]
    );
}

#[test]
fn what_does_not_go_together_is_told() {
    let role = "sso_account_id = \"111122223333\"\nsso_role_name = \"Writer\"";
    assert_eq!(
        errors(&format!("method = \"sso\"\nsso_session = \"s\"\nsso_region = \"eu-west-1\"\n{role}")),
        ["2: `auth.sso_session`: a session does not go with a start URL and a region of their own | take it out, or \
          sso_start_url and sso_region: the session names both"]
    );
    assert_eq!(
        errors(&format!("method = \"sso\"\nsso_start_url = \"https://x\"\n{role}")),
        [
            "2: `auth.sso_start_url`: sso_region is missing beside sso_start_url | set sso_session, or both sso_start_url and \
          sso_region"
        ]
    );
    assert_eq!(
        errors("method = \"sso\"\nsso_account_id = \"12\"\nsso_role_name = \"Writer\""),
        ["0: `sso_session` or `sso_start_url` is missing in [auth] | set sso_session, or sso_start_url and sso_region"]
    );
    // With what else is missing, at once.
    assert_eq!(
        errors("method = \"sso\"\nsso_role_name = \"Writer\""),
        [
            "0: `sso_session` or `sso_start_url` is missing in [auth] | set sso_session, or sso_start_url and sso_region",
            "0: `sso_account_id` is missing in [auth] | for example sso_account_id = \"111122223333\"",
        ]
    );
    assert_eq!(
        errors("method = \"sso\"\nsso_sesion = \"s\"\nsso_account_id = \"111122223333\"\nsso_role_name = \"Writer\""),
        ["2: unknown key `sso_sesion` in [auth] | did you mean `sso_session`?"],
        "told once"
    );
    assert_eq!(
        errors(
            "method = \"role\"\nrole_arn = \"arn:aws:iam::1:role/x\"\nrole_session_name = \"a b\"\nduration = \"5m\"\n\
             source = { method = \"role\" }"
        ),
        ["5: `auth.source.method`: expected one of chain, env, profile, sso, compute; found \"role\" | "]
    );
    assert_eq!(
        errors(
            "method = \"role\"\nrole_arn = \"arn:aws:iam::1:role/x\"\nrole_session_name = \"a b\"\nduration = \"5m\""
        ),
        [
            "2: `auth.role_arn`: \"arn:aws:iam::1:role/x\" is not the ARN of a role | it looks like \
             arn:aws:iam::111122223333:role/lakeward",
            "3: `auth.role_session_name`: \"a b\" can't name a session | write 2 to 64 letters, digits and _ = , . @ -",
            "4: `auth.duration`: a role's credentials live 15 minutes to 12 hours | the role itself can set a shorter maximum",
        ]
    );
    assert_eq!(
        errors("role_arn = \"arn:aws:iam::111122223333:role/x\""),
        [
            "1: `role_arn` does not go with method = \"chain\" | it goes with method = \"role\"; where nothing is said, method is \
          \"chain\""
        ]
    );
}
