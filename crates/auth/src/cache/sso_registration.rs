//! The AWS tools' cache of clients that are registered with IAM Identity Center's OIDC, in the folder of the sign-ins.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::{
    CacheFile, Content, hex,
    role::ascii,
    sso_token::{FOLDER, SsoSignIn},
    text, written,
};
use crate::{sign_in::Flow, temporary::time, tools::Tools};

/// A client is registered anew when no more than this is left of its registration, as the AWS CLI does.
const LEFT: Duration = Duration::from_mins(15);

/// The grant that tells a browser's client from one for codes, in the file as well.
pub(crate) const AUTHORIZATION_CODE: &str = "authorization_code";

/// The scope without which no sign-in can be renewed.
pub(crate) const ACCESS_SCOPE: &str = "sso:account:access";

/// A registered client.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) id: String,
    pub(crate) secret: SecretString,
    pub(crate) expires: SystemTime,
}

/// The file of a sign-in's client, which all flows share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RegistrationFile<'a> {
    pub(crate) sign_in: &'a SsoSignIn,
    /// `sso_registration_scopes`, if they are set.
    pub(crate) scopes: Option<&'a [String]>,
}

impl RegistrationFile<'_> {
    /// The SHA-1 of what Python's `json.dumps(…, sort_keys=True)` writes.
    fn name(self) -> String {
        let text = |text: &str| ascii(&Value::from(text).to_string());
        let scopes = self
            .scopes
            .map(|scopes| format!("[{}]", scopes.iter().map(|scope| text(scope)).collect::<Vec<_>>().join(", ")));
        let null = || "null".to_owned();
        let key = format!(
            r#"{{"region": {}, "scopes": {}, "session_name": {}, "startUrl": {}, "tool": "botocore"}}"#,
            text(&self.sign_in.region),
            scopes.unwrap_or_else(null),
            self.sign_in.session.as_deref().map_or_else(null, text),
            text(&self.sign_in.start_url),
        );
        format!("{}.json", hex(Sha1::digest(key)))
    }

    fn path(self, tools: &Tools) -> Option<PathBuf> {
        Some(tools.in_home(FOLDER)?.join(self.name()))
    }

    /// The client that is registered for this flow and these scopes, if its registration lives long enough.
    pub(crate) fn read(self, flow: Flow, scopes: &[String], tools: &Tools) -> Option<Registration> {
        let content = CacheFile::new(self.path(tools)?).read().ok()??;
        let expires = text(&content, "expiresAt").and_then(time)?;
        let has = |key: &str, wanted: &str| {
            content.get(key).and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == wanted))
        };
        let is_browsers = has("grantTypes", AUTHORIZATION_CODE);
        // A browser's client always has the access scope, also where its file does not say so.
        let has_scope = |scope: &String| {
            has("scopes", scope) || (is_browsers && !content.contains_key("scopes") && scope == ACCESS_SCOPE)
        };
        let fits =
            is_browsers == (flow == Flow::Browser) && scopes.iter().all(has_scope) && expires > tools.now() + LEFT;
        let id = text(&content, "clientId")?.to_owned();
        fits.then_some(Registration { id, secret: text(&content, "clientSecret")?.into(), expires })
    }

    /// Keeps a client. Without this file the next sign-in registers another one, and nothing else is lost.
    pub(crate) async fn write(self, client: &Registration, flow: Flow, scopes: &[String], tools: &Tools) {
        let Some(path) = self.path(tools) else { return };
        let file = CacheFile::new(path);
        let Ok(_lock) = file.lock(tools.lock_wait).await else { return };
        let mut content = Content::new();
        content.insert("clientId".into(), json!(client.id));
        content.insert("clientSecret".into(), json!(client.secret.expose_secret()));
        content.insert("expiresAt".into(), json!(written(client.expires)));
        if !scopes.is_empty() {
            content.insert("scopes".into(), json!(scopes));
        }
        if flow == Flow::Browser {
            content.insert("grantTypes".into(), json!([AUTHORIZATION_CODE, "refresh_token"]));
        }
        if let Err(error) = file.write(&content) {
            tracing::debug!("the registration was not kept in {}: {error}", file.shown());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_names_that_the_aws_cli_gives_them() {
        let sign_in = |session: Option<&str>| SsoSignIn {
            session: session.map(str::to_owned),
            start_url: "https://d-abc123.awsapps.com/start".into(),
            region: "us-east-1".into(),
        };
        let name = |session, scopes| RegistrationFile { sign_in: &sign_in(session), scopes }.name();
        let scopes = [ACCESS_SCOPE.to_owned()];
        assert_eq!(name(Some("my-sso"), Some(&scopes[..])), "18d9b42846b15eb5385befb03b3d864f800fcc11.json");
        assert_eq!(name(None, None), "c7029af06842ab71c7d71a4f2d85fc584e0c5528.json");
    }
}
