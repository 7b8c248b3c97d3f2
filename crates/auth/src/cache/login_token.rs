//! The AWS tools' cache of console sign-ins (`aws login`), `~/.aws/login/cache`: keys for 15 minutes, and how to renew them.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sdk_signin::{
    error::SdkError,
    operation::create_o_auth2_token::{CreateOAuth2TokenError, CreateOAuth2TokenOutput},
    types::CreateOAuth2TokenRequestBody,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use lakeward_core::untrusted::printable;
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{CacheFile, Content, Renewed, hex, text, written};
use crate::{
    advice::login_at_console,
    environment::Environment,
    error::{SourceError, code_of},
    origin::{Origin, Setting},
    temporary::{temporary, time},
    tools::Tools,
};

/// Keys are renewed when less than this is left of them, as botocore does.
const RENEW_BEFORE: Duration = Duration::from_mins(5);

/// How long after a sign-in its keys are renewed at most. When it was made stands nowhere: a file whose keys expired longer ago
/// than this is surely over, a younger one may be.
pub(crate) const RENEWED_FOR: Duration = Duration::from_hours(12);

/// The folder of the cache.
pub(crate) fn folder(environment: &Environment) -> Option<PathBuf> {
    match environment.get("AWS_LOGIN_CACHE_DIRECTORY") {
        Some(folder) => Some(environment.expand(folder)),
        None => Some(environment.home()?.join(".aws/login/cache")),
    }
}

/// The keys of one console sign-in, read from the file each time.
#[derive(Debug)]
pub(crate) struct LoginTokens {
    /// Who signed in: an ARN, as `login_session` names it.
    pub(crate) session: String,
    /// What a person runs to sign in.
    sign_in: String,
    content: Renewed,
}

impl LoginTokens {
    /// Those of a profile's `login_session`.
    pub(crate) fn new(session: &str, profile: &str) -> Self {
        let sign_in = format!("sign in with {}", login_at_console(profile));
        Self { session: session.to_owned(), sign_in, content: Renewed::new(expiry) }
    }

    /// What the cache holds of it, without asking anybody.
    pub(crate) fn cached(&self, environment: &Environment) -> Option<Setting> {
        let path = folder(environment)?.join(file_name(&self.session));
        let state = match listed(&path) {
            Some((_, expires)) => {
                let now = SystemTime::now();
                let state = if expires > now { "good until" } else { "expired at" };
                let renewed = if now < expires + RENEWED_FOR { ", renewed for up to 12 hours" } else { "" };
                format!("keys {state} {}{renewed}", written(expires))
            }
            None if path.exists() => "the cached keys can't be read".to_owned(),
            None => "nobody is signed in".to_owned(),
        };
        Some(Setting::of("sign-in", &state, Origin::Cache(path)))
    }

    /// Keys that are good now, renewed where that is due. A renewal that fails is tolerated while they are good.
    pub(crate) async fn current(&self, tools: &Tools) -> Result<Credentials, SourceError> {
        let file = self.file(tools)?;
        let content = self.read(&file)?;
        let due = |content: &Content| expiry(content).is_none_or(|expires| expires <= tools.now() + RENEW_BEFORE);
        if !due(&content) {
            return self.keys(&content, tools.now());
        }
        let (lock, mut refused) = match file.lock(tools.lock_wait).await {
            Ok(lock) => (lock, None),
            Err(held) => (None, Some(held)),
        };
        let mut content = self.read(&file)?;
        if due(&content) && refused.is_none() {
            match self.renew(&content, tools).await {
                Ok(changed) => {
                    content.extend(changed);
                    self.content.write(&file, lock.as_ref(), &content, &self.sign_in);
                }
                Err(error) => {
                    tracing::debug!("the console sign-in was not renewed: {error}");
                    refused = Some(error);
                }
            }
        }
        self.keys(&content, tools.now()).map_err(|expired| expired.because(refused))
    }

    fn file(&self, tools: &Tools) -> Result<CacheFile, SourceError> {
        let folder = folder(&tools.environment)
            .ok_or_else(|| SourceError::new("there is no home folder, and so no console sign-in", "set HOME"))?;
        Ok(CacheFile::new(folder.join(file_name(&self.session))))
    }

    fn read(&self, file: &CacheFile) -> Result<Content, SourceError> {
        let damaged = |what| SourceError::new(what, format!("delete it and {}", self.sign_in));
        self.content.read(file).map_err(damaged)?.ok_or_else(|| {
            let what = format!("nobody is signed in as {}: there is no {}", printable(&self.session), file.shown());
            SourceError::new(what, self.sign_in.clone())
        })
    }

    fn keys(&self, content: &Content, now: SystemTime) -> Result<Credentials, SourceError> {
        let session = printable(&self.session);
        let key = |key| content.get("accessToken")?.get(key)?.as_str();
        match (key("accessKeyId"), key("secretAccessKey"), key("sessionToken"), expiry(content)) {
            (Some(id), Some(secret), Some(token), Some(expires)) if expires > now => {
                Ok(temporary(id, secret, token, Some(expires), "console sign-in"))
            }
            (Some(_), Some(_), Some(_), Some(expires)) => Err(SourceError::new(
                format!("the console sign-in as {session} expired at {}", written(expires)),
                self.sign_in.clone(),
            )),
            _ => Err(SourceError::new(
                format!("the cached console sign-in as {session} lacks its keys"),
                self.sign_in.clone(),
            )),
        }
    }

