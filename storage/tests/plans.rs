//! How SQLite goes about the questions: over the intended index, and without sorting what a page does not need.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use gatelog_record::{Timestamp, fields};
use gatelog_storage::aggregate::{
    Breakdown, Grouping, MEASURES, Measure, Scope, breakdown, facet, scope, sessions, tail,
};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::query::distinct::{self, DistinctQuery};
use gatelog_storage::scenarios::{self, SCENARIOS, ScenarioQuery};
use gatelog_storage::{
    Cursor, Dialect, Direction, Filter, Page, Predicate, Query, Selection, Sort, Statement, Value,
    query::records,
};

const TIME: &str = "INDEX idx_start_time (start_time";

#[tokio::test(flavor = "current_thread")]
async fn pages_walk_an_index_in_the_order_of_time_and_sort_nothing() {
    let plans = Plans::new().await;
    let since = || on("start_time", Predicate::NotBefore(time()));
    let until = || on("start_time", Predicate::NotAfter(time()));
    let one = |name| on(name, Predicate::TextIn(vec!["a".into()]));
    for (filters, index) in [
        (vec![], "INDEX idx_start_time"),
        (vec![since()], TIME),
        (vec![since(), until()], TIME),
        (vec![since(), one("method")], TIME),
        (vec![one("method")], "INDEX idx_start_time"),
        (vec![since(), on("response_code", Predicate::NumberIn(vec![(500, 599)]))], TIME),
        (vec![since(), on("duration", Predicate::AtLeast(100))], TIME),
        (vec![since(), on("path", Predicate::Contains("x".into()))], TIME),
        (vec![on("ai_log", Predicate::Contains("x".into()))], "INDEX idx_start_time"),
        (vec![on("model", Predicate::TextNotIn(vec!["a".into()]))], "INDEX idx_start_time"),
        (vec![one("model")], "INDEX idx_model_time (model=?"),
        (vec![one("model"), since(), until()], "INDEX idx_model_time (model=? AND start_time"),
        (vec![one("consumer"), since()], "INDEX idx_consumer_time (consumer=? AND start_time"),
        (vec![one("mcp_server"), since()], "INDEX idx_mcp_server_time (mcp_server=? AND start_time"),
        (vec![one("consumer"), one("method"), since()], "INDEX idx_consumer_time (consumer=? AND start_time"),
    ] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let first = Page::Offset { offset: 0, limit: 11 };
            let after = Page::After { cursor: Cursor { direction, time: time(), id: 7 }, limit: 11 };
            for page in [first, after] {
                let sort = Sort { by: fields::field("start_time").unwrap(), direction };
                let query = Query { filters: filters.clone(), sort, page };
                let plan = plans.of(&records::page_statement(Dialect::Sqlite, &query)).await;
                assert!(plan.contains(index), "{query:?}: {plan}");
                assert!(!plan.contains("TEMP B-TREE"), "{query:?}: {plan}");
                // A page behind a cursor begins at the cursor, wherever that is.
                if matches!(page, Page::After { .. }) {
                    assert!(!plan.contains("SCAN access_logs"), "{query:?}: {plan}");
                    assert!(plan.contains("start_time<?") || plan.contains("start_time>?"), "{plan}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_page_of_several_values_takes_the_first_of_each_from_the_index() {
    let plans = Plans::new().await;
    let filters = vec![on("model", Predicate::TextIn(vec!["a".into(), "b".into(), "c".into()]))];
    let cursor = Cursor { direction: Direction::Descending, time: time(), id: 7 };
    let query = Query { filters, ..newest(Page::After { cursor, limit: 11 }) };
    let plan = plans.of(&records::page_statement(Dialect::Sqlite, &query)).await;
    assert_eq!(plan.matches("INDEX idx_model_time (model=? AND start_time<?)").count(), 3, "{plan}");
    assert!(!plan.contains("SCAN access_logs"), "{plan}");
}

#[tokio::test(flavor = "current_thread")]
async fn measured_batches_look_rows_up_by_key() {
    let plans = Plans::new().await;
    let cursor = Cursor { direction: Direction::Descending, time: time(), id: 7 };
    let query = newest(Page::After { cursor, limit: 500 });
    let statement = records::batch_statement(Dialect::Sqlite, &query, &Selection::all(), 1_000_000);
    let plan = plans.of(&statement).await;
    assert!(plan.contains(&format!("{TIME}<?)")), "{plan}");
    assert!(plan.contains("SEARCH access_logs USING INTEGER PRIMARY KEY (rowid=?)"), "{plan}");
    assert!(!plan.contains("SCAN access_logs"), "{plan}");
}

#[tokio::test(flavor = "current_thread")]
async fn one_record_and_one_trace_are_found_by_their_index() {
    let plans = Plans::new().await;
    let plan = plans.of(&records::one_statement(Dialect::Sqlite, "a", &Selection::all())).await;
    assert!(plan.contains("INDEX idx_record_id (record_id=?)"), "{plan}");
    let filters = vec![on("trace_id", Predicate::TextIn(vec!["t".into()]))];
    let query = Query { filters, ..newest(Page::Offset { offset: 0, limit: 11 }) };
    let plan = plans.of(&records::page_statement(Dialect::Sqlite, &query)).await;
    assert!(plan.contains("INDEX idx_trace_id (trace_id=?)"), "{plan}");
}

#[tokio::test(flavor = "current_thread")]
async fn scenarios_and_values_of_a_time_range_read_no_more_than_it() {
    let plans = Plans::new().await;
    let filters =
        vec![on("start_time", Predicate::NotBefore(time())), on("start_time", Predicate::NotAfter(time()))];
    let query = ScenarioQuery { filters: filters.clone(), interval_s: 60, limit: 10, biz_type: None };
    let since = ScenarioQuery { filters: filters[..1].to_vec(), ..query.clone() };
    for scenario in SCENARIOS {
        let plan = plans.of(&scenarios::statement(Dialect::Sqlite, scenario, &since)).await;
        assert!(plan.contains(&format!("{TIME}>?)")), "{}: {plan}", scenario.name);
        let plan = plans.of(&scenarios::statement(Dialect::Sqlite, scenario, &query)).await;
        assert!(plan.contains(&format!("{TIME}>? AND start_time<?")), "{}: {plan}", scenario.name);
        assert!(!plan.contains("SCAN access_logs"), "{}: {plan}", scenario.name);
    }
    let field = fields::field("api").unwrap();
    let mut query = DistinctQuery { field, values: vec![], times: filters, limit: 100 };
    let plan = plans.of(&distinct::statement(Dialect::Sqlite, &query)).await;
    assert!(plan.contains(TIME), "{plan}");
    query.times.clear();
    let plan = plans.of(&distinct::statement(Dialect::Sqlite, &query)).await;
    assert!(plan.contains("INDEX idx_start_time"), "{plan}");
}

#[tokio::test(flavor = "current_thread")]
async fn filters_and_counts_of_status_and_duration_read_no_rows_that_do_not_meet_them() {
    let plans = Plans::new().await;
    let failed = || on("response_code", Predicate::NumberIn(vec![(500, 599)]));
    for filters in [vec![], vec![failed()], vec![on("duration", Predicate::AtLeast(100)), failed()]] {
        for statement in [
            records::count_statement(Dialect::Sqlite, &filters),
            records::count_newest_statement(Dialect::Sqlite, &filters, 1_000),
        ] {
            let plan = plans.of(&statement).await;
            assert!(plan.contains("USING COVERING INDEX"), "{filters:?}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{filters:?}: {plan}");
        }
    }
    for (name, values, index) in [
        ("model", vec!["a"], "COVERING INDEX idx_model_time (model=?)"),
        ("trace_id", vec!["a", "b"], "INDEX idx_trace_id (trace_id=?)"),
        ("model", vec!["a", "b"], "INDEX idx_start_time"),
        ("method", vec!["GET"], "INDEX idx_start_time"),
    ] {
        let filters = vec![on(name, Predicate::TextIn(values.into_iter().map(str::to_owned).collect()))];
        let plan = plans.of(&records::count_newest_statement(Dialect::Sqlite, &filters, 1_000)).await;
        assert!(plan.contains(index), "{filters:?}: {plan}");
    }
    let percentile = scenarios::find("rt_p99").unwrap();
    let filters = vec![on("start_time", Predicate::NotBefore(time()))];
    let query = ScenarioQuery { filters, interval_s: 60, limit: 10, biz_type: None };
    let plan = plans.of(&scenarios::statement(Dialect::Sqlite, percentile, &query)).await;
    assert!(plan.contains("COVERING INDEX idx_start_time (start_time>?)"), "{plan}");
}

#[tokio::test(flavor = "current_thread")]
async fn aggregates_read_no_more_than_their_range_and_those_of_status_and_duration_no_rows() {
    let plans = Plans::new().await;
    let measures: Vec<Measure> = MEASURES.iter().map(|(_, measure, _)| *measure).collect();
    let of_index = ["count", "errors", "duration_p95"].map(|name| Measure::find(name).unwrap());
    let keys = [Value::from("2xx".to_owned()), Value::Null];
    let [model, method] = ["model", "method"].map(|name| on(name, Predicate::TextIn(vec!["a".into()])));
    for (filters, index) in [
        (vec![], TIME),
        (vec![on("model", Predicate::Present)], TIME),
        (vec![method], TIME),
        (vec![model], "INDEX idx_model_time (model=? AND start_time"),
    ] {
        let scope = Scope { filters, start: Timestamp::MIN, end: time(), only_unpriced: false };
        let series = Some((Grouping::StatusClass, &keys[..]));
        for interval_s in [None, Some(60)] {
            let every = Breakdown { scope: &scope, interval_s, series, measures: &measures };
            for (part, statement) in breakdown::statements(Dialect::Sqlite, &every) {
                let plan = plans.of(&statement).await;
                assert!(
                    plan.contains(index) && !plan.contains("SCAN access_logs"),
                    "{scope:?} {part:?}: {plan}"
                );
            }
            if scope.filters.is_empty() {
                for (_, statement) in
                    breakdown::statements(Dialect::Sqlite, &Breakdown { measures: &of_index, ..every })
                {
                    let plan = plans.of(&statement).await;
                    assert!(plan.contains("COVERING INDEX idx_start_time (start_time>?"), "{plan}");
                }
            }
        }
        for statement in [
            scope::narrow_statement(Dialect::Sqlite, &scope, 1_000),
            facet::statement(Dialect::Sqlite, &scope, Grouping::find("model").unwrap(), 10),
            sessions::list_statement(Dialect::Sqlite, &scope, None, 10),
        ] {
            let plan = plans.of(&statement).await;
            assert!(plan.contains(index) && !plan.contains("SCAN access_logs"), "{scope:?}: {plan}");
        }
        let plan = plans.of(&scope::narrow_statement(Dialect::Sqlite, &scope, 1_000)).await;
        assert!(plan.contains("COVERING INDEX") && !plan.contains("TEMP B-TREE"), "{scope:?}: {plan}");
        // Whatever is looked for among the newest records, no others are read.
        let tail = tail::measure_statement(Dialect::Sqlite, &scope.filters, &Selection::all(), 7, 9, 10);
        let plan = plans.of(&tail).await;
        assert_eq!(plan.trim(), "SEARCH access_logs USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
    }
}

struct Plans {
    connection: libsql::Connection,
    _folder: tempfile::TempDir,
}

impl Plans {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gatelog.db");
        NativeSqlite::open(&path).await.unwrap();
        let database = libsql::Builder::new_local(&path).build().await.unwrap();
        Self { connection: database.connect().unwrap(), _folder: folder }
    }

    /// The lines of the plan in one.
    async fn of(&self, statement: &Statement<'_>) -> String {
        let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql());
        let mut rows = self.connection.query(&sql, ()).await.unwrap();
        let mut plan = String::new();
        while let Some(row) = rows.next().await.unwrap() {
            plan.push_str(&row.get::<String>(3).unwrap());
            plan.push('\n');
        }
        plan
    }
}

fn newest(page: Page) -> Query {
    let sort = Sort { by: fields::field("start_time").unwrap(), direction: Direction::Descending };
    Query { filters: vec![], sort, page }
}

fn on(name: &str, test: Predicate) -> Filter {
    Filter { field: fields::field(name).unwrap(), predicate: test }
}

fn time() -> Timestamp {
    Timestamp::from_micros(1_769_860_800_000_000)
}
