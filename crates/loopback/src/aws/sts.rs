//! The Security Token Service: temporary keys for whoever a role trusts, and the answer to "who am I".
//!
//! The query protocol: a form comes in, XML goes out.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use http::Method;
use lakeward_core::untrusted::excerpt;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::{
    clock::iso,
    exchange::{Answer, Refusal, Request, body_of, is_secret},
    issued::{Issued, Principal},
    options::Role,
    random,
    script::Operation,
    signature,
    world::World,
};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The longest session policy, in characters.
const MOST_POLICY: usize = 2048;

const HOUR: Duration = Duration::from_secs(3600);
const SHORTEST: Duration = Duration::from_secs(900);
/// The longest session of a role, whatever the role allows.
const LONGEST_ROLE: Duration = Duration::from_secs(12 * 3600);
/// The longest session of a user.
const LONGEST_USER: Duration = Duration::from_secs(36 * 3600);

/// Which operation a request is for.
pub(super) fn operation(request: &Request) -> Option<Operation> {
    match (request.method == Method::POST && request.path == "/").then(|| request.field("Action"))??.as_str() {
        "AssumeRole" => Some(Operation::AssumeRole),
        "AssumeRoleWithWebIdentity" => Some(Operation::AssumeRoleWithWebIdentity),
        "GetSessionToken" => Some(Operation::GetSessionToken),
        "GetCallerIdentity" => Some(Operation::GetCallerIdentity),
        _ => None,
    }
}

/// Answers a request for one of them.
pub(super) fn answer(world: &World, operation: Operation, request: &Request) -> Result<Answer, Refusal> {
    match operation {
        Operation::AssumeRoleWithWebIdentity => assume_with_web_identity(world, request),
        _ => signature::caller(world, "sts", request).and_then(|caller| match operation {
            Operation::AssumeRole => assume_role(world, request, &caller),
            Operation::GetSessionToken => session_token(world, request, &caller),
            _ => caller_identity(&caller),
        }),
    }
}

/// An error in the service's form.
pub(super) fn error(status: u16, code: &str, message: &str) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Error<'a> {
        r#type: &'a str,
        code: &'a str,
        message: &'a str,
    }
    let blame = if status < 500 { "Sender" } else { "Receiver" };
    let error = element("Error", &Error { r#type: blame, code, message });
    let id = element("RequestId", &random::request_id());
    let body = format!("<ErrorResponse xmlns=\"{NAMESPACE}\">{error}{id}</ErrorResponse>");
    body_of(status, "text/xml", body)
}

fn success<T: Serialize>(action: &str, result: &T) -> Result<Answer, Refusal> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Metadata {
        request_id: String,
    }
    let result = element(&format!("{action}Result"), result);
    let metadata = element("ResponseMetadata", &Metadata { request_id: random::request_id() });
    let body = format!("<{action}Response xmlns=\"{NAMESPACE}\">{result}{metadata}</{action}Response>");
    Ok(body_of(200, "text/xml", body))
}

fn element<T: Serialize>(name: &str, value: &T) -> String {
    quick_xml::se::to_string_with_root(name, value).unwrap_or_default()
}

fn denied(message: impl Into<String>) -> Refusal {
    Refusal::new(403, "AccessDenied", message)
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "ValidationError", message)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: &'a str,
    expiration: String,
}

