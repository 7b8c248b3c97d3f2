//! Signing in at the console, against the loopback AWS; botocore uses and renews what comes of it.

use std::fs;

use lakeward_loopback::aws::{Approval, Fault, Grant, LoopbackAws, Operation, Options};
use lakeward_testkit::{Answer, Home, HomeCommand, Output, ScriptedServer, python};
use serde_json::{Value, json};

use crate::{
    program::{binary, files, lacks, lakeward, sync},
    server::destination,
};

const USER: &str = "arn:aws:iam::111122223333:user/Console";
const TOKEN: Operation = Operation::CreateOAuth2Token(Grant::AuthorizationCode);

/// A command of a home whose AWS is the loopback one.
pub(crate) fn at<'home>(aws: &LoopbackAws, command: HomeCommand<'home>) -> HomeCommand<'home> {
    aws.environment().into_iter().fold(command, |command, (name, value)| command.env(name, value))
}

/// `lakeward auth login` with a browser that agrees to everything.
fn login<'home>(home: &'home Home, aws: &LoopbackAws, arguments: &[&str]) -> HomeCommand<'home> {
    let script = home.write("browser.py", include_str!("../python/browser.py"));
    let browser = format!("'{}' -I '{}'", python::interpreter().display(), script.display());
    at(aws, lakeward(home).args(["auth", "login"]).args(arguments)).env("BROWSER", browser)
}

async fn aws(change: impl FnOnce(&mut Options)) -> LoopbackAws {
    let mut options = Options::default();
    change(&mut options);
    LoopbackAws::start(options).await.unwrap()
}

/// What botocore gets for profiles.
#[track_caller]
pub(crate) fn botocore(home: &Home, aws: &LoopbackAws, profiles: &[&str]) -> Value {
    let script = include_str!("../python/use_profiles.py");
    let output = at(aws, python::command(home, script, profiles.iter().copied())).run().exits(0);
    serde_json::from_str(&output.stdout).unwrap()
}

/// The access key id that a profile has for other programs.
#[track_caller]
pub(crate) fn exported(home: &Home, aws: &LoopbackAws, profile: &str) -> String {
    let export = ["auth", "export", "--format", "credential-process", "--profile", profile];
    let printed: Value = serde_json::from_str(&at(aws, lakeward(home).args(export)).run().exits(0).stdout).unwrap();
    printed["AccessKeyId"].as_str().unwrap().to_owned()
}

/// A sync with a profile lands a row, signed with these keys.
pub(crate) async fn syncs(home: &Home, aws: &LoopbackAws, auth: &str, access_key_id: &str) {
    let s3 = ScriptedServer::start(vec![Answer::stored()]).await;
    home.write("rows.csv", "id\n1\n");
    let command = sync(home, &destination(&s3.endpoint(), ""), &files(&["rows.csv"]));
    let config = fs::read_to_string(home.path().join("lakeward.toml")).unwrap();
    home.write("lakeward.toml", format!("{config}\n[auth]\n{auth}\n"));
    let _ = at(aws, command).run().exits(0);
    let requests = s3.stop().await;
    let authorization = requests[0].header("authorization").unwrap();
    assert!(authorization.contains(&format!("Credential={access_key_id}/")), "{authorization}");
}

fn cached(home: &Home) -> (std::path::PathBuf, Value) {
    let mut entries = fs::read_dir(home.path().join(".aws/login/cache")).unwrap().map(|entry| entry.unwrap().path());
    let path = entries.find(|path| path.extension().is_some_and(|extension| extension == "json")).unwrap();
    let content = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    (path, content)
}

