//! An error answer, judged by its status and S3's error code (Amazon S3 API reference, "Error responses").

use std::fmt;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use lakeward_core::{
    failure::FailureKind::{self, Denied, Destination, Partial},
    plan::ObjectPlan,
    untrusted::excerpt,
};

// The embedded S3's own error codes, for what S3 has none (see the crate `lakeward-loopback`).
const DISK_FULL: &str = "InsufficientStorage";
const NOT_WRITABLE: &str = "StorageNotWritable";
const KEY_CONFLICT: &str = "KeyFolderConflict";

/// What to do about a failed try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may pass: the same is sent again after a pause.
    Again,
    /// The next try will be another request, which is made at once.
    AtOnce,
    /// Somebody has done it: an earlier try of ours, if that may be so. If not, the run ends.
    DoneIfOurs(FailureKind, String),
    /// It will not pass: the run ends with this kind of failure and this advice.
    Never(FailureKind, String),
}

/// What a server answered that did not do what it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// Whether it came in the body of an answer of success, as S3 does once it has begun to answer.
    pub(crate) in_success: bool,
    pub(crate) code: String,
    pub(crate) message: String,
    /// The bucket's region, where the server says it and it is spelled like one.
    pub(crate) region: Option<String>,
}

/// What a request asked for beside the write itself: a refusal may be due to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) acl: bool,
    pub(crate) tags: bool,
    pub(crate) encryption: bool,
    pub(crate) owner: bool,
    /// Whether it is a step of a multipart upload.
    pub(crate) multipart: bool,
}

impl Asked {
    pub(crate) fn of(object: &ObjectPlan, multipart: bool) -> Self {
        Self {
            acl: object.acl.is_some(),
            tags: !object.tags.is_empty(),
            encryption: object.encryption.is_some(),
            owner: object.expected_bucket_owner.is_some(),
            multipart,
        }
    }
}

impl Refusal {
    /// The answer in an SDK's error, if there was one.
    pub(crate) fn of<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<Self> {
        let SdkError::ServiceError(service) = error else { return None };
        let raw = service.raw();
        let region = raw.headers().get("x-amz-bucket-region").filter(|region| is_region(region));
        let code = service.err().code().unwrap_or_default().to_owned();
        let in_success = raw.status().is_success();
        Some(Self {
            status: if in_success { status_of(&code) } else { raw.status().as_u16() },
            in_success,
            code,
            message: service.err().message().unwrap_or_default().to_owned(),
            region: region.map(str::to_owned),
        })
    }

    /// Whether the bucket is elsewhere; `region` may say where.
    pub(crate) fn elsewhere(&self) -> bool {
        matches!(
            (self.status, self.code.as_str()),
            (301 | 307, _)
                | (400, "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" | "PermanentRedirect")
        )
    }

    /// Whether it is the condition `If-None-Match` that the server does not offer.
    pub(crate) fn of_condition(&self) -> bool {
        // A server that can't do it may say only that there is something it can't do.
        let something = self.status == 501 && !self.names("x-amz-") && !self.names("checksum");
        something || (matches!(self.status, 400 | 501) && self.names("if-none-match"))
    }

    /// Whether the keys have expired.
    pub(crate) fn of_expired_keys(&self) -> bool {
        matches!(self.code.as_str(), "ExpiredToken" | "TokenRefreshRequired")
    }

    /// Whether the server may have done what was asked all the same: it failed within, or somebody between did not get its answer.
    /// A server that is too busy, or that can't do such a thing at all, has not begun.
    pub(crate) fn leaves_doubt(&self) -> bool {
        match self.code.as_str() {
            "" => matches!(self.status, 500 | 502 | 504),
            code => self.status >= 500 && matches!(code, "InternalError" | "InternalFailure"),
        }
    }

    /// Whether the server asks for fewer requests.
    pub(crate) fn slow_down(&self) -> bool {
        matches!(self.status, 429 | 503) || self.throttled()
    }

