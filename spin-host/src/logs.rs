//! The output of components, kept for tests and shown with the component's name in front.

use std::collections::VecDeque;
use std::fmt;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use tokio::sync::Notify;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// Most lines that are kept; older ones are dropped.
const MAX_LINES: usize = 10_000;
/// A line is ended once it is longer than this.
const MAX_LINE_BYTES: usize = 16 * 1024;

/// All output of an application's components, newest last. Clones share it.
#[derive(Clone)]
pub struct Logs {
    shared: Arc<Shared>,
}

struct Shared {
    lines: Mutex<VecDeque<LogLine>>,
    added: Notify,
    print: bool,
    full: AtomicBool,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The component that printed the line, or that the host's line is about.
    pub component: String,
    /// The source of the line.
    pub source: LogSource,
    /// The line without its end.
    pub text: String,
}

/// Where a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogSource {
    /// The component's standard output.
    Stdout,
    /// The component's standard error.
    Stderr,
    /// The local host itself: traps, refused connections.
    Host,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = if self.source == LogSource::Host { "host: " } else { "" };
        write!(f, "[{}] {host}{}", self.component, self.text)
    }
}

impl Logs {
    /// An empty log. With `print`, every line also goes to this process's own output.
    pub(super) fn new(print: bool) -> Self {
        let full = AtomicBool::new(false);
        Self { shared: Arc::new(Shared { lines: Mutex::default(), added: Notify::new(), print, full }) }
    }

    /// Makes writes of the components' output fail from now on, or succeed again: in Spin their output goes to files,
    /// which may be on a full or read-only disk. The host's own lines are kept.
    pub fn set_full(&self, full: bool) {
        self.shared.full.store(full, Ordering::Relaxed);
    }

    /// The lines kept so far.
    pub fn lines(&self) -> Vec<LogLine> {
        lock(&self.shared.lines).iter().cloned().collect()
    }

    /// Waits until a line satisfies `wanted` and returns it; existing lines count too.
    pub async fn wait_for(&self, wanted: impl Fn(&LogLine) -> bool) -> LogLine {
        loop {
            let added = self.shared.added.notified();
            if let Some(line) = lock(&self.shared.lines).iter().find(|line| wanted(line)) {
                return line.clone();
            }
            added.await;
        }
    }

    /// A line from the host itself.
    pub(super) fn host(&self, component: &str, text: impl fmt::Display) {
        for text in text.to_string().lines() {
            self.add(component, LogSource::Host, text.to_owned());
        }
    }

    /// The standard output or error of one instance.
    pub(super) fn output(&self, component: &str, source: LogSource) -> ComponentOutput {
        ComponentOutput {
            shared: Arc::new(Output {
                logs: self.clone(),
                component: component.to_owned(),
                source,
                unfinished: Mutex::default(),
            }),
        }
    }

    fn add(&self, component: &str, source: LogSource, text: String) {
        let line = LogLine { component: component.to_owned(), source, text };
        if self.shared.print {
            // A closed terminal must not stop the host.
            let _ = match source {
                LogSource::Stdout => writeln!(std::io::stdout(), "{line}"),
                LogSource::Stderr | LogSource::Host => writeln!(std::io::stderr(), "{line}"),
            };
        }
        let mut lines = lock(&self.shared.lines);
        if lines.len() == MAX_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
        drop(lines);
        self.shared.added.notify_waiters();
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lines().iter().map(ToString::to_string)).finish()
    }
}

/// Collects an instance's output into lines.
#[derive(Clone)]
pub(super) struct ComponentOutput {
    shared: Arc<Output>,
}

struct Output {
    logs: Logs,
    component: String,
    source: LogSource,
    unfinished: Mutex<Vec<u8>>,
}

impl Output {
    /// Why nothing can be written now.
    fn check(&self) -> std::io::Result<()> {
        match self.logs.shared.full.load(Ordering::Relaxed) {
            true => Err(std::io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }

    fn write(&self, bytes: &[u8]) {
        let mut unfinished = lock(&self.unfinished);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            unfinished.extend_from_slice(piece.strip_suffix(b"\n").unwrap_or(piece));
            if piece.ends_with(b"\n") || unfinished.len() > MAX_LINE_BYTES {
                let line = std::mem::take(&mut *unfinished);
                self.logs.add(&self.component, self.source, String::from_utf8_lossy(&line).into_owned());
            }
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if !lock(&self.unfinished).is_empty() {
            self.write(b"\n");
        }
    }
}

impl IsTerminal for ComponentOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for ComponentOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for ComponentOutput {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let taken = self.shared.check().map(|()| {
            self.shared.write(bytes);
            bytes.len()
        });
        Poll::Ready(taken)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl OutputStream for ComponentOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.shared.check().map_err(failed)?;
        self.shared.write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.shared.check().map_err(failed)?;
        Ok(MAX_LINE_BYTES)
    }
}

impl Pollable for ComponentOutput {
    fn ready<'a, 'b>(&'a mut self) -> Pin<Box<dyn Future<Output = ()> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(std::future::ready(()))
    }
}

fn failed(error: std::io::Error) -> StreamError {
    StreamError::LastOperationFailed(error.into())
}

/// Ignores poisoning: a panic elsewhere leaves only whole lines.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_split_into_lines_and_the_last_one_needs_no_line_feed() {
        let logs = Logs::new(false);
        let output = logs.output("ingest", LogSource::Stdout);
        output.shared.write(b"one\ntw");
        output.shared.write(b"o\nthree");
        drop(output);
        let lines: Vec<String> = logs.lines().iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["[ingest] one", "[ingest] two", "[ingest] three"]);
    }

    #[tokio::test]
    async fn a_line_can_be_awaited() {
        let logs = Logs::new(false);
        let waiting = logs.clone();
        let found = tokio::spawn(async move { waiting.wait_for(|line| line.text == "ready").await });
        tokio::task::yield_now().await;
        logs.host("query", "not yet");
        logs.host("query", "ready");
        assert_eq!(found.await.unwrap().to_string(), "[query] host: ready");
    }
}
