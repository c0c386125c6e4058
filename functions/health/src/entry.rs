//! The Spin component: hands requests to the handler. The database connections live as long as the instance.

use std::cell::Cell;
use std::rc::Rc;

use gatelog_functions_shared::Environment as _;
use gatelog_functions_shared::config::VariablesError;
use gatelog_functions_shared::config::ingest::IngestSettings;
use gatelog_functions_shared::log::FailureLog;
use gatelog_functions_shared::spin::{self, SpinEnvironment, SpinVariables};
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::handler::{self, FUNCTION, Service};

thread_local! {
    static FAILURES: Rc<FailureLog> = Rc::new(FailureLog::new(FUNCTION, || SpinEnvironment.ticks()));
    static VARIABLES_ARE_RIGHT: Cell<bool> = const { Cell::new(false) };
}

#[http_service]
async fn serve(request: Request) -> http::Response<spin::ResponseBody> {
    let database = spin::database(false).await;
    let failures = FAILURES.with(Rc::clone);
    let service = Service { database: &*database, store: database.store(), variables: variables().await };
    spin::response(handler::handle(request, &service, &failures, SpinEnvironment.now()).await)
}

/// Like ingest, which also reads its variables again only while they are wrong.
async fn variables() -> Result<(), VariablesError> {
    if !VARIABLES_ARE_RIGHT.get() {
        IngestSettings::check(&SpinVariables).await?;
        VARIABLES_ARE_RIGHT.set(true);
    }
    Ok(())
}
