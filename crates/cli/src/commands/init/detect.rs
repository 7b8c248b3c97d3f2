//! Ways to sign in, looked for all at once: in the environment, in the AWS files and caches, and at this machine's services.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use lakeward_auth::{
    Broken, By, Fault, Kept, Named, NamedProfile, NamedSession, NoKeys, Origin, Place, Selected, Signing, State,
    sign_in::{Choice, SignIn, Target},
};
use lakeward_core::{
    failure::{FailureKind, in_one_line},
    plan::{AuthPlan, CREDENTIAL_PROGRAM_LIMIT},
    untrusted::printable,
};
use lakeward_wizard::{Condition, Event, Found, Id, SignInRequest, SsoSession, Ticket, Value, Wrong};

use super::world::{Events, World};
use crate::span::rough;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_millis(1400);
/// How long a service of this machine may take to answer.
const ANSWER: Duration = Duration::from_secs(1);

/// What comes before what, best first. What needs the person first comes a little later, what can't be used comes last.
mod rank {
    /// What a variable names comes first also where it can't be used: the person means it.
    pub(super) const SELECTED: u8 = 1;
    pub(super) const COMPUTE: u8 = 10;
    pub(super) const SSO_SESSION: u8 = 20;
    pub(super) const SSO_PROFILE: u8 = 22;
    pub(super) const CONSOLE: u8 = 30;
    pub(super) const ROLE: u8 = 40;
    pub(super) const OTHER: u8 = 50;
    pub(super) const KEYS: u8 = 60;
    pub(super) const ENVIRONMENT: u8 = 62;
    /// Nobody knows what a program answers until it has run.
    pub(super) const PROGRAM: u8 = 64;
    pub(super) const NEEDS: u8 = 5;
    pub(super) const BROKEN: u8 = 100;
    pub(super) const ABSENT: u8 = 200;
}

/// Tells each way as soon as it is found.
pub(crate) async fn detect(world: Arc<World>, ticket: Ticket, events: Events) {
    let tell = |found: Found| events.send(Event::Found(ticket, Box::new(ranked(found))));
    let named = {
        let world = Arc::clone(&world);
        tokio::task::spawn_blocking(move || of_files(&world))
    };
    let files = async {
        for found in named.await.unwrap_or_default() {
            tell(found);
        }
    };
    let environment = async {
        if let Some(found) = Box::pin(of_environment(&world)).await {
            tell(found);
        }
    };
    let compute = async {
        for found in Box::pin(of_machine(&world)).await {
            tell(found);
        }
    };
    // What has not answered by then is as good as not there.
    let _ = tokio::time::timeout(PATIENCE, async { tokio::join!(files, environment, compute) }).await;
    events.send(Event::Detected(ticket));
}

fn ranked(found: Found) -> Found {
    let later = match &found.condition {
        _ if found.rank == rank::SELECTED => 0,
        Condition::Good(_) => 0,
        Condition::Needs(_) | Condition::Runs(_) => rank::NEEDS,
        Condition::Broken(_) => rank::BROKEN,
        Condition::Absent(_) => return Found { rank: rank::ABSENT, ..found },
    };
    Found { rank: found.rank + later, ..found }
}

fn broken(broken: &Broken, world: &World) -> Condition {
    Condition::Broken(Wrong { what: at_home(&broken.what, world), short: broken.fault.short() })
}

/// A text with the paths below the home as they are shown.
fn at_home(text: &str, world: &World) -> String {
    let home = world.home.as_deref().filter(|home| *home != Path::new("/"));
    home.map_or_else(
        || text.to_owned(),
        |home| text.replace(&format!("{}/", printable(&home.display().to_string())), "~/"),
    )
}

/// Answers that pin a method.
fn pinned(method: &str, more: Option<(Id, &str)>) -> Vec<(Id, Value)> {
    let more = more.map(|(id, text)| (id, Value::from(text)));
    std::iter::once((Id::Auth, Value::from(method))).chain(more).collect()
}

