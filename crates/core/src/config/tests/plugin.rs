//! `[[source]] type = "cloudquery"`.

use serde_json::json;

use super::*;
use crate::plan::{PluginNetwork, PluginPlace, PluginPlan};

fn config(sources: &[&str]) -> String {
    let sources: String =
        sources.iter().map(|source| format!("[[source]]\ntype = \"cloudquery\"\n{source}\n")).collect();
    format!("version = 1\n[destination]\nbucket = \"my-lake\"\npath = \"raw\"\n{sources}")
}

fn plugin(source: &str) -> PluginPlan {
    let mut plan = plan(&config(&[source]));
    match plan.sources.remove(0) {
        SourcePlan::CloudQuery(plugin) => plugin,
        other => panic!("{other:?}"),
    }
}

/// What is wrong with the last source, and how to put it right.
fn wrong(sources: &[&str]) -> String {
    let text = config(sources);
    let errors = resolve(&inputs(&text, &[])).expect_err("an error");
    assert_eq!(errors.len(), 1, "{errors:?}");
    format!("{} | {}", errors[0].what, errors[0].hint.clone().unwrap_or_default())
}

#[test]
fn every_key_of_a_plugin_reaches_the_plan() {
    let least = PluginPlan {
        name: "cq-source-aws".into(),
        place: PluginPlace::Program { path: "/cfg/cq-source-aws".into(), network: PluginNetwork::Unix },
        folder: "/cfg".into(),
        tables: vec!["*".into()],
        skip_tables: Vec::new(),
        skip_dependent_tables: true,
        deterministic_cq_id: false,
        spec: serde_json::Map::new(),
        timeout: Duration::from_secs(1800),
    };
    assert_eq!(plugin("path = \"./cq-source-aws\""), least);
    let all = r#"path = "/opt/my source.exe"
network = "tcp"
name = "aws-1"
tables = ["a*", "b"]
skip_tables = ["ab"]
skip_dependent_tables = false
deterministic_cq_id = true
timeout = "2m"
spec = { n = 1, f = 0.5, on = true, at = 2026-01-02, list = ["${A}", { token = "x${file:/run/s}" }], any.key = "$${A}" }"#;
    let spec = json!({
        "n": 1, "f": 0.5, "on": true, "at": "2026-01-02", "list": ["${A}", { "token": "x${file:/run/s}" }], "any": { "key": "$${A}" },
    });
    let expected = PluginPlan {
        name: "aws-1".into(),
        place: PluginPlace::Program { path: "/opt/my source.exe".into(), network: PluginNetwork::Tcp },
        tables: vec!["a*".into(), "b".into()],
        skip_tables: vec!["ab".into()],
        skip_dependent_tables: false,
        deterministic_cq_id: true,
        spec: spec.as_object().expect("a table").clone(),
        timeout: Duration::from_secs(120),
        ..least
    };
    assert_eq!(plugin(all), expected);
    let found = plugin("address = \"[::1]:7777\"");
    assert_eq!((found.name.as_str(), found.place), ("---1--7777", PluginPlace::Address("[::1]:7777".into())));
}

#[test]
fn what_can_t_be_meant_is_told() {
    for (source, says) in [
        ("", "neither `path` nor `address` says where the plugin is"),
        ("path = \"x\"\naddress = \"h:1\"", "`address` does not go with `path`"),
        ("address = \"h:1\"\nnetwork = \"unix\"", "`network` goes with `path`"),
        ("address = \"localhost\"", "is no host with a port"),
        ("address = \"h:0\"", "is no host with a port"),
        ("address = \"http://h:1\"", "is no host with a port"),
        ("path = \"~/x\"", "`~` stands for no folder here"),
        ("path = \"x\"\ntables = []", "`source.tables` is empty"),
        ("path = \"x\"\ntables = [\"\"]", "a table's name is empty"),
        ("path = \"x\"\nname = \"a/b\"", "is no name for a source"),
        ("path = \"x\"\ntimeout = \"0\"", "without any time no plugin can answer"),
        ("path = \"x\"\nspec = { a = \"${\" }", "`spec.a`: a reference that begins with ${ has no } at its end"),
        ("path = \"x\"\nspec = { a = inf }", "which no JSON can hold"),
        ("path = \"x\"\nspec = { a = { api_token = \"hush\" } }", "`spec.a.api_token` looks like a secret"),
        ("path = \"x\"\nspec = { a = [{ pwd = 4711 }] }", "`spec.a.pwd` looks like a secret"),
        ("path = \"x\"\nspec = { dsn = \"pg://me:hush@host\" }", "`spec.dsn` looks like a secret"),
        ("path = \"x\"\nspek = {}", "unknown key `spek` in [[source]] | did you mean `spec`?"),
        ("path = \"x\"\ncolumns = {}", "`columns` does not go with type = \"cloudquery\""),
        ("path = \"x\"\nspec = \"token: hush\"", "`source.spec`: expected a table, found a text"),
        ("path = \"x\"\nspec = 1", "`source.spec`: expected a table, found the number 1"),
    ] {
        let told = wrong(&[source]);
        assert!(told.contains(says) && !told.contains("hush"), "{source}: {told}");
    }
    for spec in ["{ token = \"hush\" }", "{ a = { b = \"${\" } }", "{ a = nan }"] {
        let text = config(&[&format!("path = \"x\"\nspec = {spec}")]);
        let errors = resolve(&inputs(&text, &[])).expect_err("an error");
        assert_eq!(errors[0].key.as_deref(), Some("source.spec"), "{spec}");
        let spec: toml::Table = toml::from_str(&format!("spec = {spec}")).expect("a table");
        let fault = plugin_spec_fault(spec["spec"].as_table().expect("a table"));
        assert_eq!(fault.as_ref(), Some(&errors[0].what), "{spec}");
    }
    let told = wrong(&["path = \"a/x\"", "path = \"b/X\""]);
    assert!(told.contains("two sources are called \"X\"") && told.contains("`name`"), "{told}");
}
