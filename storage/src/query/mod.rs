//! Questions about the stored records, and the SQL of them.
//!
//! - [`page`]: [`Query`], the question, and [`Page`], which part of its answer; [`filter`], [`sort`]: its parts.
//! - [`cursor`]: the place where a page ended. [`selection`]: the fields to read.
//! - `select_builder`: a `SELECT` in the making, with its `WHERE`.
//! - [`records`]: pages of records, their count, and one record by its id. [`row`]: a row read back as a record.
//! - [`distinct`]: the values of a field.

pub mod cursor;
pub mod distinct;
pub mod filter;
pub mod page;
pub mod records;
pub mod row;
pub(crate) mod select_builder;
pub mod selection;
pub mod sort;

pub use cursor::Cursor;
pub use filter::{Filter, Predicate};
pub use page::{Page, Query};
pub use row::StoredRecord;
pub use selection::Selection;
pub use sort::{Direction, Sort};
