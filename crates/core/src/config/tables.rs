//! The tables of a config and their keys: the one place where a key is written down. The JSON Schema, the check for unknown
//! keys and the environment variables all come from these types; their docs are the schema's descriptions.

mod source;

use std::{collections::BTreeMap, ops::Range};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use toml::{
    Spanned,
    de::{DeTable, DeValue, Error, ValueDeserializer},
};

pub(super) use self::source::{
    CloudQuery, Command, Files, InputFormat, Network, OnError, Read, Source, SourceKind, Stdin,
};

/// A value and where it stands (see [`super::document::Document`]).
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        Ok(Self { span: spanned.span(), value: spanned.into_inner() })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// How a size with a unit is written; what it means is read by bytesize.
const SIZE: &str = r"^[0-9]+(\.[0-9]+)?\s*([KkMmGgTtPpEe][Ii]?)?[Bb]?$";

/// How a media type is written (RFC 9110, 8.3.1): visible ASCII with a slash.
const CONTENT_TYPE: &str = r"^[!-.0-~]+/[ -.0-~]+$";

/// How a duration is written; what it means is read by humantime.
const DURATION: &str = r"^(0|([0-9]+(\.[0-9]+)?\s*[a-zA-Zµ]+\s*)+)$";

/// A number of bytes, as a number or with a unit.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Size {
    Bytes(u64),
    Text(String),
}

impl JsonSchema for Size {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "minimum": 0,
            "pattern": SIZE,
            "examples": ["128MiB", "5 GB", 1048576],
        })
    }
}

/// A span of time with its units.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Duration(pub(super) String);

impl JsonSchema for Duration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": DURATION, "examples": ["20s", "15m", "1m30s"] })
    }
}

/// The version alone, which is looked at before anything else.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Version {
    /// The version of the config's format.
    #[schemars(extend("const" = 1))]
    pub(super) version: At<i64>,
}

/// The keys above the first table.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Top {
    /// The folder for what outlives a run. Default: the platform's state directory.
    pub(super) state_dir: Option<At<String>>,
    /// How long open objects may take to land after a first SIGINT or SIGTERM.
    #[schemars(extend("default" = super::SHUTDOWN_GRACE))]
    pub(super) shutdown_grace: Option<At<Duration>>,
}

/// One profile of the shared AWS files, and no other credentials.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ProfileAuth {
    /// The profile's name in `~/.aws/config` or `~/.aws/credentials`.
    #[schemars(length(min = 1), example = &"analytics")]
    pub(super) profile: At<String>,
}

/// A role of IAM Identity Center, and no other credentials.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("anyOf" = [{ "required": ["sso_session"] }, { "required": ["sso_start_url", "sso_region"] }]))]
pub(super) struct SsoAuth {
    /// The name of a `[sso-session NAME]` in `~/.aws/config`. Instead: sso_start_url and sso_region.
    #[schemars(length(min = 1), example = &"my-sso")]
    pub(super) sso_session: Option<At<String>>,
    /// The URL of the access portal, exactly as the sign-in was made with.
    #[schemars(regex(pattern = r"^https://\S+$"), example = &"https://my-company.awsapps.com/start")]
    pub(super) sso_start_url: Option<At<String>>,
    /// The region of IAM Identity Center.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]+$"), example = &"eu-central-1")]
    pub(super) sso_region: Option<At<String>>,
    /// The account.
    #[schemars(regex(pattern = r"^[0-9]{12}$"), example = &"111122223333")]
    pub(super) sso_account_id: At<String>,
    /// The role (permission set), as the access portal names it.
    #[schemars(length(min = 1), example = &"DataWriter")]
    pub(super) sso_role_name: At<String>,
}

/// A role that is assumed with other credentials.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RoleAuth {
    /// The role's ARN.
    #[schemars(
        regex(pattern = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$"),
        example = &"arn:aws:iam::111122223333:role/lakeward"
    )]
    pub(super) role_arn: At<String>,
    /// The session's name, as CloudTrail shows it. Default: lakeward.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_=,.@-]{2,64}$"), example = &"lakeward")]
    pub(super) role_session_name: Option<At<String>>,
    /// What the role's trust policy asks a third party for.
    #[schemars(length(min = 2, max = 1224), example = &"example-corp")]
    pub(super) external_id: Option<At<String>>,
    /// How long the role's credentials live: 15 minutes to 12 hours. Default: what STS gives, an hour.
    pub(super) duration: Option<At<Duration>>,
    /// The MFA device whose code the role's trust policy asks for: an ARN or a serial number.
    #[schemars(length(min = 9, max = 256), example = &"arn:aws:iam::111122223333:mfa/me")]
    pub(super) mfa_serial: Option<At<String>>,
}

