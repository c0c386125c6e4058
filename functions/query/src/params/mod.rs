//! The query string becomes a typed query.
//!
//! Every parameter of Higress's log-collector, with its meaning; beyond it, every field of the field table. The tables
//! [`FILTERS`](filters::FILTERS) and [`LIST_OPTIONS`](options::LIST_OPTIONS) hold the names; [`value_syntax`] reads lists, numbers and ranges:
//!
//! | parameter | meaning |
//! |---|---|
//! | `start_time`, `start`; `end`, `end_time` | not before; not after ([`time`]) |
//! | a text field, as `model=a,b` | one of these values, blanks around them left out; given twice, the lists join |
//! | `path` | contains this text; `path_exact` is the list |
//! | a text field with `_contains`, `_prefix`; `ai_log_contains` | contains, begins with this text |
//! | `status`, `response_code` | a list of statuses, classes (`5xx`) and ranges (`400-499`) |
//! | a number field, as `duration=5,10-20` | one of these numbers or ranges |
//! | a number field with `_min`, `_max` | at least, at most |
//! | any list with `!`, as `model!=a` | none of these; a record without a value passes |
//! | `missing=model,consumer`, `present=model` | each of these fields has no value; has one |
//! | `downstream_remote_host` | the host of `downstream_remote_address` is one of these |
//! | `bizType` | `MCP_SERVER`: paths under `/mcp-servers`; `MODEL_API`: records with a model |
//! | `page` (1), `page_size` (10) | which page, how large |
//! | `sort_by` (`start_time`), `sort_order` (`DESC`) | the order |
//! | `cursor` | the page after `next_cursor` of the page before; empty for the first; no `total` |
//! | `total` | `true`: count all; `false`: do not count; else count, but look at no more records than configured |
//! | `fields` (all) | the fields of the answer |
//! | `format` (by `Accept`, else `json`) | `ndjson`, `csv`: an export, of every record unless a page is asked for |
//!
//! A filter without a value, or with blank values alone, is no filter. Anything else is refused with a message that names the parameter.

pub mod filters;
pub mod options;
pub mod time;
pub mod value_syntax;

use gatelog_functions_shared::Failure;
use gatelog_record::{Field, Kind, fields};
use gatelog_storage::{Cursor, Direction, Filter, Page, Query, Selection, Sort};
use thiserror::Error;

use self::filters::not;
use self::options::{
    ListOption, MAX_VALUE_BYTES, ResponseFormat, once, read_boolean, read_fields, read_number, read_sortable,
};
use self::time::Zone;

/// Records in a page when the request does not say.
pub const DEFAULT_PAGE_SIZE: u32 = 10;

/// What a query string asks for.
#[derive(Clone, Debug)]
pub struct ListParams {
    /// The query. Its page holds one record more than the answer, which tells whether there are more.
    pub query: Query,
    /// Records in the answer; `None` for all.
    pub page_size: Option<u32>,
    /// Whether to count the records that meet the filters.
    pub count: TotalMode,
    /// The fields of the answer.
    pub selection: Selection,
    /// Whether the fields were chosen by the request.
    pub is_selected: bool,
    /// The form of the answer.
    pub format: ResponseFormat,
    /// Whether the request chose the form by a parameter, whatever `Accept` says.
    pub has_format: bool,
}

impl ListParams {
    /// Whether the answer ends where the newest records are, and so would never end while there are new ones.
    pub fn follows_the_newest(&self) -> bool {
        self.page_size.is_none() && self.query.sort.direction == Direction::Ascending
    }
}

/// How `total` is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotalMode {
    /// Not at all.
    Nothing,
    /// As far as [`QueryConfig::max_counted_records`](crate::QueryConfig::max_counted_records) goes.
    Newest,
    /// To the end, however long it takes.
    Everything,
}

/// A query string that cannot be answered.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("parameter {name}: {problem}")]
pub struct InvalidParameter {
    /// The parameter.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
}

impl From<InvalidParameter> for Failure {
    fn from(error: InvalidParameter) -> Self {
        Self::BadRequest { message: error.to_string() }
    }
}

/// Reads a query string of `/query`, with the form that the header `Accept` asks for and the zone of times that name
/// none.
///
/// # Errors
///
/// The first parameter that is unknown or has a bad value.
pub fn parse(
    query_string: &str,
    accepted: ResponseFormat,
    max_page_size: u32,
    zone: &Zone,
) -> Result<ListParams, InvalidParameter> {
    let mut reader = ListParamsReader { max_page_size, ..ListParamsReader::default() };
    each(query_string, |name, value| reader.read(name, value, zone))?;
    reader.finish(accepted)
}

/// Hands each parameter of a query string to `read`.
///
/// # Errors
///
/// The first problem that it finds, with the parameter's name.
pub fn each(
    query_string: &str,
    mut read: impl FnMut(&str, &str) -> Result<(), String>,
) -> Result<(), InvalidParameter> {
    for (name, value) in form_urlencoded::parse(query_string.as_bytes()) {
        let read = match &*value {
            value if value.len() > MAX_VALUE_BYTES => {
                Err(format!("it is longer than {MAX_VALUE_BYTES} bytes"))
            }
            // No record holds one, and SQLite takes a pattern to end there.
            value if value.contains('\0') => Err("it has a NUL character in it".to_owned()),
            value => read(&name, value),
        };
        read.map_err(|problem| InvalidParameter { name: name.chars().take(64).collect(), problem })?;
    }
    Ok(())
}

