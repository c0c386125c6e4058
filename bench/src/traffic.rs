//! The traffic of the benchmarks: requests as a gateway sees them, and records as the filter pushes them.

use std::fmt::Write as _;
use std::time::Duration;

use gatelog_harness::{Exchange, Headers};

/// What happens on one stream.
#[derive(Debug, Clone)]
pub struct Traffic {
    /// Its name in benchmarks.
    pub name: &'static str,
    /// Request headers.
    pub request: Headers,
    /// Request body; empty for none.
    pub request_body: Vec<u8>,
    /// Response headers.
    pub response: Headers,
    /// Response body; empty for none.
    pub response_body: Vec<u8>,
    /// The attributes that Envoy has for it.
    pub attributes: Exchange,
}

/// A small GET with the headers of a browser and an answer of 2 bytes.
pub fn get() -> Traffic {
    Traffic {
        name: "get",
        request: request("GET", "/api/v1/orders?page=2"),
        request_body: Vec::new(),
        response: response("text/plain", 2),
        response_body: b"ok".to_vec(),
        attributes: attributes(Exchange::new()),
    }
}

/// An AI call: a chat completion of about 2 kB, not streamed.
pub fn chat() -> Traffic {
    let question = "Tell me about gateways. ".repeat(8);
    let answer = "A gateway stands between its clients and its services. ".repeat(28);
    let request_body = format!(
        r#"{{"model":"qwen-max","stream":false,"messages":[{{"role":"user","content":"{question}"}}]}}"#
    );
    let response_body = format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1767225600,"model":"qwen-max","choices":[{{"index":0,"message":{{"role":"assistant","content":"{answer}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":52,"completion_tokens":310,"total_tokens":362}}}}"#
    );
    Traffic {
        name: "chat",
        request: request("POST", "/v1/chat/completions").with("content-type", "application/json"),
        response: response("application/json", response_body.len()),
        request_body: request_body.into_bytes(),
        response_body: response_body.into_bytes(),
        attributes: attributes(Exchange::new()),
    }
}

/// A JSON array of records of about 1 kB each, with ids counted from `first_id`.
pub fn batch(first_id: u64, records: u64) -> String {
    let mut body = String::from("[");
    for id in first_id..first_id + records {
        if id > first_id {
            body.push(',');
        }
        // Writing to a string does not fail.
        let _ = write!(body, "{}", record(id));
    }
    body.push(']');
    body
}

/// A record; its time and status follow from its id.
fn record(id: u64) -> String {
    let (minute, second, millisecond) = (id / 60_000 % 60, id / 1_000 % 60, id % 1_000);
    let status = if id.is_multiple_of(20) { "503" } else { "200" };
    TEMPLATE
        .replace("{id}", &format!("{id:012x}"))
        .replace("{time}", &format!("{minute:02}:{second:02}.{millisecond:03}"))
        .replace("{status}", status)
}

/// A record but for its `{id}`, 12 hexadecimal digits, `{time}` within an hour, and `{status}`.
pub const TEMPLATE: &str = r#"{"record_id":"019b0000-0000-7000-8000-{id}","start_time":"2026-03-27T10:{time}Z","authority":"api.example.com","method":"POST","path":"/v1/chat/completions","protocol":"HTTP/1.1","request_id":"6b0ff6ce-6b7b-4dd0-8e2c-{id}","trace_id":"463ac35c9f6413ad4848{id}","user_agent":"curl/8.5.0","x_forwarded_for":"203.0.113.9","response_code":{status},"response_flags":"-","response_code_details":"via_upstream","bytes_received":412,"bytes_sent":981,"duration":742,"upstream_cluster":"outbound|443||llm-qwen.internal.dns","upstream_host":"192.0.2.10:443","route_name":"model-api-qwen-0","instance_id":"gateway-7d4b9c-x2x5q","api":"qwen","model":"qwen-max","consumer":"team-a","route":"model-api-qwen-0","service":"llm-qwen.internal.dns","input_tokens":21,"output_tokens":37,"total_tokens":58}"#;

fn request(method: &str, path: &str) -> Headers {
    Headers::from([
        (":authority", "api.example.com"),
        (":path", path),
        (":method", method),
        (":scheme", "https"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("accept-language", "en-US,en;q=0.5"),
        ("accept-encoding", "gzip, deflate, br"),
        ("cookie", "session=0123456789abcdef0123456789abcdef"),
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-proto", "https"),
        ("x-request-id", "6b0ff6ce-6b7b-4dd0-8e2c-0d2bd9d0a1a1"),
        ("traceparent", "00-463ac35c9f6413ad48485a3953bb6124-0020000000000001-01"),
    ])
}

fn response(content_type: &str, length: usize) -> Headers {
    Headers::from([
        (":status", "200"),
        ("content-type", content_type),
        ("content-length", &length.to_string()),
        ("date", "Fri, 27 Mar 2026 10:15:04 GMT"),
        ("server", "envoy"),
        ("x-envoy-upstream-service-time", "3"),
    ])
}

/// What Envoy 1.40 answers for a request that an upstream served.
fn attributes(exchange: Exchange) -> Exchange {
    exchange
        .attribute("request.protocol", "HTTP/1.1")
        .attribute("request.time", 1_774_606_504_000_000_000_i64)
        .attribute("source.address", "203.0.113.9:51234")
        .attribute("destination.address", "10.0.0.5:8443")
        .attribute("connection.id", 7_u64)
        .attribute("connection.requested_server_name", "api.example.com")
        .attribute("xds.route_name", "orders")
        .attribute("xds.cluster_name", "outbound|80||orders.default.svc.cluster.local")
        .attribute("xds.node.id", "gateway-7d4b9c-x2x5q")
        .log_attribute("request.duration", Duration::from_micros(3_217))
        .log_attribute("request.total_size", 612)
        .log_attribute("response.total_size", 2_214)
        .log_attribute("response.code_details", "via_upstream")
        .log_attribute("response.flags", 0)
        .log_attribute("upstream.address", "10.0.1.17:8080")
        .log_attribute("upstream.local_address", "10.0.0.5:40112")
        .log_attribute("upstream.request_attempt_count", 1_u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_holds_its_records_with_ids_of_their_own() {
        let body = batch(9, 3);
        let batch = gatelog_record::batch::decode(body.as_bytes(), 10).unwrap();
        assert!(batch.rejected.is_empty());
        let ids: Vec<_> = batch.records.iter().map(|(_, record)| record.record_id.clone()).collect();
        assert_eq!(ids.len(), 3);
        assert_eq!(ids[2], "019b0000-0000-7000-8000-00000000000b");
    }
}
