//! The flags of `lakeward init` that answer questions: one for each question of the registry.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, error::Error};
use lakeward_wizard::{Id, Kind, QUESTIONS, Question};

/// What was given, each with its values in the order of the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct AnswerFlags(pub(crate) Vec<(Id, Vec<String>)>);

impl Args for AnswerFlags {
    fn augment_args(command: Command) -> Command {
        QUESTIONS.iter().fold(command, |command, question| command.arg(flag(question)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for AnswerFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = |question: &Question| {
            let values = matches.get_many::<String>(question.flag)?.cloned().collect();
            Some((question.id, values))
        };
        Ok(Self(QUESTIONS.iter().filter_map(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn flag(question: &'static Question) -> Arg {
    let flag = Arg::new(question.flag).long(question.flag).help_heading("Answers").value_name(value(question));
    let flag = flag.help(short(question)).long_help(long(question));
    match question.kind {
        Kind::Text | Kind::Table | Kind::Choice(_) => flag,
        // What a shell makes of a glob is several values.
        Kind::List => flag.action(ArgAction::Append).num_args(1..),
        Kind::Words => flag.action(ArgAction::Append),
    }
}

fn value(question: &Question) -> &'static str {
    match question.kind {
        Kind::Choice(_) => "CHOICE",
        Kind::List if question.id == Id::Paths => "PATH",
        Kind::List => "NAME",
        Kind::Words => "COMMAND",
        Kind::Table => "TABLE",
        Kind::Text => "ANSWER",
    }
}

fn short(question: &Question) -> String {
    let choices: Vec<&str> = question.choices().iter().map(|choice| choice.value).collect();
    match choices.as_slice() {
        [] => format!("{}, such as {}", question.title, question.example),
        choices => format!("{}: {}", question.title, choices.join(", ")),
    }
}

fn long(question: &Question) -> String {
    let choices = question.choices().iter().map(|choice| format!("\n  {}: {}", choice.value, choice.help));
    format!("{}{}\nSuch as: {}", question.help, choices.collect::<String>(), question.example)
}
