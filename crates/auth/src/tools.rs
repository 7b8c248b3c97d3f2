//! What sources work with: the time, the HTTP client, clients of the AWS services that issue credentials, and places of caches.

use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sdk_signin::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sdk_sts::config::{
    BehaviorVersion, Region, SharedCredentialsProvider, StalledStreamProtectionConfig, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_smithy_runtime_api::{box_error::BoxError, client::http::SharedHttpClient};
use lakeward_core::untrusted::{excerpt, printable};

use crate::{aws_files::AwsFiles, endpoints::endpoint, environment::Environment, error::SourceError, origin::Setting};

/// How long one call may take, and a connection to open.
const CALL: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(5);

/// How long another process may hold the lock of a cache's file. A renewal is one call of at most [`CALL`].
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// The endpoints that are set for the services that issue credentials.
#[derive(Clone, Debug, Default)]
struct Endpoints {
    sts: Option<String>,
    account: Option<String>,
    portal: Option<String>,
    oidc: Option<String>,
    signin: Option<String>,
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) environment: Environment,
    pub(crate) http: SharedHttpClient,
    /// Tells the time.
    pub(crate) clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    /// How long another process may hold the lock of a cache's file.
    pub(crate) lock_wait: Duration,
    region: Option<String>,
    endpoints: Endpoints,
    use_fips: Option<bool>,
    use_dual_stack: Option<bool>,
}

