//! Questions from the field with what they must be answered: `testdata/cases`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where its set-up fails")]

mod service;

use std::path::Path;
use std::rc::Rc;

use gatelog_query::params::options::ResponseFormat;
use gatelog_query::params::time::Zone;
use gatelog_query::{QueryConfig, handle, params, scenario};
use gatelog_storage::scenarios::SCENARIOS;
use gatelog_storage::{Filter, Predicate};
use http::Request;
use serde_json::{Value, json};
use service::{Clock, Service, config, failures, ids};

fn case(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/cases/{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn queries(case: &Value) -> Vec<&str> {
    case["queries"].as_array().unwrap().iter().map(|query| query.as_str().unwrap()).collect()
}

/// The filters that the query string of a path makes.
fn filters(uri: &str) -> Vec<Filter> {
    let (path, query) = uri.split_once('?').unwrap();
    match path.strip_prefix("/query/scenarios/") {
        Some(name) => {
            let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name).unwrap();
            scenario::parse(query, scenario, &Zone::UTC).unwrap().filters
        }
        None => params::parse(query, ResponseFormat::Json, 100, &Zone::UTC).unwrap().query.filters,
    }
}

/// The values that the one filter of a path looks for.
fn values(uri: &str) -> Vec<String> {
    match &filters(uri)[..] {
        [Filter { predicate: Predicate::TextIn(values), .. }] => values.clone(),
        other => panic!("{uri}: {other:?}"),
    }
}

/// The same on MySQL and MariaDB: the story `texts_are_equal_when_their_bytes_are` of the storage tests.
#[tokio::test(flavor = "current_thread")]
async fn a_model_in_other_letters_and_another_emoji_are_others() {
    let case = case("51-mysql-collation");
    let service = Service::with(&case["records"].to_string()).await;
    let [by_model, groups, by_consumer] = queries(&case)[..] else { panic!("{case}") };
    for (uri, id) in [(by_model, "a1"), (by_consumer, "a1"), ("/query?model=gpt-4o&total=true", "a2")] {
        let (_, answer) = service.get(uri).await;
        assert_eq!((ids(&answer).as_str(), &answer["total"]), (id, &json!(1)), "{uri}");
    }
    let (_, answer) = service.get(groups).await;
    let mut models: Vec<&str> =
        answer["table"].as_array().unwrap().iter().map(|row| row["model"].as_str().unwrap()).collect();
    models.sort_unstable();
    assert_eq!(models, ["GPT-4o", "gpt-4o"]);
}

#[test]
fn blanks_around_the_values_of_a_list_say_nothing() {
    let case = case("52-query-list-blanks");
    let [list, scenario, blank] = queries(&case)[..] else { panic!("{case}") };
    assert_eq!(values(list), ["qwen-max", "gpt-4o"]);
    assert_eq!(values(scenario), ["team-a", "team-b"]);
    assert_eq!(filters(blank), []);
    for (uri, expected) in [
        ("/query?model=+a+,b+", vec!["a", "b"]),
        ("/query?model=a%09,%0Ab", vec!["a", "b"]),
        ("/query?model=a&model=%20b", vec!["a", "b"]),
        ("/query?model=a+b,c", vec!["a b", "c"]),
        ("/query/scenarios/pv?model=,%20a%20,,", vec!["a"]),
    ] {
        assert_eq!(values(uri), expected, "{uri}");
    }
    for uri in ["/query?model=%20", "/query?model=,%20,", "/query/scenarios/pv?consumer=%09&model="] {
        assert_eq!(filters(uri), [], "{uri}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn times_of_himarket_are_in_the_zone_of_its_server() {
    let case = case("53-himarket-time-zone");
    let records: Vec<Value> = ["11:59:59", "12:00:00", "12:10:00", "12:10:01", "20:00:00"]
        .iter()
        .map(|time| json!({"record_id": time, "path": "/v1/chat", "model": "m", "response_code": 200, "ai_log": {"model": "m", "response_type": "normal"}, "start_time": format!("2026-01-31T{time}Z")}))
        .collect();
    let service = Service::with(&Value::from(records).to_string()).await;
    let found = async |zone: &str, parameter: &str| {
        let config = QueryConfig { time_zone: Zone::read(zone).unwrap(), ..config() };
        let uri = format!("{}{parameter}", queries(&case)[0]);
        let request = Request::get(uri).body(()).unwrap();
        let response =
            handle(request, Rc::clone(&service.database), &config, &failures(), &Clock::default()).await;
        let body = response.into_body().collect().await.unwrap();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        let points = answer["timeSeries"]["dataPoints"].as_array().unwrap();
        points.iter().map(|point| point["timestamp"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for zone in [case["zone"].as_str().unwrap(), "+08:00"] {
        assert_eq!(found(zone, "").await, ["2026-01-31 20:00:00", "2026-01-31 20:10:00"], "{zone}");
    }
    assert_eq!(found("UTC", "").await, ["2026-01-31 20:00:00"]);
    // A request may say otherwise than the variable.
    for parameter in ["&time_zone=Asia/Shanghai", "&time_zone=%2B08:00", "&time_zone=+08:00"] {
        assert_eq!(
            found("UTC", parameter).await,
            ["2026-01-31 20:00:00", "2026-01-31 20:10:00"],
            "{parameter}"
        );
    }
    assert_eq!(found("Asia/Shanghai", "&time_zone=UTC").await, ["2026-01-31 20:00:00"]);
    assert_eq!(found("Asia/Shanghai", "&time_zone=").await.len(), 2);
    assert_eq!(service.get("/query/scenarios/pv?time_zone=Mars/Base").await.0, 400);
}

#[tokio::test(flavor = "current_thread")]
async fn an_interval_is_bounded_where_himarket_bounds_it() {
    let case = case("54-himarket-interval");
    let service = Service::with(r#"{"path":"/v1/chat","model":"m"}"#).await;
    let [long, zero] = queries(&case)[..] else { panic!("{case}") };
    for (uri, interval) in [
        (long, 86_400),
        (zero, 60),
        ("/query/scenarios/qps_total?interval=86401", 86_400),
        ("/query/scenarios/qps_total?interval=-1", 60),
        ("/query/scenarios/qps_total?interval=", 60),
        ("/query/scenarios/qps_total?interval=1", 1),
    ] {
        let (status, answer) = service.get(uri).await;
        assert_eq!((status, &answer["timeSeries"]["metadata"]["interval"]), (200, &json!(interval)), "{uri}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_cell_of_csv_that_stands_for_no_value_is_left_as_it_is() {
    let case = case("55-csv-dash");
    let service = Service::with(&case["record"].to_string()).await;
    let (_, body) = service.text(case["query"].as_str().unwrap(), "").await.unwrap();
    assert_eq!(body, case["expected_body"].as_str().unwrap());
}
