//! One request and its answer: how far it got, what came back, and how it is signed.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use aws_runtime::{auth::PayloadSigningOverride, content_encoding::AwsChunkedBodyOptions};
use aws_sdk_s3::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{
            AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
            BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef,
        },
    },
    error::BoxError,
    primitives::SdkBody,
};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::{DateTime, date_time::Format};
use lakeward_core::untrusted::excerpt;

use crate::body::Body;

/// How often an upload is looked at whether it stands still.
const GLANCE: Duration = Duration::from_millis(500);

/// So much of a body is sent also where nobody reads it.
const A_FEW: u64 = 1 << 20;

/// One request.
#[derive(Debug)]
pub(super) struct Exchange {
    call: &'static str,
    /// Bytes of the body that were sent.
    pub(super) sent: Arc<AtomicU64>,
    length: u64,
    /// What came back.
    pub(super) answer: Answer,
    began: Instant,
}

impl Exchange {
    pub(super) fn new(call: &'static str, length: u64) -> Self {
        Self { call, sent: Arc::default(), length, answer: Answer::default(), began: Instant::now() }
    }

    pub(super) fn sent_whole(&self) -> bool {
        self.sent.load(Ordering::Relaxed) >= self.length
    }

    /// How long bytes of its body moved, if it has come to more than a few.
    pub(super) fn moving(&self, standstill: Duration) -> Duration {
        if self.sent.load(Ordering::Relaxed) < A_FEW {
            return Duration::ZERO;
        }
        self.began.elapsed().saturating_sub(standstill)
    }

    /// Returns when nothing has been sent for so long: neither of the body nor, once all of it is sent, a whole answer. What is
    /// sent meanwhile is added to `moved`.
    pub(super) async fn stalled(&self, patience: Duration, moved: &AtomicU64) {
        let (mut last, mut since) = (self.sent.load(Ordering::Relaxed), Instant::now());
        while since.elapsed() < patience {
            tokio::time::sleep(GLANCE.min(patience)).await;
            let now = self.sent.load(Ordering::Relaxed);
            if now != last {
                moved.fetch_add(now.saturating_sub(last), Ordering::Relaxed);
                (last, since) = (now, Instant::now());
            }
        }
    }

    /// One line of log. No header is in it: some of them sign.
    pub(super) fn log(&self, key: &str) {
        let Seen { status, request_id, .. } = self.answer.seen();
        let milliseconds = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(target: "lakeward_sink::requests", operation = self.call, key, status, request_id, milliseconds, "request");
    }
}

/// Signs the payload's hash, which is known, and sends the body as it is. Left alone, the SDK would sign a streamed body as
/// `UNSIGNED-PAYLOAD` and wrap it in aws-chunked, which several servers reject.
#[derive(Debug)]
pub(super) struct KnownPayload {
    pub(super) sha256: String,
}

#[dyn_dispatch_hint]
impl Intercept for KnownPayload {
    fn name(&self) -> &'static str {
        "KnownPayload"
    }

    fn modify_before_serialization(
        &self,
        _: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(AwsChunkedBodyOptions::disable_chunked_encoding());
        config.interceptor_state().store_put(PayloadSigningOverride::Precomputed(self.sha256.clone()));
        Ok(())
    }
}

/// Counts what is sent of a body that the SDK has made. Without it nobody could tell a request that was never sent, since no
/// connection came about, from one whose answer was lost.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) sent: Arc<AtomicU64>,
}

#[dyn_dispatch_hint]
impl Intercept for Counted {
    fn name(&self) -> &'static str {
        "Counted"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.request_mut().body_mut();
        if let Some(bytes) = body.bytes() {
            let counted = Body::in_memory([bytes.to_vec().into()]).stream(self.sent.clone());
            *body = SdkBody::from_body_1_x(counted);
        }
        Ok(())
    }
}

/// Looks at the answer as it came. Of a successful one the SDK does not always read the body, and S3 itself, servers like it
/// and proxies are known to send an error there.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer(Arc<Mutex<Seen>>);

/// What is kept of an answer; nothing until there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) status: Option<u16>,
    pub(super) request_id: Option<String>,
    /// The access key id that signed the request.
    pub(super) key_id: Option<String>,
    /// The time by the server's clock, as its answer says, and by this machine's.
    pub(super) clocks: Option<(SystemTime, SystemTime)>,
    /// The body of a successful answer, where it holds an error.
    pub(super) error: Option<String>,
}

impl Answer {
    pub(super) fn seen(&self) -> Seen {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[dyn_dispatch_hint]
impl Intercept for Answer {
    fn name(&self) -> &'static str {
        "Answer"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let key_id = context.request().headers().get("authorization").and_then(key_id).map(str::to_owned);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).key_id = key_id;
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let body = response.body().bytes().unwrap_or_default();
        let holds_error = response.status().is_success() && body.windows(6).any(|window| window == b"<Error");
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key_id = seen.key_id.take();
        *seen = Seen {
            status: Some(response.status().as_u16()),
            request_id: response.headers().get("x-amz-request-id").map(|id| excerpt(id, 80)),
            key_id,
            clocks: response.headers().get("date").and_then(time).map(|server| (server, SystemTime::now())),
            error: holds_error.then(|| excerpt(&String::from_utf8_lossy(body), 2000)),
        };
        Ok(())
    }
}

/// The time in a header `Date` (RFC 9110, "Date/Time Formats").
fn time(date: &str) -> Option<SystemTime> {
    DateTime::from_str(date, Format::HttpDate).ok()?.try_into().ok()
}

/// The access key id of a signature (AWS general reference, "Create a signed AWS API request").
fn key_id(authorization: &str) -> Option<&str> {
    let (_, credential) = authorization.split_once("Credential=")?;
    credential.split('/').next()
}
