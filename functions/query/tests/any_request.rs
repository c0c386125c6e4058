//! Whatever is asked of `/query` gets one of the documented answers, whose body ends well.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

mod service;

use std::rc::Rc;

use gatelog_query::handle;
use http::Request;
use proptest::prelude::*;
use service::{Clock, Service, config, failures};

const PATHS: &str = "|/|/scenarios|/scenarios/[a-z_]{1,12}|/scenarios/(pv|qps_total|rt_p99|token_per_sec_total|model_token_table)|/filters/(model|start_time|duration|ai_log|x)|/openapi.json|/(histogram|facets|top|summary|tail|sessions)|/sessions/[a-z!-~]{0,6}|/[!-~]{1,12}|/%[0-9a-f]{2}|/a/b/c";
const NAMES: &str = "start_time|start|end|model|model!|path|path_prefix|path_contains|ai_log_contains|status|status!|duration|duration_min|page|page_size|sort_by|sort_order|cursor|total|bizType|record_id|fields|format|startTime|interval|pageSize|prefix|limit|by|top|measures|order|compare|unpriced|after|wait|time_zone|x";
const VALUES: &str = "[ -~é]{0,20}|[0-9,x-]{1,12}|ASC|duration|ndjson|csv|model|status_class|count|1t-[0-9a-f]{1,17}|1s-[0-9a-f]{1,9}-[0-9a-f]{0,4}|auto|1h|9s|previous|cost_nano,errors|2026-01-31T12:00:00Z|1|2|[0-9]{18,22}|[45]xx|";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_question_gets_a_documented_answer(
        path in PATHS,
        pairs in proptest::collection::vec((NAMES, VALUES), 0..5),
    ) {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        check("GET", &format!("/query{path}?{query}"), "");
    }

    #[test]
    fn any_text_behind_the_question_mark_gets_a_documented_answer(query in "[!-~]{0,60}") {
        check("GET", &format!("/query?{query}"), "");
    }

    #[test]
    fn any_method_and_accept_header_get_a_documented_answer(
        method in "GET|HEAD|POST|[A-Z]{1,9}",
        accept in "[ -~]{0,30}|(text/csv|application/x-ndjson|application/json|\\*/\\*)(;q=[0-9.]{1,3})?",
    ) {
        check(&method, "/query", &accept);
    }
}

fn check(method: &str, uri: &str, accept: &str) {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().build().unwrap();
        static SERVICE: Service = RUNTIME.with(|runtime| runtime.block_on(Service::with_numbered(5)));
    }
    let request = Request::builder().method(method).uri(uri).header("accept", accept).body(());
    // What is no request never reaches the function.
    let Ok(request) = request else { return };
    RUNTIME.with(|runtime| {
        SERVICE.with(|service| {
            runtime.block_on(async {
                let response =
                    handle(request, Rc::clone(&service.database), &config(), &failures(), &Clock::default())
                        .await;
                let status = response.status().as_u16();
                assert!([200, 400, 404, 405, 406].contains(&status), "{status}");
                let body = response.into_body().collect().await.unwrap();
                // To HEAD too: the server leaves the body out and says its length.
                assert!(status == 200 || !body.is_empty(), "{method}: {status} without a word");
            });
        });
    });
}
