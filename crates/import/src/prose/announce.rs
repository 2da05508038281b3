//! Sentences that announce a constraint.

use super::text::from_to;

/// Whether a sentence has a word that announces a constraint.
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
    // "at least one link" counts links, and a range without numbers bounds nothing.
    let sentence = &sentence.to_ascii_lowercase().replace("at least one", "");
    let numbers = sentence.contains(|c: char| c.is_ascii_digit());
    phrases.iter().any(|phrase| sentence.contains(phrase))
        || (numbers && (sentence.contains("range") || from_to(sentence).is_some()))
        || sentence
            .split(|c: char| !(c.is_alphanumeric() || c == '\''))
            .any(|word| words.contains(&word))
}
