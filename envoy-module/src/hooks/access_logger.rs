//! The access logger: makes the record of each exchange that Envoy logs.
#![expect(unsafe_code, reason = "Envoy's pointers and exported names")]

use std::ptr::null_mut;
use std::sync::Arc;

use gatelog_filter::host::Level;
use gatelog_filter::stream::Stream;

use super::{give, open};
use crate::abi::{self, Buffer, Pointer, log_type};
use crate::document::Document;
use crate::guard::guard;
use crate::logged::{LoggedExchange, State};
use crate::{bootstrap, courier, log, passed, statistics, worker};

/// The configuration of loggers.
struct Config {
    /// Envoy's.
    envoy: Pointer,
    /// None after a panic: then they record nothing.
    document: Option<Arc<Document>>,
}

/// The logger of a thread.
struct Logger {
    document: Option<Arc<Document>>,
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_access_logger_config_new(
    config: Pointer,
    _name: Buffer,
    text: Buffer,
) -> Pointer {
    let made = guard("access_logger_config_new", Some(Config { envoy: config, document: None }), || {
        // SAFETY: the text lives until the hook ends.
        let document = open(unsafe { text.bytes() })?;
        is_pushed(&document, config).then_some(Config { envoy: config, document: Some(document) })
    });
    made.map_or(null_mut(), give)
}

/// True when somebody pushes the records of this configuration.
fn is_pushed(document: &Document, config: Pointer) -> bool {
    let Ok(envoy) = abi::functions() else { return false };
    // SAFETY: this is the main thread.
    if bootstrap::is_there() || unsafe { (envoy.is_validation_mode)() } {
        return true;
    }
    if document.destinations.iter().any(|each| each.collector.address.is_none()) {
        log::write(
            Level::Error,
            "gatelog: nobody would push the records: configure the module as a bootstrap extension as well, or set `collector_address`",
        );
        return false;
    }
    statistics::add_logger(envoy, config);
    courier::start();
    true
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_access_logger_config_destroy(config: Pointer) {
    guard("access_logger_config_destroy", (), || {
        // SAFETY: Envoy gives back what it got.
        let config = unsafe { Box::from_raw(config.cast::<Config>()) };
        statistics::remove_logger(config.envoy);
    });
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_access_logger_new(config: Pointer, _logger: Pointer) -> Pointer {
    guard("access_logger_new", None, || {
        // SAFETY: the configuration lives longer than its loggers.
        let config = unsafe { config.cast::<Config>().as_ref() }?;
        Some(Logger { document: config.document.clone() })
    })
    .map_or(null_mut(), give)
}

#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_access_logger_destroy(logger: Pointer) {
    guard("access_logger_destroy", (), || {
        // SAFETY: Envoy gives back what it got.
        drop(unsafe { Box::from_raw(logger.cast::<Logger>()) });
    });
}

/// Envoy may also log when an exchange begins, and from time to time; the last of its lines is the one that counts.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_access_logger_log(envoy_logger: Pointer, logger: Pointer, kind: u32) {
    if !matches!(kind, log_type::DOWNSTREAM_END | log_type::NOT_SET) {
        return;
    }
    guard("access_logger_log", (), || {
        let Ok(envoy) = abi::functions() else { return };
        // SAFETY: the logger lives.
        let Some(Logger { document: Some(document) }) = (unsafe { logger.cast::<Logger>().as_ref() }) else {
            return;
        };
        if courier::is_running() {
            statistics::record_waiting(envoy);
        }
        // SAFETY: logger and stream live until the hook ends.
        let exchange = unsafe { LoggedExchange::new(envoy, envoy_logger, State::Unknown) };
        let details = exchange.details();
        // SAFETY: it is not destroyed yet, and no other hook of it runs.
        let complete = unsafe { passed::complete().as_mut() };
        if let Some(seen) = complete.filter(|seen| seen.details.is_null() || seen.details == details) {
            let exchange = exchange.with_state(State::Filter(seen.filter));
            return worker::record(document, &mut seen.stream, &exchange);
        }
        let number = passed::has_kept().then(|| exchange.metadata(passed::NAMESPACE, passed::KEY)).flatten();
        match number.and_then(passed::take_kept) {
            Some(mut kept) => {
                let exchange = exchange.with_state(State::Kept(&kept.state));
                worker::record(document, &mut kept.stream, &exchange);
            }
            None => worker::record(document, &mut Stream::default(), &exchange),
        }
    });
}
