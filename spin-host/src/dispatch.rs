//! From a request to the component that answers it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::ProxyHandler;

use super::instance::Instances;
use super::logs::Logs;
use super::router::{Router, absolute_uri, add_spin_headers};

/// Paths that Spin itself answers.
const WELL_KNOWN: &str = "/.well-known/spin/";

/// Routes and components of a running application.
pub(super) struct Dispatcher {
    pub(super) name: String,
    pub(super) router: Router,
    pub(super) components: BTreeMap<String, ProxyHandler<Instances>>,
    pub(super) logs: Logs,
}

/// Why a request gets no response: Spin closes its connection.
#[derive(Debug, thiserror::Error)]
#[error("a request was refused: {0:#}")]
pub(super) struct Refused(anyhow::Error);

impl Dispatcher {
    /// Answers a request: 404 without a route, 500 when the component fails or a header is not text, with the
    /// reason in the log.
    ///
    /// # Errors
    ///
    /// When the request does not name its host; the log says so too.
    pub(super) async fn answer(
        &self,
        mut request: Request<WasiBody>,
        client: SocketAddr,
    ) -> Result<Response<WasiBody>, Refused> {
        // The header concerns only the client's connection to the server.
        request.headers_mut().remove(CONNECTION);
        let path = request.uri().path();
        if let Some(known) = path.strip_prefix(WELL_KNOWN) {
            return Ok(match known {
                "health" => plain(StatusCode::OK, "OK"),
                _ => plain(StatusCode::NOT_FOUND, ""),
            });
        }
        let path = path.to_owned();
        let Some(found) = self.router.find(&path) else {
            return Ok(plain(StatusCode::NOT_FOUND, ""));
        };
        let component = found.route.component.clone();
        let (mut parts, body) = request.into_parts();
        parts.uri = absolute_uri(parts.uri, &parts.headers).map_err(|error| {
            let refused = Refused(error);
            self.logs.host(&component, format_args!("{refused}"));
            refused
        })?;
        if let Some(name) = not_utf8(&parts.headers) {
            self.logs
                .host(&component, format_args!("a request to {path} failed: its header {name} is not UTF-8"));
            return Ok(plain(StatusCode::INTERNAL_SERVER_ERROR, ""));
        }
        add_spin_headers(&mut parts.headers, &parts.uri, &found, client);
        Ok(self.run(&component, Request::from_parts(parts, body)).await.unwrap_or_else(|error| {
            self.logs.host(&component, format_args!("a request to {path} failed: {error:#}"));
            plain(StatusCode::INTERNAL_SERVER_ERROR, "")
        }))
    }

    async fn run(&self, component: &str, request: Request<WasiBody>) -> anyhow::Result<Response<WasiBody>> {
        let handler = self.components.get(component).context("the component is not loaded")?;
        if handler.state().component().hangs() {
            std::future::pending::<()>().await;
        }
        handler.handle((), request).await.map_err(|error| anyhow!("{error:#}"))
    }
}

/// The first header whose value is not text.
fn not_utf8(headers: &HeaderMap) -> Option<&HeaderName> {
    let bad = |value: &HeaderValue| std::str::from_utf8(value.as_bytes()).is_err();
    headers.iter().find_map(|(name, value)| bad(value).then_some(name))
}

/// A response of the host itself.
pub(super) fn plain(status: StatusCode, text: &'static str) -> Response<WasiBody> {
    let body = Full::new(Bytes::from_static(text.as_bytes())).map_err(wasmtime_wasi_http::Error::from);
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
}
