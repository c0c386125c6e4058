//! The memory that the decoders of all bodies in a VM take together. A VM gives no memory back, so what thousands of
//! streams want at the same time has to have an end.

use std::cell::Cell;
use std::rc::Rc;

use super::coding::Stop;

/// Bytes that all decoders of a VM take at the moment.
#[derive(Clone, Debug, Default)]
pub struct Budget(Rc<Cell<usize>>);

/// The part of a [`Budget`] that one decoder has, until it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    bytes: usize,
    /// Bytes that all may take together.
    most: usize,
}

impl Budget {
    /// A share of nothing yet, of a budget of `most` bytes.
    pub fn share(&self, most: usize) -> Share {
        Share { budget: self.clone(), bytes: 0, most }
    }

    /// Bytes that are taken.
    pub fn taken(&self) -> usize {
        self.0.get()
    }
}

impl Share {
    /// Makes the share as large as `bytes`, if it is not already.
    ///
    /// # Errors
    ///
    /// [`Stop::OverLimit`] when the budget does not have as much.
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
    fn all_shares_together_are_no_larger_than_the_budget_and_give_it_back() {
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
