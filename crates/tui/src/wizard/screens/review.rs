//! All of it before it is written: the config, the policy, the test write, the command.

use lakeward_wizard::{CheckLine, Document, NOT_ALL, Outcome, Remote, ReviewTab, State};
use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::parts;
use crate::wizard::{
    ground::{Ground, Room},
    look::{Mark, bold, reverse},
    sheet::Sheet,
    text::{padded, whole, width, wrapped},
};

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let mut tabs = ground.sheet();
    let mut line = Vec::new();
    for tab in state.tabs() {
        let name = name(state, tab);
        if tab == state.review.tab {
            line.push(Span::styled(format!("[{name}]"), reverse().patch(bold())));
        } else {
            line.push(Span::raw(format!(" {name} ")));
        }
        line.push(Span::raw("  "));
    }
    tabs.line(line);
    if ground.room > Room::Narrow {
        tabs.blank();
    }
    ground.top(&tabs);
    let mut sheet = ground.sheet();
    match state.review.tab {
        ReviewTab::Check => check(state, &mut sheet, ground.room),
        tab => document(state, &mut sheet, tab),
    }
    ground.beyond = sheet.len().saturating_sub(usize::from(ground.area.height));
    ground.fill_from(&sheet, state.review.scroll.above);
}

fn name(state: &State, tab: ReviewTab) -> String {
    let name = match tab {
        ReviewTab::Toml if state.facts.document.got().is_some_and(|document| !document.changes.is_empty()) => "Changes",
        ReviewTab::Toml => "Config",
        ReviewTab::Policy => "IAM policy",
        ReviewTab::Check => "Test write",
        ReviewTab::Command => "Command",
    };
    let failed = state.facts.checks.iter().any(|line| line.outcome == Outcome::Failed);
    if tab == ReviewTab::Check && failed { format!("{name}: failed") } else { name.to_owned() }
}

fn document(state: &State, sheet: &mut Sheet<'_>, tab: ReviewTab) {
    let look = sheet.look;
    let document = match &state.facts.document {
        Remote::Got(document) => document,
        Remote::Failed(trouble) => return parts::trouble(sheet, 0, trouble),
        Remote::Idle | Remote::Asked(_) => return sheet.say(0, "The answers do not make a config yet."),
    };
    match tab {
        ReviewTab::Toml => toml(state, sheet, document),
        ReviewTab::Policy => match &document.policy {
            Some(policy) => {
                sheet.say(0, "All that a run needs, and nothing more:");
                sheet.blank();
                parts::statement(sheet, 2, policy);
            }
            None => sheet.say(0, "The embedded S3 needs no policy: it writes plain files on this machine."),
        },
        ReviewTab::Command | ReviewTab::Check => {
            sheet.say(0, "The same answers as one command, for a script or a colleague:");
            sheet.blank();
            sheet.say(2, &look.text(&document.command));
            parts::unshown(sheet, &document.command);
            sheet.blank();
            if !document.is_all {
                sheet.mark(0, Mark::Warning, NOT_ALL);
                sheet.blank();
            }
            sheet.say(
                0,
                "Where an answer is missing it asks; with --yes it takes the defaults, and says which flags it lacks.",
            );
        }
    }
}

fn toml(state: &State, sheet: &mut Sheet<'_>, document: &Document) {
    let look = sheet.look;
    for warning in &document.warnings {
        sheet.mark(0, Mark::Warning, &look.text(warning));
    }
    let file = look.text(&state.facts.place.config_shown);
    if document.changes.is_empty() {
        let what =
            if state.facts.place.existing.is_some() { "is there already and stays as it is:" } else { "will be:" };
        sheet.say(0, &format!("{file} {what}"));
        parts::unshown(sheet, &document.toml);
        sheet.blank();
        for line in document.toml.lines() {
            continued(sheet, 2, &look.text(line), Style::new());
        }
        return;
    }
    sheet.say(0, &format!("What changes in {file}; the file as it was is kept beside it:"));
    sheet.blank();
    for line in &document.changes {
        let style = match line.chars().next() {
            Some('+') => look.good(),
            Some('-') => look.bad(),
            _ => Style::new(),
        };
        let text = look.text(line);
        continued(sheet, 0, &text, style);
    }
}

