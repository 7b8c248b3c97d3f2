//! One step of a task: a heading, a program, and how long it took.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail};

/// Runs a program to its end and says how long it took.
///
/// # Errors
///
/// When it does not start or fails: what failed, and the command to run it again alone.
pub(crate) fn run(heading: &str, command: &mut Command) -> anyhow::Result<()> {
    timed(heading, || {
        let status = command.status().with_context(|| format!("{heading}: {} did not start", shown(command)))?;
        if !status.success() {
            bail!("{heading} failed ({status}); its output is above; alone it runs as: {}", shown(command));
        }
        Ok(())
    })
}

/// Does something under a heading and says how long it took.
pub(crate) fn timed<T>(heading: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    println!("\n=== {heading}");
    std::io::stdout().flush()?;
    let started = Instant::now();
    let done = work()?;
    println!("=== {heading}: done in {:.1} s", started.elapsed().as_secs_f64());
    Ok(done)
}

/// What a program prints to standard output.
pub(crate) fn printed_by(command: &mut Command) -> anyhow::Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("{} did not start", shown(command)))?;
    if !output.status.success() {
        bail!("{} failed ({})", shown(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed something else than text", shown(command)))
}

/// Cargo in the workspace's root, without what the cargo that runs this program set for it alone.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Build scripts that watch these (ring's does) would run again, and everything after them.
    let own = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
    for (name, _) in std::env::vars_os() {
        if name == "CARGO" || name.to_str().is_some_and(|name| own.iter().any(|own| name.starts_with(own))) {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(root);
    cargo
}

fn shown(command: &Command) -> String {
    let set = command.get_envs().filter_map(|(name, value)| Some(format!("{}={}", name.display(), quoted(value?))));
    let words = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted);
    set.chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &std::ffi::OsStr) -> String {
    let word = word.to_string_lossy();
    if word.contains(char::is_whitespace) { format!("'{word}'") } else { word.into_owned() }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_names_itself_and_its_command() {
        let error = run("docs", Command::new("sh").args(["-c", "exit 3"]).env("FLAGS", "-D warnings")).unwrap_err();
        let told = error.to_string();
        assert!(
            told.starts_with("docs failed (exit status: 3)") && told.ends_with("FLAGS='-D warnings' sh -c 'exit 3'"),
            "{told}"
        );
    }
}
