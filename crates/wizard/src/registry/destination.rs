//! Where objects go, and what they are.

use super::needs::{given, is_s3, with_s3};
use crate::{
    question::{Choice, Id, Kind, Need, Question},
    state::Screen,
};
use Need::{NotAsked, Optional, Required};

pub(super) const STORAGE: Question = Question {
    id: Id::Storage,
    key: "destination.storage",
    flag: "storage",
    title: "Storage",
    help: "Where objects go: into S3, or into a folder of this machine, behind an S3 server inside Lakeward. The folder needs no AWS \
           account and is good for trying things out.",
    example: "s3",
    kind: Kind::Choice(&[
        Choice { value: "s3", help: "AWS, or a server that speaks its protocol" },
        Choice { value: "embedded", help: "plain files in a folder, no AWS" },
    ]),
    screen: Screen::Destination,
    rare: true,
    need: |_| Required,
    default: |answers, _| Some(if given(answers, Id::Dir) { "embedded" } else { "s3" }.into()),
    depends_on: &[],
};

pub(super) const DIR: Question = Question {
    id: Id::Dir,
    key: "destination.dir",
    flag: "dir",
    title: "Folder",
    help: "The folder under which an object is the file BUCKET/KEY. It counts from the folder of the config.",
    example: "lake",
    kind: Kind::Text,
    screen: Screen::Destination,
    rare: false,
    need: |answers| if is_s3(answers) { NotAsked } else { Required },
    default: |_, _| Some("lake".into()),
    depends_on: &[Id::Storage],
};

pub(super) const BUCKET: Question = Question {
    id: Id::Bucket,
    key: "destination.bucket",
    flag: "bucket",
    title: "Bucket",
    help: "The bucket's name alone, without s3://, or the ARN of an access point. Lakeward creates none in S3 and lists none; \
           without AWS it is a folder.",
    example: "my-lake",
    kind: Kind::Text,
    screen: Screen::Destination,
    rare: false,
    need: |_| Required,
    // In a folder of this machine any name will do; in S3 only the person knows which are theirs.
    default: |answers, _| (!is_s3(answers)).then(|| "lakeward".into()),
    depends_on: &[Id::Storage],
};

pub(super) const PATH: Question = Question {
    id: Id::Path,
    key: "destination.path",
    flag: "path",
    title: "Path",
    help: "The key of each object. Variables: {{TABLE}}, {{TABLE_HYPHEN}}, {{YEAR}}, {{MONTH}}, {{DAY}}, {{HOUR}}, {{MINUTE}} (UTC), \
           {{FORMAT}}, {{SYNC_ID}} for the run and {{UUID}} for the object, which has to be in it. What stands before the first \
           variable is the prefix: the only place where Lakeward may write.",
    example: "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}",
    kind: Kind::Text,
    screen: Screen::Destination,
    rare: false,
    need: |_| Required,
    default: |_, _| Some("raw/{{TABLE}}/{{YEAR}}-{{MONTH}}-{{DAY}}/{{UUID}}.{{FORMAT}}".into()),
    depends_on: &[],
};

pub(super) const REGION: Question = Question {
    id: Id::Region,
    key: "destination.region",
    flag: "region",
    title: "Region",
    help: "The bucket's region. Leave it empty, and the test write finds it.",
    example: "eu-central-1",
    kind: Kind::Text,
    screen: Screen::Destination,
    rare: false,
    need: |answers| with_s3(answers, Optional),
    default: |_, _| None,
    depends_on: &[Id::Bucket],
};

pub(super) const FORMAT: Question = Question {
    id: Id::Format,
    key: "destination.format",
    flag: "format",
    title: "Format",
    help: "What the objects are. Parquet is small and quick to query, and keeps the types.",
    example: "parquet",
    kind: Kind::Choice(&[
        Choice { value: "parquet", help: "columns with their types" },
        Choice { value: "csv", help: "comma-separated values" },
        Choice { value: "json", help: "one JSON object a line" },
    ]),
    screen: Screen::Destination,
    rare: false,
    need: |_| Required,
    default: |_, _| Some("parquet".into()),
    depends_on: &[],
};

pub(super) const COMPRESSION: Question = Question {
    id: Id::Compression,
    key: "destination.compression",
    flag: "compression",
    title: "Compression",
    help: "How the objects are compressed. Parquet's pages: zstd, snappy, gzip or none. Around CSV and JSON: none, gzip or zstd, \
           and {{FORMAT}} then ends in .gz or .zst.",
    example: "zstd",
    kind: Kind::Choice(&[
        Choice { value: "zstd", help: "small and quick" },
        Choice { value: "snappy", help: "Parquet only, for old readers" },
        Choice { value: "gzip", help: "small, slow, known everywhere" },
        Choice { value: "none", help: "as it is" },
    ]),
    screen: Screen::Destination,
    rare: false,
    need: |_| Required,
    default: |answers, _| Some(if answers.is(Id::Format, "parquet") { "zstd" } else { "none" }.into()),
    depends_on: &[Id::Format],
};

pub(super) const FILE_SIZE: Question = Question {
    id: Id::FileSize,
    key: "destination.file_size",
    flag: "file-size",
    title: "File size",
    help: "The size at which an object closes and the next one begins.",
    example: "128MiB",
    kind: Kind::Text,
    screen: Screen::Destination,
    rare: true,
    need: |_| Optional,
    default: |_, _| Some("128MiB".into()),
    depends_on: &[],
};

pub(super) const SSE_KMS_KEY_ID: Question = Question {
    id: Id::SseKmsKeyId,
    key: "destination.server_side_encryption_configuration.sse_kms_key_id",
    flag: "sse-kms-key-id",
    title: "KMS key",
    help: "A KMS key to ask for with each object: an id, an alias or an ARN. Leave it empty for what the bucket does by itself. The \
           credentials then need kms:GenerateDataKey too.",
    example: "alias/lake",
    kind: Kind::Text,
    screen: Screen::Destination,
    rare: true,
    need: |answers| with_s3(answers, Optional),
    default: |_, _| None,
    depends_on: &[Id::Bucket],
};

pub(super) const ENDPOINT: Question = Question {
    id: Id::Endpoint,
    key: "destination.endpoint",
    flag: "endpoint",
    title: "Endpoint",
    help: "The URL of another S3 server than AWS. Left empty, it is AWS, or where AWS_ENDPOINT_URL_S3 leads when a run begins.",
    example: "https://minio.example.com:9000",
    kind: Kind::Text,
    screen: Screen::Destination,
    rare: true,
    need: |answers| with_s3(answers, Optional),
    default: |_, _| None,
    depends_on: &[Id::Storage],
};
