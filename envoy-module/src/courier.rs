//! A thread of the module's own that pushes over its own connections: where Envoy's configuration has no bootstrap extension,
//! and after Envoy's end for what is left.
//!
//! It speaks HTTP/1.1 without TLS to `collector_address`.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use gatelog_filter::host::{Call, CallError, CallId, Host, Instant, Level, Outbound, Time};
use gatelog_filter::observe::metric::Metric;
use http::{HeaderMap, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::runtime;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{sleep, timeout};

use crate::guard::guard;
use crate::{clock, log, pusher, statistics};

static CALL: Notify = Notify::const_new();
static IS_RUNNING: AtomicBool = AtomicBool::new(false);
static IS_ENDING: AtomicBool = AtomicBool::new(false);
static THREAD: Mutex<Option<JoinHandle<()>>> = Mutex::new(None);

/// Largest answer that is read, in bytes: one that names each record of a large batch as rejected.
const MAX_ANSWER: usize = 4 << 20;
/// How long a thread that cannot run waits before it tries again.
const PAUSE: Duration = Duration::from_secs(1);

/// Has it look at the outboxes at once.
pub fn call() {
    CALL.notify_one();
}

/// True when the thread was started.
pub fn is_running() -> bool {
    IS_RUNNING.load(Ordering::Acquire)
}

/// Starts the thread, once; it pushes until the process ends.
pub fn start() {
    if !IS_RUNNING.swap(true, Ordering::AcqRel) {
        *thread_place() = spawn();
    }
}

/// Pushes what is left at the end of the process. The receiver hears when nothing is, or nothing can be done about it.
pub fn end() -> Option<Receiver<()>> {
    IS_ENDING.store(true, Ordering::Release);
    call();
    start();
    let thread = thread_place().take()?;
    let (sender, done) = channel();
    let wait = move || {
        // What it leaves when it panics, nobody can send.
        let _ = thread.join();
        let _ = sender.send(());
    };
    Builder::new().name("gatelog-end".to_owned()).spawn(wait).ok()?;
    Some(done)
}

fn thread_place() -> MutexGuard<'static, Option<JoinHandle<()>>> {
    THREAD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn spawn() -> Option<JoinHandle<()>> {
    let run = || match runtime::Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime.block_on(run()),
        Err(error) => log_line(Level::Error, &format!("gatelog: cannot push: {error}")),
    };
    Builder::new()
        .name("gatelog-push".to_owned())
        .spawn(run)
        .inspect_err(|error| {
            log_line(Level::Error, &format!("gatelog: cannot start a thread to push: {error}"));
        })
        .ok()
}

async fn run() {
    let (sender, mut answers) = unbounded_channel();
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let courier = Courier { client, sender, next: Cell::new(0), answer: Cell::new(None) };
    let mut is_ending = false;
    loop {
        let period = guard("courier", PAUSE, || pusher::wait_with(|pusher| pusher.tick_period()));
        let answer = next(&mut answers, period).await;
        let begins_to_end = !is_ending && IS_ENDING.load(Ordering::Acquire);
        is_ending |= begins_to_end;
        let finished = guard("courier", false, || {
            if begins_to_end && !pusher::wait_with(|pusher| pusher.begin_last(&courier, false)) {
                return true;
            }
            match answer {
                Some(answer) => {
                    let call = answer.call;
                    courier.answer.set(Some(answer));
                    pusher::wait_with(|pusher| pusher.on_answer(call, &courier))
                }
                None => pusher::wait_with(|pusher| pusher.on_tick(&courier)),
            }
        });
        if finished {
            return;
        }
    }
}

/// The next answer; none when it is time for a tick.
async fn next(answers: &mut UnboundedReceiver<Answer>, period: Duration) -> Option<Answer> {
    tokio::select! {
        answer = answers.recv() => answer,
        () = CALL.notified() => None,
        () = sleep(period) => None,
    }
}