/// Where objects go and what they look like.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Destination {
    /// The bucket's name, or the ARN of an access point.
    #[schemars(
        regex(pattern = r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|arn:aws[a-z-]*:s3:[a-z0-9-]+:[0-9]{12}:accesspoint[/:][a-z0-9-]+)$"),
        example = &"my-lake"
    )]
    pub(super) bucket: At<String>,
    /// The template of the object keys. Variables: {{TABLE}}, {{TABLE_HYPHEN}}, {{FORMAT}}, {{UUID}}, {{SYNC_ID}}, {{YEAR}},
    /// {{MONTH}}, {{DAY}}, {{HOUR}}, {{MINUTE}}. {{UUID}} is required unless `no_rotate`; a path without a table gets
    /// `/{{TABLE}}.{{FORMAT}}.{{UUID}}` appended (without the UUID under `no_rotate`).
    #[schemars(length(min = 1), example = &"raw/{{TABLE}}/{{UUID}}.{{FORMAT}}")]
    pub(super) path: At<String>,
    /// The format of the objects.
    #[schemars(extend("default" = "parquet"))]
    pub(super) format: Option<Format>,
    /// The codec of the objects: of Parquet's pages zstd (the default), snappy, gzip or none; around CSV and JSON none (the
    /// default), gzip or zstd, and {{FORMAT}} then ends in .gz or .zst.
    pub(super) compression: Option<At<Compression>>,
    /// The size as encoded at which an object closes: 1 KiB to 4 TiB.
    #[schemars(extend("default" = super::FILE_SIZE))]
    pub(super) file_size: Option<At<Size>>,
    /// The rows at which an object closes; 0 is no limit.
    #[schemars(extend("default" = 0))]
    pub(super) batch_size: Option<At<u64>>,
    /// The bytes in memory, before encoding, at which an object closes; 0 is no limit.
    #[schemars(extend("default" = 0))]
    pub(super) batch_size_bytes: Option<At<Size>>,
    /// The age at which an object closes; "0s" is no limit.
    #[schemars(extend("default" = "0s"))]
    pub(super) batch_timeout: Option<At<Duration>>,
    /// One object a table, whatever its size. {{UUID}} can't be in `path` then, and no limit can be set.
    #[schemars(extend("default" = false))]
    pub(super) no_rotate: Option<bool>,
    /// How long an upload is tried again without progress before the run ends.
    #[schemars(extend("default" = super::RETRY_DEADLINE))]
    pub(super) retry_deadline: Option<At<Duration>>,
    /// How often one request is tried at the most; 0 is as often as `retry_deadline` allows.
    #[schemars(extend("default" = 0))]
    pub(super) max_retries: Option<At<u32>>,
    /// The longest pause between two tries, in seconds: 1 to 3600.
    #[schemars(range(min = 1, max = 3600), extend("default" = super::MAX_BACKOFF))]
    pub(super) max_backoff: Option<u64>,
    /// The size of the first parts of a large object: 5 MiB to 5 GiB. An object of up to four such parts goes up as one
    /// PutObject; a larger one as a multipart upload, whose parts grow so that there are never more than 10,000.
    #[schemars(extend("default" = super::PART_SIZE))]
    pub(super) part_size: Option<At<Size>>,
    /// Another media type than the format's own.
    #[schemars(regex(pattern = CONTENT_TYPE), example = &"application/x-ndjson")]
    pub(super) content_type: Option<At<String>>,
    /// Make JSON columns fit for Athena: in their keys, every character that is none of 0-9, A-Z, a-z and _ becomes _.
    #[schemars(extend("default" = false))]
    pub(super) athena: Option<bool>,
    /// Write a table without rows as an object without rows. Parquet only.
    #[schemars(extend("default" = false))]
    pub(super) write_empty_objects_for_empty_tables: Option<At<bool>>,
    /// Settings of the format.
    pub(super) format_spec: Option<FormatSpec>,
}

