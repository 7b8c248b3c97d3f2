//! What is to be done outside: each effect is carried out by whoever runs the wizard, through the same functions that the commands
//! use, and comes back as events. An effect holds all that it needs.

use std::path::PathBuf;

use lakeward_core::plan::{AuthPlan, Plan};
use serde::{Deserialize, Serialize};

use crate::{event::SignInAct, question::Id, secret::Secret};

/// Which request an answer is for: what comes for an older one is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ticket(pub u64);

/// Something to do.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Look for ways to sign in. Comes back as [`Event::Found`](crate::Event::Found), one each, and
    /// [`Event::Detected`](crate::Event::Detected).
    Detect(Ticket),
    /// Carry out the search for credentials of the AWS chain. Comes back as [`Event::Explained`](crate::Event::Explained).
    Explain(Ticket),
    /// Sign in, with a person. Comes back as [`Event::SignIn`](crate::Event::SignIn), the last of which is `Done` or `Failed`. The
    /// credentials of an MFA code are kept for the effects that follow.
    SignIn(Ticket, SignInRequest),
    /// What the person does about the sign-in that goes on.
    Act(SignInAct),
    /// Give up the sign-in that goes on.
    StopSignIn,
    /// List the accounts of a sign-in, page by page. Comes back as [`Event::Accounts`](crate::Event::Accounts), any number, and
    /// [`Event::Listed`](crate::Event::Listed).
    ListAccounts(Ticket, SignInRequest),
    /// List the roles of an account. Comes back as [`Event::Roles`](crate::Event::Roles).
    ListRoles(Ticket, SignInRequest, String),
    /// Ask whose the credentials are. Comes back as [`Event::Identified`](crate::Event::Identified).
    Identify(Ticket, Box<AuthPlan>),
    /// Give that up: a program that is asked for the credentials is ended.
    StopIdentify,
    /// Look into the sources. Comes back as [`Event::Previewed`](crate::Event::Previewed).
    Preview(Ticket, Box<Plan>),
    /// Give that up: the programs of the sources are ended.
    StopPreview,
    /// Check the whole, with a test write. Comes back as [`Event::Checked`](crate::Event::Checked), one a line, and
    /// [`Event::CheckDone`](crate::Event::CheckDone).
    Check(Ticket, Box<Plan>),
    /// Give that up.
    StopCheck,
    /// Write the config. Comes back as [`Event::Written`](crate::Event::Written).
    Write(Ticket, Box<Writing>),
    /// Read the config again. Comes back as [`Event::Changed`](crate::Event::Changed), also where it is as it was, or as a note that
    /// it can't be read.
    Reread(Ticket),
    /// Run the sync. Comes back as [`Event::Run`](crate::Event::Run), any number, and
    /// [`Event::RunEnded`](crate::Event::RunEnded).
    Run(Ticket, Box<Plan>),
    /// Ask the run to stop; again: end it at once.
    StopRun,
    /// Show what an entry would change in `~/.aws/config`. Comes back as [`Event::Offered`](crate::Event::Offered), perhaps with
    /// another name, which is free.
    Offer(Ticket, AwsEntry),
    /// Write it: the person has seen it and wants it. Comes back as [`Event::Kept`](crate::Event::Kept).
    Keep(Ticket, AwsEntry),
    /// Keep this text as the draft.
    SaveDraft(String),
    /// Forget the draft: its answers are in the config, or nobody wants them.
    DropDraft,
    /// Put a text on the clipboard.
    Copy(Secret),
    /// Open a page in a browser of this machine.
    Open(Secret),
    /// Draw everything anew.
    Redraw,
    /// Give the terminal back to the shell until it is wanted again.
    Suspend,
    /// The end.
    Exit(Exit),
}

/// A config to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// Where to.
    pub file: PathBuf,
    /// The whole text.
    pub text: String,
    /// What was there when it was read: where something else is there now, nothing is written.
    pub before: Option<String>,
}

/// An entry of `~/.aws/config`, for the AWS tools as much as for Lakeward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AwsEntry {
    /// A `[sso-session]`, whose sign-in renews by itself.
    Session {
        /// Its name.
        name: String,
        /// The access portal's URL.
        start_url: String,
        /// Its region.
        region: String,
        /// Whether it is to take the place of what the session of this name says.
        #[serde(default)]
        is_there: bool,
    },
    /// A profile that is a role of a session.
    Profile {
        /// Its name.
        name: String,
        /// The `[sso-session]`.
        session: String,
        /// The account: twelve digits.
        account_id: String,
        /// The role's name in the access portal.
        role_name: String,
    },
}

/// What to sign in to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInRequest {
    /// IAM Identity Center, by the name of a `[sso-session]`, or by start URL and region.
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
    /// A code of an MFA device, which follows as [`SignInAct::Code`]. It is for a profile, or for the role of the answers.
    Mfa {
        /// The profile; without one the role of the answers.
        profile: Option<String>,
        /// The device.
        serial: String,
    },
}

/// How the wizard ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is done.
    Done,
    /// The person left; the answers are kept.
    Left,
    /// Interrupted.
    Interrupted,
    /// Standard input ended before all was answered: what was missing. Exit code 2.
    Unanswered(Vec<Id>),
    /// The run ended with this exit code.
    Run(u8),
}
