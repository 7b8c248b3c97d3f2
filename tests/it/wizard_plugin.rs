//! The wizard with a source plugin of CloudQuery: it is asked for its tables, and the config that is written lands them.

use std::{
    fs,
    time::{Duration, Instant},
};

use lakeward_testkit::{Home, Key, Terminal, python};
use serde_json::{Value, json};

use crate::{
    cloudquery_source::{deny_orphans, program},
    init_session::Session,
    landed,
    program::{lacks, lakeward},
    wizard::{choose, config, review},
};

const SECRET: &str = "hush-hush-0815";

fn ids(home: &Home, table: &str) -> Vec<i64> {
    landed::all_ids(&home.path().join("lake/test/raw").join(table))
}

/// On the screen of the source: a plugin with its spec.
#[track_caller]
fn source(terminal: &mut Terminal<'_>, plugin: &str, spec: &str) {
    terminal.until("Where do rows come from?");
    terminal.press(Key::Up);
    terminal.press(Key::Left);
    terminal.until("Plugin's program");
    terminal.press(Key::Tab);
    terminal.press(Key::Tab);
    terminal.text(plugin);
    terminal.until(plugin);
    for _ in 0..3 {
        terminal.press(Key::Tab);
    }
    terminal.text(spec);
    terminal.until(spec);
    terminal.press(Key::Enter);
}

#[test]
fn a_plugin_lands_from_the_full_screen_and_then_headless_the_increment() {
    let home = Home::new();
    program(&home, "increments", include_str!("../python/incremental_source.py"));
    let mut terminal = lakeward(&home).args(["init", "--bucket", "test"]).on_terminal(100, 30);
    choose(&mut terminal, "No AWS");
    terminal.until("Where should the data go?");
    terminal.press(Key::Enter);
    source(&mut terminal, "./increments", "{ count = 5 }");
    terminal.until("items");
    terminal.until("of the source increments (increments v1.2.3); its rows come with a run");
    // The look has ended it.
    deny_orphans(&home);
    terminal.press(Key::Enter);
    review(&mut terminal);
    terminal.until("but of a plugin's incremental tables only what is new");
    terminal.press(Key::Enter);
    let screen = terminal.until("DONE");
    assert_eq!(lacks(&screen, &["items", "kinds", "done", "Errors 0"]), [""; 0], "{screen}");
    terminal.press(Key::Enter);
    terminal.until("Enter leave");
    terminal.press(Key::Enter);
    let left = terminal.end().exits(0);
    deny_orphans(&home);
    assert!(left.screen.contains("only what is new"), "{}", left.screen);
    let written = config(&home);
    let says = ["type = \"cloudquery\"", "path = \"./increments\"", "tables = [\"*\"]", "spec = { count = 5 }"];
    assert_eq!(lacks(&written, &says), [""; 0], "{written}");
    assert_eq!((ids(&home, "items"), ids(&home, "kinds")), ((0..5).collect(), vec![1]));
    home.write("lakeward.toml", written.replace("count = 5", "count = 8"));
    let _ = lakeward(&home).args(["--config", "lakeward.toml"]).run().exits(0);
    deny_orphans(&home);
    assert_eq!((ids(&home, "items"), ids(&home, "kinds")), ((0..8).collect(), vec![1, 1]));
}

/// A plugin that does one thing wrong.
fn broken_program(home: &Home, fault: &str) {
    let script = format!("FAULT = {fault:?}\n{}", include_str!("../python/broken_source.py"));
    program(home, "broken", &script);
}

/// At the source on a full screen, with a plugin that does one thing wrong.
fn broken<'home>(home: &'home Home, fault: &str) -> Terminal<'home> {
    broken_program(home, fault);
    home.secret(SECRET);
    let command = lakeward(home).args(["init", "--bucket", "test"]).env("TOKEN", SECRET);
    let mut terminal = command.on_terminal(100, 30);
    choose(&mut terminal, "No AWS");
    terminal.until("Where should the data go?");
    terminal.press(Key::Enter);
    source(&mut terminal, "./broken", "{ token = \"${TOKEN}\" }");
    terminal
}

