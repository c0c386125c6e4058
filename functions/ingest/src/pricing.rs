//! What an AI call costs: the fields `cost_nano` and `price_id`, which nobody but ingest sets.

use std::borrow::Cow;

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
