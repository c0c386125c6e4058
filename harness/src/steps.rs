//! Streams of a VM, callback by callback, in any order and interleaved with each other.

use super::abi::{Action, Callback, MapType};
use super::attributes::Value;
use super::error::Error;
use super::headers::Headers;
use super::stream::{Finished, Step, Stream};
use super::vm::{PluginId, Vm, size};

/// A stream of a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId(u32);

impl Vm {
    /// Opens a stream of a plugin. The guest is told with the first callback.
    pub fn open(&mut self, plugin: PluginId) -> StreamId {
        let id = self.next_context();
        self.store.data_mut().streams.insert(id, Stream::new(plugin.0));
        StreamId(id)
    }

    /// Sets an attribute of a stream. The names of `path` are joined by `.`.
    ///
    /// # Errors
    ///
    /// When there is no such stream.
    pub fn set_attribute(
        &mut self,
        stream: StreamId,
        path: &str,
        value: impl Into<Value>,
    ) -> Result<(), Error> {
        self.stream(stream)?.attributes.set(path, value.into());
        Ok(())
    }

    /// Calls `proxy_on_context_create` now, not with the stream's first callback. Does nothing if the context
    /// exists.
    ///
    /// # Errors
    ///
    /// See [`Vm::request_headers`].
    pub fn create(&mut self, stream: StreamId) -> Result<(), Error> {
        let state = self.stream(stream)?;
        if std::mem::replace(&mut state.created, true) {
            return Ok(());
        }
        let root = state.root;
        let create = self.exports.on_context_create.clone();
        self.step(stream, Callback::ContextCreate, |vm, id| {
            vm.call(Callback::ContextCreate, id, create, (id, root), ()).map(|()| None)
        })
        .map(|_| ())
    }

    /// Calls `proxy_on_request_headers`, after `proxy_on_context_create` if necessary.
    ///
    /// # Errors
    ///
    /// When there is no such stream, or a callback trapped. This applies to all steps.
    pub fn request_headers(
        &mut self,
        stream: StreamId,
        headers: Headers,
        end: bool,
    ) -> Result<Action, Error> {
        self.headers_step(stream, Callback::RequestHeaders, headers, end)
    }

    /// Calls `proxy_on_request_body`.
    ///
    /// # Errors
    ///
    /// See [`Vm::request_headers`].
    pub fn request_body(&mut self, stream: StreamId, chunk: &[u8], end: bool) -> Result<Action, Error> {
        self.body_step(stream, Callback::RequestBody, chunk, end)
    }

    /// Calls `proxy_on_request_trailers`.
    ///
    /// # Errors
    ///
    /// See [`Vm::request_headers`].
    pub fn request_trailers(&mut self, stream: StreamId, trailers: Headers) -> Result<Action, Error> {
        self.trailers_step(stream, Callback::RequestTrailers, trailers)
    }

    /// Calls `proxy_on_response_headers`.
    ///
    /// # Errors
    ///
    /// See [`Vm::request_headers`].
    pub fn response_headers(
        &mut self,
        stream: StreamId,
        headers: Headers,
        end: bool,
    ) -> Result<Action, Error> {
        self.headers_step(stream, Callback::ResponseHeaders, headers, end)
    }

    /// Calls `proxy_on_response_body`.
    ///
    /// # Errors
    ///
    /// See [`Vm::request_headers`].
    pub fn response_body(&mut self, stream: StreamId, chunk: &[u8], end: bool) -> Result<Action, Error> {
        self.body_step(stream, Callback::ResponseBody, chunk, end)
    }

    /// Calls `proxy_on_response_trailers`.
    ///
    /// # Errors
    ///
    /// See [`Vm::request_headers`].
    pub fn response_trailers(&mut self, stream: StreamId, trailers: Headers) -> Result<Action, Error> {
        self.trailers_step(stream, Callback::ResponseTrailers, trailers)
    }

    /// Ends a stream: `proxy_on_log`, `proxy_on_done`, `proxy_on_delete`.
    ///
    /// # Errors
    ///
    /// See [`Vm::request_headers`].
    pub fn finish(&mut self, stream: StreamId) -> Result<Finished, Error> {
        self.log(stream)?;
        self.delete(stream)
    }

    /// Calls `proxy_on_log`.
    ///
    /// # Errors
    ///
    /// See [`Vm::request_headers`].
    pub fn log(&mut self, stream: StreamId) -> Result<(), Error> {
        self.create(stream)?;
        self.stream(stream)?.logging = true;
        let log = self.exports.on_log.clone();
        self.step(stream, Callback::Log, |vm, id| vm.call(Callback::Log, id, log, id, ()).map(|()| None))?;
        self.stream(stream)?.logging = false;
        Ok(())
    }

