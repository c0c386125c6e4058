//! One configured filter in one VM: what its streams share, and what happens on ticks, answers, a new configuration and
//! shutdown.

use std::rc::Rc;
use std::time::Duration;

use crate::collect::attribute_batch::Questions;
use crate::collect::record_id::RecordIds;
use crate::collect::{self, Extras, Facts, Memory, Raw};
use crate::config::rules;
use crate::config::settings::Settings;
use crate::config::{Config, ConfigError, Destination};
use crate::deliver::push::Surroundings;
use crate::deliver::sink::Lane;
use crate::host::{CallId, Host, Instant, Level};
use crate::observe::log_throttle::{Event, Journal};
use crate::observe::metrics::{Metric, Metrics};
use crate::privacy::capture::Held;
use crate::rng::Random;
use crate::stream::Exchange;
use crate::writer;

/// A configured filter.
#[derive(Debug)]
pub struct Plugin {
    config: Config,
    /// How often the configuration was replaced.
    configuration: u32,
    vm: String,
    memory: Memory,
    /// Bytes of the bodies that are captured at the moment.
    held: Held,
    /// By the number of the settings.
    questions: Vec<Questions>,
    ids: RecordIds,
    random: Random,
    /// By the number of the destination.
    lanes: Vec<Lane>,
    metrics: Metrics,
    journal: Journal,
    /// Where a record's JSON is written before it joins its batch.
    scratch: Vec<u8>,
    drain_until: Option<Instant>,
    /// A complete batch waits for a tick that was asked for early.
    hurries: bool,
}

/// Longest time between two looks at the queues.
const LONGEST_TICK: Duration = Duration::from_millis(100);
/// Time to the next look when a batch is complete. A push cannot be made while an exchange is at hand, because its
/// answer would go to that.
const HURRY: Duration = Duration::from_millis(1);
/// Shortest time between two looks at the queues.
const SHORTEST_TICK: Duration = Duration::from_millis(10);

impl Plugin {
    /// A filter with the given configuration, and a random source that no other has.
    ///
    /// # Errors
    ///
    /// When the configuration is refused.
    pub fn new(configuration: &[u8], mut random: Random) -> Result<Self, ConfigError> {
        let config = Config::parse(configuration)?;
        let vm = format!("{:016x}", random.number());
        let lanes = config.destinations.iter().map(|destination| Lane::new(destination, &vm)).collect();
        let mut journal = Journal::default();
        journal.set_verbosity(config.log_level);
        Ok(Self {
            configuration: 0,
            memory: Memory::default(),
            held: Held::default(),
            questions: questions(&config),
            ids: RecordIds::default(),
            random,
            lanes,
            metrics: Metrics::default(),
            journal,
            scratch: Vec::new(),
            drain_until: None,
            hurries: false,
            config,
            vm,
        })
    }

    /// Takes another configuration. What waits, and what is on its way, goes on to the same collector with the new
    /// bounds; where that is none any more, to the first of the new ones.
    ///
    /// # Errors
    ///
    /// When the configuration is refused; the older one stays.
    pub fn configure_again(&mut self, configuration: &[u8], host: &impl Host) -> Result<(), ConfigError> {
        let config = Config::parse(configuration)?;
        let now = host.monotonic();
        let lanes = config.destinations.iter().map(|destination| Lane::new(destination, &self.vm)).collect();
        let older = std::mem::replace(&mut self.lanes, lanes);
        self.questions = questions(&config);
        self.journal.set_verbosity(config.log_level);
        self.configuration = self.configuration.wrapping_add(1);
        let Self { lanes, metrics, journal, random, .. } = self;
        let mut around = Surroundings { host, now, metrics, journal, random };
        for (destination, lane) in self.config.destinations.iter().zip(older) {
            let find = |is: &dyn Fn(&Destination) -> bool| config.destinations.iter().position(is);
            let heir = find(&|new| new == destination).or_else(|| find(&|new| new.is_like(destination)));
            if let Some(heir) = lanes.get_mut(heir.unwrap_or(0)) {
                heir.inherit(lane, &mut around);
            }
        }
        self.config = config;
        self.report(host, now, false);
        Ok(())
    }

    /// How often [`Plugin::on_tick`] should be called.
    pub fn tick_period(&self) -> Duration {
        let delays = self.config.destinations.iter().map(|each| each.queue.max_coalescing_delay);
        let shortest = delays.min().unwrap_or_default();
        (shortest / 10).clamp(SHORTEST_TICK, LONGEST_TICK)
    }

    /// A request's headers have come.
    pub fn on_request_headers(&mut self, exchange: &mut Exchange, host: &impl Host, end: bool) {
        if let Some(settings) = self.settings(exchange, host) {
            exchange.on_request_headers(host, &settings, &mut self.metrics, &self.held, end);
        }
    }

    /// A response's headers have come.
    pub fn on_response_headers(&mut self, exchange: &mut Exchange, host: &impl Host, end: bool) {
        if let Some(settings) = self.settings(exchange, host) {
            exchange.on_response_headers(host, &settings, &mut self.metrics, &self.held, end);
        }
    }

