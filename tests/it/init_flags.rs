//! `lakeward init` without questions: flags, variables, an answers file, and what is missing or wrong.

use std::fs;

use lakeward_testkit::{Home, Output};

use crate::program::{lacks, lakeward, numbered};

#[track_caller]
fn says(output: &Output, says: &[&str]) {
    assert_eq!(lacks(&output.stderr, says), [""; 0], "{}", output.stderr);
}

fn config(home: &Home) -> toml::Table {
    fs::read_to_string(home.path().join("lakeward.toml")).unwrap().parse().unwrap()
}

#[test]
fn with_yes_all_that_is_missing_is_told_at_once_and_nothing_is_written() {
    let home = Home::new();
    let output = lakeward(&home).args(["init", "--auth", "sso", "--yes"]).run().exits(2);
    says(
        &output,
        &[
            "error: these answers are missing: ",
            "--sso-start-url (such as https://",
            "--sso-region",
            "--sso-account-id",
            "--sso-role-name",
            "--bucket (such as my-lake)",
            "--paths",
            "next: give them as flags",
        ],
    );
    assert_eq!(output.stdout, "");
    assert!(!home.path().join("lakeward.toml").exists());
    says(
        &lakeward(&home).args(["init", "-y"]).run().exits(2),
        &["--auth (such as sso; or --storage embedded", "--bucket"],
    );
}

#[test]
fn what_is_wrong_is_told_by_its_flag() {
    let home = Home::new();
    let wrong = ["init", "--yes", "--auth", "env", "--bucket", "s3://Lake", "--file-size", "many", "--paths", "x.csv"];
    let output = lakeward(&home).args(wrong).args(["--profile", "p"]).run().exits(2);
    says(&output, &["--bucket: ", "--file-size: ", "--profile does not go with the other answers"]);
    let output = lakeward(&home).args(["init", "--bukcet", "x"]).run().exits(2);
    says(&output, &["'--bukcet'", "--bucket"]);
    let output = lakeward(&home).args(["init", "--yes", "--answers", "none.toml"]).run().exits(2);
    says(&output, &["the answers file none.toml can't be read"]);
    home.write("answers.toml", "bukcet = \"x\"\n");
    let output = lakeward(&home).args(["init", "--yes", "--answers", "answers.toml"]).run().exits(2);
    says(&output, &["bukcet is no question's flag", "did you mean bucket?"]);
}

#[test]
fn a_flag_comes_before_a_variable_and_a_variable_before_the_answers_file() {
    let home = Home::new();
    home.write(
        "answers.toml",
        "auth = \"env\"\nbucket = \"of-file\"\nregion = \"eu-west-1\"\npath = \"f/{{TABLE}}/{{UUID}}\"\npaths = \"x.csv\"\n",
    );
    let command = lakeward(&home).args(["init", "--yes", "--answers", "answers.toml", "--bucket", "of-flag"]);
    let _ = command
        .env("LAKEWARD_DESTINATION_BUCKET", "of-variable")
        .env("LAKEWARD_DESTINATION_REGION", "eu-west-2")
        .run()
        .exits(0);
    let destination = &config(&home)["destination"];
    let text = |key: &str| destination[key].as_str().unwrap();
    assert_eq!((text("bucket"), text("region"), text("path")), ("of-flag", "eu-west-2", "f/{{TABLE}}/{{UUID}}"));
}

