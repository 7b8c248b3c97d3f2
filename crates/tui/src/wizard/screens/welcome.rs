//! There is a config: what can be done with it.

use lakeward_wizard::{Remote, Row, State};
use ratatui::text::{Line, Span};

use super::{identity, parts};
use crate::wizard::{
    ground::{Ground, Room},
    look::{bold, reverse},
    text::padded,
};

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let look = ground.look;
    let mut sheet = ground.sheet();
    parts::question(&mut sheet, "What shall be done?", "");
    sheet.blank();
    sheet.pair(0, "Config", 10, &look.text(&state.facts.place.config_shown));
    match &state.facts.identity {
        Remote::Got(identity) => sheet.pair(0, "Signed in", 10, &format!("as {}", identity::short(identity, look))),
        Remote::Asked(since) => parts::waiting(&mut sheet, "Looking whether its credentials work", *since, state.now),
        Remote::Failed(trouble) => parts::trouble(&mut sheet, 0, trouble),
        Remote::Idle => {}
    }
    sheet.blank();
    options(state, &mut sheet);
    if ground.room > Room::Narrow {
        sheet.blank();
        for note in &state.facts.place.notes {
            sheet.mark(0, crate::wizard::look::Mark::Info, &look.text(note));
        }
    }
    ground.fill(&sheet);
}

/// The few things that can be done, a line each.
pub(crate) fn options(state: &State, sheet: &mut crate::wizard::sheet::Sheet<'_>) {
    let look = sheet.look;
    for (at, index) in state.list.matching.iter().enumerate() {
        let (name, does) = match state.list.rows.get(*index) {
            Some(Row::Welcome(what)) => what.words(),
            Some(Row::Run(true)) => ("Run it now", "land all rows of its sources; each run appends them all"),
            Some(Row::Run(false)) => ("Not now", "the config stays; the command to run it is below"),
            _ => continue,
        };
        let focused = at == state.list.focus;
        let pointer = if focused { look.pointer() } else { " " };
        let name = Span::styled(format!(" {} ", padded(name, 10, "")), if focused { reverse() } else { bold() });
        if focused {
            sheet.focus = sheet.len()..sheet.len() + 1;
        }
        sheet.line(Line::from(vec![Span::raw(format!("{pointer} ")), name, Span::raw(format!("  {does}"))]));
    }
}