async fn of_environment(world: &World) -> Option<Found> {
    let signing = Signing::plan(&AuthPlan::Env, world.environment.clone()).ok()?;
    let link = signing.resolution.decided()?;
    let condition = match (&link.state, signing.keys().await) {
        (State::Broken(wrong), _) => broken(wrong, world),
        (_, Err(failure)) => Condition::Broken(failure.what.into()),
        (_, Ok(keys)) => Condition::Good(match (keys.expires, &keys.session_token) {
            (Some(expires), _) => format!("good for {}", left(expires, SystemTime::now())),
            (None, Some(_)) => "temporary keys".to_owned(),
            (None, None) => "long-lived keys".to_owned(),
        }),
    };
    Some(Found {
        title: "Environment keys".to_owned(),
        origin: "AWS_ACCESS_KEY_ID".to_owned(),
        condition,
        why: "These are the keys of this shell. Cron, systemd and containers have them only where they are set there too, and \
              long-lived keys are better replaced by a role."
            .to_owned(),
        answers: pinned("env", None),
        sign_in: None,
        session: None,
        rank: rank::ENVIRONMENT,
    })
}

/// The role of this machine: what its environment says, and what its metadata service answers.
async fn of_machine(world: &World) -> Vec<Found> {
    let Ok(signing) = Signing::plan(&AuthPlan::Compute, world.environment.clone()) else { return Vec::new() };
    let Some(link) = signing.resolution.decided() else { return Vec::new() };
    let origin =
        link.settings.first().map_or_else(|| "metadata service".to_owned(), |setting| shown(&setting.origin, world));
    let is_instance = link.place == Place::Instance;
    let title = match link.place {
        Place::Instance => "The EC2 instance's role",
        Place::Container => "The container's role",
        Place::WebIdentity => "A web identity's role",
        _ => "This machine's role",
    };
    let from = match &link.state {
        State::Found(found) if !is_instance => format!("{}. ", capital(&found.what)),
        _ => String::new(),
    };
    let found = |condition| Found {
        title: title.to_owned(),
        origin,
        why: if matches!(condition, Condition::Broken(_)) {
            "Mend it, or choose another way.".to_owned()
        } else {
            format!(
                "{from}Its keys come from the machine itself, are renewed by themselves and need nobody: the best choice where the \
                 sync runs."
            )
        },
        condition,
        answers: pinned("compute", None),
        sign_in: None,
        session: None,
        rank: rank::COMPUTE,
    };
    match &link.state {
        State::Broken(wrong) => return vec![found(broken(wrong, world))],
        State::Found(_) => {}
        State::Skipped(_) => return Vec::new(),
    }
    let answer = tokio::time::timeout(ANSWER, signing.keys_or_why()).await;
    let condition = match answer {
        Ok(Ok(_)) => Condition::Good("good, renewed by itself".to_owned()),
        Ok(Err(NoKeys::Other(failure))) if is_instance => Condition::Absent(match failure.kind {
            FailureKind::Destination => "no such service here".to_owned(),
            // It answers, as the AWS chain tells when it ends there.
            _ => "the service refuses".to_owned(),
        }),
        Ok(Err(why)) => Condition::Broken(why.failure().what.into()),
        Err(_) if is_instance => Condition::Absent(format!("no answer in {} s", ANSWER.as_secs())),
        Err(_) => Condition::Needs(format!("no answer in {} s", ANSWER.as_secs())),
    };
    vec![found(condition)]
}

fn of_files(world: &World) -> Vec<Found> {
    let now = SystemTime::now();
    let named = match Named::read(&world.environment, now) {
        Ok(named) => named,
        Err(wrong) => {
            return vec![Found {
                title: "The AWS files".to_owned(),
                origin: "~/.aws".to_owned(),
                condition: broken(&wrong, world),
                why: format!("{}. Until that is done nothing in ~/.aws counts, in a run either.", capital(&wrong.next)),
                answers: Vec::new(),
                sign_in: None,
                session: None,
                rank: rank::OTHER,
            }];
        }
    };
    let sessions = named.sso_sessions.iter().filter_map(|session| of_session(session, world, now));
    // Files that can be read are enough for it.
    let sign_in = SignIn::new(world.environment.clone(), None).ok();
    let look = Look { named: &named, sign_in: sign_in.as_ref(), world, now };
    let profiles = named.profiles.iter().filter_map(|profile| of_profile(profile, &look));
    let amiss = named.missing.iter().map(|(variable, path)| missing(variable, &world.shown(path)));
    let absent = named.selected.iter().filter_map(|selected| absent(selected, &named, world));
    let without = without_credentials(&named, world);
    amiss.chain(absent).chain(sessions).chain(profiles).chain(without).collect()
}

