//! The Spin component: hands requests to the handler. The configuration and the database connection live as long as
//! the instance.

use gatelog_function::spin::{self, SpinVariables};
use gatelog_function::{Failure, log};
use gatelog_storage::driver::spin_sqlite::SpinSqlite;
use spin_sdk::http::Request;
use spin_sdk::http_service;

use crate::IngestConfig;
use crate::handler::{self, FUNCTION};

thread_local! {
    static DATABASE: &'static SpinSqlite<1> = Box::leak(Box::new(SpinSqlite::new("default", true)));
    static CONFIG: std::cell::OnceCell<&'static IngestConfig> = const { std::cell::OnceCell::new() };
}

#[http_service]
async fn serve(request: Request) -> http::Response<spin::ResponseBody> {
    let response = match config().await {
        Ok(config) => {
            let database = DATABASE.with(|database| *database);
            handler::handle(spin::request(request), database, spin::now(), &spin::fill_random, config).await
        }
        Err(failure) => {
            log::failure(FUNCTION, &failure);
            failure.response()
        }
    };
    spin::response(response)
}

async fn config() -> Result<&'static IngestConfig, Failure> {
    if let Some(config) = CONFIG.with(|config| config.get().copied()) {
        return Ok(config);
    }
    let read = IngestConfig::read(&SpinVariables).await?;
    if !read.token.is_required() {
        log::write(log::Level::Warn, FUNCTION, "ingest_token is not set: everybody may store records");
    }
    let config: &'static IngestConfig = Box::leak(Box::new(read));
    Ok(CONFIG.with(|cell| *cell.get_or_init(|| config)))
}
