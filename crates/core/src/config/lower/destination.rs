//! `[destination]`: where objects go and what they look like.

use std::{ops::Range, time::Duration};

use super::{
    super::{
        FILE_SIZE, MAX_BACKOFF, MAX_ROW_GROUP_LENGTH, PART_SIZE, RETRY_DEADLINE,
        error::Finding,
        tables::{self, Algorithm, At, Compression, Format, FormatSpec, ParquetVersion, S3, Storage},
        values::{self, Wrong},
    },
    MIN_SIZE, Reader,
};
use crate::{
    batch::ClosePolicy,
    key::{Template, TemplateError, Variable},
    plan,
};

/// An object has at most 5 TiB (Amazon S3 user guide, "Amazon S3 multipart upload limits"); it closes a little above its limit.
const MAX_FILE_SIZE: u64 = 4 << 40;
/// A part that is not the last has 5 MiB to 5 GiB (the same page).
const MIN_PART: u64 = 5 << 20;
const MAX_PART: u64 = 5 << 30;
/// Amazon S3 user guide, "Categorizing your objects using tags".
const MOST_TAGS: usize = 10;

impl Reader<'_> {
    pub(super) fn destination(
        &mut self,
        table: &tables::Destination,
        storage: &Storage,
    ) -> Option<plan::DestinationPlan> {
        let no_rotate = table.no_rotate.unwrap_or(false);
        let path = self.template(&table.path, no_rotate);
        let close = self.close(table, no_rotate);
        let retry = plan::RetryPlan {
            deadline: self.duration(table.retry_deadline.as_ref(), RETRY_DEADLINE),
            most_tries: table.max_retries.as_ref().map(|most| most.value).filter(|most| *most > 0),
            longest_pause: Duration::from_secs(table.max_backoff.unwrap_or(MAX_BACKOFF)),
        };
        let part_size = self.sized(table.part_size.as_ref(), PART_SIZE, MIN_PART, MAX_PART);
        let format = self.format(table);
        let empty = table.write_empty_objects_for_empty_tables.as_ref();
        if let (Some(empty), false) = (empty, matches!(format, plan::FormatPlan::Parquet(_))) {
            let hint = "take it out, or set format = \"parquet\"";
            if empty.value {
                self.wrong(empty, "only Parquet has objects without rows: they hold a schema", hint);
            }
        }
        let object = self.object(table, storage);
        let storage = self.storage(&table.bucket, storage);
        Some(plan::DestinationPlan {
            storage,
            bucket: table.bucket.value.clone(),
            path: path?,
            format,
            athena: table.athena.unwrap_or(false),
            write_empty_objects: empty.is_some_and(|empty| empty.value),
            object,
            close,
            no_rotate,
            retry,
            part_size,
        })
    }

    fn storage(&mut self, bucket: &At<String>, storage: &Storage) -> plan::Storage {
        let is_arn = bucket.value.starts_with("arn:");
        match storage {
            Storage::Embedded(embedded) => {
                if is_arn {
                    self.wrong(bucket, "the embedded S3 has no access points", "write a bucket's name");
                }
                if embedded.dir.value.contains("://") {
                    let hint = "write a folder of this machine, or set storage = \"s3\" for S3";
                    self.wrong(&embedded.dir, "this is a URL, and no folder", hint);
                }
                plan::Storage::Embedded { dir: self.path(&embedded.dir) }
            }
            Storage::S3(s3) => plan::Storage::S3(self.s3(bucket, is_arn, s3)),
        }
    }

    fn s3(&mut self, bucket: &At<String>, is_arn: bool, s3: &S3) -> plan::S3Plan {
        let url = s3.endpoint.as_ref().map(|endpoint| endpoint.value.as_str());
        let vendor = s3.vendor.as_ref();
        let vendor = vendor.map_or_else(|| plan::Vendor::of_endpoint(url), |vendor| vendor_plan(vendor.value));
        s3.region.iter().for_each(|region| {
            self.check(region, |name| match vendor {
                plan::Vendor::Aws => values::aws_region(name),
                _ => values::region(name),
            });
        });
        s3.endpoint.iter().for_each(|endpoint| self.check(endpoint, |url| values::endpoint(url)));
        let endpoint = s3.endpoint.as_ref();
        let aws_only = [(&s3.use_fips, "use_fips"), (&s3.use_dualstack, "use_dualstack")];
        for (key, name) in
            aws_only.into_iter().filter_map(|(key, name)| Some((key.as_ref().filter(|key| key.value)?, name)))
        {
            if endpoint.is_some() {
                let what = format!("{name} chooses one of AWS's endpoints, and `endpoint` names another");
                self.wrong(key, &what, "take one of the two out");
            }
        }
        if is_arn {
            if endpoint.is_some() {
                self.wrong(bucket, "an access point has its own endpoint", "take `endpoint` out, or name a bucket");
            }
            if let Some(style) = s3.use_path_style.as_ref().filter(|style| style.value) {
                self.wrong(style, "an access point can't stand in the URL's path", "take it out");
            }
        }
        plan::S3Plan {
            // An access point's ARN names its region.
            region: match bucket.value.split(':').nth(3).filter(|_| is_arn) {
                Some(region) => Some(region.to_owned()),
                None => s3.region.as_ref().map(|region| region.value.clone()),
            },
            endpoint: url.map(str::to_owned),
            skip_tls_verify: s3.endpoint_skip_tls_verify.unwrap_or(false),
            use_path_style: s3.use_path_style.as_ref().map(|style| style.value),
            use_fips: s3.use_fips.as_ref().is_some_and(|fips| fips.value),
            use_dualstack: s3.use_dualstack.as_ref().is_some_and(|dualstack| dualstack.value),
            vendor,
            log_requests: s3.aws_debug.unwrap_or(false),
        }
    }

    fn object(&mut self, table: &tables::Destination, storage: &Storage) -> plan::ObjectPlan {
        table.content_type.iter().for_each(|media| self.check(media, |text| values::content_type(text)));
        let content_type = table.content_type.as_ref().map(|media| media.value.clone());
        let Storage::S3(s3) = storage else {
            return plan::ObjectPlan { content_type, ..plan::ObjectPlan::default() };
        };
        s3.storage_class.iter().for_each(|class| self.check(class, |text| values::storage_class(text)));
        s3.expected_bucket_owner.iter().for_each(|owner| self.check(owner, |id| values::account(id)));
        let tags = s3.tags.iter().flatten();
        for (index, (key, value)) in tags.clone().enumerate() {
            self.check(value, |value| values::tag(key, value));
            if index == MOST_TAGS {
                self.wrong(value, "S3 takes at most ten tags for an object", "take some out");
            }
        }
        plan::ObjectPlan {
            content_type,
            acl: s3.acl.map(|acl| acl_name(acl).to_owned()),
            encryption: s3.server_side_encryption_configuration.as_ref().map(|encryption| self.encryption(encryption)),
            tags: tags.map(|(key, value)| (key.clone(), value.value.clone())).collect(),
            storage_class: s3.storage_class.as_ref().map(|class| class.value.clone()),
            expected_bucket_owner: s3.expected_bucket_owner.as_ref().map(|owner| owner.value.clone()),
        }
    }

    fn encryption(&mut self, encryption: &tables::Encryption) -> plan::Encryption {
        let algorithm = encryption.server_side_encryption.as_ref().map(|algorithm| algorithm.value);
        encryption.sse_kms_key_id.iter().for_each(|key| self.check(key, |key| values::kms_key(key)));
        if let (Some(key), Some(Algorithm::Aes256)) = (&encryption.sse_kms_key_id, algorithm) {
            self.wrong(
                key,
                "a KMS key does not go with AES256, which encrypts with keys of S3's own",
                "set server_side_encryption = \"aws:kms\", or take the key out",
            );
        }
        let name = |algorithm| match algorithm {
            Algorithm::Aes256 => "AES256",
            Algorithm::Kms => "aws:kms",
            Algorithm::KmsDsse => "aws:kms:dsse",
        };
        let kms_key_id = encryption.sse_kms_key_id.as_ref().map(|key| key.value.clone());
        // S3 takes a key only along with an algorithm that uses it.
        let algorithm = algorithm.or(kms_key_id.is_some().then_some(Algorithm::Kms));
        plan::Encryption { algorithm: algorithm.map(|algorithm| name(algorithm).to_owned()), kms_key_id }
    }

    fn format(&mut self, table: &tables::Destination) -> plan::FormatPlan {
        let none = FormatSpec::default();
        let spec = table.format_spec.as_ref().unwrap_or(&none);
        let format = table.format.unwrap_or(Format::Parquet);
        self.foreign_keys(spec, format);
        match format {
            Format::Parquet => plan::FormatPlan::Parquet(plan::ParquetPlan {
                compression: match table.compression.as_ref().map_or(Compression::Zstd, |codec| codec.value) {
                    Compression::Zstd => plan::Compression::Zstd,
                    Compression::Snappy => plan::Compression::Snappy,
                    Compression::Gzip => plan::Compression::Gzip,
                    Compression::None => plan::Compression::None,
                },
                version: match spec.version.as_ref().map(|version| version.value) {
                    Some(ParquetVersion::V1_0) => plan::ParquetVersion::V1_0,
                    Some(ParquetVersion::V2_4) => plan::ParquetVersion::V2_4,
                    Some(ParquetVersion::V2_6 | ParquetVersion::V2Latest) | None => plan::ParquetVersion::V2_6,
                },
                max_row_group_length: spec
                    .max_row_group_length
                    .as_ref()
                    .map_or(MAX_ROW_GROUP_LENGTH, |most| most.value),
            }),
            Format::Csv => plan::FormatPlan::Csv(plan::CsvPlan {
                delimiter: spec
                    .delimiter
                    .as_ref()
                    .and_then(|text| self.value(text, |text| values::delimiter(text)))
                    .unwrap_or(b','),
                header: !spec.skip_header.as_ref().is_some_and(|skip| skip.value),
                compression: self.text_compression(table),
            }),
            Format::Json => plan::FormatPlan::Json(plan::JsonPlan { compression: self.text_compression(table) }),
        }
    }

    fn text_compression(&mut self, table: &tables::Destination) -> plan::TextCompression {
        let Some(codec) = &table.compression else { return plan::TextCompression::None };
        match codec.value {
            Compression::None => plan::TextCompression::None,
            Compression::Gzip => plan::TextCompression::Gzip,
            Compression::Zstd => plan::TextCompression::Zstd,
            Compression::Snappy => {
                self.wrong(
                    codec,
                    "snappy goes with Parquet alone",
                    "write \"gzip\", \"zstd\" or \"none\" for this format",
                );
                plan::TextCompression::None
            }
        }
    }

    /// Keys of `format_spec` that belong to another format.
    fn foreign_keys(&mut self, spec: &FormatSpec, format: Format) {
        let span = |at: Option<&Range<usize>>| at.cloned();
        let csv = [
            ("delimiter", span(spec.delimiter.as_ref().map(|at| &at.span))),
            ("skip_header", span(spec.skip_header.as_ref().map(|at| &at.span))),
        ];
        let parquet = [
            ("version", span(spec.version.as_ref().map(|at| &at.span))),
            ("root_repetition", span(spec.root_repetition.as_ref().map(|at| &at.span))),
            ("max_row_group_length", span(spec.max_row_group_length.as_ref().map(|at| &at.span))),
        ];
        let csv = csv.into_iter().map(|key| (key, "csv", matches!(format, Format::Csv)));
        let parquet = parquet.into_iter().map(|key| (key, "parquet", matches!(format, Format::Parquet)));
        for ((key, span), owner, _) in csv.chain(parquet).filter(|(_, _, is_own)| !is_own) {
            if let Some(span) = span {
                let what = format!("{key} is a setting of another format");
                self.errors.push(Finding::value(span, what).hint(format!("take it out, or set format = \"{owner}\"")));
            }
        }
    }

    fn template(&mut self, path: &At<String>, no_rotate: bool) -> Option<Template> {
        let template = self.value(path, |path| {
            Template::parse(path).map_err(|error| match error {
                TemplateError::UnknownVariable { nearest: Some(near), .. } => {
                    Wrong::new(error.to_string()).hint(format!("did you mean {{{{{near}}}}}?"))
                }
                TemplateError::UnknownVariable { .. } => {
                    let all = Variable::ALL.map(|(name, _)| format!("{{{{{name}}}}}")).join(", ");
                    Wrong::new(error.to_string()).hint(format!("there are {all}"))
                }
                other => Wrong::new(other.to_string()),
            })
        })?;
        let template = template.with_table(!no_rotate);
        match (template.uses(Variable::Uuid), no_rotate) {
            (false, false) => self.wrong(
                path,
                "the path has no {{UUID}}: a table's later objects would overwrite its earlier ones",
                "put {{UUID}} into the path, or set no_rotate = true for one object a table",
            ),
            (true, true) => self.wrong(
                path,
                "the path has {{UUID}}, which does not go with no_rotate = true: one object a table has one key",
                "take {{UUID}} out of the path, or no_rotate out of the config",
            ),
            _ => {}
        }
        Some(template)
    }

    fn close(&mut self, table: &tables::Destination, no_rotate: bool) -> ClosePolicy {
        let rows = table.batch_size.as_ref().map_or(0, |rows| rows.value);
        let bytes = self.sized(table.batch_size_bytes.as_ref(), "0", 0, u64::MAX);
        let age = self.duration(table.batch_timeout.as_ref(), "0s");
        let file_size = self.sized(table.file_size.as_ref(), FILE_SIZE, MIN_SIZE, MAX_FILE_SIZE);
        if !no_rotate {
            return ClosePolicy {
                rows: Some(rows).filter(|rows| *rows > 0),
                bytes: Some(bytes).filter(|bytes| *bytes > 0),
                age: Some(age).filter(|age| !age.is_zero()),
                file_size: Some(file_size),
            };
        }
        let limits = [
            table.batch_size.as_ref().filter(|_| rows > 0).map(|at| at.span.clone()),
            table.batch_size_bytes.as_ref().filter(|_| bytes > 0).map(|at| at.span.clone()),
            table.batch_timeout.as_ref().filter(|_| !age.is_zero()).map(|at| at.span.clone()),
            table.file_size.as_ref().map(|at| at.span.clone()),
        ];
        for span in limits.into_iter().flatten() {
            let what = "a limit does not go with no_rotate = true: a table's one object never closes before its end";
            self.errors.push(Finding::value(span, what).hint("take the limit out, or no_rotate"));
        }
        ClosePolicy::default()
    }
}

