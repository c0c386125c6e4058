//! The Spin component: hands requests to the handler. The configuration and the database connection live as long as
//! the instance.

use gatelog_function::spin::{self, SpinVariables};
use gatelog_function::{Failure, log};
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::QueryConfig;
use crate::handler::{self, FUNCTION};

thread_local! {
    static CONFIG: std::cell::OnceCell<&'static QueryConfig> = const { std::cell::OnceCell::new() };
}

#[http_service]
async fn serve(request: Request) -> http::Response<spin::ResponseBody> {
    let response = match config().await {
        Ok(config) => {
            let database = spin::database(false).await;
            handler::handle(request, database, config).await
        }
        Err(failure) => {
            log::failure(FUNCTION, &failure);
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
    if !read.token.is_required() {
        log::write(log::Level::Warn, FUNCTION, "query_token is not set: everybody may read the records");
    }
    let config: &'static QueryConfig = Box::leak(Box::new(read));
    Ok(CONFIG.with(|cell| *cell.get_or_init(|| config)))
}
