//! The stories on libSQL, and what is so only there.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;

use gatelog_record::{AccessRecord, FieldValue, Timestamp, batch};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError, insert, query::records, schema};
use tempfile::TempDir;

crate::stories::every_story! { database }

#[test]
fn the_schema_is_made_once_and_several_may_make_it_at_the_same_time() {
    // Which of them finds the file in use is a matter of luck, so many try.
    for _ in 0..20 {
        several_make_the_schema();
    }
}

fn several_make_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatelog.db");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async {
                    let database = NativeSqlite::open(&path).await.unwrap();
                    assert_eq!(schema::version(&database).await.unwrap(), schema::VERSION);
                });
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[tokio::test(flavor = "current_thread")]
async fn json_that_another_program_broke_is_answered_as_text() {
    let (database, folder) = database().await;
    let body = include_str!("../../record/testdata/db_log_pusher.json");
    let read = batch::decode(body.as_bytes(), 10).unwrap();
    let mut records: Vec<AccessRecord<'_>> = read.records.into_iter().map(|(_, record)| record).collect();
    records[0].record_id = "r1".into();
    insert::insert(&database, &records).await.unwrap();
    let other = libsql::Builder::new_local(folder.path().join("gatelog.db")).build().await.unwrap();
    let change = "UPDATE access_logs SET ai_log = '{broken'";
    other.connect().unwrap().execute(change, ()).await.unwrap();
    let stored = records::by_record_id(&database, "r1").await.unwrap().unwrap();
    let ai_log = stored.fields().find(|(field, _)| field.name == "ai_log").unwrap().1;
    assert!(matches!(ai_log, FieldValue::Text("{broken")), "{ai_log:?}");
}

/// A database that keeps prepared statements, as Spin does.
struct Keeping<'d> {
    database: &'d NativeSqlite,
    texts: RefCell<HashSet<String>>,
}

impl Executor for Keeping<'_> {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    fn keeps_prepared(&self) -> bool {
        true
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        self.texts.borrow_mut().insert(statement.sql().to_owned());
        self.database.run(statement).await
    }
}

#[tokio::test(flavor = "current_thread")]
async fn batches_of_any_size_are_stored_by_statements_of_few_texts() {
    let (native, _lives_on) = database().await;
    let database = Keeping { database: &native, texts: RefCell::default() };
    let start_time = Some(Timestamp::from_micros(1_769_860_800_000_000));
    let record = |batch: usize, number: usize| AccessRecord {
        record_id: format!("{batch}-{number}").into(),
        start_time,
        path: "/a".into(),
        duration: 7,
        input_tokens: Some(1),
        ai_log: serde_json::value::RawValue::from_string("{}".to_owned()).ok().map(Cow::Owned),
        ..AccessRecord::default()
    };
    let mut stored = 0;
    for batch in (1..=40).chain([74, 75, 76, 499, 500, 501, 1_200]) {
        let mut records: Vec<_> = (0..batch).map(|number| record(batch, number)).collect();
        let new = insert::insert_each(&database, &records).await.unwrap();
        assert!(new.iter().all(|new| *new), "all of {batch} are new");
        stored += batch;
        // The last, of which the rows are duplicates that fill the statement up, is new, and others are not.
        let number = records.len() - 1;
        records[number] = record(batch, batch);
        let new = insert::insert_each(&database, &records).await.unwrap();
        assert!(new.iter().enumerate().all(|(index, new)| *new == (index == number)), "{batch}: {new:?}");
        stored += 1;
    }
    assert_eq!(records::count(&native, &[]).await.unwrap(), stored as u64);
    let inserts = database.texts.borrow().iter().filter(|text| text.starts_with("INSERT")).count();
    // Nine below ten; 10 to 40, 75, 100 and 500; two that are larger than any.
    assert_eq!(inserts, 9 + 5 + 3 + 2);
}

async fn database() -> (NativeSqlite, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    (database, folder)
}
