//! What kubelets and load balancers see.

#![expect(clippy::unwrap_used, reason = "a wrong shape fails the test")]

use gatelog_health::handle;
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError};
use http::Request;

#[tokio::test(flavor = "current_thread")]
async fn a_function_whose_database_is_down_is_alive_but_not_ready() {
    assert_eq!(get(&Down, "/health").await, (200, "ok".into()));
    let (status, body) = get(&Down, "/health/ready").await;
    assert_eq!(status, 503);
    assert!(body.contains(r#""reason":"database_unavailable""#) && !body.contains("10.0.0.7"), "{body}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_function_whose_database_answers_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let database = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
    assert_eq!(get(&database, "/health/").await, (200, "ok".into()));
    assert_eq!(get(&database, "/health/ready").await, (200, r#"{"status":"ready"}"#.into()));
    assert_eq!(get(&database, "/health/other").await.0, 404);
    let request = Request::post("/health").body(()).unwrap();
    let response = handle(request, &database).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["allow"]),
        (405, &"GET, HEAD".parse().unwrap())
    );
}

struct Down;

impl Executor for Down {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn run(&self, _: &Statement<'_>) -> Result<Rows, StorageError> {
        Err(StorageError::Unavailable { reason: "10.0.0.7 is down".into() })
    }
}

async fn get(database: &impl Executor, uri: &str) -> (u16, String) {
    let response = handle(Request::get(uri).body(()).unwrap(), database).await;
    (response.status().as_u16(), String::from_utf8(response.body().as_bytes().to_vec()).unwrap())
}
