//! Plausible numbers, by the name of the field.

use crate::seed::Seed;

/// The ranges of numbers by name. A `*` stands for any text; the first entry that matches counts.
const RANGES: &[(&str, f64, f64)] = &[
    ("status_code", 200.0, 200.0),
    ("*_status_code", 200.0, 200.0),
    ("year", 2020.0, 2026.0),
    ("month", 1.0, 12.0),
    ("day", 1.0, 28.0),
    ("hour", 0.0, 23.0),
    ("minute", 0.0, 59.0),
    ("location_code", 2840.0, 2840.0),
    ("latitude", -60.0, 70.0),
    ("longitude", -170.0, 170.0),
    ("page", 1.0, 1.0),
    ("pages_count", 1.0, 1.0),
    ("position", 1.0, 100.0),
    ("competition_index", 0.0, 100.0),
    ("keyword_difficulty", 0.0, 100.0),
    ("competition*", 0.0, 1.0),
    ("*spam_score", 0.0, 60.0),
    ("*score*", 0.0, 100.0),
    ("*percent*", 0.0, 100.0),
    ("*probability*", 0.0, 1.0),
    ("*ratio*", 0.0, 1.0),
    ("*_rate", 0.0, 1.0),
    ("ctr", 0.0, 1.0),
    ("*rank*", 0.0, 1000.0),
    ("*price*", 0.5, 200.0),
    ("*cost*", 0.01, 50.0),
    ("*cpc*", 0.05, 20.0),
    ("*bid*", 0.05, 20.0),
    ("value", 1.0, 5.0),
    ("rating_max", 5.0, 5.0),
    ("votes_count", 1.0, 5000.0),
    ("width", 100.0, 1200.0),
    ("height", 100.0, 1200.0),
    ("*volume*", 10.0, 50_000.0),
    ("searches", 10.0, 50_000.0),
    ("*etv*", 0.0, 10_000.0),
    ("*traffic*", 0.0, 10_000.0),
    ("*results_count", 1000.0, 5_000_000.0),
    ("*duration*", 1.0, 600.0),
    ("*time*", 10.0, 3000.0),
    ("*size*", 500.0, 500_000.0),
    ("*length*", 10.0, 5000.0),
    ("*count*", 0.0, 500.0),
];

/// The range of all other numbers.
const OTHER: (f64, f64) = (0.0, 1000.0);

/// Returns a number for a field, within the documented bounds if there are some.
pub(crate) fn number(name: &str, bounds: Option<[f64; 2]>, seed: Seed) -> f64 {
    let known = RANGES
        .iter()
        .find(|(pattern, ..)| has_pattern(name, pattern));
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

/// Returns whether a name has a pattern, in which `*` at the start and the end is any text.
pub(crate) fn has_pattern(name: &str, pattern: &str) -> bool {
    let inner = pattern.trim_matches('*');
    match (pattern.starts_with('*'), pattern.ends_with('*')) {
        (true, true) => name.contains(inner),
        (true, false) => name.ends_with(inner),
        (false, true) => name.starts_with(inner),
        (false, false) => name == inner,
    }
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
