//! The SQL of a scenario, built from texts of the catalogue and bound values.

use super::catalogue::{Amount, Given, Scenario, Shape, Source, Table};
use super::question::{BizType, ScenarioQuery};
use crate::query::select_builder::{Select, is_in};
use crate::schema::INDEXES;
use crate::{Dialect, Predicate, Statement, Value};

/// The most rows of a table of values, as in HiMarket, which does not page them.
const MAX_VALUES: u32 = 100;
/// The prefix of the paths of MCP servers.
const MCP_PATHS: &str = "/mcp-servers";

/// The statement of a scenario. Lines and tables return one row more than requested, which shows whether there are more.
pub fn statement<'q>(
    dialect: Dialect,
    scenario: &'static Scenario,
    query: &'q ScenarioQuery,
) -> Statement<'q> {
    let mut select = match scenario.shape {
        Shape::Card { amount, .. } => {
            let mut select =
                Select::from_table(dialect, &format!("{} AS amount", amount_sql(dialect, amount)));
            conditions(&mut select, dialect, scenario, scenario.given, query);
            return select.statement();
        }
        Shape::Line { amount: Amount::DurationPercentile(percent), .. } => {
            percentiles(dialect, scenario, query, percent)
        }
        Shape::Line { amount: Amount::AiLogSum(key), .. } => ai_log_sums(dialect, scenario, query, key),
        Shape::Line { amount, .. } => {
            let columns = format!(
                "{} AS bucket, {} AS amount, COUNT(*) AS records",
                dialect.bucket(),
                amount_sql(dialect, amount)
            );
            let mut select = Select::from_table(dialect, &columns);
            select.bind([Value::from(i64::from(query.interval_s))]);
            conditions(&mut select, dialect, scenario, scenario.given, query);
            select.push(format_args!(" GROUP BY bucket ORDER BY bucket"), []);
            select
        }
        Shape::Table(table) => rows(dialect, scenario, query, table),
    };
    select.push(format_args!(" LIMIT ?"), [Value::from(i64::from(limit(scenario, query)) + 1)]);
    select.statement()
}

/// The most points or rows of the result.
pub(super) fn limit(scenario: &Scenario, query: &ScenarioQuery) -> u32 {
    match scenario.shape {
        Shape::Table(Table::Values(_)) => MAX_VALUES,
        _ => query.limit,
    }
}

/// In each interval, the sum of a member of `ai_log` over the records that have it.
fn ai_log_sums<'q>(
    dialect: Dialect,
    scenario: &'static Scenario,
    query: &'q ScenarioQuery,
    key: &'static str,
) -> Select<'q> {
    let columns = format!("{} AS bucket, {} AS amount", dialect.bucket(), dialect.ai_log_number(key));
    let mut measured = Select::from_table(dialect, &columns);
    measured.bind([Value::from(i64::from(query.interval_s))]);
    // Reading JSON is expensive, so it is done once per record.
    let given = scenario.given.iter().filter(|given| **given != Given::AiLogHas(key));
    conditions(&mut measured, dialect, scenario, given, query);
    measured.push(format_args!("{}", dialect.materialized()), []);
    let mut select = measured.wrap("bucket, SUM(amount) AS amount, COUNT(*) AS records", "measured");
    select
        .condition(format_args!("amount IS NOT NULL"), [])
        .push(format_args!(" GROUP BY bucket ORDER BY bucket"), []);
    select
}

/// In each interval, the duration at the nearest rank: the one whose rank among `records` is `p * records / 100`,
/// rounded up. Equal durations are counted first, so that fewer are sorted and ranked.
fn percentiles<'q>(
    dialect: Dialect,
    scenario: &'static Scenario,
    query: &'q ScenarioQuery,
    percent: u8,
) -> Select<'q> {
    let columns = format!("{} AS bucket, duration, COUNT(*) AS equal", dialect.bucket());
    let mut counted = Select::from_table(dialect, &columns);
    counted.bind([Value::from(i64::from(query.interval_s))]);
    conditions(&mut counted, dialect, scenario, scenario.given, query);
    counted.push(format_args!(" GROUP BY bucket, duration"), []);
    let ranked = "bucket, duration, equal, SUM(equal) OVER (PARTITION BY bucket ORDER BY duration) AS place, \
                  SUM(equal) OVER (PARTITION BY bucket) AS records";
    let amounts = format!("bucket, duration AS amount, {} AS records", dialect.as_integer("records"));
    let mut select = counted.wrap(ranked, "counted").wrap(&amounts, "ranked");
    let rank = dialect.nearest_rank(percent);
    select
        .condition(format_args!("place >= {rank}"), [])
        .condition(format_args!("place - equal < {rank}"), [])
        .push(format_args!(" ORDER BY bucket"), []);
    select
}

