//! The program under test, configs for it, and what it reports.

use std::{
    env,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use lakeward_testkit::{Home, HomeCommand, Output};
use serde_json::Value;

/// A destination whose objects are the files `lake/test/<key>` of the home.
pub(crate) const EMBEDDED: &str = r#"storage = "embedded"
dir = "lake"
bucket = "test"
path = "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}"
"#;

/// `lakeward`, to run in a home.
#[track_caller]
pub(crate) fn lakeward(home: &Home) -> HomeCommand<'_> {
    home.command(binary())
}

/// `lakeward --config lakeward.toml`, with a config that is written for it. `source` holds the lines after `[[source]]`, and
/// may begin further sources.
#[track_caller]
pub(crate) fn sync<'home>(home: &'home Home, destination: &str, source: &str) -> HomeCommand<'home> {
    home.write("lakeward.toml", config(destination, source));
    lakeward(home).args(["--config", "lakeward.toml"])
}

/// A config whose state is kept in the folder `state` beside it.
pub(crate) fn config(destination: &str, source: &str) -> String {
    format!("version = 1\nstate_dir = \"state\"\n\n[destination]\n{destination}\n[[source]]\n{source}\n")
}

/// The lines of a source of files.
pub(crate) fn files(paths: &[&str]) -> String {
    format!("type = \"files\"\npaths = {paths:?}\n")
}

/// A CSV file of the columns `id` (from `first` on, one after another) and `text`.
pub(crate) fn numbered(first: u32, rows: u32) -> String {
    (first..first + rows).fold("id,text\n".to_owned(), |mut text, id| {
        let _ = writeln!(text, "{id},row {id}");
        text
    })
}

/// The events of a run with `--progress json`: every line of its standard error.
#[track_caller]
pub(crate) fn events(output: &Output) -> Vec<Value> {
    let event = |line: &str| match serde_json::from_str::<Value>(line) {
        Ok(event) if event["event"].is_string() => event,
        _ => panic!("{line:?} is no event; standard error was:\n{}", output.stderr),
    };
    output.stderr.lines().map(event).collect()
}

/// The summary of a run with `--progress json`, however it ended.
#[track_caller]
pub(crate) fn summary(output: &Output) -> Value {
    let mut events = output.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let finished = events.find(|event| event["event"] == "run_finished");
    finished.unwrap_or_else(|| panic!("the run had no summary:\n{}", output.stderr))["summary"].take()
}

/// What a text lacks of what it should say, or nothing.
pub(crate) fn lacks<'a>(text: &str, says: &[&'a str]) -> Vec<&'a str> {
    says.iter().copied().filter(|said| !text.contains(said)).collect()
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The binary of the profile and in the target folder of this test. It is built as `cargo run` builds it: `cargo test` alone
/// builds no binary of another package.
#[track_caller]
pub(crate) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(build)
}

#[track_caller]
fn build() -> PathBuf {
    // <target>/<profile>/deps/<test>
    let test = env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    let profile = match folder.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        profile => profile,
    };
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo set for this test alone: build scripts that watch it would run again, and everything after them.
    let own = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
    for (name, _) in env::vars_os() {
        if name == "CARGO" || name.to_str().is_some_and(|name| own.iter().any(|own| name.starts_with(own))) {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(root()).args(["build", "--quiet", "--bin", "lakeward", "--profile", profile, "--target-dir"]);
    let output = cargo.arg(folder.parent().unwrap()).output().expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the program under test could not be built ({cargo:?}):\n{errors}");
    folder.join(format!("lakeward{}", env::consts::EXE_SUFFIX))
}
