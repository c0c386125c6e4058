//! Every aggregate over the last hour and the last day, compared with reading every row of the same range in this process,
//! and whether its answer is right.

#![expect(clippy::indexing_slicing, reason = "a member that JSON lacks is null")]

use std::time::{Duration, Instant};

use anyhow::ensure;
use gatelog_record::Timestamp;
use serde_json::Value;

use super::client::Client;
use super::database::{Database, END_MICROS, Sql};
use super::effort::Effort;
use super::times::percentile;

const HOUR_MICROS: i64 = 3_600_000_000;

/// The questions, each without its range.
const QUESTIONS: &[(&str, &str)] = &[
    ("histogram", "/query/histogram?by=status_class&measures=count,duration_p95"),
    ("histogram_by_model", "/query/histogram?by=model&measures=count,total_tokens"),
    ("facets", "/query/facets?fields=status_class,model,route_name"),
    ("top", "/query/top?by=model"),
    ("summary", "/query/summary"),
    ("sessions", "/query/sessions"),
];

/// An aggregate over a range of time.
#[derive(Clone, Debug)]
pub struct Ratio {
    /// The aggregate and its range.
    pub name: String,
    /// Its median time.
    pub ms: f64,
    /// Its time over that of reading every row of the range.
    pub of_scan: f64,
}

/// Asks each aggregate.
///
/// # Errors
///
/// When an answer counts another number of records than there are.
pub async fn measure(client: &Client, database: &Database, effort: Effort) -> anyhow::Result<Vec<Ratio>> {
    let sql = Sql::open(&database.file).await?;
    let mut ratios = Vec::new();
    for (range, micros) in [("hour", HOUR_MICROS), ("day", 24 * HOUR_MICROS)] {
        let since = Timestamp::from_micros(END_MICROS - micros);
        let until = Timestamp::from_micros(END_MICROS);
        for (name, question) in QUESTIONS {
            let uri = format!(
                "{question}{}start={since}&end={until}",
                if question.contains('?') { '&' } else { '?' }
            );
            let (mut asked, mut scanned): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
            for _ in 0..effort.scenario_rounds {
                let (records, time) = scan(&sql, since, until).await?;
                scanned.push(time);
                let (answer, time) = client.get(&uri).await?;
                asked.push(time);
                let is_sampled = answer["sampled"] != false;
                let counted = counted(name, &answer);
                ensure!(
                    is_sampled || counted.is_none_or(|counted| counted == records),
                    "{uri}: {counted:?} records, not {records}"
                );
            }
            let ms = percentile(&asked, 50);
            let name = format!("{name}.{range}");
            ratios.push(Ratio { name, ms, of_scan: ms / percentile(&scanned, 50).max(f64::MIN_POSITIVE) });
        }
    }
    Ok(ratios)
}

/// Reads a column of every row of the range that no index has; returns their number and the time.
async fn scan(sql: &Sql, since: Timestamp, until: Timestamp) -> anyhow::Result<(i64, Duration)> {
    let begin = Instant::now();
    let question =
        "SELECT COUNT(NULLIF(bytes_sent, -1)) FROM access_logs WHERE start_time >= ? AND start_time <= ?";
    let records = sql.integer(question, vec![since.to_string().into(), until.to_string().into()]).await?;
    Ok((records, begin.elapsed()))
}

/// The records that an answer counts; `None` where it does not count all.
fn counted(name: &str, answer: &Value) -> Option<i64> {
    let sum =
        |values: &Value| values.as_array().map(|values| values.iter().filter_map(Value::as_i64).sum::<i64>());
    match name {
        "histogram" | "histogram_by_model" => {
            answer["series"].as_array()?.iter().map(|series| sum(&series["values"]["count"])).sum()
        }
        "facets" => {
            let values = answer["facets"].as_array()?.first()?["values"].as_array()?.iter();
            Some(values.filter_map(|value| value["count"].as_i64()).sum())
        }
        "summary" => answer["values"]["count"].as_i64(),
        _ => None,
    }
}
