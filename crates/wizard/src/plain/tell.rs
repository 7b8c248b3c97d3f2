//! What is said of a screen, once.

use std::time::{Duration, SystemTime};

use lakeward_core::untrusted::{excerpt, printable};

use super::{Plain, Turn};
use crate::{
    event::{Key, Page},
    facts::{CheckLine, Condition, NOT_ALL, Outcome, Remote, Search, Trouble},
    question::Id,
    state::{LEFT_EDIT, Popup, ReviewTab, Row, Screen, WITHOUT_ACCOUNT},
};

/// How many rows of a table are shown.
const ROWS: usize = 5;
/// How many tables are shown with their columns, and how much of the names of the others.
const TABLES: usize = 40;
const NAMES: usize = 1000;
/// How long before a page's end it is told, and that it has come.
const MARKS: [Duration; 3] = [Duration::ZERO, Duration::from_secs(60), Duration::from_secs(300)];

impl Plain {
    /// Says what is new, and goes on where nothing is to be asked.
    pub(super) fn speak(&mut self, turn: &mut Turn) {
        // A form whose questions all have answers leads to the next; there are as many as screens.
        for _ in Screen::ALL {
            if self.state.exit.is_some() {
                return;
            }
            self.say(turn);
            if !self.go_on(turn) {
                break;
            }
        }
        self.say_notice(turn);
    }

    fn say_notice(&mut self, turn: &mut Turn) {
        if let Some(notice) = self.state.notice.clone()
            && self.told.notice.as_ref() != Some(&notice)
        {
            // The full screen's keys have other names here.
            let words = sentence(&notice.replace("Esc", "<").replace("Ctrl-S", "w"));
            if !turn.lines.contains(&words) {
                turn.lines.push(words);
            }
            self.told.notice = Some(notice);
        }
    }

    fn say(&mut self, turn: &mut Turn) {
        if let Some(popup) = self.state.popup.clone() {
            if self.told.popup.as_ref() != Some(&popup) {
                self.say_popup(&popup, turn);
                self.told.popup = Some(popup);
            }
            if self.state.popup.is_some() {
                return;
            }
        }
        self.told.popup = None;
        // About the last answer, and before the next question.
        self.say_notice(turn);
        let screen = self.state.screen;
        let awaited = self.state.awaited().map(|(what, _)| what);
        // A question comes with what it can be answered with, and nothing between.
        let is_new = self.told.screen != Some(screen) && !(screen == Screen::Method && awaited.is_some());
        if is_new {
            self.told.screen = Some(screen);
            turn.lines.extend(self.title(screen));
            if screen == Screen::Welcome {
                self.told.trouble = self.state.facts.document.trouble().cloned();
            }
            if self.has_more() {
                turn.lines.push("+ also asks the questions that few people need.".to_owned());
            }
        }
        if let Some(what) = awaited.filter(|what| self.told.awaited != Some(*what)) {
            turn.lines.push(format!("Waiting for {what} ..."));
        }
        self.told.awaited = awaited;
        match screen {
            Screen::Welcome => {
                self.say_list(turn);
                self.say_identity(turn);
            }
            Screen::Written => self.say_list(turn),
            Screen::Method if awaited.is_none() => {
                // Once, with the list.
                if self.told.rows.is_none() {
                    turn.lines.extend(self.not_found());
                    if self.state.has_found_nothing() {
                        turn.lines
                            .push(format!("Nothing to sign in with was found on this machine. {WITHOUT_ACCOUNT}"));
                    }
                }
                self.say_list(turn);
            }
            Screen::Directory if self.state.form.fields.is_empty() && self.is_directory_ready() => self.say_list(turn),
            Screen::SignIn => self.say_page(turn),
            Screen::Identity => self.say_identity(turn),
            Screen::Preview => self.say_preview(turn),
            Screen::Review => self.say_review(turn),
            Screen::Run => self.progress.tell(&self.state.run, self.state.now, &mut turn.lines),
            _ => {}
        }
        self.say_hidden(turn);
        self.say_trouble(turn);
        if let Some(field) = self.open_field() {
            let asked = Some((field.id, field.error.clone()));
            if self.told.question != asked {
                let asking = self.ask(field, &turn.lines);
                turn.lines.extend(asking);
                self.told.question = asked;
                self.told.is_refused = false;
            }
        }
    }

