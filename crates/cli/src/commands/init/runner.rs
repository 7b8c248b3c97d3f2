//! Carries out what the wizard wants done, each effect with the functions of the command that does the same, and brings what comes of
//! it back as events. Nothing here waits: each piece of work has a thread of its own, and ends once nobody wants it any more.

use std::{collections::HashMap, path::Path, sync::Arc};

use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::{Plan, SourcePlan},
};
use lakeward_source::Commands;
use lakeward_wizard::{Effect, Event, Exit, Id, Secret, SignInAct, State, Trouble};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
};

use super::{
    check, detect,
    directory::Directory,
    draft::Drafts,
    identity, keep, place, preview,
    recorder::Recorder,
    run, sign_in,
    world::{Events, World, trouble},
    write,
};
use crate::{browser, commands::auth::chain, run::LandedSoFar};

/// See the module. What still runs ends when it is dropped.
pub(crate) struct Runner {
    world: Arc<World>,
    events: Events,
    runtime: Handle,
    directory: Directory,
    work: HashMap<Kind, Wanted>,
    /// The lists of roles that are awaited.
    roles: Vec<Wanted>,
    acts: Option<mpsc::UnboundedSender<SignInAct>>,
    /// What the latest look into the sources has started.
    looking: Option<Commands>,
    run: Option<Running>,
    /// What a run came to, whole.
    told: run::Told,
    drafts: Drafts,
    recorder: Option<Recorder>,
}

/// What goes on once at a time: a later one takes the place of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Detect,
    Explain,
    SignIn,
    Accounts,
    Identify,
    Preview,
    Check,
    Keep,
}

/// Held while work is wanted.
type Wanted = oneshot::Sender<()>;

struct Running {
    ticket: lakeward_wizard::Ticket,
    _work: Wanted,
    stop: watch::Sender<bool>,
    commands: Commands,
    landed: Arc<LandedSoFar>,
}

/// What only the one who has the terminal can do.
#[derive(Debug)]
pub(crate) enum OfTerminal {
    Copy(Secret),
    Redraw,
    Suspend,
    Exit(Exit),
}

impl Runner {
    /// `runtime` drives the tasks.
    pub(crate) fn new(world: World, config: &Path, events: Events, runtime: Handle) -> Self {
        let drafts = Drafts::new(&world, config, events.clone());
        Self {
            drafts,
            world: Arc::new(world),
            events,
            runtime,
            directory: Directory::default(),
            work: HashMap::new(),
            roles: Vec::new(),
            acts: None,
            looking: None,
            run: None,
            told: run::Told::default(),
            recorder: None,
        }
    }

    /// From now on what happens to the state is recorded, where there is a recorder.
    pub(crate) fn record_with(&mut self, recorder: Option<Recorder>, state: &mut State) {
        if recorder.is_some() {
            state.record();
        }
        self.recorder = recorder;
    }

    /// Writes down what has happened, where that is wanted.
    pub(crate) fn record(&mut self, state: &mut State) {
        if let (Some(recorder), Some(lines)) = (self.recorder.take(), state.recorded()) {
            self.recorder = recorder.kept(&lines, &self.events);
        }
    }

