//! The SQL of questions in both dialects, as it was when last reviewed: `tests/sql/*-query.sql`.
//! `UPDATE_EXPECT=1 cargo test -p gatelog-storage` rewrites it.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::fmt::Write;
use std::path::Path;

use gatelog_record::{Field, Timestamp, fields};
use gatelog_storage::aggregate::sessions::{self, SessionCursor};
use gatelog_storage::aggregate::{
    Breakdown, Grouping, MEASURES, Measure, Order, Scope, breakdown, facet, ranking, scope, tail,
};
use gatelog_storage::query::distinct::{self, DistinctQuery};
use gatelog_storage::scenarios::{self, BizType, SCENARIOS, ScenarioQuery};
use gatelog_storage::{
    Cursor, Dialect, Direction, Filter, Page, Predicate, Query, Selection, Sort, Statement, Value,
    query::records,
};

#[test]
fn the_sql_of_questions_is_as_reviewed() {
    for dialect in Dialect::ALL {
        expect(&format!("tests/sql/{}-query.sql", dialect.name()), &statements(dialect));
    }
}

#[test]
fn the_sql_of_aggregates_is_as_reviewed() {
    for dialect in Dialect::ALL {
        expect(&format!("tests/sql/{}-aggregates.sql", dialect.name()), &aggregates(dialect));
    }
}

#[test]
fn every_value_of_a_question_has_its_placeholder() {
    for dialect in Dialect::ALL {
        for scenario in SCENARIOS {
            for biz_type in [None, Some(BizType::McpServer), Some(BizType::ModelApi)] {
                let query = ScenarioQuery { biz_type, ..scenario_query() };
                let statement = scenarios::statement(dialect, scenario, &query);
                assert_eq!(
                    statement.sql().matches('?').count(),
                    statement.params().len(),
                    "{}",
                    scenario.name
                );
            }
        }
    }
}

fn statements(dialect: Dialect) -> String {
    let mut sql = String::new();
    let mut show = |name: &str, statement: &Statement<'_>| {
        let _ = writeln!(sql, "-- {name}\n{};\n-- values: {:?}\n", statement.sql(), statement.params());
    };
    let few = Selection::from_fields(vec![field("record_id"), field("path"), field("ai_log")]);
    let sort = Sort { by: field("start_time"), direction: Direction::Descending };
    let cursor = Cursor { direction: Direction::Descending, time: time(), id: 7 };
    let after = Page::After { cursor, limit: 500 };
    let first = Page::Offset { offset: 0, limit: 500 };

    let query = Query { filters: vec![text("consumer", &["a"])], sort, page: after };
    show("selected fields, which fit", &records::batch_statement(dialect, &query, &few, usize::MAX));
    show("as many as fit", &records::batch_statement(dialect, &query, &few, 1_000_000));
    let by_duration = Sort { by: field("duration"), direction: Direction::Ascending };
    let query = Query { filters: vec![], sort: by_duration, page: Page::Offset { offset: 20, limit: 500 } };
    show("as many as fit, by duration", &records::batch_statement(dialect, &query, &few, 1_000_000));
    let query =
        Query { filters: vec![text("model", &["a", "b"]), text("method", &["GET"])], sort, page: after };
    show("several models", &records::batch_statement(dialect, &query, &few, usize::MAX));
    show("several models, as many as fit", &records::batch_statement(dialect, &query, &few, 1_000_000));
    let search = Filter { field: field("ai_log"), predicate: Predicate::Contains("a_b".into()) };
    let query = Query { filters: vec![search], sort, page: first };
    show("text search", &records::batch_statement(dialect, &query, &few, usize::MAX));
    let services = ["qwen.test", "outbound|80||a_b"].map(str::to_owned).to_vec();
    let services = Filter { field: field("service"), predicate: Predicate::ServiceIn(services) };
    let query = Query { filters: vec![services], sort, page: first };
    show("services", &records::batch_statement(dialect, &query, &few, usize::MAX));
    show("one record", &records::one_statement(dialect, "0198", &few));

    let times = vec![Filter { field: field("start_time"), predicate: Predicate::NotBefore(time()) }];
    let values = vec![Filter { field: field("api"), predicate: Predicate::StartsWith("ch".into()) }];
    let query = DistinctQuery { field: field("api"), values, times, limit: 100 };
    show("values since", &distinct::statement(dialect, &query));
    let query = DistinctQuery { times: vec![], ..query };
    show("values of the newest", &distinct::statement(dialect, &query));

    let query = scenario_query();
    for scenario in SCENARIOS {
        show(scenario.name, &scenarios::statement(dialect, scenario, &query));
    }
    let mcp = ScenarioQuery { biz_type: Some(BizType::McpServer), ..ScenarioQuery::default() };
    show("pv, MCP servers", &scenarios::statement(dialect, scenarios::find("pv").unwrap(), &mcp));
    sql
}

