//! The commands of one page, in their order, with the servers that they start.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatelog_documents::Block;
use gatelog_testbed::client::Client;
use gatelog_testbed::envoy::Envoy;
use gatelog_testbed::functions::{Functions, Options};
use gatelog_testbed::upstream::Upstream;
use http::Request;
use tokio::process::Command;
use tokio::time::timeout;

use crate::scratch::{Call, Scratch};

/// The tokens that a reader has put in the place of `…`.
pub const INGEST_TOKEN: &str = "of-the-gateways";
/// See [`INGEST_TOKEN`].
pub const QUERY_TOKEN: &str = "of-the-readers";

/// The addresses in the documents: of the functions, of the gateway and its admin interface.
const FUNCTIONS: &str = "localhost:3000";
const GATEWAY: &str = "localhost:10000";

/// Time limit for a block.
const LIMIT: Duration = Duration::from_secs(60);

/// What a page has started.
pub struct PageRun<'s> {
    scratch: &'s Scratch,
    /// Those that every page may ask, unless it starts its own.
    shared: String,
    own: Option<Functions>,
    gateway: Option<(Envoy, Upstream)>,
}

impl<'s> PageRun<'s> {
    /// Begins a page; `shared` is the address of functions that it may ask.
    pub fn new(scratch: &'s Scratch, shared: String) -> Self {
        Self { scratch, shared, own: None, gateway: None }
    }

    /// Runs a block.
    ///
    /// # Errors
    ///
    /// What went wrong, with what the block printed.
    pub async fn run(&mut self, block: &Block) -> anyhow::Result<()> {
        let mut script = block.text.replace(FUNCTIONS, &self.functions());
        if let Some((envoy, _)) = &self.gateway {
            script = script.replace(GATEWAY, &envoy.listener().to_string());
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let shell = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .current_dir(self.scratch.project())
            .env("PATH", format!("{}:{path}", self.scratch.programs().display()))
            .envs([("INGEST_TOKEN", INGEST_TOKEN), ("QUERY_TOKEN", QUERY_TOKEN)])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = timeout(LIMIT, shell)
            .await
            .context("it does not end within a minute")?
            .context("install bash")?;
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        ensure!(output.status.success(), "{}: {}", output.status, said.join("\n").trim());
        if let Some(call) = self.scratch.take_call("spin")? {
            self.own = Some(self.start_functions(&call).await?);
        }
        if let Some(call) = self.scratch.take_call("envoy")? {
            self.gateway = Some(self.start_gateway(&call).await?);
        }
        Ok(())
    }

    /// Stops what the page has started.
    pub async fn end(self) {
        drop(self.gateway);
        if let Some(functions) = self.own {
            functions.stop().await;
        }
    }

    fn functions(&self) -> String {
        self.own.as_ref().map_or_else(|| self.shared.clone(), |functions| functions.address().to_string())
    }

    /// `spin up` with the variables and the runtime configuration of the call.
    async fn start_functions(&self, call: &Call) -> anyhow::Result<Functions> {
        let database = tempfile::tempdir()?.keep().join("gatelog.db");
        let after = |flag: &str| {
            let at = call.words.iter().position(|word| word == flag)?;
            call.words.get(at + 1)
        };
        let mut options = match after("--runtime-config-file") {
            Some(file) => Options::configured_by(&self.scratch.project().join(file)),
            None => Options::storing_in(&database),
        };
        options = options.variables(&[("query_open", "false")]);
        let known = ["up", "--listen", "0.0.0.0:3000", "127.0.0.1:3000", "--runtime-config-file"];
        let unknown = call
            .words
            .iter()
            .find(|word| !known.contains(&word.as_str()) && after("--runtime-config-file") != Some(word));
        ensure!(
            unknown.is_none(),
            "`spin up` is called with {unknown:?}, which testbed/tests/documents does not know"
        );
        for variable in &call.environment {
            let Some((name, value)) = variable.split_once('=') else { continue };
            let Some(name) = name.strip_prefix("SPIN_VARIABLE_") else { continue };
            let value = match (name, value) {
                ("INGEST_TOKEN", "…") => INGEST_TOKEN,
                ("QUERY_TOKEN", "…") => QUERY_TOKEN,
                _ => value,
            };
            options = options.variables(&[(&name.to_lowercase(), value)]);
        }
        let functions = Functions::start(&options).await?;
        let health = Request::get(format!("http://{}/health", functions.address())).body("")?;
        let answer = Client::default().send(health).await?;
        ensure!(answer.status().is_success(), "/health answers {}", answer.status());
        Ok(functions)
    }

    /// `envoy` with the configuration of the call, in which ports are free ones.
    async fn start_gateway(&self, call: &Call) -> anyhow::Result<(Envoy, Upstream)> {
        let flags = ["-c", "--config-path"];
        let at = call.words.iter().position(|word| flags.contains(&word.as_str()));
        let file =
            at.and_then(|at| call.words.get(at + 1)).context("`envoy` is called without a configuration")?;
        let upstream = Upstream::start().await?;
        let functions = self.functions();
        let port = functions.rsplit(':').next().unwrap_or_default();
        let config = std::fs::read_to_string(self.scratch.project().join(file))?
            .replace("port_value: 10000", "port_value: 0")
            .replace("port_value: 9901", "port_value: 0")
            .replace("port_value: 3000", &format!("port_value: {port}"))
            .replace("port_value: 8080", &format!("port_value: {}", upstream.address().port()))
            // Envoy starts where the test does.
            .replace("filename: target/", &format!("filename: {}/target/", self.scratch.project().display()))
            .replace(
                r#""collector_path": "/ingest""#,
                &format!(r#""collector_path": "/ingest", "collector_token": "{INGEST_TOKEN}""#),
            );
        Ok((Envoy::start_yaml(&config).await?, upstream))
    }
}
