//! One temporary folder per process beside the buckets, and sweeping those of processes that are gone.
//!
//! A process holds a lock on a file in its folder as long as it lives, and the kernel gives the lock back however the
//! process ends. So a folder whose lock is free has no owner, whatever process has got its number by now. A bucket's name
//! can't begin with a dot: no object is ever in such a folder.

use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    process,
};

use uuid::Uuid;

const PREFIX: &str = ".tmp-";
const LOCK: &str = "lock";

/// How often a folder is made anew because another process took it for an orphan before its lock was held.
const ATTEMPTS: u32 = 100;

/// This process's temporary folder, removed with all that is in it when dropped.
#[derive(Debug)]
pub(crate) struct TempFolder {
    path: PathBuf,
    _lock: File,
}

impl TempFolder {
    /// Makes a folder `.tmp-<pid>-<random>` in `dir`.
    pub(crate) fn create(dir: &Path) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let path = dir.join(format!("{PREFIX}{}-{}", process::id(), Uuid::new_v4().simple()));
            fs::create_dir(&path)?;
            // Until the lock is held, a process that sweeps may take the folder away: then there is none of that name.
            let lock = match File::create_new(path.join(LOCK)) {
                Ok(lock) => lock,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                // A file system without locks: nobody can sweep there either.
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
            if path.join(LOCK).exists() {
                return Ok(Self { path, _lock: lock });
            }
        }
        Err(io::Error::other("other processes kept sweeping the new temporary folder"))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Removes the temporary folders in `dir` whose process is gone. What can't be removed stays for the next time.
pub(crate) fn sweep(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_folder || !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let path = entry.path();
        match File::open(path.join(LOCK)) {
            Ok(lock) if lock.try_lock().is_ok() => {
                tracing::debug!(folder = %path.display(), "removing what a process that is gone left behind");
                remove(&path);
            }
            Ok(_) => {}
            // Its process ended right after making it, or is about to lock it: gone if it is empty.
            Err(error) if error.kind() == ErrorKind::NotFound => drop(fs::remove_dir(&path)),
            Err(_) => {}
        }
    }
}

/// Removes a folder, its lock last: if this ends half-way, another sweep can go on.
fn remove(folder: &Path) {
    if let Ok(entries) = fs::read_dir(folder) {
        for entry in entries.flatten().filter(|entry| entry.file_name() != LOCK) {
            drop(fs::remove_file(entry.path()));
        }
    }
    drop(fs::remove_file(folder.join(LOCK)));
    drop(fs::remove_dir(folder));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_takes_what_has_no_owner_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let own = TempFolder::create(dir.path()).expect("a temporary folder");
        fs::write(own.path().join("part"), "mine").expect("a file");
        // As a killed process leaves it: with a lock file that nobody holds, under the number of a process that lives.
        let orphan = dir.path().join(format!("{PREFIX}{}-0", process::id()));
        fs::create_dir(&orphan).expect("a folder");
        fs::write(orphan.join(LOCK), "").expect("a file");
        fs::write(orphan.join("part"), "half").expect("a file");
        fs::create_dir(dir.path().join(format!("{PREFIX}1-empty"))).expect("a folder");
        fs::create_dir(dir.path().join("bucket")).expect("a folder");
        fs::write(dir.path().join(format!("{PREFIX}file")), "somebody's").expect("a file");

        sweep(dir.path());

        let mut left: Vec<_> = fs::read_dir(dir.path()).expect("the folder").flatten().map(|e| e.path()).collect();
        left.sort();
        let mut expected = vec![own.path().to_path_buf(), dir.path().join(".tmp-file"), dir.path().join("bucket")];
        expected.sort();
        assert_eq!(left, expected);
        assert!(own.path().join("part").exists());
        let path = own.path().to_path_buf();
        drop(own);
        assert!(!path.exists());
    }

    #[test]
    fn those_who_begin_at_once_leave_each_other_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        sweep(dir.path());
                        let own = TempFolder::create(dir.path()).expect("a temporary folder");
                        fs::write(own.path().join("part"), "mine").expect("a file");
                        sweep(dir.path());
                        assert!(own.path().join("part").exists(), "another one took it away");
                    }
                });
            }
        });
        sweep(dir.path());
        assert_eq!(fs::read_dir(dir.path()).expect("the folder").count(), 0);
    }
}
