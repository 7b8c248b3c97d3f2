//! Keys that stand in the AWS files.

use async_trait::async_trait;
use aws_credential_types::Credentials;

use crate::{
    aws_files,
    error::SourceError,
    link::{Link, Source},
    origin::Setting,
    resolution::Context,
    tools::Tools,
};

/// The key of the credentials file with which several tools say until when the keys beside it are good, and with which we do;
/// AWS's own pass over it.
pub(crate) const EXPIRES: &str = "x_security_token_expires";

/// Keys that are at hand.
pub(crate) struct Keys(pub(crate) Credentials);

#[async_trait]
impl Source for Keys {
    async fn fetch(&self, tools: &Tools) -> Result<Credentials, SourceError> {
        match self.0.expiry() {
            Some(expiry) if expiry <= tools.now() => Err(SourceError::new(
                "the keys in the environment have expired (AWS_CREDENTIAL_EXPIRATION)",
                "export new ones, or unset AWS_ACCESS_KEY_ID to look further",
            )),
            _ => Ok(self.0.clone()),
        }
    }

    fn needs(&self) -> Vec<String> {
        Vec::new()
    }

    fn renews(&self) -> bool {
        false
    }
}

pub(crate) fn in_credentials_file(context: &Context<'_>) -> Link {
    plan("keys in the credentials file", &context.profile.credentials, context)
}

pub(crate) fn in_config_file(context: &Context<'_>) -> Link {
    plan("keys in the config file", &context.profile.config, context)
}

fn plan(name: &'static str, keys: &aws_files::Keys, context: &Context<'_>) -> Link {
    let Some(id) = keys.get("aws_access_key_id") else {
        return Link::skipped(name, format!("profile {} has no aws_access_key_id there", context.profile.name));
    };
    let mut settings = vec![Setting::new("aws_access_key_id", id)];
    let Some(secret) = keys.get("aws_secret_access_key") else {
        let what =
            format!("aws_access_key_id stands at {} without aws_secret_access_key in the same section", id.origin);
        return Link::broken(name, what, "put both keys into one section of one file").with(settings);
    };
    settings.push(Setting::secret("aws_secret_access_key", secret.origin.clone()));
    // Older tools' name for it comes first, as in the AWS CLI.
    let token = ["aws_security_token", "aws_session_token"].iter().find_map(|key| Some((*key, keys.get(*key)?)));
    settings.extend(token.map(|(key, value)| Setting::secret(key, value.origin.clone())));
    settings.extend(keys.get(EXPIRES).map(|expires| Setting::new(EXPIRES, expires)));
    let token = token.map(|(_, value)| value.text.clone());
    let kind = if token.is_some() { "temporary keys" } else { "keys" };
    let keys = Keys(Credentials::new(&id.text, &secret.text, token, None, "AWS files"));
    Link::found(name, format!("{kind} of profile {}", context.profile.name), keys).with(settings)
}
