//! From a request to the component that answers it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::ProxyHandler;

use super::instance::Instances;
use super::logs::Logs;
use super::router::{Router, absolute_uri, set_spin_headers};

/// Paths that Spin answers by itself.
const WELL_KNOWN: &str = "/.well-known/spin/";

/// Routes and components of a running application.
pub(super) struct Dispatcher {
    pub(super) name: String,
    pub(super) router: Router,
    pub(super) components: BTreeMap<String, ProxyHandler<Instances>>,
    pub(super) logs: Logs,
}

impl Dispatcher {
    /// Answers a request: 404 without a route, 500 when the component fails, which the log explains.
    pub(super) async fn answer(&self, request: Request<WasiBody>, client: SocketAddr) -> Response<WasiBody> {
        let path = request.uri().path();
        if let Some(known) = path.strip_prefix(WELL_KNOWN) {
            return match known {
                "health" => plain(StatusCode::OK, "OK"),
                _ => plain(StatusCode::NOT_FOUND, ""),
            };
        }
        let path = path.to_owned();
        let Some(found) = self.router.find(&path) else {
            return plain(StatusCode::NOT_FOUND, "");
        };
        let component = found.route.component.clone();
        let (mut parts, body) = request.into_parts();
        parts.uri = match absolute_uri(parts.uri, &parts.headers) {
            Ok(uri) => uri,
            Err(error) => {
                self.logs.host(&component, format_args!("a request was refused: {error:#}"));
                return plain(StatusCode::BAD_REQUEST, "");
            }
        };
        set_spin_headers(&mut parts.headers, &parts.uri, &found, client);
        match self.run(&component, Request::from_parts(parts, body)).await {
            Ok(response) => response,
            Err(error) => {
                self.logs.host(&component, format_args!("a request to {path} failed: {error:#}"));
                plain(StatusCode::INTERNAL_SERVER_ERROR, "")
            }
        }
    }

    async fn run(&self, component: &str, request: Request<WasiBody>) -> anyhow::Result<Response<WasiBody>> {
        let handler = self.components.get(component).context("the component is not loaded")?;
        if handler.state().component().hangs() {
            std::future::pending::<()>().await;
        }
        handler.handle((), request).await.map_err(|error| anyhow!("{error:#}"))
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<WasiBody> {
    let body = Full::new(Bytes::from_static(text.as_bytes())).map_err(wasmtime_wasi_http::Error::from);
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
}
