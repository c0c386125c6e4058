//! A circuit breaker for an expression. An expression that fails too often costs more than it saves, so it is skipped
//! for a while.

use crate::host::headers::Headers;
use crate::host::{Exchange, Expression};

/// An expression with its circuit breaker.
#[derive(Clone, Copy, Debug)]
pub struct Breaker {
    expression: Expression,
    /// The failure budget: grows with each success and shrinks with each failure. When it is exhausted, the
    /// breaker opens.
    failure_budget: u32,
    /// Evaluations that an open breaker still skips; zero when the breaker is closed.
    skips_left: u32,
}

/// The largest and initial failure budget.
pub(super) const MAX_FAILURE_BUDGET: u32 = 16;
/// The cost of a failure to the budget; a success adds 1. An expression that fails more often than every third time does
/// not pay off.
pub(super) const FAILURE_COST: u32 = 2;
/// Evaluations that an open breaker skips.
pub(super) const SKIPS: u32 = 1_024;

impl Breaker {
    /// A closed breaker.
    pub const fn new(expression: Expression) -> Self {
        Self { expression, failure_budget: MAX_FAILURE_BUDGET, skips_left: 0 }
    }

    /// The value of the expression: a list of `len` elements. `None` when the gateway has no such list for the current stream,
    /// or the breaker is open.
    pub fn evaluate(&mut self, len: usize, host: &impl Exchange) -> Option<Headers<'static>> {
        if self.skips_left > 0 {
            self.skips_left -= 1;
            return None;
        }
        let list =
            host.evaluate(self.expression).map(Headers::from_raw).filter(|pairs| pairs.iter().count() == len);
        match list {
            Some(_) => self.failure_budget = (self.failure_budget + 1).min(MAX_FAILURE_BUDGET),
            None if self.failure_budget > FAILURE_COST => self.failure_budget -= FAILURE_COST,
            // Next time, a single failure opens it again.
            None => (self.failure_budget, self.skips_left) = (FAILURE_COST, SKIPS),
        }
        list
    }
}
