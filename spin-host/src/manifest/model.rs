//! The parts of an application, from a valid manifest.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A valid manifest.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The file it was read from.
    pub path: PathBuf,
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    /// Name of the application.
    pub name: String,
    /// Application variables by name.
    pub variables: BTreeMap<String, Variable>,
    /// HTTP triggers in the order of the file.
    pub triggers: Vec<HttpTrigger>,
    /// Components by name.
    pub components: BTreeMap<String, Component>,
}

/// An application variable.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its default; without one, a value must be given.
    pub default: Option<String>,
    /// Whether its value must not be shown.
    pub secret: bool,
}

/// One `[[trigger.http]]`.
#[derive(Debug, Clone)]
pub struct HttpTrigger {
    /// The route; `None` for a private one.
    pub route: Option<String>,
    /// Name of the component.
    pub component: String,
}

/// One component.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its WebAssembly file, absolute.
    pub source: PathBuf,
    /// Its own variables, as templates over the application's.
    pub variables: BTreeMap<String, String>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// Files it may read.
    pub files: Vec<Mount>,
    /// Patterns of files that are excluded.
    pub exclude_files: Vec<String>,
    /// Outbound rules, as templates.
    pub allowed_outbound_hosts: Vec<String>,
    /// Labels of the databases it may open.
    pub sqlite_databases: Vec<String>,
    /// Commands that build it.
    pub build_commands: Vec<String>,
}

/// Files for a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mount {
    /// Files that match this pattern below the manifest's folder, at the same relative path under `/`.
    Pattern(String),
    /// A file or folder placed at another path.
    Placement {
        /// Path below the manifest's folder.
        source: String,
        /// Absolute path for the component.
        destination: String,
    },
}
