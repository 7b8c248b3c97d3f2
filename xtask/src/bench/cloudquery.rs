//! What it costs to be a CloudQuery host's S3 destination, beside PyArrow, which turns the same rows as a file into Parquet.

use std::{fs, path::Path, process::Command};

use anyhow::Context;
use serde_json::{Value, json};

use super::{Bench, Section, config, report};
use crate::step;

/// Part of the folder's name: to be raised when other rows are made.
const GENERATION: u32 = 1;
/// The rows of a recording, of which so many are made at `--scale 1`.
const RECORDED: u32 = 20_000;
const ROWS: f64 = 1_000_000.0;

/// Format, compression, and the rows of a record.
const WRITES: [(&str, &str, u32); 7] = [
    ("parquet", "none", 1_000),
    ("csv", "none", 1_000),
    ("csv", "gzip", 1_000),
    ("json", "none", 1_000),
    ("parquet", "none", 50),
    ("csv", "none", 50),
    ("json", "none", 50),
];

/// What a config lands of a source plugin, whose records have so many rows.
const SYNCS: [&str; 3] = ["parquet", "csv", "json"];
const SYNCED: u32 = 1_000;

const INTRODUCTION: &str = "\
A host in Python writes the rows of one table of 18 columns to `lakeward serve`, in one call, and the plugin lands them in SeaweedFS.
Or a source plugin in Python sends them, and `lakeward --config` lands them.
PyArrow turns the same rows, which lie in a file as NDJSON, into Parquet in the same server. The objects of every run were read
back, and had all rows. Figures are medians with the least and the most; × is the ratio to PyArrow. CPU and memory are Lakeward's,
without those of the host, of the source and of the server, which have the same cores.
";

/// Makes the recordings and measures.
pub(super) fn measure(bench: &Bench<'_>) -> anyhow::Result<Section> {
    let times = times(bench.options.scale);
    let data = bench.folder.join(format!("records-{GENERATION}-{times}"));
    if !data.is_dir() {
        let unfinished = tempfile::tempdir_in(&bench.folder).context("the cache can't be written")?;
        let mut make = Command::new(&bench.python);
        make.args(["-I", "-B"]).arg(bench.root.join("xtask/python/bench/records.py"));
        step::run("records.py", make.arg(unfinished.path()).arg(times.to_string()))?;
        fs::rename(unfinished.keep(), &data)?;
    }
    let results = bench.driven("programs.py", &plan(bench, &data, times))?;
    let (machine, figures) = report::tables(&results)?;
    let options = format!("cloudquery --scale {} --runs {}", bench.options.scale, bench.options.runs);
    Ok(Section { heading: "CloudQuery's rows to S3", introduction: INTRODUCTION, options, machine, figures })
}

/// How often a recording is sent.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a scale is above 0 and at most 10")]
fn times(scale: f64) -> u32 {
    (ROWS * scale / f64::from(RECORDED)).ceil() as u32
}

fn plan(bench: &Bench<'_>, data: &Path, times: u32) -> Value {
    let (scratch, rows) = (bench.scratch.path(), RECORDED * times);
    let scripts = bench.root.join("xtask/python/bench");
    let ndjson = data.join("machines.ndjson");
    let key = "raw/machines.parquet";
    let (peers, host) = (scripts.join("peers.py"), scripts.join("host.py"));
    let command =
        json!([bench.python, "-I", peers, "pyarrow", "ndjson", ndjson, "parquet", "snappy", "ENDPOINT", "bench", key]);
    let mut programs = vec![json!({
        "name": "PyArrow, NDJSON to Parquet", "command": command, "packages": ["pyarrow"], "output": "parquet", "compression": "none",
    })];
    let mut reads = vec![ndjson];
    for (format, compression, size) in WRITES {
        let frames = data.join(format!("{size}.frames"));
        let command = json!([bench.lakeward, "serve", "--network", "tcp", "--address", "ADDRESS"]);
        let client = json!([bench.python, "-I", host, "ADDRESS", spec(format, compression), frames, times.to_string()]);
        let compressed = if compression == "none" { "" } else { &format!(" ({compression})") };
        programs.push(json!({
            "name": format!("Lakeward, {format}{compressed}, records of {size}"), "command": command, "client": client,
            "output": format, "compression": compression,
        }));
        reads.push(frames);
    }
    for format in SYNCS {
        let config = scratch.join(format!("sync-{format}.toml"));
        let command = json!([bench.lakeward, "--config", config, "--progress", "none"]);
        let frames = data.join(format!("{SYNCED}.frames"));
        programs.push(json!({
            "name": format!("Lakeward, {format} of a source's records of {SYNCED}"), "command": command,
            "config": {"path": config, "text": sync_config(format, &scratch.join("state"))},
            "server": [bench.python, "-I", "-B", scripts.join("source.py"), "ADDRESS", frames, times.to_string()],
            "output": format, "compression": "none",
        }));
    }
    let title = format!("{rows} rows");
    let work = json!({"title": title, "reads": reads, "rows": rows, "programs": programs});
    json!({"runs": bench.options.runs, "folder": scratch, "works": [work]})
}

/// The spec of the original destination; the vendor says that the server verifies a CRC, which costs far less than MD5.
fn spec(format: &str, compression: &str) -> String {
    json!({
        "bucket": "bench",
        "region": "us-east-1",
        "path": "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}",
        "format": format,
        "compression": if compression == "none" { "" } else { compression },
        "endpoint": "ENDPOINT",
        "vendor": "seaweedfs",
        "test_write": false,
    })
    .to_string()
}

/// What `spec` says, as a config, with the limits at which objects close that a spec has by default, and its Snappy.
fn sync_config(format: &str, state: &Path) -> String {
    let compression = if format == "parquet" { "snappy" } else { "none" };
    let limits = "batch_size = 10000\nbatch_size_bytes = \"50MiB\"\n";
    config::text(state, format, compression, limits, "type = \"cloudquery\"\naddress = \"ADDRESS\"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_sent_as_often_as_the_scale_says() {
        assert_eq!([times(1.0), times(0.02), times(0.001)], [50, 1, 1]);
    }
}
