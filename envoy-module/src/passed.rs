//! Hands what the HTTP filter saw of an exchange to the access logger, which makes the record.
//!
//! Envoy tells a filter that its stream is complete, logs the stream, and destroys the filter, all on one thread. So the
//! stream that is logged is the last one that was complete, unless it never came to a filter; the place in memory of what
//! both see of it, its response code details, tells.
//!
//! A stream of HTTP/3 is logged later, when the client has acknowledged everything and its filters are long gone. What
//! the filter saw is kept under a number, which the stream carries in its metadata.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ptr::null_mut;
use std::sync::Arc;

use gatelog_filter::stream::Stream;

use crate::abi::Pointer;
use crate::document::Document;

/// One stream in the HTTP filter.
#[derive(Debug)]
pub struct FilterStream {
    /// The configuration; none when nothing is to be done.
    pub document: Option<Arc<Document>>,
    /// What the core saw of it.
    pub stream: Stream,
    /// The filter, until it is destroyed.
    pub filter: Pointer,
    /// True for HTTP/3.
    pub is_logged_later: bool,
    /// Where Envoy has the response code details, once the stream is complete; null when there are none, or a filter is not
    /// shown them, as in 1.38: then the order alone tells.
    pub details: *const u8,
}

/// A stream of HTTP/3 whose filter is gone.
#[derive(Debug)]
pub struct Kept {
    number: u64,
    /// What the core saw of it.
    pub stream: Stream,
    /// What there was of its filter state: a value for each of [`crate::filter_state::NAMES`].
    pub state: Vec<Option<Vec<u8>>>,
}

/// Where the metadata has the number.
pub const NAMESPACE: &str = "gatelog";
/// The key of the number.
pub const KEY: &str = "stream";

/// Streams that a worker keeps. Beyond this the oldest are forgotten: their records are made of what Envoy logs.
const MOST_KEPT: usize = 2_000;

thread_local! {
    static COMPLETE: Cell<*mut FilterStream> = const { Cell::new(null_mut()) };
    static KEPT: RefCell<VecDeque<Kept>> = const { RefCell::new(VecDeque::new()) };
    static NEXT: Cell<u64> = const { Cell::new(1) };
}

/// The stream is complete, and will be logged next.
pub fn set_complete(stream: *mut FilterStream) {
    COMPLETE.set(stream);
}

/// The stream that is complete and whose filter is not destroyed yet; null when there is none.
pub fn complete() -> *mut FilterStream {
    COMPLETE.get()
}

/// The filter of the stream is destroyed.
pub fn close(stream: Box<FilterStream>) {
    if std::ptr::eq(COMPLETE.get(), &raw const *stream) {
        COMPLETE.set(null_mut());
    }
}

/// Keeps a stream that is logged later, and returns its number.
pub fn keep(stream: Stream, state: Vec<Option<Vec<u8>>>) -> u64 {
    let number = NEXT.replace(NEXT.get().wrapping_add(1));
    KEPT.with_borrow_mut(|kept| {
        if kept.len() >= MOST_KEPT {
            kept.pop_front();
        }
        kept.push_back(Kept { number, stream, state });
    });
    number
}

/// True when any stream is kept.
pub fn has_kept() -> bool {
    KEPT.with_borrow(|kept| !kept.is_empty())
}

/// The stream that is kept under a number.
pub fn take_kept(number: &[u8]) -> Option<Kept> {
    let number: u64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    KEPT.with_borrow_mut(|kept| {
        let place = kept.iter().position(|each| each.number == number)?;
        kept.remove(place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Box<FilterStream> {
        let (stream, details) = (Stream::default(), std::ptr::null());
        Box::new(FilterStream { document: None, stream, filter: null_mut(), is_logged_later: false, details })
    }

    #[test]
    fn a_stream_is_complete_until_it_is_destroyed() {
        let mut first = stream();
        set_complete(&raw mut *first);
        assert!(std::ptr::eq(complete(), &raw const *first));
        close(stream());
        assert!(!complete().is_null(), "another one was destroyed");
        close(first);
        assert!(complete().is_null());
    }

    #[test]
    fn streams_that_are_logged_later_are_kept_by_number_and_the_oldest_are_forgotten() {
        let keep = || keep(Stream::default(), vec![Some(b"x".to_vec())]).to_string();
        let numbers: Vec<String> = (0..MOST_KEPT + 2).map(|_| keep()).collect();
        let take = |number: &str| take_kept(number.as_bytes());
        assert!(take(&numbers[0]).is_none() && take(&numbers[1]).is_none() && take("nonsense").is_none());
        assert!(take(&numbers[2]).is_some_and(|kept| kept.state.len() == 1));
        assert!(take(&numbers[2]).is_none() && has_kept(), "it was taken");
    }
}
