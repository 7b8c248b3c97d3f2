//! Whose credentials are used, for many homes and environments: judged by botocore.

use std::collections::BTreeMap;

use lakeward_testkit::{Home, python};
use serde_json::{Value, json};

use crate::program::lakeward;

const CASES: &str = include_str!("../data/auth/cases.toml");
const JUDGE: &str = include_str!("../python/resolve_credentials.py");

/// Files of a case below `~/.aws`.
const FILES: [&str; 3] = ["config", "credentials", "other"];

struct Case {
    name: String,
    env: BTreeMap<String, String>,
    profile: Option<String>,
    expect: String,
    botocore: String,
}

/// Writes each case's files into a home of its own.
fn cases(home: &Home) -> Vec<Case> {
    let table: toml::Table = CASES.parse().unwrap();
    let cases = table["case"].as_array().unwrap().iter().enumerate().map(|(number, case)| {
        let text = |key: &str| case.get(key).map(|value| value.as_str().unwrap().to_owned());
        let folder = format!("{number:02}");
        for file in FILES {
            if let Some(content) = text(file) {
                let mut content = content;
                for number in 1..4 {
                    let keys =
                        format!("aws_access_key_id = AKID{number}\naws_secret_access_key = the-secret-key-{number}");
                    content = content.replace(&format!("@{number}"), &keys);
                }
                home.write(format!("{folder}/.aws/{file}"), content);
            }
        }
        let path = home.path().join(&folder);
        std::fs::create_dir_all(&path).unwrap();
        let mut env: BTreeMap<String, String> = BTreeMap::from([("HOME".to_owned(), path.display().to_string())]);
        for (name, value) in case.get("env").and_then(toml::Value::as_table).into_iter().flatten() {
            env.insert(name.clone(), value.as_str().unwrap().to_owned());
        }
        let expect = text("expect").unwrap();
        assert_eq!(text("botocore").is_some(), text("why").is_some(), "{case}: a difference has its reason");
        let botocore = text("botocore").unwrap_or_else(|| expect.clone());
        Case { name: text("name").unwrap(), env, profile: text("profile"), expect, botocore }
    });
    cases.collect()
}

/// The link that decides, in botocore's words.
fn outcome(explained: &Value) -> String {
    let links = explained.as_array().unwrap();
    let Some(link) = links.iter().find(|link| link["state"] == "found" || link["state"] == "broken") else {
        return "none".to_owned();
    };
    if link["state"] == "broken" {
        return "error".to_owned();
    }
    let setting = |key: &str| {
        let settings = link["settings"].as_array().unwrap().iter();
        settings
            .filter(|setting| setting["key"] == key)
            .map(|setting| setting["value"].as_str().unwrap())
            .next()
            .unwrap()
    };
    match link["name"].as_str().unwrap() {
        "environment keys" => format!("env {}", setting("access key id")),
        "keys in the credentials file" => format!("shared-credentials-file {}", setting("aws_access_key_id")),
        "keys in the config file" => format!("config-file {}", setting("aws_access_key_id")),
        "role of the profile" => format!("assume-role {} <- {}", setting("role_arn"), outcome(&link["source"])),
        "web identity" => format!("assume-role-with-web-identity {}", setting("role_arn")),
        "IAM Identity Center" => "sso".to_owned(),
        "console sign-in" => "login".to_owned(),
        "credential_process" => "custom-process".to_owned(),
        "container role" => "container-role".to_owned(),
        "instance role" => "iam-role".to_owned(),
        other => panic!("a link called {other}"),
    }
}

#[test]
fn botocore_agrees_about_whose_credentials_are_used() {
    let home = Home::new();
    home.secret("the-secret-key");
    let cases = cases(&home);
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let asked: Vec<Value> = cases.iter().map(|case| json!({ "env": case.env, "profile": case.profile })).collect();
    let asked = home.write("cases.json", json!(asked).to_string());
    let judged = python::json(JUDGE, [asked]);
    let mut wrong = Vec::new();
    for (case, judged) in cases.iter().zip(judged.as_array().unwrap()) {
        let command = lakeward(&home).args(["auth", "explain", "--offline", "--json"]);
        let command = command.env_remove("AWS_EC2_METADATA_DISABLED");
        let mut command = case.env.iter().fold(command, |command, (name, value)| command.env(name, value));
        if let Some(profile) = &case.profile {
            command = command.args(["--profile", profile]);
        }
        let output = command.run();
        let explained: Value = serde_json::from_str(&output.stdout).unwrap();
        // Without links the files themselves could not be read.
        let ours = if explained["links"].is_null() { "error".to_owned() } else { outcome(&explained["links"]) };
        let is_denied = matches!(ours.as_str(), "error" | "none");
        assert_eq!(output.code, Some(if is_denied { 77 } else { 0 }), "{}: {output:?}", case.name);
        if ours != case.expect || *judged != case.botocore.as_str() {
            wrong.push(format!(
                "{}: {ours} rather than {}; botocore: {judged} rather than {}",
                case.name, case.expect, case.botocore
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
