//! Fields around a plugin's own spec that a config has no place for, and what is to be said of each.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    super::{error::Finding, secret},
    toml_text::written,
};

/// What is to be said of a field that was left out.
pub(super) struct LeftOut {
    pub(super) what: String,
    /// Whether something is otherwise now than it was.
    pub(super) matters: bool,
}

/// A field: its name, the value that changes nothing, and what becomes of any other.
type Field = (&'static str, &'static str, &'static str);

const STATE: &str = "Lakeward keeps the state of incremental tables itself, in `state_dir`, and saves it only once the rows have \
                     landed; the state that there is can't be taken over, so the first run reads everything";
const CONCURRENCY: &str =
    "it is a field of older versions; where the plugin knows it, it stands in the plugin's own spec";
const TRACES: &str = "Lakeward sends no traces, and starts plugins so that they send none";

const OF_SOURCES: [Field; 13] = [
    ("backend_options", "", STATE),
    ("backend", "'none'", STATE),
    ("backend_spec", "", STATE),
    ("scheduler", "", CONCURRENCY),
    ("concurrency", "", CONCURRENCY),
    ("table_concurrency", "", CONCURRENCY),
    ("resource_concurrency", "", CONCURRENCY),
    ("otel_endpoint", "", TRACES),
    ("otel_endpoint_insecure", "false", TRACES),
    ("otel_endpoint_headers", "", TRACES),
    ("otel_endpoint_urlpath", "", TRACES),
    ("docker_registry_auth_token", "", "Lakeward fetches no plugins"),
    ("sync_mode", "", "a run reads what the plugin sends, and appends it"),
];

const OF_DESTINATIONS: [Field; 9] = [
    ("write_mode", "'append'", APPEND),
    ("migrate_mode", "'safe'", "each object brings its own schema, so that nothing is migrated"),
    (
        "pk_mode",
        "'default'",
        "primary keys are those that the plugin tells, and stand in the metadata of Parquet alone",
    ),
    ("sync_group_id", "", "objects can be told apart by {{SYNC_ID}} in `path`"),
    (
        "send_sync_summary",
        "false",
        "no table of summaries is written; a run prints one (--progress json: for programs)",
    ),
    ("batch_size", "", MOVED),
    ("batch_size_bytes", "", MOVED),
    ("docker_registry_auth_token", "", "Lakeward fetches no plugins"),
    ("sync_mode", "", "a run appends what the plugin sends"),
];

const APPEND: &str = "objects in S3 can't be overwritten or deleted row by row";
const MOVED: &str = "it is a field of older versions, which the destination reads from its own spec now";

/// The fields of a kind of document that are left out, to be known by their names.
pub(super) fn names(of_source: bool) -> impl Iterator<Item = &'static str> {
    fields(of_source).iter().map(|(name, ..)| *name).chain((!of_source).then_some(TRANSFORMERS))
}

fn fields(of_source: bool) -> &'static [Field] {
    if of_source { &OF_SOURCES } else { &OF_DESTINATIONS }
}

const TRANSFORMERS: &str = "transformers";

/// Takes these fields out of a spec.
///
/// # Errors
/// Those without which other rows would land than before.
pub(super) fn take(spec: &mut DeTable<'_>, of_source: bool) -> Result<Vec<LeftOut>, Vec<Finding>> {
    let (mut left_out, mut wrong) = (Vec::new(), Vec::new());
    for (name, changes_nothing, says) in fields(of_source) {
        let Some(value) = spec.remove(*name) else { continue };
        let shown = shown(name, &value);
        if *name == "write_mode" && written_plainly(value.get_ref()) != *changes_nothing {
            let hint = "write `write_mode: append`, which is all that the S3 destination can do";
            wrong.push(Finding::new(value.span(), format!("{shown} can't be kept: {says}")).hint(hint));
        } else if written_plainly(value.get_ref()) == *changes_nothing {
            left_out.push(LeftOut { what: format!("{shown} is left out: it is so anyway."), matters: false });
        } else {
            left_out.push(LeftOut { what: format!("{shown} is left out: {says}."), matters: true });
        }
    }
    if let Some(value) = spec.remove(TRANSFORMERS).filter(|_| !of_source)
        && value.get_ref().as_array().is_none_or(|names| names.iter().next().is_some())
    {
        wrong.push(
            Finding::new(value.span(), "`transformers` can't be kept: Lakeward lands rows as the source gives them")
                .hint("take the field out if they may land so; else stay with CloudQuery's command line, and use `lakeward serve`"),
        );
    }
    if wrong.is_empty() { Ok(left_out) } else { Err(wrong) }
}

/// A field as it is named in a comment; its value is shown only where it can't hold a secret.
fn shown(name: &str, value: &Spanned<DeValue<'_>>) -> String {
    let is_plain = match value.get_ref() {
        DeValue::Boolean(_) | DeValue::Integer(_) => true,
        DeValue::String(text) => text.len() <= 24 && text.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
        _ => false,
    };
    if is_plain && !secret::is_name(name) {
        let text = written_plainly(value.get_ref());
        return format!("`{name}: {}`", text.trim_matches('\''));
    }
    format!("`{name}`")
}

/// A value as the tables above write it.
fn written_plainly(value: &DeValue<'_>) -> String {
    value.as_str().map_or_else(|| written(value), |text| format!("'{text}'"))
}
