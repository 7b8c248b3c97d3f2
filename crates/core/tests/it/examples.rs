//! The annotated example is the manual: all that it shows has to be true.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use lakeward_core::{
    config::{Flags, Inputs, Resolved, Style, json_schema, render, resolve},
    plan::{Plan, SourcePlan, Storage},
};
use serde_json::Value;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn example(name: &str) -> String {
    std::fs::read_to_string(examples().join(name)).expect("an example")
}

fn plan(text: &str) -> Plan {
    let file = examples().join("lakeward.toml");
    let inputs =
        Inputs { file: &file, text, environment: &[], flags: Flags::default(), default_state_dir: "/state".into() };
    match resolve(&inputs) {
        Ok(Resolved { plan, warnings }) => {
            assert_eq!(warnings, Vec::<String>::new());
            plan
        }
        Err(errors) => panic!("{}\n\n{text}", render(&errors, &file, text, Style::Plain)),
    }
}

/// A line such as `# key = value`, without its `# `.
fn assignment(line: &str) -> Option<&str> {
    let code = line.strip_prefix("# ")?;
    let (key, _) = code.split_once(" = ")?;
    key.chars().all(|c| c.is_ascii_lowercase() || c == '_').then_some(code)
}

#[test]
fn the_example_is_a_config_with_the_defaults() {
    let plan = plan(&example("lakeward.toml"));
    assert_eq!(plan.shutdown_grace, Duration::from_secs(20));
    assert_eq!(plan.destination.retry.deadline, Duration::from_secs(900));
    assert_eq!(plan.destination.close.file_size, Some(128 << 20));
    assert_eq!(plan.destination.close.rows, None);
}

#[test]
fn each_line_that_is_commented_out_can_stand_and_a_default_changes_nothing() {
    let text = example("lakeward.toml");
    let lines: Vec<&str> = text.lines().collect();
    // Those whose key has no default show an example.
    let examples_not_defaults = [
        "state_dir",
        "region",
        "endpoint = ",
        "table",
        "format = \"csv\"",
        "columns",
        "content_type",
        "acl",
        "storage_class",
        "tags",
        "server_side_encryption_configuration",
        "expected_bucket_owner",
        "use_path_style",
        "vendor",
    ];
    let (unchanged, mut in_alternative, mut tried) = (plan(&text), false, 0);
    for (index, line) in lines.iter().enumerate() {
        in_alternative = line.starts_with("# Instead") || in_alternative && !line.is_empty();
        let Some(code) = assignment(line).filter(|_| !in_alternative) else { continue };
        let mut changed = lines.clone();
        changed[index] = code;
        let plan = plan(&changed.join("\n"));
        if !examples_not_defaults.iter().any(|key| code.starts_with(key)) {
            assert_eq!(plan, unchanged, "{code} is not the default");
        }
        tried += 1;
    }
    assert_eq!(tried, 37);
}

#[test]
fn each_alternative_can_take_the_place_of_its_table() {
    let text = example("lakeward.toml");
    let paragraphs: Vec<&str> = text.split("\n\n").collect();
    let mut tried = 0;
    for alternative in paragraphs.iter().filter(|paragraph| paragraph.starts_with("# Instead")) {
        let code: Vec<&str> = alternative.lines().skip_while(|line| !line.starts_with("# [")).collect();
        let code: Vec<&str> = code.iter().filter_map(|line| line.strip_prefix("# ")).collect();
        let header = code[0];
        let mut others = Vec::new();
        let mut inside = false;
        for line in text.lines() {
            inside = if line.starts_with('[') { line == header } else { inside };
            others.extend((!inside).then_some(line));
        }
        plan(&format!("{}\n{}\n", others.join("\n"), code.join("\n")));
        tried += 1;
    }
    assert_eq!(tried, 12);
}

#[test]
fn every_key_of_the_schema_is_in_the_example() {
    fn keys(schema: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(map) => {
                found.extend(
                    map.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key.clone()),
                );
                map.values().for_each(|inner| keys(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| keys(inner, found)),
            _ => {}
        }
    }
    let (text, mut all) = (example("lakeward.toml"), BTreeSet::new());
    keys(&json_schema(), &mut all);
    assert!(all.len() > 30, "{all:?}");
    let shown = |key: &str| {
        text.lines().any(|line| {
            let code = line.strip_prefix("# ").unwrap_or(line);
            code.starts_with(&format!("{key} = "))
                || code.contains(&format!("{{ {key} = "))
                || code.contains(&format!(", {key} = "))
                || code.contains(&format!("[{key}]"))
        })
    };
    let missing: Vec<&String> = all.iter().filter(|key| !shown(key)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn the_quickstart_lands_three_tables_below_examples() {
    let plan = plan(&example("quickstart.toml"));
    assert!(matches!(&plan.destination.storage, Storage::Embedded { dir } if dir.ends_with("examples/lake")));
    let paths = plan.sources.iter().flat_map(|source| match source {
        SourcePlan::Files { paths, .. } => paths.clone(),
        SourcePlan::Stdin { .. } | SourcePlan::Command { .. } | SourcePlan::CloudQuery(_) => Vec::new(),
    });
    let files: Vec<String> = paths.collect();
    assert_eq!(files.len(), 3);
    assert!(files.iter().all(|file| Path::new(file).is_file()), "{files:?}");
}
