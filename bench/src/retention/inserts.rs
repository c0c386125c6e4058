//! One connection that stores batches of new records, one after the other, and how long each takes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gatelog_record::{AccessRecord, batch};
use gatelog_storage::driver::native_mysql::NativeMysql;
use gatelog_storage::insert;

use crate::traffic;

/// Records of a batch.
const RECORDS: u64 = 50;
/// The pause between two batches: the server is not busy with them alone.
const PAUSE: Duration = Duration::from_millis(5);

/// How long the batches of a phase took.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// How many there were.
    pub batches: usize,
    /// The median, in milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile, in milliseconds.
    pub p99_ms: f64,
    /// The longest, in milliseconds.
    pub max_ms: f64,
}

/// Stores until it is stopped.
#[derive(Debug)]
pub struct Inserts {
    times: Arc<Mutex<Vec<Duration>>>,
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<anyhow::Result<u64>>,
}

impl Inserts {
    /// Starts, in a thread of its own.
    ///
    /// # Errors
    ///
    /// When the thread cannot be started.
    pub fn start(url: &str) -> anyhow::Result<Self> {
        let (times, is_over) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (url, noted, stop) = (url.to_owned(), Arc::clone(&times), Arc::clone(&is_over));
        let thread = std::thread::Builder::new()
            .name("inserts".to_owned())
            .spawn(move || runtime.block_on(store(&url, &noted, &stop)))?;
        Ok(Self { times, is_over, thread })
    }

    /// Does something, and returns how long the batches took that were stored meanwhile.
    pub async fn during<T>(&self, work: impl AsyncFnOnce() -> T) -> (Times, T) {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let answer = work().await;
        let times = std::mem::take(&mut *self.times.lock().unwrap_or_else(PoisonError::into_inner));
        (summary(times), answer)
    }

    /// Stops, and returns how many records were stored.
    ///
    /// # Errors
    ///
    /// When a batch was not stored.
    pub fn stop(self) -> anyhow::Result<u64> {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow::anyhow!("the thread that stores broke down"))?
    }
}

async fn store(url: &str, times: &Mutex<Vec<Duration>>, is_over: &AtomicBool) -> anyhow::Result<u64> {
    let database = NativeMysql::connect(url).await?;
    let mut stored = 0;
    while !is_over.load(Ordering::Relaxed) {
        let body = traffic::batch(stored, RECORDS);
        let batch = batch::decode(body.as_bytes(), usize::MAX)?;
        let mut batch: Vec<AccessRecord<'_>> = batch.records.into_iter().map(|(_, record)| record).collect();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        for record in &mut batch {
            record.start_time = Some(gatelog_record::Timestamp::from_micros(i64::try_from(now.as_micros())?));
        }
        let begin = Instant::now();
        let inserted = insert::insert(&database, &batch).await?;
        let spent = begin.elapsed();
        anyhow::ensure!(inserted.accepted == batch.len(), "{inserted:?} of {RECORDS} records");
        times.lock().unwrap_or_else(PoisonError::into_inner).push(spent);
        stored += RECORDS;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(stored)
}

fn summary(mut times: Vec<Duration>) -> Times {
    times.sort_unstable();
    let at = |share: f64| {
        let place = (share * times.len().saturating_sub(1) as f64) as usize;
        times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    Times { batches: times.len(), p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1.0) }
}
