//! What was found out: about this machine, by services, by looking into files. Foreign text in here has passed
//! `lakeward_core::untrusted`.

use std::{borrow::Cow, path::PathBuf, time::SystemTime};

use lakeward_core::plan::{Plan, SourcePlan};
use serde::{Deserialize, Serialize};

use crate::{
    answers::{Answers, Value},
    effect::SignInRequest,
    question::Id,
};

/// Something that is asked elsewhere and takes its time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Remote<T> {
    /// Nobody has asked.
    #[default]
    Idle,
    /// The answer is awaited since this time.
    Asked(SystemTime),
    /// The answer.
    Got(T),
    /// There is none, and why.
    Failed(Trouble),
}

impl<T> Remote<T> {
    /// The answer, where there is one.
    pub fn got(&self) -> Option<&T> {
        if let Self::Got(answer) = self { Some(answer) } else { None }
    }

    /// Why there is no answer.
    pub fn trouble(&self) -> Option<&Trouble> {
        if let Self::Failed(trouble) = self { Some(trouble) } else { None }
    }

    /// Since when the answer is awaited.
    pub fn asked(&self) -> Option<SystemTime> {
        if let Self::Asked(since) = self { Some(*since) } else { None }
    }
}

impl<T> From<Result<T, Trouble>> for Remote<T> {
    fn from(result: Result<T, Trouble>) -> Self {
        result.map_or_else(Self::Failed, Self::Got)
    }
}

/// What went wrong, for the person at the keyboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What failed, on what, and why.
    pub what: String,
    /// What to do; of several things, one a line, the most likely first.
    pub next: Option<String>,
    /// An IAM statement that would help, as JSON.
    pub statement: Option<String>,
    /// The exit code of design: 2, 65, 69, 75, 77 …
    pub code: u8,
    /// Whether it is of rows that do not fit and that the source could set aside instead.
    #[serde(default)]
    pub can_set_aside: bool,
}

impl Trouble {
    /// Something that is wrong from the answers alone (exit code 2).
    #[must_use]
    pub fn usage(what: impl Into<String>) -> Self {
        Self { what: what.into(), next: None, statement: None, code: 2, can_set_aside: false }
    }

    /// Adds what to do.
    #[must_use]
    pub fn next(self, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..self }
    }
}

/// What is said beside a command that does not say all that its config does.
pub const NOT_ALL: &str =
    "The file says more than these answers do, such as further sources or `columns`: the command does not make that.";

/// All that was found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The terminal and the machine.
    pub place: Place,
    /// Ways to sign in, best first, as far as they have been found.
    pub found: Vec<Found>,
    /// What the config that is there says of signing in, where it can be read.
    pub configured: Option<Answers>,
    /// The text of that config with its misspelt keys as they are meant, where it has some: an edit begins with it.
    pub mended: Option<String>,
    /// Whether going through the questions can put right what is wrong with that config.
    pub is_mendable: bool,
    /// Looking for them: since when, and whether it is over.
    pub detection: Remote<()>,
    /// Who the chosen credentials are.
    pub identity: Remote<Identity>,
    /// The accounts and roles of the sign-in, as far as they are listed.
    pub accounts: Vec<Account>,
    /// Whether listing the accounts goes on, is over, or failed.
    pub directory: Remote<()>,
    /// The tables of the chosen sources.
    pub preview: Remote<Preview>,
    /// The config as it will be written, or what is wrong with the answers as a whole.
    pub document: Remote<Document>,
    /// What the check of the whole said, line by line.
    pub checks: Vec<CheckLine>,
    /// Whether the check goes on; and when it is over, whether the sync would work.
    pub check: Remote<bool>,
    /// What was written and where, or why it was not.
    pub written: Remote<String>,
    /// Whether there was nothing to write, for the config says the same already.
    pub is_unchanged: bool,
    /// What a further run of the config does with rows that have landed.
    pub again: Again,
    /// How many sources the config that is there has.
    pub sources: usize,
    /// Why the answers can't be kept for another time, if they can't.
    pub unkept: Option<String>,
}

