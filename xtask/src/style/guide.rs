//! The tables of `docs/style.md` that the check reads.

use std::collections::HashMap;
use std::ops::Range;

/// The path of the guide.
pub(super) const PATH: &str = "docs/style.md";

/// The kind of rule in each table, by the title of its first column.
const TABLES: [(&str, RuleKind); 3] = [
    ("Do not write", RuleKind::Phrase),
    ("Not in names", RuleKind::Part),
    ("Former name", RuleKind::Name),
];

/// The kind of text that a rule finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuleKind {
    /// Words in prose.
    Phrase,
    /// A part of an identifier, such as `limit` in `MAX_LIMIT` and `RateLimit`.
    Part,
    /// A whole identifier or flag.
    Name,
}

/// A rule: words that do not occur.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StyleRule {
    pub(super) pattern: Pattern,
    /// The replacement.
    pub(super) instead: String,
    /// Phrases or names in which the words are right.
    pub(super) exceptions: Vec<Pattern>,
    pub(super) scope: RuleScope,
}

/// The files that a rule is for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RuleScope {
    only: Vec<String>,
    not: Vec<String>,
}

impl RuleScope {
    /// Returns whether a rule is for a file. A folder of the scope ends with `/`.
    pub(super) fn has(&self, path: &str) -> bool {
        let is_in = |folders: &[String]| folders.iter().any(|it| path.contains(it.as_str()));
        (self.only.is_empty() || is_in(&self.only)) && !is_in(&self.not)
    }
}

/// Words with alternatives.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) words: Vec<Word>,
}

/// A word of a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) alternatives: Vec<String>,
    /// Whether a hyphen must precede the word. A space stands for either.
    pub(super) is_hyphened: bool,
}

impl Pattern {
    /// Reads `words/alternatives in-a row`.
    fn read(text: &str) -> Self {
        let mut words = Vec::new();
        for part in text.split_whitespace() {
            let part = part.trim_start_matches('-');
            for (at, word) in part.split('-').enumerate() {
                words.push(Word {
                    alternatives: word.split('/').map(str::to_owned).collect(),
                    is_hyphened: at > 0,
                });
            }
        }
        Self { words }
    }
}

/// The rules of the guide.
#[derive(Debug, Default)]
pub(super) struct Guide {
    phrases: Rules,
    parts: Rules,
    names: Rules,
    /// The lines of the tables, which are not checked themselves.
    pub(super) tables: Vec<Range<usize>>,
}

/// Rules by the first word of their patterns.
#[derive(Debug, Default)]
pub(super) struct Rules {
    all: Vec<StyleRule>,
    by_word: HashMap<String, Vec<usize>>,
}

impl Rules {
    fn add(&mut self, rule: StyleRule) {
        let first = rule.pattern.words.first();
        for word in first.into_iter().flat_map(|it| &it.alternatives) {
            let rules = self.by_word.entry(word.clone()).or_default();
            rules.push(self.all.len());
        }
        self.all.push(rule);
    }

    /// Returns the rules whose patterns start with a word.
    pub(super) fn starting_with(&self, word: &str) -> impl Iterator<Item = &StyleRule> {
        let rules = self.by_word.get(word).map_or(&[][..], Vec::as_slice);
        rules.iter().filter_map(|at| self.all.get(*at))
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> &[StyleRule] {
        &self.all
    }
}

impl Guide {
    /// Reads the tables of the guide.
    ///
    /// # Errors
    ///
    /// Names the line if a row cannot be read, or states that there is no table.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut guide = Self::default();
        let mut table = None;
        let mut start = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let range = start..start + line.len();
            start = range.end;
            let Some(cells) = cells(line) else {
                table = None;
                continue;
            };
            let title = cells.first().copied().unwrap_or("");
            let Some(kind) = table else {
                table = TABLES.iter().find(|it| it.0 == title).map(|it| it.1);
                continue;
            };
            guide.tables.push(range);
            if !title.starts_with("---") {
                guide
                    .add(kind, &cells)
                    .map_err(|problem| format!("{PATH}:{}: {problem}", number + 1))?;
            }
        }
        if guide.tables.is_empty() {
            return Err(format!("{PATH} has no table of words"));
        }
        Ok(guide)
    }

    /// Returns the rules of a kind.
    pub(super) fn rules(&self, kind: RuleKind) -> &Rules {
        match kind {
            RuleKind::Phrase => &self.phrases,
            RuleKind::Part => &self.parts,
            RuleKind::Name => &self.names,
        }
    }

    fn add(&mut self, kind: RuleKind, cells: &[&str]) -> Result<(), String> {
        let [words, instead, exceptions, scope] = cells else {
            return Err(format!("the row has {} cells instead of 4", cells.len()));
        };
        let patterns = code_spans(words);
        if patterns.is_empty() {
            return Err("the first cell has no word in backticks".to_owned());
        }
        let rules = match kind {
            RuleKind::Phrase => &mut self.phrases,
            RuleKind::Part => &mut self.parts,
            RuleKind::Name => &mut self.names,
        };
        for pattern in patterns {
            let pattern = match kind {
                RuleKind::Phrase => Pattern::read(&pattern.to_lowercase()),
                RuleKind::Part | RuleKind::Name => Pattern::read(pattern),
            };
            rules.add(StyleRule {
                pattern,
                instead: instead.replace('`', ""),
                exceptions: code_spans(exceptions)
                    .into_iter()
                    .map(Pattern::read)
                    .collect(),
                scope: read_scope(scope)?,
            });
        }
        Ok(())
    }
}

