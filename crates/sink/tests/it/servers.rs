//! Servers that differ, refuse and answer oddly: what is sent to them, and what the run makes of it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use lakeward_core::{
    batch::ClosePolicy,
    failure::FailureKind,
    plan::{Encryption, ObjectPlan, Vendor},
};
use lakeward_sink::Landed;
use lakeward_testkit::{Answer, FaultProxy, Faults, Recorded, ScriptedServer};

use crate::{
    log,
    multipart::{FIXED, ROTATING, ROWS_OF_TWO_PARTS, run, sandbox},
    sandbox::Sandbox,
};

fn xml(body: &str) -> Answer {
    Answer::Status { status: 200, headers: Vec::new(), body: body.to_owned().into() }
}

fn begun() -> Answer {
    xml("<InitiateMultipartUploadResult><UploadId>an-id</UploadId></InitiateMultipartUploadResult>")
}

fn completed() -> Answer {
    xml("<CompleteMultipartUploadResult><ETag>\"an-etag-2\"</ETag></CompleteMultipartUploadResult>")
}

fn elsewhere(region: &str) -> Answer {
    Answer::Status {
        status: 301,
        headers: vec![("x-amz-bucket-region".into(), region.into())],
        body: "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>".into(),
    }
}

/// Runs so many rows against a script, with a sandbox that was changed.
async fn scripted(
    answers: Vec<Answer>,
    rows: i64,
    path: &str,
    change: impl FnOnce(&mut Sandbox),
) -> (Landed, Vec<Recorded>) {
    let server = ScriptedServer::start(answers).await;
    let mut sandbox = sandbox(path).await;
    sandbox.endpoint = Some(server.endpoint());
    change(&mut sandbox);
    let landed = run(&sandbox, rows).await;
    (landed, server.stop().await)
}

