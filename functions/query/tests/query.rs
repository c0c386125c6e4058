//! What clients of `/query` see, on a real database.

use std::rc::Rc;

use crate::service::{Clock, Service, config, failures, ids};
use gatelog_functions_shared::Token;
use gatelog_query::{QueryConfig, handle};
use http::Request;
use serde_json::{Value, json};

const GO_RECORD: &str = include_str!("../../../record/testdata/db_log_pusher.json");
const REFERENCE_KEYS: &str = include_str!("../../../record/testdata/reference_keys.txt");

/// Records that differ in every field that the reference can filter or sort by. Record n began n seconds after noon.
const RECORDS: &str = r#"
{"record_id":"1","downstream_remote_address":"192.0.2.1:80","authority":"a.example","method":"GET","path":"/v1/chat?x=1","response_code":200,"duration":30,"trace_id":"t1","instance_id":"i1","api":"chat","model":"qwen","consumer":"c1","route":"r1","route_name":"r1","service":"s1","bytes_sent":10,"bytes_received":3,"upstream_cluster":"u3","total_tokens":5,"ai_log":{"model":"qwen","note":"Needle"}}
{"record_id":"2","downstream_remote_address":"192.0.2.1:81","authority":"b.example","method":"POST","path":"/mcp-servers/m","response_code":404,"duration":10,"trace_id":"t2","instance_id":"i2","api":"mcp","consumer":"c2","route":"r2","route_name":"r2","service":"s2","mcp_server":"m1","mcp_tool":"search","bytes_sent":30,"bytes_received":2,"upstream_cluster":"u1"}
{"record_id":"3","downstream_remote_address":"[2001:db8::1]:443","authority":"c.example","method":"PUT","path":"/100%_real","response_code":503,"duration":20,"trace_id":"t3","instance_id":"i3","api":"chat","model":"gpt,4","consumer":"c1","route":"r3","route_name":"r3","service":"a.example","bytes_sent":20,"bytes_received":1,"upstream_cluster":"u2","total_tokens":50,"response_type":"stream"}
"#;

