//! Hands what the HTTP filter saw of an exchange to the access logger, which makes the record.
//!
//! Envoy ends a stream in this order, on one thread: it tells the filters that the stream is complete, logs it, and destroys the
//! filters. So between the first and the last of these the filter's stream is the one that is logged.
//!
//! A stream of HTTP/3 is logged later, when the client has acknowledged everything and its filters are long gone. Then what
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
    /// The number under which a stream of HTTP/3 is kept.
    pub number: Option<u64>,
    /// What is kept of its filter state: a value for each of [`crate::filter_state::NAMES`].
    pub state: Vec<Option<Vec<u8>>>,
    /// True once the logger has it.
    pub is_logged: bool,
}

/// A stream of HTTP/3 whose filter is gone.
#[derive(Debug)]
pub struct Kept {
    number: u64,
    /// What the core saw of it.
    pub stream: Stream,
    /// As of [`FilterStream::state`].
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

/// The number of a stream that will be kept.
pub fn next_number() -> u64 {
    NEXT.replace(NEXT.get().wrapping_add(1))
}

/// The stream is complete, and will be logged before anything else happens on this thread.
pub fn set_complete(stream: *mut FilterStream) {
    COMPLETE.set(stream);
}

/// The stream that is complete and not destroyed yet; null when there is none.
pub fn complete() -> *mut FilterStream {
    COMPLETE.get()
}

/// The filter of the stream is destroyed.
pub fn close(stream: Box<FilterStream>) {
    if std::ptr::eq(COMPLETE.get(), &raw const *stream) {
        COMPLETE.set(null_mut());
    }
    let FilterStream { stream, number, state, is_logged: false, .. } = *stream else { return };
    let Some(number) = number else { return };
    KEPT.with_borrow_mut(|kept| {
        if kept.len() >= MOST_KEPT {
            kept.pop_front();
        }
        kept.push_back(Kept { number, stream, state });
    });
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

    fn stream(number: Option<u64>) -> Box<FilterStream> {
        let state = vec![Some(b"x".to_vec())];
        Box::new(FilterStream {
            document: None,
            stream: Stream::default(),
            filter: null_mut(),
            number,
            state,
            is_logged: false,
        })
    }

    #[test]
    fn a_stream_is_complete_until_it_is_destroyed() {
        let mut first = stream(None);
        set_complete(&raw mut *first);
        assert!(std::ptr::eq(complete(), &raw const *first));
        close(stream(None));
        assert!(!complete().is_null(), "another one was destroyed");
        close(first);
        assert!(complete().is_null() && !has_kept());
    }

    #[test]
    fn streams_that_are_logged_later_are_kept_by_number_and_the_oldest_are_forgotten() {
        for number in 0..MOST_KEPT as u64 + 2 {
            close(stream(Some(number)));
        }
        assert!(take_kept(b"0").is_none() && take_kept(b"1").is_none() && take_kept(b"nonsense").is_none());
        assert!(take_kept(b"2").is_some_and(|kept| kept.state.len() == 1));
        assert!(take_kept(b"2").is_none(), "it was taken");
    }
}
