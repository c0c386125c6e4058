//! Compressed bodies tell what plain ones tell, and what needs no decoding is there where nothing can be decoded.

use serde_json::Value;

use crate::host::mock::MockHost;
use crate::observe::metric::Metric;
use crate::plugin::Plugin;
use crate::rng::Rng;
use crate::stream::Stream;

const CONFIG: &str = r#"{"collector_cluster":"c","queue":{"max_coalescing_delay":0},"capture":{"request_body_bytes":4000,"response_body_bytes":4000}}"#;

/// A body with its content type and its coding.
struct Body<'b> {
    bytes: &'b [u8],
    content_type: &'b str,
    coding: &'b str,
}

/// The record of an exchange whose bodies pass in chunks of `size` bytes, 300 ms after its beginning, without what tells it
/// from every other record; and the gateway.
fn record(
    config: &str,
    path: &str,
    request: &Body<'_>,
    response: &Body<'_>,
    size: usize,
) -> (Value, MockHost) {
    let pair = |body: &Body<'_>| {
        [("content-type", body.content_type.to_owned()), ("content-encoding", body.coding.to_owned())]
    };
    let mut headers = vec![(":method", "POST".to_owned()), (":path", path.to_owned())];
    headers.extend(pair(request));
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answered = pair(response);
    let answered: Vec<(&str, &str)> = answered.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let host = MockHost::new()
        .with_request(&headers)
        .with_response(&answered)
        .with_int("response.code", 200)
        .with_int("request.duration", 300_000_000);
    let (mut plugin, mut stream) =
        (Plugin::new(config.as_bytes(), Rng::seeded(1)).unwrap(), Stream::default());
    plugin.on_request_headers(&mut stream, &host, false);
    for chunk in request.bytes.chunks(size) {
        host.set_body(chunk);
        stream.on_request_body(&host, chunk.len());
    }
    plugin.on_response_headers(&mut stream, &host, false);
    for chunk in response.bytes.chunks(size) {
        host.set_body(chunk);
        stream.on_response_body(&host, chunk.len());
    }
    plugin.on_end(&mut stream, &host);
    plugin.on_tick(&host);
    let mut records = host.take_sent().remove(0).json();
    records[0].as_object_mut().unwrap().remove("record_id");
    (records[0].take(), host)
}

fn json<'b>(bytes: &'b [u8], coding: &'b str) -> Body<'b> {
    Body { bytes, content_type: "application/json", coding }
}

fn stream<'b>(bytes: &'b [u8], coding: &'b str) -> Body<'b> {
    Body { bytes, content_type: "text/event-stream", coding }
}

macro_rules! file {
    ($name:literal) => {
        &include_bytes!(concat!("../../testdata/", $name))[..]
    };
}

const ASKS: &[u8] = br#"{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"ping"}]}"#;

#[test]
fn an_encoded_stream_tells_what_the_plain_one_tells_in_chunks_of_any_size() {
    let chat = "/v1/chat/completions";
    let plain = record(CONFIG, chat, &json(ASKS, ""), &stream(file!("encoded/chat.sse"), ""), usize::MAX).0;
    assert_eq!((&plain["total_tokens"], &plain["chat_id"]), (&69.into(), &"chatcmpl-zs1".into()));
    let encoded = [file!("encoded/chat.sse.zst"), file!("encoded/chat.sse.19.zst")];
    for bytes in encoded {
        for size in [1, 2, 3, 7, 100, usize::MAX] {
            let (record, host) = record(CONFIG, chat, &json(ASKS, "identity"), &stream(bytes, "zstd"), size);
            assert_eq!(record, plain, "{size}");
            assert_eq!(host.metric_value(Metric::BodiesSkippedEncoding), 0);
        }
    }
}

