//! Any query string becomes a query or an error that names its parameter; no value of it becomes SQL.

use gatelog_query::params;
use gatelog_storage::{Dialect, select};
use proptest::prelude::*;

const NAMES: &str = "start_time|end|model|model!|path|path_prefix|ai_log_contains|status|status!|duration|duration_min|page|page_size|sort_by|sort_order|cursor|total|bizType|record_id|x";

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        check(&text);
    }

    #[test]
    fn known_names_with_any_value_are_read_or_refused(
        pairs in proptest::collection::vec((NAMES, "[ -~é]{0,20}|[0-9,x-]{1,12}|ASC|duration"), 0..6)
    ) {
        let query_string: String =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        check(&query_string);
    }

    #[test]
    fn a_value_is_bound_and_never_part_of_the_sql(value in "[a-z'\";%_|()= -]{1,20}") {
        let harmless = params::parse("model=a&path=a&ai_log_contains=a", 100).unwrap();
        let query_string = form_urlencoded::Serializer::new(String::new())
            .append_pair("model", &value)
            .append_pair("path", &value)
            .append_pair("ai_log_contains", &value)
            .finish();
        let given = params::parse(&query_string, 100).unwrap();
        for dialect in Dialect::ALL {
            let sql = |params: &params::Params| select::page_statement(dialect, &params.query).sql().to_owned();
            prop_assert_eq!(sql(&harmless), sql(&given));
        }
    }
}

fn check(query_string: &str) {
    match params::parse(query_string, 100) {
        Ok(params) => {
            for dialect in Dialect::ALL {
                let statement = select::page_statement(dialect, &params.query);
                assert_eq!(statement.sql().matches('?').count(), statement.params().len());
            }
        }
        Err(error) => assert!(error.to_string().starts_with("parameter "), "{error}"),
    }
}