#[test]
fn whoever_leaves_while_a_plugin_is_asked_leaves_none_behind() {
    for signal in [None, Some("TERM"), Some("HUP")] {
        let home = Home::new();
        let mut terminal = broken(&home, "hangs in Init");
        terminal.until("Asking the plugin for its tables");
        let asked = Instant::now();
        while !home.path().join("pid").exists() && asked.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(50));
        }
        match signal {
            Some(signal) => terminal.signal(signal),
            None => {
                terminal.press(Key::Ctrl('c'));
                terminal.until("answers are kept");
                terminal.press(Key::Ctrl('c'));
            }
        }
        let left = terminal.end().exits(130);
        assert!(left.screen.contains("Nothing was written"), "{}", left.screen);
        deny_orphans(&home);
    }
}

#[test]
fn errors_of_a_table_are_on_the_dashboard() {
    let home = Home::new();
    let mut terminal = broken(&home, "tells errors");
    terminal.until("of the source broken (broken v0)");
    terminal.press(Key::Enter);
    review(&mut terminal);
    terminal.press(Key::Enter);
    let screen = terminal.until("NOT DONE");
    let says = ["Errors 2", "the source broken told errors of its tables:", "b: access denied"];
    assert_eq!(lacks(&screen, &says), [""; 0], "{screen}");
    let line = |table: &str| screen.lines().find(|line| line.contains(&format!(" {table}  "))).unwrap_or_default();
    assert!(line("a").contains("done") && line("b").contains("failed"), "{screen}");
    terminal.press(Key::Char('e'));
    terminal.until("What went wrong");
    let screen = terminal.until("b: access denied, too");
    assert!(!screen.contains(SECRET), "{screen}");
    terminal.press(Key::Esc);
    terminal.until_gone("What went wrong");
    terminal.press(Key::Enter);
    terminal.until("Enter leave");
    terminal.press(Key::Enter);
    let _ = terminal.end().exits(65);
    deny_orphans(&home);
    assert_eq!((ids(&home, "a"), ids(&home, "b")), (vec![0, 1, 2], vec![3, 4]));
}

/// In plain lines at the source: a plugin, with its program, its tables, those that are left out, and its spec.
#[track_caller]
fn of_plugin(session: &mut Session<'_>, answers: [&str; 4]) {
    session.answer(": Rows come from\n", "4");
    session.answer(": Plugin running at\n", "");
    for (question, answer) in
        ["Plugin's program", "Tables", "Tables left out", "Plugin's spec"].into_iter().zip(answers)
    {
        session.answer(&format!(": {question}\n"), answer);
    }
}

#[test]
fn a_plugin_that_needs_another_network_is_mended_in_plain_lines() {
    let home = Home::new();
    program(&home, "memdb", include_str!("../python/memdb_plugin.py"));
    let mut session = Session::begin(lakeward(&home).args(["init", "--plain", "--bucket", "test"]));
    session.without_aws("", "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}");
    of_plugin(&mut session, ["./memdb", "table_*", "table_2", "{ token = \"hush-hush\" }"]);
    session.answer("Not taken: `spec.token` looks like a secret", "{}");
    session.until("Failed: The source memdb could not be connected to: the plugin memdb ended");
    session.answer("one that knows no unix sockets needs \"Plugin's network\": tcp", "<");
    session.answer(": Plugin's spec\n", "+");
    session.answer(": Plugin's spec\n", "");
    session.answer(": Plugin's network\n", "2");
    session.answer(": Plugin's timeout\n", "");
    session.until("Found 2 tables of the source memdb (memdb development). Their rows come with a run.");
    session.until("Table table_1: ");
    session.on_to_the_run();
    session.until("Into lake/test/raw/: table_1, table_1_relation_1.");
    session.until("12 rows landed in 2 objects");
    session.line("");
    session.answer("Enter leaves.", "");
    let output = session.ended().exits(0);
    deny_orphans(&home);
    assert!(!output.stdout.contains("hush-hush") && !output.stderr.contains("hush-hush"), "{}", output.stdout);
    let state = home.path().join(".local/state/lakeward/init.json");
    assert!(!fs::read_to_string(state).unwrap_or_default().contains("hush"));
    let rows = || python::json(include_str!("../python/read_landed.py"), [home.path().join("lake/test")]);
    let three = [json!(["a", 1]), json!(["b", 2]), json!(["c", 3])];
    assert_eq!(rows()["table_1"], json!(three));
    let _ = lakeward(&home).args(["--config", "lakeward.toml"]).run().exits(0);
    deny_orphans(&home);
    let twice: Vec<Value> = three.iter().flat_map(|row| [row.clone(), row.clone()]).collect();
    assert_eq!(rows()["table_1"], json!(twice));
}

