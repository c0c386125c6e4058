//! What the aggregates answer over a few records, whose numbers were worked out by hand. `Service`'s clock stands at 12:30.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a wrong shape fails the test")]

use std::rc::Rc;
use std::time::Duration;

use crate::service::{Clock, Service, config, failures, ids};
use gatelog_functions_shared::Environment as _;
use gatelog_query::{QueryConfig, handle};
use http::Request;
use serde_json::{Value, json};

const RECORDS: &str = r#"
{"record_id":"1","start_time":"2026-01-31T11:20:00Z","model":"gpt","response_code":500,"duration":7}
{"record_id":"2","start_time":"2026-01-31T12:00:10Z","model":"gpt","response_code":200,"duration":10,"total_tokens":5,"cost_nano":1000,"session_id":"s1"}
{"record_id":"3","start_time":"2026-01-31T12:00:20Z","model":"qwen","response_code":404,"duration":20,"total_tokens":7,"session_id":"s1"}
{"record_id":"4","start_time":"2026-01-31T12:02:00Z","model":"gpt","response_code":0,"duration":30,"chat_id":"c1"}
{"record_id":"5","start_time":"2026-01-31T12:02:30Z","path":"/healthz","response_code":200,"duration":1}
{"record_id":"6","start_time":"2026-01-31T12:20:00Z","model":"gpt","response_code":503,"duration":40,"session_id":"s2","chat_id":"c2"}
"#;

async fn service() -> Service {
    Service::with(RECORDS).await
}

/// An answer without the members that every one has.
async fn own(service: &Service, uri: &str) -> Value {
    let (status, mut answer) = service.get(uri).await;
    assert_eq!((status, &answer["status"]), (200, &json!("success")), "{uri}: {answer}");
    let members = answer.as_object_mut().unwrap();
    for name in ["status", "range", "sampled", "took_ms"] {
        members.remove(name).unwrap();
    }
    answer
}

