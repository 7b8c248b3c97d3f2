//! CloudQuery's own command line with `lakeward serve` as its destination, and sources of its Python and its JavaScript SDK.

use std::{fmt::Write as _, net::TcpListener, path::PathBuf, time::Duration};

use lakeward_testkit::{Home, HomeCommand, Output, Running, S3Server, node::node, python, s3_server::BUCKET};
use serde_json::{Value, json};

use crate::{
    program::{binary, lacks, lakeward},
    serve::Serving,
};

/// The binary that the package brings, which there is for Linux on x86-64 alone.
fn cli() -> Option<PathBuf> {
    let script = "import importlib.util, os
found = importlib.util.find_spec('cloudquery')
places = [os.path.join(p, 'bin', 'cloudquery') for p in (found.submodule_search_locations if found else [])]
print(next((place for place in places if os.path.isfile(place)), ''))";
    let path = PathBuf::from(python::run(script, [""; 0]).trim_end());
    let expected = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    assert!(path.is_file() || !expected, "the cloudquery command line is not installed: run cargo xtask test");
    path.is_file().then_some(path)
}

/// A source that runs, at an address.
struct Source<'home> {
    name: &'static str,
    address: String,
    _running: Running<'home>,
}

impl<'home> Source<'home> {
    /// The one that the Python SDK brings.
    #[track_caller]
    fn python(home: &'home Home) -> Self {
        let address = free_address();
        let command = python::command(home, include_str!("../python/memdb_source.py"), [&address]);
        Self::start("memdb", address, command, "Starting server")
    }

    /// One on the JavaScript SDK with so many rows, or none where there is no Node.js.
    #[track_caller]
    fn javascript(home: &'home Home, rows: u32) -> Option<Self> {
        let address = free_address();
        let command = node()?.command(home, include_str!("../node/sdk_source.mjs"), [&address, &rows.to_string()]);
        Some(Self::start("js", address, command, "server running"))
    }

    #[track_caller]
    fn start(name: &'static str, address: String, command: HomeCommand<'home>, started: &str) -> Self {
        let mut running = command.spawn();
        running.wait_for(started);
        Self { name, address, _running: running }
    }

    /// The document that feeds these destinations with all of its tables.
    fn document(&self, destinations: &[String]) -> String {
        let Self { name, address, .. } = self;
        format!(
            "kind: source\nspec:\n  name: {name}\n  registry: grpc\n  path: {address:?}\n  version: v1.0.0\n  tables: ['*']\n  destinations: {destinations:?}\n  spec: {{}}\n"
        )
    }
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn destination_document(name: &str, registry: &str, path: &str, spec: &Value) -> String {
    format!(
        "---\nkind: destination\nspec:\n  name: {name}\n  registry: {registry}\n  path: {path:?}\n  version: v1.0.0\n  write_mode: append\n  spec: {spec}\n"
    )
}

fn spec(server: &S3Server, name: &str, fields: &Value) -> Value {
    let one = fields["no_rotate"] == json!(true);
    let file = if one { "one.{{FORMAT}}" } else { "{{UUID}}.{{FORMAT}}" };
    let mut spec = json!({
        "bucket": BUCKET, "region": "us-east-1", "path": format!("raw/{name}/{{{{TABLE}}}}/{file}"),
        "endpoint": server.endpoint(), "use_path_style": true,
    });
    spec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    spec
}

#[track_caller]
fn cloudquery<'home>(
    home: &'home Home,
    server: &S3Server,
    cli: &PathBuf,
    command: &str,
    documents: &str,
) -> HomeCommand<'home> {
    home.write("spec.yml", documents);
    let flags = [command, "spec.yml", "--telemetry-level", "none", "--log-level", "debug"];
    keys(home, server, home.command(cli))
        .args(flags)
        .env("CQ_TELEMETRY_LEVEL", "none")
        .time_limit(Duration::from_secs(180))
}

fn keys<'home>(home: &Home, server: &S3Server, command: HomeCommand<'home>) -> HomeCommand<'home> {
    let (key, secret) = server.keys().writer;
    home.secret(secret);
    command.env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", secret)
}

/// The command line's log, where a test fails.
fn log(home: &Home, output: &Output) -> String {
    let log = std::fs::read_to_string(home.path().join("cloudquery.log")).unwrap_or_default();
    format!("{}\n{}\n{log}", output.stdout, output.stderr)
}

