//! `SELECT … WHERE …` in the making: the filters of a query as SQL with bound values.

use std::fmt::{Arguments, Write};

use gatelog_record::{Field, Kind};

use super::filter::{Filter, Predicate};
use crate::schema::TABLE;
use crate::{Dialect, Statement, Value, service};

/// A `SELECT` in the making. Values are bound in the order in which their placeholders are written.
#[derive(Debug)]
pub(crate) struct Select<'q> {
    dialect: Dialect,
    sql: String,
    params: Vec<Value<'q>>,
    filtered: bool,
}

impl<'q> Select<'q> {
    /// `SELECT columns FROM access_logs`.
    pub(crate) fn from_table(dialect: Dialect, columns: &str) -> Self {
        Self { dialect, sql: format!("SELECT {columns} FROM {TABLE}"), params: Vec::new(), filtered: false }
    }

    /// Around this one: `SELECT columns FROM (…) AS alias`, whose conditions are new ones.
    pub(crate) fn wrap(self, columns: &str, alias: &str) -> Self {
        let sql = format!("SELECT {columns} FROM ({}) AS {alias}", self.sql);
        Self { sql, filtered: false, ..self }
    }

    /// The rows of all of these, which have none in common: `SELECT * FROM (… UNION ALL …) AS alias`.
    pub(crate) fn union_all(dialect: Dialect, parts: Vec<Self>, alias: &str) -> Self {
        let mut all = Self { dialect, sql: String::new(), params: Vec::new(), filtered: false };
        for (number, part) in parts.into_iter().enumerate() {
            let union = if number == 0 { "" } else { " UNION ALL " };
            // SQLite takes an order and a limit of a part only in a subquery.
            all.push(format_args!("{union}SELECT * FROM ({}) AS part{number}", part.sql), part.params);
        }
        all.wrap("*", alias)
    }

    /// Binds values of placeholders that are already written.
    pub(crate) fn bind(&mut self, params: impl IntoIterator<Item = Value<'q>>) -> &mut Self {
        self.params.extend(params);
        self
    }

    /// Adds what follows, with its values.
    pub(crate) fn push(
        &mut self,
        sql: Arguments<'_>,
        params: impl IntoIterator<Item = Value<'q>>,
    ) -> &mut Self {
        let _ = self.sql.write_fmt(sql);
        self.bind(params)
    }

    /// Adds a condition, which all rows have to meet as well.
    pub(crate) fn condition(
        &mut self,
        sql: Arguments<'_>,
        params: impl IntoIterator<Item = Value<'q>>,
    ) -> &mut Self {
        self.sql.push_str(if self.filtered { " AND " } else { " WHERE " });
        self.filtered = true;
        self.push(sql, params)
    }

    /// Adds the condition of each filter.
    pub(crate) fn filters(&mut self, filters: impl IntoIterator<Item = &'q Filter>) -> &mut Self {
        for filter in filters {
            self.filter(filter);
        }
        self
    }

    /// The finished statement.
    pub(crate) fn statement(self) -> Statement<'q> {
        Statement::new(self.sql, self.params)
    }

    /// The number of values so far.
    pub(crate) fn bound(&self) -> usize {
        self.params.len()
    }

    fn filter(&mut self, filter: &'q Filter) {
        let (sql, params) = filter_sql(self.dialect, filter);
        self.condition(format_args!("{sql}"), params);
    }
}

/// The conditions of all filters, of which there is at least one, joined, and their values.
pub(crate) fn all_filters<'q>(
    dialect: Dialect,
    filters: impl IntoIterator<Item = &'q Filter>,
) -> (String, Vec<Value<'q>>) {
    let (conditions, params): (Vec<_>, Vec<_>) =
        filters.into_iter().map(|filter| filter_sql(dialect, filter)).unzip();
    (conditions.join(" AND "), params.into_iter().flatten().collect())
}

/// The condition of a filter and its values.
fn filter_sql(dialect: Dialect, filter: &Filter) -> (String, Vec<Value<'_>>) {
    predicate_sql(dialect, filter.field, &filter.predicate)
}

