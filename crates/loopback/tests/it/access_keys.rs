//! The keys that the loopback AWS gives out, at the embedded S3.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_s3::primitives::ByteStream;
use lakeward_loopback::aws::{Issued, LoopbackAws, Options};
use secrecy::ExposeSecret;

use crate::{
    aws_kit::get,
    kit::{BUCKET, Fixture, client_with, refusal},
};

async fn put(s3: &Fixture, key: &Issued, token: Option<&str>) -> Option<(u16, String)> {
    let secret = key.secret_access_key.expose_secret();
    let keys = Credentials::new(&key.access_key_id, secret, token.map(str::to_owned), None, "a test");
    let client = client_with(&s3.server, keys);
    let sent = client.put_object().bucket(BUCKET).key("out/x").body(ByteStream::from_static(b"x")).send().await;
    sent.is_err().then(|| refusal(sent))
}

#[tokio::test]
async fn keys_are_good_with_their_token_until_they_expire_or_are_revoked() {
    let aws = LoopbackAws::start(Options::default()).await.expect("a loopback AWS");
    let s3 = Fixture::with(|options| options.access_keys = Some(aws.access_keys())).await;
    let container = async || {
        let uri = format!("{}{}", aws.endpoints().container, aws.container_relative_uri());
        let id = get(&uri, &[]).await.json()["AccessKeyId"].as_str().expect("an id").to_owned();
        aws.issued(&id).expect("what was given out is known")
    };
    let (key, other) = (container().await, container().await);
    let token = |key: &Issued| key.session_token.as_ref().map(|token| token.expose_secret().to_owned());
    let refused = |status, code: &str| Some((status, code.to_owned()));
    assert_eq!(put(&s3, &key, token(&key).as_deref()).await, None);
    assert_eq!(put(&s3, &key, None).await, refused(403, "InvalidAccessKeyId"));
    assert_eq!(put(&s3, &key, token(&other).as_deref()).await, refused(400, "InvalidToken"));
    let forged = Issued { secret_access_key: "another".into(), ..key.clone() };
    assert_eq!(put(&s3, &forged, token(&key).as_deref()).await, refused(403, "SignatureDoesNotMatch"));
    assert!(aws.revoke_key(&other.access_key_id));
    assert_eq!(put(&s3, &other, token(&other).as_deref()).await, refused(403, "InvalidAccessKeyId"));
    aws.clock().advance(Duration::from_secs(7 * 3600));
    assert_eq!(put(&s3, &key, token(&key).as_deref()).await, refused(400, "ExpiredToken"));
    // The server's own key is as good as ever, and the keys of others are nothing to a server that was not told of them.
    s3.client.put_object().bucket(BUCKET).key("out/y").send().await.expect("an answer");
    let key = container().await;
    assert_eq!(put(&Fixture::new().await, &key, token(&key).as_deref()).await, refused(403, "InvalidAccessKeyId"));
    aws.stop().await;
}

#[tokio::test]
async fn all_that_is_secret_is_told_to_those_who_ask() {
    let aws = LoopbackAws::start(Options::default()).await.expect("a loopback AWS");
    let session = aws.sso_session();
    let console = aws.console_session("thumbprint");
    let keys = &console.keys;
    let told: Vec<String> = aws.handed_out().all().iter().map(|secret| secret.expose_secret().to_owned()).collect();
    let secrets = [
        &session.access_token,
        &session.refresh_token,
        &session.client_secret,
        &console.refresh_token,
        &console.id_token,
        &keys.secret_access_key,
        keys.session_token.as_ref().expect("a token"),
        &aws.container_token(),
        &aws.web_identity_token("pod"),
    ];
    let untold = secrets.iter().filter(|secret| !told.contains(&secret.expose_secret().to_owned())).count();
    assert_eq!((untold, told.len()), (1, 8), "the last was made after the list");
    assert_eq!(aws.handed_out().all().len(), 9);
    aws.stop().await;
}
