//! The keys of `[destination]` that choose formats, request headers and servers.

use super::*;

/// The least config with more lines in `[destination]`.
fn with(lines: &str) -> String {
    LEAST.replace("path = \"raw\"", &format!("path = \"raw\"\n{lines}"))
}

fn destination(lines: &str) -> DestinationPlan {
    plan(&with(lines)).destination
}

/// The errors that a config gets, each as its first line.
fn wrong(text: &str) -> Vec<String> {
    let errors = resolve(&inputs(text, &[])).expect_err("errors");
    errors.iter().map(|error| error.what.clone()).collect()
}

#[test]
fn every_format_has_its_settings_its_extension_and_its_media_type() {
    let csv = destination(
        "format = \"csv\"\ncompression = \"gzip\"\nformat_spec = { delimiter = \";\", skip_header = true }",
    );
    let expected = CsvPlan { delimiter: b';', header: false, compression: TextCompression::Gzip };
    assert_eq!(csv.format, FormatPlan::Csv(expected));
    assert_eq!((csv.format.extension(), csv.format.content_type()), ("csv.gz", "application/gzip"));
    let tab = destination("format = \"csv\"\nformat_spec.delimiter = \"\\t\"");
    assert_eq!(
        tab.format,
        FormatPlan::Csv(CsvPlan { delimiter: b'\t', header: true, compression: TextCompression::None })
    );
    assert_eq!((tab.format.extension(), tab.format.content_type()), ("csv", "text/csv"));
    let json = destination("format = \"json\"\ncompression = \"zstd\"");
    assert_eq!(json.format, FormatPlan::Json(JsonPlan { compression: TextCompression::Zstd }));
    assert_eq!((json.format.extension(), json.format.content_type()), ("json.zst", "application/zstd"));
    let parquet = destination("format_spec = { version = \"v1.0\", root_repetition = \"required\" }");
    let FormatPlan::Parquet(plan) = parquet.format else { panic!("not Parquet") };
    assert_eq!(plan.version, ParquetVersion::V1_0);
    assert_eq!(parquet.format.content_type(), "application/vnd.apache.parquet");
}

#[test]
fn settings_of_another_format_are_refused() {
    let text = with(
        "format = \"json\"\ncompression = \"snappy\"\nwrite_empty_objects_for_empty_tables = true\nformat_spec = { delimiter = \";\", version = \"v2.4\" }",
    );
    assert_eq!(
        wrong(&text),
        [
            "`destination.compression`: snappy goes with Parquet alone",
            "`destination.write_empty_objects_for_empty_tables`: only Parquet has objects without rows: they hold a schema",
            "`destination.format_spec.delimiter`: delimiter is a setting of another format",
            "`destination.format_spec.version`: version is a setting of another format",
        ]
    );
    for delimiter in ["ab", "é", "x", "\\\"", "\\n"] {
        let text = with(&format!("format = \"csv\"\nformat_spec.delimiter = \"{delimiter}\""));
        assert_eq!(wrong(&text).len(), 1, "{delimiter}");
    }
}

