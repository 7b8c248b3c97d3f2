//! States as a person meets them: each screen in each of its moods, led there by events as far as possible.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use lakeward_core::{event, table::TableName};
use lakeward_wizard::{
    Account, CheckLine, Code, Column, Condition, Draft, Effect, Event, Facts, Found, Id, Identity, Key, Outcome, Page,
    Place, Press, Preview, PreviewedTable, Remote, ReviewTab, Row, RunState, RunTable, Screen, SignInEvent,
    SignInRequest, Start, State, TableState, Ticket, Trouble, Value, Way, start,
};

/// 2026-11-23, 14:05:00 UTC.
pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_442_700)
}

pub(super) fn later(seconds: u64) -> SystemTime {
    now() + Duration::from_secs(seconds)
}

/// A session that goes on.
pub(super) struct Session {
    pub(super) state: State,
    effects: Vec<Effect>,
}

impl Session {
    fn new(begin: Start) -> Self {
        let (state, effects) = start(begin, now());
        Self { state, effects }
    }

    pub(super) fn event(mut self, event: Event) -> Self {
        self.effects.extend(self.state.step(event));
        self
    }

    fn press(self, press: impl Into<Press>) -> Self {
        self.event(Event::Key(press.into()))
    }

    fn letter(self, letter: char) -> Self {
        self.press(Key::Char(letter))
    }

    fn text(self, text: &str) -> Self {
        text.chars().fold(self, |session, c| session.press(Key::Char(c)))
    }

    fn presses(self, key: Key, times: usize) -> Self {
        (0..times).fold(self, |session, _| session.press(key))
    }

    fn enter(self) -> Self {
        self.press(Key::Enter)
    }

    fn tick(self, seconds: u64) -> Self {
        self.event(Event::Tick(later(seconds)))
    }

    fn ticket(&self, of: impl Fn(&Effect) -> Option<Ticket>) -> Ticket {
        self.effects.iter().rev().find_map(of).expect("the effect")
    }

    fn detected(self, all: Vec<Found>) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Detect(ticket) = effect { Some(*ticket) } else { None });
        let session = all.into_iter().fold(self, |session, found| session.event(Event::Found(ticket, Box::new(found))));
        session.event(Event::Detected(ticket))
    }

    fn pick(self, row: Row) -> Self {
        let at = self.state.list.rows.iter().position(|other| *other == row).expect("the row");
        self.event(Event::Intent(lakeward_wizard::Intent::Pick(at)))
    }

    fn sign_in(self, event: SignInEvent) -> Self {
        let ticket = self.ticket(|effect| if let Effect::SignIn(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::SignIn(ticket, event))
    }

    fn accounts(self, accounts: Vec<Account>) -> Self {
        let ticket =
            self.ticket(|effect| if let Effect::ListAccounts(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::Accounts(ticket, accounts))
    }

    fn listed(self) -> Self {
        let ticket =
            self.ticket(|effect| if let Effect::ListAccounts(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::Listed(ticket, Ok(())))
    }

    /// Answers every list of roles that was asked for, and those that are asked for then.
    fn roles(mut self, of: impl Fn(&str) -> Result<Vec<String>, Trouble>) -> Self {
        let mut answered = 0;
        while let Some(effect) = self.effects.get(answered).cloned() {
            answered += 1;
            if let Effect::ListRoles(ticket, _, account) = effect {
                let roles = of(&account);
                self = self.event(Event::Roles(ticket, account, roles));
            }
        }
        self
    }

    fn identified(self, identity: Result<Identity, Trouble>) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Identify(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::Identified(ticket, identity))
    }

    fn previewed(self, preview: Result<Preview, Trouble>) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Preview(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::Previewed(ticket, preview))
    }

    fn checked(self, lines: Vec<CheckLine>, works: bool) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Check(ticket, _) = effect { Some(*ticket) } else { None });
        let session = lines.into_iter().fold(self, |session, line| session.event(Event::Checked(ticket, line)));
        session.event(Event::CheckDone(ticket, works))
    }

    fn written(self, result: Result<String, Trouble>) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Write(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::Written(ticket, result))
    }

    fn run(self, event: event::Event) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Run(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::Run(ticket, Box::new(event)))
    }

    fn run_ended(self, result: Result<String, Trouble>) -> Self {
        let ticket = self.ticket(|effect| if let Effect::Run(ticket, _) = effect { Some(*ticket) } else { None });
        self.event(Event::RunEnded(ticket, result))
    }

    /// A screen as it is, for what no event leads to alone.
    fn with(mut self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.state);
        self
    }
}

