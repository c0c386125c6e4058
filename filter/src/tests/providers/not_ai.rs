//! What is no call of a model, although some of it looks like one.

use super::Answer::{Events, Json};
use super::{Shape, shape};

pub fn shapes() -> Vec<Shape> {
    macro_rules! none {
        ($name:literal, $path:expr, $request:expr, $answer:expr) => {
            shape!($name, $path, $request, $answer, {
                "model": "", "response_model": null, "response_type": null, "ai_log": null, "chat_id": null, "input_tokens": null,
                "output_tokens": null, "total_tokens": null, "finish_reason": null, "service_tier": null, "provider": null,
                "usage_source": null, "time_to_first_token": null
            })
        };
    }
    vec![
        none!(
            "a survey",
            "/surveys/1/questions",
            r#"{"title":"Colours","question":"Which one?"}"#,
            Json(
                r#"{"id":"q1","choices":[{"id":1,"text":"red"},{"id":2,"text":"blue"}],"status":"completed"}"#
            )
        ),
        none!(
            "a survey's answers",
            "/surveys/1/responses",
            r#"{"answers":[{"question":1,"choice":2}]}"#,
            Json(r#"{"id":"r1","choices":[{"text":"blue"}]}"#)
        ),
        none!(
            "faces",
            "/face/v1.0/identify",
            r#"{"faceIds":["f"],"model":"recognition_04"}"#,
            Json(r#"[{"faceId":"f","candidates":[{"personId":"p","confidence":0.8}]}]"#)
        ),
        none!(
            "an election",
            "/elections",
            r#"{"contents":"x"}"#,
            Json(r#"{"candidates":[{"name":"a","content":"text"}]}"#)
        ),
        none!(
            "cars",
            "/cars",
            r#"{"model":"roadster","input":{"colour":"red"}}"#,
            Json(r#"{"id":"c1","model":"roadster","choices":["red","blue"],"usage":{"km":100}}"#)
        ),
        none!(
            "a usage report of tokens",
            "/billing/report",
            r#"{"model":"gpt-4o","from":"2026-01-01"}"#,
            Json(
                r#"{"model":"gpt-4o","usage":{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150}}"#
            )
        ),
        none!(
            "a chat of people",
            "/chat/rooms/1/posts",
            r#"{"messages":[{"content":"hi"}]}"#,
            Json(r#"{"id":"m1","message":{"id":"m1","content":"hi"}}"#)
        ),
        none!("a path alone", "/v1/chat/completions", r#"{"x":1}"#, Json(r#"{"ok":1}"#)),
        none!(
            "events of another kind",
            "/events",
            r#"{"model":"x"}"#,
            Events(&[r#"{"type":"message","text":"hi"}"#, r#"{"delta":"hi"}"#])
        ),
        none!(
            "a tool of MCP",
            "/mcp",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"f","arguments":{"model":"m","messages":[]}}}"#,
            Json(
                r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"{\"usage\":{\"total_tokens\":1}}"}],"isError":false}}"#
            )
        ),
        none!(
            "tokens that are counted beforehand",
            "/v1/messages/count_tokens",
            r#"{"model":"claude","messages":[]}"#,
            Json(r#"{"input_tokens":14}"#)
        ),
    ]
}
