//! The AWS tools' caches of sign-ins, judged by the AWS SDK for JavaScript: it renews what Lakeward has written, and Lakeward
//! what it has written, over and over with refresh tokens that are good for one renewal only.

#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use lakeward_loopback::aws::{Grant, Operation};
use lakeward_testkit::{
    Home,
    node::{Node, node},
};
use serde_json::{Value, json};

use crate::loopback_aws::{Aws, LOGIN_CACHE, SSO_CACHE, cached, mode};

const JUDGE: &str = include_str!("../node/use_profiles.mjs");

/// A sign-in that everybody renews whenever it is used, so short does it live.
async fn start(home: &Home) -> Aws {
    let aws = Aws::start(home, |options| {
        let life = Duration::from_secs(100);
        (options.lifetimes.sso_token, options.lifetimes.console) = (life, life);
    })
    .await;
    aws.sign_in(home);
    aws.sign_in_at_console(home);
    aws
}

/// The id of the keys that the JavaScript SDK gets.
#[track_caller]
fn javascript(node: &Node, aws: &Aws, home: &Home, profile: &str) -> String {
    let printed = aws.leads(node.command(home, JUDGE, [profile])).run().exits(0).stdout;
    let printed: Value = serde_json::from_str(&printed).unwrap();
    printed[profile][0].as_str().unwrap().to_owned()
}

/// The id of the keys that Lakeward gets.
#[track_caller]
fn lakeward(aws: &Aws, home: &Home, profile: &str) -> String {
    let arguments = ["auth", "export", "--format", "credential-process", "--profile", profile];
    let printed = aws.lakeward(home, &arguments).prints_secrets().run().exits(0).stdout;
    let printed: Value = serde_json::from_str(&printed).unwrap();
    printed["AccessKeyId"].as_str().unwrap().to_owned()
}

/// Three times in turn: Lakeward renews and writes, the JavaScript SDK renews that and writes.
#[track_caller]
fn take_turns(node: &Node, aws: &Aws, home: &Home, profile: &str, file: &str, renewal: Operation) {
    let names = || {
        let folder = home.path().join(file).parent().unwrap().to_owned();
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.extension().is_some_and(|extension| extension == "json")).count()
    };
    let kept = json!({ "kept": true });
    let mut tokens = vec![cached(home, file)["refreshToken"].clone()];
    for turn in 0..3 {
        let id = lakeward(aws, home, profile);
        assert!(aws.aws.issued(&id).is_some());
        let ours = cached(home, file);
        // The SDK for JavaScript drops what it does not know; what others wrote, Lakeward keeps.
        if turn == 0 {
            assert_eq!(ours["keyOfAnotherTool"], kept);
        } else {
            assert_eq!(ours["keyOfJavaScript"], kept);
        }
        assert_eq!(mode(&home.path().join(file)), 0o600, "whatever it was before");
        let id = javascript(node, aws, home, profile);
        assert!(aws.aws.issued(&id).is_some());
        let mut theirs = cached(home, file);
        for content in [&ours, &theirs] {
            tokens.push(content["refreshToken"].clone());
        }
        theirs["keyOfJavaScript"] = kept.clone();
        home.write(file, theirs.to_string());
        fs::set_permissions(home.path().join(file), fs::Permissions::from_mode(0o644)).unwrap();
    }
    assert_eq!(names(), 1, "both use the same file");
    tokens.sort_by_key(Value::to_string);
    tokens.dedup();
    assert_eq!(tokens.len(), 7, "every use has renewed and written");
    let answers: Vec<_> = aws.aws.calls().into_iter().filter(|call| call.operation == Some(renewal)).collect();
    assert!(answers.len() == 6 && answers.iter().all(|call| call.status == Some(200)), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lakeward_and_the_javascript_sdk_renew_one_sso_session_in_turn() {
    let Some(node) = node() else { return };
    let home = Home::new();
    let aws = start(&home).await;
    let renewal = Operation::CreateToken(Grant::RefreshToken);
    take_turns(&node, &aws, &home, "sso", SSO_CACHE, renewal);
    // It writes milliseconds, which the last turn of Lakeward's has read.
    let written = cached(&home, SSO_CACHE)["expiresAt"].as_str().unwrap().to_owned();
    assert!(written.contains('.') && written.ends_with('Z'), "{written}");
    assert!(!lakeward(&aws, &home, "sso").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lakeward_and_the_javascript_sdk_renew_one_console_session_in_turn() {
    let Some(node) = node() else { return };
    let home = Home::new();
    let aws = start(&home).await;
    take_turns(&node, &aws, &home, "console", LOGIN_CACHE, Operation::CreateOAuth2Token(Grant::RefreshToken));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_sdk_uses_what_lakeward_has_renewed_without_asking_again() {
    let Some(node) = node() else { return };
    let home = Home::new();
    let aws = Aws::start(&home, |_| ()).await;
    aws.sign_in(&home);
    aws.sign_in_at_console(&home);
    for (profile, file, renewal) in [
        ("sso", SSO_CACHE, Operation::CreateToken(Grant::RefreshToken)),
        ("console", LOGIN_CACHE, Operation::CreateOAuth2Token(Grant::RefreshToken)),
    ] {
        let _ = lakeward(&aws, &home, profile);
        let written = cached(&home, file);
        let id = javascript(&node, &aws, &home, profile);
        assert!(profile == "sso" || written["accessToken"]["accessKeyId"] == id, "{profile}: {id}");
        assert_eq!((aws.aws.count(renewal), cached(&home, file)), (1, written), "{profile}");
    }
}
