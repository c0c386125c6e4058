//! Tests of requests that share an insert: each gets the outcome of its own records, and none is affected by
//! another.

#![expect(clippy::unwrap_used, reason = "a wrong shape fails the test")]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join_all;
use gatelog_functions_shared::Environment;
use gatelog_ingest::group_commit::{GroupCommit, GroupLimits, RecordOutcome, Refusal};
use gatelog_record::{AccessRecord, Timestamp};
use gatelog_storage::driver::native::NativeSqlite;
use gatelog_storage::{Dialect, Executor, Rows, Statement, StorageError, Value, query::records};
use tokio::sync::Semaphore;
use tokio::task::{LocalSet, spawn_local, yield_now};

const LIMITS: GroupLimits =
    GroupLimits { max_records: 100, max_bytes: 100_000, max_waiting: 16, max_wait: MAX_WAIT };
/// Longer than any test takes.
const MAX_WAIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "current_thread")]
async fn requests_that_arrive_during_an_insert_share_the_next_one() {
    let shared = Shared::new(LIMITS).await;
    let outcomes = shared.commit_at_once(&[&["a"], &["b", "c"], &["d", "d"], &["e"]]).await;
    use RecordOutcome::{Duplicate, New};
    assert_eq!(outcomes, [vec![New], vec![New, New], vec![New, Duplicate], vec![New]].map(Ok));
    assert_eq!((shared.statements(), shared.stored().await), (2, 5));
}

#[tokio::test(flavor = "current_thread")]
async fn small_requests_soon_after_a_shared_insert_expect_each_other() {
    let shared = Shared::new(LIMITS).await;
    let statements_of = async |requests: &[&[&str]]| {
        let before = shared.statements();
        let outcomes = shared.commit_at_once(requests).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        shared.statements() - before
    };
    assert_eq!(statements_of(&[&["a"], &["b"], &["c"]]).await, 2, "the first begins at once");
    assert_eq!(statements_of(&[&["d"], &["e"]]).await, 1, "both wait for others");
    let large: Vec<String> = (0..9).map(|number| format!("l{number}")).collect();
    let large: Vec<&str> = large.iter().map(String::as_str).collect();
    assert_eq!(statements_of(&[&large, &["f"]]).await, 2, "the large one begins at once");
    shared.ticks.set(Duration::from_millis(30));
    assert_eq!(statements_of(&[&["g"], &["h"]]).await, 2, "the others were long ago");
}

#[tokio::test(flavor = "current_thread")]
async fn a_record_sent_by_two_requests_at_once_is_new_for_one_of_them() {
    let shared = Shared::new(LIMITS).await;
    let outcomes = shared.commit_at_once(&[&["a"], &["b", "c"], &["c", "a"], &["b"]]).await;
    use RecordOutcome::{Duplicate, New};
    assert_eq!(outcomes, [vec![New], vec![New, New], vec![Duplicate; 2], vec![Duplicate]].map(Ok));
    assert_eq!(shared.stored().await, 3);
}

#[tokio::test(flavor = "current_thread")]
async fn refused_records_are_reported_only_to_their_own_request() {
    let shared = Shared::new(LIMITS).await;
    let outcomes = shared.commit_at_once(&[&["x"], &["a", "b"], &["c", BAD, "d", BAD], &["e"]]).await;
    let shapes: Vec<Vec<bool>> = outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap().iter().map(|outcome| *outcome == RecordOutcome::New).collect())
        .collect();
    assert_eq!(shapes, [vec![true], vec![true; 2], vec![true, false, true, false], vec![true]]);
    assert_eq!(shared.stored().await, 6);
}

