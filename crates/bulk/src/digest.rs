//! Digests that show whether a resumed job has the same input.

use sha2::{Digest, Sha256};

use crate::journal::InputPrefix;
use crate::packing::PackedTarget;

/// Returns a digest that shows whether a call has equal targets in equal order in another run.
pub(crate) fn of_call(targets: &[PackedTarget]) -> String {
    let mut hasher = Sha256::new();
    for packed in targets {
        hasher.update((packed.target.len() as u64).to_le_bytes());
        hasher.update(packed.target.as_bytes());
        // Each duplicate has an outcome, so their number counts, too.
        hasher.update((packed.indices.len() as u64).to_le_bytes());
        for (index, spelling) in packed.other_spellings() {
            hasher.update((index as u64).to_le_bytes());
            hasher.update((spelling.len() as u64).to_le_bytes());
            hasher.update(spelling.as_bytes());
        }
    }
    hex(&hasher)
}

/// The digest of the input that was read so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct InputDigest {
    targets: u64,
    hasher: Sha256,
}

impl InputDigest {
    /// Adds the next target of the input.
    pub(crate) fn add(&mut self, target: &str) {
        self.targets += 1;
        self.hasher.update((target.len() as u64).to_le_bytes());
        self.hasher.update(target.as_bytes());
    }

    /// Returns the number of targets so far.
    pub(crate) fn targets(&self) -> u64 {
        self.targets
    }

    pub(crate) fn prefix(&self) -> InputPrefix {
        InputPrefix {
            targets: self.targets,
            digest: hex(&self.hasher),
        }
    }
}

/// Returns the first half of the digest so far.
fn hex(hasher: &Sha256) -> String {
    let digest = hasher.clone().finalize();
    let bytes = digest.iter().take(8);
    bytes.fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
