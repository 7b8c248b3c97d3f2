//! `lakeward serve` as a host meets it that speaks raw gRPC: every call, and what lands.

use std::{fs, io::Read, path::Path, time::Duration};

use lakeward_testkit::{Home, HomeCommand, Running, S3Server, python, tries};
use serde_json::{Value, json};

use crate::{
    landed,
    program::{lacks, lakeward, root},
    server::Server,
};

const HOST: &str = include_str!("../python/plugin_host.py");

/// `lakeward serve`, with its keys in the environment.
pub(crate) struct Serving<'home> {
    pub(crate) running: Running<'home>,
    /// Where it listens, as gRPC names it.
    pub(crate) address: String,
}

impl<'home> Serving<'home> {
    /// One at a free port.
    #[track_caller]
    pub(crate) fn start(command: HomeCommand<'home>) -> Self {
        Self::at(command, &["--address", "127.0.0.1:0"])
    }

    /// One at a unix socket.
    #[track_caller]
    pub(crate) fn at_socket(command: HomeCommand<'home>, socket: &Path) -> Self {
        Self::at(command, &["--network", "unix", "--address", socket.to_str().unwrap()])
    }

    #[track_caller]
    fn at(command: HomeCommand<'home>, place: &[&str]) -> Self {
        let flags =
            ["serve", "--log-format", "json", "--log-level", "debug", "--no-sentry", "--otel-endpoint-insecure"];
        let limit = Duration::from_secs(u64::from(tries(300, 7_200)));
        let mut running = command.args(flags).args(place).time_limit(limit).spawn();
        running.wait_for("is listening");
        let line = lines(&running.stdout()).into_iter().find(|line| line["address"].is_string()).unwrap();
        let address = line["address"].as_str().unwrap();
        let address = if address.starts_with('/') { format!("unix:{address}") } else { address.to_owned() };
        Self { running, address }
    }

    /// What a host does, and what it is answered.
    #[track_caller]
    pub(crate) fn host(&self, task: &str, spec: &Value, more: &[&str]) -> Value {
        let spec = spec.to_string();
        python::json(HOST, [&[task, &self.address, &spec], more].concat())
    }

    /// Ends it as a host does.
    #[track_caller]
    pub(crate) fn end(self, code: i32) -> String {
        self.running.signal("INT");
        let output = self.running.wait().exits(code);
        output.stdout
    }
}

/// The lines of a log, each of which must be a JSON object.
#[track_caller]
pub(crate) fn lines(log: &str) -> Vec<Value> {
    let line = |line: &str| match serde_json::from_str::<Value>(line) {
        Ok(line) if line["level"].is_string() && line["message"].is_string() => line,
        _ => panic!("{line:?} is no line of the log:\n{log}"),
    };
    log.lines().map(line).collect()
}

/// A spec for an endpoint, with more fields.
pub(crate) fn spec(endpoint: &str, more: &Value) -> Value {
    let mut spec = json!({
        "bucket": "test", "region": "us-east-1", "path": "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}", "format": "parquet",
        "endpoint": endpoint, "use_path_style": true,
    });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    spec
}

#[track_caller]
fn serving<'home>(server: &Server, home: &'home Home) -> Serving<'home> {
    Serving::start(server.keys(home, lakeward(home)))
}

