//! Scripts and configuration: comments, and the descriptions of packages.

use super::markdown::{self, Untagged};
use super::text::{Mark, Marked, lines};

/// Marks the comments of a file, which start with `#` or `//`.
pub(super) fn mark(marked: &mut Marked<'_>, sign: &str) {
    let mut block = None;
    for line in lines(marked.text, 0..marked.text.len()) {
        let text = marked.slice(line.clone());
        if let Some(value) = text.strip_prefix("description = ") {
            marked.mark(line.end - value.len()..line.end, Mark::Prose);
        }
        let comment = comment_start(text, sign).filter(|it| !it.is_script_line);
        let Some(comment) = comment else {
            end(marked, block.take());
            continue;
        };
        if !comment.is_whole_line {
            end(marked, block.take());
        }
        let start: usize = block.unwrap_or(line.start + comment.at);
        let body = line.start + comment.at + sign.len();
        if block.is_some() {
            marked.mark(line.start.saturating_sub(1)..body, Mark::Gap);
        }
        marked.mark(body..line.end, Mark::Prose);
        block = Some(start);
        if !comment.is_whole_line {
            end(marked, block.take());
        }
    }
    end(marked, block);
}

/// Ends a block of comments that starts at a position.
fn end(marked: &mut Marked<'_>, block: Option<usize>) {
    let Some(start) = block else {
        return;
    };
    let marks = marked.marks.get(start..).unwrap_or(&[]);
    let length = marks.iter().rposition(|it| *it == Mark::Prose);
    markdown::mark(
        marked,
        start..start + length.map_or(0, |it| it + 1),
        Untagged::IsOutput,
    );
}

/// The position of a comment in its line.
struct Comment {
    at: usize,
    is_whole_line: bool,
    /// Whether it is the `#!` of a script.
    is_script_line: bool,
}

fn comment_start(line: &str, sign: &str) -> Option<Comment> {
    let layout = line.len() - line.trim_start().len();
    let body = line.trim_start();
    if body.starts_with(sign) {
        return Some(Comment {
            at: layout,
            is_whole_line: true,
            is_script_line: body.starts_with("#!"),
        });
    }
    let spaced = format!(" {sign} ");
    let (at, _) = line.match_indices(&spaced).find(|(at, _)| {
        let before = line.get(..*at).unwrap_or("");
        ['"', '\'']
            .iter()
            .all(|it| before.matches(*it).count() % 2 == 0)
    })?;
    Some(Comment {
        at: at + 1,
        is_whole_line: false,
        is_script_line: false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::marked_as;
    use super::*;

    fn prose(text: &str, sign: &str) -> String {
        let mut marked = Marked::new(text);
        mark(&mut marked, sign);
        marked_as(&marked, Mark::Prose)
    }

    #[test]
    fn comments_of_scripts_are_prose() {
        let text = "#!/bin/sh\n# one\n  # `two` three\necho \"# four\" 'five' # six\n";
        assert_eq!(prose(text, "#"), " one| | three| six");
        assert_eq!(prose("f(); // one\n// two", "//"), " one| two");
    }

    #[test]
    fn descriptions_of_packages_are_prose() {
        assert_eq!(
            prose("name = \"a b\"\ndescription = \"c d\"\n", "#"),
            "\"c d\""
        );
    }
}
