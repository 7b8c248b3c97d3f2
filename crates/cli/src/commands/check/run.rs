//! The checks themselves.

use std::time::Duration;

use lakeward_auth::{Clocks, Environment, Identity, Keys, Regions, ServerClock, Session, Signing, deciding};
use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::{Plan, S3Plan, Storage as StoragePlan},
    policy::policy,
};
use lakeward_sink::{TestWrite, Written};
use lakeward_source::{Glance, glance};

use super::{
    denied::refused,
    report::{Check, Item, Listener, Outcome, Report, Telling},
};
use crate::{
    commands::auth::{Server, life},
    storage::{self, Storage},
};

/// How long STS may take to say whose the credentials are.
const WHO: Duration = Duration::from_secs(10);

/// How far clocks may be apart before it is told, and before AWS's services begin to refuse requests.
const NEAR: Duration = Duration::from_mins(1);
const FAR: Duration = Duration::from_mins(5);

const ELSEWHERE: &str = "the destination is another server than AWS, so AWS is not asked about its keys";
const EMBEDDED: &str = "the S3 server in this process is not AWS, and has keys of its own";

/// Makes all checks of a plan with what the environment leads to, each once those before it are through, and `prove`s the policy if
/// asked. Every item goes to the listener as soon as it is known. Nothing is listed, read or deleted; one small object is written.
pub(crate) async fn run(plan: &Plan, prove: bool, environment: &Environment, listener: Listener<'_>) -> Report {
    let mut telling = Telling::new(listener);
    telling.tell(Item::new(Check::Config, Outcome::Ok, described(plan)));
    let plan = &match storage::located(plan.clone(), environment) {
        Ok((located, note)) => {
            note.into_iter().for_each(|note| telling.tell(Item::new(Check::Config, Outcome::Noted, note)));
            located
        }
        Err(failure) if failure.kind == FailureKind::Usage => {
            telling.tell(Item::failed(Check::Config, &failure));
            return telling.end(prove);
        }
        // What is wrong with the AWS files is of the credentials.
        Err(_) => plan.clone(),
    };
    sources(plan, &mut telling).await;
    match &plan.destination.storage {
        StoragePlan::Embedded { .. } => in_process(plan, prove, environment, &mut telling).await,
        StoragePlan::S3(s3) => over_network(plan, s3, prove, environment, &mut telling).await,
    }
    telling.end(prove)
}

fn described(plan: &Plan) -> String {
    let destination = &plan.destination;
    let (extension, place, path) = (destination.format.extension(), storage::place(plan), &destination.path);
    let sources = match plan.sources.len() {
        1 => "1 source".to_owned(),
        several => format!("{several} sources"),
    };
    format!("{sources}, {extension} to {place}{path}")
}

/// What a look at each source comes to; none is run.
pub(crate) fn glances(plan: &Plan) -> Vec<Result<Glance, Failure>> {
    plan.sources.iter().map(|source| glance(source, plan)).collect()
}

/// Looks whether each source is there. What follows does not depend on it, and is checked all the same.
async fn sources(plan: &Plan, telling: &mut Telling<'_>) {
    let plan = plan.clone();
    let looked = tokio::task::spawn_blocking(move || glances(&plan)).await.unwrap_or_else(|error| {
        vec![Err(Failure::new(FailureKind::Bug, format!("looking at the sources stopped: {error}")))]
    });
    for glance in looked {
        match glance {
            Ok(Glance::There(what, odd)) => {
                telling.tell(Item::new(Check::Source, Outcome::Ok, what));
                odd.into_iter().for_each(|odd| telling.tell(Item::new(Check::Source, Outcome::Warned, odd)));
            }
            Ok(Glance::Later(what)) => telling.tell(Item::new(Check::Source, Outcome::Noted, what)),
            Err(failure) => telling.tell(Item::failed(Check::Source, &failure)),
        }
    }
}

async fn in_process(plan: &Plan, prove: bool, environment: &Environment, telling: &mut Telling<'_>) {
    let of_aws = [Check::Credentials, Check::Identity, Check::Regions, Check::Clock, Check::BucketRegion];
    telling.not_asked(&of_aws, EMBEDDED);
    let storage = match Storage::open(plan, environment, &()).await {
        Ok(storage) => storage,
        Err(failure) => return telling.tell(Item::failed(Check::TestWrite, &failure)),
    };
    let write = storage.bucket.test_write(plan.destination.path.prefix()).await;
    storage.close().await;
    telling.tell(written(Check::TestWrite, write, plan));
    if prove {
        telling.tell(Item::new(Check::Proof, Outcome::NotProvable, EMBEDDED));
    }
}

