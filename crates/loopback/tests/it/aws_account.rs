//! Account Management, by botocore.

use lakeward_loopback::aws::{Operation, Options, Role, User};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::aws_kit::Rig;

const SCRIPT: &str = r#"
import json, sys, botocore.session
from botocore.exceptions import ClientError

def regions(key, secret, token=None):
    session = botocore.session.get_session()
    session.set_credentials(key, secret, token)
    try:
        answer = session.create_client("account", "us-east-1").list_regions()
        return [region["RegionName"] for region in answer["Regions"]][:2]
    except ClientError as error:
        return error.response["Error"]["Code"]

key, secret, role = sys.argv[1:4]
session = botocore.session.get_session()
session.set_credentials(key, secret)
sts = session.create_client("sts", "us-east-1")

def assumed(policy):
    try:
        keys = sts.assume_role(RoleArn=role, RoleSessionName="me", Policy=policy)["Credentials"]
        return regions(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    except ClientError as error:
        return error.response["Error"]["Code"]

def allow(action):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})

print(json.dumps({
    "user": regions(key, secret),
    "wrong secret": regions(key, "another"),
    "unknown": regions("AKIDUNKNOWN", secret),
    "allowed": assumed(allow(["s3:PutObject", "account:ListRegions"])),
    "left out": assumed(allow("s3:PutObject")),
    "no policy": assumed("all of it"),
    "too long": assumed(allow("s3:" + "x" * 2048)),
}))
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn botocore_lists_regions_and_a_session_policy_holds() {
    let mut options = Options::default();
    let user = User::new("Ann");
    let role = "arn:aws:iam::111122223333:role/Writer";
    options.roles = vec![Role::new(role, &[&user.arn])];
    options.users = vec![user.clone()];
    let rig = Rig::new(options).await;
    let arguments = [user.access_key_id.as_str(), user.secret_access_key.expose_secret(), role];
    let found = rig.python(SCRIPT, &arguments, &[]);
    let listed = json!(["us-east-1", "eu-central-1"]);
    let expected = json!({
        "user": listed,
        "wrong secret": "InvalidSignatureException",
        "unknown": "UnrecognizedClientException",
        "allowed": listed,
        "left out": "AccessDeniedException",
        "no policy": "MalformedPolicyDocument",
        "too long": "ValidationError",
    });
    assert_eq!(found, expected);
    assert_eq!(rig.aws.count(Operation::ListRegions), 5);
}