/// The answer to a call; no status when there was none.
#[derive(Debug)]
struct Answer {
    call: CallId,
    status: Option<u16>,
    headers: HeaderMap,
    body: Bytes,
}

/// The thread, as the delivery sees it.
struct Courier {
    client: Client<HttpConnector, Full<Bytes>>,
    sender: UnboundedSender<Answer>,
    next: Cell<u32>,
    answer: Cell<Option<Answer>>,
}

impl Courier {
    /// What `read` finds in the answer that is being taken.
    fn of_answer<R>(&self, read: impl FnOnce(&Answer) -> Option<R>) -> Option<R> {
        let answer = self.answer.take()?;
        let found = read(&answer);
        self.answer.set(Some(answer));
        found
    }
}

impl Host for Courier {
    fn wall_time(&self) -> Time {
        clock::wall_time()
    }

    fn monotonic(&self) -> Instant {
        clock::monotonic()
    }

    fn metric(&self, metric: Metric, amount: i64) {
        // After the end nobody can read them.
        if !IS_ENDING.load(Ordering::Acquire) {
            statistics::add(metric, amount);
        }
    }

    fn log(&self, level: Level, message: &str) {
        log_line(level, message);
    }
}

/// Writes a line to Envoy's log, and to standard error once Envoy is gone.
fn log_line(level: Level, line: &str) {
    if IS_ENDING.load(Ordering::Acquire) {
        use std::io::Write as _;
        // There is no other place to say it.
        let _ = writeln!(std::io::stderr(), "{line}");
    } else {
        log::write(level, line);
    }
}

impl Outbound for Courier {
    fn call(&self, call: &Call<'_>) -> Result<CallId, CallError> {
        let request = request(call).ok_or(CallError::UnknownCluster)?;
        let id = CallId(self.next.replace(self.next.get().wrapping_add(1)));
        let (client, sender, limit) = (self.client.clone(), self.sender.clone(), call.timeout);
        tokio::spawn(async move {
            let answer = timeout(limit, send(client, request)).await.ok().flatten();
            let answer = match answer {
                Some((status, headers, body)) => Answer { call: id, status: Some(status), headers, body },
                None => Answer { call: id, status: None, headers: HeaderMap::new(), body: Bytes::new() },
            };
            // Nobody listens once the thread ends.
            let _ = sender.send(answer);
        });
        Ok(id)
    }

    fn answer_header(&self, name: &str) -> Option<Vec<u8>> {
        self.of_answer(|answer| match name {
            ":status" => answer.status.map(|status| status.to_string().into_bytes()),
            _ => answer.headers.get(name).map(|value| value.as_bytes().to_vec()),
        })
    }

    fn answer_body(&self, max_bytes: usize) -> Option<Vec<u8>> {
        self.of_answer(|answer| Some(answer.body.get(..max_bytes).unwrap_or(&answer.body).to_vec()))
    }
}

/// The call as a request; none without an address, or when it cannot be written as one.
fn request(call: &Call<'_>) -> Option<Request<Full<Bytes>>> {
    let find = |name: &str| call.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let uri = format!("http://{}{}", call.address?, find(":path")?).parse::<Uri>().ok()?;
    let mut builder = Request::post(uri).header(http::header::HOST, find(":authority")?);
    for (name, value) in call.headers {
        // A client that reads the whole answer has no need of `expect`.
        if !name.starts_with(':') && *name != "expect" {
            builder = builder.header(*name, *value);
        }
    }
    builder.body(Full::new(Bytes::copy_from_slice(call.body))).ok()
}

async fn send(
    client: Client<HttpConnector, Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Option<(u16, HeaderMap, Bytes)> {
    let (head, body) = client.request(request).await.ok()?.into_parts();
    let body = Limited::new(body, MAX_ANSWER).collect().await.ok()?.to_bytes();
    Some((head.status.as_u16(), head.headers, body))
}
