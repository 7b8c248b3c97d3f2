//! What a failed PutObject means: whether to try again, and if not, what to tell.

use std::{error::Error, time::Duration};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::{
    error::{ProvideErrorMetadata, SdkError},
    operation::put_object::PutObjectError,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use lakeward_core::{
    failure::{FailureKind, find_cause, told},
    untrusted::excerpt,
};

/// The most characters of an error that are told.
const MOST_TOLD: usize = 400;

// The embedded S3's own error codes, for what S3 has none (see the crate `lakeward-loopback`).
const DISK_FULL: &str = "InsufficientStorage";
const NOT_WRITABLE: &str = "StorageNotWritable";
const KEY_CONFLICT: &str = "KeyFolderConflict";

/// One failed try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PutError {
    /// What happened, in one line.
    pub(crate) cause: String,
    /// Whether the server answered at all.
    pub(crate) answered: bool,
    /// Whether S3 may have the object all the same: it was sent whole, and no answer says that it was refused.
    pub(crate) may_have_landed: bool,
    /// What to do about it.
    pub(crate) verdict: Verdict,
}

/// What to do about a failed try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may pass: the same object is put again.
    Again,
    /// It will not: the run ends with this kind of failure and this advice.
    Never(FailureKind, String),
}

impl PutError {
    /// A status of success with an error in the body.
    pub(crate) fn error_in_success() -> Self {
        Self {
            cause: "the server answered 200 with an error in the body".into(),
            answered: true,
            may_have_landed: true,
            verdict: Verdict::Again,
        }
    }

    /// A status of success without the entity tag that S3 gives every object.
    pub(crate) fn no_s3() -> Self {
        let advice = "check [destination] endpoint: is it an S3 server's address, or a proxy's page?";
        Self {
            cause: "the server answered with success, but not as S3 does (there is no ETag)".into(),
            answered: true,
            may_have_landed: true,
            verdict: Verdict::Never(FailureKind::Destination, advice.into()),
        }
    }

    /// Nothing moved for so long.
    pub(crate) fn stalled(time: Duration, sent_whole: bool) -> Self {
        let cause = format!("the upload stood still for {} s", time.as_secs());
        Self { cause, answered: false, may_have_landed: sent_whole, verdict: Verdict::Again }
    }

    pub(crate) fn from_sdk(error: &SdkError<PutObjectError>, sent_whole: bool) -> Self {
        if let SdkError::ServiceError(service) = error {
            let raw = service.raw();
            let region = raw.headers().get("x-amz-bucket-region");
            let code = service.err().code().unwrap_or_default();
            let status = raw.status().as_u16();
            let error = Self::answer(status, code, service.err().message().unwrap_or_default(), region);
            // A server can fail after it has stored the object.
            return Self { may_have_landed: sent_whole && status >= 500, ..error };
        }
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
        Self { cause, answered: matches!(error, SdkError::ResponseError(_)), may_have_landed: sent_whole, verdict }
    }

    /// Judges an answer by its status and S3's error code (Amazon S3 API reference, "Error responses").
    fn answer(status: u16, code: &str, message: &str, region: Option<&str>) -> Self {
        let cause = match (code, message) {
            ("", "") => format!("the server answered {status}"),
            ("", text) => format!("the server answered {status}: {}", excerpt(text, 300)),
            (code, "") => format!("the server answered {status} {}", excerpt(code, 80)),
            (code, text) => format!("the server answered {status} {}: {}", excerpt(code, 80), excerpt(text, 300)),
        };
        Self { cause, answered: true, may_have_landed: false, verdict: verdict(status, code, region) }
    }
}

