//! A table that is divided by day, on a real MariaDB and a real MySQL: parts are made before their days and dropped after
//! them, and a record is stored once whenever it is sent again.

#![expect(clippy::string_slice, clippy::indexing_slicing, reason = "a wrong shape fails the test")]
#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::thread;

use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_record::{AccessRecord, Timestamp};
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::partitions::{self, DAYS_AHEAD, Maintained};
use gatelog_storage::schema::{self, Partitioning};
use gatelog_storage::{StorageError, insert, retention};

/// 2026-01-31T12:00:00Z, before the servers' own time.
const NOON: i64 = 1_769_860_800;
const DAY: i64 = 86_400;

mod stories_on_mariadb {
    use super::*;

    crate::stories::every_story! { database }

    async fn database() -> (NativeMysql, ()) {
        let url = MariaDb::shared().unwrap().database().unwrap();
        (NativeMysql::open_divided(&url, Partitioning::Day).await.unwrap(), ())
    }
}

mod stories_on_mysql {
    use super::*;

    crate::stories::every_story! { database }

    async fn database() -> (NativeMysql, ()) {
        let url = MySql::shared().unwrap().database().unwrap();
        (NativeMysql::open_divided(&url, Partitioning::Day).await.unwrap(), ())
    }
}

#[tokio::test(flavor = "current_thread")]
async fn days_come_and_go_on_mariadb() {
    days_come_and_go(MariaDb::shared().unwrap()).await;
}

#[tokio::test(flavor = "current_thread")]
async fn days_come_and_go_on_mysql() {
    days_come_and_go(MySql::shared().unwrap()).await;
}

async fn days_come_and_go(server: &SqlServer) {
    let url = server.database().unwrap();
    let database = NativeMysql::open_divided(&url, Partitioning::Day).await.unwrap();
    let names = async || {
        let parts = partitions::parts(&database).await.unwrap().parts;
        parts.into_iter().map(|part| part.name).collect::<Vec<_>>().join(" ")
    };
    let maintain = async |days: i64, keep_days: Option<i64>| {
        let now = at(days * DAY);
        partitions::maintain(&database, Partitioning::Day, keep_days, now).await.unwrap().unwrap()
    };
    // Records before the first maintenance are in the last part.
    let records =
        [record("early", -40 * DAY), record("today", 0), record("next", DAY), record("far", 90 * DAY)];
    assert_eq!(insert::insert(&database, &records).await.unwrap().accepted, 4);
    assert_eq!(names().await, "pmax");
    assert_eq!(maintain(0, None).await, Maintained { dropped: 0, delete_before: None });
    assert_eq!(DAYS_AHEAD, 3);
    assert_eq!(names().await, "p20260131 p20260201 p20260202 p20260203 pmax");
    maintain(0, Some(1)).await;
    assert_eq!(names().await, "p20260131 p20260201 p20260202 p20260203 pmax", "nothing is due");
    for (part, expected) in [("p20260131", "early today"), ("p20260201", "next"), ("pmax", "far")] {
        assert_eq!(records_in(server, &url, part), expected, "{part}");
    }

    // The last moment of a day belongs to it, and the next day begins with the next one.
    let edges = [record("last", DAY / 2 - 1), record("first", DAY / 2)];
    let mut edges = edges.map(|record| vec![record]);
    edges[0][0].start_time = Some(Timestamp::from_micros((NOON + DAY / 2) * 1_000_000 - 1));
    for batch in &edges {
        assert_eq!(insert::insert(&database, batch).await.unwrap().accepted, 1);
        assert_eq!(insert::insert(&database, batch).await.unwrap().duplicates, 1);
    }
    assert_eq!(records_in(server, &url, "p20260131"), "early last today");
    assert_eq!(records_in(server, &url, "p20260201"), "first next");

    // Two days later, the part of the first day ends a day before what is kept.
    let done = maintain(2, Some(1)).await;
    assert_eq!(done.delete_before, Some(at(DAY - DAY / 2)), "the beginning of the day that is partly kept");
    assert_eq!(names().await, "p20260201 p20260202 p20260203 p20260204 p20260205 pmax");
    assert_eq!(stored(server, &url), "far first next");
    // A record that comes after its day was dropped, and again.
    let late = [record("early", -40 * DAY)];
    assert_eq!(insert::insert(&database, &late).await.unwrap().accepted, 1);
    assert_eq!(records_in(server, &url, "p20260201"), "early first next");

    // After a long pause the days in between share a part with the current one, and what is old in it is deleted.
    let done = maintain(200, Some(1)).await;
    let parts = names().await;
    assert!(parts.starts_with("p20260819 ") && parts.ends_with(" pmax"), "{parts}");
    assert_eq!(stored(server, &url), "far");
    assert_eq!(retention::delete_older(&database, done.delete_before.unwrap(), 10).await.unwrap(), 1);
}

