//! `AWS_ACCESS_KEY_ID` and its kin.

use aws_credential_types::Credentials;

use super::keys::Keys;
use crate::{
    broken::Broken,
    link::Link,
    origin::{Origin, Setting},
    place::Place,
    sources::Context,
    temporary::time,
};

pub(crate) fn plan(context: &Context<'_>) -> Link {
    let environment = context.environment;
    let (Some(id), secret) = (environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")) else {
        let alone = if environment.get("AWS_SECRET_ACCESS_KEY").is_some() {
            "; AWS_SECRET_ACCESS_KEY alone is no key"
        } else {
            ""
        };
        return Link::skipped(Place::Environment, format!("AWS_ACCESS_KEY_ID is not set{alone}"));
    };
    let mut settings = vec![Setting::of("access key id", id, Origin::Variable("AWS_ACCESS_KEY_ID"))];
    let Some(secret) = secret else {
        return Link::broken(
            Place::Environment,
            Broken::new(
                "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not",
                "set AWS_SECRET_ACCESS_KEY too, or unset AWS_ACCESS_KEY_ID to look further",
            ),
        )
        .with(settings);
    };
    settings.push(Setting::secret("secret access key", Origin::Variable("AWS_SECRET_ACCESS_KEY")));
    // Older tools' name for it comes first, as in the AWS CLI.
    let token = environment.first(&["AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"]);
    settings.extend(token.map(|(name, _)| Setting::secret("session token", Origin::Variable(name))));
    let mut expires = None;
    if let Some(text) = environment.get("AWS_CREDENTIAL_EXPIRATION") {
        let setting = Setting::of("expires", text, Origin::Variable("AWS_CREDENTIAL_EXPIRATION"));
        settings.push(setting);
        expires = time(text);
        if expires.is_none() {
            let next = "write a time such as 2030-01-31T12:00:00Z, or unset it";
            let broken = Broken::new("AWS_CREDENTIAL_EXPIRATION is no time", next);
            return Link::broken(Place::Environment, broken).with(settings);
        }
    }
    let token = token.map(|(_, token)| token.to_owned());
    let kind = if token.is_some() { "temporary keys" } else { "keys" };
    let credentials = Credentials::new(id, secret, token, expires, "environment");
    let expired = (
        "the keys in the environment have expired (AWS_CREDENTIAL_EXPIRATION)".to_owned(),
        "export new ones, or unset AWS_ACCESS_KEY_ID to look further".to_owned(),
    );
    let keys = Keys { credentials, expired };
    Link::found(Place::Environment, format!("{kind} in the environment"), keys).with(settings)
}
