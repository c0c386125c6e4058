//! Tests of the program `gatelog-local`.

use std::process::Stdio;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::support::{Fixture, PATIENCE};

fn gatelog_local() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatelog-local"));
    command.kill_on_drop(true).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[tokio::test]
async fn up_serves_until_sigterm_and_shows_what_components_print() {
    let fixture = Fixture::with_head("[variables]\ncolour = { required = true }", "");
    let mut child = gatelog_local()
        .args(["up", "--listen", "127.0.0.1:0", "--variable", "colour=red", "--from"])
        .arg(fixture.folder.path())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next =
        async || tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
    let first = next().await;
    let url = first.strip_prefix("Serving tried on ").expect(&first).to_owned();
    assert_eq!(next().await, "Available Routes:");
    assert_eq!(next().await, format!("  probe: {url} (wildcard)"));
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let response = client.get(format!("{url}/print/a").parse().unwrap()).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "printed");
    assert_eq!(next().await, "[probe] to stdout: a");
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    let status = tokio::time::timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_start_that_fails_says_why_and_ends_with_an_error() {
    let fixture = Fixture::with_head("[variables]\ncolour = { required = true }", "");
    let output = gatelog_local().args(["up", "--from"]).arg(fixture.folder.path()).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains("--variable colour="), "{text}");
}