#[tokio::test(flavor = "current_thread")]
async fn every_parameter_chooses_the_right_records() {
    let query = Service::with(RECORDS).await;
    for (parameters, expected) in [
        ("", "3 2 1"),
        // The reference's parameters.
        ("start_time=2026-01-31T12:00:02Z", "3 2"),
        ("start=2026-01-31%2012:00:02", "3 2"),
        ("start=2026-01-31+12:00:02", "3 2"),
        ("start_time=2026-01-31T20:00:02+08:00", "3 2"),
        ("start_time=1769860802000", "3 2"),
        ("end=2026-01-31T12:00:02Z", "2 1"),
        ("end_time=2026-01-31T12:00:02Z", "2 1"),
        ("start_time=2026-01-31T12:00:02Z&end=2026-01-31T12:00:02Z", "2"),
        ("authority=a.example", "1"),
        ("method=POST", "2"),
        ("bizType=MCP_SERVER", "2"),
        ("bizType=MODEL_API", "3 1"),
        ("path=mcp", "2"),
        ("path=mcp&path_like=true", "2"),
        ("path=%25_", "3"),
        ("response_code=404", "2"),
        ("status=404", "2"),
        ("trace_id=t1", "1"),
        ("instance_id=i3", "3"),
        ("api=chat", "3 1"),
        ("model=qwen", "1"),
        ("consumer=c1", "3 1"),
        ("route=r2", "2"),
        ("service=s1", "1"),
        ("service=a.example", "3"),
        ("mcp_server=m1", "2"),
        ("mcp_tool=search", "2"),
        ("model=&method=&page=&sort_by=", "3 2 1"),
        ("method=GET&status=404", ""),
        // Beyond them.
        ("model=qwen,other", "1"),
        ("model=gpt%5C,4", "3"),
        ("model=qwen&model=gpt%5C,4", "3 1"),
        ("model!=qwen", "3 2"),
        ("model%21=qwen,gpt%5C,4", "2"),
        ("status=5xx", "3"),
        ("status=2xx,404", "2 1"),
        ("status=400-499", "2"),
        ("status!=5xx", "2 1"),
        ("duration=10", "2"),
        ("duration=15-30", "3 1"),
        ("duration_min=20", "3 1"),
        ("duration_max=20", "3 2"),
        ("total_tokens_min=6", "3"),
        ("total_tokens!=5", "3 2"),
        ("path_prefix=/v1", "1"),
        ("path_exact=/mcp-servers/m", "2"),
        ("path_exact!=/mcp-servers/m", "3 1"),
        ("authority_prefix=b.", "2"),
        ("authority_contains=example", "3 2 1"),
        ("ai_log_contains=needle", "1"),
        ("response_type=stream", "3"),
        ("record_id=1,3", "3 1"),
        ("missing=model", "2"),
        ("present=model", "3 1"),
        ("missing=model,total_tokens", "2"),
        ("missing=mcp_server&missing=response_type", "1"),
        ("missing=model&present=model", ""),
        ("present=mcp_server,mcp_tool&missing=request_headers", "2"),
        ("missing=ai_log", "3 2"),
        ("missing=", "3 2 1"),
        // A value or none.
        ("model=qwen&missing=model", "2 1"),
        ("missing=model&model=qwen&consumer=c1", "1"),
        ("total_tokens=5&missing=total_tokens", "2 1"),
        ("service=s1&missing=service", "1"),
        ("model!=qwen&present=model", "3"),
        ("downstream_remote_host=192.0.2.1", "2 1"),
        ("downstream_remote_host=2001:db8::1", "3"),
        ("downstream_remote_host!=192.0.2.1", "3"),
        ("downstream_remote_host=192.0.2.1:80", ""),
        ("downstream_remote_host=&downstream_remote_host=2001:db8::1,x", "3"),
        // The order.
        ("sort_order=ASC", "1 2 3"),
        ("sort_order=asc", "1 2 3"),
        ("sort_by=duration", "1 3 2"),
        ("sort_by=response_code&sort_order=DESC", "3 2 1"),
        ("sort_by=authority&sort_order=ASC", "1 2 3"),
        ("sort_by=method&sort_order=ASC", "1 2 3"),
        ("sort_by=path&sort_order=ASC", "3 2 1"),
        ("sort_by=bytes_received&sort_order=ASC", "3 2 1"),
        ("sort_by=bytes_sent", "2 3 1"),
        ("sort_by=upstream_cluster&sort_order=ASC", "2 3 1"),
        ("sort_by=route_name", "3 2 1"),
        ("sort_by=total_tokens", "3 1 2"),
        // The page.
        ("page_size=2", "3 2"),
        ("page_size=2&page=2", "1"),
        ("page_size=2&page=3", ""),
    ] {
        let (status, answer) = query.get(&format!("/query?{parameters}")).await;
        assert_eq!((status, answer["status"].as_str()), (200, Some("success")), "{parameters}: {answer}");
        assert_eq!(ids(&answer), expected, "{parameters}");
        if !parameters.contains("page") {
            assert_eq!(answer["total"].as_u64().unwrap() as usize, expected.split_whitespace().count());
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn what_cannot_be_answered_is_refused_and_the_parameter_named() {
    let query = Service::with(RECORDS).await;
    for (parameters, name) in [
        ("nonsense=1", "nonsense"),
        ("Model=a", "Model"),
        ("start_time=yesterday", "start_time"),
        ("end=12", "end"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=x", "page"),
        ("page=1&page=2", "page"),
        ("page=18446744073709551615&page_size=1000", "page"),
        ("page_size=0", "page_size"),
        ("page_size=1001", "page_size"),
        ("page_size=ten", "page_size"),
        ("sort_by=ai_log", "sort_by"),
        ("sort_by=start_time%3B%20DROP%20TABLE%20access_logs", "sort_by"),
        ("sort_order=up", "sort_order"),
        ("status=ok", "status"),
        ("response_code=6xx", "response_code"),
        ("status=500-400", "status"),
        ("duration_min=fast", "duration_min"),
        ("duration=1-x", "duration"),
        ("model_min=1", "model_min"),
        ("duration_contains=1", "duration_contains"),
        ("ai_log=x", "ai_log"),
        ("path!=x", "path!"),
        ("path_like=maybe", "path_like"),
        ("bizType=OTHER", "bizType"),
        ("total=1", "total"),
        ("cursor=zzz", "cursor"),
        ("cursor=&page=1", "cursor"),
        ("cursor=&sort_by=duration", "cursor"),
        ("path=a%00b", "path"),
        ("format=xml", "format"),
        ("format=csv&format=csv", "format"),
        ("format=csv&sort_by=duration", "sort_by"),
        ("format=csv&total=true", "total"),
        ("fields=model,nonsense", "fields"),
        ("fields=model,model", "fields"),
        ("fields=,", "fields"),
        ("%FF%FE=1", "\u{fffd}\u{fffd}"),
    ] {
        let (status, answer) = query.get(&format!("/query?{parameters}")).await;
        let error = answer["error"].as_str().unwrap();
        assert_eq!(status, 400, "{parameters}: {answer}");
        assert!(error.starts_with(&format!("parameter {name}: ")), "{parameters}: {error}");
        assert_eq!(answer, json!({"total": 0, "logs": null, "status": "error", "error": error}));
    }
    let too_many = format!("/query?model={}", vec!["m"; 101].join(","));
    assert_eq!(query.get(&too_many).await.0, 400);
    let too_long = format!("/query?path={}", "a".repeat(8_193));
    assert_eq!(query.get(&too_long).await.0, 400);
    assert_eq!(ids(&query.get("/query").await.1), "3 2 1");
}

#[tokio::test(flavor = "current_thread")]
async fn a_record_has_every_key_of_the_reference_even_when_empty() {
    let query = Service::with(r#"{"record_id":"1"}"#).await;
    let (_, answer) = query.get("/query").await;
    let log = answer["logs"][0].as_object().unwrap();
    for key in REFERENCE_KEYS.lines().filter(|key| *key != "ai_log") {
        assert!(log.contains_key(key), "{key}");
    }
    assert_eq!(log["input_tokens"], json!(0));
    assert_eq!(log["response_flags"], json!(""));
    assert_eq!(log["start_time"], json!("2026-01-31T12:00:01.000000Z"));
    let added: Vec<&str> = log
        .keys()
        .map(String::as_str)
        .filter(|key| !REFERENCE_KEYS.lines().any(|known| known == *key))
        .collect();
    assert_eq!(added, ["record_id"]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_record_of_the_go_plugin_comes_back_with_its_values() {
    let query = Service::with(GO_RECORD).await;
    let (_, answer) = query.get("/query?model=qwen-max").await;
    let (sent, log) = (serde_json::from_str::<Value>(GO_RECORD).unwrap(), &answer["logs"][0]);
    for (key, value) in sent.as_object().unwrap() {
        match key.as_str() {
            "start_time" => assert_eq!(log[key], json!("2026-03-27T02:15:04.000000Z")),
            // What the plugin sends and its collector never stored.
            "req_headers" | "req_body" | "resp_headers" | "resp_body" => assert!(log[key].is_null()),
            _ => assert_eq!(&log[key], value, "{key}"),
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn cursors_lead_through_every_record_once_in_both_directions() {
    let query = Service::with_numbered(25).await;
    for (order, first) in [("ASC", "1"), ("DESC", "25")] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let uri = format!("/query?page_size=10&sort_order={order}&cursor={cursor}");
            let (status, answer) = query.get(&uri).await;
            assert_eq!((status, &answer["total"]), (200, &Value::Null));
            seen.extend(ids(&answer).split(' ').map(str::to_owned));
            match answer["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!((seen.len(), seen[0].as_str()), (25, first));
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 25);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn the_next_cursor_of_a_numbered_page_goes_on_where_it_ended() {
    let query = Service::with(RECORDS).await;
    let (_, first) = query.get("/query?page_size=2").await;
    let next = first["next_cursor"].as_str().unwrap();
    let (_, second) = query.get(&format!("/query?page_size=2&cursor={next}")).await;
    assert_eq!((ids(&first).as_str(), ids(&second).as_str()), ("3 2", "1"));
    assert!(second.get("next_cursor").is_none());
    let (status, _) = query.get(&format!("/query?sort_order=ASC&cursor={next}")).await;
    assert_eq!(status, 400);
    let (_, uncounted) = query.get("/query?total=false").await;
    assert_eq!((ids(&uncounted).as_str(), &uncounted["total"]), ("3 2 1", &Value::Null));
    let (_, by_duration) = query.get("/query?sort_by=duration&page_size=1").await;
    assert!(by_duration.get("next_cursor").is_none());
}

#[tokio::test(flavor = "current_thread")]
async fn a_total_that_was_not_asked_for_is_a_lower_bound_where_there_is_too_much_to_count() {
    let query = Service::with_numbered(1_200).await;
    let config = QueryConfig { max_counted_records: 1_000, ..config() };
    let ask = async |parameters: &str| {
        let request = Request::get(format!("/query?{parameters}")).body(()).unwrap();
        let response =
            handle(request, Rc::clone(&query.database), &config, &failures(), &Clock::default()).await;
        let body = response.into_body().collect().await.unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    for (parameters, total, is_lower_bound) in [
        ("", 1_000, true),
        ("total=true", 1_200, false),
        ("duration_min=1100", 101, true),
        // Of the oldest hundred none is among the newest thousand, but the page shows that there are some.
        ("duration_max=100&page_size=20", 21, true),
        ("duration_max=100&page_size=20&page=5", 100, true),
        ("duration_max=100&page_size=20&page=6", 0, true),
        ("start=2026-01-31T12:10:00Z", 601, false),
        ("start=2026-01-31T12:10:00Z&duration_max=700", 101, false),
    ] {
        let answer = ask(parameters).await;
        assert_eq!(answer["total"], total, "{parameters}");
        assert_eq!(answer.get("total_is_lower_bound").is_some(), is_lower_bound, "{parameters}: {answer}");
    }
    assert_eq!(ask("total=false").await["total"], Value::Null);
}

#[tokio::test(flavor = "current_thread")]
async fn an_answer_has_the_fields_that_were_asked_for_in_their_order() {
    let query = Service::with(RECORDS).await;
    let (_, answer) =
        query.get("/query?fields=duration,model&fields=ai_log,mcp_tool,cached_tokens&page_size=2").await;
    let expected = r#"[{"duration":20,"model":"gpt,4","ai_log":null,"mcp_tool":"","cached_tokens":null},{"duration":10,"model":"","ai_log":null,"mcp_tool":"search","cached_tokens":null}]"#;
    assert_eq!(answer["logs"], serde_json::from_str::<Value>(expected).unwrap());
    let (_, text) = query.text("/query?fields=duration,model&page_size=1", "").await.unwrap();
    assert!(text.contains(r#"{"duration":20,"model":"gpt,4"}"#), "{text}");
    // The cursor needs no field of the answer.
    let next = answer["next_cursor"].as_str().unwrap();
    let (_, answer) = query.get(&format!("/query?fields=record_id&cursor={next}")).await;
    assert_eq!(answer["logs"], json!([{"record_id": "1"}]));
    let (_, answer) = query.get("/query/1?fields=model,api").await;
    assert_eq!(answer["log"], json!({"model": "qwen", "api": "chat"}));
}

#[tokio::test(flavor = "current_thread")]
async fn one_record_is_found_by_its_id() {
    let query = Service::with(r#"{"record_id":"a:1"}"#).await;
    for path in ["/query/a:1", "/query/a%3A1", "/query/a:1/"] {
        let (status, answer) = query.get(path).await;
        assert_eq!((status, &answer["log"]["record_id"]), (200, &json!("a:1")), "{path}");
    }
    for (path, expected) in
        [("/query/b", 404), ("/query/a/b", 404), ("/query/%FF", 404), ("/query/a:1?x=1", 400)]
    {
        let (status, answer) = query.get(path).await;
        assert_eq!((status, answer["status"].as_str()), (expected, Some("error")), "{path}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn other_methods_and_wrong_tokens_are_refused() {
    let query = Service::with(RECORDS).await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let request = Request::builder().method(method).uri("/query").body(()).unwrap();
        let response =
            handle(request, Rc::clone(&query.database), &config(), &failures(), &Clock::default()).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["allow"]),
            (405, &"GET, HEAD".parse().unwrap())
        );
    }
    let config = QueryConfig { token: Token::new("secret"), ..config() };
    for (authorization, status) in [("Bearer secret", 200), ("Bearer wrong", 401)] {
        let request = Request::get("/query").header("authorization", authorization).body(()).unwrap();
        assert_eq!(
            handle(request, Rc::clone(&query.database), &config, &failures(), &Clock::default())
                .await
                .status(),
            status
        );
    }
}

#[tokio::test(flavor = "current_thread")]
async fn without_a_token_nobody_reads_anything_until_the_function_is_opened() {
    let query = Service::with(RECORDS).await;
    let closed = QueryConfig { is_open: false, ..config() };
    for path in ["", "/1", "/scenarios", "/scenarios/pv", "/filters/model", "/openapi.json", "/nothing"] {
        for authorization in ["", "Bearer", "Bearer secret"] {
            let uri = format!("/query{path}");
            let request = Request::get(&uri).header("authorization", authorization).body(()).unwrap();
            let response =
                handle(request, Rc::clone(&query.database), &closed, &failures(), &Clock::default()).await;
            assert_eq!(response.status(), 403, "{uri}");
            let answer: Value = serde_json::from_slice(response.body().as_bytes()).unwrap();
            let error = answer["error"].as_str().unwrap();
            assert!(error.contains("query_token") && error.contains("query_open"), "{error}");
            assert_eq!((&answer["logs"], &answer["status"]), (&Value::Null, &json!("error")));
        }
    }
    assert_eq!(query.get("/query").await.0, 200, "it is open");
}

#[tokio::test(flavor = "current_thread")]
async fn head_is_answered_like_get_and_the_server_leaves_the_body_out() {
    let query = Service::with(RECORDS).await;
    for uri in [
        "/query",
        "/query?format=csv",
        "/query/1",
        "/query/none",
        "/query/scenarios",
        "/query/scenarios/pv",
        "/query/filters/model",
        "/query/openapi.json",
        "/query?nonsense=1",
    ] {
        let get = query.answer(uri, "").await;
        let request = Request::head(uri).body(()).unwrap();
        let head =
            handle(request, Rc::clone(&query.database), &config(), &failures(), &Clock::default()).await;
        assert_eq!(head.status(), get.status(), "{uri}");
        assert_eq!(head.headers()["content-type"], get.headers()["content-type"], "{uri}");
        let bytes = get.into_body().collect().await.unwrap().len();
        assert_eq!(head.headers()["content-length"], bytes.to_string().as_str(), "{uri}");
        assert_eq!(head.into_body().collect().await.unwrap().len(), bytes, "{uri}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn blanks_around_the_values_of_a_list_are_left_out() {
    let query = Service::with(RECORDS).await;
    for (parameters, expected) in [
        ("consumer=c1,%20c2", "3 2 1"),
        ("consumer=%20c2%20", "2"),
        ("model!=%20qwen%20", "3 2"),
        ("api=%20", "3 2 1"),
        ("api=,%20,", "3 2 1"),
        ("duration=%20", "3 2 1"),
        ("duration=10,%2020", "3 2"),
        ("consumer=%5C%20c2", ""),
    ] {
        let (status, answer) = query.get(&format!("/query?{parameters}")).await;
        assert_eq!((status, ids(&answer).as_str()), (200, expected), "{parameters}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_service_is_found_in_both_of_its_forms() {
    let records = r#"
{"record_id":"1","service":"qwen.test","upstream_cluster":"outbound|80||qwen.test"}
{"record_id":"2","service":"outbound|80||qwen.test","upstream_cluster":"outbound|80||qwen.test"}
{"record_id":"3","service":"outbound|443|v1|qwen.test"}
{"record_id":"4","service":"my-qwen.test"}
{"record_id":"5","service":"outbound|80||qwen_test"}
{"record_id":"6"}
"#;
    let query = Service::with(records).await;
    for (service, expected) in [
        ("qwen.test", "3 2 1"),
        ("outbound%7C80%7C%7Cqwen.test", "2 1"),
        ("outbound%7C443%7Cv1%7Cqwen.test", "3 1"),
        ("my-qwen.test,outbound%7C80%7C%7Cqwen.test", "4 2 1"),
        ("qwen%25", ""),
        ("qwen_test", "5"),
        ("other", ""),
    ] {
        let (_, answer) = query.get(&format!("/query?service={service}")).await;
        assert_eq!(ids(&answer), expected, "{service}");
        let (_, answer) = query.get(&format!("/query?service!={service}")).await;
        let others: Vec<&str> =
            ["6", "5", "4", "3", "2", "1"].into_iter().filter(|id| !expected.contains(id)).collect();
        assert_eq!(ids(&answer), others.join(" "), "not {service}");
    }
    for (parameters, expected, truncated) in [
        ("", json!(["my-qwen.test", "qwen.test", "qwen_test"]), false),
        ("limit=2", json!(["my-qwen.test", "qwen.test"]), true),
        ("prefix=qwen", json!(["qwen.test", "qwen_test"]), false),
        ("prefix=outbound%7C80%7C%7Cqwen.", json!(["qwen.test"]), false),
    ] {
        let (status, answer) = query.get(&format!("/query/filters/service?{parameters}")).await;
        assert_eq!((status, &answer["values"]), (200, &expected), "{parameters}");
        assert_eq!(answer["truncated"], truncated, "{parameters}");
    }
    for (service, expected) in
        [("qwen.test", "2.0"), ("outbound%7C80%7C%7Cqwen.test", "2.0"), ("test", "0.0")]
    {
        for name in ["service", "upstreamCluster"] {
            let uri = format!("/query/scenarios/fallback_count?{name}={service}");
            assert_eq!(query.get(&uri).await.1["stats"][0]["value"], "0.0");
            let uri = format!("/query/scenarios/qps_total_simple?interval=86400&{name}={service}");
            let (_, answer) = query.get(&uri).await;
            let found =
                answer["timeSeries"]["dataPoints"][0]["value"].as_f64().unwrap_or_default() * 86_400.0;
            assert_eq!(format!("{:?}", found.round()), expected, "{name}={service}");
        }
    }
}
