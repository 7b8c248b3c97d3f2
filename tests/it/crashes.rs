//! Processes that are killed, and processes that write to one folder at once: what is visible is whole.

use std::{fs, path::Path, thread::sleep};

use lakeward_testkit::{Home, tries};

use crate::{
    landed,
    program::{EMBEDDED, files, numbered, sync},
};

const ROWS: u32 = 20_000;
const OBJECT: usize = 250;

/// Each visible object holds one stretch of rows, as many as an object has.
#[track_caller]
fn assert_whole(bucket: &Path) -> usize {
    let keys = landed::keys(bucket);
    for key in &keys {
        let ids = landed::ids(&bucket.join(key));
        let stretch = ids.windows(2).all(|pair| pair[1] == pair[0] + 1);
        assert!(
            stretch && ids.len() == OBJECT && ids[0] % 250 == 0,
            "{key} holds {} rows from {:?}",
            ids.len(),
            ids.first()
        );
    }
    keys.len()
}

#[test]
fn whatever_a_kill_interrupts_every_visible_object_is_whole() {
    let home = Home::new();
    home.write("t.csv", numbered(0, ROWS));
    let destination = format!("{EMBEDDED}batch_size = {OBJECT}\n");
    let command = || sync(&home, &destination, &files(&["t.csv"]));
    let (lake, bucket) = (home.path().join("lake"), home.path().join("lake/test"));
    let mut random = fastrand::Rng::with_seed(0x6b69_6c6c);
    let whole_run = command().run().exits(0).elapsed;
    let mut interrupted = 0;
    for _ in 0..tries(6, 50) {
        let before = landed::keys(&bucket).len();
        let running = command().spawn();
        sleep(whole_run.mul_f64(random.f64()));
        let output = running.kill();
        interrupted += u32::from(output.code.is_none() && assert_whole(&bucket) > before);
    }
    assert!(interrupted > 0, "no kill came between the first object of a run and its last");

    // A run to the end sweeps what the killed ones left, and appends all its rows.
    let before = landed::keys(&bucket).len();
    let _ = command().run().exits(0);
    assert_eq!(assert_whole(&bucket) - before, usize::try_from(ROWS).unwrap() / OBJECT);
    let left: Vec<_> = fs::read_dir(&lake).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["test"]);
}

#[test]
fn two_processes_may_write_to_one_folder() {
    let (one, other) = (Home::new(), Home::new());
    one.write("t.csv", numbered(0, ROWS));
    other.write("t.csv", numbered(ROWS, ROWS));
    let lake = one.path().join("lake");
    let destination = EMBEDDED.replace("\"lake\"", &format!("{lake:?}")) + &format!("batch_size = {OBJECT}\n");
    let running = [&one, &other].map(|home| sync(home, &destination, &files(&["t.csv"])).spawn());
    running.into_iter().for_each(|running| drop(running.wait().exits(0)));
    assert_eq!(assert_whole(&lake.join("test")), 2 * usize::try_from(ROWS).unwrap() / OBJECT);
    assert_eq!(landed::all_ids(&lake.join("test")), (0..i64::from(2 * ROWS)).collect::<Vec<_>>());
}

#[test]
fn two_processes_may_write_one_key() {
    let (one, other) = (Home::new(), Home::new());
    one.write("t.csv", numbered(0, ROWS));
    other.write("t.csv", numbered(ROWS, ROWS));
    let lake = one.path().join("lake");
    let destination =
        EMBEDDED.replace("\"lake\"", &format!("{lake:?}")).replace("/{{UUID}}", "") + "no_rotate = true\n";
    for _ in 0..tries(2, 20) {
        let running = [&one, &other].map(|home| sync(home, &destination, &files(&["t.csv"])).spawn());
        running.into_iter().for_each(|running| drop(running.wait().exits(0)));
        assert_eq!(landed::keys(&lake), ["test/raw/t.parquet"]);
        let ids = landed::ids(&lake.join("test/raw/t.parquet"));
        let first = i64::from(if ids[0] == 0 { 0 } else { ROWS });
        assert_eq!(ids, (first..first + i64::from(ROWS)).collect::<Vec<_>>());
    }
}
