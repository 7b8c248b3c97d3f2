//! A disk that is full while the wizard writes: the old files stay whole, the person is told, and goes on once there is room.

use std::{
    ffi::OsString,
    fs,
    process::{Command, Stdio},
    sync::OnceLock,
    thread::sleep,
    time::{Duration, Instant},
};

use lakeward_testkit::{Home, HomeCommand, Key, Terminal};
use tempfile::TempDir;

use crate::{
    login_mfa::{DEVICE, Mfa},
    loopback_aws::{SSO_CACHE, at},
    program::{EMBEDDED, binary, config, files, lacks},
    wizard::{World, home, without_a_run},
    wizard_files::{edited, entry_shown},
};

/// Puts what is in the home onto a disk of its own, which is full then, and runs a program there. What is on that disk in the end is
/// copied to another folder; once a file `room` is in that folder, there is room again.
const MOUNTED: &str = r#"
home=$1 left=$2; shift 2
cp -R "$home" "$left/before"
mount -t tmpfs -o size=2m,mode=0700 full "$home" || exit 99
cp -R "$left/before/." "$home"
cd "$home" || exit 99
cat /dev/zero >fill 2>/dev/null
(while [ ! -e "$left/room" ]; do sleep 0.1; done; rm fill; : >"$left/made") &
"$@"
code=$?
: >"$left/room"
wait
cp -R "$home" "$left/after"
exit $code
"#;

/// Where no disk can be had, as in some containers, no file may grow.
const LIMITED: &str = r#"
home=$1 left=$2; shift 2
trap '' XFSZ
(ulimit -f 0; "$@")
code=$?
cp -R "$home" "$left/after"
exit $code
"#;

/// How this machine can have a full disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// One in memory, seen by the program alone: for that nobody has to be root.
    Mounted,
    Limited,
}

impl Way {
    fn here() -> Self {
        static HERE: OnceLock<Way> = OnceLock::new();
        *HERE.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let mut tried = Command::new(UNSHARE[0]);
            tried.args(&UNSHARE[1..]).args(["mount", "-t", "tmpfs", "full"]).arg(folder.path());
            let tried = tried.stdout(Stdio::null()).stderr(Stdio::null()).status();
            if tried.is_ok_and(|status| status.success()) { Self::Mounted } else { Self::Limited }
        })
    }
}

/// Runs what follows where it may mount what only it sees.
const UNSHARE: [&str; 4] = ["unshare", "--user", "--map-root-user", "--mount"];

/// A home whose disk is full.
struct Full<'home> {
    home: &'home Home,
    left: TempDir,
}

impl<'home> Full<'home> {
    fn new(home: &'home Home) -> Self {
        Self { home, left: tempfile::tempdir().unwrap() }
    }

    /// `lakeward` there.
    fn lakeward(&self, arguments: &[&str]) -> HomeCommand<'home> {
        let (around, script): (&[&str], _) = match Way::here() {
            Way::Mounted => (&UNSHARE, MOUNTED),
            Way::Limited => (&[], LIMITED),
        };
        let mut words: Vec<OsString> = around.iter().map(OsString::from).collect();
        words.extend(["sh", "-c", script, "full"].map(OsString::from));
        words.extend([self.home.path().into(), self.left.path().into(), OsString::from(binary())]);
        self.home.command(words.remove(0)).args(words).args(arguments)
    }

    /// Makes room, where that can be done while the program runs.
    fn make_room(&self) -> bool {
        if Way::here() != Way::Mounted {
            return false;
        }
        fs::write(self.left.path().join("room"), "").unwrap();
        let began = Instant::now();
        while !self.left.path().join("made").exists() {
            assert!(began.elapsed() < Duration::from_secs(20), "no room was made");
            sleep(Duration::from_millis(10));
        }
        true
    }

    /// What was there in the end.
    fn after(&self, file: &str) -> String {
        fs::read_to_string(self.left.path().join("after").join(file)).unwrap()
    }

    /// The names of all that was in a folder in the end, in order.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.left.path().join("after").join(folder)).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != "fill");
        names.sort();
        names
    }
}

/// What the system says.
fn why() -> &'static str {
    match Way::here() {
        Way::Mounted => "No space left on device",
        Way::Limited => "File too large",
    }
}