fn place() -> Place {
    Place {
        config: "/home/ada/lake/lakeward.toml".into(),
        config_shown: "lakeward.toml".into(),
        situation: "an SSH session, no local browser".into(),
        device_first: true,
        state_dir: "/home/ada/.local/state/lakeward".into(),
        ..Place::default()
    }
}

const EXISTING: &str = "version = 1\n\n# The nightly load.\n[auth]\nmethod = \"profile\"\nprofile = \"analytics\" # ask Grace\n\n[destination]\nbucket = \"acme-lake-prod\"\npath = \"raw/{{TABLE}}/{{UUID}}.{{FORMAT}}\"\nformat = \"csv\"\n\n[[source]]\ntype = \"files\"\npaths = [\"orders/*.csv\"]\n";

fn fresh() -> Session {
    Session::new(Start { place: place(), init: true, size: (80, 24), ..Start::default() })
}

fn existing() -> Session {
    let place = Place { existing: Some(EXISTING.into()), ..place() };
    Session::new(Start { place, size: (80, 24), ..Start::default() })
}

fn found(title: &str, origin: &str, condition: Condition, why: &str, rank: u8) -> Found {
    Found {
        title: title.into(),
        origin: origin.into(),
        condition,
        why: why.into(),
        answers: vec![(Id::Auth, "profile".into()), (Id::Profile, "analytics".into())],
        sign_in: None,
        rank,
    }
}

fn sso() -> Found {
    let why = "Short-lived keys that renew while the SSO session lives. AWS does not tell clients when that ends, so for cron choose a compute role.";
    Found {
        answers: vec![(Id::Auth, "sso".into()), (Id::SsoSession, "acme".into())],
        sign_in: Some(SignInRequest::Sso {
            session: Some("acme".into()),
            start_url: Some("https://d-9067a1b2c3.awsapps.com/start".into()),
            region: Some("eu-central-1".into()),
        }),
        ..found("SSO session \"acme\"", "~/.aws/config:12", Condition::Needs("expired 2 h ago".into()), why, 10)
    }
}

fn all_found() -> Vec<Found> {
    vec![
        sso(),
        found(
            "Profile \"analytics\"",
            "~/.aws/config:20",
            Condition::Needs("MFA code needed".into()),
            "A role of the source profile acme. Its code has to be typed by a person: not for cron.",
            20,
        ),
        found(
            "Environment keys",
            "AWS_ACCESS_KEY_ID",
            Condition::Good("valid, long-lived".into()),
            "They work until someone takes them away, in every process of this shell.",
            40,
        ),
        found(
            "aws login \"default\"",
            "~/.aws/login",
            Condition::Broken("expired yesterday".into()),
            "Its refresh token is gone; aws login makes a new one.",
            50,
        ),
        found("Role of this machine", "EC2, ECS, EKS", Condition::Absent("no answer in 1 s".into()), "", 90),
    ]
}

fn method() -> Session {
    fresh().detected(all_found())
}

fn page(device: bool) -> Page {
    let start = "https://d-9067a1b2c3.awsapps.com/start/#/device";
    let pkce = "https://oidc.eu-central-1.amazonaws.com/authorize?response_type=code&client_id=Zq3vN0k5b2lkYy1jbGllbnQtZXhhbXBsZQ&redirect_uri=http%3A%2F%2F127.0.0.1%3A53682%2Foauth%2Fcallback&state=0f6e1c9a&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    Page {
        device,
        url: if device { format!("{start}?user_code=KQTM-VXRB").as_str().into() } else { pkce.into() },
        code: device.then(|| Code { page: start.into(), code: "KQTM-VXRB".into() }),
        expires: later(600),
    }
}

