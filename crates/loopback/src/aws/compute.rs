//! What compute gets its role's credentials from: the instance metadata service (IMDSv2) and the container credentials of
//! ECS and EKS.

use std::time::{Duration, SystemTime};

use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{
    clock::iso,
    exchange::{Answer, Refusal, Request, body_of, is_secret, json},
    issued::{Issued, Principal},
    script::Operation,
    world::World,
};

/// The path behind `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`, as on ECS: it needs no token.
pub(super) const RELATIVE: &str = "/v2/credentials/loopback";
/// The path behind `AWS_CONTAINER_CREDENTIALS_FULL_URI`, as on EKS: it needs the token.
pub(super) const FULL: &str = "/v1/credentials";

const CREDENTIALS: &str = "/latest/meta-data/iam/security-credentials/";
const PLACEMENT: &str = "/latest/meta-data/placement/";
const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN: &str = "x-aws-ec2-metadata-token";

/// Which operation of IMDS a request is for.
pub(super) fn imds_operation(request: &Request) -> Option<Operation> {
    let path = request.path.as_str();
    if request.method == Method::PUT && path == "/latest/api/token" {
        return Some(Operation::ImdsToken);
    }
    if request.method != Method::GET {
        return None;
    }
    match path.strip_prefix(CREDENTIALS) {
        Some("") => Some(Operation::ImdsRole),
        Some(_) => Some(Operation::ImdsCredentials),
        None if path.starts_with(PLACEMENT) => Some(Operation::ImdsPlacement),
        // Without its last slash the list is the same.
        None if CREDENTIALS.strip_suffix('/') == Some(path) => Some(Operation::ImdsRole),
        None => None,
    }
}

/// Answers a request for one of them.
pub(super) fn imds(world: &World, operation: Operation, request: &Request) -> Result<Answer, Refusal> {
    let now = world.clock.now();
    if operation == Operation::ImdsToken {
        return imds_token(world, request, now);
    }
    let good = match request.header(TOKEN) {
        None => world.options.imds_v1,
        Some(token) => world.imds_tokens.get(token).is_some_and(|token| !token.is_expired(now)),
    };
    if !good {
        return Err(Refusal::new(401, "Unauthorized", ""));
    }
    let role = world.options.instance_role.as_deref();
    let name = request.path.rsplit('/').next().unwrap_or_default();
    Ok(match (operation, role) {
        (Operation::ImdsRole, Some(role)) => body_of(200, "text/plain", role.to_owned()),
        (Operation::ImdsCredentials, Some(role)) if name == role => {
            let issued = issue(world, role, "i-0123456789abcdef0", world.options.lifetimes.instance);
            let mut body = credentials(&issued);
            if let Some(body) = body.as_object_mut() {
                body.insert("Code".into(), "Success".into());
                body.insert("Type".into(), "AWS-HMAC".into());
                body.insert("LastUpdated".into(), iso(now).into());
            }
            json(200, &body)
        }
        (Operation::ImdsPlacement, _) if name == "region" => body_of(200, "text/plain", world.options.region.clone()),
        (Operation::ImdsPlacement, _) if name == "availability-zone" => {
            body_of(200, "text/plain", format!("{}a", world.options.region))
        }
        _ => return Err(not_found()),
    })
}

/// An error of IMDS: with status 200 it is a `Code`, as when the role's trust has no place for the instance.
pub(super) fn imds_error(status: u16, code: &str, message: &str) -> Answer {
    if status == 200 {
        return json(200, &json!({ "Code": code, "Message": message, "LastUpdated": "2026-01-01T00:00:00Z" }));
    }
    body_of(status, "text/html", format!("{status} {code}\n"))
}

fn not_found() -> Refusal {
    Refusal::new(404, "Not Found", "")
}

fn imds_token(world: &World, request: &Request, now: SystemTime) -> Result<Answer, Refusal> {
    let seconds = request.header(TTL).and_then(|ttl| ttl.parse().ok()).filter(|ttl| (1..=21_600).contains(ttl));
    let Some(seconds) = seconds else { return Err(Refusal::new(400, "Bad Request", "")) };
    // A proxy that forwards requests must not get a token.
    if request.header("x-forwarded-for").is_some() {
        return Err(Refusal::new(403, "Forbidden", ""));
    }
    let token = world.secrets.token(40);
    world.imds_tokens.insert(&token, (), now, Duration::from_secs(seconds));
    let mut answer = body_of(200, "text/plain", token);
    answer.headers_mut().insert(TTL, seconds.into());
    Ok(answer)
}

/// Which operation of the container credentials a request is for.
pub(super) fn container_operation(request: &Request) -> Option<Operation> {
    let known = request.method == Method::GET && [RELATIVE, FULL].contains(&request.path.as_str());
    known.then_some(Operation::ContainerCredentials)
}

/// Answers a request for it.
pub(super) fn container(world: &World, request: &Request) -> Result<Answer, Refusal> {
    let sent = request.header("authorization").unwrap_or_default();
    if request.path == FULL && !is_secret(sent, &world.container_token()) {
        let message = "the authorization token is missing or wrong";
        return Err(Refusal::new(401, "AccessDeniedException", message));
    }
    let role = &world.options.container_role;
    let issued = issue(world, role, "loopback-task", world.options.lifetimes.container);
    let mut body = credentials(&issued);
    if let Some(body) = body.as_object_mut() {
        body.insert("RoleArn".into(), issued.principal.iam_arn.into());
    }
    Ok(json(200, &body))
}

/// An error of the container credentials.
pub(super) fn container_error(status: u16, code: &str, message: &str) -> Answer {
    json(status, &json!({ "code": code, "message": message }))
}

fn issue(world: &World, role: &str, session: &str, lifetime: Duration) -> Issued {
    let account = world.options.accounts.first().map_or("111122223333", |account| &account.id);
    let principal = Principal::session(&format!("arn:aws:iam::{account}:role/{role}"), session);
    world.keys.issue(principal, lifetime, None)
}

fn credentials(issued: &Issued) -> Value {
    json!({
        "AccessKeyId": issued.access_key_id,
        "SecretAccessKey": issued.secret_access_key.expose_secret(),
        "Token": issued.session_token.as_ref().map(ExposeSecret::expose_secret),
        "Expiration": issued.expires.map(iso),
    })
}
