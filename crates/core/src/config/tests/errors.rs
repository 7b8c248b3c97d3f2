//! Every kind of error, with its place, its words and its hint.

use super::*;

/// Resolves, and compares each error as `line:column what | hint`.
#[track_caller]
fn check(toml: &str, expected: &[&str]) {
    let errors = resolve(&inputs(toml, &[])).expect_err("errors");
    let told: Vec<String> = errors
        .iter()
        .map(|error| {
            let Place::File { line, column, .. } = &error.at else { panic!("{error:?} is not in the file") };
            let hint = error.hint.as_ref().map(|hint| format!(" | {hint}")).unwrap_or_default();
            format!("{line}:{column} {}{hint}", error.what)
        })
        .collect();
    assert_eq!(told, expected, "{}", render(&errors, Path::new("lakeward.toml"), toml, Style::Plain));
}

#[test]
fn all_syntax_errors_are_told() {
    check(
        r#"version = 
bucket = "x
[destination
"#,
        &[
            "1:11 this is not TOML: string values must be quoted, expected literal string",
            r#"2:12 this is not TOML: invalid basic string, expected `"`"#,
            "3:13 this is not TOML: unclosed table, expected `]`",
        ],
    );
}

#[test]
fn a_key_twice() {
    check(
        r#"version = 1
version = 1
"#,
        &["2:1 this is not TOML: duplicate key"],
    );
}

#[test]
fn an_empty_file() {
    check(
        "",
        &[
            "1:1 `version` is missing at the top of the file | for example version = 1",
            "1:1 [destination] is missing",
            "1:1 [[source]] is missing: a config has at least one",
        ],
    );
}

#[test]
fn unknown_keys_of_all_tables_are_told_with_the_nearest_right_one() {
    check(
        r#"verison = 1
[auth]
metod = "env"
[destination]
bukcet = "my-lake"
path = "raw"
shards = 4
paths = "x"
state_dir = "x"
format_spec = { max_row_group_lenght = 1, verson = "v1.0" }
[[source]]
type = "files"
path = "data"
[[source]]
type = "stdin"
table = "t"
format = "csv"
paths = ["x"]
"#,
        &[
            "1:1 unknown key `verison` at the top of the file | did you mean `version`?",
            "3:1 unknown key `metod` in [auth] | did you mean `method`?",
            "5:1 unknown key `bukcet` in [destination] | did you mean `bucket`?",
            "7:1 unknown key `shards` in [destination] | there are storage, bucket, path, format, compression, file_size, batch_size, batch_size_bytes, batch_timeout, no_rotate, retry_deadline, max_retries, max_backoff, part_size, content_type, athena, write_empty_objects_for_empty_tables, format_spec, region, endpoint, endpoint_skip_tls_verify, use_path_style, vendor, use_fips, use_dualstack, acl, server_side_encryption_configuration, tags, storage_class, expected_bucket_owner, aws_debug",
            "8:1 unknown key `paths` in [destination] | did you mean `path`?",
            "9:1 unknown key `state_dir` in [destination] | `state_dir` belongs at the top of the file, before the first [table]",
            "10:17 unknown key `max_row_group_lenght` in [destination.format_spec] | did you mean `max_row_group_length`?",
            "10:43 unknown key `verson` in [destination.format_spec] | did you mean `version`?",
            "13:1 unknown key `path` in [[source]] | did you mean `paths`?",
            r#"18:1 `paths` does not go with type = "stdin" | it goes with type = "files""#,
        ],
    );
}

#[test]
fn an_unknown_table() {
    check(
        r#"version = 1
[destination]
bucket = "my-lake"
path = "raw"
[[sources]]
type = "files"
paths = ["x"]
[resume]
"#,
        &[
            "5:3 unknown key `sources` at the top of the file | did you mean `source`?",
            "8:2 unknown key `resume` at the top of the file | there are version, state_dir, shutdown_grace, auth, destination, source",
        ],
    );
}

#[test]
fn every_wrong_type_is_told() {
    check(
        r#"version = "1"
state_dir = 3
shutdown_grace = 20
auth = "profile"
[destination]
bucket = ["my-lake"]
path = 2026-01-01
batch_size = -1
batch_size_bytes = true
no_rotate = "yes"
format_spec = { max_row_group_length = 0 }
[[source]]
type = "files"
paths = "data"
columns = ["a"]
max_rejects = 1.5
[[source]]
type = "files"
paths = ["a", 1]
columns = { a = 1 }
"#,
        &[
            r#"1:11 `version`: expected a whole number such as 1, found "1""#,
            "2:13 `state_dir`: expected a string, found the number 3",
            r#"3:18 `shutdown_grace`: expected a string such as "20s", found the number 20"#,
            r#"4:8 `auth`: expected a table, found "profile""#,
            r#"6:10 `destination.bucket`: expected a string such as "my-lake", found an array"#,
            r#"7:8 `destination.path`: expected a string such as "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}", found a date or time"#,
            "8:14 `destination.batch_size`: expected a whole number of at least 0, found -1",
            r#"9:20 `destination.batch_size_bytes`: expected a string or a number of bytes such as "128MiB", found true"#,
            r#"10:13 `destination.no_rotate`: expected true or false, found "yes""#,
            "11:40 `destination.format_spec.max_row_group_length`: expected a whole number from 1 to 134217728, found 0",
            r#"14:9 `source.paths`: expected an array of strings such as ["data/*.csv"], found "data""#,
            "15:11 `source.columns`: expected a table, found an array",
            "16:15 `source.max_rejects`: expected a whole number, found the number 1.5",
            "19:15 `source.paths`: expected a string, found the number 1",
            "20:17 `source.columns.a`: expected a string, found the number 1",
        ],
    );
}

#[test]
fn tables_and_arrays_of_tables_are_told_apart() {
    check(
        r#"version = 1
destination = []
[source]
type = "files"
"#,
        &[
            "2:15 `destination`: expected a table, found an array",
            "3:1 `source`: expected an array of tables, found a table | write the header as [[source]]",
        ],
    );
}

#[test]
fn words_that_are_none_of_the_choices() {
    check(
        r#"version = 1
[auth]
method = "saml"
issuer = "x"
[destination]
bucket = "my-lake"
path = "raw"
storage = "gcs"
format = "avro"
compression = "ztsd"
[[source]]
type = "kafka"
[[source]]
type = 3
[[source]]
table = "t"
[[source]]
type = "stdin"
table = "t"
format = "avro"
on_error = "ignore"
"#,
        &[
            r#"3:10 `auth.method`: expected one of chain, env, profile, sso, compute, role; found "saml""#,
            "4:1 unknown key `issuer` in [auth] | there are duration, external_id, method, mfa_serial, profile, role_arn, role_session_name, source, sso_account_id, sso_region, sso_role_name, sso_session, sso_start_url",
            r#"8:11 `destination.storage`: expected one of s3, embedded; found "gcs""#,
            r#"9:10 `destination.format`: expected one of parquet, csv, json; found "avro""#,
            r#"10:15 `destination.compression`: expected one of zstd, snappy, gzip, none; found "ztsd" | did you mean "zstd"?"#,
            r#"12:8 `source.type`: expected one of files, stdin, command, cloudquery; found "kafka""#,
            "14:8 `source.type`: expected one of files, stdin, command, cloudquery; found the number 3",
            "15:1 `type` is missing in [[source]] | there are files, stdin, command, cloudquery",
            r#"20:10 `source.format`: expected one of csv, tsv, ndjson, json, parquet, arrow; found "avro""#,
            r#"21:12 `source.on_error`: expected one of fail, skip; found "ignore""#,
        ],
    );
}

#[test]
fn a_mistyped_key_is_held_against_what_its_table_can_have() {
    let of = |source: &str, expected: &[&str]| {
        check(
            &format!("version = 1\n[destination]\nbucket = \"my-lake\"\npath = \"raw\"\n[[source]]\n{source}\n"),
            expected,
        );
    };
    let missing = "5:1 `type` is missing in [[source]] | there are files, stdin, command, cloudquery";
    let paths = "unknown key `pth` in [[source]] | did you mean `paths`?";
    of("pth = [\"x\"]", &[missing, &format!("6:1 {paths}")]);
    of("type = \"files\"\npth = [\"x\"]", &[&format!("7:1 {paths}")]);
    of(
        "type = \"cloudquery\"\npth = \"./x\"\naddress = \"127.0.0.1:1\"",
        &["7:1 unknown key `pth` in [[source]] | did you mean `path`?"],
    );
    let no_type =
        |near: &str| format!("6:8 `source.type`: expected one of files, stdin, command, cloudquery; found {near}");
    of(
        "type = \"cloudqery\"\npth = \"./x\"",
        &[
            &no_type("\"cloudqery\" | did you mean \"cloudquery\"?"),
            "7:1 unknown key `pth` in [[source]] | did you mean `path`?",
        ],
    );
    of("comand = [\"x\"]", &[missing, "6:1 unknown key `comand` in [[source]] | did you mean `command`?"]);
}

#[test]
fn missing_keys() {
    check(
        r#"version = 1
[auth]
method = "profile"
[destination]
[[source]]
type = "files"
[[source]]
type = "stdin"
"#,
        &[
            r#"2:1 `profile` is missing in [auth] | for example profile = "analytics""#,
            r#"4:1 `bucket` is missing in [destination] | for example bucket = "my-lake""#,
            r#"4:1 `path` is missing in [destination] | for example path = "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}""#,
            r#"5:1 `paths` is missing in [[source]] | for example paths = ["data/*.csv"]"#,
            "7:1 `table` is missing in [[source]]",
            "7:1 `format` is missing in [[source]] | there are csv, tsv, ndjson, json, parquet, arrow",
        ],
    );
}

#[test]
fn no_source() {
    check(
        r#"version = 1
source = []
[destination]
bucket = "my-lake"
path = "raw"
"#,
        &["2:10 `source` is empty"],
    );
}

#[test]
fn another_version_and_nothing_else_is_judged() {
    check(
        r#"version = 2
manifest = true
"#,
        &["1:11 `version`: this Lakeward reads version 1 of the config, not 2"],
    );
}

#[test]
fn secrets_are_unknown_keys() {
    check(
        r#"version = 1
[auth]
aws_secret_access_key = "hush"
[destination]
bucket = "my-lake"
path = "raw"
token = "hush"
[[source]]
type = "files"
paths = ["x"]
"#,
        &[
            "3:1 unknown key `aws_secret_access_key` in [auth] | secrets never stand in the config: leave them in the AWS files (~/.aws) or in the environment, and choose between them with [auth] method",
            "7:1 unknown key `token` in [destination] | secrets never stand in the config: leave them in the AWS files (~/.aws) or in the environment, and choose between them with [auth] method",
        ],
    );
}

#[test]
fn keys_of_another_kind_of_the_table() {
    check(
        r#"version = 1
[auth]
profile = "analytics"
[destination]
bucket = "my-lake"
path = "raw"
storage = "embedded"
dir = "lake"
region = "eu-central-1"
endpoint = "http://x"
[[source]]
type = "files"
paths = ["x"]
"#,
        &[
            r#"3:1 `profile` does not go with method = "chain" | it goes with method = "profile"; where nothing is said, method is "chain""#,
            r#"9:1 `region` does not go with storage = "embedded" | it goes with storage = "s3""#,
            r#"10:1 `endpoint` does not go with storage = "embedded" | it goes with storage = "s3""#,
        ],
    );
}

#[test]
fn all_values_that_cannot_be_taken() {
    check(
        r#"version = 1
state_dir = ""
shutdown_grace = "20"
[destination]
bucket = "My_Lake"
path = "raw/{{TABEL}}"
region = "eu central"
endpoint = "minio:9000"
file_size = "6 TiB"
batch_size_bytes = "lots"
batch_timeout = "15M"
retry_deadline = "soon"
[[source]]
type = "files"
paths = ["", "x"]
table = "a/b"
columns = { a = "strin", b = "decimal(40,2)", c = "jsonb" }
sample = "most"
max_record_bytes = 100
"#,
        &[
            "2:13 `state_dir`: a path is empty | write \".\" for the folder of the config",
            r#"3:18 `shutdown_grace`: "20" is no duration | write a duration as "20s", "15m" or "1m30s""#,
            "5:10 `destination.bucket`: a bucket's name is made of lower-case letters, digits, `.` and `-`, and this one holds 'M'",
            "6:8 `destination.path`: the path names {{TABEL}}, which is no variable | did you mean {{TABLE}}?",
            r#"7:10 `destination.region`: "eu central" is no region's name | write a region as "eu-central-1""#,
            r#"8:12 `destination.endpoint`: an endpoint begins with http:// or https:// | write an endpoint as "https://minio.example.com:9000""#,
            "9:13 `destination.file_size`: 6.0 TiB is out of range; it must be 1.0 KiB to 4.0 TiB",
            r#"10:20 `destination.batch_size_bytes`: "lots" is no size | write a size as "128MiB", "5 GB" or a number of bytes"#,
            "11:17 `destination.batch_timeout`: 1year 3months 43m 12s is out of range; it must be at most 30 days | `m` is a minute, `M` is a month",
            r#"12:18 `destination.retry_deadline`: "soon" is no duration | write a duration as "20s", "15m" or "1m30s""#,
            r#"15:10 `source.paths`: a path is empty | write "." for the folder of the config"#,
            r#"16:9 `source.table`: "a/b" can't be a table name: a slash in it would leave its place in the object key"#,
            r#"17:17 `source.columns.a`: "strin" is no column type; there are string, int64, float64, boolean, date, timestamp, timestamptz and decimal(P,S) | did you mean "string"?"#,
            r#"17:30 `source.columns.b`: "decimal(40,2)": a decimal has 1 to 38 digits, and not more of them after the point than in all"#,
            r#"17:51 `source.columns.c`: "jsonb" is no column type; there are string, int64, float64, boolean, date, timestamp, timestamptz and decimal(P,S)"#,
            r#"18:10 `source.sample`: "most" is no size | write a size as "16MiB" or a number of bytes, or "all""#,
            "19:20 `source.max_record_bytes`: 100 B is out of range; it must be 1.0 KiB to 1.0 GiB",
        ],
    );
}

#[test]
fn all_contradictions() {
    check(
        r#"version = 1
[destination]
bucket = "my-lake"
path = "raw/{{UUID}}"
no_rotate = true
batch_size = 10
batch_size_bytes = "1MiB"
batch_timeout = "30s"
file_size = "1MiB"
[[source]]
type = "stdin"
table = "a"
format = "csv"
max_rejects = 3
[[source]]
type = "stdin"
table = "b"
format = "csv"
"#,
        &[
            "4:8 `destination.path`: the path has {{UUID}}, which does not go with no_rotate = true: one object a table has one key | take {{UUID}} out of the path, or no_rotate out of the config",
            "6:14 `destination.batch_size`: a limit does not go with no_rotate = true: a table's one object never closes before its end | take the limit out, or no_rotate",
            "7:20 `destination.batch_size_bytes`: a limit does not go with no_rotate = true: a table's one object never closes before its end | take the limit out, or no_rotate",
            "8:17 `destination.batch_timeout`: a limit does not go with no_rotate = true: a table's one object never closes before its end | take the limit out, or no_rotate",
            "9:13 `destination.file_size`: a limit does not go with no_rotate = true: a table's one object never closes before its end | take the limit out, or no_rotate",
            r#"14:15 `source.max_rejects`: no row is ever rejected, because on_error is "fail" | set on_error = "skip", or take this key out"#,
            "15:1 a second [[source]] takes standard input, which can be read once",
        ],
    );
}

#[test]
fn a_path_without_a_uuid() {
    check(
        r#"version = 1
[destination]
bucket = "my-lake"
path = "raw/{{TABLE}}.{{FORMAT}}"
[[source]]
type = "files"
paths = ["x"]
"#,
        &[
            "4:8 `destination.path`: the path has no {{UUID}}: a table's later objects would overwrite its earlier ones | put {{UUID}} into the path, or set no_rotate = true for one object a table",
        ],
    );
}

#[test]
fn a_misspelt_key_that_says_the_kind_says_nothing_of_the_others() {
    check(
        r#"version = 1
[auth]
metod = "profile"
profile = "analytics"
[destination]
bucket = "my-lake"
path = "raw"
[[source]]
tpye = "stdin"
table = "t"
"#,
        &[
            "3:1 unknown key `metod` in [auth] | did you mean `method`?",
            "9:1 unknown key `tpye` in [[source]] | did you mean `type`?",
        ],
    );
}

#[test]
fn numbers_and_folders_that_can_only_be_slips() {
    check(
        r#"version = 1
state_dir = "~/state"
[destination]
bucket = "my-lake"
path = "raw"
storage = "embedded"
dir = "~"
[[source]]
type = "files"
paths = ["~/data"]
"#,
        &[
            "2:13 `state_dir`: `~` stands for no folder here | write the whole path, or \"./~\" for that very name",
            "7:7 `destination.dir`: `~` stands for no folder here | write the whole path, or \"./~\" for that very name",
            "10:10 `source.paths`: `~` stands for no folder here | write the whole path, or \"./~\" for that very name",
        ],
    );
    let text = LEAST.replace("path =", "storage = \"embedded\"\ndir = \"s3://lake/raw\"\npath =");
    let url = r#"5:7 `destination.dir`: this is a URL, and no folder | write a folder of this machine, or set storage = "s3" for S3"#;
    check(&text, &[url]);
    let text = LEAST.replace("path =", "batch_size = 99999999999999999999\npath =");
    check(&text, &["4:14 `destination.batch_size`: expected a whole number of 64 bits, found 99999999999999999999"]);
}

#[test]
fn a_region_of_aws_is_spelled_as_aws_does_and_one_of_another_vendor_as_it_likes() {
    let with = |more: &str, paths: &str| {
        let destination = "[destination]\nbucket = \"b-1\"\npath = \"{{UUID}}\"\nregion = \"Frankfurt\"\n";
        format!("version = 1\n{destination}{more}[[source]]\ntype = \"files\"\npaths = [\"{paths}\"]\n")
    };
    let said = r#"5:10 `destination.region`: "Frankfurt" is no region's name | write a region as "eu-central-1""#;
    check(&with("", "x"), &[said]);
    let elsewhere = with("endpoint = \"https://minio.example.com:9000\"\n", "");
    check(&elsewhere, &[r#"9:10 `source.paths`: a path is empty | write "." for the folder of the config"#]);
}
