//! The shape of a config: that every key is known, no required one is missing, and every value is of its type. All of that
//! is told at once.

use std::{collections::BTreeSet, ops::Range};

use serde_json::Value;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    error::{DID_YOU_MEAN, Finding, UNKNOWN, listed, nearest},
    secret,
};
use crate::untrusted::excerpt;

/// Checks a document against the config's schema.
pub(super) fn check(root: &Spanned<DeTable<'_>>, schema: &Value) -> Vec<Finding> {
    let mut check = Check { schema, findings: Vec::new() };
    // The root's own span is the whole file; a key that is missing there is told at its first byte.
    check.table("", 0..0, root.get_ref(), schema);
    check.findings
}

/// The kinds of a table that comes in kinds.
pub(super) struct Kinds<'a> {
    /// The key that says which kind a table is.
    pub(super) tag: &'a str,
    /// The kind of a table that does not say.
    pub(super) default: Option<&'a str>,
    /// Each kind's name and schema.
    pub(super) all: Vec<(&'a str, &'a Value)>,
}

impl<'a> Kinds<'a> {
    /// The kinds that a schema tells apart, if it does.
    pub(super) fn of(schema: &'a Value) -> Option<Self> {
        let variants = schema["oneOf"].as_array()?;
        let (tag, _) = properties(variants.first()?).find(|(_, property)| property.get("const").is_some())?;
        let all: Vec<(&str, &Value)> = variants
            .iter()
            .filter_map(|variant| Some((variant["properties"][tag]["const"].as_str()?, variant)))
            .collect();
        let default = all.iter().find(|(_, kind)| !required(kind).any(|key| key == tag)).map(|(name, _)| *name);
        Some(Self { tag, default, all })
    }

    /// The key that a mistyped one stands for in a table that has these: also where it is nearer to the like of it in another kind.
    fn meant<'k>(&self, name: &str, own: &[&'k str]) -> Option<&'k str> {
        nearest(name, own.iter().copied()).or_else(|| {
            let all = self.all.iter().flat_map(|(_, kind)| properties(kind)).map(|(key, _)| key);
            nearest(nearest(name, all)?, own.iter().copied())
        })
    }

    /// Whether a table of this kind can't have a key that one of another kind can.
    pub(super) fn is_of_another(&self, kind: &str, key: &str) -> bool {
        let (its, others): (Vec<_>, Vec<_>) = self.all.iter().partition(|(name, _)| *name == kind);
        let has = |kinds: &[&(&str, &Value)]| kinds.iter().any(|(_, kind)| kind["properties"].get(key).is_some());
        !its.is_empty() && !has(&its) && has(&others)
    }
}

/// The keys of a table's schema with their schemas.
pub(super) fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    schema["properties"].as_object().into_iter().flatten().map(|(key, property)| (key.as_str(), property))
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

struct Check<'a> {
    schema: &'a Value,
    findings: Vec<Finding>,
}

