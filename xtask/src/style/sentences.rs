//! Finds long sentences.

use std::ops::Range;

use super::text::{Mark, Marked};

/// The limit of words per sentence.
const MAX_WORDS: usize = 25;

/// A sentence with too many words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Long {
    pub(super) range: Range<usize>,
    pub(super) words: usize,
}

/// Returns the sentences of a text's documents that are too long.
pub(super) fn find(marked: &Marked<'_>) -> Vec<Long> {
    let mut long = Vec::new();
    for document in &marked.documents {
        let mut counter = Counter::new(document.start);
        for at in document.clone() {
            counter.read(marked, at);
            long.extend(counter.take_long());
        }
        counter.end();
        long.extend(counter.take_long());
    }
    long
}

/// Counts the words of a sentence.
struct Counter {
    start: usize,
    end: usize,
    words: usize,
    /// Whether the byte before was in a word or in a code span.
    is_in_word: bool,
    /// Whether only layout follows the last line break.
    is_line_start: bool,
    /// Whether the line is a heading, which ends a sentence.
    is_heading: bool,
    long: Option<Long>,
}

impl Counter {
    fn new(start: usize) -> Self {
        Self {
            start,
            end: start,
            words: 0,
            is_in_word: false,
            is_line_start: true,
            is_heading: false,
            long: None,
        }
    }

    fn read(&mut self, marked: &Marked<'_>, at: usize) {
        let byte = marked.byte(at);
        if byte == b'\n' {
            if self.is_line_start || self.is_heading {
                self.end();
            }
            self.is_line_start = true;
            self.is_heading = false;
            self.is_in_word = false;
            return;
        }
        let is_text = match marked.at(at) {
            // Link targets, backticks and the like belong to the word before.
            Mark::Break => return,
            Mark::Gap => {
                self.is_in_word = false;
                return;
            }
            Mark::Output | Mark::Code => return self.end(),
            Mark::Span => true,
            Mark::Prose => byte.is_ascii_alphanumeric() || byte >= 0x80,
        };
        let is_quiet = marked.at(at) == Mark::Prose && matches!(byte, b'\'' | b'-' | b'_' | b'/');
        let was_line_start = self.is_line_start;
        self.is_line_start &= byte.is_ascii_whitespace();
        if is_text {
            if was_line_start && starts_item(marked, at) {
                self.end();
            }
            if !self.is_in_word {
                if self.words == 0 {
                    self.start = at;
                }
                self.words += 1;
            }
            self.is_in_word = true;
            self.end = at + 1;
        } else if !is_quiet {
            self.is_in_word = false;
            let next = marked.byte(at + 1);
            self.is_heading |= byte == b'#' && was_line_start;
            let is_last = next == 0 || next.is_ascii_whitespace() || b"\"*)".contains(&next);
            let is_end = match byte {
                b'.' | b'?' | b'!' => is_last,
                b':' => matches!(next, 0 | b'\n'),
                b'|' => true,
                b'-' | b'*' | b'#' => was_line_start,
                _ => false,
            };
            if is_end {
                self.end();
            }
        } else if was_line_start {
            self.end();
        }
    }

    /// Ends the sentence.
    fn end(&mut self) {
        if self.words > MAX_WORDS {
            self.long = Some(Long {
                range: self.start..self.end,
                words: self.words,
            });
        }
        self.words = 0;
        self.is_in_word = false;
    }

    fn take_long(&mut self) -> Option<Long> {
        self.long.take()
    }
}

/// Returns whether a line starts with the number of a list's item.
fn starts_item(marked: &Marked<'_>, at: usize) -> bool {
    let rest = marked.slice(at..marked.text.len());
    let number = rest.trim_start_matches(|it: char| it.is_ascii_digit());
    number.len() < rest.len() && number.starts_with(". ")
}

#[cfg(test)]
mod tests {
    use super::super::file_kind;
    use super::*;

    fn long(path: &str, content: &str) -> Vec<usize> {
        let marked = file_kind::mark(path, content).unwrap();
        find(&marked).iter().map(|it| it.words).collect()
    }

    fn words(count: usize) -> String {
        vec!["word"; count].join(" ")
    }

    #[test]
    fn sentences_of_more_than_25_words_are_long() {
        let text = format!("{}. {}. {}.", words(25), words(26), words(3));
        assert_eq!(long("a.md", &text), [26]);
    }

    #[test]
    fn items_cells_headings_and_paragraphs_end_a_sentence() {
        let some = words(20);
        for text in [
            format!("- {some}\n- {some}\n"),
            format!("1. {some}\n2. {some}\n"),
            format!("| {some} | {some} |\n"),
            format!("# {some}\n{some}\n"),
            format!("{some}:\n{some}\n"),
            format!("**{some}.** {some}\n"),
        ] {
            assert_eq!(long("a.md", &text), [0_usize; 0], "{text}");
        }
        assert_eq!(long("a.md", &format!("{some}\n{some}\n")), [40]);
    }

    #[test]
    fn a_code_span_is_one_word_and_output_is_not_counted() {
        assert_eq!(
            long("a.md", &format!("`{}` {}.", words(30), words(24))),
            [0_usize; 0]
        );
        assert_eq!(
            long("a.md", &format!("```console\n{}\n```\n", words(30))),
            [0_usize; 0]
        );
    }

    #[test]
    fn doc_comments_and_the_spec_are_measured_and_other_comments_are_not() {
        let half = words(13);
        assert_eq!(
            long(
                "a.rs",
                &format!("/// {half}\n/// {half}.\n// {half} {half}\n")
            ),
            [26]
        );
        assert_eq!(
            long(
                "spec/a.yaml",
                &format!("# {half} {half}\ndoc: {half} {half}\n")
            ),
            [26]
        );
    }
}