impl<'a> Credentials<'a> {
    fn of(issued: &'a Issued) -> Self {
        Self {
            access_key_id: &issued.access_key_id,
            secret_access_key: issued.secret_access_key.expose_secret(),
            session_token: issued.session_token.as_ref().map_or("", |token| token.expose_secret()),
            expiration: iso(issued.expires.unwrap_or(SystemTime::UNIX_EPOCH)),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedRoleUser<'a> {
    assumed_role_id: &'a str,
    arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumeRoleResult<'a> {
    credentials: Credentials<'a>,
    assumed_role_user: AssumedRoleUser<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_from_web_identity_token: Option<String>,
}

impl<'a> AssumeRoleResult<'a> {
    fn of(issued: &'a Issued, subject: Option<String>) -> Self {
        let Principal { user_id, arn, .. } = &issued.principal;
        Self {
            credentials: Credentials::of(issued),
            assumed_role_user: AssumedRoleUser { assumed_role_id: user_id, arn },
            subject_from_web_identity_token: subject,
        }
    }
}

fn assume_role(world: &World, request: &Request, caller: &Issued) -> Result<Answer, Refusal> {
    let (arn, session) = role_and_session(request)?;
    let who = &caller.principal;
    let not_authorized =
        || denied(format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}", who.arn));
    let role = world.options.roles.iter().find(|role| role.arn == arn).ok_or_else(not_authorized)?;
    let trusted = role.trusts.iter().any(|trusted| {
        [&who.arn, &who.iam_arn].contains(&trusted) || *trusted == format!("arn:aws:iam::{}:root", who.account)
    });
    let external = role.external_id.is_none() || role.external_id == request.field("ExternalId");
    let mfa = mfa(world, request, who)?;
    if !trusted || !external || (role.requires_mfa && !mfa) {
        return Err(not_authorized());
    }
    let asked = duration(request, SHORTEST, LONGEST_ROLE)?;
    if who.is_role && asked.is_some_and(|asked| asked > HOUR) {
        return Err(invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    let lifetime = role_lifetime(world, role, asked)?;
    let principal = Principal::session(&arn, &session);
    let issued = world.keys.issue(principal, lifetime, session_policy(request)?);
    success("AssumeRole", &AssumeRoleResult::of(&issued, None))
}

fn assume_with_web_identity(world: &World, request: &Request) -> Result<Answer, Refusal> {
    let (arn, session) = role_and_session(request)?;
    let now = world.clock.now();
    let token = request.field("WebIdentityToken").unwrap_or_default();
    let subject = world.web_identities.get(&token).ok_or_else(|| {
        Refusal::new(
            400,
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        )
    })?;
    if subject.is_expired(now) {
        let (expired, now) = (iso(subject.expires), iso(now));
        let message =
            format!("Token expired: current date/time {now} must be before the expiration date/time {expired}");
        return Err(Refusal::new(400, "ExpiredTokenException", message));
    }
    let role = world.options.roles.iter().find(|role| role.arn == arn && role.subjects.contains(&subject.value));
    let role = role.ok_or_else(|| denied("Not authorized to perform sts:AssumeRoleWithWebIdentity"))?;
    let lifetime = role_lifetime(world, role, duration(request, SHORTEST, LONGEST_ROLE)?)?;
    let principal = Principal::session(&arn, &session);
    let issued = world.keys.issue(principal, lifetime, session_policy(request)?);
    success("AssumeRoleWithWebIdentity", &AssumeRoleResult::of(&issued, Some(subject.value)))
}

fn session_token(world: &World, request: &Request, caller: &Issued) -> Result<Answer, Refusal> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct GetSessionTokenResult<'a> {
        credentials: Credentials<'a>,
    }
    if caller.session_token.is_some() {
        return Err(denied("Cannot call GetSessionToken with session credentials"));
    }
    let mut principal = caller.principal.clone();
    principal.mfa = mfa(world, request, &principal)?;
    let asked = duration(request, SHORTEST, LONGEST_USER)?.unwrap_or(12 * HOUR);
    let lifetime = world.options.lifetimes.sts.unwrap_or(asked);
    let issued = world.keys.issue(principal, lifetime, None);
    success("GetSessionToken", &GetSessionTokenResult { credentials: Credentials::of(&issued) })
}

fn caller_identity(caller: &Issued) -> Result<Answer, Refusal> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct GetCallerIdentityResult<'a> {
        arn: &'a str,
        user_id: &'a str,
        account: &'a str,
    }
    let Principal { arn, user_id, account, .. } = &caller.principal;
    success("GetCallerIdentity", &GetCallerIdentityResult { arn, user_id, account })
}