fn device() -> Session {
    method().enter().sign_in(SignInEvent::Page(page(true))).sign_in(SignInEvent::Waiting(later(12))).tick(15)
}

fn browser() -> Session {
    method().enter().sign_in(SignInEvent::Page(page(false))).tick(15)
}

fn signed_in() -> Session {
    device().sign_in(SignInEvent::Done("signed in to acme until 22:05".into()))
}

const TEAMS: [&str; 8] =
    ["data", "ingest-eu", "ingest-us", "web", "payments", "search", "identity", "sandbox-of-the-platform-team"];

fn account(at: usize) -> Account {
    let stage = ["prod", "staging", "dev"].get(at % 3).copied().unwrap_or_default();
    let team = TEAMS.get(at / 3 % TEAMS.len()).copied().unwrap_or_default();
    Account {
        id: format!("{:012}", 111_122_223_333_u64 + 1_234_567 * at as u64),
        name: format!("acme-{stage}-{team}"),
        email: format!("{team}@acme.example"),
        roles: Remote::Idle,
    }
}

fn roles() -> Vec<String> {
    ["LakewardIngest", "IngestReadOnly", "PowerUserAccess"].map(str::to_owned).to_vec()
}

/// So many accounts with three roles each, all of them listed.
pub(super) fn directory(accounts: usize) -> Session {
    let mut session = signed_in().accounts((0..accounts).map(account).collect()).listed();
    // Those beyond the focus are not asked for: a person has been there.
    for account in &mut session.state.facts.accounts {
        account.roles = Remote::Got(roles());
    }
    session.state.show(Screen::Directory);
    session
}

fn named(name: &str) -> Session {
    signed_in().accounts(vec![Account { name: name.into(), ..account(0) }, account(1)]).roles(|_| Ok(roles())).listed()
}

/// What foreign names may hold: a clipboard sequence, colours, an override of the direction of text, line ends.
pub(super) fn hostile() -> Session {
    named("acme\x1b]52;c;ZXZpbA==\x07-\x1b[31mred\u{202e}dorp\u{2066}\r\nprod\u{9b}2J")
}

/// Names in wide graphemes, and in graphemes of several characters.
pub(super) fn wide() -> Session {
    named("東京データ基盤部の本番アカウント👩‍👩‍👧‍👦のすべて")
}

fn trouble(what: &str, next: &str) -> Trouble {
    Trouble { code: 77, ..Trouble::usage(what).next(next) }
}

fn identity() -> Identity {
    Identity {
        account: "111122223333".into(),
        arn: "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_LakewardIngest_0123456789abcdef/ada@acme.example"
            .into(),
        expires: Some(later(3600)),
        renews: true,
        warnings: vec![],
    }
}

fn at_identity() -> Session {
    directory(3).enter()
}

fn at_destination() -> Session {
    at_identity().identified(Ok(identity())).enter()
}

fn at_source() -> Session {
    at_destination().text("acme-lake-prod").enter()
}

fn table(name: &str, rows: Vec<Vec<&str>>, bytes: u64) -> PreviewedTable {
    let columns = [
        ("order_id", "int64"),
        ("customer", "string"),
        ("amount", "decimal(12,2)"),
        ("ordered_at", "timestamp"),
        ("shipped", "bool"),
        ("note", "string"),
        ("warehouse", "string"),
    ];
    PreviewedTable {
        name: name.into(),
        first_key: format!("raw/{name}/2026-11-23/01935a1e-7c3b-7f00-8a2d-4e5f60718293.parquet"),
        columns: columns
            .iter()
            .map(|(name, kind)| Column { name: (*name).into(), column_type: (*kind).into() })
            .collect(),
        rows: rows.into_iter().map(|row| row.into_iter().map(str::to_owned).collect()).collect(),
        bytes: Some(bytes),
    }
}

