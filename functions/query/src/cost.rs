//! `GET /query/costs/{record_id}`: how the cost of a record comes about, by the line of the price table that it names.

use std::borrow::Cow;

use gatelog_functions_shared::http::response;
use gatelog_functions_shared::{Failure, Response};
use gatelog_prices::ConfiguredTable;
use gatelog_prices::line::Calculation;
use gatelog_prices::tokens::Tokens;
use gatelog_record::fields::{FieldValue, Member};
use gatelog_record::{AccessRecord, Field, fields};
use gatelog_storage::query::records;
use gatelog_storage::{Executor, Selection, StoredRecord};
use http::StatusCode;
use serde::Serialize;

use crate::one::no_record;
use crate::prices::{self, Price};

/// The fields that a cost depends on, and those of the cost.
const FIELDS: [&str; 11] = [
    "start_time",
    "provider",
    "service_tier",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_nano",
    "price_id",
];

/// Why the arithmetic does not lead to the record's cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The record has no count of tokens, and so no cost.
    NoTokens,
    /// The record has tokens, and no line had a price for them when it was stored.
    Unpriced,
    /// The table has no line any more with the record's `price_id`.
    UnknownPrice,
    /// The line has other prices now than when the record was stored.
    ChangedPrice,
}

impl Reason {
    /// Every reason by its name in JSON.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::NoTokens, "no_tokens"),
        (Self::Unpriced, "unpriced"),
        (Self::UnknownPrice, "unknown_price"),
        (Self::ChangedPrice, "changed_price"),
    ];
}

#[derive(Serialize)]
struct Answer<'t> {
    record_id: &'t str,
    cost_nano: Option<i64>,
    price_id: Option<&'t str>,
    currency: &'t str,
    agrees: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<Price<'t>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    above_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factor: Option<String>,
    charges: Vec<Charge>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum_nano: Option<i64>,
    status: &'static str,
}

#[derive(Serialize)]
struct Charge {
    kind: &'static str,
    tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
}

/// Answers how the cost of the record with this id comes about.
///
/// # Errors
///
/// An id that no record has, everything that is wrong with the variable `prices`, and the database's.
pub async fn serve(
    id: &str,
    database: &impl Executor,
    configured: &ConfiguredTable,
) -> Result<Response, Failure> {
    let table = prices::table(configured)?;
    let selection = Selection::from_fields(FIELDS.into_iter().filter_map(fields::field).collect());
    let stored = records::one(database, id, &selection).await?.ok_or_else(|| no_record(id))?;
    let record = of_stored(&stored);
    let calculation = table.calculation(&record);
    let tokens = Tokens::of(&record);
    let sum = calculation.as_ref().and_then(Calculation::cost);
    let reason = match (record.cost_nano, &calculation) {
        (None, _) if tokens.is_empty() => Some(Reason::NoTokens),
        (None, _) => Some(Reason::Unpriced),
        (Some(_), None) => Some(Reason::UnknownPrice),
        (Some(cost), Some(_)) => (sum != Some(cost)).then_some(Reason::ChangedPrice),
    };
    let answer = Answer {
        record_id: id,
        cost_nano: record.cost_nano,
        price_id: Some(&*record.price_id).filter(|id| !id.is_empty()),
        currency: table.currency(),
        agrees: reason.is_none(),
        reason,
        line: calculation.as_ref().map(|calculation| Price(calculation.line)),
        above_input_tokens: calculation.as_ref().and_then(|calculation| calculation.above_input_tokens),
        service_tier: calculation.as_ref().and_then(|calculation| calculation.service_tier),
        factor: calculation.as_ref().and_then(Calculation::shown_factor),
        charges: charges(&tokens, calculation.as_ref()),
        sum_nano: sum,
        status: "success",
    };
    Ok(response::json(StatusCode::OK, &answer))
}

/// The kinds of tokens that there are, with what they cost where that is known.
fn charges(tokens: &Tokens, calculation: Option<&Calculation<'_>>) -> Vec<Charge> {
    let prices = calculation.map(|calculation| calculation.prices).unwrap_or_default();
    let factor = calculation.map_or(0, |calculation| calculation.factor);
    let charges = tokens.charges(&prices).into_iter().filter(|charge| charge.tokens > 0);
    let shown = |charge: gatelog_prices::tokens::Charge| Charge {
        kind: charge.kind,
        tokens: charge.tokens,
        price: charge.shown_price(),
        amount: charge.amount(factor),
    };
    charges.map(shown).collect()
}

/// The selected fields as a record.
fn of_stored(stored: &StoredRecord) -> AccessRecord<'_> {
    let mut record = AccessRecord::default();
    for (Field { name, .. }, value) in stored.fields() {
        match (record.member_mut(name), value) {
            (Some(Member::Timestamp(time)), FieldValue::Timestamp(value)) => *time = Some(value),
            (Some(Member::Count(count)), FieldValue::Integer(value)) => *count = Some(value),
            (Some(Member::Text(text)), FieldValue::Text(value)) => *text = Cow::Borrowed(value),
            _ => {}
        }
    }
    record
}
