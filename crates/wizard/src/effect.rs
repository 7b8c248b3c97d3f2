//! What is to be done outside: each effect is carried out by whoever runs the wizard, through the same functions that the commands
//! use, and comes back as events.

use secrecy::SecretString;

use crate::event::SignInAct;

/// Which request an answer is for: what comes for an older one is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Something to do.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Look for ways to sign in. Comes back as [`Event::Found`](crate::Event::Found) and `Detected`.
    Detect(Ticket),
    /// Sign in, with a person.
    SignIn(Ticket, SignInRequest),
    /// What the person does about the sign-in that goes on.
    Act(SignInAct),
    /// Give up the sign-in that goes on.
    StopSignIn,
    /// List the accounts of a sign-in, page by page.
    ListAccounts(Ticket, SignInRequest),
    /// List the roles of an account.
    ListRoles(Ticket, SignInRequest, String),
    /// Ask whose the chosen credentials are.
    Identify(Ticket),
    /// Look into the source.
    Preview(Ticket),
    /// Check the whole, with a test write.
    Check(Ticket),
    /// Make the document anew from the answers.
    Compose(Ticket),
    /// Write the config.
    Write(Ticket),
    /// Run the sync.
    Run(Ticket),
    /// Ask the run to stop; again: end it at once.
    StopRun,
    /// Keep the answers for later.
    SaveDraft,
    /// Forget them: they are in the config.
    DropDraft,
    /// Put a text on the clipboard.
    Copy(SecretString),
    /// Open a page in a browser of this machine.
    Open(SecretString),
    /// Draw everything anew.
    Redraw,
    /// Give the terminal back to the shell until it is wanted again.
    Suspend,
    /// The end.
    Exit(Exit),
}

/// What to sign in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInRequest {
    /// IAM Identity Center, by the answers (session, or start URL and region), or by a profile.
    Sso {
        /// The name of a `[sso-session]`.
        session: Option<String>,
        /// The access portal's URL.
        start_url: Option<String>,
        /// Its region.
        region: Option<String>,
    },
    /// The console, for a profile.
    Console {
        /// The profile.
        profile: String,
    },
    /// An MFA code, for a profile or the role of the answers. The code follows as
    /// [`SignInAct::Code`](crate::event::SignInAct::Code).
    Mfa {
        /// The profile; without one the role of the answers.
        profile: Option<String>,
        /// The device.
        serial: String,
    },
}

/// How the wizard ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is done.
    Done,
    /// The person left; the answers are kept.
    Left,
    /// Interrupted.
    Interrupted,
    /// The run ended with this exit code.
    Run(u8),
}
