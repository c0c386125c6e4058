//! The SQL of both dialects, side by side with what it was when last reviewed: `tests/sql/*.sql` and
//! `deploy/schema/*.sql`. `UPDATE_EXPECT=1 cargo test -p gatelog-storage` rewrites them.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use std::fmt::Write;
use std::path::Path;

use gatelog_record::{AccessRecord, Timestamp, fields};
use gatelog_storage::filter_reports::{self, FilterReport};
use gatelog_storage::{
    Cursor, Dialect, Direction, Filter, Page, Predicate, Query, Selection, Sort, Statement, counters, insert,
    open_filter_reports, query::records, retention, schema,
};

#[test]
fn the_sql_of_each_dialect_is_as_reviewed() {
    for dialect in Dialect::ALL {
        expect(&format!("storage/tests/sql/{}.sql", dialect.name()), &statements(dialect));
    }
}

#[test]
fn the_schema_files_hold_what_the_functions_create() {
    for dialect in Dialect::ALL {
        expect(&format!("deploy/schema/{}.sql", dialect.name()), &schema::script(dialect));
    }
    expect("deploy/schema/mysql-by-day.sql", &schema::divided_script());
}

#[test]
fn a_changed_schema_has_a_new_version() {
    let script: String = Dialect::ALL.map(schema::script).concat();
    // FNV-1a.
    let sum = script
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    assert_eq!(
        format!("{} {sum:016x}", schema::VERSION),
        "5 043660a8587a69f1",
        "the schema is another: raise VERSION in storage/src/schema/mod.rs, so that tables are upgraded, and write both here"
    );
}

fn statements(dialect: Dialect) -> String {
    let mut sql = String::new();
    let mut show = |name: &str, statement: &Statement<'_>| {
        // Enough of a long one to see its form.
        let values: String = format!("{:?}", statement.params()).chars().take(600).collect();
        let text: String = statement.sql().chars().take(4_000).collect();
        let _ = writeln!(sql, "-- {name}\n{text};\n-- values: {values}");
        if let Some(next) = statement.follow_up() {
            let _ = writeln!(sql, "-- then: {next}");
        }
        sql.push('\n');
    };

    let records = [record("a"), AccessRecord { model: "m".into(), ..record("b") }];
    show("two records, one with a model", &insert::statement(dialect, &records));
    let many: Vec<_> = (0..10_000).map(|n| record(&n.to_string())).collect();
    show("more values than placeholders", &insert::statement(dialect, &many));

    let counts = [("a".to_owned(), 1), ("b".to_owned(), 2)];
    show("counts added", &counters::add_statement(dialect, &counts));
    show("counts read", &counters::read_statement());
    let reported =
        |vm: &str| FilterReport { vm: vm.to_owned(), seen_ms: 1, queue_entries: 2, dropped: 3, retries: 4 };
    show(
        "reports of two filters",
        &filter_reports::report_statement(dialect, &[reported("a"), reported("b")]),
    );
    show("which filters are known", &open_filter_reports::known_statement(&[reported("a"), reported("b")]));
    show("the first filter too many", &open_filter_reports::first_too_many_statement());
    show("filters forgotten", &open_filter_reports::forget_statement(7));
    show("reports summed", &filter_reports::totals_statement(dialect, 7));
    show("reports of filters that are gone", &filter_reports::fold_statement(dialect, 7));
    show("old records", &retention::delete_statement(dialect, Timestamp::MIN, 500));

    show("one record", &records::one_statement(dialect, "0198", &Selection::all()));
    show("count", &records::count_statement(dialect, &[filter("model", text_in(&["a", "b"]))]));
    let page = Page::Offset { offset: 0, limit: 10 };
    let newest = Sort { by: field("start_time"), direction: Direction::Descending };
    show("first page", &records::page_statement(dialect, &Query { filters: vec![], sort: newest, page }));
    let everything = Query {
        filters: vec![
            filter("start_time", Predicate::NotBefore(Timestamp::from_micros(1_769_860_800_000_000))),
            filter("start_time", Predicate::NotAfter(Timestamp::from_micros(1_769_860_860_000_000))),
            filter("method", text_in(&["GET"])),
            filter("model", Predicate::TextNotIn(vec!["a".into(), "b".into()])),
            filter("model", Predicate::Present),
            filter("provider", Predicate::Missing),
            filter("consumer", Predicate::AnyOf(vec![text_in(&["c"]), Predicate::Missing])),
            filter("cost_nano", Predicate::Missing),
            filter("downstream_remote_address", Predicate::HostNotIn(vec!["192.0.2.1".into()])),
            filter("path", Predicate::Contains("50%_|".into())),
            filter("path", Predicate::StartsWith("/v1".into())),
            filter("response_code", Predicate::NumberIn(vec![(200, 200), (500, 599), (404, 404)])),
            filter("response_code", Predicate::NumberNotIn(vec![(503, 503)])),
            filter("duration", Predicate::AtLeast(5)),
            filter("duration", Predicate::AtMost(50)),
        ],
        sort: Sort { by: field("duration"), direction: Direction::Ascending },
        page: Page::Offset { offset: 20, limit: 10 },
    };
    show("every filter, third page by duration", &records::page_statement(dialect, &everything));
    for direction in [Direction::Descending, Direction::Ascending] {
        let cursor = Cursor { direction, time: Timestamp::from_micros(1_769_860_800_000_001), id: 7 };
        let query = Query {
            filters: vec![],
            sort: Sort { by: field("start_time"), direction },
            page: Page::After { cursor, limit: 10 },
        };
        show(&format!("after a cursor, {direction:?}"), &records::page_statement(dialect, &query));
    }
    sql
}

/// Compares `text` with the file, which is named from the root of the repository.
fn expect(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{file} differs: UPDATE_EXPECT=1 rewrites it");
}

fn record(id: &str) -> AccessRecord<'static> {
    AccessRecord {
        record_id: id.to_owned().into(),
        start_time: Some(Timestamp::from_micros(1_769_860_800_123_456)),
        method: "GET".into(),
        ..AccessRecord::default()
    }
}

fn field(name: &str) -> &'static gatelog_record::Field {
    fields::field(name).unwrap()
}

fn filter(name: &str, test: Predicate) -> Filter {
    Filter { field: field(name), predicate: test }
}

fn text_in(texts: &[&str]) -> Predicate {
    Predicate::TextIn(texts.iter().map(|text| (*text).to_owned()).collect())
}
