//! The AWS tools' cache of sign-ins to IAM Identity Center, `~/.aws/sso/cache`: keeping a token, reading it, and renewing it.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use lakeward_core::untrusted::printable;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha1::{Digest, Sha1};

use super::{CacheFile, Content, Renewed, hex, sso_registration::Registration, text, written};
use crate::{
    advice::login,
    environment::Environment,
    error::{SourceError, code_of},
    origin::{Origin, Setting},
    temporary::time,
    tools::Tools,
};

/// Where the cache is, below the home.
pub(crate) const FOLDER: &str = ".aws/sso/cache";

/// A token is renewed when less than this is left of it, as botocore does.
const RENEW_BEFORE: Duration = Duration::from_mins(15);

/// A sign-in to IAM Identity Center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SsoSignIn {
    /// The name of the `[sso-session]`; without one the older format is used, whose tokens are not renewed.
    pub(crate) session: Option<String>,
    pub(crate) start_url: String,
    pub(crate) region: String,
}

impl SsoSignIn {
    /// The name of the token's file: the SHA-1 of the session's name or of the start URL, as it is written.
    pub(crate) fn file_name(&self) -> String {
        file_name(self.session.as_ref().unwrap_or(&self.start_url))
    }

    /// What the cache holds of it, without asking anybody.
    pub(crate) fn cached(&self, environment: &Environment) -> Option<Setting> {
        let path = environment.home()?.join(FOLDER).join(self.file_name());
        let now = SystemTime::now();
        let state = match listed(&path, now).and_then(|listed| Some((listed.expires?, listed.renews))) {
            Some((expires, _)) if expires > now => format!("token good until {}", written(expires)),
            Some((expires, true)) => format!("token expired at {}, renewed when it is used", written(expires)),
            Some((expires, false)) => format!("token expired at {}", written(expires)),
            None if path.exists() => "the cached token can't be read".to_owned(),
            None => "nobody is signed in".to_owned(),
        };
        Some(Setting::of("sign-in", &state, Origin::Cache(path)))
    }

    /// What a person does to sign in.
    pub(crate) fn sign_in(&self) -> String {
        format!("sign in with {}", self.command())
    }

    /// The command for it.
    fn command(&self) -> String {
        match &self.session {
            Some(name) => login(&["--sso-session", name]),
            None => login(&["--sso-start-url", &self.start_url, "--sso-region", &self.region]),
        }
    }

    /// Keeps what a person has just signed in with, in place of an older sign-in. Nothing is kept of a file that is damaged.
    ///
    /// # Errors
    /// When the file can't be written, or another process holds its lock.
    pub(crate) async fn keep(&self, fresh: &Fresh, tools: &Tools) -> Result<PathBuf, SourceError> {
        let path = self.path(tools)?;
        let file = CacheFile::new(path.clone());
        let _lock = file.lock(tools.lock_wait).await?;
        let mut content = Content::new();
        let mut put = |key: &str, value: &str| drop(content.insert(key.to_owned(), json!(value)));
        // In the order in which the AWS CLI writes them.
        put("startUrl", &self.start_url);
        put("region", &self.region);
        put("accessToken", fresh.token.expose_secret());
        put("expiresAt", &written(fresh.expires));
        put("clientId", &fresh.client.id);
        put("clientSecret", fresh.client.secret.expose_secret());
        put("registrationExpiresAt", &written(fresh.client.expires));
        if let Some(refresh) = &fresh.refresh {
            put("refreshToken", refresh.expose_secret());
        }
        let old = file.read().ok().flatten().unwrap_or_default();
        content.extend(old.into_iter().filter(|(key, _)| !OWN_KEYS.contains(&key.as_str())));
        file.write(&content).map_err(|error| {
            let what = format!("the sign-in can't be kept: {} can't be written: {error}", file.shown());
            SourceError::new(what, "make room there and let this user write it, then sign in again")
        })?;
        Ok(path)
    }

    /// Whether a sign-in could be kept, so that nobody signs in for nothing.
    pub(crate) async fn can_be_kept(&self, tools: &Tools) -> Result<(), SourceError> {
        let file = CacheFile::new(self.path(tools)?);
        if file.lock(tools.lock_wait).await?.is_none() {
            let what = format!("a sign-in could not be kept: {} can't be written", file.shown());
            return Err(SourceError::new(what, "let this user write that folder, or point HOME elsewhere"));
        }
        Ok(())
    }

    fn path(&self, tools: &Tools) -> Result<PathBuf, SourceError> {
        let folder = tools.in_home(FOLDER).ok_or_else(|| {
            SourceError::new("there is no home folder, and so no sign-in to IAM Identity Center", "set HOME")
        })?;
        Ok(folder.join(self.file_name()))
    }
}