#[derive(Default)]
struct ListParamsReader {
    max_page_size: u32,
    filters: Vec<Filter>,
    page: Option<u64>,
    page_size: Option<u32>,
    sort_by: Option<&'static Field>,
    direction: Option<Direction>,
    /// `Some(None)` for the first page by cursor.
    cursor: Option<Option<Cursor>>,
    count: Option<bool>,
    fields: Vec<&'static Field>,
    format: Option<ResponseFormat>,
}

impl ListParamsReader {
    fn read(&mut self, name: &str, value: &str, zone: &Zone) -> Result<(), String> {
        let Some(option) = options::find(name) else {
            return filters::read(&mut self.filters, name, value, zone);
        };
        match option {
            ListOption::Cursor => {
                let read = |text: &str| {
                    text.parse()
                        .map_err(|error: gatelog_storage::query::cursor::InvalidCursor| error.to_string())
                };
                once(&mut self.cursor, if value.is_empty() { None } else { Some(read(value)?) })
            }
            _ if value.is_empty() => Ok(()),
            ListOption::Page => {
                let page = value.parse().ok().filter(|page| *page >= 1);
                once(&mut self.page, page.ok_or_else(|| not(value, "a whole number from 1"))?)
            }
            ListOption::PageSize => once(&mut self.page_size, read_number(value, 1, self.max_page_size)?),
            ListOption::SortBy => once(&mut self.sort_by, read_sortable(value)?),
            ListOption::SortOrder => {
                let direction = match value {
                    _ if value.eq_ignore_ascii_case("asc") => Direction::Ascending,
                    _ if value.eq_ignore_ascii_case("desc") => Direction::Descending,
                    _ => return Err(not(value, "ASC or DESC")),
                };
                once(&mut self.direction, direction)
            }
            ListOption::Total => once(&mut self.count, read_boolean(value)?),
            ListOption::Fields => read_fields(&mut self.fields, value),
            ListOption::ResponseFormat => once(&mut self.format, ResponseFormat::read(value)?),
            ListOption::PathLike => read_boolean(value).map(|_| ()),
        }
    }

    fn finish(self, accepted: ResponseFormat) -> Result<ListParams, InvalidParameter> {
        let invalid = |name: &str, problem: &str| InvalidParameter {
            name: name.to_owned(),
            problem: problem.to_owned(),
        };
        let has_format = self.format.is_some();
        let format = self.format.unwrap_or(accepted);
        let by_default = DEFAULT_PAGE_SIZE.min(self.max_page_size);
        let page_size = match (self.page_size, format) {
            (None, ResponseFormat::Ndjson | ResponseFormat::Csv) if self.page.is_none() => None,
            (page_size, _) => Some(page_size.unwrap_or(by_default)),
        };
        // One record more tells whether there are more.
        let limit = page_size.unwrap_or(u32::MAX).saturating_add(1);
        let by = match self.sort_by.or_else(|| fields::field("start_time")) {
            Some(field) if page_size.is_none() && field.kind != Kind::Timestamp => {
                return Err(invalid(
                    "sort_by",
                    "an export in another order than that of start_time needs a page_size",
                ));
            }
            Some(field) => field,
            None => return Err(invalid("sort_by", "there is no start_time")),
        };
        let mut sort = Sort { by, direction: self.direction.unwrap_or(Direction::Descending) };
        let page = match self.cursor {
            None => {
                let page_size = u64::from(page_size.unwrap_or_default());
                let skipped = (self.page.unwrap_or(1) - 1).checked_mul(page_size);
                let offset = skipped.filter(|offset| i64::try_from(*offset).is_ok());
                Page::Offset { offset: offset.ok_or_else(|| invalid("page", "it is too large"))?, limit }
            }
            Some(_) if self.page.is_some() => {
                return Err(invalid("cursor", "it cannot be used together with page"));
            }
            Some(_) if by.kind != Kind::Timestamp => {
                return Err(invalid("cursor", "it can be used only with sort_by=start_time"));
            }
            Some(None) => Page::Offset { offset: 0, limit },
            Some(Some(cursor)) if self.direction.is_some_and(|direction| direction != cursor.direction) => {
                return Err(invalid("cursor", "it is of a page with the other sort_order"));
            }
            Some(Some(cursor)) => {
                sort.direction = cursor.direction;
                Page::After { cursor, limit }
            }
        };
        let count = match (self.count, format) {
            (Some(true), ResponseFormat::Ndjson | ResponseFormat::Csv) => {
                return Err(invalid("total", "an export has no place for it"));
            }
            (Some(true), ResponseFormat::Json) => TotalMode::Everything,
            (None, ResponseFormat::Json) if self.cursor.is_none() => TotalMode::Newest,
            _ => TotalMode::Nothing,
        };
        let is_selected = !self.fields.is_empty();
        let selection = if is_selected { Selection::from_fields(self.fields) } else { Selection::all() };
        let query = Query { filters: filters::with_alternatives(self.filters), sort, page };
        Ok(ListParams { query, page_size, count, selection, is_selected, format, has_format })
    }
}
