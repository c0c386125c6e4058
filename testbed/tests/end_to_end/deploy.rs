//! Tests that the examples in `deploy/` are valid, and that those of Envoy store records as they stand.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use gatelog_artifacts as artifacts;
use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::{self, Envoy};
use gatelog_testbed::functions::{Functions, Options};
use gatelog_testbed::upstream::Upstream;
use gatelog_testbed::{arrival, rsyslog};
use http::Request;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

#[tokio::test]
async fn envoy_accepts_the_example_configurations_with_the_filter_in_them() {
    for file in ["envoy.yaml", "access-logger.yaml", "otlp.yaml", "remote.yaml", "xds/bootstrap.yaml"] {
        envoy::validate(&artifacts::workspace().join("deploy/envoy").join(file)).await.unwrap();
    }
}

#[tokio::test]
async fn rsyslog_accepts_the_example_configuration() {
    rsyslog::validate(&artifacts::workspace().join("deploy/rsyslog/gatelog.conf")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envoy_whose_listeners_and_clusters_come_from_files_stores_records() {
    let site = Site::start().await;
    let folder = site.directory.path();
    for (name, replaced) in [("lds.yaml", site.listener()), ("cds.yaml", site.clusters())] {
        fs::write(folder.join(name), example(&format!("xds/{name}"), &replaced)).unwrap();
    }
    let place = |name: &str| (format!("deploy/envoy/xds/{name}"), folder.join(name).display().to_string());
    let bootstrap = example(
        "xds/bootstrap.yaml",
        &[place("lds.yaml"), place("cds.yaml"), ADMIN.map(str::to_owned).into()],
    );
    site.assert_stores(&Envoy::start_yaml(&bootstrap).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envoy_that_fetches_the_filter_stores_records() {
    let site = Site::start().await;
    let wasm = fs::read(artifacts::artifact("gatelog-filter").unwrap()).unwrap();
    let sum: String = Sha256::digest(&wasm).iter().map(|byte| format!("{byte:02x}")).collect();
    let releases = serve(wasm).await;
    let mut replaced = [site.listener(), site.clusters()].concat();
    // The example fetches by TLS from a host that does not exist.
    let text = fs::read_to_string(artifacts::workspace().join("deploy/envoy/remote.yaml")).unwrap();
    let (_, tls) = text.split_once("      transport_socket:").unwrap();
    let (tls, _) = tls.split_once("\nadmin:").unwrap();
    replaced.extend([
        (format!("      transport_socket:{tls}\n"), String::new()),
        ("https://releases.example.com/".to_owned(), format!("http://{releases}/")),
        (
            "address: releases.example.com, port_value: 443".to_owned(),
            format!("address: {}, port_value: {}", releases.ip(), releases.port()),
        ),
        ("0".repeat(64), sum),
        ADMIN.map(str::to_owned).into(),
    ]);
    site.assert_stores(&Envoy::start_yaml(&example("remote.yaml", &replaced)).await.unwrap()).await;
}

/// The admin port of the examples.
const ADMIN: [&str; 2] = ["port_value: 9901", "port_value: 0"];

/// What the examples reach: an upstream and the functions.
struct Site {
    functions: Functions,
    upstream: Upstream,
    directory: tempfile::TempDir,
}

impl Site {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = Options::storing_in(&directory.path().join("gatelog.db"));
        Self {
            functions: Functions::start(&options).await.unwrap(),
            upstream: Upstream::start().await.unwrap(),
            directory,
        }
    }

    fn listener(&self) -> Vec<(String, String)> {
        let wasm = "target/wasm32-unknown-unknown/release/gatelog_filter.wasm";
        let listener = ("0.0.0.0, port_value: 10000", "127.0.0.1, port_value: 0".to_owned());
        let local = (wasm, artifacts::workspace().join(wasm).display().to_string());
        [listener, local].map(|(old, new)| (old.to_owned(), new)).into()
    }

    fn clusters(&self) -> Vec<(String, String)> {
        let port = |address: SocketAddr| format!("port_value: {}", address.port());
        [
            ("port_value: 8080", port(self.upstream.address())),
            ("port_value: 3000", port(self.functions.address())),
        ]
        .map(|(old, new)| (old.to_owned(), new))
        .into()
    }

    async fn assert_stores(&self, envoy: &Envoy) {
        let client = Client::default();
        let url = format!("http://{}/hello", envoy.listener());
        client.send(Request::get(url).body("").unwrap()).await.unwrap();
        let records = arrival::records(&self.functions, envoy, 1).await.unwrap();
        assert_eq!(records[0]["path"], "/hello");
    }
}

/// An example with texts replaced; those that only some examples have may be missing.
fn example(file: &str, replaced: &[(String, String)]) -> String {
    let path = Path::new("deploy/envoy").join(file);
    let mut text = fs::read_to_string(artifacts::workspace().join(&path)).unwrap();
    for (old, new) in replaced {
        let count = text.matches(old.as_str()).count();
        let is_optional = old.ends_with(".wasm");
        assert!(count == 1 || (count == 0 && is_optional), "{} holds {old:?} {count} times", path.display());
        text = text.replace(old, new);
    }
    text
}

/// Serves one content to every request.
async fn serve(content: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut head = [0; 4096];
            assert_ne!(connection.read(&mut head).await.unwrap(), 0, "no request came");
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", content.len());
            connection.write_all(answer.as_bytes()).await.unwrap();
            connection.write_all(&content).await.unwrap();
        }
    });
    address
}
