//! States as a person meets them: each screen in each of its moods, led there by events as far as possible.

use std::{sync::LazyLock, time::Duration};

use lakeward_core::event;
use lakeward_wizard::{
    Account, CheckLine, Condition, Draft, Effect, Event, Facts, Found, Id, Identity, Key, Outcome, Place, Press,
    Preview, PreviewedTable, Remote, ReviewTab, Row, RunState, RunTable, Screen, SignInEvent, SignInRequest, Start,
    State, TableState, Value, Way, Welcome,
};

use super::{
    facts::{
        EXISTING, account, all_found, bad_lines, found, good_lines, identity, line, name, of_plugin, page, place,
        preview, refused, roles, search, summary, tables_failed, trouble,
    },
    session::{Session, later},
};

fn fresh() -> Session {
    Session::new(Start { place: place(), init: true, size: (80, 24), ..Start::default() })
}

fn existing() -> Session {
    let place = Place { existing: Some(EXISTING.into()), ..place() };
    Session::new(Start { place, size: (80, 24), ..Start::default() })
}

/// A config that takes keys of the environment, and a shell without them.
fn editing_environment_keys() -> Session {
    let auth = "[auth]\nmethod = \"env\"\n";
    let place =
        Place { existing: Some(format!("version = 1\n{auth}[destination]\nbucket = \"acme-lake\"\n")), ..place() };
    Session::new(Start { place, init: true, size: (80, 24), ..Start::default() }).pick(Row::Welcome(Welcome::Edit))
}

