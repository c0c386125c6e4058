//! Tests of traffic besides plain requests: requests that other filters change, gRPC, upgraded connections.

use std::time::Duration;

use gatelog_testbed::client::Client;
use gatelog_testbed::tunnel::{echo, read_head};
use http::Request;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::altered::{Altered, MANAGER};

/// A filter after gatelog's that makes the same changes as plugins such as Higress's transformer.
const TRANSFORMER: &str = r#"
function envoy_on_request(handle)
  if handle:headers():get("x-transform") then
    handle:headers():replace(":path", "/status/200?token=s3cr3t")
    handle:headers():replace(":authority", "inside.example")
    handle:headers():replace("user-agent", "transformer")
    handle:headers():replace("x-mse-consumer", "known")
  end
end"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_recorded_as_it_arrived_whatever_filters_and_clients_claim() {
    let path = Altered::start(None, |bootstrap| {
        let filters = bootstrap.pointer_mut(MANAGER).unwrap()["http_filters"].as_array_mut().unwrap();
        let lua = json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": { "inline_string": TRANSFORMER },
        });
        filters.insert(1, json!({ "name": "transformer", "typed_config": lua }));
    })
    .await;
    let client = Client::default();
    let request = |id: &str, uri: &str| {
        Request::get(format!("http://{}{uri}", path.envoy.listener()))
            .header("host", "shop.example.com")
            .header("user-agent", "end-to-end")
            .header("x-request-id", id)
            .header("x-envoy-original-path", "/healthz")
            .header("x-envoy-original-host", "innocent.example.com")
    };
    for builder in [request("1", "/hello?key=s3cr3t").header("x-transform", "1"), request("2", "/hello")] {
        assert_eq!(client.send(builder.body("").unwrap()).await.unwrap().status(), 200);
    }
    let records = path.records(2).await;
    for (record, sent, upstream, consumer) in [
        (&records[0], "/hello?key=REDACTED", Some("/status/200?token=REDACTED"), "known"),
        (&records[1], "/hello", None, ""),
    ] {
        for (field, value) in [
            ("path", sent),
            ("authority", "shop.example.com"),
            ("user_agent", "end-to-end"),
            ("consumer", consumer),
        ] {
            assert_eq!(record[field], value, "{field}: {record:#}");
        }
        assert_eq!(record.get("upstream_path").and_then(|path| path.as_str()), upstream, "{record:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grpc_call_that_fails_is_recorded_with_its_status() {
    let path = Altered::start(None, |_| {}).await;
    let client = Client::default();
    for (id, content_type) in [("1", "application/grpc"), ("2", "application/json")] {
        let request = Request::post(format!("http://{}/dead/Service/Method", path.envoy.listener()))
            .header("x-request-id", id)
            .header("content-type", content_type)
            .header("te", "trailers");
        client.send(request.body("").unwrap()).await.unwrap();
    }
    let records = path.records(2).await;
    // The gateway answers a gRPC call with 200 and says in a header that the service is unavailable.
    assert_eq!(
        (&records[0]["response_code"], &records[0]["grpc_status"]),
        (&json!(200), &json!(14)),
        "{:#}",
        records[0]
    );
    assert_eq!(
        (&records[1]["response_code"], records[1].get("grpc_status")),
        (&json!(503), None),
        "{:#}",
        records[1]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgraded_connection_produces_one_record_with_the_bytes_of_both_directions() {
    const SIZE: usize = 10 << 20;
    let path = Altered::start(Some(echo().await.unwrap()), |bootstrap| {
        bootstrap.pointer_mut(MANAGER).unwrap()["upgrade_configs"] = json!([{ "upgrade_type": "websocket" }]);
    })
    .await;
    let mut connection = TcpStream::connect(path.envoy.listener()).await.unwrap();
    let head = "GET /chat HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    assert!(read_head(&mut connection).await.unwrap().starts_with("HTTP/1.1 101"));
    let (mut reader, mut writer) = connection.into_split();
    let write = tokio::spawn(async move {
        writer.write_all(&vec![b'x'; SIZE]).await.unwrap();
        writer
    });
    let mut echoed = vec![0; SIZE];
    timeout(Duration::from_secs(60), reader.read_exact(&mut echoed)).await.unwrap().unwrap();
    drop((write.await.unwrap(), reader));

    let record = path.records(1).await.remove(0);
    assert_eq!(record["response_code"], 101, "{record:#}");
    for field in ["bytes_received", "bytes_sent"] {
        let bytes = record[field].as_u64().unwrap();
        assert!((SIZE as u64..SIZE as u64 + 2_000).contains(&bytes), "{field}: {record:#}");
    }
}
