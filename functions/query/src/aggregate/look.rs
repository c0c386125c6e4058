//! The records that an answer is about, and what every answer says of them.

use std::time::Duration;

use gatelog_functions_shared::http::response;
use gatelog_functions_shared::{Environment, Response};
use gatelog_record::Timestamp;
use gatelog_storage::aggregate::{Sample, Scope, scope};
use gatelog_storage::{Executor, StorageError};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::options::Endpoint;
use super::params::{self, AggregateParams};
use crate::config::QueryConfig;
use crate::params::InvalidParameter;

/// A request for an aggregate.
#[derive(Debug)]
pub struct Request<'r, E, H> {
    /// Behind the question mark.
    pub query_string: &'r str,
    /// The request's headers.
    pub headers: &'r HeaderMap,
    /// Where the records are.
    pub database: &'r E,
    /// How the function is configured.
    pub config: &'r QueryConfig,
    /// Its clocks.
    pub environment: &'r H,
    /// When it came, by [`Environment::ticks`].
    pub begin: Duration,
}

impl<E: Executor, H: Environment> Request<'_, E, H> {
    /// Reads its query string.
    ///
    /// # Errors
    ///
    /// The first parameter that is unknown or has a bad value.
    pub fn params(&self, endpoint: Endpoint) -> Result<AggregateParams, InvalidParameter> {
        params::parse(self.query_string, endpoint, &self.config.time_zone)
    }

    /// Bounds the records that are asked for to those that may be looked at.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn look_at(&self, asked: Scope) -> Result<LookedAt, StorageError> {
        let (scope, sample) = scope::narrow(self.database, &asked, self.config.max_scanned_records).await?;
        Ok(LookedAt { asked, scope, sample })
    }

    /// The range before, for comparison; `None` where not all records of this one or that one may be looked at, as numbers
    /// of parts say nothing about each other.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn previous(&self, present: &LookedAt) -> Result<Option<Scope>, StorageError> {
        if present.sample.is_some() {
            return Ok(None);
        }
        let before = self.look_at(present.asked.previous()).await?;
        Ok(before.sample.is_none().then_some(before.scope))
    }

    /// Milliseconds since it came.
    pub fn took_ms(&self) -> u64 {
        let took = self.environment.ticks().saturating_sub(self.begin);
        u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
    }

    /// An answer with what every one has beside its own members.
    pub fn answer(&self, looked_at: &LookedAt, own: impl Serialize) -> Response {
        let sampled = match looked_at.sample {
            None => Sampled::No(false),
            Some(sample) => Sampled::Yes { records: sample.records, start: sample.start },
        };
        let range = Range { start: looked_at.asked.start, end: looked_at.asked.end };
        let answer = Answer { own, range, sampled, took_ms: self.took_ms(), status: "success" };
        response::json(StatusCode::OK, &answer)
    }
}

/// The records that an answer is about.
#[derive(Clone, Debug)]
pub struct LookedAt {
    /// Those that were asked for.
    pub asked: Scope,
    /// Those that are looked at.
    pub scope: Scope,
    /// Which part of them that is, unless it is all.
    pub sample: Option<Sample>,
}

#[derive(Serialize)]
struct Answer<T> {
    #[serde(flatten)]
    own: T,
    range: Range,
    sampled: Sampled,
    took_ms: u64,
    status: &'static str,
}

#[derive(Serialize)]
struct Range {
    start: Timestamp,
    end: Timestamp,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Sampled {
    No(bool),
    Yes { records: u32, start: Timestamp },
}
