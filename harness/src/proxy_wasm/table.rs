//! The one table of host functions: it registers them, documents them, and names them in the counts of host calls.
//!
//! All functions of ABI 0.2.1 are here, under `env`, and Envoy's subset of WASI preview 1. The rest of preview 1 is
//! linked too, as Envoy 1.40 does, but answers an error only.

use wasmtime::{Caller, ExternType, Linker};

use super::functions::{buffers, callouts, headers, metrics, plugin, shared, streams};
use super::gateway::Gateway;
use super::guest::{Fault, Guest, Out, Span};
use super::wasi;

/// A function that the gateway offers to guests.
#[derive(Debug, Clone, Copy)]
pub struct HostFunction {
    /// The module that a guest imports it from: `env` or `wasi_snapshot_preview1`.
    pub module: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
}

macro_rules! host_functions {
    ($($module:literal { $($doc:literal $name:ident ( $($arg:ident : $ty:ty),* ) = $body:path[ $($given:expr),* ]; )* })*) => {
        /// Every function of the table.
        pub const HOST_FUNCTIONS: &[HostFunction] = &[
            $($(HostFunction { module: $module, name: stringify!($name), doc: $doc },)*)*
        ];

        /// Defines every function of the table in a linker.
        pub(super) fn register(linker: &mut Linker<Gateway>) -> wasmtime::Result<()> {
            let mut next = 0;
            $($(
                let index = next;
                next += 1;
                linker.func_wrap(
                    $module,
                    stringify!($name),
                    move |caller: Caller<'_, Gateway>, $($arg: $ty),*| -> wasmtime::Result<u32> {
                        run(caller, index, |guest| $body(guest, $($given),*))
                    },
                )?;
            )*)*
            let _ = next;
            wasi::register_exit(linker)
        }
    };
}