fn method() -> Session {
    fresh().detected(all_found())
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

fn at_identity() -> Session {
    directory(3).enter()
}

fn at_destination() -> Session {
    at_identity().identified(Ok(identity())).enter()
}

fn at_source() -> Session {
    at_destination().text("acme-lake-prod").enter()
}

fn at_preview() -> Session {
    at_source().text("'data/*.csv'").enter()
}

fn at_review() -> Session {
    at_preview().previewed(Ok(preview())).enter()
}

fn at_written() -> Session {
    at_review().enter().checked(good_lines(), true).enter().written(Ok("wrote lakeward.toml".into()))
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

fn at_plugin() -> Session {
    at_source().press(Key::BackTab).press(Key::Left)
}

fn at_tables_of_plugin() -> Session {
    let spec = "{ token = \"${SHOP_TOKEN}\", since = 2025-01-01 }";
    at_plugin().presses(Key::Tab, 2).text("./cq-source-shop").presses(Key::Tab, 3).text(spec).enter()
}

/// A run of a plugin: all of its tables at once, of which nobody knows how large they are.
fn running_plugin() -> Session {
    let session = at_tables_of_plugin().previewed(Ok(of_plugin())).enter().enter().checked(good_lines(), true).enter();
    let all = ["shop_orders", "shop_order_items", "shop_refunds"];
    let tables = all.map(|table| event::TableSize { table: name(table), bytes: None }).into();
    let destination = "s3://acme-lake-prod/raw".into();
    let mut session = session.written(Ok("wrote lakeward.toml".into())).enter().run(event::Event::RunStarted {
        run: "0193".into(),
        destination,
        tables,
    });
    for (table, rows, bytes) in
        [("shop_orders", 120_400, 9_100_000), ("shop_order_items", 310_007, 21_400_000), ("shop_refunds", 212, 18_000)]
    {
        session = session.run(event::Event::TableStarted { table: name(table) }).run(event::Event::RowsRead {
            table: name(table),
            rows,
            rejected: 0,
            bytes,
        });
    }
    let error = |message: &str| event::Event::SourceError {
        source: "cq-source-shop".into(),
        table: Some(name("shop_refunds")),
        message: message.into(),
    };
    session
        .run(event::Event::SourceLogged {
            source: "cq-source-shop".into(),
            message: "table resolver finished with error: shop_refunds".into(),
        })
        .run(error("403 Forbidden: the token may not read refunds"))
        .run(event::Event::ObjectLanded {
            table: name("shop_orders"),
            key: serde_json::from_value("raw/shop_orders/1.parquet".into()).expect("a key"),
            rows: 100_000,
            bytes: 2_300_000,
        })
        .tick(24)
        .run(error("429 Too Many Requests"))
        .presses(Key::Down, 2)
}

fn ended_plugin() -> Session {
    let finished = |table: &str| event::Event::TableFinished { table: name(table) };
    running_plugin().run(finished("shop_orders")).run(finished("shop_order_items")).run_ended(Err(tables_failed()))
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
        (
            "welcome, no TOML",
            Session::new(Start {
                place: Place { existing: Some("version = 1\n[destination]\nbucket = my-lake\n".into()), ..place() },
                ..Start::default()
            }),
        ),
        ("method, looking", fresh().tick(1)),
        ("method", method()),
        ("method, other way", method().presses(Key::Down, 4)),
        ("method, nothing found", fresh().detected(vec![])),
        ("method, the config's own not found", editing_environment_keys().detected(all_found().into_iter().take(2).collect())),
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
        ("details, a session of the AWS files", fresh().detected(vec![super::facts::sso()]).press(Key::Char('e'))),
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
        ("sign-in, QR alone", device().letter('v')),
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
        (
            "identity, nothing set up",
            at_identity().identified(Err(trouble(
                "no AWS credentials are set up here, and the instance's metadata service gives no credentials: 169.254.169.254 can't \
                 be reached: no connection within 1s",
                "choose the profile etl: `--profile etl`, AWS_PROFILE, or [auth] method = \"profile\"\n\
                 sign in at the AWS console: `lakeward auth login --console`\n\
                 sign in with IAM Identity Center: `lakeward auth login --sso-start-url URL --sso-region REGION`\n\
                 set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
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
        ("destination, path without a variable", {
            at_destination().text("acme-lake-prod").press(Key::Tab).press(Press::ctrl('u')).text("lake")
        }),
        ("destination, more", at_destination().text("acme-lake-prod").press(Key::F(3)).presses(Key::Tab, 3)),
        ("destination, embedded", method().pick(Row::Other(Way::Embedded))),
        ("source", at_source()),
        ("source, typed", at_source().text("'data/*.csv' archive/2025")),
        ("source, command", at_source().press(Key::BackTab).press(Key::Right)),
        ("source, plugin", at_plugin().press(Key::Tab)),
        (
            "source, plugin with a secret",
            at_plugin()
                .press(Key::F(3))
                .presses(Key::Tab, 2)
                .text("./cq-source-shop")
                .presses(Key::Tab, 3)
                .text("{ token = \"hush\" }")
                .enter(),
        ),
        ("preview, reading", at_preview().tick(20)),
        ("preview, command runs", {
            let source = at_source().press(Key::BackTab).press(Key::Right).press(Key::Tab);
            source.text("tail -f log.csv").press(Key::Tab).text("log").press(Key::Tab).letter('1').enter().tick(20)
        }),
        ("preview, command goes on", {
            let goes_on = |table| PreviewedTable { goes_on: true, ..table };
            at_preview().previewed(Ok(Preview { tables: preview().tables.into_iter().map(goes_on).collect() }))
        }),
        ("preview", at_preview().previewed(Ok(preview()))),
        ("preview, rows that do not fit", {
            let first = "line 3 of orders.csv: column \"order_id\": \"x\" is no int64".to_owned();
            let odd = |table| PreviewedTable {
                rejected: 2,
                first_rejected: Some(first.clone()),
                looked_at: 4,
                ..table
            };
            at_preview().previewed(Ok(Preview { tables: preview().tables.into_iter().map(odd).collect() }))
        }),
        ("preview, a value that is no number", {
            let odd = vec!["zip is text because of line 3 of orders.csv (\"ZRH-2\") and 2 more values".to_owned()];
            let odd = |table| PreviewedTable { odd: odd.clone(), ..table };
            at_preview().previewed(Ok(Preview { tables: preview().tables.into_iter().map(odd).collect() }))
        }),
        ("preview, table that was not looked at", {
            let unseen = |table: PreviewedTable| PreviewedTable { unseen: table.rows.is_empty(), ..table };
            let tables = preview().tables.into_iter().map(unseen).collect();
            at_preview().previewed(Ok(Preview { tables })).press(Key::Down)
        }),
        ("preview, empty table", at_preview().previewed(Ok(preview())).press(Key::Down)),
        (
            "preview, nothing matches",
            at_preview().previewed(Err(trouble(
                "no file matches data/*.csv: the folder /home/ada/lake/data is not there",
                "the nearest folder that is there is /home/ada/lake; Esc leads back to the paths",
            ))),
        ),
        ("preview, asking a plugin", at_tables_of_plugin().tick(20)),
        ("preview, plugin", at_tables_of_plugin().previewed(Ok(of_plugin()))),
        (
            "preview, plugin refused",
            at_tables_of_plugin().previewed(Err(trouble(
                "the source cq-source-shop could not be connected to: the plugin /home/ada/lake/cq-source-shop ended with exit code 2; it wrote: unknown network unix",
                "run it by itself to see why; one that knows no unix sockets needs network = \"tcp\"",
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
        ("review, no AWS", {
            let skipped = ["credentials", "identity", "account:ListRegions", "clock", "bucket region"];
            let why = "the S3 server in this process is not AWS, and has keys of its own";
            let skipped = skipped.into_iter().map(|check| line(check, Outcome::Skipped, why));
            let written = line("test write", Outcome::Ok, "lake/lakeward/raw/_lakeward_check is written");
            at_review().enter().checked(skipped.chain([written]).collect(), true)
        }),
        (
            "review, works by a detour",
            at_review().enter().checked(
                vec![
                    CheckLine {
                        next: Some(
                            "set [destination] region = \"eu-west-1\": without it every run asks in vain first".into(),
                        ),
                        answer: Some((Id::Region, Value::from("eu-west-1"))),
                        ..line(
                            "bucket region",
                            Outcome::Warning,
                            "the bucket is in eu-west-1, not eu-central-1 as [destination] region says",
                        )
                    },
                    line("test write", Outcome::Ok, "s3://acme-lake-prod/raw/_lakeward_check is written"),
                ],
                true,
            ),
        ),
        ("review, command", review(ReviewTab::Command)),
        ("written", at_written()),
        ("run, beginning", at_written().enter()),
        ("run", running()),
        ("run, stopping", running().press(Press::ctrl('c'))),
        ("run, done", running().run_ended(Ok(summary()))),
        ("run, failed", running().run_ended(Err(refused()))),
        ("written, plugin", running_plugin().with(|state| state.show(Screen::Written))),
        ("run, plugin", running_plugin()),
        ("run, plugin failed", ended_plugin()),
        ("farewell", at_written().press(Key::Down).enter()),
        ("farewell, landed", running().run_ended(Ok(summary())).enter()),
        ("farewell, failed", running().run_ended(Err(refused())).enter()),
        ("help", method().letter('?')),
        ("help of a field", at_destination().press(Key::Tab).press(Key::F(1))),
        ("same as a command", at_source().text("'data/*.csv'").press(Key::F(2))),
        ("errors of a plugin", ended_plugin().letter('e')),
        ("leave?", at_source().press(Press::ctrl('c'))),
        ("method, container", {
            let role = Found {
                why: "The role of this container, from http://169.254.170.2/v2/credentials. Its keys come from the machine itself."
                    .into(),
                ..found(
                    "The container's role",
                    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                    Condition::Good("good, renewed by itself".into()),
                    "",
                    10,
                )
            };
            fresh().detected(vec![role])
        }),
        ("the whole chain", {
            let session = method().letter('w');
            let ticket =
                session.ticket(|effect| if let Effect::Explain(ticket) = effect { Some(*ticket) } else { None });
            session.event(Event::Explained(ticket, Ok(search())))
        }),
        ("leave, not kept", {
            let why = "~/.local/state/lakeward/init.json: Permission denied (os error 13)";
            at_source().press(Press::ctrl('c')).event(Event::Drafted(Err(why.into())))
        }),
        ("farewell, demo", {
            let demo = |state: &mut State| {
                state.facts.place.is_demo = true;
                state.run.tables.iter_mut().for_each(|table| table.rejected = 0);
            };
            running().with(demo).run_ended(Ok(summary())).enter()
        }),
        ("leave, demo", at_source().with(|state| state.facts.place.is_demo = true).press(Press::ctrl('c'))),
        ("errors", running().run_ended(Err(refused())).letter('e')),
        (
            "trouble",
            at_review().enter().checked(good_lines(), true).enter().written(Err(trouble(
                "lakeward.toml has been changed by somebody else since it was read",
                "look at what changed, then start again: your answers are kept as a draft",
            ))),
        ),
        (
            "trouble, long",
            at_review().enter().checked(good_lines(), true).enter().written(Err(trouble(
                &format!("the folder can't be written to: {}", "it belongs to somebody else; ".repeat(60)),
                "choose another, and that is the end of it",
            ))),
        ),
        ("go on?", {
            let draft = Some(left(at_source(), "lakeward.toml"));
            let others = ["b.toml", "other/lakeward.toml"].map(|name| left(at_source(), name)).to_vec();
            Session::new(Start { place: place(), draft, others, init: true, ..Start::default() })
        }),
        ("drafts of other configs", {
            let others = ["b", "c", "a/longer/path/to/some/other"].map(|name| left(at_source(), &format!("{name}.toml")));
            Session::new(Start { place: place(), others: others.to_vec(), init: true, ..Start::default() })
                .detected(all_found())
        }),
        ("welcome, an edit was left", {
            let place = Place { existing: Some(EXISTING.into()), ..place() };
            let draft = Some(left(at_source(), "lakeward.toml"));
            Session::new(Start { place, draft, ..Start::default() }).identified(Ok(identity())).tick(5)
        }),
        ("destination, refused the last time", {
            let draft = Some(left(at_destination().text("bk").press(Key::Tab), "lakeward.toml"));
            let session = Session::new(Start { place: place(), draft, init: true, ..Start::default() }).enter();
            session.with(|state| state.show(Screen::Destination))
        }),
        ("example", fresh().with(|state| *state = crate::wizard::capture::example())),
        ("foreign names", hostile()),
        ("wide names", wide()),
    ];
    scenes.into_iter().map(|(name, session)| (name, session.state)).collect()
}

/// What a session leaves of a config, as one finds it twelve minutes later.
fn left(session: Session, config: &str) -> Draft {
    let mut answers = session.state.answers;
    answers.fill(&Facts::default());
    let config = place().config.with_file_name(config);
    let text = Draft::text(&answers, &Place { config, ..place() }, later(0) - Duration::from_secs(12 * 60), true);
    Draft::read(&text).expect("a draft").expect("answers")
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
