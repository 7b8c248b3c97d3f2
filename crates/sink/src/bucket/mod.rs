//! The one place that speaks S3: PutObject and the calls of a multipart upload, with a known length, one checksum, and a
//! signed payload.

mod exchange;
mod renewal;
mod requests;
mod test_write;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::{
    Client, Config,
    config::{
        BehaviorVersion, IdentityCache, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        StalledStreamProtectionConfig, retry::RetryConfig, timeout::TimeoutConfig,
    },
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use lakeward_core::{
    key::Variable,
    plan::{DestinationPlan, ObjectPlan, S3Plan},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use self::renewal::Renewal;
pub use self::{
    renewal::Renew,
    test_write::{NotWritten, TestWrite, Written},
};
use crate::{
    refusal::Refusal,
    vendor::{Condition, Profile},
};

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What a tag's key and value are escaped in (RFC 3986, all but "unreserved").
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How a bucket is reached.
#[derive(Clone, Debug)]
pub struct BucketOptions<'a> {
    /// The bucket, and what its objects are to be.
    pub destination: &'a DestinationPlan,
    /// Which server it is on.
    pub s3: &'a S3Plan,
    /// The region that requests are signed for. Without one it is the vendor's usual one, and the bucket's as soon as the
    /// server says it.
    pub region: Option<String>,
    /// Credentials for signing. They are asked for before each request: whoever gives them keeps them.
    pub credentials: SharedCredentialsProvider,
    /// What renews them when the server says that they have expired.
    pub renew: Option<Renew>,
    /// The HTTP client.
    pub http: SharedHttpClient,
}

/// A bucket that objects are put into. Cloning shares what it has learnt of its server.
#[derive(Clone, Debug)]
pub struct Bucket(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    name: String,
    endpoint: Option<String>,
    profile: Profile,
    object: ObjectPlan,
    content_type: String,
    tagging: Option<String>,
    log_requests: bool,
    /// Whether requests are made to depend on the key's being new; until the server says that it can't do that.
    conditional: AtomicBool,
    regional: Mutex<Regional>,
    renewal: Renewal,
    /// Bytes of bodies sent in the run, roughly.
    moved: AtomicU64,
}

/// The client, and the region that it signs for.
#[derive(Clone, Debug)]
struct Regional {
    client: Client,
    region: String,
    /// Whether the server has told this region.
    told: bool,
}

impl Bucket {
    /// A client for the bucket; nothing is sent yet. The SDK's own retries are off: an upload's are in this crate.
    #[must_use]
    pub fn new(options: BucketOptions<'_>) -> Self {
        let BucketOptions { destination, s3, region, credentials, renew, http } = options;
        let profile = Profile::of(s3.vendor);
        let region = region.unwrap_or_else(|| profile.region.to_owned());
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.clone()))
            .credentials_provider(credentials)
            // It would go on with what it was given until just before the end, however early others were to be had.
            .identity_cache(IdentityCache::no_cache())
            .http_client(http)
            .force_path_style(s3.use_path_style.unwrap_or(profile.path_style))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
            // It takes a slow S3 for a dead one while a large body goes up; stalls are watched here instead.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        config.set_endpoint_url(s3.endpoint.clone());
        config.set_use_fips(s3.use_fips.then_some(true));
        config.set_use_dual_stack(s3.use_dualstack.then_some(true));
        let client = Client::from_conf(config.build());
        let object = destination.object.clone();
        let content_type = object.content_type.clone().unwrap_or_else(|| destination.format.content_type().to_owned());
        Self(Arc::new(Shared {
            name: destination.bucket.clone(),
            endpoint: s3.endpoint.clone(),
            profile,
            tagging: tagging(&object),
            object,
            content_type,
            log_requests: s3.log_requests,
            conditional: AtomicBool::new(!destination.no_rotate && destination.path.uses(Variable::Uuid)),
            regional: Mutex::new(Regional { client, region, told: false }),
            renewal: Renewal::new(renew),
            moved: AtomicU64::new(0),
        }))
    }

    /// Bytes of bodies that have been sent, whatever became of them; a moment late.
    pub(crate) fn moved(&self) -> u64 {
        self.0.moved.load(Ordering::Relaxed)
    }

    /// What the bucket's server takes.
    pub(crate) fn profile(&self) -> Profile {
        self.0.profile
    }

    /// The bucket as messages name it, such as `bucket my-lake in eu-central-1`.
    pub(crate) fn place(&self) -> String {
        let name = &self.0.name;
        match &self.0.endpoint {
            Some(endpoint) => format!("bucket {name} at {endpoint}"),
            None => format!("bucket {name} in {}", self.regional().region),
        }
    }

    fn is_conditional(&self, call: Condition) -> bool {
        let offered = match self.0.profile.condition {
            Condition::Never => false,
            Condition::Put => call == Condition::Put,
            Condition::PutAndComplete => true,
        };
        offered && self.0.conditional.load(Ordering::Relaxed)
    }

    /// Whether the next request will differ so that it may succeed where this one, signed for `region`, was refused.
    fn learns(&self, refusal: &Refusal, region: &str, conditional: bool) -> bool {
        if conditional && refusal.of_condition() {
            if self.0.conditional.swap(false, Ordering::Relaxed) {
                tracing::warn!(
                    "{} does not take `If-None-Match: *`: from now on requests are sent without it",
                    self.place()
                );
            }
            return true;
        }
        refusal.elsewhere() && self.learns_region(refusal, region)
    }

    fn learns_region(&self, refusal: &Refusal, asked: &str) -> bool {
        let mut regional = self.regional();
        if regional.region != asked {
            // Another request has learnt it meanwhile.
            return true;
        }
        let Some(region) = refusal.region.as_ref().filter(|region| *region != asked && !regional.told) else {
            return false;
        };
        let config = regional.client.config().to_builder().region(Region::new(region.clone())).build();
        *regional = Regional { client: Client::from_conf(config), region: region.clone(), told: true };
        let name = &self.0.name;
        tracing::warn!("bucket {name} is in {region}, not in {asked}: set [destination] region = \"{region}\"");
        true
    }

    fn regional(&self) -> MutexGuard<'_, Regional> {
        // It is replaced as a whole, so a panic elsewhere doesn't spoil it.
        self.0.regional.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value of `x-amz-tagging`.
fn tagging(object: &ObjectPlan) -> Option<String> {
    let escaped = |text| utf8_percent_encode(text, ESCAPED);
    let pairs: Vec<String> =
        object.tags.iter().map(|(key, value)| format!("{}={}", escaped(key), escaped(value))).collect();
    (!pairs.is_empty()).then(|| pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_one_query() {
        let mut object = ObjectPlan::default();
        assert_eq!(tagging(&object), None);
        object.tags = [("team", "data & more"), ("été", "a=b+c")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into_iter()
            .collect();
        assert_eq!(tagging(&object).as_deref(), Some("team=data%20%26%20more&%C3%A9t%C3%A9=a%3Db%2Bc"));
    }
}
