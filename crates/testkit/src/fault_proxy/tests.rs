use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::wire::{
    answer,
    tests::{get, put},
};

/// An S3 of sorts: a whole PUT is stored and answered with the Host that it named.
#[derive(Debug, Default)]
struct Store {
    objects: Mutex<BTreeMap<String, Vec<Bytes>>>,
}

impl Store {
    fn puts(&self, path: &str) -> Vec<Bytes> {
        self.objects.lock().unwrap().get(path).cloned().unwrap_or_default()
    }
}

impl Handler for Store {
    async fn reply(&self, request: Request<Incoming>) -> Reply {
        let (parts, body) = request.into_parts();
        let Ok(body) = body.collect().await else { return Reply::Close };
        let path = parts.uri.path().to_owned();
        self.objects.lock().unwrap().entry(path).or_default().push(body.to_bytes());
        let host = parts.headers.get(header::HOST).unwrap().to_str().unwrap().to_owned();
        Reply::Answer(answer(200, &[("ETag", "\"1\"")], host))
    }
}

async fn started(faults: Faults) -> (Arc<Store>, Server, FaultProxy) {
    let store = Arc::new(Store::default());
    let server = Server::start(Arc::clone(&store)).await;
    let proxy = FaultProxy::start(server.address, faults).await;
    (store, server, proxy)
}

const BODY: &[u8] = &[7; 200_000];

#[tokio::test]
async fn without_faults_a_request_passes_with_its_host() {
    let (store, _server, proxy) = started(Faults::default()).await;
    let received = put(&proxy.endpoint(), "/bucket/key?x=1", BODY).await.unwrap();
    assert_eq!((received.status, received.text()), (200, "signed.example"));
    assert_eq!(store.puts("/bucket/key"), [BODY]);
    let counts = proxy.stop().await;
    let seen = BTreeMap::from([(("PUT".to_owned(), "/bucket/key".to_owned()), 1)]);
    let stored = BTreeMap::from([("/bucket/key".to_owned(), 1)]);
    assert_eq!(counts, Counts { requests: 1, passed: 1, seen, stored, ..Counts::default() });
}

#[tokio::test]
async fn refusals_are_answered_and_never_forwarded() {
    let refusals = [
        (Faults { slow_down: 1.0, ..Faults::default() }, 503, "SlowDown"),
        (Faults { internal_error: 1.0, ..Faults::default() }, 500, "InternalError"),
        (Faults { request_timeout: 1.0, ..Faults::default() }, 400, "RequestTimeout"),
        (Faults { error_in_200: 1.0, ..Faults::default() }, 200, "InternalError"),
        (Faults { expired_after: Some(0), ..Faults::default() }, 403, "ExpiredToken"),
    ];
    for (faults, status, code) in refusals {
        let (store, _server, proxy) = started(faults).await;
        let received = put(&proxy.endpoint(), "/bucket/key", BODY).await.unwrap();
        assert_eq!(received.status, status);
        assert!(received.text().contains(&format!("<Code>{code}</Code>")));
        assert_eq!((store.puts("/bucket/key").len(), proxy.counts().passed), (0, 0));
    }
}

#[tokio::test]
async fn a_reset_request_is_never_stored() {
    let (store, _server, proxy) = started(Faults { reset: 1.0, ..Faults::default() }).await;
    for body in [BODY, b"1", b""] {
        assert!(put(&proxy.endpoint(), "/bucket/key", body).await.is_err());
    }
    assert_eq!((store.puts("/bucket/key").len(), proxy.stop().await.reset), (0, 3));
}

#[tokio::test]
async fn a_reset_is_one_for_the_client() {
    let (_store, _server, proxy) = started(Faults { reset: 1.0, ..Faults::default() }).await;
    let mut stream = TcpStream::connect(proxy.server.address).await.unwrap();
    stream.write_all(b"PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1").await.unwrap();
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_lost_answer_is_one_to_a_stored_object() {
    let (store, _server, proxy) = started(Faults { lost: 1.0, ..Faults::default() }).await;
    assert!(put(&proxy.endpoint(), "/bucket/key", BODY).await.is_err());
    assert_eq!((store.puts("/bucket/key"), proxy.stop().await.lost), (vec![Bytes::from_static(BODY)], 1));
}

#[tokio::test]
async fn an_outage_begins_with_its_request_and_ends() {
    let lasts = Duration::from_secs(1);
    let outage = Some((2, lasts));
    let (_store, _server, proxy) = started(Faults { outage, ..Faults::default() }).await;
    let endpoint = proxy.endpoint();
    assert!(get(&endpoint, "/").await.is_ok());
    assert!(get(&endpoint, "/").await.is_err());
    assert!(get(&endpoint, "/").await.is_err());
    tokio::time::sleep(lasts).await;
    assert!(get(&endpoint, "/").await.is_ok());
    assert_eq!((proxy.counts().outage, proxy.counts().passed), (2, 2));
}

#[tokio::test]
async fn an_answer_trickles_whole() {
    let (_store, _server, proxy) = started(Faults { trickle: 1.0, ..Faults::default() }).await;
    let began = Instant::now();
    assert_eq!(get(&proxy.endpoint(), "/").await.unwrap().text(), "signed.example");
    assert!(began.elapsed() >= Duration::from_millis(14 * 20), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_server_that_is_gone_is_a_reset() {
    let (_store, server, proxy) = started(Faults::default()).await;
    server.stop().await;
    assert!(get(&proxy.endpoint(), "/").await.is_err());
    assert_eq!(proxy.stop().await.unanswered, 1);
}

#[tokio::test]
async fn the_shares_are_kept_and_the_same_seed_gives_the_same_faults() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let faults = Faults { slow_down: 0.3, reset: 0.3, lost: 0.3, seed: 11, ..Faults::default() };
        let (store, _server, proxy) = started(faults).await;
        for _ in 0..300 {
            let _ = put(&proxy.endpoint(), "/bucket/key", b"1234").await;
        }
        let counts = proxy.stop().await;
        assert_eq!(store.puts("/bucket/key").len() as u64, counts.passed + counts.lost);
        runs.push(counts);
    }
    assert_eq!(runs[0], runs[1]);
    for share in [runs[0].slow_down, runs[0].reset, runs[0].lost] {
        assert!((70..=110).contains(&share), "{:?}", runs[0]);
    }
}

#[tokio::test]
async fn one_connection_carries_many_requests_and_waits_for_100_continue() {
    let (store, _server, proxy) = started(Faults::default()).await;
    let mut stream = TcpStream::connect(proxy.server.address).await.unwrap();
    let mut heard = [0; 4096];
    for _ in 0..2 {
        let head = b"PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
        stream.write_all(head).await.unwrap();
        let length = stream.read(&mut heard).await.unwrap();
        assert!(heard[..length].starts_with(b"HTTP/1.1 100 Continue\r\n"));
        stream.write_all(b"abc").await.unwrap();
        let length = stream.read(&mut heard).await.unwrap();
        assert!(heard[..length].starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
    assert_eq!(store.puts("/k"), ["abc", "abc"]);
}
