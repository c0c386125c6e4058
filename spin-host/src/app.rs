//! An application: built from its manifest and options, and started.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;
use wasmtime_wasi_http::handler::ProxyHandler;

use super::component::{self, Template};
use super::component_handle::ComponentHandle;
use super::dispatch::Dispatcher;
use super::files::ComponentFiles;
use super::instance::{Instances, Phase};
use super::logs::Logs;
use super::manifest::{Component, Manifest};
use super::outbound::{AllowedHosts, is_left_out};
use super::router::{Route, Router};
use super::running::RunningApp;
use super::runtime_config::{Databases, Place};
use super::server;
use super::sqlite::{self, ComponentDatabases};
use super::taking_up::TakingUp;
use super::variables::Variables;

/// The entry point: [`App::builder`].
pub struct App;

/// Options of an application, named as those of `spin up`.
#[derive(Debug, Clone)]
pub struct AppBuilder {
    manifest: PathBuf,
    variables: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    listen: SocketAddr,
    state_folder: Option<PathBuf>,
    runtime_config: Option<PathBuf>,
    sqlite_file: Option<PathBuf>,
    print: bool,
}

impl App {
    /// An application described by this `spin.toml`, or by the one in this folder.
    pub fn builder(manifest: impl Into<PathBuf>) -> AppBuilder {
        AppBuilder {
            manifest: manifest.into(),
            variables: BTreeMap::new(),
            environment: BTreeMap::new(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            state_folder: None,
            runtime_config: None,
            sqlite_file: None,
            print: false,
        }
    }
}

impl AppBuilder {
    /// Sets an application variable; it takes precedence over `SPIN_VARIABLE_…` and the default.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Sets an environment variable in all components.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// The address to serve on. The default is a free port of the loopback interface.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The folder for databases without a configured place. The default is `.spin` beside the manifest.
    #[must_use]
    pub fn state_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state_folder = Some(folder.into());
        self
    }

    /// A runtime configuration file.
    #[must_use]
    pub fn runtime_config(mut self, file: impl Into<PathBuf>) -> Self {
        self.runtime_config = Some(file.into());
        self
    }

    /// The file of the default database; it takes precedence over the runtime configuration.
    #[must_use]
    pub fn sqlite_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.sqlite_file = Some(file.into());
        self
    }

    /// Whether to print the components' output. It is kept in either case, see [`RunningApp::logs`].
    #[must_use]
    pub fn print(mut self, print: bool) -> Self {
        self.print = print;
        self
    }

    /// Checks everything, compiles the components and starts to serve.
    ///
    /// # Errors
    ///
    /// A mistake in the manifest, a missing variable, file or database, a port in use: the message says what to do.
    pub async fn start(self) -> anyhow::Result<RunningApp> {
        let manifest = Manifest::read(&self.manifest)?;
        let variables = Variables::resolve(&manifest, &self.variables, |name| std::env::var(name).ok())?;
        let databases = self.databases(&manifest)?;
        let mysql_permits = databases.max_mysql_connections().map(|most| Arc::new(Semaphore::new(most)));
        let logs = Logs::new(self.print);
        let phase = watch::Sender::new(Phase::Running);
        let alive = watch::Sender::new(0);
        let taking_up = TakingUp::default();
        let mut components = BTreeMap::new();
        for (name, pre) in compile(&manifest).await? {
            let Some(declared) = manifest.components.get(&name) else { continue };
            let context = || format!("component {name:?}");
            let handle = ComponentHandle::new(&name, logs.clone());
            let template = Template {
                pre,
                handle,
                logs: logs.clone(),
                variables: variables.component(&name, &declared.variables).with_context(context)?,
                databases: ComponentDatabases::new(
                    &declared.sqlite_databases,
                    open_databases(declared, &databases).with_context(context)?,
                ),
                mysql_permits: mysql_permits.clone(),
                allowed: Arc::new(allowed_hosts(declared, &variables).with_context(context)?),
                environment: self.environment_of(declared),
                files: ComponentFiles::gather(&manifest.folder, declared).with_context(context)?,
            };
            let instances = Instances::new(template, phase.subscribe(), alive.clone(), taking_up.clone());
            components.insert(name, ProxyHandler::new(instances));
        }
        let router = Router::new(manifest.triggers.iter().filter_map(|trigger| {
            Some(Route { pattern: trigger.route.clone()?, component: trigger.component.clone() })
        }))
        .with_context(|| format!("in the manifest {}", manifest.path.display()))?;
        let dispatcher = Arc::new(Dispatcher { name: manifest.name, router, components, logs });
        let listener = server::bind(self.listen).await?;
        let address = server::local_address(&listener)?;
        let server = tokio::spawn(server::serve(listener, Arc::clone(&dispatcher), phase.subscribe()));
        Ok(RunningApp { address, dispatcher, phase, alive, taking_up, server })
    }

    fn databases(&self, manifest: &Manifest) -> anyhow::Result<Databases> {
        let folder = match &self.state_folder {
            Some(folder) => std::path::absolute(folder).context("the state folder")?,
            None => manifest.folder.join(".spin"),
        };
        let mut databases = Databases::new(folder);
        if let Some(file) = &self.runtime_config {
            databases = databases.read(file)?;
        }
        if let Some(file) = &self.sqlite_file {
            databases.set_default(std::path::absolute(file).context("the database file")?);
        }
        Ok(databases)
    }

    fn environment_of(&self, component: &Component) -> Vec<(String, String)> {
        let mut environment = component.environment.clone();
        environment.extend(self.environment.clone());
        environment.into_iter().collect()
    }
}

