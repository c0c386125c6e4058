//! What was stored goes on to other systems: which records, and how this affects the response.
//!
//! Records go on after the database has committed them, so neither a receiver nor an error in its configuration delays
//! the database. Under `best_effort` the response waits neither for making messages nor for the receiver, and a record that
//! was already stored does not go on again, as far as the database reports duplicates. Under `at_least_once` the response
//! is 503 until the receiver has confirmed all records; they are then sent again and go on again, although they are already
//! stored. Receivers do not wait for each other.
//!
//! - [`sink`]: what the handler sees of a receiver. [`forwarding`]: one receiver, which may be configured wrongly.
//! - [`setup`]: the variables of a receiver.
//! - [`syslog`], [`otlp`]: the receivers.

use std::io;

use gatelog_functions_shared::Variables;
use gatelog_otlp::export::ExportConfig;
use gatelog_syslog::SinkConfig;

pub mod forwarding;
pub mod otlp;
pub mod setup;
pub mod sink;
pub mod syslog;

pub use setup::Setup;
pub use sink::Sink;

/// What the variables say of all receivers.
#[derive(Debug)]
pub struct Setups {
    /// Of syslog.
    pub syslog: Setup<(SinkConfig, gatelog_syslog::Sink)>,
    /// Of a receiver of OTLP.
    pub otlp: Setup<ExportConfig>,
}

impl Setups {
    /// Reads the variables. `read_file` reads a file of the component.
    pub async fn read(variables: &impl Variables, read_file: impl Fn(&str) -> io::Result<String>) -> Self {
        Self {
            syslog: syslog::setup::read(variables, read_file).await,
            otlp: otlp::setup::read(variables).await,
        }
    }

    /// The messages for the operator when the function starts.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let warnings = [self.syslog.warning(syslog::setup::PREFIX), self.otlp.warning(otlp::setup::PREFIX)];
        warnings.into_iter().flatten()
    }
}
