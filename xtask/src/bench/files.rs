//! Time, CPU and memory of Lakeward beside DuckDB, Polars, PyArrow and s5cmd, which do the same work against the same S3 server.

mod data;

use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use super::{Bench, Section, config, report};
use crate::step;
use data::Data;

/// Makes the data and measures.
pub(super) fn measure(bench: &Bench<'_>) -> anyhow::Result<Section> {
    let data = step::timed("data", || data::made(&bench.folder, bench.options.scale, &bench.python))?;
    let results = bench.driven("programs.py", &plan(bench, &data)?)?;
    let (machine, figures) = report::tables(&results)?;
    let options = format!("files --scale {} --runs {}", bench.options.scale, bench.options.runs);
    Ok(Section { heading: "Files to S3", introduction: INTRODUCTION, options, machine, figures })
}

const INTRODUCTION: &str = "\
Each program does the same work against the same S3 server, SeaweedFS on the same machine, one after the other and that again
for every run, after the input was read once: it turns one file into objects of another format. DuckDB can't write to S3 without
an extension from the internet: it writes a local file, which s5cmd copies. The objects of every run were read back, and had as
many rows as the input. Figures are medians with the least and the most; × is the ratio to the first row. CPU is user and system
time of the program and its children, without the server's, which has the same cores; memory is the peak resident set of its
largest process, as the kernel counts it.
";

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

/// The work of `python/bench/programs.py`.
fn plan(bench: &Bench<'_>, data: &[Data]) -> anyhow::Result<Value> {
    let scratch = bench.scratch.path();
    let peers = bench.root.join("xtask/python/bench/peers.py");
    let mut works = Vec::new();
    for Work { input, output, compression, peers: able } in &WORKS {
        let data = data.iter().find(|data| data.format == *input).context("a format without data")?;
        let config = scratch.join(format!("{input}-{output}.toml"));
        let text = lakeward_config(data, output, compression, &scratch.join("state"));
        let command = json!([bench.lakeward, "--config", config, "--progress", "none"]);
        let mut programs = vec![json!({
            "name": "Lakeward", "command": command, "config": {"path": config, "text": text}, "output": output,
            "compression": compression,
        })];
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
            programs.push(json!({
                "name": name, "command": command, "packages": packages, "output": output, "compression": compression,
            }));
        }
        let compressed = if *compression == "none" { "" } else { &format!(" ({compression})") };
        let (from, to, mib) = (written(input), written(output), report::mib(data.bytes));
        let title = format!("{from} of {mib:.0} MiB, {} rows, to {to}{compressed}", data.rows);
        works.push(json!({"title": title, "reads": [data.path], "rows": data.rows, "programs": programs}));
    }
    Ok(json!({"runs": bench.options.runs, "folder": scratch, "works": works}))
}

/// A format as people write it.
fn written(format: &str) -> &str {
    match format {
        "ndjson" => "NDJSON",
        "csv" => "CSV",
        "json" => "JSON lines",
        "parquet" => "Parquet",
        other => other,
    }
}

fn lakeward_config(data: &Data, format: &str, compression: &str, state: &Path) -> String {
    let source = format!("type = \"files\"\npaths = [{}]\ntable = \"events\"\n", config::quoted(&data.path));
    config::text(state, format, compression, "", &source)
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