    fn title(&self, screen: Screen) -> Vec<String> {
        let facts = &self.state.facts;
        let title = match screen {
            Screen::Welcome => {
                let edit = if self.state.has_left_edit() { format!(" {}", sentence(LEFT_EDIT)) } else { String::new() };
                let mut lines = vec![String::new(), format!("There is a config: {}.{edit}", facts.place.config_shown)];
                match &facts.document {
                    Remote::Failed(trouble) => lines.extend(told(trouble)),
                    _ => {
                        lines.push(format!("Destination: {}", self.state.leads_to()));
                        lines.extend(self.state.rows_from().map(|source| format!("Rows from: {source}")));
                    }
                }
                return lines;
            }
            Screen::Method => format!("{}: How should Lakeward sign in to AWS?", self.number(Id::Auth)),
            Screen::Details => "About signing in.".to_owned(),
            Screen::SignIn => "Signing in.".to_owned(),
            Screen::Directory => format!("{}: Which account and role?", self.number(Id::SsoAccountId)),
            Screen::Mfa => "An MFA code is needed.".to_owned(),
            Screen::Identity => "Whose credentials these are.".to_owned(),
            Screen::Destination => "Where the data goes.".to_owned(),
            Screen::Source => "Where rows come from.".to_owned(),
            Screen::Preview => "What the source holds.".to_owned(),
            Screen::Review => "The config.".to_owned(),
            Screen::Written => match facts.written.got() {
                Some(said) => format!("{} Run it now?", sentence(said)),
                None => "Run it now?".to_owned(),
            },
            Screen::Run => "The run.".to_owned(),
            Screen::Farewell => return self.farewell(),
        };
        vec![String::new(), title]
    }

    fn farewell(&self) -> Vec<String> {
        if self.state.facts.place.is_demo {
            // Its config leads nowhere without it.
            return vec![String::new(), "Enter leaves the demo.".to_owned()];
        }
        vec![
            String::new(),
            format!("To run it from now on, also from cron: {}", self.state.facts.place.running_anywhere()),
            format!("{}. Enter leaves.", self.state.facts.again.sentence()),
        ]
    }

    fn say_popup(&mut self, popup: &Popup, turn: &mut Turn) {
        match popup {
            Popup::Resume => {
                let told = self.state.draft.as_ref().map(|draft| draft.offer(&self.state.facts.place, self.state.now));
                let asked = match self.state.screen {
                    Screen::Welcome => {
                        "Go on with its answers? Enter: yes, and each question then proposes its answer; n: no, <: back, and they are kept."
                    }
                    _ => {
                        "Go on with its answers? Enter: yes, and each question then proposes its answer; n: no, q: leave and keep them."
                    }
                };
                turn.lines.push(format!("{} {asked}", told.unwrap_or_default()));
            }
            Popup::Trouble(trouble) => {
                self.press(Key::Esc, turn);
                if self.state.trouble() == Some(trouble) {
                    // It is told as the screen's, with what can be done.
                    self.told.trouble = None;
                } else {
                    turn.lines.extend(told(trouble));
                }
            }
            Popup::Keep(_, change) => {
                turn.lines.extend(change.lines().map(str::to_owned));
                turn.lines.push("Write this? Enter: yes, n: no, the file stays as it is.".to_owned());
            }
            Popup::Chain(search) => {
                self.press(Key::Esc, turn);
                turn.lines.extend(searched(search));
                turn.lines.push("Type a number to choose a way to sign in.".to_owned());
            }
            Popup::Errors => {
                turn.lines.extend(self.state.run.log.clone());
                self.press(Key::Esc, turn);
            }
            Popup::Quit => turn.lines.push(format!("Quit? {} Enter: stay, q: quit.", self.state.on_leaving())),
            Popup::Help | Popup::Command => {
                turn.lines.push(self.state.command());
                self.press(Key::Esc, turn);
            }
        }
    }