#[tokio::test(flavor = "current_thread")]
async fn when_the_client_of_the_leader_hangs_up_the_other_requests_complete() {
    let shared = Shared::new(LIMITS).await;
    LocalSet::new()
        .run_until(async {
            let first = shared.begin(&["a"]).await;
            let (second, third) = (shared.begin(&["b"]).await, shared.begin(&["c"]).await);
            // The third leads for the second, and is dropped while its insert is running.
            shared.database.permits.add_permits(1);
            assert_eq!(first.await.unwrap(), Ok(vec![RecordOutcome::New]));
            while shared.database.waiting.get() == 0 {
                yield_now().await;
            }
            third.abort();
            assert!(third.await.unwrap_err().is_cancelled());
            shared.database.permits.add_permits(10);
            assert_eq!(second.await.unwrap(), Ok(vec![RecordOutcome::New]));
        })
        .await;
    assert_eq!(shared.stored().await, 3);
}

#[tokio::test(flavor = "current_thread")]
async fn records_of_a_waiting_client_that_hangs_up_are_stored_even_if_no_other_request_arrives() {
    let shared = Shared::new(LIMITS).await;
    LocalSet::new()
        .run_until(async {
            let first = shared.begin(&["a"]).await;
            let second = shared.begin(&["b"]).await;
            second.abort();
            assert!(second.await.unwrap_err().is_cancelled());
            assert!(!shared.group_commit.has_abandoned(), "the first still leads");
            shared.database.permits.add_permits(10);
            assert_eq!(first.await.unwrap(), Ok(vec![RecordOutcome::New]));
            assert!(shared.group_commit.has_abandoned());
            shared.group_commit.drain(&*shared.database, &shared.host()).await;
            assert!(!shared.group_commit.has_abandoned());
        })
        .await;
    assert_eq!(shared.stored().await, 2);
}

#[tokio::test(flavor = "current_thread")]
async fn when_the_next_leader_has_hung_up_another_is_woken() {
    let shared = Shared::new(LIMITS).await;
    LocalSet::new()
        .run_until(async {
            let first = shared.begin(&["a"]).await;
            let (second, third) = (shared.begin(&["b"]).await, shared.begin(&["c"]).await);
            first.abort();
            // It wakes the third, which is dropped before it notices.
            third.abort();
            shared.database.permits.add_permits(10);
            assert_eq!(second.await.unwrap(), Ok(vec![RecordOutcome::New]));
        })
        .await;
    assert_eq!(shared.stored().await, 2);
}

#[tokio::test(flavor = "current_thread")]
async fn every_request_is_answered_within_its_time_whatever_it_waits_for() {
    let limit = Duration::from_millis(200);
    let shared = Shared::new(GroupLimits { max_wait: limit, ..LIMITS }).await;
    LocalSet::new()
        .run_until(async {
            let first = shared.begin(&["a"]).await;
            let second = shared.begin(&["b"]).await;
            let third = shared.begin(&["c"]).await;
            let host = shared.host();
            let clock = spawn_local(async move {
                host.sleep(limit * 5 / 4).await;
            });
            // The second waits for most of its time in the queue, and then for its own insert, which never
            // ends.
            shared.host().sleep(limit * 3 / 4).await;
            shared.database.permits.add_permits(1);
            assert_eq!(first.await.unwrap(), Ok(vec![RecordOutcome::New]));
            for late in [second, third] {
                let error = late.await.unwrap().unwrap_err();
                assert!(error.contains("no response within 200 ms"), "{error}");
            }
            assert!(!clock.is_finished(), "the time for the insert began anew");
            assert!(!shared.group_commit.has_abandoned(), "their clients send them again");
        })
        .await;
    assert_eq!(shared.stored().await, 1);
}

#[tokio::test(flavor = "current_thread")]
async fn each_of_many_refused_records_is_reported_and_the_others_are_stored() {
    let shared = Shared::new(LIMITS).await;
    let good: Vec<String> = (0..150).map(|number| format!("{number}")).collect();
    let records: Vec<&str> = good.iter().flat_map(|id| [id.as_str(), BAD]).collect();
    let outcome = shared.commit_at_once(&[&records]).await.remove(0).unwrap();
    for pair in outcome.chunks(2) {
        let [RecordOutcome::New, RecordOutcome::Refused(Refusal::Unfit(reason))] = pair else {
            panic!("{pair:?}")
        };
        assert!(reason.contains("its id"), "{reason}");
    }
    assert_eq!((outcome.len(), shared.stored().await), (300, 150));
}

