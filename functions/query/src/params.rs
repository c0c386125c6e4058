//! The query string becomes a typed query.
//!
//! Every parameter of Higress's log-collector, with its meaning; beyond it, every field of the field table:
//!
//! | parameter | meaning |
//! |---|---|
//! | `start_time`, `start`; `end`, `end_time` | not before; not after ([`crate::time`]) |
//! | a text field, as `model=a,b` | one of these values; given twice, the lists join |
//! | `path` | contains this text; `path_exact` is the list |
//! | a text field with `_contains`, `_prefix`; `ai_log_contains` | contains, begins with this text |
//! | `status`, `response_code` | a list of statuses, classes (`5xx`) and ranges (`400-499`) |
//! | a number field, as `duration=5,10-20` | one of these numbers or ranges |
//! | a number field with `_min`, `_max` | at least, at most |
//! | any list with `!`, as `model!=a` | none of these; a record without a value passes |
//! | `bizType` | `MCP_SERVER`: paths under `/mcp-servers`; `MODEL_API`: records with a model |
//! | `page` (1), `page_size` (10) | which page, how large |
//! | `sort_by` (`start_time`), `sort_order` (`DESC`) | the order |
//! | `cursor` | the page after `next_cursor` of the page before; empty for the first; no `total` |
//! | `total` (`true`) | `false`: do not count |
//!
//! A filter without a value is no filter. Anything else is refused with a message that names the parameter.

use gatelog_record::{Field, Kind, fields};
use gatelog_storage::{Cursor, Direction, Filter, Page, Query, Sort, Test};
use thiserror::Error;

use crate::filters::{MAX_TERMS, extend, filter, is_filter, not};

/// Longest value of a filter, in bytes; SQLite's bound on a LIKE pattern is 50 000.
pub const MAX_VALUE_BYTES: usize = 8_192;
/// Records in a page when the request does not say.
pub const DEFAULT_PAGE_SIZE: u32 = 10;

/// The text fields that records can be sorted by, as in Higress's log-collector; numbers and times all can.
const SORTABLE_TEXTS: &[&str] = &["authority", "method", "path", "upstream_cluster", "route_name"];

/// What a query string asks for.
#[derive(Clone, Debug)]
pub struct Params {
    /// The query, with one record more than the page holds, which tells whether there is a next page.
    pub query: Query,
    /// Records in the page.
    pub page_size: u32,
    /// Whether to count all records that meet the filters.
    pub count: bool,
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

/// Reads a query string.
///
/// # Errors
///
/// The first parameter that is unknown or has a bad value.
pub fn parse(query_string: &str, max_page_size: u32) -> Result<Params, InvalidParameter> {
    let mut reader = Reader::new(max_page_size);
    for (name, value) in form_urlencoded::parse(query_string.as_bytes()) {
        reader
            .read(&name, &value)
            .map_err(|problem| InvalidParameter { name: name.chars().take(64).collect(), problem })?;
    }
    reader.finish()
}

struct Reader {
    max_page_size: u32,
    filters: Vec<Filter>,
    page: Option<u64>,
    page_size: Option<u32>,
    sort_by: Option<&'static Field>,
    direction: Option<Direction>,
    /// `Some(None)` for the first page by cursor.
    cursor: Option<Option<Cursor>>,
    count: Option<bool>,
}

impl Reader {
    fn new(max_page_size: u32) -> Self {
        Self {
            max_page_size,
            filters: Vec::new(),
            page: None,
            page_size: None,
            sort_by: None,
            direction: None,
            cursor: None,
            count: None,
        }
    }

