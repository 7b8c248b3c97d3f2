//! `lakeward init`, and `lakeward` alone: from nothing to a config that runs.
//!
//! What is asked, and what follows from an answer, is `lakeward_wizard`'s. Here is what carries its effects out
//! ([`mod@runner`]), with the functions of the other commands, and the two fronts: a full [`screen`], and [`plain`] lines.

pub(crate) mod flags;
pub(crate) mod world;
pub(crate) mod place;
mod runner;
mod detect;
mod sign_in;
mod directory;
mod identity;
mod preview;
mod check;
mod write;
mod foreseen;
mod keep;
mod draft;
mod run;
mod plain;
mod screen;
mod recorder;

use std::{
    env,
    io::{self, IsTerminal},
    path::Path,
    sync::mpsc,
    time::SystemTime,
};

use lakeward_auth::Environment;
use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};
use lakeward_wizard::{
    Again, Answers, CheckLine, Draft, Event, Exit, Id, Outcome, Place, Start, State, Trouble, headless, start,
};
use tokio::runtime::Handle;

use self::{
    foreseen::Foreseen,
    plain::{Came, Input},
    recorder::Recorder,
    runner::Runner,
    screen::Screen,
    world::{Events, World},
};
use crate::{
    arguments::{InitArguments, OutputArguments},
    config_file,
    console::{Console, shown, told},
    logging, signals,
};

/// Runs the wizard to its end; the exit code. `init` says that the questions were asked for, rather than whatever there is to do.
///
/// # Errors
/// When it can't begin: answers that are missing with `--yes`, a config or an answers file that can't be read.
pub(crate) fn init(
    arguments: &InitArguments,
    init: bool,
    output: OutputArguments,
    runtime: &Handle,
    console: Console,
) -> Result<u8, Failure> {
    let front = Front::of(arguments);
    let world = World::real(config_file::default_state_dir(), front.is_attended());
    let mut answers = given(arguments)?;
    let stdin_is_data = !io::stdin().is_terminal() && (front == Front::Screen || answers.is(Id::Source, "stdin"));
    let place = place::place(arguments.config.clone(), &world, stdin_is_data)?;
    let place = Place { is_plain: arguments.plain, ..place };
    // What an earlier session has kept was not given now: whoever goes on with it sees it.
    let is_whole = init && place.existing.is_none() && is_whole(&answers, &place);
    let (draft, others, passed_over) = kept(arguments, &world, &place.config, &mut answers, front, console);
    if let (Some(record), true) = (&arguments.record, is_whole) {
        let what = format!("there is no session to be recorded in {}: no question is open", shown(record));
        return Err(Failure::new(FailureKind::Usage, what).next("leave out --record, or an answer"));
    }
    if arguments.yes || is_whole {
        return without_questions(place, &answers, &world, runtime, console);
    }
    if front == Front::Plain {
        logging::start(output, &lakeward_tui::progress::Progress::new(lakeward_tui::progress::Style::None));
    }
    let begin = Start { place, answers, draft, others, passed_over, init, size: (80, 24) };
    session(front, arguments.ascii, world, begin, arguments.record.as_deref(), runtime)
}

/// Runs a session to its end, in whatever world, and records it if that is wanted; the exit code.
///
/// # Errors
/// When the terminal can't be used, or nobody can be asked, or it can't be recorded.
pub(crate) fn session(
    front: Front,
    ascii: bool,
    world: World,
    begin: Start,
    record: Option<&Path>,
    runtime: &Handle,
) -> Result<u8, Failure> {
    let now = SystemTime::now();
    let config = begin.place.config.clone();
    let environment = (world.stand_in.is_none()).then(|| world.environment.clone());
    let recorder = record.map(|path| Recorder::create(path, &begin, now)).transpose()?;
    match front {
        Front::Screen => {
            let (send, events) = mpsc::channel();
            // Before the terminal is taken: whatever ends this gives it back.
            listen(runtime, {
                let send = send.clone();
                move || drop(send.send(Event::Signal))
            });
            let mut screen = Screen::open(ascii, send.clone())?;
            let mut runner = runner(world, &config, runtime, move |event| drop(send.send(event)));
            let (mut state, effects) = start(begin, now);
            runner.record_with(recorder, &mut state);
            let exit = screen.run(&mut state, effects, &mut runner, &events)?;
            let foreseen = foreseen(&exit, &state, environment.as_ref());
            screen.close(&farewell(front, &exit, &state, &foreseen, &mut runner));
            Ok(code(&exit))
        }
        Front::Plain => {
            let input = Input::of_person(begin.place.stdin_piped)?;
            let (send, came) = mpsc::channel();
            listen(runtime, {
                let send = send.clone();
                move || drop(send.send(Came::Event(Event::Signal)))
            });
            let mut runner = runner(world, &config, runtime, {
                let send = send.clone();
                move |event| drop(send.send(Came::Event(event)))
            });
            let (mut state, effects) = start(begin, now);
            runner.record_with(recorder, &mut state);
            let (exit, state, mut runner) = plain::run(state, effects, runner, input, (send, came));
            let foreseen = foreseen(&exit, &state, environment.as_ref());
            // What went well was said.
            plain::say(&match exit {
                Exit::Done | Exit::Unanswered(_) | Exit::Run(0) => warnings(&foreseen, &state),
                _ => farewell(front, &exit, &state, &foreseen, &mut runner),
            });
            Ok(code(&exit))
        }
    }
}

