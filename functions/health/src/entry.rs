//! The Spin component: hands requests to the handler. The database connection lives as long as the instance.

use gatelog_functions_shared::Host as _;
use gatelog_functions_shared::spin::{self, SpinHost};
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::handler;

#[http_service]
async fn serve(request: Request) -> http::Response<spin::ResponseBody> {
    let database = spin::database(false).await;
    spin::response(handler::handle(request, &database, SpinHost.now()).await)
}
