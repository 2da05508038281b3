//! Finds the words that do not occur.

use std::ops::Range;

use super::guide::{Guide, Pattern, RuleKind, StyleRule};
use super::text::{Mark, Marked};

/// A word that does not occur, found in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) instead: String,
}

/// A word of a text.
struct WordToken<'t> {
    start: usize,
    word: &'t str,
    mark: Mark,
    /// The separator before this word.
    gap: Gap,
}

impl WordToken<'_> {
    fn end(&self) -> usize {
        self.start + self.word.len()
    }
}

/// A separator between two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    /// White space, or the layout of a comment.
    Space,
    Hyphen,
    /// Anything else: the words are not in one phrase.
    Other,
}

/// Returns what a marked text has of the words that do not occur.
pub(super) fn find(marked: &Marked<'_>, path: &str, guide: &Guide) -> Vec<Found> {
    let tokens = tokens(marked);
    let mut found = Vec::new();
    let is_generated = path.contains("/generated/") || path.contains("/generated.rs");
    for at in 0..tokens.len() {
        let Some(rest) = tokens.get(at..) else {
            continue;
        };
        let Some(first) = rest.first() else { continue };
        let is_name = first.mark != Mark::Prose && first.mark != Mark::Output;
        if !is_name {
            let word = first.word.to_ascii_lowercase();
            for rule in guide.rules(RuleKind::Phrase).starting_with(&word) {
                if let Some(length) = matches(rest, &rule.pattern, same_word)
                    && rule.scope.has(path)
                    && !rule
                        .exceptions
                        .iter()
                        .any(|it| is_within(&tokens, at, length, it))
                {
                    found.push(phrase(rest, length, rule));
                }
            }
            continue;
        }
        for rule in guide.rules(RuleKind::Name).starting_with(first.word) {
            if let Some(length) = matches(rest, &rule.pattern, str::eq)
                && rule.scope.has(path)
            {
                found.push(phrase(rest, length, rule));
            }
        }
        if first.mark == Mark::Code && !is_generated {
            found.extend(find_part(first, path, guide));
        }
    }
    found
}