#[test]
fn paths_may_be_what_a_shell_made_of_a_glob_and_a_program_is_one_text() {
    let home = Home::new();
    let files =
        ["init", "--storage", "embedded", "--bucket", "test", "--paths", "a.csv", "b.csv", "--paths", "c d.csv"];
    let _ = lakeward(&home).args(files).run().exits(0);
    let paths = &config(&home)["source"][0]["paths"];
    assert_eq!(paths.to_string(), r#"["a.csv", "b.csv", "c d.csv"]"#);
    let command = "sh -c 'echo id; echo 1'";
    let program = ["init", "--config", "p.toml", "--storage", "embedded", "--bucket", "test", "--command", command];
    let _ = lakeward(&home).args(program).args(["--table", "t", "--source-format", "csv"]).run().exits(0);
    let text = fs::read_to_string(home.path().join("p.toml")).unwrap();
    assert!(text.contains("command = [\"sh\", \"-c\", \"echo id; echo 1\"]"), "{text}");
    // The command in its head makes it again.
    let head = text.lines().find_map(|line| line.strip_prefix("#   lakeward ")).unwrap();
    home.write("again.sh", format!("exec \"$1\" {head} --config q.toml\n"));
    let _ = home.command("sh").args(["again.sh".as_ref(), crate::program::binary().as_os_str()]).run().exits(0);
    assert_eq!(fs::read_to_string(home.path().join("q.toml")).unwrap(), text);
}

#[test]
fn yes_overwrites_nothing_and_runs_nothing() {
    let home = Home::new();
    home.write("t.csv", numbered(0, 3));
    home.write("lakeward.toml", "# mine\n");
    let flags = ["--storage", "embedded", "--bucket", "test", "--paths", "t.csv"];
    let output = lakeward(&home).args(["init", "--yes"]).args(flags).run().exits(2);
    says(&output, &["lakeward.toml is there already, and --yes overwrites nothing", "next: choose another file"]);
    assert_eq!(fs::read_to_string(home.path().join("lakeward.toml")).unwrap(), "# mine\n");
    let output = lakeward(&home).args(["init", "--yes", "--config", "new/other.toml"]).args(flags).run().exits(0);
    let said = [
        "Wrote new/other.toml, and made the folder new for it.",
        "lakeward check --config new/other.toml",
        "Each run appends all rows",
    ];
    assert_eq!(lacks(&output.stdout, &said), [""; 0], "{}", output.stdout);
    assert!(!home.path().join("new/lake").exists());
}

#[test]
fn every_question_is_a_flag_with_a_help_text() {
    let home = Home::new();
    let output = lakeward(&home).args(["init", "--help"]).run().exits(0);
    let flags = [
        "--storage",
        "--auth",
        "--profile",
        "--sso-session",
        "--sso-start-url",
        "--sso-region",
        "--sso-account-id",
        "--sso-role-name",
        "--role-arn",
        "--source-profile",
        "--mfa-serial",
        "--external-id",
        "--role-session-name",
        "--duration",
        "--dir",
        "--bucket",
        "--path",
        "--region",
        "--format",
        "--compression",
        "--file-size",
        "--sse-kms-key-id",
        "--endpoint",
        "--source",
        "--paths",
        "--command",
        "--table",
        "--source-format",
        "--on-error",
        "--address",
        "--plugin",
        "--tables",
        "--skip-tables",
        "--spec",
        "--network",
        "--timeout",
        "--answers",
        "--yes",
        "--plain",
        "--ascii",
        "--resume",
        "--no-resume",
        "--config",
    ];
    assert_eq!(lacks(&output.stdout, &flags), [""; 0], "{}", output.stdout);
}

#[test]
fn alone_without_a_terminal_it_says_what_makes_a_config() {
    let home = Home::new();
    let output = lakeward(&home).run().exits(2);
    says(&output, &["there is no terminal", "with `lakeward --plain`", "`lakeward init --yes`"]);
}

#[test]
fn what_is_not_here_is_told_with_the_folder_from_which_paths_count_and_the_config_is_written() {
    let home = Home::new();
    home.write("here.csv", numbered(0, 3));
    let flags =
        ["init", "--yes", "--config", "new/dir/z.toml", "--auth", "profile", "--profile", "nosuch", "--bucket", "b-1"];
    let output = lakeward(&home).args(flags).args(["--paths", "here.csv"]).run().exits(0);
    says(
        &output,
        &[
            "new/dir/here.csv does not exist",
            "next: check `paths`",
            "nosuch",
            "warning: the config is written all the same: it may be meant for another machine",
            "count from its folder, /",
            "/new/dir\n",
        ],
    );
    assert!(
        output.stdout.starts_with("Wrote new/dir/z.toml, and made the folder new/dir for it.\n"),
        "{}",
        output.stdout
    );
    assert!(home.path().join("new/dir/z.toml").exists());
    for (config, more, said) in [
        ("c.toml", vec!["--command", "./nosuch-program", "--table", "t", "--source-format", "csv"], "nosuch-program"),
        ("p.toml", vec!["--plugin", "./nosuch-plugin", "--tables", "*"], "nosuch-plugin"),
    ] {
        let embedded = ["init", "--yes", "--storage", "embedded", "--config", config];
        let output = lakeward(&home).args(embedded).args(more).run().exits(0);
        says(&output, &["warning: ", said]);
        assert!(home.path().join(config).exists(), "{config}");
    }
    home.write("open.csv", "id,name\n1,\"Ann\n2,Bob\n");
    home.write("odd.csv", format!("id,price\n{}7,n/a\n", "1,2.5\n".repeat(200)));
    let of = |file| {
        let config = format!("{file}.toml");
        let embedded = ["init", "--yes", "--storage", "embedded", "--config", &config, "--paths", file];
        lakeward(&home).args(embedded).run().exits(0)
    };
    let output = of("open.csv");
    says(
        &output,
        &[
            "open.csv, line 2: a quote is opened",
            "next: close the quote",
            "warning: the config is written all the same",
        ],
    );
    assert!(output.stdout.contains("Run it, once that is mended: lakeward --config "), "{}", output.stdout);
    let output = of("odd.csv");
    says(&output, &["warning: table odd: price is text because of line 202 of "]);
    assert!(output.stdout.contains("Run it:                      lakeward --config "), "{}", output.stdout);
    assert_eq!(of("here.csv").stderr, "");
}

#[test]
fn every_value_that_is_wrong_is_told_at_once() {
    let home = Home::new();
    let sso = ["--auth", "sso", "--sso-start-url", "nowhere", "--sso-region", "Frankfurt", "--sso-account-id", "12"];
    let more = [
        "--sso-role-name",
        "r",
        "--bucket",
        "My_B",
        "--path",
        "x/{{TABLE}}",
        "--region",
        "Frankfurt",
        "--paths",
        "a.csv",
    ];
    let output = lakeward(&home).args(["init", "--yes"]).args(sso).args(more).run().exits(2);
    let flags = [
        "--sso-start-url: ",
        "--sso-region: \"Frankfurt\"",
        "eu-central-1",
        "--sso-account-id: ",
        "--bucket: ",
        "--path: ",
    ];
    says(&output, &flags);
    says(&output, &["--region: \"Frankfurt\" is no region's name", "\n  next: "]);
    // Servers of others name regions as they like.
    let minio =
        ["--bucket", "b-1", "--endpoint", "https://minio.example.com:9000", "--region", "home", "--paths", "a.csv"];
    let _ = lakeward(&home).args(["init", "--yes", "--auth", "env"]).args(minio).run().exits(0);
}

#[test]
fn plain_alone_is_the_menu_of_a_config_or_asks_for_one() {
    let home = Home::new();
    let asked = lakeward(&home).args(["--plain"]).stdin("q\n").run().exits(0);
    assert_eq!(
        lacks(&asked.stdout, &["Lakeward setup.", "How should Lakeward sign in to AWS?"]),
        [""; 0],
        "{}",
        asked.stdout
    );
    home.write("lakeward.toml", "version = 1\n");
    let menu = lakeward(&home).args(["--plain"]).stdin("q\n").run().exits(0);
    assert_eq!(lacks(&menu.stdout, &["There is a config: lakeward.toml."]), [""; 0], "{}", menu.stdout);
    for with in [["--plain", "schema"], ["--plain", "--dry-run"]] {
        says(&lakeward(&home).args(with).run().exits(2), &["--plain stands alone"]);
    }
    assert!(lakeward(&home).args(["--help"]).run().exits(0).stdout.contains("--plain"));
}
