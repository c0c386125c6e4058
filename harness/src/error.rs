//! What can go wrong between a module and a running plugin.

use std::path::PathBuf;

use super::abi::Callback;
use super::logs::Logs;

/// An error of the proxy-wasm host.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("failed to read {}: {source}; if it was not built yet, run `cargo xtask build --all`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The bytes are not a module, or not one that this host runs.
    #[error("failed to compile {name}: {cause}")]
    Compile {
        /// The module.
        name: String,
        /// The compiler's message.
        cause: String,
    },
    /// The module imports functions that Envoy does not offer, so Envoy would refuse it too.
    #[error("{name} imports what the gateway does not offer: {}", imports.join(", "))]
    Imports {
        /// The module.
        name: String,
        /// `module.function` of each.
        imports: Vec<String>,
    },
    /// The module lacks a function or the memory that every plugin exports.
    #[error("{name} exports no {export}; is it a proxy-wasm plugin of ABI 0.2?")]
    Export {
        /// The module.
        name: String,
        /// What is missing.
        export: &'static str,
    },
    /// A function that the gateway calls has parameters or results that differ from the ABI.
    #[error("{name} exports a {export} of the wrong type; see ABI 0.2.1")]
    Signature {
        /// The module.
        name: String,
        /// The function.
        export: &'static str,
    },
    /// The guest trapped. The VM accepts no further calls.
    #[error("{callback} of context {context} trapped: {cause}\nlog of the guest:\n{logs}")]
    Trap {
        /// The function that the gateway had called.
        callback: Callback,
        /// The context that it was called for.
        context: u32,
        /// The runtime's message, with the guest's stack.
        cause: String,
        /// All that the guest logged.
        logs: Logs,
    },
    /// A number that a guest exports for tests cannot be read.
    #[error("failed to read {export} of the guest: {cause}")]
    Number {
        /// The function that returns it.
        export: &'static str,
        /// The runtime's message.
        cause: String,
    },
    /// `proxy_on_vm_start` or `proxy_on_configure` returned false.
    #[error("{callback} refused\nlog of the guest:\n{logs}")]
    Refused {
        /// Which of the two.
        callback: Callback,
        /// All that the guest logged.
        logs: Logs,
    },
    /// The VM trapped before.
    #[error("the VM failed earlier, in {callback}")]
    Failed {
        /// The function that trapped.
        callback: Callback,
    },
    /// There is no stream with this id: it was never opened, or it is finished.
    #[error("there is no stream {0}")]
    NoStream(u32),
    /// There is no plugin with this id: it was never started, or it is shut down.
    #[error("there is no plugin {0}")]
    NoPlugin(u32),
    /// There is no callout with this id in flight.
    #[error("there is no callout {0} in flight")]
    NoCallout(u32),
}
