//! Where rows go: bucket, path and format, and what a key will look like.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lakeward_core::{
    key::{KeyParts, Template, Variable},
    table::TableName,
};
use lakeward_wizard::{Id, State};
use uuid::Uuid;

use super::{form, identity};
use crate::wizard::{
    ground::Ground,
    look::{Mark, bold},
    sheet::Sheet,
};

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let who =
        state.facts.identity.got().map(|who| format!("as {}", identity::short(who, ground.look))).unwrap_or_default();
    form::draw(state, ground, "Where should the data go?", &who, |sheet| preview(state, sheet));
}

/// The key of an object of a table that is to be read, or of an example, as the fields make it now.
fn preview(state: &State, sheet: &mut Sheet<'_>) {
    let look = sheet.look;
    let path = field(state, Id::Path);
    if path.is_empty() {
        return;
    }
    sheet.blank();
    let template = match Template::parse(path) {
        Ok(template) => template,
        Err(error) => return sheet.mark(0, Mark::Warning, &look.text(&format!("This path makes no key: {error}"))),
    };
    let table = state
        .facts
        .preview
        .got()
        .and_then(|preview| preview.tables.first())
        .map_or("orders", |table| table.name.as_str());
    let Ok(name) = TableName::new(table) else { return };
    let extension = extension(field(state, Id::Format), field(state, Id::Compression));
    let parts = KeyParts {
        table: &name,
        extension: &extension,
        uuid: Uuid::from_u128(SAMPLE),
        sync_id: Uuid::from_u128(SAMPLE.rotate_left(32)),
        begun: DateTime::<Utc>::from(state.now.max(SystemTime::UNIX_EPOCH)),
    };
    let Ok(key) = template.render(&parts) else { return };
    sheet.heading(&look.text(&format!("An object of table \"{table}\", if it began now (UTC)")));
    let bucket = field(state, Id::Bucket);
    let bucket = if bucket.is_empty() { "BUCKET" } else { bucket };
    let place = match field(state, Id::Dir) {
        "" => format!("s3://{bucket}/{}", key.as_str()),
        dir => format!("{}/{bucket}/{}", dir.trim_end_matches('/'), key.as_str()),
    };
    sheet.whole(2, &look.text(&place), bold());
    if !template.uses(Variable::Table) && !template.uses(Variable::TableHyphen) {
        sheet.mark(0, Mark::Warning, "Without {{TABLE}} the objects of all tables lie in one folder.");
    }
    sheet.say(0, "Variables: {{TABLE}} {{YEAR}} {{MONTH}} {{DAY}} {{HOUR}} {{SYNC_ID}} {{UUID}} {{FORMAT}}");
}

/// An id as any other.
const SAMPLE: u128 = 0x0192_f3a4_5b6c_7d8e_9fa0_b1c2_d3e4_f506;

/// What stands in a field, or was answered.
fn field(state: &State, id: Id) -> &str {
    let field = state.form.fields.iter().find(|field| field.id == id);
    field.map_or_else(|| state.answers.text(id).unwrap_or_default(), |field| field.text.as_str()).trim()
}

/// The extension that objects get.
fn extension(format: &str, compression: &str) -> String {
    match (format, compression) {
        ("" | "parquet", _) => "parquet".to_owned(),
        (format, "gzip") => format!("{format}.gz"),
        (format, "zstd") => format!("{format}.zst"),
        (format, _) => format.to_owned(),
    }
}
