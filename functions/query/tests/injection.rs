//! Whatever a request holds, in whichever parameter, it stays a value.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a wrong shape fails the test")]

mod service;

use gatelog_databases::MariaDb;
use gatelog_query::aggregate::options::{self, Endpoint};
use gatelog_query::params::filters::FILTERS;
use gatelog_query::params::options::LIST_OPTIONS;
use gatelog_query::{scenario, values};
use gatelog_storage::Executor;
use gatelog_storage::driver::native_mysql::NativeMysql;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use service::Service;

const ATTACKS: &[&str] = &[
    "'",
    "''",
    "\"",
    "`",
    "\\",
    "\\' OR 1=1 -- ",
    "' OR '1'='1",
    "' OR 1=1 -- ",
    "\" OR \"\"=\"",
    "') OR ('1'='1",
    "1 OR 1=1",
    "1) OR (1=1",
    "1; DROP TABLE access_logs",
    "'; DROP TABLE access_logs; --",
    "' UNION SELECT name, sql FROM sqlite_master -- ",
    "start_time; DELETE FROM access_logs",
    "start_time DESC, (SELECT 1)",
    "%' OR path LIKE '%",
    "/* */",
    "?",
    ":a",
    "$1",
    "\u{0}",
    "CHAR(39)",
    "0x27",
    "ʼ OR 1=1",
    "%bf%27 OR 1=1 -- ",
];

#[tokio::test(flavor = "current_thread")]
async fn an_attack_in_any_parameter_is_a_value_or_refused() {
    attack(Service::with_numbered(5).await).await;
}

#[tokio::test(flavor = "current_thread")]
async fn an_attack_on_mysql_is_a_value_or_refused() {
    let url = MariaDb::shared().unwrap().database().unwrap();
    let database = NativeMysql::open(&url).await.unwrap();
    attack(Service::over(database, tempfile::tempdir().unwrap(), &service::numbered(5)).await).await;
}

async fn attack<E: Executor + 'static>(query: Service<E>) {
    let names = |table: &[(&str, scenario::Role)]| table.iter().map(|(name, _)| (*name).to_owned()).collect();
    let filters = || FILTERS.iter().map(|filter| filter.name.clone());
    let mut paths: Vec<(&str, Vec<String>)> = vec![
        ("/query", filters().chain(LIST_OPTIONS.iter().map(|(name, ..)| (*name).to_owned())).collect()),
        ("/query/scenarios/pv", names(scenario::PARAMETERS)),
        ("/query/scenarios/rt_p99", names(scenario::PARAMETERS)),
        ("/query/scenarios/request_distribution", names(scenario::PARAMETERS)),
        ("/query/filters/model", values::PARAMETERS.iter().map(|(name, _)| (*name).to_owned()).collect()),
    ];
    for (endpoint, path) in Endpoint::ALL {
        // The filters are those of /query; one of each kind shows that they are bound here too.
        let some = filters()
            .filter(|name| name.starts_with("model") || name.starts_with("duration") || name == "service");
        let names = some.chain(options::of(endpoint).map(|(name, ..)| name.to_owned())).collect();
        paths.push((if endpoint == Endpoint::Session { "/query/sessions/s1" } else { path }, names));
    }
    for (path, names) in &paths {
        for name in names {
            for attack in ATTACKS {
                let uri = format!("{path}?{}={}", encoded(name), encoded(attack));
                let (status, answer) = query.get(&uri).await;
                // A session has no calls where a filter is met by none.
                let may_be_gone = *path == "/query/sessions/s1" && status == 404;
                assert!(matches!(status, 200 | 400) || may_be_gone, "{uri}: {answer}");
                // No attack is a value of these records: what equals or contains it finds nothing.
                let negated = name.ends_with('!') || attack.is_empty();
                if status == 200 && *path == "/query" && !negated {
                    assert_eq!(answer["logs"], serde_json::json!([]), "{uri}");
                }
            }
        }
    }
    for attack in ATTACKS {
        for path in ["/query/", "/query/scenarios/", "/query/filters/", "/query/sessions/"] {
            let (status, answer) = query.get(&format!("{path}{}", encoded(attack))).await;
            assert_eq!(status, 404, "{path}{attack}: {answer}");
        }
        let (status, answer) = query.get(&format!("/query?{}=1", encoded(attack))).await;
        assert_eq!(status, 400, "{attack}: {answer}");
    }
    assert_eq!(query.get("/query").await.1["total"], 5);
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
