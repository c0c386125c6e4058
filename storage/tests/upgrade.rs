//! Tables that are there already become gatelog's with all their rows, also when several instances start at once.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_record::{AccessRecord, FIELDS, FieldValue, Kind, Timestamp, fields};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::insert::Inserted;
use gatelog_storage::{
    Direction, Executor, Filter, Page, Predicate, Query, Sort, StorageError, StoredRecord, insert,
    query::records, schema,
};

const README: &str = include_str!("tables/reference_readme.sql");
const NARROW: &str = include_str!("tables/reference_narrow.sql");
const ROWS: &str = "INSERT INTO access_logs (start_time, path, response_code, duration, model, ai_log, bytes_sent) VALUES \
    ('2026-01-31 12:00:00', '/a', 200, 5, 'qwen', '{\"model\": \"qwen\"}', NULL), \
    ('2026-01-31 12:00:01', '/b', NULL, 7, NULL, NULL, 3), ('2026-01-31 12:00:01', '/b', 404, 7, NULL, NULL, 3)";
const INSTANCES: usize = 8;
/// Longer than anything takes on a busy machine; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn eight_instances_upgrade_either_table_of_the_log_collector_at_once_on_mariadb() {
    eight_instances_upgrade_either_table_of_the_log_collector_at_once(MariaDb::shared().unwrap());
}

#[test]
fn eight_instances_upgrade_either_table_of_the_log_collector_at_once_on_mysql() {
    eight_instances_upgrade_either_table_of_the_log_collector_at_once(MySql::shared().unwrap());
}

fn eight_instances_upgrade_either_table_of_the_log_collector_at_once(server: &SqlServer) {
    for table in [README, NARROW] {
        let url = server.database().unwrap();
        let database = url.rsplit('/').next().unwrap().to_owned();
        let sql =
            |sql: &str| server.sql(&format!("USE {database}; SET time_zone = '+00:00'; {sql}")).unwrap();
        sql(&format!("{table}; {ROWS}"));
        start_at_once(|| {
            let url = url.clone();
            async move { open_when_possible(&url).await }
        });

        // No more is missing than in a table that was made new.
        let new = server.database().unwrap();
        block_on(NativeMysql::open(&new)).unwrap();
        let new = new.rsplit('/').next().unwrap().to_owned();
        let names = |of: &str| {
            sql(&format!(
                "SELECT CONCAT_WS(' ', column_name, collation_name) FROM information_schema.columns \
                 WHERE table_schema = '{of}' AND table_name = 'access_logs' AND column_name NOT LIKE '%\\_headers' AND column_name <> 'ai_log' \
                 UNION SELECT CONCAT(index_name, ' ', seq_in_index, ' ', column_name) FROM information_schema.statistics WHERE table_schema = '{of}' AND table_name = 'access_logs' \
                 ORDER BY 1"
            ))
        };
        let (upgraded, made) = (names(&database), names(&new));
        for name in made.lines() {
            assert!(upgraded.lines().any(|line| line == name), "{name} is missing:\n{upgraded}");
        }
        assert_eq!(sql("SELECT MAX(version) FROM gatelog_schema").trim(), schema::VERSION.to_string());

        block_on(async {
            let database = NativeMysql::open(&url).await.unwrap();
            the_rows_are_kept(&database).await;
            it_takes_records_at_their_limits(&database).await;
        });
    }
}

#[test]
fn a_server_that_touches_timestamps_by_itself_changes_no_row_in_the_upgrade() {
    // The default of MariaDB before 10.10.
    let server = MariaDb::start(&["--explicit-defaults-for-timestamp=0"]).unwrap();
    let url = server.database().unwrap();
    let database = url.rsplit('/').next().unwrap();
    server.sql(&format!("USE {database}; SET time_zone = '+00:00'; {NARROW}; {ROWS}")).unwrap();
    block_on(async {
        let database = NativeMysql::open(&url).await.unwrap();
        the_rows_are_kept(&database).await;
        let again = [AccessRecord { record_id: "row-1".into(), ..record() }];
        let inserted = insert::insert(&database, &again).await.unwrap();
        assert_eq!(inserted, Inserted { accepted: 0, duplicates: 1 });
        the_rows_are_kept(&database).await;
    });
}

