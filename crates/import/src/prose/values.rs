//! Lists of values: in a line, or one value per line with its meaning.

use serde_json::Value;

use super::announce::announces;
use super::text::{exact_integer, listed, split_at_any};

/// The words before `possible value` that make it a bound.
const BOUNDS: [&str; 8] = [
    "minimal", "minimum", "maximal", "maximum", "lowest", "highest", "min", "max",
];

/// The phrases that introduce values.
const PHRASES: [&str; 8] = [
    "can take the following values:",
    "can take the values:",
    "can take values:",
    "possible values are:",
    "choose from the following values:",
    "specify the following values:",
    "the following sorting rules are supported:",
    "supported languages:",
];

/// Splits a line at the phrase that introduces values: `possible values:`, `possible grouping
/// types:`, `can take the following values:`.
pub fn listing(line: &str) -> Option<(&str, &str)> {
    if let Some(split) = split_at_any(line, &PHRASES) {
        return Some(split);
    }
    let lower = line.to_ascii_lowercase();
    let at = lower.find("possible ")?;
    // "minimal possible value: 5" is a bound.
    let before = lower[..at].split_whitespace().next_back();
    if before.is_some_and(|word| BOUNDS.contains(&word)) {
        return None;
    }
    let colon = at + lower[at..].find(':')?;
    let words: Vec<&str> = lower[at..colon].split_whitespace().collect();
    // "it is possible to write: …" introduces an example.
    let is_listing = (2..=9).contains(&words.len()) && words[1] != "to";
    is_listing.then(|| (&line[..at], &line[colon + 1..]))
}

/// A line below the phrase that introduces values.
pub struct ValueLine<'a> {
    /// The values.
    pub values: Vec<String>,
    /// The meaning of the value, if the line has one.
    pub meaning: Option<&'a str>,
}

/// Reads a line below the phrase that introduces values. Returns `None` if it is another sentence.
pub fn value_line(line: &str) -> Option<ValueLine<'_>> {
    if let Some((head, meaning)) = explained(line) {
        let values = listed(head).filter(|values| values.len() == 1)?;
        return Some(ValueLine {
            values,
            meaning: Some(meaning),
        });
    }
    // One word can be a value that looks like a rule: `limit_reached`.
    let is_sentence = line.ends_with(':') || line.contains(' ') && announces(line);
    let values = listed(line).filter(|_| !is_sentence)?;
    Some(ValueLine {
        values,
        meaning: None,
    })
}

/// Splits a line into a value and its meaning.
fn explained(line: &str) -> Option<(&str, &str)> {
    let dash = [" – ", "_- ", " - ", "–"];
    let split = dash.iter().find_map(|dash| line.split_once(dash));
    let (head, meaning) = split
        .or_else(|| line.split_once(": "))
        .or_else(|| line.split_once(" returns "))?;
    let head = head.trim().trim_end_matches('_');
    let is_word = !head.is_empty() && !head.contains(' ');
    let is_other = ["example", "examples", "note"].contains(&head.to_ascii_lowercase().as_str());
    (is_word && !is_other && !meaning.trim().is_empty()).then_some((head, meaning))
}

/// A range of integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntegerRange {
    /// The smallest integer.
    pub min: i64,
    /// The largest integer.
    pub max: i64,
}

/// Returns the range of values that are integers without a gap, in any order.
pub fn range_of(values: &[String]) -> Option<IntegerRange> {
    let mut numbers: Vec<i64> = values
        .iter()
        .map(|it| exact_integer(it))
        .collect::<Option<_>>()?;
    numbers.sort_unstable();
    let (min, max) = (*numbers.first()?, *numbers.last()?);
    let has_no_gap = numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    (min < max && has_no_gap).then_some(IntegerRange { min, max })
}

/// Returns the value that the meaning marks as the default.
pub fn marked_default(line: &ValueLine<'_>, type_word: &str) -> Option<Value> {
    let meaning = line.meaning?.to_ascii_lowercase();
    let is_marked = meaning.contains("(set by default)") || meaning.contains("(by default)");
    let value = line.values.first().filter(|_| is_marked)?;
    match type_word {
        "string" => Some(value.as_str().into()),
        "integer" => exact_integer(value).map(Value::from),
        _ => None,
    }
}
