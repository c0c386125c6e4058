//! Configurations that are in use. Each part of the module that Envoy configures holds the one that it was given; equal texts
//! are one configuration.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use gatelog_filter::config::sink::Destination;
use gatelog_filter::config::{Config, ConfigError};
use gatelog_filter::observe::log_throttle::Verbosity;

/// A configuration that was accepted. Threads make what they need of it from its text, which may not be shared.
#[derive(Debug)]
pub struct Document {
    /// Names it among all that the process ever had.
    pub number: u32,
    /// The JSON.
    pub text: Vec<u8>,
    /// Where its records go.
    pub destinations: Vec<Destination>,
    /// `drain_timeout_ms`.
    pub drain_timeout: Duration,
    /// `log_level`.
    pub verbosity: Verbosity,
}

static IN_USE: Mutex<Vec<Weak<Document>>> = Mutex::new(Vec::new());
static VERSION: AtomicU64 = AtomicU64::new(1);
static NEXT: AtomicU32 = AtomicU32::new(1);

/// The document with this text.
///
/// # Errors
///
/// When the configuration is refused.
pub fn open(text: &[u8]) -> Result<Arc<Document>, ConfigError> {
    let config = Config::parse(text)?;
    let mut known = documents();
    known.retain(|each| each.strong_count() > 0);
    if let Some(same) = known.iter().filter_map(Weak::upgrade).find(|each| each.text == text) {
        return Ok(same);
    }
    let document = Arc::new(Document {
        number: NEXT.fetch_add(1, Ordering::Relaxed),
        text: text.to_vec(),
        destinations: config.destinations,
        drain_timeout: config.drain_timeout,
        verbosity: config.log_level,
    });
    known.push(Arc::downgrade(&document));
    VERSION.fetch_add(1, Ordering::Release);
    Ok(document)
}

/// Those in use, in the order of their numbers.
pub fn in_use() -> Vec<Arc<Document>> {
    documents().iter().filter_map(Weak::upgrade).collect()
}

/// Changes whenever [`in_use`] does.
pub fn version() -> u64 {
    VERSION.load(Ordering::Acquire)
}

impl Drop for Document {
    fn drop(&mut self) {
        VERSION.fetch_add(1, Ordering::Release);
    }
}

fn documents() -> MutexGuard<'static, Vec<Weak<Document>>> {
    IN_USE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_document_for_as_long_as_somebody_holds_it() {
        let text = br#"{"collector_cluster":"one"}"#;
        let before = version();
        let first = open(text).unwrap();
        let second = open(text).unwrap();
        assert!(Arc::ptr_eq(&first, &second) && version() > before);
        let (number, before) = (first.number, version());
        drop((first, second));
        assert!(version() > before);
        assert_ne!(open(text).unwrap().number, number);
        assert!(open(b"{}").is_err());
    }
}
