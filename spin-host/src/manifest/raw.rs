//! `spin.toml`, manifest version 2, as written. A key that Spin does not know is refused here.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Checked before the rest is read, so that an old manifest gets a suitable message.
    #[serde(rename = "spin_manifest_version")]
    _version: i64,
    pub(super) application: Application,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Variable>,
    #[serde(default)]
    pub(super) trigger: Triggers,
    #[serde(default)]
    pub(super) component: BTreeMap<String, Component>,
}

/// `[application]`. Only the name matters to a host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Application {
    pub(super) name: String,
    #[serde(default, rename = "version")]
    _version: String,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default, rename = "authors")]
    _authors: Vec<String>,
    #[serde(default, rename = "targets")]
    _targets: Vec<toml::Value>,
    #[serde(default)]
    pub(super) trigger: BTreeMap<String, toml::Table>,
    #[serde(default, rename = "tool")]
    _tool: BTreeMap<String, toml::Table>,
}

/// `[variables]`: one application variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variable {
    #[serde(default, rename = "description")]
    _description: Option<String>,
    #[serde(default)]
    pub(super) required: bool,
    pub(super) default: Option<String>,
    #[serde(default)]
    pub(super) secret: bool,
}

/// `[[trigger.*]]`. The local host supports one type.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Triggers {
    #[serde(default)]
    pub(super) http: Vec<HttpTrigger>,
}

/// `[[trigger.http]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpTrigger {
    #[serde(default, rename = "id")]
    _id: String,
    pub(super) component: Option<toml::Value>,
    pub(super) route: Route,
    pub(super) executor: Option<Executor>,
    pub(super) static_response: Option<toml::Table>,
    #[serde(default)]
    pub(super) components: BTreeMap<String, toml::Value>,
    #[serde(default)]
    pub(super) dependencies: BTreeMap<String, toml::Value>,
}

/// `executor = { type = "http" }`, the only one for components.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Executor {
    #[serde(rename = "type")]
    pub(super) kind: String,
}

/// `route = "/path"` or `route = { private = true }`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(super) enum Route {
    Public(String),
    Private,
}

impl TryFrom<toml::Value> for Route {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        match value {
            toml::Value::String(pattern) => Ok(Self::Public(pattern)),
            toml::Value::Table(table)
                if table.len() == 1 && table.get("private") == Some(&toml::Value::Boolean(true)) =>
            {
                Ok(Self::Private)
            }
            _ => Err("a route is a path such as \"/query/...\", or { private = true }".to_owned()),
        }
    }
}

/// `[component.X]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Component {
    pub(super) source: Source,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) files: Vec<Mount>,
    #[serde(default)]
    pub(super) exclude_files: Vec<String>,
    #[serde(default)]
    pub(super) allowed_http_hosts: Vec<String>,
    #[serde(default)]
    pub(super) allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    pub(super) key_value_stores: Vec<String>,
    #[serde(default)]
    pub(super) sqlite_databases: Vec<String>,
    #[serde(default)]
    pub(super) ai_models: Vec<String>,
    #[serde(default, rename = "targets")]
    _targets: Vec<toml::Value>,
    pub(super) build: Option<Build>,
    #[serde(default, rename = "tool")]
    _tool: BTreeMap<String, toml::Table>,
    #[serde(default, rename = "dependencies_inherit_configuration")]
    _dependencies_inherit_configuration: Option<bool>,
    #[serde(default)]
    pub(super) dependencies: BTreeMap<String, toml::Value>,
    #[serde(default, rename = "profile")]
    _profile: BTreeMap<String, toml::Table>,
}

/// `source = "file.wasm"`; the other forms are downloads.
#[derive(Debug, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(super) enum Source {
    File(String),
    Download,
}

impl TryFrom<toml::Value> for Source {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        match value {
            toml::Value::String(path) => Ok(Self::File(path)),
            toml::Value::Table(table) if table.contains_key("url") || table.contains_key("package") => {
                Ok(Self::Download)
            }
            _ => Err("a source is the path of a .wasm file, or a table with a url or a package".to_owned()),
        }
    }
}

/// `files = ["pattern/*", { source = "dir", destination = "/dir" }]`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(super) enum Mount {
    Pattern(String),
    Placement { source: String, destination: String },
}

impl TryFrom<toml::Value> for Mount {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let wrong = || {
            "a file is a pattern such as \"assets/*\", or { source = \"…\", destination = \"/…\" }".to_owned()
        };
        match value {
            toml::Value::String(pattern) => Ok(Self::Pattern(pattern)),
            toml::Value::Table(table) if table.len() == 2 => {
                let text = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
                match (text("source"), text("destination")) {
                    (Some(source), Some(destination)) => Ok(Self::Placement { source, destination }),
                    _ => Err(wrong()),
                }
            }
            _ => Err(wrong()),
        }
    }
}

/// `[component.X.build]`: for `spin build`; read only to detect typing errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Build {
    pub(super) command: Commands,
    #[serde(default, rename = "workdir")]
    _workdir: Option<String>,
    #[serde(default, rename = "watch")]
    _watch: Vec<String>,
}

/// `command = "cargo build"` or a list of commands.
#[derive(Debug, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(super) struct Commands(pub(super) Vec<String>);

impl TryFrom<toml::Value> for Commands {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let wrong = || "a build command is a text or a list of texts".to_owned();
        match value {
            toml::Value::String(command) => Ok(Self(vec![command])),
            toml::Value::Array(commands) => commands
                .into_iter()
                .map(|command| command.as_str().map(str::to_owned).ok_or_else(wrong))
                .collect::<Result<_, _>>()
                .map(Self),
            _ => Err(wrong()),
        }
    }
}
