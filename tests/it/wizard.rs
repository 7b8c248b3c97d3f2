//! The wizard on a full screen, as a person at a terminal meets it.

use std::{fs, path::Path};

use lakeward_loopback::aws::Options;
use lakeward_testkit::{Home, HomeCommand, Key, Left, Terminal};

use crate::{
    landed,
    loopback_aws::Aws,
    program::{lakeward, numbered},
    server::Server,
};

/// A home with files to land and the AWS files of [`Aws`], and an S3 that takes the keys of that AWS.
pub(crate) struct World {
    pub(crate) home: Home,
    pub(crate) aws: Aws,
    pub(crate) s3: Server,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// One whose AWS has other options.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let home = home();
        let aws = Aws::start(&home, change).await;
        let keys = aws.aws.access_keys();
        let s3 = Server::with(|options: &mut lakeward_loopback::Options| options.access_keys = Some(keys)).await;
        Self { home, aws, s3 }
    }

    /// `lakeward` whose AWS is the loopback one.
    pub(crate) fn lakeward(&self, arguments: &[&str]) -> HomeCommand<'_> {
        self.aws.leads(lakeward(&self.home).args(arguments))
    }

    /// `lakeward init` with the endpoint of the S3, which nobody who uses AWS has to type.
    pub(crate) fn init(&self) -> HomeCommand<'_> {
        self.lakeward(&["init", "--endpoint", self.s3.s3.endpoint()])
    }

    /// The config, headless.
    pub(crate) fn headless(&self) -> HomeCommand<'_> {
        self.lakeward(&["--config", "lakeward.toml"])
    }

    /// The ids of all rows that have landed.
    #[track_caller]
    pub(crate) fn landed(&self) -> Vec<i64> {
        landed(&self.s3.bucket())
    }
}

/// A home with files to land.
pub(crate) fn home() -> Home {
    let home = Home::new();
    home.write("data/t.csv", numbered(0, 20));
    home
}

/// On the screen of the destination: a bucket, and on to the source.
#[track_caller]
pub(crate) fn destination(terminal: &mut Terminal<'_>, bucket: &str) {
    terminal.until("Where should the data go?");
    terminal.text(bucket);
    terminal.until(&format!("{bucket}/raw/"));
    terminal.press(Key::Enter);
}

/// On the screen of the source: files, and on over their first rows to the review.
#[track_caller]
pub(crate) fn source(terminal: &mut Terminal<'_>, paths: &str) {
    terminal.until("Rows come from");
    terminal.text(paths);
    terminal.until(paths);
    terminal.press(Key::Enter);
    terminal.until("row 0");
    terminal.press(Key::Enter);
}

/// On the review: the test write, then the config is written.
#[track_caller]
pub(crate) fn review(terminal: &mut Terminal<'_>) {
    terminal.until("version = 1");
    terminal.press(Key::Enter);
    terminal.until("it works");
    terminal.press(Key::Enter);
    terminal.until("Run it now");
}

/// What stays when nothing is run now.
#[track_caller]
pub(crate) fn without_a_run(mut terminal: Terminal<'_>) -> Left {
    terminal.press(Key::Down);
    terminal.press(Key::Enter);
    terminal.until("Enter leave");
    terminal.press(Key::Enter);
    terminal.end().exits(0)
}

/// The ids of all rows that have landed in a bucket's folder, in order. What the test write leaves is none of them.
#[track_caller]
pub(crate) fn landed(bucket: &Path) -> Vec<i64> {
    let keys = landed::keys(bucket).into_iter().filter(|key| !key.ends_with("_lakeward_check"));
    let mut all: Vec<i64> = keys.flat_map(|key| landed::ids(&bucket.join(key))).collect();
    all.sort_unstable();
    all
}

/// The config that was written.
#[track_caller]
pub(crate) fn config(home: &Home) -> String {
    fs::read_to_string(home.path().join("lakeward.toml")).unwrap()
}

/// On the ways to sign in, once all was looked for: the one whose line holds a text.
#[track_caller]
pub(crate) fn choose(terminal: &mut Terminal<'_>, row: &str) {
    terminal.until_it("has looked for all", |screen| {
        screen.contains("How should Lakeward sign in")
            && screen.contains("Other ways")
            && !screen.contains("still looking")
    });
    let pointed = |screen: &str| screen.lines().find(|line| line.starts_with(" ›")).map(str::to_owned);
    for _ in 0..20 {
        let screen = terminal.until_it("points at a row", |screen| pointed(screen).is_some());
        let line = pointed(&screen).unwrap();
        if line.contains(row) {
            return terminal.press(Key::Enter);
        }
        terminal.press(Key::Down);
        terminal.until_it("points at the next row", |screen| pointed(screen).is_some_and(|next| next != line));
    }
    panic!("there is no {row:?} in:\n{}", terminal.screen());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_found_sign_in_leads_to_landed_rows_within_twelve_keys() {
    let world = World::start().await;
    world.aws.sign_in(&world.home);
    let mut terminal = world.init().on_terminal(80, 24);
    terminal.until("Why 1 is suggested");
    terminal.press(Key::Enter);
    terminal.until("Writer");
    terminal.press(Key::Down);
    terminal.press(Key::Enter);
    terminal.until("AWS knows these credentials");
    terminal.press(Key::Enter);
    destination(&mut terminal, "test");
    source(&mut terminal, "data/*.csv");
    review(&mut terminal);
    terminal.press(Key::Enter);
    terminal.until("DONE");
    terminal.press(Key::Enter);
    terminal.until("Enter leave");
    terminal.press(Key::Enter);
    assert!(terminal.keys() <= 12, "{} keys", terminal.keys());
    let left = terminal.end().exits(0);
    assert!(left.screen.contains("lakeward --config lakeward.toml"), "{}", left.screen);
    assert_eq!(world.landed(), (0..20).collect::<Vec<i64>>());
    let _ = world.headless().run().exits(0);
    assert_eq!(world.landed(), (0..20).flat_map(|id| [id, id]).collect::<Vec<i64>>(), "the same rows once more");
}
