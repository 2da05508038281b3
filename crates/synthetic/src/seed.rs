//! Seeds: numbers that depend on a place in a response, the same on every machine.

/// The number that a value is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seed(u64);

impl Seed {
    /// The seed of an empty text.
    pub(crate) const START: Self = Self(0xcbf2_9ce4_8422_2325);

    /// Returns the seed of a part with a name, by the hash FNV-1a.
    pub(crate) fn part(self, name: &str) -> Self {
        let mut hash = self.0;
        // The separator tells `a/b` from `ab`.
        for byte in b"/".iter().chain(name.as_bytes()) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(hash)
    }

    /// Returns the seed of an element of a list.
    pub(crate) fn element(self, index: usize) -> Self {
        self.part(&index.to_string())
    }

    /// Returns a number below `end`, or 0 if `end` is 0.
    pub(crate) fn below(self, end: u64) -> u64 {
        self.mixed().checked_rem(end).unwrap_or(0)
    }

    /// Returns a number from 0 to 1, in steps of one millionth.
    pub(crate) fn fraction(self) -> f64 {
        // Fewer than 2^53, so no digit is lost.
        #[allow(clippy::cast_precision_loss, reason = "the number is below 1,000,001")]
        let millionths = self.below(1_000_001) as f64;
        millionths / 1_000_000.0
    }

    /// Returns the number as hexadecimal digits.
    pub(crate) fn hex(self) -> String {
        format!("{:016x}", self.mixed())
    }

    /// Returns the bits, mixed as by splitmix64: those of the hash are similar for similar texts.
    fn mixed(self) -> u64 {
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers are part of responses, so they never change.
    #[test]
    fn seeds_are_the_same_on_every_machine() {
        let seed = Seed::START.part("items").element(3);
        // FNV-1a of "/items/3".
        assert_eq!(seed, Seed(0x95c4fe46396b7224));
        assert_ne!(Seed::START.part("a").part("b"), Seed::START.part("ab"));
        assert_eq!(seed.below(0), 0);
        assert!((0.0..=1.0).contains(&seed.fraction()));
    }
}
