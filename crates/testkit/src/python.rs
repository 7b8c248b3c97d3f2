//! Python as an independent judge: scripts run by the interpreter that `cargo xtask test` prepares.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use crate::home::{Home, HomeCommand};

/// Names the interpreter; `cargo xtask test` makes its environment from `xtask/requirements.txt`.
pub const VARIABLE: &str = "LAKEWARD_PYTHON";

/// How long a script may run.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// Ends a judge as soon as it has said all: on the interpreter's own way out PyArrow's threads abort it now and then
/// (observed with 26.0: "terminate called without an active exception").
const LEAVE: &str = "import os, sys; sys.stdout.flush(); sys.stderr.flush(); os._exit(0)";

/// The interpreter.
///
/// # Panics
///
/// When the variable is not set: a test that needs Python fails rather than being skipped.
#[track_caller]
#[must_use]
pub fn interpreter() -> PathBuf {
    found(std::env::var_os(VARIABLE))
}

/// Runs a script, given as its text (`include_str!` reads it from a file), and returns what it printed.
///
/// # Panics
///
/// When the script fails.
#[track_caller]
#[must_use]
pub fn run<A: Into<OsString>>(script: &str, arguments: impl IntoIterator<Item = A>) -> String {
    run_in(&Home::new(), script, arguments)
}

/// Runs a script as [`run`] does, and reads what it printed as one JSON value.
///
/// # Panics
///
/// When the script fails or prints something else.
#[track_caller]
#[must_use]
pub fn json<A: Into<OsString>>(script: &str, arguments: impl IntoIterator<Item = A>) -> serde_json::Value {
    json_in(&Home::new(), script, arguments)
}

/// As [`json()`], with a home of the test's own as the working directory.
///
/// # Panics
///
/// When the script fails or prints something else.
#[track_caller]
#[must_use]
pub fn json_in<A: Into<OsString>>(
    home: &Home,
    script: &str,
    arguments: impl IntoIterator<Item = A>,
) -> serde_json::Value {
    let printed = run_in(home, script, arguments);
    match serde_json::from_str(&printed) {
        Ok(value) => value,
        Err(error) => panic!("the script printed no JSON value ({error}):\n{printed}"),
    }
}

#[track_caller]
fn run_in<A: Into<OsString>>(home: &Home, script: &str, arguments: impl IntoIterator<Item = A>) -> String {
    command(home, &format!("{script}\n{LEAVE}"), arguments).run().exits(0).stdout
}

/// A script as a command of a home: for one that needs standard input, other variables or another time limit.
#[track_caller]
#[must_use]
pub fn command<'home, A: Into<OsString>>(
    home: &'home Home,
    script: &str,
    arguments: impl IntoIterator<Item = A>,
) -> HomeCommand<'home> {
    let arguments = arguments.into_iter().map(Into::into);
    home.command(interpreter()).args(["-I", "-X", "utf8", "-c", script]).args(arguments).time_limit(TIME_LIMIT)
}

#[track_caller]
fn found(variable: Option<OsString>) -> PathBuf {
    match variable {
        Some(path) if !path.is_empty() => path.into(),
        _ => panic!(
            "this test needs Python with its libraries: run cargo xtask test, which prepares them (or set {VARIABLE})"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "run cargo xtask test")]
    fn a_missing_interpreter_says_how_to_get_it() {
        let _ = found(None);
    }

    #[test]
    fn a_script_gets_its_arguments_and_answers_json() {
        let script = "import json, sys, pyarrow, duckdb\nprint(json.dumps({'got': sys.argv[1:]}))";
        assert_eq!(json(script, ["été", "b c"]), serde_json::json!({ "got": ["été", "b c"] }));
    }
}
