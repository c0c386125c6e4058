//! Ids for log records that bring none: the same content has the same id, so a log record that is sent again is a
//! duplicate of itself.

use sha2::{Digest as _, Sha256};
use uuid::Builder;

/// The content of a log record, or the part of it added so far.
#[derive(Clone, Debug, Default)]
pub struct Identity(Sha256);

impl Identity {
    /// Adds a part. Parts are kept apart: `a`, `bc` is not `ab`, `c`.
    pub fn add(&mut self, part: &[u8]) {
        self.0.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        self.0.update(part);
    }

    /// The id of this content: a UUID of version 8.
    pub fn id(self) -> String {
        let digest: [u8; 32] = self.0.finalize().into();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
        Builder::from_custom_bytes(bytes).into_uuid().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_have_the_same_id_and_others_another() {
        let id = |parts: &[&str]| {
            let mut identity = Identity::default();
            parts.iter().for_each(|part| identity.add(part.as_bytes()));
            identity.id()
        };
        assert_eq!(id(&["a", "bc"]), id(&["a", "bc"]));
        assert_ne!(id(&["a", "bc"]), id(&["ab", "c"]));
        assert_eq!(id(&["a"]).len(), 36);
        assert_eq!(id(&["a"]).as_bytes()[14], b'8');
    }
}
