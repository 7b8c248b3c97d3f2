//! How often what was called.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Requests since the start, by operation. A call counts when it passed signature and policy, whatever its outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// `PutObject`.
    pub put_object: u64,
    /// `CreateMultipartUpload`.
    pub create_multipart_upload: u64,
    /// `UploadPart`.
    pub upload_part: u64,
    /// `CompleteMultipartUpload`.
    pub complete_multipart_upload: u64,
    /// `AbortMultipartUpload`.
    pub abort_multipart_upload: u64,
    /// Every request that was answered with 403 (a call that is not allowed, a key outside the prefix, a wrong or missing
    /// signature), and every write to another bucket.
    pub denied: u64,
}

/// The counters behind [`Calls`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) put_object: Counter,
    pub(crate) create_multipart_upload: Counter,
    pub(crate) upload_part: Counter,
    pub(crate) complete_multipart_upload: Counter,
    pub(crate) abort_multipart_upload: Counter,
    pub(crate) denied: Counter,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Counters {
    pub(crate) fn now(&self) -> Calls {
        Calls {
            put_object: self.put_object.get(),
            create_multipart_upload: self.create_multipart_upload.get(),
            upload_part: self.upload_part.get(),
            complete_multipart_upload: self.complete_multipart_upload.get(),
            abort_multipart_upload: self.abort_multipart_upload.get(),
            denied: self.denied.get(),
        }
    }
}
