//! The interface of a coding, and the limits on decoding.

/// The limits for reading compressed bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `ai.decode.max_window_bytes`: how far back a body may refer to its own content, which is the memory that it takes.
    pub window_bytes: usize,
    /// `ai.decode.max_body_bytes`: bytes that one body may decode to.
    pub body_bytes: usize,
    /// `ai.decode.max_ratio`: how many times its own size a body may decode to.
    pub ratio: usize,
    /// `ai.decode.max_total_bytes`: memory for the windows of all bodies that a VM reads at the same time.
    pub total_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { window_bytes: 8 << 20, body_bytes: 64 << 20, ratio: 200, total_bytes: 64 << 20 }
    }
}

/// Why reading stopped before the end of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The bytes are invalid for the coding.
    #[error("the bytes are invalid for the coding that the headers name")]
    Damaged,
    /// One of the [`Limits`] is reached.
    #[error("the body decodes to more, or needs more memory, than allowed")]
    OverLimit,
}

/// Takes decoded bytes, and returns whether to continue.
pub(super) type Sink<'s> = dyn FnMut(&[u8]) -> Result<(), Stop> + 's;

/// The state of one coding.
pub(super) trait Coding {
    /// Decodes the next bytes and passes on all content they complete.
    fn decode(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop>;
}
