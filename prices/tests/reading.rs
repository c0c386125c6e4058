//! What is wrong with a table is said, with its place.

use gatelog_prices::configured::default_table;
use gatelog_prices::read;

fn problems(variable: &str) -> Vec<String> {
    read::over(default_table(), variable).map(|_| Vec::new()).unwrap_or_else(|error| error.problems)
}

#[test]
fn every_fault_is_named_with_its_place() {
    for (variable, expected) in [
        ("[]", "[] is no object"),
        ("{", "it is no JSON: "),
        ("{}", "models: it is missing"),
        (r#"{"models":{}}"#, "models: {} is no list"),
        (r#"{"models":[7]}"#, "models[0]: 7 is no object"),
        (r#"{"models":[],"model":[]}"#, "model: there is no such key"),
        (r#"{"models":[],"version":"a b"}"#, "version: \"a b\" is not at most 20 letters"),
        (r#"{"models":[],"currency":"CNY"}"#, "currency: \"CNY\" cannot be together with the default prices"),
        (r#"{"models":[],"currency":"yuan"}"#, "currency: \"yuan\" is not a currency"),
        (r#"{"models":[],"replace":1}"#, "replace: 1 is neither true nor false"),
        (r#"{"models":[],"replace":true}"#, "currency: it is missing"),
        (r#"{"models":[],"models":[]}"#, "models: it is there twice"),
        (
            r#"{"models":[{"match":"m","input":"1"},{"match":"n","input":"1","match":"o"}]}"#,
            "models[1].match: it is there twice",
        ),
        (
            r#"{"models":[{"match":"m","input":"1","service_tiers":{"flex":{"factor":"1"},"flex":{"factor":"2"}}}]}"#,
            "models[0].service_tiers.flex: it is there twice",
        ),
        (r#"{"models":[{"input":"1"}]}"#, "models[0]: match is missing"),
        (r#"{"models":[{"match":"","input":"1"}]}"#, "models[0].match: \"\" is not a name"),
        (r#"{"models":[{"match":"m"}]}"#, "models[0]: there is no price"),
        (
            r#"{"models":[{"match":"m","input":1}]}"#,
            "models[0].input: 1 is no amount such as \"2.5\" in quotes",
        ),
        (r#"{"models":[{"match":"m","input":"-1"}]}"#, "models[0].input: \"-1\" is no amount"),
        (
            r#"{"models":[{"match":"m","input":"1000000001"}]}"#,
            "models[0].input: \"1000000001\" is no amount",
        ),
        (
            r#"{"models":[{"match":"m","input":"0.0000000001"}]}"#,
            "models[0].input: \"0.0000000001\" is no amount",
        ),
        (r#"{"models":[{"match":"m","input":"1","inputs":"1"}]}"#, "models[0].inputs: there is no such key"),
        (r#"{"models":[{"match":"m","input":"1","also":"n"}]}"#, "models[0].also: \"n\" is no list"),
        (r#"{"models":[{"match":"m","input":"1","also":["n",7]}]}"#, "models[0].also[1]: 7 is not a name"),
        (
            r#"{"models":[{"match":"m","input":"1","from":"2026-02-30"}]}"#,
            "models[0].from: \"2026-02-30\" is not a day",
        ),
        (
            r#"{"models":[{"match":"m","input":"1","above":{"input":"2"}}]}"#,
            "models[0]: above_input_tokens and above",
        ),
        (
            r#"{"models":[{"match":"m","input":"1","above_input_tokens":0,"above":{"input":"2"}}]}"#,
            "models[0].above_input_tokens: 0 is no whole number above 0",
        ),
        (
            r#"{"models":[{"match":"m","input":"1","above_input_tokens":9,"above":{"input":"2","above_input_tokens":9,"above":{"input":"3"}}}]}"#,
            "models[0].above.above_input_tokens: 9 is no whole number above 9",
        ),
        (
            r#"{"models":[{"match":"m","input":"1","above_input_tokens":9,"above":{"x":"2"}}]}"#,
            "models[0].above.x: there is no such key",
        ),
        (
            r#"{"models":[{"match":"m","input":"1","service_tiers":[]}]}"#,
            "models[0].service_tiers: [] is no object",
        ),
        (
            r#"{"models":[{"match":"m","input":"1","service_tiers":{"flex":{}}}]}"#,
            "models[0].service_tiers.flex: there is neither a factor nor a price",
        ),
        (
            r#"{"models":[{"match":"m","input":"1","service_tiers":{"flex":{"factor":"1001"}}}]}"#,
            "models[0].service_tiers.flex.factor: \"1001\" is no amount",
        ),
        (
            r#"{"models":[{"match":"m","input":"1","service_tiers":{"flex":{"factor":"1","input":"1"}}}]}"#,
            "models[0].service_tiers.flex: there is a factor",
        ),
        (
            r#"{"models":[{"match":"m","input":"1"},{"match":"M","input":"2"}]}"#,
            "models: \"M\" is there twice for the same provider and date",
        ),
        (
            r#"{"models":[{"match":"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm","input":"1"}]}"#,
            "models[0]: version and match are too long together",
        ),
    ] {
        let problems = problems(variable);
        assert!(problems.len() == 1 && problems[0].starts_with(expected), "{variable}: {problems:?}");
    }
}

#[test]
fn all_faults_are_told_up_to_a_bound() {
    let two = r#"{"models":[{"match":"a","input":"x"},{"match":"b","output":"y"}]}"#;
    assert_eq!(problems(two).len(), 2);
    let lines: Vec<String> =
        (0..100).map(|number| format!(r#"{{"match":"{number}","x":1,"input":"1"}}"#)).collect();
    let many = problems(&format!(r#"{{"models":[{}]}}"#, lines.join(",")));
    assert_eq!((many.len(), many.last().map(String::as_str)), (21, Some("and 80 more")));
    let lines = vec!["7"; read::MAX_LINES + 1].join(",");
    assert_eq!(problems(&format!(r#"{{"models":[{lines}]}}"#)), ["models: there are more than 5000"]);
}

#[test]
fn a_line_that_is_written_is_read_again() {
    let line = r#"{"match":"m*","provider":"p","from":"2026-01-31","input":"1","cached":"0.1","cache_write":"1.25","output":"4","reasoning":"5","above_input_tokens":200000,"above":{"input":"2","above_input_tokens":300000,"above":{"input":"3"}},"service_tiers":{"batch":{"input":"0.5"},"flex":{"factor":"0.5"}}}"#;
    let table = read::table(&format!(r#"{{"version":"v","currency":"USD","models":[{line}]}}"#)).unwrap();
    assert_eq!(serde_json::to_string(&table.lines()).unwrap(), format!("[{line}]"));
}
