//! The calls that exist.

use std::sync::Arc;

use s3s::{
    S3, S3Request, S3Response, S3Result,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
        CompleteMultipartUploadOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, IfNoneMatch,
        PutObjectInput, PutObjectOutput, UploadPartInput, UploadPartOutput,
    },
};

use crate::{
    calls::Counters,
    error,
    multipart::Uploads,
    receive::receive,
    store::{Existing, Store},
};

/// The write half of S3 on a folder.
pub(crate) struct WriteHalf {
    store: Arc<Store>,
    uploads: Uploads,
    counters: Arc<Counters>,
}

impl WriteHalf {
    pub(crate) fn new(store: Arc<Store>, counters: Arc<Counters>) -> Self {
        Self { uploads: Uploads::new(Arc::clone(&store)), store, counters }
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

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.counters.create_multipart_upload.add_one();
        Ok(S3Response::new(self.uploads.create(request.input)))
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        self.counters.upload_part.add_one();
        self.uploads.put_part(request).await.map(S3Response::new)
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        self.counters.complete_multipart_upload.add_one();
        let existing = existing(request.input.if_none_match.as_ref());
        self.uploads.complete(request.input, existing).await.map(S3Response::new)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.counters.abort_multipart_upload.add_one();
        self.uploads.abort(&request.input).await?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}

/// What a condition asks for. The policy lets `*` pass and nothing else.
fn existing(if_none_match: Option<&IfNoneMatch>) -> Existing {
    if if_none_match.is_some() { Existing::Keep } else { Existing::Replace }
}
