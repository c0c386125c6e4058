//! The start options of the functions, for any runtime.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::runtime::Runtime;

/// Lets anyone read the records, for tests and the demo. If a token is set, it is still required.
const OPEN: (&str, &str) = ("query_open", "true");

/// The start options of the functions.
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
    /// Use a free loopback port, and store in this file unless the variables name another store.
    pub fn storing_in(database: &Path) -> Self {
        Self { database: Some(database.to_owned()), ..Self::default() }.variables(&[OPEN])
    }

    /// Use a free loopback port, and a runtime configuration file that gives the place of the database.
    pub fn configured_by(runtime_config: &Path) -> Self {
        Self { runtime_config: Some(runtime_config.to_owned()), ..Self::default() }.variables(&[OPEN])
    }

    /// Set application variables, in addition to those already given.
    #[must_use]
    pub fn variables(mut self, variables: &[(&str, &str)]) -> Self {
        self.variables
            .extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }

    /// Use this address, for example that of earlier functions.
    #[must_use]
    pub fn at(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// With Spin, also write the components' output to files in this folder. The local host keeps it in memory.
    #[must_use]
    pub fn log_folder(mut self, folder: &Path) -> Self {
        self.log_folder = Some(folder.to_owned());
        self
    }

    /// Use this runtime instead of the one from [`Runtime::chosen`].
    #[must_use]
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }
}
