//! Plausible numbers, by the name of the field.

use crate::name_pattern::NamePattern::{self, Ends, Has, Is, Starts};
use crate::seed::Seed;

/// The ranges of numbers by name. The first entry that matches counts.
const RANGES: &[(NamePattern, f64, f64)] = &[
    (Is("status_code"), 200.0, 200.0),
    (Ends("_status_code"), 200.0, 200.0),
    (Is("year"), 2020.0, 2026.0),
    (Is("month"), 1.0, 12.0),
    (Is("day"), 1.0, 28.0),
    (Is("hour"), 0.0, 23.0),
    (Is("minute"), 0.0, 59.0),
    (Is("location_code"), 2840.0, 2840.0),
    (Is("latitude"), -60.0, 70.0),
    (Is("longitude"), -170.0, 170.0),
    (Is("page"), 1.0, 1.0),
    (Is("pages_count"), 1.0, 1.0),
    (Is("position"), 1.0, 100.0),
    (Is("competition_index"), 0.0, 100.0),
    (Is("keyword_difficulty"), 0.0, 100.0),
    (Starts("competition"), 0.0, 1.0),
    (Ends("spam_score"), 0.0, 60.0),
    (Has("score"), 0.0, 100.0),
    (Has("percent"), 0.0, 100.0),
    (Has("probability"), 0.0, 1.0),
    (Has("ratio"), 0.0, 1.0),
    (Ends("_rate"), 0.0, 1.0),
    (Is("ctr"), 0.0, 1.0),
    (Has("rank"), 0.0, 1000.0),
    (Has("price"), 0.5, 200.0),
    (Has("cost"), 0.01, 50.0),
    (Has("cpc"), 0.05, 20.0),
    (Has("bid"), 0.05, 20.0),
    (Is("value"), 1.0, 5.0),
    (Is("rating_max"), 5.0, 5.0),
    (Is("votes_count"), 1.0, 5000.0),
    (Is("width"), 100.0, 1200.0),
    (Is("height"), 100.0, 1200.0),
    (Has("volume"), 10.0, 50_000.0),
    (Is("searches"), 10.0, 50_000.0),
    (Has("etv"), 0.0, 10_000.0),
    (Has("traffic"), 0.0, 10_000.0),
    (Ends("results_count"), 1000.0, 5_000_000.0),
    (Has("duration"), 1.0, 600.0),
    (Has("time"), 10.0, 3000.0),
    (Has("size"), 500.0, 500_000.0),
    (Has("length"), 10.0, 5000.0),
    (Has("count"), 0.0, 500.0),
];

/// The range of all other numbers.
const OTHER: (f64, f64) = (0.0, 1000.0);

/// Returns a number for a field, within the documented bounds if there are some.
pub(crate) fn number(name: &str, bounds: Option<[f64; 2]>, seed: Seed) -> f64 {
    let known = RANGES.iter().find(|(pattern, ..)| pattern.matches(name));
    let (low, high) = match (bounds, known) {
        (Some([low, high]), _) => (low, high),
        (None, Some((_, low, high))) => (*low, *high),
        (None, None) => OTHER,
    };
    let fraction = seed.fraction();
    // Small numbers are more frequent in long ranges.
    let fraction = match high - low {
        1001.0.. => fraction * fraction,
        _ => fraction,
    };
    low + (high - low) * fraction
}

/// Returns a number as a whole one.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the ranges are far below 2^53"
)]
pub(crate) fn whole(number: f64) -> i64 {
    number.round() as i64
}

/// Returns a number with as many digits as responses have.
pub(crate) fn rounded(number: f64) -> f64 {
    let digits = if number.abs() < 1.0 { 1e4 } else { 1e2 };
    (number * digits).round() / digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_in_the_range_of_its_name() {
        for index in 0..200 {
            let seed = Seed::START.element(index);
            assert!((0.0..=60.0).contains(&number("backlinks_spam_score", None, seed)));
            assert!((0.0..=1.0).contains(&number("competition", None, seed)));
            assert!((2.0..=3.0).contains(&number("rank", Some([2.0, 3.0]), seed)));
        }
        assert_eq!(whole(2.6), 3);
        assert_eq!((rounded(0.123_456), rounded(12.345_6)), (0.1235, 12.35));
    }
}
