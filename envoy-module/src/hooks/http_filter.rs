//! The HTTP filter: looks at the bodies of AI calls and of what is captured, and at the request as it came. It makes no record,
//! and never stops a stream.
#![expect(unsafe_code, reason = "Envoy's pointers and exported names")]

use std::ptr::{null, null_mut};
use std::sync::Arc;

use gatelog_filter::host::{Body, Level};
use gatelog_filter::stream::Stream;

use super::{give, nothing_to_do, open};
use crate::abi::{self, Buffer, CONTINUE, Pointer};
use crate::document::Document;
use crate::guard::guard;
use crate::passed::{self, FilterStream};
use crate::passing::PassingExchange;
use crate::{filter_state, log, worker};

/// The configuration of filters.
struct Config {
    /// None after a panic: then they do nothing.
    document: Option<Arc<Document>>,
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_config_new(
    _config: Pointer,
    _name: Buffer,
    text: Buffer,
) -> Pointer {
    let made = guard("http_filter_config_new", Some(Config { document: None }), || {
        // SAFETY: the text lives until the hook ends.
        open(unsafe { text.bytes() }).map(|document| Config { document: Some(document) })
    });
    made.map_or(null_mut(), give)
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_config_destroy(config: Pointer) {
    guard("http_filter_config_destroy", (), || {
        // SAFETY: Envoy gives back what it got.
        drop(unsafe { Box::from_raw(config.cast::<Config>()) });
    });
}

/// Null refuses it: a route can enable the filter, and `_rules_` say what is recorded of it.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_per_route_config_new(
    _name: Buffer,
    _text: Buffer,
) -> Pointer {
    log::write(
        Level::Error,
        "gatelog: the filter takes no configuration of a route; enable it there with an empty FilterConfig, and use `_rules_`",
    );
    null_mut()
}

nothing_to_do! {
    envoy_dynamic_module_on_http_filter_per_route_config_destroy
    envoy_dynamic_module_on_http_filter_http_callout_done
    envoy_dynamic_module_on_http_filter_http_stream_headers
    envoy_dynamic_module_on_http_filter_http_stream_data
    envoy_dynamic_module_on_http_filter_http_stream_trailers
    envoy_dynamic_module_on_http_filter_http_stream_complete
    envoy_dynamic_module_on_http_filter_http_stream_reset
    envoy_dynamic_module_on_http_filter_scheduled
    envoy_dynamic_module_on_http_filter_downstream_above_write_buffer_high_watermark
    envoy_dynamic_module_on_http_filter_downstream_below_write_buffer_low_watermark
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_new(config: Pointer, filter: Pointer) -> Pointer {
    let document = guard("http_filter_new", None, || {
        // SAFETY: the configuration lives longer than its filters.
        unsafe { config.cast::<Config>().as_ref() }?.document.clone()
    });
    give(FilterStream {
        document,
        stream: Stream::default(),
        filter,
        is_logged_later: false,
        details: null(),
    })
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_destroy(stream: Pointer) {
    guard("http_filter_destroy", (), || {
        // SAFETY: Envoy gives back what it got.
        passed::close(unsafe { Box::from_raw(stream.cast::<FilterStream>()) });
    });
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_request_headers(
    filter: Pointer,
    stream: Pointer,
    end: bool,
) -> u32 {
    in_stream("http_filter_request_headers", filter, stream, |seen, document, host| {
        worker::with_recorder(document, |recorder, core| {
            recorder.on_request_headers(&mut seen.stream, host, core, end);
        });
        seen.is_logged_later = host.is_http3();
    })
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_request_body(
    filter: Pointer,
    stream: Pointer,
    end: bool,
) -> u32 {
    in_stream("http_filter_request_body", filter, stream, |seen, _, host| {
        seen.stream.on_request_body(host, host.body_size(Body::Request));
        if end {
            seen.stream.on_request_end(host);
        }
    })
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_request_trailers(
    _filter: Pointer,
    _stream: Pointer,
) -> u32 {
    CONTINUE
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_response_headers(
    filter: Pointer,
    stream: Pointer,
    end: bool,
) -> u32 {
    in_stream("http_filter_response_headers", filter, stream, |seen, document, host| {
        worker::with_recorder(document, |recorder, core| {
            recorder.on_response_headers(&mut seen.stream, host, core, end);
        });
    })
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_response_body(
    filter: Pointer,
    stream: Pointer,
    _end: bool,
) -> u32 {
    in_stream("http_filter_response_body", filter, stream, |seen, _, host| {
        seen.stream.on_response_body(host, host.body_size(Body::Response));
    })
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_response_trailers(
    _filter: Pointer,
    _stream: Pointer,
) -> u32 {
    CONTINUE
}

/// The log comes next; of HTTP/3, after the filter is gone.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_stream_complete(filter: Pointer, stream: Pointer) {
    in_stream("http_filter_stream_complete", filter, stream, |seen, _, host| {
        if !seen.is_logged_later {
            seen.details = host.details();
            return passed::set_complete(seen);
        }
        let Ok(envoy) = abi::functions() else { return };
        // SAFETY: the filter lives until the hook ends.
        let read = |name: &&str| unsafe { filter_state::read(envoy, filter, name) };
        let state = filter_state::NAMES.iter().map(read).collect();
        let number = passed::keep(std::mem::take(&mut seen.stream), state).to_string();
        // SAFETY: as above, and Envoy copies the texts.
        unsafe {
            (envoy.http_set_dynamic_metadata_string)(
                filter,
                Buffer::of(passed::NAMESPACE.as_bytes()),
                Buffer::of(passed::KEY.as_bytes()),
                Buffer::of(number.as_bytes()),
            );
        }
    });
}

fn in_stream(
    hook: &'static str,
    filter: Pointer,
    stream: Pointer,
    job: impl FnOnce(&mut FilterStream, &Arc<Document>, &PassingExchange),
) -> u32 {
    guard(hook, (), || {
        let Ok(envoy) = abi::functions() else { return };
        // SAFETY: the stream lives until it is destroyed, and Envoy runs one hook of it at a time.
        let Some(seen) = (unsafe { stream.cast::<FilterStream>().as_mut() }) else { return };
        // Lent, because counting its holders up and down would have all workers wait for each other.
        let Some(document) = seen.document.take() else { return };
        // SAFETY: the filter lives until the hook ends.
        job(seen, &document, &unsafe { PassingExchange::new(envoy, filter) });
        seen.document = Some(document);
    });
    CONTINUE
}
