//! Where rows come from.

use lakeward_wizard::{Id, Remote, State};

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
            sheet.say(2, if of_plugin(state) {
                "The next screen shows the plugin's tables, before anything is written. The plugin is asked for them."
            } else {
                "The next screen shows the first rows, before anything is written."
            });
        }
        Remote::Got(preview) => {
            let tables = counted(preview.tables.len() as u64, "table");
            let shown = if of_plugin(state) { "them" } else { "the first rows" };
            sheet.mark(2, Mark::Good, &format!("{tables} found; the next screen shows {shown}."));
        }
        Remote::Failed(trouble) => parts::trouble(&mut sheet, 2, trouble),
    }
    form::draw(state, ground, "Where do rows come from?", piped, Some(sheet));
}

/// Whether rows come from a plugin, which tells its tables, but shows no rows before it runs.
pub(super) fn of_plugin(state: &State) -> bool {
    state.answers.is(Id::Source, "cloudquery")
}
