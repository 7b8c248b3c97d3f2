//! From the plan's storage to a bucket that can be written: S3 over the network, or the S3 server in this process. Both are
//! reached in the same way, through signed requests.

use lakeward_auth::{Environment, HttpClientOptions, Session, Signing, http_client, known_keys};
use lakeward_core::{
    config::endpoint_fault,
    event::Observer,
    failure::{Failure, FailureKind},
    plan::{Plan, S3Plan, Storage as StoragePlan},
    untrusted::printable,
};
use lakeward_loopback::{EmbeddedS3, Options};
use lakeward_sink::{Bucket, BucketOptions, Renew};

use crate::{
    console::shown,
    run::waiting::{credentials, waiting},
};

/// A bucket that can be written.
pub(crate) struct Storage {
    /// The bucket.
    pub(crate) bucket: Bucket,
    embedded: Option<EmbeddedS3>,
}

impl Storage {
    /// Signs in with what the environment leads to, or starts the server.
    /// The observer is told of the credentials, where they take their time.
    pub(crate) async fn open(plan: &Plan, environment: &Environment, observer: &dyn Observer) -> Result<Self, Failure> {
        match &plan.destination.storage {
            StoragePlan::S3(s3) => {
                let signing = Signing::plan(&plan.auth, environment.clone())?;
                let mut s3 = s3.clone();
                if let Some(note) = set_endpoint(&mut s3, &signing)? {
                    tracing::info!("{note}");
                }
                let signing = signing.in_region_of(&s3);
                let session = waiting(observer, Some(credentials(&signing)), signing.open(&s3)).await?;
                Ok(Self { bucket: over_network(plan, &s3, session), embedded: None })
            }
            StoragePlan::Embedded { dir } => {
                let prefix = plan.destination.path.prefix();
                let server = EmbeddedS3::start(Options::new(dir, &plan.destination.bucket, prefix)).await?;
                embedded(plan, server)
            }
        }
    }

    /// Ends the server, if there is one; tells how many calls its policy denied.
    pub(crate) async fn close(self) -> Option<u64> {
        let server = self.embedded?;
        let denied = server.calls().denied;
        server.stop().await;
        Some(denied)
    }
}

/// The plan with the endpoint that the environment or the AWS files set for S3, as the AWS tools take it, where the plan has none; and
/// that it is so, in words.
///
/// # Errors
/// When what is set is no URL of a server, or the AWS files can't be read.
pub(crate) fn located(mut plan: Plan, environment: &Environment) -> Result<(Plan, Option<String>), Failure> {
    let note = match &mut plan.destination.storage {
        StoragePlan::S3(s3) => set_endpoint(s3, &Signing::plan(&plan.auth, environment.clone())?)?,
        StoragePlan::Embedded { .. } => None,
    };
    Ok((plan, note))
}

fn set_endpoint(s3: &mut S3Plan, signing: &Signing) -> Result<Option<String>, Failure> {
    let Some(endpoint) = signing.s3_endpoint().filter(|_| s3.is_open()) else { return Ok(None) };
    let (url, origin) = (endpoint.value, endpoint.origin);
    if let Some((what, hint)) = endpoint_fault(&url) {
        let what = format!("the S3 endpoint of {origin} can't be taken: {what}");
        return Err(Failure::new(FailureKind::Usage, what).next(hint));
    }
    let note = format!("S3 is at {}, as {origin} says, for the config names no endpoint", printable(&url));
    s3.set_endpoint(url);
    Ok(Some(note))
}

/// What stands before an object's key to make it a URL or a path, such as `s3://my-lake/` or `/data/lake/my-lake/`.
pub(crate) fn place(plan: &Plan) -> String {
    let bucket = &plan.destination.bucket;
    match &plan.destination.storage {
        StoragePlan::S3(_) => format!("s3://{bucket}/"),
        StoragePlan::Embedded { dir } => format!("{}/", shown(&dir.join(bucket))),
    }
}

/// The bucket, written with a session's credentials.
pub(crate) fn over_network(plan: &Plan, s3: &S3Plan, session: Session) -> Bucket {
    let renewing = session.renewing;
    Bucket::new(BucketOptions {
        destination: &plan.destination,
        s3,
        region: session.region,
        credentials: session.credentials,
        renew: Some(Renew::new(move |refused| {
            let renewing = renewing.clone();
            async move {
                renewing.renew(&refused).await.unwrap_or_else(|failure| {
                    tracing::warn!(%failure, "the credentials have expired and can't be renewed");
                    false
                })
            }
        })),
        http: session.http,
    })
}

fn embedded(plan: &Plan, server: EmbeddedS3) -> Result<Storage, Failure> {
    let http = http_client(&HttpClientOptions::default())
        .map_err(|error| Failure::new(FailureKind::Bug, format!("no HTTP client: {error}")))?;
    let bucket = Bucket::new(BucketOptions {
        destination: &plan.destination,
        s3: &S3Plan { endpoint: Some(server.endpoint().to_owned()), use_path_style: Some(true), ..S3Plan::default() },
        region: Some(server.region().to_owned()),
        credentials: known_keys(server.access_key_id(), server.secret_access_key()),
        renew: None,
        http,
    });
    Ok(Storage { bucket, embedded: Some(server) })
}
