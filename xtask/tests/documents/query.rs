//! The filters in `docs/query.md`, and those that `/query` reads.

use std::collections::BTreeSet;

use gatelog_query::params::filters::{FIELD_FILTERS, FILTERS, FilterParameter};

use crate::page;

/// What is added to a field's name to make a filter.
const SUFFIXES: [&str; 6] = ["", "!", "_contains", "_prefix", "_min", "_max"];

/// Filters with a field's own name that the page explains with the others that are named otherwise.
const EXPLAINED: [&str; 2] = ["start_time", "path"];

#[test]
fn the_page_names_each_filter_that_is_not_named_after_its_field_and_no_other() {
    let rows = page::rows("docs/query.md", &["parameter", "meaning"]);
    let named: BTreeSet<&str> = rows.iter().flat_map(|row| row[0].codes.iter().map(String::as_str)).collect();
    let is_of_field = |filter: &FilterParameter| {
        SUFFIXES.iter().any(|suffix| filter.name.strip_suffix(suffix) == Some(filter.field.name))
    };
    let has_own_name = |filter: &&FilterParameter| {
        EXPLAINED.contains(&&*filter.name) || !is_of_field(filter) && !filter.name.ends_with('!')
    };
    assert_eq!(named, FILTERS.iter().filter(has_own_name).map(|filter| &*filter.name).collect());
}

#[test]
fn the_forms_on_the_page_are_filters() {
    let rows = page::rows("docs/query.md", &["parameter", "for", "a record matches when its field"]);
    for code in rows.iter().flat_map(|row| &row[0].codes) {
        let (name, _) = code.split_once('=').unwrap();
        let is_known = FILTERS.iter().any(|filter| filter.name == name);
        assert!(is_known || FIELD_FILTERS.iter().any(|(known, ..)| *known == name), "{name}");
    }
}