#[test]
fn a_config_stays_whole_and_is_written_once_there_is_room() {
    for makes_room in [false, true] {
        let home = home();
        let old = config(EMBEDDED, &files(&["data/*.csv"]));
        home.write("lakeward.toml", &old);
        let full = Full::new(&home);
        let mut terminal = edited(full.lakeward(&["init"]));
        terminal.press(Key::Ctrl('s'));
        terminal.until("lakeward.toml can't be written, and is what it was: ");
        terminal.until_it("says why", |screen| words(screen).contains(why()) && screen.contains("make room there"));
        terminal.press(Key::Esc);
        terminal.until_gone("can't be written");
        if makes_room && full.make_room() {
            terminal.press(Key::Ctrl('s'));
            terminal.until("Run it now");
            let _ = without_a_run(terminal);
            assert_eq!(full.after("lakeward.toml"), old.replace("\"lake\"", "\"lake2\""));
            assert_eq!(full.after("lakeward.toml.bak"), old);
            continue;
        }
        let left = leave(terminal);
        assert!(left.contains("Nothing was written, and the answers could not be kept"), "{left}");
        assert_eq!(full.after("lakeward.toml"), old);
        assert_eq!(full.names("."), [".local", "data", "lakeward.toml"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_the_aws_config_leaves_it_whole() {
    let world = World::start().await;
    world.aws.sign_in(&world.home);
    // A renewal would have to be written as well.
    let token = fs::read_to_string(world.home.path().join(SSO_CACHE)).unwrap();
    world.home.write_private(SSO_CACHE, token.replace("2020-01-01", "2099-01-01"));
    let before = fs::read_to_string(world.home.path().join(".aws/config")).unwrap();
    let full = Full::new(&world.home);
    let mut terminal = entry_shown(world.aws.leads(full.lakeward(&["init"])));
    terminal.press(Key::Enter);
    terminal.until_it("says why", |screen| {
        words(screen).contains(&format!("config can't be written, and is what it was: {}", why()))
    });
    let _ = leave(terminal);
    assert_eq!(full.after(".aws/config"), before);
    let names = full.names(".aws");
    assert!(!names.iter().any(|name| name.starts_with(".lakeward-") || name.ends_with(".bak")), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_renewed_is_used_and_its_file_stays_whole() {
    let world = World::start().await;
    world.aws.sign_in(&world.home);
    let before = fs::read_to_string(world.home.path().join(SSO_CACHE)).unwrap();
    let full = Full::new(&world.home);
    let explain = world.aws.leads(full.lakeward(&["auth", "explain", "--profile", "sso"]));
    // On a terminal, since what is printed into files needs room as well.
    let left = explain.on_terminal(200, 60).end().exits(0);
    let told = words(&left.screen);
    let said = format!("{SSO_CACHE} can't be written: {}", why());
    let says = [said.as_str(), "after this run sign in with `lakeward auth login --sso-session corp`", "keys: ASIA"];
    assert_eq!(lacks(&told, &says), [""; 0], "{}", left.screen);
    assert_eq!(full.after(SSO_CACHE), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_can_not_be_kept_leave_the_credentials_file_whole() {
    let mfa = Mfa::start().await;
    let before = mfa.credentials();
    let full = Full::new(&mfa.home);
    let login = full.lakeward(&["auth", "login", "--profile", "user", "--mfa-serial", DEVICE]);
    // On a terminal, since what is printed into files needs room as well.
    let mut terminal = at(&mfa.aws, login).on_terminal(100, 40);
    terminal.until("Code of the MFA device");
    terminal.text("123456\r");
    let left = terminal.end().exits(77);
    let told = words(&left.screen);
    let said = format!("credentials can't be written, and is what it was: {}", why());
    assert_eq!(lacks(&told, &[&said, "make room there"]), [""; 0], "{}", left.screen);
    assert_eq!(full.after(".aws/credentials"), before);
    let names = full.names(".aws");
    assert!(!names.iter().any(|name| name.starts_with(".lakeward-") || name.ends_with(".bak")), "{names:?}");
}

/// The words of a screen, however its lines and frames fall.
fn words(screen: &str) -> String {
    screen.split(|c: char| c.is_whitespace() || c == '│').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Leaves at once; what stays in the terminal.
#[track_caller]
fn leave(mut terminal: Terminal<'_>) -> String {
    terminal.press(Key::Ctrl('c'));
    terminal.until("leave at once");
    terminal.press(Key::Ctrl('c'));
    terminal.end().exits(130).screen
}
