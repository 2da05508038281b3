//! The text of a file, with the meaning of each byte.

use std::ops::Range;

/// The meaning of a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Mark {
    /// Not checked. Ends a phrase.
    #[default]
    Break,
    /// Layout within prose, such as the `///` of a doc comment. Counts as a space.
    Gap,
    /// A sentence: prose for people.
    Prose,
    /// Output of a program, quoted in a document. Prose whose length is not measured.
    Output,
    /// A code span, or a string that is a single word. Only names are checked.
    Span,
    /// Code. Names and their parts are checked.
    Code,
}

/// A text with a mark for each byte.
pub(super) struct Marked<'t> {
    pub(super) text: &'t str,
    pub(super) marks: Vec<Mark>,
    /// The documents within the text: doc comments, Markdown, texts of the spec.
    pub(super) documents: Vec<Range<usize>>,
}

impl<'t> Marked<'t> {
    /// Creates a text in which nothing is checked.
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            marks: vec![Mark::Break; text.len()],
            documents: Vec::new(),
        }
    }

    /// Marks a range, which is cut off at the end of the text.
    pub(super) fn mark(&mut self, range: Range<usize>, mark: Mark) {
        let range = range.start..range.end.min(self.marks.len());
        if let Some(marks) = self.marks.get_mut(range) {
            marks.fill(mark);
        }
    }

    /// Returns the mark of a byte.
    pub(super) fn at(&self, at: usize) -> Mark {
        self.marks.get(at).copied().unwrap_or_default()
    }

    /// Returns the byte at a position, or 0 beyond the end.
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// Returns the text of a range, empty if there is none.
    pub(super) fn slice(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or("")
    }
}

/// Returns the lines of a range, without their line breaks.
pub(super) fn lines(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = range.start;
    for (at, _) in text
        .get(range.clone())
        .unwrap_or("")
        .match_indices('\n')
        .map(|(at, it)| (at + range.start, it))
    {
        lines.push(start..at);
        start = at + 1;
    }
    if start < range.end {
        lines.push(start..range.end);
    }
    lines
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns the parts of a text with a mark, joined by `|`.
    pub(in super::super) fn marked_as(marked: &Marked<'_>, mark: Mark) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut is_open = false;
        for (at, character) in marked.text.char_indices() {
            if marked.at(at) != mark {
                is_open = false;
                continue;
            }
            if !is_open {
                parts.push(String::new());
                is_open = true;
            }
            if let Some(part) = parts.last_mut() {
                part.push(character);
            }
        }
        parts.join("|")
    }

    #[test]
    fn the_last_line_needs_no_line_break() {
        assert_eq!(lines("a\nbc", 0..4), [0..1, 2..4]);
        assert_eq!(lines("a\nb\n", 0..4), [0..1, 2..3]);
    }
}
