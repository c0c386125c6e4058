//! Header maps of a stream, lent by Envoy for the time of a hook.
#![expect(unsafe_code, reason = "the functions of Envoy are foreign functions")]

use gatelog_filter::host::HeaderMap;
use gatelog_filter::host::headers::Headers;

use crate::abi::{self, Buffer, Functions, Header, Pointer, written};

/// Who shows the headers.
#[derive(Clone, Copy)]
pub enum Source {
    /// An HTTP filter.
    Filter(Pointer),
    /// An access logger.
    Logger(Pointer),
}

/// Headers of most maps: for these, what Envoy writes needs no memory of its own.
const MOST: usize = 48;

/// A whole map.
pub fn all<'a>(envoy: &Functions, source: Source, map: HeaderMap) -> Headers<'a> {
    let map = map_type(map);
    // SAFETY: the stream lives until the hook ends.
    let count = unsafe {
        match source {
            Source::Filter(filter) => (envoy.http_get_headers_size)(filter, map),
            Source::Logger(logger) => (envoy.access_logger_get_headers_size)(logger, map),
        }
    };
    if count == 0 {
        return Headers::default();
    }
    let (mut few, mut many) = ([Header::EMPTY; MOST], Vec::new());
    let headers = match few.get_mut(..count) {
        Some(few) => few,
        None => {
            many.resize(count, Header::EMPTY);
            many.as_mut_slice()
        }
    };
    // SAFETY: Envoy writes as many headers as it says that there are; what they show lives until the hook ends.
    unsafe {
        let is_written = match source {
            Source::Filter(filter) => (envoy.http_get_headers)(filter, map, headers.as_mut_ptr()),
            Source::Logger(logger) => (envoy.access_logger_get_headers)(logger, map, headers.as_mut_ptr()),
        };
        if !is_written {
            return Headers::default();
        }
        Headers::lent(headers.iter().map(|header| (header.name.bytes(), header.value.bytes())).collect())
    }
}

/// The first value of a header.
pub fn first<'a>(envoy: &Functions, source: Source, map: HeaderMap, name: &str) -> Option<&'a [u8]> {
    first_in(envoy, source, map_type(map), name)
}

/// The first value of a trailer of the response.
pub fn first_trailer<'a>(envoy: &Functions, source: Source, name: &str) -> Option<&'a [u8]> {
    first_in(envoy, source, abi::header_map::RESPONSE_TRAILERS, name)
}

fn first_in<'a>(envoy: &Functions, source: Source, map: u32, name: &str) -> Option<&'a [u8]> {
    let (name, mut count) = (Buffer::of(name.as_bytes()), 0);
    // SAFETY: the stream lives until the hook ends, and what it shows with it.
    unsafe {
        written(|value| match source {
            Source::Filter(filter) => (envoy.http_get_header)(filter, map, name, value, 0, &mut count),
            Source::Logger(logger) => {
                (envoy.access_logger_get_header_value)(logger, map, name, value, 0, &mut count)
            }
        })
    }
}

fn map_type(map: HeaderMap) -> u32 {
    match map {
        HeaderMap::Request => abi::header_map::REQUEST,
        HeaderMap::Response => abi::header_map::RESPONSE,
    }
}
