//! The plan: what a config resolves to, validated. The engine sees this and never a config.

mod source;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

pub use self::source::{InputFormat, OnError, PluginNetwork, PluginPlace, PluginPlan, ReadPlan, Sample, SourcePlan};
use crate::{batch::ClosePolicy, key::Template, table::TableName};

/// Everything that a run needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The file (absolute) that it was read from, where it is one.
    pub config_file: Option<PathBuf>,
    /// Where what outlives a run is kept (absolute). Created when something is first kept there.
    pub state_dir: PathBuf,
    /// How long after a first signal open objects may take to land.
    pub shutdown_grace: Duration,
    /// Which credentials are used.
    pub auth: AuthPlan,
    /// Where objects go and what they look like.
    pub destination: DestinationPlan,
    /// Where rows come from, in the config's order; at least one.
    pub sources: Vec<SourcePlan>,
    /// The tables to sync; empty: all that the sources hold.
    pub only_tables: Vec<TableName>,
}

/// A file or folder of the runs themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPlace {
    /// Where it is (absolute); it need not be there yet.
    pub path: PathBuf,
    /// What it is, in words that follow "it is".
    pub what: &'static str,
}

impl Plan {
    /// What is never read as a source: the config, and where runs land or keep something. What one run writes is no input of the next;
    /// rejected rows are one once they were mended, so that files of these can be named.
    ///
    /// A folder that also holds the config's own is the person's as much as the runs'; of the embedded S3's, it is the bucket then,
    /// and the others are left out.
    #[must_use]
    pub fn own_places(&self) -> Vec<OwnPlace> {
        let home = self.config_file.as_deref().and_then(Path::parent);
        let is_shared = |folder: &Path| home.is_some_and(|home| home.starts_with(folder));
        let mut places = Vec::new();
        if let Some(path) = self.config_file.clone() {
            places.push(OwnPlace { path, what: "the config of this run" });
        }
        if let Storage::Embedded { dir } = &self.destination.storage {
            let path = if is_shared(dir) { dir.join(&self.destination.bucket) } else { dir.clone() };
            places.push(OwnPlace { path, what: "where the embedded S3 keeps what landed (its `dir`)" });
        }
        if !is_shared(&self.state_dir) {
            places.push(OwnPlace { path: self.state_dir.clone(), what: "where runs keep their state (`state_dir`)" });
        }
        places
    }
}

/// Which credentials are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthPlan {
    /// The AWS credential chain, in its order.
    Chain,
    /// `AWS_ACCESS_KEY_ID` and its kin alone.
    Env,
    /// One profile of the shared AWS files alone.
    Profile(String),
    /// A role of IAM Identity Center alone.
    Sso(SsoPlan),
    /// A role that is assumed with other credentials.
    Role(Box<RolePlan>),
    /// The role of this machine alone: web identity, container, EC2 instance.
    Compute,
}

/// How long a program may take that is asked for credentials (`credential_process`). It may have to ask somebody, but a run must not
/// wait for ever.
pub const CREDENTIAL_PROGRAM_LIMIT: Duration = Duration::from_mins(1);

/// A role of IAM Identity Center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoPlan {
    /// Who issues the sign-in.
    pub session: SsoSession,
    /// The account: twelve digits.
    pub account_id: String,
    /// The permission set, as the access portal names it.
    pub role_name: String,
}

/// Where a sign-in to IAM Identity Center is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SsoSession {
    /// By a `[sso-session NAME]` of the shared AWS files.
    Named(String),
    /// Here.
    Direct {
        /// The access portal's URL, exactly as the sign-in was made with.
        start_url: String,
        /// The region of IAM Identity Center.
        region: String,
    },
}

/// A role that is assumed with other credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePlan {
    /// The role's ARN.
    pub role_arn: String,
    /// The session's name, as CloudTrail shows it.
    pub session_name: Option<String>,
    /// What the role's trust policy asks a third party for.
    pub external_id: Option<String>,
    /// How long the role's credentials live; STS gives an hour where this says nothing.
    pub duration: Option<Duration>,
    /// The MFA device whose code the role's trust policy asks for.
    pub mfa_serial: Option<String>,
    /// The credentials that assume the role; never a role themselves.
    pub source: AuthPlan,
}