#[test]
fn what_s3_is_told_about_objects_reaches_the_plan() {
    let plan = destination(
        r#"content_type = "application/x-ndjson"
acl = "bucket-owner-full-control"
tags = { team = "data", "cost centre" = "42" }
storage_class = "STANDARD_IA"
expected_bucket_owner = "111122223333"
server_side_encryption_configuration = { sse_kms_key_id = "alias/lake", server_side_encryption = "aws:kms:dsse" }
athena = true
write_empty_objects_for_empty_tables = true
max_retries = 3
max_backoff = 30
part_size = "5MiB"
use_fips = true
use_dualstack = true
aws_debug = true
vendor = "aws""#,
    );
    let tags = [("team", "data"), ("cost centre", "42")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let object = ObjectPlan {
        content_type: Some("application/x-ndjson".into()),
        acl: Some("bucket-owner-full-control".into()),
        encryption: Some(Encryption { algorithm: Some("aws:kms:dsse".into()), kms_key_id: Some("alias/lake".into()) }),
        tags: tags.into_iter().collect(),
        storage_class: Some("STANDARD_IA".into()),
        expected_bucket_owner: Some("111122223333".into()),
    };
    assert_eq!(plan.object, object);
    assert!(plan.athena && plan.write_empty_objects);
    assert_eq!(plan.part_size, 5 << 20);
    assert_eq!((plan.retry.most_tries, plan.retry.longest_pause), (Some(3), Duration::from_secs(30)));
    let s3 = S3Plan { use_fips: true, use_dualstack: true, log_requests: true, ..S3Plan::default() };
    assert_eq!(plan.storage, Storage::S3(s3));
}

#[test]
fn a_kms_key_alone_means_kms() {
    let plan = destination("server_side_encryption_configuration.sse_kms_key_id = \"alias/lake\"");
    let encryption = Encryption { algorithm: Some("aws:kms".into()), kms_key_id: Some("alias/lake".into()) };
    assert_eq!(plan.object.encryption, Some(encryption));
}

#[test]
fn an_access_point_is_named_by_its_arn_and_brings_its_region() {
    let text = LEAST.replace("\"my-lake\"", "\"arn:aws:s3:eu-west-1:111122223333:accesspoint/lake\"");
    let Storage::S3(s3) = plan(&text).destination.storage else { panic!("not S3") };
    assert_eq!(s3.region.as_deref(), Some("eu-west-1"));
    for arn in [
        "arn:aws:s3:::my-lake",
        "arn:aws:s3:eu-west-1:111122223333:bucket/x",
        "arn:aws:s3:eu-west-1:11112222333:accesspoint/lake",
        "arn:aws:s3::111122223333:accesspoint/x.mrap",
        "arn:aws:s3",
    ] {
        assert_eq!(wrong(&LEAST.replace("my-lake", arn)).len(), 1, "{arn}");
    }
    let both =
        text.replace("path = \"raw\"", "path = \"raw\"\nendpoint = \"https://s3.example.com\"\nuse_path_style = true");
    assert_eq!(wrong(&both).len(), 2);
}

#[test]
fn headers_can_not_be_smuggled_in_and_contradictions_are_told() {
    for lines in [
        "content_type = \"text/csv\\r\\nx-amz-acl: public-read\"",
        "content_type = \"csv\"",
        "storage_class = \"standard\"",
        "expected_bucket_owner = \"1234\"",
        "tags = { \"aws:x\" = \"y\" }",
        "tags = { \"a&b\" = \"y\" }",
        "server_side_encryption_configuration = { sse_kms_key_id = \"k\", server_side_encryption = \"AES256\" }",
        "server_side_encryption_configuration = { sse_kms_key_id = \"127.0.0.1:9\" }",
        "server_side_encryption_configuration = { sse_kms_key_id = \"arn:aws:s3:::lake\" }",
        "endpoint = \"https://s3.example.com\"\nuse_fips = true",
        "part_size = \"1MiB\"",
        "part_size = \"6GiB\"",
        "max_backoff = 0",
        "acl = \"public\"",
        "vendor = \"azure\"",
    ] {
        assert_eq!(wrong(&with(lines)).len(), 1, "{lines}");
    }
    let eleven: Vec<String> = (0..11).map(|n| format!("t{n} = \"x\"")).collect();
    assert_eq!(
        wrong(&with(&format!("tags = {{ {} }}", eleven.join(", ")))),
        ["`destination.tags.t9`: S3 takes at most ten tags for an object"]
    );
}

#[test]
fn a_command_is_a_list_and_its_program_is_found_from_the_configs_folder() {
    let text = LEAST.replace(
        "type = \"files\"\npaths = [\"data\"]",
        "type = \"command\"\ncommand = [\"./export\", \"a b\"]\ntable = \"t\"\nformat = \"arrow\"",
    );
    let SourcePlan::Command { command, folder, .. } = &plan(&text).sources[0] else { panic!("not a command") };
    assert_eq!(command, &["/cfg/export", "a b"]);
    assert_eq!(folder, Path::new("/cfg"));
    for words in ["[]", "[\"\"]", "[\"psql -c x\"]"] {
        assert_eq!(wrong(&text.replace("[\"./export\", \"a b\"]", words)).len(), 1, "{words}");
    }
}
