//! Records such as a gateway makes: a web site, an LLM API, MCP servers; good answers and bad ones, of the last hour.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// How many records [`varied`] makes.
pub const COUNT: usize = 1_000;
/// Of these, the AI calls, those among them without usage, and those whose model has no price.
pub const AI_CALLS: usize = COUNT / 4;
pub const WITHOUT_USAGE: usize = COUNT / 20;
pub const MODEL_WITHOUT_PRICE: &str = "house-model-7b";
/// The id of the record that holds everything a drawer can show.
pub const FULL: &str = "full-record";
/// Texts that a page must show as they are.
pub const HOSTILE: [&str; 4] = [
    "/search?q=<script>window.broken=1</script><img src=x onerror=window.broken=1>",
    "/\u{202e}gnp.exe/\u{0645}\u{0631}\u{062d}\u{0628}\u{0627}",
    "/nul/\u{0}/end",
    "/'\"`${window.broken=1}",
];

/// Records evenly over the last fifty minutes, in four kinds by turns.
pub fn varied() -> Vec<Value> {
    (0..COUNT).map(|number| record(number, Duration::from_secs(3 * (COUNT - number) as u64))).collect()
}

/// A record of a request that began so long ago.
pub fn record(number: usize, ago: Duration) -> Value {
    let mut record = json!({
        "record_id": format!("record-{number:06}"),
        "start_time": milliseconds_ago(ago),
        "trace_id": format!("trace-{}", number / 4),
        "authority": "shop.example.com", "method": "GET", "path": format!("/products/{}", number % 30), "protocol": "HTTP/2",
        "request_id": format!("request-{number}"), "user_agent": "curl/8.5.0", "response_code": 200, "response_flags": "-",
        "bytes_received": 300, "bytes_sent": 5_000 + number, "duration": 5 + number % 90, "time_to_headers": 4,
        "upstream_cluster": "web", "service": "web", "upstream_host": "10.0.0.7:8080", "upstream_service_time": "3",
        "route_name": "web", "route": "web", "instance_id": "gateway-1", "scheme": "https",
        "downstream_remote_address": format!("203.0.113.{}:{}", number % 7, 40_000 + number),
    });
    let more = match number % 4 {
        0 => ai_call(number),
        1 if number % 20 == 1 => json!({"response_code": 503, "response_flags": "UF", "upstream_host": ""}),
        1 if number % 20 == 5 => json!({"response_code": 404, "route_name": "-", "path": "/no-route"}),
        2 if number % 8 == 2 => json!({
            "method": "POST", "path": "/mcp-servers/weather/mcp", "route_name": "mcp", "service": "mcp",
            "mcp_server": "weather", "mcp_tool": if number % 16 == 2 { "forecast" } else { "alerts" },
        }),
        _ => json!({}),
    };
    merge(&mut record, more);
    record
}

/// One that has everything: retries, a streamed answer, tokens of all kinds, captured headers and bodies.
pub fn full() -> Value {
    let mut record = record(4, Duration::from_secs(90));
    merge(
        &mut record,
        json!({
            "record_id": FULL, "upstream_attempts": 2, "duration": 2_000, "time_to_headers": 400, "time_to_first_token": 900,
            "upstream_service_time": "350", "model": "gpt-4o-mini", "response_type": "stream",
            "input_tokens": 1_200, "cached_tokens": 1_000, "output_tokens": 300, "reasoning_tokens": 100, "total_tokens": 1_500,
            "request_headers": {"content-type": "application/json", "x-note": "it's"},
            "request_body": "{\"model\":\"gpt-4o-mini\",\"messages\":[]}",
            "response_body": "data: {\"choices\":[{\"delta\":{\"content\":\"Gate\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"ways\"}}]}\n\ndata: [DONE]\n",
        }),
    );
    record
}

/// Records with texts that try to become something else.
pub fn hostile() -> Vec<Value> {
    let make = |(number, text): (usize, &&str)| {
        let mut record = record(1_003, Duration::from_secs(60 + number as u64));
        merge(
            &mut record,
            json!({"record_id": format!("hostile-{number}"), "path": text, "consumer": text, "route_name": text}),
        );
        record
    };
    let mut records: Vec<Value> = HOSTILE.iter().enumerate().map(make).collect();
    let mut long = record(1_007, Duration::from_secs(70));
    merge(
        &mut long,
        json!({"record_id": "hostile-long", "path": format!("/{}", "long".repeat(1_900)), "consumer": "c".repeat(250)}),
    );
    records.push(long);
    records
}

fn ai_call(number: usize) -> Value {
    let model = ["gpt-4o-mini", "gpt-4o-mini", "claude-sonnet-4-5", MODEL_WITHOUT_PRICE, "gpt-4o-mini"];
    let model = model.get(number / 4 % 5).copied().unwrap_or_default();
    let mut call = json!({
        "method": "POST", "path": "/v1/chat/completions", "route_name": "llm", "service": "llm", "duration": 400 + number % 700,
        "time_to_headers": 120, "time_to_first_token": 150 + number % 300, "response_type": "stream", "model": model,
        "provider": match model { "gpt-4o-mini" => "openai", "claude-sonnet-4-5" => "anthropic", _ => "" },
        "consumer": if number.is_multiple_of(8) { "web-shop" } else { "batch" },
        "session_id": format!("session-{}", number / 100),
    });
    if !number.is_multiple_of(20) {
        let tokens = 100 + number;
        merge(
            &mut call,
            json!({
                "input_tokens": tokens, "cached_tokens": tokens / 2, "output_tokens": 50, "reasoning_tokens": 10,
                "total_tokens": tokens + 50, "usage_source": "reported", "finish_reason": "stop",
            }),
        );
    }
    call
}

fn merge(record: &mut Value, more: Value) {
    if let (Value::Object(record), Value::Object(more)) = (record, more) {
        record.extend(more);
    }
}

/// A time as `/ingest` takes it: milliseconds since 1970.
fn milliseconds_ago(ago: Duration) -> u64 {
    let time = SystemTime::now() - ago;
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or_default()
}