    fn throttled(&self) -> bool {
        matches!(
            self.code.as_str(),
            "SlowDown"
                | "Throttling"
                | "ThrottlingException"
                | "RequestLimitExceeded"
                | "RequestThrottled"
                | "KMS.ThrottlingException"
                | "TooManyRequestsException"
        )
    }

    fn names(&self, what: &str) -> bool {
        self.message.to_ascii_lowercase().contains(what)
    }

    pub(crate) fn verdict(&self, asked: &Asked) -> Verdict {
        let never = |kind, advice: &str| Verdict::Never(kind, advice.into());
        let code = self.code.as_str();
        if let Some((kind, advice)) = told_by_code(code) {
            return never(kind, advice);
        }
        if self.elsewhere() {
            return Verdict::Never(Destination, self.where_it_is());
        }
        if code.starts_with("KMS.") && !self.throttled() {
            return self.of_kms(asked);
        }
        match (self.status, code) {
            _ if self.throttled() => Verdict::Again,
            (412, _) => Verdict::DoneIfOurs(
                Destination,
                "somebody else has written this key, which holds a UUID made for this run: look for a proxy that sends requests twice".into(),
            ),
            (404, "NoSuchUpload") => Verdict::DoneIfOurs(
                Destination,
                "somebody has aborted the multipart upload, or a lifecycle rule (AbortIncompleteMultipartUpload) that is shorter than the run".into(),
            ),
            (400 | 403 | 501, _) if self.names("checksum") && code != "AccessDenied" && !self.of_transfer() => never(
                Destination,
                "the server does not take this checksum: set [destination] vendor to the server's, or to \"generic\"",
            ),
            (403, _) => self.denied(asked),
            (401, _) => never(Denied, "check which credentials [auth] selects"),
            (400, _) if self.of_transfer() => Verdict::Again,
            (409, "OperationAborted" | "ConditionalRequestConflict") | (408 | 425 | 429, _) => Verdict::Again,
            (501 | 505 | 507, _) => never(
                Destination,
                "the server doesn't offer what [destination] asks for: set vendor to the server's, and take out what it has not",
            ),
            (500.., _) | (200..=299, _) => Verdict::Again,
            (404 | 405, _) => never(Destination, "check [destination] endpoint: is it an S3 server's address?"),
            _ => never(Destination, "the server refuses the request itself: check [destination]"),
        }
    }

    /// A transfer that broke: S3 says so with 400 or found other bytes than were sent.
    fn of_transfer(&self) -> bool {
        matches!(
            self.code.as_str(),
            "RequestTimeout"
                | "IncompleteBody"
                | "BadDigest"
                | "XAmzContentSHA256Mismatch"
                | "XAmzContentChecksumMismatch"
        )
    }

    fn where_it_is(&self) -> String {
        match &self.region {
            Some(region) => format!("the bucket is in another region: set [destination] region = \"{region}\""),
            None => "the bucket may be in another region: check [destination] region and endpoint".into(),
        }
    }

    /// What is missing for a write that is not allowed (Amazon S3 user guide, "Required permissions for Amazon S3 API
    /// operations"; AWS KMS for those on keys).
    fn denied(&self, asked: &Asked) -> Verdict {
        if self.names("kms") {
            return self.of_kms(asked);
        }
        let mut needed = vec!["s3:PutObject"];
        needed.extend(asked.acl.then_some("s3:PutObjectAcl"));
        needed.extend(asked.tags.then_some("s3:PutObjectTagging"));
        let owner = if asked.owner { ", and compare expected_bucket_owner with the bucket's account" } else { "" };
        let key = if asked.encryption { ", and the KMS key's policy if there is one" } else { "" };
        Verdict::Never(
            Denied,
            format!(
                "allow {} on this key for these credentials (bucket policy, role policy, and any deny){owner}{key}",
                needed.join(", ")
            ),
        )
    }

