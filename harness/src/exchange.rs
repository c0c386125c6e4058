//! A whole exchange on one stream, described first and then run in Envoy's order.

use super::abi::Callback;
use super::attributes::{Attributes, Value};
use super::error::Error;
use super::headers::Headers;
use super::steps::StreamId;
use super::stream::Finished;
use super::vm::Vm;

/// All events on one stream, for [`Vm::run`]. Events that are not described do not happen: without a body there is no
/// body callback, and an empty exchange is only logged, like a request that Envoy itself refuses.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    request: Option<Message>,
    response: Option<Message>,
    attributes: Attributes,
    log_attributes: Attributes,
    unseen: bool,
}

#[derive(Debug, Clone, Default)]
struct Message {
    headers: Headers,
    body: Vec<Vec<u8>>,
    trailers: Option<Headers>,
}

impl Exchange {
    /// A stream that is only logged.
    pub fn new() -> Self {
        Self::default()
    }

    /// The request's headers.
    pub fn request(mut self, headers: impl Into<Headers>) -> Self {
        self.request.get_or_insert_default().headers = headers.into();
        self
    }

    /// The chunks of the request's body.
    pub fn request_body<C: Into<Vec<u8>>>(mut self, chunks: impl IntoIterator<Item = C>) -> Self {
        self.request.get_or_insert_default().body = chunks.into_iter().map(Into::into).collect();
        self
    }

    /// The request's trailers.
    pub fn request_trailers(mut self, trailers: impl Into<Headers>) -> Self {
        self.request.get_or_insert_default().trailers = Some(trailers.into());
        self
    }

    /// The response's headers.
    pub fn response(mut self, headers: impl Into<Headers>) -> Self {
        self.response.get_or_insert_default().headers = headers.into();
        self
    }

    /// The chunks of the response's body.
    pub fn response_body<C: Into<Vec<u8>>>(mut self, chunks: impl IntoIterator<Item = C>) -> Self {
        self.response.get_or_insert_default().body = chunks.into_iter().map(Into::into).collect();
        self
    }

    /// The response's trailers.
    pub fn response_trailers(mut self, trailers: impl Into<Headers>) -> Self {
        self.response.get_or_insert_default().trailers = Some(trailers.into());
        self
    }

    /// An attribute that can be read from the start. The names of `path` are joined by `.`.
    pub fn attribute(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.attributes.set(path, value.into());
        self
    }

    /// An attribute that can be read only in `proxy_on_log`, or has a different value there.
    pub fn log_attribute(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.log_attributes.set(path, value.into());
        self
    }

    /// The plugin sees only `proxy_on_log`, where it can read the headers and response trailers given here.
    pub fn unseen(mut self) -> Self {
        self.unseen = true;
        self
    }
}

impl Vm {
    /// Runs a whole exchange on the first plugin: request headers, body, trailers, then the response's, then the end.
    /// A pause that the guest requests is recorded but not granted.
    ///
    /// # Errors
    ///
    /// When a callback trapped.
    pub fn run(&mut self, exchange: &Exchange) -> Result<Finished, Error> {
        let stream = self.open(self.plugin()?);
        self.set_attributes(stream, exchange)?;
        let Exchange { request, response, unseen, .. } = exchange;
        let direction = [
            (request, Callback::RequestHeaders, Callback::RequestBody, Callback::RequestTrailers),
            (response, Callback::ResponseHeaders, Callback::ResponseBody, Callback::ResponseTrailers),
        ];
        for (message, headers, body, trailers) in direction {
            let Some(message) = message else { continue };
            if *unseen {
                self.place(stream, headers, message.headers.clone())?;
                if let Some(map) = &message.trailers {
                    self.place(stream, trailers, map.clone())?;
                }
                continue;
            }
            let last_chunk = message.body.len();
            let open_end = message.trailers.is_some();
            self.headers_step(stream, headers, message.headers.clone(), last_chunk == 0 && !open_end)?;
            for (index, chunk) in message.body.iter().enumerate() {
                self.body_step(stream, body, chunk, index + 1 == last_chunk && !open_end)?;
            }
            if let Some(map) = &message.trailers {
                self.trailers_step(stream, trailers, map.clone())?;
            }
        }
        self.finish(stream)
    }

    /// Replaces a stream's attributes with those of an exchange.
    ///
    /// # Errors
    ///
    /// When there is no such stream.
    pub fn set_attributes(&mut self, stream: StreamId, exchange: &Exchange) -> Result<(), Error> {
        let stream = self.stream(stream)?;
        stream.attributes = exchange.attributes.clone();
        stream.log_attributes = exchange.log_attributes.clone();
        Ok(())
    }
}
