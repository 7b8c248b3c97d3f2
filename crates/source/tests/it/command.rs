//! Commands as sources: what they print is read as standard input is, and none outlives its run.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use arrow_array::{ArrayRef, Int64Array};
use lakeward_core::{
    plan::{InputFormat, Sample, SourcePlan},
    table::TableName,
};
use lakeward_source::{Commands, discover};

use crate::{
    columnar::{arrow_of, batch, parquet_of},
    support::{Fixture, words},
};

/// A shell script as the command of table `t`. That there is a shell is its own doing.
fn script(fixture: &Fixture, script: &str) -> SourcePlan {
    program(fixture, &["sh", "-c", script])
}

fn program(fixture: &Fixture, words: &[&str]) -> SourcePlan {
    SourcePlan::Command {
        command: words.iter().map(|word| (*word).to_owned()).collect(),
        folder: fixture.path(""),
        table: TableName::new("t").expect("a name"),
        read: fixture.read.clone(),
    }
}

fn csv() -> Fixture {
    Fixture::new().format(InputFormat::Csv)
}

#[track_caller]
fn fails(fixture: &Fixture, source: SourcePlan) -> (u8, String) {
    let failure = fixture.land(&[source]).expect_err("a failure");
    words(&failure, Path::new("/nowhere"))
}

/// Whether the process whose number is in a file is still there.
fn is_alive(fixture: &Fixture, file: &str) -> bool {
    let number = std::fs::read_to_string(fixture.path(file)).expect("a number");
    let status = std::fs::read_to_string(format!("/proc/{}/stat", number.trim()));
    status.is_ok_and(|status| !status.contains(") Z "))
}

#[test]
fn what_it_prints_is_the_table() {
    let fixture = csv();
    fixture.file("data.txt", "a,b\n1,x\n2,y\n");
    // It runs in the folder, and its input is empty.
    let landed = fixture.land(&[script(&fixture, "cat data.txt; cat")]).expect("read").remove(0);
    assert_eq!(landed.rows(), [["1", "x"], ["2", "y"]]);
    assert!(landed.ended);
    assert_eq!(fixture.events.read(), (2, 0, 12));
    // An argument is one argument, whatever it holds.
    let landed = fixture.land(&[program(&fixture, &["printf", "a\n%s\n", "$HOME; ls *"])]).expect("read").remove(0);
    assert_eq!(landed.rows(), [["$HOME; ls *"]]);
}

#[test]
fn it_is_one_table_with_files() {
    let fixture = csv();
    fixture.file("f.csv", "a\n1\n");
    let landed = fixture.land(&[fixture.source("f.csv", Some("t")), script(&fixture, "echo a; echo 2")]);
    assert_eq!(landed.expect("read")[0].rows(), [["1"], ["2"]]);
}

#[test]
fn parquet_and_arrow_come_through_a_pipe() {
    let rows = batch(vec![("a", Arc::new(Int64Array::from_iter_values(0..100_000)) as ArrayRef)]);
    for (format, content) in [
        (InputFormat::Parquet, parquet_of(&rows, 30_000)),
        (InputFormat::Arrow, arrow_of(&rows, true)),
        (InputFormat::Arrow, arrow_of(&rows, false)),
    ] {
        let fixture = Fixture::new().format(format);
        fixture.file("data", &content);
        let landed = fixture.land(&[script(&fixture, "cat data")]).expect("read").remove(0);
        assert_eq!(landed.read.rows_read, 100_000);
        assert!(landed.rows().iter().enumerate().all(|(row, cells)| cells[0] == row.to_string()));
        assert_eq!(fixture.events.read().2, content.len() as u64);
        let (code, words) = fails(&fixture, script(&fixture, "cat data; exit 9"));
        assert!(code == 65 && words.contains("ended with status 9"), "{words}");
    }
}

