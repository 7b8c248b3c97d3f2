//! What the wizard writes and what it keeps: configs that are there, drafts, and files that can't be written.

use std::fs;

use lakeward_testkit::{Home, HomeCommand};

use crate::{
    init_session::Session,
    landed,
    program::{lacks, lakeward, numbered},
};

/// A config that somebody has written by hand.
const MINE: &str = r#"# Ours, do not touch.
version = 1
shutdown_grace = "5s" # quick

[destination] # the lake
storage = "embedded"
dir = "lake"
bucket = "test"       # for now
path = "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}"
batch_size = 100000

[[source]]
type = "files"
paths = ["data/*.csv"]
"#;

fn home() -> Home {
    let home = Home::new();
    home.write("data/t.csv", numbered(0, 20));
    home
}

fn plain<'home>(home: &'home Home, arguments: &[&str]) -> HomeCommand<'home> {
    lakeward(home).args(["init", "--plain"]).args(arguments)
}

fn config(home: &Home) -> String {
    fs::read_to_string(home.path().join("lakeward.toml")).unwrap()
}

/// Through the questions of a config that is there, with another bucket, up to the review.
fn edit(session: &mut Session<'_>, bucket: &str) {
    session.choose("Edit");
    session.answer(": Folder\n", "");
    session.answer(": Bucket\n", bucket);
    session.answer(": Path\n", "");
    session.answer(": Format\n", "");
    session.answer(": Compression\n", "");
    session.answer(": Rows come from\n", "");
    session.answer(": Files\n", "");
    session.answer(": Table\n", "");
    session.answer(": Format of the rows\n", "");
    session.answer("Enter goes on", "");
}

#[test]
fn a_config_that_is_there_keeps_its_comments_and_all_that_was_not_asked() {
    let home = home();
    home.write("lakeward.toml", MINE);
    let mut session = Session::begin(plain(&home, &[]));
    edit(&mut session, "test2");
    let shown = session.until("Enter tests it");
    let changes = ["-bucket = \"test\"       # for now", "+bucket = \"test2\"       # for now", " batch_size = 100000"];
    assert_eq!(lacks(&shown, &changes), [""; 0], "{shown}");
    session.line("");
    session.answer("It works.", "");
    session.until("as it was it is kept as lakeward.toml.bak");
    session.choose("Run now");
    session.until("20 rows");
    let _ = session.end().exits(0);
    assert_eq!(config(&home), MINE.replace("\"test\" ", "\"test2\" "));
    assert_eq!(fs::read_to_string(home.path().join("lakeward.toml.bak")).unwrap(), MINE);
    let bucket = home.path().join("lake/test2");
    let landed: Vec<String> = landed::keys(&bucket).into_iter().filter(|key| key.ends_with(".parquet")).collect();
    assert_eq!(landed.len(), 1);
    assert_eq!(landed::ids(&bucket.join(&landed[0])), (0..20).collect::<Vec<i64>>());
    let mut left: Vec<String> =
        fs::read_dir(home.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, [".local", "data", "lake", "lakeward.toml", "lakeward.toml.bak"]);
}

