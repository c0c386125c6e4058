//! `GET /query/prices`: the price table by which ingest says what AI calls cost.

use gatelog_functions_shared::config::VariablesError;
use gatelog_functions_shared::http::response;
use gatelog_functions_shared::{Failure, Response};
use gatelog_prices::line::Line;
use gatelog_prices::{ConfiguredTable, Table};
use http::StatusCode;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

#[derive(Serialize)]
struct Prices<'t> {
    status: &'static str,
    version: &'t str,
    currency: &'t str,
    source: &'t str,
    models: Vec<Price<'t>>,
}

/// A line with the name that records have for it.
pub struct Price<'t>(pub &'t Line);

impl Serialize for Price<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.0.serialize_members(&mut map)?;
        map.serialize_entry("price_id", &self.0.price_id())?;
        map.end()
    }
}

/// The table that applies.
///
/// # Errors
///
/// Everything that is wrong with the variable `prices`.
pub fn table(prices: &ConfiguredTable) -> Result<&Table, VariablesError> {
    prices.table().map_err(|error| VariablesError {
        problems: error.problems.iter().map(|problem| format!("prices: {problem}")).collect(),
    })
}

/// Answers the table.
///
/// # Errors
///
/// Everything that is wrong with the variable `prices`.
pub fn serve(prices: &ConfiguredTable) -> Result<Response, Failure> {
    let table = table(prices)?;
    let answer = Prices {
        status: "success",
        version: table.version(),
        currency: table.currency(),
        source: table.source(),
        models: table.lines().iter().map(Price).collect(),
    };
    Ok(response::json(StatusCode::OK, &answer))
}