#[test]
fn an_arrow_stream_may_end_without_a_mark_where_the_status_tells_the_end() {
    let rows = batch(vec![("a", Arc::new(Int64Array::from_iter_values(0..1_000)) as ArrayRef)]);
    let content = arrow_of(&rows, false);
    let (unmarked, inside) = (content.len() - 8, content.len() - 9);
    for compression in ["cat", "gzip"] {
        let fixture = Fixture::new().format(InputFormat::Arrow);
        fixture.file("data", &content);
        let cut = |bytes: usize, status: u8| format!("head -c {bytes} data | {compression}; exit {status}");
        let landed = fixture.land(&[script(&fixture, &cut(unmarked, 0))]).expect("read").remove(0);
        assert_eq!((landed.read.rows_read, landed.ended), (1_000, true));
        let (code, words) = fails(&fixture, script(&fixture, &cut(unmarked, 9)));
        assert!(code == 65 && words.contains("ended with status 9"), "{words}");
        let (code, words) = fails(&fixture, script(&fixture, &cut(inside, 0)));
        assert!(code == 65 && words.contains("it ends inside a message"), "{words}");
    }
    let (code, words) = Fixture::with("t.arrows", &content[..unmarked]).fails("t.arrows");
    let says =
        "t.arrows: the Arrow data are cut short or damaged: the mark of their end is missing | get the file anew";
    assert!(code == 65 && words.starts_with(says) && words.contains("type = \"command\""), "{words}");
}

#[test]
fn a_status_other_than_zero_fails_even_after_the_whole_output() {
    let mut fixture = csv();
    let (code, words) =
        fails(&fixture, script(&fixture, "echo a; echo 1; printf 'no \\033[31mroom\\nat all\\n' >&2; exit 3"));
    assert_eq!(code, 65);
    assert_eq!(
        words.split(" | ").next(),
        Some("the command sh of table t ended with status 3; the end of its standard error:\n  no [31mroom\n  at all")
    );
    // After the sample: rows were handed over, but never the table's end.
    fixture.read.sample = Sample::Bytes(10);
    let source = script(&fixture, "echo a; seq 1000000; exit 4");
    let reader = discover(&[source], &[], &fixture.context()).expect("found").remove(0);
    let failure = reader.read(&fixture.outlet).expect_err("a status");
    assert!(failure.what.contains("ended with status 4, and wrote nothing to standard error"), "{failure}");
    let messages = fixture.outlet.take();
    assert!(messages.len() > 1 && !messages.iter().any(|m| matches!(m, lakeward_core::message::Message::End(_))));
}

#[test]
fn a_signal_is_named() {
    let fixture = csv();
    let (code, words) = fails(&fixture, script(&fixture, "echo a; echo 1; kill -KILL $$"));
    assert!(code == 65 && words.starts_with("the command sh of table t was ended by SIGKILL"), "{words}");
}

#[test]
fn a_flood_on_standard_error_is_no_dam() {
    let fixture = csv();
    let flood = "head -c 100000000 /dev/zero | tr '\\0' 'x' >&2; echo >&2; echo last words >&2; echo a; echo 1";
    assert_eq!(fixture.land(&[script(&fixture, flood)]).expect("read")[0].rows(), [["1"]]);
    let (_, words) = fails(&fixture, script(&fixture, &format!("{flood}; exit 1")));
    assert!(words.contains("  last words") && words.len() < 5000, "{words}");
}

#[test]
fn one_that_is_not_there_or_may_not_be_run() {
    let fixture = csv();
    fixture.file("plain", "echo a");
    for (name, advice) in [("no-such-program", "check the program's name"), ("./plain", "make the program executable")]
    {
        let (code, words) = fails(&fixture, program(&fixture, &[name]));
        assert!(words.starts_with(&format!("the command {name} of table t can't be started: ")), "{words}");
        assert!(code == 65 && words.contains(advice), "{words}");
    }
}