    fn read(&mut self, name: &str, value: &str) -> Result<(), String> {
        if value.len() > MAX_VALUE_BYTES {
            return Err(format!("it is longer than {MAX_VALUE_BYTES} bytes"));
        }
        match name {
            "cursor" => {
                let cursor = if value.is_empty() { None } else { Some(value.parse().map_err(text)?) };
                once(&mut self.cursor, cursor)
            }
            _ if value.is_empty() && (is_control(name) || is_filter(name)) => Ok(()),
            "page" => {
                let page = value.parse().ok().filter(|page| *page >= 1);
                once(&mut self.page, page.ok_or_else(|| not(value, "a whole number from 1"))?)
            }
            "page_size" => {
                let size = value.parse().ok().filter(|size| (1..=self.max_page_size).contains(size));
                let expected = || not(value, &format!("a whole number from 1 to {}", self.max_page_size));
                once(&mut self.page_size, size.ok_or_else(expected)?)
            }
            "sort_by" => once(&mut self.sort_by, sortable(value)?),
            "sort_order" => {
                let direction = match value {
                    _ if value.eq_ignore_ascii_case("asc") => Direction::Ascending,
                    _ if value.eq_ignore_ascii_case("desc") => Direction::Descending,
                    _ => return Err(not(value, "ASC or DESC")),
                };
                once(&mut self.direction, direction)
            }
            "total" => once(&mut self.count, boolean(value)?),
            "path_like" => boolean(value).map(|_| ()),
            _ => {
                let filter = filter(name, value)?;
                self.add(filter)
            }
        }
    }

    /// Adds a condition; the lists of a parameter that is given twice join.
    fn add(&mut self, filter: Filter) -> Result<(), String> {
        let same = self.filters.iter_mut().find_map(|known| {
            if known.field != filter.field {
                return None;
            }
            match (&mut known.test, &filter.test) {
                (Test::TextIn(all), Test::TextIn(more)) | (Test::TextNotIn(all), Test::TextNotIn(more)) => {
                    Some(extend(all, more))
                }
                (Test::NumberIn(all), Test::NumberIn(more))
                | (Test::NumberNotIn(all), Test::NumberNotIn(more)) => Some(extend(all, more)),
                _ => None,
            }
        });
        match same {
            Some(joined) => joined,
            None if self.filters.len() >= MAX_TERMS => Err(format!("more than {MAX_TERMS} conditions")),
            None => {
                self.filters.push(filter);
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<Params, InvalidParameter> {
        let invalid = |name: &str, problem: &str| InvalidParameter {
            name: name.to_owned(),
            problem: problem.to_owned(),
        };
        let page_size = self.page_size.unwrap_or(DEFAULT_PAGE_SIZE.min(self.max_page_size));
        // One record more tells whether there is another page.
        let limit = page_size.saturating_add(1);
        let by = match self.sort_by {
            Some(field) => field,
            None => {
                fields::field("start_time").ok_or_else(|| invalid("sort_by", "there is no start_time"))?
            }
        };
        let mut sort = Sort { by, direction: self.direction.unwrap_or(Direction::Descending) };
        let page = match self.cursor {
            None => {
                let skipped = (self.page.unwrap_or(1) - 1).checked_mul(u64::from(page_size));
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
        let count = self.count.unwrap_or(self.cursor.is_none());
        Ok(Params { query: Query { filters: self.filters, sort, page }, page_size, count })
    }
}

fn is_control(name: &str) -> bool {
    matches!(name, "page" | "page_size" | "sort_by" | "sort_order" | "total" | "path_like")
}

fn sortable(name: &str) -> Result<&'static Field, String> {
    fields::field(name)
        .filter(|field| match field.kind {
            Kind::Timestamp | Kind::Integer | Kind::Count => true,
            Kind::Text(_) => SORTABLE_TEXTS.contains(&field.name),
            Kind::Json(_) => false,
        })
        .ok_or_else(|| not(name, "a field to sort by: start_time, a number, or one of authority, method, path, upstream_cluster, route_name"))
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), String> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err("it is given twice".to_owned()),
    }
}

fn boolean(value: &str) -> Result<bool, String> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(not(value, "true or false")),
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
