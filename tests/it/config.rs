//! Configs that can't be meant: exit code 2, and nothing is touched.

use lakeward_testkit::Home;

use crate::{
    landed,
    program::{EMBEDDED, config, files, lacks, lakeward, numbered},
};

/// A change of a config that is right, and what the error says.
type Case = (&'static str, &'static str, &'static [&'static str]);

const CASES: [Case; 9] = [
    (
        "dir = \"lake\"",
        "dri = \"lake\"",
        &["unknown key `dri` in [destination]", "lakeward.toml:6", "did you mean `dir`?"],
    ),
    (
        "bucket = \"test\"",
        "bucket = 7",
        &["`destination.bucket`: expected a string", "lakeward.toml:7", "found the number 7"],
    ),
    (
        "storage = \"embedded\"",
        "storage = \"embeded\"",
        &["expected one of s3, embedded", "did you mean \"embedded\"?"],
    ),
    ("/{{UUID}}.", "/one.", &["the path has no {{UUID}}", "lakeward.toml:8", "no_rotate = true"]),
    ("raw/{{TABLE}}", "../{{TABLE}}", &["`destination.path`", "lakeward.toml:8"]),
    ("{{TABLE}}", "{{TABEL}}", &["{{TABEL}}", "did you mean {{TABLE}}?"]),
    ("type = \"files\"", "type = \"files\"\ntable = \"../t\"", &["\"../t\" can't be a table name", "lakeward.toml:12"]),
    (
        "version = 1",
        "version = 1\n[auth]\naws_secret_access_key = \"hunter2hunter2\"",
        &["secrets never stand in the config"],
    ),
    ("t.csv", "t[.csv", &["t[.csv is no valid glob", "as a shell would"]),
];

#[test]
fn an_error_shows_the_line_the_key_what_was_expected_and_the_nearest() {
    let home = Home::new();
    home.write("t.csv", numbered(0, 1));
    home.secret("hunter2hunter2");
    for (from, to, says) in CASES {
        let good = config(EMBEDDED, &files(&["t.csv"]));
        assert!(good.contains(from), "{from:?} is not in the config");
        home.write("lakeward.toml", good.replacen(from, to, 1));
        let output = lakeward(&home).args(["--config", "lakeward.toml"]).run().exits(2);
        assert_eq!((lacks(&output.stderr, says), output.stdout.as_str()), (vec![], ""), "{}", output.stderr);
    }
    assert_eq!(landed::keys(&home.path()), ["lakeward.toml", "t.csv"]);
}

#[test]
fn all_unknown_keys_are_told_at_once() {
    let home = Home::new();
    let text = config(EMBEDDED, &files(&["t.csv"])).replace("dir =", "dri =").replace("paths =", "path =");
    home.write("lakeward.toml", text);
    let output = lakeward(&home).args(["--config", "lakeward.toml"]).run().exits(2);
    assert_eq!(
        lacks(&output.stderr, &["3 errors", "`state_dri`", "`dri`", "`path`", "did you mean `paths`?"]),
        [""; 0],
        "{}",
        output.stderr
    );
}

#[test]
fn a_config_that_is_not_there_or_not_text_is_told_with_its_name() {
    let home = Home::new();
    let output = lakeward(&home).args(["--config", "nope.toml"]).run().exits(2);
    assert_eq!(
        lacks(&output.stderr, &["nope.toml can't be read", "--config", "LAKEWARD_CONFIG"]),
        [""; 0],
        "{}",
        output.stderr
    );
    home.write("latin1.toml", b"version = 1\n# caf\xe9\n");
    let output = lakeward(&home).args(["--config", "latin1.toml"]).run().exits(2);
    assert_eq!(
        lacks(&output.stderr, &["latin1.toml is not UTF-8 (line 2)", "save it as UTF-8"]),
        [""; 0],
        "{}",
        output.stderr
    );
}

#[test]
fn two_tables_that_would_write_one_key_end_the_run_before_it_begins() {
    let home = Home::new();
    home.write("one.csv", numbered(0, 1));
    home.write("two.csv", numbered(0, 1));
    // Both keys would be the same but for characters that TABLE_HYPHEN makes equal.
    home.write("three_x.csv", numbered(0, 1));
    home.write("three-x.csv", numbered(0, 1));
    let destination = EMBEDDED.replace("{{TABLE}}/{{UUID}}", "{{TABLE_HYPHEN}}") + "no_rotate = true\n";
    home.write("lakeward.toml", config(&destination, &files(&["three_x.csv", "three-x.csv", "one.csv", "two.csv"])));
    let output = lakeward(&home).args(["--config", "lakeward.toml"]).run().exits(2);
    let says = ["three_x", "three-x", "would both write the key raw/three-x.parquet", "rename a table"];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
    assert_eq!(landed::keys(&home.path().join("lake")), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_config_is_a_file_or_a_pipe_and_no_folder_and_not_without_end() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("folder")).unwrap();
    for (config, says) in [("folder", "it is a folder"), ("/dev/zero", "it is longer than 1 MiB")] {
        for command in [vec!["sync"], vec!["check"], vec!["init", "--yes", "--storage", "embedded", "--paths", "x.csv"]]
        {
            let output = lakeward(&home).args(&command).args(["--config", config]).run().exits(2);
            let said = format!("the config {config} can't be read: {says}");
            let lacking = lacks(&output.stderr, &[said.as_str(), "\n  next: "]);
            assert_eq!(lacking, [""; 0], "{command:?}: {}", output.stderr);
            assert!(!output.stderr.contains("make one with"), "{}", output.stderr);
        }
    }
    home.write("t.csv", "a\n1\n");
    home.write("c.toml", crate::program::config(crate::program::EMBEDDED, &crate::program::files(&["t.csv"])));
    // As a shell's process substitution is.
    let piped = home.command("sh").args(["-c", "cat c.toml | \"$1\" check --config /dev/stdin; true", "sh"]);
    let output = piped.arg(crate::program::binary()).run().exits(0);
    assert!(!output.stderr.contains("can't be read"), "{}", output.stderr);
    assert!(output.stdout.contains("1 source, "), "{}", output.stdout);
}
