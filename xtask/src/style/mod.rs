//! Checks words, names and sentences against `docs/style.md`.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use rayon::prelude::*;

mod file_kind;
mod guide;
mod hash;
mod markdown;
mod rust;
mod sentences;
mod text;
mod words;
mod yaml;

use guide::Guide;

/// What a check looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Words and names that do not occur.
    Words,
    /// Sentences of more than 25 words.
    LongSentences,
}

/// A place that is not in the style of the guide.
#[derive(Debug, PartialEq, Eq)]
pub struct StyleFinding {
    /// The file, relative to the checkout.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl fmt::Display for StyleFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            column,
            message,
        } = self;
        write!(f, "{path}:{line}:{column}: {message}")
    }
}

/// Searches the files of a checkout, and returns what it finds in order of files and lines.
///
/// # Errors
///
/// States the file that cannot be read, or the line of the guide.
pub fn check(root: &Path, search: Search) -> Result<Vec<StyleFinding>, String> {
    let guide = Guide::read(&read(root, guide::PATH)?)?;
    let found: Result<Vec<_>, String> = files(root)?
        .par_iter()
        .map(|path| check_file(root, path, &guide, search))
        .collect();
    Ok(found?.into_iter().flatten().collect())
}

/// Returns findings as text, one per line.
pub fn lines(findings: &[StyleFinding]) -> String {
    findings.iter().map(|it| format!("{it}\n")).collect()
}

fn check_file(
    root: &Path,
    path: &str,
    guide: &Guide,
    search: Search,
) -> Result<Vec<StyleFinding>, String> {
    // The kind of a file is known by its path: others are not read.
    if file_kind::mark(path, "").is_none() || !root.join(path).is_file() {
        return Ok(Vec::new());
    }
    let text = read(root, path)?;
    Ok(check_text(path, &text, guide, search))
}

fn check_text(path: &str, text: &str, guide: &Guide, search: Search) -> Vec<StyleFinding> {
    let Some(mut marked) = file_kind::mark(path, text) else {
        return Vec::new();
    };
    if path == guide::PATH {
        for table in &guide.tables {
            marked.mark(table.clone(), text::Mark::Break);
        }
    }
    let mut lines = LineFinder::default();
    let mut finding = |range: &Range<usize>, message: String| {
        let (line, column) = lines.find(text, range.start);
        StyleFinding {
            path: path.to_owned(),
            line,
            column,
            message,
        }
    };
    match search {
        Search::Words => words::find(&marked, path, guide)
            .iter()
            .map(|it| {
                let words = one_line(marked.slice(it.range.clone()));
                finding(&it.range, format!("\"{words}\": use {}", it.instead))
            })
            .collect(),
        Search::LongSentences => sentences::find(&marked)
            .iter()
            .map(|it| {
                let words = one_line(marked.slice(it.range.clone()));
                let start: String = words.chars().take(60).collect();
                finding(&it.range, format!("{} words: {start}…", it.words))
            })
            .collect(),
    }
}

/// Returns words of several lines as one line, without the signs of comments.
fn one_line(text: &str) -> String {
    let words = text.split_whitespace();
    let words = words.filter(|it| !matches!(*it, "///" | "//!" | "//" | "#"));
    words.collect::<Vec<_>>().join(" ")
}

/// Finds lines and columns of positions that ascend.
#[derive(Default)]
struct LineFinder {
    line: usize,
    start: usize,
}

impl LineFinder {
    fn find(&mut self, text: &str, at: usize) -> (usize, usize) {
        while let Some(length) = text.get(self.start..at).and_then(|it| it.find('\n')) {
            self.start += length + 1;
            self.line += 1;
        }
        let before = text.get(self.start..at).unwrap_or("");
        (self.line + 1, before.chars().count() + 1)
    }
}

fn read(root: &Path, path: &str) -> Result<String, String> {
    let text = std::fs::read(root.join(path));
    let text = text.map_err(|error| format!("{path} cannot be read: {error}"))?;
    String::from_utf8(text).map_err(|_| format!("{path} is not UTF-8"))
}

/// Returns the files of a checkout, sorted: those that git tracks or would track.
fn files(root: &Path) -> Result<Vec<String>, String> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output();
    let mut files = match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .split_terminator('\0')
            .map(str::to_owned)
            .collect(),
        _ => walk(root)?,
    };
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