/// One sync into every format, compressed and not, rotated and not: half of the destinations are plugins that the command line
/// starts (at unix sockets), and half are one plugin at an address.
#[track_caller]
fn sync_into_every_format(cli: &PathBuf, home: &Home, source: &Source<'_>, expected: &Value) {
    let server = S3Server::seaweedfs();
    let serving = Serving::start(keys(home, &server, lakeward(home)));
    let mut documents = String::new();
    let mut names = Vec::new();
    for format in ["parquet", "csv", "json"] {
        for compression in if format == "parquet" { &["", "zstd"][..] } else { &["", "gzip"] } {
            for no_rotate in [false, true] {
                let name = format!(
                    "{format}-{}-{}",
                    if compression.is_empty() { "plain" } else { compression },
                    if no_rotate { "one" } else { "many" }
                );
                let mut fields = json!({ "format": format, "compression": compression });
                if no_rotate {
                    fields["no_rotate"] = json!(true);
                } else {
                    fields["batch_size"] = json!(70);
                }
                let spec = spec(&server, &name, &fields);
                let is_local = no_rotate == (format == "json");
                let (registry, path) =
                    if is_local { ("local", binary().to_str().unwrap()) } else { ("grpc", serving.address.as_str()) };
                let _ = write!(documents, "{}", destination_document(&name, registry, path, &spec));
                names.push(name);
            }
        }
    }
    let documents = source.document(&names) + &documents;
    let output = cloudquery(home, &server, cli, "sync", &documents).run();
    let log = log(home, &output);
    assert_eq!(output.code, Some(0), "{log}");
    assert_eq!(lacks(&output.stdout, &["Sync completed successfully", "Errors: 0"]), [""; 0], "{log}");
    for trouble in ["failed with", "ERR", "exit status"] {
        assert!(!log.contains(trouble), "{trouble}:\n{log}");
    }
    let (key, secret) = server.keys().owner;
    let script = include_str!("../python/read_synced.py");
    let found = python::json(script, [&*server.endpoint(), BUCKET, key, secret, source.name]);
    assert_eq!(found.as_object().unwrap().len(), names.len());
    for name in &names {
        assert_eq!(found[name], *expected, "{name}");
    }
    serving.end(0);
}

#[test]
fn the_command_line_syncs_a_python_source_into_every_format() {
    let Some(cli) = cli() else { return };
    let home = Home::new();
    let letters = [("a", 1), ("b", 2), ("c", 3)];
    let three: Vec<Value> = letters.iter().map(|(name, id)| json!({ "name": name, "id": id })).collect();
    // Each row of the first table has these below it.
    let below = letters.iter().map(|(name, id)| json!({ "name": name, "data": { *name: id } }));
    let below: Vec<Value> = below.flat_map(|row| [row.clone(), row.clone(), row]).collect();
    let expected = json!({ "table_1": three, "table_1_relation_1": below, "table_2": three });
    sync_into_every_format(&cli, &home, &Source::python(&home), &expected);
}

/// Its records have one row each.
#[test]
fn the_command_line_syncs_a_javascript_source_into_every_format() {
    const ROWS: u32 = 200;
    let Some(cli) = cli() else { return };
    let home = Home::new();
    let Some(source) = Source::javascript(&home, ROWS) else { return };
    let kind = |n: u32| {
        let text = (!n.is_multiple_of(3)).then(|| format!("\"row\", {n}\nété"));
        json!({
            "id": n, "text": text, "flag": n.is_multiple_of(2), "ratio": f64::from(n) + 0.5,
            "key": format!("00000000-0000-4000-8000-{n:012}"), "doc": { "n": n, "in a list": [n, null, "x"] },
            "at": format!("2024-01-01T00:{:02}:{:02}", n / 60, n % 60), "list": [format!("a {n}"), "b"],
        })
    };
    let kinds: Vec<Value> = (0..ROWS).map(kind).collect();
    let mut below: Vec<Value> =
        (0..ROWS).step_by(10).map(|n| json!({ "name": format!("below {n}"), "above": n })).collect();
    below.sort_by_key(|row| row["name"].to_string());
    sync_into_every_format(&cli, &home, &source, &json!({ "js_kinds": kinds, "js_below": below }));
}

#[test]
fn the_command_line_validates_and_tests_a_spec() {
    let Some(cli) = cli() else { return };
    let (server, home) = (S3Server::seaweedfs(), Home::new());
    let source = Source::python(&home);
    let documents = |fields: &Value| {
        let mut spec = spec(&server, "x", &json!({ "format": "parquet" }));
        spec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let fields: serde_json::Map<String, Value> =
            spec.as_object().unwrap().clone().into_iter().filter(|(_, value)| !value.is_null()).collect();
        source.document(&["lake".to_owned()])
            + &destination_document("lake", "local", binary().to_str().unwrap(), &fields.into())
    };
    let run = |command: &str, fields: Value| {
        let _ = std::fs::remove_file(home.path().join("cloudquery.log"));
        let output = cloudquery(&home, &server, &cli, command, &documents(&fields)).run();
        let log = log(&home, &output);
        (output.code, log)
    };
    let (code, log) =
        run("validate-config", json!({ "credentials": { "local_profile": "lake" }, "batch_timeout": "1m30s" }));
    assert_eq!(
        (code, log.matches("skipping validation").count()),
        (Some(0), 1),
        "only the source has no schema:\n{log}"
    );
    for fields in
        [json!({ "bukcet": "x" }), json!({ "format": "avro" }), json!({ "batch_size": "1" }), json!({ "region": null })]
    {
        let (code, log) = run("validate-config", fields.clone());
        assert_eq!(code, Some(1), "{fields}:\n{log}");
    }
    // The Python SDK's sources know no such test, so the command as a whole fails: its line for the destination counts.
    let lake = |log: &str| log.lines().find(|line| line.starts_with("destination")).unwrap_or_default().to_owned();
    let (_, log) = run("test-connection", json!({}));
    assert!(lake(&log).contains("Success"), "{log}");
    let (_, log) = run("test-connection", json!({ "max_retries": 1, "bucket": "not-mine" }));
    assert!(lake(&log).contains("UNAUTHORIZED"), "{log}");
    let (_, log) = run("test-connection", json!({ "no_rotate": true }));
    assert!(lake(&log).contains("INVALID_SPEC"), "{log}");
}