fn preview() -> Preview {
    let rows = vec![
        vec![
            "1001",
            "Ada Lovelace",
            "1250.00",
            "2026-11-22 09:14:03",
            "true",
            "leave it at the door, please, and ring twice",
            "ZRH-2",
        ],
        vec!["1002", "Grace Hopper", "8.50", "2026-11-22 09:15:40", "false", "", "ZRH-2"],
        vec!["1003", "東京商事", "99999.99", "2026-11-22 09:17:12", "true", "", "HND-1"],
    ];
    Preview {
        tables: vec![
            table("orders", rows, 302_000_000),
            table("order_items", vec![], 315_600_000),
            table("customers", vec![], 23_100_000),
        ],
    }
}

fn at_preview() -> Session {
    at_source().text("'data/*.csv'").enter()
}

fn at_review() -> Session {
    at_preview().previewed(Ok(preview())).enter()
}

fn line(check: &str, outcome: Outcome, detail: &str) -> CheckLine {
    CheckLine { check: check.into(), outcome, detail: detail.into(), next: None, statement: None, answer: None }
}

fn good_lines() -> Vec<CheckLine> {
    vec![
        line("credentials", Outcome::Ok, "LakewardIngest in 111122223333, for 59 min, renewed"),
        line("clock", Outcome::Ok, "1 s apart from AWS"),
        CheckLine {
            answer: Some((Id::Region, "eu-west-1".into())),
            ..line("bucket", Outcome::Ok, "acme-lake-prod, in eu-west-1")
        },
        line("test write", Outcome::Ok, "raw/_lakeward_check, 24 bytes, 212 ms"),
        line("clean-up", Outcome::Skipped, "no s3:DeleteObject, and none is needed"),
    ]
}

fn bad_lines() -> Vec<CheckLine> {
    let statement = "{\n  \"Effect\": \"Allow\",\n  \"Action\": \"kms:GenerateDataKey\",\n  \"Resource\": \"arn:aws:kms:eu-west-1:111122223333:key/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d\"\n}";
    vec![
        line("credentials", Outcome::Ok, "LakewardIngest in 111122223333, for 59 min, renewed"),
        line("bucket", Outcome::Ok, "acme-lake-prod, in eu-west-1"),
        CheckLine {
            next: Some("the bucket encrypts with this key: have the statement below added to the role's policy".into()),
            statement: Some(statement.into()),
            ..line(
                "test write",
                Outcome::Failed,
                "403 AccessDenied: not authorized to perform kms:GenerateDataKey on arn:aws:kms:eu-west-1:111122223333:key/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d",
            )
        },
        line("clean-up", Outcome::Skipped, "nothing was written"),
    ]
}

fn at_written() -> Session {
    at_review().enter().checked(good_lines(), true).enter().written(Ok("wrote lakeward.toml".into()))
}

fn name(name: &str) -> TableName {
    TableName::new(name).expect("a table's name")
}

