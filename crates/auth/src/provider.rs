//! From the plan's choice to credentials.

use aws_config::{
    default_provider::credentials::DefaultCredentialsChain, environment::EnvironmentVariableCredentialsProvider,
    profile::ProfileFileCredentialsProvider, provider_config::ProviderConfig,
};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::region::Region;
use lakeward_core::{
    failure::{Failure, FailureKind, told},
    plan::{AuthPlan, S3Plan},
    untrusted::printable,
};

use secrecy::{ExposeSecret, SecretString};

use crate::{
    http_client::{HttpClientOptions, http_client},
    shared_files::{MOST_TOLD, SharedFiles},
};

/// Where roles are assumed when no region is set. The bucket says its region by itself; AWS STS does not.
const STS_REGION: &str = "us-east-1";

/// What a client of any AWS service is built with.
#[derive(Clone, Debug)]
pub struct Session {
    /// The credentials that the plan chose.
    pub credentials: SharedCredentialsProvider,
    /// The region of the environment or the profile, where one is set.
    pub region: Option<String>,
    /// The HTTP client.
    pub http: SharedHttpClient,
}

impl Session {
    /// Opens a session and gets its credentials once, so that a run that could not sign its first call ends before it reads
    /// its first row.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when there are no credentials; [`FailureKind::Usage`] when the CA bundle can't be used.
    pub async fn open(auth: &AuthPlan, s3: &S3Plan) -> Result<Self, Failure> {
        let files = SharedFiles::read().await?;
        let profile = match auth {
            AuthPlan::Profile(name) => known_profile(name, &files)?,
            AuthPlan::Chain | AuthPlan::Env => files.selected(),
        };
        let ca_bundle = files.ca_bundle(profile);
        let unverified_endpoint = s3.endpoint.as_deref().filter(|_| s3.skip_tls_verify);
        let http = http_client(&HttpClientOptions { ca_bundle: ca_bundle.as_deref(), unverified_endpoint }).map_err(
            |error| {
                Failure::new(FailureKind::Usage, error.to_string())
                    .next("mend AWS_CA_BUNDLE or the profile's ca_bundle")
            },
        )?;
        let region = s3.region.clone().or_else(|| files.region(profile));
        let sts_region = region.clone().unwrap_or_else(|| STS_REGION.to_owned());
        let provider = provider(auth, sts_region, &http).await;
        if let Err(error) = provider.provide_credentials().await {
            return Err(no_credentials(auth, &files, &told(&error, MOST_TOLD)));
        }
        Ok(Self { credentials: provider, region, http })
    }
}

/// Credentials that are known already, such as those of the embedded S3.
#[must_use]
pub fn known_keys(access_key_id: &str, secret_access_key: &SecretString) -> SharedCredentialsProvider {
    let secret = secret_access_key.expose_secret();
    SharedCredentialsProvider::new(Credentials::new(access_key_id, secret, None, None, "known keys"))
}

async fn provider(auth: &AuthPlan, region: String, http: &SharedHttpClient) -> SharedCredentialsProvider {
    let region = Some(Region::new(region));
    let config = ProviderConfig::default().with_http_client(http.clone()).with_region(region.clone());
    match auth {
        AuthPlan::Chain => {
            let chain = DefaultCredentialsChain::builder().configure(config).region(region);
            SharedCredentialsProvider::new(chain.build().await)
        }
        AuthPlan::Env => SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        AuthPlan::Profile(name) => {
            let profile = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(name);
            SharedCredentialsProvider::new(profile.build())
        }
    }
}

fn known_profile<'a>(name: &'a str, files: &SharedFiles) -> Result<&'a str, Failure> {
    let profiles = files.profiles();
    if profiles.contains(&name) {
        return Ok(name);
    }
    let what = format!("there is no profile `{}` in the shared AWS files", printable(name));
    let next = if profiles.is_empty() {
        "the files hold no profile at all; `aws configure` makes one".to_owned()
    } else {
        format!("set [auth] profile to one of: {}", printable(&profiles.join(", ")))
    };
    Err(Failure::new(FailureKind::Denied, what).next(next))
}

fn no_credentials(auth: &AuthPlan, files: &SharedFiles, cause: &str) -> Failure {
    let (what, next) = match auth {
        AuthPlan::Env => (
            format!("no AWS credentials in the environment: {cause}"),
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary keys)".to_owned(),
        ),
        AuthPlan::Profile(name) => (
            format!("profile `{}` gives no credentials: {cause}", printable(name)),
            "mend the profile, or sign in to it (`aws sso login`), then run again".to_owned(),
        ),
        AuthPlan::Chain => (
            format!(
                "no AWS credentials found in the environment, profile `{}`, or a role of this machine: {cause}",
                printable(files.selected())
            ),
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or [auth] method and profile in the config".to_owned(),
        ),
    };
    Failure::new(FailureKind::Denied, what).next(next)
}
