//! The demo: Enter throughout leads to rows, nothing of it stays, and nothing of the person's AWS is in it.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    time::Duration,
};

use lakeward_testkit::{Home, Key};

use crate::{
    init_session::Session,
    landed,
    program::{lacks, lakeward},
};

/// More than it asks.
const ENTERS: &str = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";

const TABLES: [(&str, usize); 3] = [("airports", 3_376), ("earthquakes", 1_707), ("weather", 1_461)];

/// Whatever there is in the home and in the folder for temporary files.
fn left(home: &Home) -> Vec<PathBuf> {
    let folders = [home.path(), home.path().with_file_name("tmp")];
    folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn enter_throughout_lands_three_tables_and_nothing_stays() {
    let home = Home::new();
    let output = lakeward(&home).arg("demo").stdin(ENTERS).run().exits(0);
    let said = [
        "This is the demo: AWS and S3 are stand-ins inside this program.",
        "SSO session \"demo\" (~/.aws/config:2): not signed in",
        "The demo: it is approved by itself in 4 s",
        "Account 111122223333, arn:aws:sts::111122223333:assumed-role/",
        "ok: test write: s3://demo-lake/raw/_lakeward_check is written",
        "6,544 rows landed in 3 objects",
        "  demo-lake/raw/airports/",
        "  method = \"sso\"\n",
        "All of that is removed now; `lakeward demo --keep DIR` keeps it.",
        "For real, with your sign-in, your bucket and your rows:  lakeward\n",
    ];
    assert_eq!(lacks(&output.stdout, &said), [""; 0], "{}", output.stdout);
    assert!(!output.stdout.contains('\u{1b}'), "plain lines steer no terminal");
    let promised = ["read them with", "goes on with", "keeps the answers", "lakeward --config"];
    assert_eq!(lacks(&output.stdout, &promised), promised, "nothing stays: {}", output.stdout);
    assert_eq!(left(&home), Vec::<PathBuf>::new());
}

#[test]
fn a_sign_in_of_its_own_is_proposed_too() {
    let home = Home::new();
    let output = lakeward(&home).args(["demo", "--plain"]).stdin(format!("3\n{ENTERS}")).run().exits(0);
    let said = [
        "Enter takes https://lakeward-demo.awsapps.com/start.",
        "Enter takes us-east-1.",
        "  sso_start_url = \"https://lakeward-demo.awsapps.com/start\"\n",
        "6,544 rows landed in 3 objects",
    ];
    assert_eq!(lacks(&output.stdout, &said), [""; 0], "{}", output.stdout);
    assert!(!output.stdout.contains("Not taken"), "{}", output.stdout);
}

#[test]
fn what_is_kept_is_the_config_the_tables_and_the_objects_and_no_sign_in() {
    let home = Home::new();
    let output = lakeward(&home).args(["demo", "--plain", "--keep", "a/kept"]).stdin(ENTERS).run().exits(0);
    assert!(output.stdout.contains("Kept in a/kept:"), "{}", output.stdout);
    assert_eq!(left(&home), [home.path().join("a")]);
    let kept = home.path().join("a/kept");
    let read = "duckdb -c \"SELECT * FROM read_parquet('a/kept/lake/demo-lake/raw/airports/*-*-*/*.parquet')\"";
    assert!(output.stdout.contains(read), "{}", output.stdout);
    let bucket = kept.join("lake/demo-lake");
    for (table, rows) in TABLES {
        let prefix = format!("raw/{table}/");
        let keys = landed::keys(&bucket).into_iter().filter(|key| key.starts_with(&prefix));
        let landed: usize = keys.flat_map(|key| landed::rows(&bucket.join(key))).map(|batch| batch.num_rows()).sum();
        assert_eq!(landed, rows, "{table}");
    }
    let others: Vec<String> =
        landed::keys(&kept).into_iter().filter(|name| !name.starts_with("lake/demo-lake/raw/")).collect();
    assert_eq!(others, ["data/airports.csv", "data/earthquakes.ndjson", "data/weather.csv", "lakeward.toml"]);
    let config: toml::Table = fs::read_to_string(kept.join("lakeward.toml")).unwrap().parse().unwrap();
    assert_eq!(config["destination"]["bucket"].as_str(), Some("demo-lake"));
    assert!(config["destination"].get("endpoint").is_none(), "it is what a config for AWS would be: {config}");

    // What is in a folder already stays as it is.
    let config = fs::read(kept.join("lakeward.toml")).unwrap();
    let refused = lakeward(&home).args(["demo", "--keep", "a/kept"]).stdin(ENTERS).run().exits(2);
    assert!(refused.stderr.contains("the folder a/kept is not empty"), "{}", refused.stderr);
    assert_eq!(fs::read(kept.join("lakeward.toml")).unwrap(), config);
    assert_eq!(left(&home), [home.path().join("a")]);
}

#[test]
fn nothing_of_the_persons_aws_is_used_shown_or_sent() {
    let home = Home::new();
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    home.secret(secret);
    let poison = "[default]\nregion = poison-1\ncredential_process = touch poisoned\n[sso-session poison]\nsso_start_url = https://poison\nsso_region = poison-1\n";
    home.write(".aws/config", poison);
    home.write(
        ".aws/credentials",
        format!("[poison]\naws_access_key_id = AKIAPOISON\naws_secret_access_key = {secret}\n"),
    );
    home.write("lakeward.toml", "poison = 1");
    // Nobody is to come here.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = format!("http://{}", listener.local_addr().unwrap());
    let mut command = lakeward(&home).args(["demo", "-vv"]).stdin(ENTERS).env("AWS_SECRET_ACCESS_KEY", secret);
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "AKIAPOISON"),
        ("AWS_SESSION_TOKEN", "poison-token"),
        ("AWS_PROFILE", "poison"),
        ("AWS_REGION", "poison-1"),
        ("AWS_CONFIG_FILE", "/poison"),
        ("AWS_CA_BUNDLE", "/poison"),
        ("LAKEWARD_CONFIG", "poison.toml"),
        ("LAKEWARD_DESTINATION_BUCKET", "poison"),
        ("LAKEWARD_AUTH_METHOD", "env"),
    ] {
        command = command.env(name, value);
    }
    for name in
        ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
    {
        command = command.env(name, &elsewhere);
    }
    let output = command.run().exits(0);
    assert!(output.stdout.contains("6,544 rows landed in 3 objects"), "{}", output.stdout);
    let printed = format!("{}{}", output.stdout, output.stderr).to_lowercase();
    assert!(!printed.contains("poison"), "{printed}");
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "something was sent elsewhere");
    assert!(!home.path().join("poisoned").exists());
    assert_eq!(fs::read_to_string(home.path().join(".aws/config")).unwrap(), poison);
    assert_eq!(fs::read_dir(home.path().join(".aws")).unwrap().count(), 2);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
}

