//! `lakeward demo`: the wizard and a run, without an account and without a network. It is the same wizard as that of `lakeward init`;
//! what it works in is made for it ([`folders`]), and in place of AWS it is led to services of this process ([`services`]).

mod folders;
mod services;
mod told;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use lakeward_auth::{
    Environment,
    sign_in::{Flow, Machine, Situation, situation},
};
use lakeward_core::failure::{Failure, FailureKind};
use lakeward_wizard::{Answers, From, Id, Start, Value};
use tokio::runtime::{Handle, Runtime};

use self::{folders::Folders, services::Services};
use crate::{
    ENDING,
    arguments::{DemoArguments, InitArguments, OutputArguments},
    commands::init::{
        Front, place, session,
        world::{StandIn, World},
    },
    console::Console,
    logging, signals,
};

const CONFIG: &str = "lakeward.toml";
const BUCKET: &str = "demo-lake";

/// Runs the demo to its end, and removes what it made; the exit code is the wizard's.
///
/// # Errors
/// When it can't begin: no folder, no terminal, no port of 127.0.0.1.
pub(crate) fn demo(
    arguments: &DemoArguments,
    output: OutputArguments,
    runtime: Runtime,
    console: Console,
) -> Result<u8, Failure> {
    // From now on a signal ends this in its order, and removes what was made.
    let signalled = signalled(runtime.handle());
    let folders = Folders::make(arguments.keep.as_deref())?;
    let result = if signalled.load(Ordering::Relaxed) {
        Ok(FailureKind::Interrupted.exit_code())
    } else {
        played(arguments, output, &folders, runtime.handle())
    };
    // Nothing writes any more once it is told and removed.
    runtime.shutdown_timeout(ENDING);
    if result.is_ok() {
        console.result(&told::told(&folders));
    }
    if let Err(what) = folders.put_away() {
        console.warning(&what);
    }
    result
}

fn signalled(runtime: &Handle) -> Arc<AtomicBool> {
    let signalled = Arc::new(AtomicBool::new(false));
    let _entered = runtime.enter();
    signals::each({
        let signalled = Arc::clone(&signalled);
        move || signalled.store(true, Ordering::Relaxed)
    });
    signalled
}

fn played(
    arguments: &DemoArguments,
    output: OutputArguments,
    folders: &Folders,
    runtime: &Handle,
) -> Result<u8, Failure> {
    let DemoArguments { plain, ascii, .. } = *arguments;
    let front = Front::of(&InitArguments { plain, ascii, ..InitArguments::default() });
    let seen = seen();
    let opens = front.is_attended() && seen.opens;
    let services = runtime.block_on(Services::start())?;
    // Lines stay to be read, and where they are piped nobody presses a key; a screen waits for who reads it.
    let approval = match front {
        Front::Screen => services.approved_by_key(opens),
        Front::Plain => services.approved_in_time(opens, runtime),
    };
    let world = World {
        environment: services.environment(folders.home()),
        own_services: true,
        situation: Situation { flow: Flow::Device, opens, reason: Some("this is the demo".to_owned()) },
        opens,
        state_dir: folders.state(),
        home: Some(folders.home()),
        stand_in: Some(StandIn {
            lake: folders.lake(),
            kept: folders.kept.as_ref().map(|kept| kept.join(folders::LAKE)),
            keys: services.keys(),
            approval,
        }),
    };
    let mut place = place::place(Some(PathBuf::from(CONFIG)), &world, false)?;
    place.portal = Some((services::START_URL.to_owned(), services::REGION.to_owned()));
    place.notes = vec![
        "This is the demo: AWS and S3 are stand-ins inside this program. None of your AWS settings is read, nothing leaves this \
         machine, and nothing stays that --keep does not keep. With a sign-in that is suggested, a new SSO sign-in \
         or no AWS every question has an answer: Enter takes it."
            .to_owned(),
    ];
    if front == Front::Plain {
        logging::start(output, &lakeward_tui::progress::Progress::new(lakeward_tui::progress::Style::None));
    }
    let begin = Start { place, answers: answers(), init: true, size: (80, 24), ..Start::default() };
    session(front, ascii, world, begin, None, runtime)
}

/// Whether a browser of this machine is one that the person sees. Nothing of AWS is looked at.
fn seen() -> Situation {
    let variables = place::variables().into_iter().filter(|(name, _)| !name.starts_with("AWS_"));
    situation(&Environment::new(variables, None), Machine::real())
}

/// What is proposed; all of it can be changed.
fn answers() -> Answers {
    let mut answers = Answers::default();
    let tables = Value::List(vec![format!("{}/*", folders::TABLES)]);
    for (id, value) in [(Id::Bucket, BUCKET.into()), (Id::Region, services::REGION.into()), (Id::Paths, tables)] {
        answers.give(id, value, From::Detected);
    }
    answers
}
