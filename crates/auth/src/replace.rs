//! Files that several programs write: replaced as a whole, under a lock, so that nobody ever reads a half, whatever happens on
//! the way.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use lakeward_core::untrusted::printable;

use crate::error::SourceError;

/// How often a lock is tried that another process holds.
const LOCK_POLL: Duration = Duration::from_millis(20);

/// What the names of files begin with that are to replace others.
const STAGED: &str = ".lakeward-";

/// So old is no such file that a living process is about to put in place: that takes one write.
const ABANDONED: Duration = Duration::from_mins(10);

/// Held by one process at a time; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Waits for the lock that is the file of this path, at most so long. Nothing when its folder can't be written: then nothing in
/// it can be.
///
/// # Errors
/// When another process holds it all the while.
pub(crate) async fn lock(path: &Path, wait: Duration) -> Result<Option<Lock>, SourceError> {
    let Ok(file) = open_lock(path) else { return Ok(None) };
    if is_free(|| file.try_lock(), wait).await {
        return Ok(Some(Lock { _file: file }));
    }
    let path = printable(&path.display().to_string()).into_owned();
    Err(SourceError::new(
        format!("another process has held the lock {path} for {} s", wait.as_secs()),
        format!("see with `lsof {path}` which one it is, and end it if it hangs, then try again"),
    ))
}

/// Opens the file of a lock, which is made where it is not there.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    make_folder(path.parent().unwrap_or(Path::new("/")))?;
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Tries to lock until nobody else holds the lock; false if somebody does all the while.
async fn is_free(mut attempt: impl FnMut() -> Result<(), TryLockError>, wait: Duration) -> bool {
    let began = Instant::now();
    loop {
        match attempt() {
            Ok(()) => return true,
            Err(TryLockError::WouldBlock) if began.elapsed() < wait => tokio::time::sleep(LOCK_POLL).await,
            Err(TryLockError::WouldBlock) => return false,
            Err(TryLockError::Error(error)) => {
                // The file system has no locks, as some NFS have none: to wait would change nothing, and without a renewal
                // nobody could work there. The other AWS tools write without a lock everywhere.
                tracing::debug!("a file is written without a lock: {error}");
                return true;
            }
        }
    }
}

/// Replaces a file, for this user alone. Whatever happens on the way, it is either the old one or the new one, whole.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let path = followed(path);
    put(staged(&path, content)?, &path)
}

/// The same, for a file whose owner and mode stay what they are.
pub(crate) fn replace_like(path: &Path, like: &Path, content: &[u8]) -> io::Result<()> {
    let path = followed(path);
    let staged = staged(&path, content)?;
    keep_access(like, staged.as_file())?;
    put(staged, &path)
}

/// The same, for a new file that whoever the system lets read new files may read.
pub(crate) fn replace_open(path: &Path, content: &[u8]) -> io::Result<()> {
    let path = followed(path);
    let mut builder = tempfile::Builder::new();
    // The process's umask takes its part of it away.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    put(written(&mut builder, &path, content)?, &path)
}

/// A link stays one: what it names is replaced, or made.
pub(crate) fn followed(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| match (fs::read_link(path), path.parent()) {
        (Ok(named), Some(folder)) => folder.join(named),
        _ => path.to_owned(),
    })
}

/// For this user alone.
fn staged(path: &Path, content: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    // Made with mode 0600.
    written(&mut tempfile::Builder::new(), path, content)
}

fn written(
    builder: &mut tempfile::Builder<'_, '_>,
    path: &Path,
    content: &[u8],
) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    make_folder(folder)?;
    sweep(folder);
    let mut file = builder.prefix(STAGED).tempfile_in(folder)?;
    // As the file itself: an error need not name a file that nobody has asked for.
    file.as_file_mut().write_all(content)?;
    Ok(file)
}

/// Removes what processes have left in a folder that were killed while they replaced a file: it may hold secrets that nobody
/// looks for there. What can't be removed stays.
pub(crate) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_staged = entry.file_name().to_str().is_some_and(|name| name.starts_with(STAGED));
        // Of a link too it is the link's own.
        let is_abandoned = || {
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            metadata.modified().ok()?.elapsed().ok().filter(|age| *age > ABANDONED)
        };
        if is_staged && is_abandoned().is_some() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn put(staged: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    staged.as_file().sync_all()?;
    staged.persist(path)?;
    #[cfg(unix)]
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()?;
    Ok(())
}

/// Gives a file the owner and mode of another one, if that is there.
fn keep_access(like: &Path, file: &File) -> io::Result<()> {
    let Ok(metadata) = fs::metadata(like) else { return Ok(()) };
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (metadata.uid(), metadata.gid()) {
            fchown(file, Some(metadata.uid()), Some(metadata.gid()))?;
        }
    }
    file.set_permissions(metadata.permissions())
}

/// Makes a folder and those above it, for this user alone; one that is there stays as it is.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_system_without_locks_is_not_waited_for() {
        for kind in [io::ErrorKind::Unsupported, io::ErrorKind::Other] {
            let mut attempts = 0;
            let attempt = || {
                attempts += 1;
                Err(TryLockError::Error(kind.into()))
            };
            assert!(is_free(attempt, Duration::from_secs(30)).await);
            assert_eq!(attempts, 1);
        }
    }

    #[test]
    fn what_killed_processes_have_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let there = |name: &str| folder.path().join(name).exists();
        let file = |name: &str, age: Duration| {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(std::time::SystemTime::now() - age).unwrap();
        };
        file(".lakeward-killed", ABANDONED * 2);
        file(".lakeward-living", Duration::ZERO);
        file(".another-program's", ABANDONED * 2);
        file("config", ABANDONED * 2);
        fs::create_dir(folder.path().join(".lakeward-folder")).unwrap();
        replace(&folder.path().join("config"), b"new").unwrap();
        assert!(!there(".lakeward-killed"));
        for kept in [".lakeward-living", ".another-program's", "config", ".lakeward-folder"] {
            assert!(there(kept), "{kept}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_and_a_mode_stay() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("real/config"), folder.path().join("config"));
        replace(&file, b"old").unwrap();
        let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace_like(&link, &link, b"new").unwrap();
        assert_eq!((fs::read(&file).unwrap().as_slice(), mode()), (&b"new"[..], 0o640));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path().join("real")).unwrap().count(), 1, "nothing is left over");
    }
}
