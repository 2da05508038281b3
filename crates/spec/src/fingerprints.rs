//! The fingerprints of the vendor's texts, in one generated file per section and one at the root.
//!
//! A fingerprint shows the import whether a text changed since the last import. It is of no use to a
//! reader of the spec, so it is not in the YAML. [`Fingerprints::apply`] adds the fingerprints to the
//! decoded files.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::diagnostics::{Diagnostic, Diagnostics, Location};
use crate::language::{Endpoint, Field, Fields, SharedTypes};
use crate::tree::Path;

/// The name of the file in the folder of a section and at the root.
pub const FILE: &str = "fingerprints.lock";

/// The first line of the file.
const HEADER: &str =
    "# Fingerprints of the vendor's texts. Written by `cargo xtask import`; do not edit.\n";

/// The number of hexadecimal digits of a fingerprint.
const DIGITS: usize = 8;

/// The characters with a meaning in a line, and what a key contains instead. The first two are those
/// of a JSON pointer.
const ESCAPES: [(char, &str); 4] = [('~', "~0"), ('/', "~1"), (' ', "~2"), ('\n', "~3")];

/// The fingerprints of one spec file, by the keys that lead to the field.
pub type FileFingerprints = BTreeMap<Path, String>;

/// The fingerprints of a section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprints {
    /// The fingerprints by spec file. Names are relative to the folder of the section.
    files: BTreeMap<String, FileFingerprints>,
}

impl Fingerprints {
    /// Reads the text of a file. `name` is its name in errors.
    ///
    /// # Errors
    /// Returns every line that is not a fingerprint, and every second fingerprint of a field.
    pub fn parse(name: &str, text: &str) -> Result<Self, Diagnostics> {
        let mut read = Self::default();
        let mut found = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            if line.starts_with('#') {
                continue;
            }
            let problem = match FingerprintLine::parse(line).map(|line| read.add(line)) {
                Some(Added::New) => continue,
                Some(Added::Second) => "a second fingerprint of this field",
                None => {
                    "not a fingerprint: expected a file, a path and 8 hexadecimal digits, separated \
                     by spaces"
                }
            };
            let location = Location {
                line: number,
                column: 1,
            };
            let advice = "delete the line; the next import then treats the text as new";
            found.push(Diagnostic::new(
                name,
                location,
                format!("{problem}; {advice}"),
            ));
        }
        if found.is_empty() {
            Ok(read)
        } else {
            Err(Diagnostics(found))
        }
    }

    /// Adds a fingerprint, unless the field has one.
    fn add(&mut self, line: FingerprintLine) -> Added {
        let file = self.files.entry(line.file).or_default();
        match file.entry(line.path) {
            Entry::Vacant(entry) => {
                entry.insert(line.fingerprint);
                Added::New
            }
            Entry::Occupied(_) => Added::Second,
        }
    }

    /// Returns the text of the file: one line per fingerprint, sorted by spec file and path. `None`
    /// if there are no fingerprints.
    pub fn text(&self) -> Option<String> {
        let mut text = HEADER.to_owned();
        for (file, fingerprints) in &self.files {
            let file = escaped(file.split('/'));
            for (path, fingerprint) in fingerprints {
                let path = escaped(path.iter().map(String::as_str));
                text += &format!("{file} {path} {fingerprint}\n");
            }
        }
        (!self.files.is_empty()).then_some(text)
    }

    /// Adds the fingerprints of a spec file to its decoded content. Fields that the content lacks are
    /// skipped.
    pub fn apply(&self, file: &str, content: &mut impl Fingerprinted) {
        let Some(known) = self.files.get(file) else {
            return;
        };
        content.visit(&mut |path, fingerprint| *fingerprint = known.get(path).cloned());
    }

    /// Replaces the fingerprints of a spec file after an import. `read` are those that the import
    /// read; other fields of the content keep theirs. Fingerprints of fields that the content lacks
    /// are dropped.
    pub fn update(
        &mut self,
        file: &str,
        content: &mut impl Fingerprinted,
        mut read: FileFingerprints,
    ) {
        let mut known = self.files.remove(file).unwrap_or_default();
        let mut kept = FileFingerprints::new();
        content.visit(&mut |path, _| {
            let fingerprint = read.remove(path).or_else(|| known.remove(path));
            kept.extend(fingerprint.map(|fingerprint| (path.to_vec(), fingerprint)));
        });
        if !kept.is_empty() {
            self.files.insert(file.to_owned(), kept);
        }
    }

    /// Drops the fingerprints of all spec files that are not `known`.
    pub fn retain_files(&mut self, known: impl Fn(&str) -> bool) {
        self.files.retain(|file, _| known(file));
    }
}

/// Whether a field already had a fingerprint.
#[derive(Debug, PartialEq)]
enum Added {
    New,
    Second,
}

/// A line of the file.
struct FingerprintLine {
    file: String,
    path: Path,
    fingerprint: String,
}

impl FingerprintLine {
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let [file, path, fingerprint] = words[..] else {
            return None;
        };
        let is_fingerprint = fingerprint.len() == DIGITS
            && fingerprint
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, 'a'..='f'));
        (is_fingerprint && !file.is_empty() && !path.is_empty()).then(|| Self {
            file: unescaped(file).join("/"),
            path: unescaped(path),
            fingerprint: fingerprint.to_owned(),
        })
    }
}