/// What a further run does with rows that have landed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Again {
    /// It lands all of them once more.
    #[default]
    All,
    /// A plugin goes on where it ended, with its incremental tables; all other rows land once more.
    Increment,
    /// It writes the tables anew.
    Anew,
}

impl Again {
    /// What runs of a plan do.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let remembers = |source: &SourcePlan| matches!(source, SourcePlan::CloudQuery(plugin) if plugin.keeps_state(&plan.destination));
        match plan.sources.iter().any(remembers) {
            _ if plan.destination.no_rotate => Self::Anew,
            true => Self::Increment,
            false => Self::All,
        }
    }

    /// As a sentence without its dot.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::All => "Each run appends all rows of its sources",
            Self::Increment => "Each run appends all rows, but of a plugin's incremental tables only what is new",
            Self::Anew => "Each run writes its tables anew",
        }
    }

    /// What running now does, in a few words.
    #[must_use]
    pub fn offer(self) -> &'static str {
        match self {
            Self::All => "land all rows of its sources; each run appends them all",
            Self::Increment => "land its rows; each run appends them, or what is new of them",
            Self::Anew => "land all rows of its sources; each run writes the tables anew",
        }
    }
}

/// The config as it will be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The whole text.
    pub toml: String,
    /// The whole file as lines that begin with `+`, `-` or a space, where a file is there that changes; else empty.
    pub changes: Vec<String>,
    /// The IAM policy that it needs, as JSON; nothing for the embedded S3.
    pub policy: Option<String>,
    /// The same as one command with flags.
    pub command: String,
    /// Whether that command says all of it: what no question asks for is in the file alone.
    pub is_all: bool,
    /// What is odd, though nothing is wrong.
    pub warnings: Vec<String>,
}

/// Where the wizard runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The config that will be written: an absolute path.
    pub config: PathBuf,
    /// The path as the person would write it: `lakeward.toml`.
    pub config_shown: String,
    /// The text of the config that is there already.
    pub existing: Option<String>,
    /// Why a browser of this machine is or isn't the way to sign in, in a few words: "an SSH session".
    pub situation: String,
    /// Whether a code for another device comes first.
    pub device_first: bool,
    /// What is odd and worth saying once: a home that can't be written, no UTF-8.
    pub notes: Vec<String>,
    /// Whether standard input is not the terminal, so that it can be a source.
    pub stdin_piped: bool,
    /// Where state is kept when the config does not say.
    pub state_dir: PathBuf,
    /// Whether this is `lakeward demo`, of which nothing is kept.
    pub is_demo: bool,
    /// The start URL and the region that are proposed for a sign-in of its own, where there is one that all can use.
    #[serde(default)]
    pub portal: Option<(String, String)>,
    /// Whether plain lines were asked for by their flag.
    #[serde(default)]
    pub is_plain: bool,
}

impl Place {
    /// The words that name the config behind a command, where another than `./lakeward.toml` is meant.
    pub(crate) fn named(&self) -> Vec<String> {
        if self.is_demo { Vec::new() } else { named(&self.config_shown) }
    }

    /// Whether the config is another than `./lakeward.toml`, so that commands have to name it.
    #[must_use]
    pub fn is_named(&self) -> bool {
        !self.named().is_empty()
    }

    /// The command that asks for this config.
    #[must_use]
    pub fn asking(&self) -> String {
        self.asking_for(self.named())
    }

    /// The command that goes on with the answers that are kept, also where lines come from a pipe.
    #[must_use]
    pub fn resuming(&self) -> String {
        format!("`{} --resume`", self.asking())
    }

    /// The command that asks, in the way of this session, for the config that is named so.
    pub(crate) fn asking_for(&self, named: Vec<String>) -> String {
        self.command(&["init"], named)
    }

    /// The command that runs the config from whichever folder, as cron does from another than this.
    #[must_use]
    pub fn running_anywhere(&self) -> String {
        commanded(["lakeward"], vec!["--config".to_owned(), self.config.to_string_lossy().into_owned()])
    }

    /// The command that opens the config again: to run it, to edit it, and so on.
    #[must_use]
    pub fn opening(&self) -> String {
        if self.named().is_empty() { self.command(&[], Vec::new()) } else { self.asking() }
    }

