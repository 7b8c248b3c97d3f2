//! IMDSv2 and container credentials, by botocore and by hand.

use std::time::{Duration, SystemTime};

use lakeward_loopback::aws::{Fault, Operation, Options};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::aws_kit::{Rig, call, get};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn botocore_is_the_instance() {
    let rig = Rig::new(Options::default()).await;
    for (operation, times, fault) in [
        // A hop limit of one: the answer to the PUT never arrives, and botocore tries version 1.
        (Operation::ImdsToken, 1, Fault::Silence),
        (Operation::ImdsRole, 2, Fault::error(404, "Not Found", "")),
        (
            Operation::ImdsCredentials,
            1,
            Fault::error(200, "AssumeRoleUnauthorizedAccess", "EC2 cannot assume the role"),
        ),
    ] {
        rig.aws.fail_next(operation, times, &fault);
    }
    let script = "
found = [boto3.Session().get_credentials() for _ in range(3)]
session = boto3.Session()
answer(found + [session.get_credentials().method, client('sts', True, session).get_caller_identity()['Arn']])";
    let environment = [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_METADATA_SERVICE_TIMEOUT", "1")];
    let arn = "arn:aws:sts::111122223333:assumed-role/InstanceRole/i-0123456789abcdef0";
    assert_eq!(rig.python(script, &[], &environment), json!([null, null, null, "iam-role", arn]));
    let called: Vec<_> = rig.aws.calls().iter().filter_map(|call| call.operation).collect();
    let flow = [Operation::ImdsToken, Operation::ImdsRole, Operation::ImdsCredentials, Operation::GetCallerIdentity];
    assert_eq!(called, [&flow[..2], &flow[..2], &flow[..3], &flow].concat());
    rig.aws.stop().await;
}

#[tokio::test]
async fn imds_wants_a_token_that_lives() {
    let rig = Rig::new(Options::default()).await;
    let imds = rig.aws.endpoints().imds.clone();
    let token_url = format!("{imds}/latest/api/token");
    let put = async |headers: &[(&str, &str)]| call("PUT", &token_url, headers, "").await.expect("an answer");
    let ttl = "x-aws-ec2-metadata-token-ttl-seconds";
    assert_eq!(put(&[]).await.status, 400);
    assert_eq!(put(&[(ttl, "21601")]).await.status, 400);
    assert_eq!(put(&[(ttl, "60"), ("x-forwarded-for", "1.2.3.4")]).await.status, 403);
    let reply = put(&[(ttl, "60")]).await;
    assert_eq!((reply.status, reply.header(ttl)), (200, "60"));
    let token = reply.body;
    let ask = async |path: &str, token: Option<&str>| {
        let headers: Vec<_> = token.map(|token| ("x-aws-ec2-metadata-token", token)).into_iter().collect();
        let reply = get(&format!("{imds}{path}"), &headers).await;
        (reply.status, reply.body)
    };
    let roles = "/latest/meta-data/iam/security-credentials/";
    assert_eq!(ask(roles, None).await.0, 401, "that would be version 1");
    assert_eq!(ask(roles, Some("another")).await.0, 401);
    assert_eq!(ask(roles, Some(&token)).await, (200, "InstanceRole".into()));
    assert_eq!(ask("/latest/meta-data/placement/region", Some(&token)).await, (200, "us-east-1".into()));
    assert_eq!(ask(&format!("{roles}Another"), Some(&token)).await.0, 404);
    assert_eq!(ask("/latest/meta-data/nothing", Some(&token)).await.0, 404);
    let (_, body) = ask(&format!("{roles}InstanceRole"), Some(&token)).await;
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&body["Code"], &body["Type"]), (&json!("Success"), &json!("AWS-HMAC")));
    let issued = rig.aws.issued(body["AccessKeyId"].as_str().expect("an id")).expect("it was issued");
    let left = issued.expires.expect("it expires").duration_since(SystemTime::now()).expect("later");
    assert!(left > Duration::from_secs(6 * 3600 - 60), "{left:?}");
    rig.aws.clock().advance(Duration::from_secs(60));
    assert_eq!(ask(roles, Some(&token)).await.0, 401, "the token is over");

    let mut options = Options::default();
    (options.instance_role, options.imds_v1) = (None, true);
    let rig = Rig::new(options).await;
    let roles = format!("{}{roles}", rig.aws.endpoints().imds);
    assert_eq!(get(&roles, &[]).await.status, 404, "there is no role");
    let zone = format!("{}/latest/meta-data/placement/availability-zone", rig.aws.endpoints().imds);
    assert_eq!(get(&zone, &[]).await.body, "us-east-1a");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn botocore_is_the_container() {
    let mut options = Options::default();
    options.lifetimes.container = Duration::from_secs(700);
    let rig = Rig::new(options).await;
    let uri = rig.aws.container_full_uri();
    let token = rig.aws.container_token();
    // The token is a file that is read again, and what expires soon is fetched again.
    let file = rig.home.write("token", token.expose_secret());
    let environment = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.to_str().expect("UTF-8")),
    ];
    let script = "
session = boto3.Session()
credentials = session.get_credentials()
keys = {credentials.get_frozen_credentials().access_key for _ in range(3)}
answer([credentials.method, len(keys), client('sts', True, session).get_caller_identity()['Arn']])";
    let arn = "arn:aws:sts::111122223333:assumed-role/TaskRole/loopback-task";
    let found = rig.python(script, &[], &environment);
    assert_eq!((&found[0], &found[2]), (&json!("container-role"), &json!(arn)));
    assert!(found[1].as_u64() >= Some(2), "{found}");

    rig.aws.rotate_container_token();
    let reply = get(&uri, &[("authorization", token.expose_secret())]).await;
    assert_eq!((reply.status, &reply.json()["code"]), (401, &json!("AccessDeniedException")));
    let relative = format!("{}{}", rig.aws.endpoints().container, rig.aws.container_relative_uri());
    let reply = get(&relative, &[]).await;
    let body = reply.json();
    assert_eq!((reply.status, &body["RoleArn"]), (200, &json!("arn:aws:iam::111122223333:role/TaskRole")));
    for member in ["AccessKeyId", "SecretAccessKey", "Token", "Expiration"] {
        assert!(body[member].is_string(), "{member}");
    }
}
