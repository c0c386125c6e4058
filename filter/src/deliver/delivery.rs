//! All destinations at work: what a tick, an answer, a new configuration and the end of the gateway ask of them.

use std::time::Duration;

use crate::config::sink::Destination;
use crate::context::{Context, Core};
use crate::deliver::queue::Queue;
use crate::deliver::sink::Sink;
use crate::host::{CallId, Host, Instant, Level, Outbound};
use crate::observe::metric::Metric;

/// The destinations, and the records on their way to them.
#[derive(Debug)]
pub struct Delivery {
    destinations: Vec<Destination>,
    /// One for each destination.
    sinks: Vec<Sink>,
    /// How long records are pushed after the gateway has begun to end.
    drain_timeout: Duration,
    drain_until: Option<Instant>,
    /// Names this delivery to the collectors.
    vm_id: String,
}

/// Longest time between two ticks.
const LONGEST_TICK: Duration = Duration::from_millis(100);
/// Shortest time between two ticks.
const SHORTEST_TICK: Duration = Duration::from_millis(10);

impl Delivery {
    /// A delivery with nothing to do. `vm_id` names it to the collectors.
    pub fn new(destinations: &[Destination], drain_timeout: Duration, vm_id: String) -> Self {
        Self {
            destinations: destinations.to_vec(),
            sinks: sinks(destinations, &vm_id),
            drain_timeout,
            drain_until: None,
            vm_id,
        }
    }

    /// Takes other destinations. Records that wait or are in flight stay with the same collector under the new
    /// bounds; where the new destinations have it no longer, they go to the first of them.
    pub fn reconfigure(
        &mut self,
        destinations: &[Destination],
        drain_timeout: Duration,
        cx: &mut Context<'_, impl Host>,
    ) {
        let older = std::mem::replace(&mut self.sinks, sinks(destinations, &self.vm_id));
        let older_destinations = std::mem::replace(&mut self.destinations, destinations.to_vec());
        self.drain_timeout = drain_timeout;
        for (destination, sink) in older_destinations.iter().zip(older) {
            let heir = self.heir(destination);
            if let Some(heir) = self.sinks.get_mut(heir) {
                heir.take_over(sink, cx);
            }
        }
    }

    /// The destinations.
    pub fn destinations(&self) -> &[Destination] {
        &self.destinations
    }

    /// The number of the destination that takes the records of this one: itself, else the one with the same collector, else
    /// the first.
    pub fn heir(&self, destination: &Destination) -> usize {
        let find = |is: &dyn Fn(&Destination) -> bool| self.destinations.iter().position(is);
        find(&|known| known == destination).or_else(|| find(&|known| known.is_like(destination))).unwrap_or(0)
    }

    /// How often [`Delivery::on_tick`] should be called.
    pub fn tick_period(&self) -> Duration {
        let delays = self.destinations.iter().map(|each| each.queue.max_coalescing_delay);
        let shortest = delays.min().unwrap_or_default();
        (shortest / 10).clamp(SHORTEST_TICK, LONGEST_TICK)
    }

    /// Adds a record's JSON for a destination. True when a complete batch waits and may be sent.
    pub fn add(&mut self, destination: usize, json: &[u8], cx: &mut Context<'_, impl Host>) -> bool {
        let Some(sink) = self.sinks.get_mut(destination) else { return false };
        sink.add(json, cx);
        sink.is_ready()
    }

    /// Adds the records of a queue for a destination.
    pub fn add_all(&mut self, destination: usize, records: Queue, cx: &mut Context<'_, impl Host>) {
        if let Some(sink) = self.sinks.get_mut(destination) {
            sink.add_all(records, cx);
        }
    }

    /// Pushes what is due. True when the gateway is ending and nothing is left to do.
    pub fn on_tick(&mut self, core: &mut Core, host: &impl Outbound) -> bool {
        let now = host.monotonic();
        self.push(core, host, now);
        let finished = self.is_drained(core, host, now);
        self.report(core, host, now, finished);
        finished
    }

    /// The answer to a call arrived. Returns the same as [`Delivery::on_tick`].
    pub fn on_answer(&mut self, call: CallId, core: &mut Core, host: &impl Outbound) -> bool {
        if !self.take_answer(call, core, host) {
            return false;
        }
        let now = host.monotonic();
        self.push(core, host, now);
        let finished = self.is_drained(core, host, now);
        if finished {
            self.report(core, host, now, true);
        }
        finished
    }

    /// Takes the answer to a call, and pushes nothing; false when the call is not known.
    pub fn take_answer(&mut self, call: CallId, core: &mut Core, host: &impl Outbound) -> bool {
        let mut cx = core.context(host, host.monotonic());
        self.sinks.iter_mut().any(|sink| sink.on_answer(call, &mut cx))
    }

