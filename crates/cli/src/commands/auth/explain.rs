//! `lakeward auth explain`: the search for credentials as a run makes it, shown link by link, and what it leads to.

use std::{
    io::{self, Write},
    time::SystemTime,
};

use lakeward_auth::{
    Broken, Environment, Identity, Keys, Link, Origin, Place, Resolution, ServerClock, Setting, Signing, State, Step,
    deciding,
};
use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::{AuthPlan, CREDENTIAL_PROGRAM_LIMIT},
    untrusted::printable,
};
use lakeward_wizard::{Search, SearchLink};
use serde_json::{Value, json};

use super::{Asked, Server, asked, timestamp, until};
use crate::{
    arguments::ExplainArguments,
    console::{Console, shown},
};

/// The width of the column of names.
const NAMES: usize = 29;

pub(super) async fn explain(arguments: ExplainArguments, console: &Console) -> Result<(), Failure> {
    let asked = asked(arguments.choice, console)?;
    let environment = Environment::real();
    let signing = asked.signing(environment.clone());
    if let (Err(failure), true) = (&signing, arguments.json) {
        print(&format!("{:#}\n", json!({ "error": { "what": failure.what, "next": failure.next } })));
    }
    let signing = signing?;
    let resolution = &signing.resolution;
    // For what needs no credentials nobody is asked, and none need be there.
    let is_needed = asked.server != Server::Embedded;
    let elsewhere = if arguments.as_cron { elsewhere(&asked, &environment) } else { Vec::new() };
    if !arguments.json {
        print(&text(&search(resolution, &asked)));
    }
    let found = resolution.found();
    let needs = found.as_ref().map(|found| found.needs()).unwrap_or_default();
    let mut outcome = Outcome::default();
    match (&found, arguments.offline || !is_needed) {
        (Err(_), _) => {}
        (Ok(_), true) if needs.is_empty() => outcome.keys = Some(signing.keys().await),
        (Ok(_), true) => {}
        (Ok(_), false) => {
            let asks = (asked.server == Server::Aws).then(|| "asks STS whose credentials they are".to_owned());
            let steps: Vec<String> = needs.iter().map(announced).chain(asks).collect();
            // Said before it is done.
            announce(&steps, arguments.json);
            let keys = signing.keys().await;
            if let (Ok(keys), true) = (&keys, asked.server == Server::Aws) {
                outcome.identity = Some(signing.identity(keys, &ServerClock::default()).await);
            }
            outcome.keys = Some(keys);
        }
    }
    if arguments.json {
        let elsewhere = elsewhere.iter().map(|place| place.as_json(resolution)).collect();
        print(&format!("{:#}\n", as_json(resolution, &asked, &needs, &outcome, elsewhere)));
    } else {
        print(&outcome.told(if is_needed { &needs } else { &[] }));
        elsewhere.iter().for_each(|place| print(&place.told(resolution)));
    }
    if !is_needed {
        return Ok(());
    }
    found?;
    outcome.into_failure()
}

fn print(text: &str) {
    // Nobody may be reading.
    let _ = io::stdout().write_all(text.as_bytes());
}

fn told(needs: &[Step]) -> Vec<String> {
    needs.iter().map(Step::to_string).collect()
}

/// A step with how long it may take, where it may be long.
fn announced(step: &Step) -> String {
    match step {
        Step::Runs(_) => format!("{step} (for up to {} s)", CREDENTIAL_PROGRAM_LIMIT.as_secs()),
        _ => step.to_string(),
    }
}

/// What is about to be run and asked; beside JSON, on standard error.
fn announce(steps: &[String], json: bool) {
    if !steps.is_empty() {
        let text = format!("now Lakeward {} (not with --offline)\n", steps.join(", then "));
        let _ = if json { io::stderr().write_all(text.as_bytes()) } else { io::stdout().write_all(text.as_bytes()) };
    }
}

/// What the search led to; nothing where it was not carried out.
#[derive(Default)]
struct Outcome {
    keys: Option<Result<Keys, Failure>>,
    identity: Option<Result<Identity, Failure>>,
}

impl Outcome {
    fn told(&self, needs: &[Step]) -> String {
        let mut text = String::new();
        match &self.keys {
            None if needs.is_empty() => {}
            None => text.push_str(&format!("offline: not got, because that {}\n", told(needs).join(", then "))),
            Some(Err(_)) => {}
            Some(Ok(keys)) => {
                text.push_str(&format!("keys: {}, {}\n", keys.access_key_id, life(keys)));
            }
        }
        match &self.identity {
            None => {}
            Some(Ok(identity)) => {
                text.push_str(&format!(
                    "identity: {}, account {}\n",
                    printable(&identity.arn),
                    printable(&identity.account)
                ));
                if identity.is_root() {
                    text.push_str("warning: these are keys of the account's root user; delete them, and use a role\n");
                }
            }
            Some(Err(failure)) => text.push_str(&format!("identity: unknown: {}\n", failure.what)),
        }
        text
    }

