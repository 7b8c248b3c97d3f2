//! `lakeward auth explain` and `lakeward auth export`, and places of credentials on this machine: processes, containers, instances.

use std::time::Duration;

use lakeward_testkit::{Answer, Home, HomeCommand, ScriptedServer};
use serde_json::{Value, json};

use crate::program::{self, lacks, lakeward};

const KEYS: &str = "aws_access_key_id = AKIDFILE\naws_secret_access_key = the-secret-key-in-the-file\n";

fn home() -> Home {
    let home = Home::new();
    home.secret("the-secret-key");
    home
}

fn explain<'a>(home: &'a Home, arguments: &[&str]) -> HomeCommand<'a> {
    lakeward(home).args(["auth", "explain"]).args(arguments)
}

#[track_caller]
fn says(text: &str, says: &[&str]) {
    assert_eq!(lacks(text, says), [""; 0], "{text}");
}

#[test]
fn a_search_is_shown_link_by_link_with_the_line_of_every_value() {
    let home = home();
    home.write(
        ".aws/config",
        "[default]\nregion = eu-west-1\n# x\ncredential_process = /bin/never --token the-secret-key\n",
    );
    home.write(".aws/credentials", format!("[default]\n{KEYS}"));
    let output = explain(&home, &["--offline"]).run().exits(0);
    says(
        &output.stdout,
        &[
            "looking in: the AWS credential chain\nprofile: default (nothing names another)\n",
            " 1 environment keys              skipped     AWS_ACCESS_KEY_ID is not set\n",
            " 5 keys in the credentials file  found       keys of profile default\n",
            "aws_access_key_id = AKIDFILE (",
            "/.aws/credentials:2)",
            "aws_secret_access_key = (set) (",
            " 7 credential_process            not reached loses to what is found above: what /bin/never prints\n",
            "region: eu-west-1 (",
            "/.aws/config:2)",
            "keys: AKIDFILE, long-lived, good until somebody deletes them",
        ],
    );
    assert_eq!(output.stderr, "");
    let json: Value = serde_json::from_str(&explain(&home, &["--offline", "--json"]).run().exits(0).stdout).unwrap();
    assert_eq!(json["links"][6]["state"], "not reached");
    assert_eq!(json["credentials"]["access_key_id"], "AKIDFILE");
}

#[test]
fn variables_that_interfere_are_told() {
    let home = home();
    home.write(".aws/credentials", format!("[a]\n{KEYS}"));
    let output = explain(&home, &["--offline"])
        .env("AWS_ACCESS_KEY_ID", "AKIDENV")
        .env("AWS_SECRET_ACCESS_KEY", "the-secret-key-in-the-environment")
        .env("AWS_PROFILE", "a")
        .env("AWS_DEFAULT_PROFILE", "b")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
        .run()
        .exits(0);
    says(
        &output.stdout,
        &[
            "note: AWS_PROFILE names profile a, but keys in the environment come first",
            "note: AWS_PROFILE and AWS_DEFAULT_PROFILE differ",
            "note: AWS_ENDPOINT_URL sends sign-in and STS to http://127.0.0.1:9000 as well",
        ],
    );
}

#[test]
fn keys_in_the_environment_that_do_not_count_are_told() {
    let home = home();
    home.write(".aws/elsewhere", format!("[a]\n{KEYS}"));
    let output = explain(&home, &["--offline", "--profile", "a"])
        .env("AWS_ACCESS_KEY_ID", "AKIDENV")
        .env("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/elsewhere")
        .env("AWS_CONFIG_FILE", "/no/config")
        .run()
        .exits(0);
    says(
        &output.stdout,
        &[
            "note: AWS_ACCESS_KEY_ID is set and does not count: this search is for profile `a` alone",
            "note: AWS_CONFIG_FILE names /no/config, which does not exist",
            "keys: AKIDFILE",
        ],
    );
}

