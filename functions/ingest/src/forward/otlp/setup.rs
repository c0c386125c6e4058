//! Reads the configuration of OTLP export from the variables.

use gatelog_functions_shared::Variables;
use gatelog_otlp::export::ExportConfig;

use crate::forward::setup::{Setup, Texts};

/// What precedes the names of the receiver's variables.
pub const PREFIX: &str = "otlp";

/// Reads the configuration.
pub async fn read(variables: &impl Variables) -> Setup<ExportConfig> {
    let mut texts = Texts::read(variables, PREFIX, ExportConfig::SETTINGS).await;
    let config = ExportConfig::read(|name| texts.of(name));
    if texts.is_off(&config) {
        return Setup::Off { given: texts.given() };
    }
    match config {
        Ok(Some(config)) if texts.problems.is_empty() => return Setup::On(Box::new(config)),
        Ok(_) => {}
        Err(error) => texts.add(&error.problems),
    }
    texts.wrong()
}