/// Reads `in …` or `not in …` with folders in backticks.
fn read_scope(cell: &str) -> Result<RuleScope, String> {
    let folders: Vec<String> = code_spans(cell).into_iter().map(str::to_owned).collect();
    let none = Vec::new();
    match cell {
        "" => Ok(RuleScope::default()),
        _ if folders.is_empty() => Err(format!("“{cell}” has no folder in backticks")),
        _ if cell.starts_with("in ") => Ok(RuleScope {
            only: folders,
            not: none,
        }),
        _ if cell.starts_with("not in ") => Ok(RuleScope {
            only: none,
            not: folders,
        }),
        _ => Err(format!("“{cell}” starts with neither “in” nor “not in”")),
    }
}

/// Returns the cells of a table's row.
fn cells(line: &str) -> Option<Vec<&str>> {
    let row = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(row.split('|').map(str::trim).collect())
}

/// Returns the texts between backticks.
fn code_spans(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "| Do not write | Write | Except | Where |\n| --- | --- | --- | --- |\n";

    #[test]
    fn a_row_gives_a_rule_per_pattern() {
        let text = format!("Text.\n\n{HEAD}| `a/b c`, `d-e` | `f` | `a c g` | not in `h/` |\n");
        let guide = Guide::read(&text).unwrap();
        let [first, second] = guide.rules(RuleKind::Phrase).all() else {
            panic!("two rules");
        };
        assert_eq!(first.pattern, Pattern::read("a/b c"));
        assert_eq!(first.instead, "f");
        assert_eq!(first.exceptions, [Pattern::read("a c g")]);
        assert!(first.scope.has("x/y") && !first.scope.has("h/x"));
        assert!(second.pattern.words[1].is_hyphened);
        let starts = |word| guide.rules(RuleKind::Phrase).starting_with(word).count();
        assert_eq!((starts("a"), starts("b"), starts("c")), (1, 1, 0));
    }

    #[test]
    fn a_table_ends_with_its_last_row() {
        let text =
            format!("{HEAD}| `a` | b | | |\n\n| Term | Not |\n| --- | --- |\n| `c` | `d` |\n");
        let guide = Guide::read(&text).unwrap();
        assert_eq!(guide.rules(RuleKind::Phrase).all().len(), 1);
        assert_eq!(guide.tables.len(), 2);
    }

    #[test]
    fn rows_that_cannot_be_read_are_named_by_line() {
        for (row, problem) in [
            (
                "| a | b | | |",
                "3: the first cell has no word in backticks",
            ),
            ("| `a` | b |", "3: the row has 2 cells instead of 4"),
            (
                "| `a` | b | | here |",
                "3: “here” has no folder in backticks",
            ),
            (
                "| `a` | b | | at `c` |",
                "3: “at `c`” starts with neither “in” nor “not in”",
            ),
        ] {
            let error = Guide::read(&format!("{HEAD}{row}\n")).unwrap_err();
            assert_eq!(error, format!("docs/style.md:{problem}"));
        }
        let error = Guide::read("Text.").unwrap_err();
        assert_eq!(error, "docs/style.md has no table of words");
    }
}
