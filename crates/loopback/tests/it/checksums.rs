//! What a request claims about its body is verified before anything of it is visible.

use aws_sdk_s3::{primitives::ByteStream, types::ChecksumAlgorithm};

use crate::{
    kit::{BUCKET, Fixture},
    raw::{Raw, chunked},
};

const BODY: &[u8] = b"hello";

/// Every checksum of [`BODY`] in base64, computed with Python: hashlib, zlib, and the other CRCs bit by bit.
const CLAIMS: [(&str, &str); 6] = [
    ("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="),
    ("x-amz-checksum-crc32", "NhCmhg=="),
    ("x-amz-checksum-crc32c", "mnG7TA=="),
    ("x-amz-checksum-crc64nvme", "M3eFcAZSQlc="),
    ("x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="),
    ("x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="),
];

const SHA256: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const STREAMING: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// A server with the object `out/x`, which holds `old`.
async fn with_old() -> Fixture {
    let s3 = Fixture::new().await;
    let (status, answer) = Raw::put("/lake/out/x", b"old").send(&s3.server).await;
    assert_eq!(status, 200, "{answer}");
    s3
}

/// Sends a request that must be refused with this status and code, and that must leave no trace.
async fn refused(s3: &Fixture, request: Raw<'_>, status: u16, code: &str) {
    let (found, answer) = request.send(&s3.server).await;
    assert_eq!(found, status, "{code}: {answer}");
    assert!(answer.contains(&format!("<Code>{code}</Code>")), "{answer}");
    assert_eq!(s3.read("out/x").as_deref(), Some(&b"old"[..]), "the object has changed: {answer}");
    s3.nothing_temporary().await;
}

#[tokio::test]
async fn every_checksum_in_a_header_is_verified() {
    let s3 = with_old().await;
    for (name, value) in CLAIMS {
        refused(&s3, Raw::put("/lake/out/x", b"hallo").header(name, value), 400, "BadDigest").await;
        refused(&s3, Raw::put("/lake/out/x", BODY).header(name, "nonsense"), 400, "BadDigest").await;
    }
    // One of two is wrong.
    let two = Raw::put("/lake/out/x", BODY).header(CLAIMS[1].0, CLAIMS[1].1).header(CLAIMS[2].0, "AAAAAA==");
    refused(&s3, two, 400, "BadDigest").await;
    for (name, value) in CLAIMS {
        let (status, answer) = Raw::put("/lake/out/right", BODY).header(name, value).send(&s3.server).await;
        assert_eq!(status, 200, "{name}: {answer}");
        assert!(name == "content-md5" || answer.contains(value), "{name} is not in the answer: {answer}");
        assert_eq!(s3.read("out/right").as_deref(), Some(BODY));
    }
}

#[tokio::test]
async fn every_checksum_in_a_trailer_is_verified() {
    let s3 = with_old().await;
    for (name, value) in CLAIMS.into_iter().skip(1) {
        let put = |body| {
            Raw::put("/lake/out/x", body)
                .payload(STREAMING)
                .header("x-amz-trailer", name)
                .header("content-encoding", "aws-chunked")
                .header("x-amz-decoded-content-length", "5")
        };
        let (other, wrong) = (chunked(b"hallo", &[(name, value)]), chunked(BODY, &[(name, "AAAAAA==")]));
        let (missing, right) = (chunked(BODY, &[]), chunked(BODY, &[(name, value)]));
        refused(&s3, put(&other), 400, "BadDigest").await;
        refused(&s3, put(&wrong), 400, "BadDigest").await;
        refused(&s3, put(&missing), 400, "InvalidRequest").await;
        let (status, answer) = Raw { path: "/lake/out/right", ..put(&right) }.send(&s3.server).await;
        assert_eq!(status, 200, "{name}: {answer}");
        assert_eq!(s3.read("out/right").as_deref(), Some(BODY));
    }
}

#[tokio::test]
async fn a_checksum_that_is_not_known_is_not_taken_for_verified() {
    let s3 = with_old().await;
    let header = Raw::put("/lake/out/x", BODY).header("x-amz-checksum-sha3", "AAAA");
    refused(&s3, header, 501, "NotImplemented").await;
    let body = chunked(BODY, &[("x-amz-checksum-sha3", "AAAA")]);
    let trailer = Raw::put("/lake/out/x", &body).payload(STREAMING).header("x-amz-trailer", "x-amz-checksum-sha3");
    refused(&s3, trailer.header("x-amz-decoded-content-length", "5"), 501, "NotImplemented").await;
    let only_named = Raw::put("/lake/out/x", BODY).header("x-amz-sdk-checksum-algorithm", "CRC32");
    refused(&s3, only_named, 400, "InvalidRequest").await;
}

