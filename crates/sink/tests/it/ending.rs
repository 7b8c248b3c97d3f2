//! Runs that end before their tables do.

use std::time::Duration;

use lakeward_core::{
    batch::ClosePolicy,
    failure::{Failure, FailureKind},
    message::{Message, Outlet},
};
use lakeward_sink::SinkOutlet;

use crate::sandbox::{Sandbox, on_thread, send, table};

const ROTATING: &str = "raw/{{TABLE}}/{{UUID}}.{{FORMAT}}";
const FIXED: &str = "raw/{{TABLE}}.{{FORMAT}}";

/// Sends a whole table and half of another.
async fn one_and_a_half(sandbox: &Sandbox, outlet: SinkOutlet) -> SinkOutlet {
    let budget = sandbox.budget.clone();
    on_thread(move || {
        let (whole, half) = (table("whole"), table("half"));
        outlet.send(Message::Begin(whole.clone())).expect("taken");
        send(&outlet, &budget, &whole, 0..10);
        outlet.send(Message::End(whole.name.clone())).expect("taken");
        outlet.send(Message::Begin(half.clone())).expect("taken");
        send(&outlet, &budget, &half, 0..7);
        outlet
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_source_fails_what_was_taken_lands_under_keys_of_its_own() {
    let sandbox = Sandbox::new(ROTATING, ClosePolicy::default()).await;
    let (outlet, mut landing) = sandbox.start();
    let outlet = one_and_a_half(&sandbox, outlet).await;
    outlet.fail(Failure::new(FailureKind::Input, "line 8 is broken"));
    assert!(outlet.is_stopped());
    drop(outlet);
    landing.finish().await;
    let landed = landing.close().await;
    assert_eq!(landed.failure.expect("kept").what, "line 8 is broken");
    assert_eq!(
        landed.tables.iter().map(|table| (table.taken, table.objects.len())).collect::<Vec<_>>(),
        [(10, 1), (7, 1)]
    );
    assert_eq!(sandbox.objects().into_values().map(|rows| rows.len()).sum::<usize>(), 17);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rotation_a_half_read_table_does_not_replace_the_whole_one() {
    let sandbox = Sandbox::new(FIXED, ClosePolicy::default()).await;
    let (outlet, mut landing) = sandbox.start();
    let outlet = one_and_a_half(&sandbox, outlet).await;
    outlet.fail(Failure::new(FailureKind::Input, "line 8 is broken"));
    drop(outlet);
    landing.finish().await;
    let landed = landing.close().await;
    assert_eq!(landed.tables.iter().map(|table| (table.taken, table.landed())).collect::<Vec<_>>(), [(10, 10), (7, 0)]);
    assert_eq!(sandbox.objects().into_keys().collect::<Vec<_>>(), ["raw/whole.parquet"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interruption_lands_what_was_taken_and_does_not_wait_for_a_stuck_source() {
    let sandbox = Sandbox::new(ROTATING, ClosePolicy::default()).await;
    let (outlet, mut landing) = sandbox.start();
    // The source keeps its outlet, as one does that is stuck in a read.
    let stuck = one_and_a_half(&sandbox, outlet).await;
    landing.interrupt(Failure::new(FailureKind::Interrupted, "interrupted"));
    tokio::time::timeout(Duration::from_secs(10), landing.finish()).await.expect("the stuck source is not waited for");
    let landed = landing.close().await;
    assert_eq!(landed.failure.expect("kept").kind, FailureKind::Interrupted);
    assert_eq!(landed.tables.iter().map(|table| (table.taken, table.landed())).collect::<Vec<_>>(), [(10, 10), (7, 7)]);
    assert!(stuck.is_stopped());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_write_ends_the_run_at_once_and_the_first_failure_is_kept() {
    let sandbox = Sandbox::new("elsewhere/{{TABLE}}/{{UUID}}.{{FORMAT}}", ClosePolicy::default()).await;
    let (outlet, mut landing) = sandbox.start();
    drop(one_and_a_half(&sandbox, outlet).await);
    landing.finish().await;
    let landed = landing.close().await;
    let failure = landed.failure.expect("denied");
    assert_eq!(failure.kind, FailureKind::Denied);
    assert!(failure.what.contains("AccessDenied") && failure.what.contains("elsewhere/"), "{failure}");
    assert!(failure.next.expect("advice").contains("s3:PutObject"));
    assert!(landed.uncertain.is_empty() && landed.retries == 0 && sandbox.objects().is_empty());
    assert!(sandbox.denied() >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_out_of_turn_is_a_bug_that_is_told() {
    let sandbox = Sandbox::new(ROTATING, ClosePolicy::default()).await;
    let (outlet, mut landing) = sandbox.start();
    let budget = sandbox.budget.clone();
    on_thread(move || send(&outlet, &budget, &table("t"), 0..3)).await;
    landing.finish().await;
    let failure = landing.close().await.failure.expect("told");
    assert_eq!(
        (failure.kind, failure.what.as_str()),
        (FailureKind::Bug, "table t: the source sent rows before it began")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rotation_a_table_without_rows_replaces_the_rows_of_an_earlier_run() {
    let sandbox = Sandbox::new(FIXED, ClosePolicy::default()).await;
    for rows in [5_u8, 0] {
        let (outlet, mut landing) = sandbox.start();
        let budget = sandbox.budget.clone();
        on_thread(move || {
            let table = table("t");
            outlet.send(Message::Begin(table.clone())).expect("taken");
            if rows > 0 {
                send(&outlet, &budget, &table, 0..rows.into());
            }
            outlet.send(Message::End(table.name.clone())).expect("taken");
        })
        .await;
        landing.finish().await;
        assert!(landing.close().await.failure.is_none());
        assert_eq!(sandbox.objects().into_values().map(|rows| rows.len()).collect::<Vec<_>>(), [usize::from(rows)]);
    }
}