    /// The exit code of a search that led nowhere. That nobody could be asked whose the keys are is no failure of theirs.
    fn into_failure(self) -> Result<(), Failure> {
        if let Some(Err(failure)) = self.keys {
            return Err(failure);
        }
        match self.identity {
            Some(Err(failure)) if failure.kind == FailureKind::Denied => Err(failure),
            _ => Ok(()),
        }
    }
}

/// What kind of keys they are, and how long they are good.
pub(crate) fn life(keys: &Keys) -> String {
    let kind = if keys.session_token.is_some() { "temporary" } else { "long-lived" };
    let renews = if keys.renews { "; new ones are got by themselves" } else { "; nothing renews them" };
    match keys.expires {
        Some(expires) => format!("{kind}, good until {}{renews}", until(expires, SystemTime::now())),
        None if keys.session_token.is_some() => format!("{kind}, until when they are good stands nowhere{renews}"),
        None => format!("{kind}, good until somebody deletes them"),
    }
}

/// The search of the credential chain, as it is told.
///
/// # Errors
/// When it can't be carried out, as with AWS files that can't be read.
pub(crate) fn chain(environment: Environment) -> Result<Search, Failure> {
    let asked = Asked { auth: AuthPlan::Chain, config: None, server: Server::Aws, s3: None };
    let signing = asked.signing(environment)?;
    Ok(search(&signing.resolution, &asked))
}

/// The whole search, as it is told.
fn search(resolution: &Resolution, asked: &Asked) -> Search {
    let from = asked.config.as_ref().map(|config| format!(" ([auth] of {})", shown(config))).unwrap_or_default();
    let mut search = Search { head: vec![format!("looking in: {}{from}", resolution.asked)], ..Search::default() };
    if let Some(profile) = &resolution.profile {
        search.head.push(format!("profile: {} ({})", profile.value, chosen_by(profile)));
    }
    links(&mut search.links, 0, &resolution.links, true);
    search.tail.push(match &resolution.region {
        Some(region) => format!("region: {} ({})", region.value, region.origin),
        None => "region: none is set in the environment or the profile".to_owned(),
    });
    let notes = resolution.notes.iter().map(String::as_str).chain(asked.server.note());
    search.tail.extend(notes.map(|note| format!("note: {note}")));
    search
}

/// The whole search as text: one line a link, and below it what was found there.
fn text(search: &Search) -> String {
    let mut text = String::new();
    let mut add = |line: &str| text.push_str(&format!("{line}\n"));
    search.head.iter().for_each(|line| add(line));
    for SearchLink { depth, number, name, state, detail, below, .. } in &search.links {
        let indent = " ".repeat(5 * depth);
        add(&format!("{indent}{number:>2} {name:<NAMES$} {state:<11} {detail}"));
        below.iter().for_each(|line| add(&format!("{indent}     {line}")));
    }
    search.tail.iter().for_each(|line| add(line));
    text
}

fn chosen_by(profile: &Setting) -> String {
    match &profile.origin {
        Origin::Config if profile.value == "default" => "nothing names another".to_owned(),
        Origin::Config => "named for this search".to_owned(),
        origin => format!("named by {origin}"),
    }
}

fn links(told: &mut Vec<SearchLink>, depth: usize, all: &[Link], reached: bool) {
    let mut reached = reached;
    for (number, link) in (1..).zip(all) {
        let (state, detail) = state(link, reached);
        let has_inner = reached && link.decides() && !link.inner.is_empty();
        let mut below = Vec::new();
        if link.decides() {
            let setting = |setting: &Setting| format!("{} = {} ({})", setting.key, setting.value, setting.origin);
            below.extend(link.settings.iter().map(setting));
            if let (State::Broken(Broken { next, .. }), true) = (&link.state, reached) {
                below.push(format!("next: {}", printable(next)));
            }
            below.extend(has_inner.then(|| "the credentials that assume it:".to_owned()));
        }
        let state = match &link.state {
            State::Found(found) if reached && found.is_guess() => "to be asked",
            _ => state,
        };
        let (state, detail) = (state.to_owned(), printable(&detail).into_owned());
        told.push(SearchLink {
            depth,
            number,
            name: link.place.to_string(),
            state,
            unreached: !reached,
            detail,
            below,
        });
        if has_inner {
            links(told, depth + 1, &link.inner, true);
        }
        reached &= !link.decides();
    }
}

/// In a word and a sentence. A link behind the one that decides is not reached, whatever stands there.
fn state(link: &Link, reached: bool) -> (&'static str, String) {
    match (&link.state, reached) {
        (State::Found(found), true) => ("found", found.what.clone()),
        (State::Skipped(why), true) => ("skipped", why.clone()),
        (State::Broken(Broken { what, .. }), true) => ("broken", what.clone()),
        (State::Found(found), false) => ("not reached", format!("loses to what is found above: {}", found.what)),
        (State::Skipped(why), false) => ("not reached", why.clone()),
        (State::Broken(Broken { what, .. }), false) => ("not reached", format!("would be broken: {what}")),
    }
}

/// The same search in another environment.
struct Elsewhere {
    name: &'static str,
    key: &'static str,
    search: Result<Resolution, Failure>,
}

