//! Whose the credentials are, as `lakeward auth explain` asks it, and what is odd about them.

use std::{sync::Arc, time::Duration};

use lakeward_auth::{ServerClock, Signing, in_wizard};
use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::{AuthPlan, Vendor},
    untrusted::{excerpt, printable},
};
use lakeward_wizard::{Event, Identity, Ticket};

use super::world::{Events, World, trouble};

/// How long STS may take.
const WHO: Duration = Duration::from_secs(10);

/// So far apart are clocks that AWS begins to refuse what they sign, or soon will.
const APART: Duration = Duration::from_mins(1);

/// Only AWS is asked, and only about its own keys: those of another server are not shown to it.
pub(crate) async fn identify(
    world: Arc<World>,
    ticket: Ticket,
    auth: AuthPlan,
    endpoint: Option<String>,
    events: Events,
) {
    // A program that hangs ends with the wish to know.
    let asked = lakeward_auth::with_programs(asked(&world, &auth, endpoint));
    let identity = Box::pin(asked).await.map_err(|failure| {
        let next = failure.next.as_deref().map(in_wizard);
        trouble(&Failure { next, ..failure })
    });
    events.send(Event::Identified(ticket, identity));
}

async fn asked(world: &World, auth: &AuthPlan, endpoint: Option<String>) -> Result<Identity, Failure> {
    let signing = Signing::plan(auth, world.environment.clone())?;
    let keys = signing.keys().await?;
    let mut warnings = signing.resolution.notes.clone();
    warnings.extend(under_cron(world, auth, &signing));
    let set = signing.s3_endpoint().filter(|_| endpoint.is_none() && !world.own_services);
    warnings.extend(set.as_ref().map(|set| {
        let (url, origin) = (printable(&set.value), &set.origin);
        format!(
            "S3 is at {url}, as {origin} says here: with it as the destination's endpoint, the config runs anywhere"
        )
    }));
    let endpoint = endpoint.or(set.map(|set| set.value));
    if !world.own_services && Vendor::of_endpoint(endpoint.as_deref()) != Vendor::Aws {
        let what = signing.resolution.found()?.what.clone();
        return Ok(Identity {
            account: String::new(),
            arn: what,
            expires: keys.expires,
            renews: keys.renews,
            warnings,
        });
    }
    let clock = ServerClock::default();
    let answer = tokio::time::timeout(WHO, signing.identity(&keys, &clock)).await;
    let identity = answer.unwrap_or_else(|_| {
        let what = format!("STS has not answered within {} s", WHO.as_secs());
        Err(Failure::new(FailureKind::Destination, what).next("check the network and proxies"))
    })?;
    if identity.is_root() {
        warnings.push("these are keys of the account's root user: delete them, and use a role".to_owned());
    }
    if let Some(clocks) = clock.seen().filter(|clocks| clocks.apart() > APART) {
        warnings.push(format!(
            "this machine says {}, AWS {}: set this machine's clock",
            humantime::format_rfc3339_seconds(clocks.here),
            humantime::format_rfc3339_seconds(clocks.server)
        ));
    }
    Ok(Identity {
        account: printable(&identity.account).into_owned(),
        arn: printable(&identity.arn).into_owned(),
        expires: keys.expires,
        renews: keys.renews,
        warnings,
    })
}

/// What differs where no shell has set anything.
fn under_cron(world: &World, auth: &AuthPlan, here: &Signing) -> Option<String> {
    let there = Signing::elsewhere(auth, world.environment.as_cron()).ok()?;
    match (here.resolution.found(), there.found()) {
        (Ok(here), Ok(there)) if here.what == there.what => None,
        (_, Ok(there)) => Some(format!("under cron these would be other credentials: {}", excerpt(&there.what, 200))),
        (_, Err(failure)) => Some(format!("under cron there would be none of these: {}", excerpt(&failure.what, 200))),
    }
}
