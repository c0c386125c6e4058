//! One filter in the proxy-wasm host, timed phase by phase.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use gatelog_artifacts::artifact;
use gatelog_harness::{Action, Module, PluginId, Reply, StreamId, Vm};

use crate::traffic::Traffic;

/// Streams after which the filter may push what it has collected.
const PUSH_EVERY: u64 = 500;
/// Seconds of the filter's clock in which it has to push everything.
const PUSH_WITHIN_S: u64 = 10;
/// Configuration of gatelog's filter.
const DEFAULTS: &str = r#"{"collector_cluster":"collector"}"#;

/// A part of a stream's life that is timed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The guest makes its context.
    Create,
    /// The request's headers arrive.
    RequestHeaders,
    /// The request's body arrives, in one chunk.
    RequestBody,
    /// The response's headers arrive.
    ResponseHeaders,
    /// The response's body arrives, in one chunk.
    ResponseBody,
    /// The stream is logged.
    Log,
    /// The guest drops its context.
    Delete,
    /// All of them.
    Whole,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 8] = [
        Self::Create,
        Self::RequestHeaders,
        Self::RequestBody,
        Self::ResponseHeaders,
        Self::ResponseBody,
        Self::Log,
        Self::Delete,
        Self::Whole,
    ];

    /// Its name in benchmarks.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::RequestHeaders => "request-headers",
            Self::RequestBody => "request-body",
            Self::ResponseHeaders => "response-headers",
            Self::ResponseBody => "response-body",
            Self::Log => "log",
            Self::Delete => "delete",
            Self::Whole => "whole",
        }
    }
}

/// What one phase of one stream cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// The time that it took, with the host's own work.
    pub time: Duration,
    /// Host functions that the guest called.
    pub host_calls: u64,
    /// Allocations in the guest, including those for what the host returns; 0 when it does not count them.
    pub allocations: u64,
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.time += other.time;
        self.host_calls += other.host_calls;
        self.allocations += other.allocations;
    }
}

/// A filter that serves traffic.
#[derive(Debug)]
pub struct Filter {
    vm: Vm,
    plugin: PluginId,
    pushes: bool,
    counts: bool,
    served: u64,
    pushed: u64,
}

impl Filter {
    /// The filter that does nothing.
    ///
    /// # Errors
    ///
    /// It is not built.
    pub fn noop() -> anyhow::Result<Self> {
        Self::start("gatelog_noop_filter", None)
    }

    /// gatelog's filter with its defaults.
    ///
    /// # Errors
    ///
    /// It is not built, or refuses its configuration.
    pub fn gatelog() -> anyhow::Result<Self> {
        Self::start("gatelog_filter", Some(DEFAULTS))
    }

    /// gatelog's filter with its defaults, and with its allocations counted. It is slower, so its times do not count.
    ///
    /// # Errors
    ///
    /// It is not built, or refuses its configuration.
    pub fn counted() -> anyhow::Result<Self> {
        Ok(Self { counts: true, ..Self::start("gatelog_counted_filter", Some(DEFAULTS))? })
    }

    /// A filter that pushes records when it has a configuration.
    fn start(name: &str, configuration: Option<&str>) -> anyhow::Result<Self> {
        let module = Module::load(artifact(name)?)?;
        let vm = Vm::builder(&module).plugin_configuration(configuration.unwrap_or_default()).start()?;
        let plugin = vm.plugin()?;
        Ok(Self { vm, plugin, pushes: configuration.is_some(), counts: false, served: 0, pushed: 0 })
    }

    /// Serves `streams` streams and returns what one phase of them cost in all.
    ///
    /// # Errors
    ///
    /// The filter trapped, paused a stream, or did not push each record once.
    pub fn serve(&mut self, traffic: &Traffic, phase: Phase, streams: u64) -> anyhow::Result<Cost> {
        let mut total = Cost::default();
        for _ in 0..streams {
            self.serve_one(traffic, &mut |served, cost| {
                if phase == Phase::Whole || phase == served {
                    total += cost;
                }
            })?;
            if self.served.is_multiple_of(PUSH_EVERY) {
                self.push()?;
            }
        }
        Ok(total)
    }

    /// Makes the filter push what it has collected, and checks that it was everything.
    ///
    /// # Errors
    ///
    /// The filter trapped, or the number of records is not that of the streams.
    pub fn push(&mut self) -> anyhow::Result<()> {
        for _ in 0..PUSH_WITHIN_S {
            self.vm.advance(Duration::from_secs(1))?;
            while let Some(call) = self.vm.oldest_callout() {
                let id = call.id;
                let records = String::from_utf8_lossy(&call.body).matches("\"record_id\"").count();
                // The answer of ingest that has stored them.
                let stored = format!(r#"{{"accepted":{records},"duplicates":0,"rejected":[]}}"#);
                self.vm.respond(id, Reply::status(200).with_body(stored.as_str()))?;
                self.pushed += u64::try_from(records)?;
            }
            if !self.pushes || self.pushed == self.served {
                return Ok(());
            }
        }
        ensure!(false, "{} of {} records were pushed\n{}", self.pushed, self.served, self.vm.logs());
        Ok(())
    }

    /// The size of the filter's memory.
    pub fn memory_bytes(&self) -> usize {
        self.vm.memory_bytes()
    }

    fn serve_one(&mut self, traffic: &Traffic, note: &mut impl FnMut(Phase, Cost)) -> anyhow::Result<()> {
        let stream = self.vm.open(self.plugin);
        self.vm.set_attributes(stream, &traffic.attributes)?;
        let (no_request, no_response) = (traffic.request_body.is_empty(), traffic.response_body.is_empty());
        let (request, response) = (traffic.request.clone(), traffic.response.clone());
        note(Phase::Create, self.step(|vm| vm.create(stream).map(|()| Action::Continue))?);
        note(Phase::RequestHeaders, self.step(|vm| vm.request_headers(stream, request, no_request))?);
        if !no_request {
            note(Phase::RequestBody, self.step(|vm| vm.request_body(stream, &traffic.request_body, true))?);
        }
        note(Phase::ResponseHeaders, self.step(|vm| vm.response_headers(stream, response, no_response))?);
        if !no_response {
            note(
                Phase::ResponseBody,
                self.step(|vm| vm.response_body(stream, &traffic.response_body, true))?,
            );
        }
        note(Phase::Log, self.step(|vm| vm.log(stream).map(|()| Action::Continue))?);
        note(Phase::Delete, self.delete(stream)?);
        self.served += 1;
        Ok(())
    }

    fn delete(&mut self, stream: StreamId) -> anyhow::Result<Cost> {
        self.step(|vm| vm.delete(stream).map(|_| Action::Continue))
    }

    fn step(
        &mut self,
        step: impl FnOnce(&mut Vm) -> Result<Action, gatelog_harness::Error>,
    ) -> anyhow::Result<Cost> {
        let (calls, allocations) = (self.vm.host_calls().total(), self.allocations()?);
        let start = Instant::now();
        let action = step(&mut self.vm).context("a step of the filter")?;
        let time = start.elapsed();
        ensure!(action == Action::Continue, "the filter paused a stream");
        let host_calls = self.vm.host_calls().total() - calls;
        Ok(Cost { time, host_calls, allocations: self.allocations()?.wrapping_sub(allocations).into() })
    }

    fn allocations(&mut self) -> anyhow::Result<u32> {
        if self.counts { Ok(self.vm.read_number("gatelog_allocations")?) } else { Ok(0) }
    }
}