fn escaped<'a>(keys: impl Iterator<Item = &'a str>) -> String {
    let keys = keys.map(|key| {
        ESCAPES
            .iter()
            .fold(key.to_owned(), |key, (c, escape)| key.replace(*c, escape))
    });
    keys.collect::<Vec<_>>().join("/")
}

fn unescaped(path: &str) -> Path {
    let keys = path.split('/').map(|key| {
        ESCAPES
            .iter()
            .rev()
            .fold(key.to_owned(), |key, (c, escape)| {
                key.replace(escape, &c.to_string())
            })
    });
    keys.collect()
}

/// The content of a spec file that has fingerprints.
pub trait Fingerprinted {
    /// Calls a function with the path and the fingerprint of each text that can have one.
    fn visit(&mut self, visitor: &mut Visitor<'_>);
}

/// A function that receives the keys that lead to a field, and its fingerprint.
pub type Visitor<'a> = dyn FnMut(&[String], &mut Option<String>) + 'a;

impl Fingerprinted for Endpoint {
    fn visit(&mut self, visitor: &mut Visitor<'_>) {
        visitor(&keys(["source"]), &mut self.source.wording);
        visit_fields(&mut self.parameters, &keys(["parameters"]), visitor);
        if let Some(task) = &mut self.task {
            visit_fields(&mut task.fields, &keys(["task", "fields"]), visitor);
        }
        if let Some(result) = &mut self.result {
            visit_fields(&mut result.fields, &keys(["result", "fields"]), visitor);
        }
    }
}

impl Fingerprinted for SharedTypes {
    fn visit(&mut self, visitor: &mut Visitor<'_>) {
        for (name, ty) in &mut self.types {
            visit_fields(&mut ty.fields, &keys(["types", name, "fields"]), visitor);
            for (tag, member) in &mut ty.members {
                let path = keys(["types", name, "members", tag, "fields"]);
                visit_fields(&mut member.fields, &path, visitor);
            }
        }
    }
}

/// Returns the fingerprints of a content.
pub fn of(content: &(impl Fingerprinted + Clone)) -> FileFingerprints {
    let mut all = FileFingerprints::new();
    content.clone().visit(&mut collector(&mut all));
    all
}

/// Returns the fingerprints of fields. `path` leads to the mapping of the fields.
pub fn of_fields(fields: &Fields, path: &[String]) -> FileFingerprints {
    let mut all = FileFingerprints::new();
    visit_fields(&mut fields.clone(), path, &mut collector(&mut all));
    all
}

fn collector(all: &mut FileFingerprints) -> impl FnMut(&[String], &mut Option<String>) {
    |path, fingerprint| all.extend(fingerprint.take().map(|it| (path.to_vec(), it)))
}

fn visit_fields(fields: &mut Fields, path: &[String], visitor: &mut Visitor<'_>) {
    for (name, field) in fields {
        visit_field(field, &child(path, name), visitor);
    }
}

fn visit_field(field: &mut Field, path: &[String], visitor: &mut Visitor<'_>) {
    visitor(path, &mut field.wording);
    if let Some(each) = &mut field.each {
        visit_field(each, &child(path, "each"), visitor);
    }
    visit_fields(&mut field.fields, &child(path, "fields"), visitor);
}

fn child(path: &[String], key: &str) -> Path {
    [path, &[key.to_owned()]].concat()
}

fn keys<const N: usize>(keys: [&str; N]) -> Path {
    keys.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "spec/x/fingerprints.lock";

    fn parsed(text: &str) -> Fingerprints {
        Fingerprints::parse(NAME, text).unwrap()
    }

    #[test]
    fn keys_with_any_character_survive() {
        let odd = ["a/b", "~", "~1", "two words", "line\nfeed", "é", ""];
        let path: Path = odd.map(str::to_owned).to_vec();
        let mut all = Fingerprints::default();
        let added = all.add(FingerprintLine {
            file: "a b/c.yaml".to_owned(),
            path,
            fingerprint: "0123abcd".to_owned(),
        });
        assert_eq!(added, Added::New);
        let text = all.text().unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert_eq!(parsed(&text), all);
    }

    #[test]
    fn lines_are_sorted_by_file_and_path() {
        let lines = ["b.yaml task/fields/a", "a.yaml source", "a.yaml result/x"];
        let text: String = lines
            .iter()
            .map(|line| format!("{line} 00000000\n"))
            .collect();
        let written = parsed(&text).text().unwrap();
        let sorted: Vec<&str> = written.lines().skip(1).collect();
        let expected = [2, 1, 0].map(|line| format!("{} 00000000", lines[line]));
        assert_eq!(sorted, expected);
    }

    #[test]
    fn errors_have_lines_and_advice() {
        let text = "# A comment.\na.yaml source 0123abcd\na.yaml source 0123abce\n<<<<<<< HEAD\n\n\
                    a.yaml task 0123ABCD\na.yaml task 0123abcd7\n";
        let found = Fingerprints::parse(NAME, text).unwrap_err();
        let lines: Vec<u64> = found.0.iter().map(|it| it.location.line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 7]);
        assert_eq!(
            found.0[0].to_string(),
            "spec/x/fingerprints.lock:3:1: a second fingerprint of this field; delete the line; the \
             next import then treats the text as new"
        );
    }

    #[test]
    fn nothing_known_is_no_file() {
        assert_eq!(Fingerprints::default().text(), None);
        assert_eq!(parsed(""), Fingerprints::default());
    }
}
