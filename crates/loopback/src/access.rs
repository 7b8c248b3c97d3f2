//! The access keys, and the policy: writes below one prefix of one bucket, and nothing else.

use std::{path::PathBuf, sync::Arc};

use http::{HeaderMap, Uri, header};
use s3s::{
    S3Error, S3ErrorCode, S3Result,
    access::{S3Access, S3AccessContext},
    auth::{S3Auth, SecretKey},
    path::S3Path,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    aws::{AccessKeys, KeyRefused},
    calls::Counters,
    error::bad,
    object_path,
};

/// The calls that exist, each with the query parameters that it may have. `x-id` is how SDKs name the call.
const CALLS: [(&str, &[&str]); 5] = [
    ("PutObject", &["x-id"]),
    ("CreateMultipartUpload", &["x-id", "uploads"]),
    ("UploadPart", &["x-id", "partNumber", "uploadId"]),
    ("CompleteMultipartUpload", &["x-id", "uploadId"]),
    ("AbortMultipartUpload", &["x-id", "uploadId"]),
];

/// The header that temporary keys come with.
const SESSION_TOKEN: &str = "x-amz-security-token";

/// Who may call.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// The server's own access key's id.
    pub(crate) id: String,
    /// The server's own access key's secret.
    pub(crate) secret: SecretString,
    /// The keys of others, with their session tokens and their ends.
    pub(crate) others: Option<AccessKeys>,
}

impl Keys {
    /// The secret of a key that was not refused. A key that is over is refused here, before its signature is looked at.
    fn secret(&self, id: &str) -> S3Result<SecretString> {
        if id == self.id {
            return Ok(self.secret.clone());
        }
        let key = self.others.as_ref().and_then(|others| others.get(id)).ok_or_else(|| refused(KeyRefused::Unknown))?;
        let token = key.session_token.as_ref().map(ExposeSecret::expose_secret);
        // Any error but the token's, which is not known here.
        self.accept(id, token)?;
        Ok(key.secret_access_key)
    }

    /// Whether the token that came with a key is the key's. With the server's own key a token makes no difference.
    fn accept(&self, id: &str, token: Option<&str>) -> S3Result<()> {
        match &self.others {
            Some(others) if id != self.id => others.accept(id, token).map(drop).map_err(|why| match token {
                // That is how S3 answers where the token of temporary keys is missing.
                None if why == KeyRefused::WrongToken => refused(KeyRefused::Unknown),
                _ => refused(why),
            }),
            _ => Ok(()),
        }
    }
}

/// A refused key, in S3's words.
fn refused(why: KeyRefused) -> S3Error {
    let (code, message) = match why {
        KeyRefused::Unknown => {
            (S3ErrorCode::InvalidAccessKeyId, "The AWS Access Key Id you provided does not exist in our records.")
        }
        KeyRefused::WrongToken => (S3ErrorCode::InvalidToken, "The provided token is malformed or otherwise invalid."),
        KeyRefused::Expired => (S3ErrorCode::ExpiredToken, "The provided token has expired."),
    };
    bad(code, message)
}

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, id: &str) -> S3Result<SecretKey> {
        Ok(self.secret(id)?.expose_secret().into())
    }
}

/// What may be written, and by which calls.
#[derive(Debug)]
pub(crate) struct Policy {
    /// Whose tokens are looked at.
    pub(crate) keys: Keys,
    /// The one bucket.
    pub(crate) bucket: String,
    /// What every key begins with.
    pub(crate) prefix: String,
    /// Whether `AbortMultipartUpload` is denied too.
    pub(crate) strict_abort: bool,
    /// The folder of the bucket.
    pub(crate) bucket_folder: PathBuf,
    /// Where a write to another bucket is counted as denied, though the answer is S3's for a bucket that is not there.
    pub(crate) counters: Arc<Counters>,
}

#[async_trait::async_trait]
impl S3Access for Policy {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let Some(credentials) = cx.credentials() else { return denied("the request is not signed") };
        let token = cx.headers().get(SESSION_TOKEN).map(|token| token.to_str().unwrap_or_default());
        self.keys.accept(&credentials.access_key, token)?;
        // SigV2 and signed URLs sign nothing of the body; nobody here needs them.
        let authorization = cx.headers().get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        if !authorization.starts_with(b"AWS4-HMAC-SHA256") {
            return denied("the request is not signed with SigV4 in its Authorization header");
        }
        let Some((call, parameters)) = CALLS.iter().find(|(name, _)| *name == cx.s3_op().name()) else {
            return denied("only PutObject and the multipart calls are allowed");
        };
        if self.strict_abort && *call == "AbortMultipartUpload" {
            return denied("AbortMultipartUpload is denied");
        }
        // A parameter that is not known may turn the call into another one.
        if !has_only(cx.uri(), parameters) {
            return denied("the request has a query parameter that does not belong to its call");
        }
        let S3Path::Object { bucket, key } = cx.s3_path() else {
            return denied("only objects can be written");
        };
        if **bucket != *self.bucket {
            self.counters.denied.add_one();
            return Err(bad(S3ErrorCode::NoSuchBucket, format!("there is one bucket here: {}", self.bucket)));
        }
        object_path::check(key)?;
        if !key.starts_with(&self.prefix) {
            return denied(&format!("only keys that begin with {:?} may be written", self.prefix));
        }
        object_path::refuse_symbolic_links(&self.bucket_folder, key)?;
        match unsupported(cx.headers()) {
            Some(name) => Err(bad(S3ErrorCode::NotImplemented, format!("the embedded S3 has no support for {name}"))),
            None => Ok(()),
        }
    }
}

fn denied(why: &str) -> S3Result<()> {
    Err(bad(S3ErrorCode::AccessDenied, why))
}

fn has_only(uri: &Uri, parameters: &[&str]) -> bool {
    let query = uri.query().unwrap_or_default();
    query.split('&').filter(|pair| !pair.is_empty()).all(|pair| {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        parameters.contains(&name)
    })
}

/// The first header that asks for something that plain files can't keep or that would need a read.
fn unsupported(headers: &HeaderMap) -> Option<&str> {
    const BY_PREFIX: [&str; 3] = ["x-amz-server-side-encryption", "x-amz-grant-", "x-amz-object-lock-"];
    const BY_NAME: [&str; 7] = [
        "if-match",
        "x-amz-acl",
        "x-amz-expected-bucket-owner",
        "x-amz-if-match-initiated-time",
        "x-amz-tagging",
        "x-amz-website-redirect-location",
        "x-amz-write-offset-bytes",
    ];
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).find_map(|(name, value)| {
        let refused = match name {
            "x-amz-storage-class" => value != b"STANDARD",
            "if-none-match" => value != b"*",
            _ => BY_NAME.contains(&name) || BY_PREFIX.iter().any(|prefix| name.starts_with(prefix)),
        };
        refused.then_some(name)
    })
}
