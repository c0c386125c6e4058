//! HTTP/3: a listener of Envoy for it, and a client. The client is aioquic in `testdata/http3.py`, since no library of
//! this project speaks QUIC.
#![expect(clippy::indexing_slicing, reason = "an absent member of JSON is null, and one that is set is made")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::client::Client;
use crate::envoy::Envoy;

/// The client; its first lines describe it.
const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/http3.py");

/// Time limit of a run of the client.
const LIMIT: Duration = Duration::from_secs(60);

/// A folder with a certificate for [`add_listener`].
///
/// # Errors
///
/// When the client does not run.
pub async fn certificate() -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    run(&["certificate", folder.path().to_str().context("the path of the folder is no text")?], "").await?;
    Ok(folder)
}

/// Adds a listener, which speaks HTTP/3 with the certificate of this folder and otherwise equals the first.
///
/// # Errors
///
/// When the bootstrap has no listener.
pub fn add_listener(bootstrap: &mut Value, certificate: &Path) -> anyhow::Result<()> {
    let listeners = bootstrap.pointer_mut("/static_resources/listeners").and_then(Value::as_array_mut);
    let listeners = listeners.context("the bootstrap has no listeners")?;
    let mut quic = listeners.first().context("the bootstrap has no listener")?.clone();
    quic["name"] = json!("quic");
    quic["address"]["socket_address"]["protocol"] = json!("UDP");
    quic["udp_listener_config"] =
        json!({ "quic_options": {}, "downstream_socket_config": { "prefer_gro": true } });
    let chain = &mut quic["filter_chains"][0];
    chain["filters"][0]["typed_config"]["codec_type"] = json!("HTTP3");
    let file = |name: &str| json!({ "filename": certificate.join(name) });
    chain["transport_socket"] = json!({
        "name": "quic",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport",
            "downstream_tls_context": { "common_tls_context": { "tls_certificates": [
                { "certificate_chain": file("cert.pem"), "private_key": file("key.pem") },
            ] } },
        },
    });
    listeners.push(quic);
    Ok(())
}

/// Sends requests, each a JSON object, to that listener, and returns a line of JSON for each response.
///
/// # Errors
///
/// When Envoy has no such listener, or the client fails.
pub async fn send(envoy: &Envoy, requests: &[String]) -> anyhow::Result<String> {
    let listeners =
        Client::default().get_json(&format!("http://{}/listeners?format=json", envoy.admin())).await?;
    let statuses = listeners["listener_statuses"].as_array().context("no listener_statuses")?;
    let quic = statuses.iter().find(|status| status["name"] == "quic").context("no listener for QUIC")?;
    let port = quic["local_address"]["socket_address"]["port_value"].to_string();
    run(&["send", &port], &requests.join("\n")).await
}

/// Runs the client and returns what it printed.
async fn run(arguments: &[&str], input: &str) -> anyhow::Result<String> {
    let packages = std::env::var_os("GATELOG_AIOQUIC").context(
        "GATELOG_AIOQUIC names no folder with aioquic: run this through `cargo xtask test`, or set it",
    )?;
    let mut command = Command::new("python3");
    command.arg(CLIENT).args(arguments).env("PYTHONPATH", packages).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("python3 does not start")?;
    child.stdin.take().context("the client has no input")?.write_all(input.as_bytes()).await?;
    let output = timeout(LIMIT, child.wait_with_output()).await.context("the client does not end")??;
    ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
