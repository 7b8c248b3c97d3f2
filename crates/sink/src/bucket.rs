//! The one place that speaks S3: PutObject with a known length, one checksum, and a signed payload.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::{auth::PayloadSigningOverride, content_encoding::AwsChunkedBodyOptions};
use aws_sdk_s3::{
    Client, Config,
    config::{
        BehaviorVersion, ConfigBag, Intercept, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        RuntimeComponents, StalledStreamProtectionConfig,
        interceptors::{AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut},
        retry::RetryConfig,
        timeout::TimeoutConfig,
    },
    error::BoxError,
    primitives::{ByteStream, SdkBody},
};
use aws_smithy_runtime_api::client::{http::SharedHttpClient, interceptors::dyn_dispatch_hint};

use crate::{put_error::PutError, sealed::Sealed};

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often an upload is looked at whether it stands still.
const GLANCE: Duration = Duration::from_millis(500);

/// How a bucket is reached.
#[derive(Clone, Debug)]
pub struct BucketOptions {
    /// The bucket's name.
    pub bucket: String,
    /// The region that requests are signed for.
    pub region: String,
    /// Another endpoint than AWS's: an `http` or `https` URL.
    pub endpoint: Option<String>,
    /// Whether the bucket stands in the path instead of the host name.
    pub use_path_style: bool,
    /// Credentials for signing.
    pub credentials: SharedCredentialsProvider,
    /// The HTTP client.
    pub http: SharedHttpClient,
}

/// A bucket that objects are put into.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    name: String,
    place: String,
}

impl Bucket {
    /// A client for the bucket; nothing is sent yet. The SDK's own retries are off: an upload's are in this crate.
    #[must_use]
    pub fn new(options: BucketOptions) -> Self {
        let BucketOptions { bucket, region, endpoint, use_path_style, credentials, http } = options;
        let place = match &endpoint {
            Some(endpoint) => format!("bucket {bucket} at {endpoint}"),
            None => format!("bucket {bucket} in {region}"),
        };
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(credentials)
            .http_client(http)
            .force_path_style(use_path_style)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
            // It takes a slow S3 for a dead one while a large body goes up; stalls are watched here instead.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        config.set_endpoint_url(endpoint);
        Self { client: Client::from_conf(config.build()), name: bucket, place }
    }

    /// The bucket as messages name it, such as `bucket my-lake in eu-central-1`.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Puts an object, once. When nothing moves for `patience`, in sending or in waiting for the answer, the try is cut.
    pub(crate) async fn put(&self, sealed: &Sealed, patience: Duration) -> Result<(), PutError> {
        let sent = Arc::new(AtomicU64::new(0));
        let answer = Answer::default();
        let body = SdkBody::from_body_1_x(sealed.body.stream(sent.clone()));
        let request = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(sealed.key.as_str())
            .content_type(&sealed.content_type)
            .content_length(i64::try_from(sealed.body.len()).unwrap_or(i64::MAX))
            .checksum_crc64_nvme(&sealed.digests.crc64nvme)
            .body(ByteStream::new(body))
            .customize()
            .interceptor(KnownPayload { sha256: sealed.digests.sha256.clone() })
            .interceptor(answer.clone());
        let sent_whole = || sent.load(Ordering::Relaxed) == sealed.body.len();
        tokio::select! {
            result = request.send() => match result {
                Ok(_) if answer.holds_error() => Err(PutError::error_in_success()),
                // S3 names what it has stored; a proxy or a web server that answers 200 to anything does not.
                Ok(output) if output.e_tag().is_none() => Err(PutError::no_s3()),
                Ok(_) => Ok(()),
                Err(error) => Err(PutError::from_sdk(&error, sent_whole())),
            },
            () = stalled(&sent, patience) => Err(PutError::stalled(patience, sent_whole())),
        }
    }
}

/// Returns when `sent` has not grown for so long.
async fn stalled(sent: &AtomicU64, patience: Duration) {
    let (mut last, mut since) = (sent.load(Ordering::Relaxed), Instant::now());
    while since.elapsed() < patience {
        tokio::time::sleep(GLANCE.min(patience)).await;
        let now = sent.load(Ordering::Relaxed);
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
}

/// Signs the payload's hash, which is known, and sends the body as it is. Left alone, the SDK would sign a streamed body as
/// `UNSIGNED-PAYLOAD` and wrap it in aws-chunked, which several servers reject.
#[derive(Debug)]
struct KnownPayload {
    sha256: String,
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

/// Looks for an error in the body of a successful answer: the SDK reads no body there, and S3-like servers and proxies are
/// known to send one.
#[derive(Clone, Debug, Default)]
struct Answer(Arc<AtomicBool>);

impl Answer {
    fn holds_error(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[dyn_dispatch_hint]
impl Intercept for Answer {
    fn name(&self) -> &'static str {
        "Answer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        let holds_error = body.windows(6).any(|window| window == b"<Error");
        self.0.store(holds_error, Ordering::Relaxed);
        Ok(())
    }
}