/// The keys that a sign-in sets, or leaves away.
const OWN_KEYS: [&str; 8] = [
    "startUrl",
    "region",
    "accessToken",
    "expiresAt",
    "clientId",
    "clientSecret",
    "registrationExpiresAt",
    "refreshToken",
];

/// What a person has just signed in with.
#[derive(Debug)]
pub(crate) struct Fresh {
    pub(crate) token: SecretString,
    pub(crate) expires: SystemTime,
    pub(crate) refresh: Option<SecretString>,
    /// The client that it was given to, and that renews it.
    pub(crate) client: Registration,
}

/// The name of the file of a session, by its name or start URL.
pub(crate) fn file_name(of: &str) -> String {
    format!("{}.json", hex(Sha1::digest(of)))
}

/// The token of a sign-in, which is read from the file each time: other programs renew it too.
#[derive(Debug)]
pub(crate) struct SsoTokens {
    pub(crate) sign_in: SsoSignIn,
    content: Renewed,
}

impl SsoTokens {
    pub(crate) fn new(sign_in: SsoSignIn) -> Self {
        Self { sign_in, content: Renewed::new(expiry) }
    }

    /// A token that is good now, renewed where that is possible and due.
    pub(crate) async fn current(&self, tools: &Tools) -> Result<String, SourceError> {
        let content = self.read(tools)?;
        if !due(&content, tools.now()) {
            return self.token(&content, tools.now());
        }
        Ok(self.renewed(tools, |content| !due(content, tools.now())).await?.0)
    }

    /// Another token than this one, which was refused.
    pub(crate) async fn another(&self, refused: &str, tools: &Tools) -> Result<String, SourceError> {
        let is_new = |content: &Content| text(content, "accessToken") != Some(refused);
        let (token, reason) = self.renewed(tools, is_new).await?;
        if token == refused {
            let what = format!("the sign-in to {} was ended before its time", printable(&self.sign_in.start_url));
            return Err(SourceError::new(what, self.sign_in.sign_in()).because(reason));
        }
        Ok(token)
    }

    /// Renews, unless another process did so meanwhile or is at it. A renewal that fails is tolerated while the token is good:
    /// then the answer has the reason too.
    async fn renewed(
        &self,
        tools: &Tools,
        is_new: impl Fn(&Content) -> bool + Send,
    ) -> Result<(String, Option<SourceError>), SourceError> {
        let file = self.file(tools)?;
        let (lock, mut refused) = match file.lock(tools.lock_wait).await {
            Ok(lock) => (lock, None),
            Err(held) => (None, Some(held)),
        };
        let mut content = self.read(tools)?;
        if !is_new(&content) && refused.is_none() {
            match self.renew(&content, tools).await {
                Ok(changed) => {
                    content.extend(changed);
                    self.content.write(&file, lock.as_ref(), &content, &self.sign_in.sign_in());
                }
                Err(error) => {
                    tracing::debug!("the sign-in was not renewed: {error}");
                    refused = Some(error);
                }
            }
        }
        match self.token(&content, tools.now()) {
            Ok(token) => Ok((token, refused)),
            Err(expired) => Err(expired.because(refused)),
        }
    }

    fn file(&self, tools: &Tools) -> Result<CacheFile, SourceError> {
        Ok(CacheFile::new(self.sign_in.path(tools)?))
    }

    fn read(&self, tools: &Tools) -> Result<Content, SourceError> {
        let file = self.file(tools)?;
        let damaged = |what| SourceError::new(what, format!("delete it and {}", self.sign_in.sign_in()));
        self.content.read(&file).map_err(damaged)?.ok_or_else(|| {
            let url = printable(&self.sign_in.start_url);
            let what = format!("nobody is signed in to {url}: there is no {}", file.shown());
            SourceError::new(what, self.other_spelling(tools).unwrap_or_else(|| self.sign_in.sign_in()))
        })
    }

    /// In the older format each spelling of a start URL is a sign-in of its own.
    fn other_spelling(&self, tools: &Tools) -> Option<String> {
        let url = self.sign_in.start_url.as_str();
        let bare = url.trim_end_matches(['#', '/']);
        let spellings = ["", "/", "/#", "/#/", "#/", "#"].map(|end| format!("{bare}{end}"));
        let folder = tools.in_home(FOLDER).filter(|_| self.sign_in.session.is_none())?;
        let other = spellings.into_iter().filter(|spelling| spelling != url).find(|spelling| {
            let sign_in = SsoSignIn { start_url: spelling.clone(), ..self.sign_in.clone() };
            folder.join(sign_in.file_name()).exists()
        })?;
        Some(format!("write sso_start_url as {}: somebody is signed in to that", printable(&other)))
    }

