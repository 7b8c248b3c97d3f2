//! The AWS tools' caches of sign-ins: read, renewed and written as the tools themselves do, judged by botocore.

use std::{fs, path::PathBuf};

use lakeward_testkit::{Answer, Home, HomeCommand, Output, ScriptedServer, python};
use serde_json::{Value, json};

use crate::program::{self, lacks, lakeward};

const JUDGE: &str = include_str!("../python/read_caches.py");

/// The file of the session `my-sso`.
const TOKEN: &str = ".aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json";
/// The file of the console sign-in below.
const LOGIN: &str = ".aws/login/cache/36db1d138ff460920374e4c3d8e01f53f9f73537e89c88d639f68393df0e2726.json";

const CONFIG: &str = "[profile s]
sso_session = my-sso
sso_account_id = 111122223333
sso_role_name = Writer

[sso-session my-sso]
sso_start_url = https://d-abc123.awsapps.com/start
sso_region = eu-west-1

[profile old]
sso_start_url = https://d-abc123.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 111122223333
sso_role_name = Writer

[profile l]
login_session = arn:aws:iam::0123456789012:user/Admin
region = us-east-1
";

/// A P-256 key made for these tests.
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIBrof/yUls3n3jd4i2EwJj+jhRhe10iPcmuPNGOwFGSNoAoGCCqGSM49
AwEHoUQDQgAEryrgA5pkCZdwmxBqaTizlZAxoOlsUfZa5O5sFt+hUQKY4AaOX7fo
L6UAuAQlGpVclf/tcE267pPp58Bw8JjBhA==
-----END EC PRIVATE KEY-----
";

const FAR: &str = "2099-01-01T00:00:00Z";
const PAST: &str = "2020-01-01T00:00:00Z";

/// A time that is so many minutes off.
fn minutes(from_now: i64) -> String {
    let script = "import sys, datetime as d\nprint((d.datetime.now(d.UTC) + d.timedelta(minutes=int(sys.argv[1]))).strftime('%Y-%m-%dT%H:%M:%SZ'))";
    python::run(script, [from_now.to_string()]).trim().to_owned()
}

fn token(expires: &str) -> Value {
    json!({
        "startUrl": "https://d-abc123.awsapps.com/start",
        "region": "eu-west-1",
        "accessToken": "the-first-access-token",
        "expiresAt": expires,
        "clientId": "client",
        "clientSecret": "the-client-secret",
        "registrationExpiresAt": "2099-01-01T00:00:00.528Z",
        "refreshToken": "the-first-refresh-token",
        "keyOfAnotherTool": { "kept": true },
    })
}

fn answer(status: u16, kind: &str, body: &Value) -> Answer {
    let headers = [("Content-Type", "application/json"), ("x-amzn-errortype", kind)];
    let headers =
        headers.iter().filter(|(_, value)| !value.is_empty()).map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    Answer::Status { status, headers: headers.collect(), body: body.to_string().into() }
}

fn renewed() -> Answer {
    let body = json!({ "accessToken": "the-second-access-token", "expiresIn": 28800, "refreshToken": "the-second-refresh-token", "tokenType": "Bearer" });
    answer(200, "", &body)
}

fn role() -> Answer {
    let keys = json!({ "accessKeyId": "ASIAROLE", "secretAccessKey": "the-secret-key-of-the-role", "sessionToken": "t", "expiration": 4_070_908_800_000_u64 });
    answer(200, "", &json!({ "roleCredentials": keys }))
}

fn home(expires: &str) -> Home {
    let home = Home::new();
    home.write(".aws/config", CONFIG);
    home.write(TOKEN, token(expires).to_string());
    home
}

/// `auth export` of a profile with all services at one server. What is exported is a secret, and so is what is cached: the
/// home does not look for these; that errors show none is looked for here.
fn export<'a>(home: &'a Home, server: &ScriptedServer, profile: &str) -> HomeCommand<'a> {
    let command =
        lakeward(home).args(["-vvv", "auth", "export", "--format", "credential-process", "--profile", profile]);
    let services = ["SSO", "SSO_OIDC", "SIGNIN"];
    services
        .iter()
        .fold(command, |command, service| command.env(format!("AWS_ENDPOINT_URL_{service}"), server.endpoint()))
}