    /// The ways to sign in that were looked for and are no rows.
    fn not_found(&self) -> Option<String> {
        let absent = self.state.facts.found.iter().filter_map(|found| match &found.condition {
            Condition::Absent(why) => Some(format!("{} ({why})", found.title)),
            _ => None,
        });
        let absent: Vec<String> = absent.collect();
        (!absent.is_empty()).then(|| format!("Not found: {}.", absent.join(", ")))
    }

    fn say_list(&mut self, turn: &mut Turn) {
        let list = &self.state.list;
        let rows =
            Some((list.matching.iter().filter_map(|row| list.rows.get(*row)).copied().collect::<Vec<_>>(), self.page));
        if self.told.rows == rows {
            return;
        }
        self.told.rows = rows;
        if self.state.screen == Screen::Welcome {
            turn.lines.push("What do you want to do?".to_owned());
        }
        turn.lines.extend(self.list());
        if self.state.list.matching.is_empty() {
            return;
        }
        if let Some(found) = self.state.focused_found() {
            let is_configured = self.state.list.focused() == Some(Row::Configured);
            let is = if is_configured { "is what the config says" } else { "is suggested" };
            turn.lines.push(format!("{} {is}. {}", self.state.list.focus + 1, sentence(&found.why)));
        }
        let or = if self.state.screen == Screen::Directory { ", or words that filter the list" } else { "" };
        turn.lines.push(match self.taken_by_enter() {
            Some(number) => format!("Type a number{or}. Enter takes {number}."),
            None => format!("Type a number{or}."),
        });
    }

    /// What is to be typed where nothing shows.
    fn say_hidden(&mut self, turn: &mut Turn) {
        let is_hidden = self.state.hidden.is_some();
        if is_hidden && !self.told.hidden {
            turn.lines.push(
                match self.state.screen {
                    Screen::Mfa => "Type the six digits of the MFA device. They are not shown.",
                    _ => "Paste the address that the browser ended at. It is not shown; an empty line gives it up.",
                }
                .to_owned(),
            );
        }
        self.told.hidden = is_hidden;
    }

    fn say_page(&mut self, turn: &mut Turn) {
        let sign_in = &self.state.sign_in;
        if let Some(note) = sign_in.notes.last().filter(|note| self.told.note.as_ref() != Some(note)) {
            turn.lines.push(sentence(note));
            self.told.note = Some(note.clone());
        }
        let Some((page, _)) = &sign_in.page else { return };
        if sign_in.is_slow(self.state.now) && !self.told.is_slow {
            let doubt = "Does the browser not know the code, or say \"invalid grant\"? Then the SSO region is probably wrong: e edits it.";
            turn.lines.push(doubt.to_owned());
            self.told.is_slow = true;
        }
        let left = sign_in.left(self.state.now).unwrap_or_default();
        let mark = MARKS.into_iter().find(|mark| left <= *mark);
        // When it ends may change; it is the same page all the same.
        if self.told.page.as_ref().map(|told| &told.url) != Some(&page.url) {
            turn.lines.extend(opened(page, left));
            if self.state.keepable().is_some() {
                let keeps = match &self.state.edited {
                    Some(there) => format!("changes [sso-session {}] of ~/.aws/config", printable(&there.name)),
                    None => "keeps it as a session of ~/.aws/config".to_owned(),
                };
                turn.lines.push(format!("This sign-in does not renew by itself; k {keeps}, whose sign-in does."));
            }
            self.told.page = Some(page.clone());
            self.told.warned = mark;
        } else if let Some(mark) = mark.filter(|mark| self.told.warned.is_none_or(|warned| warned > *mark)) {
            let what = if page.code.is_some() { "code" } else { "page" };
            turn.lines.push(match mark {
                Duration::ZERO => format!("The {what} has expired; n asks for a new one."),
                mark => format!("The {what} is good for {} more; n asks for a new one.", minutes_of(mark)),
            });
            self.told.warned = Some(mark);
        }
    }

