//! What the checks find: items, and how they are shown.

use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};
use serde_json::{Value, json};

/// The checks, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Check {
    /// The config was read and resolved.
    Config,
    /// A source is there, as far as can be told without running it: one item for each.
    Source,
    /// There are credentials.
    Credentials,
    /// STS says whose they are.
    Identity,
    /// The call with which AWS's documentation lets one see that a sign-in works.
    Regions,
    /// This machine's clock is right.
    Clock,
    /// Requests are signed for the bucket's region.
    BucketRegion,
    /// An object can be written as a run writes it.
    TestWrite,
    /// It can be written with nothing but the policy of `lakeward policy`.
    Proof,
}

impl Check {
    const ALL: [Self; 9] = [
        Self::Config,
        Self::Source,
        Self::Credentials,
        Self::Identity,
        Self::Regions,
        Self::Clock,
        Self::BucketRegion,
        Self::TestWrite,
        Self::Proof,
    ];

    /// In a few words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Source => "source",
            Self::Credentials => "credentials",
            Self::Identity => "identity",
            Self::Regions => "account:ListRegions",
            Self::Clock => "clock",
            Self::BucketRegion => "bucket region",
            Self::TestWrite => "test write",
            Self::Proof => "least privilege",
        }
    }

    /// In JSON.
    fn key(self) -> &'static str {
        match self {
            Self::Regions => "list_regions",
            Self::BucketRegion => "bucket_region",
            Self::TestWrite => "test_write",
            Self::Proof => "least_privilege",
            Self::Config | Self::Source | Self::Credentials | Self::Identity | Self::Clock => self.name(),
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Well.
    Ok,
    /// It could not be made, and nothing depends on it.
    Noted,
    /// It works, but something should be changed.
    Warned,
    /// A run would fail, with this kind of failure.
    Failed(FailureKind),
    /// It makes no sense for this destination.
    NotAsked,
    /// An earlier one that failed stands before it.
    NotReached,
    /// What was asked for can't be proven with these credentials.
    NotProvable,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Noted => "note",
            Self::Warned => "warning",
            Self::Failed(_) => "failed",
            Self::NotAsked => "not asked",
            Self::NotReached => "not reached",
            Self::NotProvable => "not provable",
        }
    }
}

/// What one check found.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// Which.
    pub(crate) check: Check,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// What was found.
    pub(crate) detail: String,
    /// What to do, the most likely first.
    pub(crate) next: Vec<String>,
    /// The statement of a policy that is missing; `next` says of which policy.
    pub(crate) statement: Option<Value>,
    /// The bucket's region, where S3 has told it.
    pub(crate) region: Option<String>,
}

impl Item {
    pub(crate) fn new(check: Check, outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { check, outcome, detail: detail.into(), next: Vec::new(), statement: None, region: None }
    }

    pub(crate) fn failed(check: Check, failure: &Failure) -> Self {
        let item = Self::new(check, Outcome::Failed(failure.kind), &failure.what);
        let next = failure.next.iter().flat_map(|next| next.lines()).map(str::to_owned);
        Self { next: next.collect(), ..item }
    }

    pub(crate) fn next(mut self, advice: impl Into<String>) -> Self {
        self.next.push(advice.into());
        self
    }

    /// One line, and below it what to do.
    fn lines(&self) -> String {
        let detail = printable(self.detail.lines().next().unwrap_or_default()).into_owned();
        let mut text = format!("{:<12} {:<20} {detail}\n", self.outcome.word(), self.check.name());
        // What stands indented there is a list of what it is about.
        for line in self.detail.lines().skip(1).filter(|line| line.starts_with("  ")) {
            text.push_str(&format!("{INDENT}{}\n", printable(line.trim())));
        }
        match self.next.as_slice() {
            [] => {}
            [advice] => text.push_str(&format!("{INDENT}next: {}\n", printable(advice))),
            several => {
                text.push_str(&format!("{INDENT}to try, the most likely first:\n"));
                for (number, advice) in (1..).zip(several) {
                    text.push_str(&format!("{INDENT}{number} {}\n", printable(advice)));
                }
            }
        }
        if let Some(statement) = &self.statement {
            for line in format!("{statement:#}").lines() {
                text.push_str(&format!("{INDENT}{}\n", printable(line)));
            }
        }
        text
    }

    pub(crate) fn as_json(&self) -> Value {
        let mut item = json!({
            "check": self.check.key(),
            "outcome": self.outcome.word(),
            "detail": self.detail,
            "next": self.next,
        });
        if let Outcome::Failed(kind) = self.outcome {
            item["exit_code"] = json!(kind.exit_code());
        }
        if let Some(statement) = &self.statement {
            item["statement"] = statement.clone();
        }
        item
    }
}

/// What stands before the lines below an item's.
const INDENT: &str = "             ";

/// Who sees each item as soon as it is known; several at once where there is but one thing to say of them.
pub(crate) type Listener<'a> = &'a mut (dyn FnMut(&[Item]) + Send);

/// One line for an item, or for several of which there is but one thing to say.
pub(crate) fn lines(items: &[Item]) -> String {
    match items {
        [first, _, ..] => {
            let names: Vec<&str> = items.iter().map(|item| item.check.name()).collect();
            format!("{:<12} {}: {}\n", first.outcome.word(), names.join(", "), printable(&first.detail))
        }
        items => items.iter().map(Item::lines).collect(),
    }
}

/// All items, in the order of the checks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// One for each check that was asked for.
    pub(crate) items: Vec<Item>,
}

impl Report {
    /// Of a config that can't be used, which the item says.
    pub(crate) fn of_config(item: Item, prove: bool, listener: Listener<'_>) {
        let mut telling = Telling::new(listener);
        telling.tell(item);
        telling.end(prove);
    }

