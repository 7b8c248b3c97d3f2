//! Rows from a pipe.

use std::{io::Write, process::ChildStdin};

use lakeward_testkit::{Home, HomeCommand, Running};

use crate::{
    landed,
    program::{EMBEDDED, lacks, numbered, summary, sync},
};

/// Types are inferred from the first row, so that the run begins while the pipe is still open.
pub(crate) const SOURCE: &str = "type = \"stdin\"\ntable = \"t\"\nformat = \"csv\"\nsample = 1\n";

/// Starts a run with JSON progress, and has it take so many rows from a pipe that then stays open and idle.
pub(crate) fn fed(command: HomeCommand<'_>, rows: u32) -> (Running<'_>, ChildStdin) {
    let mut running = command.args(["--progress", "json"]).open_stdin().spawn();
    let mut input = running.stdin().unwrap();
    input.write_all(numbered(0, rows).as_bytes()).unwrap();
    running.wait_for(&format!("\"event\":\"rows_read\",\"table\":\"t\",\"rows\":{rows},"));
    (running, input)
}

#[test]
fn rows_of_a_pipe_land_and_objects_close_on_rows() {
    let home = Home::new();
    let destination = format!("{EMBEDDED}batch_size = 100\n");
    let command = sync(&home, &destination, SOURCE).args(["--progress", "json"]);
    let output = command.stdin(numbered(0, 1_050)).run().exits(0);
    let bucket = home.path().join("lake/test");
    assert_eq!(landed::keys(&bucket).len(), 11);
    assert_eq!(landed::all_ids(&bucket), (0..1_050).collect::<Vec<i64>>());
    assert_eq!(summary(&output)["tables"][0]["landed"], 1_050);
}

#[test]
fn objects_close_on_rows_and_on_age_while_the_pipe_is_idle() {
    let home = Home::new();
    let destination = format!("{EMBEDDED}batch_size = 100\nbatch_timeout = \"1s\"\n");
    let (mut running, mut input) = fed(sync(&home, &destination, SOURCE), 130);
    // The first 100 rows fill an object, and the next 30 are one for their age.
    running.wait_for("\"rows\":100,\"bytes\"");
    running.wait_for("\"rows\":30,\"bytes\"");
    let bucket = home.path().join("lake/test");
    assert_eq!(landed::all_ids(&bucket), (0..130).collect::<Vec<i64>>());
    input.write_all(b"130,row 130\n").unwrap();
    drop(input);
    let _ = running.wait().exits(0);
    assert_eq!(landed::all_ids(&bucket), (0..131).collect::<Vec<i64>>());
}

#[test]
fn an_empty_pipe_has_no_header() {
    let output = sync(&Home::new(), EMBEDDED, SOURCE).run().exits(65);
    assert_eq!(lacks(&output.stderr, &["standard input is empty"]), [""; 0], "{}", output.stderr);
}
