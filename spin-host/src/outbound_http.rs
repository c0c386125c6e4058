//! HTTP requests that a component makes, to allowed hosts only.

use std::sync::Arc;

use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

use super::component_handle::ComponentHandle;
use super::outbound::AllowedHosts;

/// Sends a component's requests, or refuses them.
pub(super) struct OutboundHttp {
    pub(super) allowed: Arc<AllowedHosts>,
    pub(super) component: ComponentHandle,
}

/// Receives the outcome of sending a body.
type Transfer = Box<dyn Future<Output = Result<(), Error>> + Send>;
/// A response, and the outcome of sending the request's body.
type Sent = Result<(http::Response<WasiBody>, Transfer), Error>;

impl OutboundHttp {
    fn permits(&self, uri: &http::Uri) -> bool {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return false;
        };
        if self.allowed.allows_url(scheme, authority.host(), authority.port_u16()) {
            return true;
        }
        self.component.log(format_args!(
            "a request to {scheme}://{authority} was refused: add \"{scheme}://{authority}\" to allowed_outbound_hosts \
             of this component in the manifest"
        ));
        false
    }
}

impl WasiHttpHooks for OutboundHttp {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Transfer,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let permitted = self.permits(request.uri());
        Box::new(async move {
            if !permitted {
                return Err(Error::HttpRequestDenied);
            }
            let (response, transfer) = default_send_request(request, options).await?;
            Ok((response.map(BodyExt::boxed_unsync), Box::new(transfer) as Transfer))
        })
    }
}
