//! Temporary credentials, as services and caches hold them.

use std::{borrow::Cow, time::SystemTime};

use aws_credential_types::Credentials;
use aws_smithy_types::{DateTime, date_time::Format};

use crate::error::SourceError;

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
