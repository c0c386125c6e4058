//! The functions of `spin.toml`, in the real Spin or in the local host, the latter in this process or as a separate program.

use std::net::SocketAddr;

#[cfg(feature = "in-process-host")]
use gatelog_spin_host::{App, RunningApp};

pub use crate::options::Options;

use crate::runtime::Runtime;
use crate::spin_up::SpinUp;

/// The running functions; stopped when dropped.
#[derive(Debug)]
pub struct Functions {
    address: SocketAddr,
    host: Host,
}

#[derive(Debug)]
enum Host {
    #[cfg(feature = "in-process-host")]
    InProcess(RunningApp),
    Program(SpinUp),
}

impl Functions {
    /// Starts the functions, and returns when they listen.
    ///
    /// # Errors
    ///
    /// The runtime's error, for example: no runtime, a missing component, a wrong manifest, a database that cannot be
    /// opened, a port in use.
    pub async fn start(options: &Options) -> anyhow::Result<Self> {
        let runtime = match &options.runtime {
            Some(runtime) => runtime.clone(),
            None => Runtime::chosen()?,
        };
        #[cfg(feature = "in-process-host")]
        if !runtime.is_spin() {
            let app = in_process(options).start().await?;
            return Ok(Self { address: app.addr(), host: Host::InProcess(app) });
        }
        let program = SpinUp::start(options, &runtime).await?;
        Ok(Self { address: program.address(), host: Host::Program(program) })
    }

    /// Stops the functions. The local host lets requests in flight finish; Spin does not.
    pub async fn stop(self) {
        match self.host {
            #[cfg(feature = "in-process-host")]
            Host::InProcess(app) => app.shutdown().await,
            Host::Program(program) => program.stop().await,
        }
    }

    /// The address of the functions.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The output of the functions and the runtime.
    pub fn log(&self) -> String {
        match &self.host {
            #[cfg(feature = "in-process-host")]
            Host::InProcess(app) => app.logs().lines().iter().map(|line| format!("{line}\n")).collect(),
            Host::Program(program) => program.log(),
        }
    }

    /// In the local host, makes the functions' writes to their log fail from now on. With Spin, fill the disk of
    /// [`Options::log_folder`] instead.
    #[cfg(feature = "in-process-host")]
    pub fn fail_logging(&self) {
        if let Host::InProcess(app) = &self.host {
            app.logs().set_full(true);
        }
    }
}

#[cfg(feature = "in-process-host")]
fn in_process(options: &Options) -> gatelog_spin_host::AppBuilder {
    let mut app = App::builder(gatelog_artifacts::workspace().join("spin.toml"));
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
    app
}
