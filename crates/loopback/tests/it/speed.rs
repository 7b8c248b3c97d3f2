//! How fast it is: `cargo test --release -p lakeward-loopback --test it -- --ignored --nocapture speed`.

use std::time::Instant;

use aws_sdk_s3::{primitives::ByteStream, types::ChecksumAlgorithm};
use bytes::Bytes;

use crate::kit::{BUCKET, Fixture};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn speed() {
    let s3 = Fixture::new().await;
    // Client and server, a body of 1 GiB that is nowhere in memory.
    let file = tempfile::NamedTempFile::new().expect("a file");
    file.as_file().set_len(1 << 30).expect("a size");
    for _ in 0..3 {
        let put = s3.client.put_object().bucket(BUCKET).key("out/streamed");
        let start = Instant::now();
        put.body(ByteStream::from_path(file.path()).await.expect("a body")).send().await.expect("an answer");
        println!("1 GiB from a file, aws-chunked: {:.0} MB/s", 1073.7 / start.elapsed().as_secs_f64());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("peak memory so far: {}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown"));

    let large = Bytes::from(vec![42; 256 << 20]);
    for checksum in [Some(ChecksumAlgorithm::Crc64Nvme), None] {
        for round in 0..3 {
            let put = s3.client.put_object().bucket(BUCKET).key("out/large").set_checksum_algorithm(checksum.clone());
            let start = Instant::now();
            put.body(ByteStream::from(large.clone())).send().await.expect("an answer");
            let speed = 268.4 / start.elapsed().as_secs_f64();
            println!("256 MiB, checksum {checksum:?}, round {round}: {speed:.0} MB/s");
        }
    }
    let small = Bytes::from(vec![42; 1000]);
    for lanes in [1, 8] {
        let start = Instant::now();
        let lanes_done = (0..lanes).map(|lane| {
            let (client, small) = (s3.client.clone(), small.clone());
            tokio::spawn(async move {
                for number in 0..2000 / lanes {
                    let put = client.put_object().bucket(BUCKET).key(format!("out/{lane}/{number}"));
                    put.body(ByteStream::from(small.clone())).send().await.expect("an answer");
                }
            })
        });
        futures::future::try_join_all(lanes_done).await.expect("no panic");
        println!("1 kB, {lanes} at once: {:.0} objects/s", 2000.0 / start.elapsed().as_secs_f64());
    }
}