/// A file that a variable names and that is not there.
fn missing(variable: &str, path: &str) -> Found {
    let file = if variable == "AWS_CONFIG_FILE" { "config" } else { "credentials" };
    Found {
        title: format!("AWS {file} file"),
        origin: variable.to_owned(),
        condition: Condition::Broken(Wrong {
            what: format!("{path} does not exist"),
            short: Fault::NamesAbsent.short(),
        }),
        why: format!(
            "{variable} names it, so ~/.aws/{file} does not count. Unset {variable}, or let it name the file that is meant."
        ),
        answers: Vec::new(),
        sign_in: None,
        session: None,
        rank: rank::OTHER,
    }
}

/// The profile that a variable names, where there is none of the name.
fn absent(selected: &Selected, named: &Named, world: &World) -> Option<Found> {
    let next = selected.absent.as_ref()?;
    let [config, credentials] = named.paths.each_ref().map(|path| world.shown(path));
    let variable = selected.variable;
    Some(Found {
        title: format!("Profile \"{}\"", printable(&selected.name)),
        origin: variable.to_owned(),
        condition: Condition::Broken(format!("not in {config} or {credentials}").into()),
        why: format!("{variable} names it. {}.", capital(next)),
        answers: Vec::new(),
        sign_in: None,
        session: None,
        rank: rank::SELECTED,
    })
}

fn of_session(session: &NamedSession, world: &World, now: SystemTime) -> Option<Found> {
    let url = session.start_url.as_ref()?;
    let request = SignInRequest::Sso { session: Some(session.name.clone()), start_url: None, region: None };
    let (condition, sign_in) = match &session.fault {
        None => signed_in(session.kept, request, now),
        Some(wrong) => (broken(wrong, world), None),
    };
    Some(Found {
        title: format!("SSO session \"{}\"", printable(&session.name)),
        origin: session.origin.as_ref().map(|origin| shown(origin, world)).unwrap_or_default(),
        condition,
        why: match &session.fault {
            None => format!(
                "A role of {}, which you choose. Its keys are short-lived and renew while the sign-in lasts. Its end is for a \
                 person to renew: for cron choose the role of a machine.",
                printable(url)
            ),
            Some(wrong) => format!("{}, or choose another way.", capital(&wrong.next)),
        },
        answers: pinned("sso", Some((Id::SsoSession, &session.name))),
        sign_in,
        session: session.region.clone().map(|region| SsoSession {
            name: session.name.clone(),
            start_url: url.clone(),
            region,
        }),
        rank: rank::SSO_SESSION,
    })
}

/// What is said of a profile that could hold credentials, and does not.
const NOTHING_IN_IT: &str = "no credentials in it";

/// So many profiles without credentials are named.
const MOST_WITHOUT: usize = 3;

/// A profile that nothing can be done with.
fn empty(name: &str, origin: String, condition: Condition) -> Found {
    Found {
        title: format!("Profile \"{}\"", printable(name)),
        origin,
        condition,
        why: String::new(),
        answers: Vec::new(),
        sign_in: None,
        session: None,
        rank: rank::OTHER,
    }
}

/// The profiles without credentials, so that nobody looks for them; the default one first, for that is looked for most.
fn without_credentials(named: &Named, world: &World) -> Vec<Found> {
    let is_selected = |name: &str| named.selected.as_ref().is_some_and(|selected| selected.name == name);
    let is_it = |profile: &&NamedProfile| profile.by == By::Nothing && !is_selected(&profile.name);
    let mut without: Vec<&NamedProfile> = named.profiles.iter().filter(is_it).collect();
    without.sort_by_key(|profile| profile.name != "default");
    let told = if without.len() > MOST_WITHOUT { 1 } else { without.len() };
    let (told, more) = without.split_at(told);
    let mut found: Vec<Found> = told
        .iter()
        .map(|profile| {
            let origin = profile.origin.as_ref().map(|origin| shown(origin, world)).unwrap_or_default();
            empty(&profile.name, origin, Condition::Absent(NOTHING_IN_IT.to_owned()))
        })
        .collect();
    if !more.is_empty() {
        let title = format!("{} more profiles", more.len());
        let condition = Condition::Absent("no credentials in them".to_owned());
        found.push(Found { title, ..empty("", "~/.aws".to_owned(), condition) });
    }
    found
}

