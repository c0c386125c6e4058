//! `GET /query`: a page of records, or an export of all of them.
//!
//! Records are read and written part by part, so the memory that an answer takes does not depend on its length. The
//! first part is read before the answer begins, so most failures still have a status; a later one breaks the body off.

use std::rc::Rc;
use std::vec::IntoIter;

use bytes::Bytes;
use futures::stream;
use gatelog_functions_shared::http::response::{self, Chunks};
use gatelog_functions_shared::log::FailureLog;
use gatelog_functions_shared::{Body, Failure, Response};
use gatelog_record::{Timestamp, fields};
use gatelog_storage::query::records::{self, Count};
use gatelog_storage::{
    Direction, Executor, Filter, Page, Predicate, Query, Selection, Sort, StorageError, StoredRecord,
};
use http::header::{CONTENT_DISPOSITION, HeaderValue, VARY};
use http::{HeaderMap, StatusCode};

use crate::config::QueryConfig;
use crate::encode::Encoder;
use crate::params::options::ResponseFormat;
use crate::params::{self, ListParams, TotalMode};
use crate::reader::RecordReader;

/// A part of a body is sent once it has this many bytes.
const CHUNK_BYTES: usize = 64 * 1_024;
/// An answer whose texts have no more bytes than this is sent at once, with its length.
const WHOLE_BYTES: usize = 1_024 * 1_024;

/// Answers `/query`.
///
/// # Errors
///
/// A bad parameter, and the database's while it reads the first part.
pub async fn serve<E: Executor + Clone + 'static>(
    query_string: &str,
    headers: &HeaderMap,
    database: E,
    config: &QueryConfig,
    failures: &Rc<FailureLog>,
) -> Result<Response, Failure> {
    let accepted = ResponseFormat::accepted(headers);
    let form = accepted.unwrap_or(ResponseFormat::Json);
    let mut params = params::parse(query_string, form, config.max_page_size, &config.time_zone)?;
    if accepted.is_none() && !params.has_format {
        let forms = ResponseFormat::ALL.map(|(.., media_type)| media_type).join(", ");
        return Err(Failure::NotAcceptable { message: format!("the forms of the answer are {forms}") });
    }
    if params.follows_the_newest() {
        params.query.filters.extend(up_to_the_newest(&database).await?);
    }
    let filters = &params.query.filters;
    let total = match params.count {
        TotalMode::Nothing => None,
        TotalMode::Newest => {
            Some(records::count_newest(&database, filters, config.max_counted_records).await?)
        }
        TotalMode::Everything => {
            Some(Count { records: records::count(&database, filters).await?, is_lower_bound: false })
        }
    };
    let writer = Writer::begin(database, &params, total).await?;
    let mut response = response::with_content_type(
        StatusCode::OK,
        content_type(params.format),
        writer.body(Rc::clone(failures)).await?,
    );
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept"));
    if let Some(file) = file_name(params.format) {
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(file));
    }
    Ok(response)
}

/// The condition that a record is not later than the newest one now. An export that begins at the other end would go on
/// for as long as records come.
async fn up_to_the_newest(database: &impl Executor) -> Result<Option<Filter>, StorageError> {
    let Some(field) = fields::field("start_time") else { return Ok(None) };
    let newest = Query {
        filters: Vec::new(),
        sort: Sort { by: field, direction: Direction::Descending },
        page: Page::Offset { offset: 0, limit: 1 },
    };
    let newest = records::batch(database, &newest, &Selection::from_fields(vec![field]), usize::MAX).await?;
    let time = newest.records.first().and_then(StoredRecord::start_time).unwrap_or(Timestamp::MIN);
    Ok(Some(Filter { field, predicate: Predicate::NotAfter(time) }))
}

/// Writes an answer part by part.
struct Writer<E> {
    records: RecordReader<E>,
    encoder: Encoder,
    /// What was read and not yet written.
    pending: IntoIter<StoredRecord>,
    /// What was written and not yet sent.
    chunk: Vec<u8>,
    is_done: bool,
}

impl<E: Executor + 'static> Writer<E> {
    /// Reads the first part.
    async fn begin(database: E, params: &ListParams, total: Option<Count>) -> Result<Self, StorageError> {
        let mut records = RecordReader::new(database, params);
        let pending = records.next().await?.unwrap_or_default().into_iter();
        // A page may hold records, or be followed by some, that were not among the newest.
        let total = total.map(|total| match total.is_lower_bound {
            true => Count { records: total.records.max(records.at_least()), ..total },
            false => total,
        });
        let encoder = Encoder::new(params.format, &params.selection, params.is_selected);
        let mut chunk = Vec::new();
        encoder.head(total, &mut chunk);
        Ok(Self { records, encoder, pending, chunk, is_done: false })
    }

    async fn body(mut self, failures: Rc<FailureLog>) -> Result<Body, Failure> {
        let bytes: usize = self.pending.as_slice().iter().map(StoredRecord::text_bytes).sum();
        if !self.records.is_done() || bytes > WHOLE_BYTES {
            return Ok(Body::Stream(self.stream(failures)));
        }
        let mut whole = Vec::new();
        while let Some(chunk) = self.next().await? {
            whole.extend_from_slice(&chunk);
        }
        Ok(Body::Full(whole.into()))
    }

    fn stream(self, failures: Rc<FailureLog>) -> Chunks {
        Chunks::new(stream::try_unfold((self, failures), async |(mut writer, failures)| {
            match writer.next().await {
                Ok(chunk) => Ok(chunk.map(|chunk| (chunk, (writer, failures)))),
                Err(error) => {
                    let failure = Failure::from(error);
                    failures.write(&failure);
                    Err(failure)
                }
            }
        }))
    }

    /// The next bytes of the body; `None` at its end.
    async fn next(&mut self) -> Result<Option<Bytes>, StorageError> {
        while !self.is_done && self.chunk.len() < CHUNK_BYTES {
            match self.pending.next() {
                Some(record) => self.encoder.record(&record, &mut self.chunk),
                None => {
                    // The last part is gone before the next one comes.
                    self.pending = Vec::new().into_iter();
                    match self.records.next().await? {
                        Some(records) => self.pending = records.into_iter(),
                        None => {
                            self.encoder.tail(self.records.next_cursor(), &mut self.chunk);
                            self.is_done = true;
                        }
                    }
                }
            }
        }
        let chunk = std::mem::take(&mut self.chunk);
        Ok((!chunk.is_empty()).then(|| chunk.into()))
    }
}

fn content_type(format: ResponseFormat) -> &'static str {
    match format {
        ResponseFormat::Json => "application/json",
        ResponseFormat::Ndjson => "application/x-ndjson",
        ResponseFormat::Csv => "text/csv; charset=utf-8; header=present",
    }
}

fn file_name(format: ResponseFormat) -> Option<&'static str> {
    match format {
        ResponseFormat::Json => None,
        ResponseFormat::Ndjson => Some("attachment; filename=\"access_logs.ndjson\""),
        ResponseFormat::Csv => Some("attachment; filename=\"access_logs.csv\""),
    }
}
