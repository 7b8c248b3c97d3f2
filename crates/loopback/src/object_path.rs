//! Which keys can be files below a bucket's folder.

use std::{fs, path::Path};

use s3s::{S3Error, S3ErrorCode, S3Result};

use crate::error::bad;

/// The longest name that common file systems take, in bytes.
const MAX_SEGMENT: usize = 255;

/// The longest key that S3 takes, in bytes.
const MAX_KEY: usize = 1024;

/// Refuses a key that could not be the path of one file, or that would be another path than it looks.
///
/// # Errors
/// 400, with the reason.
pub(crate) fn check(key: &str) -> S3Result<()> {
    if key.len() > MAX_KEY {
        return Err(S3Error::new(S3ErrorCode::KeyTooLongError));
    }
    let wrong = |reason: &str| Err(bad(S3ErrorCode::InvalidArgument, format!("this key can't be a file: {reason}")));
    if key.contains('\\') {
        return wrong("it holds a backslash");
    }
    if key.chars().any(char::is_control) {
        return wrong("it holds a control character");
    }
    for segment in key.split('/') {
        match segment {
            "" => return wrong("a part between its slashes is empty"),
            "." | ".." => return wrong("a part of it is . or .."),
            long if long.len() > MAX_SEGMENT => return wrong("a part between its slashes is longer than 255 bytes"),
            _ => {}
        }
    }
    Ok(())
}

/// Refuses a key whose way leads over a symbolic link, which could lead out of the bucket's folder.
///
/// # Errors
/// 400 for a link. What can't be looked at is left to the write, which will tell why.
pub(crate) fn refuse_symbolic_links(bucket: &Path, key: &str) -> S3Result<()> {
    let mut folder = bucket.to_path_buf();
    let mut segments = key.split('/');
    segments.next_back();
    for segment in segments {
        folder.push(segment);
        match fs::symlink_metadata(&folder) {
            Ok(metadata) if metadata.is_symlink() => return Err(symbolic_link()),
            Ok(_) => {}
            // Nothing there, so nothing below it either.
            Err(_) => break,
        }
    }
    Ok(())
}

/// A folder on a key's way is a symbolic link.
pub(crate) fn symbolic_link() -> S3Error {
    bad(S3ErrorCode::InvalidArgument, "a folder on the way to this key is a symbolic link")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_that_could_leave_the_bucket_or_be_no_file_are_refused() {
        for bad in ["", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a\\b", "a\0b", "a\nb", "a\u{7f}", "a\u{85}b"]
        {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        assert!(check(&"x".repeat(256)).is_err());
        assert!(check(&format!("{}/x", "x".repeat(256))).is_err());
        assert!(
            check(&["x".repeat(255), "y".repeat(255), "z".repeat(255), "w".repeat(255), "v".into()].join("/")).is_err()
        );
        for good in ["a", "a/b", "...", "a/..b", ".tmp-1-x/y", "été/東京", "a b+c%2F", &"x".repeat(255)] {
            assert!(check(good).is_ok(), "{good:?}");
        }
        assert!(check(&["x".repeat(255), "y".repeat(255), "z".repeat(255), "w".repeat(255)].join("/")).is_ok());
    }

    proptest! {
        #[test]
        fn a_key_that_passes_stays_below_its_bucket_and_is_the_path_it_looks(key in "[a./\\\\é\n]{0,12}") {
            if check(&key).is_ok() {
                let path = Path::new("/bucket").join(&key);
                let names: Vec<_> = path.components().skip(2).map(|name| name.as_os_str().to_str().expect("text")).collect();
                prop_assert!(path.starts_with("/bucket"));
                prop_assert_eq!(names.join("/"), key);
            }
        }
    }
}
