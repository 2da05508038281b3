//! Detection of sentences that state a constraint.

use super::text::from_to;

/// Returns whether a sentence contains a word that indicates a constraint.
pub fn announces(sentence: &str) -> bool {
    let phrases = [
        "at least",
        "at most",
        "no more than",
        "not more than",
        "up to",
        "less than",
        "greater than",
        "more than",
        "possible values",
        "required field",
        "optional field",
        "default value",
        "set from",
        "no longer",
        "deprecated",
        "obsolete",
    ];
    let words = [
        "maximum",
        "minimum",
        "maximal",
        "minimal",
        "max",
        "min",
        "limit",
        "limited",
        "must",
        "cannot",
        "can't",
        "only",
        "required",
        "should",
        "allowed",
        "supported",
        "default",
    ];
    // "at least one link" is not a limit, and neither is a range without numbers.
    let sentence = &sentence.to_ascii_lowercase().replace("at least one", "");
    let numbers = sentence.contains(|c: char| c.is_ascii_digit());
    phrases.iter().any(|phrase| sentence.contains(phrase))
        || (numbers && (sentence.contains("range") || from_to(sentence).is_some()))
        || sentence
            .split(|c: char| !(c.is_alphanumeric() || c == '\''))
            .any(|word| words.contains(&word))
}
