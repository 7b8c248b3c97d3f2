//! Runs that outlive their keys many times over, with every source of keys that renews itself, against an S3 that refuses
//! keys which are over.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use lakeward_loopback::aws::{Grant, Lifetimes, Operation};
use lakeward_testkit::{FaultProxy, Faults, Home, HomeCommand, tries};

use crate::{
    loopback_aws::Aws,
    program::{self, files, numbered, summary},
    server::{Server, destination},
};

/// How long keys are good. Whoever counts whole seconds loses up to one of them.
const LIFE: Duration = Duration::from_millis(1500);
/// The same where milliseconds are told.
const EXACT_LIFE: Duration = Duration::from_millis(1000);
/// The same for a sign-in, whose services tell whole seconds.
const SIGN_IN_LIFE: Duration = Duration::from_millis(2500);
/// How long lies between two answers of S3: with the rows, of which each is an object, it makes the run's length.
const PACE: Duration = Duration::from_millis(40);
/// How often keys must be renewed at least.
const RENEWALS: usize = 15;

/// A way to keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Source {
    Sso,
    Console,
    RoleChain,
    Container,
    Instance,
}

impl Source {
    const ALL: [Self; 5] = [Self::Sso, Self::Console, Self::RoleChain, Self::Container, Self::Instance];

    fn lead<'home>(self, aws: &Aws, home: &Home, command: HomeCommand<'home>) -> HomeCommand<'home> {
        let command = aws.leads(command);
        match self {
            Self::Sso => {
                aws.sign_in(home);
                command.env("AWS_PROFILE", "sso")
            }
            Self::Console => {
                aws.sign_in_at_console(home);
                command.env("AWS_PROFILE", "console")
            }
            Self::RoleChain => command.env("AWS_PROFILE", "chain"),
            Self::Container => aws.contains(home, command),
            Self::Instance => aws.runs_on_instance(command),
        }
    }

    /// What is called once for each pair of keys, but for the two roles of the chain.
    fn operations(self) -> &'static [Operation] {
        match self {
            Self::Sso => &[Operation::CreateToken(Grant::RefreshToken), Operation::GetRoleCredentials],
            Self::Console => &[Operation::CreateOAuth2Token(Grant::RefreshToken)],
            Self::RoleChain => &[Operation::AssumeRole],
            Self::Container => &[Operation::ContainerCredentials],
            Self::Instance => &[Operation::ImdsCredentials],
        }
    }
}

/// What came of a run.
#[derive(Debug)]
struct Outcome {
    renewals: usize,
    landed: u64,
    retries: u64,
    took: Duration,
}

/// A run with one source.
fn run(source: Source) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let home = Home::new();
        let aws = Aws::start(&home, |options| {
            let mut lifetimes = Lifetimes::default();
            (lifetimes.sso_role, lifetimes.sts) = (EXACT_LIFE, Some(LIFE));
            (lifetimes.container, lifetimes.instance) = (LIFE, LIFE);
            (lifetimes.sso_token, lifetimes.console) = (SIGN_IN_LIFE, SIGN_IN_LIFE);
            options.lifetimes = lifetimes;
        })
        .await;
        let s3 = Server::with(|options| options.access_keys = Some(aws.aws.access_keys())).await;
        let address = s3.s3.endpoint().trim_start_matches("http://").parse().unwrap();
        let proxy = FaultProxy::start(address, Faults { pace: PACE, ..Faults::default() }).await;
        let rows = tries(420, 3050);
        home.write("rows.csv", numbered(1, rows));
        let command = program::sync(&home, &destination(&proxy.endpoint(), "batch_size = 1\n"), &files(&["rows.csv"]));
        let command = command.args(["--progress", "json", "-vvv"]).time_limit(Duration::from_secs(400));
        let (command, began) = (source.lead(&aws, &home, command), Instant::now());
        let output = tokio::task::block_in_place(|| command.run().exits(0));
        let summary = summary(&output);
        let calls = if source == Source::RoleChain { 2 } else { 1 };
        let outcome = Outcome {
            // The first keys are no renewal.
            renewals: source.operations().iter().map(|operation| aws.aws.count(*operation)).min().unwrap() / calls - 1,
            landed: summary["tables"][0]["landed"].as_u64().unwrap(),
            retries: summary["retries"].as_u64().unwrap(),
            took: began.elapsed(),
        };
        assert_eq!((outcome.landed, s3.objects().len(), s3.s3.calls().denied), (rows.into(), rows as usize, 0));
        outcome
    })
}

/// The outcome of one source's run. All of them run at once, from the first time that anybody asks.
#[track_caller]
fn outcome(source: Source) -> Outcome {
    static RUNS: OnceLock<Mutex<HashMap<Source, JoinHandle<Outcome>>>> = OnceLock::new();
    let runs = RUNS.get_or_init(|| {
        // Built once, before the time counts.
        program::binary();
        Mutex::new(Source::ALL.map(|source| (source, thread::spawn(move || run(source)))).into())
    });
    let run = runs.lock().unwrap_or_else(PoisonError::into_inner).remove(&source).unwrap();
    run.join().unwrap_or_else(|_| panic!("the run with {source:?} failed: see above"))
}

#[track_caller]
fn renews(source: Source) {
    let outcome = outcome(source);
    assert_eq!(outcome.retries, 0, "{source:?}: {outcome:?}");
    assert!(outcome.renewals >= RENEWALS, "{source:?}: {outcome:?}");
    if tries(0, 1) == 1 {
        assert!(outcome.took >= Duration::from_secs(120), "{source:?}: {outcome:?}");
    }
}

#[test]
fn sso_keys_are_renewed_without_a_failed_write() {
    renews(Source::Sso);
}

#[test]
fn console_session_keys_are_renewed_without_a_failed_write() {
    renews(Source::Console);
}

#[test]
fn role_chain_keys_are_renewed_without_a_failed_write() {
    renews(Source::RoleChain);
}

#[test]
fn container_keys_are_renewed_without_a_failed_write() {
    renews(Source::Container);
}

#[test]
fn instance_keys_by_imdsv2_are_renewed_without_a_failed_write() {
    renews(Source::Instance);
}
