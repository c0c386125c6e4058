//! An application that contains the probe.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use gatelog_artifacts::artifact;
use gatelog_spin_host::{App, AppBuilder, RunningApp};
use http_body_util::{BodyExt as _, Full};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// Longer than any expected wait; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A folder with a manifest, and the probe as its component.
pub struct Fixture {
    pub folder: TempDir,
}

impl Fixture {
    /// A manifest whose component table also contains these lines.
    pub fn new(component: &str) -> Self {
        Self::with_head("", component)
    }

    /// Like [`Fixture::new`], with further tables before the component's.
    pub fn with_head(head: &str, component: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let probe = artifact("gatelog-probe").unwrap();
        let manifest = format!(
            r#"
            spin_manifest_version = 2
            [application]
            name = "tried"
            {head}
            [[trigger.http]]
            route = "/..."
            component = "probe"
            [component.probe]
            source = "{}"
            {component}
            "#,
            probe.display()
        );
        std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
        Self { folder }
    }

    pub fn builder(&self) -> AppBuilder {
        App::builder(self.folder.path())
    }

    pub async fn start(&self) -> RunningApp {
        self.builder().start().await.unwrap()
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join(".spin/sqlite_db.db")
    }
}

/// An application that may use its default database.
pub async fn with_database() -> (Fixture, RunningApp) {
    let fixture = Fixture::new("sqlite_databases = [\"default\"]");
    let app = fixture.start().await;
    (fixture, app)
}

/// Status and body of the response to a POST.
pub async fn post(app: &RunningApp, path: &str, body: &str) -> (u16, String) {
    let request = http::Request::post(path)
        .header("host", "probe.test")
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap();
    let response = tokio::time::timeout(PATIENCE, app.call(request)).await.expect("no answer");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Distinguishes the requests of [`begin_to_wait`].
static REQUEST: AtomicU32 = AtomicU32::new(0);

/// Begins a request that waits in its instance and returns when it waits; it is the waiting request with this
/// number there.
pub async fn begin_to_wait(app: &Arc<RunningApp>, place: usize) -> JoinHandle<(u16, String)> {
    app.all_instances_ready().await;
    let number = REQUEST.fetch_add(1, Ordering::Relaxed);
    let request = tokio::spawn({
        let app = Arc::clone(app);
        async move { post(&app, &format!("/wait/{number}"), "").await }
    });
    let suffix = format!(" {number}");
    let waits = app.logs().wait_for(|line| line.text.starts_with("waiting ") && line.text.ends_with(&suffix));
    let line = tokio::time::timeout(PATIENCE, waits).await.unwrap();
    assert_eq!(line.text, format!("waiting {place}{suffix}"), "it went to another instance");
    request
}

/// Like [`get`], from an instance that has room, if there is one.
pub async fn get_from_ready(app: &RunningApp, path: &str) -> String {
    app.all_instances_ready().await;
    get(app, path).await
}

/// The body of a response that must be 200.
pub async fn get(app: &RunningApp, path: &str) -> String {
    sql(app, path, "").await
}

/// The body of the response to a statement; the status must be 200.
pub async fn sql(app: &RunningApp, path: &str, statement: &str) -> String {
    let (status, body) = post(app, path, statement).await;
    assert_eq!(status, 200, "{path}: {body}\n{:#?}", app.logs());
    body
}
