//! Where the wizard stands: all that a screen is drawn from.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use crate::{
    answers::{Answers, Value},
    draft::Draft,
    effect::{AwsEntry, SignInRequest},
    event::Page,
    facts::{Again, Facts, Identity, Place, Remote, Search, SsoSession, Trouble},
    question::Id,
    reduce::Tickets,
    secret::Hidden,
};

/// All of it.
#[derive(Clone, Debug)]
pub struct State {
    /// What is on screen.
    pub screen: Screen,
    /// The screens before it, for going back.
    pub trail: Vec<Screen>,
    /// The answers so far.
    pub answers: Answers,
    /// What was found out.
    pub facts: Facts,
    /// The fields of the screen, where it has some.
    pub form: Form,
    /// The list of the screen, where it has one.
    pub list: List,
    /// The sign-in that goes on.
    pub sign_in: SignInState,
    /// The session of the AWS files whose start URL and region are being changed. It stays in the file as it is until that is wanted.
    pub edited: Option<SsoSession>,
    /// What is being typed and not shown: an MFA code, a pasted URL.
    pub hidden: Option<Hidden>,
    /// Which page of the review is shown, and how far down.
    pub review: Review,
    /// The run.
    pub run: RunState,
    /// What lies over the screen.
    pub popup: Option<Popup>,
    /// How far down that is scrolled.
    pub popup_scroll: Scroll,
    /// What is said at the bottom until the next key.
    pub notice: Option<String>,
    /// The draft of an earlier session, until it is known whether it is wanted.
    pub draft: Option<Draft>,
    /// Whether there is a draft about which nobody is asked: it stays until there are other answers to keep.
    pub(crate) passed_over: bool,
    /// The answers that the session began with.
    pub(crate) begun: Answers,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The latest time that was told.
    pub now: SystemTime,
    /// How the wizard ended, once it has.
    pub exit: Option<crate::effect::Exit>,
    /// Whose the credentials were, and with which answers: they still are once these are given again.
    pub(crate) aside: Option<(Vec<(Id, Value)>, Identity)>,
    /// The answers that stood in a form as it was left, and can't be taken.
    pub(crate) refused: BTreeSet<Id>,
    /// What is typed and not in a draft yet.
    pub(crate) typing: Typing,
    pub(crate) tickets: Tickets,
    pub(crate) effects: Vec<crate::effect::Effect>,
    /// The lines of what has happened, once they are wanted.
    pub(crate) recorded: Option<String>,
}

impl State {
    /// The very beginning: nothing is asked, and nothing is known but the place. [`start`](crate::start) begins a session with it;
    /// [`show`](Self::show) leads to any screen, for looking at it.
    #[must_use]
    pub fn new(place: Place, now: SystemTime) -> Self {
        let mut state = Self {
            screen: Screen::Method,
            trail: Vec::new(),
            answers: Answers::default(),
            facts: Facts { place, ..Facts::default() },
            form: Form::default(),
            list: List::default(),
            sign_in: SignInState::default(),
            edited: None,
            hidden: None,
            review: Review::default(),
            run: RunState::default(),
            popup: None,
            popup_scroll: Scroll::default(),
            notice: None,
            draft: None,
            passed_over: false,
            begun: Answers::default(),
            size: (80, 24),
            now,
            exit: None,
            aside: None,
            refused: BTreeSet::new(),
            typing: Typing::default(),
            tickets: Tickets::default(),
            effects: Vec::new(),
            recorded: None,
        };
        state.show(Screen::Method);
        state
    }

    /// Whether the window is so small that nobody sees what a key would act on. One that tells no size may be of any.
    #[must_use]
    pub fn is_too_small(&self) -> bool {
        self.size != (0, 0) && (self.size.0 < SMALLEST.0 || self.size.1 < SMALLEST.1)
    }
}

/// What is typed into a form that was not left: it is kept after a moment, for a session may end at any time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typing {
    /// Since when there is some that was not kept.
    pub(crate) since: Option<SystemTime>,
    /// The answers as they were kept last.
    pub(crate) kept: Answers,
}

/// What this is, for whoever meets it for the first time.
pub const INTRODUCTION: &str = "Lakeward lands tables in S3, and asks before it writes.";

/// What there is for whoever has nothing to sign in with.
pub const WITHOUT_ACCOUNT: &str = "No account at hand? `lakeward demo` needs none.";

/// What there is for whoever has left an edit of the config in the middle.
pub const LEFT_EDIT: &str = "an edit of it was left, and Edit goes on with it";

/// The fewest columns and rows in which a screen shows what its keys act on.
pub const SMALLEST: (u16, u16) = (60, 16);

/// What is on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    /// There is a config: run, edit, check, sign in.
    Welcome,
    /// How to sign in: what was found, and other ways.
    Method,
    /// The fields of the method: profile, SSO, role.
    Details,
    /// A sign-in goes on.
    SignIn,
    /// The account and the role.
    Directory,
    /// The MFA code.
    Mfa,
    /// Whose the credentials are.
    Identity,
    /// Bucket, path, format.
    Destination,
    /// Where rows come from.
    Source,
    /// The first rows of what was found.
    Preview,
    /// TOML, policy, test write, command.
    Review,
    /// The config was written; run it?
    Written,
    /// The run.
    Run,
    /// What was done, and how to go on.
    Farewell,
}

