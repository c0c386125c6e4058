//! The values that scripts return.

use serde_json::{Value, json};

use super::support::{failure, log_of, record, run, sink, sink_with, value};

#[test]
fn values_of_every_json_type_become_members() {
    for (script, expected) in [
        ("return 'abc'", json!("abc")),
        ("return 7", json!(7)),
        ("return 0.1 + 0.2", json!(0.3)),
        ("return -1.5", json!(-1.5)),
        ("return 2^53", json!(9_007_199_254_740_992_i64)),
        ("return true", json!(true)),
        ("return false", json!(false)),
        ("return {}", json!({})),
        ("return {1, 'b', {c = 2}}", json!([1, "b", {"c": 2}])),
        ("return {a = {b = {1}}, ['x.y'] = true}", json!({"a": {"b": [1]}, "x.y": true})),
        ("return {1, nil, 3}", json!([1, null, 3])),
        ("return {1, 2, x = 3}", json!({"1": 1, "2": 2, "x": 3})),
        ("return {[1.5] = 'a'}", json!({"1.5": "a"})),
        ("return 'é\\\\ \"q\" \\n'", json!("é\\ \"q\" \n")),
        ("return '\\255'", json!("\u{fffd}")),
    ] {
        assert_eq!(value(script), expected, "{script}");
    }
}

#[test]
fn values_that_json_cannot_express_are_errors() {
    for (script, reason) in [
        ("return print", "a value of type function cannot be logged"),
        ("return {a = {pcall}}", "a value of type function cannot be logged"),
        ("return 1/0", "the number inf cannot be logged"),
        ("return 0/0", "cannot be logged"),
        ("return {[true] = 1}", "a table key must be a text or a number"),
        ("return {[1] = 1, [1000000] = 2}", "more holes than values"),
        ("local t = {} t.t = t return t", "nested deeper than 32 levels"),
        ("local t = {1} for i = 1, 30 do t = {t, t} end return t", "too large"),
        ("local t = {} for i = 1, 15000 do t[i] = i end return t", "too large"),
    ] {
        assert!(failure(script).contains(reason), "{script}: {}", failure(script));
    }
}

#[test]
fn a_constant_adds_a_field_and_nil_removes_one() {
    let outcome = run(&[("my_field", "return 'gateway'"), ("route", "return nil"), ("service", "")]);
    assert_eq!(outcome.log["my_field"], "gateway");
    assert_eq!(outcome.log.get("route"), None);
    assert_eq!(outcome.log.get("service"), None);
    assert!(outcome.warnings.is_empty());
}

#[test]
fn dotted_keys_reach_into_the_log_and_escaped_dots_do_not() {
    let outcome = run(&[
        ("request.headers.accept", "return nil"),
        ("request.headers.x-new", "return 'n'"),
        ("a.b.c", "return 1"),
        (r"d\.e", "return 2"),
        (r"a.f\.g", "return 3"),
    ]);
    let headers = &outcome.log["request"]["headers"];
    assert_eq!((headers.get("accept"), &headers["x-new"]), (None, &json!("n")));
    assert_eq!(outcome.log["a"], json!({"b": {"c": 1}, "f.g": 3}));
    assert_eq!(outcome.log["d.e"], json!(2));
}

#[test]
fn a_key_through_a_value_is_reported_and_the_message_goes_without_it() {
    let outcome = run(&[("client_ip.v4", "return 1"), ("ok", "return 1")]);
    assert_eq!(
        outcome.warnings,
        [
            "[0].config.custom_fields_by_lua[\"client_ip.v4\"] (entry for all requests) failed and is left out: The key \
          'client_ip.v4' could not be used as a serialize value. Subkey 'client_ip' is not a table"
        ]
    );
    assert_eq!(outcome.log["client_ip"], "203.0.113.5");
    assert_eq!(outcome.log["ok"], 1);
}

#[test]
fn scripts_see_the_original_request_and_not_what_others_set() {
    let outcome = run(&[
        ("a", "return 'set'"),
        ("b", "return kong.log.serialize().a == nil"),
        ("request.method", "return nil"),
        ("z", "return kong.request.get_method()"),
    ]);
    assert_eq!((&outcome.log["b"], &outcome.log["z"]), (&json!(true), &json!("GET")));
    assert_eq!(outcome.log["request"].get("method"), None);
}

#[test]
fn a_failing_script_is_counted_each_time_and_reported_once() {
    let sink = sink(&[("bad", "error('no luck')"), ("good", "return 1")]);
    let record = record();
    let first = log_of(&sink, &record);
    assert_eq!(first.warnings.len(), 1);
    assert!(first.warnings[0].ends_with("left out: bad:1: no luck"), "{}", first.warnings[0]);
    for _ in 0..4 {
        let next = log_of(&sink, &record);
        assert!(next.warnings.is_empty());
        assert_eq!((next.log.get("bad"), &next.log["good"]), (None, &json!(1)));
    }
    assert_eq!(sink.stats.script_errors.value(), 5);
    assert_eq!(sink.stats.script_bounds.value(), 0);
    assert_eq!(sink.stats.messages.value(), 5);
}

#[test]
fn a_script_that_does_not_compile_is_refused_with_the_configuration() {
    let error = sink_with(&[("a", "return 1 +"), ("b", "return ="), ("c", "return 1")], &[]).unwrap_err();
    assert!(error.contains("custom_fields_by_lua[\"a\"] (entry for all requests): a:1:"), "{error}");
    assert!(error.contains("custom_fields_by_lua[\"b\"] (entry for all requests): b:1:"), "{error}");
    assert!(!error.contains("[\"c\"]"), "{error}");
}

#[test]
fn scripts_are_refused_when_untrusted_lua_is_off() {
    let error = sink_with(&[("a", "return 1")], &[("untrusted_lua", "off")]).unwrap_err();
    assert!(error.contains("untrusted_lua"), "{error}");
}

#[test]
fn values_can_also_be_set_with_set_serialize_value() {
    let outcome = run(&[(
        "x",
        "kong.log.set_serialize_value('by.hand', {1, 2})
         kong.log.set_serialize_value('client_ip', 'other', {mode = 'add'})
         kong.log.set_serialize_value('source', 'me', {mode = 'replace'})
         kong.log.set_serialize_value('route', nil)
         return 1",
    )]);
    assert_eq!(outcome.warnings, [""; 0]);
    assert_eq!(outcome.log["by"], json!({"hand": [1, 2]}));
    assert_eq!(outcome.log["client_ip"], "203.0.113.5");
    assert_eq!(outcome.log["source"], "me");
    assert_eq!(outcome.log.get("route"), None::<&Value>);
    assert!(failure("kong.log.set_serialize_value('a', print)").contains("type function"));
    assert!(failure("kong.log.set_serialize_value('a', 1, {mode = 'x'})").contains("mode must be"));
    assert!(
        failure("for i = 1, 1000 do kong.log.set_serialize_value('a', i) end").contains("too many values")
    );
}
