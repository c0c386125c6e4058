//! The Spin component: hands requests to the handler. The database connection lives as long as the instance.

use gatelog_function::Host as _;
use gatelog_function::spin::{self, SpinHost};
use gatelog_storage::driver::spin_sqlite::SpinSqlite;
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::handler;

thread_local! {
    static DATABASE: &'static SpinSqlite<1> = Box::leak(Box::new(SpinSqlite::new("default", false)));
}

#[http_service]
async fn serve(request: Request) -> http::Response<spin::ResponseBody> {
    let database = DATABASE.with(|database| *database);
    spin::response(handler::handle(request, database, SpinHost.now()).await)
}
