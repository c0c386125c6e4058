//! What a thread that runs exchanges has: a recorder for each configuration, and the outbox that takes its records.

use std::cell::RefCell;
use std::sync::Arc;

use gatelog_filter::config::Config;
use gatelog_filter::context::Core;
use gatelog_filter::host::Exchange;
use gatelog_filter::recorder::Recorder;
use gatelog_filter::stream::Stream;

use crate::document::{self, Document};
use crate::outbox::Outbox;
use crate::{pusher, waker};

struct Worker {
    core: Core,
    recorders: Vec<(u32, Recorder)>,
    outbox: Arc<Outbox>,
}

thread_local! {
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

/// Runs `job` with the recorder of a configuration. None when Envoy runs one hook inside of another.
pub fn with_recorder<R>(
    document: &Arc<Document>,
    job: impl FnOnce(&mut Recorder, &mut Core) -> R,
) -> Option<R> {
    with_worker(|worker| worker.recorder(document).map(|(recorder, core, _)| job(recorder, core))).flatten()
}

/// Makes the record of a stream that ends, and hands it to the thread that pushes.
pub fn record(document: &Arc<Document>, stream: &mut Stream, host: &impl Exchange) {
    let is_urgent = with_worker(|worker| {
        let (recorder, core, outbox) = worker.recorder(document)?;
        match recorder.record(stream, host, core) {
            Some(made) => Some(outbox.add(document, made, core, host)),
            None => {
                outbox.add_counts(core);
                None
            }
        }
    });
    if is_urgent.flatten() == Some(true) {
        waker::call();
    }
}

fn with_worker<R>(job: impl FnOnce(&mut Worker) -> R) -> Option<R> {
    WORKER.with(|place| {
        let mut place = place.try_borrow_mut().ok()?;
        Some(job(place.get_or_insert_with(Worker::new)))
    })
}

impl Worker {
    fn new() -> Self {
        Self { core: Core::new(pusher::random()), recorders: Vec::new(), outbox: Outbox::open() }
    }

    fn recorder(&mut self, document: &Document) -> Option<(&mut Recorder, &mut Core, &Outbox)> {
        let number = document.number;
        let known = self.recorders.iter().position(|(known, _)| *known == number);
        let place = match known {
            Some(place) => place,
            None => {
                // It was accepted once.
                let config = Config::parse(&document.text).ok()?;
                let in_use = document::in_use();
                self.recorders.retain(|(known, _)| in_use.iter().any(|each| each.number == *known));
                self.recorders.push((number, Recorder::new(config, number)));
                self.recorders.len() - 1
            }
        };
        let (_, recorder) = self.recorders.get_mut(place)?;
        Some((recorder, &mut self.core, &self.outbox))
    }
}
