//! Reads the syslog configuration from the variables and the file of entries.

use std::io;

use gatelog_functions_shared::{VariableReader, Variables};
use gatelog_syslog::{Sink, SinkConfig};

use crate::forward::setup::{Setup, Texts};

/// The file of entries that is used when the variable is empty.
pub const ENTRIES_FILE: &str = "/syslog/entries.json";

/// The name of the receiver, which precedes the names of its variables.
pub const PREFIX: &str = "syslog";

/// Reads the syslog configuration. `read_file` reads a file of the component.
pub async fn read(
    variables: &impl Variables,
    read_file: impl Fn(&str) -> io::Result<String>,
) -> Setup<(SinkConfig, Sink)> {
    let mut texts = Texts::read(variables, PREFIX, SinkConfig::SETTINGS).await;
    let mut entries_variable = VariableReader::new(variables);
    let of_variable = entries_variable.text("syslog_entries").await;
    texts.problems.extend(entries_variable.finish(()).err().into_iter().flat_map(|error| error.problems));
    let options = SinkConfig::read(|name| texts.of(name));
    if texts.is_off(&options) {
        let mut given = texts.given();
        given.extend((!of_variable.is_empty()).then(|| "syslog_entries".to_owned()));
        return Setup::Off { given };
    }
    let options = options.unwrap_or_else(|error| {
        texts.add(&error.problems);
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
                texts.problems.extend(error.problems.iter().map(|problem| format!("{place}: {problem}")));
                None
            })
        }
        Err(problem) => {
            texts.problems.push(problem);
            None
        }
    };
    match (options, sink) {
        (Some(options), Some(sink)) if texts.problems.is_empty() => Setup::On(Box::new((options, sink))),
        _ => texts.wrong(),
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