/// Before 10.10, MariaDB lets a `TIMESTAMP` without a default follow every change of its row.
#[test]
fn a_change_by_hand_leaves_the_time_of_a_record_alone_in_a_new_table_and_in_an_upgraded_one() {
    let server = MariaDb::start(&["--explicit-defaults-for-timestamp=0"]).unwrap();
    // As gatelog made it before.
    let earlier = "CREATE TABLE access_logs (id BIGINT AUTO_INCREMENT PRIMARY KEY, \
                   record_id VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, \
                   start_time TIMESTAMP(6) NOT NULL, consumer VARCHAR(255)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4; \
                   CREATE TABLE gatelog_schema (version INTEGER NOT NULL PRIMARY KEY); INSERT INTO gatelog_schema VALUES (2)";
    for table in ["DO 0", earlier] {
        let url = server.database().unwrap();
        let name = url.rsplit('/').next().unwrap();
        server.sql(&format!("USE {name}; {table}")).unwrap();
        block_on(async {
            let database = NativeMysql::open(&url).await.unwrap();
            let records = [AccessRecord { record_id: "a".into(), ..record() }];
            insert::insert(&database, &records).await.unwrap();
            server.sql(&format!("USE {name}; UPDATE access_logs SET consumer = 'by hand'")).unwrap();
            let stored = records::by_record_id(&database, "a").await.unwrap().unwrap();
            assert_eq!(stored.start_time(), records[0].start_time, "{table}");
        });
    }
}

/// The time of who asks for the lock is up long before another has given it back; the server must not keep waiting for it.
#[test]
fn who_waits_for_the_lock_of_the_schema_waits_a_second_at_a_time() {
    for server in [&**MariaDb::shared().unwrap(), &**MySql::shared().unwrap()] {
        let url = server.database().unwrap();
        let name = url.rsplit('/').next().unwrap();
        thread::scope(|scope| {
            let locked = format!("USE {name}; SELECT GET_LOCK('gatelog_schema', 5), SLEEP(600)");
            let holder = scope.spawn(move || server.sql(&locked));
            let asleep = || processes(server, "User sleep");
            await_that(|| !asleep().is_empty());
            // It has given up at once.
            let asking = async {
                let given_up =
                    tokio::time::timeout(Duration::from_millis(500), NativeMysql::open(&url)).await;
                assert!(given_up.is_err());
            };
            block_on(asking);
            await_that(|| processes(server, "User lock").is_empty());
            assert!(!asleep().is_empty(), "the lock was free before the one who waited for it went");
            server.sql(&format!("KILL {}", asleep().trim())).unwrap();
            assert!(holder.join().unwrap().is_err());
        });
        block_on(NativeMysql::open(&url)).unwrap();
    }
}

/// Opens the database as the functions do: an instance that finds the schema locked for too long tries again.
async fn open_when_possible(url: &str) -> NativeMysql {
    let began = Instant::now();
    loop {
        match NativeMysql::open(url).await {
            Err(StorageError::Unavailable { reason }) if began.elapsed() < PATIENCE => {
                assert_eq!(reason, "another instance is changing its tables");
            }
            opened => return opened.unwrap(),
        }
    }
}

/// The ids of the connections in a state, one a line.
fn processes(server: &SqlServer, state: &str) -> String {
    server.sql(&format!("SELECT id FROM information_schema.processlist WHERE state = '{state}'")).unwrap()
}

fn await_that(mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "it does not come to be");
        thread::park_timeout(Duration::from_millis(50));
    }
}

#[test]
fn eight_instances_make_the_tables_of_an_empty_database_at_once() {
    for server in [&**MariaDb::shared().unwrap(), &**MySql::shared().unwrap()] {
        let url = server.database().unwrap();
        start_at_once(|| {
            let url = url.clone();
            async move { open_when_possible(&url).await }
        });
        block_on(async {
            let database = NativeMysql::open(&url).await.unwrap();
            assert_eq!(schema::version(&database).await.unwrap(), schema::VERSION);
            it_takes_records_at_their_limits(&database).await;
        });
    }

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gatelog.db");
    start_at_once(|| {
        let file = file.clone();
        async move { NativeSqlite::open(&file).await.unwrap() }
    });
    block_on(async {
        let database = NativeSqlite::open(&file).await.unwrap();
        assert_eq!(schema::version(&database).await.unwrap(), schema::VERSION);
        it_takes_records_at_their_limits(&database).await;
    });
}

