//! Every source that renews, with lives of seconds: fifteen renewals, none of them late. Time is scripted, and so are the
//! services.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use lakeward_core::{failure::FailureKind, plan::AuthPlan};
use lakeward_testkit::{Answer, ScriptedServer};
use serde_json::{Value, json};

use crate::{
    Environment, Renewing, SignInKind, Signing,
    cache::{CacheFile, written},
    signed_in,
};

/// How many seconds credentials live, and how many pass between two calls: the last sixth is left.
const LIFE: u64 = 8;
const STEP: u64 = 7;
const RENEWALS: u64 = 15;

const CONFIG: &str = "[profile s]
sso_session = my-sso
sso_account_id = 111122223333
sso_role_name = Writer
[sso-session my-sso]
sso_start_url = https://d-abc123.awsapps.com/start
sso_region = eu-west-1
[profile l]
login_session = arn:aws:iam::0123456789012:user/Admin
[profile r]
role_arn = arn:aws:iam::111122223333:role/outer
source_profile = q
[profile q]
role_arn = arn:aws:iam::111122223333:role/inner
source_profile = k
[profile k]
aws_access_key_id = AKID
aws_secret_access_key = secret
";
const TOKEN: &str = ".aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json";
const LOGIN: &str = ".aws/login/cache/36db1d138ff460920374e4c3d8e01f53f9f73537e89c88d639f68393df0e2726.json";

/// A P-256 key made for this test.
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIBrof/yUls3n3jd4i2EwJj+jhRhe10iPcmuPNGOwFGSNoAoGCCqGSM49
AwEHoUQDQgAEryrgA5pkCZdwmxBqaTizlZAxoOlsUfZa5O5sFt+hUQKY4AaOX7fo
L6UAuAQlGpVclf/tcE267pPp58Bw8JjBhA==
-----END EC PRIVATE KEY-----
";

fn ok(body: &str) -> Answer {
    let headers = vec![("x-aws-ec2-metadata-token-ttl-seconds".to_owned(), "21600".to_owned())];
    Answer::Status { status: 200, headers, body: body.to_owned().into() }
}

fn json(body: &Value) -> Answer {
    ok(&body.to_string())
}

fn start() -> SystemTime {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A home with the script's services, and the time at which it begins.
struct Script {
    start: SystemTime,
    home: tempfile::TempDir,
    server: ScriptedServer,
}

impl Script {
    /// `answers` are those of one round, with the time at which what it gives expires.
    async fn new(first: Vec<Answer>, answers: impl Fn(u64, SystemTime) -> Vec<Answer>) -> Self {
        let start = start();
        let expires = |round| start + Duration::from_secs(STEP * round + LIFE);
        let rounds = (0..=RENEWALS).flat_map(|round| answers(round, expires(round)));
        let server = ScriptedServer::start(first.into_iter().chain(rounds).collect()).await;
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".aws")).unwrap();
        fs::write(home.path().join(".aws/config"), CONFIG).unwrap();
        Self { start, home, server }
    }

    fn write(&self, file: &str, content: &Value) {
        CacheFile::new(self.home.path().join(file)).write(content.as_object().unwrap()).unwrap();
    }

    fn read(&self, file: &str) -> Value {
        Value::Object(CacheFile::new(self.home.path().join(file)).read().unwrap().unwrap())
    }

    fn signing(&self, auth: &AuthPlan, variables: &[(&str, String)]) -> Signing {
        let services = ["SSO", "SSO_OIDC", "SIGNIN", "STS"]
            .map(|name| (format!("AWS_ENDPOINT_URL_{name}"), self.server.endpoint()));
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let region = ("AWS_REGION".to_owned(), "eu-west-1".to_owned());
        let environment =
            Environment::new(services.into_iter().chain(variables).chain([region]), Some(self.home.path().into()));
        Signing::plan(auth, environment).unwrap()
    }

    /// Asks for credentials again and again, each time shortly before the last ones expire.
    async fn play(&self, auth: AuthPlan, variables: &[(&str, String)]) {
        let signing = self.signing(&auth, variables);
        let source = signing.resolution.found().unwrap().source.clone();
        let passed = Arc::new(AtomicU64::new(0));
        let (start, clock) = (self.start, Arc::clone(&passed));
        let mut tools = signing.tools(signing.http(None).unwrap());
        tools.clock = Arc::new(move || start + Duration::from_secs(clock.load(Ordering::SeqCst)));
        let renewing = Renewing::new(source, tools);
        for round in 0..=RENEWALS {
            let credentials = renewing.current().await.unwrap();
            assert_eq!(credentials.access_key_id(), format!("ASIA{round}"));
            let again = renewing.current().await.unwrap();
            assert_eq!(again.access_key_id(), credentials.access_key_id(), "nothing is asked twice");
            passed.fetch_add(STEP, Ordering::SeqCst);
        }
    }
}

