//! What the tests of the loopback AWS share: one of it with a home whose environment leads there, Python with botocore
//! in it, and plain HTTP.

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use lakeward_loopback::aws::{LoopbackAws, Options};
use lakeward_testkit::{home::Home, python};
use serde_json::Value;

/// What every script begins with.
const PRELUDE: &str = include_str!("aws_prelude.py");

pub(crate) struct Rig {
    pub(crate) aws: LoopbackAws,
    pub(crate) home: Home,
}

impl Rig {
    pub(crate) async fn new(options: Options) -> Self {
        Self { aws: LoopbackAws::start(options).await.expect("a loopback AWS"), home: Home::new() }
    }

    /// Runs a script with botocore against the loopback AWS and reads the JSON that it prints.
    pub(crate) fn python(&self, script: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Value {
        let script = format!("{PRELUDE}\n{script}");
        let mut command = python::command(&self.home, &script, arguments.iter().copied());
        for (name, value) in self.aws.environment() {
            command = command.env(name, value);
        }
        command = command.env("AWS_DEFAULT_REGION", "us-east-1");
        for (name, value) in environment {
            command = command.env(name, value);
        }
        let printed = tokio::task::block_in_place(|| command.run().exits(0)).stdout;
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("no JSON ({error}): {printed}"))
    }
}

/// An answer over plain HTTP.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Sends a request; `None` if no answer came.
pub(crate) async fn call(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request");
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
    let (head, body) = client.request(request).await.ok()?.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    Some(Reply {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

pub(crate) async fn get(url: &str, headers: &[(&str, &str)]) -> Reply {
    call("GET", url, headers, "").await.expect("an answer")
}

/// Posts JSON.
pub(crate) async fn post(url: &str, body: &Value) -> Reply {
    call("POST", url, &[("content-type", "application/json")], &body.to_string()).await.expect("an answer")
}