    fn command(&self, of: &[&str], named: Vec<String>) -> String {
        let words = ["lakeward"].iter().chain(of).chain(self.is_plain.then_some(&"--plain"));
        commanded(words.copied(), named)
    }
}

/// A command of these words, and of those that name its config.
pub(crate) fn commanded<'a>(words: impl IntoIterator<Item = &'a str>, named: Vec<String>) -> String {
    Value::List(words.into_iter().map(str::to_owned).chain(named).collect()).typed()
}

/// The words that name a config behind a command, where it is another than `./lakeward.toml`.
pub(crate) fn named(shown: &str) -> Vec<String> {
    if shown == "lakeward.toml" { Vec::new() } else { vec!["--config".to_owned(), shown.to_owned()] }
}

/// A way to sign in that was found. Choosing it gives its answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What it is: `SSO session "acme"`.
    pub title: String,
    /// Where it was found: `~/.aws/config:12`.
    pub origin: String,
    /// In which condition it is.
    pub condition: Condition,
    /// Why it is suggested, or why not, in a sentence or two.
    pub why: String,
    /// The answers that choosing it gives.
    pub answers: Vec<(Id, Value)>,
    /// What signs in first, where that is needed.
    pub sign_in: Option<SignInRequest>,
    /// The session of the AWS files that it is, where it is one.
    #[serde(default)]
    pub session: Option<SsoSession>,
    /// The place in the order: less is better.
    pub rank: u8,
}

/// A `[sso-session]` as it stands in the AWS files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsoSession {
    /// Its name.
    pub name: String,
    /// The access portal's URL.
    pub start_url: String,
    /// Its region, right or wrong.
    pub region: String,
}

/// The condition of a way to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It can be used as it is: "signed in until 21:27".
    Good(String),
    /// It needs the person first: "MFA code needed", "expired 2 h ago".
    Needs(String),
    /// This program prints its credentials. It is run when the way is chosen.
    Runs(String),
    /// It can't be used: what is wrong with it.
    Broken(Wrong),
    /// It isn't there: "no metadata answer in 1 s".
    Absent(String),
}

/// What is wrong with a way to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    /// In whole.
    pub what: String,
    /// In so few words that a narrow column holds most of them, where that can be said.
    pub short: Option<String>,
}

impl<T: Into<String>> From<T> for Wrong {
    fn from(what: T) -> Self {
        Self { what: what.into(), short: None }
    }
}

impl Condition {
    /// Whether it can be chosen.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        matches!(self, Self::Good(_) | Self::Needs(_) | Self::Runs(_))
    }

    /// The program that prints its credentials.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        if let Self::Runs(program) = self { Some(program) } else { None }
    }

    /// In so few words that a narrow column holds most of them; the whole is in [`words`](Self::words).
    #[must_use]
    pub fn short(&self) -> Cow<'_, str> {
        match self {
            Self::Broken(Wrong { short: Some(short), .. }) => short.into(),
            Self::Runs(program) => {
                let name = program.rsplit('/').find(|name| !name.is_empty()).unwrap_or(program);
                format!("runs {name}").into()
            }
            _ => self.words(),
        }
    }

    /// In a few words.
    #[must_use]
    pub fn words(&self) -> Cow<'_, str> {
        match self {
            Self::Good(words) | Self::Needs(words) | Self::Absent(words) => words.into(),
            Self::Runs(program) => format!("runs {program} when chosen").into(),
            Self::Broken(wrong) => (&wrong.what).into(),
        }
    }
}

/// An account of the access portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// Its name, or nothing.
    pub name: String,
    /// Its owner's address, or nothing.
    pub email: String,
    /// Its roles. They are listed when the account comes near the focus.
    #[serde(skip)]
    pub roles: Remote<Vec<String>>,
}

/// The search for credentials as it is carried out, link by link, for a person to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// What is looked in.
    pub head: Vec<String>,
    /// Each place, in the order of the search.
    pub links: Vec<SearchLink>,
    /// What goes for all of it.
    pub tail: Vec<String>,
}

