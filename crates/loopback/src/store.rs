//! The folder: temporary files, and how one becomes an object.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted,
};
use s3s::{S3Error, S3ErrorCode, S3Result};
use tempfile::TempPath;

use crate::{
    error::{self, bad},
    object_path,
    temp::{self, TempFolder},
};

/// What to do about an object that has the key already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It is replaced.
    Replace,
    /// The write is refused (`If-None-Match: *`).
    Keep,
}

/// The file that stands where a folder or one above it should be.
fn file_in_the_way(dir: &Path) -> Option<&Path> {
    dir.ancestors().find(|path| path.exists()).filter(|path| !path.is_dir())
}

/// The folder that holds one bucket's objects, and this process's temporary files on the same file system.
#[derive(Debug)]
pub(crate) struct Store {
    bucket: PathBuf,
    temp: TempFolder,
    space: Arc<Space>,
}

impl Store {
    /// Makes the folders, and takes away what processes that are gone left behind.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub(crate) fn open(dir: &Path, bucket: &str, capacity: Option<u64>) -> Result<Self, Failure> {
        let failure = |what: &str, path: &Path, why: &dyn std::fmt::Display| {
            let path = path.to_string_lossy();
            Failure::new(FailureKind::Destination, format!("can't {what} {}: {why}", untrusted::printable(&path)))
                .next("name a folder that this user can write, in dir of [destination]")
        };
        fs::create_dir_all(dir).map_err(|error| match file_in_the_way(dir) {
            Some(file) => {
                let why = format!("{} is a file", untrusted::printable(&file.to_string_lossy()));
                Failure { next: None, ..failure("create the folder", dir, &why) }
                    .next("name a folder that is not, and is not below, a file, in dir of [destination]")
            }
            None => failure("create the folder", dir, &error),
        })?;
        let dir = dir.canonicalize().map_err(|error| failure("find the folder", dir, &error))?;
        temp::sweep(&dir);
        let temp = TempFolder::create(&dir).map_err(|error| failure("write into the folder", &dir, &error))?;
        let bucket = dir.join(bucket);
        match fs::create_dir(&bucket) {
            Ok(()) => sync_folder(&dir).map_err(|error| failure("write into the folder", &dir, &error))?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failure("create the folder", &bucket, &error)),
        }
        let metadata = fs::symlink_metadata(&bucket).map_err(|error| failure("look at the folder", &bucket, &error))?;
        if !metadata.is_dir() {
            return Err(failure("use as a folder", &bucket, &"it is a file or a symbolic link"));
        }
        if !same_file_system(&dir, &bucket).map_err(|error| failure("look at the folder", &bucket, &error))? {
            return Err(failure("use the folder", &bucket, &"it is on another file system than the folder it is in"));
        }
        // A file without a name, to learn now rather than at the first object whether one can be written.
        tempfile::tempfile_in(&bucket).map_err(|error| failure("write into the folder", &bucket, &error))?;
        Ok(Self { bucket, temp, space: Arc::new(Space { capacity, used: AtomicU64::new(0) }) })
    }

    /// The folder of the bucket.
    pub(crate) fn bucket(&self) -> &Path {
        &self.bucket
    }

    /// A new temporary file, removed when dropped unpublished.
    pub(crate) fn create(&self) -> S3Result<TempObject> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any program makes its files: what the umask leaves.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let file = builder
            .tempfile_in(self.temp.path())
            .map_err(|error| error::storage("create a file in", self.temp.path(), &error))?;
        let (file, path) = file.into_parts();
        Ok(TempObject { file, path, share: Share { space: Arc::clone(&self.space), bytes: 0 } })
    }

    /// Makes a temporary file the object of a key: on disk first, then in its place, at once and as a whole.
    ///
    /// # Errors
    /// 412 if there is an object and it is to be kept, 409 if the key is a folder or a folder on its way is an object,
    /// and what the file system refuses.
    pub(crate) fn publish(&self, object: TempObject, key: &str, existing: Existing) -> S3Result<()> {
        let TempObject { file, path, share } = object;
        file.sync_all().map_err(|error| error::storage("write to disk", &path, &error))?;
        drop(file);
        let folder = self.make_parents(key)?;
        let target = self.bucket.join(key);
        let moved = match existing {
            Existing::Replace => path.persist(&target),
            Existing::Keep => path.persist_noclobber(&target),
        };
        moved.map_err(|refused| {
            if fs::symlink_metadata(&target).is_ok_and(|metadata| metadata.is_dir()) {
                error::key_conflict(&target)
            } else if existing == Existing::Keep && refused.error.kind() == ErrorKind::AlreadyExists {
                bad(S3ErrorCode::PreconditionFailed, "there is an object of this key already")
            } else {
                error::storage("write", &target, &refused.error)
            }
        })?;
        share.keep();
        sync_folder(&folder).map_err(|error| error::storage("write to disk", &folder, &error))
    }

    /// Makes the folders on the way to a key.
    fn make_parents(&self, key: &str) -> S3Result<PathBuf> {
        let mut folder = self.bucket.clone();
        let mut segments = key.split('/');
        segments.next_back();
        for segment in segments {
            let above = folder.clone();
            folder.push(segment);
            match fs::create_dir(&folder) {
                Ok(()) => sync_folder(&above).map_err(|error| error::storage("write to disk", &above, &error))?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => require_folder(&folder)?,
                Err(error) => return Err(error::storage("create the folder", &folder, &error)),
            }
        }
        Ok(folder)
    }
}