fn running() -> Session {
    let sizes = [
        ("orders", Some(302_000_000)),
        ("order_items", Some(315_600_000)),
        ("customers", Some(23_100_000)),
        ("events", None),
        ("refunds", Some(91_000)),
    ];
    let tables = sizes.iter().map(|(table, bytes)| event::TableSize { table: name(table), bytes: *bytes }).collect();
    let mut session = at_written().enter().run(event::Event::RunStarted {
        run: "0193".into(),
        destination: "s3://acme-lake-prod/raw".into(),
        tables,
    });
    let landed = |table: &str, rows, bytes| event::Event::ObjectLanded {
        table: name(table),
        key: serde_json::from_value("raw/orders/1.parquet".into()).expect("a key"),
        rows,
        bytes,
    };
    for second in 0..200_u64 {
        let wave = [3, 5, 8, 9, 11, 12, 10, 7, 4, 2, 0, 6][usize::try_from(second * 5 / 7 % 12).expect("small")];
        session = session.run(landed("customers", 1_950, 115_000 * wave)).tick(15 + second);
    }
    for (table, rows, rejected, bytes) in [
        ("customers", 391_004, 0, 23_100_000),
        ("orders", 4_120_000, 12, 214_000_000),
        ("order_items", 3_900_112, 0, 293_000_000),
    ] {
        session = session.run(event::Event::TableStarted { table: name(table) }).run(event::Event::RowsRead {
            table: name(table),
            rows,
            rejected,
            bytes,
        });
    }
    session
        .run(event::Event::TableFinished { table: name("customers") })
        .run(landed("orders", 3_900_000, 1_300_000))
        .tick(216)
        .run(landed("order_items", 3_000_000, 1_100_000))
        .run(event::Event::UploadRetried {
            key: serde_json::from_value("raw/orders/2026-11-23/2.parquet".into()).expect("a key"),
            attempt: 1,
            cause: "503 SlowDown: please reduce your request rate".into(),
            wait: Duration::from_millis(400),
        })
        .tick(217)
}

fn summary() -> String {
    "orders       5,801,220 rows   288.0 MiB   3 objects\norder_items  4,193,004 rows   301.2 MiB   3 objects\ncustomers      391,004 rows    22.0 MiB   1 object\n\n10,385,228 rows in 7 objects, 611.2 MiB, in 4 min 2 s".into()
}

fn refused() -> Trouble {
    trouble(
        "table refunds, refunds.csv line 214, column amount: \"12,50\" is not a decimal(12,2)",
        "mend the file, or set on_error = \"skip\" to set such rows aside; the tables that are done have landed whole",
    )
}

fn review(tab: ReviewTab) -> Session {
    at_review().with(|state| state.review.tab = tab)
}