#[test]
fn every_answer_can_be_another() {
    let home = Home::new();
    let mut session = Session::begin(lakeward(&home).args(["demo", "--keep", "kept"]));
    session.choose("Profile \"demo-writer\"");
    session.answer("Enter goes on", "");
    session.answer(": Bucket\n", "my-own");
    session.answer(": Path\n", "x/{{TABLE}}/{{UUID}}.{{FORMAT}}");
    session.answer(": Region\n", "eu-central-1");
    session.answer(": Format\n", "csv");
    session.answer(": Compression\n", "none");
    session.answer(": Rows come from\n", "");
    session.answer(": Files\n", "data/weather.csv");
    session.answer(": Table\n", "seattle");
    session.answer(": Format of the rows\n", "");
    session.on_to_the_run();
    session.answer("Enter goes on", "");
    session.answer("Enter leaves", "");
    let output = session.end().exits(0);
    assert!(output.stdout.contains("1,461 rows landed in 1 object"), "{}", output.stdout);
    let bucket = home.path().join("kept/lake/my-own");
    let keys = landed::keys(&bucket);
    let [check, object] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!(check, "x/_lakeward_check");
    assert!(object.starts_with("x/seattle/"), "{object}");
    assert_eq!(fs::read_to_string(bucket.join(object)).unwrap().lines().count(), 1_462);
}

#[test]
fn on_a_screen_each_way_to_sign_in_waits_for_whoever_reads_it() {
    for is_browsers in [false, true] {
        let home = Home::new();
        let mut terminal = lakeward(&home).arg("demo").on_terminal(80, 24);
        let screen = terminal.until("not signed in");
        assert!(screen.contains("lakeward demo   [1 Sign in]"), "{screen}");
        terminal.press(Key::Enter);
        terminal.until("The page must show");
        if is_browsers {
            terminal.press(Key::Char('m'));
            terminal.until("/authorize?");
        } else {
            // In plain lines it would have been approved by now.
            std::thread::sleep(Duration::from_secs(5));
            terminal.until("WAITING");
        }
        terminal.press(Key::Enter);
        terminal.until("demo-sandbox");
        terminal.press(Key::Ctrl('c'));
        let screen = terminal.until("The demo ends, and its answers are not kept.");
        assert!(!screen.contains("lakeward init` goes on"), "{screen}");
        terminal.press(Key::Ctrl('c'));
        assert!(terminal.end().exits(130).screen.contains("Nothing stays."));
    }
}

#[cfg(unix)]
#[test]
fn the_page_asks_and_a_signal_at_any_point_leaves_nothing() {
    let home = Home::new();
    let stop = |session: Session<'_>, signal: &str| {
        session.running().signal(signal);
        let output = session.ended().exits(130);
        assert!(
            output.stdout.ends_with("For real, with your sign-in, your bucket and your rows:  lakeward\n"),
            "{}",
            output.stdout
        );
        assert_eq!(left(&home), Vec::<PathBuf>::new());
    };

    let mut session = Session::begin(lakeward(&home).arg("demo"));
    session.until("Enter takes 1.");
    stop(session, "INT");

    let mut session = Session::begin(lakeward(&home).arg("demo"));
    session.answer("Enter takes 1.", "");
    session.until("http://");
    let page = session.until("\n").trim().to_owned();
    let (host, code) = page.split_once("/device?user_code=").unwrap();
    let asked = request(host, &format!("GET /device?user_code={code}"), "");
    assert_eq!(lacks(&asked, &[">Approve</button>", ">Deny</button>", code]), [""; 0], "{asked}");
    let answered = request(host, "POST /device", &format!("user_code={code}&decision=deny"));
    assert!(answered.contains("Done."), "{answered}");
    session.answer("Enter tries again", "");
    session.until("It must show this code:");
    stop(session, "TERM");

    let mut session = Session::begin(lakeward(&home).arg("demo"));
    for _ in 0..ENTERS.len() {
        session.line("");
    }
    session.until("The run.");
    session.running().signal("INT");
    let output = session.ended();
    assert!([Some(0), Some(130)].contains(&output.code), "{output:?}");
    assert_eq!(left(&home), Vec::<PathBuf>::new());
}

/// The answer to a request that a browser sends.
fn request(host: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    let form = "content-type: application/x-www-form-urlencoded";
    write!(
        stream,
        "{head} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{form}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