#[track_caller]
fn assert_fails(landed: &Landed, kind: FailureKind, says: &[&str]) {
    let failure = landed.failure.as_ref().expect("a failure");
    let text = format!("{failure} | {}", failure.next.as_deref().unwrap_or_default());
    assert_eq!(failure.kind, kind, "{text}");
    assert!(says.iter().all(|part| text.contains(part)), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_region_that_the_server_names_is_taken_once_and_at_once() {
    let began = Instant::now();
    let answers = vec![elsewhere("eu-west-3"), Answer::stored()];
    let (landed, requests) = scripted(answers, 10, ROTATING, |sandbox| sandbox.region = None).await;
    assert!(landed.failure.is_none() && landed.retries == 0, "{landed:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
    let scopes: Vec<bool> = requests
        .iter()
        .map(|request| request.header("authorization").expect("signed").contains("/eu-west-3/s3/"))
        .collect();
    assert_eq!(scopes, [false, true]);

    let (landed, requests) = scripted(vec![elsewhere("eu-west-3"), elsewhere("eu-west-1")], 10, ROTATING, |_| ()).await;
    assert_fails(&landed, FailureKind::Destination, &["301 PermanentRedirect", "region = \"eu-west-1\""]);
    assert_eq!(requests.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_conditions_is_asked_again_without_one() {
    let answers = vec![Answer::error(501, "NotImplemented"), Answer::stored()];
    let (landed, requests) = scripted(answers, 10, ROTATING, |_| ()).await;
    assert!(landed.failure.is_none() && landed.retries == 0, "{landed:?}");
    assert_eq!(requests.iter().map(|request| request.header("if-none-match")).collect::<Vec<_>>(), [Some("*"), None]);

    let answers = vec![Answer::error(501, "NotImplemented"); 2];
    let (landed, _) = scripted(answers, 10, ROTATING, |_| ()).await;
    assert_fails(&landed, FailureKind::Destination, &["501 NotImplemented", "vendor"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_there_is_ours_only_after_a_try_that_may_have_landed() {
    let exists = Answer::error(412, "PreconditionFailed");
    for lost in [Answer::Reset, Answer::error(500, "InternalError"), Answer::error(200, "InternalError")] {
        let (landed, requests) = scripted(vec![lost, exists.clone()], 10, ROTATING, |_| ()).await;
        assert!(landed.failure.is_none() && landed.uncertain.is_empty(), "{landed:?}");
        assert_eq!((landed.tables[0].landed(), requests.len()), (10, 2));
    }
    let (landed, _) = scripted(vec![exists], 10, ROTATING, |_| ()).await;
    assert_fails(&landed, FailureKind::Destination, &["412 PreconditionFailed", "UUID"]);
    let answers = vec![Answer::error(409, "ConditionalRequestConflict"), Answer::stored()];
    let (landed, _) = scripted(answers, 10, ROTATING, |_| ()).await;
    assert!(landed.failure.is_none() && landed.retries == 1, "{landed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_gone_has_landed_only_after_a_completion_that_was_not_answered() {
    let gone = Answer::error(404, "NoSuchUpload");
    let two_parts = || vec![begun(), Answer::stored(), Answer::stored()];
    for lost in [Answer::Reset, Answer::error(500, "InternalError"), Answer::error(200, "InternalError")] {
        let answers = [two_parts(), vec![lost, gone.clone()]].concat();
        let (landed, requests) = scripted(answers, ROWS_OF_TWO_PARTS, ROTATING, |_| ()).await;
        assert!(landed.failure.is_none() && landed.uncertain.is_empty(), "{landed:?}");
        assert_eq!((landed.tables[0].landed(), requests.len()), (ROWS_OF_TWO_PARTS.cast_unsigned(), 5));
    }
    let answers = [two_parts(), vec![gone.clone(), gone.clone()]].concat();
    let (landed, _) = scripted(answers, ROWS_OF_TWO_PARTS, ROTATING, |_| ()).await;
    assert_fails(&landed, FailureKind::Destination, &["404 NoSuchUpload", "lifecycle rule"]);
    assert!(landed.uncertain.is_empty() && landed.tables[0].landed() == 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_any_step_of_an_upload_is_asked_for_again() {
    let answers = vec![
        Answer::Reset,
        begun(),
        Answer::Reset,
        Answer::error(503, "SlowDown"),
        Answer::stored(),
        Answer::stored(),
        Answer::error(200, "InternalError"),
        Answer::Close,
        completed(),
    ];
    let tries = answers.len();
    let (landed, requests) = scripted(answers, ROWS_OF_TWO_PARTS, ROTATING, |_| ()).await;
    assert!(landed.failure.is_none() && landed.uncertain.is_empty(), "{landed:?}");
    assert_eq!((requests.len(), landed.retries), (tries, 5));
    // A completion that nobody answers leaves the object uncertain, and is not aborted.
    let answers = vec![begun(), Answer::stored(), Answer::stored(), Answer::Reset, Answer::Reset];
    let (landed, requests) = scripted(answers, ROWS_OF_TWO_PARTS, ROTATING, |sandbox| {
        sandbox.destination.retry.most_tries = Some(2);
    })
    .await;
    assert_fails(&landed, FailureKind::Partial, &["it failed 2 times (max_retries)"]);
    assert_eq!((landed.uncertain.len(), requests.len()), (1, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_option_is_sent_with_what_makes_an_object() {
    let object = ObjectPlan {
        content_type: Some("application/x-own".into()),
        acl: Some("bucket-owner-full-control".into()),
        encryption: Some(Encryption { algorithm: Some("aws:kms".into()), kms_key_id: Some("alias/lake".into()) }),
        tags: BTreeMap::from([("team".into(), "a & b".into())]),
        storage_class: Some("STANDARD_IA".into()),
        expected_bucket_owner: Some("123456789012".into()),
    };
    let expected = [
        ("content-type", "application/x-own"),
        ("x-amz-acl", "bucket-owner-full-control"),
        ("x-amz-server-side-encryption", "aws:kms"),
        ("x-amz-server-side-encryption-aws-kms-key-id", "alias/lake"),
        ("x-amz-tagging", "team=a%20%26%20b"),
        ("x-amz-storage-class", "STANDARD_IA"),
    ];
    let with_object = |sandbox: &mut Sandbox| sandbox.destination.object = object.clone();
    let (landed, puts) = scripted(vec![Answer::stored()], 10, ROTATING, with_object).await;
    assert!(landed.failure.is_none(), "{landed:?}");
    let answers = vec![begun(), Answer::stored(), Answer::stored(), completed()];
    let (landed, parts) = scripted(answers, ROWS_OF_TWO_PARTS, ROTATING, with_object).await;
    assert!(landed.failure.is_none(), "{landed:?}");
    for request in [&puts[0], &parts[0]] {
        for (name, value) in expected {
            assert_eq!(request.header(name), Some(value), "{name}: {request:?}");
        }
    }
    for request in puts.iter().chain(&parts) {
        assert_eq!(request.header("x-amz-expected-bucket-owner"), Some("123456789012"));
    }
    assert_eq!(parts[0].header("x-amz-checksum-algorithm"), Some("CRC64NVME"));
    assert_eq!(parts[0].header("x-amz-checksum-type"), Some("FULL_OBJECT"));
    assert_eq!(parts[3].header("x-amz-checksum-type"), Some("FULL_OBJECT"));
    assert!(parts[3].header("x-amz-checksum-crc64nvme").is_some());
    assert_eq!(parts[3].header("if-none-match"), Some("*"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_vendor_gets_its_one_checksum_and_the_condition_that_it_takes() {
    for (vendor, crc, on_put, on_complete) in [
        (Vendor::Aws, true, true, true),
        (Vendor::SeaweedFs, true, true, true),
        (Vendor::R2, true, true, true),
        (Vendor::Minio, true, true, false),
        (Vendor::Ceph, false, true, false),
        (Vendor::Gcs, false, false, false),
        (Vendor::Generic, false, true, true),
    ] {
        let with_vendor = |sandbox: &mut Sandbox| sandbox.s3.vendor = vendor;
        let (_, puts) = scripted(vec![Answer::stored()], 10, ROTATING, with_vendor).await;
        let checksums = |request: &Recorded| {
            (request.header("x-amz-checksum-crc64nvme").is_some(), request.header("content-md5").is_some())
        };
        assert_eq!(checksums(&puts[0]), (crc, !crc), "{vendor:?}");
        assert_eq!(puts[0].header("if-none-match").is_some(), on_put, "{vendor:?}");
        if vendor == Vendor::R2 {
            // Equal parts are smaller than the first of others: there are more of them, and this test is not of those.
            continue;
        }
        let answers = vec![begun(), Answer::stored(), Answer::stored(), completed()];
        let (landed, parts) = scripted(answers, ROWS_OF_TWO_PARTS, ROTATING, with_vendor).await;
        assert!(landed.failure.is_none(), "{landed:?}");
        assert_eq!(checksums(&parts[1]), (crc, !crc), "{vendor:?}");
        assert_eq!(parts[0].header("x-amz-checksum-algorithm").is_some(), crc, "{vendor:?}");
        assert_eq!(parts[3].header("if-none-match").is_some(), on_complete, "{vendor:?}");
    }
    // What replaces an object must not depend on its not being there.
    let (_, puts) = scripted(vec![Answer::stored()], 10, FIXED, |_| ()).await;
    assert_eq!(puts[0].header("if-none-match"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_logged_where_that_is_asked_for_and_without_what_signs_it() {
    log::listen();
    let mut sandbox = sandbox(ROTATING).await;
    sandbox.s3.log_requests = true;
    let landed = run(&sandbox, 10).await;
    let key = &landed.tables[0].objects[0].key;
    let told = log::lines(key.as_str());
    let [line] = told.as_slice() else { panic!("{told:?}") };
    for says in ["lakeward_sink::requests", "operation=\"PutObject\"", "status=200", "milliseconds="] {
        assert!(line.contains(says), "{says}: {line}");
    }
    assert!(!line.contains("Signature") && !line.contains(sandbox.server.access_key_id()), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_trickles_ends_at_the_deadline() {
    let mut sandbox = Sandbox::new("elsewhere/{{UUID}}.{{FORMAT}}", ClosePolicy::default()).await;
    // Denied with a long text, of which a byte comes every 20 ms.
    let proxy = FaultProxy::start(sandbox.address(), Faults { trickle: 1.0, ..Faults::default() }).await;
    sandbox.endpoint = Some(proxy.endpoint());
    sandbox.destination.retry.deadline = Duration::from_secs(2);
    let began = Instant::now();
    let landed = run(&sandbox, 10).await;
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_fails(&landed, FailureKind::Destination, &["stood still"]);
}
