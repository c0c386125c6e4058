//! Which records an aggregate looks at, and the bound on how many.

use gatelog_record::{Timestamp, fields};

use super::measure;
use crate::query::records::is_seek;
use crate::query::select_builder::Select;
use crate::{Dialect, Executor, Filter, Predicate, Statement, StorageError, Value};

/// The records of a range of time that meet some conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// Conditions that a record has to meet, all of them; none is on `start_time`.
    pub filters: Vec<Filter>,
    /// The earliest `start_time`.
    pub start: Timestamp,
    /// The latest `start_time`.
    pub end: Timestamp,
    /// Whether only AI calls with tokens and without a cost count.
    pub only_unpriced: bool,
}

/// The part of a scope that was looked at, where that is not all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// How many of the newest records were looked at. Others of the same microsecond as the first may be among them.
    pub records: u32,
    /// When the first of them began.
    pub start: Timestamp,
}

impl Scope {
    /// The same without the conditions on one field.
    pub fn without(&self, field: &str) -> Self {
        let mut scope = self.clone();
        scope.filters.retain(|filter| filter.field.name != field);
        scope
    }

    /// The range of the same length right before this one.
    pub fn previous(&self) -> Self {
        let (start, end) = (self.start.as_micros(), self.end.as_micros());
        let length = end.saturating_sub(start).saturating_add(1).max(0);
        Self {
            start: Timestamp::from_micros(start.saturating_sub(length)),
            end: Timestamp::from_micros(start.saturating_sub(1)),
            ..self.clone()
        }
    }

    /// Adds the conditions to a statement.
    pub(super) fn conditions<'q>(&'q self, select: &mut Select<'q>, dialect: Dialect) {
        time_range(select, dialect, self.start, self.end);
        select.filters(&self.filters);
        if self.only_unpriced {
            select.condition(format_args!("{}", measure::UNPRICED), []);
        }
    }
}

/// Bounds a scope to its newest `max` records. Those that an index shuts out are not looked at, so they do not count.
/// Answers what is left of the scope, and which part that is unless it is all.
///
/// # Errors
///
/// The database's.
pub async fn narrow(
    executor: &impl Executor,
    scope: &Scope,
    max: u32,
) -> Result<(Scope, Option<Sample>), StorageError> {
    let dialect = executor.dialect();
    let rows = executor.run(&narrow_statement(dialect, scope, max)).await?;
    // The second row is the newest record that is beyond the bound.
    let first = match rows.as_slice() {
        [first, _] => first.first().and_then(|time| dialect.read_time(time)),
        _ => None,
    };
    Ok(match first {
        Some(start) => (Scope { start, ..scope.clone() }, Some(Sample { records: max, start })),
        None => (scope.clone(), None),
    })
}

/// The statement of [`narrow`]: the oldest record within the bound, and the next older one.
pub fn narrow_statement(dialect: Dialect, scope: &Scope, max: u32) -> Statement<'_> {
    let mut select = Select::from_table(dialect, &dialect.time_of("start_time", "begun"));
    time_range(&mut select, dialect, scope.start, scope.end);
    select.filters(scope.filters.iter().filter(|filter| is_seek(filter))).push(
        format_args!(" ORDER BY start_time DESC, id DESC LIMIT 2 OFFSET ?"),
        [Value::from(i64::from(max.saturating_sub(1)))],
    );
    select.statement()
}

fn time_range(select: &mut Select<'_>, dialect: Dialect, start: Timestamp, end: Timestamp) {
    select
        .condition(format_args!("start_time >= ?"), [dialect.time_value(start)])
        .condition(format_args!("start_time <= ?"), [dialect.time_value(end)]);
}

/// Parts conditions into those on `start_time`, as the latest beginning and the earliest end, and the others.
pub fn parts(filters: Vec<Filter>) -> (Option<Timestamp>, Option<Timestamp>, Vec<Filter>) {
    let (mut start, mut end): (Option<Timestamp>, Option<Timestamp>) = (None, None);
    let mut others = Vec::new();
    for filter in filters {
        match filter.predicate {
            Predicate::NotBefore(time) => start = start.max(Some(time)),
            Predicate::NotAfter(time) => end = Some(end.map_or(time, |known| known.min(time))),
            _ => others.push(filter),
        }
    }
    (start, end, others)
}

/// The conditions on `start_time` of a range.
pub(super) fn time_filters(start: Timestamp, end: Timestamp) -> Vec<Filter> {
    let field = fields::field("start_time");
    let tests = [Predicate::NotBefore(start), Predicate::NotAfter(end)];
    field.into_iter().flat_map(|field| tests.clone().map(|predicate| Filter { field, predicate })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_before_ends_where_this_one_begins_and_is_as_long() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let scope = Scope {
            filters: Vec::new(),
            start: time("2026-01-31T12:00:00Z"),
            end: time("2026-01-31T12:59:59.999999Z"),
            only_unpriced: false,
        };
        let before = scope.previous();
        assert_eq!(before.start, time("2026-01-31T11:00:00Z"));
        assert_eq!(before.end, time("2026-01-31T11:59:59.999999Z"));
        assert_eq!(before.previous().end, time("2026-01-31T10:59:59.999999Z"));
    }
}
