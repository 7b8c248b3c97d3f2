//! IAM Identity Center, by botocore and by hand.

use std::time::Duration;

use lakeward_loopback::aws::{Account, Approval, Fault, Grant, Operation, Options, RefreshTokens};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::aws_kit::{Rig, call, get, post};

fn options() -> Options {
    let mut options = Options::default();
    options.approval = Approval::Page;
    options.accounts = (0..5).map(|n| Account::new(format!("00000000000{n}"), "Some", &["Reader"])).collect();
    options.accounts.push(Account::new("111122223333", "Main", &["Reader", "Writer", "Owner"]));
    options.page_size = 2;
    // Within botocore's 15 minutes, so that it refreshes at the first use.
    options.lifetimes.sso_token = Duration::from_secs(800);
    options
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn botocore_signs_in_lists_refreshes_and_signs_out() {
    let options = options();
    let start_url = options.start_url.clone();
    let rig = Rig::new(options).await;
    let config = rig.home.path().join("config");
    let environment = [("AWS_CONFIG_FILE", config.to_str().expect("UTF-8"))];
    let found = rig.python(include_str!("aws_sso.py"), &[&start_url], &environment);

    assert_eq!(found["registration_days"], 90);
    assert_eq!(found["device"], json!([600, 1, 9]));
    let modelled = |name: &str, status: u16, error: &str| json!([name, status, name, { "error": error }]);
    let refused = |what: &str| {
        let mut refused = found[what].clone();
        refused[3].as_object_mut().expect("members").remove("error_description");
        refused
    };
    assert_eq!(refused("pending"), modelled("AuthorizationPendingException", 400, "authorization_pending"));
    assert_eq!(refused("too_soon"), modelled("SlowDownException", 400, "slow_down"));
    assert_eq!(refused("still_too_soon"), modelled("SlowDownException", 400, "slow_down"));
    for what in ["wrong_verifier", "reused", "rotated", "session_over"] {
        assert_eq!(refused(what), modelled("InvalidGrantException", 400, "invalid_grant"), "{what}");
    }

    assert_eq!(found["denied"]["error"], "access_denied");
    assert_eq!(found["denied"]["state"], "a state");
    assert_eq!((&found["foreign_redirect"], &found["plain"]), (&json!(400), &json!(400)));
    assert_eq!(found["state"], "a state");
    assert_eq!(found["token"], json!(["Bearer", 800]));

    let accounts =
        json!([["000000000000", "000000000001"], ["000000000002", "000000000003"], ["000000000004", "111122223333"]]);
    assert_eq!(found["accounts"], accounts);
    assert_eq!(found["roles"], json!(["Reader", "Writer", "Owner"]));
    // botocore's model has no ForbiddenException.
    assert_eq!(found["no_access"], json!(["ForbiddenException", 403, "ClientError", {}]));
    let modelled = |name: &str, status: u16| json!([name, status, name, {}]);
    assert_eq!(found["no_token"], modelled("UnauthorizedException", 401));
    assert_eq!(found["signed_out"], modelled("UnauthorizedException", 401));
    assert_eq!(found["bad_page"], modelled("InvalidRequestException", 400));

    let identity = found["identity"].as_str().expect("an ARN");
    assert!(identity.starts_with("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Reader_"), "{identity}");
    assert_eq!((&found["method"], &found["renewed"]), (&json!("sso"), &json!(true)));
    let issued = rig.aws.issued(found["access_key"].as_str().expect("an id")).expect("it was issued");
    assert_eq!(issued.principal.arn, identity);
    assert_eq!(rig.aws.count(Operation::CreateToken(Grant::RefreshToken)), 3);
    rig.aws.stop().await;
}

/// A client and its device code.
async fn start_device(rig: &Rig) -> (Value, Value) {
    let oidc = &rig.aws.endpoints().oidc;
    let asked = json!({ "clientName": "test", "clientType": "public", "scopes": ["sso:account:access"] });
    let client = post(&format!("{oidc}/client/register"), &asked).await.json();
    let start_url = format!("{}#/", Options::default().start_url);
    let asked =
        json!({ "clientId": client["clientId"], "clientSecret": client["clientSecret"], "startUrl": start_url });
    let device = post(&format!("{oidc}/device_authorization"), &asked).await.json();
    let poll = json!({
        "clientId": client["clientId"],
        "clientSecret": client["clientSecret"],
        "grantType": "urn:ietf:params:oauth:grant-type:device_code",
        "deviceCode": device["deviceCode"],
    });
    (device, poll)
}

async fn token(rig: &Rig, asked: &Value) -> (u16, String, Value) {
    let reply = post(&format!("{}/token", rig.aws.endpoints().oidc), asked).await;
    (reply.status, reply.header("x-amzn-errortype").to_owned(), reply.json())
}

#[tokio::test]
async fn a_device_code_is_answered_by_the_library_and_ends() {
    let mut options = options();
    options.lifetimes.device_interval = Duration::ZERO;
    let rig = Rig::new(options).await;
    let (device, poll) = start_device(&rig).await;
    let code = device["userCode"].as_str().expect("a code").to_owned();
    assert_eq!(rig.aws.user_codes(), [code.as_str()]);
    assert_eq!(token(&rig, &poll).await.1, "AuthorizationPendingException");
    assert!(rig.aws.deny(&code) && !rig.aws.approve(&code), "one answer counts");
    let (status, kind, body) = token(&rig, &poll).await;
    assert_eq!((status, kind.as_str(), &body["error"]), (400, "AccessDeniedException", &json!("access_denied")));

    let (device, poll) = start_device(&rig).await;
    assert!(rig.aws.approve(device["userCode"].as_str().expect("a code")));
    let (status, _, tokens) = token(&rig, &poll).await;
    assert_eq!((status, &tokens["tokenType"]), (200, &json!("Bearer")));

    let (device, poll) = start_device(&rig).await;
    rig.aws.clock().advance(Duration::from_secs(601));
    let (status, kind, body) = token(&rig, &poll).await;
    assert_eq!((status, kind.as_str(), &body["error"]), (400, "ExpiredTokenException", &json!("expired_token")));
    assert!(!rig.aws.approve(device["userCode"].as_str().expect("a code")), "too late");

    rig.aws.clock().advance(Duration::from_secs(91 * 24 * 3600));
    let (status, kind, body) = token(&rig, &poll).await;
    assert_eq!((status, kind.as_str(), &body["error"]), (401, "InvalidClientException", &json!("invalid_client")));
}

#[tokio::test]
async fn tokens_expire_are_revoked_and_are_renewed_as_long_as_the_session_lasts() {
    for mode in [RefreshTokens::Rotate, RefreshTokens::Repeat, RefreshTokens::Omit] {
        let mut options = Options::default();
        options.refresh_tokens = mode;
        let rig = Rig::new(options).await;
        let (_, poll) = start_device(&rig).await;
        let (_, _, mut tokens) = token(&rig, &poll).await;
        let accounts = format!("{}/assignment/accounts", rig.aws.endpoints().portal);
        let list = async |tokens: &Value| {
            let bearer = tokens["accessToken"].as_str().expect("a token").to_owned();
            get(&accounts, &[("x-amz-sso_bearer_token", &bearer)]).await.status
        };
        let mut refresh = poll.clone();
        refresh["grantType"] = json!("refresh_token");
        for round in 0..3 {
            assert_eq!(list(&tokens).await, 200);
            if round == 1 {
                rig.aws.revoke_access_tokens();
            } else {
                rig.aws.clock().advance(Duration::from_secs(3600));
            }
            assert_eq!(list(&tokens).await, 401);
            if mode != RefreshTokens::Omit || round == 0 {
                refresh["refreshToken"] = tokens["refreshToken"].clone();
            }
            let before = tokens;
            tokens = token(&rig, &refresh).await.2;
            assert_ne!(tokens["accessToken"], before["accessToken"]);
            match mode {
                RefreshTokens::Rotate => assert_ne!(tokens["refreshToken"], before["refreshToken"]),
                RefreshTokens::Repeat => assert_eq!(tokens["refreshToken"], before["refreshToken"]),
                RefreshTokens::Omit => assert_eq!(tokens.get("refreshToken"), None),
            }
        }
        rig.aws.clock().advance(Duration::from_secs(8 * 3600));
        if mode != RefreshTokens::Omit {
            refresh["refreshToken"] = tokens["refreshToken"].clone();
        }
        assert_eq!(token(&rig, &refresh).await.1, "InvalidGrantException");
    }
}

#[tokio::test]
async fn a_session_is_made_without_a_sign_in_and_shows_no_secret() {
    let rig = Rig::new(Options::default()).await;
    let session = rig.aws.sso_session();
    let refresh = json!({
        "clientId": session.client_id, "clientSecret": session.client_secret.expose_secret(),
        "grantType": "refresh_token", "refreshToken": session.refresh_token.expose_secret(),
    });
    let accounts = format!("{}/assignment/accounts", rig.aws.endpoints().portal);
    let bearer = session.access_token.expose_secret();
    assert_eq!(get(&accounts, &[("x-amz-sso_bearer_token", bearer)]).await.status, 200);
    let (status, _, tokens) = token(&rig, &refresh).await;
    assert_eq!(status, 200);
    let shown = format!("{:?} {:?} {session:?}", rig.aws, rig.aws.calls());
    let members = ["accessToken", "refreshToken"].map(|name| tokens[name].as_str().expect("a token"));
    for secret in [bearer, session.client_secret.expose_secret(), session.refresh_token.expose_secret()] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains(&session.client_id) && members.iter().all(|secret| !shown.contains(secret)), "{shown}");
}

