//! Memory stays bounded, whatever the size of the source.

#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
    thread::sleep,
    time::Duration,
};

use lakeward_testkit::{Home, HomeCommand, Output, S3Server, python, tries};

use crate::{
    landed,
    program::{EMBEDDED, files, summary, sync},
    server,
};

const MIB: u64 = 1 << 20;

/// The most memory that a process ever had (proc(5), VmHWM); `None` when it is gone.
fn peak(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024)
}

/// Writes so many bytes of JSON lines and gives the count of rows.
fn write_events(path: &Path, most: u64) -> u64 {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let mut random = fastrand::Rng::with_seed(7);
    let (mut bytes, mut rows) = (0, 0_u64);
    while bytes < most {
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
    file.flush().unwrap();
    rows
}

/// Runs to the end, successfully, and tells the most memory that it took.
#[track_caller]
fn peak_of(command: HomeCommand<'_>) -> (Output, u64) {
    let running = command.time_limit(Duration::from_secs(1_200)).spawn();
    let mut most = 0;
    while let Some(now) = peak(running.pid()) {
        most = most.max(now);
        sleep(Duration::from_millis(20));
    }
    let output = running.wait().exits(0);
    (output, most)
}

#[test]
fn a_large_file_takes_less_than_200_mib() {
    let home = Home::new();
    let rows = write_events(&home.path().join("t.ndjson"), u64::from(tries(64, 1_024)) * MIB);
    let (_, most) = peak_of(sync(&home, EMBEDDED, &files(&["t.ndjson"])));
    assert!(most > 10 * MIB && most < 200 * MIB, "it took {} MiB at most", most / MIB);
    let bucket = home.path().join("lake/test");
    let batches = landed::keys(&bucket).into_iter().flat_map(|key| landed::rows(&bucket.join(key)));
    assert_eq!(batches.map(|batch| batch.num_rows() as u64).sum::<u64>(), rows);
}

/// One object of JSON lines, a third of a GiB or, at full count, three, from one file that is read again and again.
#[test]
fn one_large_object_goes_to_seaweedfs_in_parts_and_takes_less_than_200_mib() {
    let (home, server) = (Home::new(), S3Server::seaweedfs());
    let pass = u64::from(tries(48, 340)) * MIB;
    let rows = write_events(&home.path().join("events.ndjson"), pass);
    let script = "for i in 1 2 3 4 5 6 7 8 9; do cat events.ndjson || exit 1; done";
    let source = format!(
        "type = \"command\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\ntable = \"events\"\nformat = \"ndjson\"\n"
    );
    let object = "format = \"json\"\nno_rotate = true\nvendor = \"seaweedfs\"\npart_size = \"16MiB\"\n";
    let destination = server::destination(&server.endpoint(), object).replace("/{{UUID}}", "");
    let (key, secret) = server.keys().writer;
    let command = sync(&home, &destination, &source).env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", secret);
    let (output, most) = peak_of(command.args(["--progress", "json"]));
    assert!(most > 10 * MIB && most < 200 * MIB, "it took {} MiB at most", most / MIB);
    let table = &summary(&output)["tables"][0];
    assert_eq!((&table["landed"], table["objects"].as_array().map(Vec::len)), (&(9 * rows).into(), Some(1)));
    assert!(table["objects"][0]["bytes"].as_u64().unwrap() > 8 * pass, "{table}");
    let count = "import boto3, hashlib, sys
endpoint, key, secret, name = sys.argv[1:]
s3 = boto3.client('s3', endpoint_url=endpoint, region_name='us-east-1', aws_access_key_id=key, aws_secret_access_key=secret)
body = s3.get_object(Bucket='test', Key=name)['Body']
print(sum(chunk.count(b'\\n') for chunk in iter(lambda: body.read(1 << 20), b'')))";
    let (key, secret) = server.keys().owner;
    let name = table["objects"][0]["key"].as_str().unwrap();
    let counted = python::run(count, [&*server.endpoint(), key, secret, name]);
    assert_eq!(counted.trim(), (9 * rows).to_string());
}

/// More columns than the memory has room for at once by the page: what is open of the destination must not keep the source waiting.
#[test]
fn a_wide_parquet_file_is_read_to_its_end() {
    let home = Home::new();
    let script = "import pyarrow as pa, pyarrow.parquet as pq, sys
column = pa.array(range(300_000))
table = pa.table({f'c{number}': column for number in range(60)})
pq.write_table(table, sys.argv[1], use_dictionary=False, compression='none', row_group_size=300_000)";
    let path = home.path().join("wide.parquet");
    let _ = python::run(script, [path.to_str().unwrap()]);
    let destination = format!("{EMBEDDED}compression = \"none\"\n");
    let (output, most) = peak_of(sync(&home, &destination, &files(&["wide.parquet"])).args(["--progress", "json"]));
    assert_eq!(summary(&output)["tables"][0]["landed"], 300_000);
    assert!(most < 300 * MIB, "it took {} MiB at most", most / MIB);
}
