//! Batches and their stored records.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// A batch as the filter pushes it.
pub fn body(ids: impl IntoIterator<Item = String>) -> String {
    let mut body = String::from("[");
    for id in ids {
        let comma = if body.len() == 1 { "" } else { "," };
        let _ = write!(
            body,
            r#"{comma}{{"record_id":"{id}","start_time":"2026-01-31T12:00:00.000001Z","method":"GET","path":"/{id}","response_code":200}}"#
        );
    }
    body + "]"
}

/// The ids of a batch.
pub fn ids(batch: usize, records: usize) -> impl Iterator<Item = String> {
    (0..records).map(move |record| format!("batch-{batch}-{record}"))
}

/// Fails unless each of the ids is stored exactly once, and nothing else is.
pub async fn assert_stored_once(database: &Path, expected: impl IntoIterator<Item = String>) {
    let stored = stored(&connect(database).await, "").await;
    let distinct: BTreeSet<&String> = stored.iter().collect();
    assert_eq!(distinct.len(), stored.len(), "records are stored twice");
    let expected: BTreeSet<String> = expected.into_iter().collect();
    let missing: Vec<&String> = expected.iter().filter(|id| !distinct.contains(id)).collect();
    assert!(missing.is_empty(), "{} records are missing: {missing:?}", missing.len());
    assert_eq!(stored.len(), expected.len(), "records are stored that nobody sent");
}

/// The stored ids that begin with `prefix`.
pub async fn stored(connection: &libsql::Connection, prefix: &str) -> Vec<String> {
    let mut rows = connection
        .query("SELECT record_id FROM access_logs WHERE record_id LIKE ? || '%'", [prefix])
        .await
        .unwrap();
    let mut ids = Vec::new();
    while let Some(row) = rows.next().await.unwrap() {
        ids.push(row.get(0).unwrap());
    }
    ids
}

/// A connection to the file.
pub async fn connect(database: &Path) -> libsql::Connection {
    let connection = libsql::Builder::new_local(database).build().await.unwrap().connect().unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    connection
}