#[tokio::test]
async fn a_rotation_whose_answer_is_lost_costs_the_session() {
    let rig = Rig::new(Options::default()).await;
    let (_, poll) = start_device(&rig).await;
    let mut refresh = poll.clone();
    refresh["grantType"] = json!("refresh_token");
    refresh["refreshToken"] = token(&rig, &poll).await.2["refreshToken"].clone();
    let url = format!("{}/token", rig.aws.endpoints().oidc);
    rig.aws.fail_next(Operation::CreateToken(Grant::RefreshToken), 1, &Fault::LostAnswer);
    assert!(call("POST", &url, &[], &refresh.to_string()).await.is_none());
    assert_eq!(token(&rig, &refresh).await.1, "InvalidGrantException");
}

#[tokio::test]
async fn of_many_that_use_a_rotating_token_at_once_one_wins() {
    let rig = Rig::new(Options::default()).await;
    let session = rig.aws.sso_session();
    let mut refresh = json!({
        "clientId": session.client_id, "clientSecret": session.client_secret.expose_secret(),
        "grantType": "refresh_token", "refreshToken": session.refresh_token.expose_secret(),
    });
    for _ in 0..5 {
        let all = futures::future::join_all((0..8).map(|_| token(&rig, &refresh))).await;
        let (won, lost): (Vec<_>, Vec<_>) = all.into_iter().partition(|(status, ..)| *status == 200);
        assert_eq!(won.len(), 1);
        assert!(lost.iter().all(|(_, kind, _)| kind == "InvalidGrantException"), "{lost:?}");
        refresh["refreshToken"] = won[0].2["refreshToken"].clone();
    }
}