#[track_caller]
fn silent(output: Output) -> Output {
    for secret in ["the-first-", "the-second-", "the-client-secret", "the-secret-key"] {
        assert!(!output.stderr.contains(secret), "{secret} in:\n{}", output.stderr);
    }
    output
}

#[track_caller]
fn denied(output: Output, says: &[&str]) {
    let output = silent(output.exits(77));
    assert_eq!(lacks(&output.stderr, says), [""; 0], "{}", output.stderr);
    assert_eq!(output.stdout, "");
}

fn read(home: &Home, file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(home.path().join(file)).unwrap()).unwrap()
}

#[cfg(unix)]
fn mode(path: PathBuf) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_renewed_before_its_end_and_botocore_reads_what_was_written() {
    let home = home(&minutes(5));
    let server = ScriptedServer::start(vec![renewed(), role(), role()]).await;
    let output = silent(export(&home, &server, "s").run().exits(0));
    let printed: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(printed["AccessKeyId"], "ASIAROLE");
    assert_eq!(printed["Expiration"], "2099-01-01T00:00:00Z");
    let written = read(&home, TOKEN);
    assert_eq!(written["accessToken"], "the-second-access-token");
    assert_eq!(written["refreshToken"], "the-second-refresh-token");
    assert_eq!(written["keyOfAnotherTool"], json!({ "kept": true }));
    #[cfg(unix)]
    assert_eq!(mode(home.path().join(TOKEN)), 0o600);
    let judged = python::command(&home, JUDGE, ["s"]).run().exits(0).stdout;
    let judged: Value = serde_json::from_str(&judged).unwrap();
    assert_eq!(judged["s"], json!(["the-second-access-token", written["expiresAt"]]));
    // Now it is good for hours: only the role is asked for.
    let _ = export(&home, &server, "s").run().exits(0);
    let requests = server.stop().await;
    let paths: Vec<&str> = requests.iter().map(|request| request.path.as_str()).collect();
    let federation = "/federation/credentials?role_name=Writer&account_id=111122223333";
    assert_eq!(paths, ["/token", federation, federation]);
    assert_eq!(requests[1].header("x-amz-sso_bearer_token"), Some("the-second-access-token"));
}