fn predicate_sql<'q>(dialect: Dialect, field: &Field, predicate: &'q Predicate) -> (String, Vec<Value<'q>>) {
    let name = field.name;
    let is_text = matches!(field.kind, Kind::Text(_) | Kind::Json(_));
    match predicate {
        Predicate::NotBefore(time) => (format!("{name} >= ?"), vec![dialect.time_value(*time)]),
        Predicate::NotAfter(time) => (format!("{name} <= ?"), vec![dialect.time_value(*time)]),
        Predicate::TextIn(texts) => (is_in(name, texts.len()), bound(texts)),
        Predicate::TextNotIn(texts) => {
            (format!("({name} IS NULL OR NOT {})", is_in(name, texts.len())), bound(texts))
        }
        Predicate::ServiceIn(services) => services_in(name, services),
        Predicate::ServiceNotIn(services) => {
            let (one_of, params) = services_in(name, services);
            (format!("({name} IS NULL OR NOT {one_of})"), params)
        }
        Predicate::ServiceStartsWith(text) => {
            let begins = format!("{}%", escape_like(service::name(text)));
            let clusters = format!("{ANY_CLUSTER}{begins}");
            let is_like = dialect.is_like(name);
            (format!("({is_like} OR {is_like})"), vec![Value::from(begins), Value::from(clusters)])
        }
        Predicate::SessionIs(id) => (format!("{SESSION} = ?"), vec![Value::from(&**id)]),
        Predicate::Contains(text) => {
            let pattern = format!("%{}%", escape_like(text));
            (dialect.is_like(name), vec![Value::from(pattern)])
        }
        Predicate::StartsWith(text) => {
            let pattern = format!("{}%", escape_like(text));
            (dialect.is_like(name), vec![Value::from(pattern)])
        }
        Predicate::Present if is_text => (format!("{name} <> ''"), vec![]),
        Predicate::Present => (format!("{name} IS NOT NULL"), vec![]),
        Predicate::Missing if is_text => (format!("({name} IS NULL OR {name} = '')"), vec![]),
        Predicate::Missing => (format!("{name} IS NULL"), vec![]),
        Predicate::HostIn(hosts) => (is_in(&dialect.host_of(name), hosts.len()), bound(hosts)),
        Predicate::HostNotIn(hosts) => {
            let is_in = is_in(&dialect.host_of(name), hosts.len());
            (format!("({name} IS NULL OR NOT {is_in})"), bound(hosts))
        }
        Predicate::AnyOf(predicates) => {
            let parts = predicates.iter().map(|predicate| predicate_sql(dialect, field, predicate));
            let (conditions, params): (Vec<_>, Vec<_>) = parts.unzip();
            (format!("({})", conditions.join(" OR ")), params.into_iter().flatten().collect())
        }
        Predicate::NumberIn(ranges) => within(name, ranges),
        Predicate::NumberNotIn(ranges) => {
            let (within, numbers) = within(name, ranges);
            (format!("({name} IS NULL OR NOT {within})"), numbers)
        }
        Predicate::AtLeast(number) => (format!("{name} >= ?"), vec![Value::from(*number)]),
        Predicate::AtMost(number) => (format!("{name} <= ?"), vec![Value::from(*number)]),
    }
}

/// The session of an AI call; NULL where there is none.
pub(crate) const SESSION: &str = "COALESCE(NULLIF(session_id, ''), NULLIF(chat_id, ''))";

/// A pattern of what stands before the name of a service in its clusters.
const ANY_CLUSTER: &str = "outbound||%||%||";

/// The condition that a service is one of these, in parentheses, and its values.
fn services_in<'q>(name: &str, services: &'q [String]) -> (String, Vec<Value<'q>>) {
    let mut params = bound(services);
    let (clusters, names): (Vec<&String>, Vec<_>) =
        services.iter().partition(|service| service::is_cluster(service));
    params.extend(clusters.into_iter().map(|cluster| Value::from(service::name(cluster))));
    let mut condition = format!("({}", is_in(name, params.len()));
    for service in names {
        // Unlike LIKE, a filter of texts tells large letters from small ones on every database.
        condition.push_str(&format!(" OR ({name} LIKE ? ESCAPE '|' AND SUBSTR({name}, ?) = ?)"));
        let from_end = i64::try_from(service.chars().count()).unwrap_or(i64::MAX).saturating_neg();
        let pattern = format!("{ANY_CLUSTER}{}", escape_like(service));
        params.extend([Value::from(pattern), Value::Integer(from_end), Value::from(&**service)]);
    }
    condition.push(')');
    (condition, params)
}

fn bound(texts: &[String]) -> Vec<Value<'_>> {
    texts.iter().map(|text| Value::from(&**text)).collect()
}

/// `name = ?`, or `name IN (?, …)` for several values.
pub(crate) fn is_in(name: &str, count: usize) -> String {
    if count == 1 {
        return format!("{name} = ?");
    }
    format!("{name} IN (?{})", ", ?".repeat(count.saturating_sub(1)))
}

/// The condition that a number is in one of the ranges, in parentheses where it has several parts.
fn within(name: &str, ranges: &[(i64, i64)]) -> (String, Vec<Value<'static>>) {
    let singles: Vec<_> = ranges.iter().filter(|(low, high)| low == high).map(|(low, _)| *low).collect();
    let mut parts = Vec::new();
    let mut params: Vec<Value<'static>> = Vec::new();
    if !singles.is_empty() {
        parts.push(is_in(name, singles.len()));
        params.extend(singles.into_iter().map(Value::from));
    }
    for (low, high) in ranges.iter().filter(|(low, high)| low != high) {
        parts.push(format!("{name} BETWEEN ? AND ?"));
        params.extend([Value::from(*low), Value::from(*high)]);
    }
    let condition = parts.join(" OR ");
    (format!("({condition})"), params)
}

fn escape_like(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '|') {
            escaped.push('|');
        }
        escaped.push(character);
    }
    escaped
}
