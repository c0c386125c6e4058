//! Several instances on several nodes of a real Galera cluster: what they do at the same time is done once.
//!
//! Nodes see each other's locks only when a transaction commits: then all nodes decide in the same order, and whoever was
//! second is undone with error 1213. So every statement here meets others on purpose.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where its set-up fails")]

use std::cell::Cell;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use gatelog_databases::{Galera, SqlServer};
use gatelog_record::{AccessRecord, FieldValue, Timestamp};
use gatelog_storage::aggregate::tail::{self, LookLimits, TailCursor};
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::{
    Dialect, Executor, Rows, Selection, Statement, StorageError, counters, insert, lease, retention, schema,
};

const ROUNDS: usize = 30;
/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Passes statements on and counts how often the database undid one.
struct Counting {
    database: NativeMysql,
    undone: Cell<usize>,
}

impl Counting {
    async fn open(url: &str) -> Self {
        Self { database: NativeMysql::open(url).await.unwrap(), undone: Cell::new(0) }
    }
}

impl Executor for Counting {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let answer = self.database.run(statement).await;
        if let Err(StorageError::RolledBack { reason }) = &answer {
            assert!(reason.starts_with("1213: "), "{reason}");
            self.undone.set(self.undone.get() + 1);
        }
        answer
    }
}