fn container_keys(round: u64, expires: SystemTime) -> Value {
    json!({ "Code": "Success", "AccessKeyId": format!("ASIA{round}"), "SecretAccessKey": "s", "Token": "t", "Expiration": written(expires) })
}

#[tokio::test]
async fn a_containers_role() {
    let script = Script::new(Vec::new(), |round, expires| vec![json(&container_keys(round, expires))]).await;
    let uri = format!("{}/credentials", script.server.endpoint());
    script.play(AuthPlan::Compute, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri)]).await;
}

#[tokio::test]
async fn an_instances_role() {
    let script =
        Script::new(vec![ok("token")], |round, expires| vec![ok("role"), json(&container_keys(round, expires))]).await;
    let endpoint = script.server.endpoint();
    script.play(AuthPlan::Compute, &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint)]).await;
}

#[tokio::test]
async fn a_metadata_service_that_does_not_answer_costs_little_over_a_second() {
    let server = ScriptedServer::start(vec![Answer::Hang, Answer::Hang]).await;
    let endpoint = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.endpoint());
    let signing = Signing::plan(&AuthPlan::Chain, Environment::new([endpoint], None)).unwrap();
    let began = std::time::Instant::now();
    assert!(signing.keys().await.is_err());
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_chain_of_roles() {
    let answer = |id: String, expires| {
        ok(&format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>{id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>{}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
            written(expires)
        ))
    };
    let round = |round, expires| vec![answer("ASIAINNER".into(), expires), answer(format!("ASIA{round}"), expires)];
    Script::new(Vec::new(), round).await.play(AuthPlan::Profile("r".into()), &[]).await;
}

