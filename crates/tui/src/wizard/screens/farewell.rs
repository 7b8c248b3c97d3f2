//! What was written, and how to go on.

use lakeward_wizard::{Remote, State};
use ratatui::style::Style;

use super::{parts, welcome};
use crate::wizard::{
    ground::{Ground, Room},
    look::{Mark, bold},
    sheet::Sheet,
};

/// The config is written: run it?
pub(crate) fn written(state: &State, ground: &mut Ground<'_>) {
    let look = ground.look;
    let mut sheet = ground.sheet();
    match &state.facts.written {
        Remote::Got(what) => sheet.mark(0, Mark::Good, &look.text(what)),
        Remote::Asked(asked) => parts::waiting(&mut sheet, "Writing", *asked, state.now),
        Remote::Failed(trouble) => parts::trouble(&mut sheet, 0, trouble),
        Remote::Idle => {}
    }
    sheet.blank();
    if matches!(state.facts.written, Remote::Got(_)) {
        parts::question(&mut sheet, "Run it?", "");
        sheet.blank();
        welcome::options(state, &mut sheet);
        sheet.blank();
        sheet.mark(0, Mark::Info, "Each run appends all rows of its sources: two runs land each row twice.");
    }
    if ground.room > Room::Narrow {
        sheet.blank();
        commands(state, &mut sheet);
    }
    ground.fill(&sheet);
}

/// The end.
pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let look = ground.look;
    let mut sheet = ground.sheet();
    match &state.run.ended {
        Some(Ok(summary)) => {
            sheet.mark(0, Mark::Good, "All rows have landed.");
            sheet.blank();
            // Set in columns, so it is not wrapped.
            for line in summary.lines() {
                sheet.line(look.text(line));
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
    commands(state, &mut sheet);
    ground.fill(&sheet);
}

/// What to type from now on.
fn commands(state: &State, sheet: &mut Sheet<'_>) {
    let config = sheet.look.text(&state.facts.place.config_shown);
    sheet.heading("From now on");
    for (command, does) in [
        (format!("lakeward --config {config}"), "a run without questions, for cron and containers"),
        (format!("lakeward check --config {config}"), "try it out again, with one test write"),
        (format!("lakeward policy --config {config}"), "the IAM policy that it needs"),
        ("lakeward".to_owned(), "run, edit, check, sign in"),
    ] {
        if command.len() + does.len() + 6 < sheet.width {
            sheet.pair(2, &command, 44.min(sheet.width / 2), does);
        } else {
            sheet.whole(2, &command, bold());
            sheet.styled(4, does, Style::new());
        }
    }
}
