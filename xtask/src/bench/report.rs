//! What `python/bench/programs.py` measured, as tables.

use std::fmt::Write;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

use super::spread::Spread;

/// What `python/bench/programs.py` writes.
#[derive(Deserialize)]
struct Results {
    machine: Vec<(String, String)>,
    works: Vec<Measured>,
}

#[derive(Deserialize)]
struct Measured {
    title: String,
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

/// What it was measured on, and a table a work.
pub(super) fn tables(results: &Value) -> anyhow::Result<(Vec<(String, String)>, String)> {
    let results = Results::deserialize(results).context("the results of programs.py are not of the form expected")?;
    let mut page = String::new();
    for work in &results.works {
        writeln!(page, "\n### {}\n", work.title)?;
        page.push_str(HEADER);
        for program in &work.programs {
            let columns = [|run: &Run| run.wall_s, |run: &Run| run.cpu_s, |run: &Run| run.rss_mib];
            write!(page, "| {} {} ", program.name, program.version)?;
            for (column, digits) in columns.into_iter().zip([2, 2, 0]) {
                let of = |program: &Program| Spread::of(program.runs.iter().map(column));
                let spread = of(program).context("a program without runs")?;
                let first = work.programs.first().and_then(of).context("a work without programs")?;
                let (Spread { median, least, most, .. }, ratio) = (spread, spread.median / first.median);
                write!(page, "| {median:.digits$} ({least:.digits$}–{most:.digits$}) | {ratio:.2} ")?;
            }
            writeln!(page, "| {:.0} |", mib(program.output_bytes))?;
        }
    }
    Ok((results.machine, page))
}

const HEADER: &str = "\
| | wall, s | × | CPU, s | × | memory, MiB | × | objects, MiB |
|---|---|---|---|---|---|---|---|
";

/// Bytes as MiB.
#[expect(clippy::cast_precision_loss, reason = "files are far smaller than 2^53 bytes")]
pub(super) fn mib(bytes: u64) -> f64 {
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
        let work = json!({"title": "CSV to JSON lines", "programs": programs});
        let (machine, page) = tables(&json!({"machine": [["CPUs", "2"]], "works": [work]})).unwrap();
        assert_eq!(machine, [("CPUs".to_owned(), "2".to_owned())]);
        assert!(page.contains("### CSV to JSON lines\n"));
        let lakeward =
            "| Lakeward 1 | 2.00 (1.00–3.00) | 1.00 | 4.00 (2.00–6.00) | 1.00 | 100 (100–100) | 1.00 | 3 |\n";
        let duckdb = "| DuckDB 1 | 1.00 (1.00–4.00) | 0.50 | 2.00 (2.00–8.00) | 0.50 | 100 (100–100) | 1.00 | 3 |\n";
        assert!(page.contains(lakeward) && page.contains(duckdb), "{page}");
    }
}
