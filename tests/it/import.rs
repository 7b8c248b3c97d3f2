//! `lakeward import`: specs of CloudQuery's command line become a config, which Lakeward reads.

use std::fs;

use lakeward_testkit::{Home, Output};

use crate::program::{lacks, lakeward};

const CASES: &str = include_str!("../data/import/cases.toml");

const SOURCE: &str =
    "kind: source\nspec: {name: a, registry: local, path: ./a, tables: ['*'], destinations: [s3, second]}\n";

/// A destination in S3.
fn destination(name: &str) -> String {
    format!(
        "kind: destination\nspec: {{name: {name}, path: cloudquery/s3, version: v7.0.0, spec: {{bucket: my-{name}, region: eu-central-1, path: '{{{{TABLE}}}}/{{{{UUID}}}}', format: json}}}}\n"
    )
}

struct Case {
    name: String,
    spec: String,
    refused: Option<i32>,
    says: Vec<String>,
    warns: Vec<String>,
    lacks: Vec<String>,
    env: Vec<(String, String)>,
}

fn cases() -> Vec<Case> {
    let table: toml::Table = CASES.parse().unwrap();
    let case = |case: &toml::Value| {
        let texts = |key: &str| {
            let texts = case.get(key).and_then(toml::Value::as_array).into_iter().flatten();
            texts.map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let env = case.get("env").and_then(toml::Value::as_table).into_iter().flatten();
        Case {
            name: case["name"].as_str().unwrap().to_owned(),
            spec: case["spec"].as_str().unwrap().to_owned(),
            refused: case.get("refused").map(|code| i32::try_from(code.as_integer().unwrap()).unwrap()),
            says: texts("says"),
            warns: texts("warns"),
            lacks: texts("lacks"),
            env: env.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
        }
    };
    table["case"].as_array().unwrap().iter().map(case).collect()
}

fn lacking<'a>(text: &str, says: &'a [String]) -> Vec<&'a str> {
    lacks(text, &says.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn specs_become_configs_or_are_refused_with_the_reason() {
    let cases = cases();
    assert!(cases.len() >= 30);
    let mut wrong = Vec::new();
    for case in &cases {
        let home = Home::new();
        home.write("spec.yml", &case.spec);
        let Output { code, stdout, stderr, .. } = lakeward(&home).args(["import", "spec.yml"]).run();
        let mut lack = match case.refused {
            Some(_) => lacking(&stderr, &case.says),
            None => [lacking(&stdout, &case.says), lacking(&stderr, &case.warns)].concat(),
        };
        lack.extend(
            case.lacks.iter().filter(|text| stdout.contains(*text) || stderr.contains(*text)).map(String::as_str),
        );
        if code != Some(case.refused.unwrap_or(0)) || !lack.is_empty() || (case.refused.is_some() && !stdout.is_empty())
        {
            wrong.push(format!("{}: {code:?}, {lack:?}\n{stdout}\n{stderr}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}

#[test]
fn lakeward_reads_every_config_that_it_makes() {
    let mut read = 0;
    for case in cases().iter().filter(|case| case.refused.is_none()) {
        let home = Home::new();
        home.write("spec.yml", &case.spec);
        let _ = lakeward(&home).args(["import", "spec.yml", "--output", "made.toml"]).run().exits(0);
        let made = fs::read_to_string(home.path().join("made.toml")).unwrap();
        home.write("lakeward.toml", &made);
        let mut command = lakeward(&home).args(["policy", "--config", "lakeward.toml"]);
        for (name, value) in &case.env {
            command = command.env(name, value);
        }
        let output = command.run();
        assert_eq!(output.code, Some(0), "{}: {}\n{made}", case.name, output.stderr);
        assert!(output.stdout.contains("s3:PutObject") && !output.stderr.contains("warning"), "{}", output.stderr);
        read += 1;
    }
    assert!(read >= 7, "{read}");
}

#[test]
fn a_config_without_its_variables_says_what_is_missing() {
    let home = Home::new();
    home.write(
        "spec.yml",
        format!("{SOURCE}---\n{}", destination("s3").replace("my-s3", "${BUCKET}")).replace(", second", ""),
    );
    let _ = lakeward(&home).args(["import", "spec.yml", "--output", "made.toml"]).run().exits(0);
    let made = fs::read_to_string(home.path().join("made.toml")).unwrap();
    home.write("lakeward.toml", &made);
    let output = lakeward(&home).arg("policy").run().exits(2);
    assert!(output.stderr.contains("`bucket` is missing"), "{}", output.stderr);
}

#[test]
fn specs_are_read_from_several_files_and_folders() {
    let home = Home::new();
    home.write("sources/a.yaml", SOURCE.replace(", second", ""));
    home.write("sources/.hidden.yml", "not: a spec");
    home.write("sources/notes.txt", "not a spec");
    home.write("s3.yml", destination("s3"));
    let output = lakeward(&home).args(["import", "sources", "s3.yml"]).run().exits(0);
    assert_eq!(
        lacks(&output.stdout, &["from sources/a.yaml, s3.yml", "bucket = \"my-s3\"", "path = \"./a\""]),
        [""; 0]
    );
    home.write("sources/b.yml", "kind: source\nspec: {nam: b}\n");
    let output = lakeward(&home).args(["import", "sources", "s3.yml"]).run().exits(65);
    assert_eq!(lacks(&output.stderr, &["sources/b.yml:2", "did you mean `name`?"]), [""; 0], "{}", output.stderr);
    fs::create_dir(home.path().join("empty")).unwrap();
    let output = lakeward(&home).args(["import", "empty", "s3.yml"]).run().exits(65);
    assert_eq!(lacks(&output.stderr, &["the folder empty holds no file"]), [""; 0], "{}", output.stderr);
}

#[test]
fn a_spec_is_read_from_standard_input() {
    let home = Home::new();
    let spec = format!("{}---\n{}", SOURCE.replace(", second", ""), destination("s3"));
    let output = lakeward(&home).args(["import", "-"]).stdin(spec).run().exits(0);
    assert_eq!(lacks(&output.stdout, &["from standard input", "bucket = \"my-s3\""]), [""; 0], "{}", output.stdout);
    let output = lakeward(&home).args(["import", "-"]).stdin("kind: source\nspec: {nam: b}\n").run().exits(65);
    assert_eq!(lacks(&output.stderr, &["standard input:2", "did you mean `name`?"]), [""; 0], "{}", output.stderr);
}

#[test]
fn one_of_several_destinations_is_chosen() {
    let home = Home::new();
    home.write("spec.yml", format!("{SOURCE}---\n{}---\n{}", destination("s3"), destination("second")));
    let output = lakeward(&home).args(["import", "spec.yml"]).run().exits(2);
    assert_eq!(lacks(&output.stderr, &["2 destinations in S3", "`s3`, `second`", "--destination NAME"]), [""; 0]);
    let output = lakeward(&home).args(["import", "spec.yml", "--destination", "second"]).run().exits(0);
    assert_eq!(lacks(&output.stdout, &["bucket = \"my-second\""]), [""; 0]);
    assert!(output.stderr.contains("The rows of `a` go to `second` alone now, no more to `s3`."), "{}", output.stderr);
    let output = lakeward(&home).args(["import", "spec.yml", "--destination", "secnd"]).run().exits(2);
    assert!(output.stderr.contains("did you mean second?"), "{}", output.stderr);
}

#[test]
fn nothing_is_overwritten() {
    let home = Home::new();
    home.write("spec.yml", format!("{}---\n{}", SOURCE.replace(", second", ""), destination("s3")));
    home.write("lakeward.toml", "mine");
    let import = |output: &str| lakeward(&home).args(["import", "spec.yml", "--output", output]).run();
    let output = import("lakeward.toml").exits(2);
    assert!(output.stderr.contains("lakeward.toml is there already"), "{}", output.stderr);
    assert_eq!(fs::read_to_string(home.path().join("lakeward.toml")).unwrap(), "mine");
    let output = import("other.toml").exits(0);
    assert_eq!(output.stdout, "");
    assert!(output.stderr.contains("next: lakeward check --config other.toml"), "{}", output.stderr);
    let output = import("no/folder.toml").exits(2);
    assert!(output.stderr.contains("the config can't be written to no/folder.toml"), "{}", output.stderr);
}

#[test]
fn a_spec_that_is_not_there_too_large_or_not_text_is_told_with_its_name() {
    let home = Home::new();
    let import = |file: &str| lakeward(&home).args(["import", file]).run();
    assert!(import("nope.yml").exits(65).stderr.contains("the spec nope.yml can't be read"));
    home.write("latin1.yml", b"kind: source\n# caf\xe9\n");
    assert!(import("latin1.yml").exits(65).stderr.contains("latin1.yml is not UTF-8 (line 2)"));
    home.write("large.yml", vec![b' '; (4 << 20) + 1]);
    assert!(import("large.yml").exits(65).stderr.contains("more than 4 MiB"));
    let output = lakeward(&home).arg("import").run().exits(2);
    assert!(output.stderr.contains("SPEC"), "{}", output.stderr);
}

/// What stands in a spec steers no terminal, and breaks no comment.
#[test]
fn a_spec_can_forge_nothing() {
    let home = Home::new();
    let source = SOURCE.replace("name: a", "name: \"a\\e[31m\\nbucket = 'x'\\u202e\"").replace(", second", "");
    home.write("spec.yml", format!("{source}---\n{}", destination("s3")));
    let output = lakeward(&home).args(["import", "spec.yml"]).run().exits(0);
    let forged =
        |text: &str| text.contains(['\u{1b}', '\u{202e}']) || text.lines().any(|line| line.starts_with("bucket = 'x'"));
    assert!(!forged(&output.stdout) && !forged(&output.stderr), "{}{}", output.stdout, output.stderr);
}