/// Whether there is a person at a terminal for `lakeward` alone.
pub(crate) fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

fn runner(world: World, config: &Path, runtime: &Handle, send: impl Fn(Event) + Send + Sync + 'static) -> Runner {
    Runner::new(world, config, Events::to(send), runtime.clone())
}

fn listen(runtime: &Handle, on: impl Fn() + Send + 'static) {
    let _entered = runtime.enter();
    signals::each(on);
}

/// How the person is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    /// On a full screen.
    Screen,
    /// In plain lines.
    Plain,
}

impl Front {
    pub(crate) fn of(arguments: &InitArguments) -> Self {
        let set = |name: &str| env::var(name).is_ok_and(|value| !value.is_empty() && value != "0");
        let is_dumb = env::var("TERM").map_or(!cfg!(windows), |term| term.is_empty() || term == "dumb");
        // Where standard input is data, a terminal can still be asked.
        let is_terminal = io::stdout().is_terminal() && (io::stdin().is_terminal() || Input::of_person(true).is_ok());
        if arguments.plain || set("ACCESSIBLE") || is_dumb || !is_terminal { Self::Plain } else { Self::Screen }
    }

    /// Whether somebody sits there, for whom a browser may be opened.
    pub(crate) fn is_attended(self) -> bool {
        self == Self::Screen || io::stdin().is_terminal()
    }
}

/// The answers of flags, variables and the answers file, the strongest on top.
fn given(arguments: &InitArguments) -> Result<Answers, Failure> {
    let mut answers = Answers::from_flags(arguments.given.0.clone()).map_err(failure)?;
    answers.lay(&Answers::from_environment(&place::variables()));
    if let Some(path) = &arguments.answers {
        answers.lay(&Answers::from_answers_file(&read(path)?).map_err(failure)?);
    }
    Ok(answers)
}

fn read(path: &Path) -> Result<String, Failure> {
    let text = |bytes| String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"));
    config_file::bytes(path).and_then(text).map_err(|error| {
        let name = path.display().to_string();
        Failure::new(FailureKind::Usage, format!("the answers file {} can't be read: {error}", printable(&name)))
    })
}

/// The drafts of earlier sessions: the config's own, and others'. With `--resume` the answers of the own one count at once, else a
/// person is asked about it; whether there is one that is passed over, as nobody can be asked. Of the others a person is told.
fn kept(
    arguments: &InitArguments,
    world: &World,
    config: &Path,
    answers: &mut Answers,
    front: Front,
    console: Console,
) -> (Option<Draft>, Vec<Draft>, bool) {
    if arguments.no_resume {
        draft::forget(world, config);
        return (None, Vec::new(), false);
    }
    // Whoever sends lines has not counted on a question about an earlier session.
    let is_asked = !arguments.yes && front.is_attended();
    if !is_asked && !arguments.resume {
        let is_passed_over = !arguments.yes && draft::read(world, config).is_ok_and(|draft| draft.is_some());
        return (None, Vec::new(), is_passed_over);
    }
    let own = draft::read(world, config).unwrap_or_else(|why| {
        console.warning(&why);
        None
    });
    let others = draft::of_others(world, config);
    match own {
        Some(draft) if arguments.resume => {
            draft.lay_over(answers);
            (None, others, false)
        }
        own => (own, others, false),
    }
}

/// Whether nothing is left to ask: every question that must be answered is, and those that choose a kind by somebody.
fn is_whole(answers: &Answers, place: &Place) -> bool {
    let mut filled = answers.clone();
    filled.fill(&lakeward_wizard::Facts { place: place.clone(), ..Default::default() });
    answers.is_given(Id::Bucket) && filled.missing().is_empty()
}

/// Writes the config from the answers alone.
fn without_questions(
    place: Place,
    answers: &Answers,
    world: &World,
    runtime: &Handle,
    console: Console,
) -> Result<u8, Failure> {
    let (config, file) = (place.config_shown.clone(), place.config.clone());
    let (composed, writing) = headless(place, answers).map_err(failure)?;
    composed.document.warnings.iter().for_each(|warning| console.warning(warning));
    // The answers are on the command line.
    let said = runtime.block_on(write::write(&writing, world, false)).map_err(failure)?;
    draft::forget(world, &file);
    let foreseen = Foreseen::of(&writing.file, &world.environment, console);
    foreseen.odd.iter().for_each(|odd| console.warning(odd));
    foreseen.failures.iter().for_each(|failure| console.foreseen(failure));
    foreseen.note.iter().for_each(|note| console.warning(note));
    console.result(&format!("{said}.\n{}", how_to_go_on(&config, Again::of(&composed.plan), &foreseen)));
    Ok(0)
}

