//! Keys that stand in the AWS files.

use async_trait::async_trait;
use aws_credential_types::Credentials;
use lakeward_core::untrusted::printable;

use crate::{
    advice::{login, login_of},
    aws_files,
    broken::{Broken, Fault},
    error::SourceError,
    link::{Link, Source},
    origin::{Setting, Value},
    place::Place,
    sources::Context,
    step::Step,
    temporary::time,
    tools::Tools,
};

/// The key of the credentials file with which several tools say until when the keys beside it are good, and with which we do;
/// AWS's own pass over it.
pub(crate) const EXPIRES: &str = "x_security_token_expires";

/// The profile that gets the keys of a user's MFA session, as the AWS CLI's `configure mfa-login` names it.
pub(crate) fn session_profile(serial: &str) -> String {
    let arn = || {
        let (account, device) = (serial.split(':').nth(4)?, serial.split_once(":mfa/")?.1);
        Some(format!("{account}-{device}"))
    };
    arn().unwrap_or_else(|| format!("session-{serial}"))
}

/// Keys that are at hand.
pub(crate) struct Keys {
    pub(crate) credentials: Credentials,
    /// What is told once they have expired, and what to do then.
    pub(crate) expired: (String, String),
}

#[async_trait]
impl Source for Keys {
    async fn fetch(&self, tools: &Tools) -> Result<Credentials, SourceError> {
        match (self.credentials.expiry(), &self.expired) {
            (Some(expiry), (what, next)) if expiry <= tools.now() => Err(SourceError::new(what, next)),
            _ => Ok(self.credentials.clone()),
        }
    }

    fn needs(&self) -> Vec<Step> {
        Vec::new()
    }

    fn renews(&self) -> bool {
        false
    }
}

pub(crate) fn in_credentials_file(context: &Context<'_>) -> Link {
    plan(Place::KeysInCredentials, &context.profile.credentials, context)
}

pub(crate) fn in_config_file(context: &Context<'_>) -> Link {
    plan(Place::KeysInConfig, &context.profile.config, context)
}

/// The token of temporary keys, with its key. Older tools' name for it comes first, as in the AWS CLI.
pub(crate) fn token(keys: &aws_files::Keys) -> Option<(&'static str, &Value)> {
    let token = ["aws_security_token", "aws_session_token"].iter().find_map(|key| Some((*key, keys.get(*key)?)));
    token.filter(|(_, value)| !value.text.is_empty())
}

fn plan(place: Place, keys: &aws_files::Keys, context: &Context<'_>) -> Link {
    let Some(id) = keys.get("aws_access_key_id") else {
        let file = if place == Place::KeysInCredentials { "credentials" } else { "config" };
        let why = format!("profile {} has no aws_access_key_id in the {file} file", context.profile.name);
        return Link::skipped(place, why);
    };
    let mut settings = vec![Setting::new("aws_access_key_id", id)];
    let Some(secret) = keys.get("aws_secret_access_key") else {
        let what =
            format!("aws_access_key_id stands at {} without aws_secret_access_key in the same section", id.origin);
        let broken = Broken::new(what, "put both keys into one section of one file");
        return Link::broken(place, broken.fault(Fault::LacksSecret)).with(settings);
    };
    if let Some((key, value)) = [("aws_access_key_id", id), ("aws_secret_access_key", secret)]
        .into_iter()
        .find(|(_, value)| value.text.is_empty())
    {
        let what = format!("{key} at {} is empty", value.origin);
        let broken = Broken::new(what, "write both keys there, or take both lines out");
        return Link::broken(place, broken.fault(Fault::Empty(key))).with(settings);
    }
    settings.push(Setting::secret("aws_secret_access_key", secret.origin.clone()));
    let token = token(keys);
    settings.extend(token.map(|(key, value)| Setting::secret(key, value.origin.clone())));
    settings.extend(keys.get(EXPIRES).map(|expires| Setting::new(EXPIRES, expires)));
    let token = token.map(|(_, value)| value.text.clone());
    let kind = if token.is_some() { "temporary keys" } else { "keys" };
    // Keys without a token do not expire, whatever stands beside them.
    let until = keys.get(EXPIRES).filter(|_| token.is_some()).and_then(|until| Some((until, time(&until.text)?)));
    let expired = until.map(|(until, _)| expired(context, until)).unwrap_or_default();
    let credentials = Credentials::new(&id.text, &secret.text, token, until.map(|(_, time)| time), "AWS files");
    let keys = Keys { credentials, expired };
    Link::found(place, format!("{kind} of profile {}", context.profile.name), keys).with(settings)
}

/// That a session's keys are over, and how the user whose session it was begins another one.
fn expired(context: &Context<'_>, until: &Value) -> (String, String) {
    let name = context.profile.name.as_str();
    let what = format!(
        "the keys of profile {} have expired: {EXPIRES} at {} is {}",
        printable(name),
        until.origin,
        printable(&until.text)
    );
    let user = context.files.profiles.values().find(|profile| {
        let serial = profile.get("mfa_serial").filter(|_| profile.get("role_arn").is_none());
        serial.is_some_and(|serial| session_profile(serial) == name)
    });
    let again = match user {
        Some(user) => login_of(&user.name),
        None => format!(
            "{}, where USER is the profile with the user's own keys",
            login(&["--profile", "USER", "--mfa-serial", "DEVICE", "--to", name])
        ),
    };
    (what, format!("sign in again: {again}; if another tool has renewed the keys since, take that line out"))
}
