//! What the disk and the connection do wrong.

use std::{
    fs,
    time::{Duration, Instant},
};

use aws_sdk_s3::primitives::ByteStream;
use lakeward_core::failure::FailureKind;
use lakeward_loopback::{DISK_FULL_CODE, EmbeddedS3, NOT_WRITABLE_CODE, Options};
use tokio::io::AsyncWriteExt;

use crate::{
    kit::{BUCKET, Fixture, PREFIX, refusal},
    raw::{Raw, chunked, connect, read_answer},
};

#[tokio::test]
async fn a_body_that_stalls_times_out_and_leaves_nothing() {
    let s3 = Fixture::with(|options| options.body_timeout = Duration::from_millis(300)).await;
    let framed = chunked(b"0123456789", &[]);
    let streaming = Raw::put("/lake/out/x", &framed)
        .payload("STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        .header("x-amz-trailer", "x-amz-checksum-crc32")
        .header("x-amz-decoded-content-length", "10");
    let xml = Raw { method: "POST", ..Raw::put("/lake/out/x?uploadId=1", b"<CompleteMultipartUpload>") };
    for request in [Raw::put("/lake/out/x", b"0123456789"), streaming, xml] {
        let mut stream = connect(&s3.server).await;
        stream.write_all(request.head(&s3.server).as_bytes()).await.expect("the head is sent");
        stream.write_all(&request.body[..4]).await.expect("some of the body is sent");
        let start = Instant::now();
        let (status, answer) = read_answer(stream).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer.contains("<Code>RequestTimeout</Code>"), "{answer}");
        let waited = start.elapsed();
        assert!(waited >= Duration::from_millis(250) && waited < Duration::from_secs(10), "{waited:?}");
    }
    assert!(s3.listing().is_empty());
    s3.nothing_temporary().await;
}

#[tokio::test]
async fn a_slow_body_that_goes_on_does_not_time_out() {
    let s3 = Fixture::with(|options| options.body_timeout = Duration::from_millis(400)).await;
    let request = Raw::put("/lake/out/x", b"0123456789");
    let mut stream = connect(&s3.server).await;
    stream.write_all(request.head(&s3.server).as_bytes()).await.expect("the head is sent");
    for byte in request.body {
        tokio::time::sleep(Duration::from_millis(80)).await;
        stream.write_all(&[*byte]).await.expect("a byte is sent");
    }
    let (status, answer) = read_answer(stream).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(s3.read("out/x").as_deref(), Some(request.body));
}

#[tokio::test]
async fn a_full_disk_has_its_own_code_and_leaves_nothing() {
    let s3 = Fixture::with(|options| options.capacity = Some(1_000_000)).await;
    let put =
        |key: &str, size: usize| s3.client.put_object().bucket(BUCKET).key(key).body(ByteStream::from(vec![1; size]));
    put("out/a", 600_000).send().await.expect("there is room");
    for _ in 0..3 {
        // Each time the room of the one that failed is given back.
        assert_eq!(refusal(put("out/a", 600_000).send().await), (507, DISK_FULL_CODE.into()));
    }
    assert_eq!(s3.read("out/a").map(|body| body.len()), Some(600_000), "the object that was there stays");
    s3.nothing_temporary().await;
    put("out/b", 400_000).send().await.expect("there is room");
    assert_eq!(s3.listing(), ["out", "out/a", "out/b"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_became_read_only_has_its_own_code() {
    use std::os::unix::fs::PermissionsExt;
    let s3 = Fixture::new().await;
    let bucket = s3.dir().join(BUCKET);
    fs::set_permissions(&bucket, fs::Permissions::from_mode(0o555)).expect("permissions");
    let put = s3.client.put_object().bucket(BUCKET).key("out/a").send().await;
    // Who may write everywhere (root) is not kept out by permissions.
    if put.is_err() {
        assert_eq!(refusal(put), (507, NOT_WRITABLE_CODE.into()));
        s3.nothing_temporary().await;
    }
    fs::set_permissions(&bucket, fs::Permissions::from_mode(0o755)).expect("permissions");
}

#[tokio::test]
async fn a_dir_that_can_not_be_written_is_told_at_the_start() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("file"), "").expect("a file");
    fs::create_dir(dir.path().join("taken")).expect("a folder");
    fs::write(dir.path().join("taken").join(BUCKET), "").expect("a file");
    let mut cases = vec![dir.path().join("file"), dir.path().join("file/below"), dir.path().join("taken")];
    if cfg!(target_os = "linux") {
        // Not even root makes folders there.
        cases.push("/proc/lake".into());
    }
    for path in cases {
        let failure = EmbeddedS3::start(Options::new(&path, BUCKET, PREFIX)).await.expect_err("a failure");
        assert_eq!(failure.kind, FailureKind::Destination, "{failure}");
        assert!(failure.what.contains(&*path.to_string_lossy()) && failure.what.contains(": "), "{failure}");
        assert!(failure.next.is_some(), "{failure}");
    }
    let failure = EmbeddedS3::start(Options::new(dir.path(), "../x", PREFIX)).await.expect_err("a failure");
    assert_eq!(failure.kind, FailureKind::Usage, "{failure}");
}
