//! Multipart uploads.

use aws_sdk_s3::{
    operation::upload_part::UploadPartOutput,
    primitives::ByteStream,
    types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart},
};
use lakeward_loopback::DISK_FULL_CODE;

use crate::{
    kit::{BUCKET, Fixture, refusal},
    raw::Raw,
};

const KEY: &str = "out/parts/x";
const MIB: usize = 1 << 20;

async fn create(s3: &Fixture) -> String {
    let upload = s3.client.create_multipart_upload().bucket(BUCKET).key(KEY).send().await.expect("an upload");
    upload.upload_id().expect("an id").to_owned()
}

async fn put_part(s3: &Fixture, id: &str, number: i32, body: Vec<u8>) -> UploadPartOutput {
    let part = s3.client.upload_part().bucket(BUCKET).key(KEY).upload_id(id).part_number(number);
    part.body(ByteStream::from(body)).send().await.expect("an answer")
}

fn named(number: i32, part: &UploadPartOutput) -> CompletedPart {
    CompletedPart::builder().part_number(number).set_e_tag(part.e_tag().map(str::to_owned)).build()
}

macro_rules! complete {
    ($s3:expr, $id:expr, $parts:expr) => {
        $s3.client
            .complete_multipart_upload()
            .bucket(BUCKET)
            .key(KEY)
            .upload_id($id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some($parts)).build())
    };
}

#[tokio::test]
async fn parts_are_joined_in_order_and_a_completion_can_be_repeated() {
    let s3 = Fixture::new().await;
    let id = create(&s3).await;
    let third = put_part(&s3, &id, 3, b"end".to_vec()).await;
    let first = put_part(&s3, &id, 1, vec![1; 5 * MIB]).await;
    put_part(&s3, &id, 2, vec![9; 6 * MIB]).await;
    // Sent again: the last one counts.
    let second = put_part(&s3, &id, 2, vec![2; 5 * MIB + 1]).await;
    put_part(&s3, &id, 4, b"not named at the end".to_vec()).await;
    assert!(s3.listing().is_empty(), "nothing is visible before the end");

    let parts = || vec![named(1, &first), named(2, &second), named(3, &third)];
    let whole = [vec![1; 5 * MIB], vec![2; 5 * MIB + 1], b"end".to_vec()].concat();
    let answer = complete!(s3, &id, parts()).mpu_object_size(10 * 1024 * 1024 + 4).send().await.expect("an answer");
    assert!(s3.read(KEY) == Some(whole.clone()), "the object is not its parts");
    s3.nothing_temporary().await;

    // The same bytes in one piece have the same tag and checksum: nothing was lost in combining them.
    let put = s3.client.put_object().bucket(BUCKET).key("out/single").body(ByteStream::from(whole));
    let single = put.send().await.expect("an answer");
    assert_eq!(answer.e_tag(), single.e_tag());
    assert_eq!(answer.checksum_crc64_nvme(), single.checksum_crc64_nvme());

    let again = complete!(s3, &id, parts()).send().await.expect("an answer");
    assert_eq!(again.e_tag(), answer.e_tag());
    let late = s3.client.upload_part().bucket(BUCKET).key(KEY).upload_id(&id).part_number(5).send().await;
    assert_eq!(refusal(late), (404, "NoSuchUpload".into()));
    let calls = s3.server.calls();
    assert_eq!((calls.create_multipart_upload, calls.upload_part, calls.complete_multipart_upload), (1, 6, 2));
}

#[tokio::test]
async fn a_completion_that_is_refused_keeps_the_upload() {
    let s3 = Fixture::new().await;
    let id = create(&s3).await;
    let first = put_part(&s3, &id, 1, vec![1; 5 * MIB]).await;
    let small = put_part(&s3, &id, 2, b"small".to_vec()).await;
    let last = put_part(&s3, &id, 3, b"last".to_vec()).await;
    let wrong_sum = CompletedPart::builder().part_number(1).set_e_tag(first.e_tag().map(str::to_owned));
    for (parts, code) in [
        (vec![], "MalformedXML"),
        (vec![named(2, &small), named(1, &first)], "InvalidPartOrder"),
        (vec![named(1, &first), named(1, &first)], "InvalidPartOrder"),
        (vec![named(1, &small), named(2, &small)], "InvalidPart"),
        (vec![named(1, &first), named(7, &small)], "InvalidPart"),
        (vec![CompletedPart::builder().part_number(1).build()], "InvalidPart"),
        (vec![wrong_sum.checksum_crc64_nvme("AAAAAAAAAAA=").build()], "InvalidPart"),
        (vec![named(1, &first), named(2, &small), named(3, &last)], "EntityTooSmall"),
    ] {
        assert_eq!(refusal(complete!(s3, &id, parts).send().await), (400, code.into()));
    }
    let parts = || vec![named(1, &first), named(3, &last)];
    let wrong = complete!(s3, &id, parts()).checksum_crc64_nvme("AAAAAAAAAAA=").send().await;
    assert_eq!(refusal(wrong), (400, "BadDigest".into()));
    let wrong = complete!(s3, &id, parts()).mpu_object_size(7).send().await;
    assert_eq!(refusal(wrong), (400, "InvalidRequest".into()));
    let unknown = complete!(s3, &id, parts()).checksum_sha256("AAAA-2").send().await;
    assert_eq!(refusal(unknown), (501, "NotImplemented".into()));
    assert!(s3.listing().is_empty());
    complete!(s3, &id, parts()).send().await.expect("the upload is still there");
    assert_eq!(s3.read(KEY).map(|body| body.len()), Some(5 * MIB + 4));
}

