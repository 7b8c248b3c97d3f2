//! A network and a server that fail all the time: every row lands once all the same.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use lakeward_testkit::{Counts, FaultProxy, Faults, Home, S3Server, python, s3_server, tries};
use secrecy::ExposeSecret;

use crate::{
    landed,
    program::{self, files, summary},
    server::{Server, destination},
};

const SEED: u64 = 0x1a4e_3a2d;

/// Puts all objects of a bucket below a folder: endpoint, bucket, key, secret, folder.
const DOWNLOAD: &str = r#"
import boto3, pathlib, sys
endpoint, bucket, key, secret, folder = sys.argv[1:]
s3 = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret)
for entry in s3.Bucket(bucket).objects.filter(Prefix="raw/"):
    path = pathlib.Path(folder, entry.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    s3.Bucket(bucket).download_file(entry.key, str(path))
"#;

/// How objects go up.
#[derive(Clone, Copy)]
enum Upload {
    /// Each as one PutObject.
    Single,
    /// In parts of 5 MiB, of which the first is four times as large.
    Multipart,
}

impl Upload {
    /// So many rows, with texts of up to so many letters: of 75 bytes, or so that several objects are of 25 MiB.
    fn rows(self) -> (u32, usize) {
        match self {
            Self::Single => (tries(5_000, 200_000), 80),
            Self::Multipart => (tries(5_000, 200_000), usize::try_from(tries(24_000, 2_400)).unwrap()),
        }
    }

    fn settings(self) -> String {
        match self {
            Self::Single => format!("batch_size = {}\n", self.rows().0 / 70),
            Self::Multipart => "part_size = \"5MiB\"\nfile_size = \"25MiB\"\n".to_owned(),
        }
    }
}

/// Rows of varying length in the columns `id`, `text`, `number` and `noise`.
fn rows((count, most): (u32, usize)) -> String {
    let mut random = fastrand::Rng::with_seed(SEED);
    (0..count).fold("id,text,number,noise\n".to_owned(), |mut text, id| {
        let length = random.usize(0..most);
        let noise: String = std::iter::repeat_with(|| random.alphanumeric()).take(length).collect();
        let _ = writeln!(text, "{id},row {id},{},{noise}", random.f64());
        text
    })
}

/// Lands the rows through faults; the keys that the run told, and what happened on the way.
async fn land(
    home: &Home,
    address: SocketAddr,
    keys: (&str, &str),
    upload: Upload,
    more: &str,
) -> (Vec<String>, Counts) {
    // With nine faults in ten tries, the pauses between them add up to a quarter of an hour: that is for the full count.
    let (share, outage) = match tries(0, 1) {
        0 => (0.15, Duration::from_secs(2)),
        _ => (0.3, Duration::from_secs(10)),
    };
    let faults = Faults {
        slow_down: share,
        reset: share,
        lost: share,
        outage: Some((12, outage)),
        seed: SEED,
        ..Faults::default()
    };
    home.write("t.csv", rows(upload.rows()));
    let proxy = FaultProxy::start(address, faults).await;
    let more = format!("{more}format = \"csv\"\nmax_backoff = 2\n{}", upload.settings());
    let command = program::sync(home, &destination(&proxy.endpoint(), &more), &files(&["t.csv"]));
    let command = command.env("AWS_ACCESS_KEY_ID", keys.0).env("AWS_SECRET_ACCESS_KEY", keys.1);
    let output = command.args(["--progress", "json"]).time_limit(Duration::from_secs(3_600)).run().exits(0);
    let (counts, summary) = (proxy.stop().await, summary(&output));
    assert!([counts.slow_down, counts.reset, counts.lost, counts.outage].iter().all(|count| *count > 0), "{counts:?}");
    assert_eq!(summary["tables"][0]["landed"], upload.rows().0);
    let methods: BTreeSet<&str> = counts.seen.keys().map(|(method, _)| method.as_str()).collect();
    match upload {
        Upload::Single => assert_eq!(methods, BTreeSet::from(["PUT"])),
        Upload::Multipart => assert_eq!(methods, BTreeSet::from(["POST", "PUT"])),
    }
    (landed::told(&summary), counts)
}

/// Every row is in one of the objects, and no object was made twice.
#[track_caller]
fn assert_once(bucket: &Path, told: &[String], counts: &Counts, rows: u32) {
    assert_eq!(landed::keys(bucket), told);
    let stored: Vec<(&str, u64)> = counts.stored.iter().map(|(path, count)| (path.as_str(), *count)).collect();
    let once: Vec<String> =
        told.iter().map(|key| format!("/{}/{key}", bucket.file_name().unwrap().display())).collect();
    assert_eq!(stored, once.iter().map(|path| (path.as_str(), 1)).collect::<Vec<_>>());
    let mut ids: Vec<u32> = Vec::new();
    for key in told {
        let text = fs::read_to_string(bucket.join(key)).unwrap();
        ids.extend(text.lines().skip(1).map(|line| line.split_once(',').unwrap().0.parse::<u32>().unwrap()));
    }
    ids.sort_unstable();
    assert!(ids.iter().copied().eq(0..rows), "{} rows of {rows}", ids.len());
}

async fn through_faults_into_the_embedded_s3(upload: Upload) {
    let (home, server) = (Home::new(), Server::start().await);
    let address = server.s3.endpoint().trim_start_matches("http://").parse().unwrap();
    let keys = (server.s3.access_key_id(), server.s3.secret_access_key().expose_secret());
    let (told, counts) = land(&home, address, keys, upload, "vendor = \"aws\"\n").await;
    assert_once(&server.bucket(), &told, &counts, upload.rows().0);
}

async fn through_faults_into_seaweedfs(upload: Upload) {
    let (home, server) = (Home::new(), S3Server::seaweedfs());
    let more = "vendor = \"seaweedfs\"\n";
    let (told, counts) = land(&home, server.address(), server.keys().writer, upload, more).await;
    let (key, secret) = server.keys().owner;
    let folder: PathBuf = home.path().join("objects").join(s3_server::BUCKET);
    let to = folder.to_str().unwrap();
    let _ = python::run(DOWNLOAD, [&*server.endpoint(), s3_server::BUCKET, key, secret, to]);
    assert_once(&folder, &told, &counts, upload.rows().0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_lands_once_in_the_embedded_s3() {
    through_faults_into_the_embedded_s3(Upload::Single).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_lands_once_in_the_embedded_s3_in_parts() {
    through_faults_into_the_embedded_s3(Upload::Multipart).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_lands_once_in_seaweedfs() {
    through_faults_into_seaweedfs(Upload::Single).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_lands_once_in_seaweedfs_in_parts() {
    through_faults_into_seaweedfs(Upload::Multipart).await;
}
