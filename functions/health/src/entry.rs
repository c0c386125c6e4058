//! The Spin component: hands requests to the handler. The database connections live as long as the instance.

use std::rc::Rc;

use gatelog_functions_shared::Environment as _;
use gatelog_functions_shared::log::FailureLog;
use gatelog_functions_shared::spin::{self, SpinEnvironment};
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::handler::{self, FUNCTION};

thread_local! {
    static FAILURES: Rc<FailureLog> = Rc::new(FailureLog::new(FUNCTION, || SpinEnvironment.ticks()));
}

#[http_service]
async fn serve(request: Request) -> http::Response<spin::ResponseBody> {
    let database = spin::database(false).await;
    let failures = FAILURES.with(Rc::clone);
    let store = database.store();
    spin::response(handler::handle(request, &database, store, &failures, SpinEnvironment.now()).await)
}
