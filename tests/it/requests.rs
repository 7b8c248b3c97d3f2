//! What goes over the wire: each try of an object is the same request, and one that failed for a while is made again.

use lakeward_testkit::{Answer, Home, Recorded, ScriptedServer};

use crate::{
    program::{files, numbered, summary},
    server,
};

const SAME: [&str; 4] = ["x-amz-checksum-crc64nvme", "x-amz-content-sha256", "content-length", "content-type"];

/// Runs one object against a script that ends in success, and gives the requests.
async fn requests(answers: Vec<Answer>) -> Vec<Recorded> {
    let (home, retries) = (Home::new(), answers.len());
    home.write("t.csv", numbered(0, 500));
    let server = ScriptedServer::start(answers.into_iter().chain([Answer::stored()]).collect()).await;
    let command =
        server::sync(&home, &server.endpoint(), "vendor = \"aws\"", &files(&["t.csv"])).args(["--progress", "json"]);
    let summary = summary(&command.run().exits(0));
    assert_eq!((&summary["retries"], &summary["tables"][0]["landed"]), (&retries.into(), &500.into()));
    server.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_is_signed_and_has_a_length_and_one_checksum_and_no_trailer() {
    let requests = requests(vec![]).await;
    let [put] = requests.as_slice() else { panic!("{requests:?}") };
    assert!(put.method == "PUT" && put.path.starts_with("/test/raw/t/") && put.whole, "{put:?}");
    assert_eq!(put.header("content-length"), Some(put.body_length.to_string().as_str()));
    let names: Vec<&str> = put.headers.keys().map(|name| name.as_str()).collect();
    let checksums: Vec<&&str> =
        names.iter().filter(|name| name.starts_with("x-amz-checksum-") || **name == "content-md5").collect();
    assert_eq!(checksums, [&"x-amz-checksum-crc64nvme"]);
    for absent in ["x-amz-trailer", "x-amz-decoded-content-length", "transfer-encoding", "content-encoding"] {
        assert!(!names.contains(&absent), "{absent}: {put:?}");
    }
    let sha256 = put.header("x-amz-content-sha256").unwrap();
    assert!(sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit()), "{sha256}");
    assert!(put.header("authorization").unwrap().starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_pass_is_tried_again_with_the_same_key_and_the_same_bytes() {
    let faults = vec![
        Answer::error(503, "SlowDown"),
        Answer::error(500, "InternalError"),
        Answer::error(400, "RequestTimeout"),
        Answer::error(200, "InternalError"),
        Answer::Close,
        Answer::Reset,
    ];
    let tries = faults.len() + 1;
    let requests = requests(faults).await;
    let whole: Vec<&Recorded> = requests.iter().filter(|request| request.whole).collect();
    assert_eq!((requests.len(), whole.len()), (tries, tries));
    let of = |request: &Recorded| {
        (request.path.clone(), SAME.map(|name| request.header(name).map(str::to_owned)), request.body_length)
    };
    let first = of(&requests[0]);
    assert!(first.1.iter().all(Option::is_some), "{first:?}");
    for request in &requests {
        assert_eq!(of(request), first);
    }
}
