//! The Spin component: hands requests to the handler. The configuration, the database connection and what waits to be
//! committed live as long as the instance.

use std::cell::OnceCell;
use std::rc::Rc;

use gatelog_functions_shared::http::response;
use gatelog_functions_shared::spin::{self, Database, SpinHost, SpinVariables};
use gatelog_functions_shared::{Failure, log};
use gatelog_syslog::transport::wasi::WasiTransport;
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::handler::FUNCTION;
use crate::syslog::Syslog;
use crate::{Ingest, IngestConfig};

type Function = Ingest<Rc<Database>, SpinHost, WasiTransport>;

thread_local! {
    static FUNCTION_OF_INSTANCE: OnceCell<&'static Function> = const { OnceCell::new() };
}

#[http_service]
async fn serve(request: Request) -> http::Response<spin::ResponseBody> {
    let response = match function().await {
        Ok(function) => {
            let response = function.handle(spin::request(request)).await;
            if function.wants_syslog() {
                spin::spawn(async move {
                    function.send_syslog().await;
                    if function.wants_background() {
                        function.background().await;
                    }
                });
            }
            if function.wants_drain() {
                spin::spawn(function.drain());
            }
            if function.wants_background() {
                spin::spawn(function.background());
            }
            response
        }
        Err(failure) => {
            log::failure(FUNCTION, &failure);
            response::failure(&failure)
        }
    };
    spin::response(response)
}

async fn function() -> Result<&'static Function, Failure> {
    if let Some(function) = FUNCTION_OF_INSTANCE.with(|cell| cell.get().copied()) {
        return Ok(function);
    }
    let (config, syslog) = IngestConfig::read(&SpinVariables, |path| std::fs::read_to_string(path)).await?;
    let database = spin::database(true).await;
    let open = !config.token.is_required();
    let new = || {
        if open {
            log::write(log::Level::Warn, FUNCTION, "ingest_token is not set: everybody may store records");
        }
        if let Some(warning) = syslog.warning() {
            log::write(log::Level::Warn, FUNCTION, warning);
        }
        let syslog = Syslog::new(syslog, |options| WasiTransport::new(options.target, options.timeout));
        let function = Ingest::with_syslog(config, database, SpinHost, syslog);
        Box::leak(Box::new(function)) as &'static Function
    };
    // While the variables were read, another request of the instance may have come first.
    Ok(FUNCTION_OF_INSTANCE.with(|cell| *cell.get_or_init(new)))
}