/// The rows of the objects below a prefix.
fn ids(server: &Server, prefix: &str) -> Vec<i64> {
    let keys = server.objects().into_iter().filter(|key| key.starts_with(prefix));
    let mut ids: Vec<i64> = keys.flat_map(|key| landed::ids(&server.bucket().join(key))).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_answered_as_hosts_expect() {
    let (server, home) = (Server::start().await, Home::new());
    // That of the host's spec: it is in no answer and no line of the log.
    const SECRET: &str = "kept-to-themselves-4711";
    home.secret(SECRET);
    let serving = serving(&server, &home);
    let answers = serving.host("methods", &spec(server.s3.endpoint(), &json!({})), &[]);
    assert_eq!((&answers["versions"], &answers["name"]), (&json!([3]), &json!("s3")));
    assert!(answers["schema"]["properties"]["bucket"].is_object());
    for (call, status, says) in [
        ("write_before_init", "FAILED_PRECONDITION", "call Init first"),
        ("read_before_init", "FAILED_PRECONDITION", "call Init first"),
        ("bad_init", "INTERNAL", "`region` is missing"),
        ("secret_init", "INTERNAL", "secret_access_key"),
        ("offline_init", "OK", ""),
        ("write_offline", "FAILED_PRECONDITION", "without a connection"),
        ("no_invocation", "INTERNAL", "no invocation id"),
        ("init", "OK", ""),
        ("get_tables", "UNIMPLEMENTED", "no tables of its own"),
        ("sync", "UNIMPLEMENTED", "no tables of its own"),
        ("transform", "UNIMPLEMENTED", "transforms nothing"),
        ("transform_schema", "UNIMPLEMENTED", "transforms nothing"),
        ("unknown", "UNIMPLEMENTED", ""),
        ("close", "OK", ""),
        ("write_after_close", "FAILED_PRECONDITION", "call Init first"),
    ] {
        assert_eq!(answers[call][0], status, "{call}: {}", answers[call]);
        assert!(answers[call][1].as_str().unwrap().contains(says), "{call}: {}", answers[call]);
    }
    assert!(!answers.to_string().contains(SECRET), "{answers}");
    assert_eq!(answers["test_good"], json!([1, "", ""]));
    assert_eq!((&answers["test_bad"][0], &answers["test_bad"][1]), (&json!(0), &json!("INVALID_SPEC")));
    assert_eq!((&answers["test_unreachable"][0], &answers["test_unreachable"][1]), (&json!(0), &json!("UNAUTHORIZED")));
    assert_eq!(server.objects(), ["raw/TEST_TABLE/TEST_UUID.parquet"]);
    assert_eq!(fs::read(server.bucket().join("raw/TEST_TABLE/TEST_UUID.parquet")).unwrap(), b"");
    serving.end(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_taken_is_told_and_what_came_before_it_lands() {
    const INVALID: &str = "INVALID_ARGUMENT";
    let (server, home) = (Server::start().await, Home::new());
    let serving = serving(&server, &home);
    let answers = serving.host("bad", &spec(server.s3.endpoint(), &json!({})), &[]);
    let cases = [
        ("unknown_table", INVALID, "table t, which was not migrated"),
        ("insert_before_migrate", INVALID, "table t, which was not migrated"),
        ("another_type", INVALID, "column 2 is text Int64 and not text Utf8"),
        ("more_columns", INVALID, "it has 3 columns and not 2"),
        ("nulls_where_none_may_be", INVALID, "table required"),
        ("no_name", INVALID, "cq:table_name"),
        ("bad_name", INVALID, "can't be a table name"),
        ("no_table", INVALID, "a table can't be read"),
        ("empty_table", INVALID, "it ends before its schema"),
        ("empty_record", INVALID, "it ends before its schema"),
        ("truncated", INVALID, "a record can't be read"),
        ("bad_utf8", INVALID, "a record can't be read"),
        ("oversized_length", INVALID, "it ends inside a message"),
        ("bits_flipped", INVALID, "record"),
        ("delete_stale", "UNIMPLEMENTED", "DeleteStale is not supported"),
        ("delete_record", "UNIMPLEMENTED", "DeleteRecord is not supported"),
        ("no_protobuf", "ABORTED", "broke off"),
        ("too_large", "ABORTED", "too large"),
        ("nothing", "OK", ""),
        ("unknown_kind", "OK", ""),
        ("empty_batch", "OK", ""),
        ("no_columns", "OK", ""),
        ("many_columns", "OK", ""),
        ("compressed", "OK", ""),
        ("twice_migrated", "OK", ""),
        ("changed", "OK", ""),
        ("dictionary", "OK", ""),
    ];
    assert_eq!(answers.as_object().unwrap().len(), cases.len());
    for (case, status, says) in cases {
        assert_eq!(answers[case][0], status, "{case}: {}", answers[case]);
        assert!(answers[case][1].as_str().unwrap().contains(says), "{case}: {}", answers[case]);
    }
    // Every case that began with five good rows landed them; one landed five more, and one an object of other columns.
    let objects: Vec<String> = server.objects().into_iter().filter(|key| key.starts_with("raw/t/")).collect();
    let rows: usize =
        objects.iter().flat_map(|key| landed::rows(&server.bucket().join(key))).map(|rows| rows.num_rows()).sum();
    assert_eq!((objects.len(), rows), (15, 13 * 5 + 5 + 1), "{objects:#?}");
    serving.end(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_at_one_socket_keep_their_own_specs_and_a_stranger_troubles_nobody() {
    let (server, home) = (Server::start().await, Home::new());
    let socket = home.path().join("a socket.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(socket.exists(), "a stale socket is there");
    let serving = Serving::at_socket(server.keys(&home, lakeward(&home)), &socket);
    let (endpoint, path) = (server.s3.endpoint(), "raw/other/{{TABLE}}/{{UUID}}.{{FORMAT}}");
    let other = spec(endpoint, &json!({ "path": path, "test_write": false })).to_string();
    let answers = serving.host("two_hosts", &spec(endpoint, &json!({ "test_write": false })), &[&other]);
    assert_eq!(answers, json!([["OK", ""], ["OK", ""], ["OK", ""]]));
    assert_eq!(ids(&server, "raw/t/"), (0..100).collect::<Vec<_>>());
    assert_eq!(ids(&server, "raw/other/t/"), (0..50).collect::<Vec<_>>());
    assert_eq!(ids(&server, "raw/later/"), (0..10).collect::<Vec<_>>());
    let second = lakeward(&home).args(["serve", "--network", "unix", "--address", socket.to_str().unwrap()]);
    let second = second.run().exits(2);
    assert_eq!(lacks(&second.stdout, &["another process listens there"]), [""; 0], "{}", second.stdout);
    serving.end(0);
    assert!(!socket.exists(), "its socket outlives it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_too_many_is_refused_until_one_has_left() {
    let (server, home) = (Server::start().await, Home::new());
    let serving = serving(&server, &home);
    let spec = spec(server.s3.endpoint(), &json!({ "test_write": false }));
    let answers = serving.host("many_hosts", &spec, &["64"]);
    let [refused] = answers["refused"].as_array().unwrap().as_slice() else { panic!("{answers}") };
    assert_eq!(refused[0], "RESOURCE_EXHAUSTED");
    assert!(refused[1].as_str().unwrap().contains("as many hosts as one plugin takes"), "{answers}");
    assert_eq!(answers["late"], json!(["OK", ""]));
    serving.end(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_close_by_rows_and_without_rotation_at_the_end_of_their_table() {
    let (server, home) = (Server::start().await, Home::new());
    let serving = serving(&server, &home);
    let endpoint = server.s3.endpoint();
    let batched = spec(endpoint, &json!({ "batch_size": 100, "test_write": false }));
    assert_eq!(serving.host("write_numbered", &batched, &["b", "1050", "7"]), json!(["OK", ""]));
    let objects = server.objects();
    assert_eq!((objects.len(), ids(&server, "raw/b/")), (11, (0..1050).collect()));
    let whole = spec(endpoint, &json!({ "no_rotate": true, "path": "raw/{{TABLE}}.{{FORMAT}}", "test_write": false }));
    assert_eq!(serving.host("write_numbered", &whole, &["w", "1050", "7"]), json!(["OK", ""]));
    assert_eq!(ids(&server, "raw/w.parquet"), (0..1050).collect::<Vec<_>>());
    serving.end(0);
}

/// The original's objects under gzip and, where no key needs another name, under `athena` are the same byte for byte once they
/// are unpacked: so these variants are held against those without.
#[tokio::test(flavor = "multi_thread")]
async fn recordings_land_as_the_original_wrote_them() {
    let (server, home) = (Server::start().await, Home::new());
    let serving = serving(&server, &home);
    let dec = json!([1, "dec", "-1e-09", "-0.000000001"]);
    let json_collision = json!([7, "json", { "dup_key": 2 }, { "dup_key": 1, "dup_key_2": 2 }]);
    let collision = json!([7, "json", "{\"dup_key\":2}", "{\"dup_key\":1,\"dup_key_2\":2}"]);
    let csv = json!([[0, 1, null, ""], [1, 11, "-1e-09", "-0.000000001"]]);
    let headless = json!({ "format_spec": { "delimiter": ";", "skip_header": true } });
    let v1 = json!({ "format_spec": { "version": "v1.0" } });
    let athena = json!({ "athena": true });
    let gzip = json!({ "compression": "gzip" });
    let plain = json!({});
    let same = json!([]);
    for (recording, original, variant, fields, expected) in [
        ("all_types", "parquet-default", "parquet-default", &plain, &same),
        ("all_types", "parquet-default", "parquet-athena", &athena, &same),
        ("all_types", "parquet-v1", "parquet-v1", &v1, &same),
        ("all_types", "csv-default", "csv-default", &plain, &same),
        ("all_types", "csv-default", "csv-gzip", &gzip, &same),
        ("all_types", "csv-semicolon-noheader", "csv-semicolon-noheader", &headless, &same),
        ("all_types", "json-default", "json-default", &plain, &same),
        ("all_types", "json-default", "json-gzip", &gzip, &same),
        ("all_types", "json-default", "json-athena", &athena, &same),
        ("edge", "parquet-default", "parquet-default", &plain, &same),
        ("edge", "parquet-v1", "parquet-v1", &v1, &same),
        ("edge", "parquet-athena", "parquet-athena", &athena, &json!([collision])),
        ("edge", "csv-default", "csv-default", &plain, &csv),
        ("edge", "csv-default", "csv-gzip", &gzip, &csv),
        ("edge", "csv-semicolon-noheader", "csv-semicolon-noheader", &headless, &csv),
        ("edge", "json-default", "json-default", &plain, &json!([dec])),
        ("edge", "json-default", "json-gzip", &gzip, &json!([dec])),
        ("edge", "json-athena", "json-athena", &athena, &json!([dec, json_collision])),
    ] {
        let kind = variant.split('-').next().unwrap();
        let mut fields = fields.clone();
        fields["format"] = json!(kind);
        fields["no_rotate"] = json!(true);
        fields["path"] = json!(format!("raw/{variant}/{{{{TABLE}}}}.{{{{FORMAT}}}}"));
        fields["test_write"] = json!(false);
        let frames = recorded(&home, &format!("{recording}.frames"));
        let answer = serving.host("drive", &spec(server.s3.endpoint(), &fields), &[&frames]);
        assert_eq!(answer, json!(["OK", ""]), "{recording} {variant}");
        let original = recorded(&home, &format!("{recording}.{original}.{kind}"));
        let mut ours = server.bucket().join(format!("raw/{variant}/golden_{recording}.{kind}"));
        if variant.ends_with("gzip") {
            let packed = ours.with_added_extension("gz");
            let mut text = Vec::new();
            flate2::read::MultiGzDecoder::new(fs::File::open(packed).unwrap()).read_to_end(&mut text).unwrap();
            ours = home.path().join("unpacked");
            fs::write(&ours, text).unwrap();
        }
        let (delimiter, header) = if variant.contains("semicolon") { (";", "false") } else { (",", "true") };
        let script = include_str!("../../crates/sink/tests/python/golden.py");
        let mut differences = python::json(script, [kind, &original, ours.to_str().unwrap(), delimiter, header]);
        if variant == "parquet-v1" {
            // That version has fewer types. The sink's own tests hold which those are: here the values count.
            differences.as_array_mut().unwrap().retain(|difference| !difference[0].is_null());
        }
        assert_eq!(differences, *expected, "{recording} {variant}");
    }
    serving.end(0);
}

/// A table without rows gets an object where the spec asks for it, and none otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_rows_is_an_object_only_where_that_is_asked_for() {
    let (server, home) = (Server::start().await, Home::new());
    let serving = serving(&server, &home);
    let frames = recorded(&home, "all_types.frames");
    for (place, empty, objects) in [("without", false, 1), ("with", true, 2)] {
        let path = format!("raw/{place}/{{{{TABLE}}}}.{{{{FORMAT}}}}");
        let fields = json!({ "no_rotate": true, "path": path, "write_empty_objects_for_empty_tables": empty, "test_write": false });
        assert_eq!(serving.host("drive", &spec(server.s3.endpoint(), &fields), &[&frames]), json!(["OK", ""]));
        let landed: Vec<String> =
            server.objects().into_iter().filter(|key| key.starts_with(&format!("raw/{place}/"))).collect();
        assert_eq!(landed.len(), objects, "{landed:?}");
    }
    let empty = server.bucket().join("raw/with/golden_empty.parquet");
    assert_eq!(landed::rows(&empty).len(), 0);
    let original = recorded(&home, "empty.parquet-default.parquet");
    let script = include_str!("../../crates/sink/tests/python/golden.py");
    let differences = python::json(script, ["parquet", &original, empty.to_str().unwrap(), "", ""]);
    assert_eq!(differences, json!([]), "its columns are the original's");
    serving.end(0);
}

/// Reading back is the one call that needs s3:GetObject, so the server's writer can't.
#[test]
fn rows_are_read_back_where_one_object_is_a_table() {
    let (server, home) = (S3Server::seaweedfs(), Home::new());
    let serving = |(key, secret): (&str, &str)| {
        home.secret(secret);
        Serving::start(lakeward(&home).env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", secret))
    };
    let spec = |format: &str, more: &Value| {
        let path = format!("raw/{format}/{{{{TABLE}}}}.{{{{FORMAT}}}}");
        let mut fields = json!({ "format": format, "no_rotate": true, "path": path });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        spec(&server.endpoint(), &fields)
    };
    let owner = serving(server.keys().owner);
    for format in ["parquet", "json", "csv"] {
        let answer = owner.host("read_back", &spec(format, &json!({})), &[]);
        let expected = json!({ "before": 0, "write": ["OK", ""], "rows": 3, "different": [], "schema": true });
        assert_eq!(answer, expected, "{format}");
    }
    let zipped = spec("json", &json!({ "compression": "gzip", "path": "raw/gz/{{TABLE}}.{{FORMAT}}" }));
    assert_eq!(owner.host("read_back", &zipped, &[])["different"], json!([]));
    let rotating = spec("json", &json!({ "no_rotate": false, "path": "raw/{{TABLE}}/{{UUID}}" }));
    let refused = owner.host("read_refused", &rotating, &[]);
    assert_eq!(refused[0], "FAILED_PRECONDITION", "{refused}");
    owner.end(0);
    let writer = serving(server.keys().writer);
    let refused = writer.host("read_refused", &spec("json", &json!({})), &[]);
    assert!(refused[0] == "INTERNAL" && refused[1].as_str().unwrap().contains("s3:GetObject"), "{refused}");
    writer.end(0);
}

/// Mutated recordings: every one is answered in time, and the process stays up and small.
#[tokio::test(flavor = "multi_thread")]
async fn mutated_recordings_are_answered_and_what_lands_is_whole() {
    let (server, home) = (Server::start().await, Home::new());
    let serving = serving(&server, &home);
    let frames = [recorded(&home, "edge.frames"), recorded(&home, "all_types.frames")].join(":");
    // One object a stream at the most, under a key that the next one replaces.
    let fields = json!({ "no_rotate": true, "path": "raw/{{TABLE}}.{{FORMAT}}", "test_write": false });
    let spec = spec(server.s3.endpoint(), &fields);
    let (hosts, streams) = (tries(2, 100), tries(150, 1_000));
    let mut settled = 0;
    for host in 0..hosts {
        let answers = serving.host("fuzz", &spec, &[&frames, &streams.to_string(), &host.to_string()]);
        let statuses = answers["statuses"].as_object().unwrap();
        for status in statuses.keys() {
            let known = ["OK", "INVALID_ARGUMENT", "ABORTED", "UNIMPLEMENTED", "INTERNAL"];
            assert!(known.contains(&status.as_str()), "{answers}");
        }
        assert!(statuses["INVALID_ARGUMENT"].as_u64() > Some(10), "{answers}");
        assert!(answers["slowest"].as_f64() < Some(20.0), "{answers}");
        let now = resident(&serving);
        if host == 0 {
            settled = now;
        }
        // The allocator keeps the room of the largest record that was read until then.
        assert!(now < settled + (64 << 10), "host {host}: the process grew from {settled} to {now} KiB");
    }
    for key in server.objects() {
        let _ = landed::rows(&server.bucket().join(key));
    }
    // A table that broke off is not replaced by its half, and the end tells so.
    serving.running.signal("TERM");
    let output = serving.running.wait();
    assert!(matches!(output.code, Some(0 | 65)), "{:?}\n{}", output.code, output.stderr);
}

/// Memory that a process holds, in KiB.
fn resident(serving: &Serving<'_>) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", serving.running.pid())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// A file of the recordings, unpacked.
pub(crate) fn recorded(home: &Home, name: &str) -> String {
    let path = home.path().join(name);
    if !path.exists() {
        let packed = root().join("crates/sink/tests/data/golden").join(format!("{name}.zst"));
        fs::write(&path, zstd::decode_all(fs::File::open(packed).unwrap()).unwrap()).unwrap();
    }
    path.to_str().unwrap().to_owned()
}
