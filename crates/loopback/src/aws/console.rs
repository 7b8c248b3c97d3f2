//! AWS Sign-In, behind `aws login`: a browser sign-in at the console becomes short credentials, which a refresh token
//! renews. Token requests carry a proof of possession.
//!
//! Errors are `{"error", "message"}` with the name of the exception in `x-amzn-errortype`.

use std::time::SystemTime;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use form_urlencoded::Serializer;
use http::Method;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;

use super::{
    clock::unix_seconds,
    codes::{CodeRequest, Redemption, Refused, is_loopback},
    console_sessions::{ConsoleSession, Session},
    exchange::{Answer, Refusal, Request, body_of, json, json_error},
    expiring::Lasting,
    issued::{Issued, Principal},
    pages, random,
    script::{Grant, Operation},
    world::World,
};

/// The client whose browser is on its own machine.
const SAME_DEVICE: &str = "arn:aws:signin:::devtools/same-device";
/// The client whose browser is elsewhere: the code is pasted.
const CROSS_DEVICE: &str = "arn:aws:signin:::devtools/cross-device";
/// Where the browser of the latter is sent in the end.
const CONFIRMATION: &str = "/v1/sessions/confirmation";

/// Signs in without a browser, with the key of a thumbprint (RFC 7638).
pub(super) fn sign_in(world: &World, key: &str) -> ConsoleSession {
    let ends = world.clock.now() + world.options.lifetimes.console_session;
    let (keys, refresh) = give(world, Session { client_id: SAME_DEVICE.into(), key: key.into() }, ends);
    let id_token = id_token(world, SAME_DEVICE).into();
    ConsoleSession { client_id: SAME_DEVICE.into(), keys, refresh_token: refresh.into(), id_token }
}

/// Which operation a request is for.
pub(super) fn operation(request: &Request) -> Option<Operation> {
    match (request.method.clone(), request.path.as_str()) {
        (Method::GET | Method::POST, "/v1/authorize") | (Method::GET, CONFIRMATION) => {
            Some(Operation::ConsoleAuthorize)
        }
        (Method::POST, "/v1/token") => Some(Operation::CreateOAuth2Token(request.grant())),
        _ => None,
    }
}

/// Answers a request for one of them.
pub(super) fn answer(world: &World, operation: Operation, request: &Request) -> Result<Answer, Refusal> {
    match operation {
        Operation::CreateOAuth2Token(grant) => create_token(world, grant, request),
        _ if request.path == CONFIRMATION => Ok(confirm(world, request)),
        _ => Ok(authorize(world, request)),
    }
}

/// An error in the service's form: `code` is the exception, or one of the values that its `error` can have.
pub(super) fn error(status: u16, code: &str, message: &str) -> Answer {
    let (exception, detail) = match code {
        "TOKEN_EXPIRED" | "USER_CREDENTIALS_CHANGED" | "INSUFFICIENT_PERMISSIONS" | "AUTHCODE_EXPIRED" => {
            ("AccessDeniedException", code)
        }
        "TooManyRequestsError" => (code, "rate_exceeded"),
        "InternalServerException" => (code, "server_error"),
        _ => (code, "INVALID_REQUEST"),
    };
    json_error(status, exception, &json!({ "error": detail, "message": message }))
}

fn invalid(message: &str) -> Refusal {
    Refusal::new(400, "ValidationException", message)
}

fn authorize(world: &World, request: &Request) -> Answer {
    let (now, lifetime) = (world.clock.now(), world.options.lifetimes.authorization_code);
    if request.method == Method::POST {
        return world.console.codes.decide(request, now, lifetime);
    }
    let parameter = |name| request.parameter(name).unwrap_or_default();
    let (client_id, redirect_uri) = (parameter("client_id"), parameter("redirect_uri"));
    let expected = [("response_type", "code"), ("code_challenge_method", "SHA-256"), ("scope", "openid")];
    let well = expected.iter().all(|(name, value)| parameter(name) == *value);
    let redirects = match client_id.as_str() {
        SAME_DEVICE => is_loopback(&redirect_uri),
        CROSS_DEVICE => redirect_uri == format!("{}{CONFIRMATION}", world.endpoints.sign_in),
        _ => false,
    };
    if !well || !redirects {
        return body_of(400, pages::HTML, pages::note("The request is not one of the command line tools'."));
    }
    let (state, challenge) = (parameter("state"), parameter("code_challenge"));
    let asked = CodeRequest { client_id, redirect_uri, state, challenge };
    world.console.codes.ask(asked, world.options.approval, now, lifetime)
}

