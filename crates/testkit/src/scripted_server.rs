//! An S3 endpoint that gives the answers of a script, one a request, and records what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{HeaderMap, Request, body::Incoming};

use crate::wire::{Handler, Reply, Server, answer, s3_error};

/// What happens to a request, once its body was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An answer.
    Status {
        /// Its status.
        status: u16,
        /// Its headers; `Content-Length` is added.
        headers: Vec<(String, String)>,
        /// Its body.
        body: Bytes,
    },
    /// The connection ends without an answer.
    Close,
    /// The connection is reset without an answer.
    Reset,
    /// No answer comes.
    Hang,
}

impl Answer {
    /// What S3 answers to a PutObject that succeeded.
    #[must_use]
    pub fn stored() -> Self {
        let etag = ("ETag".to_owned(), "\"0123456789abcdef0123456789abcdef\"".to_owned());
        Self::Status { status: 200, headers: vec![etag], body: Bytes::new() }
    }

    /// An error as S3 writes it: a status with a code such as `SlowDown`.
    #[must_use]
    pub fn error(status: u16, code: &str) -> Self {
        let body = format!("<Error><Code>{code}</Code><Message>A test asked for this answer.</Message></Error>");
        let kind = ("Content-Type".to_owned(), "application/xml".to_owned());
        Self::Status { status, headers: vec![kind], body: body.into() }
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its method.
    pub method: String,
    /// Its path and query, as sent.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// How many bytes of body came.
    pub body_length: u64,
    /// Whether the body came whole.
    pub whole: bool,
}

impl Recorded {
    /// A header's text, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The server; it stops when it is dropped.
#[derive(Debug)]
pub struct ScriptedServer {
    server: Server,
    script: Arc<Script>,
}

impl ScriptedServer {
    /// Listens on a free port of 127.0.0.1. Requests beyond the script are answered `400 ScriptEnded`, which no client
    /// tries again.
    pub async fn start(answers: Vec<Answer>) -> Self {
        let script = Arc::new(Script { answers: Mutex::new(answers.into()), requests: Mutex::default() });
        Self { server: Server::start(Arc::clone(&script)).await, script }
    }

    /// The URL to give to a client as its endpoint.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// The requests so far, in the order in which their bodies ended.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.script.requests).clone()
    }

    /// Ends every connection and tells what was asked.
    pub async fn stop(self) -> Vec<Recorded> {
        self.server.stop().await;
        lock(&self.script.requests).clone()
    }
}

#[derive(Debug)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<Recorded>>,
}

impl Handler for Script {
    async fn reply(&self, request: Request<Incoming>) -> Reply {
        let next = lock(&self.answers).pop_front();
        let (parts, mut body) = request.into_parts();
        let (mut body_length, mut whole) = (0, true);
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => body_length += frame.data_ref().map_or(0, |data| data.len() as u64),
                Err(_) => whole = false,
            }
            if !whole {
                break;
            }
        }
        lock(&self.requests).push(Recorded {
            method: parts.method.to_string(),
            path: parts.uri.to_string(),
            headers: parts.headers,
            body_length,
            whole,
        });
        match next {
            None => Reply::Answer(s3_error(400, "ScriptEnded")),
            Some(Answer::Close) => Reply::Close,
            Some(Answer::Reset) => Reply::Reset,
            Some(Answer::Hang) => Reply::Hang,
            Some(Answer::Status { status, headers, body }) => {
                let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                Reply::Answer(answer(status, &headers, body))
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wire::tests::{get, put};

    #[tokio::test]
    async fn answers_come_in_order_and_requests_are_recorded() {
        let script = vec![Answer::error(503, "SlowDown"), Answer::Reset, Answer::Close, Answer::stored()];
        let server = ScriptedServer::start(script).await;
        let endpoint = server.endpoint();
        let first = put(&endpoint, "/bucket/a%20b", b"12345").await.unwrap();
        assert_eq!((first.status, first.text().contains("<Code>SlowDown</Code>")), (503, true));
        assert!(put(&endpoint, "/bucket/a", b"1").await.is_err());
        assert!(put(&endpoint, "/bucket/a", b"1").await.is_err());
        assert_eq!(put(&endpoint, "/bucket/a", b"1").await.unwrap().status, 200);
        assert!(get(&endpoint, "/").await.unwrap().text().contains("ScriptEnded"));
        let requests = server.stop().await;
        assert_eq!(requests.len(), 5);
        assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("PUT", "/bucket/a%20b"));
        assert_eq!((requests[0].body_length, requests[0].whole), (5, true));
        assert_eq!(requests[0].header("host"), Some("signed.example"));
    }

    #[tokio::test]
    async fn a_hanging_answer_never_comes() {
        let server = ScriptedServer::start(vec![Answer::Hang]).await;
        let endpoint = server.endpoint();
        let asked = tokio::spawn(async move { put(&endpoint, "/bucket/a", b"1").await.is_ok() });
        let recorded = async {
            while server.requests().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), recorded).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!asked.is_finished());
        server.stop().await;
        assert!(!asked.await.unwrap());
    }
}
