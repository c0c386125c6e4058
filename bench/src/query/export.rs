//! Exports: their speed and their memory.

use std::path::Path;
use std::time::Instant;

use anyhow::ensure;
use gatelog_query::params;
use gatelog_query::params::options::ResponseFormat;
use gatelog_query::params::time::Zone;
use gatelog_query::reader::RecordReader;
use gatelog_record::{AccessRecord, Timestamp};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::insert;

use super::client::Client;
use super::database::{Database, END_MICROS};
use super::effort::Effort;
use super::times::millis;

/// The number of records with the largest possible values.
const LARGE_RECORDS: i64 = 120;

/// The figures of an export.
#[derive(Clone, Copy, Debug)]
pub struct Export {
    /// Records a second, as NDJSON through the component.
    pub per_second: f64,
    /// The same, as a share of the records a second that this process reads with the same statements.
    pub of_native: f64,
    /// Milliseconds to the first byte.
    pub first_ms: f64,
    /// The most memory of an instance, in MiB.
    pub memory_mib: f64,
}

/// Exports the newest records.
///
/// # Errors
///
/// When an export is wrong.
pub async fn measure(database: &Database, effort: Effort) -> anyhow::Result<Export> {
    let client = Client::start(&database.file).await?;
    let since = Timestamp::from_micros(END_MICROS - 60_480 * i64::from(effort.exported));
    let query = format!("format=ndjson&start={since}");
    let (expected, native_seconds) = natively(&database.file, &query).await?;
    let ndjson = client.stream(&format!("/query?{query}")).await?;
    ensure!(ndjson.lines == expected, "{} records of {expected}", ndjson.lines);
    let csv = client.stream(&format!("/query?format=csv&start={since}")).await?;
    ensure!(csv.lines == expected + 1, "{} lines of CSV for {expected} records", csv.lines);
    let small_mib = client.memory_mib();
    client.stop().await;
    let rate = |seconds: f64| expected as f64 / seconds;
    println!(
        "# export of {expected} records: NDJSON {:.0} records/s, {:.0} MB/s, CSV {:.0} records/s, natively read {:.0} records/s; memory {small_mib:.1} MiB",
        rate(ndjson.whole.as_secs_f64()),
        ndjson.bytes as f64 / 1e6 / ndjson.whole.as_secs_f64(),
        rate(csv.whole.as_secs_f64()),
        rate(native_seconds),
    );
    let large_mib = large(effort).await?;
    Ok(Export {
        per_second: rate(ndjson.whole.as_secs_f64()),
        of_native: native_seconds / ndjson.whole.as_secs_f64(),
        first_ms: millis(ndjson.first),
        memory_mib: small_mib.max(large_mib),
    })
}

/// Reads the records of a query string part by part, as the component does, and returns their number and the seconds.
async fn natively(file: &Path, query_string: &str) -> anyhow::Result<(u64, f64)> {
    let params = params::parse(query_string, ResponseFormat::Json, 1_000, &Zone::UTC)?;
    let native = NativeSqlite::open(file).await?;
    let begin = Instant::now();
    let mut records = RecordReader::new(&native, &params);
    let mut count = 0;
    while let Some(part) = records.next().await? {
        count += part.len();
    }
    Ok((u64::try_from(count)?, begin.elapsed().as_secs_f64()))
}

/// The memory of an instance that exports the largest possible records, in MiB.
async fn large(effort: Effort) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("large.db");
    let native = NativeSqlite::open(&file).await?;
    let body = "語".repeat(65_536);
    let headers = format!("{{\"x\":\"{}\"}}", "y".repeat(262_000));
    let headers = serde_json::from_str::<&serde_json::value::RawValue>(&headers)?;
    for number in 0..LARGE_RECORDS {
        let record = AccessRecord {
            record_id: format!("{number}").into(),
            start_time: Some(Timestamp::from_micros(END_MICROS + number)),
            request_body: body.as_str().into(),
            response_body: body.as_str().into(),
            ai_log: Some(std::borrow::Cow::Borrowed(headers)),
            request_headers: Some(std::borrow::Cow::Borrowed(headers)),
            response_headers: Some(std::borrow::Cow::Borrowed(headers)),
            ..AccessRecord::default()
        };
        insert::insert(&native, &[record]).await?;
    }
    let client = Client::start(&file).await?;
    let path = "/query?format=ndjson";
    let streamed = client.stream(path).await?;
    ensure!(streamed.lines == u64::try_from(LARGE_RECORDS)?, "{} large records", streamed.lines);
    let alone = client.memory_mib();
    for _ in 0..effort.scenario_rounds {
        let (one, two, three, four) =
            tokio::join!(client.stream(path), client.stream(path), client.stream(path), client.stream(path));
        ensure!([one?, two?, three?, four?].iter().all(|streamed| streamed.lines == 120), "large records");
    }
    println!(
        "# export of {LARGE_RECORDS} records of {:.1} MB: memory {alone:.1} MiB, of four at once {:.1} MiB",
        streamed.bytes as f64 / LARGE_RECORDS as f64 / 1e6,
        client.memory_mib()
    );
    client.stop().await;
    Ok(alone)
}
