//! OpenAI's Responses.

use super::Answer::{Events, Json};
use super::{Shape, shape};

const PATH: &str = "/v1/responses";
const ASK: &str = r#"{"model":"gpt-5","input":"ping"}"#;

pub fn shapes() -> Vec<Shape> {
    vec![
        shape!(
            "Responses", PATH, ASK,
            Json(r#"{"id":"resp_1","object":"response","created_at":1,"status":"completed","background":false,"error":null,"incomplete_details":null,"instructions":null,"model":"gpt-5-2025-08-07","output":[{"id":"rs_1","type":"reasoning","summary":[]},{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","annotations":[],"text":"Hi"}]}],"service_tier":"flex","metadata":{"model":"no","id":"no"},"tools":[{"type":"function","name":"f","parameters":{"properties":{"usage":{"type":"object"}}}}],"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":2},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":64},"total_tokens":123},"user":null}"#),
            { "response_model": "gpt-5-2025-08-07", "chat_id": "resp_1", "input_tokens": 36, "output_tokens": 87, "total_tokens": 123,
              "cached_tokens": 2, "reasoning_tokens": 64, "service_tier": "flex", "finish_reason": "completed", "usage_source": "reported" }
        ),
        shape!(
            "Responses that were cut short", PATH, ASK,
            Json(r#"{"id":"resp_2","object":"response","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"model":"gpt-5","output":[],"usage":{"input_tokens":36,"output_tokens":16,"total_tokens":52}}"#),
            { "finish_reason": "max_output_tokens", "total_tokens": 52 }
        ),
        shape!(
            "Responses in the background: nothing is counted yet", PATH, ASK,
            Json(r#"{"id":"resp_3","object":"response","status":"queued","background":true,"model":"gpt-5","output":[],"usage":null}"#),
            { "chat_id": "resp_3", "finish_reason": null, "total_tokens": null, "usage_source": null }
        ),
        shape!(
            "Responses streamed", PATH, ASK,
            Events(&[
                r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_4","object":"response","status":"in_progress","model":"gpt-5","service_tier":"auto","output":[],"usage":null}}"#,
                r#"{"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","content":[],"role":"assistant"}}"#,
                r#"{"type":"response.output_text.delta","item_id":"msg_1","delta":"Hi","obfuscation":"xyz"}"#,
                r#"{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_1","type":"message","status":"completed","content":[{"type":"output_text","text":"Hi"}]}}"#,
                r#"{"type":"response.completed","response":{"id":"resp_4","object":"response","status":"completed","model":"gpt-5-2025-08-07","service_tier":"default","output":[{"id":"msg_1","type":"message","content":[{"type":"output_text","text":"Hi"}]}],"usage":{"input_tokens":37,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":5},"output_tokens":11,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":48}}}"#,
            ]),
            { "chat_id": "resp_4", "response_model": "gpt-5-2025-08-07", "time_to_first_token": 300, "service_tier": "default",
              "input_tokens": 37, "cache_write_tokens": 5, "total_tokens": 48, "finish_reason": "completed", "usage_source": "reported" }
        ),
        shape!(
            "a streamed function call", "/openai/responses?api-version=x", ASK,
            Events(&[
                r#"{"type":"response.output_item.added","item":{"id":"fc_1","type":"function_call","status":"in_progress","arguments":"","call_id":"call_1","name":"f"}}"#,
                r#"{"type":"response.function_call_arguments.delta","item_id":"fc_1","delta":"{\""}"#,
                r#"{"type":"response.output_item.done","item":{"id":"fc_1","type":"function_call","arguments":"{}","name":"f"}}"#,
                r#"{"type":"response.image_generation_call.partial_image","item_id":"ig_1","partial_image_b64":"AAAA"}"#,
                r#"{"type":"response.incomplete","response":{"id":"resp_5","status":"incomplete","incomplete_details":{"reason":"content_filter"},"usage":{"input_tokens":1,"input_tokens_details":{"cache_creation_tokens":1},"output_tokens":2,"total_tokens":3}}}"#,
            ]),
            { "time_to_first_token": 300, "finish_reason": "content_filter", "chat_id": "resp_5", "total_tokens": 3, "usage_source": "reported" }
        ),
        shape!(
            "a stream that fails", PATH, ASK,
            Events(&[
                r#"{"type":"response.created","response":{"id":"resp_6","status":"in_progress","model":"gpt-5","usage":null}}"#,
                r#"{"type":"response.failed","response":{"id":"resp_6","status":"failed","error":{"code":"server_error","message":"no"},"model":"gpt-5","usage":null}}"#,
            ]),
            { "finish_reason": "failed", "total_tokens": null, "usage_source": null, "time_to_first_token": null }
        ),
    ]
}

#[test]
fn an_event_that_is_larger_than_any_window_still_tells_its_usage() {
    let text = "x".repeat(300_000);
    let body = format!(
        "data: {{\"type\":\"response.completed\",\"response\":{{\"id\":\"resp_l\",\"output\":[{{\"content\":[{{\"type\":\"output_text\",\"text\":\"{text}\"}}]}}],\"instructions\":\"{text}\",\"usage\":{{\"input_tokens\":3,\"output_tokens\":4,\"total_tokens\":7}}}}}}\n\n"
    );
    for path in [PATH, "/any"] {
        let record = super::Exchange::call(path, ASK, "text/event-stream", body.as_bytes()).record();
        assert_eq!((&record["total_tokens"], &record["chat_id"]), (&7.into(), &"resp_l".into()), "{path}");
    }
}