    /// What a renewal changes in the file.
    async fn renew(&self, content: &Content, tools: &Tools) -> Result<Content, SourceError> {
        let (Some(client), Some(refresh), Some(key)) =
            (text(content, "clientId"), text(content, "refreshToken"), text(content, "dpopKey"))
        else {
            return Err(SourceError::new("the cached console sign-in lacks what renews it", self.sign_in.clone()));
        };
        let key = p256::SecretKey::from_sec1_pem(key).map_err(|_| {
            SourceError::new("the cached console sign-in is damaged: dpopKey is no EC key", self.sign_in.clone())
        })?;
        // The refresh token is good only where it was issued. Older sign-ins do not say where that was.
        let Some(region) = text(content, "signInRegion").or(tools.region()) else {
            let next = "set AWS_REGION to the region of the sign-in, or the profile's region";
            return Err(SourceError::new("the console sign-in does not say its region, and none is set", next));
        };
        let body = CreateOAuth2TokenRequestBody::builder()
            .client_id(client)
            .grant_type("refresh_token")
            .refresh_token(refresh)
            .build()
            .map_err(|error| SourceError::caused("the console sign-in was not renewed", error, self.sign_in.clone()))?;
        let answer = tokens(body, key, region, tools).await.map_err(|error| {
            let (what, next) = match reason(&error).as_str() {
                "TOKEN_EXPIRED" => ("the console sign-in is over", self.sign_in.clone()),
                "USER_CREDENTIALS_CHANGED" => {
                    ("the console sign-in is over: the user's password or keys were changed", self.sign_in.clone())
                }
                "INSUFFICIENT_PERMISSIONS" => ("the console sign-in may not be renewed", PERMISSION.to_owned()),
                "ValidationException" => (
                    "the console sign-in was not renewed: it may have been made in another region",
                    format!("set AWS_REGION to the region of the sign-in, or {}", self.sign_in),
                ),
                _ => ("the console sign-in was not renewed", self.sign_in.clone()),
            };
            SourceError::of_service(what, error, next)
        })?;
        let lacking =
            || SourceError::new("the console sign-in was not renewed: the answer holds no keys", self.sign_in.clone());
        let output = answer.token_output.ok_or_else(lacking)?;
        let keys = output.access_token.ok_or_else(lacking)?;
        let mut access = content.get("accessToken").and_then(Value::as_object).cloned().unwrap_or_default();
        let life = Duration::from_secs(u64::try_from(output.expires_in).unwrap_or(0));
        access.insert("accessKeyId".into(), json!(keys.access_key_id));
        access.insert("secretAccessKey".into(), json!(keys.secret_access_key));
        access.insert("sessionToken".into(), json!(keys.session_token));
        access.insert("expiresAt".into(), json!(written(tools.now() + life)));
        let mut changed = Content::new();
        changed.insert("accessToken".into(), Value::Object(access));
        changed.insert("refreshToken".into(), json!(output.refresh_token));
        Ok(changed)
    }
}

/// What lets a user or role sign in so.
pub(crate) const PERMISSION: &str =
    "let an administrator attach the managed policy SignInLocalDevelopmentAccess to the user or role";

/// Asks for tokens, with a proof that who asks holds the key.
pub(crate) async fn tokens(
    body: CreateOAuth2TokenRequestBody,
    key: p256::SecretKey,
    region: &str,
    tools: &Tools,
) -> Result<CreateOAuth2TokenOutput, SdkError<CreateOAuth2TokenError>> {
    let (key, now) = (SigningKey::from(key), tools.now());
    let call = tools.signin(region).create_o_auth2_token().token_input(body).customize();
    // Only here is the URL final.
    let call = call.mutate_request(move |request| {
        let proof = proof(&key, request.uri(), now);
        request.headers_mut().insert("dpop", proof);
    });
    call.send().await
}

/// Why tokens were refused: what an AccessDeniedException names, else the error's code.
pub(crate) fn reason(error: &SdkError<CreateOAuth2TokenError>) -> String {
    match error.as_service_error() {
        Some(CreateOAuth2TokenError::AccessDeniedException(denied)) => denied.error.as_str().to_owned(),
        _ => code_of(error).to_owned(),
    }
}

/// The name of a sign-in's file: the SHA-256 of its ARN.
pub(crate) fn file_name(session: &str) -> String {
    format!("{}.json", hex(Sha256::digest(session.trim())))
}

fn expiry(content: &Content) -> Option<SystemTime> {
    time(content.get("accessToken")?.get("expiresAt")?.as_str()?)
}

/// A proof that the request is made by the holder of the key (RFC 9449), for a POST.
fn proof(key: &SigningKey, url: &str, now: SystemTime) -> String {
    let point = key.verifying_key().to_sec1_point(false);
    let coordinate = |bytes: Option<&p256::FieldBytes>| bytes.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    let header = json!({
        "typ": "dpop+jwt",
        "alg": "ES256",
        "jwk": { "kty": "EC", "x": coordinate(point.x()), "y": coordinate(point.y()), "crv": "P-256" },
    });
    let issued = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = json!({ "htm": "POST", "htu": url, "iat": issued, "jti": uuid::Uuid::new_v4().to_string() });
    let part = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature: Signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// What one file of the cache says of a sign-in, if it is one's: whose, and until when its keys are good.
pub(crate) fn listed(path: &Path) -> Option<(String, SystemTime)> {
    listed_in(&CacheFile::new(path.to_owned()).read().ok()??)
}

/// The same of what it holds.
pub(crate) fn listed_in(content: &Content) -> Option<(String, SystemTime)> {
    let expires = expiry(content)?;
    let account = content.get("accessToken")?.get("accountId").and_then(Value::as_str).unwrap_or("unknown");
    Some((format!("account {account}"), expires))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_names_that_the_aws_tools_give_them() {
        let name = file_name("arn:aws:iam::0123456789012:user/Admin");
        assert_eq!(name, "36db1d138ff460920374e4c3d8e01f53f9f73537e89c88d639f68393df0e2726.json");
    }
}
