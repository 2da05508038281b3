//! Recognizes limits of the elements of a list: characters and words of each keyword.

use super::facts::{Prose, Reading, Sentence};
use super::text::number;

/// A phrase in front of a number, or around it.
struct Phrase {
    start: &'static str,
    /// The text that must follow the number; empty if nothing can follow it.
    end: &'static str,
}

const fn phrase(start: &'static str, end: &'static str) -> Phrase {
    Phrase { start, end }
}

const WORDS: [Phrase; 2] = [
    phrase("number of words for each keyword phrase: ", ""),
    phrase("number of words for each keyword: ", ""),
];

const LONGEST: [Phrase; 5] = [
    phrase("number of characters for each keyword: ", ""),
    phrase("number of characters in a single keyword: ", ""),
    phrase("characters you can specify in a keyword: ", ""),
    phrase("maximum length of each keyword: ", ""),
    phrase("with each keyword containing no more than ", " characters"),
];

const SHORTEST: [Phrase; 1] = [phrase(
    "each keyword should be at least ",
    " characters long",
)];

/// Recognizes the number of characters or words of each element.
pub fn elements(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    if !sentence.is_of_type(&["array"]) {
        return Reading::Other;
    }
    if let Some(max) = count(sentence, &WORDS) {
        prose.max_words = Some(max);
        return Reading::Understood;
    }
    if let Some(min) = count(sentence, &SHORTEST).or_else(|| more_than(sentence)) {
        prose.min_length = Some(min);
        return Reading::Understood;
    }
    let Some(max) = count(sentence, &LONGEST) else {
        return Reading::Other;
    };
    prose.max_length = Some(max);
    // The first half of the sentence limits the number of elements.
    if let Some((before, _)) = sentence.lower().split_once(" with each keyword") {
        let items = before.strip_prefix("you can specify the maximum of ");
        let items = items.and_then(number).and_then(|it| u32::try_from(it).ok());
        if items.is_none() {
            return Reading::NotUnderstood;
        }
        prose.max_items = items;
    }
    Reading::Understood
}

/// Returns the number in the first phrase that occurs.
fn count(sentence: &Sentence<'_>, phrases: &[Phrase]) -> Option<u32> {
    phrases.iter().find_map(|phrase| {
        let (_, rest) = sentence.lower().split_once(phrase.start)?;
        let rest = rest.strip_suffix(phrase.end)?.trim();
        let is_number = |c: char| c.is_ascii_digit() || c == ',';
        rest.chars().all(is_number).then_some(())?;
        u32::try_from(number(rest)?).ok()
    })
}

/// Recognizes a minimum number of characters that is `greater than 1`.
fn more_than(sentence: &Sentence<'_>) -> Option<u32> {
    let rest = sentence.lower();
    let rest = rest.strip_prefix("the ").unwrap_or(rest);
    let count = rest.strip_prefix("minimum number of characters ")?;
    let count = count.strip_prefix("must be greater than ")?;
    count.parse::<u32>().ok()?.checked_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Reading, Prose) {
        let mut prose = Prose::default();
        let reading = elements(&Sentence::new("array", text), &mut prose);
        (reading, prose)
    }

    #[test]
    fn limits_of_each_keyword_are_read() {
        let (reading, prose) = read("Number of characters for each keyword: 80");
        assert_eq!((reading, prose.max_length), (Reading::Understood, Some(80)));
        let (reading, prose) = read("Number of words for each keyword: 10");
        assert_eq!((reading, prose.max_words), (Reading::Understood, Some(10)));
        let (reading, prose) = read("each keyword should be at least 4 characters long");
        assert_eq!((reading, prose.min_length), (Reading::Understood, Some(4)));
        let least = "must be greater than 1";
        let (_, prose) = read(&format!("the minimum number of characters {least}"));
        assert_eq!(prose.min_length, Some(2));
        let (reading, prose) = read(
            "you can specify the maximum of 200 words with each keyword containing no more than 100 \
             characters",
        );
        assert_eq!(reading, Reading::Understood);
        assert_eq!((prose.max_items, prose.max_length), (Some(200), Some(100)));
    }

    #[test]
    fn other_sentences_are_of_another_kind() {
        for text in [
            "each keyword can be long",
            "maximum number of words for each keyword phrase: ten",
        ] {
            assert_eq!(read(text), (Reading::Other, Prose::default()), "{text}");
        }
    }
}
