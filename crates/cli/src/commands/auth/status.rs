//! `lakeward auth status`: what the AWS tools' caches hold.

use std::{
    io::{self, Write},
    time::SystemTime,
};

use lakeward_auth::{Environment, SignInKind, SignedIn, SignedInHere, signed_in};
use lakeward_core::failure::{Failure, FailureKind};
use serde_json::json;

use super::{timestamp, until};
use crate::console::{Console, shown};

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
    Err(Failure::new(FailureKind::Denied, what)
        .next("sign in with `lakeward auth login`; keys and roles need no sign-in: see `lakeward auth explain`"))
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
