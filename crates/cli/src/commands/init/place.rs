//! Where the wizard begins: which config, what is there, and what is odd about this machine.

use std::{
    env, io,
    path::{Path, PathBuf},
};

use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};
use lakeward_wizard::Place;

use super::world::World;
use crate::{config_file, console::shown};

/// Looks at the config that is to be written, which need not be there.
///
/// # Errors
/// [`FailureKind::Usage`] when it is there and can't be read.
pub(crate) fn place(named: Option<PathBuf>, world: &World, stdin_is_data: bool) -> Result<Place, Failure> {
    let config = absolute(&config_file::named(named))?;
    let existing = existing(&config)?;
    Ok(Place {
        config_shown: shown(&config),
        existing,
        situation: world.situation.reason.clone().unwrap_or_else(|| "a browser here comes back by itself".to_owned()),
        device_first: world.situation.flow == lakeward_auth::sign_in::Flow::Device,
        notes: unwritable(&config).into_iter().collect(),
        stdin_piped: stdin_is_data,
        state_dir: world.state_dir.clone(),
        is_demo: world.stand_in.is_some(),
        config,
        portal: None,
        is_plain: false,
    })
}

/// That the config can't be written where it is to be, as far as that can be known before: nobody answers all questions in vain.
fn unwritable(config: &Path) -> Option<String> {
    let folder = config.ancestors().skip(1).find(|folder| folder.exists())?;
    let error = tempfile::Builder::new().prefix(".lakeward-").tempfile_in(folder).err()?;
    let is_of_user = matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem);
    let folder = folder.display().to_string();
    is_of_user
        .then(|| format!("{} can't be written by this user: name another config with --config", printable(&folder)))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| {
        let name = path.display().to_string();
        Failure::new(FailureKind::Usage, format!("the config can't be {}: {error}", printable(&name)))
            .next("name a file with --config")
    })
}

/// The text of the config, where it is there.
///
/// # Errors
/// [`FailureKind::Usage`] when it is there and can't be read.
pub(crate) fn existing(path: &Path) -> Result<Option<String>, Failure> {
    let wrong = |why: String, next: &str| {
        Err(Failure::new(FailureKind::Usage, format!("the config {} {why}", shown(path))).next(next))
    };
    match config_file::bytes(path) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => wrong("is not UTF-8".to_owned(), "save it as UTF-8, or choose another file with --config"),
        },
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => wrong(format!("can't be read: {error}"), "choose another file with --config"),
    }
}

/// The environment as `LAKEWARD_` variables are looked up in it.
pub(crate) fn variables() -> Vec<(String, String)> {
    env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}