/// What is wrong with the URL of an S3 server, if anything is, and how one is written.
#[must_use]
pub fn endpoint_fault(url: &str) -> Option<(String, String)> {
    let wrong = values::endpoint(url).err()?;
    Some((wrong.what, wrong.hint.unwrap_or_default()))
}

fn vendor_plan(vendor: tables::Vendor) -> plan::Vendor {
    match vendor {
        tables::Vendor::Aws => plan::Vendor::Aws,
        tables::Vendor::SeaweedFs => plan::Vendor::SeaweedFs,
        tables::Vendor::Minio => plan::Vendor::Minio,
        tables::Vendor::Ceph => plan::Vendor::Ceph,
        tables::Vendor::R2 => plan::Vendor::R2,
        tables::Vendor::Gcs => plan::Vendor::Gcs,
        tables::Vendor::Generic => plan::Vendor::Generic,
    }
}

/// A canned ACL as S3 spells it.
fn acl_name(acl: tables::Acl) -> &'static str {
    match acl {
        tables::Acl::Private => "private",
        tables::Acl::PublicRead => "public-read",
        tables::Acl::PublicReadWrite => "public-read-write",
        tables::Acl::AuthenticatedRead => "authenticated-read",
        tables::Acl::AwsExecRead => "aws-exec-read",
        tables::Acl::BucketOwnerRead => "bucket-owner-read",
        tables::Acl::BucketOwnerFullControl => "bucket-owner-full-control",
    }
}