#[track_caller]
fn says(output: &Output, says: &[&str]) {
    assert_eq!(lacks(&output.stderr, says), [""; 0], "{}", output.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_login_session() {
    let (home, aws) = (Home::new(), aws(|_| ()).await);
    home.write(".aws/config", "# mine\n[profile other]\r\nregion = eu-west-3");
    let output = login(&home, &aws, &["--console", "--profile", "dev", "--region", "us-east-1"]).run().exits(0);
    let told = [
        "Signed in as arn:aws:iam::111122223333:user/Console (account 111122223333, region us-east-1)",
        "Profile dev uses",
    ];
    assert_eq!(lacks(&output.stdout, &told), [""; 0], "{}", output.stdout);
    says(&output, &["+[profile dev]", "config.lakeward.bak"]);
    let config = fs::read_to_string(home.path().join(".aws/config")).unwrap();
    let expected = format!(
        "# mine\n[profile other]\r\nregion = eu-west-3\n\n[profile dev]\nlogin_session = {USER}\nregion = us-east-1"
    );
    assert_eq!(config, expected);

    let (path, content) = cached(&home);
    assert_eq!((&content["tokenType"], &content["signInRegion"]), (&json!("aws_sigv4"), &json!("us-east-1")));
    assert_eq!(content["accessToken"]["accountId"], "111122223333");
    assert!(content["dpopKey"].as_str().unwrap().starts_with("-----BEGIN EC PRIVATE KEY-----\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let first = content["accessToken"]["accessKeyId"].as_str().unwrap().to_owned();
    assert_eq!(botocore(&home, &aws, &["dev"]), json!({ "dev": [first, "us-east-1"] }));
    assert_eq!(exported(&home, &aws, "dev"), first);
    syncs(&home, &aws, "method = \"profile\"\nprofile = \"dev\"", &first).await;

    // botocore renews with the key and the refresh token that were written; then Lakeward with what botocore wrote.
    let expire = || {
        let (path, mut content) = cached(&home);
        content["accessToken"]["expiresAt"] = json!("2020-01-01T00:00:00Z");
        fs::write(path, content.to_string()).unwrap();
    };
    expire();
    let second = botocore(&home, &aws, &["dev"])["dev"][0].clone();
    assert_eq!(cached(&home).1["accessToken"]["accessKeyId"], second);
    expire();
    let third = exported(&home, &aws, "dev");
    assert!(first != second && third != first && second != json!(third));
    assert!(aws.issued(&third).is_some());

    // Without --console the profile says how; nothing of the config changes.
    let output = login(&home, &aws, &["--profile", "dev"]).run().exits(0);
    assert!(!output.stderr.contains("+++"), "{}", output.stderr);
    assert_eq!(fs::read_to_string(home.path().join(".aws/config")).unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_from_another_machine_is_pasted() {
    let (home, aws) = (Home::new(), aws(|_| ()).await);
    let words = [binary().to_str().unwrap(), "auth", "login", "--console", "--flow", "device", "--region", "us-east-1"];
    let steps = json!([
        { "wait": "(http://127\\.0\\.0\\.1:\\d+/v1/authorize\\S+)", "type": "bm90IGl0\n" },
        { "wait": "not the code that the page shows", "type": "n\n" },
        { "wait": "(http://127\\.0\\.0\\.1:\\d+/v1/authorize\\S+)", "page": ">([A-Za-z0-9+/=]{60,})<" },
    ]);
    let asked = json!({ "words": words, "steps": steps }).to_string();
    let output = at(&aws, python::command(&home, include_str!("../python/typed.py"), [asked])).run().exits(0);
    let ended: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(ended["status"], 0, "{}", ended["shown"]);
    assert!(ended["shown"].as_str().unwrap().contains(&format!("Signed in as {USER}")), "{ended}");
    let (_, content) = cached(&home);
    assert_eq!(content["clientId"], "arn:aws:signin:::devtools/cross-device");
    assert_eq!(botocore(&home, &aws, &["default"])["default"][0], content["accessToken"]["accessKeyId"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_fails_says_why_and_changes_nothing() {
    let aws = aws(|_| ()).await;
    let console = ["--console", "--region", "us-east-1"];
    for (status, code, told) in [
        (400, "AUTHCODE_EXPIRED", "the code from the browser has expired"),
        (400, "INSUFFICIENT_PERMISSIONS", "managed policy SignInLocalDevelopmentAccess"),
        (400, "USER_CREDENTIALS_CHANGED", "password or keys were changed meanwhile"),
        (400, "TOKEN_EXPIRED", "the session in the browser is over"),
        (400, "ValidationException", "next: check --region: it has to be the one in which the browser signed in"),
        (429, "TooManyRequestsError", "next: wait a minute"),
        (500, "InternalServerException", "the console sign-in was not completed: InternalServerException"),
    ] {
        let home = Home::new();
        aws.fail_next(TOKEN, 1, &Fault::error(status, code, "no"));
        says(&login(&home, &aws, &console).run().exits(77), &["the console sign-in was not completed", told]);
        assert!(!home.path().join(".aws").exists(), "{code}");
    }
    let home = Home::new();
    aws.fail_next(TOKEN, 1, &Fault::Reset);
    says(
        &login(&home, &aws, &console).run().exits(69),
        &["the console sign-in was not completed", "next: check the network"],
    );
    let strange = |body: &str| Fault::Body {
        status: 200,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.into(),
    };
    let keys = r#""accessToken": {"accessKeyId": "A", "secretAccessKey": "s", "sessionToken": "t"}, "tokenType": "aws_sigv4", "expiresIn": 900, "refreshToken": "r""#;
    aws.fail_next(TOKEN, 1, &strange(&format!("{{{keys}, \"idToken\": \"x.y.z\"}}")));
    says(&login(&home, &aws, &console).run().exits(77), &["does not say who has signed in", "AWS_ENDPOINT_URL_SIGNIN"]);
    assert!(!home.path().join(".aws").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_meant_for_s3_is_told() {
    let (home, aws) = (Home::new(), aws(|_| ()).await);
    let command = login(&home, &aws, &["--console", "--region", "us-east-1"]).env_remove("AWS_ENDPOINT_URL_SIGNIN");
    let output = command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9/").env_remove("BROWSER");
    let mut running = output.spawn();
    running.wait_for("http://127.0.0.1:9/v1/authorize?");
    let output = running.kill();
    says(
        &output,
        &["AWS_ENDPOINT_URL sends this sign-in to http://127.0.0.1:9/ instead of AWS", "AWS_ENDPOINT_URL_S3"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_in_the_browser_is_told() {
    let (home, aws) = (Home::new(), aws(|options| options.approval = Approval::Denied).await);
    let output = login(&home, &aws, &["--console", "--region", "us-east-1"]).run().exits(77);
    says(
        &output,
        &["the sign-in was refused in the browser: access_denied: the sign-in was denied", "next: sign in again"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_become_a_console_sign_in_is_said_before_a_browser_opens() {
    let (home, aws) = (Home::new(), aws(|_| ()).await);
    says(&login(&home, &aws, &["--console"]).run().exits(2), &["no region is set", "next: name it with --region"]);
    home.write(
        ".aws/config",
        "[default]\nregion = us-east-1\n[profile s]\nsso_session = x\n[profile r]\nrole_arn = a\nsource_profile = s\n\
         [profile p]\ncredential_process = p\n[profile w]\nweb_identity_token_file = f\nrole_arn = a\n",
    );
    home.write(".aws/credentials", "[k]\naws_access_key_id = AKID\naws_secret_access_key = s\n");
    for (profile, told) in [
        ("s", "IAM Identity Center (sso_session at "),
        ("r", "a role (role_arn at "),
        ("p", "a program (credential_process at "),
        ("w", "a role (role_arn at "),
        ("k", ".aws/credentials:2), which a console sign-in would contradict"),
    ] {
        let output = login(&home, &aws, &["--console", "--profile", profile, "--region", "us-east-1"]).run().exits(2);
        says(&output, &[told, "next: name another profile with --profile"]);
    }
    let output = login(&home, &aws, &["--console", "--flow", "device"]).run().exits(77);
    says(&output, &["nobody is at a terminal to paste the code", "next: run it at a terminal"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    says(&login(&home, &aws, &["--console", "--redirect-port", &port]).run().exits(2), &[&port, "--redirect-port"]);
    assert_eq!(aws.count(TOKEN), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_of_somebody_else_changes_only_when_that_is_asked_for() {
    let (home, aws) = (Home::new(), aws(|_| ()).await);
    let config = "[default]\nregion = eu-west-1 \n# his\nlogin_session=arn:aws:iam::111122223333:user/Other\n";
    home.write(".aws/config", config);
    let output = login(&home, &aws, &["--console"]).run().exits(2);
    says(
        &output,
        &[USER, "is arn:aws:iam::111122223333:user/Other's, and was left", "next: run it again with --replace"],
    );
    assert_eq!(fs::read_to_string(home.path().join(".aws/config")).unwrap(), config);
    let _ = login(&home, &aws, &["--console", "--replace"]).run().exits(0);
    let changed = fs::read_to_string(home.path().join(".aws/config")).unwrap();
    assert_eq!(changed, config.replace("user/Other", "user/Console"));
    assert_eq!(fs::read_to_string(home.path().join(".aws/config.lakeward.bak")).unwrap(), config);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_can_not_be_kept_leaves_the_files_as_they_are() {
    let aws = aws(|_| ()).await;
    let console = ["--console", "--region", "us-east-1"];
    // No folder can be made below a file, whoever tries.
    let home = Home::new();
    home.write(".aws/login", "");
    says(&login(&home, &aws, &console).run().exits(77), &["the sign-in can't be kept: ", "AWS_LOGIN_CACHE_DIRECTORY"]);
    assert!(!home.path().join(".aws/config").exists());
    // The same for the config, whose change can then be made by hand.
    let home = Home::new();
    home.write("file", "");
    let config = home.path().join("file/config");
    let output = login(&home, &aws, &console).env("AWS_CONFIG_FILE", config).run().exits(77);
    says(&output, &["can't be written, and is what it was", "make the change by hand:", "+login_session = arn:"]);
}

/// A limit on the size of files is met as a full disk is: in the middle of a write.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_leaves_the_old_file_whole() {
    let (home, aws) = (Home::new(), aws(|_| ()).await);
    let config = format!("{}[profile x]\nregion = eu-west-1\n", "# a long story\n".repeat(2000));
    home.write(".aws/config", &config);
    let script = home.write("browser.py", include_str!("../python/browser.py"));
    let browser = format!("'{}' -I '{}'", python::interpreter().display(), script.display());
    let limited =
        format!("trap '' XFSZ; ulimit -f 16; exec '{}' auth login --console --region us-east-1", binary().display());
    let output = at(&aws, home.command("sh").args(["-c", &limited])).env("BROWSER", browser).run().exits(77);
    says(&output, &[".aws/config can't be written, and is what it was: ", "make room there"]);
    assert_eq!(fs::read_to_string(home.path().join(".aws/config")).unwrap(), config);
    let left: Vec<_> =
        fs::read_dir(home.path().join(".aws")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".lakeward-")), "{left:?}");
}
