//! Markdown: code spans, fenced blocks, link targets and URLs within prose.

use std::ops::Range;

use super::text::{Mark, Marked, lines};

/// The content of a fenced block without a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Untagged {
    /// Output of a program, as in Markdown files.
    IsOutput,
    /// Rust code, as in doc comments.
    IsRust,
}

/// The content of a fenced block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fence {
    Output,
    Rust,
    Script,
    Data,
}

/// Marks what is not prose in a range that is marked as prose.
pub(super) fn mark(marked: &mut Marked<'_>, range: Range<usize>, untagged: Untagged) {
    let mut fence: Option<(Fence, &str)> = None;
    let mut paragraph: Option<Range<usize>> = None;
    for line in lines(marked.text, range) {
        let content = content(marked, &line);
        let text = marked.slice(content.clone()).trim();
        let fence_mark = ["```", "~~~"].into_iter().find(|it| text.starts_with(it));
        match (fence, fence_mark) {
            (Some((_, open)), Some(close)) if open == close => {
                marked.mark(content, Mark::Break);
                fence = None;
            }
            (Some((kind, _)), _) => mark_fenced(marked, content, kind),
            (None, Some(open)) => {
                end(marked, &mut paragraph);
                fence = Some((kind_of(text, untagged), open));
                marked.mark(content, Mark::Break);
            }
            (None, None) if text.is_empty() => end(marked, &mut paragraph),
            (None, None) => {
                let start = paragraph.map_or(content.start, |it| it.start);
                paragraph = Some(start..content.end);
            }
        }
    }
    end(marked, &mut paragraph);
}

/// Returns the part of a line that is marked as prose.
fn content(marked: &Marked<'_>, line: &Range<usize>) -> Range<usize> {
    let start = line
        .clone()
        .find(|at| marked.at(*at) == Mark::Prose)
        .unwrap_or(line.end);
    start..line.end
}

fn kind_of(opening: &str, untagged: Untagged) -> Fence {
    let language = opening.trim_start_matches(['`', '~']);
    let language = language.split([',', ' ']).next().unwrap_or("");
    match language {
        "" if untagged == Untagged::IsRust => Fence::Rust,
        "rust" | "no_run" | "compile_fail" | "should_panic" | "ignore" => Fence::Rust,
        "sh" | "bash" | "toml" | "yaml" | "python" | "dockerfile" => Fence::Script,
        "json" | "jsonc" | "diff" => Fence::Data,
        _ => Fence::Output,
    }
}

fn mark_fenced(marked: &mut Marked<'_>, content: Range<usize>, kind: Fence) {
    let comment = match kind {
        Fence::Output => return marked.mark(content, Mark::Output),
        Fence::Data => return marked.mark(content, Mark::Break),
        Fence::Rust => "// ",
        Fence::Script => "# ",
    };
    let text = marked.slice(content.clone());
    // A line of a Rust example that starts with `# ` is hidden code.
    let comment_at = text.find(comment).unwrap_or(text.len());
    let split = content.start + comment_at;
    marked.mark(content.start..split, Mark::Code);
    marked.mark(split..content.end, Mark::Output);
    for string in quoted(marked.slice(content.start..split)) {
        marked.mark(
            content.start + string.start..content.start + string.end,
            Mark::Break,
        );
    }
}

/// Returns the ranges of a line of code that are within double quotes.
fn quoted(code: &str) -> Vec<Range<usize>> {
    let quotes: Vec<usize> = code.match_indices('"').map(|(at, _)| at).collect();
    quotes
        .chunks_exact(2)
        .filter_map(|pair| Some(*pair.first()?..*pair.last()?))
        .collect()
}

/// Ends a paragraph: marks its code spans, link targets and URLs.
fn end(marked: &mut Marked<'_>, paragraph: &mut Option<Range<usize>>) {
    let Some(range) = paragraph.take() else {
        return;
    };
    mark_spans(marked, range.clone());
    mark_targets(marked, range.clone());
    mark_urls(marked, range);
}