host_functions! {
    "env" {
        "Writes a line to the gateway's log."
        proxy_log(level: u32, text: u32, size: u32) = plugin::log[level, Span(text, size)];
        "Answers the lowest level that the gateway's log keeps."
        proxy_get_log_level(out: u32) = plugin::log_level[out];
        "Answers the time in nanoseconds since 1970."
        proxy_get_current_time_nanoseconds(out: u32) = plugin::time[out];
        "Starts, changes or (0) stops the ticks of the root context."
        proxy_set_tick_period_milliseconds(period_ms: u32) = plugin::set_tick_period[period_ms];
        "Acts for another context until the callback ends."
        proxy_set_effective_context(context: u32) = plugin::set_effective_context[context];
        "Says that a root context whose `proxy_on_done` answered false is done."
        proxy_done() = plugin::done[];
        "Answers why the last callout failed."
        proxy_get_status(code: u32, text: u32, size: u32) = plugin::status[code, Out(text, size)];
        "Calls a function of the gateway by name; there is none."
        proxy_call_foreign_function(name: u32, name_size: u32, argument: u32, argument_size: u32, _result: u32, _result_size: u32)
            = plugin::foreign[Span(name, name_size), Span(argument, argument_size)];
        "Answers an attribute or what a filter set before."
        proxy_get_property(path: u32, path_size: u32, value: u32, value_size: u32)
            = plugin::property[Span(path, path_size), Out(value, value_size)];
        "Sets a value that this and other filters can read on this stream."
        proxy_set_property(path: u32, path_size: u32, value: u32, value_size: u32)
            = plugin::set_property[Span(path, path_size), Span(value, value_size)];

        "Answers the first value of a header."
        proxy_get_header_map_value(map: u32, name: u32, name_size: u32, value: u32, value_size: u32)
            = headers::value[map, Span(name, name_size), Out(value, value_size)];
        "Adds a value to a header."
        proxy_add_header_map_value(map: u32, name: u32, name_size: u32, value: u32, value_size: u32)
            = headers::add[map, Span(name, name_size), Span(value, value_size)];
        "Sets a header to one value."
        proxy_replace_header_map_value(map: u32, name: u32, name_size: u32, value: u32, value_size: u32)
            = headers::replace[map, Span(name, name_size), Span(value, value_size)];
        "Removes a header."
        proxy_remove_header_map_value(map: u32, name: u32, name_size: u32) = headers::remove[map, Span(name, name_size)];
        "Answers a whole header map; one that cannot be read now is empty."
        proxy_get_header_map_pairs(map: u32, pairs: u32, pairs_size: u32) = headers::pairs[map, Out(pairs, pairs_size)];
        "Sets a whole header map."
        proxy_set_header_map_pairs(map: u32, pairs: u32, pairs_size: u32) = headers::set_pairs[map, Span(pairs, pairs_size)];
        "Answers the bytes of a header map's names and values."
        proxy_get_header_map_size(map: u32, out: u32) = headers::size[map, out];

        "Answers a part of a buffer: a body chunk, a callout's body, a configuration."
        proxy_get_buffer_bytes(buffer: u32, start: u32, length: u32, bytes: u32, size: u32)
            = buffers::bytes[buffer, start, length, Out(bytes, size)];
        "Answers the size of a buffer."
        proxy_get_buffer_status(buffer: u32, length: u32, flags: u32) = buffers::status[buffer, length, flags];
        "Puts bytes before, in place of, or after a body chunk."
        proxy_set_buffer_bytes(buffer: u32, start: u32, length: u32, bytes: u32, size: u32)
            = buffers::set_bytes[buffer, start, length, Span(bytes, size)];

        "Lets a paused stream go on."
        proxy_continue_stream(kind: u32) = streams::go_on[kind];
        "Resets a stream."
        proxy_close_stream(kind: u32) = streams::close[kind];
        "Answers the request in place of the upstream."
        proxy_send_local_response(status: u32, details: u32, details_size: u32, body: u32, body_size: u32, headers: u32, headers_size: u32, grpc_status: i32)
            = streams::local_response[status, Span(details, details_size), Span(body, body_size), Span(headers, headers_size), grpc_status];

        "Makes an HTTP call; the root context hears of the answer."
        proxy_http_call(cluster: u32, cluster_size: u32, headers: u32, headers_size: u32, body: u32, body_size: u32, trailers: u32, trailers_size: u32, timeout_ms: u32, out: u32)
            = callouts::call[Span(cluster, cluster_size), Span(headers, headers_size), Span(body, body_size), Span(trailers, trailers_size), timeout_ms, out];
        "Makes a gRPC call; not done."
        proxy_grpc_call(_a: u32, _b: u32, _c: u32, _d: u32, _e: u32, _f: u32, _g: u32, _h: u32, _i: u32, _j: u32, _k: u32, _l: u32) = callouts::grpc[];
        "Opens a gRPC stream; not done."
        proxy_grpc_stream(_a: u32, _b: u32, _c: u32, _d: u32, _e: u32, _f: u32, _g: u32, _h: u32, _i: u32) = callouts::grpc[];
        "Sends on a gRPC stream; not done."
        proxy_grpc_send(_token: u32, _message: u32, _size: u32, _end: u32) = callouts::grpc[];
        "Cancels a gRPC call; not done."
        proxy_grpc_cancel(_token: u32) = callouts::grpc[];
        "Closes a gRPC stream; not done."
        proxy_grpc_close(_token: u32) = callouts::grpc[];

        "Defines a counter (0), gauge (1) or histogram (2)."
        proxy_define_metric(kind: u32, name: u32, name_size: u32, out: u32) = metrics::define[kind, Span(name, name_size), out];
        "Adds to a counter or gauge."
        proxy_increment_metric(metric: u32, offset: i64) = metrics::increment[metric, offset];
        "Adds to a counter, sets a gauge, or records in a histogram."
        proxy_record_metric(metric: u32, value: u64) = metrics::record[metric, value];
        "Answers the value of a counter or gauge."
        proxy_get_metric(metric: u32, out: u32) = metrics::get[metric, out];

        "Answers shared data and the number of its last change."
        proxy_get_shared_data(key: u32, key_size: u32, value: u32, value_size: u32, cas: u32)
            = shared::get[Span(key, key_size), Out(value, value_size), cas];
        "Sets shared data, if it is still at a given change."
        proxy_set_shared_data(key: u32, key_size: u32, value: u32, value_size: u32, cas: u32)
            = shared::set[Span(key, key_size), Span(value, value_size), cas];
        "Makes a queue whose items the root context hears of."
        proxy_register_shared_queue(name: u32, name_size: u32, out: u32) = shared::register[Span(name, name_size), out];
        "Answers the token of a queue."
        proxy_resolve_shared_queue(vm: u32, vm_size: u32, name: u32, name_size: u32, out: u32)
            = shared::resolve[Span(vm, vm_size), Span(name, name_size), out];
        "Takes the oldest item of a queue."
        proxy_dequeue_shared_queue(token: u32, item: u32, item_size: u32) = shared::dequeue[token, Out(item, item_size)];
        "Adds an item to a queue."
        proxy_enqueue_shared_queue(token: u32, item: u32, item_size: u32) = shared::enqueue[token, Span(item, item_size)];
    }
    "wasi_snapshot_preview1" {
        "Writes standard output and error to the gateway's log, at info and error."
        fd_write(fd: u32, parts: u32, count: u32, out: u32) = wasi::fd_write[fd, parts, count, out];
        "Describes standard output and error."
        fd_fdstat_get(fd: u32, out: u32) = wasi::fd_fdstat_get[fd, out];
        "Does nothing, and says that it went well, as Envoy does."
        fd_close(_fd: u32) = wasi::nothing[];
        "Does nothing, and says that it went well, as Envoy does."
        fd_seek(_fd: u32, _offset: i64, _whence: u32, _out: u32) = wasi::nothing[];
        "There is no directory to open."
        fd_prestat_get(_fd: u32, _out: u32) = wasi::no_descriptor[];
        "There is no file to open."
        path_open(_fd: u32, _flags: u32, _path: u32, _size: u32, _open: u32, _rights: i64, _inheriting: i64, _fd_flags: u32, _out: u32)
            = wasi::no_file[];
        "Answers the environment that the plugin's configuration gives it."
        environ_get(list: u32, text: u32) = wasi::environ_get[list, text];
        "Answers how much room the environment takes."
        environ_sizes_get(count: u32, size: u32) = wasi::environ_sizes_get[count, size];
        "There are no arguments."
        args_get(_list: u32, _text: u32) = wasi::nothing[];
        "There are no arguments."
        args_sizes_get(count: u32, size: u32) = wasi::args_sizes_get[count, size];
        "Answers the embedder's clock, for wall time (0) and monotonic time (1)."
        clock_time_get(clock: u32, _precision: u64, out: u32) = wasi::clock_time_get[clock, out];
        "Fills bytes from the embedder's seed."
        random_get(at: u32, size: u32) = wasi::random_get[Span(at, size)];
        "Goes on at once."
        sched_yield() = wasi::nothing[];
    }
}

