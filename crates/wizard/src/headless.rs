//! The wizard without questions: `lakeward init --yes`.

use crate::{
    answers::Answers,
    compose::{Composed, compose, lacking},
    effect::Writing,
    facts::{Facts, Place, Trouble},
    question::{Need, QUESTIONS},
};

/// Makes the config from answers alone; defaults are taken where nobody gave one. It never changes a config that is there.
///
/// # Errors
/// All that is wrong, or else all that is missing, each with its flag (exit code 2).
pub fn headless(place: Place, answers: &Answers) -> Result<(Composed, Writing), Trouble> {
    if place.existing.is_some() {
        return Err(Trouble::usage(format!("{} is there already, and --yes overwrites nothing", place.config_shown))
            .next(format!("choose another file with --config, or edit it with `{}` on a terminal", place.asking())));
    }
    let facts = Facts { place, ..Facts::default() };
    let mut answers = answers.clone();
    answers.fill(&facts);
    let mut wrong = Vec::new();
    for question in QUESTIONS {
        let Some(answer) = answers.get(question.id).cloned() else { continue };
        let value = question.tidied(answer.value);
        if (question.need)(&answers) == Need::NotAsked {
            if answers.is_given(question.id) {
                wrong.push(format!("--{} does not go with the other answers", question.flag));
            }
        } else if let Err(why) = question.check(&value, &answers, &facts.place).or_else(|why| {
            // What is missing is told with all that is missing.
            if value.is_blank() { Ok(()) } else { Err(why) }
        }) {
            wrong.push(format!("--{}: {why}", question.flag));
        }
        answers.set(question.id, value, answer.from);
    }
    let missing = answers.missing();
    if !wrong.is_empty() {
        wrong.extend((!missing.is_empty()).then(|| lacking(&missing, &facts.place).what));
        let next = "correct these answers and give the command again; `lakeward init --help` says what each may be";
        return Err(Trouble::usage(wrong.join("\n")).next(next));
    }
    if !missing.is_empty() {
        return Err(lacking(&missing, &facts.place));
    }
    let composed = compose(&answers, &facts)?;
    let writing = Writing { file: facts.place.config, text: composed.document.toml.clone(), before: None };
    Ok((composed, writing))
}