fn elsewhere(asked: &Asked, environment: &Environment) -> Vec<Elsewhere> {
    let place = |name, key, environment| Elsewhere { name, key, search: Signing::elsewhere(&asked.auth, environment) };
    vec![
        place("cron or a systemd unit of this user", "cron", environment.as_cron()),
        place("a container without mounts and variables", "container", environment.as_container()),
    ]
}

impl Elsewhere {
    /// What the search ends with there.
    fn end(search: &Resolution) -> String {
        match deciding(&search.links).map(|link| (link, &link.state)) {
            Some((link, State::Found(found))) => format!("{}: {}", link.place, found.what),
            Some((link, State::Broken(Broken { what, .. }))) => format!("{}, broken: {what}", link.place),
            _ => "no credentials".to_owned(),
        }
    }

    /// The links that are not as they are here, each with its state there.
    fn differences(here: &Resolution, there: &Resolution) -> Vec<(Place, String)> {
        let as_here = |link: &Link| {
            here.links.iter().any(|other| other.place == link.place && state(other, true) == state(link, true))
        };
        let told = |link: &Link| {
            let (word, detail) = state(link, true);
            (link.place, format!("{word}: {detail}"))
        };
        there.links.iter().filter(|link| !as_here(link)).map(told).collect()
    }

    fn told(&self, here: &Resolution) -> String {
        let mut text = format!("as {}: ", self.name);
        match &self.search {
            Err(failure) => text.push_str(&format!("{}\n", failure.what)),
            Ok(there) => {
                let (end, differences) = (Self::end(there), Self::differences(here, there));
                let same = if end == Self::end(here) { "the same, " } else { "" };
                text.push_str(&format!("{same}{}\n", printable(&end)));
                for (place, difference) in differences {
                    text.push_str(&format!("     {place:<NAMES$} {}\n", printable(&difference)));
                }
                let is_of_destination = |region: &Setting| region.origin == Origin::Destination;
                if there.region.is_none() && here.region.as_ref().is_some_and(|region| !is_of_destination(region)) {
                    text.push_str("     no region is set there: set [destination] region\n");
                }
            }
        }
        text
    }

    fn as_json(&self, here: &Resolution) -> Value {
        match &self.search {
            Err(failure) => json!({ "as": self.key, "error": failure.what, "next": failure.next }),
            Ok(there) => json!({
                "as": self.key,
                "same": Self::end(there) == Self::end(here),
                "end": Self::end(there),
                "differences": Self::differences(here, there)
                    .into_iter()
                    .map(|(place, state)| json!({ "name": place.name(), "state": state }))
                    .collect::<Vec<_>>(),
            }),
        }
    }
}

fn as_json(resolution: &Resolution, asked: &Asked, needs: &[Step], outcome: &Outcome, elsewhere: Vec<Value>) -> Value {
    let setting =
        |setting: &Setting| json!({ "key": setting.key, "value": setting.value, "from": setting.origin.to_string() });
    let failed = |failure: &Failure| json!({ "what": failure.what, "next": failure.next });
    let mut whole = json!({
        "asked": resolution.asked,
        "config": asked.config.as_ref().map(|config| config.display().to_string()),
        "profile": resolution.profile.as_ref().map(setting),
        "links": links_as_json(&resolution.links, true),
        "region": resolution.region.as_ref().map(setting),
        "notes": resolution.notes.iter().map(String::as_str).chain(asked.server.note()).collect::<Vec<_>>(),
        "needs": told(needs),
    });
    match (&outcome.keys, resolution.found()) {
        (Some(Err(failure)), _) => whole["error"] = failed(failure),
        (None, Err(failure)) if asked.server != Server::Embedded => whole["error"] = failed(&failure),
        (None, _) => {}
        (Some(Ok(keys)), _) => {
            whole["credentials"] = json!({
                "access_key_id": keys.access_key_id,
                "temporary": keys.session_token.is_some(),
                "expires": keys.expires.map(timestamp),
                "renews": keys.renews,
            });
        }
    }
    match &outcome.identity {
        Some(Ok(identity)) => {
            whole["identity"] = json!({ "account": identity.account, "arn": identity.arn, "root": identity.is_root() });
        }
        Some(Err(failure)) => whole["identity"] = json!({ "error": failed(failure) }),
        None => {}
    }
    if !elsewhere.is_empty() {
        whole["elsewhere"] = elsewhere.into();
    }
    whole
}

fn links_as_json(all: &[Link], reached: bool) -> Value {
    let mut reached = reached;
    let link = |link: &Link| {
        let (word, detail) = state(link, reached);
        let mut value = json!({ "name": link.place.name(), "state": word, "detail": detail });
        if link.decides() {
            let setting = |setting: &Setting| json!({ "key": setting.key, "value": setting.value, "from": setting.origin.to_string() });
            value["settings"] = link.settings.iter().map(setting).collect();
            if let State::Broken(Broken { next, .. }) = &link.state {
                value["next"] = json!(next);
            }
            if !link.inner.is_empty() {
                value["source"] = links_as_json(&link.inner, reached);
            }
        }
        reached &= !link.decides();
        value
    };
    all.iter().map(link).collect()
}