#[tokio::test]
async fn a_signed_payload_is_verified() {
    let s3 = with_old().await;
    refused(&s3, Raw::put("/lake/out/x", b"hallo").payload(SHA256), 400, "XAmzContentSHA256Mismatch").await;
    let (status, answer) = Raw::put("/lake/out/right", BODY).payload(SHA256).send(&s3.server).await;
    assert_eq!(status, 200, "{answer}");
    // Signed chunk by chunk, with a signature that is not right.
    let body = format!("5;chunk-signature={0}\r\nhello\r\n0;chunk-signature={0}\r\n\r\n", "0".repeat(64));
    let chunks = Raw::put("/lake/out/x", body.as_bytes()).payload("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    let denied = s3.server.calls().denied;
    refused(&s3, chunks.header("x-amz-decoded-content-length", "5"), 403, "SignatureDoesNotMatch").await;
    assert_eq!(s3.server.calls().denied, denied + 1);
}

#[tokio::test]
async fn a_length_that_is_a_lie_is_found_out() {
    let s3 = with_old().await;
    let body = chunked(BODY, &[(CLAIMS[1].0, CLAIMS[1].1)]);
    for length in ["0", "3", "4", "6", "50"] {
        let put = Raw::put("/lake/out/x", &body).payload(STREAMING).header("x-amz-trailer", CLAIMS[1].0);
        refused(&s3, put.header("x-amz-decoded-content-length", length), 400, "IncompleteBody").await;
    }
    // Framed as aws-chunked and not said to be: the frame would land in the object.
    let framed = Raw::put("/lake/out/x", &body).header("content-encoding", "aws-chunked");
    refused(&s3, framed.header("x-amz-decoded-content-length", "5"), 400, "IncompleteBody").await;
    // The connection ends before the body does.
    let short = Raw::put("/lake/out/x", BODY).header("content-length", "10");
    let (status, answer) = short.send(&s3.server).await;
    assert!(status == 400 || status == 0, "{answer}");
    assert_eq!(s3.read("out/x").as_deref(), Some(&b"old"[..]));
    s3.nothing_temporary().await;
    // No length at all.
    let unknown = Raw::put("/lake/out/x", b"5\r\nhello\r\n0\r\n\r\n").header("transfer-encoding", "chunked");
    let head = unknown.head(&s3.server).replace("content-length: 15\r\n", "");
    let mut stream = crate::raw::connect(&s3.server).await;
    tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.expect("the head is sent");
    tokio::io::AsyncWriteExt::write_all(&mut stream, unknown.body).await.expect("the body is sent");
    let (status, answer) = crate::raw::read_answer(stream).await;
    assert_eq!(status, 411, "{answer}");
    assert_eq!(s3.read("out/x").as_deref(), Some(&b"old"[..]));
}

#[tokio::test]
async fn a_truncated_chunked_body_is_found_out() {
    let s3 = with_old().await;
    let whole = chunked(BODY, &[(CLAIMS[1].0, CLAIMS[1].1)]);
    for end in 0..whole.len() - 2 {
        // The content length fits what is sent: only the frame tells that something is missing.
        let put = Raw::put("/lake/out/x", &whole[..end]).payload(STREAMING).header("x-amz-trailer", CLAIMS[1].0);
        let (status, answer) = put.header("x-amz-decoded-content-length", "5").send(&s3.server).await;
        let trailer_is_whole = end >= whole.len() - 4;
        assert_eq!(status, if trailer_is_whole { 200 } else { 400 }, "{end}: {answer}");
        if !trailer_is_whole {
            assert_eq!(s3.read("out/x").as_deref(), Some(&b"old"[..]), "{end}: {answer}");
        }
    }
}

#[tokio::test]
async fn what_the_sdk_sends_by_default_is_taken() {
    let s3 = Fixture::new().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let body: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(file.path(), &body).expect("a file");
    use ChecksumAlgorithm::{Crc32, Crc32C, Crc64Nvme, Sha1, Sha256};
    for algorithm in [Crc32, Crc32C, Crc64Nvme, Sha1, Sha256] {
        // A body that is streamed has its checksum in a trailer; one in memory has it in a header.
        for stream in [ByteStream::from_path(file.path()).await.expect("a body"), ByteStream::from(body.clone())] {
            let put = s3.client.put_object().bucket(BUCKET).key("out/sdk").checksum_algorithm(algorithm.clone());
            put.body(stream).send().await.unwrap_or_else(|error| panic!("{algorithm:?}: {error:?}"));
            assert!(s3.read("out/sdk") == Some(body.clone()), "{algorithm:?}");
            std::fs::remove_file(s3.file("out/sdk")).expect("the object");
        }
    }
}
