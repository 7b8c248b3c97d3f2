//! Signing in with codes of MFA devices, against the loopback AWS and moto; botocore uses the sessions that come of it.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use lakeward_loopback::aws::{LoopbackAws, Options, Role, User};
use lakeward_testkit::{Answer, Home, HomeCommand, Output, ScriptedServer, python, tries};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    auth_sts::Sts,
    check::is_running,
    login_console::{botocore, exported, syncs},
    loopback_aws::at,
    program::{binary, config, lacks, lakeward},
};

pub(crate) const DEVICE: &str = "arn:aws:iam::111122223333:mfa/me";
const SECRET: &str = "the-secret-key-of-the-user";

/// A user with a device; a role that asks for its code, one that trusts that role, and one that asks for a code on the way.
pub(crate) struct Mfa {
    pub(crate) home: Home,
    pub(crate) aws: LoopbackAws,
}

impl Mfa {
    pub(crate) async fn start() -> Self {
        let mut user = User::new("me").with_mfa(DEVICE, "123456");
        user.access_key_id = "AKIAUSER000000000000".into();
        user.secret_access_key = SECRET.into();
        let role = |name: &str, trusts: &str, mfa: bool| {
            let mut role = Role::new(format!("arn:aws:iam::111122223333:role/{name}"), &[trusts]);
            role.requires_mfa = mfa;
            role
        };
        let me = user.arn.clone();
        let inner = "arn:aws:iam::111122223333:role/inner";
        let mut options = Options::default();
        options.roles = vec![role("inner", &me, true), role("outer", inner, false), role("plain", &me, false)];
        options.users = vec![user];
        let aws = LoopbackAws::start(options).await.unwrap();
        let home = Home::new();
        home.write_private(
            ".aws/credentials",
            format!("# mine\n[user]\naws_access_key_id = AKIAUSER000000000000\naws_secret_access_key = {SECRET}\n"),
        );
        home.write(
            ".aws/config",
            format!(
                "[profile user]\nregion = us-east-1\n\
                 [profile inner]\nrole_arn = {inner}\nmfa_serial = {DEVICE}\nsource_profile = user\nregion = us-east-1\n\
                 [profile outer]\nrole_arn = arn:aws:iam::111122223333:role/outer\nsource_profile = inner\n\
                 [profile device]\nrole_arn = {inner}\nmfa_serial = arn:aws:iam::111122223333:mfa/another\nsource_profile = user\n"
            ),
        );
        Self { home, aws }
    }

    /// `lakeward auth login` with codes, one a line.
    fn login(&self, arguments: &[&str], codes: &str) -> HomeCommand<'_> {
        let command = lakeward(&self.home).args(["auth", "login", "--mfa-code-stdin"]).args(arguments);
        at(&self.aws, command).stdin(codes)
    }

    pub(crate) fn credentials(&self) -> String {
        fs::read_to_string(self.home.path().join(".aws/credentials")).unwrap()
    }
}

