//! What several screens are made of.

use std::time::{Duration, SystemTime};

use lakeward_core::plan::CREDENTIAL_PROGRAM_LIMIT;
use lakeward_wizard::{Condition, Outcome, QUESTIONS, Question, Screen, State, Trouble};
use ratatui::{style::Style, text::Span};

use crate::wizard::{
    look::{Look, Mark, bold},
    sheet::Sheet,
    text::{cut, middle, width},
    time::{since, span},
};

/// The same as the answers so far as a command, in one line. Where it is too long, what the screen is about follows the command's
/// name, and F2 shows all of it.
pub(crate) fn command_line(state: &State, look: &Look, most: usize) -> String {
    let command = look.text(&state.command());
    if width(&command) <= most {
        return command;
    }
    let about = |question: &&Question| is_about(state.screen, question.screen);
    let flags = QUESTIONS.iter().filter(about).filter_map(|question| command.find(&format!(" --{} ", question.flag)));
    let Some(rest) = flags.min().and_then(|at| command.get(at..)) else { return cut(&command, most, look.ellipsis()) };
    let sign = look.ellipsis();
    let lead = format!("{} {sign}", look.text(&state.facts.place.asking()));
    // Of a long path more is lost than the name is worth.
    let lead = if width(&lead) * 2 > most { sign } else { &lead };
    format!("{lead}{}", cut(rest, most.saturating_sub(width(lead)), sign))
}

/// That a text which may be typed elsewhere has letters that this terminal has no signs for.
pub(crate) fn unshown(sheet: &mut Sheet<'_>, text: &str) {
    if !sheet.look.unicode && !text.is_ascii() {
        sheet.blank();
        sheet.mark(
            0,
            Mark::Warning,
            "A ? may stand for a letter that this terminal can't show: y copies the right ones.",
        );
    }
}

/// Whether a screen is about the questions of another.
fn is_about(screen: Screen, of: Screen) -> bool {
    match screen {
        Screen::Method | Screen::Details | Screen::SignIn | Screen::Mfa => {
            matches!(of, Screen::Method | Screen::Details)
        }
        Screen::Identity => matches!(of, Screen::Method | Screen::Details | Screen::Directory),
        Screen::Preview => of == Screen::Source,
        Screen::Review => true,
        screen => screen == of,
    }
}

/// The question that the screen asks, and on the right in which circumstances.
pub(crate) fn question(sheet: &mut Sheet<'_>, question: &str, right: &str) {
    let room = sheet.width.saturating_sub(width(question) + 3);
    let right = sheet.look.text(right);
    // How it is known matters least.
    let right = match right.split_once(" (") {
        Some((what, _)) if width(&right) > room => what,
        _ => right.as_str(),
    };
    let right = if room < 12 { String::new() } else { middle(right, room, sheet.look.ellipsis()) };
    sheet.apart(question, bold(), &right, Style::new());
}

/// What went wrong and what to do; its statement whole, to be copied.
pub(crate) fn trouble(sheet: &mut Sheet<'_>, indent: usize, trouble: &Trouble) {
    let look = sheet.look;
    let mut lines = trouble.what.lines();
    sheet.mark(indent, Mark::Bad, &look.text(lines.next().unwrap_or_default()));
    lines.for_each(|line| sheet.say(indent + 2, &look.text(line.trim_start())));
    if let Some(next) = &trouble.next {
        self::next(sheet, indent + 2, next);
    }
    if let Some(text) = &trouble.statement {
        sheet.blank();
        sheet.heading("Add this statement to the policy");
        statement(sheet, indent + 2, text);
    }
}

/// What to do; of several things, each in a line of its own.
pub(crate) fn next(sheet: &mut Sheet<'_>, indent: usize, next: &str) {
    let look = sheet.look;
    for (at, next) in next.lines().enumerate() {
        let or = if at > 0 { "or " } else { "" };
        let arrow = format!("{}{} ", " ".repeat(indent), look.glyph("→", "->"));
        sheet.hanging(Span::raw(arrow), &look.text(&format!("{or}{next}")), Style::new());
    }
}

/// Lines of JSON, each whole.
pub(crate) fn statement(sheet: &mut Sheet<'_>, indent: usize, json: &str) {
    for line in json.lines() {
        let line = sheet.look.text(line);
        sheet.whole(indent, &line, Style::new());
    }
}