/// Settings of the format; each key belongs to one.
#[derive(Default, Deserialize, JsonSchema)]
pub(super) struct FormatSpec {
    /// CSV: what stands between fields, one ASCII character.
    #[schemars(length(min = 1, max = 1), extend("default" = ","))]
    pub(super) delimiter: Option<At<String>>,
    /// CSV: leave out the record with the columns' names.
    #[schemars(extend("default" = false))]
    pub(super) skip_header: Option<At<bool>>,
    /// Parquet: which logical types may be used. Pages are of version 1 whatever it says, so that old readers know them.
    #[schemars(extend("default" = "v2Latest"))]
    pub(super) version: Option<At<ParquetVersion>>,
    /// Parquet: taken for compatibility, and without effect: the format has no repetition at its root.
    #[schemars(extend("default" = "repeated"))]
    pub(super) root_repetition: Option<At<RootRepetition>>,
    /// Parquet: the most rows of a row group.
    #[schemars(range(min = 1, max = 134_217_728), extend("default" = super::MAX_ROW_GROUP_LENGTH))]
    pub(super) max_row_group_length: Option<At<u64>>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(super) enum ParquetVersion {
    /// Version 1.0.
    #[serde(rename = "v1.0")]
    V1_0,
    /// Version 2.4.
    #[serde(rename = "v2.4")]
    V2_4,
    /// Version 2.6.
    #[serde(rename = "v2.6")]
    V2_6,
    /// The latest, which is 2.6.
    #[serde(rename = "v2Latest")]
    V2Latest,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RootRepetition {
    /// Undefined.
    Undefined,
    /// Required.
    Required,
    /// Optional.
    Optional,
    /// Repeated.
    Repeated,
}

/// AWS, or a server that speaks its protocol.
#[derive(Deserialize, JsonSchema)]
pub(super) struct S3 {
    /// The bucket's region. Default: that of the AWS environment, or else what S3 answers.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]+$"), example = &"eu-central-1")]
    pub(super) region: Option<At<String>>,
    /// The URL of another server than AWS. Default: that of AWS_ENDPOINT_URL_S3 and its like in the AWS files, or else AWS.
    #[schemars(regex(pattern = r"^https?://[^/?#@\s]+/?$"), example = &"https://minio.example.com:9000")]
    pub(super) endpoint: Option<At<String>>,
    /// Take the endpoint's certificate unchecked: anyone on the way can then read and change what is sent.
    #[schemars(extend("default" = false))]
    pub(super) endpoint_skip_tls_verify: Option<bool>,
    /// Put the bucket into the URL's path instead of its host name. Default: true for other servers than AWS.
    pub(super) use_path_style: Option<At<bool>>,
    /// Whose server the endpoint is. They differ in checksums, conditional writes and addressing. Default: told by the
    /// endpoint's host name, and generic where that says nothing.
    pub(super) vendor: Option<At<Vendor>>,
    /// Use AWS's FIPS endpoints.
    #[schemars(extend("default" = false))]
    pub(super) use_fips: Option<At<bool>>,
    /// Use AWS's dual-stack endpoints (IPv6 and IPv4).
    #[schemars(extend("default" = false))]
    pub(super) use_dualstack: Option<At<bool>>,
    /// A canned ACL for each object. Needs s3:PutObjectAcl too.
    pub(super) acl: Option<Acl>,
    /// Encryption at rest that is asked for with each object.
    pub(super) server_side_encryption_configuration: Option<Encryption>,
    /// Tags of each object, at most ten. Need s3:PutObjectTagging too.
    #[schemars(extend("maxProperties" = 10))]
    pub(super) tags: Option<BTreeMap<String, At<String>>>,
    /// The storage class of each object.
    #[schemars(regex(pattern = r"^[A-Z][A-Z0-9_]*$"), example = &"STANDARD_IA")]
    pub(super) storage_class: Option<At<String>>,
    /// The account that must own the bucket; S3 refuses the object otherwise.
    #[schemars(regex(pattern = r"^[0-9]{12}$"), example = &"111122223333")]
    pub(super) expected_bucket_owner: Option<At<String>>,
    /// Log each request to S3 and its answer, without what signs it.
    #[schemars(extend("default" = false))]
    pub(super) aws_debug: Option<bool>,
}

/// Encryption at rest.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Encryption {
    /// The KMS key: an id, an alias or an ARN. The credentials need kms:GenerateDataKey for it, and kms:Decrypt for objects that
    /// go up in parts.
    #[schemars(length(min = 1), example = &"alias/lake")]
    pub(super) sse_kms_key_id: Option<At<String>>,
    /// Who encrypts.
    pub(super) server_side_encryption: Option<At<Algorithm>>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// S3 with keys of its own.
    #[serde(rename = "AES256")]
    Aes256,
    /// S3 with a key of KMS.
    #[serde(rename = "aws:kms")]
    Kms,
    /// S3 with a key of KMS, twice.
    #[serde(rename = "aws:kms:dsse")]
    KmsDsse,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Acl {
    /// The owner alone.
    Private,
    /// Everyone may read.
    PublicRead,
    /// Everyone may read and write.
    PublicReadWrite,
    /// Every AWS account may read.
    AuthenticatedRead,
    /// EC2 may read.
    AwsExecRead,
    /// The bucket's owner may read.
    BucketOwnerRead,
    /// The bucket's owner may do all.
    BucketOwnerFullControl,
}

#[derive(Clone, Copy, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Vendor {
    /// Amazon S3.
    Aws,
    /// SeaweedFS.
    SeaweedFs,
    /// MinIO.
    Minio,
    /// Ceph's RADOS gateway.
    Ceph,
    /// Cloudflare R2.
    R2,
    /// Google Cloud Storage.
    Gcs,
    /// Any other.
    Generic,
}

/// An S3 server inside the Lakeward process.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Embedded {
    /// The folder under which an object is the file `bucket/key`.
    #[schemars(length(min = 1), example = &"lake")]
    pub(super) dir: At<String>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated values.
    Csv,
    /// One JSON object a line.
    Json,
}