/// Whoever sends a batch again sends the same times: the unique key is id and time.
#[tokio::test(flavor = "current_thread")]
async fn a_record_that_is_sent_again_at_midnight_and_after_days_is_stored_once() {
    for server in [&**MariaDb::shared().unwrap(), &**MySql::shared().unwrap()] {
        let url = server.database().unwrap();
        let database = NativeMysql::open_divided(&url, Partitioning::Day).await.unwrap();
        let batch: Vec<_> = (-30..30).map(|number| record(&number.to_string(), DAY / 2 + number)).collect();
        assert_eq!(insert::insert(&database, &batch).await.unwrap().accepted, 60);
        for days in 0..3 {
            let now = at(days * DAY);
            partitions::maintain(&database, Partitioning::Day, None, now).await.unwrap().unwrap();
            let again = insert::insert(&database, &batch).await.unwrap();
            assert_eq!((again.accepted, again.duplicates), (0, 60), "after {days} days");
        }
        // Some of them with others.
        let mixed: Vec<_> = (0..60).map(|number| record(&number.to_string(), DAY / 2 + number)).collect();
        let new = insert::insert_each(&database, &mixed).await.unwrap();
        let expected: Vec<bool> = (0..60).map(|number| number >= 30).collect();
        assert_eq!(new, expected);
        // What is the same record to a table in one piece is another with another time.
        let moved = insert::insert(&database, &[record("0", 5 * DAY)]).await.unwrap();
        assert_eq!(moved.accepted, 1);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn maintenance_does_not_wait_until_a_long_statement_ends_on_mariadb() {
    maintenance_does_not_wait_until_a_long_statement_ends(MariaDb::shared().unwrap()).await;
}

#[tokio::test(flavor = "current_thread")]
async fn maintenance_does_not_wait_until_a_long_statement_ends_on_mysql() {
    maintenance_does_not_wait_until_a_long_statement_ends(MySql::shared().unwrap()).await;
}

async fn maintenance_does_not_wait_until_a_long_statement_ends(server: &'static SqlServer) {
    let url = server.database().unwrap();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let database = NativeMysql::open_divided(&url, Partitioning::Day).await.unwrap();
    let hold = format!("USE {name}; BEGIN; SELECT COUNT(*) FROM access_logs; DO SLEEP(600)");
    let holder = thread::spawn(move || server.sql(&hold));
    let sleeper = format!(
        "SELECT id FROM information_schema.processlist WHERE db = '{name}' AND info LIKE 'DO SLEEP%'"
    );
    let mut id = String::new();
    while id.trim().is_empty() {
        id = server.sql(&sleeper).unwrap();
    }
    let refused = partitions::maintain(&database, Partitioning::Day, None, at(0)).await;
    assert!(matches!(refused, Err(StorageError::RolledBack { .. })), "{refused:?}");
    // Nor do inserts wait any longer.
    assert_eq!(insert::insert(&database, &[record("a", 0)]).await.unwrap().accepted, 1);
    server.sql(&format!("KILL {id}")).unwrap();
    holder.join().unwrap().unwrap_err();
    partitions::maintain(&database, Partitioning::Day, None, at(0)).await.unwrap().unwrap();
    assert_eq!(partitions::parts(&database).await.unwrap().parts.len(), 5);
}

/// A table in one piece stays in one piece, and a divided one divided, whatever the variable says; the script for operators
/// divides a table.
#[tokio::test(flavor = "current_thread")]
async fn the_script_divides_a_table_that_has_rows() {
    const DIVIDE: &str = include_str!("../../deploy/schema/mysql-divide.sql");
    for server in [&**MariaDb::shared().unwrap(), &**MySql::shared().unwrap()] {
        let url = server.database().unwrap();
        let name = url.rsplit('/').next().unwrap();
        let database = NativeMysql::open(&url).await.unwrap();
        let now = server.sql("SELECT UNIX_TIMESTAMP()").unwrap().trim().parse::<i64>().unwrap();
        let ages = [0, 1, 2, 10];
        let records: Vec<_> =
            ages.iter().map(|age| record(&age.to_string(), now - NOON - age * DAY)).collect();
        assert_eq!(insert::insert(&database, &records).await.unwrap().accepted, 4);
        let wanted = Partitioning::Day;
        let time = Timestamp::from_micros(now * 1_000_000);
        assert_eq!(
            partitions::maintain(&database, wanted, Some(1), time).await.unwrap(),
            None,
            "it is in one piece"
        );
        schema::repair(&database, wanted).await.unwrap();
        server.sql(&format!("USE {name}; {DIVIDE}")).unwrap();
        schema::repair(&database, Partitioning::None).await.unwrap();
        let parts = partitions::parts(&database).await.unwrap().parts;
        assert!(parts.len() >= 10 + 2, "{parts:?}");
        assert_eq!(insert::insert(&database, &records).await.unwrap().duplicates, 4);
        let done = partitions::maintain(&database, wanted, Some(2), time).await.unwrap().unwrap();
        assert!(done.delete_before.is_some());
        assert_eq!(stored(server, &url), "0 1 2");
        let divided = server.sql(&format!("SHOW CREATE TABLE {name}.access_logs")).unwrap();
        let fresh = server.database().unwrap();
        NativeMysql::open_divided(&fresh, wanted).await.unwrap();
        let fresh = server
            .sql(&format!("SHOW CREATE TABLE {}.access_logs", fresh.rsplit('/').next().unwrap()))
            .unwrap();
        let columns = |table: &str| {
            let end = table.find("PARTITION BY RANGE").unwrap();
            let mut lines: Vec<String> =
                table[..end].split("\\n").map(|line| line.trim_end_matches(',').to_owned()).collect();
            lines.retain(|line| !line.contains("ENGINE="));
            lines.sort();
            lines
        };
        assert_eq!(columns(&divided), columns(&fresh), "a divided table is that of a new database");
    }
}

fn records_in(server: &SqlServer, url: &str, part: &str) -> String {
    let name = url.rsplit('/').next().unwrap();
    let ids = format!("SELECT record_id FROM {name}.access_logs PARTITION ({part}) ORDER BY record_id");
    server.sql(&ids).unwrap().lines().collect::<Vec<_>>().join(" ")
}

fn stored(server: &SqlServer, url: &str) -> String {
    let name = url.rsplit('/').next().unwrap();
    let ids = format!("SELECT record_id FROM {name}.access_logs ORDER BY record_id");
    server.sql(&ids).unwrap().lines().collect::<Vec<_>>().join(" ")
}

/// A time so many seconds after noon.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros((NOON + seconds) * 1_000_000)
}

fn record(id: &str, seconds: i64) -> AccessRecord<'static> {
    AccessRecord {
        record_id: id.to_owned().into(),
        start_time: Some(at(seconds)),
        method: "GET".into(),
        ..AccessRecord::default()
    }
}
