//! What was written, and how to go on.

use lakeward_wizard::{Again, Id, Outcome, Remote, State};
use ratatui::{style::Style, text::Span};

use super::{parts, run, welcome};
use crate::summary::fitted;
use crate::wizard::{
    ground::{Ground, Room},
    look::{Mark, bold},
    sheet::Sheet,
    text::{padded, width},
};

/// The config is written: run it?
pub(crate) fn written(state: &State, ground: &mut Ground<'_>) {
    let look = ground.look;
    let mut sheet = ground.sheet();
    match &state.facts.written {
        Remote::Got(what) => {
            sheet.mark(0, if state.facts.is_unchanged { Mark::Info } else { Mark::Good }, &look.text(what));
            for failed in state.facts.checks.iter().filter(|line| line.outcome == Outcome::Failed) {
                let what = format!("Its test has failed: {}, {}", failed.check, failed.detail);
                sheet.mark(0, Mark::Warning, &look.text(&what));
            }
        }
        Remote::Asked(asked) => parts::waiting(&mut sheet, "Writing", *asked, state.now),
        Remote::Failed(trouble) => parts::trouble(&mut sheet, 0, trouble),
        Remote::Idle => {}
    }
    sheet.blank();
    if matches!(state.facts.written, Remote::Got(_)) {
        parts::question(&mut sheet, "Run it?", "");
        sheet.blank();
        welcome::options(state, &mut sheet, ground.area.height);
        // What the row does not say already.
        let more = match state.facts.again {
            Again::All => "Two runs land each row twice.".to_owned(),
            Again::Increment => format!("{}.", state.facts.again.sentence()),
            Again::Anew => String::new(),
        };
        if !more.is_empty() {
            sheet.blank();
            sheet.mark(0, Mark::Info, &more);
        }
    }
    if ground.room > Room::Narrow {
        sheet.blank();
        commands(state, &mut sheet, usize::from(ground.area.height));
    }
    ground.fill(&sheet);
}

/// The end.
pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let look = ground.look;
    let mut sheet = ground.sheet();
    match &state.run.ended {
        Some(Ok(summary)) => {
            let (mark, said) = run::landed(state);
            sheet.mark(0, mark, &said);
            sheet.blank();
            let is_wide = summary.lines().take_while(|line| !line.is_empty()).any(|line| width(line) > sheet.width);
            let fitted = if is_wide { fitted(summary, sheet.width, look.ellipsis()) } else { None };
            let fitted = fitted.unwrap_or_default();
            for line in &fitted {
                sheet.line(look.text(line));
            }
            for line in summary.lines().skip(fitted.len()) {
                let line = look.text(line);
                // Columns stay as they are set; a line that is to be copied is there as a whole.
                if width(&line) > sheet.width && !line.contains("   ") {
                    sheet.whole(0, &line, Style::new());
                } else {
                    sheet.line(line);
                }
            }
        }
        Some(Err(trouble)) => parts::trouble(&mut sheet, 0, trouble),
        None => {
            if let Remote::Got(what) = &state.facts.written {
                sheet.mark(0, Mark::Good, &look.text(what));
            }
        }
    }
    sheet.blank();
    commands(state, &mut sheet, usize::from(ground.area.height));
    ground.fill(&sheet);
}

/// What to type from now on: beside what it does where all of them fit so, else above it; without room for that in so many lines, the
/// commands alone.
fn commands(state: &State, sheet: &mut Sheet<'_>, height: usize) {
    if state.facts.place.is_demo {
        // Its config leads nowhere without it.
        sheet.heading("For real");
        return sheet.say(2, "lakeward init asks the same, with your sign-in, your bucket and your rows");
    }
    let config = sheet.look.text(&state.facts.place.config_shown);
    sheet.heading("From now on");
    // The embedded S3 needs no policy, and the command says no more than that.
    let needs_policy = !state.answers.is(Id::Storage, "embedded");
    let policy = || (format!("lakeward policy --config {config}"), "the IAM policy that it needs");
    let mut commands = vec![
        (format!("lakeward --config {config}"), "run it; from cron by its whole path"),
        (format!("lakeward check --config {config}"), "try it out, with one test write"),
    ];
    commands.extend(needs_policy.then(policy));
    commands.push((sheet.look.text(&state.facts.place.opening()), "run, edit, check, sign in"));
    let longest = commands.iter().map(|(command, _)| width(command)).max().unwrap_or_default();
    let words = commands.iter().map(|(_, does)| width(does)).max().unwrap_or_default();
    let below = sheet.len() + 2 * commands.len() <= height;
    for (command, does) in commands {
        if longest + words + 4 <= sheet.width {
            let lead = Span::styled(format!("  {}", padded(&command, longest + 2, "")), bold());
            sheet.hanging(lead, does, Style::new());
        } else {
            sheet.whole(2, &command, bold());
            if below {
                sheet.say(4, does);
            }
        }
    }
}
