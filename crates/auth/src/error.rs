//! Why there are no credentials, and how the answers of AWS services are told.

use std::{error::Error, fmt};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use lakeward_core::{
    failure::{Failure, FailureKind, NoAnswer, in_one_line, told},
    untrusted::excerpt,
};
use serde_json::Value;

use crate::unreached::no_answer;

/// An error of a service's client.
type SdkError<E> = result::SdkError<E, HttpResponse>;

/// The most characters of a foreign error that are told.
pub(crate) const MOST_TOLD: usize = 400;

/// Why there are no credentials.
#[derive(Debug)]
pub(crate) struct SourceError {
    /// What failed, on what, and why.
    pub(crate) what: String,
    /// What to do; of several things, one a line.
    pub(crate) next: String,
    /// Whether it is the metadata service of an instance that answers, and the instance has no role.
    pub(crate) has_no_role: bool,
    kind: FailureKind,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl SourceError {
    pub(crate) fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        let (what, next) = (what.into(), next.into());
        Self { what, next, has_no_role: false, kind: FailureKind::Denied, cause: None }
    }

    /// One whose cause is kept: whoever uses credentials looks there whether it may pass.
    pub(crate) fn caused(
        what: impl fmt::Display,
        cause: impl Error + Send + Sync + 'static,
        next: impl Into<String>,
    ) -> Self {
        let why = no_answer(&cause).map_or_else(|| told(&cause, MOST_TOLD), |(what, _)| what);
        let what = format!("{what}: {why}");
        Self { cause: Some(Box::new(cause)), ..Self::new(what, next) }
    }

    /// Of a service that may not have answered: then nobody has denied anything.
    pub(crate) fn of_asked(
        what: impl fmt::Display,
        cause: impl Error + Send + Sync + 'static,
        next: impl Into<String>,
    ) -> Self {
        let kind = if no_answer(&cause).is_some() { FailureKind::Destination } else { FailureKind::Denied };
        Self { kind, ..Self::caused(what, cause, next) }
    }

    /// The same, since the instance has no role.
    pub(crate) fn of_no_role(self) -> Self {
        Self { has_no_role: true, ..self }
    }

    /// The same in other words.
    pub(crate) fn told_as(self, what: String) -> Self {
        Self { what, ..self }
    }

    /// An AWS service's answer, or that there was none.
    pub(crate) fn of_service<E>(what: impl fmt::Display, error: SdkError<E>, next: impl Into<String>) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        // Nobody has denied anything where nobody has answered.
        let kind = match &error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => FailureKind::Destination,
            SdkError::DispatchFailure(_) if no_answer(&error).is_some() => FailureKind::Destination,
            _ => FailureKind::Denied,
        };
        match &error {
            SdkError::ServiceError(service) => {
                let code = excerpt(service.err().code().unwrap_or("an error without a code"), 80);
                let oauth = OAuthError::of(&error);
                let message = service.err().message().map(str::to_owned).or(oauth.description);
                let message = message.map(|text| format!(": {}", excerpt(&text, 300))).unwrap_or_default();
                match oauth.reason {
                    Some(reason) => Self::new(format!("{what}: {code}{message} ({})", excerpt(&reason, 80)), KMS),
                    None => Self::new(format!("{what}: {code}{message}"), next),
                }
            }
            _ => {
                let next = if let Some((_, NoAnswer::UnknownName)) = no_answer(&error) {
                    "check the network and its DNS, and the region, which is part of the name; then try again"
                } else {
                    "check the network and proxies, then try again"
                };
                Self { kind, ..Self::caused(what, error, next) }
            }
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
        write!(f, "{} (next: {})", self.what, in_one_line(&self.next))
    }
}

impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// What to do where IAM Identity Center can't use the KMS key that its data is encrypted with.
pub(crate) const KMS: &str =
    "ask who administers IAM Identity Center: its KMS key is disabled, gone, or may not be used by it";

/// What the answer of an OAuth service says beside its code (RFC 6749, section 5.2).
#[derive(Default)]
pub(crate) struct OAuthError {
    description: Option<String>,
    /// Which of KMS's refusals is the reason, if one is.
    pub(crate) reason: Option<String>,
}

impl OAuthError {
    pub(crate) fn of<E>(error: &SdkError<E>) -> Self {
        let body = error.raw_response().and_then(|answer| answer.body().bytes()).unwrap_or_default();
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |key: &str| answer[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Self { description: text("error_description"), reason: text("reason").filter(|text| text.starts_with("KMS_")) }
    }
}

/// The error code of a service's answer.
pub(crate) fn code_of<E: ProvideErrorMetadata, R>(error: &result::SdkError<E, R>) -> &str {
    error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io;

    use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    use super::*;
    use crate::unreached::unreached;

    #[test]
    fn advice_hangs_on_what_stood_in_the_way() {
        let told = |host: &str, cause: &'static str| {
            let error = unreached(host, None, ConnectorError::io(io::Error::other(cause).into()));
            let error = SdkError::<GetCallerIdentityError>::dispatch_failure(error);
            SourceError::of_service("no answer", error, "unused")
        };
        let unknown = told("sts.eu-wset-1.amazonaws.com", "failed to lookup address information");
        assert_eq!(
            unknown.what,
            "no answer: sts.eu-wset-1.amazonaws.com can't be reached: its name is not known (DNS)"
        );
        assert!(unknown.next.contains("check the network and its DNS, and the region"), "{unknown}");
        assert_eq!(unknown.kind, FailureKind::Destination);
        // A host, or a cause, that is called like that says nothing of names.
        let named = told("(DNS).example", "the (DNS) is fine");
        assert_eq!(named.next, "check the network and proxies, then try again");
    }
}
