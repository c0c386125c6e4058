//! A number of permits that tasks get in order of request.

use std::cell::Cell;

use crate::wait_queue::WaitQueue;

/// Permits for tasks of one thread.
#[derive(Debug)]
pub struct Semaphore {
    free: Cell<usize>,
    queue: WaitQueue,
}

/// A permit, given back when dropped.
#[derive(Debug)]
pub struct Permit<'s>(&'s Semaphore);

impl Semaphore {
    /// A semaphore with this many permits, all free.
    pub fn new(permits: usize) -> Self {
        Self { free: Cell::new(permits), queue: WaitQueue::default() }
    }

    /// Waits for a permit. A task that is dropped while it waits leaves the permit to the next.
    pub async fn acquire(&self) -> Permit<'_> {
        match self.try_acquire() {
            Some(permit) => permit,
            None => {
                self.queue.wait(|| self.release()).await;
                Permit(self)
            }
        }
    }

    /// A permit, if one is free. A permit already assigned to a waiting task is not free.
    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        self.free.set(self.free.get().checked_sub(1)?);
        Some(Permit(self))
    }

    /// The number of free permits.
    pub fn available(&self) -> usize {
        self.free.get()
    }

    /// Gives a permit to the task that has waited longest.
    fn release(&self) {
        if !self.queue.wake_one() {
            self.free.set(self.free.get() + 1);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn permits_are_given_in_order_of_request() {
        let semaphore = Semaphore::new(1);
        let first = semaphore.acquire().now_or_never().unwrap();
        let (mut second, mut third) = (pin!(semaphore.acquire()), pin!(semaphore.acquire()));
        let mut poll_both = || ((&mut second).now_or_never(), (&mut third).now_or_never());
        assert!(matches!(poll_both(), (None, None)));
        drop(first);
        assert!(semaphore.try_acquire().is_none(), "it belongs to the second");
        let (second, none) = poll_both();
        assert!(second.is_some() && none.is_none());
        drop(second);
        assert!(third.now_or_never().is_some());
        assert_eq!(semaphore.available(), 1);
    }

    #[test]
    fn a_dropped_task_leaves_its_permit_to_the_next() {
        let semaphore = Semaphore::new(1);
        let first = semaphore.acquire().now_or_never().unwrap();
        let mut second = Box::pin(semaphore.acquire());
        let mut third = Box::pin(semaphore.acquire());
        assert!((&mut second).now_or_never().is_none() && (&mut third).now_or_never().is_none());
        drop(first);
        drop(second);
        assert!((&mut third).now_or_never().is_some());
        let first = semaphore.acquire().now_or_never().unwrap();
        let mut gone = Box::pin(semaphore.acquire());
        assert!((&mut gone).now_or_never().is_none());
        drop(gone);
        drop(first);
        assert_eq!((semaphore.available(), semaphore.queue.len()), (1, 0));
    }
}