/// Where objects go and what they look like.
#[derive(Clone, Debug, PartialEq)]
pub struct DestinationPlan {
    /// Which S3.
    pub storage: Storage,
    /// The bucket's name, or an access point's ARN.
    pub bucket: String,
    /// The object key's template; it names the table, and an object's UUID unless `no_rotate`.
    pub path: Template,
    /// The format of the objects.
    pub format: FormatPlan,
    /// In JSON columns, every character of a key that is none of `[0-9A-Za-z_]` becomes `_`, at every depth.
    pub athena: bool,
    /// A table that got no rows is written as an object without rows (Parquet only).
    pub write_empty_objects: bool,
    /// What S3 is told about each object.
    pub object: ObjectPlan,
    /// When an object closes. Without any limit when `no_rotate`.
    pub close: ClosePolicy,
    /// One object a table.
    pub no_rotate: bool,
    /// How long, and how often, an upload is tried again.
    pub retry: RetryPlan,
    /// The size in bytes of the first parts of an object that is too large for one PutObject.
    pub part_size: u64,
}

/// How many times `part_size` an object may have that is still sent with one PutObject.
pub const PARTS_OF_ONE_PUT: u64 = 4;

/// What S3 is told about each object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectPlan {
    /// Another media type than the format's.
    pub content_type: Option<String>,
    /// A canned ACL, as S3 spells it. Needs `s3:PutObjectAcl`.
    pub acl: Option<String>,
    /// How the object is encrypted at rest.
    pub encryption: Option<Encryption>,
    /// Tags, by key. Need `s3:PutObjectTagging`.
    pub tags: BTreeMap<String, String>,
    /// The storage class, as S3 spells it.
    pub storage_class: Option<String>,
    /// The account that must own the bucket.
    pub expected_bucket_owner: Option<String>,
}

/// Encryption at rest that is asked for with each object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`; without it, what the bucket does by itself.
    pub algorithm: Option<String>,
    /// The KMS key: an id, an alias or an ARN.
    pub kms_key_id: Option<String>,
}

/// How long, and how often, an upload is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPlan {
    /// How long without any progress of the run.
    pub deadline: Duration,
    /// How often one request is tried at the most; `None` for as often as the deadline allows.
    pub most_tries: Option<u32>,
    /// The longest pause between two tries.
    pub longest_pause: Duration,
}

/// Which S3 an object is put into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// AWS or a server that speaks its protocol.
    S3(S3Plan),
    /// The S3 server in this process.
    Embedded {
        /// The folder (absolute) under which an object is the file `bucket/key`.
        dir: PathBuf,
    },
}

/// How an S3 over the network is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Plan {
    /// The bucket's region, where the config names it.
    pub region: Option<String>,
    /// Another endpoint than AWS's: an `http` or `https` URL.
    pub endpoint: Option<String>,
    /// Whether the endpoint's certificate is taken unchecked.
    pub skip_tls_verify: bool,
    /// Whether the bucket stands in the path instead of the host name; without it, what the vendor's servers want.
    pub use_path_style: Option<bool>,
    /// Whether AWS's FIPS endpoints are used.
    pub use_fips: bool,
    /// Whether AWS's dual-stack (IPv6) endpoints are used.
    pub use_dualstack: bool,
    /// Whose server it is.
    pub vendor: Vendor,
    /// Whether each request is logged, without what signs it.
    pub log_requests: bool,
}

impl S3Plan {
    /// Whether an endpoint can still be set from elsewhere: it is neither named nor chosen among AWS's.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.endpoint.is_none() && !self.use_fips && !self.use_dualstack
    }

    /// Sets the endpoint, and with it the vendor that its host name gives away, unless that was said.
    pub fn set_endpoint(&mut self, url: String) {
        if self.vendor == Vendor::Aws {
            self.vendor = Vendor::of_endpoint(Some(&url));
        }
        self.endpoint = Some(url);
    }
}

/// Whose S3 server it is: they differ in checksums, conditional writes and addressing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vendor {
    /// Amazon S3.
    #[default]
    Aws,
    /// SeaweedFS.
    SeaweedFs,
    /// MinIO.
    Minio,
    /// Ceph's RADOS gateway.
    Ceph,
    /// Cloudflare R2.
    R2,
    /// Google Cloud Storage through its S3 interface.
    Gcs,
    /// Any other: nothing is assumed that S3 did not have from its beginning.
    Generic,
}

impl Vendor {
    /// The vendor that an endpoint's host name gives away; no endpoint is AWS's.
    #[must_use]
    pub fn of_endpoint(endpoint: Option<&str>) -> Self {
        let Some(endpoint) = endpoint else { return Self::Aws };
        let host = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
        let host = host.split(['/', ':']).next().unwrap_or_default().to_ascii_lowercase();
        let within = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
        if within("amazonaws.com") || within("amazonaws.com.cn") {
            Self::Aws
        } else if within("r2.cloudflarestorage.com") {
            Self::R2
        } else if within("storage.googleapis.com") {
            Self::Gcs
        } else {
            Self::Generic
        }
    }
}

/// The format of the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatPlan {
    /// Apache Parquet.
    Parquet(ParquetPlan),
    /// Comma-separated values.
    Csv(CsvPlan),
    /// One JSON object a line.
    Json(JsonPlan),
}

