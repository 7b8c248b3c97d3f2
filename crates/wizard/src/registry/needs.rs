//! Which questions go with which answers.

use crate::{
    answers::Answers,
    question::{Id, Need},
};
use Need::{NotAsked, Optional, Required};

pub(super) fn given(answers: &Answers, id: Id) -> bool {
    answers.value(id).is_some()
}

pub(super) fn is_s3(answers: &Answers) -> bool {
    !answers.is(Id::Storage, "embedded")
}

pub(super) fn with_s3(answers: &Answers, need: Need) -> Need {
    if is_s3(answers) { need } else { NotAsked }
}

pub(super) fn with_auth(answers: &Answers, method: &str, need: Need) -> Need {
    if is_s3(answers) && answers.is(Id::Auth, method) { need } else { NotAsked }
}

/// Start URL and region: a session names both.
pub(super) fn without_session(answers: &Answers) -> Need {
    if given(answers, Id::SsoSession) { NotAsked } else { with_auth(answers, "sso", Required) }
}

pub(super) fn with_source(answers: &Answers, kind: &str, need: Need) -> Need {
    if answers.is(Id::Source, kind) { need } else { NotAsked }
}

pub(super) fn with_plugin(answers: &Answers, need: Need) -> Need {
    with_source(answers, "cloudquery", need)
}

/// What goes for a plugin that Lakeward starts.
pub(super) fn with_program(answers: &Answers, need: Need) -> Need {
    if given(answers, Id::Address) { NotAsked } else { with_plugin(answers, need) }
}

/// What goes for all that Lakeward reads itself.
pub(super) fn of_rows(answers: &Answers) -> Need {
    if of_stream(answers) == NotAsked { NotAsked } else { Optional }
}

/// What files tell by themselves and a stream does not.
pub(super) fn of_stream(answers: &Answers) -> Need {
    match answers.text(Id::Source) {
        Some("files") => Optional,
        Some("command" | "stdin") => Required,
        _ => NotAsked,
    }
}