async fn over_network(plan: &Plan, s3: &S3Plan, prove: bool, environment: &Environment, telling: &mut Telling<'_>) {
    let (signing, session, keys) = match signed_in(plan, s3, environment).await {
        Ok(signed_in) => signed_in,
        Err(failure) => return telling.tell(Item::failed(Check::Credentials, &failure)),
    };
    let link = deciding(&signing.resolution.links).map_or("", |link| link.place.name());
    let found = signing.resolution.found().map(|found| found.what.clone()).unwrap_or_default();
    let credentials = format!("{found} ({link}): {}, {}", keys.access_key_id, life(&keys));
    telling.tell(Item::new(Check::Credentials, Outcome::Ok, credentials));

    let signed_for = signing.resolution.region.as_ref().map(|region| region.origin.to_string());
    let clock = ServerClock::default();
    let is_signed_in = match Server::of(plan) {
        Server::Aws => caller(&signing, &keys, &clock, telling).await,
        Server::Other | Server::Embedded => {
            telling.not_asked(&[Check::Identity, Check::Regions], ELSEWHERE);
            true
        }
    };
    if let Some(clocks) = clock.seen() {
        telling.tell(time(clocks));
    }
    if !is_signed_in {
        return;
    }

    let bucket = storage::over_network(plan, s3, session);
    let write = bucket.test_write(plan.destination.path.prefix()).await;
    if !telling.has_told(Check::Clock) {
        telling.tell(match write.clocks {
            Some((server, here)) => time(Clocks { server, here }),
            None => Item::new(Check::Clock, Outcome::Noted, "no server has said what time it is"),
        });
    }
    let is_elsewhere = write.result.as_ref().is_err_and(|error| error.elsewhere);
    // Another server than AWS takes any region.
    let is_told = write.moved || (write.result.is_ok() && s3.endpoint.is_none());
    let region = is_told.then(|| write.region.clone());
    telling.tell(Item { region, ..bucket_region(&write, s3, signed_for) });
    if is_elsewhere {
        return;
    }
    let region = write.region.clone();
    let is_written = write.result.is_ok();
    telling.tell(written(Check::TestWrite, write, plan));
    if prove && is_written {
        telling.tell(proof(plan, s3, &signing, &region).await);
    }
}

async fn signed_in(plan: &Plan, s3: &S3Plan, environment: &Environment) -> Result<(Signing, Session, Keys), Failure> {
    let signing = Signing::plan(&plan.auth, environment.clone())?.in_region_of(s3);
    let session = signing.open(s3).await?;
    let keys = session.keys().await?;
    Ok((signing, session, keys))
}

/// Asks AWS who the caller is. `false` where it does not take the credentials, and S3 would not either.
async fn caller(signing: &Signing, keys: &Keys, clock: &ServerClock, telling: &mut Telling<'_>) -> bool {
    let late = || Failure::new(FailureKind::Destination, format!("STS has not answered within {} s", WHO.as_secs()));
    let identity = tokio::time::timeout(WHO, signing.identity(keys, clock)).await.unwrap_or_else(|_| Err(late()));
    let arn = identity.as_ref().map(|identity| identity.arn.clone()).unwrap_or_default();
    let is_taken = !matches!(&identity, Err(failure) if failure.kind == FailureKind::Denied);
    telling.tell(match identity {
        Ok(identity) => who(&identity),
        Err(failure) if is_taken => Item::new(Check::Identity, Outcome::Noted, failure.what),
        Err(failure) => Item::failed(Check::Identity, &failure)
            .next("`lakeward auth explain` shows where these credentials come from"),
    });
    if !is_taken {
        telling.not_reached(&[Check::Regions]);
        return false;
    }
    let regions = signing.regions(keys, &arn, clock).await;
    let is_signed_in = regions.is_ok();
    telling.tell(listed(regions));
    is_signed_in
}

fn who(identity: &Identity) -> Item {
    let detail = format!("{}, account {}", identity.arn, identity.account);
    if identity.is_root() {
        return Item::new(Check::Identity, Outcome::Warned, detail)
            .next("these are keys of the account's root user: delete them, and use a role");
    }
    Item::new(Check::Identity, Outcome::Ok, detail)
}

fn listed(regions: Result<Regions, Failure>) -> Item {
    let item = |outcome, detail: String| Item::new(Check::Regions, outcome, detail);
    match regions {
        Ok(Regions::Listed(count)) => {
            item(Outcome::Ok, format!("AWS answers with {count} regions; a run needs no such permission"))
        }
        Ok(Regions::NotAllowed) => item(
            Outcome::Ok,
            "AWS knows who asks and does not allow it, which is fine: a run needs no such permission".to_owned(),
        ),
        Ok(Regions::Unknown(why)) => item(Outcome::Noted, format!("{why}; nothing depends on it")),
        Err(failure) => Item::failed(Check::Regions, &failure),
    }
}

