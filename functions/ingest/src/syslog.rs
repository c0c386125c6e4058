//! The syslog sink of the function: its variables, its entries, and when a record is logged.
//!
//! Records go to syslog after the database has committed them, so the database never waits for it. Under
//! `best_effort` the answer does not wait either, and a record that was stored before is not logged again as far as the
//! database tells which those are. Under `at_least_once` the answer is 503 until the receiver has confirmed all
//! messages; the records then come again and are logged again, although they are stored already.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::time::Duration;

use gatelog_function::log::{self, Level};
use gatelog_function::{Failure, Host, Settings, Tally, Variables, metrics};
use gatelog_record::AccessRecord;
use gatelog_syslog::delivery::{DeliveryError, Promise};
use gatelog_syslog::logger::Surroundings;
use gatelog_syslog::transport::{Connection, SendError, Transport, TransportError};
use gatelog_syslog::{Logger, Messages, Options, Sink};

use crate::committer::Fate;
use crate::handler::FUNCTION;

/// Where the component finds its entries when the variable is empty.
pub const ENTRIES_FILE: &str = "/syslog/entries.json";

/// The sink with its options; `None` when it is off. What is wrong goes to `settings`.
pub async fn read(
    settings: &mut Settings<'_, impl Variables>,
    read_file: impl Fn(&str) -> io::Result<String>,
) -> Option<(Options, Sink)> {
    let address = settings.text("syslog_address").await;
    if address.is_empty() {
        return None;
    }
    let mut texts = HashMap::from([("address", address)]);
    for name in Options::NAMES.into_iter().filter(|name| *name != "address") {
        texts.insert(name, settings.text(&format!("syslog_{name}")).await);
    }
    let options = Options::read(|name| texts.get(name).cloned().unwrap_or_default());
    let (place, entries) = entries(settings, read_file).await?;
    // Entries are looked at also when an option is wrong, so that everything is said at once.
    let sink = match options {
        Ok(options) => options.map(|options| Sink::new(&options, &entries).map(|sink| (options, sink))),
        Err(error) => {
            for problem in error.problems {
                settings.problem(format!("syslog_{problem}"));
            }
            Sink::check(&entries).err().map(Err)
        }
    };
    match sink {
        None => None,
        Some(Ok(sink)) => Some(sink),
        Some(Err(error)) => {
            for problem in error.problems {
                settings.problem(format!("{place}: {problem}"));
            }
            None
        }
    }
}

/// The text of the entries, and where it is from.
async fn entries(
    settings: &mut Settings<'_, impl Variables>,
    read_file: impl Fn(&str) -> io::Result<String>,
) -> Option<(&'static str, String)> {
    let text = settings.text("syslog_entries").await;
    if !text.is_empty() {
        return Some(("syslog_entries", text));
    }
    match read_file(ENTRIES_FILE) {
        Ok(text) => Some((ENTRIES_FILE, text)),
        Err(error) => {
            settings.problem(format!(
                "syslog_entries: it is empty, and {ENTRIES_FILE} cannot be read ({error}): give the component the file in \
                 spin.toml, or set the variable"
            ));
            None
        }
    }
}

/// The sink as one instance has it.
#[derive(Debug)]
pub struct Syslog<T: Transport> {
    logger: Logger<T>,
    /// The counters as they were when they were last added to the function's.
    counted: RefCell<BTreeMap<&'static str, u64>>,
}

impl<T: Transport> Syslog<T> {
    /// The sink, sending over `transport`.
    pub fn new(sink: Sink, options: &Options, transport: T) -> Self {
        Self { logger: Logger::new(sink, options, transport), counted: RefCell::default() }
    }

    /// Logs the records of a request; `fates` tells what became of each.
    ///
    /// # Errors
    ///
    /// [`Failure::NotLogged`], under `at_least_once` only.
    pub async fn log(
        &self,
        records: &[AccessRecord<'_>],
        fates: &[Fate],
        host: &impl Host,
        tally: &Tally,
    ) -> Result<(), Failure> {
        let with_duplicates = self.logger.promise() == Promise::AtLeastOnce;
        let is_logged = |fate: &Fate| match fate {
            Fate::New => true,
            Fate::Duplicate => with_duplicates,
            Fate::Refused(_) => false,
        };
        let logged = records.iter().zip(fates).filter(|(_, fate)| is_logged(fate)).map(|(record, _)| record);
        let outcome = self.logger.log(logged, host.now(), &Around(host)).await;
        for warning in self.logger.take_warnings() {
            log::write(Level::Warn, FUNCTION, warning);
        }
        self.count(tally);
        outcome.map_err(|error| Failure::NotLogged { reason: error.to_string() })
    }

    /// Whether messages wait that nobody sends: [`Self::send`] has to be called.
    pub fn wants_sending(&self) -> bool {
        self.logger.wants_sending()
    }

    /// Sends what waits.
    pub async fn send(&self, host: &impl Host, tally: &Tally) {
        self.logger.send(&Around(host)).await;
        self.count(tally);
    }

    fn count(&self, tally: &Tally) {
        let mut counted = self.counted.borrow_mut();
        for (event, value) in self.logger.stats().all() {
            let before = counted.insert(event, value).unwrap_or_default();
            let new = usize::try_from(value.saturating_sub(before)).unwrap_or(usize::MAX);
            tally.add(&metrics::SYSLOG, event, new);
        }
    }
}

/// The host as the logger sees it.
struct Around<'h, H>(&'h H);

impl<H: Host> Surroundings for Around<'_, H> {
    fn ticks(&self) -> Duration {
        self.0.ticks()
    }

    fn failed(&self, error: &DeliveryError) {
        log::write(Level::Warn, FUNCTION, error);
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
}

/// The transport of a function without syslog: there is none of it.
#[derive(Clone, Copy, Debug)]
pub enum Off {}

impl Transport for Off {
    type Connection = Self;

    async fn connect(&self) -> Result<Self, TransportError> {
        match *self {}
    }
}

impl Connection for Off {
    async fn is_open(&mut self) -> bool {
        match *self {}
    }

    async fn send(&mut self, _: &Messages, _: usize) -> Result<usize, SendError> {
        match *self {}
    }

    async fn finish(self) -> Result<(), TransportError> {
        match self {}
    }
}

#[cfg(test)]
mod tests {
    use gatelog_syslog::Stats;

    use super::*;

    #[test]
    fn every_counter_of_the_sink_has_a_series_of_its_own() {
        let events = Stats::default().all().map(|(event, _)| event);
        assert_eq!(metrics::SYSLOG.values, events);
    }
}
