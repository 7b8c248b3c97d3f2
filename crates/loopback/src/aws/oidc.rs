//! IAM Identity Center's OpenID Connect: clients register, ask for a device code or send a browser, and get tokens.
//!
//! Errors are `{"error", "error_description"}` with the name of the exception in `x-amzn-errortype`, as the service
//! sends them.

use std::time::{Duration, SystemTime};

use http::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::{
    clients::{Client, Clients, Device},
    clock::unix_seconds,
    codes::{CodeRequest, Redemption, is_loopback, is_registered},
    exchange::{Answer, Refusal, Request, body_of, find, is_secret, json, json_error},
    options::{Approval, Options},
    pages, random,
    script::{Grant, Operation},
    sso_sessions::{SsoSession, Tokens},
    world::World,
};

/// Only a client that registered this scope gets refresh tokens.
const REFRESH_SCOPE: &str = "sso:account:access";

/// Signs in without a client or a browser.
pub(super) fn sign_in(world: &World) -> SsoSession {
    let (now, lifetimes) = (world.clock.now(), &world.options.lifetimes);
    let (client_id, client_secret) = (random::token(16), SecretString::from(world.secrets.token(128)));
    let scopes = vec![REFRESH_SCOPE.to_owned()];
    let client = Client { secret: client_secret.clone(), scopes, grants: Vec::new(), redirects: Vec::new() };
    world.clients.registered.insert(&client_id, client, now, lifetimes.registration);
    let Tokens { access, lifetime, refresh } = world.sso.begin(&client_id, true, now, lifetimes);
    SsoSession {
        client_id,
        client_secret,
        registration_expires: now + lifetimes.registration,
        access_token: access.into(),
        expires: now + lifetime,
        refresh_token: refresh.unwrap_or_default().into(),
    }
}

/// Which operation a request is for.
pub(super) fn operation(request: &Request) -> Option<Operation> {
    match (request.method.clone(), request.path.as_str()) {
        (Method::POST, "/client/register") => Some(Operation::RegisterClient),
        (Method::POST, "/device_authorization") => Some(Operation::StartDeviceAuthorization),
        (Method::POST, "/token") => Some(Operation::CreateToken(request.grant())),
        (Method::GET | Method::POST, "/authorize") => Some(Operation::Authorize),
        (Method::GET | Method::POST, "/device") => Some(Operation::VerifyDevice),
        _ => None,
    }
}

/// Answers a request for one of them.
pub(super) fn answer(world: &World, operation: Operation, request: &Request) -> Result<Answer, Refusal> {
    match operation {
        Operation::RegisterClient => register(world, request),
        Operation::StartDeviceAuthorization => start_device(world, request),
        Operation::CreateToken(grant) => create_token(world, grant, request),
        Operation::Authorize => Ok(authorize(world, request)),
        Operation::VerifyDevice => Ok(verify_device(world, request)),
        _ => Err(bad("there is no such operation")),
    }
}

/// An error in the service's form.
pub(super) fn error(status: u16, code: &str, message: &str) -> Answer {
    let body = json!({ "error": oauth_name(code), "error_description": message });
    json_error(status, code, &body)
}

fn bad(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidRequestException", message)
}