/// The run has what it needs; whoever comes next has to sign in again, and is told so.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_can_not_be_written_is_used_and_what_follows_is_told() {
    let home = home(PAST);
    // A folder where the lock should be: nothing may be written without it.
    fs::create_dir_all(home.path().join(TOKEN).with_extension("lock")).unwrap();
    let server = ScriptedServer::start(vec![renewed(), role()]).await;
    let output = silent(export(&home, &server, "s").run().exits(0));
    assert!(output.stdout.contains("ASIAROLE"), "{}", output.stdout);
    let file =
        format!("{TOKEN} can't be written: Is a directory (os error 21). This run goes on with the renewed sign-in");
    let says = [file.as_str(), "after this run sign in with `lakeward auth login --sso-session my-sso`"];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
    assert_eq!(read(&home, TOKEN)["refreshToken"], "the-first-refresh-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_renew_at_once_ask_once() {
    let home = home(PAST);
    let server = ScriptedServer::start(std::iter::once(renewed()).chain((0..6).map(|_| role())).collect()).await;
    let running: Vec<_> = (0..6).map(|_| export(&home, &server, "s").spawn()).collect();
    for running in running {
        let _ = silent(running.wait().exits(0));
    }
    let requests = server.stop().await;
    assert_eq!(requests.iter().filter(|request| request.path == "/token").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_leaves_a_whole_file() {
    let home = home(PAST);
    // One answer for both services, so that it does not matter where the process before has ended. The token is always due.
    let both = || {
        let keys = json!({ "accessKeyId": "ASIAROLE", "secretAccessKey": "the-secret-key-of-the-role", "sessionToken": "t", "expiration": 4_070_908_800_000_u64 });
        answer(
            200,
            "",
            &json!({ "accessToken": "the-second-access-token", "expiresIn": 60, "refreshToken": "the-second-refresh-token", "roleCredentials": keys }),
        )
    };
    let kills = lakeward_testkit::tries(12, 100);
    let server = ScriptedServer::start((0..=2 * kills + 2).map(|_| both()).collect()).await;
    for kill in 0..kills {
        let running = export(&home, &server, "s").spawn();
        std::thread::sleep(std::time::Duration::from_millis(u64::from(kill * 97 % 120)));
        let _ = running.kill();
        let left = read(&home, TOKEN);
        assert_eq!(left["keyOfAnotherTool"], json!({ "kept": true }));
        assert!(left["refreshToken"].is_string(), "{left}");
    }
    let _ = silent(export(&home, &server, "s").run().exits(0));
    let folder = home.path().join(TOKEN);
    let names: Vec<_> =
        fs::read_dir(folder.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let tokens = names.iter().filter(|name| name.to_string_lossy().ends_with(".json")).count();
    assert_eq!(tokens, 1, "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_renewal_that_fails_is_tolerated() {
    let home = home(&minutes(5));
    let broken = answer(500, "InternalServerException", &json!({ "error": "server_error" }));
    let server = ScriptedServer::start(vec![broken, role()]).await;
    let output = silent(export(&home, &server, "s").run().exits(0));
    assert!(output.stdout.contains("ASIAROLE"));
    assert_eq!(read(&home, TOKEN)["refreshToken"], "the-first-refresh-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_over_says_so_and_how_to_sign_in() {
    let sign_in = "next: sign in with `lakeward auth login --sso-session my-sso`";
    for (kind, says) in [
        ("InvalidGrantException", "the sign-in is over: its refresh token is not good any more"),
        ("InvalidClientException", "its registration is not known any more"),
        ("AccessDeniedException", "the sign-in may not be renewed"),
    ] {
        let (home, server) =
            (home(PAST), ScriptedServer::start(vec![answer(400, kind, &json!({ "error": "x" }))]).await);
        denied(export(&home, &server, "s").run(), &[says, kind, sign_in]);
    }
    let server = ScriptedServer::start(Vec::new()).await;
    let old = home(PAST);
    let mut expired = token(PAST);
    expired["registrationExpiresAt"] = json!(PAST);
    old.write(TOKEN, expired.to_string());
    denied(export(&old, &server, "s").run(), &["its registration has expired", sign_in]);
    expired.as_object_mut().unwrap().remove("refreshToken");
    old.write(TOKEN, expired.to_string());
    denied(export(&old, &server, "s").run(), &["it came without a refresh token", sign_in]);
    for damaged in ["", "{\"accessToken\": \"the-first-", "SQLite format 3\0", "[]"] {
        old.write(TOKEN, damaged);
        denied(
            export(&old, &server, "s").run(),
            &["is damaged: it holds no JSON object", "next: delete it and sign in"],
        );
    }
    old.write(TOKEN, "{}");
    denied(export(&old, &server, "s").run(), &["refresh token", sign_in]);
    fs::remove_file(old.path().join(TOKEN)).unwrap();
    denied(export(&old, &server, "s").run(), &["nobody is signed in to https://d-abc123.awsapps.com/start", sign_in]);
    assert_eq!(server.stop().await.len(), 0, "nothing was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_was_ended_early_is_renewed_once() {
    let unauthorized =
        || answer(401, "UnauthorizedException", &json!({ "message": "Session token not found or invalid" }));
    let home = home(FAR);
    let server = ScriptedServer::start(vec![unauthorized(), renewed(), role()]).await;
    let _ = silent(export(&home, &server, "s").run().exits(0));
    assert_eq!(server.stop().await.len(), 3);
    // The same token again is no other one.
    let server = ScriptedServer::start(vec![unauthorized(), renewed()]).await;
    denied(
        export(&home, &server, "s").run(),
        &["the sign-in to https://d-abc123.awsapps.com/start was ended before its time"],
    );
    home.write(TOKEN, token(FAR).to_string());
    let server = ScriptedServer::start(vec![unauthorized(), renewed(), unauthorized()]).await;
    denied(export(&home, &server, "s").run(), &["does not know the sign-in to https://d-abc123", "check sso_region"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_not_assigned_is_told_apart_from_a_sign_in_that_is_over() {
    let home = home(FAR);
    let forbidden = answer(403, "ForbiddenException", &json!({ "message": "No access" }));
    let server = ScriptedServer::start(vec![forbidden]).await;
    denied(
        export(&home, &server, "s").run(),
        &[
            "role Writer of account 111122223333: ForbiddenException: No access",
            "the sign-in is good, but this role is not",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_sign_in_is_judged_by_its_time_and_never_renewed() {
    let home = home(FAR);
    let old = ".aws/sso/cache/40a89917e3175433e361b710a9d43528d7f1890a.json";
    home.write(old, token(PAST).to_string());
    let server = ScriptedServer::start(vec![role()]).await;
    denied(
        export(&home, &server, "old").run(),
        &[
            "came without a refresh token",
            "next: sign in with `lakeward auth login --sso-start-url https://d-abc123.awsapps.com/start --sso-region eu-west-1`",
        ],
    );
    assert_eq!(server.requests().len(), 0);
    home.write(old, token(FAR).to_string());
    let _ = silent(export(&home, &server, "old").run().exits(0));
    home.write(".aws/config", CONFIG.replace("com/start\n", "com/start/#/\n"));
    denied(
        export(&home, &server, "old").run(),
        &[
            "nobody is signed in to https://d-abc123.awsapps.com/start/#/",
            "write sso_start_url as https://d-abc123.awsapps.com/start:",
        ],
    );
}

fn login(expires: &str) -> Value {
    json!({
        "accessToken": {
            "accessKeyId": "ASIAFIRST",
            "secretAccessKey": "the-secret-key-of-the-first",
            "sessionToken": "t",
            "accountId": "0123456789012",
            "expiresAt": expires,
        },
        "tokenType": "aws_sigv4",
        "clientId": "arn:aws:signin:::devtools/same-device",
        "refreshToken": "the-first-refresh-token",
        "idToken": "i",
        "dpopKey": KEY,
        "signInRegion": "eu-west-3",
        "keyOfAnotherTool": 1,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_sign_in_is_renewed_with_a_proof_of_its_key() {
    let home = home(FAR);
    home.write(LOGIN, login(&minutes(3)).to_string());
    let keys =
        json!({ "accessKeyId": "ASIASECOND", "secretAccessKey": "the-secret-key-of-the-second", "sessionToken": "t2" });
    let body = json!({ "accessToken": keys, "tokenType": "aws_sigv4", "expiresIn": 900, "refreshToken": "the-second-refresh-token" });
    let server = ScriptedServer::start(vec![answer(200, "", &body)]).await;
    let output = silent(export(&home, &server, "l").run().exits(0));
    let printed: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(printed["AccessKeyId"], "ASIASECOND");
    let written = read(&home, LOGIN);
    assert_eq!(written["accessToken"]["accountId"], "0123456789012");
    assert_eq!(
        (&written["refreshToken"], &written["keyOfAnotherTool"]),
        (&json!("the-second-refresh-token"), &json!(1))
    );
    assert_eq!((&written["signInRegion"], &written["dpopKey"]), (&json!("eu-west-3"), &json!(KEY)));
    let judged = python::command(&home, JUDGE, ["l"]).run().exits(0).stdout;
    let judged: Value = serde_json::from_str(&judged).unwrap();
    assert_eq!(judged["l"], json!(["ASIASECOND", written["accessToken"]["expiresAt"]]));
    let endpoint = server.endpoint();
    let requests = server.stop().await;
    assert_eq!((requests.len(), requests[0].path.as_str()), (1, "/v1/token"));
    // The proof is checked by the library that botocore makes its own with.
    let claims = python::json(include_str!("../python/check_proof.py"), [requests[0].header("dpop").unwrap()]);
    assert_eq!((&claims["htm"], &claims["htu"]), (&json!("POST"), &json!(format!("{endpoint}/v1/token"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_sign_in_that_is_over_says_why() {
    for (error, says) in [
        ("TOKEN_EXPIRED", "the console sign-in is over"),
        ("USER_CREDENTIALS_CHANGED", "the user's password or keys were changed"),
        ("INSUFFICIENT_PERMISSIONS", "attach the managed policy SignInLocalDevelopmentAccess"),
    ] {
        let home = home(FAR);
        home.write(LOGIN, login(PAST).to_string());
        let denial = answer(400, "AccessDeniedException", &json!({ "error": error, "message": "no" }));
        let server = ScriptedServer::start(vec![denial]).await;
        denied(export(&home, &server, "l").run(), &[says]);
    }
    let (home, server) = (home(FAR), ScriptedServer::start(Vec::new()).await);
    denied(
        export(&home, &server, "l").run(),
        &[
            "nobody is signed in as arn:aws:iam::0123456789012:user/Admin",
            "`lakeward auth login --console --profile l`",
        ],
    );
    let mut without_key = login(PAST);
    without_key["dpopKey"] = json!("none");
    home.write(LOGIN, without_key.to_string());
    denied(export(&home, &server, "l").run(), &["dpopKey is no EC key", "`lakeward auth login --console --profile l`"]);
    // Keys that are still good are used, whatever becomes of their renewal.
    home.write(LOGIN, login(&minutes(3)).to_string());
    let _ = silent(export(&home, &server, "l").run().exits(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sessions_with_one_start_url_are_two_sign_ins() {
    let home = home(FAR);
    let other = CONFIG.replace("my-sso", "other-sso").replace("[profile s]", "[profile o]");
    let other = other.split("[profile old]").next().unwrap();
    home.write(".aws/config", format!("{CONFIG}\n{other}"));
    let server = ScriptedServer::start(vec![role()]).await;
    denied(
        export(&home, &server, "o").run(),
        &["nobody is signed in", "`lakeward auth login --sso-session other-sso`"],
    );
    let _ = silent(export(&home, &server, "s").run().exits(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_sign_in_that_does_not_say_its_region_needs_one() {
    let home = home(FAR);
    home.write(".aws/config", CONFIG.replace("region = us-east-1\n", ""));
    let mut old = login(PAST);
    old.as_object_mut().unwrap().remove("signInRegion");
    home.write(LOGIN, old.to_string());
    let server = ScriptedServer::start(Vec::new()).await;
    denied(export(&home, &server, "l").run(), &["does not say its region, and none is set", "next: set AWS_REGION"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_botocore_has_written_is_read() {
    let home = Home::new();
    home.write(
        ".aws/config",
        format!(
            "{CONFIG}[profile m]\nrole_arn = arn:aws:iam::111122223333:role/Ré\nrole_session_name = me\nexternal_id = ex\"t\\日𝄞\n\
             mfa_serial = arn:aws:iam::111122223333:mfa/u\nduration_seconds = 900\nsource_profile = m\n\
             aws_access_key_id = AKID\naws_secret_access_key = s\n"
        ),
    );
    let _ = python::command(&home, include_str!("../python/write_caches.py"), [""; 0]).run().exits(0);
    let server = ScriptedServer::start(vec![role()]).await;
    for (profile, id) in [("s", "ASIAROLE"), ("l", "ASIALOGIN"), ("m", "ASIAMFA")] {
        let printed: Value = serde_json::from_str(&export(&home, &server, profile).run().exits(0).stdout).unwrap();
        assert_eq!(printed["AccessKeyId"], id, "{profile}");
    }
    assert_eq!(server.requests()[0].header("x-amz-sso_bearer_token"), Some("the-first-access-token"));
}

#[test]
fn explain_tells_without_the_network_until_when_somebody_is_signed_in() {
    let home = home(FAR);
    let offline = |profile| {
        let command = lakeward(&home).args(["auth", "explain", "--offline", "--profile", profile]);
        silent(command.run().exits(0)).stdout
    };
    let told = offline("s");
    assert_eq!(
        lacks(&told, &["sign-in = token good until 2099-01-01T00:00:00Z (", "a4e22f723adf10145eafad7c4031c.json)"]),
        [""; 0],
        "{told}"
    );
    assert_eq!(lacks(&offline("l"), &["sign-in = nobody is signed in ("]), [""; 0]);
}

#[test]
fn status_lists_all_that_is_cached_and_passes_over_what_is_none_of_it() {
    let home = home(&minutes(90));
    home.write(LOGIN, login(&minutes(-90)).to_string());
    let long_over = ".aws/login/cache/0000000000000000000000000000000000000000000000000000000000000000.json";
    home.write(long_over, login(PAST).to_string());
    home.write(
        ".aws/sso/cache/18d9b42846b15eb5385befb03b3d864f800fcc11.json",
        r#"{"clientId": "c", "clientSecret": "the-client-secret"}"#,
    );
    home.write(".aws/cli/cache/session.db", "SQLite format 3\0");
    home.write(".aws/cli/cache/broken.json", "{");
    let role = json!({
        "Credentials": { "AccessKeyId": "A", "SecretAccessKey": "the-secret-key-of-the-role", "SessionToken": "t", "Expiration": PAST },
        "AssumedRoleUser": { "Arn": "arn:aws:sts::111122223333:assumed-role/R/s\u{1b}[31m" },
    });
    home.write(".aws/cli/cache/role.json", role.to_string());
    let output = silent(lakeward(&home).args(["auth", "status"]).run().exits(0));
    let says = [
        "IAM Identity Center: https://d-abc123.awsapps.com/start (session my-sso)\n  good until ",
        "; renews by itself",
        "console sign-in: arn:aws:iam::0123456789012:user/Admin\n  renewed when it is used; expired 20",
        "console sign-in: account 0123456789012\n  over since 2020-01-01T00:00:00Z",
        "role credentials: arn:aws:sts::111122223333:assumed-role/R/s[31m\n  over since 2020-01-01T00:00:00Z",
    ];
    assert_eq!(lacks(&output.stdout, &says), [""; 0], "{}", output.stdout);
    assert_eq!(
        lacks(&output.stderr, &["broken.json is damaged: it holds no JSON object"]),
        [""; 0],
        "{}",
        output.stderr
    );
    let output = lakeward(&home).args(["auth", "status", "--json"]).run().exits(0);
    let all: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(all["signed_in"].as_array().unwrap().len(), 4);
    let over = Home::new();
    over.write(LOGIN, login(PAST).to_string());
    over.write(".aws/config", "[profile a\n");
    let output = silent(lakeward(&over).args(["auth", "status"]).run().exits(77));
    let says = ["nothing is signed in any more", "config, line 1: the ] of this [section] is missing"];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
    let output = lakeward(&Home::new()).args(["auth", "status"]).run().exits(77);
    assert_eq!(lacks(&output.stderr, &["nothing is signed in", "next: sign in"]), [""; 0]);
}

#[test]
fn who_is_not_signed_in_is_told_what_signs_in_here() {
    let files = program::files(&["x"]);
    let s3 = "bucket = \"lake\"\npath = \"raw\"\nregion = \"eu-west-1\"";
    let of_config = |destination: &str, auth: &str| format!("{}\n{auth}", program::config(destination, &files));
    let session = "[sso-session \"two words\"]\nsso_start_url = https://d-abc123.awsapps.com/start\nsso_region = eu-west-1\n\
                   [profile c]\nlogin_session = arn:aws:iam::0123456789012:user/Admin\n";
    let keys = "[k]\naws_access_key_id = A\naws_secret_access_key = s\n";
    for (config, credentials, aws, next) in [
        (None, "", "", "sign in with `lakeward auth login --console` or `lakeward auth login --sso-start-url URL"),
        (
            None,
            "",
            session,
            "sign in with `lakeward auth login --sso-session 'two words'` or `lakeward auth login --profile c`; keys",
        ),
        (
            None,
            "",
            "[default]\nlogin_session = arn:aws:iam::0123456789012:user/A\n",
            "sign in with `lakeward auth login`; keys",
        ),
        (
            Some(of_config(program::EMBEDDED, "")),
            "",
            session,
            "lakeward.toml needs no sign-in: its destination is the embedded S3",
        ),
        (
            Some(of_config(s3, "[auth]\nmethod = \"profile\"\nprofile = \"k\"")),
            keys,
            session,
            "lakeward.toml names no sign-in; keys and roles need no sign-in",
        ),
        (
            Some(of_config(
                s3,
                "[auth]\nmethod = \"sso\"\nsso_session = \"two words\"\nsso_account_id = \"111122223333\"\nsso_role_name = \"R\"",
            )),
            "",
            session,
            "sign in with `lakeward auth login`; keys",
        ),
        (
            Some("broken".to_owned()),
            "",
            "[default]\nlogin_session = arn:aws:iam::0123456789012:user/A\n",
            "sign in with `lakeward auth login --profile default`; keys",
        ),
        (Some("broken".to_owned()), "", session, "sign in with `lakeward auth login --sso-session 'two words'` or"),
    ] {
        let home = Home::new();
        home.write(".aws/config", aws);
        home.write(".aws/credentials", credentials);
        config.iter().for_each(|config| drop(home.write("lakeward.toml", config)));
        let output = lakeward(&home).args(["auth", "status"]).run().exits(77);
        assert!(output.stderr.contains(&format!("next: {next}")), "{next}: {}", output.stderr);
    }
}
