//! Any query string becomes a query or an error that names its parameter; no value of it becomes SQL.

#![expect(clippy::unwrap_used, reason = "a test ends where its set-up fails")]

use gatelog_query::aggregate::options::Endpoint;
use gatelog_query::aggregate::params::AggregateParams;
use gatelog_query::params::options::ResponseFormat;
use gatelog_query::params::time::Zone;
use gatelog_query::params::{self, ListParams};
use gatelog_query::{aggregate, scenario, values};
use gatelog_record::{Timestamp, fields};
use gatelog_storage::aggregate::{
    Breakdown, Grouping, MEASURES, Order, breakdown, facet, ranking, scope, sessions, tail,
};
use gatelog_storage::scenarios::{self, SCENARIOS};
use gatelog_storage::{Dialect, Statement, Value, query::distinct, query::records};
use proptest::prelude::*;

const NAMES: &str = "start_time|end|model|model!|path|path_prefix|ai_log_contains|status|status!|duration|duration_min|page|page_size|sort_by|sort_order|cursor|total|bizType|record_id|fields|format|startTime|cluster_id|mcpToolName|interval|pageSize|prefix|limit|by|top|measures|order|compare|unpriced|missing|present|downstream_remote_host|after|wait|x";

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        check(&text);
    }

    #[test]
    fn known_names_with_any_value_are_read_or_refused(
        pairs in proptest::collection::vec((NAMES, "[ -~é]{0,20}|[0-9,x-]{1,12}|ASC|duration|model|count|1t-[0-9a-f]{1,17}|1s-[0-9a-f]{1,9}-[0-9a-f]{0,4}|1h|previous"), 0..6)
    ) {
        let query_string: String =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        check(&query_string);
    }

    #[test]
    fn a_value_is_bound_and_never_part_of_the_sql(value in "[a-z'\";%_|()=-][a-z'\";%_|()= -]{0,19}") {
        let harmless = parse("model=a&path=a&ai_log_contains=a").unwrap();
        let query_string = form_urlencoded::Serializer::new(String::new())
            .append_pair("model", &value)
            .append_pair("path", &value)
            .append_pair("ai_log_contains", &value)
            .finish();
        let given = parse(&query_string).unwrap();
        for dialect in Dialect::ALL {
            let sql = |params: &ListParams| records::page_statement(dialect, &params.query).sql().to_owned();
            prop_assert_eq!(sql(&harmless), sql(&given));
        }
    }
}

fn parse(query_string: &str) -> Result<ListParams, params::InvalidParameter> {
    params::parse(query_string, ResponseFormat::Json, 100, &Zone::UTC)
}

fn check(query_string: &str) {
    match parse(query_string) {
        Ok(params) => {
            for dialect in Dialect::ALL {
                for max_bytes in [usize::MAX, 1_000] {
                    let selection = &params.selection;
                    bound(&records::batch_statement(dialect, &params.query, selection, max_bytes));
                }
                bound(&records::count_statement(dialect, &params.query.filters));
            }
        }
        Err(error) => assert!(error.to_string().starts_with("parameter "), "{error}"),
    }
    let field = fields::field("model").unwrap();
    match values::parse(query_string, field, &Zone::UTC) {
        Ok(query) => Dialect::ALL.iter().for_each(|dialect| bound(&distinct::statement(*dialect, &query))),
        Err(error) => assert!(error.to_string().starts_with("parameter "), "{error}"),
    }
    for (endpoint, _) in Endpoint::ALL {
        match aggregate::params::parse(query_string, endpoint, &Zone::UTC) {
            Ok(params) => aggregates_are_bound(&params),
            Err(error) => assert!(error.to_string().starts_with("parameter "), "{error}"),
        }
    }
    for scenario in SCENARIOS {
        match scenario::parse(query_string, scenario, &Zone::UTC) {
            Ok(query) => {
                for dialect in Dialect::ALL {
                    bound(&scenarios::statement(dialect, scenario, &query));
                }
            }
            Err(error) => assert!(error.to_string().starts_with("parameter "), "{error}"),
        }
    }
}

fn aggregates_are_bound(params: &AggregateParams) {
    let scope = params.scope(Timestamp::MAX);
    let by = params.by.unwrap_or(Grouping::StatusClass);
    let keys = [Value::from("k".to_owned()), Value::Null];
    let measures = params.measures_or(MEASURES.iter().map(|(name, ..)| *name));
    let (selection, _) = params.selection();
    for dialect in Dialect::ALL {
        bound(&scope::narrow_statement(dialect, &scope, 10));
        let order = params.order.unwrap_or(Order::ErrorRate);
        bound(&ranking::statement(dialect, &scope, by, order, params.limit));
        bound(&facet::statement(dialect, &scope, by, params.limit));
        for interval_s in [None, Some(60)] {
            let series = Some((by, &keys[..]));
            let asked = Breakdown { scope: &scope, interval_s, series, measures: &measures };
            breakdown::statements(dialect, &asked).iter().for_each(|(_, statement)| bound(statement));
        }
        bound(&sessions::list_statement(dialect, &scope, params.cursor.as_ref(), params.limit));
        bound(&tail::measure_statement(dialect, &params.filters, &selection, 1, 2, params.limit));
    }
}

fn bound(statement: &Statement<'_>) {
    assert_eq!(statement.sql().matches('?').count(), statement.params().len());
}
