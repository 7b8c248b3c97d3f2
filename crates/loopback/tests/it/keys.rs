//! Keys that would be no file, another file, or a file outside of the bucket's folder.

use std::fs;

use aws_sdk_s3::primitives::ByteStream;

use crate::{
    kit::{BUCKET, Fixture, refusal},
    raw::Raw,
};

#[tokio::test]
async fn keys_that_could_leave_the_folder_or_alias_another_are_refused() {
    let s3 = Fixture::new().await;
    let long = format!("/lake/out/{}", "x".repeat(256));
    for path in [
        "/lake/out/../../x",
        "/lake/out/..",
        "/lake/out/./x",
        "/lake/out//x",
        "/lake//out/x",
        "/lake/out/x/",
        "/lake/out/a%5Cx",
        "/lake/out/a%00x",
        "/lake/out/a%0Ax",
        "/lake/out/a%1Bx",
        "/lake/out/a%7Fx",
        "/lake/out/a%C2%85x",
        "/lake/out/a%FFx",
        "/lake/../x",
        &long,
    ] {
        let (status, answer) = Raw::put(path, b"x").send(&s3.server).await;
        assert_eq!(status, 400, "{path}: {answer}");
    }
    assert_eq!(s3.server.calls().denied, 0, "refused for what they are, before the policy looks at the prefix");
    assert!(s3.listing().is_empty());
    assert!(!s3.dir().join("x").exists() && !s3.dir().parent().expect("a parent").join("x").exists());
}

#[tokio::test]
async fn keys_of_up_to_1024_bytes_are_taken() {
    let s3 = Fixture::new().await;
    let segments = ["x".repeat(255), "é".repeat(127), "z".repeat(255), "w".repeat(253)].join("/");
    let key = format!("out/{segments}");
    assert_eq!(key.len(), 1024);
    let put = |key: &str| s3.client.put_object().bucket(BUCKET).key(key).body(ByteStream::from_static(b"long")).send();
    put(&key).await.expect("an answer");
    assert_eq!(s3.read(&key).as_deref(), Some(&b"long"[..]));
    assert_eq!(refusal(put(&format!("{key}x")).await), (400, "KeyTooLongError".into()));
    for odd in ["out/a b+c%2F&=?#~é東京'\"<>|*", "out/.tmp-1-x/y", "out/...", "out/..x"] {
        put(odd).await.unwrap_or_else(|error| panic!("{odd}: {error:?}"));
        assert_eq!(s3.read(odd).as_deref(), Some(&b"long"[..]), "{odd}");
    }
}

#[tokio::test]
async fn a_key_can_not_be_a_folder_and_an_object() {
    let s3 = Fixture::new().await;
    let put = |key: &str| s3.client.put_object().bucket(BUCKET).key(key).body(ByteStream::from_static(b"x"));
    put("out/a").send().await.expect("an answer");
    put("out/b/c").send().await.expect("an answer");
    let conflict = (409, lakeward_loopback::KEY_CONFLICT_CODE.to_owned());
    for key in ["out/a/b", "out/a/b/c", "out/b"] {
        assert_eq!(refusal(put(key).send().await), conflict, "{key}");
        assert_eq!(refusal(put(key).if_none_match("*").send().await), conflict, "{key}");
    }
    assert_eq!(s3.listing(), ["out", "out/a", "out/b", "out/b/c"]);
    s3.nothing_temporary().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_symbolic_link_is_never_followed() {
    use std::os::unix::fs::symlink;
    let s3 = Fixture::new().await;
    let outside = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(s3.file("out/real")).expect("a folder");
    symlink(outside.path(), s3.file("out/link")).expect("a link");
    symlink(outside.path(), s3.file("out/real/deep")).expect("a link");
    symlink(outside.path().join("target"), s3.file("out/object")).expect("a link");
    for path in ["/lake/out/link/x", "/lake/out/link/a/b", "/lake/out/real/deep/x"] {
        let (status, answer) = Raw::put(path, b"x").send(&s3.server).await;
        assert_eq!(status, 400, "{path}: {answer}");
        assert!(answer.contains("symbolic link"), "{answer}");
    }
    // In the place of an object, the link itself is replaced.
    let (status, answer) = Raw::put("/lake/out/object", b"x").send(&s3.server).await;
    assert_eq!(status, 200, "{answer}");
    assert!(fs::symlink_metadata(s3.file("out/object")).expect("the object").is_file());
    assert_eq!(fs::read_dir(outside.path()).expect("the folder").count(), 0);
}
