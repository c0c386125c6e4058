//! The Spin component: hands requests to the handler. The configuration, the database connection and the records
//! waiting for a commit live as long as the instance.

use std::cell::OnceCell;
use std::rc::Rc;

use gatelog_functions_shared::http::response;
use gatelog_functions_shared::log::FailureLog;
use gatelog_functions_shared::spin::{self, Database, SpinEnvironment, SpinVariables};
use gatelog_functions_shared::{Environment as _, Failure, log};
use gatelog_otlp::export::post::spin::SpinPost;
use gatelog_syslog::SinkConfig;
use gatelog_syslog::transport::wasi::WasiTransport;
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::forward::{self, Setups, Sink};
use crate::log::FUNCTION;
use crate::{Ingest, IngestConfig};

type Function = Ingest<Rc<Database>, SpinEnvironment>;

thread_local! {
    static FUNCTION_OF_INSTANCE: OnceCell<&'static Function> = const { OnceCell::new() };
    /// Failures before the function is created.
    static FAILURES: FailureLog = FailureLog::new(FUNCTION, || SpinEnvironment.ticks());
}

#[http_service]
async fn serve(request: Request) -> http::Response<spin::ResponseBody> {
    let response = match function().await {
        Ok(function) => {
            let response = function.handle(spin::request(request)).await;
            for pending in function.pending() {
                spin::spawn(async move {
                    pending.run().await;
                    if let Some(background) = function.begin_background() {
                        background.run().await;
                    }
                });
            }
            if function.has_abandoned() {
                spin::spawn(function.drain());
            }
            if let Some(background) = function.begin_background() {
                spin::spawn(background.run());
            }
            response
        }
        Err(failure) => {
            FAILURES.with(|failures| failures.write(&failure));
            response::failure(&failure)
        }
    };
    spin::response(response)
}

async fn function() -> Result<&'static Function, Failure> {
    if let Some(function) = FUNCTION_OF_INSTANCE.with(|cell| cell.get().copied()) {
        return Ok(function);
    }
    let (config, receivers) =
        IngestConfig::read(&SpinVariables, |path| std::fs::read_to_string(path)).await?;
    let database = spin::database(true).await;
    let open = !config.token.is_required();
    let new = || {
        if open {
            log::write(log::Level::Warn, FUNCTION, "ingest_token is not set: anyone can store records");
        }
        for warning in receivers.warnings() {
            log::write(log::Level::Warn, FUNCTION, warning);
        }
        let sinks = sinks(receivers, &config);
        let function = Ingest::with_sinks(config, database, SpinEnvironment, sinks);
        Box::leak(Box::new(function)) as &'static Function
    };
    // While the variables were read, another request of the instance may have been faster.
    Ok(FUNCTION_OF_INSTANCE.with(|cell| *cell.get_or_init(new)))
}

fn sinks(receivers: Setups, config: &IngestConfig) -> Vec<Box<dyn Sink<SpinEnvironment>>> {
    let mut sinks: Vec<Box<dyn Sink<SpinEnvironment>>> = Vec::new();
    let transport = |options: &SinkConfig| WasiTransport::new(options.target, options.timeout);
    if let Some(syslog) = forward::syslog::forwarding(receivers.syslog, transport) {
        sinks.push(Box::new(syslog));
    }
    let currency = config.prices.table().ok().map(|table| table.currency().to_owned());
    if let Some(otlp) = forward::otlp::forwarding(receivers.otlp, currency, SpinPost) {
        sinks.push(Box::new(otlp));
    }
    sinks
}