#[tokio::test(flavor = "current_thread")]
async fn the_search_for_refused_records_ends_with_its_time_and_rejects_the_rest() {
    let shared = Shared::new(LIMITS).await;
    // Two seconds per statement; half a minute for the search.
    shared.database.costs.set(Duration::from_secs(2));
    let outcome = shared.commit_at_once(&[&[BAD; 64]]).await.remove(0).unwrap();
    let tried =
        outcome.iter().filter(|outcome| matches!(outcome, RecordOutcome::Refused(Refusal::Unfit(_)))).count();
    let rest =
        outcome.iter().filter(|outcome| **outcome == RecordOutcome::Refused(Refusal::NotTried)).count();
    assert!(tried > 0 && tried + rest == 64, "{outcome:?}");
    assert_eq!(shared.statements(), 15);
}

#[tokio::test(flavor = "current_thread")]
async fn a_record_that_is_too_large_for_the_database_is_rejected_alone() {
    let shared = Shared::new(LIMITS).await;
    let large = "x".repeat(TOO_LARGE);
    let outcomes = shared.commit_at_once(&[&["a"], &["b", "c", &large, "d"], &["e"]]).await;
    let shapes: Vec<Vec<bool>> = outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap().iter().map(|outcome| *outcome == RecordOutcome::New).collect())
        .collect();
    assert_eq!(shapes, [vec![true], vec![true, true, false, true], vec![true]]);
    assert_eq!(shared.stored().await, 5);
}

#[tokio::test(flavor = "current_thread")]
async fn a_request_beyond_the_waiting_limit_is_told_to_retry() {
    let shared = Shared::new(GroupLimits { max_waiting: 2, ..LIMITS }).await;
    let outcomes = shared.commit_at_once(&[&["a"], &["b"], &["c"], &["d"]]).await;
    let served: Vec<bool> = outcomes.iter().map(Result::is_ok).collect();
    assert_eq!(served, [true, true, true, false]);
    assert_eq!(shared.stored().await, 3);
}

