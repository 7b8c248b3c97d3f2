//! What AWS can be asked by whoever has signed in, beside who that is: its regions, and for a role with no more rights than a
//! policy gives.

use std::time::Duration;

use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::S3Plan,
    untrusted::excerpt,
};

use crate::{
    error::{SourceError, code_of},
    server_clock::ServerClock,
    session::{Keys, Session, Signing},
};

/// How long it may take to be told the regions: nothing depends on it.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the question for the account's regions was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Regions {
    /// So many regions.
    Listed(usize),
    /// That these credentials, which are good, may not ask.
    NotAllowed,
    /// Nothing that says anything of the credentials: why.
    Unknown(String),
}

impl Signing {
    /// Asks for the account's regions (`account:ListRegions`), with which AWS's documentation lets one see whether a sign-in works.
    /// `arn` is whose the keys are, which says where to ask when no region is set.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when the keys are refused.
    pub async fn regions(&self, keys: &Keys, arn: &str, clock: &ServerClock) -> Result<Regions, Failure> {
        let client = self.tools(self.http(None)?).account(keys.credentials(), arn);
        let call = client.list_regions().max_results(50).customize().interceptor(clock.clone());
        let Ok(answer) = tokio::time::timeout(PATIENCE, call.send()).await else {
            return Ok(Regions::Unknown(format!("no answer within {} s", PATIENCE.as_secs())));
        };
        let error = match answer {
            Ok(answer) => return Ok(Regions::Listed(answer.regions().len())),
            Err(error) => error,
        };
        let code = code_of(&error).to_owned();
        if code.starts_with("AccessDenied") {
            return Ok(Regions::NotAllowed);
        }
        let what = "AWS does not take these credentials";
        let refused =
            ["UnrecognizedClient", "InvalidSignature", "ExpiredToken", "InvalidClientTokenId", "IncompleteSignature"];
        if refused.iter().any(|refused| code.starts_with(refused)) {
            let failure = SourceError::of_service(what, error, "renew these keys, or choose others").failure();
            return Err(Failure { kind: FailureKind::Denied, ..failure });
        }
        Ok(Regions::Unknown(match error.as_service_error().and_then(ProvideErrorMetadata::message) {
            Some(message) => format!("{}: {}", excerpt(&code, 80), excerpt(message, 200)),
            None => SourceError::of_service("it can't be asked", error, "").what,
        }))
    }

    /// Opens a session with the same credentials, but with no more rights than a session policy (JSON) gives them: a role is assumed
    /// again. The reason, where the credentials are not such that this can be done.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn restricted(&self, policy: &str, s3: &S3Plan) -> Result<Result<Session, &'static str>, Failure> {
        match self.resolution.found()?.source.restricted(policy) {
            Ok(source) => self.session(source, s3).await.map(Ok),
            Err(reason) => Ok(Err(reason)),
        }
    }
}
