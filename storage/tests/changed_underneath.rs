//! A database that somebody changes while it is in use: what is answered as stored is in the file that the path names, and
//! tables that were dropped are made anew.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gatelog_record::{AccessRecord, Timestamp};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::pool::Connect;
use gatelog_storage::{Dialect, Executor, Pool, Statement, StorageError, insert, query::records};

#[tokio::test(flavor = "current_thread")]
async fn records_stored_after_the_file_was_deleted_are_in_the_new_one() {
    let file = File::new();
    let pool = Pool::new(file.connect(), 1, Duration::from_secs(60));
    store(&pool, "before").await;
    file.remove();
    store(&pool, "after").await;
    assert_eq!(file.stored().await, ["after"]);
    // One that was acknowledged before and is gone with the file is new, and no duplicate.
    file.remove();
    store(&pool, "after").await;
    assert_eq!(file.stored().await, ["after"]);
}

#[tokio::test(flavor = "current_thread")]
async fn records_stored_after_an_older_copy_took_the_files_place_are_in_the_copy() {
    let file = File::new();
    let pool = Pool::new(file.connect(), 1, Duration::from_secs(60));
    store(&pool, "a").await;
    let copy = file.path().with_extension("copy");
    // All connections are closed here, so that the file alone is the whole database.
    drop(pool);
    fs::copy(file.path(), &copy).unwrap();
    let pool = Pool::new(file.connect(), 1, Duration::from_secs(60));
    store(&pool, "b").await;
    file.remove();
    fs::rename(copy, file.path()).unwrap();
    store(&pool, "c").await;
    assert_eq!(file.stored().await, ["a", "c"]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_table_that_was_dropped_is_no_outage_and_is_made_anew() {
    let file = File::new();
    let pool = Pool::new(file.connect(), 1, Duration::from_secs(60));
    store(&pool, "before").await;
    for sql in ["DROP TABLE access_logs", "ALTER TABLE access_logs DROP COLUMN path"] {
        let other = libsql::Builder::new_local(file.path()).build().await.unwrap().connect().unwrap();
        other.execute(sql, ()).await.unwrap();
        let error = insert::insert(&pool, &[record("lost")]).await.unwrap_err();
        assert_eq!(error.class(), "database_unexpected_answer", "{error}");
        let id = if sql.starts_with("DROP") { "after" } else { "b" };
        store(&pool, id).await;
    }
    assert_eq!(file.stored().await, ["after", "b"]);
}

async fn store(database: &impl Executor, id: &'static str) {
    let inserted = insert::insert(database, &[record(id)]).await.unwrap();
    assert_eq!((inserted.accepted, inserted.duplicates), (1, 0), "{id}");
}

fn record(id: &'static str) -> AccessRecord<'static> {
    AccessRecord {
        record_id: id.into(),
        start_time: Some(Timestamp::MIN),
        path: "/".into(),
        ..AccessRecord::default()
    }
}

struct File(tempfile::TempDir);

impl File {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("gatelog.db")
    }

    fn connect(&self) -> Native {
        Native(self.path())
    }

    fn remove(&self) {
        for suffix in ["", "-wal", "-shm"] {
            let file = format!("{}{suffix}", self.path().display());
            if Path::new(&file).exists() {
                fs::remove_file(file).unwrap();
            }
        }
    }

    async fn stored(&self) -> Vec<String> {
        let database = NativeSqlite::open(&self.path()).await.unwrap();
        let mut ids = Vec::new();
        for id in ["a", "after", "b", "before", "c"] {
            if records::by_record_id(&database, id).await.unwrap().is_some() {
                ids.push(id.to_owned());
            }
        }
        ids
    }
}

/// Connections to a file, as the drivers of components make them.
struct Native(PathBuf);

impl Connect for Native {
    type Connection = NativeSqlite;

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn connect(&self) -> Result<NativeSqlite, StorageError> {
        NativeSqlite::open(&self.0).await
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending().await
    }

    async fn sees(&self, _: &NativeSqlite, probe: &Statement<'_>) -> Result<bool, StorageError> {
        Ok(!self.connect().await?.run(probe).await?.is_empty())
    }
}
