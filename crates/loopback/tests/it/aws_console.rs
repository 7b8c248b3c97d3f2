//! AWS Sign-In, by botocore with awscrt.

use lakeward_loopback::aws::{Approval, Fault, Grant, Operation, Options};
use serde_json::json;

use crate::aws_kit::{Rig, call, get};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn botocore_signs_in_and_renews_with_its_proofs() {
    let options = Options::default();
    let user = options.console_user.clone();
    let rig = Rig::new(options).await;
    let config = rig.home.path().join("config");
    let environment = [("AWS_CONFIG_FILE", config.to_str().expect("UTF-8"))];
    let found = rig.python(include_str!("aws_console.py"), &[], &environment);
    assert_eq!((&found["foreign_redirect"], &found["other_method"]), (&json!(400), &json!(400)));
    let refused = |name: &str, error: &str| json!([name, 400, name, { "error": error }]);
    assert_eq!(found["no_proof"], refused("ValidationException", "INVALID_REQUEST"));
    assert_eq!(found["wrong_verifier"], refused("ValidationException", "INVALID_REQUEST"));
    assert_eq!(found["other_key"], refused("AccessDeniedException", "TOKEN_EXPIRED"));
    assert_eq!(found["rotated"], refused("AccessDeniedException", "TOKEN_EXPIRED"));
    assert_eq!(found["token"], json!(["aws_sigv4", 900, user]));
    assert_eq!(found["pasted"], json!(["code", "state", "a state"]));
    assert_eq!(found["remote"], "aws_sigv4");
    assert_eq!((&found["identity"], &found["renewed"]), (&json!(user), &json!(true)));
    assert_eq!(rig.aws.count(Operation::CreateOAuth2Token(Grant::RefreshToken)), 3);
    rig.aws.stop().await;
}

#[tokio::test]
async fn an_error_names_its_exception_and_its_detail() {
    let rig = Rig::new(Options::default()).await;
    let url = format!("{}/v1/token", rig.aws.endpoints().sign_in);
    let operation = Operation::CreateOAuth2Token(Grant::RefreshToken);
    for (status, code, exception, error) in [
        (400, "INSUFFICIENT_PERMISSIONS", "AccessDeniedException", "INSUFFICIENT_PERMISSIONS"),
        (400, "USER_CREDENTIALS_CHANGED", "AccessDeniedException", "USER_CREDENTIALS_CHANGED"),
        (429, "TooManyRequestsError", "TooManyRequestsError", "rate_exceeded"),
        (500, "InternalServerException", "InternalServerException", "server_error"),
        (400, "ValidationException", "ValidationException", "INVALID_REQUEST"),
    ] {
        rig.aws.fail_next(operation, 1, &Fault::error(status, code, "no"));
        let reply = call("POST", &url, &[], r#"{"grantType":"refresh_token"}"#).await.expect("an answer");
        assert_eq!((reply.status, reply.header("x-amzn-errortype")), (status, exception));
        assert_eq!(reply.json(), json!({ "error": error, "message": "no" }));
    }
}

#[tokio::test]
async fn a_sign_in_is_denied_at_once_if_it_is_to_be() {
    let mut options = Options::default();
    options.approval = Approval::Denied;
    let rig = Rig::new(options).await;
    let base = &rig.aws.endpoints().sign_in;
    let confirmation = format!("{base}/v1/sessions/confirmation");
    for (device, redirect) in [("same-device", "http://127.0.0.1:1/cb"), ("cross-device", &confirmation)] {
        let asked = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &format!("arn:aws:signin:::devtools/{device}"))
            .append_pair("state", "a&b")
            .append_pair("code_challenge_method", "SHA-256")
            .append_pair("scope", "openid")
            .append_pair("redirect_uri", redirect)
            .append_pair("code_challenge", "x")
            .finish();
        let reply = get(&format!("{base}/v1/authorize?{asked}"), &[]).await;
        let location = reply.header("location");
        let end = "?error=access_denied&error_description=the+sign-in+was+denied&state=a%26b";
        assert_eq!((reply.status, location), (302, format!("{redirect}{end}").as_str()));
        if device == "cross-device" {
            assert!(get(location, &[]).await.body.contains("The sign-in was denied."));
        }
    }
}
