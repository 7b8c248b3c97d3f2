//! Finds, reads and resolves the config.

use std::{
    env,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use lakeward_core::{
    config::{self, Flags, Inputs, Resolved},
    failure::{Failure, FailureKind},
    untrusted::printable,
};

use crate::console::Console;

/// The variable that names a config.
const VARIABLE: &str = "LAKEWARD_CONFIG";

/// The config that is looked for where none is named.
const DEFAULT: &str = "lakeward.toml";

/// The most that is read of a config: whatever is longer is none.
const MOST: u64 = 1 << 20;

/// Resolves the config that the flag names, else `LAKEWARD_CONFIG`, else `./lakeward.toml`.
pub(crate) fn resolve(named: Option<PathBuf>, tables: Vec<String>, console: Console) -> Result<Resolved, Failure> {
    let resolved = resolved(&self::named(named), tables, console)?;
    resolved.warnings.iter().for_each(|warning| console.warning(warning));
    Ok(resolved)
}

/// Resolves a config, and says nothing.
pub(crate) fn resolved(path: &Path, tables: Vec<String>, console: Console) -> Result<Resolved, Failure> {
    let text = read(path)?;
    let file = std::path::absolute(path).map_err(|error| unreadable(path, &error))?;
    let environment: Vec<(String, String)> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let inputs = Inputs {
        file: &file,
        text: &text,
        environment: &environment,
        flags: Flags { tables },
        default_state_dir: default_state_dir(),
    };
    config::resolve(&inputs).map_err(|errors| {
        let rendered = config::render(&errors, path, &text, console.style());
        let rendered = rendered.trim_end();
        let what = match (errors.len(), rendered.split_once(": ")) {
            // That it is an error is said before it.
            (1, Some((_, one))) => one.to_owned(),
            (count, _) => format!("{count} errors in the config\n{rendered}"),
        };
        Failure::new(FailureKind::Usage, what)
    })
}

/// The config that is meant, whether it is there or not.
pub(crate) fn named(named: Option<PathBuf>) -> PathBuf {
    named.or_else(variable).unwrap_or_else(|| DEFAULT.into())
}

/// The config that would be resolved: none where none is named and there is no `./lakeward.toml`.
pub(crate) fn found(named: Option<PathBuf>) -> Option<PathBuf> {
    named.or_else(variable).or_else(|| Some(PathBuf::from(DEFAULT)).filter(|path| path.exists()))
}

fn variable() -> Option<PathBuf> {
    env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn read(path: &Path) -> Result<String, Failure> {
    let bytes = bytes(path).map_err(|error| unreadable(path, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        let line =
            error.as_bytes().iter().take(error.utf8_error().valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        let name = path.display().to_string();
        Failure::new(FailureKind::Usage, format!("the config {} is not UTF-8 (line {line})", printable(&name)))
            .next("save it as UTF-8")
    })
}

/// The bytes of a file that a person named and that is read as a whole: a file or a pipe, and no more of it than such a file has.
///
/// # Errors
/// Also when it is a folder, or longer.
pub(crate) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is longer than 1 MiB"));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let name = path.display().to_string();
    let next = match error.kind() {
        io::ErrorKind::IsADirectory | io::ErrorKind::FileTooLarge => {
            format!("name a config with --config or {VARIABLE}")
        }
        _ => format!(
            "make it with `lakeward init --config {}`, or name yours with --config or {VARIABLE}",
            printable(&name)
        ),
    };
    Failure::new(FailureKind::Usage, format!("the config {} can't be read: {error}", printable(&name))).next(next)
}

/// The platform's state directory; where there is none, that of local data (XDG base directory specification).
pub(crate) fn default_state_dir() -> PathBuf {
    let folders = directories::ProjectDirs::from("", "", "lakeward");
    let state = folders.map(|folders| folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).to_owned());
    state.unwrap_or_else(|| env::temp_dir().join("lakeward"))
}
