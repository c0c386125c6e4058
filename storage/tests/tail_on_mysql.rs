//! Records that transactions on MySQL and MariaDB commit in another order than that of their keys come to whoever follows
//! the newest ones, each once.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::thread;
use std::time::{Duration, Instant};

use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_record::{FieldValue, Timestamp};
use gatelog_storage::Selection;
use gatelog_storage::aggregate::tail::{self, Look, LookLimits, TailCursor};
use gatelog_storage::driver::native_mysql::NativeMysql;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "current_thread")]
async fn a_record_that_commits_late_is_not_skipped_on_mariadb() {
    a_record_that_commits_late_is_not_skipped(MariaDb::shared().unwrap()).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_record_that_commits_late_is_not_skipped_on_mysql() {
    a_record_that_commits_late_is_not_skipped(MySql::shared().unwrap()).await;
}

async fn a_record_that_commits_late_is_not_skipped(server: &'static SqlServer) {
    let url = server.database().unwrap();
    let database = NativeMysql::open(&url).await.unwrap();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let look = async |place: TailCursor, seconds: i64| {
        let now = Timestamp::from_micros(1_769_860_800_000_000 + seconds * 1_000_000);
        let limits = LookLimits { records: 10, bytes: 1_000_000 };
        let look = tail::look(&database, &[], &Selection::all(), place, limits, now).await.unwrap();
        (ids(&look), look.next)
    };
    let insert = |ids: &str, then: &str| {
        format!("USE {name}; BEGIN; INSERT IGNORE INTO access_logs (record_id) VALUES {ids}; {then} COMMIT")
    };
    let begin = tail::newest(&database).await.unwrap();
    let late = insert("('late')", "DO SLEEP(4);");
    let late = thread::spawn(move || server.sql(&late).unwrap());
    wait_until(server, &format!("SELECT COUNT(*) FROM {name}.access_logs"), "1");
    // It takes the next key, and commits first.
    server.sql(&insert("('prompt')", "")).unwrap();
    let (found, place) = look(begin, 0).await;
    assert_eq!((&*found, place.id), ("", 0), "the first key may still come");
    let (found, place) = look(place, 1).await;
    assert_eq!((&*found, place.id), ("", 0), "and is waited for");
    late.join().unwrap();
    let (found, place) = look(place, 2).await;
    assert_eq!((&*found, place.seen), ("late prompt", None));

    // Neither a duplicate nor a transaction that is undone uses the key that it took.
    server.sql(&insert("('late')", "")).unwrap();
    server.sql(&insert("('undone')", "ROLLBACK;")).unwrap();
    server.sql(&insert("('behind')", "")).unwrap();
    let (found, place) = look(place, 10).await;
    assert_eq!(found, "");
    let (found, place) = look(place, 14).await;
    assert_eq!(found, "");
    let (found, place) = look(place, 15).await;
    assert_eq!(found, "behind");
    assert_eq!(look(place, 16).await, (String::new(), place));
}

/// Asks until an uncommitted transaction has written; each question starts a client, which is pause enough.
fn wait_until(server: &SqlServer, question: &str, answer: &str) {
    let question = format!("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; {question}");
    let begin = Instant::now();
    while server.sql(&question).unwrap().trim() != answer {
        assert!(begin.elapsed() < PATIENCE, "{question}");
    }
}

fn ids(look: &Look) -> String {
    let id = |record: &gatelog_storage::StoredRecord| match record.fields().next() {
        Some((_, FieldValue::Text(id))) => id.to_owned(),
        _ => String::new(),
    };
    look.records.iter().map(id).collect::<Vec<_>>().join(" ")
}
