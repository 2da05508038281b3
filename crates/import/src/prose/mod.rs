//! Extracts facts from the description of a field.
//!
//! A sentence with a word that indicates a constraint is either understood or listed. Other
//! sentences are ignored. A fact is accepted only if the sentence states a complete value of the
//! field's type and nothing else.

mod announce;
mod bounds;
mod charges;
mod counts;
mod facts;
pub mod relations;
mod relative_dates;
mod text;
mod texts;
mod values;

pub use announce::announces;
pub use facts::Prose;
use facts::{Limit, Sentence};
use text::{Range, from_to, listed, plain, split_at_any};
use values::{listing, marked_default, range_of, value_line};

/// Reads the facts in the lines of a description.
pub fn read(type_word: &str, lines: &[String]) -> Prose {
    let mut reader = ProseReader {
        type_word,
        prose: Prose::default(),
    };
    let lines = joined(lines);
    let mut at = 0;
    while at < lines.len() {
        let line = &lines[at];
        at += 1;
        if let Some((before, after)) = listing(line) {
            reader.sentences(before);
            at += reader.values(after, &lines[at..]);
            continue;
        }
        match split_at_any(line, &["example:", "examples:"]) {
            Some((before, _)) => {
                reader.sentences(before);
                for line in lines[at..].iter().take_while(|line| is_data(line)) {
                    at += 1;
                    // A note can follow the example in its line.
                    let notes = sentences(line).into_iter().skip(1);
                    notes.for_each(|sentence| reader.sentences(&sentence));
                }
            }
            None => reader.sentences(line),
        }
    }
    reader.prose.forget_cases();
    reader.prose
}

/// Returns the lines in plain characters. Joins a value to the line that announces it, and separates
/// sentences that a source joined.
fn joined(lines: &[String]) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for line in lines.iter().flat_map(|line| text::unglued(&plain(line))) {
        let is_value = |last: &&mut String| {
            let last = last.trim_end();
            last.ends_with("default value:") || last.ends_with("default rule:")
        };
        match joined.last_mut().filter(is_value) {
            Some(last) => *last = format!("{} {}", last.trim_end(), line.trim_start()),
            None => joined.push(line),
        }
    }
    joined
}

/// Splits a text into sentences, as [`read`] does.
pub fn sentences(line: &str) -> Vec<String> {
    let line = plain(line).replace("optional field ", "optional field\u{0}");
    let line = line.split(" (").collect::<Vec<_>>();
    let line = line.iter().enumerate().map(|(at, part)| {
        // A part in parentheses is in one sentence.
        let (inside, outside) = match part.split_once(')') {
            Some((inside, outside)) if at > 0 => (format!(" ({inside})"), outside),
            _ if at > 0 => (" (".to_owned(), *part),
            _ => (String::new(), *part),
        };
        let outside = outside
            .replace("; ", ";\u{0}")
            .replace(". ", ".\u{0}")
            .replace("e.g.\u{0}", "e.g. ");
        inside + &outside
    });
    let line = line.collect::<String>();
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
            self.list(first);
            return 0;
        }
        let mut values = Vec::new();
        let mut used = 0;
        for line in rest {
            let mut parts = sentences(line).into_iter();
            let head = parts.next().unwrap_or_default();
            let Some(found) = value_line(&head) else {
                break;
            };
            if let Some(default) = marked_default(&found, self.type_word) {
                self.prose.set(Limit::Default, default);
            }
            // A line with several values is the whole list. A comma after one value continues it.
            let is_whole = found.meaning.is_none() && found.values.len() > 1;
            let is_explained = found.meaning.is_some();
            values.extend(found.values);
            used += 1;
            if !is_explained {
                parts.for_each(|sentence| self.sentences(&sentence));
            }
            if is_whole && !line.trim_end().ends_with(',') {
                break;
            }
        }
        if used == 0 {
            self.prose
                .not_understood
                .push("possible values: no list follows".to_owned());
        } else {
            self.take(values);
        }
        used
    }

    /// Reads the values of a list, which ends at the end of its sentence.
    fn list(&mut self, text: &str) {
        let mut parts = sentences(text).into_iter();
        let list = parts.next().unwrap_or_default();
        let is_number = ["integer", "float", "number"].contains(&self.type_word);
        match (from_to(&list), listed(&list)) {
            (Some(Range { min, max }), _) if is_number => {
                self.prose.set(Limit::Min, min);
                self.prose.set(Limit::Max, max);
            }
            (_, Some(values)) => self.take(values),
            (_, None) => self
                .prose
                .not_understood
                .push(format!("possible values: {list}")),
        }
        parts.for_each(|sentence| self.sentences(&sentence));
    }

    fn take(&mut self, values: Vec<String>) {
        // The values of a boolean are known.
        if matches!(self.type_word, "string" | "array" | "object") {
            for value in values {
                if !self.prose.values.contains(&value) {
                    self.prose.values.push(value);
                }
            }
        } else if let Some(range) = range_of(&values).filter(|_| self.type_word == "integer") {
            self.prose.set(Limit::Min, range.min.into());
            self.prose.set(Limit::Max, range.max.into());
        } else if self.type_word != "boolean" {
            let list = values.join(", ");
            self.prose
                .not_understood
                .push(format!("possible values: {list}"));
        }
    }
}

/// Returns whether a line after `example:` is part of the example: a quoted text, a number, a
/// bracket, or a list of words.
fn is_data(line: &str) -> bool {
    let line = line.trim();
    line.starts_with(|c: char| c.is_ascii_digit() || "\"'“‘[]{}".contains(c))
        || line.split(',').all(|token| !token.trim().contains(' '))
}