fn mark_spans(marked: &mut Marked<'_>, range: Range<usize>) {
    let mut at = range.start;
    while at < range.end {
        let ticks = ticks_at(marked, at, range.end);
        if ticks == 0 {
            at += 1;
            continue;
        }
        let start = at + ticks;
        let mut close = start;
        loop {
            if close >= range.end {
                // An unpaired backtick is text.
                at = start;
                break;
            }
            let run = ticks_at(marked, close, range.end);
            if run == ticks {
                marked.mark(at..start, Mark::Break);
                mark_span(marked, start..close);
                marked.mark(close..close + ticks, Mark::Break);
                at = close + ticks;
                break;
            }
            close += run.max(1);
        }
    }
}

/// Marks the prose of a range as a code span, and leaves the layout within.
fn mark_span(marked: &mut Marked<'_>, range: Range<usize>) {
    for at in range {
        if marked.at(at) == Mark::Prose {
            marked.mark(at..at + 1, Mark::Span);
        }
    }
}

fn ticks_at(marked: &Marked<'_>, at: usize, end: usize) -> usize {
    (at..end).take_while(|at| marked.byte(*at) == b'`').count()
}

fn mark_targets(marked: &mut Marked<'_>, range: Range<usize>) {
    let text = marked.slice(range.clone());
    for (at, _) in text.match_indices("](") {
        let start = range.start + at + 1;
        let length = text.get(at + 1..).and_then(|it| it.find(')'));
        marked.mark(start..start + length.unwrap_or(0), Mark::Break);
    }
}

/// Marks URLs, in Markdown and elsewhere, as not checked.
pub(super) fn mark_urls(marked: &mut Marked<'_>, range: Range<usize>) {
    let text = marked.slice(range.clone());
    for (at, _) in text.match_indices("://") {
        let is_end = |it: char| it.is_whitespace() || "\"'<>`)]".contains(it);
        let start = text.get(..at).unwrap_or("");
        let start = start.rfind(|it: char| !it.is_ascii_alphanumeric());
        let end = text.get(at..).and_then(|it| it.find(is_end));
        let end = end.map_or(text.len(), |it| at + it);
        let start = start.map_or(0, |it| it + 1);
        for at in range.start + start..range.start + end {
            if marked.at(at) == Mark::Prose {
                marked.mark(at..at + 1, Mark::Break);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::marked_as;
    use super::*;

    fn markdown(text: &str) -> Marked<'_> {
        let mut marked = Marked::new(text);
        marked.mark(0..text.len(), Mark::Prose);
        mark(&mut marked, 0..text.len(), Untagged::IsOutput);
        marked
    }

    #[test]
    fn code_spans_are_not_prose() {
        let marked = markdown("One `two` three ``fo`ur`` five ` six\n\nseven");
        assert_eq!(marked_as(&marked, Mark::Span), "two|fo`ur");
        assert_eq!(
            marked_as(&marked, Mark::Prose),
            "One | three | five ` six\n\nseven"
        );
    }

    #[test]
    fn a_code_span_ends_with_its_paragraph() {
        let marked = markdown("One ` two\n\nthree ` four");
        assert_eq!(marked_as(&marked, Mark::Span), "");
    }

    #[test]
    fn fenced_blocks_are_read_by_their_language() {
        let marked = markdown(
            "```rust\nlet a = \"b\"; // c d\n```\n```json\n{}\n```\n```console\ne f\n```\n```sh\ng # h\n```\ni",
        );
        assert_eq!(marked_as(&marked, Mark::Code), "let a = |\"; |g ");
        assert_eq!(marked_as(&marked, Mark::Output), "// c d|e f|# h");
        assert!(marked_as(&marked, Mark::Prose).ends_with('i'));
    }

    #[test]
    fn targets_of_links_and_urls_are_not_prose() {
        let marked = markdown(
            "See [the guide](docs/style.md), https://a.example/b-c and <http://d.example>.",
        );
        assert_eq!(
            marked_as(&marked, Mark::Prose),
            "See [the guide]|), | and <|>."
        );
    }
}
