//! Exact amounts of money.

use std::fmt;

/// An amount of US dollars, exact to the billionth. Sums and products have no rounding errors.
///
/// ```
/// use dataforseo_models::Amount;
///
/// let row = Amount::from_us_dollars(0.000036).unwrap();
/// assert_eq!(row.times(1000).to_string(), "0.036");
/// assert_eq!(row.times(1000).us_dollars(), 0.036);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

/// The number of billionths in a US dollar.
const NANOS: u64 = 1_000_000_000;
/// The largest amount that is read from a number, in US dollars.
const MAX_US_DOLLARS: f64 = 1e6;

impl Amount {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Returns an amount of billionths of a US dollar.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns the billionth nearest to an amount of US dollars. `None` for a negative amount, for
    /// more than a million, and for NaN.
    pub fn from_us_dollars(us_dollars: f64) -> Option<Self> {
        let is_possible = (0.0..=MAX_US_DOLLARS).contains(&us_dollars);
        // Between 0 and 10^15, where each whole number is a float.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        is_possible.then(|| Self((us_dollars * NANOS as f64).round() as u64))
    }

    /// Returns the number of billionths of a US dollar.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Returns the float nearest to the amount, in US dollars.
    pub fn us_dollars(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }

    /// Returns whether the amount is 0.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns the sum of two amounts. A sum that is too large is the largest amount.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Returns the amount `factor` times. A product that is too large is the largest amount.
    #[must_use]
    pub const fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }

    /// Returns a part of the amount in thousandths, rounded up.
    #[must_use]
    pub const fn per_mille(self, thousandths: u32) -> Self {
        let product = self.0 as u128 * thousandths as u128;
        let part = product.div_ceil(1000);
        // The cast keeps the value, as the comparison shows.
        if part > u64::MAX as u128 {
            Self(u64::MAX)
        } else {
            Self(part as u64)
        }
    }
}

impl fmt::Display for Amount {
    /// Writes the amount as a decimal number without its unit: `0.024036`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / NANOS, self.0 % NANOS);
        if rest == 0 {
            return f.pad(&whole.to_string());
        }
        let rest = format!("{rest:09}");
        f.pad(&format!("{whole}.{}", rest.trim_end_matches('0')))
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn amounts_are_exact() {
        let amount = |text: &str| Amount::from_us_dollars(text.parse().unwrap()).unwrap();
        for text in ["0", "0.000036", "0.0292488", "0.000000001", "1000", "0.1"] {
            assert_eq!(amount(text).to_string(), text);
            assert_eq!(amount(text).us_dollars().to_string(), text);
        }
        let tenths: Amount = std::iter::repeat_n(amount("0.1"), 10).sum();
        assert_eq!(tenths, amount("1"));
        assert_eq!(amount("0.0006").per_mille(750), amount("0.00045"));
        assert_eq!(amount("0.000000001").per_mille(1), amount("0.000000001"));
    }

    #[test]
    fn an_impossible_amount_is_none() {
        for amount in [-0.1, f64::NAN, f64::INFINITY, 1e7] {
            assert_eq!(Amount::from_us_dollars(amount), None, "{amount}");
        }
        let most = Amount::from_nanos(u64::MAX);
        assert_eq!(most.plus(most), most);
        assert_eq!(most.times(2), most);
        assert_eq!(most.per_mille(1500), most);
    }
}