#[test]
fn a_config_that_was_changed_meanwhile_is_not_overwritten_but_shown_again() {
    let home = home();
    home.write("lakeward.toml", MINE);
    let mut session = Session::begin(plain(&home, &[]));
    edit(&mut session, "test2");
    session.answer("Enter tests it", "");
    session.until("It works.");
    let others = MINE.replace("quick", "slow");
    home.write("lakeward.toml", &others);
    session.line("");
    // What would change now is shown again.
    session.until("+bucket = \"test2\"");
    session.until("Enter tests it");
    session.until("was changed by another program");
    session.line("");
    session.answer("It works.", "");
    session.until("kept as lakeward.toml.bak");
    let _ = session.end();
    assert_eq!(config(&home), others.replace("\"test\" ", "\"test2\" "));
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_a_mode_stays() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let home = home();
    let real = home.write("dotfiles/real.toml", MINE);
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("dotfiles/real.toml", home.path().join("lakeward.toml")).unwrap();
    let mut session = Session::begin(plain(&home, &[]));
    edit(&mut session, "test2");
    session.answer("Enter tests it", "w");
    session.until("Wrote lakeward.toml");
    let _ = session.end();
    assert!(fs::symlink_metadata(home.path().join("lakeward.toml")).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("test2"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn when_the_input_ends_all_that_is_missing_is_told_and_the_answers_are_kept() {
    let home = home();
    let mut session = Session::begin(plain(&home, &["--endpoint", "http://127.0.0.1:9"]));
    session.choose("No AWS");
    session.answer(": Folder\n", "my-lake");
    session.until(": Bucket\n");
    let output = session.end().exits(2);
    assert_eq!(lacks(&output.stdout, &["The input ended.", "--paths"]), [""; 0], "{}", output.stdout);
    assert!(!home.path().join("lakeward.toml").exists());
    let draft = home.path().join(".local/state/lakeward/init.json");
    let text = fs::read_to_string(&draft).unwrap();
    assert!(text.contains("my-lake"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&draft).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // They are gone on with where that is asked for, here without any question.
    let more = ["init", "--resume", "--yes", "--bucket", "test", "--paths", "data/*.csv"];
    let _ = lakeward(&home).args(more).run().exits(2);
    let _ = lakeward(&home).args(more).args(["--endpoint", ""]).run().exits(0);
    assert!(config(&home).contains("dir = \"my-lake\""), "{}", config(&home));
    assert!(!draft.exists(), "what is in the config is no draft any more");
}

#[test]
fn each_config_has_a_draft_of_its_own() {
    let home = home();
    let leave = |config: &str, folder: &str| {
        let mut session = Session::begin(plain(&home, &["--config", config]));
        session.choose("No AWS");
        session.answer(": Folder\n", folder);
        session.until(": Bucket\n");
        let _ = session.end().exits(2);
    };
    leave("lakeward.toml", "first-lake");
    leave("other.toml", "second-lake");
    // A session without answers of its own tells of them, and leaves them alone.
    let output = Session::begin(plain(&home, &[])).end().exits(2);
    assert!(output.stdout.contains("Answers of an earlier session are kept: `lakeward init "), "{}", output.stdout);
    for (config, folder) in [("other.toml", "second-lake"), ("lakeward.toml", "first-lake")] {
        let more = ["init", "--resume", "--yes", "--config", config, "--bucket", "test", "--paths", "data/*.csv"];
        let _ = lakeward(&home).args(more).run().exits(0);
        let text = fs::read_to_string(home.path().join(config)).unwrap();
        assert!(text.contains(&format!("dir = \"{folder}\"")), "{config}: {text}");
    }
}

#[test]
fn an_edit_that_is_left_is_said_to_be_kept() {
    let home = home();
    let _ = lakeward(&home).args(["init", "--yes", "--storage", "embedded", "--paths", "data/*.csv"]).run().exits(0);
    let mut session = Session::begin(plain(&home, &[]));
    for (asked, answer) in [("Enter takes 2.", ""), (": Folder\n", "other"), (": Bucket\n", "<"), (": Folder\n", "<")] {
        session.answer(asked, answer);
    }
    session.answer("Edit goes on with it", "q");
    let output = session.end().exits(0);
    assert!(output.stdout.ends_with("Nothing was changed, and the edit that was left is kept.\n"), "{}", output.stdout);
}

#[test]
fn drafts_are_told_of_and_what_was_refused_is_asked_again() {
    let home = home();
    for config in ["lakeward.toml", "b.toml", "c.toml"] {
        let mut session = Session::begin(plain(&home, &["--config", config]));
        session.choose("No AWS");
        session.answer(": Folder\n", "my-lake");
        session.answer(": Bucket\n", "bk");
        session.until("Not taken: \"bk\"");
        let output = session.end().exits(2);
        assert!(output.stdout.contains("--bucket"), "{}", output.stdout);
    }
    let mut terminal = plain(&home, &[]).on_terminal(100, 60);
    let screen = terminal.until("Go on with its answers?");
    let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Not taken so far: Bucket."), "{screen}");
    // In whichever order: the latest comes first, if their times tell.
    assert!(
        ["b", "c"].iter().all(|name| words.contains(&format!("`lakeward init --plain --config {name}.toml`"))),
        "{screen}"
    );
    for answered in ["How should Lakeward sign in", ": Folder", "Not taken: \"bk\""] {
        terminal.text("\r");
        terminal.until(answered);
        terminal.until_it("waits for a line", |screen| screen.trim_end().ends_with('>'));
    }
    let screen = terminal.until("Enter takes lakeward.");
    assert!(!screen.contains("Enter takes bk"), "{screen}");
    terminal.text("q\r");
    let _ = terminal.end().exits(0);
    // With a config that is there, it is an edit of it.
    home.write("lakeward.toml", MINE);
    let mut terminal = lakeward(&home).args(["--plain"]).on_terminal(100, 60);
    terminal.until("An edit of it was left, and Edit goes on with it.");
    terminal.text("q\r");
    let _ = terminal.end().exits(0);
}

#[test]
fn a_draft_that_is_none_is_left_alone_and_one_that_is_not_wanted_is_forgotten() {
    let home = home();
    let draft = home.write(".local/state/lakeward/init.json", "{\"version\": 99}");
    let flags = ["--storage", "embedded", "--bucket", "test", "--paths", "data/*.csv"];
    let output = lakeward(&home).args(["init", "--yes", "--resume", "--config", "a.toml"]).args(flags).run().exits(0);
    assert!(output.stderr.contains("of another version of Lakeward"), "{}", output.stderr);
    home.write(".local/state/lakeward/init.json", "{\"version\": 99}");
    let _ = lakeward(&home).args(["init", "--yes", "--no-resume", "--config", "b.toml"]).args(flags).run().exits(0);
    assert!(!draft.exists());
}

#[test]
fn a_config_that_can_not_be_written_is_told_and_another_place_named() {
    let home = home();
    home.write("file", "no folder");
    let flags = ["--storage", "embedded", "--bucket", "test", "--paths", "data/*.csv"];
    let output = lakeward(&home).args(["init", "--yes", "--config", "file/lakeward.toml"]).args(flags).run().exits(2);
    let said = ["file/lakeward.toml can't be written: ", "or write another file with --config"];
    assert_eq!(lacks(&output.stderr, &said), [""; 0], "{}", output.stderr);
    assert!(!home.path().join(".local/state/lakeward/init.json").exists(), "so there is nothing to resume");
    let output = lakeward(&home).args(["init", "--yes", "--config", "data"]).args(flags).run().exits(2);
    assert!(output.stderr.contains("the config"), "{}", output.stderr);
}

#[test]
fn a_signal_ends_a_session_and_the_answers_are_kept() {
    let home = home();
    let mut session = Session::begin(plain(&home, &[]));
    session.choose("No AWS");
    session.answer(": Folder\n", "my-lake");
    session.until(": Bucket\n");
    session.running().signal("TERM");
    let output = session.ended().exits(130);
    assert!(output.stdout.contains("Nothing was written."), "{}", output.stdout);
    assert!(home.path().join(".local/state/lakeward/init.json").exists());
}
