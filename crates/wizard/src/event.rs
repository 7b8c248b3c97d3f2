//! What happens: keys and other things of the terminal, the time, and what comes of effects.

use std::{fmt, time::SystemTime};

use secrecy::SecretString;

use crate::{
    effect::Ticket,
    facts::{Account, CheckLine, Document, Found, Identity, Preview, Trouble},
};

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key was pressed.
    Key(Press),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// It is this time.
    Tick(SystemTime),
    /// SIGINT, SIGTERM or SIGHUP.
    Signal,
    /// A way to sign in was found.
    Found(Ticket, Box<Found>),
    /// All of them have been.
    Detected(Ticket),
    /// About the sign-in that goes on.
    SignIn(Ticket, SignInEvent),
    /// Accounts were listed; more may follow.
    Accounts(Ticket, Vec<Account>),
    /// An account's roles were listed.
    Roles(Ticket, String, Vec<String>),
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
    /// The document, or what is wrong with the answers as a whole.
    Composed(Ticket, Result<Box<Document>, Trouble>),
    /// The config was written, or not. The text says what and where.
    Written(Ticket, Result<String, Trouble>),
    /// Something happened in the run.
    Run(Ticket, Box<lakeward_core::event::Event>),
    /// The run is over; the text is its summary.
    RunEnded(Ticket, Result<String, Trouble>),
    /// Something worth a line: the clipboard took the text, the draft could not be kept.
    Note(String),
}

/// About a sign-in that goes on.
#[derive(Clone)]
pub enum SignInEvent {
    /// A page has to be opened.
    Page {
        /// Whether it is for any device, with a code.
        device: bool,
        /// Its URL, with the code in it where there is one.
        url: SecretString,
        /// The page on which the code is typed, and the code.
        code: Option<(String, SecretString)>,
        /// Until when it is good.
        expires: SystemTime,
    },
    /// Nobody has confirmed yet, as of this time.
    Waiting(SystemTime),
    /// Something is odd.
    Note(String),
    /// Signed in.
    Done {
        /// In a few words, with until when.
        what: String,
    },
    /// Not signed in.
    Failed(Trouble),
}

/// What a person does about a sign-in.
#[derive(Clone)]
pub enum SignInAct {
    /// A pasted callback URL or code.
    Paste(SecretString),
    /// The other flow.
    Switch,
    /// A new code.
    Renew,
    /// The code of an MFA device.
    Code(SecretString),
}

/// A key with what is held down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// The key.
    pub key: Key,
    /// Control.
    pub ctrl: bool,
    /// Alt.
    pub alt: bool,
    /// Shift, where the key is no character.
    pub shift: bool,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Codes and URLs open doors, so none is shown.
impl fmt::Debug for SignInEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page { device, expires, .. } => {
                f.debug_struct("Page").field("device", device).field("expires", expires).finish_non_exhaustive()
            }
            Self::Waiting(time) => f.debug_tuple("Waiting").field(time).finish(),
            Self::Note(note) => f.debug_tuple("Note").field(note).finish(),
            Self::Done { what } => f.debug_struct("Done").field("what", what).finish(),
            Self::Failed(trouble) => f.debug_tuple("Failed").field(trouble).finish(),
        }
    }
}

impl fmt::Debug for SignInAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paste(_) => "Paste",
            Self::Switch => "Switch",
            Self::Renew => "Renew",
            Self::Code(_) => "Code",
        })
    }
}