impl<'a> Check<'a> {
    fn table(&mut self, path: &str, span: Range<usize>, table: &DeTable<'_>, schema: &'a Value) {
        let Some(kinds) = Kinds::of(schema) else {
            return self.keys(path, span, table, schema, None);
        };
        let known: BTreeSet<&str> =
            kinds.all.iter().flat_map(|(_, kind)| properties(kind)).map(|(key, _)| key).collect();
        let is_tag_misspelt =
            |key: &str| !known.contains(key) && nearest(key, known.iter().copied()) == Some(kinds.tag);
        let kind = match table.get(kinds.tag).map(|value| value.get_ref().as_str()) {
            Some(said) => said,
            None if table.keys().any(|key| is_tag_misspelt(key.get_ref())) => None,
            None => kinds.default,
        };
        if let Some((_, kind)) = kinds.all.iter().find(|(name, _)| Some(*name) == kind) {
            return self.keys(path, span, table, kind, Some(&kinds));
        }
        let names: Vec<&str> = kinds.all.iter().map(|(name, _)| *name).collect();
        if let Some(value) = table.get(kinds.tag) {
            self.choice(&dotted(path, kinds.tag), value, &names);
        } else if !table.keys().any(|key| is_tag_misspelt(key.get_ref())) {
            let what = format!("`{}` is missing {}", kinds.tag, shown(path));
            let finding = Finding::new(span, what).hint(format!("there are {}", listed(names)));
            self.findings.push(finding.key(dotted(path, kinds.tag)));
        }
        // What it says most likely stands for, or the kind that most are.
        let said = kind.and_then(|said| nearest(said, kinds.all.iter().map(|(name, _)| *name)));
        let likely = kinds.all.iter().find(|(name, _)| Some(*name) == said).or(kinds.all.first());
        let likely: Vec<&str> = likely.into_iter().flat_map(|(_, kind)| properties(kind)).map(|(key, _)| key).collect();
        // Which kind it is can't be told: only what holds for every kind is surely right or wrong.
        for (key, value) in table.iter().filter(|(key, _)| key.get_ref() != kinds.tag) {
            let name = key.get_ref().as_ref();
            let schemas: Vec<&Value> = kinds.all.iter().filter_map(|(_, kind)| kind["properties"].get(name)).collect();
            match schemas.first() {
                None => {
                    let known: Vec<&str> = known.iter().copied().collect();
                    let near = kinds.meant(name, &likely).or_else(|| nearest(name, known.iter().copied()));
                    self.unknown(path, key.span(), name, &known, near);
                }
                Some(schema) if schemas.len() == kinds.all.len() => self.value(&dotted(path, name), value, schema),
                Some(_) => {}
            }
        }
    }

    fn keys(
        &mut self,
        path: &str,
        span: Range<usize>,
        table: &DeTable<'_>,
        schema: &'a Value,
        kinds: Option<&Kinds<'_>>,
    ) {
        let mut meant = Vec::new();
        for (key, value) in table.iter() {
            let name = key.get_ref().as_ref();
            if let Some(property) = schema["properties"].get(name) {
                self.value(&dotted(path, name), value, property);
            } else if let Some(hint) =
                kinds.filter(|_| !is_misspelt(table, schema, name)).and_then(|kinds| other_kind(kinds, table, name))
            {
                let what = format!("`{name}` does not go with {}", schema["title"].as_str().unwrap_or_default());
                self.findings.push(Finding::new(key.span(), what).hint(hint));
            } else if schema["additionalProperties"] == Value::Bool(false) {
                let known: Vec<&str> = properties(schema).map(|(key, _)| key).collect();
                let near = match kinds {
                    Some(kinds) => kinds.meant(name, &known),
                    None => nearest(name, known.iter().copied()),
                };
                meant.extend(near);
                self.unknown(path, key.span(), name, &known, near);
            } else if schema["additionalProperties"].is_object() {
                self.value(&dotted(path, name), value, &schema["additionalProperties"]);
            }
        }
        // A required key that was misspelt is told once.
        if let Some(ways) = schema["anyOf"].as_array() {
            self.a_way(path, &span, table, ways, &meant);
        }
        for key in required(schema).filter(|key| !table.contains_key(*key) && !meant.contains(key)) {
            self.findings.push(missing(path, span.clone(), key, &schema["properties"][key]));
        }
    }

    /// Of keys that are required together, and of which others can stand in the place: that there is one of any.
    fn a_way(&mut self, path: &str, span: &Range<usize>, table: &DeTable<'_>, ways: &[Value], meant: &[&str]) {
        let ways: Vec<Vec<&str>> = ways.iter().map(|way| required(way).collect()).collect();
        if ways.iter().flatten().any(|key| table.contains_key(*key) || meant.contains(key)) {
            return;
        }
        let firsts: Vec<&str> = ways.iter().filter_map(|way| way.first().copied()).collect();
        let what = format!("`{}` is missing {}", firsts.join("` or `"), shown(path));
        let ways: Vec<String> = ways.iter().map(|way| way.join(" and ")).collect();
        let finding = Finding::new(span.clone(), what).hint(format!("set {}", ways.join(", or ")));
        self.findings.push(match firsts.first() {
            Some(first) => finding.key(dotted(path, first)),
            None => finding,
        });
    }

