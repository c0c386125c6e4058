//! Numbers over many records: counts, sums and percentiles, in all, by time and by value.
//!
//! Every aggregate takes a [`Scope`]: conditions on the records and a range of time. The work is bounded: [`scope::narrow`]
//! moves the beginning of the range to where the newest records are that may be looked at.
//!
//! - [`scope`]: which records. [`grouping`]: by what they are grouped. [`measure`]: what is counted of a group.
//! - [`log_bucket`]: the classes of values that percentiles are made of.
//! - [`breakdown`]: the measures of each group, in all or in each interval of time; [`ranking`]: which groups are the largest.
//! - [`facet`]: the values of a field with their counts.
//! - [`sessions`]: AI calls by their session.
//! - [`tail`]: records in the order in which they were stored.

pub mod breakdown;
pub mod facet;
pub mod grouping;
pub mod log_bucket;
pub mod measure;
pub mod ranking;
pub mod scope;
pub mod sessions;
pub mod tail;

pub use breakdown::{Breakdown, Cell};
pub use grouping::Grouping;
pub use measure::{MEASURES, Measure};
pub use ranking::Order;
pub use scope::{Sample, Scope};
