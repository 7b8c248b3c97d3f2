use lakeward_core::{
    event::{Event as RunEvent, TableSize},
    key::ObjectKey,
    table::TableName,
};

use super::*;
use crate::{Popup, RunState, TableState, Told};

fn table() -> TableName {
    TableName::new("orders").expect("a name")
}

fn key() -> ObjectKey {
    ObjectKey::try_from("raw/orders/1.parquet".to_owned()).expect("a key")
}

fn running() -> Session {
    let mut session = Session::new();
    session.lead_to_review().press(Press::ctrl('s'));
    session.event(Event::Written(session.write_ticket(), Ok("wrote it".into()))).enter();
    assert_eq!((session.state.screen, session.state.trail.len()), (Screen::Run, 0));
    let tables = vec![TableSize { table: table(), bytes: Some(100) }];
    let started = RunEvent::RunStarted { run: "r".into(), destination: "s3://my-lake/raw/".into(), tables };
    session.event(Event::Run(session.run_ticket(), Box::new(started)));
    session
}

fn tell(session: &mut Session, event: RunEvent) {
    session.event(Event::Run(session.run_ticket(), Box::new(event)));
}

#[test]
fn the_dashboard_counts_what_the_run_tells() {
    let mut session = running();
    tell(&mut session, RunEvent::TableStarted { table: table() });
    tell(&mut session, RunEvent::RowsRead { table: table(), rows: 7, rejected: 1, bytes: 60 });
    tell(&mut session, RunEvent::ObjectLanded { table: table(), key: key(), rows: 7, bytes: 30 });
    session.event(Event::Tick(noon() + Duration::from_millis(2500)));
    let cause = "503".to_owned();
    tell(&mut session, RunEvent::UploadRetried { key: key(), attempt: 1, cause, wait: Duration::from_secs(1) });
    let run = &session.state.run;
    let table = &run.tables[0];
    assert_eq!((table.rows, table.rejected, table.read, table.input), (7, 1, 60, Some(100)));
    assert_eq!((table.landed_rows, table.landed, table.objects, table.state), (7, 30, 1, TableState::Reading));
    assert_eq!(
        (run.rate.as_slice(), run.retries, run.destination.as_str()),
        ([15, 15].as_slice(), 1, "s3://my-lake/raw/")
    );
    // What is tried again has not failed.
    assert_eq!((run.errors, run.log.len()), (0, 1));
    session.letter('e');
    assert_eq!(session.state.popup, Some(Popup::Errors));
    session.press(Key::Esc);
    tell(&mut session, RunEvent::TableFinished { table: self::table() });
    session.event(Event::RunEnded(session.run_ticket(), Ok("all 7 rows landed".into())));
    assert_eq!(session.state.run.tables[0].state, TableState::Done);
    session.enter().enter();
    assert_eq!(session.state.exit, Some(Exit::Run(0)));
}

#[test]
fn control_c_stops_safely_and_twice_at_once() {
    let mut session = running();
    tell(&mut session, RunEvent::TableStarted { table: table() });
    assert!(!session.has_hint("e"));
    session.press(Key::Esc);
    assert!(session.said().contains("Ctrl-C"));
    session.press(Press::ctrl('c')).event(Event::Signal).press(Press::ctrl('c'));
    let stops = session.effects.iter().filter(|effect| matches!(effect, Effect::StopRun)).count();
    assert_eq!((stops, session.state.run.stops, &session.state.exit), (2, 2, &None));
    let ended = Trouble { code: 130, ..trouble("interrupted; 3 rows landed") };
    session.event(Event::RunEnded(session.run_ticket(), Err(ended)));
    assert_eq!(session.state.run.tables[0].state, TableState::Failed);
    assert_eq!(session.state.run.errors, 1);
    session.press(Press::ctrl('c'));
    assert_eq!(session.state.exit, Some(Exit::Run(130)));
}

#[test]
fn the_rate_is_bounded_and_outlives_clocks_that_jump() {
    let mut session = running();
    session.event(Event::Tick(noon() + Duration::from_secs(1_000_000_000_000)));
    assert_eq!(session.state.run.rate.len(), RunState::SECONDS);
    session.event(Event::Tick(noon())).event(Event::Tick(SystemTime::UNIX_EPOCH));
    session.event(Event::Tick(SystemTime::UNIX_EPOCH + Duration::from_secs(1)));
    assert_eq!(session.state.run.rate.len(), RunState::SECONDS);
    for attempt in 0..300 {
        let cause = "503".to_owned();
        tell(&mut session, RunEvent::UploadRetried { key: key(), attempt, cause, wait: Duration::ZERO });
    }
    assert_eq!(session.state.run.log.len(), RunState::LOG);
}

#[test]
fn what_a_plugin_tells_of_a_table_is_with_the_table() {
    let mut session = running();
    tell(&mut session, RunEvent::TableStarted { table: table() });
    let source = || "shop".to_owned();
    tell(&mut session, RunEvent::SourceLogged { source: source(), message: "slow".into() });
    assert_eq!((session.state.run.errors, session.state.run.told), (0, Told::Log));
    let does = |session: &Session| session.state.hints().iter().find(|hint| hint.key == "e").expect("a hint").does;
    assert_eq!(does(&session), "log");
    for (table, message) in [(Some(table()), "403 Forbidden"), (None, "lost: 500")] {
        tell(&mut session, RunEvent::SourceError { source: source(), table, message: message.into() });
    }
    let run = &session.state.run;
    assert_eq!((run.errors, run.told, does(&session)), (2, Told::Error, "errors"));
    assert_eq!(run.log, ["shop logs: slow", "orders: 403 Forbidden", "shop: lost: 500"]);
    assert_eq!((run.tables.len(), run.tables[0].errors.as_slice()), (1, ["403 Forbidden".to_owned()].as_slice()));
    session.event(Event::RunEnded(session.run_ticket(), Err(trouble("the source shop told errors"))));
    assert_eq!((session.state.run.errors, session.state.run.tables[0].state), (2, TableState::Failed));
}

#[test]
fn a_table_that_was_not_begun_has_not_failed() {
    let mut session = running();
    let tables =
        ["orders", "later"].map(|name| TableSize { table: TableName::new(name).expect("a name"), bytes: None });
    let started =
        RunEvent::RunStarted { run: "r".into(), destination: "s3://my-lake/raw/".into(), tables: tables.into() };
    tell(&mut session, started);
    tell(&mut session, RunEvent::TableStarted { table: table() });
    session.event(Event::RunEnded(session.run_ticket(), Err(trouble("line 3: six is no int64"))));
    let states: Vec<_> = session.state.run.tables.iter().map(|table| table.state).collect();
    assert_eq!(states, [TableState::Failed, TableState::NotReached]);
}
