//! Kong's log of a request: the table that `kong.log.serialize()` makes.
//!
//! - [`request_view`]: a record as the sink sees it; the only module that reads record fields.
//! - [`mod@serialize`]: the log, member by member; [`headers`], [`query`]: its headers and query string.
//! - [`serialize_value`]: sets a custom field in the log.

pub mod headers;
pub mod query;
pub mod request_view;
pub mod serialize;
pub mod serialize_value;

pub use request_view::RequestView;
pub use serialize::serialize;
