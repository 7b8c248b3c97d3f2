//! What Lakeward costs, in parts that can be measured alone. Each has a section of BENCHMARKS.md, which the others leave as it is.

mod cloudquery;
mod config;
mod files;
mod page;
mod report;
mod spread;
mod wizard;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::{step, tools, venv};
use page::Section;

/// What is measured.
#[derive(Args)]
pub(crate) struct Options {
    /// The parts that are measured; all unless some are named
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// The size of the data: 1 is a 2 GiB NDJSON file and a 1 GiB CSV file
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// How often each program runs
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Measure this binary rather than the one that a release build makes now
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// A part: a module here and a section of the page.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Files that become objects in S3, beside DuckDB, Polars, PyArrow and s5cmd
    Files,
    /// Rows that a CloudQuery host writes to `lakeward serve`, beside PyArrow with the same rows
    Cloudquery,
    /// How long one waits for the wizard, and what it takes while nobody types
    Wizard,
}

impl Part {
    fn measure(self, bench: &Bench<'_>) -> anyhow::Result<Section> {
        match self {
            Self::Files => files::measure(bench),
            Self::Cloudquery => cloudquery::measure(bench),
            Self::Wizard => wizard::measure(bench),
        }
    }
}

/// What each part is given.
struct Bench<'a> {
    root: &'a Path,
    options: &'a Options,
    python: PathBuf,
    /// The optimised binary.
    lakeward: PathBuf,
    /// For what can be made again, in the cache.
    folder: PathBuf,
    /// For what one measurement needs, on the same disk; gone with this handle.
    scratch: tempfile::TempDir,
}

/// Measures, and writes BENCHMARKS.md.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    ensure!(options.scale > 0.0 && options.scale <= 10.0, "--scale is a number above 0 and up to 10");
    tools::require_all(root)?;
    let python = venv::python(root)?;
    let lakeward = match &options.binary {
        Some(binary) => fs::canonicalize(binary).with_context(|| format!("there is no {}", binary.display()))?,
        None => build(root)?,
    };
    let folder = venv::cache()?.join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("the folder {} can't be made", folder.display()))?;
    let scratch = tempfile::Builder::new().prefix("run-").tempdir_in(&folder).context("the cache can't be written")?;
    let bench = Bench { root, options, python, lakeward, folder, scratch };
    let page = root.join("BENCHMARKS.md");
    for part in Part::value_variants() {
        if options.parts.is_empty() || options.parts.contains(part) {
            let section = part.measure(&bench)?;
            println!("\n{section}");
            // After each part: the figures of an hour should not be lost to a failure in the next.
            let text = fs::read_to_string(&page).context("BENCHMARKS.md can't be read")?;
            fs::write(&page, page::with(&text, &section)).context("BENCHMARKS.md can't be written")?;
        }
    }
    println!("BENCHMARKS.md is fresh.");
    Ok(())
}

/// The optimised binary.
fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let arguments = ["build", "--release", "--package", "lakeward", "--message-format", "json-render-diagnostics"];
    let messages = step::timed("release build", || step::printed_by(step::cargo(root).args(arguments)))?;
    let executable = messages.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == "lakeward").then(|| message["executable"].as_str().map(PathBuf::from)).flatten()
    });
    executable.context("cargo did not say where the binary lakeward is")
}

impl Bench<'_> {
    /// Carries a plan out with a program of `python/bench/`; what it writes as its results.
    fn driven(&self, driver: &str, plan: &Value) -> anyhow::Result<Value> {
        let scratch = self.scratch.path();
        let (work, results) = (scratch.join("plan.json"), scratch.join("results.json"));
        fs::write(&work, plan.to_string()).context("the plan can't be written")?;
        let script = self.root.join("xtask/python/bench").join(driver);
        let mut command = Command::new(&self.python);
        command.args(["-I", "-B"]).arg(script).arg(&work).arg(&results).stdin(Stdio::null());
        step::run(driver, &mut command)?;
        let results = fs::read(results).context("the results can't be read")?;
        serde_json::from_slice(&results).context("the results are no JSON")
    }
}
