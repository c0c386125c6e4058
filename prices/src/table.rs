//! The price table, and the cost of a record.

use std::cmp::Reverse;
use std::collections::HashMap;

use gatelog_record::{AccessRecord, Timestamp};

use crate::line::{Calculation, Line};
use crate::pattern;
use crate::tokens::Tokens;

/// The prices of AI calls, in one currency.
#[derive(Clone, Debug, Default)]
pub struct Table {
    version: String,
    currency: String,
    source: String,
    lines: Vec<Line>,
    /// The lines by the first byte of their models' names, the most specific first.
    by_first: HashMap<Option<u8>, Vec<usize>>,
}

/// What a call costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cost {
    /// The call has no tokens.
    NoTokens,
    /// No line of the table has a price for the call.
    Unpriced,
    /// A line has a price for it.
    Priced {
        /// Billionths of the currency.
        nano: i64,
        /// See [`Line::price_id`].
        id: String,
    },
}

impl Table {
    /// A table. Of equally specific lines, the first is used.
    pub fn new(version: String, currency: String, source: String, lines: Vec<Line>) -> Self {
        let mut by_first: HashMap<_, Vec<usize>> = HashMap::new();
        let mut order: Vec<(usize, &Line)> = lines.iter().enumerate().collect();
        order.sort_by_key(|(index, line)| (Reverse(line.precedence()), *index));
        for (index, line) in order {
            by_first.entry(line.pattern.first()).or_default().push(index);
        }
        Self { version, currency, source, lines, by_first }
    }

    /// Version of the table, with which every [`Line::price_id`] begins; both versions when two tables are merged.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The currency of all prices, an ISO 4217 code.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// The origin of the prices.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The lines as they were read.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The line for a model of a provider at a time: the most specific one that applies. An empty provider is an unknown
    /// one.
    pub fn find(&self, model: &str, provider: &str, at: Timestamp) -> Option<&Line> {
        let candidates = [pattern::first(model), None].into_iter().filter_map(|first| {
            let mut lines = self.by_first.get(&first)?.iter().filter_map(|index| self.lines.get(*index));
            lines.find(|line| line.applies(model, provider, at))
        });
        // Of equals `max_by_key` takes the last, so a line found by its first byte comes before one that begins with a wildcard.
        candidates.rev().max_by_key(|line| line.precedence())
    }

    /// The line for a record's model, whether or not it says what the call costs. The model that answered decides, and where
    /// that has no line, the one that was asked for, at the record's `start_time`.
    pub fn line_of(&self, record: &AccessRecord<'_>) -> Option<&Line> {
        let at = record.start_time.unwrap_or(Timestamp::MIN);
        let models = [&record.response_model, &record.model].into_iter().filter(|model| !model.is_empty());
        models.into_iter().find_map(|model| self.find(model, &record.provider, at))
    }

    /// The cost of a record at its `start_time`: by the responding model or, if that has no price, by the requested one.
    pub fn cost(&self, record: &AccessRecord<'_>) -> Cost {
        let tokens = Tokens::of(record);
        if tokens.is_empty() {
            return Cost::NoTokens;
        }
        let at = record.start_time.unwrap_or(Timestamp::MIN);
        for model in [&record.response_model, &record.model] {
            if let Some(line) = self.find(model, &record.provider, at).filter(|_| !model.is_empty())
                && let Some(nano) = line.cost(tokens, &record.service_tier)
            {
                return Cost::Priced { nano, id: line.price_id() };
            }
        }
        Cost::Unpriced
    }

    /// How the cost of a record was computed, by the line in its `price_id`. Of several such lines it is the one that gives the
    /// record's cost, otherwise the most specific one. `None` when there is no such line.
    pub fn calculation(&self, record: &AccessRecord<'_>) -> Option<Calculation<'_>> {
        let tokens = Tokens::of(record);
        let at = record.start_time.unwrap_or(Timestamp::MIN);
        let named = self.lines.iter().filter(|line| line.price_id() == record.price_id);
        let mut named: Vec<&Line> = named.filter(|line| line.is_for(&record.provider, at)).collect();
        named.sort_by_key(|line| Reverse(line.precedence()));
        let calculations = || named.iter().map(|line| line.calculation(tokens, &record.service_tier));
        calculations()
            .find(|calculation| calculation.cost() == record.cost_nano)
            .or_else(|| calculations().next())
    }
}
