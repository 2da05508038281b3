//! Recognizers of numbers of elements and of characters.

use super::announce::announces;
use super::facts::{Prose, Reading, Sentence};
use super::text::{after, number, split_at_any};

/// The types that have elements.
const LISTS: [&str; 2] = ["array", "object"];

/// Recognizes the maximum number of characters of a text.
pub fn characters(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let phrases = [
        "you can specify up to",
        "can contain up to",
        "can be specified with up to",
        "script you enter must be no more than",
    ];
    let length = sentence
        .count(&phrases)
        .filter(|length| sentence.is_of_type(&["string"]) && length.rest.contains("characters"));
    Reading::of(length.map(|it| it.number), &mut prose.max_length)
}

/// Recognizes the maximum number of elements of a list.
pub fn items(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let phrases = [
        "you can set up to",
        "you can specify up to",
        "you can use up to",
        "you can set no more than",
        "you can specify no more than",
        "you can set the maximum of",
        "you can set a maximum of",
        "you can specify the maximum of",
        "you can specify a maximum of",
        "you can specify maximum of",
    ];
    let items = sentence
        .count(&phrases)
        .filter(|_| sentence.is_of_type(&LISTS));
    let Some(items) = items else {
        return Reading::Other;
    };
    prose.max_items = Some(items.number);
    // "up to 20 pages, each with no more than 9 words" states another limit, too.
    let rest = items.rest.trim_start_matches(|c: char| c.is_ascii_digit());
    Reading::when(!announces(rest))
}

/// Recognizes `the maximum number of pages you can specify: 20`.
pub fn maximum_number(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let phrases = ["maximum number of ", "maximum amount of ", "max number of "];
    let Some((before, rest)) = split_at_any(sentence.lower(), &phrases) else {
        return Reading::Other;
    };
    let Some((noun, value)) = rest.split_once(':').or_else(|| rest.split_once(" is ")) else {
        return Reading::Other;
    };
    let is_whole = ["", "the", "note: the", "note that the"].contains(&before.trim());
    let value = value.trim();
    let is_number = value
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == ',')
        .is_empty();
    let number = number(value).and_then(|number| u32::try_from(number).ok());
    let Some(number) = number.filter(|_| is_whole && is_number) else {
        return Reading::Other;
    };
    let has = |words: &[&str]| noun.split(' ').any(|word| words.contains(&word));
    let is_of_parts = has(&["each", "single", "per", "digits", "returned"])
        || after(noun, &["specify in a "]).is_some();
    let is_of_characters = has(&["characters", "symbols"]);
    match (is_of_parts, is_of_characters) {
        (false, true) if sentence.is_of_type(&["string"]) => prose.max_length = Some(number),
        (false, false) if sentence.is_of_type(&LISTS) => prose.max_items = Some(number),
        _ => return Reading::Other,
    }
    Reading::Understood
}
