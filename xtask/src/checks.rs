//! What a change has to pass, and the committed files that are made by the program itself.

use std::{fs, path::Path, process::Command};

use anyhow::Context;

use crate::{step, tools, venv};

/// Tells tests which Python to use; see `lakeward_testkit::python`.
const PYTHON: &str = "LAKEWARD_PYTHON";
/// Tells tests with a short form to take the long one.
const SOAK: &str = "LAKEWARD_SOAK";
/// The JSON Schema of the config, from the root.
const SCHEMA: &str = "crates/core/schema/lakeward.schema.json";
/// The crate of CloudQuery's protocol, from the root.
const PROTOCOL: &str = "crates/cloudquery";

/// Format, lints, docs and all tests; ends at the first that fails.
pub(crate) fn test(root: &Path) -> anyhow::Result<()> {
    tools::require_all(root)?;
    step::run("format (cargo fmt)", step::cargo(root).args(["fmt", "--all", "--check"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    step::run("lints (cargo clippy)", step::cargo(root).args(clippy))?;
    let doc = ["doc", "--workspace", "--no-deps"];
    step::run("docs (cargo doc)", step::cargo(root).args(doc).env("RUSTDOCFLAGS", "-D warnings"))?;
    let python = venv::python(root)?;
    step::run("tests (cargo test)", step::cargo(root).args(["test", "--workspace"]).env(PYTHON, python))?;
    println!("\nAll checks passed.");
    Ok(())
}

/// [`test()`], after the versions and the machine.
pub(crate) fn ci(root: &Path) -> anyhow::Result<()> {
    tools::require_all(root)?;
    step::run("rustc", Command::new("rustc").arg("-vV").current_dir(root))?;
    step::run("cargo", step::cargo(root).arg("--version"))?;
    step::run("python", Command::new("python3").args(["-VV"]))?;
    let machine = "import os, platform; print(platform.platform(), platform.machine(), os.cpu_count(), 'CPUs')";
    step::run("machine", Command::new("python3").args(["-c", machine]))?;
    test(root)
}

/// The tests in release mode, at full counts.
pub(crate) fn soak(root: &Path, cases: u32) -> anyhow::Result<()> {
    tools::require_all(root)?;
    let python = venv::python(root)?;
    let mut tests = step::cargo(root);
    tests.args(["test", "--release", "--workspace", "--no-fail-fast"]);
    tests.env(PYTHON, python).env(SOAK, "1").env("PROPTEST_CASES", cases.to_string());
    step::run("tests at full counts (cargo test --release)", &mut tests)
}

/// Writes what `lakeward schema` prints to where it is committed.
pub(crate) fn schema(root: &Path) -> anyhow::Result<()> {
    let schema = step::printed_by(step::cargo(root).args(["run", "--quiet", "--package", "lakeward", "--", "schema"]))?;
    let path = root.join(SCHEMA);
    let folder = path.parent().context("the schema lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("the folder {} can't be made", folder.display()))?;
    fs::write(&path, schema).with_context(|| format!("{} can't be written", path.display()))?;
    println!("{SCHEMA} is fresh.");
    Ok(())
}

/// Writes what the pages show of the wizard to where it is committed. The tests that hold it fresh can write it too.
pub(crate) fn picture(root: &Path) -> anyhow::Result<()> {
    for (package, rewrite) in
        [("lakeward-tui", "LAKEWARD_REWRITE_PICTURE"), ("lakeward-wizard", "LAKEWARD_REWRITE_QUESTIONS")]
    {
        let mut test = step::cargo(root);
        test.args(["test", "--quiet", "--package", package, "--lib", "the_committed_"]).env(rewrite, "1");
        step::run(&format!("pages of {package}"), &mut test)?;
    }
    println!("docs/wizard.svg and docs/questions.md are fresh.");
    Ok(())
}

/// Writes the code of CloudQuery's protocol to where it is committed. The program for it is a package of its own.
pub(crate) fn proto(root: &Path) -> anyhow::Result<()> {
    let mut generate = step::cargo(root);
    generate.args([
        "run",
        "--quiet",
        "--manifest-path",
        "xtask/proto/Cargo.toml",
        "--target-dir",
        "target/proto",
        "--",
    ]);
    step::run("code of the protocol", generate.arg(PROTOCOL))?;
    println!("{PROTOCOL}/generated is fresh.");
    Ok(())
}
