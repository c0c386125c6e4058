//! Tasks that wait in order of arrival.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use crate::notify::Notify;

/// A queue of tasks. Each task is woken once; the one that has waited longest comes first.
#[derive(Default)]
pub struct WaitQueue {
    places: RefCell<VecDeque<Rc<Place>>>,
}

/// The place of one task.
#[derive(Default)]
struct Place {
    is_woken: Cell<bool>,
    notify: Notify,
}

impl fmt::Debug for WaitQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitQueue").field("len", &self.len()).finish()
    }
}

impl WaitQueue {
    /// Waits for its turn. When the task is dropped after it was woken but before it resumed, `pass_on` is called
    /// instead, so that the wake-up is not lost.
    pub async fn wait(&self, pass_on: impl Fn()) {
        let place = Rc::<Place>::default();
        self.places.borrow_mut().push_back(Rc::clone(&place));
        let waiting = Waiting { queue: self, place, pass_on };
        while !waiting.place.is_woken.get() {
            waiting.place.notify.notified().await;
        }
        waiting.place.is_woken.set(false);
    }

    /// Wakes the task that has waited longest. False when none waits.
    pub fn wake_one(&self) -> bool {
        // The borrow ends before the task is woken, because waking may re-enter this queue.
        let next = self.places.borrow_mut().pop_front();
        next.map(|place| place.wake()).is_some()
    }

    /// Wakes all tasks.
    pub fn wake_all(&self) {
        self.places.take().iter().for_each(|place| place.wake());
    }

    /// The number of waiting tasks that have not been woken yet.
    pub fn len(&self) -> usize {
        self.places.borrow().len()
    }

    /// Whether no task waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Place {
    fn wake(&self) {
        self.is_woken.set(true);
        self.notify.notify();
    }
}

/// A task that waits.
struct Waiting<'q, F: Fn()> {
    queue: &'q WaitQueue,
    place: Rc<Place>,
    pass_on: F,
}

impl<F: Fn()> Drop for Waiting<'_, F> {
    fn drop(&mut self) {
        if self.place.is_woken.get() {
            (self.pass_on)();
        }
        self.queue.places.borrow_mut().retain(|place| !Rc::ptr_eq(place, &self.place));
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn all_tasks_are_woken_at_once() {
        let queue = WaitQueue::default();
        let mut tasks: Vec<_> = (0..3).map(|_| Box::pin(queue.wait(|| ()))).collect();
        assert!(tasks.iter_mut().all(|task| task.now_or_never().is_none()));
        queue.wake_all();
        assert!(tasks.iter_mut().all(|task| task.now_or_never().is_some()) && queue.is_empty());
    }

    #[test]
    fn a_dropped_task_passes_on_its_wake_up_or_else_only_gives_up_its_place() {
        let queue = WaitQueue::default();
        let passed_on = Cell::new(0);
        let wait = || Box::pin(queue.wait(|| passed_on.set(passed_on.get() + 1)));
        let (mut first, mut second) = (wait(), wait());
        assert!((&mut first).now_or_never().is_none() && (&mut second).now_or_never().is_none());
        drop(second);
        assert_eq!((passed_on.get(), queue.len()), (0, 1));
        assert!(queue.wake_one() && !queue.wake_one());
        drop(first);
        assert_eq!(passed_on.get(), 1);
    }
}
