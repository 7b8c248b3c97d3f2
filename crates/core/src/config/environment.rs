//! The environment's layer: `LAKEWARD_<TABLE>_<KEY>` for the scalars of the top level, `[auth]` and `[destination]`, with
//! `__` before a deeper table's key. Where a variable makes a table another kind than the file does, the file's keys that this
//! kind can't have are left out.

use serde_json::Value;
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{
    document::Document,
    error::nearest,
    shape::{Kinds, properties},
};
use crate::untrusted::excerpt;

const PREFIX: &str = "LAKEWARD_";

/// Variables that the command line reads itself.
const OF_THE_COMMAND_LINE: [&str; 3] = ["LAKEWARD_CONFIG", "LAKEWARD_LOG", "LAKEWARD_CREDENTIAL_PROCESS"];

/// A variable that sets a key.
struct Variable<'a> {
    name: String,
    path: Vec<&'a str>,
    schema: &'a Value,
    /// The schema of its table.
    table: &'a Value,
}

/// Lays the environment's values over the document. The answer is a warning for each variable that sets nothing, and for each
/// that leaves something of the file out.
pub(super) fn overlay<'a>(
    document: &mut Document<'a>,
    schema: &Value,
    environment: &'a [(String, String)],
) -> Vec<String> {
    let variables = variables(schema);
    let mut warnings = Vec::new();
    let mut ours: Vec<&'a (String, String)> = environment.iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    ours.sort();
    // First of all, so that what other variables set stays.
    for (name, text) in &ours {
        if let Some(variable) = variables.iter().find(|variable| variable.name == *name) {
            warnings.extend(leave_out(document.root.get_mut(), variable, text));
        }
    }
    for (name, text) in ours {
        if let Some(variable) = variables.iter().find(|variable| variable.name == *name) {
            document.overlay(name, &variable.path, value(text, variable.schema));
        } else if !OF_THE_COMMAND_LINE.contains(&name.as_str()) {
            let known = variables.iter().map(|variable| variable.name.as_str()).chain(OF_THE_COMMAND_LINE);
            let advice = nearest(name, known).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            warnings.push(format!("the environment variable {} sets nothing{advice}", excerpt(name, 80)));
        }
    }
    warnings
}

/// Takes what only goes with other kinds out of the file's table whose kind a variable says, and tells it.
fn leave_out(root: &mut DeTable<'_>, variable: &Variable<'_>, kind: &str) -> Option<String> {
    let (tag, tables) = variable.path.split_last()?;
    let kinds = Kinds::of(variable.table).filter(|kinds| kinds.tag == *tag)?;
    let mut table = root;
    for key in tables {
        let DeValue::Table(inner) = table.get_mut(*key)?.get_mut() else { return None };
        table = inner;
    }
    let known = table.keys().map(|key| key.get_ref().as_ref()).filter(|key| kinds.is_of_another(kind, key));
    let left_out: Vec<String> = known.map(str::to_owned).collect();
    for key in &left_out {
        table.remove(key.as_str());
    }
    let keys: Vec<String> = left_out.iter().map(|key| format!("`{key}`")).collect();
    (!keys.is_empty()).then(|| {
        let (name, table) = (&variable.name, tables.join("."));
        format!(
            "{name} says {tag} = \"{kind}\": what does not go with that is left out of [{table}]: {}",
            keys.join(", ")
        )
    })
}

/// The variable that sets a key, if one does.
pub(super) fn variable_of(schema: &Value, path: &[&str]) -> Option<String> {
    variables(schema).into_iter().find(|variable| variable.path == path).map(|variable| variable.name)
}

/// The names of all variables that set a key, in the order of the schema.
#[cfg(test)]
pub(super) fn variable_names() -> Vec<String> {
    variables(&super::json_schema()).into_iter().map(|variable| variable.name).collect()
}

fn variables(schema: &Value) -> Vec<Variable<'_>> {
    let mut found = Vec::new();
    collect(&mut found, PREFIX, &[], schema);
    found
}

fn collect<'a>(found: &mut Vec<Variable<'a>>, prefix: &str, path: &[&'a str], schema: &'a Value) {
    let tables = Kinds::of(schema).map_or(vec![schema], |kinds| kinds.all.iter().map(|(_, kind)| *kind).collect());
    for (key, property) in tables.into_iter().flat_map(properties) {
        let name = format!("{prefix}{}", key.to_uppercase());
        let path: Vec<&str> = path.iter().copied().chain([key]).collect();
        if property["type"] == "object" || Kinds::of(property).is_some() {
            let separator = if path.len() == 1 { "_" } else { "__" };
            collect(found, &format!("{name}{separator}"), &path, property);
        } else if property["type"] != "array" && !found.iter().any(|variable| variable.name == name) {
            found.push(Variable { name, path, schema: property, table: schema });
        }
    }
}

/// The text as a value of the key's type; text that is none stays text and is a type error later.
fn value<'a>(text: &'a str, schema: &Value) -> DeValue<'a> {
    let trimmed = text.trim();
    let is_typed = match schema["type"].as_str() {
        Some("integer") => trimmed.parse::<i64>().is_ok(),
        Some("boolean") => trimmed.parse::<bool>().is_ok(),
        _ => false,
    };
    let parsed = is_typed.then(|| DeValue::parse(trimmed.trim_start_matches('+')).ok()).flatten();
    parsed.map_or(DeValue::String(DeString::Borrowed(text)), Spanned::into_inner)
}