impl Search {
    /// What came of a place, in a few words; of one that was not reached, where the search ended.
    #[must_use]
    pub fn state(&self, at: usize) -> String {
        let Some(link) = self.links.get(at) else { return String::new() };
        let before = self.links.iter().take(at).rev();
        match before.filter(|_| link.unreached).find(|other| other.depth == link.depth && !other.unreached) {
            Some(end) => format!("not tried, as the chain ended at {}", end.number),
            None => link.state.clone(),
        }
    }
}

/// A place in which credentials are searched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchLink {
    /// 0; 1 for the credentials that assume the role of another, and so on.
    pub depth: usize,
    /// Its place in the order, from 1.
    pub number: usize,
    /// What it is called.
    pub name: String,
    /// What came of it, in a word.
    pub state: String,
    /// Whether the search had ended before it.
    #[serde(default)]
    pub unreached: bool,
    /// Why.
    pub detail: String,
    /// What stands there, and what to do, a line each.
    pub below: Vec<String>,
}

/// Who credentials are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The account; empty for a server that is not AWS.
    pub account: String,
    /// The ARN, or what else is known.
    pub arn: String,
    /// Until when they are good.
    pub expires: Option<SystemTime>,
    /// Whether new ones come by themselves.
    pub renews: bool,
    /// What is worth a warning: root keys, environment keys that interfere.
    pub warnings: Vec<String>,
}

/// The tables that the sources hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Each table.
    pub tables: Vec<PreviewedTable>,
}

/// One table, as far as it was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewedTable {
    /// Its name.
    pub name: String,
    /// The key of its first object.
    pub first_key: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its first rows, as text.
    pub rows: Vec<Vec<String>>,
    /// Which columns are text because of a few values that are no numbers.
    #[serde(default)]
    pub odd: Vec<String>,
    /// How many of the rows that were looked at a run would set aside.
    #[serde(default)]
    pub rejected: u64,
    /// The first of them, with its place and the reason.
    #[serde(default)]
    pub first_rejected: Option<String>,
    /// How many rows were looked at.
    #[serde(default)]
    pub looked_at: u64,
    /// Whether its rows were not looked at, as those of a few tables are enough.
    #[serde(default)]
    pub unseen: bool,
    /// Whether more may come: then the types of the columns are those of what has come so far.
    #[serde(default)]
    pub goes_on: bool,
    /// The bytes of its input, where that is known.
    pub bytes: Option<u64>,
    /// Of the table of a plugin, which plugin: "the source aws (aws v1.2.3)". Its rows come with a run.
    #[serde(default)]
    pub plugin: Option<String>,
}

impl PreviewedTable {
    /// What is odd about it: columns that are text for the sake of a few values, and that rows would be set aside.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let Self { rejected, looked_at, .. } = self;
        let rows = if *looked_at == 1 { "row" } else { "rows" };
        let first = self.first_rejected.as_ref().map(|first| match rejected {
            1 => format!(": {first}"),
            _ => format!("; the first is {first}"),
        });
        let first = first.unwrap_or_default();
        let rejects =
            (*rejected > 0).then(|| format!("{rejected} of the {looked_at} {rows} looked at would be rejected{first}"));
        self.odd.iter().cloned().chain(rejects)
    }
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as the config writes types.
    pub column_type: String,
}

/// A line of the check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckLine {
    /// What was checked: "test write".
    pub check: String,
    /// What came of it.
    pub outcome: Outcome,
    /// In a few words.
    pub detail: String,
    /// What to do about it; of several things, one a line, the most likely first.
    pub next: Option<String>,
    /// An IAM statement that would help, as JSON.
    pub statement: Option<String>,
    /// An answer that the check found. Where all is well it is taken where nobody gave another; else it is offered.
    pub answer: Option<(Id, Value)>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All is well.
    Ok,
    /// It works, and something is odd.
    Warning,
    /// It does not work.
    Failed,
    /// It does not apply, or something before it failed.
    Skipped,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_program_its_name_is_enough_in_a_narrow_column() {
        let runs = |program: &str| Condition::Runs(program.to_owned()).short().into_owned();
        assert_eq!(["/usr/bin/echo", "corp-keys", "/"].map(runs), ["runs echo", "runs corp-keys", "runs /"]);
    }
}
