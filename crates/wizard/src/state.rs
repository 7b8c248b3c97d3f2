//! Where the wizard stands: all that a screen is drawn from.

use std::{collections::BTreeMap, time::SystemTime};

use secrecy::SecretString;

use crate::{
    answers::Answers,
    effect::{SignInRequest, Ticket},
    facts::{Facts, Remote, Trouble},
    question::Id,
};

/// All of it.
#[derive(Debug)]
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
    /// Which page of the review is shown, and how far down.
    pub review: (ReviewTab, usize),
    /// The run.
    pub run: RunState,
    /// What lies over the screen.
    pub popup: Option<Popup>,
    /// What is said at the bottom until the next key.
    pub notice: Option<String>,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The latest time that was told.
    pub now: SystemTime,
    /// The next ticket, and the one that counts for each kind of request.
    pub(crate) tickets: BTreeMap<&'static str, Ticket>,
}

/// What is on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// There is a config: run, edit, check, sign in, or a new one.
    Welcome,
    /// How to sign in: what was found, and other ways.
    Method,
    /// The fields of the method: profile, SSO, role, compute.
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

/// The fields of a screen.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// In their order.
    pub fields: Vec<Field>,
    /// Which has the focus.
    pub focus: usize,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// The question.
    pub id: Id,
    /// What stands in it; of a choice its value.
    pub text: String,
    /// Where the cursor is, in graphemes.
    pub cursor: usize,
    /// What is wrong with it, once the person has left it.
    pub error: Option<String>,
    /// What is good to know about it: "read from the bucket".
    pub note: Option<String>,
}

/// A list that can be filtered.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// What is typed to filter it.
    pub filter: String,
    /// Which of those that match has the focus.
    pub focus: usize,
    /// The indexes of those that match.
    pub matching: Vec<usize>,
}

/// The sign-in that goes on.
#[derive(Clone, Debug, Default)]
pub struct SignInState {
    /// What is signed in to.
    pub request: Option<SignInRequest>,
    /// The page to open.
    pub page: Option<crate::event::SignInEvent>,
    /// When the service was last asked.
    pub asked: Option<SystemTime>,
    /// What is odd, the latest last.
    pub notes: Vec<String>,
    /// What is being pasted or typed into, such as an MFA code; hidden.
    pub hidden: Option<SecretString>,
    /// How it ended.
    pub outcome: Remote<String>,
    /// Whether the QR code is shown alone.
    pub qr_alone: bool,
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

/// The run.
#[derive(Clone, Debug, Default)]
pub struct RunState {
    /// Each table, in the order in which they are read.
    pub tables: Vec<RunTable>,
    /// When it began.
    pub began: Option<SystemTime>,
    /// Where objects go.
    pub destination: String,
    /// Bytes landed in each second so far, the latest last.
    pub rate: Vec<u64>,
    /// Uploads that were tried again.
    pub retries: u64,
    /// What went wrong, the latest last.
    pub errors: Vec<String>,
    /// Whether it was asked to stop.
    pub stopping: bool,
    /// How it ended: its summary, or why not all of it landed.
    pub ended: Option<Result<String, Trouble>>,
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
    /// Bytes of input taken, and of all, where that is known.
    pub read: u64,
    /// All bytes of input.
    pub input: Option<u64>,
    /// Bytes in objects that landed.
    pub landed: u64,
    /// Objects that landed.
    pub objects: u64,
    /// How far it is.
    pub state: TableState,
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
    /// It ended with the run.
    Failed,
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
    /// A draft is there: go on with it?
    Resume,
}