#[test]
fn a_table_of_an_earlier_gatelog_gets_what_it_lacks_and_keeps_its_rows() {
    let earlier = |key: &str, time: &str, id: &str| {
        format!(
            "CREATE TABLE access_logs (id {key}, record_id {id} NOT NULL, start_time {time} NOT NULL, path TEXT, \
             response_code INTEGER NOT NULL DEFAULT 0)"
        )
    };
    let rows = |time: &str| {
        format!("INSERT INTO access_logs (record_id, start_time, path) VALUES ('old', '{time}', '/old')")
    };
    let version = [
        "CREATE TABLE gatelog_schema (version INTEGER NOT NULL PRIMARY KEY)",
        "INSERT INTO gatelog_schema VALUES (1)",
    ];

    let [versions, one] = version;
    for server in [&**MariaDb::shared().unwrap(), &**MySql::shared().unwrap()] {
        let url = server.database().unwrap();
        let database = url.rsplit('/').next().unwrap();
        let table = earlier("BIGINT AUTO_INCREMENT PRIMARY KEY", "TIMESTAMP(6)", "VARCHAR(36)");
        let script = format!(
            "{table} ENGINE=InnoDB DEFAULT CHARSET=utf8mb4; {}; {versions}; {one}",
            rows("2026-01-31 12:00:00")
        );
        server.sql(&format!("USE {database}; {script}")).unwrap();
        block_on(async {
            let database = NativeMysql::open(&url).await.unwrap();
            assert!(records::by_record_id(&database, "old").await.unwrap().is_some());
            it_takes_records_at_their_limits(&database).await;
        });
    }

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gatelog.db");
    let table = earlier("INTEGER PRIMARY KEY", "TEXT", "TEXT");
    block_on(execute(&file, &[&table, &rows("2026-01-31T12:00:00.000000Z"), versions, one]));
    start_at_once(|| {
        let file = file.clone();
        async move { NativeSqlite::open(&file).await.unwrap() }
    });
    block_on(async {
        let database = NativeSqlite::open(&file).await.unwrap();
        assert!(records::by_record_id(&database, "old").await.unwrap().is_some());
        assert_eq!(schema::version(&database).await.unwrap(), schema::VERSION);
        it_takes_records_at_their_limits(&database).await;
    });
}

/// Runs `open` in as many threads as there are instances.
fn start_at_once<F: Future>(open: impl Fn() -> F + Sync) {
    thread::scope(|scope| {
        for _ in 0..INSTANCES {
            scope.spawn(|| {
                block_on(open());
            });
        }
    });
}

async fn the_rows_are_kept(database: &impl Executor) {
    let sort = Sort { by: fields::field("start_time").unwrap(), direction: Direction::Ascending };
    let before = "2026-02-01T00:00:00Z".parse().unwrap();
    let filters = vec![Filter { field: sort.by, predicate: Predicate::NotAfter(before) }];
    let query = Query { filters, sort, page: Page::Offset { offset: 0, limit: 10 } };
    let rows = records::page(database, &query).await.unwrap();
    let shown: Vec<String> = rows.iter().map(shown).collect();
    assert_eq!(
        shown,
        [
            "row-1 2026-01-31T12:00:00.000000Z /a 200 5 qwen {\"model\": \"qwen\"}",
            "row-2 2026-01-31T12:00:01.000000Z /b - 7 - -",
            "row-3 2026-01-31T12:00:01.000000Z /b 404 7 - -",
        ]
    );
}

fn shown(record: &StoredRecord) -> String {
    let wanted = ["record_id", "start_time", "path", "response_code", "duration", "model", "ai_log"];
    let value = |name: &str| match record.fields().find(|(field, _)| field.name == name).unwrap().1 {
        FieldValue::Absent => "-".to_owned(),
        FieldValue::Timestamp(time) => time.to_string(),
        FieldValue::Text(text) => text.to_owned(),
        FieldValue::Integer(number) => number.to_string(),
        FieldValue::Json(json) => json.get().to_owned(),
    };
    wanted.map(value).join(" ")
}

async fn it_takes_records_at_their_limits(database: &impl Executor) {
    let mut record = AccessRecord { record_id: "large".into(), ..record() };
    for field in FIELDS {
        match (field.kind, record.member_mut(field.name)) {
            (Kind::Text(max_chars), Some(fields::Member::Text(text))) if field.name != "record_id" => {
                *text = "語".repeat(max_chars).into();
            }
            (_, Some(fields::Member::Count(number))) => *number = Some(i64::MAX),
            _ => {}
        }
    }
    record.duration = i64::MAX;
    let records = [record];
    insert::insert(database, &records).await.unwrap();
    let stored = records::by_record_id(database, "large").await.unwrap().unwrap();
    for ((field, value), original) in stored.fields().zip(records[0].values()) {
        assert_eq!(format!("{value:?}"), format!("{original:?}"), "{}", field.name);
    }
}

fn record() -> AccessRecord<'static> {
    let time = Timestamp::from_micros(1_785_000_000_123_456);
    AccessRecord { start_time: Some(time), ..AccessRecord::default() }
}

async fn execute(file: &Path, statements: &[&str]) {
    let database = libsql::Builder::new_local(file).build().await.unwrap();
    let connection = database.connect().unwrap();
    for statement in statements {
        connection.execute(statement, ()).await.unwrap();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
