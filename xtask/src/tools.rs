//! What has to be installed by hand, looked for before anything is run.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::bail;

use crate::step;

/// The oldest Python for which the libraries of `requirements.txt` exist.
const PYTHON: &str = "import sys; sys.exit(sys.version_info < (3, 11))";

/// Fails when a tool is missing, and names all that are with what to install.
pub(crate) fn require_all(root: &Path) -> anyhow::Result<()> {
    let python = |script| {
        let mut python = Command::new("python3");
        python.args(["-c", script]);
        python
    };
    let cargo = |command| {
        let mut cargo = step::cargo(root);
        cargo.args([command, "--version"]);
        cargo
    };
    let mut compiler = Command::new("cc");
    compiler.arg("--version");
    let looked_for = [
        (cargo("fmt"), "rustfmt: `rustup component add rustfmt`, or the Debian package rustfmt"),
        (cargo("clippy"), "clippy: `rustup component add clippy`, or the Debian package rust-clippy"),
        (compiler, "a C compiler (cc): the Debian package build-essential, or `xcode-select --install` on macOS"),
        (python(PYTHON), "Python 3.11 or newer (python3): the Debian package python3"),
        (python("import ensurepip, venv"), "Python's module venv: the Debian package python3-venv"),
    ];
    let missing: Vec<&str> = looked_for
        .into_iter()
        .filter_map(|(mut command, advice)| (!succeeds(&mut command)).then_some(advice))
        .collect();
    if !missing.is_empty() {
        bail!("install what is missing, then run this again:\n  - {}", missing.join("\n  - "));
    }
    Ok(())
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
