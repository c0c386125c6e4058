//! Limits how many statements the database runs at once for one instance.
//!
//! A statement that takes too long is given up, but continues in the database: Spin's host has no way to stop it. So it is
//! followed to its end, and counts as running until then. When all running statements are such, further ones are refused
//! at once instead of piling up behind them.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{Either, LocalBoxFuture, select};
use gatelog_functions_shared::Environment;
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError};
use gatelog_sync::WaitQueue;

/// Runs work after the answer of the request that began it.
pub type Spawn = fn(LocalBoxFuture<'static, ()>);

/// A database that runs a limited number of statements at once.
#[derive(Debug)]
pub struct LimitedExecutor<E, H> {
    database: E,
    running: Rc<Running<H>>,
}

impl<E: Clone, H> Clone for LimitedExecutor<E, H> {
    fn clone(&self) -> Self {
        Self { database: self.database.clone(), running: Rc::clone(&self.running) }
    }
}

impl<E, H: Environment> LimitedExecutor<E, H> {
    /// A database on which at most `max` statements run, each given up after `time_limit`, the wait for its turn
    /// included. The database must not give them up before.
    pub fn new(database: E, host: H, max: usize, time_limit: Duration, spawn: Spawn) -> Self {
        let (counts, queue) = Default::default();
        Self { database, running: Rc::new(Running { host, max, time_limit, spawn, counts, queue }) }
    }
}

impl<E: Executor + Clone + 'static, H: Environment + 'static> Executor for LimitedExecutor<E, H> {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        let begin = self.running.host.ticks();
        let place = Running::enter(&self.running, begin).await?;
        let is_given_up = Rc::clone(&place.is_given_up);
        let (database, statement) = (self.database.clone(), statement.to_static());
        let work = async move {
            let answer = database.run(&statement).await;
            place.leave();
            answer
        };
        let left = self.running.left(begin);
        match select(work.boxed_local(), pin!(self.running.host.sleep(left))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), work)) => {
                is_given_up.set(true);
                let counts = &self.running.counts;
                counts.given_up.set(counts.given_up.get() + 1);
                // All that run may be given up now, and those that wait are to be refused.
                self.running.queue.wake_all();
                (self.running.spawn)(work.map(drop).boxed_local());
                Err(self.running.too_late())
            }
        }
    }
}

/// What runs in an instance.
struct Running<H> {
    host: H,
    max: usize,
    time_limit: Duration,
    spawn: Spawn,
    counts: Counts,
    /// Statements that wait for a place.
    queue: WaitQueue,
}

#[derive(Debug, Default)]
struct Counts {
    /// Statements that are followed.
    followed: Cell<usize>,
    /// Those of them that were given up.
    given_up: Cell<usize>,
    /// When those that nobody follows, because their request was cut off, count no more.
    unknown: RefCell<Vec<Duration>>,
}

impl<H: Environment> Running<H> {
    /// A place, as soon as there is one.
    async fn enter(running: &Rc<Self>, begin: Duration) -> Result<Place<H>, StorageError> {
        loop {
            let counts = &running.counts;
            let now = running.host.ticks();
            counts.unknown.borrow_mut().retain(|end| *end > now);
            let unknown = counts.unknown.borrow().len();
            if counts.followed.get() + unknown < running.max {
                counts.followed.set(counts.followed.get() + 1);
                let is_given_up = Rc::new(Cell::new(false));
                return Ok(Place { running: Rc::clone(running), is_given_up, is_left: false });
            }
            if counts.given_up.get() + unknown >= running.max {
                let reason = format!("{} statements that were given up are still running", running.max);
                return Err(StorageError::Unavailable { reason });
            }
            let left = running.left(begin);
            if left.is_zero() {
                return Err(running.too_late());
            }
            // A place also gets free by time alone.
            let next_end = counts.unknown.borrow().iter().map(|end| end.saturating_sub(now)).min();
            let pass_on = || {
                running.queue.wake_one();
            };
            let woken = running.queue.wait(pass_on);
            select(pin!(woken), pin!(running.host.sleep(next_end.map_or(left, |end| end.min(left))))).await;
        }
    }
}