    /// An exchange is complete: its record joins the queue. The gateway logs an exchange, or only says that it is over:
    /// the first of these makes the record.
    pub fn on_end(&mut self, exchange: &mut Exchange, host: &impl Host) {
        if !exchange.record_once() {
            return;
        }
        let Some(settings) = self.settings(exchange, host) else { return };
        let (Some(questions), Some(lane)) =
            (self.questions.get_mut(settings.number), self.lanes.get_mut(settings.destination))
        else {
            return;
        };
        let now = host.monotonic();
        let raw = Raw::ask(questions, &mut self.memory.naming, host);
        let facts = Facts::read(&raw, exchange, questions, host, now);
        if !settings.sampling.keeps(&facts.candidate(), &mut self.random) {
            self.metrics.add(Metric::SampledOut, 1);
            return;
        }
        let extras = Extras::ask(&facts, exchange, &settings, &mut self.memory, host);
        self.metrics.add(Metric::CaptureRefused, usize::from(extras.capture_refused));
        let short = exchange.short_copies();
        if short > 0 {
            self.metrics.add(Metric::CaptureShort, short);
            self.journal.note(Event::CaptureFull, short, "");
        }
        let mut record = collect::record(&facts, &extras, exchange, &settings);
        record.record_id = self.ids.next(facts.end(), &mut self.random).into();
        self.metrics.add(Metric::ValuesCut, record.fit_to_limits() + usize::from(extras.ai_log_too_large));
        self.metrics.add(Metric::Collected, 1);
        self.scratch.clear();
        writer::write(&mut self.scratch, &record, settings.omitted);
        let Self { metrics, journal, random, .. } = self;
        lane.add(&self.scratch, &mut Surroundings { host, now, metrics, journal, random });
        if !self.hurries && lane.is_ready() {
            self.hurries = true;
            host.set_tick_period(HURRY);
        }
    }

    /// Pushes what is due. True when the filter is shutting down and has nothing left to do.
    pub fn on_tick(&mut self, host: &impl Host) -> bool {
        let now = host.monotonic();
        if std::mem::take(&mut self.hurries) {
            host.set_tick_period(self.tick_period());
        }
        self.push(host, now);
        let finished = self.is_drained(host, now);
        self.report(host, now, finished);
        finished
    }

    /// The answer to a call has come. True as in [`Plugin::on_tick`].
    pub fn on_answer(&mut self, call: CallId, host: &impl Host) -> bool {
        let now = host.monotonic();
        let Self { lanes, metrics, journal, random, .. } = self;
        let mut around = Surroundings { host, now, metrics, journal, random };
        if !lanes.iter_mut().any(|lane| lane.answered(call, &mut around)) {
            return false;
        }
        self.push(host, now);
        let finished = self.is_drained(host, now);
        if finished {
            self.report(host, now, true);
        }
        finished
    }

    /// The gateway no longer wants the filter. True when it has nothing left to do; otherwise ticks and answers go
    /// on until one of them says so.
    pub fn on_done(&mut self, host: &impl Host) -> bool {
        let now = host.monotonic();
        self.drain_until = Some(now.plus(self.config.drain_timeout));
        let Self { lanes, metrics, .. } = self;
        lanes.iter_mut().for_each(|lane| lane.recall(metrics));
        let finished = self.on_tick(host);
        if !finished {
            self.tell_what_is_left(host);
        }
        finished
    }

    /// For the log of a gateway that ends: it gives no answers any more, so this is the most that can be lost.
    fn tell_what_is_left(&self, host: &impl Host) {
        let waiting: usize = self.lanes.iter().map(|lane| lane.load()[0]).sum();
        let in_flight: usize = self.lanes.iter().map(Lane::records_in_flight).sum();
        let level = if waiting > 0 { Level::Warn } else { Level::Info };
        let line = format!(
            "gatelog: ending with {in_flight} records on their way to the collector and {waiting} that wait for a push to end"
        );
        self.journal.say(host, level, &line);
    }

    fn settings(&mut self, exchange: &mut Exchange, host: &impl Host) -> Option<Rc<Settings>> {
        let (config, naming) = (&self.config, &mut self.memory.naming);
        exchange.settings(self.configuration, || {
            rules::choose(&config.rules, config.global.as_ref(), naming, host)
        })
    }

    fn push(&mut self, host: &impl Host, now: Instant) {
        let all = self.drain_until.is_some();
        let Self { lanes, metrics, journal, random, .. } = self;
        let mut around = Surroundings { host, now, metrics, journal, random };
        lanes.iter_mut().for_each(|lane| lane.push(all, &mut around));
    }

    fn is_drained(&mut self, host: &impl Host, now: Instant) -> bool {
        let Some(until) = self.drain_until else { return false };
        if self.lanes.iter().all(Lane::is_idle) {
            return true;
        }
        if now < until {
            return false;
        }
        let given_up = self.lanes.iter_mut().map(|lane| lane.abandon(now)).sum();
        self.metrics.add(Metric::DroppedShutdown, given_up);
        let line = format!("gatelog: {given_up} records dropped: shut down before they were acknowledged");
        self.journal.say(host, Level::Error, &line);
        true
    }

    fn report(&mut self, host: &impl Host, now: Instant, all: bool) {
        let mut sums = [0; 3];
        for load in self.lanes.iter().map(Lane::load) {
            sums.iter_mut().zip(load).for_each(|(sum, value)| *sum += value);
        }
        for (metric, sum) in
            [Metric::QueueEntries, Metric::QueueBytes, Metric::InFlight].into_iter().zip(sums)
        {
            self.metrics.set(metric, sum);
        }
        self.journal.write(host, now, all);
        self.metrics.flush(host);
    }
}

/// What is asked about exchanges, by the number of their settings: 0 are the global ones, missing or not.
fn questions(config: &Config) -> Vec<Questions> {
    let none = config.global.is_none().then(|| Questions::new(|_| false));
    none.into_iter().chain(config.settings().map(|settings| settings.questions())).collect()
}

#[cfg(test)]
mod tests;
