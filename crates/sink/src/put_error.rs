//! What a failed request means: whether to try again, and if not, what to tell.

use std::{error::Error, time::Duration};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::SdkError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use lakeward_core::{
    failure::{FailureKind, find_cause, told},
    untrusted::excerpt,
};

use crate::refusal::{Asked, Refusal, Verdict};

/// The most characters of an error that are told.
const MOST_TOLD: usize = 400;

/// One failed try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PutError {
    /// What happened, in one line.
    pub(crate) cause: String,
    /// Whether the server answered at all.
    pub(crate) answered: bool,
    /// Whether the server asks for fewer requests.
    pub(crate) slow_down: bool,
    /// Whether S3 may have done what was asked all the same: it was sent whole, and no answer says that it was refused.
    pub(crate) may_be_done: bool,
    /// How long bytes of a body moved.
    pub(crate) moving: Duration,
    /// What the server answered, where that is an error of S3.
    pub(crate) refusal: Option<Box<Refusal>>,
    /// What to do about it.
    pub(crate) verdict: Verdict,
}

impl PutError {
    /// A status of success with an error in the body.
    pub(crate) fn error_in_success(body: &str) -> Self {
        Self {
            cause: format!("the server answered 200 with an error in the body: {}", excerpt(body, 300)),
            answered: true,
            slow_down: body.contains("<Code>SlowDown<"),
            may_be_done: true,
            moving: Duration::ZERO,
            refusal: None,
            verdict: Verdict::Again,
        }
    }

    /// A status of success without what S3 always says with it: an entity tag, or an upload's id.
    pub(crate) fn no_s3(lacks: &str) -> Self {
        let advice = "check [destination] endpoint: is it an S3 server's address, or a proxy's page?";
        Self {
            cause: format!("the server answered with success, but not as S3 does (there is no {lacks})"),
            answered: true,
            slow_down: false,
            may_be_done: true,
            moving: Duration::ZERO,
            refusal: None,
            verdict: Verdict::Never(FailureKind::Destination, advice.into()),
        }
    }

    /// Nothing moved for so long.
    pub(crate) fn stalled(time: Duration, sent_whole: bool) -> Self {
        let cause = format!("the upload stood still for {} s", time.as_secs());
        Self { cause, answered: false, may_be_done: sent_whole, ..Self::unknown() }
    }

    /// Nothing is known but that it is tried again.
    fn unknown() -> Self {
        Self {
            cause: String::new(),
            answered: false,
            slow_down: false,
            may_be_done: false,
            moving: Duration::ZERO,
            refusal: None,
            verdict: Verdict::Again,
        }
    }

    /// The server answered with an error.
    pub(crate) fn refused(refusal: Refusal, asked: &Asked, sent_whole: bool) -> Self {
        Self {
            cause: refusal.to_string(),
            answered: true,
            slow_down: refusal.slow_down(),
            may_be_done: sent_whole && refusal.leaves_doubt(),
            moving: Duration::ZERO,
            verdict: refusal.verdict(asked),
            refusal: Some(Box::new(refusal)),
        }
    }

    /// No answer that could be understood.
    pub(crate) fn unanswered<E: Error + 'static>(error: &SdkError<E>, sent_whole: bool) -> Self {
        let cause = told(error, MOST_TOLD);
        let verdict = if credentials_may_come(error) {
            Verdict::Again
        } else if find_cause::<CredentialsError>(error).is_some() {
            Verdict::Never(FailureKind::Denied, "sign in again, or check the credentials that [auth] names".into())
        } else if cause.contains("invalid peer certificate") {
            let advice = "trust its authority with AWS_CA_BUNDLE, or, for a server of your own, set endpoint_skip_tls_verify = true";
            Verdict::Never(FailureKind::Destination, advice.into())
        } else if matches!(error, SdkError::ConstructionFailure(_)) {
            Verdict::Never(FailureKind::Usage, "check bucket, region and endpoint in [destination]".into())
        } else {
            Verdict::Again
        };
        let answered = matches!(error, SdkError::ResponseError(_));
        Self { cause, answered, may_be_done: sent_whole, verdict, ..Self::unknown() }
    }
}

/// Whether credentials are missing only because the network to where they come from failed: the run had some before.
fn credentials_may_come(error: &(dyn Error + 'static)) -> bool {
    find_cause::<CredentialsError>(error).is_some_and(|credentials| {
        matches!(credentials, CredentialsError::ProviderTimedOut(_))
            || find_cause::<ConnectorError>(credentials).is_some()
    })
}