    fn unknown(&mut self, path: &str, span: Range<usize>, key: &str, known: &[&str], near: Option<&str>) {
        let finding = Finding::new(span, format!("{UNKNOWN}{}` {}", excerpt(key, 60), shown(path)));
        let hint = if secret::is_name(key) {
            "secrets never stand in the config: leave them in the AWS files (~/.aws) or in the environment, and choose between \
             them with [auth] method"
                .to_owned()
        } else if let Some(near) = near {
            format!("{DID_YOU_MEAN}{near}`?")
        } else if let Some(home) = self.home(key).filter(|_| !path.contains('.')) {
            format!("`{key}` belongs {home}")
        } else {
            format!("there are {}", listed(known.iter().copied()))
        };
        self.findings.push(finding.hint(hint));
    }

    /// The table that has a key, if another than the one at hand has.
    fn home(&self, key: &str) -> Option<&'static str> {
        let has = |schema: &Value| {
            let kinds =
                Kinds::of(schema).map_or(vec![schema], |kinds| kinds.all.iter().map(|(_, kind)| *kind).collect());
            kinds.iter().any(|kind| kind["properties"].get(key).is_some())
        };
        let tables = &self.schema["properties"];
        [
            (self.schema, "at the top of the file, before the first [table]"),
            (&tables["auth"], "in [auth]"),
            (&tables["destination"], "in [destination]"),
            (&tables["source"]["items"], "in [[source]]"),
        ]
        .into_iter()
        .find(|(schema, _)| has(schema))
        .map(|(_, home)| home)
    }

    fn value(&mut self, path: &str, value: &Spanned<DeValue<'_>>, schema: &'a Value) {
        if schema["const"].is_string() {
            return; // The key that says the table's kind; it chose this schema.
        }
        if let Some(choices) = choices(schema) {
            return self.choice(path, value, &choices);
        }
        let is = |name: &str| {
            schema["type"] == name || schema["type"].as_array().is_some_and(|types| types.contains(&name.into()))
        };
        match value.get_ref() {
            DeValue::Table(table) if is("object") || schema.get("oneOf").is_some() => {
                self.table(path, value.span(), table, schema);
            }
            DeValue::Array(items) if is("array") => {
                if items.len() < minimum(schema, "minItems") {
                    self.findings.push(Finding::new(value.span(), format!("`{path}` is empty")));
                }
                for item in items {
                    self.value(path, item, &schema["items"]);
                }
            }
            DeValue::Integer(number) if is("integer") => self.integer(path, value.span(), number, schema),
            DeValue::String(text) if is("string") => {
                if text.chars().count() < minimum(schema, "minLength").min(1) {
                    self.findings.push(Finding::new(value.span(), format!("`{path}` is empty")));
                }
            }
            DeValue::Boolean(_) if is("boolean") => {}
            other => {
                let what = format!("`{path}`: expected {}, found {}", expected(path, schema), found(path, other));
                let finding = Finding::new(value.span(), what);
                self.findings.push(match (other, path) {
                    (DeValue::Table(_), "source") => finding.hint("write the header as [[source]]"),
                    _ => finding,
                });
            }
        }
    }

    fn integer(&mut self, path: &str, span: Range<usize>, number: &toml::de::DeInteger<'_>, schema: &Value) {
        let value = i64::from_str_radix(number.as_str(), number.radix()).ok();
        let (least, most) = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
        if value.is_some_and(|value| least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most))
        {
            return;
        }
        let range = match (value, least, most) {
            (Some(_), Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
            (Some(_), Some(least), None) => format!("a whole number of at least {least}"),
            _ => "a whole number of 64 bits".to_owned(),
        };
        self.findings.push(Finding::new(
            span,
            format!("`{path}`: expected {range}, found {}", excerpt(&number.to_string(), 40)),
        ));
    }

    fn choice(&mut self, path: &str, value: &Spanned<DeValue<'_>>, choices: &[&str]) {
        let near = match value.get_ref() {
            DeValue::String(text) if choices.contains(&text.as_ref()) => return,
            DeValue::String(text) => nearest(text, choices.iter().copied()),
            _ => None,
        };
        let expected = match choices {
            [only] => format!("\"{only}\""),
            several => format!("one of {}", listed(several.iter().copied())),
        };
        let what = format!("`{path}`: expected {expected}; found {}", found(path, value.get_ref()));
        let finding = Finding::new(value.span(), what);
        self.findings.push(match near {
            Some(near) => finding.hint(format!("did you mean \"{near}\"?")),
            None => finding,
        });
    }
}

