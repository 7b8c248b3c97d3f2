//! The calls that exist.

use std::sync::Arc;

use s3s::{
    S3, S3Request, S3Response, S3Result,
    dto::{IfNoneMatch, PutObjectInput, PutObjectOutput},
};

use crate::{
    calls::Counters,
    error,
    receive::receive,
    store::{Existing, Store},
};

/// The write half of S3 on a folder.
pub(crate) struct WriteHalf {
    store: Arc<Store>,
    counters: Arc<Counters>,
}

impl WriteHalf {
    pub(crate) fn new(store: Arc<Store>, counters: Arc<Counters>) -> Self {
        Self { store, counters }
    }
}

#[async_trait::async_trait]
impl S3 for WriteHalf {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        self.counters.put_object.add_one();
        let PutObjectInput { key, body, if_none_match, .. } = request.input;
        let (object, sums) = receive(&self.store, body, &request.headers, request.trailing_headers.as_ref()).await?;
        let (store, existing) = (Arc::clone(&self.store), existing(if_none_match.as_ref()));
        tokio::task::spawn_blocking(move || store.publish(object, &key, existing)).await.map_err(error::task)??;
        let e_tag = Some(sums.e_tag());
        Ok(S3Response::new(PutObjectOutput {
            checksum_crc32: sums.checksums.checksum_crc32,
            checksum_crc32c: sums.checksums.checksum_crc32c,
            checksum_crc64nvme: sums.checksums.checksum_crc64nvme,
            checksum_sha1: sums.checksums.checksum_sha1,
            checksum_sha256: sums.checksums.checksum_sha256,
            e_tag,
            ..PutObjectOutput::default()
        }))
    }
}

/// What a condition asks for. The policy lets `*` pass and nothing else.
pub(crate) fn existing(if_none_match: Option<&IfNoneMatch>) -> Existing {
    if if_none_match.is_some() { Existing::Keep } else { Existing::Replace }
}
