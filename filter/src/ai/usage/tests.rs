//! Every provider's format, whole, streamed, and split at any byte.

use proptest::prelude::*;

use crate::ai::usage::body_reader::{BodyReader, Format, Side};
use crate::ai::usage::findings::Findings;

/// input, output, total, cached, reasoning tokens.
type Counts = [Option<i64>; 5];

struct Case {
    name: &'static str,
    format: Format,
    body: String,
    model: &'static str,
    chat_id: &'static str,
    counts: Counts,
}

fn json(name: &'static str, body: &str, model: &'static str, chat_id: &'static str, counts: Counts) -> Case {
    Case { name, format: Format::Json, body: body.to_owned(), model, chat_id, counts }
}

fn sse(
    name: &'static str,
    events: &[&str],
    model: &'static str,
    chat_id: &'static str,
    counts: Counts,
) -> Case {
    let body = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    Case { name, format: Format::EventStream, body, model, chat_id, counts }
}

fn cases() -> Vec<Case> {
    let s = Some;
    vec![
        json(
            "OpenAI chat",
            r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"say \"usage\": {\"prompt_tokens\": 99}"},"finish_reason":"stop"}],
               "usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":3,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0}}}"#,
            "gpt-4o",
            "chatcmpl-1",
            [s(19), s(10), s(29), s(3), s(4)],
        ),
        json(
            "OpenAI completions",
            r#"{"id":"cmpl-1","object":"text_completion","created":1,"model":"gpt-3.5-turbo-instruct","choices":[{"text":"Hi","index":0,"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}"#,
            "gpt-3.5-turbo-instruct",
            "cmpl-1",
            [s(5), s(7), s(12), None, None],
        ),
        json(
            "Doubao chat",
            r#"{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"Hi","reasoning_content":"hm","role":"assistant"}}],"created":1,"id":"0217","model":"doubao-seed-1-6","service_tier":"default","object":"chat.completion","usage":{"completion_tokens":9,"prompt_tokens":88,"total_tokens":97,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":6}}}"#,
            "doubao-seed-1-6",
            "0217",
            [s(88), s(9), s(97), s(0), s(6)],
        ),
        json(
            "OpenAI embeddings",
            r#"{"object":"list","data":[{"object":"embedding","embedding":[0.1,-0.2],"index":0}],"model":"text-embedding-3-small","usage":{"prompt_tokens":5,"total_tokens":5}}"#,
            "text-embedding-3-small",
            "",
            [s(5), None, s(5), None, None],
        ),
        json(
            "OpenAI images",
            r#"{"created":1,"data":[{"b64_json":"aGk="}],"usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}"#,
            "",
            "",
            [s(50), s(50), s(100), None, None],
        ),
        json(
            "OpenAI audio transcription",
            r#"{"text":"hello","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":0},"output_tokens":45,"total_tokens":59}}"#,
            "",
            "",
            [s(14), s(45), s(59), None, None],
        ),
        json(
            "OpenAI Responses",
            r#"{"id":"resp_1","object":"response","model":"gpt-4.1","output":[{"type":"message","id":"msg_1"}],"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":2},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":123}}"#,
            "gpt-4.1",
            "resp_1",
            [s(36), s(87), s(123), s(2), s(5)],
        ),
        json(
            "Anthropic messages",
            r#"{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"Hi"}],"model":"claude-sonnet-4","stop_reason":"end_turn","usage":{"input_tokens":10,"cache_creation_input_tokens":3,"cache_read_input_tokens":2,"output_tokens":25}}"#,
            "claude-sonnet-4",
            "msg_1",
            [s(10), s(25), s(40), s(2), None],
        ),
        json(
            "Gemini",
            r#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]}}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":12,"totalTokenCount":46,"cachedContentTokenCount":1,"thoughtsTokenCount":30,"promptTokensDetails":[{"modality":"TEXT","tokenCount":4}]},"modelVersion":"gemini-2.5-pro","responseId":"r1"}"#,
            "gemini-2.5-pro",
            "r1",
            [s(4), s(12), s(46), s(1), s(30)],
        ),
        json(
            "Gemini streamed as an array",
            "[{\"candidates\":[{}],\"usageMetadata\":{\"promptTokenCount\":4,\"totalTokenCount\":4},\"modelVersion\":\"gemini-2.5-flash\"}\n,\r\n{\"candidates\":[{}],\"usageMetadata\":{\"promptTokenCount\":4,\"candidatesTokenCount\":9,\"totalTokenCount\":13},\"modelVersion\":\"gemini-2.5-flash\"}]",
            "gemini-2.5-flash",
            "",
            [s(4), s(9), s(13), None, None],
        ),
        json(
            "Doubao images",
            r#"{"model":"doubao-seedream","created":1,"data":[{"url":"u"}],"usage":{"generated_images":1,"output_tokens":16384,"total_tokens":16384}}"#,
            "doubao-seedream",
            "",
            [None, s(16384), s(16384), None, None],
        ),
        sse(
            "OpenAI chat streamed",
            &[
                r#"{"id":"chatcmpl-2","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"delta":{"content":"Hi"}}],"usage":null}"#,
                r#"{"id":"chatcmpl-2","object":"chat.completion.chunk","model":"gpt-4o","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#,
                "[DONE]",
            ],
            "gpt-4o",
            "chatcmpl-2",
            [s(9), s(2), s(11), None, None],
        ),
        sse(
            "OpenAI completions streamed",
            &[
                r#"{"id":"cmpl-2","object":"text_completion","choices":[{"text":"Hi","index":0}],"model":"gpt-3.5-turbo-instruct","usage":null}"#,
                r#"{"id":"cmpl-2","object":"text_completion","choices":[],"model":"gpt-3.5-turbo-instruct","usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}"#,
                "[DONE]",
            ],
            "gpt-3.5-turbo-instruct",
            "cmpl-2",
            [s(5), s(1), s(6), None, None],
        ),
        sse(
            "OpenAI audio transcription streamed",
            &[
                r#"{"type":"transcript.text.delta","delta":"Hi"}"#,
                r#"{"type":"transcript.text.done","text":"Hi","usage":{"type":"tokens","input_tokens":14,"output_tokens":3,"total_tokens":17}}"#,
            ],
            "",
            "",
            [s(14), s(3), s(17), None, None],
        ),
        sse(
            "OpenAI image streamed",
            &[
                r#"{"type":"image_generation.partial_image","b64_json":"aGk=","partial_image_index":0}"#,
                r#"{"type":"image_generation.completed","b64_json":"aGk=","usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}"#,
            ],
            "",
            "",
            [s(50), s(50), s(100), None, None],
        ),
        sse(
            "OpenAI Responses streamed",
            &[
                r#"{"type":"response.created","response":{"id":"resp_2","model":"gpt-4.1","usage":null}}"#,
                r#"{"type":"response.output_text.delta","item_id":"msg_1","delta":"Hi"}"#,
                r#"{"type":"response.completed","response":{"id":"resp_2","object":"response","model":"gpt-4.1","output":[{"id":"msg_1"}],"usage":{"input_tokens":37,"output_tokens":11,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":48}}}"#,
            ],
            "gpt-4.1",
            "resp_2",
            [s(37), s(11), s(48), None, s(0)],
        ),
        sse(
            "Anthropic streamed",
            &[
                r#"{"type":"message_start","message":{"id":"msg_2","type":"message","model":"claude-sonnet-4","content":[],"usage":{"input_tokens":25,"cache_read_input_tokens":7,"output_tokens":1}}}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
                r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}"#,
                r#"{"type":"message_stop"}"#,
            ],
            "claude-sonnet-4",
            "msg_2",
            [s(25), s(15), s(47), s(7), None],
        ),
        sse(
            "Gemini streamed",
            &[
                r#"{"candidates":[{"content":{"parts":[{"text":"H"}]}}],"usageMetadata":{"promptTokenCount":4},"modelVersion":"gemini-2.5-pro","responseId":"r2"}"#,
                r#"{"candidates":[{"content":{"parts":[{"text":"i"}]}}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2,"totalTokenCount":6},"modelVersion":"gemini-2.5-pro","responseId":"r2"}"#,
            ],
            "gemini-2.5-pro",
            "r2",
            [s(4), s(2), s(6), None, None],
        ),
    ]
}

