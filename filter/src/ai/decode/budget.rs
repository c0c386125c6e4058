//! Bounds the memory that the decoders of all bodies in a VM take together. A VM never returns memory, so the demand
//! of thousands of concurrent streams must have a limit.

use std::cell::Cell;
use std::rc::Rc;

use super::coding::Stop;

/// Bytes that all decoders of a VM currently take.
#[derive(Clone, Debug, Default)]
pub struct Budget(Rc<Cell<usize>>);

/// The share of a [`Budget`] that one decoder holds until it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    bytes: usize,
    /// Bytes that all decoders together may take.
    most: usize,
}

impl Budget {
    /// An empty share of a budget of `most` bytes.
    pub fn share(&self, most: usize) -> Share {
        Share { budget: self.clone(), bytes: 0, most }
    }

    /// Bytes in use.
    pub fn taken(&self) -> usize {
        self.0.get()
    }
}

impl Share {
    /// Grows the share to `bytes`, if it is smaller.
    ///
    /// # Errors
    ///
    /// [`Stop::OverLimit`] when the budget has less left.
    pub fn grow_to(&mut self, bytes: usize) -> Result<(), Stop> {
        let more = bytes.saturating_sub(self.bytes);
        let taken = self.budget.taken().saturating_add(more);
        if more > 0 && taken > self.most {
            return Err(Stop::OverLimit);
        }
        self.budget.0.set(taken);
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.set(self.budget.taken().saturating_sub(self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shares_together_are_within_the_budget_and_are_returned() {
        let budget = Budget::default();
        let (mut one, mut other) = (budget.share(100), budget.share(100));
        assert_eq!(one.grow_to(60), Ok(()));
        assert_eq!(other.grow_to(50), Err(Stop::OverLimit));
        assert_eq!(other.grow_to(40), Ok(()));
        assert_eq!((one.grow_to(10), budget.taken()), (Ok(()), 100));
        drop(one);
        assert_eq!((other.grow_to(90), budget.taken()), (Ok(()), 90));
        drop(other);
        assert_eq!(budget.taken(), 0);
    }
}
