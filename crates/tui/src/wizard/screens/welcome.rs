//! There is a config: what can be done with it.

use lakeward_wizard::{LEFT_EDIT, Remote, Row, State};
use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{identity, parts};
use crate::wizard::{
    ground::{Ground, Room},
    look::{Mark, bold, reverse},
    sheet::Sheet,
    text::{cut, padded, width},
};

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let look = ground.look;
    let mut sheet = ground.sheet();
    parts::question(&mut sheet, "There is a config. What shall be done?", "");
    if ground.room > Room::Narrow {
        sheet.blank();
    }
    about(state, &mut sheet);
    sheet.blank();
    options(state, &mut sheet, ground.area.height);
    if ground.room > Room::Narrow {
        sheet.blank();
        for note in &state.facts.place.notes {
            sheet.mark(0, Mark::Info, &look.text(note));
        }
    }
    ground.fill(&sheet);
}

/// The config in a few lines, and whether its credentials work.
fn about(state: &State, sheet: &mut Sheet<'_>) {
    const LABEL: usize = 13;
    let look = sheet.look;
    let edit = if state.has_left_edit() { format!("; {LEFT_EDIT}") } else { String::new() };
    sheet.pair(0, "Config", LABEL, &look.text(&format!("{}{edit}", state.facts.place.config_shown)));
    if let Remote::Failed(trouble) = &state.facts.document {
        return parts::trouble(sheet, 0, trouble);
    }
    sheet.pair(0, "Destination", LABEL, &look.text(&state.leads_to()));
    if let Some(source) = state.rows_from() {
        sheet.pair(0, "Rows from", LABEL, &look.text(&source));
    }
    match &state.facts.identity {
        Remote::Got(identity) => {
            let (symbol, style) = look.mark(Mark::Good);
            let lead = vec![Span::raw(format!("{:<LABEL$}", "Signed in")), Span::styled(symbol, style), Span::raw(" ")];
            let words = format!("as {}, for {}", identity::short(identity, look), identity::validity(identity, state));
            sheet.led(&Line::from(lead), &words, Style::new());
            for warning in &identity.warnings {
                sheet.mark(LABEL, Mark::Warning, &look.text(warning));
            }
        }
        Remote::Asked(since) => parts::waiting(sheet, "Looking whether its credentials work", *since, state.now),
        Remote::Failed(trouble) => parts::trouble(sheet, 0, trouble),
        Remote::Idle => {}
    }
}

/// The few things that can be done, a line each.
pub(crate) fn options(state: &State, sheet: &mut Sheet<'_>, height: u16) {
    let look = sheet.look;
    let mut whole = None;
    for (at, index) in state.list.matching.iter().enumerate() {
        let (name, does) = match state.list.rows.get(*index) {
            Some(Row::Welcome(what)) => what.words(state.facts.again),
            Some(Row::Run(true)) => ("Run it now", state.facts.again.offer()),
            Some(Row::Run(false)) if state.facts.place.is_demo => ("Not now", "the demo ends without a run"),
            Some(Row::Run(false)) => ("Not now", "the config stays; the command to run it is below"),
            _ => continue,
        };
        let focused = at == state.list.focus;
        let pointer = if focused { look.pointer() } else { " " };
        let name = Span::styled(format!(" {} ", padded(name, 10, "")), if focused { reverse() } else { bold() });
        if focused {
            sheet.focus = sheet.len()..sheet.len() + 1;
        }
        let room = sheet.width.saturating_sub(16);
        let short = cut(does, room, look.ellipsis());
        if focused && width(does) > room {
            whole = Some(does);
        }
        sheet.line(Line::from(vec![Span::raw(format!("{pointer} ")), name, Span::raw(format!("  {short}"))]));
    }
    // What did not fit beside the one with the focus.
    if let Some(whole) = whole.filter(|_| sheet.len() + 3 <= usize::from(height)) {
        sheet.blank();
        sheet.say(2, whole);
    }
}
