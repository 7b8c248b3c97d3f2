//! Faults, the clock and the record of calls.

use std::time::{Duration, Instant, SystemTime};

use lakeward_loopback::aws::{Call, Fault, LoopbackAws, Operation, Options, Service};
use serde_json::json;

use crate::aws_kit::{call, get};

#[tokio::test]
async fn an_error_has_the_form_of_its_service() {
    let aws = LoopbackAws::start(Options::default()).await.expect("a loopback AWS");
    let endpoints = aws.endpoints().clone();
    let scripted = [
        (Operation::RegisterClient, "SlowDownException", "POST", format!("{}/client/register", endpoints.oidc)),
        (
            Operation::ListAccounts,
            "TooManyRequestsException",
            "GET",
            format!("{}/assignment/accounts", endpoints.portal),
        ),
        (Operation::ConsoleAuthorize, "TOKEN_EXPIRED", "GET", format!("{}/v1/authorize", endpoints.sign_in)),
        (Operation::ContainerCredentials, "InternalServerException", "GET", aws.container_full_uri()),
        (Operation::ImdsToken, "Forbidden", "PUT", format!("{}/latest/api/token", endpoints.imds)),
    ];
    let mut replies = Vec::new();
    for (operation, code, method, url) in scripted {
        aws.fail_next(operation, 1, &Fault::error(429, code, "no"));
        let reply = call(method, &url, &[], "").await.expect("an answer");
        assert_eq!(reply.status, 429, "{reply:?}");
        replies.push(reply);
    }
    let errors: Vec<&str> = replies.iter().map(|reply| reply.header("x-amzn-errortype")).collect();
    assert_eq!(errors, ["SlowDownException", "TooManyRequestsException", "AccessDeniedException", "", ""]);
    assert_eq!(replies[0].json(), json!({ "error": "slow_down", "error_description": "no" }));
    let kind = "com.amazonaws.switchboard.portal#TooManyRequestsException";
    assert_eq!(replies[1].json(), json!({ "message": "no", "__type": kind }));
    assert_eq!(replies[2].json(), json!({ "error": "TOKEN_EXPIRED", "message": "no" }));
    assert_eq!(replies[3].json(), json!({ "code": "InternalServerException", "message": "no" }));

    aws.fail_next(Operation::AssumeRole, 1, &Fault::error(503, "ServiceUnavailable", "no"));
    let reply = call("POST", &endpoints.sts, &[], "Action=AssumeRole").await.expect("an answer");
    assert!(reply.body.contains("<Type>Receiver</Type><Code>ServiceUnavailable</Code>"), "{reply:?}");
    let reply = call("POST", &endpoints.sts, &[], "Action=AssumeRole").await.expect("an answer");
    assert!(reply.status == 403 && reply.body.contains("<Code>MissingAuthenticationToken</Code>"), "{reply:?}");

    let body = Fault::Body {
        status: 200,
        headers: vec![("x-proxy".into(), "hotel".into())],
        body: "<p>Log in to the Wi-Fi".into(),
    };
    aws.fail_next(Operation::ListAccounts, 2, &body);
    aws.fail_no_more();
    aws.fail_next(Operation::ListAccounts, 1, &body);
    let accounts = format!("{}/assignment/accounts", endpoints.portal);
    let reply = get(&accounts, &[]).await;
    assert_eq!((reply.status, reply.header("content-type"), reply.header("x-proxy")), (200, "text/html", "hotel"));
    assert_eq!(reply.body, "<p>Log in to the Wi-Fi");
    assert_eq!(get(&accounts, &[]).await.status, 401);
    aws.stop().await;
}

#[tokio::test]
async fn a_connection_is_slow_silent_or_reset() {
    let aws = LoopbackAws::start(Options::default()).await.expect("a loopback AWS");
    let url = aws.container_full_uri();
    let headers = [("authorization", secrecy::ExposeSecret::expose_secret(&aws.container_token()).to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    aws.fail_next(Operation::ContainerCredentials, 1, &Fault::Delay(Duration::from_millis(150)));
    let begin = Instant::now();
    assert_eq!(get(&url, &headers).await.status, 200);
    assert!(begin.elapsed() >= Duration::from_millis(150));
    for fault in [Fault::Reset, Fault::LostAnswer] {
        aws.fail_next(Operation::ContainerCredentials, 1, &fault);
        assert!(call("GET", &url, &headers, "").await.is_none());
    }
    aws.fail_next(Operation::ContainerCredentials, 1, &Fault::Silence);
    let waited = tokio::time::timeout(Duration::from_millis(200), call("GET", &url, &headers, "")).await;
    assert!(waited.is_err(), "nothing comes");
    assert_eq!(get(&url, &headers).await.status, 200);
    assert_eq!(get(&format!("{}/x?secret=1", aws.endpoints().container), &[]).await.status, 404);

    let made = |operation, path: &str, status| {
        let (method, path) = ("GET".to_owned(), path.to_owned());
        Call { service: Service::Container, operation, method, path, status }
    };
    let credentials = |status| made(Some(Operation::ContainerCredentials), "/v1/credentials", status);
    let mut expected: Vec<Call> = [Some(200), None, None, None, Some(200)].map(credentials).into();
    expected.push(made(None, "/x", Some(404)));
    assert_eq!(aws.calls(), expected);
    assert_eq!(aws.count(Operation::ContainerCredentials), 5);

    // A request that waits for ever does not hold up the end.
    aws.fail_next(Operation::ContainerCredentials, 1, &Fault::Silence);
    let waiting = tokio::spawn(async move { call("GET", &url, &[], "").await.is_none() });
    while aws.calls().len() < 7 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begin = Instant::now();
    aws.stop().await;
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    assert!(waiting.await.expect("it ends"));
}

#[tokio::test]
async fn its_time_is_in_every_answer() {
    let aws = LoopbackAws::start(Options::default()).await.expect("a loopback AWS");
    aws.clock().set(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
    let reply = get(&format!("{}/", aws.endpoints().imds), &[]).await;
    assert!(reply.header("date").starts_with("Sun, 09 Sep 2001 01:46:4"), "{reply:?}");
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let aws = LoopbackAws::start(Options::default()).await.expect("a loopback AWS");
    let body = "x".repeat(300 * 1024);
    let reply = call("POST", &format!("{}/token", aws.endpoints().oidc), &[], &body).await;
    assert!(reply.is_none_or(|reply| reply.status == 413));
}