/// Runs `work` for each node in its own thread, and returns what each answered.
fn on_each_node<T: Send>(
    urls: &[String],
    work: impl AsyncFn(usize, &Counting, &Barrier) -> T + Sync,
) -> (Vec<T>, usize) {
    let together = Barrier::new(urls.len());
    let (work, together) = (&work, &together);
    let answers: Vec<(T, usize)> = thread::scope(|scope| {
        let threads: Vec<_> = urls
            .iter()
            .enumerate()
            .map(|(node, url)| {
                scope.spawn(move || {
                    block_on(async {
                        let database = Counting::open(url).await;
                        let answer = work(node, &database, together).await;
                        (answer, database.undone.get())
                    })
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let undone = answers.iter().map(|(_, undone)| undone).sum();
    (answers.into_iter().map(|(answer, _)| answer).collect(), undone)
}

#[test]
fn the_same_records_on_three_nodes_at_once_are_stored_once_and_new_to_one() {
    let cluster = Galera::shared().unwrap();
    let urls = cluster.database().unwrap();
    let (new, undone) = on_each_node(&urls, async |_, database, together| {
        let mut new = Vec::new();
        for round in 0..ROUNDS {
            let records: Vec<_> = (0..20).map(|number| record(&format!("{round}-{number}"))).collect();
            together.wait();
            new.push(insert::insert_each(database, &records).await.unwrap());
        }
        new
    });
    assert!(undone > 0, "no insert met another");
    for round in 0..ROUNDS {
        for number in 0..20 {
            let owners = new.iter().filter(|rounds| rounds[round][number]).count();
            assert_eq!(owners, 1, "record {round}-{number} is new to {owners}");
        }
    }
    for count in on_all(cluster, &urls, "SELECT COUNT(*), COUNT(DISTINCT record_id) FROM access_logs") {
        assert_eq!(count, format!("{0}\t{0}", ROUNDS * 20));
    }
}

#[test]
fn what_three_nodes_count_at_once_is_summed() {
    let cluster = Galera::shared().unwrap();
    let urls = cluster.database().unwrap();
    let (_, undone) = on_each_node(&urls, async |_, database, together| {
        for _ in 0..ROUNDS {
            together.wait();
            counters::add(database, &[("a".to_owned(), 1), ("b".to_owned(), 10)]).await.unwrap();
        }
    });
    assert!(undone > 0, "no statement met another");
    let (a, b) = (ROUNDS * urls.len(), ROUNDS * urls.len() * 10);
    for sums in on_all(cluster, &urls, "SELECT name, value FROM gatelog_counters ORDER BY name") {
        assert_eq!(sums, format!("a\t{a}\nb\t{b}"));
    }
}

#[test]
fn a_task_that_is_due_on_three_nodes_at_once_is_done_by_one() {
    let urls = Galera::shared().unwrap().database().unwrap();
    block_on(async {
        let database = NativeMysql::open(&urls[0]).await.unwrap();
        assert!(!lease::try_acquire(&database, "task", 0, 1_000).await.unwrap(), "its row is created");
    });
    let (taken, _) = on_each_node(&urls, async |_, database, together| {
        let mut taken = 0;
        for round in 1..=20 {
            together.wait();
            let now_ms = round * 10_000;
            // A node may not have seen yet that the row was created, or taken in the round before.
            taken += usize::from(lease::try_acquire(database, "task", now_ms, 1_000).await.unwrap());
        }
        taken
    });
    let taken: usize = taken.iter().sum();
    assert!((1..=20).contains(&taken), "taken {taken} times in 20 rounds");
}

#[test]
fn three_nodes_that_create_and_upgrade_the_tables_at_once_agree() {
    let cluster = Galera::shared().unwrap();
    let urls = cluster.database().unwrap();
    on_each_node(&urls, async |_, database, _| schema::version(database).await.unwrap());
    // An earlier table: without an index and a column, and with a narrower one.
    let name = urls[0].rsplit('/').next().unwrap();
    let older = "DROP INDEX idx_model_time, DROP COLUMN chat_id, MODIFY COLUMN model VARCHAR(20)";
    cluster.nodes()[0]
        .sql(&format!("USE {name}; ALTER TABLE access_logs {older}; DELETE FROM gatelog_schema"))
        .unwrap();
    on_all(cluster, &urls, "SELECT 1");
    on_each_node(&urls, async |_, database, together| {
        together.wait();
        schema::ensure(database).await.unwrap();
    });
    let tables = on_all(cluster, &urls, "SHOW CREATE TABLE access_logs");
    assert!(tables[0].contains("idx_model_time") && tables[0].contains("`chat_id`"), "{}", tables[0]);
    assert!(tables[0].contains("`model` varchar(255)"), "{}", tables[0]);
    assert!(tables.iter().all(|table| *table == tables[0]));
}

#[test]
fn old_records_that_three_nodes_delete_at_once_are_deleted_once() {
    let cluster = Galera::shared().unwrap();
    let urls = cluster.database().unwrap();
    block_on(async {
        let database = NativeMysql::open(&urls[0]).await.unwrap();
        let records: Vec<_> = (0..600).map(|number| record(&number.to_string())).collect();
        assert_eq!(insert::insert(&database, &records).await.unwrap().accepted, 600);
    });
    on_all(cluster, &urls, "SELECT 1");
    let before = Timestamp::from_micros(1_769_860_900_000_000);
    let (deleted, undone) = on_each_node(&urls, async |_, database, together| {
        together.wait();
        let mut deleted = 0;
        loop {
            match retention::delete_older(database, before, 50).await.unwrap() {
                0 => return deleted,
                some => deleted += some,
            }
        }
    });
    assert_eq!(deleted.iter().sum::<usize>(), 600, "{deleted:?}, undone {undone} times");
    assert!(on_all(cluster, &urls, "SELECT COUNT(*) FROM access_logs").iter().all(|count| count == "0"));
}

/// Each node gives out every third key, so keys are missing for ever, and a node shows what the others stored a little later
/// than they do.
#[test]
fn whoever_follows_one_node_gets_what_three_nodes_store_at_once_each_once() {
    const RECORDS: usize = 150;
    let cluster = Galera::shared().unwrap();
    let urls = cluster.database().unwrap();
    let (found, _) = on_each_node(&urls, async |node, database, together| {
        let mut place = tail::newest(database).await.unwrap();
        together.wait();
        let mut found = Vec::new();
        for number in 0..RECORDS {
            let stored = insert::insert(database, &[record(&format!("{node}-{number}"))]).await.unwrap();
            assert_eq!(stored.accepted, 1, "record {number} of node {node}");
            found.extend(follow(database, &mut place).await);
        }
        let begin = Instant::now();
        while found.len() < RECORDS * 3 && begin.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(100)).await;
            found.extend(follow(database, &mut place).await);
        }
        found
    });
    for count in on_all(cluster, &urls, "SELECT COUNT(*) FROM access_logs") {
        assert_eq!(count, (RECORDS * urls.len()).to_string());
    }
    for (node, mut found) in found.into_iter().enumerate() {
        let count = found.len();
        found.sort_unstable();
        found.dedup();
        assert_eq!((count, found.len()), (RECORDS * urls.len(), RECORDS * urls.len()), "node {node}");
    }
}

async fn follow(database: &impl Executor, place: &mut TailCursor) -> Vec<String> {
    let limits = LookLimits { records: 1_000, bytes: 10_000_000 };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros();
    let now = Timestamp::from_micros(now.try_into().unwrap());
    let look = tail::look(database, &[], &Selection::all(), *place, limits, now).await.unwrap();
    *place = look.next;
    let id = |record: &gatelog_storage::StoredRecord| match record.fields().next() {
        Some((_, FieldValue::Text(id))) => id.to_owned(),
        _ => String::new(),
    };
    look.records.iter().map(id).collect()
}

/// What each node answers once it has everything that the others have committed.
fn on_all(cluster: &Galera, urls: &[String], question: &str) -> Vec<String> {
    let name = urls[0].rsplit('/').next().unwrap();
    let ask = |node: &SqlServer| {
        node.sql(&format!("SET SESSION wsrep_sync_wait = 1; USE {name}; {question}"))
            .unwrap()
            .trim()
            .to_owned()
    };
    cluster.nodes().iter().map(ask).collect()
}

fn record(id: &str) -> AccessRecord<'static> {
    AccessRecord {
        record_id: id.to_owned().into(),
        start_time: Some(Timestamp::from_micros(1_769_860_800_000_000)),
        method: "GET".into(),
        ..AccessRecord::default()
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
