//! One request and its answer, around all that `s3s` does with them: denials are counted, a body that stalls times out,
//! and an early answer is not lost.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use s3s::{HttpError, HttpResponse, S3ErrorCode, StdError, service::S3Service};
use tokio::time::{Instant, Sleep, sleep, timeout};

use crate::{calls::Counters, error::bad};

/// Answers a request.
pub(crate) async fn answer(
    s3: &S3Service,
    counters: &Counters,
    body_timeout: Duration,
    request: Request<Incoming>,
) -> Result<HttpResponse, HttpError> {
    let expects_continue = request.headers().contains_key(header::EXPECT);
    let (head, body) = request.into_parts();
    let fate = Arc::new(Fate::default());
    let body = TimedBody::new(body, body_timeout, Arc::clone(&fate));
    let mut response = if is_form(&head) {
        // s3s would read a form's file into memory before it asks the policy.
        drop(body);
        refusal(S3ErrorCode::AccessDenied, "only PutObject and the multipart calls are allowed")?
    } else {
        s3.call(Request::from_parts(head, s3s::Body::http_body(body))).await?
    };
    if fate.stalled.load(Relaxed) {
        let message = format!("the body made no progress for {} s", body_timeout.as_secs_f64());
        response = refusal(S3ErrorCode::RequestTimeout, message)?;
    }
    if response.status() == StatusCode::FORBIDDEN {
        counters.denied.add_one();
    }
    // A connection that is closed while the client still sends resets it, and the answer may be lost with it: the rest of
    // the body is read first. A client that waits for the word to send its body has not sent any.
    let rest = fate.rest.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(mut rest) = rest.filter(|_| !expects_continue) {
        let all = async { while rest.frame().await.is_some_and(|frame| frame.is_ok()) {} };
        drop(timeout(body_timeout, all).await);
    }
    Ok(response)
}

fn refusal(code: S3ErrorCode, message: impl Into<String>) -> Result<HttpResponse, HttpError> {
    bad(code, message).to_http_response().map_err(|error| HttpError::new(Box::new(error)))
}

fn is_form(head: &http::request::Parts) -> bool {
    let content_type = head.headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    head.method == Method::POST && content_type.to_ascii_lowercase().starts_with(b"multipart/")
}

/// What became of a body.
#[derive(Debug, Default)]
struct Fate {
    stalled: AtomicBool,
    /// What was not read of it.
    rest: Mutex<Option<Incoming>>,
}

/// A body that fails when nothing of it comes for a while. The time in which nobody asks for more does not count.
struct TimedBody {
    body: Option<Incoming>,
    timeout: Duration,
    timer: Pin<Box<Sleep>>,
    waiting: bool,
    fate: Arc<Fate>,
}

impl TimedBody {
    fn new(body: Incoming, timeout: Duration, fate: Arc<Fate>) -> Self {
        Self { body: Some(body), timeout, timer: Box::pin(sleep(timeout)), waiting: false, fate }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(context) {
            this.waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(StdError::from)));
        }
        if !this.waiting {
            this.waiting = true;
            this.timer.as_mut().reset(Instant::now() + this.timeout);
        }
        std::task::ready!(this.timer.as_mut().poll(context));
        this.body = None;
        this.fate.stalled.store(true, Relaxed);
        Poll::Ready(Some(Err("the body stalled".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl Drop for TimedBody {
    fn drop(&mut self) {
        if let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) {
            *self.fate.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}