#[tokio::test(flavor = "current_thread")]
async fn a_range_ends_now_and_begins_an_hour_before_unless_the_request_says_otherwise() {
    let service = service().await;
    for (query, start, end) in [
        ("", "11:30:00", "12:30:00"),
        ("?end=2026-01-31T12:10:00Z", "11:10:00", "12:10:00"),
        ("?start=2026-01-31T12:10:00Z", "12:10:00", "12:30:00"),
        ("?start_time=1769860800&end_time=2026-01-31+12:05", "12:00:00", "12:05:00"),
        ("?start=2026-01-31T12:10:00Z&start_time=2026-01-31T12:00:00Z", "12:10:00", "12:30:00"),
    ] {
        for path in ["histogram", "facets", "top", "summary", "sessions"] {
            let (_, answer) = service.get(&format!("/query/{path}{query}")).await;
            let time = |time: &str| json!(format!("2026-01-31T{time}.000000Z"));
            let expected = json!({ "start": time(start), "end": time(end) });
            assert_eq!((&answer["range"], &answer["sampled"]), (&expected, &json!(false)), "{path}{query}");
            assert!(answer["took_ms"].is_u64());
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_histogram_counts_each_interval_and_fills_the_empty_ones() {
    let service = service().await;
    let uri = "/query/histogram?interval=1m&start=2026-01-31T12:00:00Z&end=2026-01-31T12:02:59Z&measures=count,errors,total_tokens,duration_p95";
    let answer = own(&service, uri).await;
    let times = ["12:00:00", "12:01:00", "12:02:00"].map(|time| format!("2026-01-31T{time}.000000Z"));
    let expected = json!({
        "interval_ms": 60_000,
        "by": null,
        "measures": ["count", "errors", "total_tokens", "duration_p95"],
        "series": [{ "key": "", "values": {
            "count": [2, 0, 2], "errors": [0, 0, 1], "total_tokens": [12, null, null], "duration_p95": [20, null, 30]
        } }],
        "times": times
    });
    assert_eq!(answer, expected);

    let by_model = own(&service, &format!("{uri}&by=model&top=1&measures=ai_calls")).await;
    let series = json!([
        { "key": "gpt", "values": by_model["series"][0]["values"] },
        { "other": true, "values": by_model["series"][1]["values"] }
    ]);
    assert_eq!(by_model["series"], series);
    assert_eq!(series[1]["values"]["count"], json!([1, 0, 1]));
    assert_eq!(series[0]["values"]["ai_calls"], json!([1, 0, 1]));
    let keys = |answer: &Value| -> Vec<Value> {
        answer["series"].as_array().unwrap().iter().map(|series| series["key"].clone()).collect()
    };
    let all = own(&service, "/query/histogram?by=model&interval=1h").await;
    assert_eq!(keys(&all), [json!("gpt"), json!(null), json!("qwen")]);
    let classes = own(&service, "/query/histogram?by=status_class&status!=200").await;
    assert_eq!(keys(&classes), ["4xx", "5xx", "none"]);
    assert_eq!(classes["interval_ms"], 60_000);
    assert_eq!(classes["times"].as_array().unwrap().len(), 61);
}

#[tokio::test(flavor = "current_thread")]
async fn a_histogram_of_nothing_has_its_zeros_and_one_of_too_many_intervals_is_refused() {
    let service = service().await;
    let none = own(&service, "/query/histogram?model=none&interval=30m").await;
    assert_eq!(none["series"], json!([{ "key": "", "values": { "count": [0, 0, 0] } }]));
    let none = own(&service, "/query/histogram?model=none&by=model").await;
    assert_eq!(none["series"], json!([]));
    let backwards =
        own(&service, "/query/histogram?start=2026-01-31T12:00:01Z&end=2026-01-31T12:00:00Z").await;
    assert_eq!((&backwards["times"], &backwards["series"][0]["values"]["count"]), (&json!([]), &json!([])));
    let (status, answer) = service.get("/query/histogram?interval=1s").await;
    assert_eq!(
        (status, answer["error"].as_str().unwrap().contains("3601 intervals")),
        (400, true),
        "{answer}"
    );
    assert_eq!(service.get("/query/histogram?interval=1s&start=2026-01-31T12:05:01Z").await.0, 200);
}

#[tokio::test(flavor = "current_thread")]
async fn a_facet_leaves_its_own_conditions_out_and_keeps_the_others() {
    let service = service().await;
    let uri = "/query/facets?fields=model,status_class,response_code&model=qwen&status=404&limit=2";
    let expected = json!([
        { "field": "model", "values": [{ "value": "qwen", "count": 1 }], "distinct": 1, "distinct_is_lower_bound": false },
        { "field": "status_class", "values": [{ "value": "4xx", "count": 1 }], "distinct": 1, "distinct_is_lower_bound": false },
        { "field": "response_code", "values": [{ "value": 404, "count": 1 }], "distinct": 1, "distinct_is_lower_bound": false }
    ]);
    assert_eq!(own(&service, uri).await["facets"], expected);
    let facets = own(&service, "/query/facets?fields=model,status_class&model=qwen").await["facets"].clone();
    let counts = |facet: &Value| -> Vec<(Value, i64)> {
        let values = facet["values"].as_array().unwrap().iter();
        values.map(|value| (value["value"].clone(), value["count"].as_i64().unwrap())).collect()
    };
    assert_eq!(counts(&facets[0]), [(json!("gpt"), 3), (json!(null), 1), (json!("qwen"), 1)]);
    assert_eq!((&facets[0]["distinct"], counts(&facets[1])), (&json!(2), vec![(json!("4xx"), 1)]));
    let by_default = own(&service, "/query/facets").await["facets"].clone();
    assert_eq!(by_default.as_array().unwrap().len(), 8);
}

#[tokio::test(flavor = "current_thread")]
async fn the_largest_groups_come_first_with_what_they_were_before() {
    let service = service().await;
    let answer = own(&service, "/query/top?by=model&measures=count,cost_nano&compare=previous&limit=2").await;
    let expected = json!({ "by": "model", "rows": [
        { "key": "gpt", "values": { "count": 3, "cost_nano": 1_000 }, "error_rate": 2.0 / 3.0,
          "last_seen": "2026-01-31T12:20:00.000000Z", "previous": { "count": 1, "cost_nano": null } },
        { "key": null, "values": { "count": 1, "cost_nano": null }, "error_rate": 0.0,
          "last_seen": "2026-01-31T12:02:30.000000Z", "previous": { "count": 0, "cost_nano": null } }
    ] });
    assert_eq!(answer, expected);
    for (query, expected) in [
        ("order=errors", json!(["5xx", "none", "2xx", "4xx"])),
        ("order=total_tokens", json!(["4xx", "2xx", "5xx", "none"])),
        ("order=duration_p95&limit=1", json!(["5xx"])),
        ("unpriced=true", json!(["4xx"])),
        ("unpriced=false&limit=1", json!(["2xx"])),
    ] {
        let answer = own(&service, &format!("/query/top?by=status_class&{query}")).await;
        let keys: Vec<&Value> = answer["rows"].as_array().unwrap().iter().map(|row| &row["key"]).collect();
        assert_eq!(json!(keys), expected, "{query}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_summary_has_every_measure() {
    let service = service().await;
    let answer = own(&service, "/query/summary?compare=previous").await;
    let expected = json!({
        "count": 5, "errors": 2, "client_errors": 1, "ai_calls": 4, "ai_without_usage": 2, "unpriced": 1,
        "input_tokens": null, "output_tokens": null, "total_tokens": 12, "cached_tokens": null,
        "cache_write_tokens": null, "reasoning_tokens": null, "cost_nano": 1_000, "bytes_sent": 0, "bytes_received": 0,
        "duration_p50": 20, "duration_p90": 40, "duration_p95": 40, "duration_p99": 40,
        "time_to_first_token_p50": null, "time_to_first_token_p90": null, "time_to_first_token_p95": null,
        "time_to_first_token_p99": null, "time_to_headers_p50": null, "time_to_headers_p90": null,
        "time_to_headers_p95": null, "time_to_headers_p99": null
    });
    assert_eq!(answer["values"], expected);
    let seen = [&answer["first_seen"], &answer["last_seen"]].map(|time| time.as_str().unwrap());
    assert_eq!(seen, ["2026-01-31T12:00:10.000000Z", "2026-01-31T12:20:00.000000Z"]);
    assert_eq!((&answer["previous"]["count"], &answer["previous"]["duration_p50"]), (&json!(1), &json!(7)));
    let none = own(&service, "/query/summary?model=none&measures=count,total_tokens").await;
    let expected = json!({
        "values": { "count": 0, "total_tokens": null }, "first_seen": null, "last_seen": null
    });
    assert_eq!(none, expected);
}

async fn get_with(service: &Service, config: &QueryConfig, clock: &Clock, uri: &str) -> Value {
    let request = Request::get(uri).body(()).unwrap();
    let response = handle(request, Rc::clone(&service.database), config, &failures(), clock).await;
    assert_eq!(response.status(), 200, "{uri}");
    serde_json::from_slice(&response.into_body().collect().await.unwrap()).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn of_more_records_than_may_be_looked_at_the_newest_are_and_the_answer_says_so() {
    let service = service().await;
    let config = QueryConfig { max_scanned_records: 3, ..config() };
    let get = async |uri: &str| get_with(&service, &config, &Clock::default(), uri).await;
    let sampled = json!({ "records": 3, "start": "2026-01-31T12:02:00.000000Z" });
    let range = json!({ "start": "2026-01-31T11:30:00.000000Z", "end": "2026-01-31T12:30:00.000000Z" });
    let summary = get("/query/summary?measures=count&compare=previous").await;
    assert_eq!(
        (&summary["values"]["count"], &summary["sampled"], &summary["range"]),
        (&json!(3), &sampled, &range)
    );
    assert_eq!(summary["previous"], json!(null), "a part cannot be compared");
    let histogram = get("/query/histogram?interval=30m").await;
    assert_eq!(
        (&histogram["series"][0]["values"]["count"], &histogram["sampled"]),
        (&json!([null, 3, 0]), &sampled)
    );
    let top = get("/query/top?by=model&measures=count").await;
    assert_eq!((&top["rows"][0]["values"]["count"], &top["sampled"]), (&json!(2), &sampled));
    let facets = get("/query/facets?fields=model&model=gpt").await;
    assert_eq!(
        (&facets["facets"][0]["distinct_is_lower_bound"], &facets["sampled"]),
        (&json!(true), &json!(false))
    );
    let sessions = get("/query/sessions").await;
    assert_eq!((sessions["sessions"].as_array().unwrap().len(), &sessions["sampled"]), (2, &sampled));
    // An index finds those of a model without looking at others.
    let of_model = get("/query/summary?model=gpt&measures=count").await;
    assert_eq!((&of_model["values"]["count"], &of_model["sampled"]), (&json!(3), &json!(false)));
}

#[tokio::test(flavor = "current_thread")]
async fn a_tail_begins_now_and_goes_on_where_it_ended() {
    let service = service().await;
    let (_, begin) = service.get("/query/tail?model=gpt").await;
    assert_eq!(begin["logs"], json!([]));
    let next = |answer: &Value| answer["next"].as_str().unwrap().to_owned();
    let uri = |answer: &Value, more: &str| format!("/query/tail?after={}{more}", next(answer));
    // One began before all others, and was stored last.
    service.insert(r#"[{"record_id":"7","model":"gpt"},{"record_id":"8"},{"record_id":"9","model":"gpt"},{"record_id":"0","model":"gpt","start_time":"2020-01-01T00:00:00Z"}]"#).await;
    let (_, first) = service.get(&uri(&begin, "&model=gpt&limit=2")).await;
    assert_eq!(ids(&first), "7 9");
    let (_, rest) = service.get(&uri(&first, "&model=gpt&limit=2&fields=record_id")).await;
    assert_eq!(rest["logs"], json!([{ "record_id": "0" }]));
    let (_, none) = service.get(&uri(&rest, "")).await;
    assert_eq!((ids(&none).as_str(), next(&none)), ("", next(&rest)));
    let (headers, lines) = service.text(&uri(&begin, ""), "application/x-ndjson").await.unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), headers["content-type"].to_str().unwrap()), (4, "application/x-ndjson"));
    assert_eq!(headers["x-next-cursor"].to_str().unwrap(), next(&rest));
    let (headers, _) = service.text(&uri(&rest, "&format=ndjson"), "").await.unwrap();
    assert_eq!(headers["x-next-cursor"].to_str().unwrap(), next(&rest));
    let neither = "application/json;q=0, application/x-ndjson;q=0";
    assert_eq!(service.answer("/query/tail", neither).await.status(), 406);
    assert_eq!(service.get("/query/tail?format=csv").await.0, 400);
}

#[tokio::test(flavor = "current_thread")]
async fn a_tail_waits_as_long_as_it_is_told_to_and_ends_with_the_first_record() {
    let service = service().await;
    let after = service.get("/query/tail").await.1["next"].as_str().unwrap().to_owned();
    for wait in [0, 1, 10] {
        let clock = Clock::default();
        let uri = format!("/query/tail?after={after}&wait={wait}");
        let answer = get_with(&service, &config(), &clock, &uri).await;
        assert_eq!((ids(&answer).as_str(), clock.ticks()), ("", Duration::from_secs(wait)));
        assert_eq!(answer["took_ms"], wait * 1_000);
    }
    service.insert(r#"{"record_id":"7"}"#).await;
    let clock = Clock::default();
    let answer = get_with(&service, &config(), &clock, &format!("/query/tail?after={after}&wait=10")).await;
    assert_eq!((ids(&answer).as_str(), clock.ticks()), ("7", Duration::ZERO));
}

#[tokio::test(flavor = "current_thread")]
async fn sessions_are_listed_and_each_is_found_with_its_calls() {
    let service = service().await;
    let first = own(&service, "/query/sessions?limit=2").await;
    let listed = |answer: &Value| -> Vec<String> {
        let sessions = answer["sessions"].as_array().unwrap().iter();
        sessions.map(|session| session["session_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed(&first), ["s2", "c1"]);
    let uri = format!("/query/sessions?limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    let last = own(&service, &uri).await;
    let expected = json!({ "sessions": [{
        "session_id": "s1", "calls": 2, "errors": 0, "total_tokens": 12, "cost_nano": 1_000, "models": ["gpt", "qwen"],
        "first_seen": "2026-01-31T12:00:10.000000Z", "last_seen": "2026-01-31T12:00:20.000000Z", "duration_ms": 10_020
    }] });
    assert_eq!(last, expected);
    let one = own(&service, "/query/sessions/s1?fields=record_id").await;
    let logs = json!([{ "record_id": "2" }, { "record_id": "3" }]);
    assert_eq!(one, json!({ "session": expected["sessions"][0], "logs": logs, "truncated": false }));
    let of_qwen = own(&service, "/query/sessions/s1?model=qwen").await;
    assert_eq!((ids(&of_qwen).as_str(), &of_qwen["session"]["calls"]), ("3", &json!(1)));
    for uri in [
        "/query/sessions/c2",
        "/query/sessions/s1?model=none",
        "/query/sessions/s1?start=2026-01-31T12:10:00Z",
    ] {
        assert_eq!(service.get(uri).await.0, 404, "{uri}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_cannot_be_answered_is_refused_by_the_name_of_its_parameter() {
    let service = service().await;
    for (uri, name) in [
        ("histogram?by=ai_log", "by"),
        ("histogram?by=request_body", "by"),
        ("histogram?by=x", "by"),
        ("histogram?by=model&by=model", "by"),
        ("histogram?measures=count,count", "measures"),
        ("histogram?measures=x", "measures"),
        ("histogram?interval=1w", "interval"),
        ("histogram?top=21", "top"),
        ("histogram?limit=1", "limit"),
        ("facets?fields=start_time", "fields"),
        ("facets?fields=model,model", "fields"),
        ("facets?limit=101", "limit"),
        ("top?order=x", "order"),
        ("top?compare=next", "compare"),
        ("top?unpriced=1", "unpriced"),
        ("summary?by=model", "by"),
        ("summary?page=1", "page"),
        ("tail?after=1", "after"),
        ("tail?wait=11", "wait"),
        ("tail?limit=0", "limit"),
        ("tail?fields=x", "fields"),
        ("sessions?cursor=1", "cursor"),
        ("sessions/s1?limit=1", "limit"),
        ("summary?status_class=2xx", "status_class"),
    ] {
        let (status, answer) = service.get(&format!("/query/{uri}")).await;
        let begins = answer["error"].as_str().unwrap().starts_with(&format!("parameter {name}: "));
        assert!(status == 400 && begins, "{uri}: {answer}");
    }
    for uri in ["/query/sessions/a/b", "/query/histogram/a", "/query/Histogram"] {
        assert_eq!(service.get(uri).await.0, 404, "{uri}");
    }
}