#[tokio::test]
async fn what_a_client_did_not_register_for_is_refused() {
    let rig = Rig::new(Options::default()).await;
    let oidc = rig.aws.endpoints().oidc.clone();
    let register = async |body: Value| post(&format!("{oidc}/client/register"), &body).await;
    let start_url = Options::default().start_url;
    let browser = |redirect: &str, issuer: &str| {
        json!({
            "clientName": "test", "clientType": "public", "grantTypes": ["authorization_code", "refresh_token"],
            "redirectUris": [redirect], "issuerUrl": issuer, "scopes": ["sso:account:access"],
        })
    };
    for (body, kind) in [
        (json!({ "clientName": "test", "clientType": "confidential" }), "InvalidClientMetadataException"),
        (json!({ "clientName": "test" }), "InvalidRequestException"),
        (json!({ "clientName": "t", "clientType": "public", "grantTypes": ["x"] }), "UnsupportedGrantTypeException"),
        (browser("http://localhost/oauth/callback", &start_url), "InvalidRedirectUriException"),
        (browser("http://127.0.0.1/oauth/callback", "https://other.example"), "InvalidRequestException"),
    ] {
        let reply = register(body.clone()).await;
        assert_eq!((reply.status, reply.header("x-amzn-errortype")), (400, kind), "{body}");
    }
    let client = register(browser("http://127.0.0.1/oauth/callback", &start_url)).await.json();
    let mut asked = json!({
        "clientId": client["clientId"], "clientSecret": client["clientSecret"], "startUrl": start_url,
    });
    let start = async |asked: &Value| {
        let reply = post(&format!("{oidc}/device_authorization"), asked).await;
        (reply.status, reply.header("x-amzn-errortype").to_owned())
    };
    assert_eq!(start(&asked).await, (400, "UnauthorizedClientException".into()));
    asked["clientSecret"] = json!("another");
    assert_eq!(start(&asked).await, (401, "InvalidClientException".into()));

    let (_, poll) = start_device(&rig).await;
    asked =
        json!({ "clientId": poll["clientId"], "clientSecret": poll["clientSecret"], "startUrl": "https://x.example" });
    assert_eq!(start(&asked).await, (400, "InvalidRequestException".into()));
    // Without the scope there is nothing to refresh with.
    let plain = register(json!({ "clientName": "test", "clientType": "public" })).await.json();
    let asked = json!({ "clientId": plain["clientId"], "clientSecret": plain["clientSecret"], "startUrl": start_url });
    let device = post(&format!("{oidc}/device_authorization"), &asked).await.json();
    let poll = json!({
        "clientId": plain["clientId"], "clientSecret": plain["clientSecret"], "deviceCode": device["deviceCode"],
        "grantType": "urn:ietf:params:oauth:grant-type:device_code",
    });
    let (status, _, tokens) = token(&rig, &poll).await;
    assert_eq!((status, tokens.get("refreshToken")), (200, None));
    // Each service is where it is, and nowhere else.
    let reply = call("GET", &format!("{oidc}/assignment/accounts"), &[], "").await.expect("an answer");
    assert_eq!((reply.status, reply.header("x-amzn-errortype")), (404, "UnknownOperationException"));
}
