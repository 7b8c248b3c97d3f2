//! The person who signs in: what they are shown while a sign-in goes on, and what they may do about it.

use std::{fmt, time::SystemTime};

use secrecy::SecretString;
use tokio::sync::mpsc;

/// The way in which somebody signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// A browser on this machine, which comes back to a port of 127.0.0.1 (an authorization code with PKCE, RFC 7636 and 8252).
    Browser,
    /// A browser anywhere, in which a code is confirmed (RFC 8628; for the console, one that is pasted back).
    Device,
}

/// What is shown while a sign-in goes on.
#[derive(Clone)]
pub enum Progress {
    /// A page has to be opened, now. The latest one counts.
    Open(Page),
    /// The service was asked and nobody has confirmed yet.
    Waiting,
    /// The page can't be used any more. Nothing goes on before whoever attends wants another or ends it.
    Expired(Flow),
    /// Something is odd, and the sign-in goes on, such as a network that does not answer.
    Note(String),
}

/// A page that has to be opened.
#[derive(Clone)]
pub struct Page {
    /// How it leads back here.
    pub flow: Flow,
    /// Its URL; with the code filled in where the service has such a one. It works once, so it goes to the person and nowhere else.
    pub url: SecretString,
    /// The page on which the code is typed, and the code, as they are read aloud.
    pub code: Option<Code>,
    /// Until when it can be used.
    pub expires: SystemTime,
}

/// A device code's other half.
#[derive(Clone)]
pub struct Code {
    /// Where it is typed.
    pub url: String,
    /// The code. The page must show the same one.
    pub text: SecretString,
}

/// What a person may do while a sign-in goes on. To give up is to drop its future.
pub enum Act {
    /// The URL that the browser was sent to, or the code that it shows, pasted.
    Paste(SecretString),
    /// The other flow.
    Switch(Flow),
    /// A new page, in place of one that has expired.
    Renew,
}

/// A sign-in's end of the line to the person.
#[derive(Debug)]
pub struct Person {
    shown: mpsc::UnboundedSender<Progress>,
    acts: mpsc::Receiver<Act>,
}

/// The other end: what to show, and where to say what the person does.
#[derive(Debug)]
pub struct Attendant {
    /// What to show, in order.
    pub shown: mpsc::UnboundedReceiver<Progress>,
    /// What the person does.
    pub acts: mpsc::Sender<Act>,
}

impl Person {
    /// A line, with both ends.
    #[must_use]
    pub fn line() -> (Self, Attendant) {
        let (show, shown) = mpsc::unbounded_channel();
        // A person does one thing after another.
        let (act, acts) = mpsc::channel(8);
        (Self { shown: show, acts }, Attendant { shown, acts: act })
    }

    /// Shows something. Nobody may be looking.
    pub(crate) fn show(&self, progress: Progress) {
        let _ = self.shown.send(progress);
    }

    /// Tells of something odd.
    pub(crate) fn note(&self, note: String) {
        self.show(Progress::Note(note));
    }

    /// The next thing that the person does; never, when there is nobody.
    pub(crate) async fn acts(&mut self) -> Act {
        match self.acts.recv().await {
            Some(act) => act,
            None => std::future::pending().await,
        }
    }

    /// Whether nobody will do anything any more.
    pub(crate) fn is_alone(&self) -> bool {
        self.acts.is_closed() && self.acts.is_empty()
    }

    /// The next thing that the person does, where nothing goes on without them; `None` when there is nobody.
    pub(crate) async fn decides(&mut self) -> Option<Act> {
        self.acts.recv().await
    }
}

/// Pages and codes open doors, so none is shown.
impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("flow", &self.flow).field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(page) => f.debug_tuple("Open").field(page).finish(),
            Self::Waiting => f.write_str("Waiting"),
            Self::Expired(flow) => f.debug_tuple("Expired").field(flow).finish(),
            Self::Note(note) => f.debug_tuple("Note").field(note).finish(),
        }
    }
}

impl fmt::Debug for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paste(_) => f.write_str("Paste"),
            Self::Switch(flow) => f.debug_tuple("Switch").field(flow).finish(),
            Self::Renew => f.write_str("Renew"),
        }
    }
}
