//! A request as the services read it, and the answers that they make.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{random, script::Grant};

/// A request that was read to its end.
pub(super) struct Request {
    pub(super) method: Method,
    /// As it was sent, still encoded.
    pub(super) path: String,
    /// As it was sent, without the `?`.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Request {
    /// A header's value, if it is there and text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        find(self.query.as_bytes(), name)
    }

    /// A field of a body that is a form.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        find(&self.body, name)
    }

    /// The body as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// How a token is asked for, in a body of JSON.
    pub(super) fn grant(&self) -> Grant {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Asked {
            grant_type: String,
        }
        self.json().map_or(Grant::Unknown, |asked: Asked| Grant::of_type(&asked.grant_type))
    }
}

/// A value of a form or a query.
pub(super) fn find(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// Why a request is refused: an error that [`Service::error`](super::script::Service::error) puts into its service's form.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }
}

/// An answer, whole.
pub(super) type Answer = Response<Full<Bytes>>;

/// JSON with a status.
pub(super) fn json<T: Serialize>(status: u16, value: &T) -> Answer {
    let body = serde_json::to_vec(value).unwrap_or_default();
    body_of(status, "application/json", body)
}

/// JSON with the header that names an error.
pub(super) fn json_error<T: Serialize>(status: u16, code: &str, value: &T) -> Answer {
    let mut answer = json(status, value);
    if let Ok(code) = HeaderValue::from_str(code) {
        answer.headers_mut().insert(HeaderName::from_static("x-amzn-errortype"), code);
    }
    answer
}

/// A body of some type.
pub(super) fn body_of(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = answer.headers_mut();
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    if let Ok(id) = HeaderValue::from_str(&random::request_id()) {
        headers.insert(HeaderName::from_static("x-amzn-requestid"), id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Sends the browser elsewhere.
pub(super) fn redirect(location: &str) -> Answer {
    let mut answer = body_of(302, "text/plain", Bytes::new());
    match HeaderValue::from_str(location) {
        Ok(location) => drop(answer.headers_mut().insert(header::LOCATION, location)),
        Err(_) => *answer.status_mut() = StatusCode::BAD_REQUEST,
    }
    answer
}

/// Whether a text that was sent is the secret.
pub(super) fn is_secret(sent: &str, secret: &SecretString) -> bool {
    sent == secret.expose_secret()
}
