//! The Spin component: passes requests to the handler.

use gatelog_functions_shared::spin;
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::handler;

#[http_service]
async fn serve(request: Request) -> http::Response<spin::ResponseBody> {
    spin::response(handler::handle(&request))
}
