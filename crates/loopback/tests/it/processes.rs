//! Processes that share a folder and are killed while they write.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};
use lakeward_loopback::{EmbeddedS3, Options};

use crate::kit::{BUCKET, PREFIX, client};

/// Names the folder for a child; without it, [`writer`] is no test of its own.
const DIR: &str = "LAKEWARD_LOOPBACK_DIR";

/// Keys that all writers replace in turn, as `out/shared/0` and so on.
const SHARED: u8 = 3;

/// A body that tells whether it is whole: its key and length, then bytes that follow from them.
fn body(key: &str, length: usize) -> Vec<u8> {
    let mut body = format!("{key} {length:10}\n").into_bytes();
    let mut random =
        fastrand::Rng::with_seed(body.iter().fold(7, |seed, byte| seed * 31 % 1_000_003 + u64::from(*byte)));
    let head = body.len();
    body.resize(head + length, 0);
    random.fill(&mut body[head..]);
    body
}

fn assert_whole(path: &Path, key: &str) {
    let found = fs::read(path).expect("an object");
    let head = found.split(|byte| *byte == b'\n').next().map(String::from_utf8_lossy).expect("a head");
    let (named, length) = head.split_once(' ').unwrap_or_else(|| panic!("{key} has no head: {head:?}"));
    assert_eq!(named, key, "the object holds another one's bytes");
    assert!(found == body(key, length.trim().parse().expect("a length")), "{key} is not whole");
}

/// A look at an object that may be replaced at any time, short enough to be taken thousands of times.
fn assert_long_enough(path: &Path) {
    let Ok(file) = File::open(path) else { return };
    let size = file.metadata().expect("metadata").len();
    let mut head = String::new();
    drop(BufReader::with_capacity(64, file).read_line(&mut head));
    let length: Option<u64> = head.trim_end().rsplit(' ').next().and_then(|length| length.parse().ok());
    assert_eq!(length.map(|length| length + head.len() as u64), Some(size), "{} is not whole", path.display());
}

/// Checks every object; hands back how many there are.
fn assert_all_whole(bucket: &Path) -> usize {
    let (mut folders, mut objects) = (vec![bucket.to_path_buf()], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                assert_whole(&entry, &entry.strip_prefix(bucket).expect("below").to_string_lossy());
                objects += 1;
            }
        }
    }
    objects
}

/// The child: writes keys of its own and keys that all share, until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writer() {
    let Some(dir) = env::var_os(DIR) else { return };
    let server = EmbeddedS3::start(Options::new(dir, BUCKET, PREFIX)).await.expect("a server");
    let client = client(&server);
    let (mut random, start) = (fastrand::Rng::new(), Instant::now());
    let own = std::process::id();
    for number in 0.. {
        // Should nobody kill it.
        if start.elapsed() > Duration::from_secs(20) {
            return;
        }
        let puts = (0..4).map(|lane| {
            let key = match lane {
                0 => format!("out/shared/{}", random.u8(..SHARED)),
                _ => format!("out/{own}/{number}/{lane}"),
            };
            let body = body(&key, random.usize(..400_000));
            client.put_object().bucket(BUCKET).key(key).body(ByteStream::from(body)).send()
        });
        for put in futures::future::join_all(puts).await {
            put.expect("an answer");
        }
        if number % 4 == 0 {
            multipart(&client, &format!("out/shared/parts-{}", number % 8), 5 << 20).await;
        }
    }
}

async fn multipart(client: &aws_sdk_s3::Client, key: &str, length: usize) {
    let body = body(key, length + 1000);
    let upload = client.create_multipart_upload().bucket(BUCKET).key(key).send().await.expect("an upload");
    let id = upload.upload_id().expect("an id");
    let mut parts = CompletedMultipartUpload::builder();
    for (number, part) in (1..).zip(body.chunks(length)) {
        let put = client.upload_part().bucket(BUCKET).key(key).upload_id(id).part_number(number);
        let answer = put.body(ByteStream::from(part.to_vec())).send().await.expect("an answer");
        let part = CompletedPart::builder().part_number(number).set_e_tag(answer.e_tag().map(str::to_owned)).build();
        parts = parts.parts(part);
    }
    let complete = client.complete_multipart_upload().bucket(BUCKET).key(key).upload_id(id);
    complete.multipart_upload(parts.build()).send().await.expect("an answer");
}

fn spawn(dir: &Path) -> Child {
    Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "processes::writer"])
        .env(DIR, dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process")
}

/// Counted in files rather than by the clock, so that a slow machine kills at work and not at the start.
fn wait_for_objects(bucket: &Path, count: usize) {
    let start = Instant::now();
    while fs::read_dir(bucket.join("out")).into_iter().flatten().flatten().count() < count {
        assert!(start.elapsed() < Duration::from_secs(30), "the writers wrote nothing");
        thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test]
async fn killed_at_any_moment_every_object_is_whole() {
    let rounds = if env::var_os("LAKEWARD_SOAK").is_some() { 50 } else { 8 };
    let seed = env::var("LAKEWARD_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20);
    let mut random = fastrand::Rng::with_seed(seed);
    let dir = tempfile::tempdir().expect("a folder");
    let bucket = dir.path().join(BUCKET);
    let mut objects = 0;
    for round in 0..rounds {
        let folders_before = fs::read_dir(bucket.join("out")).into_iter().flatten().count();
        let mut writers = [spawn(dir.path()), spawn(dir.path())];
        // Both have begun: each has a folder of its own, and in the first round there is the shared one.
        wait_for_objects(&bucket, folders_before + 2 + usize::from(round == 0));
        let moment = Instant::now() + Duration::from_micros(random.u64(..200_000));
        while Instant::now() < moment {
            for number in 0..SHARED {
                assert_long_enough(&bucket.join(format!("out/shared/{number}")));
            }
        }
        for writer in &mut writers {
            assert!(writer.try_wait().expect("a status").is_none(), "a writer ended by itself");
            writer.kill().expect("SIGKILL");
            writer.wait().expect("an end");
        }
        objects = assert_all_whole(&bucket);
    }
    assert!(objects > rounds * 4, "hardly anything was written: {objects} objects");
    // The killed ones left their temporary folders; the next start takes them away, and nothing else.
    let server = EmbeddedS3::start(Options::new(dir.path(), BUCKET, PREFIX)).await.expect("a server");
    server.stop().await;
    let left: Vec<_> =
        fs::read_dir(dir.path()).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left, [BUCKET]);
    assert_eq!(assert_all_whole(&bucket), objects);
}
