//! The calls that are made.

use std::{error::Error, time::Duration};

use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::{ByteStream, SdkBody},
    types::{
        ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart, ObjectCannedAcl,
        ServerSideEncryption, StorageClass,
    },
};
use lakeward_core::key::ObjectKey;

use super::{
    Bucket,
    exchange::{Counted, Exchange, KnownPayload},
};
use crate::{
    body::Body,
    digest::{ChecksumKind, Digests},
    multipart::{Completion, LargeObject},
    put_error::PutError,
    refusal::{Asked, Refusal, Verdict},
    vendor::Condition,
};

/// What a request was made with, as far as the bucket may learn better from its answer.
struct Attempt {
    client: Client,
    region: String,
    conditional: bool,
    asked: Asked,
}

/// When nothing moves for `patience`, in sending or in waiting for the answer, a request is cut.
impl Bucket {
    /// Puts an object, once.
    pub(crate) async fn put(
        &self,
        key: &ObjectKey,
        body: &Body,
        digests: &Digests,
        patience: Duration,
    ) -> Result<(), PutError> {
        let exchange = Exchange::new("PutObject", body.len());
        self.put_through(&exchange, key.as_str(), (body, digests), Some(Condition::Put), patience).await
    }

    /// Puts an object, once, in an exchange that the caller looks at afterwards.
    pub(super) async fn put_through(
        &self,
        exchange: &Exchange,
        key: &str,
        payload: (&Body, &Digests),
        condition: Option<Condition>,
        patience: Duration,
    ) -> Result<(), PutError> {
        let (body, digests) = payload;
        let attempt = self.attempt(condition, false);
        let object = &self.0.object;
        let encryption = object.encryption.as_ref();
        let request = attempt
            .client
            .put_object()
            .bucket(&self.0.name)
            .key(key)
            .content_type(&self.0.content_type)
            .content_length(i64::try_from(body.len()).unwrap_or(i64::MAX))
            .set_checksum_crc64_nvme(digests.checksum.crc64nvme())
            .set_content_md5(digests.checksum.md5())
            .set_if_none_match(attempt.if_none_match())
            .set_acl(object.acl.as_deref().map(ObjectCannedAcl::from))
            .set_server_side_encryption(
                encryption.and_then(|asked| asked.algorithm.as_deref()).map(ServerSideEncryption::from),
            )
            .set_ssekms_key_id(encryption.and_then(|asked| asked.kms_key_id.clone()))
            .set_tagging(self.0.tagging.clone())
            .set_storage_class(object.storage_class.as_deref().map(StorageClass::from))
            .set_expected_bucket_owner(object.expected_bucket_owner.clone())
            .body(ByteStream::new(SdkBody::from_body_1_x(body.stream(exchange.sent.clone()))))
            .customize()
            .interceptor(KnownPayload { sha256: digests.sha256.clone() })
            .interceptor(exchange.answer.clone())
            .send();
        let output = self.made(key, &attempt, exchange, patience, request).await?;
        // S3 names what it has stored; a proxy or a web server that answers 200 to anything does not.
        output.e_tag.map(drop).ok_or_else(|| PutError::no_s3("ETag"))
    }

    /// Begins a multipart upload; gives its id.
    pub(crate) async fn create_upload(&self, key: &ObjectKey, patience: Duration) -> Result<String, PutError> {
        let attempt = self.attempt(None, true);
        let exchange = Exchange::new("CreateMultipartUpload", 0);
        let object = &self.0.object;
        let encryption = object.encryption.as_ref();
        let crc = self.0.profile.checksum == ChecksumKind::Crc64Nvme;
        let request = attempt
            .client
            .create_multipart_upload()
            .bucket(&self.0.name)
            .key(key.as_str())
            .content_type(&self.0.content_type)
            .set_checksum_algorithm(crc.then_some(ChecksumAlgorithm::Crc64Nvme))
            .set_checksum_type(crc.then_some(ChecksumType::FullObject))
            .set_acl(object.acl.as_deref().map(ObjectCannedAcl::from))
            .set_server_side_encryption(
                encryption.and_then(|asked| asked.algorithm.as_deref()).map(ServerSideEncryption::from),
            )
            .set_ssekms_key_id(encryption.and_then(|asked| asked.kms_key_id.clone()))
            .set_tagging(self.0.tagging.clone())
            .set_storage_class(object.storage_class.as_deref().map(StorageClass::from))
            .set_expected_bucket_owner(object.expected_bucket_owner.clone())
            .customize()
            .interceptor(exchange.answer.clone())
            .send();
        let output = self.made(key.as_str(), &attempt, &exchange, patience, request).await?;
        output.upload_id.ok_or_else(|| PutError::no_s3("UploadId"))
    }

