//! `lakeward check`: the steps from a config to one small object, each with its line.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use lakeward_loopback::{
    Calls,
    aws::{Fault, LoopbackAws, Operation, Options, Role, User},
};
use lakeward_testkit::{Answer, Home, HomeCommand, Output, ScriptedServer};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    loopback_aws::at,
    program::{EMBEDDED, config, files, lacks, lakeward},
    server::{Server, destination},
};

const KEY: &str = "raw/_lakeward_check";
const ROLE: &str = "arn:aws:iam::111122223333:role/Writer";

/// A loopback AWS with one user, whose keys are in the environment, and one role, which the user may assume.
pub(crate) struct Rig {
    pub(crate) aws: LoopbackAws,
    pub(crate) home: Home,
    user: User,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(User::new("Ann"), |_| ()).await
    }

    async fn with(user: User, change: impl FnOnce(&mut Options)) -> Self {
        let home = Home::new();
        home.secret(user.secret_access_key.expose_secret());
        let mut options = Options::default();
        options.roles = vec![Role::new(ROLE, &[&user.arn])];
        options.users = vec![user.clone()];
        change(&mut options);
        Self { aws: LoopbackAws::start(options).await.unwrap(), home, user }
    }

    /// `lakeward check` of a bucket of AWS's at an endpoint; `more` are further lines of `[destination]`.
    #[track_caller]
    pub(crate) fn check(&self, endpoint: &str, more: &str) -> HomeCommand<'_> {
        self.check_as(endpoint, more, "method = \"env\"")
    }

    #[track_caller]
    fn check_as(&self, endpoint: &str, more: &str, auth: &str) -> HomeCommand<'_> {
        let destination = destination(endpoint, &format!("vendor = \"aws\"\n{more}"));
        self.home.write("x", "id,n\n1,2\n");
        self.home.write("lakeward.toml", config(&destination, &files(&["x"])) + &format!("[auth]\n{auth}\n"));
        at(&self.aws, lakeward(&self.home).arg("check"))
            .env("AWS_ACCESS_KEY_ID", &self.user.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", self.user.secret_access_key.expose_secret())
            .env("AWS_EC2_METADATA_DISABLED", "true")
    }
}

/// What each line of an output begins with: how the check ended, and which it was; of several in one line, each.
fn outcomes(output: &Output) -> Vec<(String, String)> {
    let of = |line: &str| {
        let (word, rest) = (line[..12].trim().to_owned(), &line[13..]);
        match rest.split_once(": ") {
            Some((names, _)) if names.contains(", ") && !names.contains("  ") => {
                names.split(", ").map(|name| (word.clone(), name.to_owned())).collect()
            }
            _ => vec![(word, rest[..20].trim().to_owned())],
        }
    };
    output.stdout.lines().filter(|line| !line.starts_with(' ')).flat_map(of).collect()
}

/// How one of them ended.
#[track_caller]
pub(crate) fn outcome(output: &Output, check: &str) -> String {
    let found = outcomes(output).into_iter().find(|(_, name)| name == check);
    found.unwrap_or_else(|| panic!("no line about {check}: {}", output.stdout)).0
}

#[track_caller]
pub(crate) fn says(text: &str, says: &[&str]) {
    assert_eq!(lacks(text, says), [""; 0], "{text}");
}

