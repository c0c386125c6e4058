//! Results of `/query`, as the tables that an operator looks at first.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};
use serde_json::Value;

use crate::client::Client;

/// The latest requests, the latest errors, and the tokens by model, as text.
///
/// # Errors
///
/// When `/query` does not respond as expected.
pub async fn overview(client: &Client, functions: SocketAddr) -> anyhow::Result<String> {
    let recent = query(client, functions, "page_size=10").await?;
    let errors = query(client, functions, "response_code=0,4xx,5xx&page_size=10").await?;
    let total = recent.get("total").and_then(Value::as_u64).unwrap_or_default();
    let failed = errors.get("total").and_then(Value::as_u64).unwrap_or_default();
    Ok(format!(
        "Latest requests ({total} stored)\n{}\n\nLatest errors ({failed} in all)\n{}\n\nTokens by model\n{}\n",
        requests_table(&recent),
        errors_table(&errors),
        tokens_table(client, functions).await?,
    ))
}

async fn query(client: &Client, functions: SocketAddr, parameters: &str) -> anyhow::Result<Value> {
    client.get_json(&format!("http://{functions}/query?{parameters}")).await
}

fn logs(answer: &Value) -> &[Value] {
    answer.get("logs").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn requests_table(answer: &Value) -> Table {
    let mut table =
        table(&["time", "method", "path", "status", "ms", "route", "upstream", "model", "consumer"]);
    for log in logs(answer) {
        table.add_row([
            time(log),
            text(log, "method"),
            text(log, "path"),
            text(log, "response_code"),
            text(log, "duration"),
            text(log, "route_name"),
            text(log, "upstream_host"),
            text(log, "model"),
            text(log, "consumer"),
        ]);
    }
    right_align(table, &[3, 4])
}

fn errors_table(answer: &Value) -> Table {
    let mut table = table(&["time", "path", "status", "flags", "details", "route"]);
    for log in logs(answer) {
        table.add_row([
            time(log),
            text(log, "path"),
            text(log, "response_code"),
            text(log, "response_flags"),
            text(log, "response_code_details"),
            text(log, "route_name"),
        ]);
    }
    right_align(table, &[2])
}

#[derive(Default)]
struct Tokens {
    calls: u64,
    streamed: u64,
    input: u64,
    output: u64,
    total: u64,
}

async fn tokens_table(client: &Client, functions: SocketAddr) -> anyhow::Result<Table> {
    let mut by_model: BTreeMap<String, Tokens> = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = query(
            client,
            functions,
            &format!("response_type=stream,normal&page_size=100&total=false{cursor}"),
        )
        .await?;
        for log in logs(&page) {
            let number = |key: &str| log.get(key).and_then(Value::as_u64).unwrap_or_default();
            let tokens = by_model.entry(text(log, "model")).or_default();
            tokens.calls += 1;
            tokens.streamed += u64::from(text(log, "response_type") == "stream");
            tokens.input += number("input_tokens");
            tokens.output += number("output_tokens");
            tokens.total += number("total_tokens");
        }
        match page.get("next_cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut table = table(&["model", "calls", "streamed", "input", "output", "total"]);
    for (model, tokens) in by_model {
        let numbers = [tokens.calls, tokens.streamed, tokens.input, tokens.output, tokens.total];
        table.add_row(std::iter::once(model).chain(numbers.map(|number| number.to_string())));
    }
    Ok(right_align(table, &[1, 2, 3, 4, 5]))
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY).set_header(header);
    table
}

fn right_align(mut table: Table, columns: &[usize]) -> Table {
    for index in columns {
        if let Some(column) = table.column_mut(*index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The time of day, to the millisecond.
fn time(log: &Value) -> String {
    let time = text(log, "start_time");
    time.get(11..23).unwrap_or(&time).to_owned()
}

/// A value as text; the middle of a long one is cut so that a row fits on a line.
fn text(log: &Value, key: &str) -> String {
    const WIDEST: usize = 40;
    let text = match log.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let count = text.chars().count();
    if count <= WIDEST {
        return text;
    }
    let start: String = text.chars().take(WIDEST / 2).collect();
    let end: String = text.chars().skip(count - WIDEST / 2 + 1).collect();
    format!("{start}…{end}")
}