#[test]
fn keys_for_another_server_are_not_sent_to_aws() {
    let home = home();
    home.write(".aws/credentials", format!("[default]\n{KEYS}"));
    for (destination, note) in [
        (
            "endpoint = \"http://127.0.0.1:9\"\nbucket = \"lake\"\npath = \"raw\"",
            "another server than AWS, so STS is not asked",
        ),
        (program::EMBEDDED, "the embedded S3, which needs none of these"),
    ] {
        home.write("lakeward.toml", program::config(destination, &program::files(&["x"])));
        let output = explain(&home, &[]).env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9").run().exits(0);
        says(&output.stdout, &["([auth] of lakeward.toml)", note, "keys: AKIDFILE"]);
        assert!(!output.stdout.contains("identity: "), "{}", output.stdout);
    }
}

#[test]
fn the_embedded_s3_needs_no_credentials_and_nobody_is_asked_for_them() {
    let home = home();
    home.write("lakeward.toml", program::config(program::EMBEDDED, &program::files(&["x"])));
    let at_service = |home: &Home, arguments: &[&str], code| {
        let command = explain(home, arguments).env_remove("AWS_EC2_METADATA_DISABLED");
        command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9").run().exits(code)
    };
    let output = at_service(&home, &[], 0);
    says(&output.stdout, &["instance role                 to be asked", "which needs none of these credentials"]);
    assert_eq!((lacks(&output.stdout, &["now Lakeward", "offline:"]).len(), &*output.stderr), (2, ""));
    let json: Value = serde_json::from_str(&at_service(&home, &["--json"], 0).stdout).unwrap();
    assert!(json.get("error").is_none(), "{json}");
    // Whoever names a profile asks for it.
    home.write(".aws/config", "[profile broken]\nrole_arn = r\nsource_profile = gone\n");
    says(&at_service(&home, &["--profile", "broken"], 77).stderr, &["gone"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sts_is_asked_where_the_bucket_is_if_nothing_else_says_a_region() {
    let home = home();
    home.write(".aws/credentials", format!("[default]\n{KEYS}"));
    home.write(
        "lakeward.toml",
        program::config("region = \"eu-central-1\"\nbucket = \"lake\"\npath = \"raw\"", &program::files(&["x"])),
    );
    let sts = ScriptedServer::start(vec![Answer::error(403, "InvalidClientTokenId"); 2]).await;
    let here = |command: HomeCommand<'_>| command.env("AWS_ENDPOINT_URL_STS", sts.endpoint()).run().exits(77).stdout;
    says(&here(explain(&home, &[])), &["region: eu-central-1 ([destination])"]);
    says(&here(explain(&home, &[]).env("AWS_REGION", "eu-west-1")), &["region: eu-west-1 (AWS_REGION)"]);
    let signed_for: Vec<bool> = sts
        .stop()
        .await
        .iter()
        .zip(["/eu-central-1/sts/", "/eu-west-1/sts/"])
        .map(|(request, scope)| request.header("authorization").unwrap().contains(scope))
        .collect();
    assert_eq!(signed_for, [true, true]);
}

#[test]
fn a_session_whose_end_is_known_is_not_used_after_it() {
    let home = home();
    let session = format!("{KEYS}aws_session_token = t\nx_security_token_expires = 2020-01-01T00:00:00Z\n");
    home.write(".aws/credentials", format!("[me]\n{KEYS}[111122223333-phone]\n{session}[other]\n{session}[keys]\n{KEYS}x_security_token_expires = 2020-01-01T00:00:00Z\n"));
    home.write(".aws/config", "[profile me]\nmfa_serial = arn:aws:iam::111122223333:mfa/phone\n");
    let export = |profile: &str, code| {
        let command = lakeward(&home).args(["auth", "export", "--format", "env", "--profile", profile]);
        command.prints_secrets().run().exits(code)
    };
    says(
        &export("111122223333-phone", 77).stderr,
        &[
            "the keys of profile 111122223333-phone have expired: x_security_token_expires at ",
            "credentials:8 is 2020-01-01T00:00:00Z",
            "next: sign in again: `lakeward auth login --profile me`; if another tool has renewed the keys since, take that line out",
        ],
    );
    says(&export("other", 77).stderr, &["`lakeward auth login --profile USER --mfa-serial DEVICE --to other`"]);
    // A user's own keys do not expire, whatever a tool has left beside them.
    says(&export("keys", 0).stdout, &["AKIDFILE"]);
}

#[test]
fn cron_does_not_see_what_a_shell_exports() {
    let home = home();
    home.write(".aws/config", "[profile shell]\nregion = eu-west-1\n");
    home.write(".aws/credentials", format!("[shell]\n{KEYS}"));
    let output = explain(&home, &["--offline", "--as-cron"]).env("AWS_PROFILE", "shell").run().exits(0);
    says(
        &output.stdout,
        &[
            "found       keys of profile shell",
            "as cron or a systemd unit of this user: instance role: the role of this EC2 instance",
            "keys in the credentials file  skipped: profile default has no aws_access_key_id in the credentials file",
            "no region is set there: set [destination] region",
            "as a container without mounts and variables: instance role",
        ],
    );
    let json = explain(&home, &["--offline", "--as-cron", "--json"]).env("AWS_PROFILE", "shell").run().exits(0);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json["elsewhere"][0]["as"], &json["elsewhere"][0]["same"]), (&json!("cron"), &json!(false)));
    let output = explain(&home, &["--offline", "--as-cron", "--profile", "shell"]).run().exits(0);
    says(&output.stdout, &["as cron or a systemd unit of this user: the same, ", "there is no profile `shell`"]);
}

#[test]
fn what_nothing_points_to_is_to_be_asked_and_not_found() {
    let output = explain(&home(), &["--offline"]).env_remove("AWS_EC2_METADATA_DISABLED").run().exits(0);
    says(&output.stdout, &["10 instance role                 to be asked the role of this EC2 instance, if it is one"]);
}

#[test]
fn broken_set_ups_are_understood_from_the_screen() {
    for (config, credentials, expected) in [
        (
            "[default]\nrole_arn = arn:r\nsource_profile = prdo\n[profile prod]\n",
            "",
            &["did you mean `prod`?", "config:3"][..],
        ),
        (
            "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = n\n[sso-session crop]\n",
            "",
            &["did you mean `crop`?"],
        ),
        ("[default]\nsso_start_url = u\nsso_account_id = 1\nsso_role_name = n\n", "", &["lacks sso_region"]),
        (
            "[profile a]\nrole_arn = arn:a\nsource_profile = b\n[profile b]\nrole_arn = arn:b\nsource_profile = a\n[default]\nrole_arn = arn:d\nsource_profile = a\n",
            "",
            &[
                "go round in a circle: default -> a -> b -> a",
                "give profile b keys or a sign-in of its own, or another source_profile (",
                "config:6)",
            ],
        ),
        (
            "[default]\n",
            "[default]\naws_access_key_id = A\n",
            &["without aws_secret_access_key in the same section", "credentials:2"],
        ),
        (
            "",
            "[default]\n\n[default]\n",
            &[
                "credentials, line 3: [default] stands here a second time (the first is in line 1)",
                "make one of the two, or delete one",
            ],
        ),
        ("[a]\n", "", &["config:1 has [a], which is no profile there: write it as [profile a]"]),
        ("", "[profile a]\n", &["credentials:1 has [profile a], which is no profile there: write it as [a]"]),
        (
            "[profil a]\nregion = eu-west-1\n",
            "",
            &[
                "config:1 has [profil a], which is no section that the AWS tools know: write it as [profile a]",
                "note: /",
                "next: /",
            ],
        ),
        (
            "[sso_session corp]\n[profile a]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = n\n",
            "",
            &["next: /", "config:1 has [sso_session corp], which is no section that", "write it as [sso-session corp]"],
        ),
        ("", "\u{feff}[default]\n", &["begins with a byte order mark"]),
        ("[default\n", "", &["config, line 1: the ] of this [section] is missing", "mend this line"]),
        (
            "[default\nregion = eu-west-1\nregion = eu-west-2\n[profile a]\nx\n",
            "k = v\n[default]\n1\n2\n3\n4\n5\n",
            &[
                "config, line 1: the ] of this [section] is missing; line 3: `region` stands a second time in [default] (the \
                 first is in line 2); line 5: this is neither a [section] nor `key = value`; /",
                "credentials, line 1: no [section] stands before this line; line 3: ",
                "; line 6: this is neither a [section] nor `key = value`; and 1 more\n",
                "next: mend these lines: the AWS tools do not read the file either\n",
            ],
        ),
        ("[default]\ncredential_process = keys \"x\n", "", &["config:2 can't be split into words"]),
        (
            "[default]\ncredential_source = x\nrole_arn = arn:r\n",
            "",
            &["there are Environment, Ec2InstanceMetadata, EcsContainer"],
        ),
    ] {
        let home = home();
        home.write(".aws/config", config);
        home.write(".aws/credentials", credentials);
        let by_name =
            if expected.iter().any(|text| text.contains("which is no ")) { &["--profile", "a"][..] } else { &[] };
        let output = explain(&home, by_name).run().exits(77);
        says(&format!("{}{}", output.stdout, output.stderr), expected);
        says(&output.stderr, &["error: ", "next: "]);
    }
    let home = home();
    home.write(".aws/config", b"[default]\nregion = \xff\n");
    says(&explain(&home, &[]).run().exits(77).stderr, &["config, line 2: this is not UTF-8"]);
}

#[cfg(unix)]
#[test]
fn a_process_is_run_without_a_shell_and_its_keys_are_exported() {
    let home = home();
    let keys = json!({ "Version": 1, "AccessKeyId": "ASIAPROCESS", "SecretAccessKey": "printed", "SessionToken": "it's",
        "Expiration": "2099-01-01T00:00:00Z" });
    home.write("keys", keys.to_string());
    let command = |command: &str| {
        home.write(".aws/config", format!("[profile p]\ncredential_process = {command}\n"));
        lakeward(&home).args(["auth", "export", "--profile", "p", "--format"])
    };
    let file = home.path().join("keys");
    let cat = format!("cat '{}'", file.display());
    let output = command(&cat).arg("env").run().exits(0);
    assert_eq!(
        output.stdout,
        "export AWS_ACCESS_KEY_ID='ASIAPROCESS'\nexport AWS_SECRET_ACCESS_KEY='printed'\nexport AWS_SESSION_TOKEN='it'\\''s'\n\
         export AWS_CREDENTIAL_EXPIRATION='2099-01-01T00:00:00Z'\n"
    );
    let output = command(&cat).arg("credential-process").run().exits(0);
    assert_eq!(serde_json::from_str::<Value>(&output.stdout).unwrap(), keys);
    let explained = explain(&home, &["--profile", "p", "--offline"]).run().exits(0);
    says(&explained.stdout, &["found       what cat prints", "offline: not got, because that runs cat"]);
    for (command_line, expected) in [
        ("echo '{\"Version\": 1}' | cat", "printed something else than JSON"),
        ("printf '%s' '{\"Version\": 1}'", "printed no AccessKeyId"),
        ("printf '%s' '{\"AccessKeyId\": 1}'", "printed JSON without \"Version\": 1"),
        ("sh -c 'echo the-secret-key; cat keys'", "printed something else than JSON"),
        ("sh -c 'exit 3'", "ended with status 3"),
        (
            "sh -c 'echo wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY is not good >&2; exit 3'",
            "ended with status 3: (left out) is not good",
        ),
        ("no-such-program", "credential_process no-such-program can't be run"),
    ] {
        let output = command(command_line).arg("env").run().exits(77);
        says(&output.stderr, &[expected, "next: "]);
        assert_eq!(output.stdout, "");
    }
    // A program that asks Lakeward for its own profile's credentials would ask for ever.
    let own = format!("'{}' auth export --format credential-process --profile p", program::binary().display());
    says(&command(&own).arg("env").run().exits(77).stderr, &["asks for the credentials of its own profile"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_is_asked_with_the_token_of_its_file() {
    let home = home();
    let token = home.write("token", "the-token-of-the-pod\n");
    let keys = json!({ "AccessKeyId": "ASIAPOD", "SecretAccessKey": "the-secret", "Token": "t", "Expiration": "2099-01-01T00:00:00Z" });
    let answer = |status, body: Value| Answer::Status { status, headers: Vec::new(), body: body.to_string().into() };
    let refused = answer(403, json!({ "code": "AccessDenied", "message": "no association" }));
    let server = ScriptedServer::start(vec![answer(200, keys), refused, Answer::Close]).await;
    let export = || {
        lakeward(&home)
            .args(["-vvv", "auth", "export", "--format", "credential-process"])
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/v1/credentials", server.endpoint()))
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token)
    };
    says(&export().run().exits(0).stdout, &["ASIAPOD"]);
    says(
        &export().run().exits(77).stderr,
        &["it answered 403 AccessDenied no association", "next: check that the container has"],
    );
    // Who does not answer has not refused.
    let output = export().run().exits(69);
    says(&output.stderr, &["the role of this container was not given", "127.0.0.1:", " has not answered: "]);
    let output = export().env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/no/token").run().exits(77);
    says(&output.stderr, &["token file /no/token can't be read"]);
    let requests = server.stop().await;
    assert_eq!(requests[0].header("authorization"), Some("the-token-of-the-pod"));
    assert_eq!(requests[0].path, "/v1/credentials");
}

fn instance<'a>(home: &'a Home, endpoint: &str) -> HomeCommand<'a> {
    let command = lakeward(home).args(["-vvv", "auth", "export", "--format", "credential-process"]);
    command.env_remove("AWS_EC2_METADATA_DISABLED").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instances_role_is_got_with_a_token_and_its_absence_told() {
    let home = home();
    let answer = |status, body: &str| Answer::Status {
        status,
        headers: vec![("x-aws-ec2-metadata-token-ttl-seconds".into(), "21600".into())],
        body: body.to_owned().into(),
    };
    let keys = json!({ "Code": "Success", "AccessKeyId": "ASIAINSTANCE", "SecretAccessKey": "the-secret", "Token": "t",
        "Expiration": "2099-01-01T00:00:00Z" });
    let server =
        ScriptedServer::start(vec![answer(200, "tok"), answer(200, "role"), answer(200, &keys.to_string())]).await;
    says(&instance(&home, &server.endpoint()).run().exits(0).stdout, &["ASIAINSTANCE"]);
    assert_eq!(server.stop().await[2].path, "/latest/meta-data/iam/security-credentials/role");
    let server = ScriptedServer::start(vec![answer(200, "tok"), answer(404, "")]).await;
    says(&instance(&home, &server.endpoint()).run().exits(77).stderr, &["next: attach a role to the instance"]);
    let denied = json!({ "Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role" }).to_string();
    let server = ScriptedServer::start(vec![answer(200, "tok"), answer(200, "role"), answer(200, &denied)]).await;
    says(&instance(&home, &server.endpoint()).run().exits(77).stderr, &["trust policy name ec2.amazonaws.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metadata_service_that_does_not_answer_costs_little_over_a_second() {
    let home = home();
    let server = ScriptedServer::start(vec![Answer::Hang, Answer::Hang, Answer::Hang]).await;
    // Where nothing else is set up, nobody has signed in.
    let output = instance(&home, &server.endpoint()).run().exits(77);
    // The second is measured where nothing else is; here a process starts as well.
    assert!(output.elapsed < Duration::from_secs(4), "{:?}", output.elapsed);
    says(
        &output.stderr,
        &[
            "the instance's metadata service gives no credentials: 127.0.0.1:",
            " has not answered within 1s\n",
            "set the instance's metadata hop limit to 2",
        ],
    );
}
