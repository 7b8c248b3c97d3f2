//! When objects close, and that a table's rows keep their order inside them.

use std::time::Duration;

use lakeward_core::{
    batch::ClosePolicy,
    message::{Message, Outlet},
};

use crate::sandbox::{Sandbox, on_thread, send, table};

#[tokio::test(flavor = "multi_thread")]
async fn an_object_never_has_more_rows_than_planned_and_every_row_lands_once_in_order() {
    let sandbox =
        Sandbox::new("raw/{{TABLE}}/{{UUID}}.{{FORMAT}}", ClosePolicy { rows: Some(100), ..ClosePolicy::default() })
            .await;
    let (outlet, mut landing) = sandbox.start();
    let budget = sandbox.budget.clone();
    on_thread(move || {
        let table = table("t");
        outlet.send(Message::Begin(table.clone())).expect("taken");
        for start in (0..1050).step_by(70) {
            send(&outlet, &budget, &table, start..start + 70);
        }
        outlet.send(Message::End(table.name.clone())).expect("taken");
    })
    .await;
    landing.finish().await;
    let landed = landing.close().await;
    assert!(landed.failure.is_none(), "{landed:?}");
    assert_eq!((landed.tables[0].taken, landed.tables[0].landed(), landed.tables[0].ended), (1050, 1050, true));
    // Keys are ordered by time, since their UUIDs are.
    let objects: Vec<Vec<i64>> = sandbox.objects().into_values().collect();
    assert_eq!(objects.iter().map(Vec::len).collect::<Vec<_>>(), [vec![100; 10], vec![50]].concat());
    assert_eq!(objects.concat(), (0..1050).collect::<Vec<_>>());
    assert_eq!((sandbox.denied(), sandbox.budget.used()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn encoded_size_closes_an_object_and_large_ones_wait_on_disk() {
    const SIZE: u64 = 5 << 20;
    let close = ClosePolicy { file_size: Some(SIZE), ..ClosePolicy::default() };
    let sandbox = Sandbox::new("raw/{{TABLE}}/{{UUID}}.{{FORMAT}}", close).await;
    let (outlet, mut landing) = sandbox.start();
    let budget = sandbox.budget.clone();
    on_thread(move || {
        let table = table("t");
        outlet.send(Message::Begin(table.clone())).expect("taken");
        for start in (0..2_000_000).step_by(20_000) {
            send(&outlet, &budget, &table, start..start + 20_000);
        }
        outlet.send(Message::End(table.name.clone())).expect("taken");
    })
    .await;
    landing.finish().await;
    let landed = landing.close().await;
    assert!(landed.failure.is_none(), "{landed:?}");
    let objects = &landed.tables[0].objects;
    assert!(objects.len() > 1);
    let mut sizes: Vec<u64> = objects.iter().map(|object| object.bytes).collect();
    sizes.sort_unstable();
    assert!(sizes[1..].iter().all(|size| (SIZE..SIZE * 3 / 2).contains(size)), "{sizes:?}");
    assert_eq!(sandbox.objects().into_values().flatten().count(), 2_000_000);
    assert_eq!(std::fs::read_dir(sandbox.spool_dir()).expect("made for the spool").count(), 0, "something was left");
}

#[tokio::test(flavor = "multi_thread")]
async fn age_closes_an_object_of_an_idle_table_while_another_is_busy() {
    let close = ClosePolicy { age: Some(Duration::from_millis(300)), ..ClosePolicy::default() };
    let sandbox = Sandbox::new("raw/{{TABLE}}/{{UUID}}.{{FORMAT}}", close).await;
    let (outlet, mut landing) = sandbox.start();
    let (budget, events) = (sandbox.budget.clone(), sandbox.events.clone());
    on_thread(move || {
        let (idle, busy) = (table("idle"), table("busy"));
        for table in [&idle, &busy] {
            outlet.send(Message::Begin(table.clone())).expect("taken");
        }
        send(&outlet, &budget, &idle, 0..5);
        let mut sent = 0;
        while events.landed() < 2 {
            assert!(sent < 1_000_000, "nothing has landed by age");
            send(&outlet, &budget, &busy, sent..sent + 10);
            sent += 10;
        }
        drop(outlet);
    })
    .await;
    landing.finish().await;
    let landed = landing.close().await;
    assert!(landed.failure.is_none(), "{landed:?}");
    let idle: Vec<i64> =
        sandbox.objects().into_iter().filter(|(key, _)| key.contains("idle")).flat_map(|(_, rows)| rows).collect();
    assert_eq!(idle, [0, 1, 2, 3, 4]);
    assert!(landed.tables.iter().all(|table| table.landed() == table.taken && !table.ended));
}
