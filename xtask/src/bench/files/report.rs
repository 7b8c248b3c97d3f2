//! The measurements as a section of BENCHMARKS.md.

use std::fmt::Write;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

use super::super::{Section, spread::Spread};

/// What `python/bench/files.py` writes.
#[derive(Deserialize)]
struct Results {
    machine: Vec<(String, String)>,
    works: Vec<Measured>,
}

#[derive(Deserialize)]
struct Measured {
    input: String,
    output: String,
    compression: String,
    bytes: u64,
    rows: u64,
    programs: Vec<Program>,
}

#[derive(Deserialize)]
struct Program {
    name: String,
    version: String,
    output_bytes: u64,
    runs: Vec<Run>,
}

#[derive(Clone, Copy, Deserialize)]
struct Run {
    wall_s: f64,
    cpu_s: f64,
    rss_mib: f64,
}

/// How it was measured, the machine, and a table a work.
pub(super) fn section(results: &Value, scale: f64, runs: u32) -> anyhow::Result<Section> {
    let results = Results::deserialize(results).context("the results of files.py are not of the form expected")?;
    let mut page = String::new();
    for file in &results.works {
        let (input, output, mib) = (name(&file.input), name(&file.output), mib(file.bytes));
        let compression = if file.compression == "none" { "" } else { &format!(" ({})", file.compression) };
        writeln!(page, "\n### {input} of {mib:.0} MiB, {} rows, to {output}{compression}\n", file.rows)?;
        page.push_str(HEADER);
        for program in &file.programs {
            let columns = [|run: &Run| run.wall_s, |run: &Run| run.cpu_s, |run: &Run| run.rss_mib];
            write!(page, "| {} {} ", program.name, program.version)?;
            for (column, digits) in columns.into_iter().zip([2, 2, 0]) {
                let of = |program: &Program| Spread::of(program.runs.iter().map(column));
                let spread = of(program).context("a program without runs")?;
                let first = file.programs.first().and_then(of).context("a file without programs")?;
                let (Spread { median, least, most, .. }, ratio) = (spread, spread.median / first.median);
                write!(page, "| {median:.digits$} ({least:.digits$}–{most:.digits$}) | {ratio:.2} ")?;
            }
            writeln!(page, "| {:.0} |", self::mib(program.output_bytes))?;
        }
    }
    let options = format!("files --scale {scale} --runs {runs}");
    let machine = results.machine;
    Ok(Section { heading: "Files to S3", introduction: INTRODUCTION, options, machine, figures: page })
}

const INTRODUCTION: &str = "\
Each program does the same work against the same S3 server, SeaweedFS on the same machine, one after the other and that again
for every run, after the input was read once: it turns one file into objects of another format. DuckDB can't write to S3 without
an extension from the internet: it writes a local file, which s5cmd copies. The objects of every run were read back, and had as
many rows as the input. Figures are medians with the least and the most; × is the ratio to the first row. CPU is user and system
time of the program and its children, without the server's, which has the same cores; memory is the peak resident set of its
largest process, as the kernel counts it.
";

const HEADER: &str = "\
| | wall, s | × | CPU, s | × | memory, MiB | × | objects, MiB |
|---|---|---|---|---|---|---|---|
";

/// A format as people write it.
fn name(format: &str) -> &str {
    match format {
        "ndjson" => "NDJSON",
        "csv" => "CSV",
        "json" => "JSON lines",
        "parquet" => "Parquet",
        other => other,
    }
}

#[expect(clippy::cast_precision_loss, reason = "files are far smaller than 2^53 bytes")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn medians_and_ratios_are_to_the_first_program() {
        let run = |wall: f64| json!({"wall_s": wall, "cpu_s": 2.0 * wall, "rss_mib": 100.0});
        let program = |name: &str, walls: [f64; 3]| json!({"name": name, "version": "1", "output_bytes": 3_145_728, "runs": walls.map(run)});
        let programs = [program("Lakeward", [3.0, 1.0, 2.0]), program("DuckDB", [1.0, 1.0, 4.0])];
        let file = json!({"input": "csv", "output": "json", "compression": "gzip", "bytes": 1_048_576, "rows": 9, "programs": programs});
        let page = section(&json!({"machine": [["CPUs", "2"]], "works": [file]}), 0.05, 3).unwrap().to_string();
        assert!(page.contains("`cargo xtask bench files --scale 0.05 --runs 3`") && page.contains("| CPUs | 2 |\n"));
        assert!(page.contains("### CSV of 1 MiB, 9 rows, to JSON lines (gzip)\n"));
        let lakeward =
            "| Lakeward 1 | 2.00 (1.00–3.00) | 1.00 | 4.00 (2.00–6.00) | 1.00 | 100 (100–100) | 1.00 | 3 |\n";
        let duckdb = "| DuckDB 1 | 1.00 (1.00–4.00) | 0.50 | 2.00 (2.00–8.00) | 0.50 | 100 (100–100) | 1.00 | 3 |\n";
        assert!(page.contains(lakeward) && page.contains(duckdb), "{page}");
    }
}