impl FormatPlan {
    /// What `{{FORMAT}}` stands for: the file extension, with that of the compression around it.
    #[must_use]
    pub fn extension(&self) -> &'static str {
        use TextCompression::{Gzip, None, Zstd};
        match self {
            Self::Parquet(_) => "parquet",
            Self::Csv(CsvPlan { compression: None, .. }) => "csv",
            Self::Csv(CsvPlan { compression: Gzip, .. }) => "csv.gz",
            Self::Csv(CsvPlan { compression: Zstd, .. }) => "csv.zst",
            Self::Json(JsonPlan { compression: None }) => "json",
            Self::Json(JsonPlan { compression: Gzip }) => "json.gz",
            Self::Json(JsonPlan { compression: Zstd }) => "json.zst",
        }
    }

    /// The media type (RFC 4180, 8259, 6713 and 8878; IANA's registry for Parquet). As in the CloudQuery S3 destination, what
    /// is compressed is of the compression's type, and no `Content-Encoding` is set: readers get the bytes as they are.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Parquet(_) => "application/vnd.apache.parquet",
            Self::Csv(CsvPlan { compression, .. }) => compression.content_type().unwrap_or("text/csv"),
            Self::Json(JsonPlan { compression }) => compression.content_type().unwrap_or("application/json"),
        }
    }
}

/// How Parquet is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParquetPlan {
    /// The codec of its pages.
    pub compression: Compression,
    /// Which logical types may be used. Pages are of version 1 whatever it is.
    pub version: ParquetVersion,
    /// The most rows of a row group.
    pub max_row_group_length: u64,
}

/// The version of the Parquet format whose logical types may be used, as Arrow's writers tell them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParquetVersion {
    /// 1.0: no unsigned integers of 32 bits, no nanoseconds.
    V1_0,
    /// 2.4: unsigned integers; no nanoseconds.
    V2_4,
    /// 2.6: nanoseconds too.
    #[default]
    V2_6,
}

/// How CSV is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvPlan {
    /// What stands between fields: an ASCII character.
    pub delimiter: u8,
    /// Whether the first record holds the columns' names.
    pub header: bool,
    /// The compression around the file.
    pub compression: TextCompression,
}

/// How JSON lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonPlan {
    /// The compression around the file.
    pub compression: TextCompression,
}

/// The compression around a text file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextCompression {
    /// None.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl TextCompression {
    fn content_type(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("application/gzip"),
            Self::Zstd => Some("application/zstd"),
        }
    }
}

/// A codec of Parquet's pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Stored as it is.
    None,
    /// Snappy (raw blocks).
    Snappy,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Flags, Inputs};

    #[test]
    fn a_folder_that_the_config_lies_in_is_not_only_of_the_runs() {
        let places = |storage: &str, state_dir: &str| -> Vec<String> {
            let text = format!(
                "version = 1\nstate_dir = \"{state_dir}\"\n[destination]\nbucket = \"my-lake\"\npath = \"{{{{TABLE}}}}.{{{{UUID}}}}\"\nstorage = \"embedded\"\ndir = \"{storage}\"\n\
                 [[source]]\ntype = \"files\"\npaths = [\".\"]\non_error = \"skip\"\n"
            );
            let resolved = config::resolve(&Inputs {
                file: Path::new("/home/u/lakes/lakeward.toml"),
                text: &text,
                environment: &[],
                flags: Flags::default(),
                default_state_dir: "/state".into(),
            });
            let plan = resolved.expect("a plan").plan;
            plan.own_places().iter().map(|place| place.path.display().to_string()).collect()
        };
        assert_eq!(
            places("lake", "state"),
            ["/home/u/lakes/lakeward.toml", "/home/u/lakes/lake", "/home/u/lakes/state"]
        );
        assert_eq!(places("/home/u", "."), ["/home/u/lakes/lakeward.toml", "/home/u/my-lake"]);
    }

    #[test]
    fn an_endpoint_gives_its_vendor_away_where_its_host_name_does() {
        for (endpoint, vendor) in [
            (None, Vendor::Aws),
            (Some("https://s3.eu-central-1.amazonaws.com"), Vendor::Aws),
            (Some("https://0123.r2.cloudflarestorage.com/"), Vendor::R2),
            (Some("https://storage.googleapis.com:443"), Vendor::Gcs),
            (Some("http://127.0.0.1:8333"), Vendor::Generic),
            (Some("https://amazonaws.com.example.org"), Vendor::Generic),
            (Some("https://notamazonaws.com"), Vendor::Generic),
        ] {
            assert_eq!(Vendor::of_endpoint(endpoint), vendor, "{endpoint:?}");
        }
    }
}