fn sso_round(round: u64, expires: SystemTime) -> Vec<Answer> {
    let milliseconds = u64::try_from(expires.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let length = usize::try_from(round).unwrap() + 2;
    let token = json!({ "accessToken": format!("a{round}"), "expiresIn": LIFE, "refreshToken": "r".repeat(length), "tokenType": "Bearer" });
    let keys = json!({ "accessKeyId": format!("ASIA{round}"), "secretAccessKey": "s", "sessionToken": "t", "expiration": milliseconds });
    vec![json(&token), json(&json!({ "roleCredentials": keys }))]
}

fn sso_token(expires: SystemTime) -> Value {
    json!({ "accessToken": "a", "expiresAt": written(expires), "clientId": "c", "clientSecret": "s",
        "registrationExpiresAt": "2099-01-01T00:00:00Z", "refreshToken": "r", "other": [1] })
}

#[tokio::test]
async fn an_sso_session_whose_token_lives_as_short() {
    let script = Script::new(Vec::new(), sso_round).await;
    script.write(TOKEN, &sso_token(script.start));
    script.play(AuthPlan::Profile("s".into()), &[]).await;
    let left = script.read(TOKEN);
    assert_eq!((&left["accessToken"], &left["other"]), (&json!("a15"), &json!([1])));
    assert_eq!(left["refreshToken"].as_str().unwrap().len(), 17);
}

/// The refresh token changes with every renewal: the last one has to be used, also where it can't be written.
#[tokio::test]
async fn an_sso_session_whose_file_can_not_be_written() {
    let script = Script::new(Vec::new(), sso_round).await;
    script.write(TOKEN, &sso_token(script.start));
    fs::create_dir(script.home.path().join(Path::new(TOKEN).with_extension("lock"))).unwrap();
    script.play(AuthPlan::Profile("s".into()), &[]).await;
    assert_eq!(script.read(TOKEN), sso_token(script.start));
    let renewals = script.server.stop().await.into_iter().filter(|request| request.path == "/token");
    let lengths: Vec<u64> = renewals.map(|request| request.body_length).collect();
    assert!(lengths.is_sorted_by(|a, b| a + 1 == *b) && lengths.len() == 16, "{lengths:?}");
}

#[tokio::test]
async fn a_console_sign_in() {
    let script = Script::new(Vec::new(), |round, _| {
        let keys = json!({ "accessKeyId": format!("ASIA{round}"), "secretAccessKey": "s", "sessionToken": "t" });
        vec![json(&json!({ "accessToken": keys, "tokenType": "aws_sigv4", "expiresIn": LIFE, "refreshToken": "r" }))]
    });
    let script = script.await;
    script.write(
        LOGIN,
        &json!({ "accessToken": console_keys(script.start), "clientId": "c", "refreshToken": "r", "dpopKey": KEY }),
    );
    script.play(AuthPlan::Profile("l".into()), &[]).await;
    assert_eq!(script.read(LOGIN)["accessToken"]["accessKeyId"], "ASIA15");
}

fn console_keys(expires: SystemTime) -> Value {
    json!({ "accessKeyId": "A", "secretAccessKey": "s", "sessionToken": "t", "accountId": "1", "expiresAt": written(expires) })
}

/// Whoever holds the lock may have the next refresh token in hand already: to renew as well would end one of the two.
#[tokio::test]
async fn nothing_is_renewed_while_another_process_holds_the_lock() {
    let script = Script::new(Vec::new(), |_, _| Vec::new()).await;
    let mut locks = Vec::new();
    for file in [TOKEN, LOGIN] {
        script.write(file, &Value::Object(serde_json::Map::new()));
        locks.push(CacheFile::new(script.home.path().join(file)).lock(Duration::ZERO).await.unwrap().unwrap());
    }
    let fetch = async |profile: &str| {
        let signing = script.signing(&AuthPlan::Profile(profile.into()), &[]);
        let mut tools = signing.tools(signing.http(None).unwrap());
        tools.lock_wait = Duration::from_millis(50);
        signing.resolution.found().unwrap().source.fetch(&tools).await
    };
    for (profile, file, lock) in [("s", TOKEN, "0ad374308c5a"), ("l", LOGIN, "36db1d138ff4")] {
        let content = |expires| match profile {
            "s" => sso_token(expires),
            _ => json!({ "accessToken": console_keys(expires), "clientId": "c", "refreshToken": "r", "dpopKey": KEY }),
        };
        script.write(file, &content(script.start));
        let error = fetch(profile).await.unwrap_err();
        assert!(error.what.contains("expired at") && error.what.contains("has held the lock"), "{error}");
        assert!(error.what.contains(lock) && error.next.contains("lsof"), "{error}");
        // What is due, but still good, is used.
        script.write(file, &content(script.start + Duration::from_secs(200)));
        let answer = fetch(profile).await;
        match profile {
            // The token is sent to the portal, which the script does not let answer.
            "s" => assert!(answer.unwrap_err().what.contains("gives no credentials for role Writer")),
            _ => assert_eq!(answer.unwrap().access_key_id(), "A"),
        }
        assert_eq!(script.read(file), content(script.start + Duration::from_secs(200)));
    }
    drop(locks);
    assert!(script.server.stop().await.iter().all(|request| !request.path.contains("token")));
}

#[tokio::test]
async fn a_service_that_can_not_be_reached_has_denied_nothing() {
    let denied = Answer::Status { status: 403, headers: Vec::new(), body: "{}".into() };
    let script = Script::new(vec![denied], |_, _| Vec::new()).await;
    script.write(TOKEN, &sso_token(script.start + Duration::from_hours(1)));
    let kind = async |profile: &str, variables: &[(&str, String)]| {
        let signing = script.signing(&AuthPlan::Profile(profile.into()), variables);
        signing.keys().await.unwrap_err().kind
    };
    assert_eq!(kind("s", &[]).await, FailureKind::Denied);
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let away = |name: &'static str| [(name, gone.clone())];
    assert_eq!(kind("s", &away("AWS_ENDPOINT_URL_SSO")).await, FailureKind::Destination);
    assert_eq!(kind("r", &away("AWS_ENDPOINT_URL_STS")).await, FailureKind::Destination);
    // A sign-in that has expired, and can't be renewed because of the network.
    script.write(TOKEN, &sso_token(script.start));
    assert_eq!(kind("s", &away("AWS_ENDPOINT_URL_SSO_OIDC")).await, FailureKind::Destination);
    let content =
        json!({ "accessToken": console_keys(script.start), "clientId": "c", "refreshToken": "r", "dpopKey": KEY });
    script.write(LOGIN, &content);
    assert_eq!(kind("l", &away("AWS_ENDPOINT_URL_SIGNIN")).await, FailureKind::Destination);
    // Where there is no metadata service, this is no instance, and there are no credentials.
    let signing = script.signing(&AuthPlan::Chain, &away("AWS_EC2_METADATA_SERVICE_ENDPOINT"));
    assert_eq!(signing.keys().await.unwrap_err().kind, FailureKind::Denied);
}

#[test]
fn a_console_sign_in_counts_while_it_can_be_renewed() {
    let home = tempfile::tempdir().unwrap();
    let environment = Environment::new([("A", "x")], Some(home.path().into()));
    let expires = start();
    let content = json!({ "accessToken": console_keys(expires), "clientId": "c", "refreshToken": "r", "dpopKey": KEY });
    CacheFile::new(home.path().join(LOGIN)).write(content.as_object().unwrap()).unwrap();
    let hours = |hours| expires + Duration::from_hours(hours);
    for (now, renews) in
        [(start() - Duration::from_mins(1), true), (hours(11), true), (hours(12), false), (hours(9000), false)]
    {
        let [listed] = signed_in(&environment, now).all.try_into().unwrap();
        assert_eq!((listed.kind, listed.renews, listed.is_good(now)), (SignInKind::Console, renews, renews), "{now:?}");
    }
}
