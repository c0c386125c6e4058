//! How MariaDB and MySQL go about the questions: comparing texts by their bytes costs no index.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]
#![expect(clippy::indexing_slicing, reason = "lines of known length")]

use gatelog_databases::{MariaDb, MySql, SqlServer};
use gatelog_record::{AccessRecord, Timestamp, fields};
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::query::distinct::{self, DistinctQuery};
use gatelog_storage::{
    Dialect, Direction, Filter, Page, Predicate, Query, Sort, Statement, Value, insert, query::records,
};

#[tokio::test(flavor = "current_thread")]
async fn filters_on_texts_find_their_records_by_an_index() {
    for server in [&**MariaDb::shared().unwrap(), &**MySql::shared().unwrap()] {
        let plans = Plans::new(server).await;
        for (name, index) in [
            ("model", "idx_model_time"),
            ("consumer", "idx_consumer_time"),
            ("mcp_server", "idx_mcp_server_time"),
            ("trace_id", "idx_trace_id"),
            ("record_id", "idx_record_id"),
        ] {
            for more in [vec![], vec![on("start_time", Predicate::NotBefore(time(0)))]] {
                let one = on(name, Predicate::TextIn(vec!["17".into()]));
                let filters = [vec![one], more].concat();
                let count = records::count_statement(Dialect::Mysql, &filters);
                assert_eq!(plans.keys(&count), index, "{filters:?}");
                let query = newest(filters.clone(), Page::Offset { offset: 0, limit: 11 });
                assert_eq!(
                    plans.keys(&records::page_statement(Dialect::Mysql, &query)),
                    index,
                    "{filters:?}"
                );
            }
        }
        let several = vec![on("model", Predicate::TextIn(vec!["1".into(), "2".into()]))];
        let query = newest(several, Page::Offset { offset: 0, limit: 11 });
        let keys = plans.keys(&records::page_statement(Dialect::Mysql, &query));
        assert_eq!(keys.matches("idx_model_time").count(), 2, "{keys}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn the_values_of_a_text_come_from_its_index() {
    for server in [&**MariaDb::shared().unwrap(), &**MySql::shared().unwrap()] {
        let plans = Plans::new(server).await;
        let times = vec![on("start_time", Predicate::NotBefore(time(-1)))];
        let query =
            DistinctQuery { field: fields::field("model").unwrap(), values: vec![], times, limit: 100 };
        let keys = plans.keys(&distinct::statement(Dialect::Mysql, &query));
        assert!(["idx_model_time", "idx_start_time"].contains(&&*keys), "{keys}");
    }
}

struct Plans<'s> {
    server: &'s SqlServer,
    name: String,
}

impl<'s> Plans<'s> {
    /// A table with enough records for an index to be worth it.
    async fn new(server: &'s SqlServer) -> Self {
        let url = server.database().unwrap();
        let database = NativeMysql::open(&url).await.unwrap();
        let records: Vec<AccessRecord<'_>> = (0..5_000)
            .map(|number: i64| AccessRecord {
                record_id: number.to_string().into(),
                start_time: Some(time(number)),
                model: (number % 100).to_string().into(),
                consumer: (number % 100).to_string().into(),
                mcp_server: (number % 100).to_string().into(),
                trace_id: number.to_string().into(),
                ..AccessRecord::default()
            })
            .collect();
        insert::insert(&database, &records).await.unwrap();
        let name = url.rsplit('/').next().unwrap().to_owned();
        server.sql(&format!("USE {name}; ANALYZE TABLE access_logs")).unwrap();
        Self { server, name }
    }

    /// The indexes that the plan uses, in its order.
    fn keys(&self, statement: &Statement<'_>) -> String {
        let mut sql = String::new();
        let mut params = statement.params().iter();
        for part in statement.sql().split_inclusive('?') {
            match part.strip_suffix('?') {
                Some(part) => {
                    sql.push_str(part);
                    sql.push_str(&match params.next().unwrap() {
                        Value::Integer(number) => number.to_string(),
                        Value::Text(text) => format!("'{text}'"),
                        other => format!("{other:?}"),
                    });
                }
                None => sql.push_str(part),
            }
        }
        // MySQL draws a tree unless it is told otherwise; MariaDB takes that for a comment.
        let table = "/*!80032 SET explain_format = 'TRADITIONAL' */";
        let plan = self.server.sql(&format!("USE {}; {table}; EXPLAIN {sql}", self.name)).unwrap();
        // MySQL has a column more, for partitions.
        let key = |line: &str| {
            let cells: Vec<&str> = line.split('\t').collect();
            cells[if cells.len() == 12 { 6 } else { 5 }].to_owned()
        };
        plan.lines().map(key).filter(|key| key != "NULL").collect::<Vec<_>>().join(" ")
    }
}

fn newest(filters: Vec<Filter>, page: Page) -> Query {
    let sort = Sort { by: fields::field("start_time").unwrap(), direction: Direction::Descending };
    Query { filters, sort, page }
}

fn on(name: &str, test: Predicate) -> Filter {
    Filter { field: fields::field(name).unwrap(), predicate: test }
}

fn time(number: i64) -> Timestamp {
    Timestamp::from_micros(1_769_860_800_000_000 + number * 1_000_000)
}
