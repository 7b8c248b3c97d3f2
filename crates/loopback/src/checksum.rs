//! What a request claims about its body, and what the body turned out to be.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crc_fast::{CrcAlgorithm, Digest};
use http::{HeaderMap, header::CONTENT_LENGTH};
use s3s::{
    S3ErrorCode, S3Result, TrailingHeaders,
    checksum::ChecksumHasher,
    crypto::{Checksum as _, Md5},
    dto::{Checksum, ETag},
};

use crate::error::bad;

/// A checksum that S3 knows; there is one header and one trailer of the same name for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

const PREFIX: &str = "x-amz-checksum-";

/// Headers below [`PREFIX`] that are no checksums.
const NO_CHECKSUMS: [&str; 3] = ["x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"];

impl Algorithm {
    fn of_header(name: &str) -> S3Result<Self> {
        match name {
            "x-amz-checksum-crc32" => Ok(Self::Crc32),
            "x-amz-checksum-crc32c" => Ok(Self::Crc32c),
            "x-amz-checksum-crc64nvme" => Ok(Self::Crc64Nvme),
            "x-amz-checksum-sha1" => Ok(Self::Sha1),
            "x-amz-checksum-sha256" => Ok(Self::Sha256),
            _ => Err(bad(S3ErrorCode::NotImplemented, format!("the embedded S3 can't verify {name}"))),
        }
    }

    fn of(self, sums: &Checksum) -> Option<&str> {
        match self {
            Self::Crc32 => sums.checksum_crc32.as_deref(),
            Self::Crc32c => sums.checksum_crc32c.as_deref(),
            Self::Crc64Nvme => sums.checksum_crc64nvme.as_deref(),
            Self::Sha1 => sums.checksum_sha1.as_deref(),
            Self::Sha256 => sums.checksum_sha256.as_deref(),
        }
    }
}

/// What a request's headers claim about its body.
#[derive(Debug)]
pub(crate) struct Claims {
    /// Its length in bytes, after aws-chunked is decoded.
    length: u64,
    /// `Content-MD5`, base64.
    md5: Option<String>,
    /// Checksums, base64.
    sums: Vec<(Algorithm, String)>,
    /// Checksums that are announced to follow as trailers.
    trailers: Vec<(Algorithm, String)>,
}