/// The bodies of all formats.
pub fn bodies() -> Vec<(Format, String)> {
    cases().into_iter().map(|case| (case.format, case.body)).collect()
}

fn read(format: Format, chunks: &[&[u8]]) -> Findings {
    let mut reader = BodyReader::new(Side::Response, format, None);
    for chunk in chunks {
        reader.read(chunk);
    }
    reader.findings().clone()
}

fn counts(findings: &Findings) -> Counts {
    [
        findings.input_tokens,
        findings.output_tokens,
        findings.total_tokens(),
        findings.cached(),
        findings.reasoning_tokens,
    ]
}

#[test]
fn every_format_tells_model_id_and_counts() {
    for case in cases() {
        let findings = read(case.format, &[case.body.as_bytes()]);
        assert_eq!(findings.model.as_deref().unwrap_or_default(), case.model, "{}", case.name);
        assert_eq!(findings.chat_id.as_deref().unwrap_or_default(), case.chat_id, "{}", case.name);
        assert_eq!(counts(&findings), case.counts, "{}", case.name);
        assert!(findings.is_ai(), "{}", case.name);
    }
}

#[test]
fn the_line_ends_of_a_stream_do_not_matter() {
    for case in cases().into_iter().filter(|case| case.format == Format::EventStream) {
        for line_end in ["\r\n", "\r"] {
            let body = case.body.replace('\n', line_end);
            let findings = read(case.format, &[body.as_bytes()]);
            assert_eq!(counts(&findings), case.counts, "{}", case.name);
        }
    }
}

