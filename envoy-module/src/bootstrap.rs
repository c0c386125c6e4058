//! The bootstrap extension: it pushes on Envoy's main thread, through a cluster of Envoy.
#![expect(unsafe_code, reason = "the functions of Envoy are foreign functions")]

use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gatelog_filter::config::ConfigError;
use gatelog_filter::host::{Call, CallError, CallId, Host, Instant, Level, Outbound, Time};
use gatelog_filter::observe::metric::Metric;

use crate::abi::{Buffer, Functions, Header, Pointer, ShutdownDone};
use crate::document::{self, Document};
use crate::scheduler::Scheduler;
use crate::statistics::{Owner, Statistics};
use crate::{clock, log, pusher, waker};

/// The bootstrap extension.
#[derive(Debug)]
pub struct Bootstrap {
    envoy: &'static Functions,
    config: Pointer,
    statistics: Statistics,
    timer: Cell<Pointer>,
    /// What Envoy waits for while it ends.
    ending: Cell<Option<Ending>>,
}

/// What Envoy waits for while it ends.
#[derive(Clone, Copy, Debug)]
struct Ending {
    done: ShutdownDone,
    context: Pointer,
    /// Whatever happens, Envoy waits no longer.
    until: Instant,
}

/// The configuration of the extension, while there is one. Parts without a configuration of their own use it.
static DOCUMENT: Mutex<Option<Arc<Document>>> = Mutex::new(None);

static IS_THERE: AtomicBool = AtomicBool::new(false);

/// The time between two ticks when nobody knows better.
pub const SHORTEST_PERIOD: Duration = Duration::from_millis(10);

/// How much longer than `drain_timeout_ms` Envoy waits at the end, if a panic keeps the pusher from saying that it is done.
const GRACE: Duration = Duration::from_secs(1);

/// The configuration of the extension; none when there is no extension.
pub fn document() -> Option<Arc<Document>> {
    DOCUMENT.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// True when there is an extension, so that the main thread pushes.
pub fn is_there() -> bool {
    IS_THERE.load(Ordering::Acquire)
}

impl Bootstrap {
    /// The extension with this configuration.
    ///
    /// # Errors
    ///
    /// When the configuration is refused.
    pub fn new(envoy: &'static Functions, config: Pointer, text: &[u8]) -> Result<Self, ConfigError> {
        let document = document::open(text)?;
        *DOCUMENT.lock().unwrap_or_else(PoisonError::into_inner) = Some(document);
        Ok(Self::without_document(envoy, config))
    }

    /// One that pushes what others bring.
    pub fn without_document(envoy: &'static Functions, config: Pointer) -> Self {
        IS_THERE.store(true, Ordering::Release);
        let statistics = Statistics::define(envoy, Owner::Bootstrap(config));
        Self { envoy, config, statistics, timer: Cell::new(null_mut()), ending: Cell::new(None) }
    }

    /// Envoy is ready: pushes begin.
    pub fn start(&self) {
        // SAFETY: the configuration lives, and this is the main thread.
        unsafe {
            if self.timer.get().is_null() {
                self.timer.set((self.envoy.bootstrap_extension_timer_new)(self.config));
            }
            waker::set_main_thread(Some(Scheduler::new(self.envoy, self.config)));
        }
        self.set_timer(SHORTEST_PERIOD);
    }

    /// How long it is to the next tick.
    pub fn period(&self) -> Duration {
        pusher::with(|pusher| pusher.tick_period()).unwrap_or(SHORTEST_PERIOD)
    }

    /// Has the timer fire after this time.
    pub fn set_timer(&self, period: Duration) {
        let timer = self.timer.get();
        if !timer.is_null() {
            let millis = u64::try_from(period.as_millis()).unwrap_or(u64::MAX);
            // SAFETY: the timer lives.
            unsafe { (self.envoy.bootstrap_extension_timer_enable)(timer, millis) };
        }
    }

    /// Pushes what is due. True when Envoy need not wait any longer.
    pub fn tick(&self) -> bool {
        let host = MainThread { bootstrap: self, answer: None };
        pusher::with(|pusher| pusher.on_tick(&host)).unwrap_or(false)
    }

    /// Takes the answer to a call. Returns the same as [`Bootstrap::tick`].
    pub fn take_answer(&self, call: u64, answer: Option<Answer<'_>>) -> bool {
        let host = MainThread { bootstrap: self, answer };
        pusher::with(|pusher| pusher.on_answer(call_id(call), &host)).unwrap_or(false)
    }

    /// Envoy ends, and waits for [`Bootstrap::finish`].
    pub fn set_ending(&self, done: ShutdownDone, context: Pointer) {
        let until = clock::monotonic().plus(GRACE);
        self.ending.set(Some(Ending { done, context, until }));
    }

    /// Begins the last pushes.
    pub fn begin_end(&self) {
        let host = MainThread { bootstrap: self, answer: None };
        let drain = pusher::with(|pusher| {
            pusher.begin_end(&host);
            pusher.drain_timeout()
        });
        let later = |ending: Ending| Ending { until: ending.until.plus(drain.unwrap_or_default()), ..ending };
        self.ending.set(self.ending.get().map(later));
    }

    /// True when Envoy has waited for too long, or would wait for nothing.
    pub fn is_late(&self) -> bool {
        let is_late = |ending: Ending| clock::monotonic() >= ending.until || self.timer.get().is_null();
        self.ending.get().is_some_and(is_late)
    }

    /// Tells Envoy that it need not wait any longer.
    pub fn finish(&self) {
        let Some(Ending { done, context, .. }) = self.ending.take() else { return };
        self.stop();
        done(context);
    }

    /// The extension is gone.
    pub fn close(&self) {
        self.stop();
        IS_THERE.store(false, Ordering::Release);
        *DOCUMENT.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Stops calling and being called.
    fn stop(&self) {
        waker::set_main_thread(None);
        let timer = self.timer.replace(null_mut());
        if !timer.is_null() {
            // SAFETY: the timer lives, and nobody else has it.
            unsafe { (self.envoy.bootstrap_extension_timer_delete)(timer) };
        }
    }
}

/// The answer to a call, lent by Envoy for the time of a hook.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// Its headers.
    pub headers: &'a [Header],
    /// The pieces of its body.
    pub body: &'a [Buffer],
}

/// Envoy's main thread, as the delivery sees it.
struct MainThread<'a> {
    bootstrap: &'a Bootstrap,
    /// The answer whose hook is running; none also when a call failed.
    answer: Option<Answer<'a>>,
}

