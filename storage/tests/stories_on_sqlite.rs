//! The stories on libSQL, and what is so only there.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use gatelog_record::{AccessRecord, FieldValue, batch};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::{insert, query::records, schema};
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

async fn database() -> (NativeSqlite, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    (database, folder)
}
