//! What happens: keys and other things of the terminal, the time, and what comes of effects.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::{
    effect::{AwsEntry, Ticket},
    facts::{Account, CheckLine, Found, Identity, Preview, Search, Trouble},
    question::Id,
    secret::Secret,
};

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A key was pressed.
    Key(Press),
    /// Text was pasted.
    Paste(String),
    /// What a person wants, said by other means than keys: lines of the plain mode.
    Intent(Intent),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// It is this time. Comes at least once a second while anything goes on.
    Tick(SystemTime),
    /// SIGINT or SIGTERM or SIGHUP.
    Signal,
    /// A way to sign in was found.
    Found(Ticket, Box<Found>),
    /// All of them have been.
    Detected(Ticket),
    /// How the search for credentials goes.
    Explained(Ticket, Result<Search, Trouble>),
    /// About the sign-in that goes on.
    SignIn(Ticket, SignInEvent),
    /// Accounts were listed; more may follow.
    Accounts(Ticket, Vec<Account>),
    /// An account's roles were listed, or that failed.
    Roles(Ticket, String, Result<Vec<String>, Trouble>),
    /// All accounts were listed, or that failed.
    Listed(Ticket, Result<(), Trouble>),
    /// Whose the credentials are.
    Identified(Ticket, Result<Identity, Trouble>),
    /// What the source holds.
    Previewed(Ticket, Result<Preview, Trouble>),
    /// A check has come out.
    Checked(Ticket, CheckLine),
    /// All checks have; whether the sync would work.
    CheckDone(Ticket, bool),
    /// The config is not what it was when it was read: its text now, or nothing where it is gone. Comes before a
    /// [`Written`](Self::Written) that says so, or when it was to be read again.
    Changed(Ticket, Option<String>),
    /// The config was written, or not. The text says what and where.
    Written(Ticket, Result<String, Trouble>),
    /// What an entry would change, as a diff; or why it can't be kept.
    Offered(Ticket, Result<(AwsEntry, String), Trouble>),
    /// An entry was written, and where; or it was not.
    Kept(Ticket, Result<(AwsEntry, String), Trouble>),
    /// Something happened in the run.
    Run(Ticket, Box<lakeward_core::event::Event>),
    /// The run is over; the text is its summary.
    RunEnded(Ticket, Result<String, Trouble>),
    /// Of what was drawn last, the page of the review or what lies over the screen, so many lines did not fit.
    Beyond(usize),
    /// The answers were kept for another time, or can't be, and why. Told when that changes.
    Drafted(Result<(), String>),
    /// Something worth a line: the clipboard took the text, no browser was there.
    Note(String),
}

/// What a person wants of the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// What the Enter key does.
    Next,
    /// The screen before.
    Back,
    /// The row of the list, by its place in [`List::rows`](crate::List::rows).
    Pick(usize),
    /// This text into the field of the question.
    Fill(Id, String),
    /// Only rows that match.
    Filter(String),
    /// This text into the field that hides it.
    Hidden(Secret),
    /// Out: the answers are kept.
    Quit,
    /// The input has ended.
    End,
}

/// About a sign-in that goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInEvent {
    /// A page has to be opened.
    Page(Page),
    /// Nobody has confirmed yet, as of this time.
    Waiting(SystemTime),
    /// The page can't be used any more, whatever its time said.
    Expired,
    /// Something is odd.
    Note(String),
    /// Signed in: in a few words, with until when.
    Done(String),
    /// Not signed in.
    Failed(Trouble),
}

/// A page to open for a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Whether it is for any device, with a code.
    pub device: bool,
    /// Its URL, with the code in it where there is one.
    pub url: Secret,
    /// The page on which the code is typed, and the code.
    pub code: Option<Code>,
    /// Until when it is good.
    pub expires: SystemTime,
}

impl Page {
    /// The port of this machine to which a browser comes back in the end, where it does.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        const HERE: [&str; 2] = ["redirect_uri=http%3A%2F%2F127.0.0.1%3A", "redirect_uri=http://127.0.0.1:"];
        let url = self.url.expose();
        let rest = HERE.iter().find_map(|here| Some(url.split_once(here)?.1))?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }
}

/// A code to type on a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The page.
    pub page: String,
    /// The code.
    pub code: Secret,
}

/// What a person does about a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInAct {
    /// A pasted callback URL or code.
    Paste(Secret),
    /// The other flow.
    Switch,
    /// A new code.
    Renew,
    /// The code of an MFA device.
    Code(Secret),
    /// What somebody would approve on the page, where AWS is a stand-in.
    Approve,
}

/// A key with what is held down. A key that is let go is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// The key.
    pub key: Key,
    /// Control.
    #[serde(default)]
    pub ctrl: bool,
    /// Alt.
    #[serde(default)]
    pub alt: bool,
    /// Shift, where the key is no character.
    #[serde(default)]
    pub shift: bool,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "keys are called what they are called")]
pub enum Key {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

impl From<Key> for Press {
    fn from(key: Key) -> Self {
        Self { key, ctrl: false, alt: false, shift: false }
    }
}

impl Press {
    /// A character with Control held down.
    #[must_use]
    pub fn ctrl(c: char) -> Self {
        Self { ctrl: true, ..Key::Char(c).into() }
    }
}

impl From<Key> for Event {
    fn from(key: Key) -> Self {
        Self::Key(key.into())
    }
}