    fn token(&self, content: &Content, now: SystemTime) -> Result<String, SourceError> {
        let url = printable(&self.sign_in.start_url);
        match (text(content, "accessToken"), expiry(content)) {
            (Some(token), Some(expires)) if expires > now => Ok(token.to_owned()),
            (Some(_), Some(expires)) => {
                let what = format!("the sign-in to {url} expired at {}", written(expires));
                Err(SourceError::new(what, self.sign_in.sign_in()))
            }
            _ => {
                let what = format!("the cached sign-in to {url} lacks accessToken or expiresAt");
                Err(SourceError::new(what, self.sign_in.sign_in()))
            }
        }
    }

    /// What a renewal changes in the file.
    async fn renew(&self, content: &Content, tools: &Tools) -> Result<Content, SourceError> {
        let sign_in = || self.sign_in.sign_in();
        let key = |key| text(content, key).filter(|_| self.sign_in.session.is_some());
        let (Some(refresh), Some(id), Some(secret)) = (key("refreshToken"), key("clientId"), key("clientSecret"))
        else {
            return Err(SourceError::new("the sign-in can't be renewed: it came without a refresh token", sign_in()));
        };
        if key("registrationExpiresAt").and_then(time).is_none_or(|expires| expires <= tools.now()) {
            return Err(SourceError::new("the sign-in can't be renewed: its registration has expired", sign_in()));
        }
        let call = tools.oidc(&self.sign_in.region).create_token().grant_type("refresh_token");
        let answer = call.client_id(id).client_secret(secret).refresh_token(refresh).send().await;
        let answer = answer.map_err(|error| {
            let what = match code_of(&error) {
                "InvalidGrantException" => "the sign-in is over: its refresh token is not good any more",
                "InvalidClientException" | "UnauthorizedClientException" => {
                    "the sign-in can't be renewed: its registration is not known any more"
                }
                "ExpiredTokenException" => "the sign-in has expired",
                "AccessDeniedException" => "the sign-in may not be renewed",
                _ => "the sign-in was not renewed",
            };
            SourceError::of_service(what, error, sign_in())
        })?;
        let Some(token) = answer.access_token else {
            return Err(SourceError::new("the sign-in was not renewed: the answer holds no token", sign_in()));
        };
        let life = Duration::from_secs(u64::try_from(answer.expires_in).unwrap_or(0));
        let mut changed = Content::new();
        changed.insert("accessToken".into(), json!(token));
        changed.insert("expiresAt".into(), json!(written(tools.now() + life)));
        // An answer without one leaves the old one good.
        changed.extend(answer.refresh_token.map(|token| ("refreshToken".to_owned(), json!(token))));
        Ok(changed)
    }
}

fn expiry(content: &Content) -> Option<SystemTime> {
    text(content, "expiresAt").and_then(time)
}

fn due(content: &Content, now: SystemTime) -> bool {
    expiry(content).is_none_or(|expires| expires <= now + RENEW_BEFORE)
}

/// What one file of the cache says of a sign-in, if it is one's.
pub(crate) struct Listed {
    pub(crate) start_url: String,
    pub(crate) expires: Option<SystemTime>,
    pub(crate) renews: bool,
}

/// Reads a file of the cache as a sign-in.
pub(crate) fn listed(path: &Path, now: SystemTime) -> Option<Listed> {
    listed_in(&CacheFile::new(path.to_owned()).read().ok()??, now)
}

/// The same of what it holds.
pub(crate) fn listed_in(content: &Content, now: SystemTime) -> Option<Listed> {
    text(content, "accessToken")?;
    let registered = text(content, "registrationExpiresAt").and_then(time);
    Some(Listed {
        start_url: text(content, "startUrl").unwrap_or_default().to_owned(),
        expires: expiry(content),
        renews: text(content, "refreshToken").is_some() && registered.is_some_and(|expires| expires > now),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_names_that_the_aws_tools_give_them() {
        let sign_in = |session: Option<&str>| SsoSignIn {
            session: session.map(str::to_owned),
            start_url: "https://d-abc123.awsapps.com/start".into(),
            region: "us-east-1".into(),
        };
        assert_eq!(sign_in(Some("my-sso")).file_name(), "0ad374308c5a4e22f723adf10145eafad7c4031c.json");
        assert_eq!(sign_in(None).file_name(), "40a89917e3175433e361b710a9d43528d7f1890a.json");
    }
}
