//! The errors that S3 has no code for: those of the folder below.

use std::{
    io::{self, ErrorKind},
    path::Path,
};

use http::StatusCode;
use lakeward_core::untrusted;
use s3s::{S3Error, S3ErrorCode};

/// The error code (status 507) of a write for which the disk, a quota or [`crate::Options::capacity`] has no room. Trying
/// again does not help.
pub const DISK_FULL_CODE: &str = "InsufficientStorage";

/// The error code (status 507) of a write that the file system refuses: no permission, mounted read-only, or the folder
/// is gone. Trying again does not help.
pub const NOT_WRITABLE_CODE: &str = "StorageNotWritable";

/// The error code (status 409) of a key that would have to be a folder and an object at once: `a` and `a/b`, which plain
/// files can't hold both. Trying again does not help.
pub const KEY_CONFLICT_CODE: &str = "KeyFolderConflict";

/// What a client is told when the file system failed to do something (`action`, as in "write") to a path.
pub(crate) fn storage(action: &str, path: &Path, error: &io::Error) -> S3Error {
    let message = format!("can't {action} {}: {error}", untrusted::printable(&path.to_string_lossy()));
    let full = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge];
    let refused = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem, ErrorKind::NotFound];
    if full.contains(&error.kind()) {
        custom(DISK_FULL_CODE, StatusCode::INSUFFICIENT_STORAGE, message)
    } else if refused.contains(&error.kind()) {
        custom(NOT_WRITABLE_CODE, StatusCode::INSUFFICIENT_STORAGE, message)
    } else {
        S3Error::with_message(S3ErrorCode::InternalError, message)
    }
}

/// A key that would have to be a folder and an object at once.
pub(crate) fn key_conflict(path: &Path) -> S3Error {
    let path = path.to_string_lossy();
    let message = format!(
        "{} would have to be a folder and an object at once; rename one of the two",
        untrusted::printable(&path)
    );
    custom(KEY_CONFLICT_CODE, StatusCode::CONFLICT, message)
}

/// A part of a request or of its body that is not as announced.
pub(crate) fn bad(code: S3ErrorCode, message: impl Into<String>) -> S3Error {
    S3Error::with_message(code, message.into())
}

/// A background task that ended without a result: a bug.
pub(crate) fn task(error: tokio::task::JoinError) -> S3Error {
    S3Error::internal_error(error)
}

fn custom(code: &'static str, status: StatusCode, message: String) -> S3Error {
    let mut error = S3Error::with_message(S3ErrorCode::Custom(code.into()), message);
    error.set_status_code(status);
    error
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_trying_again_does_not_mend_has_a_code_of_its_own() {
        let (full, refused) = ((DISK_FULL_CODE, 507), (NOT_WRITABLE_CODE, 507));
        // ENOSPC, EDQUOT, EFBIG; EACCES, EPERM, EROFS, ENOENT; EIO, EMFILE (errno(3) on Linux).
        for (number, (code, status)) in [
            (28, full),
            (122, full),
            (27, full),
            (13, refused),
            (1, refused),
            (30, refused),
            (2, refused),
            (5, ("InternalError", 500)),
            (24, ("InternalError", 500)),
        ] {
            let error = storage("write", Path::new("/lake/a\u{1b}[31m"), &io::Error::from_raw_os_error(number));
            let found = (error.code().as_str(), error.status_code().map(|status| status.as_u16()));
            assert_eq!(found, (code, Some(status)), "{number}");
            assert!(error.message().is_some_and(|text| text.starts_with("can't write /lake/a[31m: ")), "{error}");
        }
    }
}
