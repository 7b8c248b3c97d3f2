//! What the wizard costs on a terminal: how long a person waits for it, and what it takes while nobody types.

use std::fmt::Write;

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Bench, Section, spread::Spread};

/// How long an idle screen is watched, in seconds.
const IDLE: u32 = 20;

/// What `python/bench/wizard.py` writes.
#[derive(Deserialize)]
struct Results {
    machine: Vec<(String, String)>,
    figures: Vec<Figure>,
}

#[derive(Deserialize)]
struct Figure {
    name: String,
    digits: usize,
    aim: String,
    values: Vec<f64>,
}

/// Measures.
pub(super) fn measure(bench: &Bench<'_>) -> anyhow::Result<Section> {
    let runs = bench.options.runs;
    let plan = json!({
        "lakeward": bench.lakeward, "folder": bench.scratch.path(), "runs": runs, "idle_s": IDLE,
    });
    section(&bench.driven("wizard.py", &plan)?, runs)
}

fn section(results: &Value, runs: u32) -> anyhow::Result<Section> {
    let results = Results::deserialize(results).context("the results of wizard.py are not of the form expected")?;
    let mut figures = String::from("| | median | p99 | most | of | aim |\n|---|---|---|---|---|---|\n");
    for Figure { name, digits, aim, values } in &results.figures {
        let spread = Spread::of(values.iter().copied()).with_context(|| format!("{name}: nothing was measured"))?;
        let Spread { median, p99, most, count, .. } = spread;
        writeln!(figures, "| {name} | {median:.digits$} | {p99:.digits$} | {most:.digits$} | {count} | {aim} |")?;
    }
    let options = format!("wizard --runs {runs}");
    Ok(Section { heading: "The wizard", introduction: INTRODUCTION, options, machine: results.machine, figures })
}

const INTRODUCTION: &str = "\
`lakeward init` on a terminal, from outside: what is typed goes in, and what is drawn comes out. The first screen, of 80 by 24, is
whole when the last word of its last line has come; the time until then begins before the process is made. A frame is what a key
changes on a screen of 120 by 40 with 1000 accounts of 3 roles each, all listed, while a filter is typed, moved in and cleared; it is
whole when the last of it has come. CPU is of one core, over 20 seconds; while a sign-in is waited for, a countdown is drawn each
second, and the access portal, a stand-in on the same machine, is asked every 5. Memory is of every session above, as the kernel counts it.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_is_a_line_with_its_aim() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        let figures = json!([{"name": "a frame, ms", "digits": 1, "aim": "< 16", "values": values}]);
        let section = section(&json!({"machine": [], "figures": figures}), 3).unwrap();
        assert!(
            section.figures.ends_with("| a frame, ms | 100.5 | 198.0 | 200.0 | 200 | < 16 |\n"),
            "{}",
            section.figures
        );
        let nothing = json!({"machine": [], "figures": [{"name": "x", "digits": 1, "aim": "", "values": []}]});
        assert!(super::section(&nothing, 3).is_err());
    }
}