#[test]
fn what_users_reported_of_encoded_bodies_is_right() {
    // Counts are those of the reader of usage, which has cases of its own.
    let (asks, answer) =
        (file!("cases/01-gzip-sse.request.json"), file!("cases/01-gzip-sse.response.sse.gz"));
    for size in [1, 5, usize::MAX] {
        let record =
            record(CONFIG, "/v1/messages?beta=true", &json(asks, ""), &stream(answer, "gzip"), size).0;
        for (field, value) in [
            ("model", Value::from("claude-sonnet-4-5")),
            ("chat_id", "msg_gz1".into()),
            ("response_type", "stream".into()),
            ("output_tokens", 15.into()),
            ("cached_tokens", 7.into()),
            ("total_tokens", 47.into()),
        ] {
            assert_eq!(record[field], value, "{field}");
        }
        assert!(record["time_to_first_token"].is_i64(), "{record}");
    }
    let (asks, answer) = (
        file!("cases/12-codex-zstd-large-tools.request.json.zst"),
        file!("cases/12-codex-zstd-large-tools.response.sse"),
    );
    for size in [11, usize::MAX] {
        let record = record(CONFIG, "/v1/responses", &json(asks, "zstd"), &stream(answer, ""), size).0;
        assert_eq!((&record["model"], &record["total_tokens"]), (&"gpt-5.6-codex".into(), &9_021.into()));
        assert_eq!(record["request_body"], r#"{"model":"gpt-5.6-codex","stream":true,"input":"ping"}"#);
    }
}

#[test]
fn what_needs_no_decoding_is_there_for_a_coding_that_is_not_known() {
    let (asks, empty) = (
        file!("cases/02-encoded-stream-type.request.json"),
        file!("cases/02-encoded-stream-type.response.sse.zst"),
    );
    for (coding, answer, unread) in [("zstd", empty, 0), ("dcz", b"\x01\x02\x03", 1)] {
        let (record, host) =
            record(CONFIG, "/v1/chat/completions", &json(asks, ""), &stream(answer, coding), usize::MAX);
        assert_eq!((&record["response_type"], &record["model"]), (&"stream".into(), &"gpt-4o-mini".into()));
        assert_eq!(record["time_to_first_token"], 300, "{coding}");
        assert!(record.get("total_tokens").is_none() && record.get("response_body").is_none(), "{record}");
        assert_eq!(host.metric_value(Metric::BodiesSkippedEncoding), unread, "{coding}");
    }
}

#[test]
fn what_was_read_before_a_limit_or_a_fault_is_kept_and_the_stop_is_counted() {
    const SMALL: &str = r#"{"collector_cluster":"c","queue":{"max_coalescing_delay":0},"ai":{"decode":{"max_body_bytes":65536}}}"#;
    let padding = vec![b' '; 1 << 19];
    let answer = [
        br#"{"id":"c1","object":"chat.completion","model":"gpt-4o","choices":[],"#,
        &padding[..],
        br#""usage":{"total_tokens":7}}"#,
    ]
    .concat();
    let encoded = ruzstd::encoding::compress_to_vec(&answer[..], ruzstd::encoding::CompressionLevel::Fastest);
    let run = |config, bytes: &[u8]| {
        record(config, "/v1/chat/completions", &json(ASKS, ""), &json(bytes, "zstd"), usize::MAX)
    };
    let (whole, host) = run(CONFIG, &encoded);
    assert_eq!((&whole["total_tokens"], host.metric_value(Metric::BodiesOverLimit)), (&7.into(), 0));
    let (bomb, host) = run(SMALL, &encoded);
    assert_eq!((&bomb["chat_id"], bomb.get("total_tokens")), (&"c1".into(), None));
    assert_eq!((&bomb["usage_source"], &whole["usage_source"]), (&"partial".into(), &"reported".into()));
    assert_eq!(
        (host.metric_value(Metric::BodiesOverLimit), host.metric_value(Metric::BodiesDamaged)),
        (1, 0)
    );
    let mut damaged =
        ruzstd::encoding::compress_to_vec(&b"{}"[..], ruzstd::encoding::CompressionLevel::Fastest);
    damaged.extend(b"????");
    let (_, host) = run(CONFIG, &damaged);
    assert_eq!(
        (host.metric_value(Metric::BodiesOverLimit), host.metric_value(Metric::BodiesDamaged)),
        (0, 1)
    );
}