fn rows<'q>(
    dialect: Dialect,
    scenario: &'static Scenario,
    query: &'q ScenarioQuery,
    table: Table,
) -> Select<'q> {
    let mut columns: Vec<String> = Vec::new();
    for (source, name) in table.groups() {
        let value = match source {
            Source::Column(column) => (*column).to_owned(),
            Source::AiLog(key) => dialect.ai_log_label(key),
        };
        columns.push(format!("{value} AS {name}"));
    }
    // Groups by position, because in MySQL a name may mean either the column or the selected value with that
    // name.
    let groups: Vec<String> = (1..=columns.len()).map(|place| place.to_string()).collect();
    let groups = groups.join(", ");
    let largest_first = match table {
        Table::Tokens(_) => {
            for (column, name) in [
                ("input_tokens", "input_token"),
                ("output_tokens", "output_token"),
                ("total_tokens", "total_token"),
            ] {
                columns.push(format!("{} AS {name}", dialect.sum_or_zero(column)));
            }
            columns.push("COUNT(*) AS request".to_owned());
            "total_token DESC, "
        }
        Table::Counts(_, count) => {
            columns.push(format!("COUNT(*) AS {count}"));
            "COUNT(*) DESC, "
        }
        Table::Values(_) => "",
    };
    let mut select = Select::from_table(dialect, &columns.join(", "));
    conditions(&mut select, dialect, scenario, scenario.given, query);
    select.push(format_args!(" GROUP BY {groups} ORDER BY {largest_first}{groups}"), []);
    select
}

fn amount_sql(dialect: Dialect, amount: Amount) -> String {
    match amount {
        // The percentile has a separate statement.
        Amount::Records | Amount::DurationPercentile(_) => "COUNT(*)".to_owned(),
        Amount::Different(column) => format!("COUNT(DISTINCT {column})"),
        Amount::Sum(column) => dialect.sum_or_zero(column),
        Amount::SumIfAny(column) => dialect.sum(column),
        Amount::AiLogSum(key) => format!("SUM({})", dialect.ai_log_number(key)),
        Amount::Succeeded => {
            "COUNT(CASE WHEN response_code > 0 AND response_code < 300 THEN 1 END)".to_owned()
        }
    }
}

fn conditions<'q>(
    select: &mut Select<'q>,
    dialect: Dialect,
    scenario: &'static Scenario,
    given: impl IntoIterator<Item = &'static Given>,
    query: &'q ScenarioQuery,
) {
    select.filters(&query.filters);
    let is_bounded = query.filters.iter().any(|filter| matches!(filter.predicate, Predicate::NotBefore(_)));
    for given in given {
        given_sql(select, dialect, *given, is_bounded);
    }
    if !scenario.by_biz_type {
        return;
    }
    match query.biz_type.unwrap_or(BizType::ModelApi) {
        BizType::McpServer => {
            // Not LIKE, which ignores case on one database but not on the other.
            let length = MCP_PATHS.len();
            select.condition(format_args!("SUBSTR(path, 1, {length}) = ?"), [Value::from(MCP_PATHS)]);
        }
        BizType::ModelApi => {
            select.condition(format_args!("{} <> ''", dialect.ai_log_text("model")), []);
        }
    }
}

/// `is_bounded` says that the time has a lower bound. In that case the index on time is the right one, not that of a
/// column that must have a value.
fn given_sql(select: &mut Select<'_>, dialect: Dialect, given: Given, is_bounded: bool) {
    let column_of = |column: &str| {
        let has_index = INDEXES.iter().any(|index| index.sparse && index.columns.first() == Some(&column));
        if is_bounded && has_index { dialect.unindexed(column) } else { column.to_owned() }
    };
    match given {
        Given::Is(column, text) => select.condition(format_args!("{column} = ?"), [Value::from(text)]),
        Given::Has(column) => select.condition(format_args!("{} IS NOT NULL", column_of(column)), []),
        Given::AiLogIs(key, texts) => select.condition(
            format_args!("{}", is_in(&dialect.ai_log_text(key), texts.len())),
            texts.iter().map(|text| Value::from(*text)),
        ),
        Given::AiLogHas(key) => {
            select.condition(format_args!("{} IS NOT NULL", dialect.ai_log_text(key)), [])
        }
        Given::Failed => select.condition(format_args!("(response_code = 0 OR response_code >= 400)"), []),
    };
}
