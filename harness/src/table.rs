//! The table of host functions: it registers them, documents them, and names them in the counts of host calls.
//!
//! It lists the functions that filters call. Envoy's other functions are linked too, because an SDK imports them whether
//! its filter calls them or not, and return [`Status::Unimplemented`].

use wasmtime::{Caller, ExternType, Linker};

use super::abi::Status;
use super::functions::{attributes, buffers, callouts, headers, metrics, plugin, wasi};
use super::gateway::Gateway;
use super::guest::{Fault, Guest, Out, Span};

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
            wasi::register_exit(linker, EXIT)
        }
    };
}

host_functions! {
    "env" {
        "Writes a line to the gateway's log."
        proxy_log(level: u32, text: u32, size: u32) = plugin::log[level, Span(text, size)];
        "Returns the time of day in nanoseconds since 1970."
        proxy_get_current_time_nanoseconds(out: u32) = plugin::time[out];
        "Starts, changes or (0) stops the ticks of the root context."
        proxy_set_tick_period_milliseconds(period_ms: u32) = plugin::set_tick_period[period_ms];
        "Reports that a root context whose `proxy_on_done` returned false is done."
        proxy_done() = plugin::done[];
        "Calls a function of the gateway by name; there is none."
        proxy_call_foreign_function(name: u32, name_size: u32, argument: u32, argument_size: u32, _result: u32, _result_size: u32)
            = plugin::foreign[Span(name, name_size), Span(argument, argument_size)];
        "Answers an attribute."
        proxy_get_property(path: u32, path_size: u32, value: u32, value_size: u32)
            = attributes::get[Span(path, path_size), Out(value, value_size)];

        "Returns the first value of a header."
        proxy_get_header_map_value(map: u32, name: u32, name_size: u32, value: u32, value_size: u32)
            = headers::value[map, Span(name, name_size), Out(value, value_size)];
        "Returns a whole header map; one that cannot be read now is empty."
        proxy_get_header_map_pairs(map: u32, pairs: u32, pairs_size: u32) = headers::pairs[map, Out(pairs, pairs_size)];

        "Returns a part of a buffer: a body chunk, a callout's body, a configuration."
        proxy_get_buffer_bytes(buffer: u32, start: u32, length: u32, bytes: u32, size: u32)
            = buffers::bytes[buffer, start, length, Out(bytes, size)];

        "Makes an HTTP call; the root context gets the response."
        proxy_http_call(cluster: u32, cluster_size: u32, headers: u32, headers_size: u32, body: u32, body_size: u32, trailers: u32, trailers_size: u32, timeout_ms: u32, out: u32)
            = callouts::call[Span(cluster, cluster_size), Span(headers, headers_size), Span(body, body_size), Span(trailers, trailers_size), timeout_ms, out];

        "Defines a counter (0), gauge (1) or histogram (2)."
        proxy_define_metric(kind: u32, name: u32, name_size: u32, out: u32) = metrics::define[kind, Span(name, name_size), out];
        "Adds to a counter or gauge."
        proxy_increment_metric(metric: u32, offset: i64) = metrics::increment[metric, offset];
        "Adds to a counter, sets a gauge, or records in a histogram."
        proxy_record_metric(metric: u32, value: u64) = metrics::record[metric, value];
    }
    "wasi_snapshot_preview1" {
        "Writes standard output and error to the gateway's log, at info and error."
        fd_write(fd: u32, parts: u32, count: u32, out: u32) = wasi::fd_write[fd, parts, count, out];
        "The environment is empty."
        environ_get(_list: u32, _text: u32) = wasi::nothing[];
        "The environment is empty."
        environ_sizes_get(count: u32, size: u32) = wasi::environ_sizes_get[count, size];
        "Returns the time of day (0) or the monotonic clock (1)."
        clock_time_get(clock: u32, _precision: u64, out: u32) = wasi::clock_time_get[clock, out];
        "Fills bytes from the test's seed."
        random_get(at: u32, size: u32) = wasi::random_get[Span(at, size)];
    }
}

/// Envoy's functions beyond the table. All of them return a status.
const OTHERS: &[&str] = &[
    "proxy_add_header_map_value",
    "proxy_close_stream",
    "proxy_continue_stream",
    "proxy_dequeue_shared_queue",
    "proxy_enqueue_shared_queue",
    "proxy_get_buffer_status",
    "proxy_get_header_map_size",
    "proxy_get_log_level",
    "proxy_get_metric",
    "proxy_get_shared_data",
    "proxy_get_status",
    "proxy_grpc_call",
    "proxy_grpc_cancel",
    "proxy_grpc_close",
    "proxy_grpc_send",
    "proxy_grpc_stream",
    "proxy_register_shared_queue",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_resolve_shared_queue",
    "proxy_send_local_response",
    "proxy_set_buffer_bytes",
    "proxy_set_effective_context",
    "proxy_set_header_map_pairs",
    "proxy_set_property",
    "proxy_set_shared_data",
];

/// The names in the counts: the table's, in the order of their indices, then those beside the table.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    HOST_FUNCTIONS.iter().map(|function| function.name).chain(["proc_exit", "other functions"])
}

/// The index of `proc_exit` in the counts.
const EXIT: usize = HOST_FUNCTIONS.len();

/// The index of all [`OTHERS`] in the counts.
const OTHER: usize = EXIT + 1;

/// Whether Envoy offers a function with this name, so that a module may import it.
pub(super) fn is_offered(name: &str) -> bool {
    names().chain(OTHERS.iter().copied()).any(|offered| offered == name)
}

/// Defines those of [`OTHERS`] that a module imports.
pub(super) fn register_others(
    linker: &mut Linker<Gateway>,
    module: &wasmtime::Module,
) -> wasmtime::Result<()> {
    for import in module.imports() {
        if let ExternType::Func(ty) = import.ty()
            && import.module() == "env"
            && OTHERS.contains(&import.name())
        {
            linker.func_new(import.module(), import.name(), ty, |mut caller, _, results| {
                caller.data_mut().host_calls.count(OTHER);
                if let Some(result) = results.first_mut() {
                    *result = wasmtime::Val::I32(Status::Unimplemented as i32);
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
