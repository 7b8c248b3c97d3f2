//! A network and a server that fail all the time: every row lands once all the same.

use std::{fmt::Write as _, time::Duration};

use lakeward_testkit::{FaultProxy, Faults, Home, tries};

use crate::program;
use crate::{
    landed,
    program::{files, summary},
    server::{Server, destination},
};

const SEED: u64 = 0x1a4e_3a2d;

/// Rows of varying length in the columns `id` and `text`.
fn rows(count: u32) -> String {
    let mut random = fastrand::Rng::with_seed(SEED);
    (0..count).fold("id,text,number,noise\n".to_owned(), |mut text, id| {
        let length = random.usize(0..80);
        let noise: String = std::iter::repeat_with(|| random.alphanumeric()).take(length).collect();
        let _ = writeln!(text, "{id},row {id},{},{noise}", random.f64());
        text
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_lands_once_through_refusals_resets_lost_answers_and_an_outage() {
    // With nine faults in ten tries, the pauses between them add up to a quarter of an hour: that is for the full count.
    let (count, share, outage) = match tries(0, 1) {
        0 => (5_000, 0.15, Duration::from_secs(2)),
        _ => (50_000, 0.3, Duration::from_secs(10)),
    };
    let (home, server) = (Home::new(), Server::start().await);
    home.write("t.csv", rows(count));
    let faults = Faults {
        slow_down: share,
        reset: share,
        lost: share,
        outage: Some((20, outage)),
        seed: SEED,
        ..Faults::default()
    };
    let proxy = FaultProxy::start(server.s3.endpoint().trim_start_matches("http://").parse().unwrap(), faults).await;

    let destination = destination(&proxy.endpoint(), &format!("batch_size = {}", count / 70));
    let command = server.keys(&home, program::sync(&home, &destination, &files(&["t.csv"])));
    let output = command.args(["--progress", "json"]).time_limit(Duration::from_secs(3_600)).run().exits(0);

    let counts = proxy.stop().await;
    assert!([counts.slow_down, counts.reset, counts.lost, counts.outage].iter().all(|count| *count > 0), "{counts:?}");
    let summary = summary(&output);
    let objects = server.objects();
    assert!((60..=100).contains(&objects.len()), "{} objects", objects.len());
    assert_eq!(landed::told(&summary), objects);
    assert_eq!(summary["tables"][0]["landed"], count);
    assert_eq!(landed::all_ids(&server.bucket()), (0..i64::from(count)).collect::<Vec<_>>());
    // Each request but the one that succeeded was followed by another try.
    let retries = counts.requests - u64::try_from(objects.len()).unwrap();
    assert_eq!(summary["retries"], retries, "{counts:?}");
    let puts: u64 = counts.seen.iter().map(|((method, _), count)| if method == "PUT" { *count } else { 0 }).sum();
    assert_eq!((puts, counts.seen.len()), (counts.requests, objects.len()), "something else than its own keys was put");
}
