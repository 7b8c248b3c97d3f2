//! The AWS CLI's cache of assumed roles, `~/.aws/cli/cache`: where a session that somebody has started with an MFA code is found.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use serde_json::Value;
use sha1::{Digest, Sha1};

use super::{CacheFile, Content, hex, text};
use crate::{
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
    fn file_name(&self) -> String {
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
}

fn credentials(content: &Content) -> Option<&Content> {
    content.get("Credentials")?.as_object()
}

/// What one file of the cache says of a role's credentials, if it is one's: whose, and until when.
pub(crate) fn listed(path: &Path) -> Option<(String, SystemTime)> {
    let content = CacheFile::new(path.to_owned()).read().ok()??;
    let keys = credentials(&content)?;
    let expires = text(keys, "Expiration").and_then(time)?;
    let role = content.get("AssumedRoleUser").and_then(|user| user.get("Arn")).and_then(Value::as_str);
    let account = || format!("account {}", text(keys, "AccountId").unwrap_or("unknown"));
    Some((role.map_or_else(account, str::to_owned), expires))
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
