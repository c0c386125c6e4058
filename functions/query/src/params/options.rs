//! The parameters of `/query` that do not filter records but shape the answer, and readers of common values.

use std::collections::HashSet;

use gatelog_record::{FIELDS, Field, Kind, fields};
use http::HeaderMap;

use super::filters::{extend, not};
use super::value_syntax;
use crate::accept;

/// Longest value of a parameter, in bytes; SQLite's bound on a LIKE pattern is 50 000.
pub const MAX_VALUE_BYTES: usize = 8_192;

/// A parameter of `/query` that says how to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListOption {
    /// Which page, from 1.
    Page,
    /// Records in a page.
    PageSize,
    /// The field to order by.
    SortBy,
    /// Which end comes first.
    SortOrder,
    /// Where the page before ended.
    Cursor,
    /// Whether to count.
    Total,
    /// The fields of the answer.
    Fields,
    /// The form of the answer.
    ResponseFormat,
    /// Of no effect, as in Higress's log-collector.
    PathLike,
}

/// Their names, with their meaning.
pub const LIST_OPTIONS: &[(&str, ListOption, &str)] = &[
    (
        "page",
        ListOption::Page,
        "Which page, from 1; not together with cursor. Large numbers are slow: the database walks over what is skipped.",
    ),
    (
        "page_size",
        ListOption::PageSize,
        "Records in the page; 10 when not given. An export with neither page nor page_size holds every record.",
    ),
    (
        "sort_by",
        ListOption::SortBy,
        "The field to order by; start_time when not given. Records with equal values follow in the order in which they were stored.",
    ),
    ("sort_order", ListOption::SortOrder, "Which end comes first; DESC when not given."),
    (
        "cursor",
        ListOption::Cursor,
        "The records after `next_cursor` of the page before, equally fast everywhere; empty for the first page. Only in the order of start_time, without page. Nothing is counted unless total is true.",
    ),
    (
        "total",
        ListOption::Total,
        "Whether to count the records that meet the filters, however long that takes. When not given, they are counted unless there is a cursor, but only among the newest (the variable max_counted_records, 100000 by default, says how many); if there are more, total_is_lower_bound is true.",
    ),
    ("fields", ListOption::Fields, "The fields of the answer, in this order; all when not given."),
    (
        "format",
        ListOption::ResponseFormat,
        "The form of the answer; by the header Accept when not given, else json.",
    ),
    ("path_like", ListOption::PathLike, "Of no effect: path always means that the path contains the text."),
];

/// The control with this name.
pub fn find(name: &str) -> Option<ListOption> {
    LIST_OPTIONS.iter().find_map(|(known, control, _)| (*known == name).then_some(*control))
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFormat {
    /// One JSON object, as Higress's log-collector answers.
    Json,
    /// One JSON object for each record, on a line of its own.
    Ndjson,
    /// Comma-separated values, RFC 4180, with a line of names.
    Csv,
}

impl ResponseFormat {
    /// Every form, with the value of `format` and the media type.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Json, "json", "application/json"),
        (Self::Ndjson, "ndjson", "application/x-ndjson"),
        (Self::Csv, "csv", "text/csv"),
    ];

    /// The form that the headers `Accept` ask for; `None` when they refuse every form.
    pub fn accepted(headers: &HeaderMap) -> Option<Self> {
        let media_types = Self::ALL.map(|(.., media_type)| media_type);
        let index = accept::preferred(&accept::values(headers), &media_types)?;
        Self::ALL.get(index).map(|(format, ..)| *format)
    }

    /// Reads a value of `format`.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn read(value: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(_, name, _)| *name == value);
        known.map(|(format, ..)| *format).ok_or_else(|| not(value, "json, ndjson or csv"))
    }
}

/// The text fields that records can be sorted by, as in Higress's log-collector; numbers and times all can.
const SORTABLE_TEXTS: &[&str] = &["authority", "method", "path", "upstream_cluster", "route_name"];

/// The fields that records can be sorted by.
pub fn sortable() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| match field.kind {
        Kind::Timestamp | Kind::Integer | Kind::Count => true,
        Kind::Text(_) => SORTABLE_TEXTS.contains(&field.name),
        Kind::Json(_) => false,
    })
}

/// Reads a value of `sort_by`.
///
/// # Errors
///
/// When records cannot be sorted by it.
pub fn read_sortable(name: &str) -> Result<&'static Field, String> {
    sortable().find(|field| field.name == name).ok_or_else(|| {
        not(name, "a field to sort by: start_time, a number, or one of authority, method, path, upstream_cluster, route_name")
    })
}

/// Adds a value of `fields` to those that were read before.
///
/// # Errors
///
/// When one is no field, or comes twice.
pub fn read_fields(known: &mut Vec<&'static Field>, value: &str) -> Result<(), String> {
    let names = value_syntax::list(value, FIELDS.len()).ok_or("a field is given twice")?;
    if names.is_empty() {
        return Err(not(value, "a list of fields"));
    }
    let read: Result<Vec<_>, _> = names
        .iter()
        .map(|name| fields::field(name).ok_or_else(|| not(name, "a field of the records")))
        .collect();
    extend(known, &read?)?;
    let different: HashSet<&str> = known.iter().map(|field| field.name).collect();
    if different.len() == known.len() { Ok(()) } else { Err("a field is given twice".to_owned()) }
}

/// Reads a whole number within a range.
///
/// # Errors
///
/// When it is none.
pub fn read_number(value: &str, low: u32, high: u32) -> Result<u32, String> {
    let number = value.parse().ok().filter(|number| (low..=high).contains(number));
    number.ok_or_else(|| not(value, &format!("a whole number from {low} to {high}")))
}

/// Reads `true` or `false`.
///
/// # Errors
///
/// When it is neither.
pub fn read_boolean(value: &str) -> Result<bool, String> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(not(value, "true or false")),
    }
}

/// Fills a slot that a parameter may fill once.
///
/// # Errors
///
/// When it is filled.
pub fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), String> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err("it is given twice".to_owned()),
    }
}
