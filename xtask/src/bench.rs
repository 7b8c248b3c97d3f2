//! Time, CPU and memory of Lakeward beside DuckDB, Polars, PyArrow and s5cmd, which do the same work against the same S3 server.

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
    let data = step::timed("data", || data::made(&folder, options.scale, &python))?;
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

/// What is turned into what; the first program of each is Lakeward.
struct Work {
    input: &'static str,
    output: &'static str,
    compression: &'static str,
    /// Those that can do it.
    peers: &'static [Peer],
}

/// A program of the Python environment: its name, how `python/peers.py` calls it, and the packages whose versions it has.
struct Peer(&'static str, &'static str, &'static [&'static str]);

const DUCKDB: Peer = Peer("DuckDB + s5cmd", "duckdb", &["duckdb", "s5cmd"]);
const POLARS: Peer = Peer("Polars", "polars", &["polars"]);
const PYARROW: Peer = Peer("PyArrow", "pyarrow", &["pyarrow"]);
const S5CMD: Peer = Peer("s5cmd (copies the file)", "s5cmd", &["s5cmd"]);

const WORKS: [Work; 5] = [
    Work { input: "ndjson", output: "parquet", compression: "zstd", peers: &[DUCKDB, POLARS, PYARROW] },
    Work { input: "csv", output: "parquet", compression: "zstd", peers: &[DUCKDB, POLARS, PYARROW] },
    Work { input: "csv", output: "csv", compression: "gzip", peers: &[DUCKDB, POLARS, PYARROW] },
    Work { input: "csv", output: "json", compression: "none", peers: &[DUCKDB, POLARS] },
    Work { input: "parquet", output: "parquet", compression: "zstd", peers: &[DUCKDB, POLARS, PYARROW, S5CMD] },
];

/// The work of `python/bench.py`, which puts the server's URL where `ENDPOINT` stands.
fn plan(
    root: &Path,
    python: &Path,
    lakeward: Option<&Path>,
    scratch: &Path,
    data: &[Data],
    runs: u32,
) -> anyhow::Result<Value> {
    let peers = root.join("xtask/python/peers.py");
    let mut works = Vec::new();
    for Work { input, output, compression, peers: able } in &WORKS {
        let data = data.iter().find(|data| data.format == *input).context("a format without data")?;
        let mut programs = Vec::new();
        if let Some(lakeward) = lakeward {
            let config = scratch.join(format!("{input}-{output}.toml"));
            let text = lakeward_config(data, output, compression, &scratch.join("state"));
            let command = json!([lakeward, "--config", config, "--progress", "none"]);
            let config = json!({"path": config, "text": text});
            programs.push(json!({"name": "Lakeward", "command": command, "config": config}));
        }
        for Peer(name, program, packages) in *able {
            let key = format!("raw/events.{output}");
            let command =
                json!([python, "-I", peers, program, input, data.path, output, compression, "ENDPOINT", "bench", key]);
            programs.push(json!({"name": name, "command": command, "packages": packages}));
        }
        works.push(json!({
            "input": input, "output": output, "compression": compression, "path": data.path, "bytes": data.bytes,
            "rows": data.rows, "programs": programs,
        }));
    }
    Ok(json!({"runs": runs, "folder": scratch, "works": works}))
}

fn lakeward_config(data: &Data, format: &str, compression: &str, state: &Path) -> String {
    let quoted = |path: &Path| Value::from(path.to_string_lossy()).to_string();
    format!(
        r#"version = 1
state_dir = {state}

[auth]
method = "env"

[destination]
endpoint = "ENDPOINT"
vendor = "seaweedfs"
bucket = "bench"
path = "raw/{{{{TABLE}}}}/{{{{UUID}}}}.{{{{FORMAT}}}}"
format = "{format}"
compression = "{compression}"

[[source]]
type = "files"
paths = [{path}]
table = "events"
"#,
        state = quoted(state),
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
        let config = lakeward_config(&data, "csv", "gzip", Path::new("/state"));
        assert!(config.contains("path = \"raw/{{TABLE}}/{{UUID}}.{{FORMAT}}\"\n"), "{config}");
        assert!(config.contains(r#"paths = ["/a \"b\"/x.csv"]"#), "{config}");
    }
}
