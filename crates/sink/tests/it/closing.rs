//! When objects close, and that a table's rows keep their order inside them.

use std::{collections::BTreeMap, time::Duration};

use lakeward_core::{
    batch::ClosePolicy,
    budget::Budget,
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
    const SIZE: u64 = 9 << 20;
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

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_tables_at_once_stay_inside_the_budget() {
    const TABLES: usize = 500;
    const ROWS: i64 = 2000;
    const STEP: i64 = 500;
    for path in ["raw/{{TABLE}}/{{UUID}}.{{FORMAT}}", "raw/{{TABLE}}.{{FORMAT}}"] {
        let mut sandbox = Sandbox::new(path, ClosePolicy::default()).await;
        // Less than all their rows take.
        sandbox.budget = Budget::new(8 << 20);
        let (outlet, mut landing) = sandbox.start();
        let budget = sandbox.budget.clone();
        on_thread(move || {
            let tables: Vec<_> = (0..TABLES).map(|number| table(&format!("t{number}"))).collect();
            for table in &tables {
                outlet.send(Message::Begin(table.clone())).expect("taken");
            }
            for start in (0..ROWS / STEP).map(|step| step * STEP) {
                tables.iter().for_each(|table| send(&outlet, &budget, table, start..start + STEP));
            }
            for table in &tables {
                outlet.send(Message::End(table.name.clone())).expect("taken");
            }
        })
        .await;
        landing.finish().await;
        let landed = landing.close().await;
        assert!(landed.failure.is_none(), "{landed:?}");
        let most = sandbox.budget.most_used();
        assert!(most <= sandbox.budget.limit() + (1 << 20), "{most} bytes were in use at once");
        let mut by_table: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for (key, values) in sandbox.objects() {
            let table = key.split(['/', '.']).nth(1).expect("a table").to_owned();
            by_table.entry(table).or_default().extend(values);
        }
        let objects: usize = landed.tables.iter().map(|table| table.objects.len()).sum();
        assert_eq!(objects > TABLES, !sandbox.destination.no_rotate, "{objects} objects");
        assert_eq!(by_table.len(), TABLES);
        assert!(by_table.values().all(|values| values.iter().copied().eq(0..ROWS)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_rows_is_an_object_where_that_is_asked_for_and_no_other_gets_one_more() {
    for write_empty_objects in [false, true] {
        let mut sandbox = Sandbox::new("raw/{{TABLE}}/{{UUID}}.{{FORMAT}}", ClosePolicy::default()).await;
        sandbox.destination.write_empty_objects = write_empty_objects;
        sandbox.destination.close.rows = Some(100);
        let (outlet, mut landing) = sandbox.start();
        let budget = sandbox.budget.clone();
        on_thread(move || {
            let (empty, full) = (table("empty"), table("full"));
            for table in [&empty, &full] {
                outlet.send(Message::Begin(table.clone())).expect("taken");
            }
            send(&outlet, &budget, &full, 0..100);
            for table in [&empty, &full] {
                outlet.send(Message::End(table.name.clone())).expect("taken");
            }
        })
        .await;
        landing.finish().await;
        assert!(landing.close().await.failure.is_none());
        let rows: Vec<usize> = sandbox.objects().into_values().map(|values| values.len()).collect();
        assert_eq!(rows, if write_empty_objects { vec![0, 100] } else { vec![100] });
    }
}
