//! Several instances insert at once: each is told which of its records are new.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::sync::Barrier;
use std::thread;

use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_record::{AccessRecord, Timestamp};
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::insert;

/// With its values, more than a statement has placeholders for: it travels as JSON.
const BATCH: usize = 12_000;
const INSTANCES: usize = 4;

#[test]
fn large_batches_that_mysql_stores_at_once_are_told_what_is_new_of_each() {
    large_batches_are_told_what_is_new_of_each(MySql::shared().unwrap());
}

#[test]
fn large_batches_that_mariadb_stores_at_once_are_told_what_is_new_of_each() {
    // As MySQL gives out keys, and MariaDB in a cluster.
    let server = MariaDb::start(&["--innodb-autoinc-lock-mode=2"]).unwrap();
    large_batches_are_told_what_is_new_of_each(&server);
}

/// Keys of such inserts are given out in pieces between each other's. Whether the inserts of a round meet is a matter of
/// luck, so there are several rounds.
fn large_batches_are_told_what_is_new_of_each(server: &SqlServer) {
    // One after the other they make a change of the instance between each two of them, and between each two first rows.
    let met = (0..6).any(|_| changes_after_a_round(server) >= 2 * INSTANCES);
    assert!(met, "the inserts ran one after the other in every round");
}

/// How often a row was stored by another instance than the row before, when all instances have stored their batches.
fn changes_after_a_round(server: &SqlServer) -> usize {
    let url = server.database().unwrap();
    block_on(async {
        let database = NativeMysql::open(&url).await.unwrap();
        let old: Vec<_> = (0..INSTANCES).map(|instance| record(instance, 0)).collect();
        assert_eq!(insert::insert(&database, &old).await.unwrap().accepted, INSTANCES);
    });
    let together = Barrier::new(INSTANCES);
    thread::scope(|scope| {
        for instance in 0..INSTANCES {
            let (url, together) = (&url, &together);
            scope.spawn(move || {
                block_on(async {
                    let database = NativeMysql::open(url).await.unwrap();
                    let records: Vec<_> = (0..BATCH).map(|number| record(instance, number)).collect();
                    together.wait();
                    let new = insert::insert_each(&database, &records).await.unwrap();
                    let wrong: Vec<usize> =
                        (0..BATCH).filter(|number| new.get(*number) != Some(&(*number != 0))).collect();
                    assert!(wrong.is_empty(), "{} of {BATCH}, from {:?} on", wrong.len(), wrong.first());
                });
            });
        }
    });
    let name = url.rsplit('/').next().unwrap();
    let changes = format!(
        "USE {name}; SELECT COUNT(*) FROM access_logs AS one JOIN access_logs AS next ON next.id = one.id + 1 \
         WHERE LEFT(one.record_id, 2) <> LEFT(next.record_id, 2)"
    );
    server.sql(&changes).unwrap().trim().parse().unwrap()
}

fn record(instance: usize, number: usize) -> AccessRecord<'static> {
    AccessRecord {
        record_id: format!("{instance}-{number}").into(),
        start_time: Some(Timestamp::from_micros(1_769_860_800_000_000)),
        method: "GET".into(),
        ..AccessRecord::default()
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
