//! Makes the records of one configuration: what its streams share on one thread of the gateway.
//!
//! A recorder knows nothing of queues and pushes: whoever runs it takes each record to its destination, on the same
//! thread or on another.

use std::rc::Rc;

use gatelog_record::json::write::write_record;

use crate::capture::HeldBytes;
use crate::collect::attribute_batch::AttributeBatch;
use crate::collect::vm_state::VmState;
use crate::collect::{self, Answers};
use crate::config::settings::Settings;
use crate::config::{Config, rules};
use crate::context::Core;
use crate::host::{Exchange, attribute};
use crate::stream::Stream;

/// Makes records.
#[derive(Debug)]
pub struct Recorder {
    config: Config,
    /// Names the configuration to the streams, which choose their settings again when it changes.
    number: u32,
    vm_state: VmState,
    /// Bytes of captured bodies that are held now.
    held: HeldBytes,
    /// Indexed by the number of the settings.
    batches: Vec<AttributeBatch>,
    /// Where a record's JSON is written.
    scratch: Vec<u8>,
}

/// A record that was made.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// Number of its destination in the configuration.
    pub destination: usize,
    /// Its JSON.
    pub json: &'a [u8],
}

impl Recorder {
    /// A recorder for a configuration. Configurations that the same stream may meet have different numbers.
    pub fn new(config: Config, number: u32) -> Self {
        Self {
            batches: attribute_batches(&config),
            config,
            number,
            vm_state: VmState::default(),
            held: HeldBytes::default(),
            scratch: Vec::new(),
        }
    }

    /// Takes another configuration.
    pub fn configure_again(&mut self, config: Config) {
        self.batches = attribute_batches(&config);
        self.number = self.number.wrapping_add(1);
        self.config = config;
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The request headers of a stream arrived.
    pub fn on_request_headers(
        &mut self,
        stream: &mut Stream,
        host: &impl Exchange,
        core: &mut Core,
        end: bool,
    ) {
        if let Some(settings) = self.settings(stream, host) {
            stream.on_request_headers(host, &settings, &mut core.metrics, &self.held, end);
        }
    }

    /// The response headers of a stream arrived.
    pub fn on_response_headers(
        &mut self,
        stream: &mut Stream,
        host: &impl Exchange,
        core: &mut Core,
        end: bool,
    ) {
        if let Some(settings) = self.settings(stream, host) {
            stream.on_response_headers(host, &settings, &mut core.metrics, &self.held, end);
        }
    }

    /// The record of a stream that ends now; none when nothing is recorded of it.
    pub fn record(&mut self, stream: &mut Stream, host: &impl Exchange, core: &mut Core) -> Option<Made<'_>> {
        let Some(settings) = self.settings(stream, host) else {
            // The logger might choose other settings than none: a route may rewrite what rules look at.
            if let Some(start) =
                attribute::time(host, attribute::REQUEST_TIME).filter(|_| stream.is_recorded())
            {
                self.vm_state.own_exchanges.add(start);
            }
            return None;
        };
        let batch = self.batches.get_mut(settings.number)?;
        let mut cx = core.context(host, host.monotonic());
        let mut answers = Answers::default();
        let record = collect::collect(stream, &settings, batch, &mut self.vm_state, &mut cx, &mut answers)?;
        self.scratch.clear();
        write_record(&mut self.scratch, &record, |index| settings.omitted.has_index(index));
        Some(Made { destination: settings.destination, json: &self.scratch })
    }

    /// Whether an HTTP filter has met the exchange that the access logger reports now, so that the logger has nothing to
    /// add.
    pub fn has_met(&mut self, host: &impl Exchange) -> bool {
        let own = &mut self.vm_state.own_exchanges;
        !own.is_empty() && attribute::time(host, attribute::REQUEST_TIME).is_some_and(|start| own.take(start))
    }

    fn settings(&mut self, stream: &mut Stream, host: &impl Exchange) -> Option<Rc<Settings>> {
        let (config, dialect) = (&self.config, &mut self.vm_state.dialect);
        stream.settings(self.number, || rules::choose(&config.rules, config.global.as_ref(), dialect, host))
    }
}

/// The attributes to read, indexed by the number of the settings. Index 0 is for the global settings, even when there
/// are none.
fn attribute_batches(config: &Config) -> Vec<AttributeBatch> {
    let none = config.global.is_none().then(|| AttributeBatch::new(|_| false));
    let of = |settings: &Rc<Settings>| AttributeBatch::new(|field| settings.omitted.has(field));
    none.into_iter().chain(config.settings().map(of)).collect()
}
