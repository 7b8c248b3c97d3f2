//! Memory stays bounded, whatever the size of the source.

#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    thread::sleep,
    time::Duration,
};

use lakeward_testkit::{Home, tries};

use crate::{
    landed,
    program::{EMBEDDED, files, sync},
};

const MIB: u64 = 1 << 20;

/// The most memory that a process ever had (proc(5), VmHWM); `None` when it is gone.
fn peak(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024)
}

#[test]
fn a_large_file_takes_less_than_200_mib() {
    let home = Home::new();
    let path = home.path().join("t.ndjson");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    let mut random = fastrand::Rng::with_seed(7);
    let (mut bytes, mut rows) = (0, 0_u64);
    while bytes < u64::from(tries(64, 1_024)) * MIB {
        let tags: Vec<String> = (0..random.usize(0..6)).map(|_| format!("{:x}", random.u64(..))).collect();
        let line = format!(
            "{{\"id\":{rows},\"at\":\"2024-02-{:02}T10:00:00Z\",\"value\":{},\"tags\":{tags:?},\"place\":{{\"lat\":{},\"name\":\"{:x}\"}}}}\n",
            random.u8(1..=29),
            random.f64(),
            random.f64(),
            random.u128(..),
        );
        file.write_all(line.as_bytes()).unwrap();
        (bytes, rows) = (bytes + u64::try_from(line.len()).unwrap(), rows + 1);
    }
    drop(file);

    let running = sync(&home, EMBEDDED, &files(&["t.ndjson"])).time_limit(Duration::from_secs(600)).spawn();
    let mut most = 0;
    while let Some(now) = peak(running.pid()) {
        most = most.max(now);
        sleep(Duration::from_millis(20));
    }
    let _ = running.wait().exits(0);
    assert!(most > 10 * MIB && most < 200 * MIB, "it took {} MiB at most", most / MIB);
    let bucket = home.path().join("lake/test");
    let batches = landed::keys(&bucket).into_iter().flat_map(|key| landed::rows(&bucket.join(key)));
    assert_eq!(batches.map(|batch| batch.num_rows() as u64).sum::<u64>(), rows);
}
