//! `PutObject` as clients send it.

use std::{fs, sync::Arc};

use aws_sdk_s3::primitives::ByteStream;
use lakeward_loopback::{EmbeddedS3, Options};
use tokio::{io::AsyncWriteExt, task::JoinSet};

use crate::{
    kit::{BUCKET, Fixture, PREFIX, refusal},
    raw::{Raw, connect, read_answer},
};

#[tokio::test]
async fn an_object_is_a_plain_file_and_the_last_write_wins() {
    let s3 = Fixture::new().await;
    for body in ["first", "second, longer", ""] {
        let put = s3.client.put_object().bucket(BUCKET).key("out/a/b.parquet");
        let put = put.content_type("text/plain").metadata("who", "me");
        let answer = put.body(ByteStream::from_static(body.as_bytes())).send().await.expect("an answer");
        assert!(answer.e_tag().is_some_and(|tag| tag.ends_with(&format!("-{}\"", body.len()))), "{answer:?}");
        assert_eq!(s3.read("out/a/b.parquet").as_deref(), Some(body.as_bytes()));
    }
    assert_eq!(s3.listing(), ["out", "out/a", "out/a/b.parquet"]);
    s3.nothing_temporary().await;
    assert_eq!(s3.server.calls().put_object, 3);
    let dir = s3.dir().to_path_buf();
    s3.server.stop().await;
    let left: Vec<_> =
        fs::read_dir(dir).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left, [BUCKET], "stopping takes the temporary folder away");
}

#[cfg(unix)]
#[tokio::test]
async fn objects_have_the_permissions_that_the_umask_leaves() {
    use std::os::unix::fs::PermissionsExt;
    let s3 = Fixture::new().await;
    s3.client.put_object().bucket(BUCKET).key("out/a").send().await.expect("an answer");
    fs::write(s3.dir().join("any"), "").expect("a file");
    let mode = |path| fs::metadata(path).expect("metadata").permissions().mode();
    assert_eq!(mode(s3.file("out/a")), mode(s3.dir().join("any")));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racers_that_must_not_replace_one_wins() {
    let s3 = Fixture::new().await;
    for round in 0..20 {
        let key = format!("out/{round}/x");
        let mut racers = JoinSet::new();
        for racer in 0..8 {
            let put = s3.client.put_object().bucket(BUCKET).key(&key).if_none_match("*");
            let put = put.body(ByteStream::from(format!("racer {racer}").into_bytes()));
            racers.spawn(async move { (racer, put.send().await) });
        }
        let mut winners = Vec::new();
        while let Some(ended) = racers.join_next().await {
            match ended.expect("no panic") {
                (racer, Ok(_)) => winners.push(racer),
                (_, refused) => assert_eq!(refusal(refused), (412, "PreconditionFailed".into())),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}");
        assert_eq!(s3.read(&key), Some(format!("racer {}", winners[0]).into_bytes()));
    }
    s3.nothing_temporary().await;
}

#[tokio::test]
async fn other_conditions_would_need_a_read_and_are_refused() {
    let s3 = Fixture::new().await;
    let put = || s3.client.put_object().bucket(BUCKET).key("out/a");
    assert_eq!(refusal(put().if_none_match("\"tag\"").send().await), (501, "NotImplemented".into()));
    assert_eq!(refusal(put().if_match("\"tag\"").send().await), (501, "NotImplemented".into()));
    assert!(s3.listing().is_empty());
}

#[tokio::test]
async fn options_that_plain_files_cannot_keep_are_refused() {
    let s3 = Fixture::new().await;
    for (name, value) in [
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-server-side-encryption-aws-kms-key-id", "key"),
        ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
        ("x-amz-object-lock-mode", "GOVERNANCE"),
        ("x-amz-object-lock-legal-hold", "ON"),
        ("x-amz-tagging", "a=b"),
        ("x-amz-acl", "public-read"),
        ("x-amz-grant-read", "id=x"),
        ("x-amz-website-redirect-location", "/x"),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-expected-bucket-owner", "111122223333"),
        ("x-amz-write-offset-bytes", "5"),
    ] {
        for path in ["/lake/out/a", "/lake/out/a?uploads"] {
            let method = if path.ends_with("uploads") { "POST" } else { "PUT" };
            let request = Raw { method, ..Raw::put(path, b"x") }.header(name, value);
            let (status, answer) = request.send(&s3.server).await;
            assert_eq!(status, 501, "{name}: {answer}");
            assert!(answer.contains("NotImplemented") && answer.contains(name), "{answer}");
        }
    }
    assert!(s3.listing().is_empty());
    let (status, answer) =
        Raw::put("/lake/out/a", b"x").header("x-amz-storage-class", "STANDARD").send(&s3.server).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn two_servers_share_a_folder() {
    let s3 = Fixture::new().await;
    let other = EmbeddedS3::start(Options::new(s3.dir(), BUCKET, PREFIX)).await.expect("a second server");
    let clients = Arc::new([s3.client.clone(), crate::kit::client(&other)]);
    let mut writers = JoinSet::new();
    for number in 0..40_u8 {
        let clients = Arc::clone(&clients);
        writers.spawn(async move {
            let body = vec![number; 100_000 + usize::from(number)];
            let put = clients[usize::from(number % 2)].put_object().bucket(BUCKET).key(format!("out/{number}"));
            put.body(ByteStream::from(body)).send().await.expect("an answer");
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended.expect("no panic");
    }
    for number in 0..40_u8 {
        assert_eq!(s3.read(&format!("out/{number}")), Some(vec![number; 100_000 + usize::from(number)]), "{number}");
    }
    other.stop().await;
    s3.client.put_object().bucket(BUCKET).key("out/after").send().await.expect("the first one lives on");
}

#[tokio::test]
async fn stopping_finishes_what_is_in_flight() {
    let s3 = Fixture::new().await;
    let request = Raw::put("/lake/out/slow", b"0123456789");
    let mut stream = connect(&s3.server).await;
    stream.write_all(request.head(&s3.server).as_bytes()).await.expect("the head is sent");
    stream.write_all(b"01234").await.expect("half of the body is sent");
    while s3.server.calls().put_object == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let file = s3.file("out/slow");
    let stop = tokio::spawn(s3.server.stop());
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    stream.write_all(b"56789").await.expect("the rest is sent");
    let (status, answer) = read_answer(stream).await;
    assert_eq!(status, 200, "{answer}");
    stop.await.expect("no panic");
    assert_eq!(fs::read(file).expect("the object"), b"0123456789");
}
