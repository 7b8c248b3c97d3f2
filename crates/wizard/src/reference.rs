//! The questions as a reference to read.

use std::fmt::Write as _;

use crate::question::{Kind, QUESTIONS, Question};

const HEAD: &str = "\
# What `lakeward init` asks

Each question is a flag of `lakeward init`, a key of an answers file (`--answers FILE`, TOML, without the dashes) and a key of the
config. Most are a variable of the environment too. Where several answer, a flag counts before a variable, a variable before the
answers file, and that before a draft, the config that is there and what was found on the machine.
";

/// Every question with its flag, its key, its variable, its choices and an example, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    QUESTIONS.iter().for_each(|question| section(&mut text, question));
    text
}

fn section(text: &mut String, question: &Question) {
    // Writing into a string does not fail.
    _ = write!(
        text,
        "\n## `--{}`\n\n{}. {}\n\n- key: `{}`\n",
        question.flag, question.title, question.help, question.key
    );
    if let Some(variable) = question.variable() {
        _ = writeln!(text, "- variable: `{variable}`");
    }
    for choice in question.choices() {
        _ = writeln!(text, "- `{}`: {}", choice.value, choice.help);
    }
    let (example, several) = match question.kind {
        Kind::List => (question.example.into(), ", also several times"),
        // A shell would take it apart.
        _ => (shlex::try_quote(question.example).unwrap_or(question.example.into()), ""),
    };
    _ = writeln!(text, "- such as: `--{} {example}`{several}", question.flag);
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    #[test]
    fn the_committed_reference_is_fresh() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/questions.md");
        let made = super::reference();
        if std::env::var_os("LAKEWARD_REWRITE_QUESTIONS").is_some() {
            fs::write(&file, &made).expect("it can be written");
        }
        let committed = fs::read_to_string(&file).expect("the committed reference");
        assert!(
            committed == made,
            "docs/questions.md is out of date; run this test with LAKEWARD_REWRITE_QUESTIONS=1 and look at what changed"
        );
    }
}