fn verdict(status: u16, code: &str, region: Option<&str>) -> Verdict {
    use FailureKind::{Denied, Destination, Partial};
    let never = |kind, advice: &str| Verdict::Never(kind, advice.into());
    match (status, code) {
        (_, DISK_FULL) => never(Partial, "make room, then run again"),
        (_, NOT_WRITABLE) => never(Destination, "let this user write to [destination] dir, or choose another"),
        (_, KEY_CONFLICT) => never(
            Destination,
            "an object there stands where this one needs a folder, or the other way round: change [destination] path",
        ),
        (_, "ExpiredToken" | "TokenRefreshRequired") => {
            never(Denied, "the credentials have expired: sign in again, then run again")
        }
        (_, "InvalidAccessKeyId" | "InvalidToken") => never(
            Denied,
            "the server doesn't know these keys: check which credentials [auth] selects, and that they are for this server",
        ),
        (_, "SignatureDoesNotMatch") => {
            never(Denied, "the secret key doesn't belong to the access key id, or a proxy changes requests")
        }
        (_, "RequestTimeTooSkewed") => {
            never(Denied, "set this machine's clock (it must be within 15 minutes of the server's), then run again")
        }
        (_, "NoSuchBucket") => {
            never(Destination, "check [destination] bucket and region; Lakeward never creates a bucket")
        }
        (301 | 307, _) | (400, "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => match region {
            Some(region) => never(
                Destination,
                &format!("the bucket is in another region: set [destination] region = \"{}\"", excerpt(region, 40)),
            ),
            None => never(Destination, "the bucket may be in another region: check [destination] region and endpoint"),
        },
        (403, _) => never(
            Denied,
            "allow s3:PutObject on this key for these credentials (bucket policy, role policy, and any deny)",
        ),
        (401, _) => never(Denied, "check which credentials [auth] selects"),
        // A transfer that broke: S3 says so with 400 (RequestTimeout, IncompleteBody) or found other bytes than were sent.
        (
            400,
            "RequestTimeout"
            | "IncompleteBody"
            | "BadDigest"
            | "XAmzContentSHA256Mismatch"
            | "XAmzContentChecksumMismatch",
        ) => Verdict::Again,
        (
            _,
            "SlowDown"
            | "Throttling"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "KMS.ThrottlingException"
            | "TooManyRequestsException",
        ) => Verdict::Again,
        (409, "OperationAborted" | "ConditionalRequestConflict") | (408 | 425 | 429, _) => Verdict::Again,
        (501 | 505 | 507, _) => never(Destination, "the server doesn't offer what [destination] asks for"),
        (500.., _) | (200..=299, _) => Verdict::Again,
        (404 | 405, _) => never(Destination, "check [destination] endpoint: is it an S3 server's address?"),
        _ => never(Destination, "the server refuses the request itself: check [destination]"),
    }
}

/// Whether credentials are missing only because the network to where they come from failed: the run had some before.
fn credentials_may_come(error: &(dyn Error + 'static)) -> bool {
    find_cause::<CredentialsError>(error).is_some_and(|credentials| {
        matches!(credentials, CredentialsError::ProviderTimedOut(_))
            || find_cause::<ConnectorError>(credentials).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_servers_codes_are_known() {
        use lakeward_loopback::{DISK_FULL_CODE, KEY_CONFLICT_CODE, NOT_WRITABLE_CODE};
        assert_eq!([DISK_FULL, NOT_WRITABLE, KEY_CONFLICT], [DISK_FULL_CODE, NOT_WRITABLE_CODE, KEY_CONFLICT_CODE]);
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        for (status, code) in [
            (503, "SlowDown"),
            (503, "ServiceUnavailable"),
            (500, "InternalError"),
            (502, ""),
            (504, ""),
            (429, "TooManyRequests"),
            (400, "RequestTimeout"),
            (400, "BadDigest"),
            (400, "ThrottlingException"),
            (400, "KMS.ThrottlingException"),
            (409, "ConditionalRequestConflict"),
            (200, "InternalError"),
        ] {
            assert_eq!(verdict(status, code, None), Verdict::Again, "{status} {code}");
        }
    }

    #[test]
    fn what_will_not_pass_ends_the_run_with_its_exit_code() {
        for (status, code, exit) in [
            (403, "AccessDenied", 77),
            (403, "InvalidAccessKeyId", 77),
            (403, "SignatureDoesNotMatch", 77),
            (403, "RequestTimeTooSkewed", 77),
            (400, "ExpiredToken", 77),
            (404, "NoSuchBucket", 69),
            (301, "PermanentRedirect", 69),
            (400, "AuthorizationHeaderMalformed", 69),
            (400, "InvalidRequest", 69),
            (409, "InvalidObjectState", 69),
            (501, "NotImplemented", 69),
            (507, DISK_FULL, 75),
            (507, NOT_WRITABLE, 69),
            (409, KEY_CONFLICT, 69),
        ] {
            let Verdict::Never(kind, _) = verdict(status, code, None) else { panic!("{status} {code} is tried again") };
            assert_eq!(kind.exit_code(), exit, "{status} {code}");
        }
    }

    #[test]
    fn the_right_region_is_told_and_the_servers_words_are_made_safe() {
        let error = PutError::answer(301, "PermanentRedirect", "go \x1b[31maway", Some("eu-west-3"));
        assert_eq!(error.cause, "the server answered 301 PermanentRedirect: go [31maway");
        let Verdict::Never(_, advice) = error.verdict else { panic!("tried again") };
        assert!(advice.contains("region = \"eu-west-3\""), "{advice}");
    }
}