#[test]
fn an_error_of_a_plugins_log_is_told_once_in_plain_lines() {
    let home = Home::new();
    broken_program(&home, "logs an error");
    let mut session = Session::begin(lakeward(&home).args(["init", "--plain", "--bucket", "test"]));
    session.without_aws("", "");
    of_plugin(&mut session, ["./broken", "", "", ""]);
    session.until("Found 2 tables of the source broken");
    session.on_to_the_run();
    session.until("5 rows landed in 2 objects");
    session.line("");
    session.answer("Enter leaves.", "");
    let output = session.ended().exits(0);
    deny_orphans(&home);
    let times = |text: &str| text.matches("broken logs: rate limited").count();
    assert_eq!((times(&output.stdout), times(&output.stderr)), (1, 0), "{}\n{}", output.stdout, output.stderr);
    // Where nobody is shown what happens, it is in the log.
    let output = lakeward(&home).args(["--config", "lakeward.toml"]).run().exits(0);
    assert_eq!((times(&output.stdout), times(&output.stderr)), (0, 1), "{}\n{}", output.stdout, output.stderr);
}

#[test]
fn flags_and_an_answers_file_make_the_same_config_of_a_plugin_and_no_secret_gets_in() {
    let home = Home::new();
    let common = ["init", "--yes", "--storage", "embedded", "--bucket", "test"];
    let spec = r#"{"regions": ["eu-central-1"], "token": "${API_TOKEN}"}"#;
    let flags = ["--plugin", "./p", "--tables", "a_*", "b", "--skip-tables", "a_c", "--network", "tcp", "--spec", spec];
    let _ = lakeward(&home).args(common).args(flags).run().exits(0);
    let answers = "plugin = \"./p\"\ntables = [\"a_*\", \"b\"]\nskip_tables = \"a_c\"\nnetwork = \"tcp\"\n[spec]\ntoken = \"${API_TOKEN}\"\nregions = [\"eu-central-1\"]\n";
    home.write("answers.toml", answers);
    let _ = lakeward(&home).args(common).args(["--answers", "answers.toml", "--config", "two.toml"]).run().exits(0);
    let text = config(&home);
    assert_eq!(fs::read_to_string(home.path().join("two.toml")).unwrap(), text);
    assert!(text.contains("spec = { regions = [\"eu-central-1\"], token = \"${API_TOKEN}\" }"), "{text}");
    for wrong in ["{ token = \"hush-hush\" }", "{ token = hush-hush }"] {
        let output =
            lakeward(&home).args(common).args(["--config", "x.toml", "--plugin", "./p", "--spec", wrong]).run();
        let output = output.exits(2);
        assert!(output.stderr.contains("--spec: ") && !output.stderr.contains("hush-hush"), "{}", output.stderr);
        assert!(!home.path().join("x.toml").exists());
    }
    let both = ["--config", "x.toml", "--plugin", "./p", "--address", "127.0.0.1:7777"];
    let output = lakeward(&home).args(common).args(both).run().exits(2);
    assert!(output.stderr.contains("--plugin does not go with the other answers"), "{}", output.stderr);
}
