//! The functions over one database, and helpers for requests to them.

use std::path::Path;
use std::time::Duration;

use gatelog_databases::{SqlServer, Turso};
use gatelog_testbed::client::Client;
use gatelog_testbed::functions::{Functions, Options};
use http::{Request, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// Functions, with their database in `folder` if it is a file.
pub struct Stored {
    pub functions: Functions,
    _folder: TempDir,
    client: Client,
}

impl Stored {
    pub async fn in_a_file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gatelog.db");
        Self::start(&[], &file, folder).await
    }

    pub async fn in_mysql(server: &SqlServer) -> Self {
        let url = server.database().unwrap();
        Self::in_mysql_at(&url, &format!("127.0.0.1:{}", server.port()), &[]).await
    }

    pub async fn in_mysql_at(url: &str, host: &str, more: &[(&str, &str)]) -> Self {
        let variables = [&[("store", "mysql"), ("mysql_url", url), ("mysql_host", host)], more].concat();
        Self::with(&variables).await
    }

    pub async fn in_turso(turso: &Turso) -> Self {
        Self::with(&[("store", "turso"), ("turso_url", &turso.url()), ("turso_token", Turso::TOKEN)]).await
    }

    /// Uses Spin's SQLite interface.
    pub async fn by_runtime_config(turso: &Turso) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runtime-config.toml");
        let (url, token) = (turso.url(), Turso::TOKEN);
        let config =
            format!("[sqlite_database.default]\ntype = \"libsql\"\nurl = \"{url}\"\ntoken = \"{token}\"\n");
        std::fs::write(&file, config).unwrap();
        let functions = Functions::start(&Options::configured_by(&file)).await.unwrap();
        Self { functions, _folder: folder, client: Client::default() }
    }

    /// Uses these variables, and an unused file.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("unused.db");
        Self::start(variables, &file, folder).await
    }

    pub async fn start(variables: &[(&str, &str)], file: &Path, folder: TempDir) -> Self {
        let functions = Functions::start(&Options::storing_in(file).variables(variables)).await.unwrap();
        Self { functions, _folder: folder, client: Client::default() }
    }

    /// Posts records and returns the whole response.
    pub async fn post(&self, records: &Value) -> Response<Value> {
        let url = format!("http://{}/ingest", self.functions.address());
        let request = Request::post(url).header("content-type", "application/json");
        let answer = self.client.send(request.body(records.to_string()).unwrap()).await.unwrap();
        answer.map(|body| serde_json::from_slice(&body).unwrap())
    }

    /// Posts records that must be stored, and returns how many were new and how many were duplicates.
    pub async fn store(&self, records: &Value) -> (u64, u64) {
        let answer = self.post(records).await;
        assert_eq!(answer.status(), 200, "{}\n{}", answer.body(), self.functions.log());
        let count = |key: &str| answer.body()[key].as_u64().unwrap();
        (count("accepted"), count("duplicates"))
    }

    /// Gets a response with any status.
    pub async fn get(&self, path: &str) -> Response<String> {
        let url = format!("http://{}{path}", self.functions.address());
        let answer = self.client.send(Request::get(url).body("").unwrap()).await.unwrap();
        answer.map(|body| String::from_utf8(body.to_vec()).unwrap())
    }

    /// Gets JSON from a response that must be 200.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}: {}\n{}", answer.body(), self.functions.log());
        serde_json::from_str(answer.body()).unwrap()
    }

    /// The ids of the records on the first page of a query.
    pub async fn ids(&self, query: &str) -> String {
        let page = self.json(&format!("/query?fields=record_id&page_size=100&{query}")).await;
        let ids: Vec<&str> =
            page["logs"].as_array().unwrap().iter().map(|log| log["record_id"].as_str().unwrap()).collect();
        ids.join(" ")
    }

    /// Stores records as soon as the function can, and returns how long that took.
    pub async fn store_when_possible(&self, records: &Value) -> Duration {
        let began = Instant::now();
        loop {
            let answer = self.post(records).await;
            if answer.status() == 200 {
                return began.elapsed();
            }
            assert_eq!(answer.status(), 503, "{}", answer.body());
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "it does not recover:\n{}",
                self.functions.log()
            );
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Records with these numbers as ids, one per second.
pub fn numbered(numbers: std::ops::Range<usize>) -> Value {
    numbers
        .map(|number| {
            let (minute, second) = (number / 60 % 60, number % 60);
            json!({"record_id": number.to_string(), "start_time": format!("2026-01-31T12:{minute:02}:{second:02}Z"),
                "duration": number})
        })
        .collect()
}
