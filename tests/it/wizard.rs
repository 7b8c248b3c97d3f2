//! The wizard on a full screen, as a person at a terminal meets it.
//!
//! The scenarios of the wizard's design by number, and the tests on a terminal that they became. Those that other tests go through
//! in full, on screens without a terminal or in plain lines, are not repeated here.
//!
//! | Scenario | Test |
//! |-|-|
//! | twelve keys from a found sign-in to rows | `wizard::a_found_sign_in_leads_to_landed_rows_within_twelve_keys` |
//! | each way to sign in, then headless | `wizard_methods` |
//! | 4 a damaged AWS config; 5 a silent metadata service | `init_sign_in` |
//! | 6 a code over SSH; 14 a network that is lost meanwhile | `wizard_sign_in::over_ssh_a_code_is_shown_and_the_network_may_fail_meanwhile` |
//! | 7 a browser's noise; 8 a browser that comes back at once | `wizard_sign_in::a_browser_that_comes_back_at_once_signs_in_and_its_noise_is_not_shown` |
//! | 10 the address at which a browser ended, pasted | `wizard_sign_in::over_ssh_the_address_at_which_a_browser_ended_is_pasted_and_never_shown` |
//! | 12 a code that expires | `wizard_sign_in::a_code_that_expires_is_followed_by_another` |
//! | 13 a denial | `wizard_sign_in::a_denied_sign_in_leads_back_to_the_other_ways` |
//! | 16 a clock that is off | `wizard_sign_in::a_clock_that_is_a_quarter_of_an_hour_off_is_told_with_what_both_say` |
//! | 17 a wrong MFA code | `wizard_sign_in::a_wrong_mfa_code_is_followed_by_another_and_none_is_shown` |
//! | 20 a bucket elsewhere | `wizard::a_bucket_elsewhere_is_found_and_its_region_taken_by_a_key` |
//! | 24 quitting, Ctrl-C, signals | `wizard_ways_out` |
//! | 25 a panic | `a_panic_gives_the_terminal_back_before_it_is_told` of `lakeward-tui` |
//! | 26 suspend and resume | `wizard_ways_out::a_shell_that_stops_and_continues_it` |
//! | 27 any size | `wizard_ways_out::a_terminal_of_any_size_is_drawn_on_and_left` |
//! | 28 killed while it writes | `wizard_files::a_config_is_the_old_or_the_new_one_whenever_the_wizard_is_killed` |
//! | 29 a full disk | `full_disk` |
//! | 30 where nothing can be written | `wizard_files::where_nothing_can_be_written_it_is_said_and_the_answers_stay_on_screen` |
//! | 31 a link; 32 a config that is changed meanwhile | `init_files` |
//! | 33 flags that are missing; 36 the end of the input | `init_flags`, `init_files` |
//! | 37 a dumb terminal | `wizard_terminal::a_dumb_terminal_gets_lines_and_nothing_that_steers` |
//! | 38 no colours | `wizard_terminal::without_colours_nothing_is_coloured` |
//! | 39 a paste of many lines | `wizard_terminal::a_paste_of_many_lines_submits_nothing` |
//! | 44 Ctrl-C while it runs | `wizard_terminal::on_the_dashboard_control_c_lands_what_was_taken_and_twice_ends_at_once` |

use std::{fs, path::Path};

use lakeward_loopback::aws::Options;
use lakeward_testkit::{Answer, Home, HomeCommand, Key, Left, ScriptedServer, Terminal};

use crate::{
    check::refusal,
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

/// On the screen of the identity, whose keys are another server's than AWS's: on to the destination.
#[track_caller]
pub(crate) fn identity(terminal: &mut Terminal<'_>) {
    terminal.until("AWS is not asked about these credentials");
    terminal.press(Key::Enter);
}

/// On the screen of the destination: a bucket, and on to the source.
#[track_caller]
pub(crate) fn destination(terminal: &mut Terminal<'_>, bucket: &str) {
    let screen = terminal.until("Where should the data go?");
    if screen.contains("Folder  ") {
        // It comes first, and a bucket is proposed.
        terminal.press(Key::Tab);
        terminal.press(Key::Ctrl('u'));
    }
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
    terminal.until("Enter write the config");
    terminal.press(Key::Enter);
    terminal.until("Run it now");
}

/// Runs what was written, and leaves; the last screen.
#[track_caller]
pub(crate) fn run_to_its_end(terminal: &mut Terminal<'_>) -> String {
    terminal.press(Key::Enter);
    terminal.until("DONE");
    terminal.press(Key::Enter);
    let last = terminal.until("Enter leave");
    terminal.press(Key::Enter);
    last
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
    identity(&mut terminal);
    destination(&mut terminal, "test");
    source(&mut terminal, "data/*.csv");
    review(&mut terminal);
    run_to_its_end(&mut terminal);
    assert!(terminal.keys() <= 12, "{} keys", terminal.keys());
    let left = terminal.end().exits(0);
    assert!(left.screen.contains("lakeward --config lakeward.toml"), "{}", left.screen);
    assert_eq!(world.landed(), (0..20).collect::<Vec<i64>>());
    let _ = world.headless().run().exits(0);
    assert_eq!(world.landed(), (0..20).flat_map(|id| [id, id]).collect::<Vec<i64>>(), "the same rows once more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_elsewhere_is_found_and_its_region_taken_by_a_key() {
    let world = World::start().await;
    let elsewhere = refusal(301, "PermanentRedirect", "elsewhere", &[("x-amz-bucket-region", "eu-west-3")]);
    let s3 = ScriptedServer::start(vec![elsewhere, Answer::stored(), Answer::stored()]).await;
    let arguments = ["init", "--endpoint", &s3.endpoint(), "--region", "us-east-1"];
    let mut terminal = world.lakeward(&arguments).on_terminal(80, 24);
    choose(&mut terminal, "Profile \"chain\"");
    identity(&mut terminal);
    destination(&mut terminal, "test");
    source(&mut terminal, "data/*.csv");
    terminal.until("version = 1");
    terminal.press(Key::Enter);
    terminal.until("the bucket is in eu-west-3, not us-east-1");
    terminal.until("Enter use what was found");
    terminal.press(Key::Enter);
    terminal.until_gone("not us-east-1");
    terminal.until("Enter write the config");
    terminal.press(Key::Enter);
    terminal.until("Run it now");
    let _ = without_a_run(terminal);
    assert!(config(&world.home).contains("region = \"eu-west-3\""), "{}", config(&world.home));
}