    fn of_kms(&self, asked: &Asked) -> Verdict {
        if matches!(
            self.code.as_str(),
            "KMS.InternalException" | "KMS.DependencyTimeoutException" | "KMS.KMSInternalException"
        ) {
            return Verdict::Again;
        }
        let usable = [
            "KMS.DisabledException",
            "KMS.NotFoundException",
            "KMS.KMSInvalidStateException",
            "KMS.InvalidKeyUsageException",
        ];
        if usable.contains(&self.code.as_str()) {
            let advice = "the KMS key can't be used: check sse_kms_key_id, that the key is enabled, and that it is in the bucket's region";
            return Verdict::Never(Destination, advice.into());
        }
        let needed = if asked.multipart { "kms:GenerateDataKey and kms:Decrypt" } else { "kms:GenerateDataKey" };
        Verdict::Never(
            Denied,
            format!("allow {needed} on the KMS key for these credentials (key policy and role policy)"),
        )
    }
}

/// What a code says by itself, whatever was asked.
fn told_by_code(code: &str) -> Option<(FailureKind, &'static str)> {
    let told = match code {
        DISK_FULL => (Partial, "make room, then run again"),
        NOT_WRITABLE => (Destination, "let this user write to [destination] dir, or choose another"),
        KEY_CONFLICT => (
            Destination,
            "an object there stands where this one needs a folder, or the other way round: change [destination] path",
        ),
        "ExpiredToken" | "TokenRefreshRequired" => {
            (Denied, "the credentials have expired: sign in again, then run again")
        }
        "InvalidAccessKeyId" | "InvalidToken" => (
            Denied,
            "the server doesn't know these keys: check which credentials [auth] selects, that they are for this server, and, if they are new, that they are valid yet",
        ),
        "SignatureDoesNotMatch" => {
            (Denied, "the secret key doesn't belong to the access key id, or a proxy changes requests")
        }
        "RequestTimeTooSkewed" | "RequestExpired" => {
            (Denied, "set this machine's clock (it must be within 15 minutes of the server's), then run again")
        }
        "NotSignedUp" | "AccountProblem" | "AllAccessDisabled" | "InvalidPayer" => {
            (Denied, "there is something wrong with the AWS account itself: see its console")
        }
        "NoSuchBucket" => (Destination, "check [destination] bucket and region; Lakeward never creates a bucket"),
        "NoSuchAccessPoint" | "InvalidBucketName" | "InvalidAccessPoint" => {
            (Destination, "check [destination] bucket: a bucket's name or an access point's ARN")
        }
        "AccessControlListNotSupported" => (
            Destination,
            "the bucket takes no ACLs (its object ownership is enforced): take `acl` out of [destination]",
        ),
        "InvalidStorageClass" => (Destination, "the server doesn't have this storage_class: change it or take it out"),
        "InvalidTag" => (
            Destination,
            "check [destination] tags: at most 10, keys of up to 128 and values of up to 256 characters, letters, digits and + - = . _ : / @",
        ),
        "InvalidEncryptionAlgorithmError" | "ServerSideEncryptionConfigurationNotFoundError" => {
            (Destination, "the server doesn't take this server_side_encryption: change it or take it out")
        }
        "EntityTooLarge" => {
            (Destination, "the server takes no objects or parts of this size: lower file_size or part_size")
        }
        "EntityTooSmall" => (Destination, "the server wants larger parts: raise part_size"),
        "QuotaExceeded" | "XMinioStorageFull" | "XMinioAdminBucketQuotaExceeded" => {
            (Partial, "make room on the server, then run again")
        }
        _ => return None,
    };
    Some(told)
}