    /// Calls `proxy_on_done` and, whatever it returns, `proxy_on_delete`.
    ///
    /// # Errors
    ///
    /// See [`Vm::request_headers`].
    pub fn delete(&mut self, stream: StreamId) -> Result<Finished, Error> {
        if self.stream(stream)?.created {
            let (done, delete) = (self.exports.on_done.clone(), self.exports.on_delete.clone());
            self.step(stream, Callback::Done, |vm, id| {
                vm.call(Callback::Done, id, done, id, 1).map(|_| None)
            })?;
            self.step(stream, Callback::Delete, |vm, id| {
                vm.call(Callback::Delete, id, delete, id, ()).map(|()| None)
            })?;
        }
        let stream = self.store.data_mut().streams.remove(&stream.0).ok_or(Error::NoStream(stream.0))?;
        Ok(Finished { steps: stream.steps })
    }

    pub(super) fn stream(&mut self, stream: StreamId) -> Result<&mut Stream, Error> {
        self.store.data_mut().streams.get_mut(&stream.0).ok_or(Error::NoStream(stream.0))
    }

    /// Sets a stream's map for a callback; returns the number of pairs.
    pub(super) fn place(
        &mut self,
        stream: StreamId,
        callback: Callback,
        headers: Headers,
    ) -> Result<u32, Error> {
        let count = size(headers.len());
        if let Some(slot) = map_of(callback).and_then(|map| self.stream(stream).ok()?.map_mut(map)) {
            slot.headers = Some(headers);
        }
        self.stream(stream).map(|_| count)
    }

    pub(super) fn headers_step(
        &mut self,
        stream: StreamId,
        callback: Callback,
        headers: Headers,
        end: bool,
    ) -> Result<Action, Error> {
        self.create(stream)?;
        let count = self.place(stream, callback, headers)?;
        let func = match callback {
            Callback::RequestHeaders => self.exports.on_request_headers.clone(),
            _ => self.exports.on_response_headers.clone(),
        };
        self.map_step(stream, callback, |vm, id| vm.call(callback, id, func, (id, count, end.into()), 0))
    }

    pub(super) fn trailers_step(
        &mut self,
        stream: StreamId,
        callback: Callback,
        trailers: Headers,
    ) -> Result<Action, Error> {
        self.create(stream)?;
        let count = self.place(stream, callback, trailers)?;
        let func = match callback {
            Callback::RequestTrailers => self.exports.on_request_trailers.clone(),
            _ => self.exports.on_response_trailers.clone(),
        };
        self.map_step(stream, callback, |vm, id| vm.call(callback, id, func, (id, count), 0))
    }

    fn map_step(
        &mut self,
        stream: StreamId,
        callback: Callback,
        call: impl FnOnce(&mut Self, u32) -> Result<u32, Error>,
    ) -> Result<Action, Error> {
        self.set_live(stream, callback, true)?;
        let action = self.action_step(stream, callback, call)?;
        self.set_live(stream, callback, action == Action::Pause)?;
        Ok(action)
    }

    fn set_live(&mut self, stream: StreamId, callback: Callback, live: bool) -> Result<(), Error> {
        if let Some(slot) = map_of(callback).and_then(|map| self.stream(stream).ok()?.map_mut(map)) {
            slot.live = live;
        }
        self.stream(stream).map(|_| ())
    }

    pub(super) fn body_step(
        &mut self,
        stream: StreamId,
        callback: Callback,
        chunk: &[u8],
        end: bool,
    ) -> Result<Action, Error> {
        self.create(stream)?;
        let func = match callback {
            Callback::RequestBody => self.exports.on_request_body.clone(),
            _ => self.exports.on_response_body.clone(),
        };
        body_of(self.stream(stream)?, callback).extend_from_slice(chunk);
        let length = size(chunk.len());
        let action = self.action_step(stream, callback, |vm, id| {
            vm.call(callback, id, func, (id, length, end.into()), 0)
        })?;
        body_of(self.stream(stream)?, callback).clear();
        Ok(action)
    }

    fn action_step(
        &mut self,
        stream: StreamId,
        callback: Callback,
        call: impl FnOnce(&mut Self, u32) -> Result<u32, Error>,
    ) -> Result<Action, Error> {
        let action = self.step(stream, callback, |vm, id| {
            Ok(Some(if call(vm, id)? == 0 { Action::Continue } else { Action::Pause }))
        })?;
        Ok(action.unwrap_or(Action::Continue))
    }

    fn step(
        &mut self,
        stream: StreamId,
        callback: Callback,
        call: impl FnOnce(&mut Self, u32) -> Result<Option<Action>, Error>,
    ) -> Result<Option<Action>, Error> {
        self.stream(stream)?;
        let before = self.host_calls().total();
        let action = call(self, stream.0)?;
        let host_calls = self.host_calls().total() - before;
        self.stream(stream)?.steps.push(Step { callback, action, host_calls });
        Ok(action)
    }
}

fn body_of(stream: &mut Stream, callback: Callback) -> &mut Vec<u8> {
    match callback {
        Callback::RequestBody => &mut stream.request_body,
        _ => &mut stream.response_body,
    }
}

fn map_of(callback: Callback) -> Option<MapType> {
    Some(match callback {
        Callback::RequestHeaders => MapType::RequestHeaders,
        Callback::RequestTrailers => MapType::RequestTrailers,
        Callback::ResponseHeaders => MapType::ResponseHeaders,
        Callback::ResponseTrailers => MapType::ResponseTrailers,
        _ => return None,
    })
}
