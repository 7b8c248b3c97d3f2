use lakeward_core::{
    event::{Event as RunEvent, TableSize},
    table::TableName,
};

use super::*;

fn running() -> Session {
    let mut session = Session::new();
    session.lead_to_destination().line("my-lake");
    for line in ["", "", "", ""] {
        session.line(line);
    }
    session.line("1").line("x.csv").line("").line("").works().line("").line("").works().line("").works();
    assert_says(&session, "Wrote lakeward.toml. Run it now?");
    session.line("1");
    let tables = ["customers", "orders"].map(|name| TableSize { table: table(name), bytes: Some(100) });
    tell(
        &mut session,
        RunEvent::RunStarted { run: "r".into(), destination: "s3://my-lake/raw/".into(), tables: tables.to_vec() },
    );
    session
}

fn table(name: &str) -> TableName {
    TableName::new(name).expect("a name")
}

fn tell(session: &mut Session, event: RunEvent) {
    let ticket = session.ticket(|effect| if let Effect::Run(ticket, _) = effect { Some(*ticket) } else { None });
    session.event(Event::Run(ticket, Box::new(event)));
}

#[test]
fn a_run_is_told_each_tenth_of_its_way_or_each_half_minute() {
    let mut session = running();
    assert_says(&session, "Into s3://my-lake/raw/: customers, orders. Ctrl-C stops safely.");
    assert!(!session.plain.wants_line());
    session.printed.clear();
    for _ in 0..100 {
        tell(&mut session, RunEvent::RowsRead { table: table("orders"), rows: 1, rejected: 0, bytes: 1 });
    }
    assert_eq!(session.printed.len(), 5, "{:#?}", session.printed);
    assert_eq!(session.printed[4], "50 % read, 100 rows taken, 0 objects landed.");
    session.printed.clear();
    tell(&mut session, RunEvent::TableFinished { table: table("orders") });
    tell(&mut session, RunEvent::TableFinished { table: table("customers") });
    assert_eq!(
        session.printed,
        ["orders is done: 100 rows landed in 0 objects.", "customers is done: 0 rows landed in 0 objects."]
    );
    assert!(session.later(29).printed.is_empty());
    assert_eq!(session.later(30).printed, ["50 % read, 100 rows taken, 0 objects landed."]);
    assert!(session.later(31).printed.is_empty());
    let ticket = session.ticket(|effect| if let Effect::Run(ticket, _) = effect { Some(*ticket) } else { None });
    session.event(Event::RunEnded(ticket, Ok("100 rows landed\nin 3 s".into())));
    assert_eq!(session.printed, ["100 rows landed", "in 3 s", "Enter goes on."]);
    assert!(session.plain.state.run.tables.iter().all(|table| table.state == TableState::Done));
    session.line("7");
    assert_says(&session, "\"7\" is no answer here");
    session.line("");
    assert_says(&session, "To run it from now on, also from cron: lakeward --config /home/me/lakeward.toml");
    session.line("");
    assert_eq!(session.plain.state.exit, Some(Exit::Run(0)));
}

#[test]
fn the_end_of_the_input_lists_the_flags_of_what_is_missing() {
    let mut session = Session::new();
    session.works().line("1").works();
    let turn = session.plain.end();
    assert_eq!(
        turn.lines,
        [
            "The input ended. Still to be answered: Account (--sso-account-id), Role (--sso-role-name), Bucket (--bucket), Files (--paths).",
            "The answers are kept: `lakeward init --resume` goes on with them.",
        ]
    );
    assert!(matches!(&session.plain.state.exit, Some(Exit::Unanswered(missing)) if missing.len() == 4));
    assert!(turn.effects.iter().any(|effect| matches!(effect, Effect::SaveDraft(_))));
    // What is wrong is missing too.
    let mut wrong = Session::new();
    wrong.lead_to_destination().line("My_Lake");
    assert_eq!(
        wrong.plain.end().lines,
        [
            "The input ended. Still to be answered: Bucket (--bucket), Files (--paths).",
            "The answers are kept: `lakeward init --resume` goes on with them.",
        ]
    );
    // Where nothing was answered, nothing is kept.
    let mut unanswered = Session::new();
    unanswered.works();
    let said = unanswered.plain.end().lines;
    assert!(said.len() == 1 && said[0].starts_with("The input ended. Still to be answered: "), "{said:#?}");
    // Nothing was to be written at the menu, and nothing is lacking.
    let existing = crate::compose(&crate::tests::whole()[3], &crate::tests::facts()).expect("a config").document.toml;
    let place = crate::Place { existing: Some(existing), ..place() };
    let mut menu = Session::with(Start { place, ..Start::default() });
    menu.works();
    assert_eq!(menu.plain.end().lines, ["The input ended before anything was chosen. Nothing was changed."]);
}

#[test]
fn commands_that_go_on_do_so_in_plain_lines_where_these_were_asked_for() {
    let place = crate::Place { is_plain: true, ..place() };
    let mut session = Session::with(Start { place: place.clone(), ..Start::default() });
    session.lead_to_destination().line("my-lake");
    assert!(session.plain.state.on_leaving().contains("`lakeward init --plain`"));
    let said = session.plain.end().lines;
    assert_eq!(said[1], "The answers are kept: `lakeward init --plain --resume` goes on with them.");
    let other = crate::Place { config_shown: "my lake.toml".into(), ..place.clone() };
    assert_eq!(
        [place.opening(), other.opening()],
        ["lakeward --plain", "lakeward init --plain --config 'my lake.toml'"]
    );
}

#[test]
fn the_end_of_the_input_leaves_a_run_alone_and_a_config_written() {
    let mut session = running();
    let turn = session.plain.end();
    assert!(turn.effects.is_empty() && session.plain.state.exit.is_none());
    let ticket = session.ticket(|effect| if let Effect::Run(ticket, _) = effect { Some(*ticket) } else { None });
    session.event(Event::RunEnded(ticket, Ok("all landed".into())));
    assert!(session.plain.wants_line());
    session.plain.end();
    assert_eq!(session.plain.state.exit, Some(Exit::Run(0)));
    let mut written = Session::new();
    written.plain.state.show(Screen::Written);
    let said = written.plain.end().lines;
    assert_eq!(written.plain.state.exit, Some(Exit::Done));
    assert_eq!(said, ["The input ended before a run was chosen. To run it: lakeward --config lakeward.toml"]);
}
