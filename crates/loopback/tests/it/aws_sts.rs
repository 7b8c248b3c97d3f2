//! The Security Token Service, by botocore.

use std::time::{Duration, SystemTime};

use lakeward_loopback::aws::{Operation, Options, Role, User};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::aws_kit::{Rig, call};

const MFA: &str = "arn:aws:iam::111122223333:mfa/ann";
const CODE: &str = "123456";

fn options() -> Options {
    let arn = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
    let user = User::new("Ann").with_mfa(MFA, CODE);
    let root = "arn:aws:iam::111122223333:root";
    let mut plain = Role::new(arn("Plain"), &[&user.arn]);
    plain.longest_session = Duration::from_secs(7200);
    let mut chained = Role::new(arn("Chained"), &[&arn("Plain")]);
    chained.longest_session = Duration::from_secs(43_200);
    let mut external = Role::new(arn("External"), &[root]);
    external.external_id = Some("an id".into());
    let mut mfa = Role::new(arn("Mfa"), &[root]);
    mfa.requires_mfa = true;
    let mut web = Role::new(arn("Web"), &[]);
    web.subjects = vec!["system:serviceaccount:lake:writer".into()];
    let mut options = Options::default();
    options.users = vec![user];
    options.roles = vec![plain, chained, external, mfa, web];
    options
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn botocore_assumes_roles_and_asks_who_it_is() {
    let options = options();
    let user = options.users[0].clone();
    let rig = Rig::new(options).await;
    let token = rig.aws.web_identity_token("system:serviceaccount:lake:writer");
    let config = rig.home.path().join("config");
    let environment = [("AWS_CONFIG_FILE", config.to_str().expect("UTF-8"))];
    let secret = user.secret_access_key.expose_secret();
    let arguments = [&user.access_key_id, secret, MFA, CODE, token.expose_secret()];
    let found = rig.python(include_str!("aws_sts.py"), &arguments, &environment);

    let session = |role: &str, name: &str| json!(format!("arn:aws:sts::111122223333:assumed-role/{role}/{name}"));
    assert_eq!(found["user"], user.arn);
    assert_eq!(found["assumed"], json!([session("Plain", "a-session"), ":a-session"]));
    for (what, role) in [
        ("plain", "Plain"),
        ("chained", "Chained"),
        ("external", "External"),
        ("mfa", "Mfa"),
        ("mfa_by_session", "Mfa"),
    ] {
        assert_eq!(found[what], session(role, "a-session"), "{what}");
    }
    assert_eq!(found["lifetime"], true);
    assert_eq!(found["session"], user.arn, "a session of a user is the user");
    assert_eq!(found["web"], json!([session("Web", "pod"), "system:serviceaccount:lake:writer"]));
    for (profile, role) in [("external", "External"), ("mfa", "Mfa"), ("chained", "Chained"), ("web", "Web")] {
        assert_eq!(found[format!("profile_{profile}")], session(role, "from-config"), "{profile}");
    }

    for (what, code, status) in [
        ("unknown_key", "InvalidClientTokenId", 403),
        ("stray_token", "InvalidClientTokenId", 403),
        ("wrong_secret", "SignatureDoesNotMatch", 403),
        ("unsigned", "MissingAuthenticationToken", 403),
        ("too_short", "ValidationError", 400),
        ("too_long", "ValidationError", 400),
        ("longer_than_role", "ValidationError", 400),
        ("chained_too_long", "ValidationError", 400),
        ("bad_session", "ValidationError", 400),
        ("no_role", "AccessDenied", 403),
        ("not_chained", "AccessDenied", 403),
        ("no_external", "AccessDenied", 403),
        ("wrong_external", "AccessDenied", 403),
        ("no_mfa", "AccessDenied", 403),
        ("mfa_by_role", "AccessDenied", 403),
        ("wrong_mfa", "AccessDenied", 403),
        ("other_mfa", "AccessDenied", 403),
        ("session_of_session", "AccessDenied", 403),
        ("long_session", "ValidationError", 400),
        ("web_wrong_role", "AccessDenied", 403),
    ] {
        assert_eq!(found[what], json!([code, status, "ClientError", {}]), "{what}");
    }
    let modelled = json!(["InvalidIdentityToken", 400, "InvalidIdentityTokenException", {}]);
    assert_eq!(found["web_wrong_token"], modelled);

    let issued = |what: &str| rig.aws.issued(found[what].as_str().expect("an id")).expect("it was issued");
    let plain = issued("plain_key");
    let expires = plain.expires.expect("it expires").duration_since(SystemTime::now()).expect("later");
    assert!(expires > Duration::from_secs(7000) && expires <= Duration::from_secs(7200), "{expires:?}");
    assert_eq!((plain.session_policy, plain.principal.iam_arn.ends_with(":role/Plain")), (None, true));
    assert_eq!(issued("strange_policy").session_policy.as_deref(), Some(r#"{"Version": "2012-10-17"}"#));
    assert!(rig.aws.calls().iter().all(|call| call.operation.is_some() && call.path == "/"));
    rig.aws.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_and_signatures_grow_old() {
    let mut options = options();
    options.lifetimes.sts = Some(Duration::from_secs(3));
    let user = options.users[0].clone();
    let rig = Rig::new(options).await;
    let secret = user.secret_access_key.expose_secret();
    // A request that botocore has signed with a session's keys, to be sent again and again.
    let script = "
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
user = client('sts', True, aws_access_key_id=sys.argv[1], aws_secret_access_key=sys.argv[2])
keys = user.get_session_token(DurationSeconds=900)['Credentials']
form = {'Content-Type': 'application/x-www-form-urlencoded'}
request = AWSRequest('POST', os.environ['AWS_ENDPOINT_URL_STS'], form, sys.argv[3])
keys = [keys[name] for name in ('AccessKeyId', 'SecretAccessKey', 'SessionToken')]
SigV4Auth(botocore.credentials.Credentials(*keys), 'sts', 'us-east-1').add_auth(request)
answer([keys[0], dict(request.headers)])";
    const FORM: &str = "Action=GetCallerIdentity&Version=2011-06-15";
    let signed = rig.python(script, &[&user.access_key_id, secret, FORM], &[]);
    let (id, headers) = (signed[0].as_str().expect("an id"), signed[1].as_object().expect("headers"));
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("text"))).collect();
    let send = async |form: &str| {
        let reply = call("POST", &rig.aws.endpoints().sts, &headers, form).await.expect("an answer");
        let code = reply.body.split("<Code>").nth(1).and_then(|rest| rest.split('<').next());
        (reply.status, code.unwrap_or_default().to_owned())
    };
    let refused = |code: &str| (403, code.to_owned());
    assert_eq!(send(FORM).await, (200, String::new()));
    assert_eq!(send(&format!("{FORM}&x=1")).await, refused("SignatureDoesNotMatch"), "the body is signed");
    rig.aws.clock().advance(Duration::from_secs(4));
    assert_eq!(send(FORM).await, refused("ExpiredToken"));
    assert!(rig.aws.issued(id).expect("it is still known").is_expired(rig.aws.clock().now()));
    // A signature is good for five minutes, and not before its time.
    let (now, day) = (SystemTime::now(), Duration::from_secs(86_400));
    for other_day in [now + day, now - day] {
        rig.aws.clock().set(other_day);
        assert_eq!(send(FORM).await, refused("SignatureDoesNotMatch"));
    }
    rig.aws.clock().set(now);
    assert!(rig.aws.revoke_key(id));
    assert_eq!(send(FORM).await, refused("InvalidClientTokenId"));
    assert_eq!(rig.aws.count(Operation::GetCallerIdentity), 6);
}

#[tokio::test]
async fn a_web_identity_token_expires_and_what_is_no_action_is_told() {
    let rig = Rig::new(options()).await;
    let token = rig.aws.web_identity_token("system:serviceaccount:lake:writer");
    let form = format!(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=pod&WebIdentityToken={}&RoleArn={}",
        token.expose_secret(),
        "arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2FWeb",
    );
    let sts = &rig.aws.endpoints().sts;
    let send = async |body: &str| call("POST", sts, &[], body).await.expect("an answer");
    assert_eq!(send(&form).await.status, 200);
    rig.aws.clock().advance(Duration::from_secs(86_401));
    let reply = send(&form).await;
    assert!(reply.status == 400 && reply.body.contains("<Code>ExpiredTokenException</Code>"), "{reply:?}");
    let reply = send("Action=Nothing").await;
    assert!(reply.status == 400 && reply.body.contains("<Code>InvalidAction</Code>"), "{reply:?}");
    let reply = send("Action=AssumeRoleWithWebIdentity&RoleArn=%3Cb%3E").await;
    assert!(reply.body.contains("<Message>&lt;b&gt; is invalid</Message>"), "{reply:?}");
    let half =
        call("POST", sts, &[("authorization", "AWS4-HMAC-SHA256 Credential=x")], "Action=GetCallerIdentity").await;
    let half: Value = json!(half.expect("an answer").body);
    assert!(half.as_str().is_some_and(|body| body.contains("<Code>IncompleteSignature</Code>")), "{half}");
}
