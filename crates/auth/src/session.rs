//! From a plan's choice to what a client of an AWS service is built with.

use std::{fmt, sync::Arc, time::SystemTime};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::{AuthPlan, S3Plan, Vendor},
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    aws_files::AwsFiles,
    endpoints::endpoint,
    environment::Environment,
    error::SourceError,
    http_client::{HttpClientOptions, http_client},
    link::Source,
    origin::{Origin, Setting},
    place::Place,
    region::fault,
    renewing::Renewing,
    resolution::{self, Resolution},
    server_clock::ServerClock,
    step::Step,
    tools::Tools,
};

/// What a client of any AWS service is built with.
#[derive(Clone, Debug)]
pub struct Session {
    /// The credentials that the plan chose. A client must not keep them on its own (no identity cache): they are kept, and
    /// renewed in time, here.
    pub credentials: SharedCredentialsProvider,
    /// The same credentials, for a client whose keys a server refused as expired.
    pub renewing: Renewing,
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
    /// [`FailureKind::Denied`] when there are no credentials; [`FailureKind::Destination`] when the service that issues them
    /// can't be reached; [`FailureKind::Usage`] when the CA bundle can't be used.
    pub async fn open(auth: &AuthPlan, s3: &S3Plan) -> Result<Self, Failure> {
        Signing::plan(auth, Environment::real())?.in_region_of(s3).open(s3).await
    }

    /// The credentials at hand.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn keys(&self) -> Result<Keys, Failure> {
        Keys::of(&self.renewing).await.map_err(NoKeys::failure)
    }
}

/// Credentials that are known already, such as those of the embedded S3.
#[must_use]
pub fn known_keys(access_key_id: &str, secret_access_key: &SecretString) -> SharedCredentialsProvider {
    let secret = secret_access_key.expose_secret();
    SharedCredentialsProvider::new(Credentials::new(access_key_id, secret, None, None, "known keys"))
}

/// A resolution with what it was made from: what a run uses, and what `auth explain` shows before and after it is carried out.
pub struct Signing {
    /// What was decided.
    pub resolution: Resolution,
    pub(crate) environment: Environment,
    pub(crate) files: AwsFiles,
}

/// Credentials for other programs.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The access key id.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: SecretString,
    /// The session token of temporary keys.
    pub session_token: Option<SecretString>,
    /// Until when they are good.
    pub expires: Option<SystemTime>,
    /// Whether there will be others by themselves.
    pub renews: bool,
}

impl Keys {
    async fn of(renewing: &Renewing) -> Result<Self, NoKeys> {
        let credentials = renewing.current().await.map_err(|error| match error.has_no_role {
            true => NoKeys::NoRole(error.failure()),
            false => NoKeys::Other(error.failure()),
        })?;
        Ok(Self {
            access_key_id: credentials.access_key_id().to_owned(),
            secret_access_key: credentials.secret_access_key().into(),
            session_token: credentials.session_token().map(Into::into),
            expires: credentials.expiry(),
            renews: renewing.renews(),
        })
    }

    pub(crate) fn credentials(&self) -> Credentials {
        let token = self.session_token.as_ref().map(|token| token.expose_secret().to_owned());
        let secret = self.secret_access_key.expose_secret();
        Credentials::new(&self.access_key_id, secret, token, self.expires, "known keys")
    }
}

/// Why there are no credentials.
#[derive(Debug)]
pub enum NoKeys {
    /// This is an instance, and it has no role.
    NoRole(Failure),
    /// Anything else.
    Other(Failure),
}

impl NoKeys {
    /// The same as what ends a run.
    #[must_use]
    pub fn failure(self) -> Failure {
        match self {
            Self::NoRole(failure) | Self::Other(failure) => failure,
        }
    }
}

/// Whose credentials they are, as STS says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: String,
    /// The user, role session or account.
    pub arn: String,
}

impl Identity {
    /// Whether it is the account's root user, which should have no keys.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.arn.ends_with(":root")
    }
}

impl Signing {
    /// Decides, without running or asking anything.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when the AWS files can't be read.
    pub fn plan(auth: &AuthPlan, environment: Environment) -> Result<Self, Failure> {
        let files = AwsFiles::read(&environment).map_err(|broken| broken.failure(FailureKind::Denied))?;
        let resolution = resolution::resolve(auth, &environment, &files);
        Ok(Self { resolution, environment, files })
    }

    /// The same; where nothing but the bucket's place in AWS says a region, AWS's other services are asked there too.
    #[must_use]
    pub fn in_region_of(mut self, s3: &S3Plan) -> Self {
        let region = s3.region.as_ref().filter(|_| s3.vendor == Vendor::Aws);
        let region = region.map(|region| Setting::of("region", region, Origin::Destination));
        self.resolution.region = self.resolution.region.or(region);
        self
    }

    /// The endpoint of S3 that the environment or the AWS files set, for a destination that names none: the first of
    /// `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the profile's `services` section and its `endpoint_url`.
    #[must_use]
    pub fn s3_endpoint(&self) -> Option<Setting> {
        let profile = self.resolution.profile.as_ref().and_then(|profile| self.files.profiles.get(&profile.value));
        let endpoint = endpoint(&self.environment, &self.files, profile, ("AWS_ENDPOINT_URL_S3", "s3"))?;
        Some(Setting::new("endpoint_url", &endpoint))
    }

