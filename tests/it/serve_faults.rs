//! `lakeward serve` with an S3 that is away, refuses or is slow: hosts are held back, and no row is lost.

use std::{net::SocketAddr, time::Duration};

use lakeward_testkit::{FaultProxy, Faults, Home};
use serde_json::{Value, json};

use crate::{
    landed,
    program::{lacks, lakeward},
    serve::{Serving, spec},
    server::Server,
};

/// S3 with faults before it.
async fn behind(server: &Server, faults: Faults) -> FaultProxy {
    let address: SocketAddr = server.s3.endpoint().trim_start_matches("http://").parse().unwrap();
    FaultProxy::start(address, faults).await
}

fn spec_of(proxy: &FaultProxy, more: &Value) -> Value {
    let mut fields = json!({ "test_write": false, "batch_size": 100 });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    spec(&proxy.endpoint(), &fields)
}

/// Either ends a sync of the original with most of its rows lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_6_s_and_refusals_of_30_per_cent_lose_no_row() {
    let outage = Faults { outage: Some((5, Duration::from_secs(6))), ..Faults::default() };
    let refusals = Faults { slow_down: 0.3, seed: 3, ..Faults::default() };
    for faults in [outage, refusals] {
        let (server, home) = (Server::start().await, Home::new());
        let serving = Serving::start(server.keys(&home, lakeward(&home)));
        let proxy = behind(&server, faults.clone()).await;
        let spec = spec_of(&proxy, &json!({ "max_backoff": 1 }));
        assert_eq!(serving.host("write_numbered", &spec, &["t", "5000", "100"]), json!(["OK", ""]), "{faults:?}");
        let counts = proxy.stop().await;
        assert!(counts.outage + counts.slow_down > 0, "{counts:?}");
        assert_eq!(landed::all_ids(&server.bucket()), (0..5000).collect::<Vec<_>>(), "{faults:?}");
        serving.end(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn explicit_max_retries_are_so_many_attempts_and_what_is_missing_is_told() {
    let (server, home) = (Server::start().await, Home::new());
    let serving = Serving::start(server.keys(&home, lakeward(&home)));
    let proxy = behind(&server, Faults { slow_down: 1.0, ..Faults::default() }).await;
    let spec = spec_of(&proxy, &json!({ "max_retries": 2, "max_backoff": 1 }));
    let answer = serving.host("write_numbered", &spec, &["t", "100", "100"]);
    assert_eq!(answer[0], "INTERNAL", "{answer}");
    let missing = "not landed: 100 of the 100 rows of table t";
    assert!(answer[1].as_str().unwrap().contains(missing), "{answer}");
    let counts = proxy.stop().await;
    assert_eq!((counts.requests, counts.slow_down), (2, 2));
    let log = serving.end(75);
    assert_eq!(lacks(&log, &[missing]), [""; 0], "{log}");
}

/// 160 MiB of rows, of which S3 takes a few MiB a second.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_s3_holds_the_host_back_and_memory_stays_bounded() {
    let (server, home) = (Server::start().await, Home::new());
    let serving = Serving::start(server.keys(&home, lakeward(&home)));
    let proxy = behind(&server, Faults { pace: Duration::from_millis(150), ..Faults::default() }).await;
    for format in ["json", "parquet"] {
        let fields =
            json!({ "format": format, "batch_size": 20, "path": format!("raw/{format}/{{{{TABLE}}}}/{{{{UUID}}}}") });
        let answer = serving.host("write_large", &spec_of(&proxy, &fields), &["t", "640", "262144"]);
        assert_eq!(answer, json!(["OK", ""]), "{format}");
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", serving.running.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 160 << 10, "it took {} MiB", peak >> 10);
    serving.end(0);
}