/// Every scene with its name, in the order in which a person would meet them.
pub(super) fn all() -> &'static [(&'static str, State)] {
    static ALL: LazyLock<Vec<(&'static str, State)>> = LazyLock::new(make);
    &ALL
}

fn make() -> Vec<(&'static str, State)> {
    let scenes: Vec<(&'static str, Session)> = vec![
        ("welcome", existing().identified(Ok(identity())).tick(5)),
        ("welcome, asking AWS", existing().tick(4)),
        (
            "welcome, expired",
            existing().identified(Err(trouble("the token of SSO session \"acme\" has expired", "sign in again"))),
        ),
        (
            "welcome, unreadable",
            Session::new(Start {
                place: Place { existing: Some("version = 1\n[destinatio]\nbucket = 3\n".into()), ..place() },
                ..Start::default()
            }),
        ),
        ("method, looking", fresh().tick(1)),
        ("method", method()),
        ("method, other way", method().presses(Key::Down, 4)),
        ("method, nothing found", fresh().detected(vec![])),
        ("details, SSO", fresh().detected(vec![]).pick(Row::Other(Way::Sso))),
        (
            "details, SSO refused",
            fresh()
                .detected(vec![])
                .pick(Row::Other(Way::Sso))
                .text("acme.awsapps.com/start")
                .press(Key::Tab)
                .text("eu-centrall-1")
                .enter(),
        ),
        (
            "details, role with more",
            fresh()
                .detected(vec![])
                .pick(Row::Other(Way::Role))
                .text("arn:aws:iam::111122223333:role/a-role-with-a-rather-long-name-that-does-not-fit-a-line")
                .press(Key::F(3)),
        ),
        ("sign-in, asking", method().enter().tick(4)),
        ("sign-in, code", device()),
        (
            "sign-in, code, slow",
            device()
                .sign_in(SignInEvent::Note(
                    "the network is unreachable; it is tried again until the code expires".into(),
                ))
                .sign_in(SignInEvent::Waiting(later(44)))
                .tick(48),
        ),
        ("sign-in, code expired", device().tick(700)),
        ("sign-in, QR alone", device().letter('q')),
        ("sign-in, browser", browser()),
        (
            "sign-in, pasting",
            browser()
                .letter('p')
                .event(Event::Paste("http://127.0.0.1:53682/oauth/callback?code=secret&state=0f6e1c9a\n".into())),
        ),
        (
            "sign-in, denied",
            device().sign_in(SignInEvent::Failed(trouble(
                "the sign-in was denied in the browser",
                "try again, and choose \"Allow access\" on the page",
            ))),
        ),
        ("directory, loading", signed_in().accounts((0..140).map(account).collect()).roles(|_| Ok(roles())).tick(20)),
        ("directory", directory(142)),
        ("directory, filtered", directory(142).text("prod powe").press(Key::Down)),
        ("directory, no match", directory(142).text("nothing like it")),
        ("directory, none", signed_in().listed()),
        (
            "directory, roles refused",
            signed_in()
                .accounts((0..3).map(account).collect())
                .roles(|_| {
                    Err(trouble("the roles of 111122223333 could not be listed: 429 TooManyRequests", "wait a little"))
                })
                .listed(),
        ),
        ("directory, typed", directory(142).press(Key::F(3))),
        (
            "MFA code",
            fresh()
                .detected(vec![Found {
                    sign_in: Some(SignInRequest::Mfa {
                        profile: Some("analytics".into()),
                        serial: "arn:aws:iam::111122223333:mfa/ada".into(),
                    }),
                    ..found("Profile \"analytics\"", "~/.aws/config:20", Condition::Needs("MFA".into()), "", 1)
                }])
                .enter()
                .text("1234"),
        ),
        (
            "MFA code, refused",
            fresh()
                .detected(vec![Found {
                    sign_in: Some(SignInRequest::Mfa {
                        profile: Some("analytics".into()),
                        serial: "arn:aws:iam::111122223333:mfa/ada".into(),
                    }),
                    ..found("Profile \"analytics\"", "~/.aws/config:20", Condition::Needs("MFA".into()), "", 1)
                }])
                .enter()
                .text("123456")
                .enter()
                .sign_in(SignInEvent::Failed(trouble(
                    "AWS refused the code: MultiFactorAuthentication failed with invalid MFA one time pass code",
                    "wait for the next code, and type that",
                ))),
        ),
        (
            "MFA code, checking",
            fresh()
                .detected(vec![Found {
                    sign_in: Some(SignInRequest::Mfa {
                        profile: Some("analytics".into()),
                        serial: "arn:aws:iam::111122223333:mfa/ada".into(),
                    }),
                    ..found("Profile \"analytics\"", "~/.aws/config:20", Condition::Needs("MFA".into()), "", 1)
                }])
                .enter()
                .text("123456")
                .enter()
                .tick(4),
        ),
        ("identity, asking", at_identity().tick(25)),
        ("identity", at_identity().identified(Ok(identity())).tick(16)),
        (
            "identity, root",
            at_identity().identified(Ok(Identity {
                arn: "arn:aws:iam::111122223333:root".into(),
                expires: None,
                renews: false,
                warnings: vec![
                    "these are keys of the root user, who may do everything: make a role that may only write".into(),
                    "AWS_ACCESS_KEY_ID is set too, and is not used".into(),
                ],
                ..identity()
            })),
        ),
        (
            "identity, refused",
            at_identity().identified(Err(trouble(
                "STS refused the credentials: ExpiredToken: The security token included in the request is expired",
                "sign in again",
            ))),
        ),
        ("destination", at_destination()),
        ("destination, typed", at_destination().text("acme-lake-prod").press(Key::Tab)),
        (
            "destination, refused",
            at_destination()
                .text("Acme_Lake")
                .press(Key::Tab)
                .press(Press::ctrl('u'))
                .text("raw/{{TABEL}}/{{UUID}}")
                .press(Key::Tab),
        ),
        ("destination, more", at_destination().text("acme-lake-prod").press(Key::F(3)).presses(Key::Tab, 3)),
        ("destination, embedded", method().pick(Row::Other(Way::Embedded)).text("demo")),
        ("source", at_source()),
        ("source, typed", at_source().text("'data/*.csv' archive/2025")),
        ("source, command", at_source().press(Key::BackTab).press(Key::Right)),
        ("preview, reading", at_preview().tick(20)),
        ("preview", at_preview().previewed(Ok(preview()))),
        ("preview, empty table", at_preview().previewed(Ok(preview())).press(Key::Down)),
        (
            "preview, nothing matches",
            at_preview().previewed(Err(trouble(
                "no file matches data/*.csv: the folder /home/ada/lake/data is not there",
                "the nearest folder that is there is /home/ada/lake; Esc leads back to the paths",
            ))),
        ),
        ("review, config", at_review()),
        ("review, changes", {
            let mut session = existing().identified(Ok(identity()));
            session = session.pick(Row::Welcome(lakeward_wizard::Welcome::Edit)).detected(all_found());
            session = session.pick(Row::Found(2)).identified(Ok(identity())).enter();
            session.presses(Key::Down, 3).press(Key::Left).enter().enter().previewed(Ok(preview())).enter()
        }),
        ("review, policy", review(ReviewTab::Policy)),
        ("review, checking", {
            let session = at_review().enter();
            let ticket =
                session.ticket(|effect| if let Effect::Check(ticket, _) = effect { Some(*ticket) } else { None });
            session
                .event(Event::Checked(ticket, line("credentials", Outcome::Ok, "LakewardIngest in 111122223333")))
                .tick(20)
        }),
        ("review, check works", at_review().enter().checked(good_lines(), true)),
        ("review, check failed", at_review().enter().checked(bad_lines(), false)),
        (
            "review, other region",
            at_review().enter().checked(
                vec![CheckLine {
                    answer: Some((Id::Region, Value::from("eu-west-1"))),
                    ..line("bucket", Outcome::Failed, "it is in eu-west-1, not in eu-central-1")
                }],
                false,
            ),
        ),
        ("review, command", review(ReviewTab::Command)),
        ("written", at_written()),
        ("run, beginning", at_written().enter()),
        ("run", running()),
        ("run, stopping", running().press(Press::ctrl('c'))),
        ("run, done", running().run_ended(Ok(summary()))),
        ("run, failed", running().run_ended(Err(refused()))),
        ("farewell", at_written().press(Key::Down).enter()),
        ("farewell, landed", running().run_ended(Ok(summary())).enter()),
        ("farewell, failed", running().run_ended(Err(refused())).enter()),
        ("help", method().letter('?')),
        ("help of a field", at_destination().press(Key::Tab).press(Key::F(1))),
        ("same as a command", at_source().text("'data/*.csv'").press(Key::F(2))),
        ("leave?", at_source().press(Press::ctrl('c'))),
        ("errors", running().run_ended(Err(refused())).letter('e')),
        (
            "trouble",
            at_review().enter().checked(good_lines(), true).enter().written(Err(trouble(
                "lakeward.toml has been changed by somebody else since it was read",
                "look at what changed, then start again: your answers are kept as a draft",
            ))),
        ),
        ("go on?", {
            let mut answers = at_source().state.answers;
            answers.fill(&Facts::default());
            Session::new(Start { place: place(), draft: Some(Draft { answers }), init: true, ..Start::default() })
        }),
        ("foreign names", hostile()),
        ("wide names", wide()),
    ];
    scenes.into_iter().map(|(name, session)| (name, session.state)).collect()
}

/// A run as long as one likes.
pub(super) fn run_of(tables: usize) -> State {
    let mut state = running().state;
    state.run = RunState {
        tables: (0..tables)
            .map(|at| RunTable {
                state: TableState::Reading,
                rows: u64::MAX / 2,
                ..RunTable::queued(&format!("table_{at}"))
            })
            .collect(),
        rate: vec![u64::MAX / 3; RunState::SECONDS],
        ..state.run
    };
    state.show(Screen::Run);
    state
}
