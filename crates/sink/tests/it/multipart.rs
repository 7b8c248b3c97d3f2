//! Objects that are too large for one PutObject.

use std::time::Duration;

use lakeward_core::{
    batch::ClosePolicy,
    failure::{Failure, FailureKind},
    message::{Message, Outlet},
    plan::Vendor,
};
use lakeward_sink::{Landed, SinkOutlet};
use lakeward_testkit::{FaultProxy, Faults};

use crate::{
    log,
    sandbox::{Sandbox, on_thread, send, table},
};

pub(crate) const ROTATING: &str = "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}";
pub(crate) const FIXED: &str = "raw/{{TABLE}}.{{FORMAT}}";

/// Just over 20 MiB: two parts.
pub(crate) const ROWS_OF_TWO_PARTS: i64 = 2_700_000;

/// About 32 MiB of Parquet: with the smallest parts, a first one of 20 MiB, two of 5 MiB and a rest.
const ROWS: i64 = 4_200_000;
const STEP: i64 = 100_000;

pub(crate) async fn sandbox(path: &str) -> Sandbox {
    let mut sandbox = Sandbox::new(path, ClosePolicy::default()).await;
    sandbox.destination.part_size = 5 << 20;
    sandbox.destination.retry.longest_pause = Duration::from_millis(500);
    sandbox
}

/// Sends a table of so many rows; with `whole`, its end too.
pub(crate) async fn feed(sandbox: &Sandbox, outlet: SinkOutlet, rows: i64, whole: bool) -> SinkOutlet {
    let budget = sandbox.budget.clone();
    on_thread(move || {
        let table = table("t");
        outlet.send(Message::Begin(table.clone())).expect("taken");
        for start in (0..=rows / STEP).map(|step| step * STEP) {
            send(&outlet, &budget, &table, start..(start + STEP).min(rows));
        }
        if whole {
            outlet.send(Message::End(table.name.clone())).expect("taken");
        }
        outlet
    })
    .await
}

pub(crate) async fn run(sandbox: &Sandbox, rows: i64) -> Landed {
    let (outlet, mut landing) = sandbox.start();
    drop(feed(sandbox, outlet, rows, true).await);
    landing.finish().await;
    landing.close().await
}

#[track_caller]
fn assert_landed_once(sandbox: &Sandbox, landed: &Landed, rows: i64) {
    assert!(landed.failure.is_none() && landed.uncertain.is_empty(), "{landed:?}");
    let values: Vec<i64> = sandbox.objects().into_values().flatten().collect();
    assert!(values.iter().copied().eq(0..rows), "{} values", values.len());
    assert_eq!((landed.tables[0].landed(), landed.tables[0].taken), (rows.cast_unsigned(), rows.cast_unsigned()));
    assert_eq!((sandbox.denied(), sandbox.budget.used()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_object_goes_up_in_parts_while_it_is_written() {
    for (path, vendor) in [(ROTATING, Vendor::Aws), (FIXED, Vendor::Aws), (ROTATING, Vendor::Generic)] {
        let mut sandbox = sandbox(path).await;
        sandbox.s3.vendor = vendor;
        let landed = run(&sandbox, ROWS).await;
        assert_landed_once(&sandbox, &landed, ROWS);
        let calls = sandbox.server.calls();
        assert_eq!((calls.put_object, calls.create_multipart_upload, calls.complete_multipart_upload), (0, 1, 1));
        assert!(calls.upload_part >= 4 && calls.abort_multipart_upload == 0, "{calls:?}");
        assert!(landed.tables[0].objects.len() == 1 && landed.tables[0].objects[0].bytes > 30 << 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_of_one_size_where_they_have_to_be() {
    let mut sandbox = sandbox(ROTATING).await;
    sandbox.s3.vendor = Vendor::R2;
    // About 16 MiB.
    let landed = run(&sandbox, 2_000_000).await;
    assert_landed_once(&sandbox, &landed, 2_000_000);
    let parts = landed.tables[0].objects[0].bytes.div_ceil(5 << 20);
    assert!(parts > 2 && sandbox.server.calls().upload_part == parts);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_just_fits_is_one_put() {
    let sandbox = sandbox(ROTATING).await;
    let landed = run(&sandbox, 2_000_000).await;
    assert_landed_once(&sandbox, &landed, 2_000_000);
    let calls = sandbox.server.calls();
    assert_eq!((calls.put_object, calls.create_multipart_upload), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn through_faults_every_row_lands_once() {
    for seed in 1..=2 {
        let mut sandbox = sandbox(ROTATING).await;
        let faults = Faults { slow_down: 0.2, reset: 0.2, lost: 0.2, error_in_200: 0.1, seed, ..Faults::default() };
        let proxy = FaultProxy::start(sandbox.address(), faults).await;
        sandbox.endpoint = Some(proxy.endpoint());
        let landed = run(&sandbox, ROWS).await;
        assert_landed_once(&sandbox, &landed, ROWS);
        let counts = proxy.stop().await;
        assert!(landed.retries > 0 && counts.passed < counts.requests, "{counts:?}");
        assert_eq!(sandbox.objects().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_completed_is_aborted() {
    let sandbox = sandbox(FIXED).await;
    let (outlet, mut landing) = sandbox.start();
    let outlet = feed(&sandbox, outlet, ROWS, false).await;
    outlet.fail(Failure::new(FailureKind::Input, "line 8 is broken"));
    drop(outlet);
    landing.finish().await;
    let landed = landing.close().await;
    assert_eq!(landed.failure.expect("kept").what, "line 8 is broken");
    assert!(landed.uncertain.is_empty() && sandbox.objects().is_empty());
    let calls = sandbox.server.calls();
    assert_eq!((calls.complete_multipart_upload, calls.abort_multipart_upload, calls.denied), (0, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abort_that_is_denied_is_told_once_and_is_no_failure() {
    log::listen();
    let mut sandbox = Sandbox::with(FIXED, ClosePolicy::default(), |options| options.strict_abort = true).await;
    sandbox.destination.part_size = 5 << 20;
    let (outlet, mut landing) = sandbox.start();
    let outlet = feed(&sandbox, outlet, ROWS, false).await;
    outlet.fail(Failure::new(FailureKind::Input, "line 8 is broken"));
    drop(outlet);
    landing.finish().await;
    let landed = landing.close().await;
    assert_eq!(landed.failure.expect("kept").what, "line 8 is broken");
    assert_eq!(sandbox.denied(), 1);
    let told = log::lines(sandbox.server.endpoint());
    let [line] = told.as_slice() else { panic!("{told:?}") };
    for says in
        ["WARN", "1 multipart upload(s)", "could not be aborted", "AccessDenied", "AbortIncompleteMultipartUpload"]
    {
        assert!(line.contains(says), "{says}: {line}");
    }
}
