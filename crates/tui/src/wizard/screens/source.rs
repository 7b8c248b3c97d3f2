//! Where rows come from.

use lakeward_wizard::{Remote, State};

use super::{form, parts};
use crate::{
    quantity::counted,
    wizard::{ground::Ground, look::Mark},
};

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let piped = if state.facts.place.stdin_piped { "standard input is piped" } else { "" };
    let mut sheet = ground.sheet();
    sheet.blank();
    match &state.facts.preview {
        Remote::Idle | Remote::Asked(_) => {
            sheet.say(2, "The next screen shows the first rows, before anything is written.");
        }
        Remote::Got(preview) => {
            let tables = counted(preview.tables.len() as u64, "table");
            sheet.mark(2, Mark::Good, &format!("{tables} found; the next screen shows the first rows."));
        }
        Remote::Failed(trouble) => parts::trouble(&mut sheet, 2, trouble),
    }
    form::draw(state, ground, "Where do rows come from?", piped, Some(sheet));
}
