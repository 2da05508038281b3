//! Rust files: comments, doc comments, string literals and identifiers.

use std::ops::Range;

use super::markdown::{self, Untagged};
use super::text::{Mark, Marked};

/// Marks a Rust file.
pub(super) fn mark(marked: &mut Marked<'_>, path: &str) {
    let is_test = path.split('/').any(|it| it == "tests" || it == "fuzz");
    Scanner {
        marked,
        at: 0,
        is_test,
    }
    .run();
}

/// Reads a Rust file from front to back.
struct Scanner<'m, 't> {
    marked: &'m mut Marked<'t>,
    at: usize,
    /// Whether string literals are test data.
    is_test: bool,
}

impl Scanner<'_, '_> {
    fn run(&mut self) {
        while self.at < self.marked.text.len() {
            match (self.byte(0), self.byte(1)) {
                (b'/', b'/') => self.line_comments(),
                (b'/', b'*') => self.block_comment(),
                (b'"', _) => self.string(self.at + 1),
                (b'\'', _) => self.character(),
                (b'#', b'[') if self.starts_tests() => {
                    self.is_test = true;
                    self.at += 1;
                }
                (b'0'..=b'9', _) => self.at = self.word_end(),
                (first, _) if is_word(first) => self.word(),
                _ => self.at += 1,
            }
        }
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.marked.byte(self.at + ahead)
    }

    fn rest(&self) -> &str {
        self.marked.slice(self.at..self.marked.text.len())
    }

    fn word_end(&self) -> usize {
        let length = self.rest().bytes().take_while(|it| is_word(*it)).count();
        self.at + length
    }

    /// Returns whether a module of tests starts here.
    fn starts_tests(&self) -> bool {
        let Some(rest) = self.rest().strip_prefix("#[cfg(test)]") else {
            return false;
        };
        let item = rest.trim_start().split(['{', ';']).next().unwrap_or("");
        let has_body = rest.trim_start().get(item.len()..item.len() + 1) == Some("{");
        has_body && item.split_whitespace().any(|it| it == "mod")
    }

    /// Reads an identifier, or the prefix of a string.
    fn word(&mut self) {
        let end = self.word_end();
        let word = self.marked.slice(self.at..end);
        let is_raw = matches!(word, "r" | "br" | "cr");
        match self.marked.byte(end) {
            b'"' if matches!(word, "b" | "c") => self.string(end + 1),
            b'"' | b'#' if is_raw && self.raw_string(end) => {}
            b'\'' if word == "b" => {
                self.at = end;
                self.character();
            }
            _ => {
                self.marked.mark(self.at..end, Mark::Code);
                self.at = end;
            }
        }
    }

    /// Reads a raw string whose prefix ends at a position. Returns whether it was one.
    fn raw_string(&mut self, prefix_end: usize) -> bool {
        let rest = self.marked.slice(prefix_end..self.marked.text.len());
        let hashes = rest.bytes().take_while(|it| *it == b'#').count();
        if rest.as_bytes().get(hashes) != Some(&b'"') {
            return false;
        }
        let start = prefix_end + hashes + 1;
        let close = format!("\"{}", "#".repeat(hashes));
        let body = self.marked.slice(start..self.marked.text.len());
        let length = body.find(&close).unwrap_or(body.len());
        self.mark_string(start..start + length);
        self.at = start + length + close.len();
        true
    }

    /// Reads a string whose text starts at a position.
    fn string(&mut self, start: usize) {
        let mut end = start;
        while end < self.marked.text.len() && self.marked.byte(end) != b'"' {
            let is_escape = self.marked.byte(end) == b'\\';
            end += if is_escape { 2 } else { 1 };
        }
        self.mark_string(start..end);
        self.mark_escapes(start..end);
        self.at = end + 1;
    }

    /// Marks a string's text: prose if it has several words, else a name.
    fn mark_string(&mut self, range: Range<usize>) {
        let text = self.marked.slice(range.clone());
        if !text.trim().contains(char::is_whitespace) {
            self.marked.mark(range, Mark::Span);
        } else if !self.is_test && !is_json(text) {
            self.marked.mark(range.clone(), Mark::Prose);
            markdown::mark_urls(self.marked, range.clone());
            self.mark_placeholders(range);
        }
    }