/// What a service is to answer: as [`waiting_for`], and in the end why it may not.
pub(crate) fn waiting(sheet: &mut Sheet<'_>, what: &str, asked: SystemTime, now: SystemTime) {
    awaited(sheet, what, asked, now, "; a proxy or firewall may be in the way");
}

/// What is waited for: nothing is said at once, for most is there before one could read it; after a while, since when.
pub(crate) fn waiting_for(sheet: &mut Sheet<'_>, what: &str, asked: SystemTime, now: SystemTime) {
    awaited(sheet, what, asked, now, "");
}

/// That a program runs which is asked for credentials.
pub(crate) fn waiting_for_program(sheet: &mut Sheet<'_>, program: &str, asked: SystemTime, now: SystemTime) {
    let what = sheet.look.text(&format!("Waiting for {program}, then for STS"));
    let limit = CREDENTIAL_PROGRAM_LIMIT.as_secs();
    let (waited, dots) = (since(asked, now), sheet.look.glyph("…", "..."));
    sheet.say(0, &format!("{what} {dots} {} s", waited.as_secs()));
    sheet.say(0, &format!("The program is ended after {limit} s, and nobody can answer it here."));
}

fn awaited(sheet: &mut Sheet<'_>, what: &str, asked: SystemTime, now: SystemTime, late: &str) {
    let waited = since(asked, now);
    if waited < Duration::from_millis(300) {
        return sheet.blank();
    }
    let mut said = format!("{what} {}", sheet.look.glyph("…", "..."));
    if waited >= Duration::from_secs(3) {
        said.push_str(&format!(" {}", span(waited)));
    }
    if waited >= Duration::from_secs(10) {
        said.push_str(late);
    }
    sheet.say(0, &said);
}

/// The symbol of a condition.
pub(crate) fn condition(condition: &Condition) -> Mark {
    match condition {
        Condition::Good(_) => Mark::Good,
        Condition::Needs(_) | Condition::Runs(_) => Mark::Warning,
        Condition::Broken(_) => Mark::Bad,
        Condition::Absent(_) => Mark::None,
    }
}

/// The symbol of an outcome.
pub(crate) fn outcome(outcome: Outcome) -> Mark {
    match outcome {
        Outcome::Ok => Mark::Good,
        Outcome::Warning => Mark::Warning,
        Outcome::Failed => Mark::Bad,
        Outcome::Skipped => Mark::None,
    }
}

/// A bar that is filled to so many of a whole.
pub(crate) fn gauge(look: &Look, cells: usize, part: u64, whole: u64) -> String {
    let filled = filled(cells, part, whole);
    let (full, empty) = (look.glyph("█", "#"), look.glyph("░", "-"));
    format!("[{}{}]", full.repeat(filled), empty.repeat(cells - filled))
}

/// How many of so many cells are filled.
fn filled(cells: usize, part: u64, whole: u64) -> usize {
    let cells_wide = cells as u128;
    let filled = cells_wide * u128::from(part.min(whole)) / u128::from(whole.max(1));
    usize::try_from(filled).unwrap_or(cells).min(cells)
}

/// Numbers as little columns, the latest on the right.
pub(crate) fn sparkline(look: &Look, numbers: &[u64], cells: usize) -> String {
    const UNICODE: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    const ASCII: [&str; 9] = [" ", "_", ".", ".", "-", "=", "+", "*", "#"];
    let steps = if look.unicode { UNICODE } else { ASCII };
    let shown = numbers.get(numbers.len().saturating_sub(cells)..).unwrap_or_default();
    let most = shown.iter().copied().max().unwrap_or_default();
    shown
        .iter()
        .map(|number| {
            let step = if *number == 0 { 0 } else { filled(steps.len() - 1, *number, most).max(1) };
            steps.get(step).copied().unwrap_or_default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_and_sparklines_keep_their_length() {
        let ascii = Look { unicode: false, colour: false };
        assert_eq!(gauge(&ascii, 10, 71, 100), "[#######---]");
        assert_eq!(gauge(&ascii, 10, u64::MAX, u64::MAX), "[##########]");
        assert_eq!(gauge(&ascii, 4, 0, 0), "[----]");
        assert_eq!(sparkline(&ascii, &[0, 1, 50, 100], 3), "_-#");
        assert_eq!(sparkline(&ascii, &[], 3), "");
    }
}
