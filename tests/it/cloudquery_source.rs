//! Source plugins of CloudQuery: those of its Python and JavaScript SDKs, and what they remember between two runs.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use lakeward_testkit::{Home, HomeCommand, node, python};
use serde_json::{Value, json};

use crate::{
    landed,
    program::{EMBEDDED, events, files, lacks, numbered, summary, sync},
};

/// A plugin's program in the home, made of a text in Python.
pub(crate) fn program(home: &Home, name: &str, script: &str) -> PathBuf {
    let python = python::interpreter();
    executable(home, name, &format!("#!{} -I\n{script}", python.display()))
}

fn executable(home: &Home, name: &str, text: &str) -> PathBuf {
    let path = home.write(name, text);
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    path
}

/// The lines of a source whose plugin is this program of the home.
pub(crate) fn plugin(name: &str, more: &str) -> String {
    format!("type = \"cloudquery\"\npath = \"./{name}\"\n{more}\n")
}

/// The processes that plugins of a home have told, once none of them is left.
#[track_caller]
pub(crate) fn deny_orphans(home: &Home) {
    let told = fs::read_to_string(home.path().join("pid")).expect("the plugin was started");
    let running = |pid: &str| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        // One whose parent is gone may wait for whoever takes it over.
        !status.is_empty() && !status.contains("State:\tZ")
    };
    let asked = Instant::now();
    while let Some(pid) = told.split_whitespace().find(|pid| running(pid)) {
        assert!(asked.elapsed() < Duration::from_secs(3), "process {pid} outlived the run");
        std::thread::sleep(Duration::from_millis(20));
    }
    let sockets = home.path().parent().unwrap().join("tmp");
    let left: Vec<_> = fs::read_dir(sockets).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "something is left of sockets: {left:?}");
}

fn rows(home: &Home) -> Value {
    python::json(include_str!("../python/read_landed.py"), [home.path().join("lake/test")])
}

fn ids(home: &Home, table: &str) -> Vec<i64> {
    landed::all_ids(&home.path().join("lake/test/raw").join(table))
}

fn increments<'home>(home: &'home Home, destination: &str, count: u32, more: &str) -> HomeCommand<'home> {
    program(home, "increments", include_str!("../python/incremental_source.py"));
    sync(home, destination, &plugin("increments", &format!("spec = {{ count = {count} }}\n{more}")))
}

fn state(home: &Home) -> Option<Value> {
    let folder = home.path().join("state/cloudquery");
    let files = fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    assert!(files.len() <= 1, "{files:?}");
    let content = fs::read(files.first()?).unwrap();
    Some(serde_json::from_slice(&content).unwrap())
}

#[test]
fn the_source_of_the_python_sdk_lands() {
    let home = Home::new();
    program(&home, "memdb", include_str!("../python/memdb_plugin.py"));
    let source = plugin("memdb", "network = \"tcp\"\nspec = {}");
    let planned = sync(&home, EMBEDDED, &source).arg("--dry-run").run().exits(0);
    let says = [
        "table_1: from the source memdb (memdb development)",
        "first key",
        "  name: string\n  id: int64",
        "Of the source memdb, incremental tables go on where the last run ended",
    ];
    assert_eq!(lacks(&planned.stdout, &says), [""; 0], "{}", planned.stdout);
    deny_orphans(&home);
    assert_eq!(landed::keys(&home.path().join("lake")), [""; 0]);

    let output = sync(&home, EMBEDDED, &source).run().exits(0);
    deny_orphans(&home);
    let three = json!([["a", 1], ["b", 2], ["c", 3]]);
    let below = [json!(["a", { "a": 1 }]), json!(["b", { "b": 2 }]), json!(["c", { "c": 3 }])];
    let below: Vec<Value> = below.iter().flat_map(|row| vec![row.clone(); 3]).collect();
    assert_eq!(rows(&home), json!({ "table_1": three, "table_1_relation_1": below, "table_2": three }));
    assert_eq!(lacks(&output.stdout, &["15 rows landed in 3 objects"]), [""; 0], "{}", output.stdout);
}

#[test]
fn the_source_of_the_javascript_sdk_lands_started_or_at_an_address() {
    let Some(node) = node::node() else { return };
    let home = Home::new();
    let places = "console.log(JSON.stringify([process.execPath, process.cwd()]))";
    let places = node.command(&home, places, [""; 0]).run().exits(0).stdout;
    let [binary, libraries]: [String; 2] = serde_json::from_str(&places).unwrap();
    let script = home.write("plugin.mjs", include_str!("../node/plugin.mjs"));
    // Its imports are looked up from the folder in which it runs.
    let text = format!(
        "#!/bin/sh\necho $$ > pid\ncd {libraries:?}\nexec {binary:?} --no-warnings --input-type=module --eval \"$(cat {script:?})\" -- \"$@\"\n"
    );
    let program = executable(&home, "things", &text);
    let things = json!([[1, { "a": [1, null] }, "00000000-0000-4000-8000-000000000001"], [2, null, null]]);
    let expected = json!({ "parts": [["a", 1], ["a", 2], ["b", 1], ["b", 2]], "things": things });

    // Its SDK tells errors of tables in its log alone.
    let output = sync(&home, EMBEDDED, &plugin("things", "network = \"tcp\"")).run().exits(0);
    deny_orphans(&home);
    assert_eq!(rows(&home), expected);
    let says = ["the source things logs: error resolving table failing"];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);

    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let words = ["serve", "--network", "tcp", "--address", &address];
    let mut running = home.command(program).args(words).spawn();
    running.wait_for("server running");
    let destination = EMBEDDED.replace("lake", "other");
    let source = format!(
        "type = \"cloudquery\"\naddress = {address:?}\ntables = [\"things\", \"failing\"]\nskip_tables = [\"failing\"]\n"
    );
    let found = || python::json(include_str!("../python/read_landed.py"), [home.path().join("other/test")]);
    let _ = sync(&home, &destination, &source).run().exits(0);
    assert_eq!(found(), json!({ "things": expected["things"] }), "the table that is read through it stays out");
    let below = format!("{source}skip_dependent_tables = false\n");
    let _ = sync(&home, &destination, &below).arg("--table=parts").run().exits(0);
    assert_eq!(found()["parts"], expected["parts"]);

    // Without the key, it is told.
    let output = sync(&home, EMBEDDED, &plugin("things", "")).run().exits(65);
    let says = ["could not be connected to", "network = \"tcp\""];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
}

