//! The places where credentials come from, one file each: how it is recognised (`plan`) and how credentials are got there
//! ([`Source::fetch`]). A new one is a file here and a line in `resolution.rs`.

pub(crate) mod environment;
pub(crate) mod keys;
pub(crate) mod role;
pub(crate) mod web_identity;
pub(crate) mod sso;
pub(crate) mod login;
pub(crate) mod process;
pub(crate) mod container;
pub(crate) mod instance;

use std::{borrow::Cow, error::Error, fmt, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::{DateTime, date_time::Format, error::metadata::ProvideErrorMetadata};
use lakeward_core::{
    failure::{Failure, FailureKind, told},
    untrusted::excerpt,
};

use crate::tools::Tools;

/// The most characters of a foreign error that are told.
pub(crate) const MOST_TOLD: usize = 400;

/// A place where credentials can be had, again and again.
#[async_trait]
pub(crate) trait Source: Send + Sync {
    /// Gets credentials.
    async fn fetch(&self, tools: &Tools) -> Result<Credentials, SourceError>;

    /// What has to be run or asked for that, innermost first.
    fn needs(&self) -> Vec<String>;

    /// Whether later credentials can differ from earlier ones: whether it renews by itself.
    fn renews(&self) -> bool {
        true
    }

    /// A source of the same credentials that may do no more than a session policy allows; or why there is none.
    fn restricted(&self, _policy: &str) -> Result<Arc<dyn Source>, &'static str> {
        Err("these are not credentials of a role that is assumed here, so they can't be had with fewer rights")
    }
}

/// Why there are no credentials.
#[derive(Debug)]
pub(crate) struct SourceError {
    /// What failed, on what, and why.
    pub(crate) what: String,
    /// What to do.
    pub(crate) next: String,
    kind: FailureKind,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl SourceError {
    pub(crate) fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), next: next.into(), kind: FailureKind::Denied, cause: None }
    }

    /// One whose cause is kept: whoever uses credentials looks there whether it may pass.
    pub(crate) fn caused(
        what: impl fmt::Display,
        cause: impl Error + Send + Sync + 'static,
        next: impl Into<String>,
    ) -> Self {
        let what = format!("{what}: {}", told(&cause, MOST_TOLD));
        Self { cause: Some(Box::new(cause)), ..Self::new(what, next) }
    }

    /// An AWS service's answer, or that there was none.
    pub(crate) fn of_service<E, R>(what: impl fmt::Display, error: SdkError<E, R>, next: impl Into<String>) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        // Nobody has denied anything where nobody has answered.
        let kind = match &error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => FailureKind::Destination,
            SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => FailureKind::Destination,
            _ => FailureKind::Denied,
        };
        match &error {
            SdkError::ServiceError(service) => {
                let code = excerpt(service.err().code().unwrap_or("an error without a code"), 80);
                let message =
                    service.err().message().map(|text| format!(": {}", excerpt(text, 300))).unwrap_or_default();
                Self::new(format!("{what}: {code}{message}"), next)
            }
            _ => Self { kind, ..Self::caused(what, error, "check the network and proxies, then try again") },
        }
    }

    /// Itself, with what stood in the way of doing something about it.
    pub(crate) fn because(self, reason: Option<Self>) -> Self {
        match reason {
            Some(reason) => Self { what: format!("{}: {}", self.what, reason.what), ..reason },
            None => self,
        }
    }

    pub(crate) fn failure(&self) -> Failure {
        Failure::new(self.kind, self.what.clone()).next(self.next.clone())
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (next: {})", self.what, self.next)
    }
}

impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// The error code of a service's answer.
pub(crate) fn code_of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> &str {
    error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default()
}

/// A time as the AWS tools write it: RFC 3339, with or without fractions, in UTC or with an offset.
pub(crate) fn time(text: &str) -> Option<SystemTime> {
    // Early versions of the AWS CLI wrote UTC in letters.
    let text = text.strip_suffix("UTC").map_or(text.into(), |time| Cow::Owned(format!("{time}Z")));
    DateTime::from_str(&text, Format::DateTimeWithOffset).ok()?.try_into().ok()
}

/// Credentials as an answer in JSON has them.
pub(crate) fn temporary(
    id: &str,
    secret: &str,
    token: &str,
    expires: Option<SystemTime>,
    source: &'static str,
) -> Credentials {
    Credentials::new(id, secret, Some(token.to_owned()).filter(|token| !token.is_empty()), expires, source)
}

/// Credentials as STS answers with them; `what` can't be done without them.
pub(crate) fn of_sts(
    keys: Option<aws_sdk_sts::types::Credentials>,
    what: &str,
    source: &'static str,
) -> Result<Credentials, SourceError> {
    let keys = keys.ok_or_else(|| {
        SourceError::new(format!("{what}: STS answered without credentials"), "check AWS_ENDPOINT_URL_STS")
    })?;
    let expires = keys.expiration.try_into().ok();
    Ok(temporary(&keys.access_key_id, &keys.secret_access_key, &keys.session_token, expires, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_every_tool_writes_them() {
        let expected = time("2026-11-23T21:39:05Z");
        assert!(expected.is_some());
        for text in [
            "2026-11-23T21:39:05UTC",
            "2026-11-23T21:39:05+00:00",
            "2026-11-23T22:39:05+01:00",
            "2026-11-23T21:39:05.000Z",
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
        assert_eq!(time("yesterday"), None);
    }
}
