//! What a server refuses: each with its exit code, and what to do about it.

use bytes::Bytes;
use lakeward_testkit::{Answer, Home, ScriptedServer};

use crate::{
    program::{files, lacks, numbered},
    server,
};

struct Refused {
    /// Lines of `[destination]`.
    asks: &'static str,
    status: u16,
    code: &'static str,
    message: &'static str,
    exit: i32,
    says: &'static [&'static str],
}

const KMS: &str = "server_side_encryption_configuration = { sse_kms_key_id = \"alias/lake\" }";

const REFUSED: &[Refused] = &[
    Refused {
        asks: KMS,
        status: 403,
        code: "AccessDenied",
        message: "User: arn:aws:iam::111122223333:user/x is not authorized to perform: kms:GenerateDataKey on this resource",
        exit: 77,
        says: &["allow kms:GenerateDataKey", "key policy"],
    },
    Refused {
        asks: KMS,
        status: 400,
        code: "KMS.DisabledException",
        message: "the key is disabled",
        exit: 69,
        says: &["sse_kms_key_id", "enabled"],
    },
    Refused {
        asks: "acl = \"bucket-owner-full-control\"",
        status: 400,
        code: "AccessControlListNotSupported",
        message: "The bucket does not allow ACLs",
        exit: 69,
        says: &["take `acl` out"],
    },
    Refused {
        asks: "tags = { team = \"data\" }",
        status: 403,
        code: "AccessDenied",
        message: "Access Denied",
        exit: 77,
        says: &["s3:PutObject, s3:PutObjectTagging"],
    },
    Refused {
        asks: "expected_bucket_owner = \"111122223333\"",
        status: 403,
        code: "AccessDenied",
        message: "Access Denied",
        exit: 77,
        says: &["compare expected_bucket_owner"],
    },
    Refused {
        asks: "storage_class = \"SLOW\"",
        status: 400,
        code: "InvalidStorageClass",
        message: "no",
        exit: 69,
        says: &["storage_class"],
    },
    Refused {
        asks: "vendor = \"aws\"",
        status: 400,
        code: "InvalidRequest",
        message: "Value for x-amz-checksum-crc64nvme header is invalid: unknown checksum",
        exit: 69,
        says: &["vendor", "checksum"],
    },
    Refused {
        asks: "",
        status: 403,
        code: "RequestTimeTooSkewed",
        message: "The difference between the request time and the current time is too large.",
        exit: 77,
        says: &["set this machine's clock", "15 minutes"],
    },
    Refused {
        asks: "",
        status: 403,
        code: "InvalidAccessKeyId",
        message: "The AWS Access Key Id you provided does not exist in our records.",
        exit: 77,
        says: &["doesn't know these keys", "valid yet"],
    },
    Refused {
        asks: "",
        status: 403,
        code: "ExpiredToken",
        message: "The provided token has expired.",
        exit: 77,
        says: &["have expired"],
    },
    Refused {
        asks: "",
        status: 412,
        code: "PreconditionFailed",
        message: "At least one of the pre-conditions you specified did not hold",
        exit: 69,
        says: &["somebody else has written this key"],
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_refuses_is_tried_once_and_told_with_what_to_do() {
    let home = Home::new();
    home.write("t.csv", numbered(0, 10));
    for Refused { asks, status, code, message, exit, says } in REFUSED {
        let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        let headers = vec![("content-type".into(), "application/xml".into())];
        let server =
            ScriptedServer::start(vec![Answer::Status { status: *status, headers, body: Bytes::from(body) }]).await;
        let output = server::sync(&home, &server.endpoint(), asks, &files(&["t.csv"])).run().exits(*exit);
        assert_eq!(lacks(&output.stderr, says), [""; 0], "{code}: {}", output.stderr);
        assert_eq!(lacks(&output.stderr, &[code, "10 rows of 10 read did not land"]), [""; 0], "{}", output.stderr);
        assert_eq!(server.stop().await.len(), 1, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_s3_stands_in_the_request() {
    let home = Home::new();
    home.write("t.csv", numbered(0, 10));
    let asks = "acl = \"bucket-owner-full-control\"\nstorage_class = \"STANDARD_IA\"\ntags = { team = \"data\", \"cost centre\" = \"a=b\" }\n\
         expected_bucket_owner = \"111122223333\"\ncontent_type = \"text/x-own\"\nformat = \"csv\"\n\
         server_side_encryption_configuration = { server_side_encryption = \"aws:kms\", sse_kms_key_id = \"alias/lake\" }\n";
    let server = ScriptedServer::start(vec![Answer::stored()]).await;
    let _ = server::sync(&home, &server.endpoint(), asks, &files(&["t.csv"])).run().exits(0);
    let requests = server.stop().await;
    let header = |name| requests[0].header(name).unwrap_or_default();
    assert_eq!(header("x-amz-acl"), "bucket-owner-full-control");
    assert_eq!(header("x-amz-storage-class"), "STANDARD_IA");
    assert_eq!(header("x-amz-tagging"), "cost%20centre=a%3Db&team=data");
    assert_eq!(header("x-amz-expected-bucket-owner"), "111122223333");
    assert_eq!(header("content-type"), "text/x-own");
    assert_eq!(header("x-amz-server-side-encryption"), "aws:kms");
    assert_eq!(header("x-amz-server-side-encryption-aws-kms-key-id"), "alias/lake");
    assert_eq!(header("if-none-match"), "*");
}