/// The names of all functions, in the order of their indices.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    HOST_FUNCTIONS.iter().map(|function| function.name).chain(["proc_exit", "other WASI functions"])
}

/// The index of `proc_exit` in the counts.
pub(super) const EXIT: usize = HOST_FUNCTIONS.len();

/// The index of all functions of WASI that only answer an error.
const UNSUPPORTED: usize = EXIT + 1;

/// Defines what a module imports of WASI beyond the table, as functions that answer an error.
pub(super) fn register_unsupported(
    linker: &mut Linker<Gateway>,
    module: &wasmtime::Module,
) -> wasmtime::Result<()> {
    for import in module.imports() {
        let missing = HOST_FUNCTIONS.iter().all(|function| function.name != import.name());
        if let ExternType::Func(ty) = import.ty()
            && import.module() == "wasi_snapshot_preview1"
            && missing
            && let Some(errno) = wasi::unsupported(import.name())
        {
            linker.func_new(import.module(), import.name(), ty, move |mut caller, _, results| {
                caller.data_mut().host_calls.count(UNSUPPORTED);
                if let Some(result) = results.first_mut() {
                    *result = wasmtime::Val::I32(errno);
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn run(
    mut caller: Caller<'_, Gateway>,
    index: usize,
    body: impl FnOnce(&mut Guest<'_>) -> Result<(), Fault>,
) -> wasmtime::Result<u32> {
    let gateway = caller.data_mut();
    gateway.host_calls.count(index);
    if let Some(why) = gateway.restricted
        && let Some(function) = HOST_FUNCTIONS.get(index)
        && function.module == "env"
        && function.name != "proxy_log"
    {
        wasmtime::bail!("{} must not be called {why}", function.name);
    }
    match body(&mut Guest::new(caller)) {
        Ok(()) => Ok(0),
        Err(Fault::Code(code)) => Ok(code),
        Err(Fault::Trap(error)) => Err(error),
    }
}
