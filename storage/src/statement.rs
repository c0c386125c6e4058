//! A statement with its bound values, and the rows that come back.

use std::borrow::Cow;

/// SQL text and the values of its `?` placeholders, in order.
///
/// Made only by this crate's builders, so no text from a request can become SQL.
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    sql: Cow<'static, str>,
    params: Vec<Value<'a>>,
    then: Option<&'static str>,
    /// Bytes of `sql` up to its `RETURNING`, where that only serves to count.
    counted: Option<usize>,
    probe: Option<Box<Statement<'a>>>,
    setting: Option<[&'static str; 2]>,
}

impl<'a> Statement<'a> {
    pub(crate) fn new(sql: impl Into<Cow<'static, str>>, params: Vec<Value<'a>>) -> Self {
        Self { sql: sql.into(), params, then: None, counted: None, probe: None, setting: None }
    }

    /// Adds a `RETURNING` that only serves to count what the statement changes.
    pub(crate) fn returning(mut self, clause: &str) -> Self {
        let end = self.sql.len();
        self.sql.to_mut().push_str(clause);
        self.counted = Some(end);
        self
    }

    /// Adds a question that has an answer once this statement is committed.
    pub(crate) fn with_probe(mut self, probe: Statement<'a>) -> Self {
        self.probe = Some(Box::new(probe));
        self
    }

    /// Adds a statement without values that must run right after this one on the same connection; its rows are
    /// the answer.
    pub(crate) fn with_follow_up(mut self, sql: Option<&'static str>) -> Self {
        self.then = sql;
        self
    }

    /// Adds statements without values that must run right before and after this one on the same connection, whether it
    /// succeeds or not.
    pub(crate) fn with_setting(mut self, [before, after]: [&'static str; 2]) -> Self {
        self.setting = Some([before, after]);
        self
    }

    /// A copy that borrows nothing.
    pub fn to_static(&self) -> Statement<'static> {
        let params = self.params.iter().map(Value::to_static).collect();
        let probe = self.probe.as_ref().map(|probe| Box::new(probe.to_static()));
        let Self { sql, then, counted, setting, .. } = self;
        Statement { sql: sql.clone(), params, then: *then, counted: *counted, probe, setting: *setting }
    }

    /// The SQL text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The values of the placeholders.
    pub fn params(&self) -> &[Value<'a>] {
        &self.params
    }

    /// Whether it only reads.
    pub fn is_query(&self) -> bool {
        self.sql.starts_with("SELECT ") || self.sql.starts_with("WITH ")
    }

    /// The SQL text without its `RETURNING`, for a driver that learns by other means how many rows a statement changed
    /// and the key of the last row that its connection inserted. Such a driver answers [`counted`] instead of the rows,
    /// and spares sending them one by one while the database is locked.
    pub fn counted_sql(&self) -> Option<&str> {
        self.sql.get(..self.counted?)
    }

    /// A question that a new connection answers with a row when this statement is committed to the database that new
    /// connections open, which is another one after its file was replaced.
    pub fn probe(&self) -> Option<&Statement<'a>> {
        self.probe.as_deref()
    }

    /// What a driver has to run right before this statement and right after it, on the same connection.
    pub fn setting(&self) -> Option<[&'static str; 2]> {
        self.setting
    }

    /// What a driver has to run right afterwards on the same connection, answering its rows in place of this
    /// statement's.
    pub fn follow_up(&self) -> Option<&'static str> {
        self.then
    }
}

/// What a driver answers to [`Statement::counted_sql`]: how many rows were changed, and the key of the first of them if
/// they were inserted.
pub fn counted(changes: i64, last_key: i64) -> Rows {
    let first_key = last_key.saturating_sub(changes).saturating_add(1);
    vec![vec![Value::Integer(changes), Value::Integer(first_key)]]
}

/// A value to bind, or one that was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// SQL NULL.
    Null,
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// A text.
    Text(Cow<'a, str>),
}

impl Value<'_> {
    /// A copy that borrows nothing.
    pub fn to_static(&self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(*number),
            Self::Real(number) => Value::Real(*number),
            Self::Text(text) => Value::Text(Cow::Owned(text.clone().into_owned())),
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

/// One row, its values in the order of the statement's columns.
pub type Row = Vec<Value<'static>>;

/// All rows of an answer. Builders give every statement that reads a row limit.
pub type Rows = Vec<Row>;
