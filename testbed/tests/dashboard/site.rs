//! The functions with a database of records, for one test.

use gatelog_testbed::client::Client;
use gatelog_testbed::functions::{Functions, Options};
use http::Request;
use serde_json::Value;
use tempfile::TempDir;

/// What `/query` wants to hear.
const TOKEN: &str = "a-token/with+signs=";

/// The functions with that token, and patient: a machine that is busy answers late, which is no fault of the page.
const VARIABLES: &[(&str, &str)] = &[
    ("query_token", TOKEN),
    ("query_open", "false"),
    ("database_timeout_ms", "60000"),
    ("query_timeout_ms", "60000"),
];

/// The running functions; they end when this is dropped.
pub struct Site {
    functions: Functions,
    client: Client,
    _folder: TempDir,
}

impl Site {
    /// Functions without a record.
    pub async fn empty() -> Self {
        Self::configured(&[]).await
    }

    /// Functions without a record, with these variables too.
    pub async fn configured(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::storing_in(&folder.path().join("gatelog.db"));
        let functions = Functions::start(&options.variables(VARIABLES).variables(variables)).await;
        Self { functions: functions.unwrap(), client: Client::default(), _folder: folder }
    }

    /// Functions with these records.
    pub async fn with(records: &[Value]) -> Self {
        let site = Self::empty().await;
        for batch in records.chunks(500) {
            site.store(batch).await;
        }
        site
    }

    /// Stores records, as a filter would push them.
    pub async fn store(&self, records: &[Value]) {
        let request = Request::post(format!("{}/ingest", self.origin()));
        let answer =
            self.client.send(request.body(serde_json::to_vec(records).unwrap()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200, "{}", String::from_utf8_lossy(answer.body()));
    }

    pub fn token(&self) -> &'static str {
        TOKEN
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.functions.address())
    }
}
