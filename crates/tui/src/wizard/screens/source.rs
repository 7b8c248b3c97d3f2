//! Where rows come from.

use lakeward_wizard::{Remote, State};

use super::{form, parts};
use crate::{
    quantity::counted,
    wizard::{ground::Ground, look::Mark},
};

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let piped = if state.facts.place.stdin_piped { "standard input is piped" } else { "" };
    form::draw(state, ground, "Where do rows come from?", piped, |sheet| match &state.facts.preview {
        Remote::Idle => {}
        Remote::Asked(asked) => {
            sheet.blank();
            parts::waiting(sheet, "Looking into it", *asked, state.now);
        }
        Remote::Got(preview) => {
            sheet.blank();
            sheet.mark(
                0,
                Mark::Good,
                &format!(
                    "{} found; the next screen shows the first rows.",
                    counted(preview.tables.len() as u64, "table")
                ),
            );
        }
        Remote::Failed(trouble) => {
            sheet.blank();
            parts::trouble(sheet, 0, trouble);
        }
    });
}
