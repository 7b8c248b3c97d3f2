//! Signing in with a code of an MFA device, which is typed unseen, or read from standard input.

use std::{
    io,
    time::{Duration, SystemTime},
};

use lakeward_auth::{
    Environment,
    sign_in::{CodeQuestion, Given, RoleMfa, UserMfa, UserMfaRequest},
};
use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};
use secrecy::SecretString;

use super::{
    super::{until, written},
    attend::is_attended,
};
use crate::{
    arguments::{LoginArguments, MfaArguments},
    console::{Console, shown},
    signals::Interruption,
    terminal::Terminal,
};

/// How many codes may be wrong.
const TRIES: usize = 3;

/// How long an interrupted prompt may take to end.
const GRACE: Duration = Duration::from_millis(500);

/// Roles that ask for a code.
pub(super) async fn roles(mut roles: RoleMfa, arguments: &MfaArguments, console: Console) -> Result<(), Failure> {
    if arguments.duration.is_some() || arguments.to.is_some() {
        let what = "--duration and --to are for sessions of IAM users, and this is a role's";
        return Err(Failure::new(FailureKind::Usage, what).next("set duration_seconds in the role's profile"));
    }
    roles.note().iter().for_each(|note| console.note(&format!("{note}\n")));
    while let Some(question) = roles.question() {
        Tries::new(&question, arguments, console)?.until_accepted(async |code| roles.give(code).await).await?;
        console.result(&format!("Signed in: {}.\n", question.purpose));
    }
    let (expires, files) = roles.finish().await?;
    let expires = end(expires);
    let files: Vec<String> = files.iter().map(|file| shown(file)).collect();
    console.result(&format!(
        "Credentials until {expires}. They can't be renewed without another code.\nThe AWS CLI and boto3 find them too: {}\n",
        files.join(", ")
    ));
    Ok(())
}

/// A session of a user.
pub(super) async fn user(arguments: LoginArguments, console: Console) -> Result<(), Failure> {
    let MfaArguments { mfa_serial, duration, to, .. } = arguments.mfa.clone();
    let request = UserMfaRequest { profile: arguments.choice.profile, serial: mfa_serial, duration, to };
    let mut session = UserMfa::plan(request, Environment::real())?;
    session.note().iter().for_each(|note| console.note(&format!("{note}\n")));
    let question = session.question();
    Tries::new(&question, &arguments.mfa, console)?.until_accepted(async |code| session.give(code).await).await?;
    let (changes, expires) = session.changes()?;
    written(changes, console).await?;
    let expires = end(expires);
    let to = printable(session.to()).into_owned();
    console.result(&format!(
        "Signed in: profile {to} holds the session's keys until {expires}.\nUse it with AWS_PROFILE={to}, or [auth] method = \
         \"profile\" and profile = \"{to}\".\n"
    ));
    Ok(())
}

/// When a session ends.
fn end(expires: Option<SystemTime>) -> String {
    expires.map_or_else(|| "an unknown time".to_owned(), |expires| until(expires, SystemTime::now()))
}

fn interrupted() -> Failure {
    Failure::new(FailureKind::Interrupted, "interrupted before anybody had signed in")
}

/// Asks for one code, until it is right.
struct Tries {
    prompt: String,
    from_stdin: bool,
    left: usize,
    console: Console,
    interruption: Interruption,
}

impl Tries {
    fn new(question: &CodeQuestion, arguments: &MfaArguments, console: Console) -> Result<Self, Failure> {
        let CodeQuestion { device, purpose } = question;
        if !arguments.mfa_code_stdin && !is_attended() {
            let what =
                format!("{purpose} asks for a code of the MFA device {device}, and nobody is at a terminal to type it");
            return Err(Failure::new(FailureKind::Denied, what).next("run it at a terminal, or with --mfa-code-stdin"));
        }
        let prompt = format!("Code of the MFA device {device}, for {purpose}: ");
        // Without a listener Ctrl-C would end the process before the terminal shows again what is typed.
        let interruption = Interruption::listen(lakeward_source::Commands::default());
        Ok(Self { prompt, from_stdin: arguments.mfa_code_stdin, left: TRIES, console, interruption })
    }

    async fn until_accepted(
        mut self,
        mut give: impl AsyncFnMut(&SecretString) -> Result<Given, Failure>,
    ) -> Result<(), Failure> {
        loop {
            let code = self.code().await?;
            let given = tokio::select! {
                given = give(&code) => given?,
                () = self.interruption.asked() => return Err(interrupted()),
            };
            match given {
                Given::Accepted => return Ok(()),
                Given::Refused(why) => self.refused(&why)?,
            }
        }
    }

    async fn code(&mut self) -> Result<SecretString, Failure> {
        let (prompt, from_stdin, terminal) = (self.prompt.clone(), self.from_stdin, Terminal::now());
        let mut read = tokio::task::spawn_blocking(move || {
            if !from_stdin {
                return rpassword::prompt_password(prompt).map(SecretString::from);
            }
            let mut line = String::new();
            match io::stdin().read_line(&mut line)? {
                0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "standard input has ended")),
                _ => Ok(SecretString::from(line)),
            }
        });
        let read = tokio::select! {
            biased;
            read = &mut read => read.unwrap_or_else(|error| Err(io::Error::other(error))),
            () = self.interruption.asked() => {
                terminal.set_back();
                // The prompt does so itself if it has read Ctrl-C; it may also have come to hide what is typed only now.
                let _ = tokio::time::timeout(GRACE, read).await;
                terminal.set_back();
                return Err(interrupted());
            }
        };
        read.map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => interrupted(),
            _ => Failure::new(FailureKind::Denied, format!("no code of the MFA device could be read: {error}"))
                .next("type it at a terminal, or send it in a line of its own with --mfa-code-stdin"),
        })
    }

    fn refused(&mut self, why: &str) -> Result<(), Failure> {
        self.left -= 1;
        if self.left == 0 {
            return Err(Failure::new(FailureKind::Denied, why.to_owned()).next(
                "check that it is the device that was asked for, and that its clock is right, then sign in again",
            ));
        }
        self.console.note(&format!("{why}.\n"));
        Ok(())
    }
}
