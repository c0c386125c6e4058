//! The functions in the local host, asked without a network; a browser asks them over one.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use gatelog_artifacts::workspace;
use gatelog_spin_host::{App, RunningApp};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;

/// The application over one database file.
#[derive(Debug)]
pub struct Client {
    app: RunningApp,
}

/// A streamed answer.
#[derive(Clone, Copy, Debug)]
pub struct Streamed {
    /// Its lines.
    pub lines: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Time to its first byte.
    pub first: Duration,
    /// Time to its last byte.
    pub whole: Duration,
}

impl Client {
    /// Starts the application.
    ///
    /// # Errors
    ///
    /// It is not built, or the file is no database.
    pub async fn start(file: &Path) -> anyhow::Result<Self> {
        let app = App::builder(workspace().join("spin.toml"))
            .sqlite_file(file)
            .variable("query_open", "true")
            .start()
            .await?;
        Ok(Self { app })
    }

    /// The JSON of an answer, whose status must be 200, and the time until its last byte.
    ///
    /// # Errors
    ///
    /// Another status, or no JSON.
    pub async fn get(&self, path: &str) -> anyhow::Result<(Value, Duration)> {
        let begin = Instant::now();
        let response = self.app.call(request(path)?).await;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| anyhow::anyhow!("{error}"))?;
        let time = begin.elapsed();
        let body = body.to_bytes();
        ensure!(status == 200, "{path}: {status} {}", String::from_utf8_lossy(&body));
        Ok((serde_json::from_slice(&body).context("the answer is no JSON")?, time))
    }

    /// The JSON that is answered to a body of JSON; the status must be 200.
    ///
    /// # Errors
    ///
    /// Another status, or no JSON.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = Full::from(serde_json::to_vec(body)?);
        let response = self.app.call(Request::post(format!("http://gatelog.bench{path}")).body(body)?).await;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| anyhow::anyhow!("{error}"))?;
        let body = body.to_bytes();
        ensure!(status == 200, "{path}: {status} {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).context("the answer is no JSON")
    }

    /// Where the application listens.
    pub fn address(&self) -> SocketAddr {
        self.app.addr()
    }

    /// Reads an answer part by part; its status must be 200.
    ///
    /// # Errors
    ///
    /// Another status, or an answer that breaks off.
    pub async fn stream(&self, path: &str) -> anyhow::Result<Streamed> {
        let begin = Instant::now();
        let response = self.app.call(request(path)?).await;
        ensure!(response.status() == 200, "{path}: {}", response.status());
        let mut body = response.into_body();
        let mut first = None;
        let (mut lines, mut bytes) = (0, 0);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| anyhow::anyhow!("{path} broke off: {error}"))?;
            first.get_or_insert_with(|| begin.elapsed());
            if let Some(data) = frame.data_ref() {
                lines += data.iter().filter(|byte| **byte == b'\n').count();
                bytes += data.len();
            }
        }
        Ok(Streamed {
            lines: u64::try_from(lines)?,
            bytes: u64::try_from(bytes)?,
            first: first.context("the answer is empty")?,
            whole: begin.elapsed(),
        })
    }

    /// The most memory that one instance of the query component has used, in MiB.
    pub fn memory_mib(&self) -> f64 {
        self.app.peak_memory_bytes("query").unwrap_or_default() as f64 / f64::from(1 << 20)
    }

    /// Ends the application.
    pub async fn stop(self) {
        self.app.shutdown().await;
    }
}

fn request(path: &str) -> anyhow::Result<Request<Full<Bytes>>> {
    Ok(Request::get(format!("http://gatelog.bench{path}")).body(Full::default())?)
}