fn time(clocks: Clocks) -> Item {
    let Clocks { server, here } = clocks;
    let apart = clocks.apart();
    if apart <= NEAR {
        // The server says whole seconds, and its answer has been on the way.
        let detail = format!("within {} s of the server's", apart.as_secs().max(2));
        return Item::new(Check::Clock, Outcome::Ok, detail);
    }
    let detail = format!(
        "this machine says {}, the server {}: {} apart",
        humantime::format_rfc3339_seconds(here),
        humantime::format_rfc3339_seconds(server),
        humantime::format_duration(Duration::from_secs(apart.as_secs())),
    );
    // S3 refuses requests beyond 15 minutes, other services beyond 5.
    let outcome = if apart > FAR { Outcome::Failed(FailureKind::Denied) } else { Outcome::Warned };
    Item::new(Check::Clock, outcome, detail).next("set this machine's clock, and let it be kept by NTP")
}

/// What S3's answer says about the region. `signed_for` is where a region was set beside the config.
fn bucket_region(write: &TestWrite, s3: &S3Plan, signed_for: Option<String>) -> Item {
    let item = |outcome, detail: String| Item::new(Check::BucketRegion, outcome, detail);
    let region = &write.region;
    if write.moved {
        let asked = match &s3.region {
            Some(set) => format!("not {set} as [destination] region says"),
            None => "which nothing says".to_owned(),
        };
        return item(Outcome::Warned, format!("the bucket is in {region}, {asked}"))
            .next(format!("set [destination] region = \"{region}\": without it every run asks in vain first"));
    }
    let origin = match (&s3.region, signed_for) {
        (Some(_), _) => "[destination] region".to_owned(),
        (None, Some(origin)) => origin,
        (None, None) => "the usual one, since none is set".to_owned(),
    };
    match &write.result {
        Err(error) if error.elsewhere => Item::failed(Check::BucketRegion, &error.failure),
        Err(error) if !error.answered => item(Outcome::NotReached, "S3 has not answered".to_owned()),
        Err(error) if error.status == Some(404) => item(Outcome::NotReached, "there is no such bucket".to_owned()),
        // Before it looks at permissions, S3 looks whether the bucket is here.
        Err(error) if error.status == Some(403) && error.code != "AccessDenied" => {
            item(Outcome::NotReached, "S3 refuses the keys before it looks for the bucket".to_owned())
        }
        _ => item(Outcome::Ok, format!("{region} ({origin})")),
    }
}

fn written(check: Check, write: TestWrite, plan: &Plan) -> Item {
    let object = format!("{}{}", storage::place(plan), write.key);
    match write.result {
        Ok(Written::Now) => Item::new(check, Outcome::Ok, format!("{object} is written{}", asked_for(plan))),
        Ok(Written::Before) => {
            let detail = format!("{object} is there from an earlier check; writing is allowed, replacing it is not");
            Item::new(check, Outcome::Ok, detail)
        }
        Err(error) => refused(check, &error, &plan.destination, &write.region, Server::of(plan)),
    }
}

/// What the object was written with beside its bytes.
fn asked_for(plan: &Plan) -> String {
    let object = &plan.destination.object;
    let key = object.encryption.as_ref().and_then(|encryption| encryption.kms_key_id.as_ref());
    let with = [
        object.encryption.as_ref().map(|_| if key.is_some() { "the KMS key" } else { "encryption" }),
        object.acl.as_ref().map(|_| "the ACL"),
        (!object.tags.is_empty()).then_some("tags"),
        object.storage_class.as_ref().map(|_| "the storage class"),
        object.expected_bucket_owner.as_ref().map(|_| "the expected owner"),
    ];
    let with: Vec<&str> = with.into_iter().flatten().collect();
    if with.is_empty() { String::new() } else { format!(", with {}", with.join(", ")) }
}

/// Writes again as the same role with nothing but the policy.
async fn proof(plan: &Plan, s3: &S3Plan, signing: &Signing, region: &str) -> Item {
    let not_provable = |why: &str| Item::new(Check::Proof, Outcome::NotProvable, why);
    if Server::of(plan) != Server::Aws {
        return not_provable("the policy is one of AWS, and the destination is another server");
    }
    let session = match policy(&plan.destination, Some(region)) {
        Ok(policy) => signing.restricted(&policy.to_string(), s3).await,
        Err(failure) => Err(failure),
    };
    let session = match session {
        Ok(Ok(session)) => session,
        Ok(Err(why)) => return not_provable(why),
        Err(failure) => return not_provable(&failure.what),
    };
    let bucket = storage::over_network(plan, s3, session);
    let write = bucket.test_write(plan.destination.path.prefix()).await;
    match write.result {
        Ok(Written::Now) => {
            let detail =
                "the role, left with the policy of `lakeward policy` and nothing else, has written the same object";
            Item::new(Check::Proof, Outcome::Ok, detail)
        }
        Ok(Written::Before) => {
            not_provable("the object of the test write may not be replaced, so it can't be written once more")
        }
        Err(error) => {
            let item = refused(Check::Proof, &error, &plan.destination, &write.region, Server::Aws);
            Item { detail: format!("the policy of `lakeward policy` alone does not do: {}", item.detail), ..item }
        }
    }
}