fn how_to_go_on(config: &str, again: Again, foreseen: &Foreseen) -> String {
    let run = if foreseen.failures.is_empty() { "Run it:" } else { "Run it, once that is mended:" };
    format!(
        "Try it with one test write:  lakeward check --config {config}\n\
         {run:28} lakeward --config {config}\n\
         {}.\n",
        again.sentence()
    )
}

/// What stays in the terminal.
fn farewell(front: Front, exit: &Exit, state: &State, foreseen: &Foreseen, runner: &mut Runner) -> String {
    let place = &state.facts.place;
    let mut text = String::new();
    if let Some(written) = state.facts.written.got() {
        text.push_str(&format!("{written}.\n"));
    }
    if let Some(told) = runner.told() {
        text.push_str(&told);
    }
    if let Some(Err(trouble)) = &state.run.ended {
        text.push_str(&told("error", &failure(trouble.clone())));
    }
    if runner.is_demo() {
        // It has its own words for how to go on.
        return text;
    }
    match exit {
        // It was tried, and it works.
        Exit::Run(0) if state.facts.written.got().is_some() => {
            text.push_str(&format!("From now on:  lakeward --config {}\n", place.config_shown));
            text.push_str(&format!("{}.\n", state.facts.again.sentence()));
        }
        Exit::Done | Exit::Run(_) if state.facts.written.got().is_some() => {
            text.push_str(&warnings(foreseen, state));
            text.push_str(&how_to_go_on(&place.config_shown, state.facts.again, foreseen));
        }
        Exit::Left | Exit::Interrupted if state.facts.written.got().is_none() && state.run.began.is_none() => {
            text.push_str(&match runner.unkept() {
                None if state.has_left_edit() => {
                    "Nothing was changed, and the edit that was left is kept.\n".to_owned()
                }
                _ if state.screen == lakeward_wizard::Screen::Welcome => "Nothing was changed.\n".to_owned(),
                None if !state.leaves_draft() => "Nothing was written.\n".to_owned(),
                // Over a pipe nobody is asked whether to.
                None if !front.is_attended() => {
                    format!("Nothing was written. {} goes on with the answers.\n", place.resuming())
                }
                None => format!("Nothing was written. `{}` goes on with the answers.\n", place.asking()),
                Some(why) => format!("Nothing was written, and the answers could not be kept: {why}\n"),
            });
        }
        _ => {}
    }
    text
}

/// What a run of the config that was written would trip over here, where none was made.
fn foreseen(exit: &Exit, state: &State, environment: Option<&Environment>) -> Foreseen {
    let is_written = state.facts.written.got().is_some() && state.run.began.is_none();
    match environment.filter(|_| matches!(exit, Exit::Done) && is_written) {
        Some(environment) => {
            Foreseen::of(&state.facts.place.config, environment, Console::new(&OutputArguments::default()))
        }
        None => Foreseen::default(),
    }
}

/// As lines: what is foreseen, and what else its test has found. What is odd about the sources, their preview has shown.
fn warnings(foreseen: &Foreseen, state: &State) -> String {
    let note = foreseen.note.iter().map(|note| format!("warning: {note}\n"));
    let is_told = |line: &CheckLine| foreseen.failures.iter().any(|failure| failure.what.contains(&line.detail));
    let is_written = state.facts.written.got().is_some() && state.run.began.is_none();
    let failed =
        state.facts.checks.iter().filter(|line| is_written && line.outcome == Outcome::Failed && !is_told(line));
    let failed = failed.map(|line| format!("warning: its test has failed: {}, {}\n", line.check, line.detail));
    let foreseen = foreseen.failures.iter().map(|failure| told("warning", failure));
    foreseen.chain(failed).chain(note).collect()
}

fn code(exit: &Exit) -> u8 {
    match exit {
        Exit::Done | Exit::Left => 0,
        Exit::Interrupted => FailureKind::Interrupted.exit_code(),
        Exit::Unanswered(_) => FailureKind::Usage.exit_code(),
        Exit::Run(code) => *code,
    }
}

/// A trouble as what ends the program.
fn failure(trouble: Trouble) -> Failure {
    let kinds = [FailureKind::Input, FailureKind::Destination, FailureKind::Partial, FailureKind::Denied];
    let kind = kinds.into_iter().find(|kind| kind.exit_code() == trouble.code).unwrap_or(FailureKind::Usage);
    Failure { kind, what: trouble.what, next: trouble.next, can_set_aside: trouble.can_set_aside }
}
