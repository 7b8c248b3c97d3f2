//! Time, CPU and memory of Lakeward beside DuckDB, Polars, PyArrow and s5cmd, which do the same work against the same S3 server.

mod data;
mod report;

use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use super::{Bench, Section};
use crate::step;
use data::Data;

/// Makes the data and measures.
pub(super) fn measure(bench: &Bench<'_>) -> anyhow::Result<Section> {
    let data = step::timed("data", || data::made(&bench.folder, bench.options.scale, &bench.python))?;
    let results = bench.driven("files.py", &plan(bench, &data)?)?;
    report::section(&results, bench.options.scale, bench.options.runs)
}

/// What is turned into what; the first program of each is Lakeward.
struct Work {
    input: &'static str,
    output: &'static str,
    compression: &'static str,
    /// Those that can do it.
    peers: &'static [Peer],
}

/// A program of the Python environment: its name, how `python/bench/peers.py` calls it, and the packages whose versions it has.
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

/// The work of `python/bench/files.py`, which puts the server's URL where `ENDPOINT` stands.
fn plan(bench: &Bench<'_>, data: &[Data]) -> anyhow::Result<Value> {
    let scratch = bench.scratch.path();
    let peers = bench.root.join("xtask/python/bench/peers.py");
    let mut works = Vec::new();
    for Work { input, output, compression, peers: able } in &WORKS {
        let data = data.iter().find(|data| data.format == *input).context("a format without data")?;
        let config = scratch.join(format!("{input}-{output}.toml"));
        let text = lakeward_config(data, output, compression, &scratch.join("state"));
        let command = json!([bench.lakeward, "--config", config, "--progress", "none"]);
        let mut programs =
            vec![json!({"name": "Lakeward", "command": command, "config": {"path": config, "text": text}})];
        for Peer(name, program, packages) in *able {
            let key = format!("raw/events.{output}");
            let command = json!([
                bench.python,
                "-I",
                peers,
                program,
                input,
                data.path,
                output,
                compression,
                "ENDPOINT",
                "bench",
                key
            ]);
            programs.push(json!({"name": name, "command": command, "packages": packages}));
        }
        works.push(json!({
            "input": input, "output": output, "compression": compression, "path": data.path, "bytes": data.bytes,
            "rows": data.rows, "programs": programs,
        }));
    }
    Ok(json!({"runs": bench.options.runs, "folder": scratch, "works": works}))
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
