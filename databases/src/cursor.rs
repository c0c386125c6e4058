//! Translates Hrana 3's `POST /v3/cursor`, which Spin sends to a libSQL server, into the `POST /v2/pipeline` that tursodb
//! supports. tursodb runs the statement; only the formats of request and response differ.

use serde_json::{Value, json};

/// The pipeline for a cursor request of one statement, as libSQL's client sends it.
pub(crate) fn pipeline(request: &Value) -> Option<Value> {
    let [step] = request.pointer("/batch/steps")?.as_array()?.as_slice() else { return None };
    let stmt = step.get("stmt")?;
    let args = stmt.get("args").cloned().unwrap_or_else(|| json!([]));
    let stmt = json!({"sql": stmt.get("sql")?, "args": args, "want_rows": true});
    Some(json!({"baton": null, "requests": [{"type": "execute", "stmt": stmt}]}))
}

/// The cursor's lines for that pipeline's response.
pub(crate) fn lines(answer: &Value) -> Option<String> {
    let outcome = answer.pointer("/results/0")?;
    let mut lines = vec![json!({"baton": null, "base_url": null})];
    match outcome.pointer("/response/result") {
        Some(result) => {
            lines.push(json!({"type": "step_begin", "step": 0, "cols": result.get("cols")?}));
            let rows = result.get("rows")?.as_array()?;
            lines.extend(rows.iter().map(|row| json!({"type": "row", "row": row})));
            lines.push(json!({"type": "step_end", "affected_row_count": 0, "last_insert_rowid": null}));
        }
        None => lines.push(json!({"type": "step_error", "step": 0, "error": outcome.get("error")?})),
    }
    Some(lines.iter().map(|line| format!("{line}\n")).collect())
}
