use std::{collections::BTreeMap, time::Duration};

use arrow_schema::DataType;
use proptest::prelude::*;

use super::{shape::Kinds, *};
use crate::{
    batch::ClosePolicy,
    key::Template,
    plan::{
        AuthPlan, Compression, CsvPlan, DestinationPlan, Encryption, FormatPlan, InputFormat, JsonPlan, ObjectPlan,
        OnError, ParquetPlan, ParquetVersion, ReadPlan, RetryPlan, S3Plan, Sample, SourcePlan, Storage,
        TextCompression, Vendor,
    },
};

mod auth;
mod destination;
mod errors;
mod plugin;

/// The least config that can be run.
const LEAST: &str = r#"version = 1
[destination]
bucket = "my-lake"
path = "raw"
[[source]]
type = "files"
paths = ["data"]
"#;

fn inputs<'a>(text: &'a str, environment: &'a [(String, String)]) -> Inputs<'a> {
    let file = Path::new("/cfg/lakeward.toml");
    Inputs { file, text, environment, flags: Flags::default(), default_state_dir: "/state".into() }
}

fn plan(text: &str) -> Plan {
    match resolve(&inputs(text, &[])) {
        Ok(resolved) => resolved.plan,
        Err(errors) => panic!("{}", render(&errors, Path::new("lakeward.toml"), text, Style::Plain)),
    }
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_least_config_gets_the_defaults() {
    let expected = Plan {
        config_file: Some("/cfg/lakeward.toml".into()),
        state_dir: "/state".into(),
        shutdown_grace: Duration::from_secs(20),
        auth: AuthPlan::Chain,
        destination: DestinationPlan {
            storage: Storage::S3(S3Plan::default()),
            bucket: "my-lake".into(),
            path: Template::parse("raw/{{TABLE}}.{{FORMAT}}.{{UUID}}").expect("a template"),
            format: FormatPlan::Parquet(ParquetPlan {
                compression: Compression::Zstd,
                version: ParquetVersion::V2_6,
                max_row_group_length: 1 << 20,
            }),
            athena: false,
            write_empty_objects: false,
            object: ObjectPlan::default(),
            close: ClosePolicy { file_size: Some(128 << 20), ..ClosePolicy::default() },
            no_rotate: false,
            retry: RetryPlan {
                deadline: Duration::from_secs(900),
                most_tries: None,
                longest_pause: Duration::from_secs(20),
            },
            part_size: 64 << 20,
        },
        sources: vec![SourcePlan::Files {
            paths: vec!["/cfg/data".into()],
            table: None,
            read: ReadPlan {
                format: None,
                columns: BTreeMap::new(),
                sample: Sample::Bytes(16 << 20),
                max_record_bytes: 64 << 20,
                on_error: OnError::Fail,
            },
        }],
        only_tables: Vec::new(),
    };
    assert_eq!(plan(LEAST), expected);
}

#[test]
fn every_key_reaches_the_plan() {
    let text = r#"
version = 1
state_dir = "../state"
shutdown_grace = "1m30s"
[auth]
method = "profile"
profile = "analytics"
[destination]
bucket = "my-lake"
path = "{{TABLE}}/{{UUID}}"
region = "eu-central-1"
endpoint = "http://127.0.0.1:9000"
endpoint_skip_tls_verify = true
use_path_style = true
format = "parquet"
compression = "snappy"
file_size = "3 GB"
batch_size = 10
batch_size_bytes = 1_000
batch_timeout = "30s"
retry_deadline = "1h"
format_spec.max_row_group_length = 7
[[source]]
type = "files"
paths = ["*.csv", "/abs/x", "../up"]
table = "t"
format = "tsv"
columns = { id = "text", "the amount" = "decimal(12,2)" }
sample = "all"
max_record_bytes = "1KiB"
on_error = "skip"
rejects = "bad"
max_rejects = 0
[[source]]
type = "stdin"
table = "u"
format = "json"
sample = 5
"#;
    let plan = plan(text);
    let columns = [("id".to_owned(), DataType::Utf8), ("the amount".to_owned(), DataType::Decimal128(12, 2))];
    let expected = Plan {
        config_file: Some("/cfg/lakeward.toml".into()),
        state_dir: "/state".into(),
        shutdown_grace: Duration::from_secs(90),
        auth: AuthPlan::Profile("analytics".into()),
        destination: DestinationPlan {
            storage: Storage::S3(S3Plan {
                region: Some("eu-central-1".into()),
                endpoint: Some("http://127.0.0.1:9000".into()),
                skip_tls_verify: true,
                use_path_style: Some(true),
                vendor: Vendor::Generic,
                ..S3Plan::default()
            }),
            bucket: "my-lake".into(),
            path: Template::parse("{{TABLE}}/{{UUID}}").expect("a template"),
            format: FormatPlan::Parquet(ParquetPlan {
                compression: Compression::Snappy,
                version: ParquetVersion::V2_6,
                max_row_group_length: 7,
            }),
            athena: false,
            write_empty_objects: false,
            object: ObjectPlan::default(),
            close: ClosePolicy {
                rows: Some(10),
                bytes: Some(1000),
                age: Some(Duration::from_secs(30)),
                file_size: Some(3_000_000_000),
            },
            no_rotate: false,
            retry: RetryPlan {
                deadline: Duration::from_secs(3600),
                most_tries: None,
                longest_pause: Duration::from_secs(20),
            },
            part_size: 64 << 20,
        },
        sources: vec![
            SourcePlan::Files {
                paths: vec!["/cfg/*.csv".into(), "/abs/x".into(), "/up".into()],
                table: Some(TableName::new("t").expect("a name")),
                read: ReadPlan {
                    format: Some(InputFormat::Tsv),
                    columns: columns.into_iter().collect(),
                    sample: Sample::All,
                    max_record_bytes: 1024,
                    on_error: OnError::Skip { rejects: "/cfg/bad".into(), max_rejects: Some(0) },
                },
            },
            SourcePlan::Stdin {
                table: TableName::new("u").expect("a name"),
                read: ReadPlan {
                    format: Some(InputFormat::Json),
                    columns: BTreeMap::new(),
                    sample: Sample::Bytes(5),
                    max_record_bytes: 64 << 20,
                    on_error: OnError::Fail,
                },
            },
        ],
        only_tables: Vec::new(),
    };
    assert_eq!(plan, expected);
}

#[test]
fn limits_of_zero_are_off_and_go_with_no_rotate() {
    let text = LEAST.replace("\"raw\"", "\"raw\"\nbatch_size = 0\nbatch_size_bytes = 0\nbatch_timeout = \"0\"");
    assert_eq!(plan(&text).destination.close, plan(LEAST).destination.close);
    let text = text.replace("\"raw\"", "\"raw\"\nno_rotate = true");
    let destination = plan(&text).destination;
    assert_eq!(destination.close, ClosePolicy::default());
    assert_eq!(destination.path.to_string(), "raw/{{TABLE}}.{{FORMAT}}");
}

#[test]
fn later_layers_win() {
    let text = LEAST.replace("version = 1", "version = 1\nstate_dir = \"/from/file\"\nshutdown_grace = \"1s\"");
    let environment = variables(&[
        ("LAKEWARD_STATE_DIR", "from/environment"),
        ("LAKEWARD_AUTH_METHOD", "profile"),
        ("LAKEWARD_AUTH_PROFILE", "10"),
        ("LAKEWARD_DESTINATION_BUCKET", "other-lake"),
        ("LAKEWARD_DESTINATION_BATCH_SIZE", "12"),
        ("LAKEWARD_DESTINATION_BATCH_SIZE_BYTES", "12"),
        ("LAKEWARD_DESTINATION_USE_PATH_STYLE", "true"),
        ("LAKEWARD_DESTINATION_FORMAT_SPEC__MAX_ROW_GROUP_LENGTH", "9"),
        ("LAKEWARD_CONFIG", "x"),
        ("LAKEWARD_LOG", "x"),
        ("PATH", "x"),
    ]);
    let tables = vec!["b".to_owned(), "a".to_owned(), "b".to_owned()];
    let resolved = resolve(&Inputs { flags: Flags { tables }, ..inputs(&text, &environment) }).expect("a plan");
    assert_eq!(resolved.warnings, Vec::<String>::new());
    let plan = resolved.plan;
    assert_eq!(plan.state_dir, Path::new("/cfg/from/environment"));
    assert_eq!(plan.shutdown_grace, Duration::from_secs(1));
    assert_eq!(plan.auth, AuthPlan::Profile("10".into()));
    assert_eq!(plan.destination.bucket, "other-lake");
    assert_eq!(plan.destination.close.rows, Some(12));
    assert_eq!(plan.destination.close.bytes, Some(12));
    let FormatPlan::Parquet(parquet) = plan.destination.format else { panic!("not Parquet") };
    assert_eq!(parquet.max_row_group_length, 9);
    assert_eq!(plan.only_tables.iter().map(TableName::as_str).collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn errors_name_the_variable_or_the_flag() {
    let environment = variables(&[
        ("LAKEWARD_AUTH_PROFILE", "x"),
        ("LAKEWARD_DESTINATION_BATCH_SIZE", "many"),
        ("LAKEWARD_DESTINATION_FORMAT_SPEC__MAX_ROW_GROUP_LENGTH", "0"),
        ("LAKEWARD_DESTINATION_NO_ROTATE", "1"),
    ]);
    let shown = |environment: &[(String, String)], tables: &[&str]| {
        let tables = tables.iter().map(|table| (*table).to_owned()).collect();
        let errors = resolve(&Inputs { flags: Flags { tables }, ..inputs(LEAST, environment) }).expect_err("errors");
        render(&errors, Path::new("lakeward.toml"), LEAST, Style::Plain)
    };
    assert_eq!(
        shown(&environment, &[]),
        r#"error: environment variable LAKEWARD_AUTH_PROFILE: `profile` does not go with method = "chain"
 |
 = help: it goes with method = "profile"; where nothing is said, method is "chain"

error: environment variable LAKEWARD_DESTINATION_BATCH_SIZE: `destination.batch_size`: expected a whole number, found "many"

error: environment variable LAKEWARD_DESTINATION_FORMAT_SPEC__MAX_ROW_GROUP_LENGTH: `destination.format_spec.max_row_group_length`: expected a whole number from 1 to 134217728, found 0

error: environment variable LAKEWARD_DESTINATION_NO_ROTATE: `destination.no_rotate`: expected true or false, found "1""#
    );
    let environment = variables(&[("LAKEWARD_DESTINATION_FILE_SIZE", "1 B")]);
    assert_eq!(
        shown(&environment, &["../x"]),
        r#"error: environment variable LAKEWARD_DESTINATION_FILE_SIZE: `destination.file_size`: 1 B is out of range; it must be 1.0 KiB to 4.0 TiB

error: --table: "../x" can't be a table name: a slash in it would leave its place in the object key"#
    );
}

#[test]
fn what_sets_nothing_is_a_warning() {
    let environment = variables(&[
        ("LAKEWARD_BUCKET", "x"),
        ("LAKEWARD_DESTINATION_BUKCET", "x"),
        ("LAKEWARD_DESTINATION_SECRET_ACCESS_KEY", "hush"),
        ("LAKEWARD_SOURCE_TYPE", "x"),
    ]);
    let text = format!("{LEAST}rejects = \"bad\"\n");
    let warnings = resolve(&inputs(&text, &environment)).expect("a plan").warnings;
    assert_eq!(
        warnings,
        [
            "the environment variable LAKEWARD_BUCKET sets nothing",
            "the environment variable LAKEWARD_DESTINATION_BUKCET sets nothing; did you mean LAKEWARD_DESTINATION_BUCKET?",
            "the environment variable LAKEWARD_DESTINATION_SECRET_ACCESS_KEY sets nothing",
            "the environment variable LAKEWARD_SOURCE_TYPE sets nothing",
            "line 8, column 11: `source.rejects`: has no effect while on_error is \"fail\"",
        ]
    );
}

#[test]
fn an_error_is_shown_with_its_line_and_no_secret_is() {
    let text =
        "version = 1\n[auth]\n\"secret\x1b_key\" = \"hush\"\n[destination]\nendpoint = \"http://me:hush@x\"\tpath = 1";
    let errors = resolve(&inputs(text, &[])).expect_err("errors");
    assert_eq!(
        render(&errors, Path::new("my/lakeward.toml"), text, Style::Plain),
        r#"error: this is not TOML: invalid basic string, expected non-double-quote visible characters, `\`
 --> my/lakeward.toml:3:8
  |
3 | "secret␛_key" = ******
  |        ^

error: this is not TOML: unexpected key or value, expected newline, `#`
 --> my/lakeward.toml:5:31
  |
5 | endpoint = "http://*******@x"    path = 1
  |                                  ^"#
    );
}

#[test]
fn of_a_command_only_the_program_is_shown() {
    for command in [
        "[\"mysql -pHUSH db\"]",
        "\"mysql -pHUSH db\"",
        "[\"mysql\", \"-p\", 4711]",
        "[\n  \"mysql\",\n  '[HUSH]',\n  4711,\n]",
        "[\"mysql\", \"HUSH]",
    ] {
        let text =
            format!("{LEAST}[[source]]\ntype = \"command\"\ntable = \"t\"\nformat = \"csv\"\ncommand = {command}\n");
        let errors = resolve(&inputs(&text, &[])).expect_err("errors");
        let shown = render(&errors, Path::new("lakeward.toml"), &text, Style::Plain);
        let is_clean = !shown.contains("HUSH") && !shown.contains("4711");
        assert!(is_clean && shown.contains("command") | shown.contains("TOML"), "{shown}");
    }
    let wrong = values::command(Path::new("/"), &["mysql -pHUSH db".to_owned()]).expect_err("a word");
    assert_eq!(wrong.what, "\"mysql …\" is one word to the system");
}

#[test]
fn a_secret_is_neither_in_the_errors_nor_around_them() {
    let text = format!("{LEAST}[auth]\n\"token\" = [\n  \"hush\",\n]\n")
        .replace("[[source]]", "endpoint = \"https://me:hush@x\"\nopts = { Secret-Key = 'hush' }\n[[source]]");
    let errors = resolve(&inputs(&text, &[])).expect_err("errors");
    let shown = render(&errors, Path::new("lakeward.toml"), &text, Style::Coloured);
    assert!(shown.contains("secrets never stand in the config") && !shown.contains("hush"), "{shown}");
    let text = LEAST.replace("bucket", "endpoint = \"https://me:hush@x\"\nbucket");
    let errors = resolve(&inputs(&text, &[])).expect_err("errors");
    assert_eq!(
        render(&errors, Path::new("lakeward.toml"), &text, Style::Plain),
        r#"error: `destination.endpoint`: a URL with credentials in it can't be an endpoint
 --> lakeward.toml:3:12
  |
3 | endpoint = "https://*******@x"
  |            ^^^^^^^^^^^^^^^^^^^
  |
  = help: leave credentials in the AWS files (~/.aws) or in the environment"#
    );
}

#[test]
fn a_mark_at_the_front_and_windows_line_ends_are_no_trouble() {
    let text = format!("\u{feff}{}", LEAST.replace('\n', "\r\n"));
    assert_eq!(plan(&text), plan(LEAST));
    let text = text.replace("path =", "paht =");
    let errors = resolve(&inputs(&text, &[])).expect_err("an error");
    assert_eq!(
        render(&errors, Path::new("lakeward.toml"), &text, Style::Plain),
        "error: unknown key `paht` in [destination]\n --> lakeward.toml:4:1\n  |\n4 | paht = \"raw\"\n  | ^^^^\n  |\n  = help: did you mean `path`?"
    );
}

/// Every table that a config can hold, as the schema of each of its kinds.
fn all_kinds(schema: &serde_json::Value) -> Vec<&serde_json::Value> {
    let tables = ["/properties/auth", "/properties/destination", "/properties/source/items"];
    let kinds =
        tables.iter().filter_map(|table| schema.pointer(table)).filter_map(Kinds::of).flat_map(|kinds| kinds.all);
    kinds.map(|(_, kind)| kind).chain([schema]).collect()
}

#[test]
fn a_key_with_one_slip_is_told_with_the_right_one() {
    let schema = json_schema();
    let mut slips = 0;
    for table in all_kinds(&schema) {
        let keys: Vec<&str> = shape::properties(table).map(|(key, _)| key).collect();
        for key in &keys {
            for at in 0..key.len() {
                let (before, after) = key.split_at(at);
                let mut swapped = key.as_bytes().to_vec();
                swapped.swap(at, (at + 1).min(key.len() - 1));
                let swapped = String::from_utf8(swapped).expect("ASCII");
                let without = format!("{before}{}", &after[1..]);
                for slip in [without, format!("{before}x{}", &after[1..]), format!("{before}q{after}"), swapped] {
                    if !keys.contains(&slip.as_str()) {
                        assert_eq!(error::nearest(&slip, keys.iter().copied()), Some(*key), "{slip}");
                        slips += 1;
                    }
                }
            }
        }
    }
    assert!(slips > 1000, "{slips}");
}

fn toml_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("version = 1\n".to_owned()),
        Just("[destination]\n".to_owned()),
        Just("[[source]]\n".to_owned()),
        Just("[auth]\n".to_owned()),
        prop::sample::select(
            all_kinds(&json_schema())
                .into_iter()
                .flat_map(shape::properties)
                .map(|(key, _)| key.to_owned())
                .collect::<Vec<_>>()
        )
        .prop_map(|key| format!("{key} = ")),
        prop::sample::select(vec![
            "\"files\"\n",
            "\"\"\n",
            "1\n",
            "-1\n",
            "{",
            "}",
            "[",
            "]",
            "\"\"\"",
            "true\n",
            "é",
            "\r\n"
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..25).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_resolved_or_refused_and_shown_without_a_panic(
        text in prop_oneof!["\\PC{0,80}", toml_like()], at in 0..LEAST.len(), bits in "[\\PC\n]{0,3}", value in "\\PC{0,9}"
    ) {
        let broken = format!("{}{bits}{}", &LEAST[..at], &LEAST[(at + bits.len()).min(LEAST.len())..]);
        let environment: Vec<(String, String)> = environment::variable_names().into_iter().map(|name| (name, value.clone())).collect();
        for text in [text, broken] {
            for environment in [&[][..], &environment] {
                if let Err(errors) = resolve(&inputs(&text, environment)) {
                    prop_assert!(!errors.is_empty());
                    let shown = render(&errors, Path::new("x"), &text, Style::Plain);
                    prop_assert_eq!(shown.matches("error: ").count() >= errors.len(), true);
                }
            }
        }
    }

    #[test]
    fn what_a_config_says_is_in_the_plan(
        bucket in "[a-z0-9]{3,20}",
        (file_size, rows, seconds) in (1_u64..5_000, 0_u64..1_000_000, 0_u64..100_000),
        table in "[a-zA-Z0-9 _é-]{1,20}",
        columns in prop::collection::btree_map("\\PC{1,8}", prop::sample::select(vec!["string", "int64", "date"]), 0..4),
        files in prop::collection::vec("[a-z]{1,8}", 1..5),
        most in prop::option::of(0_u64..9),
    ) {
        let destination = serde_json::json!({
            "bucket": bucket, "path": "x/{{UUID}}", "file_size": format!("{file_size}KiB"), "batch_size": rows,
            "batch_timeout": format!("{seconds}s"),
        });
        let mut source = serde_json::json!({
            "type": "files", "paths": files, "table": table, "columns": columns, "on_error": "skip",
        });
        if let Some(most) = most {
            source["max_rejects"] = most.into();
        }
        let config = serde_json::json!({ "version": 1, "destination": destination, "source": [source] });
        let text = toml::to_string(&config).expect("TOML");
        let plan = plan(&text);
        prop_assert_eq!(plan.destination.bucket, bucket);
        prop_assert_eq!(plan.destination.close, ClosePolicy {
            rows: Some(rows).filter(|rows| *rows > 0),
            bytes: None,
            age: Some(Duration::from_secs(seconds)).filter(|age| !age.is_zero()),
            file_size: Some(file_size << 10),
        });
        let SourcePlan::Files { paths, table: named, read } = &plan.sources[0] else { panic!("files") };
        prop_assert_eq!(paths, &files.iter().map(|file| format!("/cfg/{file}")).collect::<Vec<_>>());
        prop_assert_eq!(named.as_ref().map(TableName::as_str), Some(table.as_str()));
        prop_assert_eq!(read.columns.keys().collect::<Vec<_>>(), columns.keys().collect::<Vec<_>>());
        prop_assert_eq!(&read.on_error, &OnError::Skip { rejects: "/cfg/rejects".into(), max_rejects: most });
    }
}