#[track_caller]
fn says(output: &Output, says: &[&str]) {
    assert_eq!(lacks(&output.stderr, says), [""; 0], "{}", output.stderr);
    assert!(!output.stderr.contains(SECRET) && !output.stdout.contains(SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_mfa_is_signed_in_to_once_and_every_tool_uses_the_session() {
    let mfa = Mfa::start().await;
    let output = mfa.login(&["--profile", "inner"], "12 456\n000000\n123456\n").run().exits(0);
    says(
        &output,
        &["a code has six digits.", "AWS does not take this code: it is wrong, or was used before; wait until"],
    );
    let told = [
        "Signed in: role arn:aws:iam::111122223333:role/inner.",
        "The AWS CLI and boto3 find them too: .aws/cli/cache/",
    ];
    assert_eq!(lacks(&output.stdout, &told), [""; 0], "{}", output.stdout);
    let id = exported(&mfa.home, &mfa.aws, "inner");
    assert_eq!(botocore(&mfa.home, &mfa.aws, &["inner"]), json!({ "inner": [id, "us-east-1"] }));
    let role = format!(
        "method = \"role\"\nrole_arn = \"arn:aws:iam::111122223333:role/inner\"\nmfa_serial = \"{DEVICE}\"\nsource = {{ method = \"profile\", profile = \"user\" }}"
    );
    syncs(&mfa.home, &mfa.aws, &role, &id).await;
    // A role on top of it needs no code of its own.
    assert!(exported(&mfa.home, &mfa.aws, "outer").starts_with("ASIA"));
    let output = lakeward(&mfa.home).args(["auth", "status", "--json"]).run().exits(0);
    let status: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(
        (&status["signed_in"][0]["kind"], &status["signed_in"][0]["good"]),
        (&json!("role credentials"), &json!(true))
    );
    assert!(status["signed_in"][0]["what"].as_str().unwrap().ends_with("(profile inner)"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_asks_for_the_codes_on_its_way() {
    let mfa = Mfa::start().await;
    let output = mfa.login(&["--profile", "outer"], "123456\n").run().exits(0);
    assert_eq!(lacks(&output.stdout, &["Signed in: role arn:aws:iam::111122223333:role/inner."]), [""; 0]);
    // The config's own role, with a role that asks for a code as its source.
    let auth = "[auth]\nmethod = \"role\"\nrole_arn = \"arn:aws:iam::111122223333:role/outer\"\nsource = { method = \"profile\", profile = \"inner\" }\n";
    mfa.home.write(
        "lakeward.toml",
        config("bucket = \"lake\"\npath = \"raw\"", "type = \"files\"\npaths = [\"x\"]\n") + auth,
    );
    let _ = mfa.login(&[], "123456\n").run().exits(0);
}

/// As `check` and `sync` ask it where nothing else says a region.
#[tokio::test(flavor = "multi_thread")]
async fn the_role_is_asked_for_in_the_region_of_the_bucket() {
    let mfa = Mfa::start().await;
    let body = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
        <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>the-secret</SecretAccessKey><SessionToken>t</SessionToken>\
        <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
    let assumed =
        || Answer::Status { status: 200, headers: vec![("Content-Type".into(), "text/xml".into())], body: body.into() };
    let server = ScriptedServer::start(vec![assumed(), assumed()]).await;
    mfa.home.write(".aws/config", "");
    let role = "arn:aws:iam::111122223333:role/inner";
    let auth = |more: &str| {
        let auth = format!(
            "[auth]\nmethod = \"role\"\nrole_arn = \"{role}\"\nsource = {{ method = \"profile\", profile = \"user\" }}\n{more}"
        );
        let destination = "bucket = \"my-lake\"\nregion = \"eu-south-2\"\npath = \"raw\"\nendpoint = \"http://127.0.0.1:9\"\nvendor = \"aws\"";
        mfa.home.write("x", "id,n\n1,2\n");
        mfa.home.write("lakeward.toml", config(destination, "type = \"files\"\npaths = [\"x\"]\n") + &auth);
    };
    auth(&format!("mfa_serial = \"{DEVICE}\"\n"));
    let _ = mfa.login(&[], "123456\n").env("AWS_ENDPOINT_URL_STS", server.endpoint()).run().exits(0);
    auth("");
    let sync = at(&mfa.aws, lakeward(&mfa.home).arg("sync")).env("AWS_ENDPOINT_URL_STS", server.endpoint());
    let running = sync.spawn();
    let began = Instant::now();
    while server.requests().len() < 2 && began.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.signal("INT");
    let _ = running.wait();
    let requests = server.stop().await;
    assert_eq!(requests.len(), 2);
    for request in requests {
        let signed = request.header("authorization").unwrap_or_default();
        assert!(signed.contains("/eu-south-2/sts/aws4_request"), "{signed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_code_can_mend_is_told_at_once() {
    let mfa = Mfa::start().await;
    let output = mfa.login(&["--profile", "inner"], "000000\n000000\n000000\n123456\n").run().exits(77);
    says(&output, &["AWS does not take this code", "next: check that it is the device that was asked for"]);
    let output = mfa.login(&["--profile", "inner"], "000000\n").run().exits(77);
    says(&output, &["no code of the MFA device could be read: standard input has ended", "a line of its own"]);
    let output = mfa.login(&["--profile", "device"], "123456\n").run().exits(77);
    says(
        &output,
        &["unable to validate MFA code", "check that mfa_serial is a device of the user whose keys these are"],
    );
    let command = at(&mfa.aws, lakeward(&mfa.home).args(["auth", "login", "--profile", "inner"]));
    says(
        &command.run().exits(77),
        &["nobody is at a terminal to type it", "next: run it at a terminal, or with --mfa-code-stdin"],
    );
    let elsewhere = mfa.login(&["--profile", "inner"], "123456\n").env_remove("AWS_ENDPOINT_URL_STS");
    let output = elsewhere.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").run();
    says(&output, &["AWS_ENDPOINT_URL sends this sign-in to http://127.0.0.1:9 instead of AWS"]);
    says(
        &output.exits(69),
        &["the role arn:aws:iam::111122223333:role/inner can't be assumed", "next: check the network"],
    );
    // A session that can't be kept would be lost, and with it the code.
    mfa.home.write(".aws/cli", "");
    let output = mfa.login(&["--profile", "inner"], "123456\n").run().exits(77);
    says(&output, &["the role's session can't be kept: ", "next: let this user write ~/.aws/cli/cache"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_session_becomes_a_profile() {
    let mfa = Mfa::start().await;
    let before = mfa.credentials();
    let output =
        mfa.login(&["--profile", "user", "--mfa-serial", DEVICE, "--duration", "1h"], "123456\n").run().exits(0);
    says(&output, &["+[111122223333-me]\n+aws_access_key_id = ASIA", "+aws_secret_access_key = (not shown)"]);
    assert_eq!(
        lacks(&output.stdout, &["profile 111122223333-me holds the session's keys until 20"]),
        [""; 0],
        "{}",
        output.stdout
    );
    let after = mfa.credentials();
    assert!(after.starts_with(&format!("{before}\n[111122223333-me]\naws_access_key_id = ASIA")), "{after}");
    let id = exported(&mfa.home, &mfa.aws, "111122223333-me");
    assert_eq!(botocore(&mfa.home, &mfa.aws, &["111122223333-me"])["111122223333-me"][0], id.as_str());
    syncs(&mfa.home, &mfa.aws, "method = \"profile\"\nprofile = \"111122223333-me\"", &id).await;
    let issued = mfa.aws.issued(&id).unwrap();
    assert!(issued.principal.mfa && after.contains(issued.session_token.unwrap().expose_secret()));
    let status = lakeward(&mfa.home).args(["auth", "status"]).run().exits(0).stdout;
    assert!(status.starts_with("session of an IAM user: profile 111122223333-me\n  good until 20"), "{status}");
    // Once more, in place of the first, and elsewhere.
    let _ = mfa.login(&["--profile", "user", "--mfa-serial", DEVICE], "123456\n").run().exits(0);
    let _ = mfa.login(&["--profile", "user", "--mfa-serial", DEVICE, "--to", "my session"], "123456\n").run().exits(0);
    assert_eq!(mfa.credentials().matches('[').count(), 3);
    assert!(exported(&mfa.home, &mfa.aws, "my session").starts_with("ASIA"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_session_takes_no_other_keys_place() {
    let mfa = Mfa::start().await;
    let before = mfa.credentials();
    for (arguments, code, told) in [
        (&["--to", "user"][..], 2, "holds keys that are no session's, and would lose them"),
        (&["--duration", "5m"], 2, "a session can't last 300 s"),
        (&["--duration", "37h"], 2, "AWS allows 15 minutes to 36 hours"),
        (
            &["--mfa-serial", "arn:aws:iam::111122223333:mfa/another"],
            77,
            "it has to be a device of the user whose keys these are",
        ),
    ] {
        let serial: &[&str] = if arguments.contains(&"--mfa-serial") { &[] } else { &["--mfa-serial", DEVICE] };
        let arguments = [&["--profile", "user"][..], serial, arguments].concat();
        says(&mfa.login(&arguments, "123456\n").run().exits(code), &[told]);
    }
    // Keys that are temporary start no session.
    let _ = mfa.login(&["--profile", "inner"], "123456\n").run().exits(0);
    let output = mfa.login(&["--profile", "inner", "--mfa-serial", DEVICE, "--to", "x"], "123456\n").run().exits(77);
    says(
        &output,
        &["AWS gives a session to an IAM user's own keys alone", "name the profile that holds the user's keys"],
    );
    assert_eq!(mfa.credentials(), before);
    // A file that others can't read either is not touched.
    mfa.home.write_private(".aws/credentials", format!("{before}[user]\n"));
    says(
        &mfa.login(&["--profile", "user", "--mfa-serial", DEVICE], "123456\n").run().exits(77),
        &["credentials, line 5: "],
    );
    assert_eq!(mfa.credentials(), format!("{before}[user]\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_leaves_the_credentials_file_whole() {
    let mfa = Mfa::start().await;
    let sign_in = || mfa.login(&["--profile", "user", "--mfa-serial", DEVICE], "123456\n");
    let _ = sign_in().run().exits(0);
    let kills = tries(10, 100);
    for kill in 0..kills {
        let running = sign_in().spawn();
        std::thread::sleep(std::time::Duration::from_millis(u64::from(kill * 37 % 130)));
        let _ = running.kill();
        let left = mfa.credentials();
        let lines: Vec<&str> = left.lines().map(|line| line.split(" = ").next().unwrap()).collect();
        let keys = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "x_security_token_expires"];
        assert_eq!(
            lines,
            [&["# mine", "[user]", keys[0], keys[1], "", "[111122223333-me]"][..], &keys].concat(),
            "{left}"
        );
        assert!(left.ends_with("Z\n") && left.contains(SECRET), "{left}");
    }
    let _ = sign_in().run().exits(0);
}

/// At a terminal the code is typed unseen, and the terminal shows again what is typed afterwards.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_typed_unseen() {
    let mfa = Mfa::start().await;
    let words = [binary().to_str().unwrap(), "auth", "login", "--profile", "inner"];
    let at_terminal = |steps: Value| {
        let asked = json!({ "words": words, "steps": steps }).to_string();
        let script = include_str!("../python/typed.py");
        let output = at(&mfa.aws, python::command(&mfa.home, script, [asked])).run().exits(0);
        serde_json::from_str::<Value>(&output.stdout).unwrap()
    };
    let prompt = "Code of the MFA device arn:aws:iam::111122223333:mfa/me, for role \\S+: ";
    let ended = at_terminal(json!([
        { "wait": prompt, "type": "654321\r" },
        { "wait": "AWS does not take this code.*\\s+Code of the MFA device [^\n]*inner: ", "type": "123456\r" },
    ]));
    let shown = ended["shown"].as_str().unwrap();
    assert!(ended["status"] == 0 && shown.contains("Signed in: role"), "{ended}");
    assert!(!shown.contains("654321") && !shown.contains("123456"), "{shown}");
    let ended = at_terminal(json!([{ "wait": prompt, "type": "12\u{3}" }]));
    assert_eq!((&ended["status"], &ended["echoes"]), (&json!(130), &json!(true)), "{ended}");
    for signal in ["SIGTERM", "SIGHUP"] {
        let ended = at_terminal(json!([{ "wait": prompt, "type": "12", "signal": signal }]));
        assert_eq!((&ended["status"], &ended["echoes"]), (&json!(130), &json!(true)), "{signal}: {ended}");
    }
}

/// A code goes with the keys of a program, which may take its time.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_program_that_is_asked_for_the_keys() {
    let mfa = Mfa::start().await;
    let pid = mfa.home.path().join("pid");
    mfa.home.write("slow.sh", format!("sleep 300 & echo $! > {0}.part; mv {0}.part {0}; wait", pid.display()));
    let config = "[profile slow]\ncredential_process = sh slow.sh\n[profile role]\nrole_arn = arn:aws:iam::111122223333:role/inner\nmfa_serial = arn:aws:iam::111122223333:mfa/me\nsource_profile = slow\n";
    mfa.home.write(".aws/config", config);
    let running = mfa.login(&["--profile", "role"], "123456\n").spawn();
    becomes(|| pid.exists(), "the program never ran");
    let child = fs::read_to_string(&pid).unwrap();
    running.signal("TERM");
    let _ = running.wait().exits(130);
    becomes(|| !is_running(child.trim()), "the program was left running");
}

#[cfg(unix)]
#[track_caller]
fn becomes(is_so: impl Fn() -> bool, else_told: &str) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(20), "{else_told}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn moto_takes_what_is_sent() {
    let home = Home::new();
    home.write(
        ".aws/credentials",
        format!("[user]\naws_access_key_id = AKIAUSER000000000000\naws_secret_access_key = {SECRET}\n"),
    );
    home.write(
        ".aws/config",
        format!(
            "[profile r]\nrole_arn = arn:aws:iam::111122223333:role/R\nmfa_serial = {DEVICE}\nexternal_id = x\n\
                 duration_seconds = 3600\nsource_profile = user\nregion = us-east-1\n"
        ),
    );
    let sts = Sts::start(&home);
    let login = |arguments: &[&str]| {
        let command = lakeward(&home).args(["auth", "login", "--mfa-code-stdin"]).args(arguments);
        command.env("AWS_ENDPOINT_URL_STS", &sts.endpoint).stdin("123456\n").run().exits(0)
    };
    let _ = login(&["--profile", "r"]);
    let _ = login(&["--profile", "user", "--mfa-serial", DEVICE, "--to", "session", "--duration", "36h"]);
    let explain = |profile: &str| {
        let command = lakeward(&home).args(["auth", "explain", "--profile", profile]);
        command.env("AWS_ENDPOINT_URL_STS", &sts.endpoint).run().exits(0).stdout
    };
    let told = explain("r");
    assert_eq!(lacks(&told, &["identity: arn:aws:sts::111122223333:assumed-role/R/lakeward"]), [""; 0], "{told}");
    let told = explain("session");
    assert_eq!(lacks(&told, &["x_security_token_expires = 20"]), [""; 0], "{told}");
}
