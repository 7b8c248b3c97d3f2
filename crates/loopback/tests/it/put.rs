//! `PutObject`.

use aws_sdk_s3::primitives::ByteStream;

use crate::kit::{BUCKET, Fixture};

#[tokio::test]
async fn an_object_is_a_plain_file_and_the_last_write_wins() {
    let s3 = Fixture::new().await;
    for body in ["first", "second, longer"] {
        let put = s3.client.put_object().bucket(BUCKET).key("out/a/b.parquet");
        let answer = put.body(ByteStream::from_static(body.as_bytes())).send().await.expect("an answer");
        assert!(answer.e_tag().is_some_and(|tag| tag.ends_with(&format!("-{}\"", body.len()))), "{answer:?}");
        assert_eq!(s3.read("out/a/b.parquet").as_deref(), Some(body.as_bytes()));
    }
    assert_eq!(s3.listing(), ["out", "out/a", "out/a/b.parquet"]);
    s3.nothing_temporary().await;
    assert_eq!(s3.server.calls().put_object, 2);
    let dir = s3.dir().to_path_buf();
    s3.server.stop().await;
    let left: Vec<_> =
        std::fs::read_dir(dir).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left, [BUCKET]);
}