    fn say_identity(&mut self, turn: &mut Turn) {
        let Remote::Got(identity) = &self.state.facts.identity else {
            self.told.is_known = false;
            return;
        };
        if self.told.is_known {
            return;
        }
        turn.lines.push(match identity.account.as_str() {
            "" => format!("{}. AWS is not asked about it, for the destination is another server.", identity.arn),
            account => format!("Account {account}, {}.", identity.arn),
        });
        if let Some(expires) = identity.expires {
            let renewed =
                if identity.renews { ", and are renewed by themselves" } else { ", and are not renewed by themselves" };
            turn.lines.push(format!("The keys are good for {}{renewed}.", minutes(expires, self.state.now)));
        }
        turn.lines.extend(identity.warnings.iter().map(|warning| format!("Warning: {warning}")));
        if self.state.screen == Screen::Identity {
            let keep =
                if self.state.keepable().is_some() { ", k keeps it as a profile for the AWS tools too" } else { "" };
            turn.lines.push(format!("Enter goes on{keep}."));
        }
        self.told.is_known = true;
    }

    fn say_preview(&mut self, turn: &mut Turn) {
        let Remote::Got(preview) = &self.state.facts.preview else {
            self.told.is_known = false;
            return;
        };
        if self.told.is_known {
            return;
        }
        let mut plugins: Vec<&str> = preview.tables.iter().filter_map(|table| table.plugin.as_deref()).collect();
        plugins.dedup();
        for plugin in plugins {
            let tables = preview.tables.iter().filter(|table| table.plugin.as_deref() == Some(plugin)).count();
            let of = if tables == 1 { "table" } else { "tables" };
            turn.lines.push(format!("Found {tables} {of} of {plugin}. Their rows come with a run."));
        }
        let rest = preview.tables.len().saturating_sub(TABLES);
        for table in preview.tables.iter().take(TABLES) {
            let columns: Vec<String> =
                table.columns.iter().map(|column| format!("{} {}", column.name, column.column_type)).collect();
            turn.lines.push(format!("Table {}: {}", table.name, columns.join(", ")));
            turn.lines.extend(table.rows.iter().take(ROWS).map(|row| format!("  {}", row.join(", "))));
            turn.lines.extend(table.warnings().map(|warning| format!("  Warning: {warning}")));
            if table.unseen {
                turn.lines.push("  its rows were not looked at".to_owned());
            }
            if table.goes_on {
                let what = "the command goes on; the types are those of the rows that have come so far";
                turn.lines.push(format!("  {what}"));
            }
            turn.lines.push(format!("  its first object: {}", table.first_key));
        }
        if rest > 0 {
            let names: Vec<&str> = preview.tables.iter().skip(TABLES).map(|table| table.name.as_str()).collect();
            turn.lines.push(format!("And {rest} more: {}", excerpt(&names.join(", "), NAMES)));
        }
        turn.lines.push(match preview.tables.as_slice() {
            [] => "No table was found; < leads back to the source.".to_owned(),
            _ => "Enter goes on.".to_owned(),
        });
        self.told.is_known = true;
    }

