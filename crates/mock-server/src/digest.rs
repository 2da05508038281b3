//! Hashes that are the same on every machine and in every version.

use sha2::{Digest as _, Sha256};

/// Returns the first `digits` hexadecimal digits of a hash. Texts with different purposes never
/// share a hash.
pub(crate) fn hex_digest(purpose: &str, text: &str, digits: usize) -> String {
    let hash = Sha256::digest(format!("dataforseo-mock-server {purpose}\n{text}"));
    let mut hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.truncate(digits);
    hex
}
