//! Streams that the client or the provider breaks off: what was seen is kept, and that it is not all is said.

use serde_json::{Value, json};

use super::super::exchange::{Exchange, differences};

const ASK: &str = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"ping"}]}"#;
/// The client hung up.
const DC: i64 = 1 << 14;
/// The upstream's connection ended.
const UC: i64 = 1 << 6;

fn record(path: &str, events: &[&str], flags: i64) -> Value {
    let body: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    let mut exchange = Exchange::call(path, ASK, "text/event-stream", body.as_bytes());
    exchange.attributes.insert("response.flags".to_owned(), flags.into());
    exchange.record()
}

fn check(name: &str, record: &Value, expected: Value) {
    let differences = differences(record, expected.as_object().unwrap());
    assert!(differences.is_empty(), "{name}: {}", differences.join("; "));
}

const CHAT: &str = "/v1/chat/completions";
const TEXT: &str =
    r#"{"id":"c","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"delta":{"content":"a"}}]}"#;
const END: &str = r#"{"id":"c","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &str = r#"{"id":"c","object":"chat.completion.chunk","model":"gpt-4o","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;

#[test]
fn a_stream_of_openais_form_has_counts_or_says_that_they_are_missing() {
    let none = json!({ "input_tokens": null, "output_tokens": null, "total_tokens": null });
    for (name, events, flags, source) in [
        ("the client hangs up before the end", &[TEXT][..], DC, json!("partial")),
        ("the provider hangs up", &[TEXT], UC, json!("partial")),
        ("the provider just ends", &[TEXT], 0, json!("partial")),
        ("the client hangs up between the end and the usage", &[TEXT, END], DC, json!("partial")),
        ("nothing has come", &[], DC, json!("partial")),
        ("the provider does not count", &[TEXT, END], 0, Value::Null),
        ("the provider does not count, and says that it is over", &[TEXT, "[DONE]"], 0, Value::Null),
        ("the client hangs up when all is over", &[TEXT, END, "[DONE]"], DC, Value::Null),
        ("an error in the middle", &[TEXT, r#"{"error":{"message":"no"}}"#], 0, json!("partial")),
        ("an error and nothing else", &[r#"{"error":{"message":"no"}}"#, "[DONE]"], 0, Value::Null),
    ] {
        let record = record(CHAT, events, flags);
        check(name, &record, none.clone());
        check(name, &record, json!({ "usage_source": source, "model": "m", "response_type": "stream" }));
        let seen = if events.contains(&TEXT) { json!("c") } else { Value::Null };
        check(name, &record, json!({ "chat_id": seen }));
    }
    for (name, events, flags) in [
        ("whole", &[TEXT, END, USAGE, "[DONE]"][..], 0),
        ("without what says that it is over", &[TEXT, USAGE], 0),
        ("the client hangs up after the usage", &[TEXT, END, USAGE], DC),
    ] {
        check(name, &record(CHAT, events, flags), json!({ "usage_source": "reported", "total_tokens": 11 }));
    }
}

#[test]
fn counts_that_came_before_the_end_are_kept_as_a_part() {
    let start = r#"{"type":"message_start","message":{"id":"msg_1","model":"claude-opus-4","content":[],"usage":{"input_tokens":25,"cache_read_input_tokens":7,"output_tokens":1}}}"#;
    let text = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#;
    for flags in [DC, UC, 0] {
        let expected = json!({ "usage_source": "partial", "input_tokens": 32, "output_tokens": 1, "total_tokens": 33, "cached_tokens": 7,
            "response_model": "claude-opus-4", "chat_id": "msg_1", "time_to_first_token": 300, "finish_reason": null });
        check("Anthropic", &record("/v1/messages", &[start, text], flags), expected);
    }
    let growing = |tokens: i64| {
        format!(
            r#"{{"id":"v","choices":[{{"delta":{{"content":"a"}},"finish_reason":null}}],"usage":{{"prompt_tokens":9,"completion_tokens":{tokens},"total_tokens":{}}}}}"#,
            9 + tokens
        )
    };
    let events = [growing(1), growing(2)];
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    check(
        "vLLM",
        &record(CHAT, &events, DC),
        json!({ "usage_source": "partial", "input_tokens": 9, "output_tokens": 2, "total_tokens": 11 }),
    );
    let gemini = r#"{"candidates":[{"content":{"parts":[{"text":"H"}]}}],"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4},"modelVersion":"g"}"#;
    check(
        "Gemini",
        &record("/v1beta/models/g:streamGenerateContent", &[gemini], DC),
        json!({ "usage_source": "partial", "input_tokens": 4, "output_tokens": null, "total_tokens": 4 }),
    );
}

#[test]
fn zeros_of_a_stream_that_was_broken_off_are_no_counts() {
    let zeros = r#"{"id":"z","choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}"#;
    check(
        "zeros",
        &record(CHAT, &[zeros], DC),
        json!({ "usage_source": "partial", "input_tokens": null, "total_tokens": null }),
    );
}

#[test]
fn a_stream_that_ends_inside_of_an_event_keeps_what_came_before() {
    let whole = format!("data: {TEXT}\n\ndata: {END}\n\ndata: {USAGE}\n\ndata: [DONE]\n\n");
    for end in 1..whole.len() {
        let mut exchange = Exchange::call(CHAT, ASK, "text/event-stream", &whole.as_bytes()[..end]);
        exchange.attributes.insert("response.flags".to_owned(), DC.into());
        let record = exchange.record();
        let total = record["total_tokens"].as_i64();
        // A number is taken only when it is known to have ended.
        assert!(total.is_none_or(|total| total == 11 || total == 9), "{end}: {total:?}");
        let expected = if record.get("total_tokens").is_some() { "reported" } else { "partial" };
        let is_over = whole.get(..end).is_some_and(|seen| seen.contains("[DONE]"));
        assert!(is_over || record["usage_source"] == expected, "{end}: {record}");
    }
}

#[test]
fn an_answer_in_an_encoding_that_is_not_read_is_a_call_with_a_type_and_a_time_and_no_numbers() {
    for (content_type, kind, time) in
        [("text/event-stream", "stream", json!(300)), ("application/json", "normal", Value::Null)]
    {
        let mut exchange = Exchange::call(CHAT, ASK, content_type, b"\x28\xb5\x2f\xfd");
        exchange.response.headers.push(("content-encoding".to_owned(), "x-unknown".to_owned()));
        let expected = json!({ "model": "m", "response_type": kind, "time_to_first_token": time, "total_tokens": null, "usage_source": null });
        check(content_type, &exchange.record(), expected.clone());
        exchange.request.headers.push(("content-encoding".to_owned(), "x-unknown".to_owned()));
        check(
            content_type,
            &exchange.record(),
            json!({ "model": "", "response_type": kind, "time_to_first_token": time }),
        );
    }
}