    fn say_review(&mut self, turn: &mut Turn) {
        // What a check finds is told with it, and not the whole config again.
        if let Remote::Got(document) = &self.state.facts.document
            && self.state.facts.check == Remote::Idle
            && self.told.document.as_ref() != Some(document)
        {
            let text = if document.changes.is_empty() { document.toml.clone() } else { document.changes.join("\n") };
            turn.lines.extend(text.lines().map(str::to_owned));
            turn.lines.extend(document.warnings.iter().map(|warning| format!("Warning: {warning}")));
            let policy = if document.policy.is_some() { ", policy shows the IAM policy" } else { "" };
            turn.lines.push(format!("Enter tests it with one small write, w writes it without a test{policy}."));
            self.told.document = Some(document.clone());
        }
        let checks = &self.state.facts.checks;
        self.told.checks = self.told.checks.min(checks.len());
        for line in checks.iter().skip(self.told.checks) {
            turn.lines.extend(check(line));
        }
        self.told.checks = checks.len();
        let result = self.state.facts.check.got().copied();
        if let Some(works) = result.filter(|_| self.told.checked != result) {
            let shown = &self.state.facts.place.config_shown;
            let offered = self.state.offered().and_then(|line| line.answer.as_ref());
            if let Some(trouble) = self.state.facts.preview.trouble().filter(|_| works) {
                turn.lines
                    .push(format!("The source could not be read, so a run would fail: {}", sentence(&trouble.what)));
            }
            let offered = offered.map(|(id, value)| format!("{} for {}", value.typed(), id.question().title));
            turn.lines.extend(match (works, offered) {
                (true, None) if self.state.is_only_checked() => vec!["It works. Enter leads back.".to_owned()],
                (true, None) => vec![format!("It works. Enter writes {shown}.")],
                (true, Some(other)) => vec![format!(
                    "It works, though one answer is not right. Enter takes {other} and tests again, w writes {shown} as it is."
                )],
                (false, other) => {
                    let not_yet = format!("It does not work yet. r tests again, w writes {shown} anyway.");
                    std::iter::once(not_yet).chain(other.map(|other| format!("u takes {other}."))).collect()
                }
            });
        }
        self.told.checked = result;
    }

    fn say_trouble(&mut self, turn: &mut Turn) {
        let trouble = self.state.trouble().cloned();
        if let Some(trouble) = trouble.as_ref().filter(|trouble| self.told.trouble.as_ref() != Some(trouble)) {
            turn.lines.extend(told(trouble));
            turn.lines.push(self.after_failure());
        }
        self.told.trouble = trouble;
    }

    /// What can be done about what has failed.
    pub(super) fn after_failure(&self) -> String {
        let hints = self.state.hints();
        let has_s = hints.iter().any(|hint| hint.key == "s");
        match self.state.screen {
            Screen::SignIn => {
                let edits = match hints.iter().find(|hint| hint.key == "e").map(|hint| hint.does) {
                    Some("edit session") => "edits the session",
                    Some("another session") => "takes another session",
                    _ => "edits URL and region",
                };
                let goes_on = if hints.iter().any(|hint| hint.key == "g") { "g goes on anyway, " } else { "" };
                return format!("Enter tries again, e {edits}, {goes_on}< goes back with all answers.");
            }
            Screen::Mfa => "Enter tries again, < goes back with all answers.",
            Screen::Directory if has_s => "Enter tries again, s signs in anew, = lets you type account and role.",
            Screen::Directory => "Enter tries again, = lets you type account and role.",
            Screen::Identity if has_s => "Enter tries again, s signs in anew, g goes on anyway, < goes back.",
            Screen::Identity => "Enter tries again, g goes on anyway, < goes back.",
            Screen::Preview => {
                let aside = if has_s { "s sets such rows aside, " } else { "" };
                let source = self.source_question().map(|question| format!("e goes back to {}, ", question.title));
                let source = source.unwrap_or_default();
                return format!("{aside}Enter tries again, {source}g goes on anyway, < goes back.");
            }
            Screen::Review if self.state.facts.document.trouble().is_none() => "w tries again, < goes back.",
            Screen::Run => "Enter goes on.",
            // Nothing lies before it.
            Screen::Welcome => "Type a number, or q to quit.",
            _ => "< goes back.",
        }
        .to_owned()
    }

    /// A page of the review that was asked for.
    pub(super) fn page_of_review(&mut self, name: &str) -> Vec<String> {
        self.state.review.tab = match name {
            "policy" => ReviewTab::Policy,
            "command" => ReviewTab::Command,
            _ => ReviewTab::Toml,
        };
        let Some(text) = self.state.review_text() else { return vec!["The embedded S3 needs none.".to_owned()] };
        let is_part = name == "command" && self.state.facts.document.got().is_some_and(|document| !document.is_all);
        let note = is_part.then(|| NOT_ALL.to_owned());
        text.lines().map(str::to_owned).chain(note).collect()
    }
}