/// The page with what is to be pasted into the terminal.
fn confirm(world: &World, request: &Request) -> Answer {
    let (Some(code), Some(state)) = (request.parameter("code"), request.parameter("state")) else {
        return body_of(200, pages::HTML, pages::note("The sign-in was denied."));
    };
    let pairs = [("state", state), ("code", code)];
    let text = Serializer::new(String::new()).extend_pairs(pairs).finish();
    let text = world.secrets.noted(STANDARD.encode(text));
    body_of(200, pages::HTML, pages::copy("Copy this into your terminal:", &text))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateToken {
    client_id: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    code_verifier: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    refresh_token: String,
}

fn create_token(world: &World, grant: Grant, request: &Request) -> Result<Answer, Refusal> {
    let now = world.clock.now();
    let proof = request.header("dpop").ok_or_else(|| invalid("the header DPoP is missing"))?;
    let url = format!("{}/v1/token", world.endpoints.sign_in);
    let key = world.console.proofs.verify(proof, &url, now, world.options.most_skew).map_err(invalid)?;
    let asked: CreateToken = request.json().ok_or_else(|| invalid("a field is missing"))?;
    if ![SAME_DEVICE, CROSS_DEVICE].contains(&asked.client_id.as_str()) {
        return Err(invalid("there is no such client"));
    }
    let CreateToken { client_id, code, code_verifier, redirect_uri, refresh_token } = &asked;
    match grant {
        Grant::AuthorizationCode => {
            let redemption = Redemption { code, client_id, redirect_uri, verifier: code_verifier };
            world.console.codes.redeem(redemption, now).map_err(|refused| match refused {
                Refused::Expired => Refusal::new(400, "AUTHCODE_EXPIRED", "the authorization code has expired"),
                Refused::Unknown | Refused::Mismatch => invalid("the authorization code is not valid"),
            })?;
            let ends = now + world.options.lifetimes.console_session;
            Ok(tokens(world, Session { client_id: client_id.clone(), key }, ends, true))
        }
        Grant::RefreshToken => {
            let expired = || Refusal::new(400, "TOKEN_EXPIRED", "the refresh token is not valid any more");
            // It rotates: whoever comes second with it is refused.
            let known = {
                let mut sessions = world.console.sessions.all();
                let fits = |known: &Lasting<Session>| known.value.key == key && known.value.client_id == *client_id;
                if !sessions.get(refresh_token).is_some_and(fits) {
                    return Err(expired());
                }
                sessions.remove(refresh_token).filter(|known| !known.is_expired(now)).ok_or_else(expired)?
            };
            Ok(tokens(world, known.value, known.expires, false))
        }
        Grant::DeviceCode | Grant::Unknown => Err(invalid("there is no such grant type")),
    }
}

/// Credentials and the next refresh token; with an id token after the browser's sign-in.
fn tokens(world: &World, session: Session, ends: SystemTime, first: bool) -> Answer {
    let id_token = first.then(|| id_token(world, &session.client_id));
    let (issued, refresh) = give(world, session, ends);
    let mut body = json!({
        "accessToken": {
            "accessKeyId": issued.access_key_id,
            "secretAccessKey": issued.secret_access_key.expose_secret(),
            "sessionToken": issued.session_token.as_ref().map(ExposeSecret::expose_secret),
        },
        "tokenType": "aws_sigv4",
        "expiresIn": world.options.lifetimes.console.as_secs(),
        "refreshToken": refresh,
    });
    if let (Some(token), Some(body)) = (id_token, body.as_object_mut()) {
        body.insert("idToken".into(), token.into());
    }
    json(200, &body)
}

/// Keys, and the refresh token that renews them.
fn give(world: &World, session: Session, ends: SystemTime) -> (Issued, String) {
    let now = world.clock.now();
    let issued =
        world.keys.issue(Principal::of_arn(&world.options.console_user), world.options.lifetimes.console, None);
    let refresh = world.secrets.token(128);
    world.console.sessions.insert(&refresh, session, now, ends.duration_since(now).unwrap_or_default());
    (issued, refresh)
}

/// Who signed in. Clients read it without verifying it, and no key of the loopback's is published: its signature is noise.
fn id_token(world: &World, client_id: &str) -> String {
    let now = world.clock.now();
    let claims = json!({
        "iss": world.endpoints.sign_in,
        "sub": world.options.console_user,
        "aud": client_id,
        "iat": unix_seconds(now),
        "exp": unix_seconds(now + world.options.lifetimes.console),
    });
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "typ": "JWT", "alg": "ES256" });
    world.secrets.noted(format!("{}.{}.{}", part(header), part(claims), random::token(64)))
}