    /// Puts a part, once; gives its entity tag.
    pub(crate) async fn put_part(
        &self,
        upload: (&ObjectKey, &str),
        number: u32,
        body: &Body,
        digests: &Digests,
        patience: Duration,
    ) -> Result<String, PutError> {
        let (key, upload_id) = upload;
        let attempt = self.attempt(None, true);
        let exchange = Exchange::new("UploadPart", body.len());
        let request = attempt
            .client
            .upload_part()
            .bucket(&self.0.name)
            .key(key.as_str())
            .upload_id(upload_id)
            .part_number(i32::try_from(number).unwrap_or(i32::MAX))
            .content_length(i64::try_from(body.len()).unwrap_or(i64::MAX))
            .set_checksum_crc64_nvme(digests.checksum.crc64nvme())
            .set_content_md5(digests.checksum.md5())
            .set_expected_bucket_owner(self.0.object.expected_bucket_owner.clone())
            .body(ByteStream::new(SdkBody::from_body_1_x(body.stream(exchange.sent.clone()))))
            .customize()
            .interceptor(KnownPayload { sha256: digests.sha256.clone() })
            .interceptor(exchange.answer.clone())
            .send();
        let output = self.made(key.as_str(), &attempt, &exchange, patience, request).await?;
        output.e_tag.ok_or_else(|| PutError::no_s3("ETag"))
    }

    /// Makes the parts of an upload an object, once.
    pub(crate) async fn complete_upload(
        &self,
        upload: (&ObjectKey, &str),
        completion: &Completion,
        patience: Duration,
    ) -> Result<(), PutError> {
        let (key, upload_id) = upload;
        let attempt = self.attempt(Some(Condition::PutAndComplete), true);
        // Its body is short: once anything of it is sent, all may be.
        let exchange = Exchange::new("CompleteMultipartUpload", 1);
        let parts = completion.parts.iter().map(|(number, part)| {
            let number = i32::try_from(*number).unwrap_or(i32::MAX);
            CompletedPart::builder().part_number(number).e_tag(&part.e_tag).build()
        });
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let checksum = completion.checksum.and_then(|checksum| checksum.crc64nvme());
        let request = attempt
            .client
            .complete_multipart_upload()
            .bucket(&self.0.name)
            .key(key.as_str())
            .upload_id(upload_id)
            .multipart_upload(parts)
            .set_checksum_type(checksum.is_some().then_some(ChecksumType::FullObject))
            .set_mpu_object_size(checksum.is_some().then_some(i64::try_from(completion.bytes).unwrap_or(i64::MAX)))
            .set_checksum_crc64_nvme(checksum)
            .set_if_none_match(attempt.if_none_match())
            .set_expected_bucket_owner(self.0.object.expected_bucket_owner.clone())
            .customize()
            .interceptor(Counted { sent: exchange.sent.clone() })
            .interceptor(exchange.answer.clone())
            .send();
        let output = self.made(key.as_str(), &attempt, &exchange, patience, request).await?;
        output.e_tag.map(drop).ok_or_else(|| PutError::no_s3("ETag"))
    }

    /// Gives an upload up, once.
    pub(crate) async fn abort_upload(
        &self,
        object: &LargeObject,
        upload_id: &str,
        patience: Duration,
    ) -> Result<(), PutError> {
        let attempt = self.attempt(None, true);
        let exchange = Exchange::new("AbortMultipartUpload", 0);
        let request = attempt
            .client
            .abort_multipart_upload()
            .bucket(&self.0.name)
            .key(object.key.as_str())
            .upload_id(upload_id)
            .set_expected_bucket_owner(self.0.object.expected_bucket_owner.clone())
            .customize()
            .interceptor(exchange.answer.clone())
            .send();
        self.made(object.key.as_str(), &attempt, &exchange, patience, request).await.map(drop)
    }

    fn attempt(&self, condition: Option<Condition>, multipart: bool) -> Attempt {
        let regional = self.regional().clone();
        Attempt {
            client: regional.client,
            region: regional.region,
            conditional: condition.is_some_and(|call| self.is_conditional(call)),
            asked: Asked::of(&self.0.object, multipart),
        }
    }

    /// Waits for a request's answer and judges it.
    async fn made<T, E: ProvideErrorMetadata + Error + 'static>(
        &self,
        key: &str,
        attempt: &Attempt,
        exchange: &Exchange,
        patience: Duration,
        request: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, PutError> {
        let result = tokio::select! {
            result = request => Some(result),
            () = exchange.stalled(patience, &self.0.moved) => None,
        };
        if self.0.log_requests {
            exchange.log(key);
        }
        let sent_whole = exchange.sent_whole();
        let Some(result) = result else {
            let error = PutError::stalled(patience, sent_whole);
            return Err(PutError { moving: exchange.moving(patience), ..error });
        };
        if let (Ok(_), Some(body)) = (&result, exchange.answer.seen().error) {
            return Err(PutError::error_in_success(&body));
        }
        let error = match result {
            Ok(output) => {
                self.0.renewal.taken();
                return Ok(output);
            }
            Err(error) => error,
        };
        let Some(refusal) = Refusal::of(&error) else {
            let error = PutError::unanswered(&error, sent_whole);
            return Err(PutError { moving: exchange.moving(Duration::ZERO), ..error });
        };
        let learnt = match exchange.answer.seen().key_id {
            Some(key_id) if refusal.of_expired_keys() => self.0.renewal.has_others(&key_id).await,
            _ => self.learns(&refusal, &attempt.region, attempt.conditional),
        };
        let error = PutError::refused(refusal, &attempt.asked, sent_whole);
        Err(if learnt { PutError { verdict: Verdict::AtOnce, ..error } } else { error })
    }
}

impl Attempt {
    fn if_none_match(&self) -> Option<String> {
        self.conditional.then(|| "*".to_owned())
    }
}
