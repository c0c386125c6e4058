//! Headers as Kong logs them: lower-case names, a list for a repeated header, credentials replaced.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::request_view::RequestView;

/// Kong reads at most this many request headers (`lua_max_req_headers`), and as many response headers.
const MAX_HEADERS: usize = 100;
/// What Kong writes in place of credentials.
const REDACTED: &str = "REDACTED";

/// `request.headers`.
pub fn request(view: &RequestView<'_>) -> Map<String, Value> {
    let mut headers = captured(view.request_headers);
    for (name, value) in view.known_request_headers {
        if !value.is_empty() && headers.len() < MAX_HEADERS && !headers.contains_key(name) {
            headers.insert(name.to_owned(), Value::from(value));
        }
    }
    for name in ["authorization", "proxy-authorization"] {
        if let Some(value) = headers.get_mut(name) {
            *value = Value::from(REDACTED);
        }
    }
    headers
}

/// `response.headers`.
pub fn response(view: &RequestView<'_>) -> Map<String, Value> {
    captured(view.response_headers)
}

fn captured(headers: Option<&RawValue>) -> Map<String, Value> {
    let Some(Ok(Value::Object(headers))) = headers.map(|headers| serde_json::from_str(headers.get())) else {
        return Map::new();
    };
    let mut out = Map::new();
    for (name, value) in headers {
        // Kong does not treat HTTP/2's pseudo-headers as headers.
        if name.starts_with(':') || !(value.is_string() || is_list_of_texts(&value)) {
            continue;
        }
        if out.len() == MAX_HEADERS {
            break;
        }
        out.insert(name.to_ascii_lowercase(), value);
    }
    out
}

fn is_list_of_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|values| values.iter().all(Value::is_string))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &str) -> Value {
        let raw = RawValue::from_string(headers.to_owned()).unwrap();
        Value::Object(request(&RequestView { request_headers: Some(&raw), ..RequestView::default() }))
    }

    #[test]
    fn names_become_lower_case_and_repeated_headers_stay_lists() {
        assert_eq!(
            of(r#"{"Accept":["a","b"],"X-One":"1",":path":"/","odd":7}"#),
            serde_json::json!({"accept": ["a", "b"], "x-one": "1"})
        );
    }

    #[test]
    fn credentials_are_replaced_also_when_repeated() {
        assert_eq!(
            of(r#"{"Authorization":["Basic a","Basic b"],"proxy-authorization":"x"}"#),
            serde_json::json!({"authorization": "REDACTED", "proxy-authorization": "REDACTED"})
        );
    }

    #[test]
    fn there_are_at_most_one_hundred() {
        let many: Map<String, Value> =
            (0..200).map(|number| (format!("x-{number}"), Value::from("v"))).collect();
        assert_eq!(of(&Value::Object(many).to_string()).as_object().unwrap().len(), 100);
    }

    #[test]
    fn a_value_that_is_not_an_object_has_no_headers() {
        assert_eq!(of("[1]"), serde_json::json!({}));
    }
}
