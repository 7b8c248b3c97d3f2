//! The spec of CloudQuery's S3 destination, with the fields that Lakeward has beside it: JSON that a host hands over.
//!
//! It is checked as a config is, by the schema of its types, and means the same plans. What the original takes or refuses is
//! taken or refused here; only the defaults and fields that differ from a config's stand in this module.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    document::Document,
    error::{ConfigError, Finding, Place},
    lower::lower_spec,
    schema, shape,
    tables::{At, Auth, Destination, Duration, Format, S3, read},
};
use crate::plan::{AuthPlan, DestinationPlan};

// The original's defaults.
pub(super) const BATCH_SIZE: u64 = 10_000;
pub(super) const BATCH_SIZE_BYTES: u64 = 50 << 20;
pub(super) const BATCH_TIMEOUT: &str = "30s";
pub(super) const MAX_BACKOFF: u64 = 30;
pub(super) const PART_SIZE: u64 = 5 << 20;
pub(super) const MAX_ROW_GROUP_LENGTH: u64 = 128 << 20;

/// What the spec is called where its fields are told.
const ROOT: &str = "spec";

/// Optional texts that mean nothing when they are empty.
const EMPTY_IS_ABSENT: [&str; 6] = ["acl", "compression", "content_type", "endpoint", "local_profile", "storage_class"];

/// A spec that can be run.
#[derive(Clone, Debug, PartialEq)]
pub struct DestinationSpec {
    /// Where objects go and what they look like.
    pub destination: DestinationPlan,
    /// Which credentials are used.
    pub auth: AuthPlan,
    /// Whether an object is written before anything else, so that it is known that it can be.
    pub test_write: bool,
}

/// The fields of a spec that a config has not, or that are defined in another way there.
#[derive(Deserialize, JsonSchema)]
pub(super) struct SpecTable {
    /// The bucket's name, or the ARN of an access point.
    #[serde(rename = "bucket")]
    #[schemars(length(min = 1), example = &"my-lake")]
    _bucket: String,
    /// The bucket's region.
    #[serde(rename = "region")]
    #[schemars(length(min = 1), example = &"eu-central-1")]
    _region: String,
    /// The format of the objects.
    pub(super) format: Format,
    /// The codec of the objects: none, gzip (not with parquet) or, of Lakeward's own, zstd; of Parquet's pages snappy (the default)
    /// and of Lakeward's own zstd and none.
    #[serde(rename = "compression")]
    #[schemars(extend("enum" = ["", "gzip", "zstd", "snappy", "none"]))]
    _compression: Option<String>,
    /// The rows at which an object closes; 0 is no limit. Must be 0 or absent with `no_rotate`.
    #[serde(rename = "batch_size")]
    #[schemars(extend("default" = BATCH_SIZE))]
    _batch_size: Option<u64>,
    /// The bytes in memory, before encoding, at which an object closes; 0 is no limit. Must be 0 or absent with `no_rotate`.
    #[serde(rename = "batch_size_bytes")]
    #[schemars(extend("default" = BATCH_SIZE_BYTES))]
    _batch_size_bytes: Option<u64>,
    /// The age at which an object closes, as Go writes a duration; "0s" is no limit. Must be 0s or absent with `no_rotate`.
    #[schemars(extend("default" = BATCH_TIMEOUT))]
    pub(super) batch_timeout: Option<At<Duration>>,
    /// The size as encoded at which an object closes: 1 KiB to 4 TiB. Default: no limit.
    #[serde(rename = "file_size")]
    _file_size: Option<super::tables::Size>,
    /// How often one request is tried at the most. Without it, a request is tried until `retry_deadline`.
    #[serde(rename = "max_retries")]
    _max_retries: Option<u32>,
    /// The longest pause between two tries, in seconds.
    #[serde(rename = "max_backoff")]
    #[schemars(range(max = 3600), extend("default" = MAX_BACKOFF))]
    _max_backoff: Option<u64>,
    /// The size in bytes of the first parts of a large object: 5 MiB to 5 GiB.
    #[serde(rename = "part_size")]
    #[schemars(extend("default" = PART_SIZE))]
    _part_size: Option<u64>,
    /// Another media type than the format's own.
    #[serde(rename = "content_type")]
    #[schemars(extend("default" = ""))]
    _content_type: Option<String>,
    /// The URL of another server than AWS.
    #[serde(rename = "endpoint")]
    #[schemars(extend("default" = ""))]
    _endpoint: Option<String>,
    /// Put the bucket into the URL's path instead of its host name.
    #[serde(rename = "use_path_style")]
    #[schemars(extend("default" = false))]
    _use_path_style: Option<bool>,
    /// A canned ACL for each object. Needs s3:PutObjectAcl too.
    #[serde(rename = "acl")]
    #[schemars(extend("enum" = ["", "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read", "bucket-owner-full-control"]))]
    _acl: Option<String>,
    /// Write an empty object, at the path of a table named TEST_TABLE, before anything else: so it is known at once whether
    /// objects can be written.
    #[schemars(extend("default" = true))]
    pub(super) test_write: Option<bool>,
    /// The profile of the shared AWS files whose credentials are used. Deprecated: use `credentials` or `auth`.
    pub(super) local_profile: Option<At<String>>,
    /// The credentials that are used. Default: the AWS credential chain.
    pub(super) credentials: Option<At<Credentials>>,
}