/// A line of a file, whole; where it goes on in a further one, a sign says that this is no line of its own.
fn continued(sheet: &mut Sheet<'_>, indent: usize, text: &str, style: Style) {
    let sign = sheet.look.glyph("↳ ", "> ");
    let room = sheet.width.saturating_sub(indent + width(sign));
    let fits = width(text) <= sheet.width.saturating_sub(indent);
    let lines = if fits { vec![text.to_owned()] } else { whole(text, room) };
    for (at, line) in lines.into_iter().enumerate() {
        let lead = if at == 0 { "" } else { sign };
        sheet.line(Line::from(vec![Span::raw(format!("{}{lead}", " ".repeat(indent))), Span::styled(line, style)]));
    }
}

fn check(state: &State, sheet: &mut Sheet<'_>, room: Room) {
    let look = sheet.look;
    let checks = &state.facts.checks;
    let offered = state.offered().and_then(|line| line.answer.as_ref());
    let works = matches!(state.facts.check, Remote::Got(true));
    match &state.facts.check {
        Remote::Idle if checks.is_empty() => {
            sheet.say(0, "One small object is written to try it all out: Enter begins. Nothing else is asked of S3.");
            return;
        }
        Remote::Asked(asked) => parts::waiting(sheet, "Trying it out", *asked, state.now),
        Remote::Got(true) if offered.is_some() => {
            sheet.mark(0, Mark::Warning, "It works, though one answer is not right.");
        }
        Remote::Got(true) => match &state.facts.preview {
            Remote::Failed(trouble) => {
                sheet.mark(
                    0,
                    Mark::Warning,
                    "The test write works, but the source could not be read, so a run would fail:",
                );
                sheet.say(2, &look.text(&trouble.what));
            }
            Remote::Got(preview) => {
                let of_checks = checks.iter().filter(|line| line.outcome == Outcome::Warning).count();
                let of_tables: usize = preview.tables.iter().map(|table| table.warnings().count()).sum();
                sheet.mark(
                    0,
                    Mark::Good,
                    match of_checks.max(of_tables) {
                        0 => "All of it works.",
                        1 => "All of it works, with a warning.",
                        _ => "All of it works, with warnings.",
                    },
                );
            }
            Remote::Idle | Remote::Asked(_) => sheet.mark(0, Mark::Good, "The test write works."),
        },
        Remote::Got(false) => {
            sheet.mark(0, Mark::Bad, "It does not work yet. Mend it and press r, or Esc to change an answer.");
        }
        Remote::Failed(trouble) => parts::trouble(sheet, 0, trouble),
        Remote::Idle => {}
    }
    sheet.blank();
    for line in checks {
        checked(sheet, line, if works { "Enter" } else { "u" });
    }
    if room > Room::Narrow && works {
        sheet.blank();
        sheet.say(
            0,
            match offered {
                Some(_) => "Enter uses what was found and tries it out again; Ctrl-S writes the config as it is.",
                None if state.is_only_checked() => "Enter leads back.",
                None => "Enter writes the config.",
            },
        );
    }
}

/// A line of the check; `key` is what takes the answer that it found.
fn checked(sheet: &mut Sheet<'_>, line: &CheckLine, key: &str) {
    const NAME: usize = 20;
    let look = sheet.look;
    let (symbol, style) = look.mark(parts::outcome(line.outcome));
    let gap = " ".repeat(3 - width(symbol));
    let symbol = vec![Span::raw("  "), Span::styled(symbol, style), Span::raw(gap)];
    let (name, detail) = (look.text(&line.check), look.text(&line.detail));
    if width(&name) > NAME {
        // Several in one.
        return sheet.led(&Line::from(symbol), &format!("{name}: {detail}"), Style::new());
    }
    let name = format!("{}  ", padded(&name, NAME.min(sheet.width / 4), look.ellipsis()));
    let lead = Line::from([symbol, vec![Span::raw(name)]].concat());
    let room = sheet.width.saturating_sub(lead.width());
    if wrapped(&detail, room).len() > 2 {
        // Long ones are easier to read, and ARNs to copy, over the whole width.
        sheet.line(lead);
        sheet.say(5, &detail);
    } else {
        sheet.led(&lead, &detail, Style::new());
    }
    if let Some(next) = &line.next {
        parts::next(sheet, 5, next);
    }
    if let Some((id, value)) = line.answer.as_ref().filter(|_| line.outcome != Outcome::Ok) {
        let value = look.text(&value.typed());
        parts::next(sheet, 5, &format!("{} {value} would do: {key} uses it", id.question().title));
    }
    if let Some(statement) = &line.statement {
        sheet.blank();
        sheet.styled(2, "Add this statement to the policy (y copies it)", bold());
        parts::statement(sheet, 4, statement);
    }
}
