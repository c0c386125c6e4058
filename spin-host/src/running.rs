//! A running application: requests, observation, shutdown.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use wasmtime_wasi_http::WasiBody;

use super::dispatch::{Dispatcher, plain};
use super::instance::{Phase, all_ended};
use super::logs::Logs;
use super::router::Route;
use super::taking_up::TakingUp;

/// How long requests and background work may continue when an application is shut down.
const GRACE: Duration = Duration::from_secs(10);

/// An application that answers requests until it is shut down or dropped.
pub struct RunningApp {
    pub(super) address: SocketAddr,
    pub(super) dispatcher: Arc<Dispatcher>,
    pub(super) phase: watch::Sender<Phase>,
    pub(super) alive: watch::Sender<usize>,
    pub(super) taking_up: TakingUp,
    pub(super) server: JoinHandle<()>,
}

impl RunningApp {
    /// The address that the application is served on.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The components' output, and the host's messages about them.
    pub fn logs(&self) -> &Logs {
        &self.dispatcher.logs
    }

    /// Name of the application.
    pub fn name(&self) -> &str {
        &self.dispatcher.name
    }

    /// The public routes with their components.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.dispatcher.router.routes()
    }

    /// The most linear memory that an instance of this component has had so far, in bytes; `None` when there is no such
    /// component.
    pub fn peak_memory_bytes(&self, component: &str) -> Option<usize> {
        let handler = self.dispatcher.components.get(component)?;
        Some(handler.state().component().peak_memory_bytes())
    }

    /// Instances of all components that are alive.
    pub fn instances(&self) -> usize {
        *self.alive.borrow()
    }

    /// Waits until no instance is alive, which takes a second after the last request.
    pub async fn all_instances_ended(&self) {
        all_ended(&self.alive).await;
    }

    /// Waits until each instance offers all its free capacity, that is, none is accepting a request.
    pub async fn all_instances_ready(&self) {
        self.taking_up.none().await;
    }

    /// Answers a request without a network, but otherwise like one from the network. The URI needs an authority or
    /// the request a `Host` header; otherwise the response is 400, where a client on the network gets none.
    pub async fn call<B>(&self, request: http::Request<B>) -> http::Response<WasiBody>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<wasmtime_wasi_http::Error>,
    {
        let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
        let answer = self.dispatcher.answer(request, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
        answer.unwrap_or_else(|_| plain(StatusCode::BAD_REQUEST, ""))
    }

    /// Stops accepting requests, waits at most ten seconds for those in flight and for background work, and ends
    /// all instances.
    pub async fn shutdown(mut self) {
        self.phase.send_replace(Phase::Draining);
        let ended = async {
            // A server that panicked has ended just like one that returned.
            let _ = (&mut self.server).await;
            all_ended(&self.alive).await;
        };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            self.phase.send_replace(Phase::Stopped);
            all_ended(&self.alive).await;
        }
    }
}

impl fmt::Debug for RunningApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningApp")
            .field("name", &self.name())
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for RunningApp {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Stopped);
    }
}
