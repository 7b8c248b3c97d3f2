//! What is printed beside progress and logs.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use lakeward_core::{config::Style, failure::Failure, untrusted::printable};
use serde_json::json;

use crate::{
    arguments::{LogFormat, OutputArguments},
    terminal::fitted,
};

/// A path as the person would type it: relative where it is below the current folder.
pub(crate) fn shown(path: &Path) -> String {
    shown_from(&std::env::current_dir().unwrap_or_default(), path)
}

fn shown_from(current: &Path, path: &Path) -> String {
    // Everything is below the root, where a job of cron may run: there, a path is of use as a whole.
    let relative = path.strip_prefix(current).ok().filter(|_| current.parent().is_some());
    printable(&relative.unwrap_or(path).display().to_string()).into_owned()
}

/// A failure in lines: what, and what to do.
pub(crate) fn told(level: &str, failure: &Failure) -> String {
    format!("{level}: {}\n{}", failure.what, next_lines(failure))
}

/// What to do, each thing in a line of its own.
fn next_lines(failure: &Failure) -> String {
    let next = failure.next.iter().flat_map(|next| next.lines());
    let words = std::iter::once("  next: ").chain(std::iter::repeat("    or: "));
    words.zip(next).map(|(word, next)| format!("{word}{next}\n")).collect()
}

/// Where results and errors are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    quiet: bool,
    json: bool,
}

impl Console {
    pub(crate) fn new(output: &OutputArguments) -> Self {
        Self { quiet: output.quiet, json: output.log_format == LogFormat::Json }
    }

    /// A result, on standard output.
    pub(crate) fn result(self, text: &str) {
        if !self.quiet {
            // Nobody may be reading.
            let _ = io::stdout().write_all(fitted(text, &io::stdout()).as_bytes());
        }
    }

    /// What a person who signs in has to see, on standard error: also where nothing else is printed, for else nobody could
    /// sign in.
    pub(crate) fn note(self, text: &str) {
        if self.json {
            self.line("info", text.trim_end(), &json!({}));
        } else {
            let _ = io::stderr().write_all(fitted(text, &io::stderr()).as_bytes());
        }
    }

    /// Something odd, on standard error.
    pub(crate) fn warning(self, text: &str) {
        if !self.quiet {
            self.line("warning", text, &json!({}));
        }
    }

    /// Something that will fail, though not now, on standard error.
    pub(crate) fn foreseen(self, failure: &Failure) {
        if !self.quiet {
            self.line("warning", &failure.what, &json!({ "next": failure.next }));
            self.next(failure);
        }
    }

    /// What a run that ended early has landed and what not, on standard error.
    pub(crate) fn incomplete(self, text: &str) {
        if self.json {
            self.line("warning", text.trim_end(), &json!({}));
        } else {
            let _ = io::stderr().write_all(fitted(text, &io::stderr()).as_bytes());
        }
    }

    /// That rows were set aside, on standard error where the summary that tells it is not printed: it is not to be missed.
    pub(crate) fn rejected(self, text: &str) {
        if self.quiet {
            self.line("warning", text, &json!({}));
        }
    }

    /// What ended the run, on standard error.
    pub(crate) fn failure(self, failure: &Failure) {
        self.line("error", &failure.what, &json!({ "next": failure.next, "exit_code": failure.kind.exit_code() }));
        self.next(failure);
    }

    fn next(self, failure: &Failure) {
        if !self.json {
            let _ = io::stderr().write_all(fitted(&next_lines(failure), &io::stderr()).as_bytes());
        }
    }

    /// Whether and how errors of the config are coloured.
    pub(crate) fn style(self) -> Style {
        let coloured = !self.json
            && io::stderr().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        if coloured { Style::Coloured } else { Style::Plain }
    }

    fn line(self, level: &str, text: &str, more: &serde_json::Value) {
        let mut error = io::stderr();
        let _ = if self.json {
            let mut line = json!({ "level": level, "message": text });
            if let (Some(line), Some(more)) = (line.as_object_mut(), more.as_object()) {
                line.extend(more.clone());
            }
            writeln!(error, "{line}")
        } else {
            writeln!(error, "{}", fitted(&format!("{level}: {text}"), &io::stderr()))
        };
    }
}

#[cfg(test)]
mod tests {
    use lakeward_core::failure::FailureKind;

    use super::*;

    #[test]
    fn each_thing_to_do_has_a_line() {
        let failure = Failure::new(FailureKind::Denied, "no keys");
        assert_eq!(told("error", &failure), "error: no keys\n");
        let failure = failure.next("sign in\nset variables");
        assert_eq!(told("error", &failure), "error: no keys\n  next: sign in\n    or: set variables\n");
    }

    #[test]
    fn a_path_is_relative_to_a_folder_but_not_to_the_root() {
        let from = |current: &str| shown_from(Path::new(current), Path::new("/home/u/rejects"));
        assert_eq!([from("/home/u"), from("/tmp"), from("/")], ["rejects", "/home/u/rejects", "/home/u/rejects"]);
    }
}
