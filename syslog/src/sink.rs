//! Turns records into messages: the entry that applies, its severity, Kong's log with the custom fields, and a
//! frame.

use gatelog_record::{AccessRecord, Timestamp};

use crate::config::SinkConfig;
use crate::entries::{Entries, Names};
use crate::error::ConfigError;
use crate::kong::{self, RequestView};
use crate::lua::{Limits, ScriptTime, Scripts};
use crate::message::frame::{Frame, Messages};
use crate::notes::Notes;
use crate::severity::priority;
use crate::stats::Stats;

/// Makes messages of records. The sink keeps compiled scripts, so it should live as long as the instance.
#[derive(Debug)]
pub struct Sink {
    entries: Entries,
    scripts: Scripts,
    limits: Limits,
    frame: Frame,
    /// Counters of this sink and of the delivery that sends its messages.
    pub stats: Stats,
    /// Messages for the operator about the records so far.
    pub notes: Notes,
}

/// How a request is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Index of the entry that applies.
    entry: usize,
    /// The number that opens the message.
    priority: u8,
}

impl Sink {
    /// A sink with these settings and the entries of a text ([`crate::entries`] documents the format).
    ///
    /// # Errors
    ///
    /// All problems with the entries and their scripts.
    pub fn new(options: &SinkConfig, entries: &str) -> Result<Self, ConfigError> {
        let entries = Entries::from_text(entries)?;
        let scripts = Scripts::compile(&entries, options.untrusted_lua, options.limits)?;
        Ok(Self {
            entries,
            scripts,
            limits: options.limits,
            frame: options.frame.clone(),
            stats: Stats::default(),
            notes: Notes::default(),
        })
    }

    /// Checks that entries can be read; their scripts are not compiled.
    ///
    /// # Errors
    ///
    /// All problems with them.
    pub fn check(entries: &str) -> Result<(), ConfigError> {
        Entries::from_text(entries).map(drop)
    }

    /// The messages of the records of a request, in order. A record that no entry applies to, or whose severity is below the
    /// entry's `log_level`, has none. `now` is used as the time of records without one.
    pub fn messages<'r>(
        &self,
        records: impl IntoIterator<Item = &'r AccessRecord<'r>>,
        now: Timestamp,
    ) -> Messages {
        let mut messages = Messages::default();
        let time = self.script_time(now);
        for record in records {
            let view = RequestView::from_record(record);
            if let Some(choice) = self.choose(&view) {
                self.write(&mut messages, &view, choice, &time);
            }
        }
        messages
    }

    /// The time that the scripts of a request ingested at `now` have.
    pub fn script_time(&self, now: Timestamp) -> ScriptTime {
        ScriptTime::new(&self.limits, now)
    }

    /// Whether and how the request is logged; counts the request when it gets no message.
    pub fn choose(&self, view: &RequestView<'_>) -> Option<Choice> {
        let names = Names { service: view.service, route: view.route, consumer: view.consumer };
        let Some((entry, found)) = self.entries.applying(names) else {
            self.stats.no_entry.add(1);
            return None;
        };
        let Some(severity) = found.severities.for_status(view.status) else {
            self.stats.below_level.add(1);
            return None;
        };
        Some(Choice { entry, priority: priority(found.facility, severity) })
    }

    /// Appends the message of a request that gets one; its scripts consume `time`.
    pub fn write(&self, messages: &mut Messages, view: &RequestView<'_>, choice: Choice, time: &ScriptTime) {
        let mut log = kong::serialize(view);
        self.scripts.apply(choice.entry, view, &mut log, time, &self.stats, &self.notes);
        let end = view.end().unwrap_or(time.now());
        let cut = self.frame.write(messages, choice.priority, end, view.instance, log);
        self.stats.messages.add(1);
        self.stats.cut.add(usize::from(cut));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sink(entries: &str) -> Sink {
        let text_of = |name: &str| if name == "delivery" { "best_effort".to_owned() } else { String::new() };
        Sink::new(&SinkConfig::read(text_of).unwrap().unwrap(), entries).unwrap()
    }

    fn record(route: &'static str, status: i64) -> AccessRecord<'static> {
        AccessRecord { route_name: route.into(), response_code: status, ..AccessRecord::default() }
    }

    #[test]
    fn entry_and_severity_decide_what_is_sent_and_how() {
        let sink = sink(
            r#"[
              {"route": "quiet", "config": {"log_level": "warning", "server_errors_severity": "crit", "facility": "local0"}},
              {"route": "loud", "config": {"log_level": "info", "successful_severity": "notice"}}
            ]"#,
        );
        let records = [
            record("quiet", 200),
            record("quiet", 500),
            record("loud", 200),
            record("other", 200),
            record("-", 404),
        ];
        let messages = sink.messages(&records, Timestamp::MIN);
        let priorities: Vec<&str> = messages
            .iter_from(0)
            .map(|message| std::str::from_utf8(message).unwrap().split_once(' ').unwrap().1)
            .map(|message| message.split_inclusive('>').next().unwrap())
            .collect();
        assert_eq!(priorities, ["<130>", "<13>"]);
        assert_eq!((sink.stats.messages.value(), sink.stats.below_level.value()), (2, 1));
        assert_eq!(sink.stats.no_entry.value(), 2);
    }

    #[test]
    fn the_time_of_a_message_is_the_end_of_the_response_or_else_now() {
        let sink = sink("[{}]");
        let timed = AccessRecord {
            start_time: Some(Timestamp::from_micros(1_769_860_799_000_000)),
            duration: 1_500,
            ..AccessRecord::default()
        };
        let now = Timestamp::from_micros(1_769_947_200_000_000);
        let messages = sink.messages(&[timed, AccessRecord::default()], now);
        let starts: Vec<&str> = messages
            .iter_from(0)
            .map(|message| {
                std::str::from_utf8(message).unwrap().split_once(' ').unwrap().1.get(..19).unwrap()
            })
            .collect();
        assert_eq!(starts, ["<14>Jan 31 12:00:00", "<14>Feb  1 12:00:00"]);
    }
}