impl Tools {
    pub(crate) fn new(
        environment: &Environment,
        files: &AwsFiles,
        profile: Option<&Setting>,
        region: Option<&Setting>,
        http: SharedHttpClient,
    ) -> Self {
        let profile = profile.and_then(|profile| files.profiles.get(&profile.value));
        let url = |service| endpoint(environment, files, profile, service).map(|value| value.text);
        let is_true = |variable, key| {
            let said = environment.get(variable).or_else(|| profile?.get(key));
            said.map(|text| text.eq_ignore_ascii_case("true"))
        };
        Self {
            http,
            clock: Arc::new(SystemTime::now),
            lock_wait: LOCK_WAIT,
            region: region.map(|region| region.value.clone()),
            endpoints: Endpoints {
                sts: url(("AWS_ENDPOINT_URL_STS", "sts")),
                account: url(("AWS_ENDPOINT_URL_ACCOUNT", "account")),
                portal: url(("AWS_ENDPOINT_URL_SSO", "sso")),
                oidc: url(("AWS_ENDPOINT_URL_SSO_OIDC", "sso_oidc")),
                signin: url(("AWS_ENDPOINT_URL_SIGNIN", "signin")),
            },
            use_fips: is_true("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
            use_dual_stack: is_true("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"),
            environment: environment.clone(),
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// The region of the environment or the profile, where one is set.
    pub(crate) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// A file below the home; nothing where there is no home.
    pub(crate) fn in_home(&self, relative: &str) -> Option<PathBuf> {
        Some(self.environment.home()?.join(relative))
    }

    /// STS in the region at hand, else in the first one of the ARN's partition; unsigned without credentials.
    pub(crate) fn sts(&self, credentials: Option<Credentials>, arn: &str) -> aws_sdk_sts::Client {
        let region = self.region.clone().unwrap_or_else(|| first_region(arn).to_owned());
        let mut config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .http_client(self.http.clone())
            .timeout_config(timeouts())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(self.endpoints.sts.clone());
        config.set_use_fips(self.use_fips);
        config.set_use_dual_stack(self.use_dual_stack);
        config.set_credentials_provider(credentials.map(SharedCredentialsProvider::new));
        aws_sdk_sts::Client::from_conf(config.build())
    }

    /// Account Management, in the region in which STS is asked.
    pub(crate) fn account(&self, credentials: Credentials, arn: &str) -> aws_sdk_account::Client {
        let region = self.region.clone().unwrap_or_else(|| first_region(arn).to_owned());
        let mut config = aws_sdk_account::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .http_client(self.http.clone())
            .timeout_config(timeouts())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .credentials_provider(SharedCredentialsProvider::new(credentials));
        config.set_endpoint_url(self.endpoints.account.clone());
        config.set_use_fips(self.use_fips);
        aws_sdk_account::Client::from_conf(config.build())
    }

    /// The access portal of IAM Identity Center.
    pub(crate) fn portal(&self, region: &str) -> aws_sdk_sso::Client {
        let mut config = aws_sdk_sso::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(self.http.clone())
            .timeout_config(timeouts())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(self.endpoints.portal.clone());
        config.set_use_fips(self.use_fips);
        config.set_use_dual_stack(self.use_dual_stack);
        aws_sdk_sso::Client::from_conf(config.build())
    }

    /// IAM Identity Center's OIDC. Nothing is tried again: a refresh token may be good for one call only.
    pub(crate) fn oidc(&self, region: &str) -> aws_sdk_ssooidc::Client {
        let mut config = aws_sdk_ssooidc::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(self.http.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(self.endpoints.oidc.clone());
        config.set_use_fips(self.use_fips);
        config.set_use_dual_stack(self.use_dual_stack);
        aws_sdk_ssooidc::Client::from_conf(config.build())
    }

    /// Where IAM Identity Center's OIDC is, without a slash at its end: a browser is sent there too.
    pub(crate) async fn oidc_url(&self, region: &str) -> Option<String> {
        use aws_sdk_ssooidc::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
        let params = Params::builder()
            .region(region)
            .use_fips(self.use_fips.unwrap_or(false))
            .use_dual_stack(self.use_dual_stack.unwrap_or(false))
            .set_endpoint(self.endpoints.oidc.clone())
            .build()
            .ok()?;
        let resolver = DefaultResolver::new();
        let endpoint = ResolveEndpoint::resolve_endpoint(&resolver, &params).await.ok()?;
        Some(endpoint.url().trim_end_matches('/').to_owned())
    }

    /// Whether another server than AWS's own is set for it.
    pub(crate) fn has_own_oidc(&self) -> bool {
        self.endpoints.oidc.is_some()
    }

    /// Console sign-in. Nothing is tried again, as with OIDC.
    pub(crate) fn signin(&self, region: &str) -> aws_sdk_signin::Client {
        let mut config = aws_sdk_signin::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(self.http.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url(self.endpoints.signin.clone());
        aws_sdk_signin::Client::from_conf(config.build())
    }
}

impl Tools {
    /// Where browsers and token calls of console sign-ins go, without a slash at the end.
    pub(crate) async fn signin_url(&self, region: &str) -> Result<String, SourceError> {
        let url = match &self.endpoints.signin {
            Some(url) => url.clone(),
            None => signin_url(region).await.map_err(|error| {
                let what = format!("there is no console sign-in in {}", printable(region));
                SourceError::new(format!("{what}: {}", excerpt(&error.to_string(), 200)), "check --region")
            })?,
        };
        Ok(url.trim_end_matches('/').to_owned())
    }
}

/// AWS's own, by the rules of its SDK.
async fn signin_url(region: &str) -> Result<String, BoxError> {
    let params =
        Params::builder().region(region).is_control_plane(false).use_fips(false).use_dual_stack(false).build()?;
    let endpoint = ResolveEndpoint::resolve_endpoint(&DefaultResolver::new(), &params).await?;
    Ok(endpoint.url().to_owned())
}

impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tools").field("region", &self.region).finish_non_exhaustive()
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(CALL).build()
}

/// Where STS is asked when nothing names a region.
fn first_region(arn: &str) -> &'static str {
    match arn.split(':').nth(1) {
        Some("aws-cn") => "cn-north-1",
        Some("aws-us-gov") => "us-gov-west-1",
        Some("aws-eusc") => "eusc-de-east-1",
        _ => "us-east-1",
    }
}