fn phrase(tokens: &[WordToken<'_>], length: usize, rule: &StyleRule) -> Found {
    let first = tokens.first().map_or(0, |it| it.start);
    let last = tokens.get(length.saturating_sub(1));
    Found {
        range: first..last.map_or(first, WordToken::end),
        instead: rule.instead.clone(),
    }
}

/// Returns how many words match a pattern.
fn matches(
    tokens: &[WordToken<'_>],
    pattern: &Pattern,
    is_same: impl Fn(&str, &str) -> bool,
) -> Option<usize> {
    for (at, word) in pattern.words.iter().enumerate() {
        let token = tokens.get(at)?;
        let is_joined = match token.gap {
            _ if at == 0 => true,
            Gap::Space => !word.is_hyphened,
            Gap::Hyphen => true,
            Gap::Other => false,
        };
        if !is_joined || !word.alternatives.iter().any(|it| is_same(token.word, it)) {
            return None;
        }
    }
    Some(pattern.words.len())
}

/// Returns whether an exception matches a phrase that has the words from a position.
fn is_within(tokens: &[WordToken<'_>], at: usize, length: usize, exception: &Pattern) -> bool {
    let earliest = (at + length).saturating_sub(exception.words.len());
    (earliest..=at).any(|start| {
        tokens
            .get(start..)
            .is_some_and(|rest| matches(rest, exception, same_word).is_some())
    })
}

/// Returns whether two words are the same in any case.
fn same_word(word: &str, wanted: &str) -> bool {
    word.eq_ignore_ascii_case(wanted)
}

/// Finds a forbidden part of an identifier.
fn find_part(token: &WordToken<'_>, path: &str, guide: &Guide) -> Option<Found> {
    let snake = snake_case(token.word);
    for part in snake.split('_') {
        for rule in guide.rules(RuleKind::Part).starting_with(part) {
            let padded = format!("_{snake}_");
            let is_excepted = rule.exceptions.iter().any(|exception| {
                let words = exception.words.iter().flat_map(|it| &it.alternatives);
                words
                    .into_iter()
                    .any(|it| padded.contains(&format!("_{it}_")))
            });
            if rule.scope.has(path) && !is_excepted {
                return Some(Found {
                    range: token.start..token.end(),
                    instead: format!("{} for {part}", rule.instead),
                });
            }
        }
    }
    None
}

/// Returns an identifier in lower case with its parts joined by `_`.
fn snake_case(identifier: &str) -> String {
    let mut snake = String::with_capacity(identifier.len() + 4);
    let mut before = '_';
    for character in identifier.chars() {
        let is_start = character.is_ascii_uppercase() && before.is_ascii_lowercase();
        if is_start {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
        before = character;
    }
    snake
}

/// Splits a marked text into words.
fn tokens<'t>(marked: &Marked<'t>) -> Vec<WordToken<'t>> {
    let bytes = marked.text.as_bytes();
    let mut tokens: Vec<WordToken<'t>> = Vec::new();
    let mut gap = Gap::Other;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let mark = marked.at(at);
        let is_checked = !matches!(mark, Mark::Break | Mark::Gap);
        if is_checked && is_word(*byte) {
            let start = at;
            while marked.at(at) == mark && bytes.get(at).is_some_and(|it| is_word_or_mark(*it)) {
                at += 1;
            }
            let word = marked.slice(start..at);
            let word = word.trim_end_matches('\'');
            let word = word.strip_suffix("'s").unwrap_or(word);
            let is_identifier = mark == Mark::Prose && word.contains('_');
            tokens.push(WordToken {
                start,
                word,
                mark: if is_identifier { Mark::Span } else { mark },
                gap,
            });
            gap = Gap::Hyphen;
            if marked.at(at) != Mark::Prose || marked.byte(at) != b'-' {
                gap = Gap::Space;
            }
            continue;
        }
        gap = match (gap, byte) {
            _ if mark == Mark::Break => Gap::Other,
            (gap, _) if mark == Mark::Gap => gap,
            (Gap::Hyphen, b'-') => Gap::Hyphen,
            (Gap::Space, b'-') if marked.byte(at - 1).is_ascii_alphanumeric() => Gap::Hyphen,
            (Gap::Space, byte) if byte.is_ascii_whitespace() => Gap::Space,
            (Gap::Hyphen, byte) if byte.is_ascii_whitespace() => Gap::Space,
            _ => Gap::Other,
        };
        at += 1;
    }
    tokens
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn is_word_or_mark(byte: u8) -> bool {
    is_word(byte) || byte == b'\''
}

#[cfg(test)]
mod tests {
    use super::super::file_kind;
    use super::*;

    const GUIDE: &str = "\
| Do not write | Write | Except | Where |
| --- | --- | --- | --- |
| `frob/frobs`, `so wide` | narrow | `not so wide`, `frob on` | |
| `rows/tasks a call` | per call | | |
| `blue` | red | | in `spec/` |

| Not in names | Use | Except | Where |
| --- | --- | --- | --- |
| `told` | reported | `told_you` | not in `old/` |

| Former name | Now | Except | Where |
| --- | --- | --- | --- |
| `OldName` | `NewName` | | |
| `--old-flag` | `--new-flag` | | |
";

    fn check(path: &str, content: &str) -> Vec<String> {
        let guide = Guide::read(GUIDE).unwrap();
        let marked = file_kind::mark(path, content).unwrap();
        let found = find(&marked, path, &guide);
        let text = |it: &Found| format!("{} → {}", &content[it.range.clone()], it.instead);
        found.iter().map(text).collect()
    }

    #[test]
    fn whole_words_are_found_in_any_case() {
        assert_eq!(
            check(
                "a.md",
                "Frob, frobs: FROB's. frobnicate `frob` afrob frob_it"
            ),
            ["Frob → narrow", "frobs → narrow", "FROB → narrow"]
        );
    }

    #[test]
    fn phrases_are_found_across_lines_and_hyphens_but_not_across_sentences() {
        assert_eq!(
            check("a.md", "So\nwide, so-wide."),
            ["So\nwide → narrow", "so-wide → narrow"]
        );
        assert_eq!(
            check(
                "a.rs",
                "/// Frames so\n/// wide.\n/// So.\n/// Wide.\n// so `x` wide"
            ),
            ["so\n/// wide → narrow"]
        );
        assert_eq!(
            check("spec/a.yaml", "doc: |\n  It is so\n  wide.\n"),
            ["so\n  wide → narrow"]
        );
    }

    #[test]
    fn rates_are_found() {
        assert_eq!(
            check("a.md", "One has 3 rows a call."),
            ["rows a call → per call"]
        );
        assert!(check("a.md", "It rows. A call has tasks; a call ends.").is_empty());
    }

    #[test]
    fn exceptions_are_right() {
        assert!(check("a.md", "It is not so wide. Frob on.").is_empty());
        assert_eq!(check("a.md", "Not. So wide."), ["So wide → narrow"]);
    }

    #[test]
    fn rules_hold_within_their_scope() {
        assert_eq!(check("spec/a.yaml", "doc: A blue one.\n"), ["blue → red"]);
        assert!(check("a.md", "A blue one.").is_empty());
    }

    #[test]
    fn parts_of_identifiers_are_found_in_code() {
        assert_eq!(
            check(
                "a.rs",
                "fn is_told(x: WasTold, y: Untold, z: TOLD, told_you: u8) {}"
            ),
            [
                "is_told → reported for told",
                "WasTold → reported for told",
                "TOLD → reported for told"
            ]
        );
        assert_eq!(
            check("a.md", "```rust\nx.told();\n```"),
            ["told → reported for told"]
        );
        assert!(check("old/a.rs", "fn told() {}").is_empty());
        assert!(check("src/generated/a.rs", "fn told() {}").is_empty());
        assert!(check("a.rs", "f(\"is_told\") // It told `told`.").is_empty());
    }

    #[test]
    fn former_names_are_found_in_code_and_code_spans() {
        assert_eq!(
            check(
                "a.rs",
                "/// See [`OldName::new`].\nfn f(x: OldName, y: OldNames) { \"OldName\" }"
            ),
            ["OldName → NewName"; 3]
        );
        assert_eq!(
            check("a.md", "`a --old-flag 5`, OldName"),
            ["old-flag → --new-flag"]
        );
        assert_eq!(check("a.md", "```console\na --old-flag 5\n```").len(), 0);
    }
}