/// The role's ARN and the session's name, as far as they could be such.
fn role_and_session(request: &Request) -> Result<(String, String), Refusal> {
    let arn = request.field("RoleArn").unwrap_or_default();
    if !(20..=2048).contains(&arn.len())
        || !arn.starts_with("arn:")
        || !arn.contains(":role/")
        || !arn.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(invalid(format!("{} is invalid", excerpt(&arn, 200))));
    }
    let session = request.field("RoleSessionName").unwrap_or_default();
    let allowed: BTreeSet<char> = "_+=,.@-".chars().collect();
    let fits = |letter: char| letter.is_ascii_alphanumeric() || allowed.contains(&letter);
    if !(2..=64).contains(&session.len()) || !session.chars().all(fits) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{}' at 'roleSessionName' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: [\\w+=,.@-]*",
            excerpt(&session, 200)
        )));
    }
    Ok((arn, session))
}

/// `Policy`, if it is there: a JSON object of at most 2,048 characters. What it says is not looked at here.
fn session_policy(request: &Request) -> Result<Option<String>, Refusal> {
    let Some(policy) = request.field("Policy") else { return Ok(None) };
    if policy.chars().count() > MOST_POLICY {
        return Err(invalid(format!(
            "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less \
             than or equal to {MOST_POLICY}"
        )));
    }
    if serde_json::from_str::<serde_json::Map<_, _>>(&policy).is_err() {
        let message = "The policy is not in the valid JSON format.";
        return Err(Refusal::new(400, "MalformedPolicyDocument", message));
    }
    Ok(Some(policy))
}

/// `DurationSeconds`, if it is there.
fn duration(request: &Request, shortest: Duration, longest: Duration) -> Result<Option<Duration>, Refusal> {
    let Some(text) = request.field("DurationSeconds") else { return Ok(None) };
    let asked = text.parse().map(Duration::from_secs).ok();
    let (limit, word) = match asked {
        Some(asked) if asked > longest => (longest, "less"),
        Some(asked) if asked >= shortest => return Ok(Some(asked)),
        _ => (shortest, "greater"),
    };
    Err(invalid(format!(
        "1 validation error detected: Value '{}' at 'durationSeconds' failed to satisfy constraint: Member must \
         have value {word} than or equal to {}",
        excerpt(&text, 200),
        limit.as_secs()
    )))
}

/// What a session of a role may last; an hour if nothing was asked for.
fn role_lifetime(world: &World, role: &Role, asked: Option<Duration>) -> Result<Duration, Refusal> {
    if asked.is_some_and(|asked| asked > role.longest_session) {
        return Err(invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
    }
    Ok(world.options.lifetimes.sts.unwrap_or(asked.unwrap_or(HOUR)))
}

/// Whether the caller has shown an MFA code, now or for the session that it calls from.
fn mfa(world: &World, request: &Request, who: &Principal) -> Result<bool, Refusal> {
    let (serial, code) = match (request.field("SerialNumber"), request.field("TokenCode")) {
        (None, None) => return Ok(who.mfa),
        (serial, code) => (serial.unwrap_or_default(), code.unwrap_or_default()),
    };
    let user = world.options.users.iter().find(|user| user.arn == who.iam_arn);
    let device = user.and_then(|user| user.mfa.as_ref()).filter(|device| device.serial == serial);
    match device {
        Some(device) if is_secret(&code, &device.code) => Ok(true),
        Some(_) => Err(denied("MultiFactorAuthentication failed with invalid MFA one time pass code. ")),
        None => Err(denied(
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is \
             valid and associated with this user.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn an_error_is_xml_whatever_its_words() {
        let answer = error(403, "AccessDenied", "a <b> & \"c\"");
        assert_eq!(answer.status(), 403);
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        let body = String::from_utf8_lossy(&body);
        let expected =
            "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>a &lt;b&gt; &amp; \"c\"</Message></Error>";
        assert!(body.contains(expected), "{body}");
    }
}
