//! The Spin component: hands requests to the handler. The configuration and the database connections live as long as
//! the instance.

use std::cell::OnceCell;
use std::rc::Rc;

use gatelog_functions_shared::log::FailureLog;
use gatelog_functions_shared::spin::{self, Database, SpinEnvironment, SpinVariables};
use gatelog_functions_shared::{Environment as _, Failure, log};
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::QueryConfig;
use crate::handler::{self, FUNCTION};
use crate::limited_executor::LimitedExecutor;

type Records = LimitedExecutor<Rc<Database>, SpinEnvironment>;

thread_local! {
    static CONFIG: OnceCell<&'static QueryConfig> = const { OnceCell::new() };
    static FAILURES: Rc<FailureLog> = Rc::new(FailureLog::new(FUNCTION, || SpinEnvironment.ticks()));
    static RECORDS: OnceCell<Records> = const { OnceCell::new() };
}

#[http_service]
async fn serve(request: Request) -> http::Response<spin::ResponseBody> {
    let failures = FAILURES.with(Rc::clone);
    let response = match config().await {
        Ok(config) => {
            handler::handle(request, records(config).await, config, &failures, &SpinEnvironment).await
        }
        Err(failure) => {
            failures.write(&failure);
            handler::failed(&failure)
        }
    };
    spin::response(response)
}

async fn config() -> Result<&'static QueryConfig, Failure> {
    if let Some(config) = CONFIG.with(|config| config.get().copied()) {
        return Ok(config);
    }
    let read = QueryConfig::read(&SpinVariables).await?;
    if read.is_closed() {
        let warning = "neither query_token nor query_open is set: nobody may read the records";
        log::write(log::Level::Warn, FUNCTION, warning);
    } else if !read.token.is_required() {
        log::write(log::Level::Warn, FUNCTION, "query_open is set: everybody may read the records");
    }
    let config: &'static QueryConfig = Box::leak(Box::new(read));
    Ok(CONFIG.with(|cell| *cell.get_or_init(|| config)))
}

async fn records(config: &QueryConfig) -> Records {
    if let Some(records) = RECORDS.with(|records| records.get().cloned()) {
        return records;
    }
    let database = spin::patient_database().await;
    let is_lasting = !matches!(*database, Database::Misconfigured { .. });
    let (max, limit) = (config.max_running_statements, config.time_limit);
    let records = LimitedExecutor::new(database, SpinEnvironment, max, limit, spin::spawn);
    if is_lasting { RECORDS.with(|cell| cell.get_or_init(|| records).clone()) } else { records }
}
