//! Files of the spec: comments and the values that are sentences.

use std::ops::Range;

use super::markdown::{self, Untagged};
use super::text::{Mark, Marked, lines};

/// Keys whose values are facts, or data of the vendor.
const DATA: [&str; 7] = [
    "const",
    "default",
    "documented",
    "example",
    "link",
    "pattern",
    "url",
];

/// The kind of the lines below a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum YamlValue {
    /// Other keys, or a value that is not prose.
    Other,
    /// A text that continues in deeper lines.
    Text,
    /// Data that continues in deeper lines.
    Data,
}

/// Marks a file of the spec.
pub(super) fn mark(marked: &mut Marked<'_>) {
    let mut open = YamlValue::Other;
    let mut depth = 0;
    let mut document: Option<Range<usize>> = None;
    for line in lines(marked.text, 0..marked.text.len()) {
        let text = marked.slice(line.clone());
        let indent = text.len() - text.trim_start().len();
        let is_below = text.trim().is_empty() || indent > depth;
        if open == YamlValue::Other || !is_below {
            end(marked, &mut document);
            depth = 0;
            open = YamlValue::Other;
            let content = line.start + indent..line.end;
            if text.trim_start().starts_with('#') {
                marked.mark(content.start + 1..content.end, Mark::Prose);
                markdown::mark(marked, content, Untagged::IsOutput);
                continue;
            }
            let entry = YamlEntry::read(marked.text, content);
            depth = entry.column - line.start;
            open = entry.below;
            if let Some(comment) = entry.comment {
                marked.mark(comment, Mark::Prose);
            }
            if let Some(prose) = entry.prose {
                marked.mark(prose.clone(), Mark::Prose);
                document = Some(prose);
            }
        } else if open == YamlValue::Text {
            let start = line.start + indent;
            marked.mark(line.start..start, Mark::Gap);
            marked.mark(start..line.end, Mark::Prose);
            let first = document.map_or(start, |it| it.start);
            document = Some(first..line.end);
        }
    }
    end(marked, &mut document);
}

/// Ends a text: marks the line breaks and the code spans within.
fn end(marked: &mut Marked<'_>, document: &mut Option<Range<usize>>) {
    let Some(range) = document.take() else {
        return;
    };
    for line in lines(marked.text, range.clone()) {
        if line.end < range.end {
            marked.mark(line.end..line.end + 1, Mark::Gap);
        }
    }
    markdown::mark(marked, range.clone(), Untagged::IsOutput);
    marked.documents.push(range);
}

/// A line `key: value`, or an element of a list.
struct YamlEntry {
    /// The position of the key or the element.
    column: usize,
    prose: Option<Range<usize>>,
    comment: Option<Range<usize>>,
    below: YamlValue,
}

impl YamlEntry {
    fn read(text: &str, line: Range<usize>) -> Self {
        let slice = |range: Range<usize>| text.get(range).unwrap_or("");
        let mut column = line.start;
        while slice(column..line.end).starts_with("- ") {
            let rest = slice(column + 1..line.end);
            column += 1 + rest.len() - rest.trim_start().len();
        }
        let (key, value) = split_key(slice(column..line.end));
        let start = line.end - value.len();
        let (value, comment) = split_comment(value);
        let comment = comment.map(|at| start + at..line.end);
        let is_data = DATA.contains(&key.trim_matches('"'));
        let is_block = value.starts_with(['|', '>']);
        let is_prose = !is_data
            && !is_block
            && !value.starts_with(['[', '{', '&', '*', '!'])
            && value.contains(char::is_whitespace);
        let below = if is_data && (is_block || value.is_empty()) {
            YamlValue::Data
        } else if is_prose || (is_block && !is_data) {
            YamlValue::Text
        } else {
            YamlValue::Other
        };
        Self {
            column,
            prose: is_prose.then(|| start..start + value.len()),
            comment,
            below,
        }
    }
}

/// Splits `key: value`. An element of a list has no key.
fn split_key(text: &str) -> (&str, &str) {
    let is_key = |key: &str| !key.is_empty() && !key.trim_matches('"').contains([' ', '"']);
    if let Some(key) = text.strip_suffix(':').filter(|it| is_key(it)) {
        return (key, "");
    }
    match text.split_once(": ") {
        Some((key, value)) if is_key(key) => (key, value.trim_start()),
        _ => ("", text),
    }
}

/// Splits a comment off a value. Returns where its text starts.
fn split_comment(value: &str) -> (&str, Option<usize>) {
    if value.starts_with('"') || value.starts_with('\'') {
        return (value.trim_end(), None);
    }
    match value.find(" #") {
        Some(at) => (value.get(..at).unwrap_or("").trim_end(), Some(at + 2)),
        None => (value.trim_end(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::marked_as;
    use super::*;

    fn yaml(text: &str) -> Marked<'_> {
        let mut marked = Marked::new(text);
        mark(&mut marked);
        marked
    }

    #[test]
    fn comments_and_sentences_are_prose_and_facts_are_not() {
        let marked = yaml(
            "# one\nname: two\ndoc: Three four. # five\nlist: [six, seven]\nunit: \"eight: nine\"\n",
        );
        assert_eq!(
            marked_as(&marked, Mark::Prose),
            " one|Three four.| five|\"eight: nine\""
        );
    }

    #[test]
    fn texts_of_several_lines_end_where_the_indent_does() {
        let marked =
            yaml("a:\n  - doc: |\n      One `two`\n\n      three.\n    unit: b\n  - c d\n");
        assert_eq!(marked_as(&marked, Mark::Prose), "One |three.|c d");
        assert_eq!(marked_as(&marked, Mark::Span), "two");
        assert_eq!(marked.documents.len(), 2);
    }

    #[test]
    fn a_plain_text_can_go_on_in_the_next_line() {
        let marked = yaml("a:\n  doc: One two\n    three.\n  unit: b\n");
        assert_eq!(marked_as(&marked, Mark::Prose), "One two|three.");
    }

    #[test]
    fn data_of_the_vendor_is_not_prose() {
        let marked = yaml("example:\n  text: some words\ndefault: some words\ndoc: our words\n");
        assert_eq!(marked_as(&marked, Mark::Prose), "our words");
    }
}