/// The original's choice of credentials.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(super) struct Credentials {
    /// The profile of the shared AWS files.
    pub(super) local_profile: Option<String>,
    /// The role to assume.
    pub(super) role_arn: Option<At<String>>,
    /// The session's name, as CloudTrail shows it.
    pub(super) role_session_name: Option<At<String>>,
    /// What the role's trust policy asks a third party for.
    pub(super) external_id: Option<At<String>>,
}

/// A spec whose every field is known and of its type.
pub(super) struct Spec {
    pub(super) own: SpecTable,
    pub(super) destination: Destination,
    pub(super) s3: S3,
    /// The choice of credentials as a config makes it, where it is made.
    pub(super) auth: Option<At<Auth>>,
    /// Stands for every default.
    pub(super) span: std::ops::Range<usize>,
}

/// Reads the spec of a destination.
///
/// # Errors
/// All that is wrong with its shape; else all values that can't be taken, and every contradiction.
pub fn destination_spec(json: &[u8]) -> Result<DestinationSpec, Vec<ConfigError>> {
    let alone =
        |what: String, hint: &str| vec![ConfigError { at: Place::Spec, key: None, what, hint: Some(hint.to_owned()) }];
    let json = if json.trim_ascii().is_empty() { b"null" } else { json };
    let spec: Value = serde_json::from_slice(json)
        .map_err(|error| alone(format!("the spec is not JSON: {error}"), "hosts hand a spec over as JSON"))?;
    let spec = match spec {
        Value::Null => Map::new(),
        Value::Object(fields) => fields,
        _ => return Err(alone("the spec is no object".into(), "write it as fields and their values")),
    };
    let text = toml::to_string(&json!({ ROOT: without_null(Value::Object(spec)) }))
        .map_err(|error| alone(format!("the spec can't be read: {error}"), "numbers have at most 64 bits"))?;
    let mut document = Document::parse(&text)?;
    if let Some(DeValue::Table(spec)) = document.root.get_mut().get_mut(ROOT).map(Spanned::get_mut) {
        leave_out_empty(spec);
    }
    let schema = json!({ "properties": { ROOT: destination_spec_schema() }, "additionalProperties": false });
    let told = |findings| {
        let errors = document.errors(findings).into_iter();
        errors.map(|error| ConfigError { at: Place::Spec, ..error }).collect::<Vec<_>>()
    };
    let findings = shape::check(&document.root, &schema);
    if !findings.is_empty() {
        return Err(told(findings));
    }
    let spec = document.root.get_ref().get(ROOT).cloned().unwrap_or_else(|| document.root_value());
    Spec::read(&spec).and_then(lower_spec).map_err(told)
}

/// The JSON Schema (draft 2020-12) of a destination's spec.
#[must_use]
pub fn destination_spec_schema() -> Value {
    let mut generator =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
    let g = &mut generator;
    let auth = json!({ "properties": { "auth": schema::auth(g) } });
    let parts = vec![schema::part::<Destination>(g), schema::part::<S3>(g), schema::part::<SpecTable>(g), auth];
    let mut root = Map::new();
    root.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".into(), json!(ROOT));
    root.extend(schema::object(parts));
    Value::Object(root)
}

/// A JSON value without fields that are null.
fn without_null(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let said = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(said.map(|(key, value)| (key, without_null(value))).collect())
        }
        value => value,
    }
}

/// Takes texts out of a spec that mean nothing because they are empty.
pub(super) fn leave_out_empty(spec: &mut DeTable<'_>) {
    fn leave_out(table: &mut DeTable<'_>, can_be_absent: impl Fn(&str) -> bool) {
        let is_empty = |value: &Spanned<DeValue<'_>>| value.get_ref().as_str() == Some("");
        let empty = table.iter().filter(|(key, value)| is_empty(value) && can_be_absent(key.get_ref()));
        let empty: Vec<String> = empty.map(|(key, _)| key.get_ref().to_string()).collect();
        empty.iter().for_each(|key| _ = table.remove(key.as_str()));
    }
    leave_out(spec, |key| EMPTY_IS_ABSENT.contains(&key));
    for key in ["credentials", "server_side_encryption_configuration"] {
        if let Some(DeValue::Table(within)) = spec.get_mut(key).map(Spanned::get_mut) {
            leave_out(within, |_| true);
        }
    }
}

impl Spec {
    /// Reads a table whose shape was checked.
    ///
    /// # Errors
    /// A value that its schema lets through and its type does not.
    pub(super) fn read(table: &Spanned<DeValue<'_>>) -> Result<Self, Vec<Finding>> {
        let told = |error: toml::de::Error| vec![Finding::value(error.span().unwrap_or(0..0), error.message())];
        let (span, value) = (table.span(), table.get_ref());
        let auth = value.get("auth").map(|auth| Auth::read(auth).map(|value| At { value, span: auth.span() }));
        Ok(Self {
            own: read(span.clone(), value).map_err(told)?,
            destination: read(span.clone(), value).map_err(told)?,
            s3: read(span.clone(), value).map_err(told)?,
            auth: auth.transpose().map_err(told)?,
            span,
        })
    }
}
