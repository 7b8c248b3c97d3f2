//! Who signed a request: SigV4, verified by signing the same request again with the secret of the key that it names.

use std::{borrow::Cow, time::SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use chrono::NaiveDateTime;
use secrecy::ExposeSecret;

use super::{
    clock::{apart, iso},
    exchange::{Refusal, Request},
    issued::{Issued, KeyRefused},
    world::World,
};

const ALGORITHM: &str = "AWS4-HMAC-SHA256 ";

fn mismatch(message: impl Into<String>) -> Refusal {
    Refusal::new(403, "SignatureDoesNotMatch", message)
}

/// The parts of an `Authorization` header.
struct Authorization<'a> {
    access_key_id: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn read(header: &'a str) -> Option<Self> {
        let (mut credential, mut signed, mut signature) = (None, None, None);
        for part in header.strip_prefix(ALGORITHM)?.split(',') {
            match part.trim().split_once('=')? {
                ("Credential", value) => credential = Some(value),
                ("SignedHeaders", value) => signed = Some(value.split(';').collect()),
                ("Signature", value) => signature = Some(value),
                _ => return None,
            }
        }
        let mut scope = credential?.split('/');
        let (access_key_id, _date, region) = (scope.next()?, scope.next()?, scope.next()?);
        let (service, rest) = (scope.next()?, (scope.next()?, scope.next()));
        (rest == ("aws4_request", None)).then_some(Self {
            access_key_id,
            region,
            service,
            signed_headers: signed?,
            signature: signature?,
        })
    }
}

/// The key that a request to a service was signed with.
pub(super) fn caller(world: &World, service: &str, request: &Request) -> Result<Issued, Refusal> {
    let header = request.header("authorization");
    let header = header
        .ok_or_else(|| Refusal::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token"))?;
    let incomplete =
        || Refusal::new(400, "IncompleteSignature", "The request signature does not conform to AWS standards");
    let authorization = Authorization::read(header).ok_or_else(incomplete)?;
    if authorization.service != service {
        return Err(mismatch(format!("Credential should be scoped to correct service: '{service}'.")));
    }
    let date = request.header("x-amz-date").unwrap_or_default();
    let time = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").map_err(|_| incomplete())?;
    let time = SystemTime::from(time.and_utc());
    let now = world.clock.now();
    if world.options.most_skew.is_some_and(|most| apart(time, now) > most) {
        let (from, now, word) = (iso(time), iso(now), if time < now { "expired" } else { "not yet current" });
        return Err(mismatch(format!("Signature {word}: {from}, and it is {now}")));
    }
    if !["host", "x-amz-date"].iter().all(|name| authorization.signed_headers.contains(name)) {
        return Err(mismatch("The headers host and x-amz-date must be signed"));
    }
    let token = request.header("x-amz-security-token");
    let key = world.keys.accept(authorization.access_key_id, token).map_err(|refused| match refused {
        KeyRefused::Expired => {
            Refusal::new(403, "ExpiredToken", "The security token included in the request is expired")
        }
        KeyRefused::Unknown | KeyRefused::WrongToken => {
            Refusal::new(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
        }
    })?;
    let expected = signature(request, &key, &authorization, time).ok_or_else(incomplete)?;
    if expected != authorization.signature {
        return Err(mismatch(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        ));
    }
    Ok(key)
}

/// The signature that the request should have.
fn signature(request: &Request, key: &Issued, said: &Authorization<'_>, time: SystemTime) -> Option<String> {
    let token = key.session_token.as_ref().map(|token| token.expose_secret().to_owned());
    let secret = key.secret_access_key.expose_secret();
    let identity = Credentials::new(&key.access_key_id, secret, token, None, "the loopback AWS").into();
    let mut settings = SigningSettings::default();
    // What the client signed and nothing else is handed over below.
    settings.excluded_headers = Some(vec![Cow::Borrowed("authorization")]);
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(said.region)
        .name(said.service)
        .time(time)
        .settings(settings)
        .build()
        .ok()?
        .into();
    let uri = format!("http://{}{}?{}", request.header("host")?, request.path, request.query);
    let headers = said.signed_headers.iter().map(|name| request.header(name).map(|value| (*name, value)));
    let headers: Vec<(&str, &str)> = headers.collect::<Option<_>>()?;
    let body = SignableBody::Bytes(&request.body);
    let signable = SignableRequest::new(request.method.as_str(), uri, headers.into_iter(), body).ok()?;
    Some(sign(signable, &params).ok()?.into_parts().1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authorization_is_read_or_refused() {
        let good = "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/sts/aws4_request, \
                    SignedHeaders=host;x-amz-date, Signature=ab12";
        let read = Authorization::read(good).expect("it is well-formed");
        assert_eq!((read.access_key_id, read.region, read.service), ("AK", "us-east-1", "sts"));
        assert_eq!((read.signed_headers, read.signature), (vec!["host", "x-amz-date"], "ab12"));
        for bad in [
            "",
            "Basic abc",
            "AWS4-HMAC-SHA256 ",
            "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/sts/aws5_request, SignedHeaders=host, Signature=ab12",
            "AWS4-HMAC-SHA256 Credential=AK, SignedHeaders=host, Signature=ab12",
            "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/sts/aws4_request, SignedHeaders=host",
        ] {
            assert!(Authorization::read(bad).is_none(), "{bad}");
        }
    }
}