/// `SlowDownException` as OAuth spells it: `slow_down`.
fn oauth_name(code: &str) -> String {
    let mut name = String::new();
    for letter in code.trim_end_matches("Exception").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    // The one whose name is not the exception's.
    if name == "internal_server" { "server_error".into() } else { name }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegisterClient {
    client_name: String,
    client_type: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    grant_types: Vec<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    issuer_url: Option<String>,
}

fn register(world: &World, request: &Request) -> Result<Answer, Refusal> {
    let asked: RegisterClient = request.json().ok_or_else(|| bad("the body is not a registration"))?;
    if asked.client_type != "public" || asked.client_name.is_empty() {
        return Err(Refusal::new(
            400,
            "InvalidClientMetadataException",
            "only named clients of the type public can register",
        ));
    }
    let grants: Vec<Grant> = asked.grant_types.iter().map(|grant| Grant::of_type(grant)).collect();
    if grants.contains(&Grant::Unknown) {
        return Err(Refusal::new(400, "UnsupportedGrantTypeException", "there is no such grant type"));
    }
    if !asked.redirect_uris.iter().all(|uri| is_loopback(uri)) {
        return Err(Refusal::new(400, "InvalidRedirectUriException", "a redirect must lead to http://127.0.0.1"));
    }
    if grants.contains(&Grant::AuthorizationCode) {
        let issuer = asked.issuer_url.as_deref().unwrap_or_default();
        if !is_start_url(&world.options, issuer) || asked.redirect_uris.is_empty() {
            return Err(bad("the authorization code grant needs a redirect and the issuer, which is the start URL"));
        }
    }
    let (now, lifetime) = (world.clock.now(), world.options.lifetimes.registration);
    let (id, secret) = (random::token(16), world.secrets.token(128));
    let client =
        Client { secret: secret.as_str().into(), scopes: asked.scopes, grants, redirects: asked.redirect_uris };
    world.clients.registered.insert(&id, client, now, lifetime);
    Ok(json(
        200,
        &json!({
            "clientId": id,
            "clientSecret": secret,
            "clientIdIssuedAt": unix_seconds(now),
            "clientSecretExpiresAt": unix_seconds(now + lifetime),
        }),
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartDeviceAuthorization {
    client_id: String,
    client_secret: String,
    start_url: String,
}

fn start_device(world: &World, request: &Request) -> Result<Answer, Refusal> {
    let asked: StartDeviceAuthorization = request.json().ok_or_else(|| bad("a field is missing"))?;
    let client = client(world, &asked.client_id, &asked.client_secret)?;
    allowed(&client, Grant::DeviceCode)?;
    if !is_start_url(&world.options, &asked.start_url) {
        return Err(bad("Invalid start url provided"));
    }
    let lifetimes = &world.options.lifetimes;
    let decision = match world.options.approval {
        Approval::Automatic => Some(true),
        Approval::Denied => Some(false),
        Approval::Page => None,
    };
    let (code, user_code) = (world.secrets.token(96), random::user_code());
    let interval = lifetimes.device_interval;
    let page = format!("{}/device", world.endpoints.oidc);
    let body = json!({
        "deviceCode": code,
        "userCode": user_code,
        "verificationUri": page,
        "verificationUriComplete": format!("{page}?user_code={user_code}"),
        "expiresIn": lifetimes.device_code.as_secs(),
        "interval": interval.as_secs(),
    });
    let device = Device { client_id: asked.client_id, user_code, interval, polled: None, decision };
    world.clients.devices.insert(code, device, world.clock.now(), lifetimes.device_code);
    Ok(json(200, &body))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateToken {
    client_id: String,
    client_secret: String,
    #[serde(default)]
    device_code: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    code_verifier: String,
    #[serde(default)]
    refresh_token: String,
}

fn create_token(world: &World, grant: Grant, request: &Request) -> Result<Answer, Refusal> {
    let asked: CreateToken = request.json().ok_or_else(|| bad("a field is missing"))?;
    let client = client(world, &asked.client_id, &asked.client_secret)?;
    allowed(&client, grant)?;
    let (now, lifetimes) = (world.clock.now(), &world.options.lifetimes);
    let begin = || {
        let refreshes = client.scopes.iter().any(|scope| scope == REFRESH_SCOPE);
        world.sso.begin(&asked.client_id, refreshes, now, lifetimes)
    };
    match grant {
        Grant::DeviceCode => {
            poll(&world.clients, &asked, now)?;
            Ok(tokens(begin()))
        }
        Grant::AuthorizationCode => {
            let redemption = Redemption {
                code: &asked.code,
                client_id: &asked.client_id,
                redirect_uri: &asked.redirect_uri,
                verifier: &asked.code_verifier,
            };
            let refused = |_| Refusal::new(400, "InvalidGrantException", "Invalid authorization code provided");
            world.clients.codes.redeem(redemption, now).map_err(refused)?;
            Ok(tokens(begin()))
        }
        Grant::RefreshToken => {
            let mode = world.options.refresh_tokens;
            let renewed = world.sso.renew(&asked.client_id, &asked.refresh_token, mode, now, lifetimes);
            let dead = || Refusal::new(400, "InvalidGrantException", "Invalid refresh token provided");
            renewed.map(tokens).ok_or_else(dead)
        }
        Grant::Unknown => Err(Refusal::new(400, "UnsupportedGrantTypeException", "Unsupported grant type")),
    }
}

fn tokens(tokens: Tokens) -> Answer {
    let mut body = json!({
        "accessToken": tokens.access,
        "tokenType": "Bearer",
        "expiresIn": tokens.lifetime.as_secs(),
    });
    if let (Some(refresh), Some(body)) = (tokens.refresh, body.as_object_mut()) {
        body.insert("refreshToken".into(), refresh.into());
    }
    json(200, &body)
}

/// One look at a device code, which is gone once it was answered with yes or no.
fn poll(clients: &Clients, asked: &CreateToken, now: SystemTime) -> Result<(), Refusal> {
    let mut devices = clients.devices.all();
    let device = devices.get_mut(&asked.device_code).filter(|device| device.value.client_id == asked.client_id);
    let device = device.ok_or_else(|| Refusal::new(400, "InvalidGrantException", "Invalid device code provided"))?;
    if device.is_expired(now) {
        return Err(Refusal::new(400, "ExpiredTokenException", "Device code has expired"));
    }
    let early = device.value.polled.is_some_and(|polled| polled + device.value.interval > now);
    device.value.polled = Some(now);
    match device.value.decision {
        _ if early => {
            device.value.interval += Duration::from_secs(5);
            Err(Refusal::new(400, "SlowDownException", "The client polls too often"))
        }
        None => Err(Refusal::new(400, "AuthorizationPendingException", "The sign-in was not answered yet")),
        Some(approved) => {
            devices.remove(&asked.device_code);
            approved.then_some(()).ok_or_else(|| Refusal::new(400, "AccessDeniedException", "The sign-in was denied"))
        }
    }
}

fn client(world: &World, id: &str, secret: &str) -> Result<Client, Refusal> {
    let known = world.clients.registered.get(id).filter(|client| !client.is_expired(world.clock.now()));
    let known = known.filter(|client| is_secret(secret, &client.value.secret));
    known
        .map(|client| client.value)
        .ok_or_else(|| Refusal::new(401, "InvalidClientException", "Invalid client provided"))
}

fn allowed(client: &Client, grant: Grant) -> Result<(), Refusal> {
    let open = match grant {
        Grant::AuthorizationCode => client.grants.contains(&grant),
        // Refused as such later.
        Grant::Unknown => true,
        _ => client.grants.is_empty() || client.grants.contains(&grant),
    };
    let refused =
        || Refusal::new(400, "UnauthorizedClientException", "The client did not register for this grant type");
    open.then_some(()).ok_or_else(refused)
}

fn is_start_url(options: &Options, url: &str) -> bool {
    const ENDS: [char; 2] = ['/', '#'];
    url.trim_end_matches(ENDS) == options.start_url.trim_end_matches(ENDS)
}

/// What a browser opens for an authorization code, and what it posts from the page.
fn authorize(world: &World, request: &Request) -> Answer {
    let (now, lifetime) = (world.clock.now(), world.options.lifetimes.authorization_code);
    if request.method == Method::POST {
        return world.clients.codes.decide(request, now, lifetime);
    }
    match asked(world, &request.query, now) {
        Ok(asked) => world.clients.codes.ask(asked, world.options.approval, now, lifetime),
        Err(wrong) => body_of(400, pages::HTML, pages::note(wrong)),
    }
}

/// Where a browser ends that opened the page of a sign-in and in which somebody approved it. `None` if that page asks for nothing that
/// is given out.
pub(super) fn approved(world: &World, url: &str) -> Option<String> {
    let (now, lifetime) = (world.clock.now(), world.options.lifetimes.authorization_code);
    let query = url.split_once('?')?.1;
    let asked = asked(world, query, now).ok()?;
    Some(world.clients.codes.approved(asked, now, lifetime))
}

/// What the query of the page asks for, or what is wrong with it.
fn asked(world: &World, query: &str, now: SystemTime) -> Result<CodeRequest, &'static str> {
    let parameter = |name| find(query.as_bytes(), name).unwrap_or_default();
    let (client_id, redirect_uri) = (parameter("client_id"), parameter("redirect_uri"));
    let Some(client) = world.clients.registered.get(&client_id).filter(|client| !client.is_expired(now)) else {
        return Err("Invalid client.");
    };
    if !client.value.redirects.iter().any(|registered| is_registered(&redirect_uri, registered)) {
        return Err("The redirect is not the registered one.");
    }
    let asks_well = parameter("response_type") == "code" && parameter("code_challenge_method") == "S256";
    let registered = client.value.scopes;
    if !asks_well || !parameter("scopes").split(' ').all(|scope| registered.iter().any(|known| known == scope)) {
        return Err("Only a code with a challenge of the method S256 is given out, for registered scopes.");
    }
    let (state, challenge) = (parameter("state"), parameter("code_challenge"));
    Ok(CodeRequest { client_id, redirect_uri, state, challenge })
}

/// The page for device codes.
fn verify_device(world: &World, request: &Request) -> Answer {
    let now = world.clock.now();
    let page = if request.method == Method::POST {
        let code = request.field("user_code").unwrap_or_default().trim().to_ascii_uppercase();
        if world.clients.decide(&code, pages::is_approved(request), now) {
            pages::note("Done. You can close this page.")
        } else {
            pages::note("No sign-in waits for this code.")
        }
    } else {
        match request.parameter("user_code").filter(|code| world.clients.waiting(now).contains(code)) {
            Some(code) => pages::question(&format!("Is the code {code} what your terminal shows?"), "user_code", &code),
            None => pages::code_question(),
        }
    };
    body_of(200, pages::HTML, page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_have_names_in_oauth() {
        for (code, name) in [
            ("AuthorizationPendingException", "authorization_pending"),
            ("SlowDownException", "slow_down"),
            ("ExpiredTokenException", "expired_token"),
            ("InvalidClientException", "invalid_client"),
            ("InternalServerException", "server_error"),
        ] {
            assert_eq!(oauth_name(code), name);
        }
    }

    #[test]
    fn a_start_url_is_written_in_some_ways() {
        let options = Options { start_url: "https://d-1.awsapps.com/start/".into(), ..Options::default() };
        for same in ["", "/", "#/", "/#/", "/#"] {
            let url = format!("https://d-1.awsapps.com/start{same}");
            assert!(is_start_url(&options, &url), "{url}");
        }
        assert!(!is_start_url(&options, "https://d-2.awsapps.com/start"));
    }
}