#[tokio::test(flavor = "current_thread")]
async fn a_group_is_no_larger_than_its_limits() {
    for limits in [GroupLimits { max_records: 3, ..LIMITS }, GroupLimits { max_bytes: 3, ..LIMITS }] {
        let shared = Shared::new(limits).await;
        let outcomes =
            shared.commit_at_once(&[&["a"], &["b", "c"], &["d", "e"], &["f", "g", "h", "i"], &["j"]]).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert_eq!((shared.statements(), shared.stored().await), (5, 10), "{limits:?}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_database_that_is_down_is_tried_once_for_all() {
    let shared = Shared::new(LIMITS).await;
    shared.database.is_down.set(true);
    let outcomes = shared.commit_at_once(&[&["a"], &["b"], &["c"]]).await;
    assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
    assert_eq!(shared.statements(), 2);
    shared.database.is_down.set(false);
    assert_eq!(shared.commit_at_once(&[&["a"]]).await, [Ok(vec![RecordOutcome::New])]);
}

/// The id of a record that the database refuses.
const BAD: &str = "bad";
/// Length of an id that the database refuses as too large.
const TOO_LARGE: usize = 100;

struct Shared {
    group_commit: Rc<GroupCommit>,
    database: Rc<Gate>,
    ticks: Rc<Cell<Duration>>,
    _folder: tempfile::TempDir,
}

/// The outcome with its error as text.
type Told = Result<Vec<RecordOutcome>, String>;

impl Shared {
    async fn new(limits: GroupLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inner = NativeSqlite::open(&folder.path().join("gatelog.db")).await.unwrap();
        let database = Gate {
            inner,
            permits: Semaphore::new(0),
            waiting: Cell::new(0),
            statements: Cell::new(0),
            is_down: Cell::new(false),
            ticks: Rc::default(),
            costs: Cell::default(),
        };
        Self {
            group_commit: Rc::new(GroupCommit::new(limits)),
            ticks: Rc::clone(&database.ticks),
            database: Rc::new(database),
            _folder: folder,
        }
    }

    fn host(&self) -> Turns {
        Turns { ticks: Rc::clone(&self.ticks) }
    }

    /// Starts a request, whose insert waits for a permit.
    async fn begin(&self, ids: &[&str]) -> tokio::task::JoinHandle<Told> {
        let records: Vec<_> = ids.iter().map(|id| record(id)).collect();
        let (group_commit, database) = (Rc::clone(&self.group_commit), Rc::clone(&self.database));
        let host = self.host();
        let task = spawn_local(async move {
            group_commit.commit(&*database, &host, &records).await.map_err(|error| error.to_string())
        });
        yield_now().await;
        task
    }

    /// Starts all requests before the first insert ends.
    async fn commit_at_once(&self, requests: &[&[&str]]) -> Vec<Told> {
        let all = async {
            let mut tasks = Vec::new();
            for ids in requests {
                tasks.push(self.begin(ids).await);
            }
            self.database.permits.add_permits(1_000);
            join_all(tasks).await.into_iter().map(Result::unwrap).collect()
        };
        LocalSet::new().run_until(all).await
    }

    fn statements(&self) -> usize {
        self.database.statements.get()
    }

    async fn stored(&self) -> u64 {
        records::count(&self.database.inner, &[]).await.unwrap()
    }
}

/// A host on which a pause lets the other tasks run, a long pause for longer, and the test sets the time.
struct Turns {
    ticks: Rc<Cell<Duration>>,
}

impl Environment for Turns {
    fn now(&self) -> Timestamp {
        Timestamp::MIN
    }

    fn ticks(&self) -> Duration {
        self.ticks.get()
    }

    fn fill_random(&self, _: &mut [u8]) {}

    async fn sleep(&self, duration: Duration) {
        for _ in 0..=duration.as_millis() {
            yield_now().await;
        }
    }
}

/// A database whose statements wait for a permit.
struct Gate {
    inner: NativeSqlite,
    permits: Semaphore,
    waiting: Cell<usize>,
    statements: Cell<usize>,
    is_down: Cell<bool>,
    ticks: Rc<Cell<Duration>>,
    /// The duration of a statement.
    costs: Cell<Duration>,
}

impl Executor for Gate {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    async fn run(&self, statement: &Statement<'_>) -> Result<Rows, StorageError> {
        self.waiting.set(self.waiting.get() + usize::from(self.permits.available_permits() == 0));
        self.permits.acquire().await.unwrap().forget();
        self.waiting.set(0);
        self.statements.set(self.statements.get() + 1);
        if self.is_down.get() {
            return Err(StorageError::Unavailable { reason: "down".into() });
        }
        self.ticks.set(self.ticks.get() + self.costs.get());
        let mut texts = statement.params().iter().filter_map(Value::as_text);
        if texts.any(|text| text.len() >= TOO_LARGE) {
            return Err(StorageError::TooLarge { reason: "the packet".into() });
        }
        if statement.params().iter().any(|value| value.as_text() == Some(BAD)) {
            return Err(StorageError::Refused { reason: "its id".into() });
        }
        self.inner.run(statement).await
    }
}

fn record(id: &str) -> AccessRecord<'static> {
    AccessRecord {
        record_id: id.to_owned().into(),
        start_time: Some(Timestamp::MIN),
        ..AccessRecord::default()
    }
}
