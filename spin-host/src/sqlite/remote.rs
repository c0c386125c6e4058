//! A connection to a libSQL server over HTTP, as Spin's own client makes it: a statement is one `POST /v3/cursor` (Hrana 3),
//! whose response has a line of JSON for each row, and changes are not counted. Unlike Spin's client, this one sends the
//! statement's text unchanged; Spin's client parses and rewrites it, which gives columns without an alias another name.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value as Json, json};

use super::connection::Started;
use super::lease::{Batch, size_of_value};
use super::rows::Rows;
use crate::bindings::sqlite::{Error, QueryResult, RowResult, Value};

/// Most bytes that the values of one result may take in total.
const MAX_RESULT_BYTES: usize = 128 * 1024 * 1024;

/// A connection as the component holds it.
#[derive(Clone)]
pub(super) struct Remote {
    url: Arc<str>,
    token: Arc<str>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Remote {
    /// A connection to this server.
    pub(super) fn new(url: &str, token: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { url: format!("{}/v3/cursor", url.trim_end_matches('/')).into(), token: token.into(), client }
    }

    /// Runs a statement and returns its rows as a stream.
    pub(super) async fn start(&self, sql: &str, parameters: Vec<Value>) -> Started {
        match self.run(sql, parameters).await {
            Ok(QueryResult { columns, rows }) => {
                Started { columns, rows: Rows::new(Batch { rows, end: Some(Ok(())) }, None) }
            }
            Err(error) => Started { columns: Vec::new(), rows: Rows::new(Batch::failed(error), None) },
        }
    }

    /// Runs a statement and returns all rows.
    pub(super) async fn run(&self, sql: &str, parameters: Vec<Value>) -> Result<QueryResult, Error> {
        let arguments: Vec<Json> = parameters.into_iter().map(bound).collect::<Result<_, _>>()?;
        let stmt = json!({"sql": sql, "args": arguments, "want_rows": true});
        let body = json!({"baton": null, "batch": {"steps": [{"stmt": stmt}]}}).to_string();
        let answer = self.post(body).await?;
        let mut result = QueryResult { columns: Vec::new(), rows: Vec::new() };
        let mut bytes = 0;
        // The first line is about the stream.
        for line in answer.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty()) {
            let entry: Json = serde_json::from_slice(line).map_err(|error| failed(&error))?;
            match entry.get("type").and_then(Json::as_str) {
                Some("step_begin") => result.columns = columns(&entry),
                Some("row") => {
                    let values = row(&entry)?;
                    bytes += values.iter().map(size_of_value).sum::<usize>();
                    if bytes > MAX_RESULT_BYTES {
                        return Err(failed(&format!(
                            "query result exceeds limit of {MAX_RESULT_BYTES} bytes"
                        )));
                    }
                    result.rows.push(RowResult { values });
                }
                Some("step_error" | "error") => {
                    let message = entry.pointer("/error/message").and_then(Json::as_str);
                    return Err(failed(&message.unwrap_or("an error without a message")));
                }
                _ => {}
            }
        }
        Ok(result)
    }

    async fn post(&self, body: String) -> Result<Bytes, Error> {
        let request = http::Request::post(&*self.url)
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| failed(&error))?;
        let response = self.client.request(request).await.map_err(|error| failed(&error))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| failed(&error))?.to_bytes();
        if !status.is_success() {
            return Err(failed(&format!("status {status}: {}", String::from_utf8_lossy(&body))));
        }
        Ok(body)
    }
}

fn columns(entry: &Json) -> Vec<String> {
    let columns = entry.get("cols").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let name = |column: &Json| column.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
    columns.iter().map(name).collect()
}

fn row(entry: &Json) -> Result<Vec<Value>, Error> {
    let values = entry.get("row").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    values.iter().map(|value| read(value).ok_or_else(|| failed(&format!("the value {value}")))).collect()
}

fn bound(value: Value) -> Result<Json, Error> {
    Ok(match value {
        Value::Integer(number) => json!({"type": "integer", "value": number.to_string()}),
        Value::Real(number) => json!({"type": "float", "value": number}),
        Value::Text(text) => json!({"type": "text", "value": text}),
        Value::Null => json!({"type": "null"}),
        Value::Blob(_) => return Err(failed(&"the local host sends no bytes to a libSQL server; Spin does")),
    })
}

fn read(value: &Json) -> Option<Value> {
    let text = || value.get("value").and_then(Json::as_str);
    Some(match value.get("type")?.as_str()? {
        "integer" => Value::Integer(text()?.parse().ok()?),
        "float" => Value::Real(value.get("value")?.as_f64()?),
        "text" => Value::Text(text()?.to_owned()),
        "null" => Value::Null,
        _ => return None,
    })
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Io(error.to_string())
}
