//! SHA-256 sums, as files and manifests write them.

use sha2::{Digest, Sha256};

/// The sum of a content, in hexadecimal digits.
pub fn hex(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of a content: the sum with the name of its kind.
pub fn digest(content: &[u8]) -> String {
    format!("sha256:{}", hex(content))
}