/// What profiles are looked at with.
struct Look<'a> {
    named: &'a Named,
    sign_in: Option<&'a SignIn>,
    world: &'a World,
    now: SystemTime,
}

fn of_profile(profile: &NamedProfile, look: &Look<'_>) -> Option<Found> {
    let Look { named, world, now, .. } = *look;
    let name = &profile.name;
    let origin = profile.origin.as_ref().map(|origin| shown(origin, world)).unwrap_or_default();
    let sso = |session: Option<String>, portal: Option<(String, String)>| {
        let (start_url, region) = portal.unzip();
        SignInRequest::Sso { session, start_url, region }
    };
    // A program that has not run yet has proven nothing.
    let good = || match &profile.runs {
        Some(program) => (Condition::Runs(program.clone()), None),
        None => (Condition::Good("ready".to_owned()), None),
    };
    let (rank, (condition, sign_in), why) = match &profile.by {
        By::Nothing => {
            return named.selected.as_ref().filter(|selected| selected.name == *name).map(|selected| {
                let why =
                    format!("{} names it. Give it keys, a role, a sign-in or a credential_process.", selected.variable);
                let condition = Condition::Broken(NOTHING_IN_IT.into());
                Found { rank: rank::SELECTED, why, ..empty(name, origin, condition) }
            });
        }
        By::Sso { session, portal } => (
            rank::SSO_PROFILE,
            signed_in(profile.kept, sso(session.clone(), portal.clone()), now),
            match session {
                Some(_) => "Its keys are short-lived and renew while the sign-in lasts.",
                None => {
                    "Its keys are short-lived. Its sign-in is of the older kind, which does not renew: an [sso-session] does."
                }
            },
        ),
        By::Console => (
            rank::CONSOLE,
            signed_in(profile.kept, SignInRequest::Console { profile: name.clone() }, now),
            "A console sign-in renews for 12 hours, then a person signs in again: good for trying things out.",
        ),
        By::Role { mfa_serial: Some(serial) } => (
            rank::ROLE,
            match profile.kept {
                Some(kept) if kept.is_good(now) => {
                    (Condition::Good(format!("good for {}", left(kept.expires, now))), None)
                }
                _ => (
                    Condition::Needs("MFA code needed".to_owned()),
                    Some(SignInRequest::Mfa { profile: Some(name.clone()), serial: serial.clone() }),
                ),
            },
            "Its role asks for the code of a device, so somebody has to type one before a run: not for cron.",
        ),
        By::Role { mfa_serial: None } => {
            let untried = || match &profile.runs {
                Some(_) => good(),
                None => (Condition::Needs("not tried yet".to_owned()), None),
            };
            (rank::ROLE, of_source(name, look).unwrap_or_else(untried), "A role, whose keys are renewed by themselves.")
        }
        By::Keys { is_temporary: true } => (
            rank::KEYS,
            match profile.kept {
                Some(kept) if kept.is_good(now) => {
                    (Condition::Good(format!("temporary, {} left", left(kept.expires, now))), None)
                }
                Some(kept) => (Condition::Broken(format!("expired {} ago", left(now, kept.expires)).into()), None),
                None => (Condition::Good("temporary keys".to_owned()), None),
            },
            match profile.kept {
                Some(kept) if !kept.is_good(now) => "They have expired: renew them, or choose another way.",
                _ => "They last for some hours, and nothing renews them: not for cron.",
            },
        ),
        By::Keys { is_temporary: false } => (
            rank::KEYS,
            (Condition::Good("long-lived keys".to_owned()), None),
            "Keys that do not expire work everywhere, for whoever has them too: a role is better.",
        ),
        By::Other if profile.runs.is_some() => (rank::PROGRAM, good(), "It is run when the profile is chosen"),
        By::Other => (rank::OTHER, good(), "What the profile names is asked when it is chosen."),
    };
    let seconds = CREDENTIAL_PROGRAM_LIMIT.as_secs();
    let why = match (&profile.by, &profile.runs) {
        (By::Other, Some(program)) => {
            format!("Its keys are what {program} prints. {why}, and has {seconds} s for its answer.")
        }
        (_, Some(program)) => format!("{why} {program} has {seconds} s for its answer."),
        (_, None) => why.to_owned(),
    };
    let (condition, sign_in, why) = match &profile.what {
        Ok(_) if rank == rank::PROGRAM => (condition, sign_in, why),
        Ok(what) => (condition, sign_in, format!("{}. {why}", capital(what))),
        Err(wrong) => {
            let next = in_one_line(&at_home(&wrong.next, world));
            (broken(wrong, world), None, format!("{}. Or choose another way.", capital(&next)))
        }
    };
    // Whoever sets the variable means this profile.
    let selected = named.selected.as_ref().filter(|selected| selected.name == *name);
    let why = match selected {
        Some(selected) => format!("{} names it. {why}", selected.variable),
        None => why,
    };
    Some(Found {
        why,
        answers: pinned("profile", Some((Id::Profile, name))),
        sign_in,
        rank: if selected.is_some() { rank::SELECTED } else { rank },
        ..empty(name, origin, condition)
    })
}

