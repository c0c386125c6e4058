//! The arguments of a query string as `kong.request.get_query()` gives them.

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

/// Kong reads at most this many arguments (`lua_max_uri_args`).
const MAX_ARGUMENTS: usize = 100;

/// `request.querystring`: an argument without `=` is `true`, a repeated one a list.
pub fn querystring(query: &str) -> Map<String, Value> {
    let mut object = Map::new();
    for (name, value) in arguments(query) {
        match object.get_mut(&name) {
            None => {
                object.insert(name, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    object
}

/// The decoded arguments, in order. An argument without a name is left out, as in Kong.
pub fn arguments(query: &str) -> impl Iterator<Item = (String, Value)> {
    query
        .split('&')
        .filter(|argument| !argument.is_empty() && !argument.starts_with('='))
        .take(MAX_ARGUMENTS)
        .map(|argument| match argument.split_once('=') {
            Some((name, value)) => (decode(name), Value::from(decode(value))),
            None => (decode(argument), Value::Bool(true)),
        })
}

fn decode(text: &str) -> String {
    let spaced: Vec<u8> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_as_kong_reads_them() {
        for (query, expected) in [
            ("", serde_json::json!({})),
            ("a", serde_json::json!({"a": true})),
            ("a=", serde_json::json!({"a": ""})),
            ("a=1&b=2", serde_json::json!({"a": "1", "b": "2"})),
            ("a=1&a=2&a", serde_json::json!({"a": ["1", "2", true]})),
            ("q=a%20b+c%2Fd&%6eame=x", serde_json::json!({"q": "a b c/d", "name": "x"})),
            ("=x&&b=1", serde_json::json!({"b": "1"})),
            ("a=1=2", serde_json::json!({"a": "1=2"})),
            ("a=%zz%e4", serde_json::json!({"a": "%zz\u{fffd}"})),
        ] {
            assert_eq!(Value::Object(querystring(query)), expected, "{query}");
        }
    }

    #[test]
    fn there_are_at_most_one_hundred() {
        let query: Vec<String> = (0..200).map(|number| format!("a{number}=x")).collect();
        assert_eq!(querystring(&query.join("&")).len(), 100);
    }
}
