//! Anthropic's messages, also on Vertex and in front of other models.

use super::Answer::{Events, Json};
use super::{Shape, shape};

const PATH: &str = "/v1/messages";
const ASK: &str =
    r#"{"model":"claude-sonnet-4-5","max_tokens":64,"messages":[{"role":"user","content":"ping"}]}"#;

pub fn shapes() -> Vec<Shape> {
    vec![
        shape!(
            "Anthropic", PATH, ASK,
            Json(r#"{"model":"claude-sonnet-4-5-20250929","id":"msg_1","type":"message","role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"x"},{"type":"text","text":"Hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":3,"cache_read_input_tokens":2,"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":0},"output_tokens":25,"service_tier":"standard","server_tool_use":{"web_search_requests":0}}}"#),
            { "chat_id": "msg_1", "input_tokens": 15, "output_tokens": 25, "total_tokens": 40, "cached_tokens": 2, "cache_write_tokens": 3,
              "service_tier": "standard", "finish_reason": "end_turn", "provider": "anthropic", "usage_source": "reported" }
        ),
        shape!(
            "caches that are null", PATH, ASK,
            Json(r#"{"id":"msg_2","type":"message","model":"claude","content":[],"stop_reason":"tool_use","usage":{"input_tokens":10,"cache_creation_input_tokens":null,"cache_read_input_tokens":null,"output_tokens":25}}"#),
            { "input_tokens": 10, "total_tokens": 35, "cached_tokens": null, "cache_write_tokens": null, "finish_reason": "tool_use" }
        ),
        shape!(
            "Anthropic streamed", PATH, ASK,
            Events(&[
                r#"{"type":"message_start","message":{"id":"msg_3","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":5,"cache_read_input_tokens":7,"output_tokens":1,"service_tier":"priority"}}}"#,
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
                r#"{"type":"ping"}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
                r#"{"type":"content_block_stop","index":0}"#,
                r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":25,"cache_creation_input_tokens":5,"cache_read_input_tokens":7,"output_tokens":15}}"#,
                r#"{"type":"message_stop"}"#,
            ]),
            { "chat_id": "msg_3", "input_tokens": 37, "output_tokens": 15, "total_tokens": 52, "cached_tokens": 7, "cache_write_tokens": 5,
              "time_to_first_token": 300, "finish_reason": "end_turn", "service_tier": "priority", "usage_source": "reported" }
        ),
        shape!(
            "a thought and a tool call, streamed", PATH, ASK,
            Events(&[
                r#"{"type":"message_start","message":{"id":"msg_4","model":"claude-opus-4","content":[],"usage":{"input_tokens":25,"output_tokens":1}}}"#,
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"Eo"}}"#,
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"hm"}}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
                r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}"#,
                r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"usage\":{\"input_tokens\":999}}"}}"#,
                r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":89}}"#,
                r#"{"type":"message_stop"}"#,
            ]),
            { "input_tokens": 25, "output_tokens": 89, "total_tokens": 114, "finish_reason": "tool_use", "time_to_first_token": 300 }
        ),
        shape!(
            "another model in Anthropic's form", "/anthropic/v1/messages", r#"{"model":"glm-4.6","messages":[]}"#,
            Json(r#"{"id":"msg_5","type":"message","model":"glm-4.6","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":130,"output_tokens":44,"cache_read_input_tokens":0}}"#),
            { "input_tokens": 130, "output_tokens": 44, "total_tokens": 174, "cached_tokens": 0, "provider": null }
        ),
        shape!(
            "Claude on Vertex", "/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict",
            r#"{"anthropic_version":"vertex-2023-10-16","messages":[]}"#,
            Json(r#"{"id":"msg_vrtx","type":"message","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":6}}"#),
            { "model": "claude-sonnet-4-5-20250929", "provider": "gcp.vertex_ai", "total_tokens": 11 }
        ),
        shape!(
            "Claude on Vertex that refuses", "/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict",
            r#"{"anthropic_version":"vertex-2023-10-16","messages":[]}"#,
            Json(r#"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#),
            { "model": "claude-sonnet-4-5@20250929", "total_tokens": null, "usage_source": null }
        ),
        shape!(
            "an error as an event", PATH, ASK,
            Events(&[r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#]),
            { "response_type": "stream", "total_tokens": null, "usage_source": null, "time_to_first_token": null }
        ),
        shape!(
            "text completions of Anthropic", "/v1/complete", r#"{"model":"claude-2","prompt":"ping"}"#,
            Events(&[
                r#"{"type":"completion","id":"compl_1","completion":" Hi","stop_reason":null,"model":"claude-2.0"}"#,
                r#"{"type":"completion","id":"compl_1","completion":"","stop_reason":"stop_sequence","model":"claude-2.0"}"#,
            ]),
            { "chat_id": "compl_1", "finish_reason": "stop_sequence", "time_to_first_token": 300, "total_tokens": null, "usage_source": null }
        ),
    ]
}
