//! How the S3 servers of different vendors differ. `docs/servers.md` says where each line comes from and which were tried.

use lakeward_core::plan::Vendor;

use crate::digest::ChecksumKind;

/// What a vendor's servers take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    /// The checksum that they verify.
    pub(crate) checksum: ChecksumKind,
    /// Where they take `If-None-Match: *`.
    pub(crate) condition: Condition,
    /// Whether the bucket stands in the path instead of the host name.
    pub(crate) path_style: bool,
    /// Whether all parts of a multipart upload but the last must be of one size.
    pub(crate) equal_parts: bool,
    /// The region that requests are signed for when none is set.
    pub(crate) region: &'static str,
}

/// The requests that can be made to depend on the object's not being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// None.
    Never,
    /// PutObject.
    Put,
    /// PutObject and CompleteMultipartUpload.
    PutAndComplete,
}

impl Profile {
    pub(crate) fn of(vendor: Vendor) -> Self {
        let (checksum, condition) = match vendor {
            Vendor::Aws | Vendor::SeaweedFs | Vendor::R2 => (ChecksumKind::Crc64Nvme, Condition::PutAndComplete),
            Vendor::Minio => (ChecksumKind::Crc64Nvme, Condition::Put),
            Vendor::Ceph => (ChecksumKind::Md5, Condition::Put),
            Vendor::Gcs => (ChecksumKind::Md5, Condition::Never),
            Vendor::Generic => (ChecksumKind::Md5, Condition::PutAndComplete),
        };
        Self {
            checksum,
            condition,
            path_style: vendor != Vendor::Aws,
            equal_parts: vendor == Vendor::R2,
            region: if vendor == Vendor::R2 { "auto" } else { "us-east-1" },
        }
    }
}