/// What a role's source needs, where that is a sign-in.
fn of_source(profile: &str, look: &Look<'_>) -> Option<(Condition, Option<SignInRequest>)> {
    let Look { named, now, .. } = *look;
    let target = look.sign_in?.target(&Choice::Auth(AuthPlan::Profile(profile.to_owned()))).ok()?;
    let (request, kept) = match target {
        Target::Sso(target) => {
            let session = target.session().map(str::to_owned);
            let kept = named.sso_sessions.iter().find(|other| Some(&other.name) == session.as_ref())?.kept;
            (SignInRequest::Sso { session, start_url: None, region: None }, kept)
        }
        Target::Console { profile } => {
            let kept = named.profiles.iter().find(|other| other.name == profile)?.kept;
            (SignInRequest::Console { profile }, kept)
        }
    };
    Some(signed_in(kept, request, now))
}

/// Whether a sign-in is good, and what signs in if it is not.
fn signed_in(kept: Option<Kept>, request: SignInRequest, now: SystemTime) -> (Condition, Option<SignInRequest>) {
    match kept {
        Some(kept) if kept.expires > now => {
            (Condition::Good(format!("signed in for {} more", left(kept.expires, now))), None)
        }
        Some(kept) if kept.renews => (Condition::Good("signed in, renewed when it is used".to_owned()), None),
        Some(kept) => (Condition::Needs(format!("expired {} ago", left(now, kept.expires))), Some(request)),
        None => (Condition::Needs("not signed in".to_owned()), Some(request)),
    }
}

/// How long it is from one time to a later one.
fn left(until: SystemTime, from: SystemTime) -> String {
    rough(until.duration_since(from).unwrap_or_default())
}

