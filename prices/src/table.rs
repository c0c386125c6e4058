//! The price table, and what a record costs by it.

use std::cmp::Reverse;
use std::collections::HashMap;

use gatelog_record::{AccessRecord, Timestamp};

use crate::line::Line;
use crate::pattern;
use crate::tokens::Tokens;

/// What AI calls cost, in one currency.
#[derive(Clone, Debug, Default)]
pub struct Table {
    version: String,
    currency: String,
    source: String,
    lines: Vec<Line>,
    /// The lines by what the names of their models begin with, the most precise first.
    by_first: HashMap<Option<u8>, Vec<usize>>,
}

/// What a call costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cost {
    /// The call has no tokens.
    NoTokens,
    /// No line of the table says what the call costs.
    Unpriced,
    /// A line says it.
    Priced {
        /// Billionths of the currency.
        nano: i64,
        /// See [`Line::price_id`].
        id: String,
    },
}

impl Table {
    /// A table. Of lines that are equally precise the first counts.
    pub fn new(version: String, currency: String, source: String, lines: Vec<Line>) -> Self {
        let mut by_first: HashMap<_, Vec<usize>> = HashMap::new();
        let mut order: Vec<(usize, &Line)> = lines.iter().enumerate().collect();
        order.sort_by_key(|(index, line)| (Reverse(line.precedence()), *index));
        for (index, line) in order {
            by_first.entry(line.pattern.first()).or_default().push(index);
        }
        Self { version, currency, source, lines, by_first }
    }

    /// Version of the table, which every [`Line::price_id`] begins with; of two tables in one, both.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The currency of all prices, by ISO 4217.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// Where the prices are from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The lines as they were read.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The line for a model of a provider at a time: the most precise of those that apply. An empty provider is an unknown
    /// one.
    pub fn find(&self, model: &str, provider: &str, at: Timestamp) -> Option<&Line> {
        let candidates = [pattern::first(model), None].into_iter().filter_map(|first| {
            let mut lines = self.by_first.get(&first)?.iter().filter_map(|index| self.lines.get(*index));
            lines.find(|line| line.applies(model, provider, at))
        });
        // Of equals `max_by_key` takes the last: a name that begins as a pattern does is as precise as one that ends so.
        candidates.rev().max_by_key(|line| line.precedence())
    }

    /// The line for a record's model, whether or not it says what the call costs. The model that answered decides, and where
    /// that has no line, the one that was asked for, at the record's `start_time`.
    pub fn line_of(&self, record: &AccessRecord<'_>) -> Option<&Line> {
        let at = record.start_time.unwrap_or(Timestamp::MIN);
        let models = [&record.response_model, &record.model].into_iter().filter(|model| !model.is_empty());
        models.into_iter().find_map(|model| self.find(model, &record.provider, at))
    }

    /// What a record costs. The model that answered decides, and where that has no price, the one that was asked for, at
    /// the record's `start_time`.
    pub fn cost(&self, record: &AccessRecord<'_>) -> Cost {
        let tokens = Tokens::of(record);
        if tokens.is_empty() {
            return Cost::NoTokens;
        }
        let at = record.start_time.unwrap_or(Timestamp::MIN);
        for model in [&record.response_model, &record.model] {
            if let Some(line) = self.find(model, &record.provider, at).filter(|_| !model.is_empty())
                && let Some(nano) = line.cost(&tokens, &record.service_tier)
            {
                return Cost::Priced { nano, id: line.price_id() };
            }
        }
        Cost::Unpriced
    }
}