pub(crate) fn refusal(status: u16, code: &str, message: &str, headers: &[(&str, &str)]) -> Answer {
    let headers = headers.iter().chain(&[("content-type", "application/xml")]);
    Answer::Status {
        status,
        headers: headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: Bytes::from(format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_that_works_is_ok_line_by_line_and_leaves_one_small_object() {
    let server = Server::start().await;
    let mut user = User::new("Ann");
    user.access_key_id = server.s3.access_key_id().to_owned();
    user.secret_access_key = server.s3.secret_access_key().clone();
    let rig = Rig::with(user, |_| ()).await;
    let check = || rig.check(server.s3.endpoint(), "region = \"us-east-1\"");
    let output = check().run().exits(0);
    let names =
        ["config", "source", "credentials", "identity", "account:ListRegions", "clock", "bucket region", "test write"];
    let expected: Vec<_> = names.iter().map(|name| ("ok".to_owned(), (*name).to_owned())).collect();
    assert_eq!(outcomes(&output), expected, "{}", output.stdout);
    let lines = [
        "1 source, parquet to s3://test/raw/{{TABLE}}/{{UUID}}.{{FORMAT}}\n",
        "keys in the environment (environment keys): ",
        "long-lived, good until somebody deletes them\n",
        "arn:aws:iam::111122223333:user/Ann, account 111122223333\n",
        "AWS answers with 4 regions; a run needs no such permission\n",
        "us-east-1 ([destination] region)\n",
        "s3://test/raw/_lakeward_check is written\n",
    ];
    says(&output.stdout, &lines);
    assert_eq!(output.stderr, "");
    assert_eq!(server.objects(), [KEY]);
    let text = fs::read_to_string(server.bucket().join(KEY)).unwrap();
    assert!(text.starts_with("Lakeward has written this object"), "{text}");
    // The object of the first check is there now, and a run's condition does not let it be replaced.
    let output = check().arg("--json").run().exits(0);
    let items: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = json!({ "check": "test_write", "outcome": "ok", "detail": "s3://test/raw/_lakeward_check is written", "next": [] });
    assert_eq!((items.len(), items.last()), (8, Some(&last)));
    // Put; put on the condition that nothing is there, and without it. Nothing else was called.
    assert_eq!(server.s3.calls(), Calls { put_object: 3, ..Calls::default() });
    assert_eq!((rig.aws.count(Operation::GetCallerIdentity), rig.aws.count(Operation::ListRegions)), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_object_is_put_as_a_run_puts_its_objects() {
    let rig = Rig::new().await;
    let s3 = ScriptedServer::start(vec![Answer::stored()]).await;
    let more = "acl = \"bucket-owner-full-control\"\nstorage_class = \"STANDARD_IA\"\ntags = { team = \"data\" }\n\
         expected_bucket_owner = \"111122223333\"\n\
         server_side_encryption_configuration = { server_side_encryption = \"aws:kms\", sse_kms_key_id = \"alias/lake\" }\n";
    let output = rig.check(&s3.endpoint(), more).run().exits(0);
    says(&output.stdout, &["with the KMS key, the ACL, tags, the storage class, the expected owner\n"]);
    let requests = s3.stop().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(
        (requests[0].method.as_str(), requests[0].path.as_str()),
        ("PUT", "/test/raw/_lakeward_check?x-id=PutObject")
    );
    for (name, value) in [
        ("x-amz-acl", "bucket-owner-full-control"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("x-amz-tagging", "team=data"),
        ("x-amz-expected-bucket-owner", "111122223333"),
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-aws-kms-key-id", "alias/lake"),
        ("content-type", "application/vnd.apache.parquet"),
        ("if-none-match", "*"),
    ] {
        assert_eq!(requests[0].header(name), Some(value), "{name}");
    }
    assert!(requests[0].header("x-amz-checksum-crc64nvme").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_may_not_be_replaced_is_no_failure_but_a_key_of_kms_is() {
    let rig = Rig::new().await;
    let there =
        || refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", &[]);
    let s3 = ScriptedServer::start(vec![there(), refusal(403, "AccessDenied", "Access Denied", &[])]).await;
    let output = rig.check(&s3.endpoint(), "").run().exits(0);
    says(&output.stdout, &["is there from an earlier check; writing is allowed, replacing it is not"]);
    let message = "User: arn:aws:iam::111122223333:user/Ann is not authorized to perform: kms:GenerateDataKey on resource: \
        arn:aws:kms:us-east-1:111122223333:key/k because no identity-based policy allows the kms:GenerateDataKey action";
    let s3 = ScriptedServer::start(vec![there(), refusal(403, "AccessDenied", message, &[])]).await;
    let output = rig.check(&s3.endpoint(), "").run().exits(77);
    says(&output.stdout, &["may not kms:GenerateDataKey on arn:aws:kms:"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_elsewhere_is_found_and_the_line_to_set_told() {
    let rig = Rig::new().await;
    let region = &[("x-amz-bucket-region", "eu-west-3")];
    for (status, code) in [(301, "PermanentRedirect"), (400, "AuthorizationHeaderMalformed")] {
        let s3 = ScriptedServer::start(vec![refusal(status, code, "elsewhere", region), Answer::stored()]).await;
        let output = rig.check(&s3.endpoint(), "region = \"us-east-1\"").run().exits(0);
        assert_eq!(outcome(&output, "bucket region"), "warning");
        says(
            &output.stdout,
            &[
                "the bucket is in eu-west-3, not us-east-1 as [destination] region says\n",
                "next: set [destination] region = \"eu-west-3\"",
            ],
        );
        let requests = s3.stop().await;
        says(requests[1].header("authorization").unwrap(), &["/eu-west-3/s3/aws4_request"]);
    }
    let s3 = ScriptedServer::start(vec![refusal(301, "PermanentRedirect", "elsewhere", &[])]).await;
    let output = rig.check(&s3.endpoint(), "").run().exits(69);
    assert_eq!(
        (outcome(&output, "bucket region"), outcome(&output, "test write")),
        ("failed".into(), "not reached".into())
    );
    says(&output.stdout, &["next: the bucket may be in another region", "not tried, since this failed: bucket region"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_are_apart_are_told_with_what_both_say() {
    // Calls beyond what the services bear are signed again by the time that they tell.
    for (minutes, exit, clock) in [(2, 0, "warning"), (10, 77, "failed")] {
        let rig = Rig::new().await;
        rig.aws.clock().advance(Duration::from_secs(60 * minutes + 20));
        let s3 = ScriptedServer::start(vec![Answer::stored()]).await;
        let output = rig.check(&s3.endpoint(), "").run().exits(exit);
        assert_eq!((outcome(&output, "identity").as_str(), outcome(&output, "clock").as_str()), ("ok", clock));
        says(
            &output.stdout,
            &["this machine says 20", ", the server 20", &format!(": {minutes}m "), "set this machine's clock"],
        );
        assert_eq!(
            (outcome(&output, "account:ListRegions"), outcome(&output, "test write")),
            ("ok".into(), "ok".into())
        );
    }
    // Without STS, S3's own answer says what time it is.
    let server = Server::start().await;
    let rig = Rig::new().await;
    let command = rig.check(server.s3.endpoint(), "").env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9");
    let output = server.keys(&rig.home, command.env("AWS_ENDPOINT_URL_ACCOUNT", "http://127.0.0.1:9")).run().exits(0);
    assert_eq!((outcome(&output, "identity"), outcome(&output, "clock")), ("note".into(), "ok".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_may_be_denied_or_never_come_but_not_refused() {
    let denied = "User: x is not authorized to perform: account:ListRegions";
    for (fault, exit, word, said) in [
        (Fault::error(403, "AccessDeniedException", denied), 0, "ok", "a run needs no such permission"),
        (Fault::Silence, 0, "note", "no answer within 3 s; nothing depends on it"),
        (Fault::Reset, 0, "note", "nothing depends on it"),
        (Fault::error(500, "InternalServerException", "oops"), 0, "note", "InternalServerException: oops"),
        (Fault::error(403, "UnrecognizedClientException", "who?"), 77, "failed", "AWS does not take these credentials"),
    ] {
        let rig = Rig::new().await;
        // As often as it is tried.
        rig.aws.fail_next(Operation::ListRegions, 5, &fault);
        let s3 = ScriptedServer::start(vec![Answer::stored()]).await;
        let output = rig.check(&s3.endpoint(), "").run().exits(exit);
        assert_eq!(outcome(&output, "account:ListRegions"), word, "{}", output.stdout);
        says(&output.stdout, &[said]);
        assert_eq!(outcome(&output, "test write"), if exit == 0 { "ok" } else { "not reached" });
        // Three seconds, and what a slow machine adds.
        assert!(output.elapsed < Duration::from_secs(10), "{:?}", output.elapsed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_failure_gives_the_exit_code_and_what_hangs_on_it_is_not_reached() {
    let rig = Rig::new().await;
    // Wrong from the config alone.
    let output = rig.check("http://127.0.0.1:9", "nonsense = 1").run().exits(2);
    says(&output.stderr, &["nonsense", "lakeward.toml"]);
    let words: Vec<_> = outcomes(&output).into_iter().map(|(word, _)| word).collect();
    assert_eq!(words, ["failed"].into_iter().chain(["not reached"; 7]).collect::<Vec<_>>());
    // The error is told once, and the rest in one line.
    assert!(output.stdout.lines().count() == 2 && !output.stdout.contains("nonsense"), "{}", output.stdout);
    // Not signed in.
    let output = rig.check("http://127.0.0.1:9", "").env_remove("AWS_ACCESS_KEY_ID").arg("--prove").run().exits(77);
    assert_eq!(
        (outcome(&output, "credentials"), outcome(&output, "least privilege")),
        ("failed".into(), "not reached".into())
    );
    says(&output.stdout, &["AWS_ACCESS_KEY_ID is not set", "not tried, since this failed: credentials"]);
    assert_eq!(output.stderr, "error: the check has failed: credentials\n");
    // Signed in with keys that AWS does not know.
    let output = rig.check("http://127.0.0.1:9", "").env("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN").run().exits(77);
    assert_eq!(
        (outcome(&output, "identity"), outcome(&output, "account:ListRegions")),
        ("failed".into(), "not reached".into())
    );
    says(
        &output.stdout,
        &["InvalidClientTokenId", "1 renew the keys in the environment", "2 `lakeward auth explain` shows where"],
    );
    // No such bucket.
    let s3 =
        ScriptedServer::start(vec![refusal(404, "NoSuchBucket", "The specified bucket does not exist", &[])]).await;
    let output = rig.check(&s3.endpoint(), "").args(["--quiet"]).run().exits(69);
    assert_eq!(output.stdout, "");
    says(
        &output.stderr,
        &["error: test write: the server answered 404 NoSuchBucket", "next: check [destination] bucket"],
    );
    // Nobody there.
    let output = rig.check("http://127.0.0.1:9", "").run().exits(69);
    assert_eq!(
        (outcome(&output, "bucket region"), outcome(&output, "test write")),
        ("not reached".into(), "failed".into())
    );
    says(&output.stdout, &["next: check the network, proxies"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_root_user_are_warned_of() {
    let mut root = User::new("Ann");
    root.arn = "arn:aws:iam::111122223333:root".into();
    let rig = Rig::with(root, |_| ()).await;
    let s3 = ScriptedServer::start(vec![Answer::stored()]).await;
    let output = rig.check(&s3.endpoint(), "").run().exits(0);
    assert_eq!(outcome(&output, "identity"), "warning");
    says(&output.stdout, &["next: these are keys of the account's root user"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_aws_is_not_asked_what_only_aws_knows() {
    let home = Home::new();
    home.write("x", "id,n\n1,2\n");
    home.write("lakeward.toml", config(EMBEDDED, &files(&["x"])));
    let output = lakeward(&home).args(["check", "--prove"]).run().exits(0);
    let words: Vec<_> = outcomes(&output).into_iter().map(|(word, _)| word).collect();
    assert_eq!(words, [["ok", "ok"].as_slice(), &["not asked"; 5], &["ok", "not provable"]].concat());
    says(
        &output.stdout,
        &[
            "\nnot asked    credentials, identity, account:ListRegions, clock, bucket region: the S3 server in this process is not",
            "lake/test/raw/_lakeward_check is written",
        ],
    );
    // A program finds each check.
    let output = lakeward(&home).args(["check", "--json"]).run().exits(0);
    assert_eq!(output.stdout.matches("\"outcome\":\"not asked\"").count(), 5, "{}", output.stdout);
    assert!(home.path().join("lake/test").join(KEY).is_file());

    let (rig, server) = (Rig::new().await, Server::start().await);
    let command = rig.check(server.s3.endpoint(), "").env("LAKEWARD_DESTINATION_VENDOR", "minio");
    let output = server.keys(&rig.home, command).arg("--prove").run().exits(0);
    let words: Vec<_> = outcomes(&output).into_iter().map(|(word, _)| word).collect();
    assert_eq!(words, ["ok", "ok", "ok", "not asked", "not asked", "ok", "ok", "ok", "not provable"]);
    says(
        &output.stdout,
        &[
            "\nnot asked    identity, account:ListRegions: the destination is another server than AWS, so AWS is not asked about its keys\n",
        ],
    );
    assert_eq!(rig.aws.calls(), [], "keys for another server were shown to AWS");
}

#[cfg(unix)]
#[test]
fn each_source_is_looked_for_and_none_is_run() {
    let home = Home::new();
    home.write("data/b.csv", "id\tn\n1\t2\n3\t4\n");
    home.write("data/a.csv", "id\n1\n");
    let program = home.write("program.sh", "#!/bin/sh\ntouch ran\n");
    let mode = |mode| fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    mode(0o755);
    let of = |source: &str| {
        home.write("lakeward.toml", config(EMBEDDED, source));
        lakeward(&home).arg("check")
    };
    let (command, plugin) = (
        |program: &str| {
            format!("type = \"command\"\ncommand = [\"{program}\", \"-x\"]\ntable = \"t\"\nformat = \"csv\"\n")
        },
        |path: &str| format!("type = \"cloudquery\"\npath = \"{path}\"\n"),
    );
    let all = [
        files(&["data/*.csv"]),
        "type = \"stdin\"\ntable = \"piped\"\nformat = \"ndjson\"\n".to_owned(),
        command("./program.sh"),
        command("sh").replace("\"t\"", "\"u\""),
        plugin("program.sh"),
        "type = \"cloudquery\"\naddress = \"127.0.0.1:9\"\n".to_owned(),
    ];
    let output = of(&all.join("[[source]]\n")).run().exits(0);
    let words: Vec<_> =
        outcomes(&output).into_iter().filter(|(_, name)| name == "source").map(|(word, _)| word).collect();
    assert_eq!(words, ["ok", "note", "ok", "ok", "ok", "note"], "{}", output.stdout);
    let (path, folder) = (program.display(), home.path());
    let folder = folder.display();
    let says = [
        format!("2 files, the first is {folder}/data/a.csv (CSV)\n"),
        "standard input as NDJSON, for table piped: a run reads it, a check does not\n".to_owned(),
        format!("the command of table t: {path} is there; a check does not run it\n"),
        "/sh is there; a check does not run it\n".to_owned(),
        format!("the plugin {path} is there; a check does not start it\n"),
        "the plugin at 127.0.0.1:9: a run connects to it, a check does not\n".to_owned(),
    ];
    says_all(&output.stdout, &says);
    assert!(!home.path().join("ran").exists(), "a program was run");

    home.write("odd.csv", format!("id,price\n{}7,n/a\n", "1,2.5\n".repeat(200)));
    let output = of(&files(&["odd.csv"])).run().exits(0);
    let words: Vec<_> =
        outcomes(&output).into_iter().filter(|(_, name)| name == "source").map(|(word, _)| word).collect();
    assert_eq!(words, ["ok", "warning"], "{}", output.stdout);
    says_all(&output.stdout, &["table odd: price is text because of line 202 of ".to_owned()]);
    home.write("open.csv", "id,name\n1,\"Ann\n2,Bob\n");

    mode(0o644);
    for (source, what, next) in [
        (files(&["data/*.cvs"]), format!("no file matches {folder}/data/*.cvs"), "did you mean".to_owned()),
        (files(&["data/c.csv"]), format!("{folder}/data/c.csv does not exist"), "did you mean".to_owned()),
        (
            files(&["open.csv"]),
            format!("{folder}/open.csv, line 2: a quote is opened in the record that begins here, and never closed"),
            "close the quote of the record in line 2".to_owned(),
        ),
        (
            files(&["program.sh"]),
            format!("the format of {path} can't be told"),
            "give the source a `format`".to_owned(),
        ),
        (command("./program.sh"), format!("can't be started: {path} is not executable"), "make the program".to_owned()),
        (
            command("no-such-program"),
            "no folder of PATH has a program no-such".to_owned(),
            "check the program's name".to_owned(),
        ),
        (plugin("program.sh"), format!("{path} is not executable"), format!("make it executable: chmod +x {path}")),
        (plugin("gone"), format!("there is no file {folder}/gone"), "put the plugin's program there".to_owned()),
        (plugin("data"), format!("{folder}/data is no file"), "put the plugin's program there".to_owned()),
    ] {
        let output = of(&source).run().exits(65);
        assert_eq!((outcome(&output, "source"), outcome(&output, "test write")), ("failed".into(), "ok".into()));
        says_all(&output.stdout, &[what.clone(), format!("next: {next}")]);
        assert_eq!(output.stderr, "error: the check has failed: source\n");
        let json = of(&source).arg("--json").run().exits(65).stdout;
        let item: Value = serde_json::from_str(json.lines().nth(1).unwrap()).unwrap();
        assert_eq!((&item["check"], &item["exit_code"]), (&json!("source"), &json!(65)));
        // A run says the same of it.
        let run = lakeward(&home).arg("sync").run().exits(65);
        says_all(&run.stderr, &[what, next]);
    }
}

fn says_all(text: &str, all: &[String]) {
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    says(text, &all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roles_policy_is_proven_by_a_session_that_has_no_other_rights() {
    let rig = Rig::with(User::new("Ann"), |options| options.roles[0].subjects = vec!["pod".into()]).await;
    let role = format!("method = \"role\"\nrole_arn = \"{ROLE}\"\nduration = \"1h\"\nsource = {{ method = \"env\" }}");
    let id = |authorization: &str| authorization.split(['=', '/']).nth(1).unwrap().to_owned();
    let s3 = ScriptedServer::start(vec![Answer::stored(), Answer::stored()]).await;
    let output = rig.check_as(&s3.endpoint(), "tags = { team = \"data\" }", &role).arg("--prove").run().exits(0);
    assert_eq!(outcome(&output, "least privilege"), "ok");
    says(
        &output.stdout,
        &["arn:aws:sts::111122223333:assumed-role/Writer/lakeward", "role arn:aws:iam::111122223333:role/Writer"],
    );
    let keys: Vec<_> = s3.stop().await.iter().map(|request| id(request.header("authorization").unwrap())).collect();
    let policies: Vec<_> = keys.iter().map(|key| rig.aws.issued(key).unwrap().session_policy).collect();
    let printed = lakeward(&rig.home).arg("policy").run().exits(0).stdout;
    let policy: Value = serde_json::from_str(policies[1].as_ref().unwrap()).unwrap();
    assert_eq!((&policies[0], policy), (&None, serde_json::from_str::<Value>(&printed).unwrap()));

    // So is that of a role that is assumed with a token.
    let token = rig.home.write("token", rig.aws.web_identity_token("pod").expose_secret());
    let s3 = ScriptedServer::start(vec![Answer::stored(), Answer::stored()]).await;
    let command = rig.check_as(&s3.endpoint(), "", "method = \"compute\"").arg("--prove");
    let command = command.env("AWS_ROLE_ARN", ROLE).env("AWS_WEB_IDENTITY_TOKEN_FILE", &token);
    assert_eq!(outcome(&command.run().exits(0), "least privilege"), "ok");
    let keys: Vec<_> = s3.stop().await.iter().map(|request| id(request.header("authorization").unwrap())).collect();
    let policies: Vec<_> = keys.iter().map(|key| rig.aws.issued(key).unwrap().session_policy.is_some()).collect();
    assert_eq!(policies, [false, true]);

    // The bucket encrypts with a key of KMS, of which the config, and so the policy, knows nothing.
    let message = "User: arn:aws:sts::111122223333:assumed-role/Writer/lakeward is not authorized to perform: kms:GenerateDataKey on \
        resource: arn:aws:kms:us-east-1:111122223333:key/k because no session policy allows the kms:GenerateDataKey action";
    let s3 = ScriptedServer::start(vec![Answer::stored(), refusal(403, "AccessDenied", message, &[])]).await;
    let profile = format!("[profile w]\nrole_arn = {ROLE}\ncredential_source = Environment\n");
    rig.home.write(".aws/config", profile);
    let command = rig.check_as(&s3.endpoint(), "", "method = \"profile\"\nprofile = \"w\"");
    let output = command.args(["--prove", "--json"]).run().exits(77);
    let item: Value = serde_json::from_str(output.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&item["check"], &item["outcome"], &item["exit_code"]),
        (&json!("least_privilege"), &json!("failed"), &json!(77))
    );
    says(
        item["detail"].as_str().unwrap(),
        &["the policy of `lakeward policy` alone does not do: ", "no session policy allows it"],
    );
    assert_eq!(item["statement"]["Resource"], "arn:aws:kms:us-east-1:111122223333:key/k");
    assert_eq!(item["statement"]["Action"], json!(["kms:GenerateDataKey"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_proven_is_told_and_is_no_failure() {
    let rig = Rig::new().await;
    let s3 = ScriptedServer::start(vec![Answer::stored(); 3]).await;
    let output = rig.check(&s3.endpoint(), "").arg("--prove").run().exits(0);
    assert_eq!(outcome(&output, "least privilege"), "not provable");
    says(&output.stdout, &["these are not credentials of a role that is assumed here"]);
    // STS does not give the second session.
    let role = format!("method = \"role\"\nrole_arn = \"{ROLE}\"\nsource = {{ method = \"env\" }}");
    let late = rig.check_as(&s3.endpoint(), "", &role).arg("--prove");
    rig.aws.fail_next(Operation::AssumeRole, 1, &Fault::Delay(Duration::ZERO));
    rig.aws.fail_next(Operation::AssumeRole, 1, &Fault::error(400, "PackedPolicyTooLarge", "packed too large"));
    let output = late.run().exits(0);
    assert_eq!(outcome(&output, "least privilege"), "not provable");
    says(&output.stdout, &["PackedPolicyTooLarge"]);
    // A policy that no session can have.
    let prefix = "p".repeat(700);
    let long = format!("server_side_encryption_configuration = {{ sse_kms_key_id = \"alias/{}\" }}", "k".repeat(200));
    let command = rig.check_as(&s3.endpoint(), &long, &role).arg("--prove");
    let stars = format!("{}{}/{{{{TABLE}}}}/{{{{UUID}}}}", prefix, "*".repeat(300));
    let output = command.env("LAKEWARD_DESTINATION_PATH", stars).run().exits(0);
    says(&output.stdout, &["longer than a session policy may be"]);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_what_was_asked_for_credentials_too() {
    let home = Home::new();
    let pid = home.path().join("pid");
    // What the wrapper starts is what would be left.
    let script = format!("sleep 300 & echo $! > {0}.part; mv {0}.part {0}; wait", pid.display());
    home.write("slow.sh", script);
    home.write(".aws/config", "[profile p]\ncredential_process = sh slow.sh\n");
    let destination = destination("http://127.0.0.1:9", "");
    home.write(
        "lakeward.toml",
        config(&destination, &files(&["x"])) + "[auth]\nmethod = \"profile\"\nprofile = \"p\"\n",
    );
    for arguments in [&["auth", "export", "--format", "env"][..], &["auth", "explain"], &["check"]] {
        let _ = fs::remove_file(&pid);
        let running = lakeward(&home).args(arguments).spawn();
        let began = Instant::now();
        while !pid.exists() {
            assert!(began.elapsed() < Duration::from_secs(20), "the program never ran");
            thread::sleep(Duration::from_millis(10));
        }
        let child = fs::read_to_string(&pid).unwrap();
        running.signal("INT");
        let output = running.wait().exits(130);
        says(&output.stderr, &["error: interrupted"]);
        let began = Instant::now();
        while is_running(child.trim()) {
            assert!(began.elapsed() < Duration::from_secs(5), "{arguments:?} left process {child} running");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Whether a process is there and not only waits to be reaped.
#[cfg(unix)]
pub(crate) fn is_running(pid: &str) -> bool {
    let state = std::process::Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap().stdout;
    !state.is_empty() && !state.starts_with(b"Z")
}