impl<H: Environment> Running<H> {
    fn left(&self, begin: Duration) -> Duration {
        self.time_limit.saturating_sub(self.host.ticks().saturating_sub(begin))
    }

    fn too_late(&self) -> StorageError {
        StorageError::Unavailable { reason: format!("no answer within {} ms", self.time_limit.as_millis()) }
    }
}

impl<H> fmt::Debug for Running<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("max", &self.max)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

/// The place of one statement.
struct Place<H: Environment> {
    running: Rc<Running<H>>,
    is_given_up: Rc<Cell<bool>>,
    is_left: bool,
}

impl<H: Environment> Place<H> {
    /// The statement has ended.
    fn leave(mut self) {
        self.is_left = true;
    }
}

impl<H: Environment> Drop for Place<H> {
    fn drop(&mut self) {
        let counts = &self.running.counts;
        counts.followed.set(counts.followed.get().saturating_sub(1));
        if self.is_given_up.get() {
            counts.given_up.set(counts.given_up.get().saturating_sub(1));
        }
        if !self.is_left {
            // The request was cut off, and the statement continues for an unknown time.
            let end = self.running.host.ticks().saturating_add(self.running.time_limit);
            counts.unknown.borrow_mut().push(end);
            // Those that wait may have to be refused, and have to know when the place gets free.
            self.running.queue.wake_all();
        } else {
            self.running.queue.wake_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Wake, Waker};

    use gatelog_record::Timestamp;
    use gatelog_storage::schema;

    use super::*;

    thread_local! {
        /// What goes on after its answer.
        static BACKGROUND: RefCell<Vec<LocalBoxFuture<'static, ()>>> = RefCell::default();
    }

    fn background(work: LocalBoxFuture<'static, ()>) {
        BACKGROUND.with(|works| works.borrow_mut().push(work));
    }

    /// Lets what goes on in the background go on; answers how much is left.
    fn go_on() -> usize {
        BACKGROUND.with(|works| {
            works.borrow_mut().retain_mut(|work| work.now_or_never().is_none());
            works.borrow().len()
        })
    }

    /// A database that answers only when it is told to.
    #[derive(Clone, Debug, Default)]
    struct Slow(Rc<SlowState>);

    #[derive(Debug, Default)]
    struct SlowState {
        begun: Cell<usize>,
        answers: Cell<bool>,
    }

    impl Executor for Slow {
        fn dialect(&self) -> Dialect {
            Dialect::Sqlite
        }

        async fn run(&self, _: &Statement<'_>) -> Result<Rows, StorageError> {
            self.0.begun.set(self.0.begun.get() + 1);
            futures::future::poll_fn(|_| match self.0.answers.get() {
                true => std::task::Poll::Ready(Ok(Rows::new())),
                false => std::task::Poll::Pending,
            })
            .await
        }
    }

    /// A clock that stands still, or passes as far as somebody sleeps.
    #[derive(Clone, Debug, Default)]
    struct Clock(Rc<(Cell<Duration>, Cell<bool>)>);

    impl Clock {
        fn pass(&self) {
            self.0.1.set(true);
        }

        fn stand(&self) {
            self.0.1.set(false);
        }
    }

    impl Environment for Clock {
        fn now(&self) -> Timestamp {
            Timestamp::MIN
        }

        fn ticks(&self) -> Duration {
            self.0.0.get()
        }

        fn fill_random(&self, _: &mut [u8]) {}

        async fn sleep(&self, duration: Duration) {
            if !self.0.1.get() {
                pending::<()>().await;
            }
            self.0.0.set(self.0.0.get() + duration);
        }
    }

    const LIMIT: Duration = Duration::from_secs(30);

    fn bounded(max: usize) -> (LimitedExecutor<Slow, Clock>, Slow, Clock) {
        let (slow, clock) = (Slow::default(), Clock::default());
        (LimitedExecutor::new(slow.clone(), clock.clone(), max, LIMIT, background), slow, clock)
    }

    async fn ask(database: &LimitedExecutor<Slow, Clock>) -> Result<(), String> {
        schema::version(database).await.map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn statements_that_were_given_up_count_until_they_end_and_further_ones_are_refused_at_once() {
        let (database, slow, clock) = bounded(2);
        clock.pass();
        for _ in 0..2 {
            let error = ask(&database).now_or_never().unwrap().unwrap_err();
            assert!(error.ends_with("no answer within 30000 ms"), "{error}");
        }
        clock.stand();
        for _ in 0..5 {
            let error = ask(&database).now_or_never().unwrap().unwrap_err();
            assert!(error.ends_with("2 statements that were given up are still running"), "{error}");
        }
        assert_eq!((slow.0.begun.get(), go_on()), (2, 2));
        slow.0.answers.set(true);
        assert_eq!(go_on(), 0);
        let _ = ask(&database).now_or_never().unwrap();
        assert_eq!(slow.0.begun.get(), 3);
    }

    #[test]
    fn a_statement_waits_for_one_that_was_not_given_up() {
        let (database, slow, _) = bounded(1);
        let mut first = pin!(ask(&database));
        assert!(first.as_mut().now_or_never().is_none());
        assert!(pin!(ask(&database)).now_or_never().is_none(), "it waits");
        assert_eq!(slow.0.begun.get(), 1);
        slow.0.answers.set(true);
        assert!(first.now_or_never().is_some());
        let _ = ask(&database).now_or_never().unwrap();
        assert_eq!(slow.0.begun.get(), 2);
    }

    /// Whether the task was woken.
    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_statement_that_waits_is_woken_when_a_place_gets_free_and_when_all_are_given_up() {
        for is_given_up in [false, true] {
            let (database, slow, clock) = bounded(1);
            let mut first = Box::pin(ask(&database));
            assert!((&mut first).now_or_never().is_none());
            let mut second = pin!(ask(&database));
            let woken = Arc::<Woken>::default();
            let waker = Waker::from(Arc::clone(&woken));
            assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            assert!(!woken.0.load(Ordering::Relaxed));
            if is_given_up {
                // The one that waits has begun later, and its own time is not over.
                drop(first);
            } else {
                slow.0.answers.set(true);
                assert!(first.now_or_never().is_some());
            }
            assert!(woken.0.load(Ordering::Relaxed), "{is_given_up}");
            let answer = second.now_or_never().unwrap();
            assert_eq!(answer.is_err_and(|error| error.contains("given up are still running")), is_given_up);
            assert_eq!(
                (slow.0.begun.get(), clock.ticks()),
                (if is_given_up { 1 } else { 2 }, Duration::ZERO)
            );
        }
    }

    #[test]
    fn a_statement_whose_request_was_cut_off_counts_for_as_long_as_it_might_have_taken() {
        let (database, slow, clock) = bounded(1);
        assert!(ask(&database).now_or_never().is_none(), "and it is dropped");
        slow.0.answers.set(true);
        let error = ask(&database).now_or_never().unwrap().unwrap_err();
        assert!(error.ends_with("1 statements that were given up are still running"), "{error}");
        clock.0.0.set(LIMIT);
        let _ = ask(&database).now_or_never().unwrap();
        assert_eq!(slow.0.begun.get(), 2);
    }

    #[test]
    fn the_wait_for_a_place_is_part_of_the_time_of_a_statement() {
        let (database, slow, clock) = bounded(1);
        let mut first = pin!(ask(&database));
        assert!(first.as_mut().now_or_never().is_none());
        clock.pass();
        let error = ask(&database).now_or_never().unwrap().unwrap_err();
        assert!(error.ends_with("no answer within 30000 ms"), "{error}");
        assert_eq!((clock.ticks(), slow.0.begun.get()), (LIMIT, 1));
    }
}
