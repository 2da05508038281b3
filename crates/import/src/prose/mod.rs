//! Extracts facts from the description of a field.
//!
//! A sentence with a word that indicates a constraint is either understood or listed. Other
//! sentences are ignored. A fact is accepted only if the sentence states a complete value of the
//! field's type and nothing else.

mod announce;
mod facts;
pub mod relations;
mod relative_dates;
mod text;
mod texts;

pub use announce::announces;
pub use facts::Prose;
use facts::Sentence;
use text::{listed, plain, split_at_any};

/// Reads the facts in the lines of a description.
pub fn read(type_word: &str, lines: &[String]) -> Prose {
    let mut reader = ProseReader {
        type_word,
        prose: Prose::default(),
    };
    let mut at = 0;
    while at < lines.len() {
        let line = plain(&lines[at]);
        at += 1;
        if let Some((before, after)) = listing(&line) {
            reader.sentences(before);
            at += reader.values(after, &lines[at..]);
            continue;
        }
        match split_at_any(&line, &["example:", "examples:"]) {
            Some((before, _)) => {
                reader.sentences(before);
                at += lines[at..].iter().take_while(|line| is_data(line)).count();
            }
            None => reader.sentences(&line),
        }
    }
    reader.prose
}

/// Splits a text into sentences, as [`read`] does.
pub fn sentences(line: &str) -> Vec<String> {
    let line = plain(line)
        .replace("; ", ";\u{0}")
        .replace(". ", ".\u{0}")
        .replace("e.g.\u{0}", "e.g. ")
        .replace("optional field ", "optional field\u{0}");
    line.split('\u{0}')
        .flat_map(unglued)
        .map(|sentence| sentence.trim().trim_end_matches([';', '.']).to_owned())
        .filter(|sentence| !sentence.is_empty())
        .collect()
}

/// Separates `required field` from the words before it, which plain text joins. A condition or a
/// negation stays whole.
fn unglued(sentence: &str) -> Vec<&str> {
    let sentence = sentence.trim_end().trim_end_matches([';', '.']);
    let glued = ["required field", "optional field"];
    let Some(before) = glued.iter().find_map(|words| sentence.strip_suffix(words)) else {
        return vec![sentence];
    };
    let words: Vec<String> = before.split_whitespace().map(str::to_lowercase).collect();
    let conditions = [
        "if", "when", "unless", "not", "n't", "becomes", "is", "a", "an", "as", "the",
    ];
    let conditional = words
        .first()
        .is_some_and(|first| conditions[..3].contains(&first.as_str()))
        || words
            .last()
            .is_some_and(|last| conditions[3..].contains(&last.as_str()));
    if conditional {
        vec![sentence]
    } else {
        vec![before, &sentence[before.len()..]]
    }
}

struct ProseReader<'a> {
    type_word: &'a str,
    prose: Prose,
}

impl ProseReader<'_> {
    fn sentences(&mut self, text: &str) {
        for sentence in sentences(text) {
            let is_understood =
                Sentence::new(self.type_word, &sentence).is_understood(&mut self.prose);
            if !is_understood && announces(&sentence) {
                self.prose.not_understood.push(sentence);
            }
        }
    }

    /// Reads the values after `possible values:`: a list on the same line, or one value per line.
    /// Returns the number of further lines that were used.
    fn values(&mut self, first: &str, rest: &[String]) -> usize {
        if !first.trim().is_empty() {
            // The list ends at the end of its sentence.
            let mut parts = sentences(first).into_iter();
            let list = parts.next().unwrap_or_default();
            match listed(&list) {
                Some(values) => self.take(values),
                None => self
                    .prose
                    .not_understood
                    .push(format!("possible values: {list}")),
            }
            parts.for_each(|sentence| self.sentences(&sentence));
            return 0;
        }
        let mut used = 0;
        for line in rest {
            let line = plain(line);
            let (head, meaning) = match line.split_once(" – ").or_else(|| line.split_once(" - "))
            {
                Some((head, meaning)) => (head, Some(meaning)),
                None => (line.as_str(), None),
            };
            let Some(values) = listed(head).filter(|values| {
                !announces(head) && !head.ends_with(':') && (meaning.is_none() || values.len() == 1)
            }) else {
                break;
            };
            // A line with several values is the whole list. A comma after one value continues it.
            let is_whole = meaning.is_none() && values.len() > 1;
            self.take(values);
            used += 1;
            if is_whole {
                break;
            }
        }
        if used == 0 {
            self.prose
                .not_understood
                .push("possible values: no list follows".to_owned());
        }
        used
    }

    fn take(&mut self, values: Vec<String>) {
        // The values of a boolean are known.
        if matches!(self.type_word, "string" | "array" | "object") {
            for value in values {
                if !self.prose.values.contains(&value) {
                    self.prose.values.push(value);
                }
            }
        } else if self.type_word != "boolean" {
            let list = values.join(", ");
            self.prose
                .not_understood
                .push(format!("possible values: {list}"));
        }
    }
}

/// The words before `possible value` that make it a bound.
const BOUNDS: [&str; 8] = [
    "minimal", "minimum", "maximal", "maximum", "lowest", "highest", "min", "max",
];

/// Splits a line at the phrase that introduces values: `possible values:`, `possible grouping
/// types:`, `can take the following values:`.
fn listing(line: &str) -> Option<(&str, &str)> {
    if let Some(split) = split_at_any(
        line,
        &[
            "can take the following values:",
            "can take the values:",
            "possible values are:",
        ],
    ) {
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
    let words = lower[at..colon].split_whitespace().count();
    (2..=4)
        .contains(&words)
        .then(|| (&line[..at], &line[colon + 1..]))
}

/// Returns whether a line after `example:` is part of the example: a quoted text, a number, a
/// bracket, or a list of words.
fn is_data(line: &str) -> bool {
    let line = line.trim();
    line.starts_with(|c: char| c.is_ascii_digit() || "\"'“‘[]{}".contains(c))
        || line.split(',').all(|token| !token.trim().contains(' '))
}
