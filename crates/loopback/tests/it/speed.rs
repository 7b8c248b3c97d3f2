//! Bodies of any size arrive whole, and how fast; in full and in figures:
//! `LAKEWARD_SOAK=1 cargo test --release -p lakeward-loopback --test it -- --nocapture speed`.

use std::time::Instant;

use aws_sdk_s3::{primitives::ByteStream, types::ChecksumAlgorithm};
use bytes::Bytes;

use crate::kit::{BUCKET, Fixture};

#[tokio::test(flavor = "multi_thread")]
async fn speed() {
    let soak = std::env::var_os("LAKEWARD_SOAK").is_some();
    let (rounds, streamed, large, objects) =
        if soak { (3, 1 << 30, 256 << 20, 2000) } else { (1, 32 << 20, 8 << 20, 200) };
    let s3 = Fixture::new().await;
    let speed = |bytes: usize, start: Instant| bytes as f64 / 1e6 / start.elapsed().as_secs_f64();
    // Client and server, a body that is nowhere in memory.
    let file = tempfile::NamedTempFile::new().expect("a file");
    file.as_file().set_len(streamed as u64).expect("a size");
    for _ in 0..rounds {
        let put = s3.client.put_object().bucket(BUCKET).key("out/streamed");
        let start = Instant::now();
        put.body(ByteStream::from_path(file.path()).await.expect("a body")).send().await.expect("an answer");
        println!("{streamed} bytes from a file, aws-chunked: {:.0} MB/s", speed(streamed, start));
        assert_eq!(std::fs::metadata(s3.file("out/streamed")).expect("there").len(), streamed as u64);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("peak memory so far: {}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown"));

    let large = Bytes::from(vec![42; large]);
    for checksum in [Some(ChecksumAlgorithm::Crc64Nvme), None] {
        for round in 0..rounds {
            let put = s3.client.put_object().bucket(BUCKET).key("out/large").set_checksum_algorithm(checksum.clone());
            let start = Instant::now();
            put.body(ByteStream::from(large.clone())).send().await.expect("an answer");
            let speed = speed(large.len(), start);
            println!("{} bytes, checksum {checksum:?}, round {round}: {speed:.0} MB/s", large.len());
            assert_eq!(std::fs::metadata(s3.file("out/large")).expect("there").len(), large.len() as u64);
        }
    }
    let small = Bytes::from(vec![42; 1000]);
    for lanes in [1, 8] {
        let start = Instant::now();
        let lanes_done = (0..lanes).map(|lane| {
            let (client, small) = (s3.client.clone(), small.clone());
            tokio::spawn(async move {
                for number in 0..objects / lanes {
                    let put = client.put_object().bucket(BUCKET).key(format!("out/{lane}/{number}"));
                    put.body(ByteStream::from(small.clone())).send().await.expect("an answer");
                }
            })
        });
        futures::future::try_join_all(lanes_done).await.expect("no panic");
        println!("1 kB, {lanes} at once: {:.0} objects/s", objects as f64 / start.elapsed().as_secs_f64());
    }
}
