//! What an AI call costs: the fields `cost_nano` and `price_id`, which nobody but ingest sets. And what is counted of it.

use std::borrow::Cow;
use std::time::Duration;

use gatelog_functions_shared::metrics::AiCall;
use gatelog_prices::read::TableError;
use gatelog_prices::tokens::Tokens;
use gatelog_prices::{Cost, Table};
use gatelog_record::AccessRecord;

/// Why records with tokens have no cost, and how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unpriced {
    /// No line of the table says what they cost.
    pub without_price: usize,
    /// The variable `prices` is wrong, so that there is no table.
    pub misconfigured: usize,
}

/// Sets what a record costs by the table, and counts it in `unpriced` where nothing says that. What a client says of costs is
/// left out: sums would mix prices that nobody knows.
pub fn price(record: &mut AccessRecord<'_>, table: Result<&Table, &TableError>, unpriced: &mut Unpriced) {
    (record.cost_nano, record.price_id) = (None, Cow::Borrowed(""));
    match table.map(|table| table.cost(record)) {
        Ok(Cost::Priced { nano, id }) => (record.cost_nano, record.price_id) = (Some(nano), Cow::Owned(id)),
        Ok(Cost::Unpriced) => unpriced.without_price += 1,
        Err(_) if !Tokens::of(record).is_empty() => unpriced.misconfigured += 1,
        Ok(Cost::NoTokens) | Err(_) => {}
    }
}

/// What is counted of a stored record if it is an AI call, that is if it has a model or tokens. The label of its model is the
/// name of the line that gave its price, else of the line for its model.
pub fn ai_call<'a>(
    record: &'a AccessRecord<'_>,
    table: Result<&'a Table, &TableError>,
) -> Option<AiCall<'a>> {
    let tokens = Tokens::of(record);
    if record.model.is_empty() && record.response_model.is_empty() && tokens.is_empty() {
        return None;
    }
    let table = table.ok();
    let priced_by = record.price_id.split_once(':').map(|(_, name)| name);
    let line = || table.and_then(|table| table.line_of(record)).map(|line| line.pattern.as_str());
    let Tokens { input, cached, cache_write, output, reasoning, undivided } = tokens;
    let first_token = record.time_to_first_token.and_then(|millis| u64::try_from(millis).ok());
    Some(AiCall {
        model: priced_by.or_else(line),
        tokens: [
            input.saturating_add(cached).saturating_add(cache_write).saturating_add(undivided),
            output.saturating_add(reasoning),
            cached,
            cache_write,
            reasoning,
        ],
        cost: record.cost_nano.zip(table.map(Table::currency)),
        first_token: first_token.map(Duration::from_millis),
    })
}
