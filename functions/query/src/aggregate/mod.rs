//! Numbers over many records, under every filter of `/query`, and the records that come.
//!
//! - [`histogram`]: `GET /query/histogram`. [`facets`]: `/query/facets`. [`top`]: `/query/top`. [`summary`]: `/query/summary`.
//! - [`tail`]: `/query/tail`. [`sessions`]: `/query/sessions` and `/query/sessions/{id}`.
//! - [`options`], [`params`]: their parameters. [`interval`]: the steps of a histogram.
//! - [`look`]: the records that an answer is about, and what every answer says of them. `values`: measures as JSON.

pub mod facets;
pub mod histogram;
pub mod interval;
pub mod look;
pub mod options;
pub mod params;
pub mod sessions;
pub mod summary;
pub mod tail;
pub mod top;
mod values;

use gatelog_functions_shared::{Environment, Failure, Response};
use gatelog_storage::Executor;

pub use self::look::Request;
use self::options::Endpoint;

/// Answers the aggregate with this name; `None` if there is none.
///
/// # Errors
///
/// A bad parameter, and the database's.
pub async fn serve(
    name: &str,
    request: &Request<'_, impl Executor, impl Environment>,
) -> Option<Result<Response, Failure>> {
    let endpoint = Endpoint::find(name)?;
    Some(match endpoint {
        Endpoint::Histogram => histogram::serve(request).await,
        Endpoint::Facets => facets::serve(request).await,
        Endpoint::Top => top::serve(request).await,
        Endpoint::Summary => summary::serve(request).await,
        Endpoint::Tail => tail::serve(request).await,
        Endpoint::Sessions => sessions::list(request).await,
        // It is below a path of its own.
        Endpoint::Session => return None,
    })
}
