//! The AWS CLI's cache of assumed roles, `~/.aws/cli/cache`: where a session that somebody has started with an MFA code is found.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sdk_sts::operation::assume_role::AssumeRoleOutput;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::{CacheFile, Content, hex, text, written};
use crate::{
    error::SourceError,
    temporary::{temporary, time},
    tools::Tools,
};

/// Where the cache is, below the home.
pub(crate) const FOLDER: &str = ".aws/cli/cache";

/// What AssumeRole is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoleRequest {
    pub(crate) role_arn: String,
    pub(crate) session_name: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) duration: Option<Duration>,
    pub(crate) mfa_serial: Option<String>,
}

impl RoleRequest {
    /// The name of the cache's file: the SHA-1 of the arguments as Python's `json.dumps(…, sort_keys=True)` writes them.
    pub(crate) fn file_name(&self) -> String {
        let text = |text: &str| ascii(&Value::from(text).to_string());
        let arguments = [
            ("DurationSeconds", self.duration.map(|duration| duration.as_secs().to_string())),
            ("ExternalId", self.external_id.as_deref().map(text)),
            ("RoleArn", Some(text(&self.role_arn))),
            ("RoleSessionName", self.session_name.as_deref().map(text)),
            ("SerialNumber", self.mfa_serial.as_deref().map(text)),
        ];
        let arguments = arguments.into_iter().filter_map(|(key, value)| Some(format!("\"{key}\": {}", value?)));
        let arguments = format!("{{{}}}", arguments.collect::<Vec<_>>().join(", "));
        format!("{}.json", hex(Sha1::digest(arguments)))
    }
}

/// JSON text with every character beyond ASCII escaped, as Python writes it.
pub(super) fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        }
    }
    text
}

/// The cached session of a role.
#[derive(Clone, Debug)]
pub(crate) struct RoleCache(Option<CacheFile>);

impl RoleCache {
    pub(crate) fn of(tools: &Tools, request: &RoleRequest) -> Self {
        Self(tools.in_home(FOLDER).map(|folder| CacheFile::new(folder.join(request.file_name()))))
    }

    /// The session, if it is still good.
    pub(crate) fn read(&self, now: SystemTime) -> Option<Credentials> {
        let content = self.0.as_ref()?.read().ok()??;
        let keys = credentials(&content)?;
        let expires = text(keys, "Expiration").and_then(time).filter(|expires| *expires > now)?;
        let text = |key| text(keys, key);
        let (id, secret, token) = (text("AccessKeyId")?, text("SecretAccessKey")?, text("SessionToken")?);
        Some(temporary(id, secret, token, Some(expires), "AWS CLI cache"))
    }

    /// Why there is no session that is still good.
    pub(crate) fn lack(&self) -> String {
        let content = self.0.as_ref().map(CacheFile::read).transpose();
        let expires = |content: &Content| text(credentials(content)?, "Expiration").and_then(time);
        match content.map(Option::flatten) {
            Err(damaged) => damaged,
            Ok(content) => match content.as_ref().and_then(expires) {
                Some(expires) => format!("the session in the AWS CLI's cache expired at {}", written(expires)),
                None => "the AWS CLI's cache holds no session that is still good".to_owned(),
            },
        }
    }

    /// Keeps STS's answer, as the AWS CLI does; returns the file.
    pub(crate) async fn write(&self, answer: &AssumeRoleOutput, tools: &Tools) -> Result<PathBuf, SourceError> {
        let lost = |what: String| {
            let next = "let this user write ~/.aws/cli/cache, then sign in again: a code is good once";
            SourceError::new(format!("the role's session can't be kept: {what}"), next)
        };
        let file = self.0.as_ref().ok_or_else(|| lost("there is no home folder".to_owned()))?;
        let _lock = file.lock(tools.lock_wait).await?;
        let content = content(answer).ok_or_else(|| lost("STS answered without credentials".to_owned()))?;
        file.write(&content).map_err(|error| lost(format!("{} can't be written: {error}", file.shown())))?;
        Ok(file.path().to_owned())
    }
}

/// STS's answer as botocore keeps it.
fn content(answer: &AssumeRoleOutput) -> Option<Content> {
    let keys = answer.credentials.as_ref()?;
    let user = answer.assumed_role_user.as_ref();
    let mut credentials = json!({
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key,
        "SessionToken": keys.session_token,
        "Expiration": written(keys.expiration.try_into().ok()?),
    });
    // From `arn:aws:sts::ACCOUNT:assumed-role/…`.
    if let Some(account) = user.and_then(|user| user.arn.split(':').nth(4)).filter(|account| !account.is_empty()) {
        credentials["AccountId"] = json!(account);
    }
    let mut content = Content::new();
    content.insert("Credentials".to_owned(), credentials);
    if let Some(user) = user {
        let user = json!({ "AssumedRoleId": user.assumed_role_id, "Arn": user.arn });
        content.insert("AssumedRoleUser".to_owned(), user);
    }
    content.insert("ResponseMetadata".to_owned(), json!({ "HTTPStatusCode": 200 }));
    Some(content)
}

fn credentials(content: &Content) -> Option<&Content> {
    content.get("Credentials")?.as_object()
}

/// What one file of the cache says of a role's credentials, if it is one's.
pub(crate) struct Listed {
    /// Whose they are.
    pub(crate) whose: String,
    pub(crate) expires: SystemTime,
    /// Whether they came by a sign-in to IAM Identity Center.
    pub(crate) of_sso: bool,
}

/// Reads a file of the cache as a role's credentials.
pub(crate) fn listed(path: &Path) -> Option<Listed> {
    listed_in(&CacheFile::new(path.to_owned()).read().ok()??)
}

/// The same of what it holds.
pub(crate) fn listed_in(content: &Content) -> Option<Listed> {
    let keys = credentials(content)?;
    text(keys, "AccessKeyId")?;
    let expires = text(keys, "Expiration").and_then(time)?;
    let role = content.get("AssumedRoleUser").and_then(|user| user.get("Arn")).and_then(Value::as_str);
    let account = || format!("account {}", text(keys, "AccountId").unwrap_or("unknown"));
    let of_sso = text(content, "ProviderType") == Some("sso");
    Some(Listed { whose: role.map_or_else(account, str::to_owned), expires, of_sso })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_names_that_the_aws_cli_gives_them() {
        let request = RoleRequest {
            role_arn: "arn:aws:iam::111122223333:role/R".into(),
            session_name: None,
            external_id: None,
            duration: Some(Duration::from_hours(1)),
            mfa_serial: Some("arn:aws:iam::111122223333:mfa/u".into()),
        };
        assert_eq!(request.file_name(), "962835aafff0f16a009bac6819557194fbfa56c9.json");
        assert_eq!(ascii("\"é𝄞\""), "\"\\u00e9\\ud834\\udd1e\"");
    }
}