#[tokio::test]
async fn an_upload_belongs_to_its_key() {
    let s3 = Fixture::new().await;
    let id = create(&s3).await;
    let other = "out/other";
    let part = s3.client.upload_part().bucket(BUCKET).key(other).upload_id(&id).part_number(1);
    assert_eq!(refusal(part.send().await), (404, "NoSuchUpload".into()));
    let abort = s3.client.abort_multipart_upload().bucket(BUCKET).key(other).upload_id(&id);
    assert_eq!(refusal(abort.send().await), (404, "NoSuchUpload".into()));
    let first = put_part(&s3, &id, 1, b"x".to_vec()).await;
    let parts = CompletedMultipartUpload::builder().parts(named(1, &first)).build();
    let complete =
        s3.client.complete_multipart_upload().bucket(BUCKET).key(other).upload_id(&id).multipart_upload(parts);
    assert_eq!(refusal(complete.send().await), (404, "NoSuchUpload".into()));
    for number in [0, -1, 10_001] {
        let part = s3.client.upload_part().bucket(BUCKET).key(KEY).upload_id(&id).part_number(number);
        assert_eq!(refusal(part.send().await), (400, "InvalidArgument".into()));
    }
    s3.client.abort_multipart_upload().bucket(BUCKET).key(KEY).upload_id(&id).send().await.expect("an answer");
    s3.nothing_temporary().await;
    assert!(s3.listing().is_empty());
}

#[tokio::test]
async fn parts_are_verified_and_a_bad_one_does_not_replace_a_good_one() {
    let s3 = Fixture::new().await;
    let id = create(&s3).await;
    let good = s3.client.upload_part().bucket(BUCKET).key(KEY).upload_id(&id).part_number(1);
    let good = good.checksum_algorithm(ChecksumAlgorithm::Crc32).body(ByteStream::from_static(b"good"));
    let good = good.send().await.expect("an answer");
    let path = format!("/lake/{KEY}?partNumber=1&uploadId={id}");
    let bad = Raw::put(&path, b"bad!").header("x-amz-checksum-crc32", good.checksum_crc32().expect("a checksum"));
    let (status, answer) = bad.send(&s3.server).await;
    assert!(status == 400 && answer.contains("BadDigest"), "{answer}");
    let part = CompletedPart::builder().part_number(1).set_e_tag(good.e_tag().map(str::to_owned));
    let part = part.set_checksum_crc32(good.checksum_crc32().map(str::to_owned)).build();
    complete!(s3, &id, vec![part]).send().await.expect("an answer");
    assert_eq!(s3.read(KEY).as_deref(), Some(&b"good"[..]));
}

#[tokio::test]
async fn an_object_that_is_to_be_kept_refuses_the_completion() {
    let s3 = Fixture::new().await;
    s3.client.put_object().bucket(BUCKET).key(KEY).send().await.expect("an answer");
    let id = create(&s3).await;
    let part = put_part(&s3, &id, 1, b"x".to_vec()).await;
    let refused = complete!(s3, &id, vec![named(1, &part)]).if_none_match("*").send().await;
    assert_eq!(refusal(refused), (412, "PreconditionFailed".into()));
    complete!(s3, &id, vec![named(1, &part)]).send().await.expect("the upload is still there");
}

#[tokio::test]
async fn a_disk_that_fills_up_at_the_end_keeps_the_upload() {
    // Room for the parts, not for the object beside them.
    let s3 = Fixture::with(|options| options.capacity = Some(150)).await;
    let id = create(&s3).await;
    let part = put_part(&s3, &id, 1, vec![1; 100]).await;
    assert_eq!(refusal(complete!(s3, &id, vec![named(1, &part)]).send().await), (507, DISK_FULL_CODE.into()));
    assert!(s3.listing().is_empty());
    let part = put_part(&s3, &id, 1, vec![1; 40]).await;
    complete!(s3, &id, vec![named(1, &part)]).send().await.expect("an answer");
}
