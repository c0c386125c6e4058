//! How the functions are started, whatever runs them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::runtime::Runtime;

/// Lets everybody read the records, as tests and the demo do. Those that set a token are asked for it all the same.
const OPEN: (&str, &str) = ("query_open", "true");

/// How the functions are started.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) runtime: Option<Runtime>,
    pub(crate) address: Option<SocketAddr>,
    pub(crate) database: Option<PathBuf>,
    pub(crate) runtime_config: Option<PathBuf>,
    pub(crate) log_folder: Option<PathBuf>,
    pub(crate) variables: Vec<(String, String)>,
}

impl Options {
    /// On a free loopback port, storing in this file unless the variables name another store.
    pub fn storing_in(database: &Path) -> Self {
        Self { database: Some(database.to_owned()), ..Self::default() }.variables(&[OPEN])
    }

    /// On a free loopback port, with a runtime configuration file that says where the database is.
    pub fn configured_by(runtime_config: &Path) -> Self {
        Self { runtime_config: Some(runtime_config.to_owned()), ..Self::default() }.variables(&[OPEN])
    }

    /// With values for the application's variables, beside those given before.
    #[must_use]
    pub fn variables(mut self, variables: &[(&str, &str)]) -> Self {
        self.variables
            .extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    /// At an address: to come back where others were before.
    #[must_use]
    pub fn at(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// With what the components print in files of this folder too, under Spin. The local host keeps it in memory.
    #[must_use]
    pub fn log_folder(mut self, folder: &Path) -> Self {
        self.log_folder = Some(folder.to_owned());
        self
    }

    /// In this runtime, and not in that which [`Runtime::chosen`] gives.
    #[must_use]
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }
}
