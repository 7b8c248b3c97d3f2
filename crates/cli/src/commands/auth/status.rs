//! `lakeward auth status`: what the AWS tools' caches hold.

use std::{
    io::{self, Write},
    time::SystemTime,
};

use lakeward_auth::{Environment, Named, SignInKind, SignedIn, SignedInHere, signed_in};
use lakeward_core::failure::{Failure, FailureKind};
use serde_json::json;

use super::{Asked, Server, asked, login, timestamp, until};
use crate::{
    arguments::AuthChoice,
    console::{Console, shown},
};

/// What is no sign-in.
const UNNEEDED: &str = "keys and roles need no sign-in: see `lakeward auth explain`";
/// So many commands that sign in are named.
const MOST_WAYS: usize = 5;
/// What signs in where nothing is set up.
const ANYBODY: [&str; 2] =
    ["`lakeward auth login --console`", "`lakeward auth login --sso-start-url URL --sso-region REGION`"];

pub(super) fn status(json: bool, console: &Console) -> Result<(), Failure> {
    let now = SystemTime::now();
    let environment = Environment::real();
    let SignedInHere { all, unreadable } = signed_in(&environment, now);
    unreadable.iter().for_each(|what| console.warning(what));
    let text = if json {
        let all: Vec<_> = all.iter().map(|one| as_json(one, now)).collect();
        format!("{}\n", json!({ "signed_in": all }))
    } else {
        all.iter().map(|one| line(one, now)).collect()
    };
    // Nobody may be reading.
    let _ = io::stdout().write_all(text.as_bytes());
    if all.iter().any(|one| one.is_good(now)) {
        return Ok(());
    }
    let what = if all.is_empty() { "nothing is signed in" } else { "nothing is signed in any more" };
    Err(Failure::new(FailureKind::Denied, what).next(next(&environment, now, console)))
}

/// What signs in, as far as anything here does.
fn next(environment: &Environment, now: SystemTime, console: &Console) -> String {
    // A config with something wrong in it is told of by whatever needs it; a sign-in to a session does not.
    let asked = asked(AuthChoice { config: None, profile: None }, console).ok();
    let config = asked.as_ref().and_then(|asked| asked.config.as_deref()).map(shown);
    match (&asked, config) {
        (Some(Asked { server: Server::Embedded, .. }), Some(config)) => {
            format!("{config} needs no sign-in: its destination is the embedded S3")
        }
        (Some(asked), _) if login::is_of_use(asked) => format!("sign in with `lakeward auth login`; {UNNEEDED}"),
        (Some(_), Some(config)) => format!("{config} names no sign-in; {UNNEEDED}"),
        _ => {
            let mut ways = Named::read(environment, now).map(|named| named.sign_ins(now)).unwrap_or_default();
            ways.truncate(MOST_WAYS);
            if ways.is_empty() {
                ways.extend(ANYBODY.map(str::to_owned));
            }
            format!("sign in with {}; {UNNEEDED}", ways.join(" or "))
        }
    }
}

/// What a sign-in is.
pub(super) fn kind(one: &SignedIn) -> &'static str {
    match one.kind {
        SignInKind::Sso => "IAM Identity Center",
        SignInKind::Console => "console sign-in",
        SignInKind::SsoRole => "role of IAM Identity Center",
        SignInKind::Role => "role credentials",
        SignInKind::User => "session of an IAM user",
    }
}

fn line(one: &SignedIn, now: SystemTime) -> String {
    let is_past = one.expires.is_none_or(|expires| expires <= now);
    let state = match (is_past, one.renews) {
        (false, _) => "good until",
        (true, true) => "renewed when it is used; expired",
        (true, false) => "over since",
    };
    let expires = one.expires.map_or_else(|| "an unknown time".to_owned(), |expires| until(expires, now));
    let renews = if one.renews && !is_past { "; renews by itself" } else { "" };
    format!("{}: {}\n  {state} {expires}{renews}\n  {}\n", kind(one), one.what, shown(&one.file))
}

fn as_json(one: &SignedIn, now: SystemTime) -> serde_json::Value {
    json!({
        "kind": kind(one),
        "what": one.what,
        "expires": one.expires.map(timestamp),
        "renews": one.renews,
        "good": one.is_good(now),
        "file": one.file.display().to_string(),
    })
}