    /// Begins what an effect wants; what is the terminal's is handed back. `state` is that from which the effect came.
    pub(crate) fn carry_out(&mut self, effect: Effect, state: &State) -> Option<OfTerminal> {
        let (world, events) = (Arc::clone(&self.world), self.events.clone());
        match effect {
            Effect::Detect(ticket) => self.begin(Kind::Detect, move || detect::detect(world, ticket, events)),
            Effect::Explain(ticket) => self.begin(Kind::Explain, move || async move {
                let environment = world.environment.clone();
                let search = tokio::task::spawn_blocking(move || chain(environment)).await;
                let search = search.unwrap_or_else(|error| {
                    Err(Failure::new(FailureKind::Bug, format!("the search for credentials stopped: {error}")))
                });
                events.send(Event::Explained(ticket, search.map_err(|failure| trouble(&failure))));
            }),
            Effect::SignIn(ticket, request) => {
                let (acts, receiver) = mpsc::unbounded_channel();
                self.acts = Some(acts);
                // Of a role in the answers, what it is assumed with.
                let auth = lakeward_wizard::auth_plan(&state.answers, &state.facts);
                self.begin(Kind::SignIn, move || sign_in::sign_in(world, ticket, request, auth, receiver, events));
            }
            Effect::Act(act) => {
                if let Some(acts) = &self.acts {
                    // A sign-in that has ended needs nothing any more.
                    let _ = acts.send(act);
                }
            }
            Effect::StopSignIn => {
                self.acts = None;
                self.work.remove(&Kind::SignIn);
            }
            Effect::ListAccounts(ticket, request) => {
                let directory = self.directory.clone();
                self.roles.clear();
                self.begin(Kind::Accounts, move || directory.accounts(world, ticket, request, events));
            }
            Effect::ListRoles(ticket, request, account) => {
                let directory = self.directory.clone();
                let work = self.wanted(move || directory.roles(world, ticket, request, account, events));
                self.roles.retain(|work| !work.is_closed());
                self.roles.push(work);
            }
            Effect::Identify(ticket, auth) => {
                let endpoint = state.answers.text(Id::Endpoint).map(str::to_owned);
                self.begin(Kind::Identify, move || identity::identify(world, ticket, *auth, endpoint, events));
            }
            Effect::StopIdentify => _ = self.work.remove(&Kind::Identify),
            Effect::Preview(ticket, plan) => {
                let commands = self.looking.insert(Commands::of_a_look()).clone();
                self.begin(Kind::Preview, move || preview::preview(ticket, *plan, commands, events));
            }
            // What it has started ends with it.
            Effect::StopPreview => _ = self.work.remove(&Kind::Preview),
            Effect::Check(ticket, plan) => self.begin(Kind::Check, move || check::check(world, ticket, plan, events)),
            Effect::StopCheck => _ = self.work.remove(&Kind::Check),
            Effect::Write(ticket, writing) => {
                let is_demo = self.is_demo();
                // Never given up half-way.
                self.runtime.spawn(async move {
                    let written = write::write(&writing, &world, true).await;
                    let written = match is_demo {
                        true => {
                            written.map(|_| "The config of the demo is written, where nothing of yours lies".to_owned())
                        }
                        false => written,
                    };
                    if let Some(changed) = written.as_ref().err().and_then(|_| write::changed(&writing)) {
                        events.send(Event::Changed(ticket, changed));
                    }
                    events.send(Event::Written(ticket, written));
                });
            }
            Effect::Reread(ticket) => events.send(match place::existing(&state.facts.place.config) {
                Ok(text) => Event::Changed(ticket, text),
                Err(failure) => Event::Note(failure.what),
            }),
            Effect::Run(ticket, plan) => match stdin_is_no_data(&plan, state) {
                Some(trouble) => events.send(Event::RunEnded(ticket, Err(trouble))),
                None => self.begin_run(ticket, *plan),
            },
            Effect::StopRun => self.stop_run(),
            Effect::Offer(ticket, entry) => self.begin(Kind::Keep, async move || {
                events.send(Event::Offered(ticket, keep::offer(&world, &entry)));
            }),
            Effect::Keep(ticket, entry) => {
                // Never given up half-way.
                self.runtime.spawn(async move {
                    let kept = keep::keep(&world, entry).await;
                    events.send(Event::Kept(ticket, kept));
                });
            }
            Effect::SaveDraft(text) => self.drafts.keep(Some(text)),
            Effect::DropDraft => self.drafts.keep(None),
            Effect::Open(url) => {
                if let Err(error) = browser::open(url.expose()) {
                    events.send(Event::Note(format!("no browser could be opened ({error}): open the page yourself")));
                }
            }
            Effect::Copy(text) => return Some(OfTerminal::Copy(text)),
            Effect::Redraw => return Some(OfTerminal::Redraw),
            Effect::Suspend => return Some(OfTerminal::Suspend),
            Effect::Exit(exit) => return Some(OfTerminal::Exit(exit)),
        }
        None
    }

    /// Whether this is a demonstration: what it leaves is not for use.
    pub(crate) fn is_demo(&self) -> bool {
        self.world.own_services
    }

    /// Why the answers are not kept for another time, if they are not. It comes last: no draft is kept after it.
    pub(crate) fn unkept(&mut self) -> Option<String> {
        self.drafts.end()
    }

    /// What the last run came to, as `lakeward --config` would print it.
    pub(crate) fn told(&self) -> Option<String> {
        self.told.get()
    }

    /// Begins work in place of that of the same kind.
    fn begin<F: Future<Output = ()>>(&mut self, kind: Kind, work: impl FnOnce() -> F + Send + 'static) {
        let wanted = self.wanted(work);
        self.work.insert(kind, wanted);
    }

    /// Begins work, which ends when what is returned is dropped.
    fn wanted<F: Future<Output = ()>>(&self, work: impl FnOnce() -> F + Send + 'static) -> Wanted {
        let (wanted, unwanted) = oneshot::channel();
        let runtime = self.runtime.clone();
        self.runtime.spawn_blocking(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = work() => {}
                    _ = unwanted => {}
                }
            });
        });
        wanted
    }

    fn begin_run(&mut self, ticket: lakeward_wizard::Ticket, plan: Plan) {
        let (stop, asked) = watch::channel(false);
        let commands = Commands::default();
        let request = run::Request { world: Arc::clone(&self.world), ticket, plan, commands: commands.clone(), asked };
        let (told, events) = (self.told.clone(), self.events.clone());
        let landed = run::watching(ticket, events.clone());
        let so_far = Arc::clone(&landed);
        let work = self.wanted(move || run::run(request, landed, told, events));
        self.run = Some(Running { ticket, _work: work, stop, commands, landed: so_far });
    }

    /// The first time, what was taken lands; the second time it ends at once.
    fn stop_run(&mut self) {
        let Some(running) = &self.run else { return };
        if !running.stop.send_replace(true) {
            return;
        }
        running.commands.kill_now();
        self.told.set(running.landed.told());
        let what = "the run was ended at once: what had landed stays, and a rerun lands those rows again";
        let trouble = Trouble { code: 130, ..Trouble::usage(what) };
        self.events.send(Event::RunEnded(running.ticket, Err(trouble)));
        self.run = None;
    }
}

/// Why a run can't read standard input, if it is to: answers come from there, and no rows.
fn stdin_is_no_data(plan: &Plan, state: &State) -> Option<Trouble> {
    let reads = plan.sources.iter().any(|source| matches!(source, SourcePlan::Stdin { .. }));
    (reads && !state.facts.place.stdin_piped).then(|| {
        let config = &state.facts.place.config_shown;
        Trouble::usage("the source is standard input, and that is where your answers come from")
            .next(format!("pipe the rows into `lakeward --config {config}`"))
    })
}

impl Drop for Runner {
    fn drop(&mut self) {
        // Nobody waits for programs that take their time to end.
        self.looking.iter().chain(self.run.iter().map(|running| &running.commands)).for_each(Commands::kill_now);
    }
}