#[test]
fn every_split_into_two_gives_the_same() {
    for case in cases() {
        let body = case.body.as_bytes();
        let whole = read(case.format, &[body]);
        for at in 0..body.len() {
            let (one, other) = body.split_at(at);
            assert_eq!(read(case.format, &[one, other]), whole, "{} split at {at}", case.name);
        }
    }
}

#[test]
fn a_request_tells_its_model_or_its_tool_and_then_no_more() {
    for (body, model, tool) in [
        (
            r#"{"messages":[{"content":"{\"model\":\"no\"}"}],"model":"qwen-max","stream":true,"model":"b"}"#,
            Some("qwen-max"),
            None,
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{"name":"x"},"name":"get_weather"}}"#,
            None,
            Some("get_weather"),
        ),
        (
            r#"{"jsonrpc":"2.0","params":{"name":"get_weather"},"method":"tools/call"}"#,
            None,
            Some("get_weather"),
        ),
        (r#"{"a":1}"#, None, None),
    ] {
        let mut reader = BodyReader::new(Side::Request, Format::Json, None);
        reader.read(body.as_bytes());
        assert_eq!(reader.findings().model.as_deref(), model);
        assert_eq!(reader.findings().rpc_name.as_deref(), tool);
        assert_eq!(reader.is_done(), model.is_some() || tool.is_some());
    }
}

#[test]
fn a_body_that_tells_of_no_ai_call_is_given_up_at_the_window() {
    let padded = |pad: usize| format!(r#"{{"pad":"{}","usage":{{"total_tokens":1}}}}"#, "x".repeat(pad));
    for (pad, total, done) in [(10, Some(1), true), (2_000, None, true)] {
        let body = padded(pad) + &" ".repeat(2_000);
        for chunk in [1, 7, 4_096] {
            let mut reader = BodyReader::new(Side::Response, Format::Json, Some(1_000));
            body.as_bytes().chunks(chunk).for_each(|chunk| reader.read(chunk));
            assert_eq!(reader.findings().total_tokens(), total);
            assert_eq!(reader.is_done(), done && total.is_none());
        }
    }
}

#[test]
fn counts_that_make_no_sense_are_left_out() {
    let body = r#"{"usage":{"prompt_tokens":-1,"completion_tokens":99999999999999999999,"total_tokens":1e400,"input_tokens":"x"}}"#;
    assert!(!read(Format::Json, &[body.as_bytes()]).has_usage());
}

#[test]
fn content_types_tell_the_format() {
    for (content_type, expected) in [
        ("application/json", Some(Format::Json)),
        ("Application/JSON; charset=utf-8", Some(Format::Json)),
        ("application/problem+json", Some(Format::Json)),
        ("text/event-stream;charset=utf-8", Some(Format::EventStream)),
        ("text/html", None),
        ("+json", Some(Format::Json)),
        ("json", None),
        ("", None),
    ] {
        assert_eq!(Format::of(content_type.as_bytes()), expected, "{content_type}");
    }
}

proptest! {
    #[test]
    fn any_split_into_chunks_gives_the_same(index in any::<prop::sample::Index>(), sizes in proptest::collection::vec(1_usize..80, 1..60)) {
        let cases = cases();
        let case = &cases[index.index(cases.len())];
        let (mut rest, mut chunks) = (case.body.as_bytes(), Vec::new());
        for size in sizes {
            let (chunk, after) = rest.split_at(size.min(rest.len()));
            chunks.push(chunk);
            rest = after;
        }
        chunks.push(rest);
        prop_assert_eq!(read(case.format, &chunks), read(case.format, &[case.body.as_bytes()]));
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read(Format::Json, &[&bytes]);
        read(Format::EventStream, &[&bytes]);
    }
}
