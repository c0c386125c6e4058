//! A number of permits that tasks take in the order in which they asked. Who waits sleeps until it has one, and who goes
//! away gives back what it has.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::oneshot;

/// Permits for tasks of one thread.
pub(crate) struct Permits {
    free: Cell<usize>,
    queue: RefCell<VecDeque<Rc<Place>>>,
}

/// A place in the queue.
#[derive(Default)]
struct Place {
    granted: Cell<bool>,
    wakes: Cell<Option<oneshot::Sender>>,
}

/// A permit, given back when dropped.
pub(crate) struct Permit<'p>(&'p Permits);

impl std::fmt::Debug for Permits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permits").field("free", &self.free.get()).finish_non_exhaustive()
    }
}

impl Permits {
    /// So many permits, all free.
    pub(crate) fn new(count: usize) -> Self {
        Self { free: Cell::new(count), queue: RefCell::default() }
    }

    /// Waits for a permit.
    pub(crate) async fn take(&self) -> Permit<'_> {
        if let Some(left) = self.free.get().checked_sub(1) {
            self.free.set(left);
            return Permit(self);
        }
        let place = Rc::<Place>::default();
        self.queue.borrow_mut().push_back(Rc::clone(&place));
        let waiting = Waiting { permits: self, place };
        while !waiting.place.granted.take() {
            let (sender, receiver) = oneshot::channel();
            waiting.place.wakes.set(Some(sender));
            receiver.wait().await;
        }
        Permit(self)
    }

    fn give_back(&self) {
        // The borrow ends before anybody is woken, who may come back here.
        let next = self.queue.borrow_mut().pop_front();
        match next {
            Some(place) => {
                place.granted.set(true);
                if let Some(sender) = place.wakes.take() {
                    sender.send();
                }
            }
            None => self.free.set(self.free.get() + 1),
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// A task that waits. When it goes away, so does its place, and a permit that it was given goes to the next.
struct Waiting<'p> {
    permits: &'p Permits,
    place: Rc<Place>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.place.granted.get() {
            self.permits.give_back();
        }
        self.permits.queue.borrow_mut().retain(|place| !Rc::ptr_eq(place, &self.place));
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn permits_are_given_in_the_order_of_asking() {
        let permits = Permits::new(1);
        let first = permits.take().now_or_never().unwrap();
        let (mut second, mut third) = (pin!(permits.take()), pin!(permits.take()));
        let mut poll_both = || ((&mut second).now_or_never(), (&mut third).now_or_never());
        assert!(matches!(poll_both(), (None, None)));
        drop(first);
        let (second, none) = poll_both();
        assert!(second.is_some() && none.is_none());
        drop(second);
        assert!(third.now_or_never().is_some());
        assert_eq!(permits.free.get(), 1);
    }

    #[test]
    fn a_task_that_goes_away_leaves_its_permit_to_the_next() {
        let permits = Permits::new(1);
        let first = permits.take().now_or_never().unwrap();
        let mut second = Box::pin(permits.take());
        let mut third = Box::pin(permits.take());
        assert!((&mut second).now_or_never().is_none() && (&mut third).now_or_never().is_none());
        drop(first);
        drop(second);
        assert!((&mut third).now_or_never().is_some());
        let first = permits.take().now_or_never().unwrap();
        let mut gone = Box::pin(permits.take());
        assert!((&mut gone).now_or_never().is_none());
        drop(gone);
        drop(first);
        assert_eq!((permits.free.get(), permits.queue.borrow().len()), (1, 0));
    }
}