#[derive(Clone, Copy, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Compression {
    /// Zstandard.
    Zstd,
    /// Snappy.
    Snappy,
    /// gzip.
    Gzip,
    /// Stored as it is.
    None,
}

/// A config whose every key is known and of its type; what the values mean is still to be read.
pub(super) struct Config {
    pub(super) top: Top,
    pub(super) auth: Auth,
    pub(super) destination: Destination,
    pub(super) storage: Storage,
    pub(super) sources: Vec<Source>,
}

pub(super) enum Auth {
    Chain,
    Env,
    Profile(ProfileAuth),
    Sso(SsoAuth),
    Role(RoleAuth, Box<Auth>),
    Compute,
}

pub(super) enum Storage {
    S3(Box<S3>),
    Embedded(Embedded),
}

impl Config {
    /// Reads a document whose shape was checked. Tables that come in kinds are read by the key that says which
    /// (`method`, `storage`, `type`) into that kind's plain struct: serde's own tagged enums would lose the places.
    pub(super) fn read(root: &Spanned<DeTable<'_>>) -> Result<Self, Error> {
        let top = read(root.span(), &DeValue::Table(root.get_ref().clone()))?;
        let table = |key: &str| root.get_ref().get(key).cloned();
        let absent = || Spanned::new(root.span(), DeValue::Table(DeTable::new()));
        let auth = table("auth").unwrap_or_else(absent);
        let auth = Auth::read(&auth)?;
        let destination = table("destination").unwrap_or_else(absent);
        let storage = match kind(destination.get_ref(), "storage") {
            Some("embedded") => Storage::Embedded(read(destination.span(), destination.get_ref())?),
            _ => Storage::S3(Box::new(read(destination.span(), destination.get_ref())?)),
        };
        let mut sources = Vec::new();
        for source in
            root.get_ref().get("source").and_then(|sources| sources.get_ref().as_array()).into_iter().flatten()
        {
            let kind = match kind(source.get_ref(), "type") {
                Some("stdin") => SourceKind::Stdin(read(source.span(), source.get_ref())?),
                Some("command") => SourceKind::Command(read(source.span(), source.get_ref())?),
                Some("cloudquery") => SourceKind::CloudQuery(Box::new(read(source.span(), source.get_ref())?)),
                _ => SourceKind::Files(read(source.span(), source.get_ref())?),
            };
            sources.push(Source { kind, read: read(source.span(), source.get_ref())?, span: source.span() });
        }
        let destination = read(destination.span(), destination.get_ref())?;
        Ok(Self { top, auth, destination, storage, sources })
    }
}

impl Auth {
    pub(super) fn read(table: &Spanned<DeValue<'_>>) -> Result<Self, Error> {
        Ok(match kind(table.get_ref(), "method") {
            Some("profile") => Self::Profile(read(table.span(), table.get_ref())?),
            Some("sso") => Self::Sso(read(table.span(), table.get_ref())?),
            Some("role") => {
                let source = table.get_ref().get("source").map_or(Ok(Self::Chain), Self::read)?;
                Self::Role(read(table.span(), table.get_ref())?, Box::new(source))
            }
            Some("env") => Self::Env,
            Some("compute") => Self::Compute,
            _ => Self::Chain,
        })
    }
}

/// Reads the keys of one struct from a table; other keys of the table belong to other structs.
pub(super) fn read<T: serde::de::DeserializeOwned>(span: Range<usize>, table: &DeValue<'_>) -> Result<T, Error> {
    T::deserialize(ValueDeserializer::from(Spanned::new(span, table.clone())))
}

fn kind<'a>(table: &'a DeValue<'_>, tag: &str) -> Option<&'a str> {
    table.get(tag)?.get_ref().as_str()
}
