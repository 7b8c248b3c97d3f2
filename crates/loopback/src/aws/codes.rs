//! Authorization codes with PKCE (RFC 7636), as both browser sign-ins give them out: a request waits for a yes, becomes a
//! code in a redirect to the client's listener, and is redeemed once.

use std::time::{Duration, SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use form_urlencoded::Serializer;
use http::Uri;
use sha2::{Digest, Sha256};

use super::{
    exchange::{Answer, Request, body_of, redirect},
    expiring::Expiring,
    options::Approval,
    pages, random,
    secrets::HandedOut,
};

/// What a client sent the browser to ask for.
#[derive(Clone, Debug)]
pub(super) struct CodeRequest {
    pub(super) client_id: String,
    /// With the port of the client's listener.
    pub(super) redirect_uri: String,
    pub(super) state: String,
    /// SHA-256 of the verifier, URL-safe base64 without padding.
    pub(super) challenge: String,
}

/// What comes back to the client, apart from who it is.
#[derive(Clone, Copy)]
pub(super) struct Redemption<'a> {
    pub(super) code: &'a str,
    pub(super) client_id: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) verifier: &'a str,
}

/// Why a code is not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// There is no such code, or it was redeemed before.
    Unknown,
    Expired,
    /// It was given out to another client, for another redirect, or to whoever knows another verifier.
    Mismatch,
}

/// Requests that wait, and codes that were given out.
#[derive(Debug, Default)]
pub(super) struct Codes {
    waiting: Expiring<CodeRequest>,
    given: Expiring<CodeRequest>,
    secrets: HandedOut,
}

impl Codes {
    pub(super) fn new(secrets: HandedOut) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// Answers a browser that was sent to ask for a code.
    pub(super) fn ask(&self, asked: CodeRequest, approval: Approval, now: SystemTime, lifetime: Duration) -> Answer {
        match approval {
            Approval::Automatic => redirect(&self.approved(asked, now, lifetime)),
            Approval::Denied => redirect(&denied(&asked)),
            Approval::Page => {
                let id = random::token(16);
                self.waiting.insert(&id, asked, now, lifetime);
                body_of(200, pages::HTML, pages::question("Sign in to the loopback AWS?", "request", &id))
            }
        }
    }

    /// Answers the form of the page, whose fields are `request` and `decision`.
    pub(super) fn decide(&self, request: &Request, now: SystemTime, lifetime: Duration) -> Answer {
        let id = request.field("request").unwrap_or_default();
        match self.waiting.take(&id).filter(|asked| !asked.is_expired(now)) {
            Some(asked) if pages::is_approved(request) => redirect(&self.approved(asked.value, now, lifetime)),
            Some(asked) => redirect(&denied(&asked.value)),
            None => body_of(400, pages::HTML, pages::note("This sign-in is over. Start it again.")),
        }
    }

    /// Where the browser is sent with a code.
    pub(super) fn approved(&self, asked: CodeRequest, now: SystemTime, lifetime: Duration) -> String {
        let code = self.secrets.token(48);
        let location = with_query(&asked.redirect_uri, &[("code", &code), ("state", &asked.state)]);
        self.given.insert(code, asked, now, lifetime);
        location
    }

    /// Redeems a code. Whatever comes of it, the code is gone.
    pub(super) fn redeem(&self, redemption: Redemption<'_>, now: SystemTime) -> Result<(), Refused> {
        let given = self.given.take(redemption.code).ok_or(Refused::Unknown)?;
        if given.is_expired(now) {
            return Err(Refused::Expired);
        }
        let CodeRequest { client_id, redirect_uri, challenge, .. } = given.value;
        let same = client_id == redemption.client_id
            && redirect_uri == redemption.redirect_uri
            && challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(redemption.verifier));
        same.then_some(()).ok_or(Refused::Mismatch)
    }
}

fn denied(asked: &CodeRequest) -> String {
    let why = [("error", "access_denied"), ("error_description", "the sign-in was denied"), ("state", &asked.state)];
    with_query(&asked.redirect_uri, &why)
}

fn with_query(uri: &str, pairs: &[(&str, &str)]) -> String {
    let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{uri}?{query}")
}

/// Whether a URI is a listener on 127.0.0.1: plain HTTP, no query.
pub(super) fn is_loopback(uri: &str) -> bool {
    let parsed = uri.parse::<Uri>();
    parsed.is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host() == Some("127.0.0.1") && uri.query().is_none())
}

/// Whether a listener is the registered one: the port may differ (RFC 8252, section 7.3).
pub(super) fn is_registered(uri: &str, registered: &str) -> bool {
    let path = |uri: &str| uri.parse::<Uri>().ok().map(|uri| uri.path().to_owned());
    is_loopback(uri) && is_loopback(registered) && path(uri) == path(registered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_may_differ_in_its_port_alone() {
        let registered = "http://127.0.0.1/oauth/callback";
        assert!(is_registered("http://127.0.0.1:4711/oauth/callback", registered));
        for other in [
            "http://127.0.0.1:4711/other",
            "http://localhost:4711/oauth/callback",
            "https://127.0.0.1:4711/oauth/callback",
            "http://127.0.0.1:4711/oauth/callback?x=1",
            "http://example.com/oauth/callback",
        ] {
            assert!(!is_registered(other, registered), "{other}");
        }
    }

    #[test]
    fn a_code_is_redeemed_once_by_who_knows_the_verifier() {
        // The example of RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let asked = CodeRequest {
            client_id: "client".into(),
            redirect_uri: "http://127.0.0.1:1/cb".into(),
            state: "s t".into(),
            challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into(),
        };
        let (codes, now, lifetime) = (Codes::default(), SystemTime::now(), Duration::from_secs(60));
        let code = || {
            let location = codes.approved(asked.clone(), now, lifetime);
            assert!(location.ends_with("&state=s+t"), "{location}");
            location.split(['=', '&']).nth(1).expect("a code").to_owned()
        };
        let redeem = |code: &str, verifier: &str, now| {
            let redemption = Redemption { code, client_id: "client", redirect_uri: "http://127.0.0.1:1/cb", verifier };
            codes.redeem(redemption, now)
        };
        let first = code();
        assert_eq!(redeem(&first, verifier, now), Ok(()));
        assert_eq!(redeem(&first, verifier, now), Err(Refused::Unknown));
        assert_eq!(redeem(&code(), "another", now), Err(Refused::Mismatch));
        assert_eq!(redeem(&code(), verifier, now + lifetime), Err(Refused::Expired));
    }
}