impl Claims {
    /// Reads them.
    ///
    /// # Errors
    /// 411 without a length, 501 for a checksum that is not known here, 400 for what can't be read.
    pub(crate) fn of_request(headers: &HeaderMap) -> S3Result<Self> {
        let text = |name: &str| match headers.get(name).map(|value| value.to_str()) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(_)) => Err(bad(S3ErrorCode::InvalidRequest, format!("{name} is not ASCII"))),
        };
        let length = text("x-amz-decoded-content-length")?
            .map_or_else(|| text(CONTENT_LENGTH.as_str()), |length| Ok(Some(length)))?
            .ok_or_else(|| bad(S3ErrorCode::MissingContentLength, "the request does not tell its body's length"))?
            .parse()
            .map_err(|_| bad(S3ErrorCode::InvalidRequest, "the body's length is not a number"))?;
        let mut sums = Vec::new();
        for (name, value) in headers {
            if name.as_str().starts_with(PREFIX) && !NO_CHECKSUMS.contains(&name.as_str()) {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                sums.push((Algorithm::of_header(name.as_str())?, value));
            }
        }
        let mut trailers = Vec::new();
        for name in text("x-amz-trailer")?.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty())
        {
            let name = name.to_ascii_lowercase();
            trailers.push((Algorithm::of_header(&name)?, name));
        }
        if sums.is_empty() && trailers.is_empty() && headers.contains_key("x-amz-sdk-checksum-algorithm") {
            let message = "x-amz-sdk-checksum-algorithm names a checksum that neither a header nor a trailer holds";
            return Err(bad(S3ErrorCode::InvalidRequest, message));
        }
        Ok(Self { length, md5: text("content-md5")?.map(str::to_owned), sums, trailers })
    }

    /// The claimed length in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// A hasher for all that is claimed.
    pub(crate) fn hasher(&self) -> Hasher {
        let mut others = ChecksumHasher::default();
        for (algorithm, _) in self.sums.iter().chain(&self.trailers) {
            match algorithm {
                Algorithm::Crc32 => others.crc32 = Some(s3s::crypto::Crc32::new()),
                Algorithm::Crc32c => others.crc32c = Some(s3s::crypto::Crc32c::new()),
                Algorithm::Sha1 => others.sha1 = Some(s3s::crypto::Sha1::new()),
                Algorithm::Sha256 => others.sha256 = Some(s3s::crypto::Sha256::new()),
                // Always there, see `Hasher`.
                Algorithm::Crc64Nvme => {}
            }
        }
        Hasher {
            length: 0,
            crc64: Digest::new(CrcAlgorithm::Crc64Nvme),
            md5: self.md5.as_ref().map(|_| Md5::new()),
            others,
        }
    }

    /// Compares every claim with what came.
    ///
    /// # Errors
    /// 400 for the first claim that does not hold.
    pub(crate) fn verify(&self, sums: &Sums, trailers: Option<&TrailingHeaders>) -> S3Result<()> {
        if sums.length != self.length {
            let message = format!("the body has {} bytes and not the {} that were announced", sums.length, self.length);
            return Err(bad(S3ErrorCode::IncompleteBody, message));
        }
        if self.md5 != sums.md5 {
            return Err(bad(S3ErrorCode::BadDigest, "the body's MD5 is not the one in Content-MD5"));
        }
        for (algorithm, claimed) in &self.sums {
            compare(*algorithm, claimed, sums)?;
        }
        let trailers = trailers.and_then(TrailingHeaders::take).unwrap_or_default();
        for (algorithm, name) in &self.trailers {
            let Some(claimed) = trailers.get(name).and_then(|value| value.to_str().ok()) else {
                return Err(bad(S3ErrorCode::InvalidRequest, format!("the trailer {name} is announced but missing")));
            };
            compare(*algorithm, claimed, sums)?;
        }
        Ok(())
    }
}

fn compare(algorithm: Algorithm, claimed: &str, sums: &Sums) -> S3Result<()> {
    match algorithm.of(&sums.checksums) {
        Some(found) if found == claimed => Ok(()),
        _ => {
            Err(bad(S3ErrorCode::BadDigest, format!("the body's {algorithm:?} checksum is not the one of the request")))
        }
    }
}

/// Hashes a body as it arrives: always CRC-64/NVME, which costs next to nothing and makes the entity tag, and whatever
/// else was claimed.
pub(crate) struct Hasher {
    length: u64,
    crc64: Digest,
    md5: Option<Md5>,
    others: ChecksumHasher,
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        self.crc64.update(bytes);
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        self.others.update(bytes);
    }

    pub(crate) fn finish(self) -> Sums {
        let crc64 = self.crc64.finalize();
        let mut checksums = self.others.finalize();
        checksums.checksum_crc64nvme = Some(base64(&crc64.to_be_bytes()));
        Sums { length: self.length, crc64, md5: self.md5.map(|md5| base64(&md5.finalize())), checksums }
    }
}

/// What a body turned out to be.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    /// Its length in bytes.
    pub(crate) length: u64,
    /// Its CRC-64/NVME.
    pub(crate) crc64: u64,
    /// Its MD5, base64, where that was claimed.
    md5: Option<String>,
    /// The checksums that were claimed, and CRC-64/NVME, base64.
    pub(crate) checksums: Checksum,
}

impl Sums {
    /// The entity tag of these bytes.
    pub(crate) fn e_tag(&self) -> ETag {
        e_tag(self.crc64, self.length)
    }
}

/// An entity tag: opaque, and the same for the same bytes. It does not look like an MD5, lest a client takes it for one.
pub(crate) fn e_tag(crc64: u64, length: u64) -> ETag {
    ETag::Strong(format!("{crc64:016x}-{length}"))
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
