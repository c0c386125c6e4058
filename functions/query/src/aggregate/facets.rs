//! `GET /query/facets`: the values of fields with their counts. A field's own conditions do not count for it, so that a
//! second value can be chosen beside the first.

use futures::future::try_join_all;
use gatelog_functions_shared::{Environment, Failure, Response};
use gatelog_storage::aggregate::{Grouping, facet};
use gatelog_storage::{Executor, StorageError};
use serde::Serialize;

use super::look::{LookedAt, Request};
use super::options::{Endpoint, FACETS};
use super::values;

#[derive(Serialize)]
struct Facets {
    facets: Vec<Facet>,
}

#[derive(Serialize)]
struct Facet {
    field: &'static str,
    values: Vec<Counted>,
    distinct: i64,
    distinct_is_lower_bound: bool,
}

#[derive(Serialize)]
struct Counted {
    value: serde_json::Value,
    count: i64,
}

/// Answers the values.
///
/// # Errors
///
/// A bad parameter, and the database's.
pub async fn serve(request: &Request<'_, impl Executor, impl Environment>) -> Result<Response, Failure> {
    let params = request.params(Endpoint::Facets)?;
    let groupings: Vec<Grouping> = match params.facets.as_slice() {
        [] => FACETS.into_iter().filter_map(Grouping::find).collect(),
        groupings => groupings.to_vec(),
    };
    let looked_at = request.look_at(params.scope(request.environment.now())).await?;
    let (whole, limit) = (&looked_at, params.limit);
    let facets = groupings.into_iter().map(|grouping| one(request, whole, grouping, limit));
    let facets = try_join_all(facets).await?;
    Ok(request.answer(&looked_at, Facets { facets }))
}

async fn one(
    request: &Request<'_, impl Executor, impl Environment>,
    whole: &LookedAt,
    grouping: Grouping,
    limit: u32,
) -> Result<Facet, StorageError> {
    let own = grouping.field().map(|field| field.name).unwrap_or_default();
    let asked = whole.asked.without(own);
    let looked_at = if asked == whole.asked { whole.clone() } else { request.look_at(asked).await? };
    let found = facet::run(request.database, &looked_at.scope, grouping, limit).await?;
    let counted = |(value, count)| Counted { value: values::key(&value), count };
    Ok(Facet {
        field: grouping.name(),
        values: found.values.into_iter().map(counted).collect(),
        distinct: found.different,
        distinct_is_lower_bound: looked_at.sample.is_some(),
    })
}
