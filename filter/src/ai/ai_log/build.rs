//! Builds an `ai_log` from a record, for calls that no AI plugin of the gateway has logged. It has the keys of
//! Higress's ai-statistics, so that the same dashboards show it.

use gatelog_record::AccessRecord;
use gatelog_record::json::write::ObjectWriter;
use serde_json::value::RawValue;

/// The `ai_log` of an AI call whose record is otherwise complete.
///
/// A failed call has no `llm_service_duration`, because dashboards average it and no model was at work.
pub fn build(record: &AccessRecord<'_>) -> Option<Box<RawValue>> {
    let streamed = record.response_type == "stream";
    let succeeded = (200..300).contains(&record.response_code);
    let model = if record.response_model.is_empty() { &record.model } else { &record.response_model };
    let api = if record.api.is_empty() { "-" } else { &record.api };
    let mut json = Vec::new();
    let mut object = ObjectWriter::new(&mut json);
    for (key, text) in [
        ("api", api),
        ("chat_id", &record.chat_id),
        ("session_id", &record.session_id),
        ("response_type", &record.response_type),
        ("model", model),
        ("consumer", &record.consumer),
    ] {
        if !text.is_empty() {
            object.text(key, text);
        }
    }
    for (key, number) in [
        ("input_token", record.input_tokens),
        ("output_token", record.output_tokens),
        ("total_token", record.total_tokens),
        ("cached_tokens", record.cached_tokens),
        ("reasoning_tokens", record.reasoning_tokens),
        ("llm_first_token_duration", record.time_to_first_token.filter(|_| streamed)),
        ("llm_service_duration", Some(record.duration).filter(|_| succeeded)),
    ] {
        if let Some(number) = number {
            object.number(key, number);
        }
    }
    object.finish();
    RawValue::from_string(String::from_utf8(json).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_keys_of_ai_statistics_and_reads_back_as_one() {
        let record = AccessRecord {
            api: "a@b@c".into(),
            chat_id: "c1".into(),
            session_id: "s1".into(),
            response_type: "stream".into(),
            model: "gpt \"4\"".into(),
            consumer: "team".into(),
            input_tokens: Some(3),
            output_tokens: Some(4),
            total_tokens: Some(7),
            cached_tokens: Some(1),
            reasoning_tokens: Some(2),
            time_to_first_token: Some(120),
            duration: 900,
            response_code: 200,
            ..AccessRecord::default()
        };
        let log = build(&record).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(log.get()).unwrap(),
            serde_json::json!({
                "api": "a@b@c", "chat_id": "c1", "session_id": "s1", "response_type": "stream", "model": "gpt \"4\"",
                "consumer": "team", "input_token": 3, "output_token": 4, "total_token": 7, "cached_tokens": 1,
                "reasoning_tokens": 2, "llm_first_token_duration": 120, "llm_service_duration": 900,
            })
        );
        let read = crate::ai::ai_log::decode(log.get().as_bytes().to_vec()).unwrap().members;
        assert_eq!((read.api.as_deref(), read.total_tokens), (Some("a@b@c"), Some(7)));
    }

    #[test]
    fn unknown_values_are_left_out() {
        let record = AccessRecord { duration: 5, response_code: 200, ..AccessRecord::default() };
        let log = build(&record).unwrap();
        assert_eq!(log.get(), r#"{"api":"-","llm_service_duration":5}"#);
        let failed = build(&AccessRecord { response_code: 503, ..record }).unwrap();
        assert_eq!(failed.get(), r#"{"api":"-"}"#);
    }
}