/// What to say of a required key that is not there.
fn missing(path: &str, span: Range<usize>, key: &str, schema: &Value) -> Finding {
    if Kinds::of(schema).is_some() {
        return Finding::new(span, format!("[{key}] is missing")).key(dotted(path, key));
    }
    if Kinds::of(&schema["items"]).is_some() {
        return Finding::new(span, format!("[[{key}]] is missing: a config has at least one")).key(dotted(path, key));
    }
    let finding = Finding::new(span, format!("`{key}` is missing {}", shown(path))).key(dotted(path, key));
    match (example(schema), choices(schema)) {
        (Some(example), _) => finding.hint(format!("for example {key} = {example}")),
        (None, Some(choices)) => finding.hint(format!("there are {}", listed(choices))),
        (None, None) => finding,
    }
}

/// Whether a key most likely stands for a required one that is not there.
fn is_misspelt(table: &DeTable<'_>, schema: &Value, key: &str) -> bool {
    nearest(key, required(schema).filter(|needed| !table.contains_key(*needed))).is_some()
}

/// What to say of a key that another kind of the table has.
fn other_kind(kinds: &Kinds<'_>, table: &DeTable<'_>, key: &str) -> Option<String> {
    let (_, other) = kinds.all.iter().find(|(_, kind)| kind["properties"].get(key).is_some())?;
    let other = other["title"].as_str()?;
    Some(match kinds.default {
        Some(default) if !table.contains_key(kinds.tag) => {
            format!("it goes with {other}; where nothing is said, {} is \"{default}\"", kinds.tag)
        }
        _ => format!("it goes with {other}"),
    })
}

/// The strings that a value can be, where the schema lists them.
fn choices(schema: &Value) -> Option<Vec<&str>> {
    if let Some(values) = schema["enum"].as_array() {
        return Some(values.iter().filter_map(Value::as_str).collect());
    }
    let consts = schema["oneOf"].as_array()?.iter().map(|variant| variant["const"].as_str());
    consts.collect()
}

fn minimum(schema: &Value, key: &str) -> usize {
    schema[key].as_u64().and_then(|least| usize::try_from(least).ok()).unwrap_or(0)
}

fn example(schema: &Value) -> Option<String> {
    schema["examples"].get(0).or_else(|| schema.get("const")).map(Value::to_string)
}

fn expected(path: &str, schema: &Value) -> String {
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        name => name.as_str().into_iter().collect(),
    };
    let kind = match types.as_slice() {
        ["string"] => "a string".to_owned(),
        ["integer"] => "a whole number".to_owned(),
        ["boolean"] => "true or false".to_owned(),
        ["array"] if path == "source" => "an array of tables".to_owned(),
        ["array"] => "an array of strings".to_owned(),
        [_, _] => "a string or a number of bytes".to_owned(),
        _ => "a table".to_owned(),
    };
    example(schema).map_or(kind.clone(), |example| format!("{kind} such as {example}"))
}

fn found(path: &str, value: &DeValue<'_>) -> String {
    let is_of_command = path.ends_with(".command");
    match value {
        // The whole spec of a plugin, typed as a text, holds whatever it holds.
        DeValue::String(_) if path == "source.spec" => "a text".to_owned(),
        DeValue::String(_) if secret::is_name(path.rsplit('.').next().unwrap_or(path)) => "a text".to_owned(),
        DeValue::String(text) if is_of_command => format!("\"{}\"", secret::program_of(text)),
        DeValue::Integer(_) | DeValue::Float(_) if is_of_command => "a number".to_owned(),
        DeValue::String(text) => format!("\"{}\"", excerpt(text, 40)),
        DeValue::Integer(number) => format!("the number {}", excerpt(&number.to_string(), 40)),
        DeValue::Float(number) => format!("the number {}", excerpt(&number.to_string(), 40)),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(_) => "an array".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn dotted(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The table of a path as a person writes its header.
fn shown(path: &str) -> String {
    match path {
        "" => "at the top of the file".to_owned(),
        "source" => "in [[source]]".to_owned(),
        path => format!("in [{path}]"),
    }
}
