//! BENCHMARKS.md: a section a part. One that is measured again takes the place of what it was, and the others stay.

use std::fmt;

/// What stands between sections.
const BEGIN: &str = "\n## ";

/// A section.
pub(super) struct Section {
    /// What it is found by.
    pub(super) heading: &'static str,
    /// What was measured, and how.
    pub(super) introduction: &'static str,
    /// The options with which it was measured, and its part.
    pub(super) options: String,
    /// Names and values that say on what.
    pub(super) machine: Vec<(String, String)>,
    /// The figures, as Markdown.
    pub(super) figures: String,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { heading, introduction, options, machine, figures } = self;
        writeln!(f, "## {heading}\n\n{}\n\nMade by `cargo xtask bench {options}`.", introduction.trim())?;
        writeln!(f, "\n| | |\n|---|---|")?;
        machine.iter().try_for_each(|(name, value)| writeln!(f, "| {name} | {value} |"))?;
        writeln!(f, "\n{}", figures.trim())
    }
}

/// A page with a section, in place of the one with the same heading or at its end.
pub(super) fn with(page: &str, section: &Section) -> String {
    let mut parts: Vec<&str> = page.trim_end().split(BEGIN).map(str::trim_end).collect();
    let text = section.to_string();
    let text = text.trim_start_matches("## ").trim_end();
    match parts.iter_mut().skip(1).find(|part| part.lines().next() == Some(section.heading)) {
        Some(part) => *part = text,
        None => parts.push(text),
    }
    parts.join(&format!("\n{BEGIN}")) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(heading: &'static str, figures: &str) -> Section {
        let machine = vec![("CPU".to_owned(), "2 cores".to_owned())];
        Section { heading, introduction: "How.\n", options: "files --runs 3".into(), machine, figures: figures.into() }
    }

    #[test]
    fn a_section_takes_the_place_of_what_it_was_and_the_others_stay() {
        let one = with("# Benchmarks\n\nWhat it costs.\n", &section("Files", "### CSV\n\n| 1 |\n"));
        let text = "## Files\n\nHow.\n\nMade by `cargo xtask bench files --runs 3`.\n\n| | |\n|---|---|\n| CPU | 2 cores |\n\n\
                    ### CSV\n\n| 1 |\n";
        assert_eq!(one, format!("# Benchmarks\n\nWhat it costs.\n\n{text}"));
        let two = with(&one, &section("Wizard", "| 2 |"));
        assert!(two.starts_with(&one) && two.ends_with("\n\n| 2 |\n"), "{two}");
        let again = with(&two, &section("Files", "### CSV\n\n| 3 |\n"));
        assert_eq!(again, two.replace("| 1 |", "| 3 |"));
        assert_eq!(with(&again, &section("Wizard", "| 2 |")), again);
    }
}