/// Whether a text is spelled like a region: it becomes part of a host name.
fn is_region(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The status that an error has when it stands where it belongs (Amazon S3 API reference, "List of error codes").
fn status_of(code: &str) -> u16 {
    match code {
        "AccessDenied" => 403,
        "NoSuchUpload" => 404,
        "OperationAborted" | "ConditionalRequestConflict" => 409,
        "PreconditionFailed" => 412,
        "NotImplemented" => 501,
        "ServiceUnavailable" | "SlowDown" => 503,
        "" | "InternalError" | "InternalFailure" => 500,
        _ => 400,
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.in_success {
            f.write_str("the server answered with success and this error in the body:")?;
        } else {
            write!(f, "the server answered {}", self.status)?;
        }
        if !self.code.is_empty() {
            write!(f, " {}", excerpt(&self.code, 80))?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", excerpt(&self.message, 300))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, code: &str, message: &str) -> Refusal {
        Refusal { status, in_success: false, code: code.into(), message: message.into(), region: None }
    }

    fn verdict(status: u16, code: &str) -> Verdict {
        refusal(status, code, "").verdict(&Asked::default())
    }

    #[track_caller]
    fn advice(refusal: &Refusal, asked: Asked) -> (u8, String) {
        let (Verdict::Never(kind, advice) | Verdict::DoneIfOurs(kind, advice)) = refusal.verdict(&asked) else {
            panic!("{refusal} is tried again")
        };
        (kind.exit_code(), advice)
    }

    #[test]
    fn the_embedded_servers_codes_are_known() {
        use lakeward_loopback::{DISK_FULL_CODE, KEY_CONFLICT_CODE, NOT_WRITABLE_CODE};
        assert_eq!([DISK_FULL, NOT_WRITABLE, KEY_CONFLICT], [DISK_FULL_CODE, NOT_WRITABLE_CODE, KEY_CONFLICT_CODE]);
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        for (status, code) in [
            (503, "SlowDown"),
            (503, "ServiceUnavailable"),
            (500, "InternalError"),
            (502, ""),
            (504, ""),
            (429, "TooManyRequests"),
            (400, "RequestTimeout"),
            (400, "BadDigest"),
            (400, "ThrottlingException"),
            (400, "KMS.ThrottlingException"),
            (500, "KMS.InternalException"),
            (409, "ConditionalRequestConflict"),
            (200, "InternalError"),
        ] {
            assert_eq!(verdict(status, code), Verdict::Again, "{status} {code}");
        }
    }

    #[test]
    fn what_will_not_pass_ends_the_run_with_its_exit_code_and_says_what_to_do() {
        for (status, code, exit, says) in [
            (403, "AccessDenied", 77, "s3:PutObject on this key"),
            (403, "InvalidAccessKeyId", 77, "check which credentials"),
            (403, "InvalidToken", 77, "valid yet"),
            (403, "SignatureDoesNotMatch", 77, "secret key"),
            (403, "RequestTimeTooSkewed", 77, "clock"),
            (403, "NotSignedUp", 77, "AWS account"),
            (400, "ExpiredToken", 77, "sign in again"),
            (400, "KMS.DisabledException", 69, "sse_kms_key_id"),
            (404, "NoSuchBucket", 69, "[destination] bucket"),
            (301, "PermanentRedirect", 69, "region"),
            (400, "AuthorizationHeaderMalformed", 69, "region"),
            (400, "InvalidRequest", 69, "[destination]"),
            (400, "AccessControlListNotSupported", 69, "take `acl` out"),
            (400, "InvalidStorageClass", 69, "storage_class"),
            (400, "InvalidTag", 69, "tags"),
            (400, "InvalidEncryptionAlgorithmError", 69, "server_side_encryption"),
            (400, "EntityTooLarge", 69, "part_size"),
            (400, "EntityTooSmall", 69, "part_size"),
            (404, "NoSuchUpload", 69, "lifecycle rule"),
            (409, "InvalidObjectState", 69, "[destination]"),
            (412, "PreconditionFailed", 69, "UUID"),
            (501, "NotImplemented", 69, "vendor"),
            (507, DISK_FULL, 75, "make room"),
            (507, NOT_WRITABLE, 69, "dir"),
            (409, KEY_CONFLICT, 69, "path"),
        ] {
            let (found, advice) = advice(&refusal(status, code, ""), Asked::default());
            assert_eq!(found, exit, "{status} {code}");
            assert!(advice.contains(says), "{code}: {advice}");
        }
    }

    #[test]
    fn a_denied_write_names_every_permission_that_it_needs() {
        let asked = Asked { acl: true, tags: true, ..Asked::default() };
        let (_, text) = advice(&refusal(403, "AccessDenied", "Access Denied"), asked);
        assert!(text.contains("s3:PutObject, s3:PutObjectAcl, s3:PutObjectTagging"), "{text}");
        let message = "User: x is not authorized to perform: kms:GenerateDataKey on resource: y";
        let (exit, text) = advice(&refusal(403, "AccessDenied", message), Asked::default());
        assert!(exit == 77 && text.contains("allow kms:GenerateDataKey on"), "{text}");
        let multipart = Asked { multipart: true, ..Asked::default() };
        let (_, text) = advice(&refusal(400, "KMS.AccessDeniedException", ""), multipart);
        assert!(text.contains("kms:GenerateDataKey and kms:Decrypt"), "{text}");
    }

    #[test]
    fn a_checksum_that_is_not_taken_names_the_vendor_and_a_wrong_one_is_sent_again() {
        for (status, code, message) in [
            (501, "NotImplemented", "A header you provided implies functionality: x-amz-checksum-crc64nvme"),
            (400, "InvalidRequest", "Value for x-amz-checksum-crc64nvme header is invalid."),
        ] {
            let refusal = refusal(status, code, message);
            assert!(advice(&refusal, Asked::default()).1.contains("[destination] vendor"));
            assert!(!refusal.of_condition());
        }
        let wrong = refusal(400, "BadDigest", "The CRC64NVME checksum you specified did not match");
        assert_eq!(wrong.verdict(&Asked::default()), Verdict::Again);
        assert!(refusal(501, "NotImplemented", "").of_condition());
        assert!(!refusal(501, "NotImplemented", "there is no support for x-amz-acl").of_condition());
        assert!(refusal(400, "InvalidArgument", "If-None-Match is not supported").of_condition());
    }

    #[test]
    fn the_right_region_is_told_and_the_servers_words_are_made_safe() {
        let moved =
            Refusal { region: Some("eu-west-3".into()), ..refusal(301, "PermanentRedirect", "go \x1b[31maway") };
        assert_eq!(moved.to_string(), "the server answered 301 PermanentRedirect: go [31maway");
        let (_, advice) = advice(&moved, Asked::default());
        assert!(advice.contains("region = \"eu-west-3\""), "{advice}");
        assert!(is_region("eu-central-1") && !is_region("evil.example/") && !is_region(""));
    }

    #[test]
    fn only_a_failure_within_or_between_leaves_doubt() {
        for (status, code, doubt) in [
            (500, "InternalError", true),
            (500, "", true),
            (502, "", true),
            (504, "", true),
            (503, "SlowDown", false),
            (503, "", false),
            (501, "NotImplemented", false),
            (404, "NoSuchUpload", false),
            (403, "AccessDenied", false),
        ] {
            assert_eq!(refusal(status, code, "").leaves_doubt(), doubt, "{status} {code}");
        }
    }

    #[test]
    fn an_error_in_a_success_is_judged_as_elsewhere() {
        for (code, again) in
            [("InternalError", true), ("SlowDown", true), ("AccessDenied", false), ("InvalidPart", false)]
        {
            let verdict = refusal(status_of(code), code, "").verdict(&Asked::default());
            assert_eq!(verdict == Verdict::Again, again, "{code}");
        }
    }
}