fn require_folder(path: &Path) -> Result<(), S3Error> {
    let metadata = fs::symlink_metadata(path).map_err(|error| error::storage("look at", path, &error))?;
    if metadata.is_symlink() {
        Err(object_path::symbolic_link())
    } else if metadata.is_dir() {
        Ok(())
    } else {
        Err(error::key_conflict(path))
    }
}

/// A temporary file that is being written.
#[derive(Debug)]
pub(crate) struct TempObject {
    file: File,
    path: TempPath,
    share: Share,
}

impl TempObject {
    /// Appends bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> S3Result<()> {
        let written = self.share.take(bytes.len() as u64).and_then(|()| self.file.write_all(bytes));
        written.map_err(|error| error::storage("write", &self.path, &error))
    }

    /// Appends a part, without reading it into memory where the system can copy files.
    pub(crate) fn append(&mut self, part: &TempPart) -> S3Result<()> {
        let copied = self.share.take(part.share.bytes).and_then(|()| {
            let copied = io::copy(&mut File::open(&part.path)?, &mut self.file)?;
            if copied == part.share.bytes { Ok(()) } else { Err(io::Error::other("a part has changed its size")) }
        });
        copied.map_err(|error| error::storage("write", &self.path, &error))
    }

    /// Closes the file, to be appended to another one later.
    pub(crate) fn into_part(self) -> TempPart {
        TempPart { path: self.path, share: self.share }
    }
}

/// A temporary file that is whole and closed, removed when dropped.
#[derive(Debug)]
pub(crate) struct TempPart {
    path: TempPath,
    share: Share,
}

/// The limit on what this process writes.
#[derive(Debug)]
struct Space {
    capacity: Option<u64>,
    used: AtomicU64,
}

/// The bytes of one temporary file, given back when it is dropped.
#[derive(Debug)]
struct Share {
    space: Arc<Space>,
    bytes: u64,
}

impl Share {
    fn take(&mut self, bytes: u64) -> io::Result<()> {
        let used = self.space.used.fetch_add(bytes, Relaxed).saturating_add(bytes);
        self.bytes += bytes;
        match self.space.capacity {
            Some(capacity) if used > capacity => {
                Err(io::Error::new(ErrorKind::StorageFull, format!("the limit of {capacity} bytes is reached")))
            }
            _ => Ok(()),
        }
    }

    /// The bytes are an object's: they stay in use.
    fn keep(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.space.used.fetch_sub(self.bytes, Relaxed);
    }
}

/// Brings a folder's entries to disk: without this, a new name may be gone after a power cut although its file is there.
fn sync_folder(path: &Path) -> io::Result<()> {
    // Other systems than Unix can't open a folder as a file.
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

#[cfg(unix)]
fn same_file_system(one: &Path, other: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata(one)?.dev() == fs::metadata(other)?.dev())
}

#[cfg(not(unix))]
fn same_file_system(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(true)
}
