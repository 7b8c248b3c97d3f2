//! The answers of a session that was left, in the state directory.

use std::{fs, io};

use lakeward_wizard::Draft;

use super::world::World;

/// Keeps the draft, for this user alone.
pub(crate) fn save(world: &World, text: &str) -> io::Result<()> {
    lakeward_auth::keep_private(&world.draft(), text)
}

/// Forgets it.
pub(crate) fn forget(world: &World) {
    // One that is not there, or can't be removed, is asked about the next time.
    let _ = fs::remove_file(world.draft());
}

/// Reads it; the error says why what is there can't be gone on with.
pub(crate) fn read(world: &World) -> Result<Option<Draft>, String> {
    match fs::read_to_string(world.draft()) {
        Ok(text) => Draft::read(&text),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(format!("the answers of an earlier session can't be read: {error}")),
    }
}