impl Screen {
    /// Every screen, in the order in which they come.
    pub const ALL: [Self; 14] = [
        Self::Welcome,
        Self::Method,
        Self::Details,
        Self::SignIn,
        Self::Directory,
        Self::Mfa,
        Self::Identity,
        Self::Destination,
        Self::Source,
        Self::Preview,
        Self::Review,
        Self::Written,
        Self::Run,
        Self::Farewell,
    ];
}

/// The fields of a screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// In their order. Those that few need come last, and only once they are asked for or answered.
    pub fields: Vec<Field>,
    /// Which has the focus.
    pub focus: usize,
    /// Whether the default in the field with the focus was looked into: then what is typed does not take its place.
    pub held: bool,
    /// Whether those that few need are shown.
    pub more: bool,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The question.
    pub id: Id,
    /// What stands in it; of a choice its value; of a list its parts, quoted as a shell wants it.
    pub text: String,
    /// Where the cursor is, in graphemes.
    pub cursor: usize,
    /// What is wrong with it, once the person has left it.
    pub error: Option<String>,
    /// What is good to know about it: "read from the bucket", "look again: the bucket has changed".
    pub note: Option<String>,
}

/// A list, maybe with a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// All there is to choose from.
    pub rows: Vec<Row>,
    /// What is typed to filter it.
    pub filter: String,
    /// The indexes of the rows that match.
    pub matching: Vec<usize>,
    /// Which of those that match has the focus.
    pub focus: usize,
    /// Whether the person has moved or filtered: then nothing is chosen by itself.
    pub touched: bool,
    /// What each row is searched in, in lower case.
    pub texts: Vec<String>,
    /// The text of the row that had the focus and went away while the rows are looked for again: once it is back, so is the focus.
    pub sought: Option<String>,
}

impl List {
    /// The row that has the focus.
    #[must_use]
    pub fn focused(&self) -> Option<Row> {
        self.rows.get(*self.matching.get(self.focus)?).copied()
    }
}

/// A row of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Of [`Screen::Welcome`].
    Welcome(Welcome),
    /// Of [`Screen::Method`]: one of [`Facts::found`](crate::Facts::found).
    Found(usize),
    /// Of [`Screen::Method`]: the method of the config that is there, which was not found on this machine.
    Configured,
    /// Of [`Screen::Method`]: another way.
    Other(Way),
    /// Of [`Screen::Directory`]: one of [`Facts::accounts`](crate::Facts::accounts), whose roles are not listed yet or are none.
    Account(usize),
    /// Of [`Screen::Directory`]: an account and one of its roles.
    Role(usize, usize),
    /// Of [`Screen::Preview`] and [`Screen::Run`]: one of the tables.
    Table(usize),
    /// Of [`Screen::Written`].
    Run(bool),
}

/// What can be done with a config that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each has its words")]
pub enum Welcome {
    Run,
    Edit,
    LookAgain,
    Check,
    SignIn,
    Quit,
}

impl Welcome {
    /// What it is called, and what it does.
    #[must_use]
    pub fn words(self, again: Again) -> (&'static str, &'static str) {
        match self {
            Self::Run => ("Run", again.offer()),
            Self::Edit => ("Edit", "go through the questions with its answers; comments are kept"),
            Self::LookAgain => ("Look again", "once it is mended, in an editor"),
            Self::Check => ("Check", "try its credentials, its bucket and one test write"),
            Self::SignIn => ("Sign in", "as its credentials need it"),
            Self::Quit => ("Quit", "change nothing"),
        }
    }
}

/// A way to sign in that need not be found first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each has its words")]
pub enum Way {
    Sso,
    Role,
    Profile,
    Compute,
    Chain,
    Embedded,
}

impl Way {
    /// Every one, in its order.
    pub const ALL: [Self; 6] = [Self::Sso, Self::Role, Self::Profile, Self::Compute, Self::Chain, Self::Embedded];

    /// What flags call it: the answer to `--auth`, or to `--storage` where it is no way to sign in to AWS.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Self::Sso => "sso",
            Self::Role => "role",
            Self::Profile => "profile",
            Self::Compute => "compute",
            Self::Chain => "chain",
            Self::Embedded => "embedded",
        }
    }

    /// What it is called, and when it is for you.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Sso => ("New SSO sign-in", "you know the start URL of an AWS access portal"),
            Self::Role => ("Assume a role", "you have a role's ARN"),
            Self::Profile => ("Another profile", "of the AWS files, by its name"),
            Self::Compute => ("The machine's role", "EC2, ECS, EKS: where this config will run"),
            Self::Chain => ("The AWS chain", "whatever the AWS tools would take, in their order"),
            Self::Embedded => ("No AWS", "objects as plain files in a folder, to try it out"),
        }
    }
}

