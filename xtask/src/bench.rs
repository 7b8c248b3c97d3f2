//! Time, CPU and memory of Lakeward beside DuckDB and Polars, which turn the same files into Parquet.

mod data;
mod report;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::{Value, json};

use crate::{step, tools, venv};
use data::Data;

/// What is measured.
#[derive(Args)]
pub(crate) struct Options {
    /// The size of the data: 1 is a 2 GiB NDJSON file and a 1 GiB CSV file
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// How often each program runs
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Leave Lakeward out: only to try the measuring itself, so BENCHMARKS.md is not written
    #[arg(long)]
    peers_only: bool,
}

/// Makes the data, measures, and writes BENCHMARKS.md.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    ensure!(options.scale > 0.0 && options.scale <= 10.0, "--scale is a number above 0 and up to 10");
    tools::require_all(root)?;
    let python = venv::python(root)?;
    let lakeward = if options.peers_only { None } else { Some(build(root)?) };
    let folder = venv::cache()?.join("bench");
    let data = step::timed("data", || data::made(&folder, options.scale))?;
    // Beside the data, so that all programs write to the same disk; gone with this handle.
    let scratch = tempfile::Builder::new().prefix("run-").tempdir_in(&folder).context("the cache can't be written")?;
    let plan = plan(root, &python, lakeward.as_deref(), scratch.path(), &data, options.runs)?;
    let results = step::timed("measurements", || measure(root, &python, scratch.path(), &plan))?;
    let report = report::markdown(&results, options.scale, options.runs)?;
    println!("\n{report}");
    if lakeward.is_some() {
        fs::write(root.join("BENCHMARKS.md"), report).context("BENCHMARKS.md can't be written")?;
        println!("BENCHMARKS.md is fresh.");
    }
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

/// The work of `python/bench.py`: for each file, the programs with their commands and where each one's output lies.
fn plan(
    root: &Path,
    python: &Path,
    lakeward: Option<&Path>,
    scratch: &Path,
    data: &[Data],
    runs: u32,
) -> anyhow::Result<Value> {
    let peers = root.join("xtask/python/peers.py");
    let mut files = Vec::new();
    for data in data {
        let output = |program: &str| scratch.join(format!("{}-{program}", data.format));
        let mut programs = Vec::new();
        if let Some(lakeward) = lakeward {
            let output = output("lakeward");
            let config = scratch.join(format!("{}.toml", data.format));
            fs::write(&config, lakeward_config(data, &output)).context("the config can't be written")?;
            let command = json!([lakeward, "--config", config, "--progress", "none"]);
            programs.push(json!({"name": "Lakeward", "output": output, "command": command}));
        }
        for (name, program) in [("DuckDB", "duckdb"), ("Polars", "polars")] {
            let output = output(program);
            let command = json!([python, "-I", peers, program, data.format, data.path, output]);
            programs.push(json!({"name": name, "output": output, "command": command}));
        }
        files.push(json!({
            "format": data.format, "path": data.path, "bytes": data.bytes, "rows": data.rows, "programs": programs,
        }));
    }
    Ok(json!({"runs": runs, "files": files}))
}

fn lakeward_config(data: &Data, output: &Path) -> String {
    let quoted = |path: &Path| Value::from(path.to_string_lossy()).to_string();
    format!(
        r#"version = 1
state_dir = {state}

[destination]
storage = "embedded"
dir = {output}
bucket = "bench"
path = "raw/{{{{TABLE}}}}/{{{{UUID}}}}.{{{{FORMAT}}}}"

[[source]]
type = "files"
paths = [{path}]
table = "events"
"#,
        // Within the output, which is emptied before each run.
        state = quoted(&output.join("state")),
        output = quoted(output),
        path = quoted(&data.path),
    )
}

fn measure(root: &Path, python: &Path, scratch: &Path, plan: &Value) -> anyhow::Result<Value> {
    let (work, results) = (scratch.join("plan.json"), scratch.join("results.json"));
    fs::write(&work, plan.to_string()).context("the plan can't be written")?;
    let mut driver = Command::new(python);
    driver.arg("-I").arg(root.join("xtask/python/bench.py")).arg(&work).arg(&results).stdin(Stdio::null());
    step::run("bench.py", &mut driver)?;
    let results = fs::read(results).context("the results can't be read")?;
    serde_json::from_slice(&results).context("the results are no JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_config_keeps_its_variables_and_quotes_paths() {
        let data = Data { format: "csv", path: r#"/a "b"/x.csv"#.into(), bytes: 1, rows: 1 };
        let config = lakeward_config(&data, Path::new("/out"));
        assert!(config.contains("path = \"raw/{{TABLE}}/{{UUID}}.{{FORMAT}}\"\n"), "{config}");
        assert!(config.contains(r#"paths = ["/a \"b\"/x.csv"]"#), "{config}");
    }
}