    fn mark_escapes(&mut self, range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            if self.marked.byte(at) == b'\\' {
                self.marked.mark(at..at + 2, Mark::Gap);
                at += 1;
            }
            at += 1;
        }
    }

    /// Marks what stands between braces, such as `{name:?}`, as code spans.
    fn mark_placeholders(&mut self, range: Range<usize>) {
        let text = self.marked.slice(range.clone());
        for (at, _) in text.match_indices('{') {
            let body = text.get(at + 1..).unwrap_or("");
            let length = body.find(['}', '{', ' ', '\n']).unwrap_or(0);
            if body.as_bytes().get(length) == Some(&b'}') {
                let start = range.start + at;
                self.marked.mark(start..start + length + 2, Mark::Span);
            }
        }
    }

    /// Reads a character literal, or the quote of a lifetime.
    fn character(&mut self) {
        let body = self.rest().get(1..).unwrap_or("");
        let first = body.chars().next().map_or(1, char::len_utf8);
        if body.starts_with('\\') {
            let close = body.get(2..).and_then(|it| it.find('\''));
            self.at += close.map_or(2, |it| it + 4);
        } else if body.as_bytes().get(first) == Some(&b'\'') {
            self.at += first + 2;
        } else {
            self.at += 1;
            self.at = self.word_end();
        }
    }

    /// Reads the comments of a kind that follow each other line by line.
    fn line_comments(&mut self) {
        let prefix = comment_prefix(self.rest());
        let start = self.at;
        let mut end = start;
        while comment_prefix(self.rest()) == prefix && self.rest().starts_with("//") {
            let length = self.rest().find('\n').unwrap_or(self.rest().len());
            self.marked.mark(end..self.at + prefix.len(), Mark::Gap);
            end = self.at + length;
            self.marked.mark(self.at + prefix.len()..end, Mark::Prose);
            let rest = self.marked.slice(end..self.marked.text.len());
            let layout = rest.len() - rest.trim_start().len();
            let lines = rest.bytes().take(layout).filter(|it| *it == b'\n').count();
            self.at = end;
            if lines != 1 {
                break;
            }
            self.at += layout;
        }
        self.at = end;
        markdown::mark(self.marked, start..end, Untagged::IsRust);
        if prefix != "//" {
            self.marked.documents.push(start..end);
        }
    }

    fn block_comment(&mut self) {
        let start = self.at;
        let mut depth = 0_usize;
        while self.at < self.marked.text.len() {
            match (self.byte(0), self.byte(1)) {
                (b'/', b'*') => depth += 1,
                (b'*', b'/') => depth -= 1,
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            self.at += 2;
            if depth == 0 {
                break;
            }
        }
        let end = self.at.min(self.marked.text.len());
        self.marked.mark(start..end, Mark::Prose);
        markdown::mark(self.marked, start..end, Untagged::IsRust);
    }
}

/// Returns what a line comment starts with.
fn comment_prefix(text: &str) -> &'static str {
    if text.starts_with("//!") {
        "//!"
    } else if text.starts_with("///") && !text.starts_with("////") {
        "///"
    } else {
        "//"
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Returns whether a string's text looks like JSON.
fn is_json(text: &str) -> bool {
    let mut tokens = text
        .bytes()
        .filter(|it| !it.is_ascii_whitespace() && *it != b'\\');
    let is_open = matches!(tokens.next(), Some(b'{' | b'['));
    is_open && matches!(tokens.next(), Some(b'{' | b'[' | b'"'))
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::marked_as;
    use super::*;

    fn rust(text: &str) -> Marked<'_> {
        let mut marked = Marked::new(text);
        mark(&mut marked, "src/lib.rs");
        marked
    }

    #[test]
    fn comments_are_prose_and_identifiers_are_code() {
        let marked = rust(
            "//! One.\n\n/// Two\n/// three.\nfn four() {} // five\n/* six /* seven */ */ eight",
        );
        assert_eq!(
            marked_as(&marked, Mark::Prose),
            " One.| Two| three.| five|/* six /* seven */ */"
        );
        assert_eq!(marked_as(&marked, Mark::Code), "fn|four|eight");
        assert_eq!(marked.documents.len(), 2);
    }

    #[test]
    fn strings_of_several_words_are_prose_and_of_one_are_names() {
        let marked =
            rust(r##"f("one two", "three", r#"four "five" six"#, b"seven eight", "{\"a\": 1}")"##);
        assert_eq!(
            marked_as(&marked, Mark::Prose),
            "one two|four \"five\" six|seven eight"
        );
        assert_eq!(marked_as(&marked, Mark::Span), "three");
    }

    #[test]
    fn escapes_and_placeholders_are_not_prose() {
        let marked = rust(r#"f("a\nb {name:?} {} \"c\" {{")"#);
        assert_eq!(marked_as(&marked, Mark::Prose), "a|b | | |c| {{");
        assert_eq!(marked_as(&marked, Mark::Span), "{name:?}|{}");
    }

    #[test]
    fn quotes_of_characters_and_lifetimes_open_no_string() {
        let marked = rust(r#"fn f<'a>(x: &'a str) { ['"', '\'', '\u{22}', b'"', 'é'] } // end"#);
        assert_eq!(marked_as(&marked, Mark::Prose), " end");
        assert!(marked_as(&marked, Mark::Code).ends_with("str"));
    }

    #[test]
    fn raw_identifiers_are_code() {
        let marked = rust("let r#type = r; \"one two\"");
        assert_eq!(marked_as(&marked, Mark::Code), "let|r|type|r");
        assert_eq!(marked_as(&marked, Mark::Prose), "one two");
    }

    #[test]
    fn strings_of_tests_are_data() {
        let text =
            "f(\"one two\");\n#[cfg(test)]\nmod tests { f(\"three four\", \"five\") } // six";
        let marked = rust(text);
        assert_eq!(marked_as(&marked, Mark::Prose), "one two| six");
        let mut marked = Marked::new(text);
        mark(&mut marked, "crates/a/tests/it/main.rs");
        assert_eq!(marked_as(&marked, Mark::Prose), " six");
    }

    #[test]
    fn any_cut_of_a_file_is_read_to_its_end() {
        let text = "/// a `b\nfn c<'d>() { \"e\\\"f\"; r##\"g\"##; '\\''; b'h' } /* i */ // é";
        for end in (0..=text.len()).filter(|it| text.is_char_boundary(*it)) {
            let text = &text[..end];
            assert_eq!(rust(text).marks.len(), text.len());
        }
    }
}
