//! Bedrock: Converse and invoke, streamed in frames.

use super::Answer::{Frames, Json};
use super::{Shape, shape};

const ASK: &str = r#"{"messages":[{"role":"user","content":[{"text":"ping"}]}]}"#;

pub fn shapes() -> Vec<Shape> {
    vec![
        shape!(
            "Converse", "/model/amazon.nova-pro-v1%3A0/converse", ASK,
            Json(r#"{"metrics":{"latencyMs":420},"output":{"message":{"role":"assistant","content":[{"text":"pong"}]}},"serviceTier":{"type":"priority"},"stopReason":"end_turn","usage":{"inputTokens":30,"outputTokens":62,"totalTokens":1216,"cacheReadInputTokens":1024,"cacheReadInputTokenCount":1024,"cacheWriteInputTokens":100,"cacheWriteInputTokenCount":100}}"#),
            { "model": "amazon.nova-pro-v1:0", "input_tokens": 1154, "output_tokens": 62, "total_tokens": 1216, "cached_tokens": 1024,
              "cache_write_tokens": 100, "finish_reason": "end_turn", "service_tier": "priority", "provider": "aws.bedrock" }
        ),
        shape!(
            "ConverseStream", "/model/amazon.nova-pro-v1%3A0/converse-stream", ASK,
            Frames(vec![
                ("messageStart", r#"{"role":"assistant"}"#.into()),
                ("contentBlockStart", r#"{"contentBlockIndex":1,"start":{"toolUse":{"name":"f","toolUseId":"t"}}}"#.into()),
                ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}}"#.into()),
                ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{}"}}}"#.into()),
                ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"pong"}}"#.into()),
                ("messageStop", r#"{"stopReason":"tool_use"}"#.into()),
                ("metadata", r#"{"usage":{"inputTokens":30,"outputTokens":62,"totalTokens":92},"metrics":{"latencyMs":480}}"#.into()),
            ]),
            { "input_tokens": 30, "output_tokens": 62, "total_tokens": 92, "finish_reason": "tool_use", "response_type": "stream",
              "time_to_first_token": 300, "usage_source": "reported", "provider": "aws.bedrock" }
        ),
        shape!(
            "a stream that is throttled", "/model/amazon.nova-pro-v1%3A0/converse-stream", ASK,
            Frames(vec![("throttlingException", r#"{"message":"Too many tokens"}"#.into())]),
            { "total_tokens": null, "time_to_first_token": null, "response_type": "stream" }
        ),
        shape!(
            "Claude invoked", "/model/anthropic.claude-sonnet-4-20250514-v1%3A0/invoke", r#"{"anthropic_version":"bedrock-2023-05-31","messages":[]}"#,
            Json(r#"{"id":"msg_bdrk_1","type":"message","role":"assistant","model":"claude-sonnet-4-20250514","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"cache_read_input_tokens":2,"output_tokens":25}}"#),
            { "model": "anthropic.claude-sonnet-4-20250514-v1:0", "response_model": "claude-sonnet-4-20250514", "chat_id": "msg_bdrk_1",
              "input_tokens": 12, "output_tokens": 25, "total_tokens": 37 }
        ),
        shape!(
            "Claude invoked with a stream", "/model/anthropic.claude-sonnet-4-20250514-v1%3A0/invoke-with-response-stream",
            r#"{"anthropic_version":"bedrock-2023-05-31","messages":[]}"#,
            Frames(vec![
                chunk(r#"{"type":"message_start","message":{"id":"msg_bdrk_2","model":"claude-sonnet-4-20250514","content":[],"usage":{"input_tokens":25,"cache_read_input_tokens":7,"output_tokens":1}}}"#),
                chunk(r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#),
                chunk(r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}"#),
                chunk(r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":25,"outputTokenCount":15,"invocationLatency":900,"firstByteLatency":300,"cacheReadInputTokenCount":7,"cacheWriteInputTokenCount":0}}"#),
            ]),
            { "chat_id": "msg_bdrk_2", "input_tokens": 32, "output_tokens": 15, "total_tokens": 47, "cached_tokens": 7, "cache_write_tokens": 0,
              "finish_reason": "end_turn", "time_to_first_token": 300, "usage_source": "reported", "provider": "aws.bedrock" }
        ),
        shape!(
            "Nova invoked with a stream", "/model/amazon.nova-lite-v1%3A0/invoke-with-response-stream", ASK,
            Frames(vec![
                chunk(r#"{"messageStart":{"role":"assistant"}}"#),
                chunk(r#"{"contentBlockStart":{"start":{"toolUse":{"name":"f"}},"contentBlockIndex":0}}"#),
                chunk(r#"{"contentBlockDelta":{"delta":{"text":"Hi"},"contentBlockIndex":0}}"#),
                chunk(r#"{"messageStop":{"stopReason":"end_turn"}}"#),
                chunk(r#"{"metadata":{"usage":{"inputTokens":3,"outputTokens":4,"cacheReadInputTokenCount":0,"cacheWriteInputTokenCount":0},"metrics":{}}}"#),
            ]),
            { "input_tokens": 3, "output_tokens": 4, "total_tokens": 7, "finish_reason": "end_turn", "time_to_first_token": 300 }
        ),
        shape!(
            "Titan invoked", "/model/amazon.titan-text-express-v1/invoke", r#"{"inputText":"ping"}"#,
            Json(r#"{"inputTextTokenCount":3,"results":[{"tokenCount":14,"outputText":"Hi","completionReason":"FINISH"}]}"#),
            { "input_tokens": 3, "output_tokens": 14, "total_tokens": 17, "finish_reason": "FINISH" }
        ),
        shape!(
            "Titan invoked with a stream", "/model/amazon.titan-text-express-v1/invoke-with-response-stream", r#"{"inputText":"ping"}"#,
            Frames(vec![chunk(r#"{"outputText":"Hi","index":0,"totalOutputTextTokenCount":14,"completionReason":"FINISH","inputTextTokenCount":3}"#)]),
            { "input_tokens": 3, "output_tokens": 14, "finish_reason": "FINISH", "time_to_first_token": 300 }
        ),
        shape!(
            "Llama invoked", "/model/meta.llama3-8b-instruct-v1%3A0/invoke", r#"{"prompt":"ping"}"#,
            Json(r#"{"generation":"Hi","prompt_token_count":3,"generation_token_count":4,"stop_reason":"stop"}"#),
            { "input_tokens": 3, "output_tokens": 4, "total_tokens": 7, "finish_reason": "stop", "provider": "aws.bedrock" }
        ),
    ]
}

/// A frame's payload as invoke streams have it.
fn chunk(text: &str) -> (&'static str, String) {
    ("chunk", format!(r#"{{"bytes":"{}","p":"abcdef"}}"#, base64(text.as_bytes())))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let of_three = |three: &[u8]| {
        let bits =
            (0..3).fold(0_usize, |bits, at| bits << 8 | usize::from(three.get(at).copied().unwrap_or(0)));
        let digit =
            |at: usize| if at > three.len() { '=' } else { char::from(DIGITS[bits >> (18 - 6 * at) & 63]) };
        (0..4).map(digit).collect::<String>()
    };
    bytes.chunks(3).map(of_three).collect()
}

/// A frame as AWS writes it.
pub fn frame(event: &str, payload: &[u8]) -> Vec<u8> {
    let header = |name: &str, value: &str| {
        let mut header = vec![u8::try_from(name.len()).unwrap()];
        header.extend(name.bytes());
        header.push(7);
        header.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        header.extend(value.bytes());
        header
    };
    let headers = [
        header(":event-type", event),
        header(":content-type", "application/json"),
        header(":message-type", "event"),
    ]
    .concat();
    let length = 12 + headers.len() + payload.len() + 4;
    let mut frame = u32::try_from(length).unwrap().to_be_bytes().to_vec();
    frame.extend(u32::try_from(headers.len()).unwrap().to_be_bytes());
    frame.extend(checksum(&frame).to_be_bytes());
    frame.extend(headers);
    frame.extend(payload);
    frame.extend(checksum(&frame).to_be_bytes());
    frame
}

/// CRC-32 as in zlib.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 },
        )
    };
    !bytes.iter().fold(!0, step)
}

#[test]
fn frames_are_those_of_aws() {
    assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    assert_eq!(base64(b"{\"a\":1}"), "eyJhIjoxfQ==");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/cases/18-bedrock-eventstream.response.1.bin");
    let first = frame("messageStart", br#"{"role":"assistant"}"#);
    assert!(std::fs::read(path).unwrap().starts_with(&first));
}

#[test]
fn counts_in_headers_count_where_the_body_has_none() {
    let path = "/model/cohere.embed-v4%3A0/invoke";
    let mut exchange =
        super::Exchange::call(path, r#"{"texts":["a"]}"#, "application/json", br#"{"embeddings":[[0.1]]}"#);
    for (name, count) in [("input", "7"), ("output", "many"), ("cache-read-input", "2")] {
        exchange.response.headers.push((format!("x-amzn-bedrock-{name}-token-count"), count.to_owned()));
    }
    let record = exchange.record();
    let tokens = ["input_tokens", "output_tokens", "total_tokens", "cached_tokens"]
        .map(|field| record.get(field).cloned());
    assert_eq!(tokens, [Some(9.into()), None, Some(9.into()), Some(2.into())]);
    assert_eq!(record["usage_source"], "reported");
}