#[test]
fn one_that_prints_nothing() {
    let fixture = csv();
    let (code, words) = fails(&fixture, script(&fixture, "true"));
    assert!(code == 65 && words.starts_with("the command sh of table t is empty"), "{words}");
    let fixture = Fixture::new().format(InputFormat::Ndjson);
    let (code, words) = fails(&fixture, script(&fixture, "true"));
    assert!(code == 65 && words.starts_with("table t has no columns: nothing came"), "{words}");
    let fixture = Fixture::new().format(InputFormat::Parquet);
    let (code, words) = fails(&fixture, script(&fixture, "true"));
    assert!(code == 65 && words.contains("is not a Parquet file"), "{words}");
}

#[cfg(target_os = "linux")]
#[test]
fn none_outlives_its_reader() {
    let mut fixture = csv();
    fixture.read.sample = Sample::Bytes(10);
    // The shell, and a program that it started and that does not heed the first signal.
    let endless = "echo $$ > shell; sh -c 'trap \"\" TERM; echo $$ > inner; while :; do sleep 0.1; done' & echo a; seq 100000; wait";
    for case in ["unread", "misfit", "stop"] {
        let source = script(
            &fixture,
            if case == "misfit" { "echo $$ > shell; echo a; seq 100000; echo x; sleep 60" } else { endless },
        );
        let reader = discover(&[source], &[], &fixture.context()).expect("found").remove(0);
        fixture.outlet.stop_after.store(if case == "stop" { 2 } else { 0 }, Ordering::Relaxed);
        while case != "misfit" && !fixture.path("inner").exists() {
            thread::sleep(Duration::from_millis(10));
        }
        let began = Instant::now();
        match case {
            "unread" => drop(reader),
            "misfit" => assert!(reader.read(&fixture.outlet).is_err()),
            _ => assert!(!reader.read(&fixture.outlet).expect("no failure").complete),
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{case}");
        assert!(!is_alive(&fixture, "shell"), "{case}");
        if case != "misfit" {
            assert!(!is_alive(&fixture, "inner"), "{case}");
            std::fs::remove_file(fixture.path("inner")).expect("removed");
        }
        fixture.outlet.take();
    }
}

#[test]
fn the_samples_of_many_take_bounded_memory() {
    const TABLES: u64 = 8;
    let fixture = csv();
    let text = "0123456789abcdef".repeat(1 << 10);
    let endless = |table: u64| {
        // Each line that was printed leaves a byte in a file.
        let print = format!("echo text; while echo {text}; do echo >> lines{table}; done");
        let table = TableName::new(&format!("t{table}")).expect("a name");
        let command = ["sh", "-c", &print].map(str::to_owned).into();
        SourcePlan::Command { command, folder: fixture.path(""), table, read: fixture.read.clone() }
    };
    let sources: Vec<SourcePlan> = (0..TABLES).map(endless).collect();
    let readers = discover(&sources, &[], &fixture.context()).expect("found");
    let lines = |table| std::fs::metadata(fixture.path(&format!("lines{table}"))).expect("a file").len();
    let printed = (0..TABLES).map(lines).sum::<u64>() * text.len() as u64;
    // Beyond the samples, each has what fills its pipe and is read ahead.
    assert!(printed > 30 << 20 && printed < (32 << 20) + TABLES * (4 << 20), "{printed} bytes");
    assert_eq!(readers.len() as u64, TABLES);
}

#[cfg(target_os = "linux")]
#[test]
fn one_that_is_stopped_ends_as_soon_as_it_is_asked_to() {
    let mut fixture = csv();
    fixture.read.sample = Sample::Bytes(10);
    let source = script(&fixture, "echo $$ > shell; echo a; seq 1000; kill -STOP $$");
    let reader = discover(&[source], &[], &fixture.context()).expect("found").remove(0);
    let number = std::fs::read_to_string(fixture.path("shell")).expect("a number");
    let is_stopped = || {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", number.trim()));
        status.expect("alive").contains(") T ")
    };
    while !is_stopped() {
        thread::sleep(Duration::from_millis(10));
    }
    let began = Instant::now();
    drop(reader);
    assert!(began.elapsed() < Duration::from_secs(2), "it was killed: {:?}", began.elapsed());
    assert!(!is_alive(&fixture, "shell"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_look_takes_the_first_rows_of_one_that_goes_on_and_ends_it() {
    for (prints, rows, goes_on) in [
        ("echo a,b; echo 1,x; printf 2; sleep 60", vec![vec!["1", "x"]], true),
        ("echo a,b; echo 1,x; printf 2,y", vec![vec!["1", "x"], vec!["2", "y"]], false),
    ] {
        let mut fixture = csv();
        fixture.commands = Commands::of_a_look();
        let source = script(&fixture, &format!("echo $$ > shell; {prints}"));
        let (end, began) = (fixture.commands.end_with(), Instant::now());
        let landed = fixture.land(&[source]).expect("read").remove(0);
        assert_eq!(landed.rows(), rows);
        assert_eq!(fixture.commands.goes_on(&landed.table.name), goes_on);
        drop(end);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert!(!is_alive(&fixture, "shell"), "{prints}");
    }
    // Only by its status it is known whether all came: that is waited for where it ends.
    let mut fixture = csv();
    fixture.commands = Commands::of_a_look();
    let (code, text) = fails(&fixture, script(&fixture, "echo a; echo 1; exit 3"));
    assert!(code == 65 && text.contains("status 3"), "{code} {text}");
}

#[test]
fn one_that_hangs_is_waited_for_and_ended_with_the_run() {
    // While it is sampled, and after its output has ended.
    for hanging in ["echo $$ > shell; sleep 60", "echo $$ > shell; echo a; echo 1; exec >&-; sleep 60"] {
        let fixture = csv();
        let source = script(&fixture, hanging);
        let (commands, context) = (fixture.commands.end_with(), fixture.context());
        let (sender, found) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            let found = discover(&[source], &[], &context);
            sender.send(found.map(|readers| readers.len())).expect("the test is listening");
        });
        assert!(found.recv_timeout(Duration::from_millis(500)).is_err(), "it is not waited for");
        drop(commands);
        assert!(!is_alive(&fixture, "shell"));
        let failure = found.recv_timeout(Duration::from_secs(10)).expect("an end").expect_err("its end");
        assert!(failure.what.contains("was ended by SIGTERM"), "{failure}");
        thread.join().expect("no panic");
        // Nothing is started any more.
        let (_, words) = fails(&fixture, script(&fixture, "true"));
        assert!(words.contains("the run is stopping"), "{words}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_service_is_heard_until_it_ends_with_all_that_it_started() {
    let fixture = csv();
    let start = |script: &str| {
        let (sender, heard) = std::sync::mpsc::channel();
        let hear = move |line: &str| sender.send(line.to_owned()).expect("the test is listening");
        let words = ["sh", "-c", script].map(str::to_owned);
        let service =
            fixture.commands.start_service("the service".into(), &words, &fixture.path(""), &[("A", "b")], hear);
        (service.expect("started"), heard)
    };
    let (service, heard) = start("sleep 60 > /dev/null & echo $! > child; echo $A; printf c; echo why >&2; exit 3");
    assert_eq!(heard.iter().collect::<Vec<_>>(), ["b", "c"]);
    let ended = loop {
        if let Some(ended) = service.ended() {
            break ended;
        }
        thread::sleep(Duration::from_millis(10));
    };
    assert!(ended.starts_with("the service ended with status 3; ") && ended.ends_with("why"), "{ended}");
    assert!(!is_alive(&fixture, "child"));

    let (service, heard) = start("yes long & echo $$ > shell; sleep 60");
    assert_eq!(heard.recv_timeout(Duration::from_secs(10)), Ok("long".to_owned()));
    assert_eq!(service.ended(), None);
    drop(service);
    assert!(!is_alive(&fixture, "shell"));
}
