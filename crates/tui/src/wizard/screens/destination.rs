//! Where rows go: bucket, path and format, and what a key will look like.

use lakeward_core::key::{Template, Variable};
use lakeward_wizard::{Id, State};

use super::{form, identity};
use crate::wizard::{
    ground::{Ground, Room},
    look::{Mark, bold},
    sheet::Sheet,
};

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let who =
        state.facts.identity.got().map(|who| format!("as {}", identity::short(who, ground.look))).unwrap_or_default();
    let mut sheet = ground.sheet();
    if ground.room > Room::Narrow {
        sheet.blank();
    }
    preview(state, &mut sheet);
    form::draw(state, ground, "Where should the data go?", &who, Some(sheet));
}

/// The key of an object of a table that is to be read, or of an example, as the fields make it now.
fn preview(state: &State, sheet: &mut Sheet<'_>) {
    let look = sheet.look;
    let previewed = state.facts.preview.got().and_then(|preview| preview.tables.first());
    let table = state.answers.text(Id::Table).or(previewed.map(|table| table.name.as_str()));
    // Which tables there are, a later step finds out.
    let table = table.map_or("a table named \"orders\"".to_owned(), |table| format!("table \"{table}\""));
    sheet.say(0, &look.text(&format!("An object of {table}, begun now (UTC)")));
    match state.key_preview() {
        Ok(key) => sheet.whole(2, &look.text(&key), bold()),
        // Why, the field itself says once it is left.
        Err(_) => sheet.mark(2, Mark::None, "none, as long as the path is not right"),
    }
    let template = state.typed_answers().text(Id::Path).and_then(|path| Template::parse(path).ok());
    let mixes = |template: &Template| !template.uses(Variable::Table) && !template.uses(Variable::TableHyphen);
    if state.completes_path() {
        sheet.mark(2, Mark::None, "The path has no variable: these are added once its field is left.");
    } else if template.is_some_and(|template| mixes(&template)) {
        sheet.mark(2, Mark::Warning, "Without {{TABLE}} the objects of all tables lie in one folder.");
    }
}