/// The search for credentials, a sentence a link.
fn searched(search: &Search) -> Vec<String> {
    let mut lines = search.head.clone();
    for (at, link) in search.links.iter().enumerate() {
        let indent = "  ".repeat(link.depth + 1);
        lines.push(format!("{indent}{}. {}, {}: {}", link.number, link.name, search.state(at), link.detail));
        lines.extend(link.below.iter().map(|line| format!("{indent}   {line}")));
    }
    lines.extend(search.tail.clone());
    lines
}

fn opened(page: &Page, left: Duration) -> Vec<String> {
    let mut lines = vec![format!("Open this page in a browser: {}", page.url.expose())];
    if let Some(code) = &page.code {
        lines.push(format!("It must show this code: {}", code.code.expose()));
        lines.push(format!("Without the code in the address: {}", code.page));
        lines.push("Approve only if you started this.".to_owned());
    } else {
        lines.push(
            "The browser must run on the machine that Lakeward runs on. On another, its last page fails:".to_owned(),
        );
        lines.push("m asks for a code that works on any device, p takes the address of that page.".to_owned());
        lines.extend(page.port().map(|port| {
            format!("Or let it be reached: on that machine run `ssh -L {port}:127.0.0.1:{port} HOST`, where HOST is this one.")
        }));
    }
    lines.push(format!("It is good for {}.", minutes_of(left)));
    lines
}

fn check(line: &CheckLine) -> Vec<String> {
    let word = match line.outcome {
        Outcome::Ok => "ok",
        Outcome::Warning => "warning",
        Outcome::Failed => "failed",
        Outcome::Skipped => "skipped",
    };
    let detail = if line.detail.is_empty() { String::new() } else { format!(": {}", line.detail) };
    let mut lines = vec![format!("{word}: {}{detail}", line.check)];
    lines.extend(next(line.next.as_deref()).map(|next| format!("  {next}")));
    if let Some(statement) = &line.statement {
        lines.push("  This statement allows it:".to_owned());
        lines.extend(statement.lines().map(|line| format!("  {line}")));
    }
    lines
}

pub(super) fn told(trouble: &Trouble) -> Vec<String> {
    let mut lines = vec![format!("Failed: {}", sentence(&trouble.what))];
    lines.extend(next(trouble.next.as_deref()));
    lines.extend(trouble.statement.iter().flat_map(|statement| statement.lines().map(str::to_owned)));
    lines
}

/// What to do, each thing in a line of its own.
fn next(next: Option<&str>) -> impl Iterator<Item = String> {
    let lines = next.unwrap_or_default().lines().enumerate();
    lines.map(|(at, next)| sentence(&if at > 0 { format!("or {next}") } else { next.to_owned() }))
}

/// With a dot, and a capital letter where it begins with a word and not with a name.
pub(super) fn sentence(text: &str) -> String {
    let dot = if text.ends_with(['.', '?', '!', '"', ':']) { "" } else { "." };
    let first = text.split(' ').next().unwrap_or_default();
    // A letter alone is a key.
    let is_word =
        first.len() > 1 && first.trim_end_matches([',', ';', ':']).chars().all(|c| c.is_ascii_lowercase() || c == '\'');
    let (head, tail) = text.split_at_checked(1).filter(|_| is_word).unwrap_or(("", text));
    format!("{}{tail}{dot}", head.to_ascii_uppercase())
}

fn minutes(until: SystemTime, now: SystemTime) -> String {
    minutes_of(until.duration_since(now).unwrap_or_default())
}

fn minutes_of(left: Duration) -> String {
    match left.as_secs() / 60 {
        0 => "less than a minute".to_owned(),
        1 => "1 minute".to_owned(),
        minutes @ 2..120 => format!("{minutes} minutes"),
        minutes => format!("{} hours", minutes / 60),
    }
}