#[test]
fn a_second_run_lands_the_increment_alone() {
    let home = Home::new();
    let _ = increments(&home, EMBEDDED, 5, "").run().exits(0);
    assert_eq!((ids(&home, "items"), ids(&home, "kinds")), ((0..5).collect(), vec![1]));
    let saved = state(&home).expect("a state");
    assert_eq!(saved["state"]["lakeward_state"], json!({ "items": { "value": "5" } }));
    let output = increments(&home, EMBEDDED, 8, "").args(["--progress", "json"]).run().exits(0);
    assert_eq!((ids(&home, "items"), ids(&home, "kinds")), ((0..8).collect(), vec![1, 1]));
    assert_eq!(summary(&output)["tables"][0]["read"], 3);
    let read = events(&output).iter().filter(|event| event["event"] == "rows_read").count();
    assert_eq!(read, 2, "{}", output.stderr);
    deny_orphans(&home);
    // Another destination has none of the rows yet.
    let _ = increments(&home, &EMBEDDED.replace("raw/", "new/"), 8, "").run().exits(0);
    assert_eq!(landed::all_ids(&home.path().join("lake/test/new/items")), (0..8).collect::<Vec<i64>>());
}

#[test]
fn a_run_whose_upload_fails_saves_no_state() {
    let home = Home::new();
    // Where the table's folder is to be, there is a file.
    let blocked = home.write("lake/test/raw/items", "");
    let output = increments(&home, EMBEDDED, 5, "").run();
    assert!(matches!(output.code, Some(69 | 75)), "{:?}: {}", output.code, output.stderr);
    deny_orphans(&home);
    assert_eq!(state(&home), None);
    fs::remove_file(blocked).unwrap();
    let _ = increments(&home, EMBEDDED, 5, "").run().exits(0);
    assert_eq!(ids(&home, "items"), (0..5).collect::<Vec<i64>>());
    assert_eq!(state(&home).expect("a state")["state"]["lakeward_state"]["items"]["value"], "5");
}

#[test]
fn without_rotation_every_run_writes_the_tables_whole() {
    let home = Home::new();
    let destination = EMBEDDED.replace("/{{UUID}}", "") + "no_rotate = true\n";
    for count in [5, 8] {
        let _ = increments(&home, &destination, count, "").run().exits(0);
        assert_eq!(
            landed::ids(&home.path().join("lake/test/raw/items.parquet")),
            (0..count.into()).collect::<Vec<i64>>()
        );
    }
    assert_eq!(state(&home), None);
}

#[test]
fn one_table_can_be_chosen_beside_those_of_other_sources() {
    let home = Home::new();
    home.write("t.csv", numbered(0, 3));
    let beside = |more: &str| format!("{more}\n[[source]]\n{}", files(&["t.csv"]));
    let _ = increments(&home, EMBEDDED, 5, &beside("")).args(["--table", "kinds", "--table", "t"]).run().exits(0);
    let found = |table: &str| Path::new(&home.path().join("lake/test/raw").join(table)).exists();
    assert_eq!([found("kinds"), found("t"), found("items")], [true, true, false]);
    let _ = increments(&home, EMBEDDED, 5, &beside("")).args(["--table", "t"]).run().exits(0);
    assert_eq!(ids(&home, "kinds"), [1]);
    let output = increments(&home, EMBEDDED, 5, &beside("")).args(["--table", "itms"]).run().exits(2);
    assert_eq!(lacks(&output.stderr, &["itms", "did you mean \"items\"?"]), [""; 0], "{}", output.stderr);
    home.write("items.csv", numbered(0, 3));
    let output = increments(&home, EMBEDDED, 5, &format!("[[source]]\n{}", files(&["items.csv"]))).run().exits(2);
    assert_eq!(lacks(&output.stderr, &["the table items is also one of", "skip_tables"]), [""; 0], "{}", output.stderr);
    deny_orphans(&home);
}

#[test]
fn two_runs_never_share_a_state() {
    let home = Home::new();
    let _ = increments(&home, EMBEDDED, 5, "").run().exits(0);
    let folder = home.path().join("state/cloudquery");
    let lock = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let lock = lock.into_iter().find(|path| path.extension().is_some_and(|end| end == "lock")).unwrap();
    let held = fs::File::open(&lock).unwrap();
    held.lock().unwrap();
    let output = increments(&home, EMBEDDED, 8, "").run().exits(65);
    assert_eq!(lacks(&output.stderr, &["another run is using the state"]), [""; 0], "{}", output.stderr);
    deny_orphans(&home);
    assert_eq!(ids(&home, "items"), (0..5).collect::<Vec<i64>>());
}
