//! Hashes over bytes on their way: SHA-256, which signs them, and the one checksum that the server verifies.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use crc_fast::{CrcAlgorithm, Digest as Crc};
use md5::Md5;
use sha2::{Digest, Sha256};

/// Which checksum a server verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChecksumKind {
    /// CRC-64/NVME over the whole object: `x-amz-checksum-crc64nvme`.
    Crc64Nvme,
    /// MD5: `Content-MD5`, as old as S3.
    Md5,
}

/// A checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checksum {
    Crc64Nvme(u64),
    Md5([u8; 16]),
}

/// Hashes of a piece.
#[derive(Clone, Debug)]
pub(crate) struct Digests {
    /// SHA-256 in lower-case hexadecimal: `x-amz-content-sha256`.
    pub(crate) sha256: String,
    /// What the server verifies.
    pub(crate) checksum: Checksum,
}

/// Takes the hashes of bytes as they pass.
pub(crate) struct Digester {
    sha256: Sha256,
    checksum: Running,
}

enum Running {
    Crc64Nvme(Box<Crc>),
    Md5(Md5),
}

impl Digester {
    pub(crate) fn new(kind: ChecksumKind) -> Self {
        let checksum = match kind {
            ChecksumKind::Crc64Nvme => Running::Crc64Nvme(Box::new(Crc::new(CrcAlgorithm::Crc64Nvme))),
            ChecksumKind::Md5 => Running::Md5(Md5::new()),
        };
        Self { sha256: Sha256::new(), checksum }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        match &mut self.checksum {
            Running::Crc64Nvme(crc) => crc.update(bytes),
            Running::Md5(md5) => md5.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Digests {
        let sha256 = self.sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let checksum = match self.checksum {
            Running::Crc64Nvme(crc) => Checksum::Crc64Nvme(crc.finalize()),
            Running::Md5(md5) => Checksum::Md5(md5.finalize().into()),
        };
        Digests { sha256, checksum }
    }
}

impl Checksum {
    /// The value of `x-amz-checksum-crc64nvme`: base64 of eight bytes, big-endian.
    pub(crate) fn crc64nvme(self) -> Option<String> {
        if let Self::Crc64Nvme(crc) = self { Some(BASE64.encode(crc.to_be_bytes())) } else { None }
    }

    /// The value of `Content-MD5`.
    pub(crate) fn md5(self) -> Option<String> {
        if let Self::Md5(md5) = self { Some(BASE64.encode(md5)) } else { None }
    }

    /// The checksum of these bytes with `next`'s, which are `length` many, behind them: only a CRC can be combined.
    pub(crate) fn followed_by(self, next: Self, length: u64) -> Option<Self> {
        let (Self::Crc64Nvme(one), Self::Crc64Nvme(two)) = (self, next) else { return None };
        Some(Self::Crc64Nvme(crc_fast::checksum_combine(CrcAlgorithm::Crc64Nvme, one, two, length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(kind: ChecksumKind, bytes: &[u8]) -> Digests {
        let mut digester = Digester::new(kind);
        bytes.chunks(4).for_each(|chunk| digester.update(chunk));
        digester.finish()
    }

    #[test]
    fn hashes_are_spelled_as_s3_spells_them() {
        let crc = digests(ChecksumKind::Crc64Nvme, b"123456789");
        // The check value of CRC-64/NVME is ae8b14860a799888 (NVM Express NVM Command Set, "64b CRC").
        assert_eq!(crc.checksum, Checksum::Crc64Nvme(0xae8b_1486_0a79_9888));
        assert_eq!((crc.checksum.crc64nvme().as_deref(), crc.checksum.md5()), (Some("rosUhgp5mIg="), None));
        assert_eq!(crc.sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
        // RFC 1321, A.5: MD5("abc") = 900150983cd24fb0d6963f7d28e17f72.
        let md5 = digests(ChecksumKind::Md5, b"abc").checksum;
        assert_eq!((md5.md5().as_deref(), md5.crc64nvme()), (Some("kAFQmDzST7DWlj99KOF/cg=="), None));
    }

    #[test]
    fn the_crc_of_a_whole_follows_from_its_parts() {
        let of = |bytes| digests(ChecksumKind::Crc64Nvme, bytes).checksum;
        assert_eq!(of(b"1234").followed_by(of(b"56789"), 5), Some(of(b"123456789")));
        let md5 = digests(ChecksumKind::Md5, b"1").checksum;
        assert_eq!(md5.followed_by(md5, 1), None);
    }
}