/// Results of a call that is not made (`envoy_dynamic_module_type_http_callout_init_result`).
const MISSING_HEADERS: u32 = 1;
const CLUSTER_NOT_FOUND: u32 = 2;

impl Host for MainThread<'_> {
    fn wall_time(&self) -> Time {
        clock::wall_time()
    }

    fn monotonic(&self) -> Instant {
        clock::monotonic()
    }

    fn metric(&self, metric: Metric, amount: i64) {
        self.bootstrap.statistics.add(self.bootstrap.envoy, metric, amount);
    }

    fn log(&self, level: Level, message: &str) {
        log::write(level, message);
    }
}

impl Outbound for MainThread<'_> {
    fn call(&self, call: &Call<'_>) -> Result<CallId, CallError> {
        let header = |(name, value): &(&str, &str)| Header {
            name: Buffer::of(name.as_bytes()),
            value: Buffer::of(value.as_bytes()),
        };
        let headers: Vec<Header> = call.headers.iter().map(header).collect();
        let millis = u64::try_from(call.timeout.as_millis()).unwrap_or(u64::MAX);
        let mut id = 0;
        // SAFETY: Envoy copies what it reads.
        let result = unsafe {
            (self.bootstrap.envoy.bootstrap_extension_http_callout)(
                self.bootstrap.config,
                &mut id,
                Buffer::of(call.cluster.as_bytes()),
                headers.as_ptr(),
                headers.len(),
                Buffer::of(call.body),
                millis,
            )
        };
        match result {
            0 => Ok(call_id(id)),
            MISSING_HEADERS | CLUSTER_NOT_FOUND => Err(CallError::UnknownCluster),
            _ => Err(CallError::NotSent),
        }
    }

    fn answer_header(&self, name: &str) -> Option<Vec<u8>> {
        let header = self.answer?.headers.iter().find(|header| {
            // SAFETY: the answer lives until the hook ends.
            unsafe { header.name.bytes() == name.as_bytes() }
        })?;
        // SAFETY: as above.
        Some(unsafe { header.value.bytes() }.to_vec())
    }

    fn answer_body(&self, max_bytes: usize) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        for piece in self.answer?.body {
            // SAFETY: as above.
            let bytes: &[u8] = unsafe { piece.bytes() };
            let room = max_bytes - body.len();
            body.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
        Some(body)
    }
}

/// Envoy counts its calls up from 1, and no two that are under way have the same number.
fn call_id(call: u64) -> CallId {
    CallId(u32::try_from(call & u64::from(u32::MAX)).unwrap_or_default())
}
