//! The three functions of `spin.toml`: under the real Spin, or in the local host.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gatelog_harness::artifacts;
use gatelog_harness::spin::{App, RunningApp};

use crate::runtime::Runtime;
use crate::spin_up::SpinUp;

/// Lets everybody read the records, as tests and the demo need. A token that is set is still required.
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

    /// At an address: to return to the place of others.
    #[must_use]
    pub fn at(mut self, address: SocketAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// Under Spin, also writes what the components print to files of this folder. The local host keeps it in memory.
    #[must_use]
    pub fn log_folder(mut self, folder: &Path) -> Self {
        self.log_folder = Some(folder.to_owned());
        self
    }

    /// In this runtime instead of the one that [`Runtime::chosen`] gives.
    #[must_use]
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }
}

/// The running functions; stopped when dropped.
#[derive(Debug)]
pub struct Functions {
    address: SocketAddr,
    host: Host,
}

#[derive(Debug)]
enum Host {
    Local(RunningApp),
    Spin(SpinUp),
}

impl Functions {
    /// Starts them, and returns when they listen.
    ///
    /// # Errors
    ///
    /// What the runtime says: there is none, a missing component, a wrong manifest, a database that cannot be opened, a
    /// port that is taken.
    pub async fn start(options: &Options) -> anyhow::Result<Self> {
        let runtime = match &options.runtime {
            Some(runtime) => runtime.clone(),
            None => Runtime::chosen()?,
        };
        if runtime.is_spin() {
            let spin = SpinUp::start(options).await?;
            return Ok(Self { address: spin.address(), host: Host::Spin(spin) });
        }
        let mut app = App::builder(artifacts::workspace().join("spin.toml"));
        if let Some(database) = &options.database {
            app = app.sqlite_file(database);
        }
        if let Some(file) = &options.runtime_config {
            app = app.runtime_config(file);
        }
        if let Some(address) = options.address {
            app = app.listen(address);
        }
        for (name, value) in &options.variables {
            app = app.variable(name, value);
        }
        let app = app.start().await?;
        Ok(Self { address: app.addr(), host: Host::Local(app) })
    }

    /// Stops them. The local host lets the requests under way end; Spin does not.
    pub async fn stop(self) {
        match self.host {
            Host::Local(app) => app.shutdown().await,
            Host::Spin(spin) => spin.stop().await,
        }
    }

    /// Where they answer.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the functions and the runtime have printed.
    pub fn log(&self) -> String {
        match &self.host {
            Host::Local(app) => app.logs().lines().iter().map(|line| format!("{line}\n")).collect(),
            Host::Spin(spin) => spin.log(),
        }
    }

    /// Makes the functions' writes to their log fail from now on, in the local host. Under Spin, fill the disk that holds
    /// [`Options::log_folder`].
    pub fn fail_logging(&self) {
        if let Host::Local(app) = &self.host {
            app.logs().set_full(true);
        }
    }
}