    /// Pushes of records that are not answered yet.
    pub fn sent(&self) -> usize {
        self.sinks.iter().map(Sink::sent).sum()
    }

    /// True when every collector that records are left for has an address for connections of one's own.
    pub fn has_addresses(&self) -> bool {
        self.sinks.iter().all(|sink| sink.is_idle() || sink.has_address())
    }

    /// The gateway is ending: from now on nothing waits for more records. Ticks and answers go on until one of them
    /// returns true.
    pub fn begin_drain(&mut self, core: &mut Core, now: Instant) {
        self.drain_until = Some(now.plus(self.drain_timeout));
        self.sinks.iter_mut().for_each(|sink| sink.requeue_waiting(&mut core.metrics));
    }

    /// Puts back what was sent and is not answered yet, because whoever made the calls is gone.
    pub fn forget_calls(&mut self, core: &mut Core) {
        self.sinks.iter_mut().for_each(|sink| sink.requeue_all(&mut core.metrics));
    }

    /// True when nothing waits and nothing is in flight.
    pub fn is_idle(&self) -> bool {
        self.sinks.iter().all(Sink::is_idle)
    }

    /// Logs how many records a gateway that ends can still lose: it may not pass on any more answers.
    pub fn tell_what_is_left(&self, core: &Core, host: &impl Host) {
        let waiting: usize = self.sinks.iter().map(|sink| sink.load()[0]).sum();
        let in_flight: usize = self.sinks.iter().map(Sink::records_in_flight).sum();
        let level = if waiting > 0 { Level::Warn } else { Level::Info };
        let line = format!(
            "gatelog: ending with {in_flight} records on their way to the collector and {waiting} that wait for a push to end"
        );
        core.log.write_now(host, level, &line);
    }

    /// Gives up what is left, counts and logs it.
    pub fn give_up(&mut self, core: &mut Core, host: &impl Host, now: Instant) {
        let given_up = self.sinks.iter_mut().map(|sink| sink.abandon(now)).sum();
        core.metrics.add(Metric::DroppedShutdown, given_up);
        let line = format!("gatelog: {given_up} records dropped: shut down before they were acknowledged");
        core.log.write_now(host, Level::Error, &line);
    }

    /// Hands counts and due lines to the gateway. At the end, when nothing more will be reported, every line that waits, and
    /// the queues no longer count.
    pub fn report(&self, core: &mut Core, host: &impl Host, now: Instant, is_end: bool) {
        let [entries, bytes, in_flight] = sum(self.sinks.iter().map(Sink::load));
        let lasting = self.sinks.iter().filter(|_| !is_end);
        let [max_entries, max_bytes] = sum(lasting.map(Sink::capacity));
        for (metric, value) in [
            (Metric::QueueEntries, entries),
            (Metric::QueueBytes, bytes),
            (Metric::QueueMaxEntries, max_entries),
            (Metric::QueueMaxBytes, max_bytes),
            (Metric::InFlight, in_flight),
        ] {
            core.metrics.set(metric, value);
        }
        core.log.flush(host, now, is_end);
        core.metrics.flush(host);
    }

    /// True when a drain has begun and its time is over.
    pub fn is_over(&self, now: Instant) -> bool {
        self.drain_until.is_some_and(|until| now >= until)
    }

    fn push(&mut self, core: &mut Core, host: &impl Outbound, now: Instant) {
        let all = self.drain_until.is_some();
        let mut cx = core.context(host, now);
        self.sinks.iter_mut().for_each(|sink| sink.push(all, &mut cx));
    }

    fn is_drained(&mut self, core: &mut Core, host: &impl Host, now: Instant) -> bool {
        if self.drain_until.is_none() {
            return false;
        }
        if self.is_idle() {
            return true;
        }
        if self.is_over(now) {
            self.give_up(core, host, now);
            return true;
        }
        false
    }
}

/// The sums of each column.
fn sum<const COLUMNS: usize>(rows: impl Iterator<Item = [usize; COLUMNS]>) -> [usize; COLUMNS] {
    let mut sums = [0_usize; COLUMNS];
    for row in rows {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum = sum.saturating_add(value));
    }
    sums
}

fn sinks(destinations: &[Destination], vm_id: &str) -> Vec<Sink> {
    destinations.iter().map(|destination| Sink::new(destination, vm_id)).collect()
}

#[cfg(test)]
impl Delivery {
    /// Records waiting at a destination, their bytes, and batches in flight.
    pub fn load(&self, destination: usize) -> [usize; 3] {
        self.sinks[destination].load()
    }
}