/// Returns the files of a folder without git. Leaves out what `.gitignore` names, and `.git`.
fn walk(root: &Path) -> Result<Vec<String>, String> {
    let ignored = read(root, ".gitignore").unwrap_or_default();
    let is_ignored = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        path == ".git" || ignored.lines().any(|it| is_pattern_of(it, path, name))
    };
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let failed = |error| format!("{} cannot be read: {error}", folder.display());
        for entry in std::fs::read_dir(root.join(&folder)).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = folder.join(entry.file_name());
            let name = path.to_string_lossy().replace('\\', "/");
            let kind = entry.file_type().map_err(failed)?;
            if is_ignored(&name) {
                continue;
            }
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                files.push(name);
            }
        }
    }
    Ok(files)
}

/// Returns whether a line of `.gitignore` names a path: a path, a name, or `*` at one end of a name.
fn is_pattern_of(line: &str, path: &str, name: &str) -> bool {
    let line = line.trim().trim_end_matches('/');
    if line.is_empty() || line.starts_with('#') {
        return false;
    }
    match (
        line.strip_prefix('/'),
        line.strip_prefix('*'),
        line.strip_suffix('*'),
    ) {
        (Some(anchored), _, _) => anchored == path,
        (_, Some(end), _) => name.ends_with(end),
        (_, _, Some(start)) => name.starts_with(start),
        _ => line == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The guide of the project.
    fn guide() -> Guide {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        Guide::read(&read(&root, guide::PATH).unwrap()).unwrap()
    }

    fn words(path: &str, text: &str) -> Vec<String> {
        let found = check_text(path, text, &guide(), Search::Words);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn words_are_found_in_each_kind_of_file_with_line_and_column() {
        for (path, text, place) in [
            ("README.md", "One.\nÜbung: sit anew.\n", "2:12"),
            ("README.md", "```console\n$ x\nsit anew\n```\n", "3:5"),
            ("src/a.rs", "\n/// One\n/// anew.\nfn f() {}\n", "3:5"),
            ("src/a.rs", "fn f() {} // sit anew\n", "1:18"),
            ("src/a.rs", "fn f() { g(\"é\\n{x} anew\") }\n", "1:20"),
            ("src/a.rs", "/* sit\n anew */", "2:2"),
            ("src/a.rs", "fn is_anew() {}\n", "1:4"),
            ("spec/a/b.yaml", "a:\n  doc: |\n    One\n    anew.\n", "4:5"),
            ("spec/a/b.yaml", "absent: Sit anew.\n", "1:13"),
            ("tests/a.sh", "#!/bin/sh\nx # sit anew\n", "2:9"),
            (".ci/run", "# anew\n", "1:3"),
            ("Cargo.toml", "a = 1\n# anew\n", "2:3"),
            ("Cargo.toml", "description = \"sit anew\"\n", "1:20"),
            ("a/test.py", "# anew\n", "1:3"),
            ("a/test.mjs", "f() // anew\n", "1:8"),
            ("a/Dockerfile", "# anew\n", "1:3"),
        ] {
            let found = words(path, text);
            assert_eq!(found.len(), 1, "{path}: {text}: {found:?}");
            assert!(
                found[0].starts_with(&format!("{path}:{place}: ")),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_finding_states_the_words_on_one_line_and_what_to_write() {
        assert_eq!(
            words("src/a.rs", "/// Ones are told\n    /// apart.\nfn f() {}"),
            [
                "src/a.rs:1:10: \"are told\": use \"is informed\", \"receives\", \"is reported\"",
                "src/a.rs:1:14: \"told apart\": use \"distinguish\"",
            ]
        );
        assert_eq!(
            words("src/a.rs", "fn was_told() {}"),
            ["src/a.rs:1:4: \"was_told\": use reported for told"]
        );
    }

    /// Returns the texts that a pattern stands for.
    fn texts(pattern: &guide::Pattern) -> Vec<String> {
        let mut texts = vec![String::new()];
        for (at, word) in pattern.words.iter().enumerate() {
            let gap = match (at, word.is_hyphened) {
                (0, _) => "",
                (_, true) => "-",
                (_, false) => " ",
            };
            texts = texts
                .iter()
                .flat_map(|text| {
                    word.alternatives
                        .iter()
                        .map(move |it| format!("{text}{gap}{it}"))
                })
                .collect();
        }
        texts
    }

    /// Returns a file that a rule is for, and that has no other rules of a folder.
    fn file(rule: &guide::StyleRule, name: &str) -> String {
        let folders = [
            "",
            "crates/mock-server/",
            "crates/client/",
            "crates/bulk/",
            "crates/models/",
        ];
        let files = folders.iter().map(|it| format!("{it}{name}"));
        files.into_iter().find(|it| rule.scope.has(it)).unwrap()
    }

    #[test]
    fn each_phrase_of_the_guide_is_found_unless_it_is_in_an_exception() {
        let guide = guide();
        for rule in guide.rules(guide::RuleKind::Phrase).all() {
            let path = file(rule, "a.md");
            for text in texts(&rule.pattern) {
                let found = check_text(&path, &format!("A {text} it."), &guide, Search::Words);
                let message = format!("\"{text}\": use {}", rule.instead);
                assert!(
                    found.iter().any(|it| it.message == message),
                    "{text}: {found:?}"
                );
                let found = check_text(&path, &format!("`{text}` a{text}a"), &guide, Search::Words);
                assert!(
                    found.iter().all(|it| it.message != message),
                    "{text}: {found:?}"
                );
            }
            for text in rule.exceptions.iter().flat_map(texts) {
                let found = check_text(&path, &format!("A {text} it."), &guide, Search::Words);
                let is_found = found.iter().any(|it| it.message.ends_with(&rule.instead));
                assert!(!is_found, "{text}: {found:?}");
            }
        }
    }

    #[test]
    fn each_name_of_the_guide_is_found_in_code() {
        let guide = guide();
        for (kind, end) in [
            (guide::RuleKind::Name, ""),
            (guide::RuleKind::Part, " for "),
        ] {
            for rule in guide.rules(kind).all() {
                let path = file(rule, "a.rs");
                for text in texts(&rule.pattern) {
                    let code = format!("fn f() {{ \"{text}\"; {text} }}");
                    let found = check_text(&path, &code, &guide, Search::Words);
                    let message = format!("\"{text}\": use {}{end}", rule.instead);
                    let is_found = found.iter().any(|it| it.message.starts_with(&message));
                    assert!(is_found, "{text}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn ordinary_english_passes() {
        let text = "It takes 5 s and is done. There is no limit, and there are none of them. \
            It is no longer sent. The list is made up of rows; see the tasks. A call has tasks. \
            The client stands in line for a response in steps of 10.";
        assert_eq!(words("README.md", text), [""; 0]);
    }

    #[test]
    fn the_tables_of_the_guide_do_not_find_themselves() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = read(&root, guide::PATH).unwrap();
        assert_eq!(words(guide::PATH, &text), [""; 0]);
    }

    #[test]
    fn a_checkout_is_read_with_and_without_git() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |path: &str, text: &str| {
            let file = root.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        let table = "| Do not write | Write | Except | Where |\n| --- | --- | --- | --- |\n| `frob` | x | | |\n";
        write("docs/style.md", table);
        write("b.md", "A frob.");
        write("a/c.rs", "// frob");
        write("a/d.json", "frob");
        write("target/e.md", "A frob.");
        write("f.tmp.md", "A frob.");
        write(".gitignore", "/target\nf.*\n");
        let expected = ["a/c.rs:1:4: \"frob\": use x", "b.md:1:3: \"frob\": use x"];
        let check = || -> Vec<String> {
            let found = check(root, Search::Words).unwrap();
            found.iter().map(ToString::to_string).collect()
        };
        assert_eq!(check(), expected);
        let git = Command::new("git")
            .args(["init", "-q"])
            .current_dir(root)
            .status();
        if git.is_ok_and(|it| it.success()) {
            assert_eq!(check(), expected);
        }
        write("b.md", &"word ".repeat(30));
        let long = super::check(root, Search::LongSentences).unwrap();
        assert_eq!(long.len(), 1);
        assert!(
            long[0]
                .to_string()
                .starts_with("b.md:1:1: 30 words: word word")
        );
    }

    #[test]
    fn a_checkout_without_the_guide_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = check(folder.path(), Search::Words).unwrap_err();
        assert!(
            error.starts_with("docs/style.md cannot be read: "),
            "{error}"
        );
    }
}
