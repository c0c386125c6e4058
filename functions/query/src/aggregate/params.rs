//! The query string of an aggregate: every filter of `/query`, and the options of its path.

use gatelog_record::{Field, Timestamp};
use gatelog_storage::aggregate::ranking::ORDERS;
use gatelog_storage::aggregate::sessions::{InvalidSessionCursor, SessionCursor};
use gatelog_storage::aggregate::tail::{InvalidTailCursor, TailCursor};
use gatelog_storage::aggregate::{Grouping, Measure, Order, Scope, scope};
use gatelog_storage::{Filter, Selection};

use super::interval;
use super::options::{self, AggregateOption, Endpoint, MAX_FACETS, MAX_WAIT_S, TOP};
use crate::params::filters::{self, not};
use crate::params::options::{ResponseFormat, once, read_boolean, read_fields, read_number};
use crate::params::time::Zone;
use crate::params::value_syntax;
use crate::params::{InvalidParameter, each};

/// How long the range is when the request gives no beginning, in microseconds: an hour.
const DEFAULT_RANGE: i64 = 3_600 * 1_000_000;

/// What a query string asks for. An option that it does not give is `None` or empty.
#[derive(Clone, Debug, Default)]
pub struct AggregateParams {
    /// Conditions on the records, those on `start_time` included.
    pub filters: Vec<Filter>,
    /// Length of the intervals in seconds; `Some(None)` when it is left open.
    pub interval_s: Option<Option<u32>>,
    /// By what records are grouped.
    pub by: Option<Grouping>,
    /// How many groups are told apart.
    pub top: Option<u32>,
    /// What is counted.
    pub measures: Vec<Measure>,
    /// By what groups are ordered.
    pub order: Option<Order>,
    /// Whether the range before is counted too.
    pub compares: bool,
    /// Whether only AI calls without a cost count.
    pub only_unpriced: Option<bool>,
    /// The fields whose values are counted.
    pub facets: Vec<Grouping>,
    /// The fields of records.
    pub fields: Vec<&'static Field>,
    /// Most groups, values, records or sessions.
    pub limit: u32,
    /// The place behind which records are looked for.
    pub after: Option<TailCursor>,
    /// How many seconds to wait for records.
    pub wait_s: Option<u32>,
    /// The form of the answer.
    pub form: Option<ResponseFormat>,
    /// Where the page of sessions before ended.
    pub cursor: Option<SessionCursor>,
}

/// Reads a query string; times that name no zone are in `zone`.
///
/// # Errors
///
/// The first parameter that is unknown or has a bad value.
pub fn parse(
    query_string: &str,
    endpoint: Endpoint,
    zone: &Zone,
) -> Result<AggregateParams, InvalidParameter> {
    let mut params = AggregateParams::default();
    let (mut limit, mut compares) = (None, None);
    each(query_string, |name, value| {
        let option = options::of(endpoint).find_map(|(known, option, _)| (known == name).then_some(option));
        let Some(option) = option else {
            return filters::read(&mut params.filters, name, value, zone);
        };
        if value.is_empty() {
            return Ok(());
        }
        match option {
            AggregateOption::Interval => once(&mut params.interval_s, interval::read(value)?),
            AggregateOption::By => once(&mut params.by, read_grouping(value)?),
            AggregateOption::Top => once(&mut params.top, read_number(value, 1, TOP.1)?),
            AggregateOption::Measures => read_measures(&mut params.measures, value),
            AggregateOption::Order => once(&mut params.order, read_order(value)?),
            AggregateOption::Compare => match value {
                "previous" => once(&mut compares, ()),
                _ => Err(not(value, "previous")),
            },
            AggregateOption::Unpriced => once(&mut params.only_unpriced, read_boolean(value)?),
            AggregateOption::Facets => read_facets(&mut params.facets, value),
            AggregateOption::Fields => read_fields(&mut params.fields, value),
            AggregateOption::Limit(_, most) => once(&mut limit, read_number(value, 1, most)?),
            AggregateOption::After => {
                once(&mut params.after, value.parse().map_err(|error: InvalidTailCursor| error.to_string())?)
            }
            AggregateOption::Wait => once(&mut params.wait_s, read_number(value, 0, MAX_WAIT_S)?),
            AggregateOption::Form => match ResponseFormat::read(value)? {
                ResponseFormat::Csv => Err(not(value, "json or ndjson")),
                form => once(&mut params.form, form),
            },
            AggregateOption::Cursor => once(
                &mut params.cursor,
                value.parse().map_err(|error: InvalidSessionCursor| error.to_string())?,
            ),
        }
    })?;
    let default = options::of(endpoint).find_map(|(_, option, _)| match option {
        AggregateOption::Limit(default, _) => Some(default),
        _ => None,
    });
    params.filters = filters::with_alternatives(params.filters);
    params.limit = limit.or(default).unwrap_or_default();
    params.compares = compares.is_some();
    Ok(params)
}

impl AggregateParams {
    /// The records that are asked for: until now, and for an hour, unless the conditions say otherwise.
    pub fn scope(&self, now: Timestamp) -> Scope {
        let (start, end, filters) = scope::parts(self.filters.clone());
        let end = end.unwrap_or(now);
        let hour_before = || Timestamp::from_micros(end.as_micros().saturating_sub(DEFAULT_RANGE));
        let only_unpriced = self.only_unpriced.unwrap_or_default();
        Scope { filters, start: start.unwrap_or_else(hour_before), end, only_unpriced }
    }

    /// The measures that are asked for, else these.
    pub fn measures_or<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<Measure> {
        match self.measures.as_slice() {
            [] => names.into_iter().filter_map(Measure::find).collect(),
            measures => measures.to_vec(),
        }
    }

    /// The fields of records that are asked for, and whether the request chose them.
    pub fn selection(&self) -> (Selection, bool) {
        match self.fields.as_slice() {
            [] => (Selection::all(), false),
            fields => (Selection::from_fields(fields.to_vec()), true),
        }
    }
}

fn read_grouping(name: &str) -> Result<Grouping, String> {
    Grouping::find(name).ok_or_else(|| {
        not(name, "status_class, downstream_remote_host or a field that records are grouped by")
    })
}

fn read_order(name: &str) -> Result<Order, String> {
    let known = ORDERS.iter().find_map(|(known, order)| (*known == name).then_some(*order));
    known.ok_or_else(|| {
        let names: Vec<&str> = ORDERS.iter().map(|(name, _)| *name).collect();
        not(name, &format!("one of {}", names.join(", ")))
    })
}

fn read_measures(known: &mut Vec<Measure>, value: &str) -> Result<(), String> {
    for name in value_syntax::list(value, MAX_NAMES).ok_or("there are too many")? {
        let measure = Measure::find(&name).ok_or_else(|| not(&name, "a measure"))?;
        add_new(known, measure)?;
    }
    Ok(())
}

fn read_facets(known: &mut Vec<Grouping>, value: &str) -> Result<(), String> {
    for name in value_syntax::list(value, MAX_NAMES).ok_or("there are too many")? {
        add_new(known, read_grouping(&name)?)?;
    }
    if known.len() > MAX_FACETS { Err(format!("more than {MAX_FACETS} fields")) } else { Ok(()) }
}

/// Most names in a list; there are fewer that differ.
const MAX_NAMES: usize = 100;

fn add_new<T: PartialEq>(all: &mut Vec<T>, new: T) -> Result<(), String> {
    if all.contains(&new) {
        return Err("one is given twice".to_owned());
    }
    all.push(new);
    Ok(())
}