fn aggregates(dialect: Dialect) -> String {
    let mut sql = String::new();
    let mut show = |name: &str, statement: &Statement<'_>| {
        assert_eq!(statement.sql().matches('?').count(), statement.params().len(), "{name}");
        let _ = writeln!(sql, "-- {name}\n{};\n-- values: {:?}\n", statement.sql(), statement.params());
    };
    let all = Scope { filters: vec![], start: time(), end: Timestamp::MAX, only_unpriced: false };
    let filters = vec![text("model", &["qwen"]), text("method", &["GET", "POST"])];
    let some = Scope { filters, only_unpriced: true, ..all.clone() };
    show("the oldest record within the bound", &scope::narrow_statement(dialect, &some, 1_000));
    let measures: Vec<Measure> = MEASURES.iter().map(|(_, measure, _)| *measure).collect();
    let whole = Breakdown { scope: &all, interval_s: None, series: None, measures: &measures };
    for (part, statement) in breakdown::statements(dialect, &whole) {
        show(&format!("summary, {part:?}"), &statement);
    }
    let keys = [Value::from("qwen".to_owned()), Value::Null];
    let series = Some((Grouping::find("model").unwrap(), &keys[..]));
    let measures = [Measure::Count, Measure::Percentile("duration", 95)];
    let lines = Breakdown { scope: &some, interval_s: Some(60), series, measures: &measures };
    for (part, statement) in breakdown::statements(dialect, &lines) {
        show(&format!("histogram by model, {part:?}"), &statement);
    }
    for (name, order) in ranking::ORDERS {
        let grouping = if *order == Order::ErrorRate { "path" } else { "status_class" };
        let grouping = Grouping::find(grouping).unwrap();
        show(&format!("top by {name}"), &ranking::statement(dialect, &some, grouping, *order, 5));
    }
    show("facet", &facet::statement(dialect, &some, Grouping::find("consumer").unwrap(), 10));
    let after = SessionCursor { last_seen: time(), id: "s1".to_owned() };
    show("sessions", &sessions::list_statement(dialect, &all, None, 10));
    let one = sessions::only(&some, "s2");
    show("sessions, second page, of one", &sessions::list_statement(dialect, &one, Some(&after), 10));
    let ids = ["s1", "s2"].map(str::to_owned);
    show("their models", &sessions::models_statement(dialect, &all, &ids));
    let few = Selection::from_fields(vec![field("record_id"), field("path")]);
    show("tail: the largest key", &tail::largest_id_statement());
    show("tail: the last record of a look", &tail::last_of_look_statement(7));
    show("tail: the keys of a look", &tail::keys_statement(7));
    let filters = [text("model", &["qwen"])];
    show("tail: sizes", &tail::measure_statement(dialect, &filters, &few, 7, 90, 10));
    show("tail: records", &tail::records_statement(dialect, &few, &[8, 9]));
    sql
}

fn scenario_query() -> ScenarioQuery {
    let filters = vec![
        Filter { field: field("start_time"), predicate: Predicate::NotBefore(time()) },
        text("instance_id", &["i1", "i2"]),
    ];
    ScenarioQuery { filters, biz_type: None, interval_s: 60, limit: 1_000 }
}

/// Compares `text` with the file, which is named from the crate's folder.
fn expect(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{file} differs: UPDATE_EXPECT=1 rewrites it");
}

fn field(name: &str) -> &'static Field {
    fields::field(name).unwrap()
}

fn text(name: &str, texts: &[&str]) -> Filter {
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    Filter { field: field(name), predicate: Predicate::TextIn(texts) }
}

fn time() -> Timestamp {
    Timestamp::from_micros(1_769_860_800_000_000)
}