/// The sign-in that goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignInState {
    /// What is signed in to.
    pub request: Option<SignInRequest>,
    /// The page to open, and since when it is shown.
    pub page: Option<(Page, SystemTime)>,
    /// When the service was last asked.
    pub asked: Option<SystemTime>,
    /// What is odd, the latest last.
    pub notes: Vec<String>,
    /// How it ended, in a few words.
    pub outcome: Remote<String>,
    /// When it was last begun again after a failure.
    pub again: Option<SystemTime>,
    /// Whether the QR code is shown alone.
    pub qr_alone: bool,
    /// Since when the code of an MFA device is being checked.
    pub handed_over: Option<SystemTime>,
}

impl SignInState {
    /// How long the page is good for; zero once it has expired.
    #[must_use]
    pub fn left(&self, now: SystemTime) -> Option<Duration> {
        self.page.as_ref().map(|(page, _)| page.expires.duration_since(now).unwrap_or_default())
    }

    /// Whether the page that is shown can't be used any more.
    #[must_use]
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.left(now).is_some_and(|left| left.is_zero())
    }

    /// Whether the person has waited so long that the usual reasons are worth saying.
    #[must_use]
    pub fn is_slow(&self, now: SystemTime) -> bool {
        const PATIENCE: Duration = Duration::from_secs(30);
        let waited = |since: SystemTime| now.duration_since(since).unwrap_or_default();
        self.page.as_ref().is_some_and(|(_, since)| waited(*since) >= PATIENCE)
    }
}

/// What of the review is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Review {
    /// The page.
    pub tab: ReviewTab,
    /// How far down it is scrolled.
    pub scroll: Scroll,
}

/// A part of a text that has more lines than fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    /// How many lines are above what is shown.
    pub above: usize,
    /// How many do not fit, as it was last drawn: more can't be above.
    pub beyond: usize,
}

/// A page of the review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReviewTab {
    /// The config.
    #[default]
    Toml,
    /// The IAM policy.
    Policy,
    /// The check with its test write.
    Check,
    /// The same as a command.
    Command,
}

impl ReviewTab {
    /// Every page, in its order.
    pub const ALL: [Self; 4] = [Self::Toml, Self::Policy, Self::Check, Self::Command];
}

/// The run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunState {
    /// Each table, in the order in which they are read.
    pub tables: Vec<RunTable>,
    /// When it began.
    pub began: Option<SystemTime>,
    /// Where objects go.
    pub destination: String,
    /// Bytes landed in each second so far, the latest last; at most [`RunState::SECONDS`].
    pub rate: Vec<u64>,
    /// Uploads that were tried again.
    pub retries: u64,
    /// What failed for good.
    pub errors: u64,
    /// What went wrong, whether it was tried again or not, the latest last; at most [`RunState::LOG`].
    pub log: Vec<String>,
    /// What the latest of these is.
    pub told: Told,
    /// How often it was asked to stop: once, and what was taken lands; twice, and it ends.
    pub stops: u8,
    /// How it ended: its summary, or why not all of it landed.
    pub ended: Option<Result<String, Trouble>>,
    /// When it ended.
    pub ended_at: Option<SystemTime>,
    /// Up to when [`rate`](Self::rate) is counted.
    pub counted_to: Option<SystemTime>,
    /// Bytes that landed since then.
    pub landed_since: u64,
}

impl RunState {
    /// How many seconds of the rate are kept.
    pub const SECONDS: usize = 600;
    /// How many lines of the log are kept.
    pub const LOG: usize = 100;
}

/// What a line of a run's log tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// An upload that is tried again.
    #[default]
    Retry,
    /// Something that failed for good.
    Error,
    /// What a source wrote to its own log.
    Log,
}

/// A table of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunTable {
    /// Its name.
    pub name: String,
    /// Rows taken.
    pub rows: u64,
    /// Rows set aside.
    pub rejected: u64,
    /// Bytes of input taken.
    pub read: u64,
    /// All bytes of input, where that is known.
    pub input: Option<u64>,
    /// Rows in objects that landed.
    pub landed_rows: u64,
    /// Bytes in objects that landed.
    pub landed: u64,
    /// Objects that landed.
    pub objects: u64,
    /// How far it is.
    pub state: TableState,
    /// What its source told that went wrong with it, the first few: rows of it may be missing.
    pub errors: Vec<String>,
}

impl RunTable {
    /// Rows read: those taken and those set aside.
    #[must_use]
    pub fn rows_read(&self) -> u64 {
        self.rows.saturating_add(self.rejected)
    }
}

/// How far a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableState {
    /// Not begun.
    Queued,
    /// Being read.
    Reading,
    /// All of it has landed.
    Done,
    /// The run ended before all of it had landed.
    Failed,
    /// The run ended before it was begun.
    NotReached,
}

/// What lies over the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Popup {
    /// The keys, and the help of the field.
    Help,
    /// The same as one command.
    Command,
    /// Leave? The answers are kept.
    Quit,
    /// A trouble in full.
    Trouble(Trouble),
    /// The search for credentials, link by link.
    Chain(Search),
    /// What went wrong in the run.
    Errors,
    /// What an entry would change in `~/.aws/config`, as a diff: write it?
    Keep(AwsEntry, String),
    /// A draft is there: go on with it?
    Resume,
}
