//! Where a program is, before anything is started.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use lakeward_core::failure::{Failure, FailureKind};

use crate::error::shown;

/// What the first word of a command means in a folder: a path counts from there, and a mere name is looked for in PATH.
pub(crate) fn meant(program: &str, folder: &Path) -> PathBuf {
    let path = Path::new(program);
    if is_name(path) { path.to_owned() } else { folder.join(path) }
}

fn is_name(path: &Path) -> bool {
    path.components().count() <= 1
}

/// The file of a program, which this user may run as far as its mode tells.
///
/// # Errors
/// When it is not there or can't be run; they name the whole path.
pub(crate) fn find(program: &str, folder: &Path) -> io::Result<PathBuf> {
    let path = meant(program, folder);
    if !is_name(&path) {
        return may_run(&path).map(|()| path);
    }
    let mut refused = None;
    for folder in env::split_paths(&env::var_os("PATH").unwrap_or_default()) {
        let path =
            folder.join(format!("{program}{}", if program.contains('.') { "" } else { env::consts::EXE_SUFFIX }));
        match may_run(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    let what = || format!("no folder of PATH has a program {}", shown(&path));
    Err(refused.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, what())))
}

fn may_run(path: &Path) -> io::Result<()> {
    let found = fs::metadata(path).map_err(|error| {
        let what = match error.kind() {
            io::ErrorKind::NotFound => format!("there is no file {}", shown(path)),
            _ => format!("{}: {error}", shown(path)),
        };
        io::Error::new(error.kind(), what)
    })?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{} is no file", shown(path))));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o111 == 0 {
        let what = format!("{} is not executable", shown(path));
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    }
    Ok(())
}

/// Whether a plugin's program, whose whole path this is, can be started.
///
/// # Errors
/// When it is not there or not executable.
pub fn plugin_at(path: &Path) -> Result<(), Failure> {
    may_run(path).map_err(|error| {
        let next = match error.kind() {
            io::ErrorKind::PermissionDenied => format!("make it executable: chmod +x {}", shown(path)),
            _ => "put the plugin's program there, or correct `path`: a relative one counts from the folder of the config file"
                .to_owned(),
        };
        Failure::new(FailureKind::Input, format!("the plugin can't be started: {error}")).next(next)
    })
}