fn shown(origin: &Origin, world: &World) -> String {
    match origin {
        Origin::File { path, line } => format!("{}:{line}", world.shown(path)),
        Origin::Cache(path) => world.shown(path),
        Origin::Variable(name) => (*name).to_owned(),
        Origin::Config | Origin::Destination => "the AWS files".to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use lakeward_auth::{
        Environment,
        sign_in::{Machine, situation},
    };

    use super::*;

    /// What is told of these AWS files, where a variable may choose a profile: title, condition, and why.
    fn told(config: &str, credentials: &str, profile: Option<&str>) -> Vec<(String, Condition, String)> {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".aws");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("config"), config).unwrap();
        std::fs::write(folder.join("credentials"), credentials).unwrap();
        let variables = profile.map(|profile| ("AWS_PROFILE", profile));
        let environment = Environment::new(variables, Some(home.path().into()));
        let world = World {
            situation: situation(&environment, Machine::real()),
            environment,
            own_services: false,
            opens: false,
            state_dir: home.path().into(),
            home: Some(home.path().into()),
            stand_in: None,
        };
        let found = of_files(&world).into_iter().map(|found| (found.title, found.condition, found.why));
        found
            .map(|(title, condition, why)| (title, condition, why.replace(&*home.path().display().to_string(), "~")))
            .collect()
    }

    fn keys(profile: &str, more: &str) -> String {
        format!("[{profile}]\naws_access_key_id = AKIA\naws_secret_access_key = s\n{more}")
    }

    #[test]
    fn temporary_keys_are_not_taken_for_those_that_last() {
        let day = |days: u64| {
            humantime::format_rfc3339_seconds(SystemTime::now() + Duration::from_hours(24 * days + 1)).to_string()
        };
        let until = |time: &str| keys("a", &format!("aws_session_token = t\nx_security_token_expires = {time}\n"));
        for (credentials, condition, why) in [
            (keys("a", ""), Condition::Good("long-lived keys".to_owned()), "work everywhere"),
            (keys("a", "aws_session_token = t\n"), Condition::Good("temporary keys".to_owned()), "not for cron"),
            (until(&day(3)), Condition::Good("temporary, 3 days left".to_owned()), "not for cron"),
            (until("2020-01-01T00:00:00Z"), Condition::Broken("expired".into()), "They have expired: renew them"),
        ] {
            let told = told("", &credentials, None);
            let [(_, found, whole)] = told.as_slice() else { panic!("{told:?}") };
            match (found, &condition) {
                (Condition::Broken(found), Condition::Broken(_)) => {
                    assert!(found.what.ends_with(" years ago"), "{found:?}");
                }
                _ => assert_eq!(*found, condition),
            }
            assert!(whole.contains(why), "{whole}");
        }
    }

    #[test]
    fn profiles_without_credentials_are_said_to_be_there_and_are_few_lines() {
        let region = |name: &str| format!("[{name}]\nregion = eu-west-1\n");
        let config = ["profile a", "default"].map(region).concat();
        let titles = |config: &str, profile| {
            let told = told(config, "", profile);
            told.into_iter().map(|(title, condition, _)| (title, condition)).collect::<Vec<_>>()
        };
        let absent = |words: &str| Condition::Absent(words.to_owned());
        let none = || absent(NOTHING_IN_IT);
        let of = |name: &str| format!("Profile \"{name}\"");
        assert_eq!(titles(&config, None), [(of("default"), none()), (of("a"), none())]);
        // Whoever names one means it.
        let named = Condition::Broken(NOTHING_IN_IT.into());
        assert_eq!(titles(&config, Some("a")), [(of("a"), named), (of("default"), none())]);
        let many = format!("{config}{}", ["profile b", "profile c"].map(region).concat());
        let more = ("3 more profiles".to_owned(), absent("no credentials in them"));
        assert_eq!(titles(&many, None), [(of("default"), none()), more]);
    }

    #[test]
    fn what_is_no_profile_by_how_it_is_written_is_told_with_how_it_would_be() {
        let told = told("", &keys("profile z", ""), None);
        let [(title, condition, why)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((&**title, &*condition.short()), ("Profile \"z\"", "write it as [z]"));
        assert!(condition.words().starts_with("~/.aws/credentials:1 has [profile z]"), "{condition:?}");
        assert_eq!(why, "Write it as [z]. Or choose another way.");
        assert!(!condition.is_usable());
    }

    #[test]
    fn a_program_is_told_in_whole_sentences() {
        let told = told("[profile p]\ncredential_process = /usr/bin/false x\n", "", None);
        let why = "Its keys are what /usr/bin/false prints. It is run when the profile is chosen, and has 60 s for its answer.";
        assert_eq!(told[0].2, why);
    }

    #[test]
    fn one_broken_file_makes_the_other_one_not_count() {
        let told = told("[default\n", &keys("a", ""), None);
        let [(title, condition, why)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((&**title, condition.is_usable()), ("The AWS files", false));
        assert!(why.ends_with("Until that is done nothing in ~/.aws counts, in a run either."), "{why}");
    }

    #[test]
    fn what_a_variable_names_comes_first_and_a_program_after_keys() {
        let found = |rank: u8, condition: Condition| {
            let (title, origin, why) = Default::default();
            ranked(Found { title, origin, why, condition, rank, answers: Vec::new(), sign_in: None, session: None })
                .rank
        };
        let good = || Condition::Good(String::new());
        let named = found(rank::SELECTED, Condition::Broken(String::new().into()));
        assert!(named < found(rank::COMPUTE, good()));
        assert!(found(rank::KEYS, good()) < found(rank::PROGRAM, Condition::Runs("tool".to_owned())));
    }
}
