//! Reads the syslog configuration from the variables and the file of entries.

use std::collections::HashMap;
use std::io;

use gatelog_functions_shared::{VariableReader, Variables};
use gatelog_syslog::guarantee::Guarantee;
use gatelog_syslog::{Sink, SinkConfig};

/// The file of entries that is used when the variable is empty.
pub const ENTRIES_FILE: &str = "/syslog/entries.json";

/// The syslog configuration.
#[derive(Debug)]
pub enum Setup {
    /// Syslog is off.
    Off {
        /// Syslog variables that are set nevertheless: whoever set them expects messages.
        given: Vec<String>,
    },
    /// Records are logged.
    On(Box<(SinkConfig, Sink)>),
    /// Records should be logged but cannot be. They are still stored.
    Wrong {
        /// One text for each problem, which begins with the variable or the place in the file.
        problems: Vec<String>,
        /// The guarantee that responses cannot give: the configured one, or the stronger one when the guarantee
        /// itself is wrong.
        promise: Guarantee,
    },
}

impl Setup {
    /// The message for the operator when the function starts.
    pub fn warning(&self) -> Option<String> {
        match self {
            Self::Off { given } if !given.is_empty() => Some(format!(
                "syslog is off although {} is set: set syslog_delivery to best_effort or at_least_once",
                given.join(", ")
            )),
            _ => None,
        }
    }
}

/// Reads the syslog configuration. `read_file` reads a file of the component.
pub async fn read(variables: &impl Variables, read_file: impl Fn(&str) -> io::Result<String>) -> Setup {
    // Problems with syslog are kept separate, because they must not prevent records from being stored.
    let mut settings = VariableReader::new(variables);
    let mut texts = HashMap::new();
    for (name, _) in SinkConfig::SETTINGS {
        texts.insert(name, settings.text(&format!("syslog_{name}")).await);
    }
    let text_of = |name: &str| texts.get(name).cloned().unwrap_or_default();
    let of_variable = settings.text("syslog_entries").await;
    let mut problems = settings.finish(()).map_or_else(|error| error.problems, |()| Vec::new());
    let options = SinkConfig::read(text_of);
    if matches!(options, Ok(None)) && (problems.is_empty() || text_of("delivery") == "off") {
        let mut given = SinkConfig::given(text_of);
        given.extend((!of_variable.is_empty()).then_some("entries"));
        return Setup::Off { given: given.into_iter().map(|name| format!("syslog_{name}")).collect() };
    }
    let options = options.unwrap_or_else(|error| {
        problems.extend(error.problems.iter().map(|problem| format!("syslog_{problem}")));
        None
    });
    let sink = match entries(of_variable, read_file) {
        Ok((place, entries)) => {
            // Entries are checked even when an option is wrong, so that all problems are reported at once.
            let sink = match &options {
                Some(options) => Sink::new(options, &entries).map(Some),
                None => Sink::check(&entries).map(|()| None),
            };
            sink.unwrap_or_else(|error| {
                problems.extend(error.problems.iter().map(|problem| format!("{place}: {problem}")));
                None
            })
        }
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    match (options, sink) {
        (Some(options), Some(sink)) if problems.is_empty() => Setup::On(Box::new((options, sink))),
        _ => {
            Setup::Wrong { problems, promise: text_of("delivery").parse().unwrap_or(Guarantee::AtLeastOnce) }
        }
    }
}

/// The text of the entries and its source, or the problem.
fn entries(
    of_variable: String,
    read_file: impl Fn(&str) -> io::Result<String>,
) -> Result<(&'static str, String), String> {
    if !of_variable.is_empty() {
        return Ok(("syslog_entries", of_variable));
    }
    match read_file(ENTRIES_FILE) {
        Ok(text) => Ok((ENTRIES_FILE, text)),
        Err(error) => Err(format!(
            "syslog_entries: it is empty, and {ENTRIES_FILE} cannot be read ({error}): give the component the file in \
             spin.toml, or set the variable"
        )),
    }
}