    /// The same choice in another environment.
    ///
    /// # Errors
    /// As [`Signing::plan`].
    pub fn elsewhere(auth: &AuthPlan, environment: Environment) -> Result<Resolution, Failure> {
        Ok(Self::plan(auth, environment)?.resolution)
    }

    /// Gets the credentials.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when there are none; [`FailureKind::Destination`] when the service that issues them can't be
    /// reached.
    pub async fn keys(&self) -> Result<Keys, Failure> {
        self.keys_or_why().await.map_err(NoKeys::failure)
    }

    /// The same, for whoever goes on differently where an instance has no role.
    ///
    /// # Errors
    /// As [`Signing::keys`].
    pub async fn keys_or_why(&self) -> Result<Keys, NoKeys> {
        let http = self.http(None).map_err(NoKeys::Other)?;
        Keys::of(&self.renewing(http).map_err(NoKeys::Other)?).await
    }

    /// Opens a session for an S3, as [`Session::open`] does.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn open(&self, s3: &S3Plan) -> Result<Session, Failure> {
        self.session(self.resolution.found()?.source.clone(), s3).await
    }

    pub(crate) async fn session(&self, source: Arc<dyn Source>, s3: &S3Plan) -> Result<Session, Failure> {
        if s3.region.is_none() && s3.vendor == Vendor::Aws {
            self.usable_region()?;
        }
        let unverified_endpoint = s3.endpoint.as_deref().filter(|_| s3.skip_tls_verify);
        let http = self.http(unverified_endpoint)?;
        self.usable_region_for(source.as_ref())?;
        let renewing = Renewing::new(source, self.tools(http.clone()));
        renewing.current().await.map_err(|error| error.failure())?;
        let region = s3.region.clone().or_else(|| self.resolution.region.as_ref().map(|region| region.value.clone()));
        Ok(Session { credentials: SharedCredentialsProvider::new(renewing.clone()), renewing, region, http })
    }

    /// Asks STS whose credentials these are, and `clock` sees the time that it answers with. Every identity may ask that.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when STS refuses them, [`FailureKind::Destination`] when it can't be asked.
    pub async fn identity(&self, keys: &Keys, clock: &ServerClock) -> Result<Identity, Failure> {
        // Nothing is wrong with the credentials themselves.
        self.usable_region().map_err(|failure| Failure { kind: FailureKind::Destination, ..failure })?;
        let sts = self.tools(self.http(None)?).sts(Some(keys.credentials()), "");
        let call = sts.get_caller_identity().customize().interceptor(clock.clone());
        let answer = call.send().await.map_err(|error| {
            let answered = error.as_service_error().is_some();
            let next = match self.resolution.decided().map(|link| link.place) {
                Some(Place::Environment) => {
                    "renew the keys in the environment, or unset AWS_ACCESS_KEY_ID where others are meant"
                }
                _ => "renew these keys, or choose others",
            };
            let failure =
                SourceError::of_service("STS does not say whose these credentials are", error, next).failure();
            Failure { kind: if answered { FailureKind::Denied } else { FailureKind::Destination }, ..failure }
        })?;
        Ok(Identity { account: answer.account.unwrap_or_default(), arn: answer.arn.unwrap_or_default() })
    }

    /// That the region is one, where AWS's services are asked in it.
    fn usable_region(&self) -> Result<(), Failure> {
        match self.resolution.region.as_ref().and_then(fault) {
            None => Ok(()),
            Some(broken) => Err(broken.failure(FailureKind::Denied)),
        }
    }

    /// The same, where the credentials themselves are asked for in it.
    fn usable_region_for(&self, source: &dyn Source) -> Result<(), Failure> {
        if source.needs().iter().any(Step::is_for_sts) { self.usable_region() } else { Ok(()) }
    }

    pub(crate) fn http(&self, unverified_endpoint: Option<&str>) -> Result<SharedHttpClient, Failure> {
        let profile = self.resolution.profile.as_ref().and_then(|profile| self.files.profiles.get(&profile.value));
        let bundle = self.environment.get("AWS_CA_BUNDLE").or_else(|| profile?.get("ca_bundle"));
        let bundle = bundle.map(|path| self.environment.expand(path));
        http_client(&HttpClientOptions { ca_bundle: bundle.as_deref(), unverified_endpoint }).map_err(|error| {
            Failure::new(FailureKind::Usage, error.to_string()).next("mend AWS_CA_BUNDLE or the profile's ca_bundle")
        })
    }

    fn renewing(&self, http: SharedHttpClient) -> Result<Renewing, Failure> {
        let source = self.resolution.found()?.source.clone();
        self.usable_region_for(source.as_ref())?;
        Ok(Renewing::new(source, self.tools(http)))
    }

    pub(crate) fn tools(&self, http: SharedHttpClient) -> Tools {
        let Resolution { profile, region, .. } = &self.resolution;
        Tools::new(&self.environment, &self.files, profile.as_ref(), region.as_ref(), http)
    }
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signing").field("resolution", &self.resolution).finish_non_exhaustive()
    }
}
