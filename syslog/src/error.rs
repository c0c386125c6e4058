//! Problems with a configuration.

use thiserror::Error;

/// A configuration that cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the syslog configuration is wrong: {}", problems.join("; "))]
pub struct ConfigError {
    /// One text for each problem; it begins with the place, such as `[2].config.facility`, or with the
    /// setting.
    pub problems: Vec<String>,
}