/// Compiles the components that triggers name, in parallel.
async fn compile(
    manifest: &Manifest,
) -> anyhow::Result<Vec<(String, wasmtime_wasi_http::p3::bindings::ServicePre<super::state::State>)>> {
    let mut jobs = Vec::new();
    for (name, declared) in &manifest.components {
        if !manifest.triggers.iter().any(|trigger| trigger.component == *name) {
            continue;
        }
        check_source(name, declared, &manifest.folder)?;
        let source = declared.source.clone();
        jobs.push((name.clone(), spawn_blocking(move || component::load(&source))));
    }
    let mut compiled = Vec::new();
    for (name, job) in jobs {
        let loaded = job.await.context("the compiler stopped")?;
        let pre = loaded.with_context(|| format!("component {name:?}"))?;
        compiled.push((name, pre));
    }
    Ok(compiled)
}

fn check_source(name: &str, declared: &Component, folder: &Path) -> anyhow::Result<()> {
    if declared.source.is_file() {
        return Ok(());
    }
    let shown = declared.source.strip_prefix(folder).unwrap_or(&declared.source).display();
    let how = match declared.build_commands.first() {
        Some(command) => format!("run `cargo xtask build`, or the component's own build command `{command}`"),
        None => "run `cargo xtask build`".to_owned(),
    };
    bail!("component {name:?}: {shown} does not exist: {how}")
}

/// The places of the databases that a component may open. A file is opened once to check that it can be
/// opened.
fn open_databases(declared: &Component, databases: &Databases) -> anyhow::Result<BTreeMap<String, Place>> {
    let mut places = BTreeMap::new();
    for label in &declared.sqlite_databases {
        let place = databases.place(label).with_context(|| {
            format!(
                "sqlite_databases names {label:?}, and no runtime configuration says where it is: give a \
                 --runtime-config-file with [sqlite_database.{label}]"
            )
        })?;
        if let Place::File(file) = &place {
            sqlite::probe(label, file)?;
        }
        places.insert(label.clone(), place);
    }
    Ok(places)
}

fn allowed_hosts(declared: &Component, variables: &Variables) -> anyhow::Result<AllowedHosts> {
    let entries = declared
        .allowed_outbound_hosts
        .iter()
        .map(|entry| variables.fill(entry).with_context(|| format!("allowed_outbound_hosts: {entry:?}")))
        .filter(|entry| !entry.as_ref().is_ok_and(|entry| is_left_out(entry)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    AllowedHosts::parse(&entries).context("allowed_outbound_hosts")
}