    /// The names of the checks that failed.
    pub(crate) fn failed(&self) -> Vec<&'static str> {
        let failed = self.items.iter().filter(|item| matches!(item.outcome, Outcome::Failed(_)));
        let mut names: Vec<&str> = failed.map(|item| item.check.name()).collect();
        // Of several sources each has its item.
        names.dedup();
        names
    }

    /// How the first check failed that did.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.items.iter().find_map(|item| {
            let Outcome::Failed(kind) = item.outcome else { return None };
            let failure = Failure::new(kind, format!("{}: {}", item.check.name(), item.detail));
            let next = Some(item.next.join("\n")).filter(|next| !next.is_empty());
            Some(Failure { next, ..failure })
        })
    }
}

/// A report that comes about.
pub(super) struct Telling<'a> {
    report: Report,
    listener: Listener<'a>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(listener: Listener<'a>) -> Self {
        Self { report: Report::default(), listener }
    }

    pub(super) fn tell(&mut self, item: Item) {
        (self.listener)(std::slice::from_ref(&item));
        self.report.items.push(item);
    }

    /// Tells that these make no sense for the destination, and why.
    pub(super) fn not_asked(&mut self, checks: &[Check], why: &str) {
        let items: Vec<Item> = checks.iter().map(|check| Item::new(*check, Outcome::NotAsked, why)).collect();
        (self.listener)(&items);
        self.report.items.extend(items);
    }

    pub(super) fn has_told(&self, check: Check) -> bool {
        self.report.items.iter().any(|item| item.check == check)
    }

    /// Tells of these checks, as far as there is nothing of them yet, that they were not reached.
    pub(super) fn not_reached(&mut self, checks: &[Check]) {
        // Nothing depends on a source but the run.
        let is_failed = |item: &&Item| matches!(item.outcome, Outcome::Failed(_)) && item.check != Check::Source;
        let why = match self.report.items.iter().find(is_failed) {
            Some(failed) => format!("not tried, since this failed: {}", failed.check.name()),
            None => "an earlier check did not come so far".to_owned(),
        };
        let left = checks.iter().filter(|check| !self.has_told(**check));
        let items: Vec<Item> = left.map(|check| Item::new(*check, Outcome::NotReached, &why)).collect();
        if !items.is_empty() {
            (self.listener)(&items);
            self.report.items.extend(items);
        }
    }

    /// The whole report: what has not been told yet was not reached.
    pub(super) fn end(mut self, prove: bool) -> Report {
        let asked: Vec<Check> = Check::ALL.into_iter().filter(|check| prove || *check != Check::Proof).collect();
        self.not_reached(&asked);
        self.report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_decides_and_what_depends_on_it_is_not_reached() {
        let mut told = Vec::new();
        let mut listener = |items: &[Item]| told.extend(items.iter().map(|item| item.check));
        let mut telling = Telling::new(&mut listener);
        telling.tell(Item::new(Check::Config, Outcome::Ok, "fine"));
        telling.tell(Item::new(Check::Source, Outcome::Ok, "there"));
        telling.tell(Item::failed(Check::Credentials, &Failure::new(FailureKind::Denied, "none").next("sign in")));
        let report = telling.end(false);
        assert_eq!(told, Check::ALL[..8]);
        let failure = report.failure().expect("it failed");
        assert_eq!((failure.kind, failure.next.as_deref()), (FailureKind::Denied, Some("sign in")));
        assert_eq!(report.failed(), ["credentials"]);
        let last = report.items.last().expect("items");
        assert_eq!(
            (last.outcome, last.detail.as_str()),
            (Outcome::NotReached, "not tried, since this failed: credentials")
        );
    }

    #[test]
    fn all_that_failed_is_named_and_what_was_not_reached_is_one_line() {
        let mut told = String::new();
        let mut listener = |items: &[Item]| told.push_str(&lines(items));
        let mut telling = Telling::new(&mut listener);
        let failed = |check| Item::failed(check, &Failure::new(FailureKind::Input, "no"));
        [Check::Source, Check::Source, Check::Credentials].map(failed).into_iter().for_each(|item| telling.tell(item));
        telling.not_reached(&[Check::Credentials]);
        let report = telling.end(false);
        assert_eq!(report.failed(), ["source", "credentials"]);
        let rest = "not reached  config, identity, account:ListRegions, clock, bucket region, test write: not tried, since this failed: credentials\n";
        assert!(told.lines().count() == 4 && told.ends_with(rest), "{told}");
    }

    #[test]
    fn what_is_not_asked_for_one_reason_is_one_line() {
        let mut told = String::new();
        let mut listener = |items: &[Item]| told.push_str(&lines(items));
        let mut telling = Telling::new(&mut listener);
        telling.not_asked(&[Check::Identity, Check::Regions], "it is not AWS");
        telling.not_asked(&[Check::Clock], "it is not AWS");
        assert_eq!(telling.report.items.len(), 3);
        assert_eq!(
            told,
            "not asked    identity, account:ListRegions: it is not AWS\nnot asked    clock                it is not AWS\n"
        );
    }

    #[test]
    fn an_item_is_a_line_with_what_to_do_below() {
        let mut item = Item::new(Check::Clock, Outcome::Warned, "slow\u{1b}[31m\nmore\n  a\u{1b}\n  b").next("set it");
        assert_eq!(
            item.lines(),
            "warning      clock                slow[31m\n             a\n             b\n             next: set it\n"
        );
        item = item.next("or wait");
        item.statement = Some(json!({ "Effect": "Allow" }));
        let lines = item.lines();
        assert!(lines.contains("1 set it\n             2 or wait\n             {\n"), "{lines}");
        assert_eq!(item.as_json()["outcome"], "warning");
    }
}
