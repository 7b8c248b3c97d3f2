//! What is denied, and that it is counted.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_s3::{
    presigning::PresigningConfig,
    primitives::ByteStream,
    types::{Delete, ObjectIdentifier, Tag, Tagging},
};
use secrecy::ExposeSecret;
use tokio::io::AsyncWriteExt;

use crate::{
    kit::{BUCKET, Fixture, client_with, refusal},
    raw::{Raw, connect, read_answer},
};

/// The status alone: a HEAD has no code.
macro_rules! status {
    ($call:expr) => {
        refusal($call.send().await).0
    };
}

#[tokio::test]
async fn every_call_but_the_writes_is_denied_and_counted() {
    let s3 = Fixture::new().await;
    let (client, key) = (&s3.client, "out/x");
    client.put_object().bucket(BUCKET).key(key).send().await.expect("an answer");
    let upload = client.create_multipart_upload().bucket(BUCKET).key(key).send().await.expect("an upload");
    let id = upload.upload_id().expect("an id");
    let object = ObjectIdentifier::builder().key(key).build().expect("a key");
    let delete = Delete::builder().objects(object).build().expect("a list");
    let tag = Tag::builder().key("a").value("b").build().expect("a tag");
    let tags = Tagging::builder().tag_set(tag).build().expect("tags");
    let statuses = [
        status!(client.list_buckets()),
        status!(client.create_bucket().bucket("other")),
        status!(client.delete_bucket().bucket(BUCKET)),
        status!(client.head_bucket().bucket(BUCKET)),
        status!(client.get_bucket_location().bucket(BUCKET)),
        status!(client.list_objects_v2().bucket(BUCKET)),
        status!(client.list_multipart_uploads().bucket(BUCKET)),
        status!(client.list_parts().bucket(BUCKET).key(key).upload_id(id)),
        status!(client.get_object().bucket(BUCKET).key(key)),
        status!(client.head_object().bucket(BUCKET).key(key)),
        status!(client.get_object_attributes().bucket(BUCKET).key(key).object_attributes("ETag".into())),
        status!(client.delete_object().bucket(BUCKET).key(key)),
        status!(client.delete_objects().bucket(BUCKET).delete(delete)),
        status!(client.put_object_tagging().bucket(BUCKET).key(key).tagging(tags)),
        status!(client.copy_object().bucket(BUCKET).key(key).copy_source("lake/out/x")),
        status!(
            client.upload_part_copy().bucket(BUCKET).key(key).upload_id(id).part_number(1).copy_source("lake/out/x")
        ),
    ];
    assert_eq!(statuses, [403; 16]);
    assert_eq!(s3.server.calls().denied, 16);
    assert_eq!(s3.listing(), ["out", "out/x"]);
}

#[tokio::test]
async fn a_parameter_that_makes_another_call_is_denied() {
    let s3 = Fixture::new().await;
    for path in [
        "/lake/out/x?renameObject",
        "/lake/out/x?partNumber=1",
        "/lake/out/x?uploadId=1",
        "/lake/out/x?x-id=PutObject&new",
    ] {
        let (status, answer) = Raw::put(path, b"x").send(&s3.server).await;
        assert_eq!(status, 403, "{path}: {answer}");
    }
    let form = Raw { method: "POST", ..Raw::put("/lake", b"--b\r\n") };
    let (status, answer) = form.header("content-type", "multipart/form-data; boundary=b").send(&s3.server).await;
    assert_eq!(status, 403, "{answer}");
    assert_eq!(s3.server.calls().denied, 5);
    assert!(s3.listing().is_empty());
}

#[tokio::test]
async fn writes_outside_of_the_prefix_or_the_bucket_are_refused() {
    let s3 = Fixture::new().await;
    for key in ["x", "outside", "out", "Out/x", ".tmp-1-x/y"] {
        let put = s3.client.put_object().bucket(BUCKET).key(key).send().await;
        assert_eq!(refusal(put), (403, "AccessDenied".into()), "{key}");
        let create = s3.client.create_multipart_upload().bucket(BUCKET).key(key).send().await;
        assert_eq!(refusal(create), (403, "AccessDenied".into()), "{key}");
    }
    assert_eq!(s3.server.calls().denied, 10);
    let other = s3.client.put_object().bucket("other").key("out/x").send().await;
    assert_eq!(refusal(other), (404, "NoSuchBucket".into()));
    assert!(s3.listing().is_empty());
    assert!(!s3.dir().join("other").exists());
}

#[tokio::test]
async fn what_is_not_signed_with_the_key_is_denied_and_counted() {
    let s3 = Fixture::new().await;
    let secret = s3.server.secret_access_key().expose_secret();
    let wrong = [
        Credentials::new(s3.server.access_key_id(), "wrong", None, None, "test"),
        Credentials::new("UNKNOWN", secret, None, None, "test"),
    ];
    for keys in wrong {
        let put = client_with(&s3.server, keys).put_object().bucket(BUCKET).key("out/x").send().await;
        assert_eq!(refusal(put).0, 403);
    }
    // A signed URL.
    let expiry = PresigningConfig::expires_in(Duration::from_secs(60)).expect("a time");
    let url = s3.client.put_object().bucket(BUCKET).key("out/x").presigned(expiry).await.expect("a URL");
    let path = url.uri().strip_prefix(s3.server.endpoint()).expect("the endpoint").to_owned();
    // No signature at all.
    for path in [path.as_str(), "/lake/out/x"] {
        let mut stream = connect(&s3.server).await;
        let address = s3.server.endpoint().replace("http://", "");
        let request =
            format!("PUT {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("the request is sent");
        let (status, answer) = read_answer(stream).await;
        assert_eq!(status, 403, "{answer}");
    }
    assert_eq!(s3.server.calls().denied, 4);
    assert_eq!(s3.server.calls().put_object, 0);
    assert!(s3.listing().is_empty());
}

#[tokio::test]
async fn aborting_is_allowed_for_own_uploads_unless_it_is_denied() {
    for strict in [false, true] {
        let s3 = Fixture::with(|options| options.strict_abort = strict).await;
        let upload = s3.client.create_multipart_upload().bucket(BUCKET).key("out/x").send().await.expect("an upload");
        let id = upload.upload_id().expect("an id");
        let abort = |id: &str| s3.client.abort_multipart_upload().bucket(BUCKET).key("out/x").upload_id(id).send();
        if strict {
            assert_eq!(refusal(abort(id).await), (403, "AccessDenied".into()));
        } else {
            assert_eq!(refusal(abort("another").await), (404, "NoSuchUpload".into()));
            abort(id).await.expect("an answer");
            assert_eq!(refusal(abort(id).await), (404, "NoSuchUpload".into()));
        }
        assert_eq!(s3.server.calls().denied, u64::from(strict));
    }
}

#[tokio::test]
async fn a_denial_of_a_large_body_reaches_the_client() {
    let s3 = Fixture::new().await;
    let body = vec![7; 24 << 20];
    // A client that reads nothing before it has sent everything: closing the connection early would reset it.
    let (status, answer) = Raw::put("/lake/elsewhere", &body).send(&s3.server).await;
    assert!(status == 403 && answer.contains("AccessDenied"), "{answer}");
    let put = s3.client.put_object().bucket(BUCKET).key("elsewhere").body(ByteStream::from(body));
    assert_eq!(refusal(put.send().await), (403, "AccessDenied".into()));
}
