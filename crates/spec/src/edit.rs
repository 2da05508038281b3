//! Edits of spec files that keep all other bytes: comments, blank lines and the order of keys.

use super::diagnostics::{Diagnostic, Diagnostics};
use super::load::parse;
use super::tree::{Path, Tree};

/// A spec file being edited.
#[derive(Debug, Clone)]
pub struct Editor {
    name: String,
    text: String,
    tree: Tree,
}

impl Editor {
    /// Creates an editor for the text of a file.
    ///
    /// # Errors
    /// Returns the errors in the file.
    pub fn new(name: &str, text: &str) -> Result<Self, Diagnostics> {
        let file = parse::<serde_json::Value>(name, text)?;
        Ok(Self {
            name: name.to_owned(),
            text: text.to_owned(),
            tree: file.tree,
        })
    }

    /// Returns the current text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the current value at a path.
    pub fn value(&self, path: &[String]) -> Option<&serde_json::Value> {
        self.tree.value.pointer(&pointer(path))
    }

    /// Returns the indentation of the entries of the mapping at a path.
    pub fn indent(&self, mapping: &[String]) -> usize {
        let first = self.keys(mapping).into_iter().next();
        match first {
            Some(key) => self.column(&child(mapping, &key)),
            None => self.column(mapping) + 2,
        }
    }

    /// Replaces an entry, or inserts it at its position in `order`. `lines` is the whole entry,
    /// indented, with its line end.
    ///
    /// # Errors
    /// Returns an error if the mapping is not in block style.
    pub fn set(
        &mut self,
        mapping: &[String],
        key: &str,
        order: &[&str],
        lines: &str,
    ) -> Result<(), Diagnostics> {
        let path = child(mapping, key);
        if self.value(&path).is_some() {
            self.refuse_flow_style(&path)?;
            let (start, end) = self.lines_of(&path);
            return self.replace(start, end, lines);
        }
        let rank = |name: &str| {
            order
                .iter()
                .position(|other| *other == name)
                .unwrap_or(order.len())
        };
        let keys = self.keys(mapping);
        let before = keys.iter().rfind(|other| rank(other) < rank(key));
        self.insert(mapping, before.map(String::as_str), lines)
    }

    /// Inserts an entry after another one of the mapping, or before all.
    ///
    /// # Errors
    /// Returns an error if the mapping is not in block style.
    pub fn insert(
        &mut self,
        mapping: &[String],
        after: Option<&str>,
        lines: &str,
    ) -> Result<(), Diagnostics> {
        let keys = self.keys(mapping);
        let Some(first) = keys.first() else {
            // An empty mapping is written `{}`, so its line is replaced.
            let (start, end) = self.lines_of(mapping);
            let key = mapping.last().map_or("", |key| key);
            let head = format!("{:1$}{key}:\n", "", self.column(mapping));
            return self.replace(start, end, &(head + lines));
        };
        self.refuse_flow_style(&child(mapping, first))?;
        let at = match after {
            Some(key) => self.lines_of(&child(mapping, key)).1,
            None => self.lines_of(&child(mapping, first)).0,
        };
        self.replace(at, at, lines)
    }

    /// Rejects an entry that shares a line with the mapping that contains it.
    fn refuse_flow_style(&self, entry: &[String]) -> Result<(), Diagnostics> {
        let location = self.tree.location(entry);
        let line = usize::try_from(location.line)
            .unwrap_or(1)
            .saturating_sub(1);
        let text = self.text.lines().nth(line).unwrap_or_default();
        let before: String = text.chars().take(self.column(entry)).collect();
        if before.trim().is_empty() {
            return Ok(());
        }
        let message = "write one key per line in this mapping, so that the import can edit it";
        Err(Diagnostics(vec![Diagnostic::new(
            &self.name, location, message,
        )]))
    }

    /// Returns whether an entry contains comments.
    pub fn has_comments(&self, path: &[String]) -> bool {
        let (start, end) = self.lines_of(path);
        let lines = self.text.lines().skip(start).take(end - start);
        lines
            .into_iter()
            .any(|line| line.trim_start().starts_with('#') || line.contains(" #"))
    }

    fn keys(&self, mapping: &[String]) -> Vec<String> {
        let value = self.value(mapping);
        let map = value.and_then(|value| value.as_object());
        map.into_iter()
            .flat_map(|map| map.keys().cloned())
            .collect()
    }

    fn column(&self, path: &[String]) -> usize {
        usize::try_from(self.tree.location(path).column)
            .unwrap_or(1)
            .saturating_sub(1)
    }

    /// Returns the lines of an entry from 0, without the end: up to the next line that is not
    /// indented deeper. Blank lines and comments before that line belong to the next entry.
    fn lines_of(&self, path: &[String]) -> (usize, usize) {
        let start = usize::try_from(self.tree.location(path).line)
            .unwrap_or(1)
            .saturating_sub(1);
        let column = self.column(path);
        let lines: Vec<&str> = self.text.lines().collect();
        let mut end = start + 1;
        for (index, line) in lines.iter().enumerate().skip(start + 1) {
            let indent = line.len() - line.trim_start().len();
            if line.trim().is_empty() || (line.trim_start().starts_with('#') && indent <= column) {
                continue;
            }
            // A list can have the same indentation as its key.
            let of_list = indent == column
                && line.trim_start().starts_with("- ")
                && !lines[start].trim_start().starts_with("- ");
            if indent <= column && !of_list {
                break;
            }
            end = index + 1;
        }
        (start, end)
    }

    fn replace(&mut self, start: usize, end: usize, lines: &str) -> Result<(), Diagnostics> {
        let mut text = String::with_capacity(self.text.len() + lines.len());
        let old: Vec<&str> = self.text.split_inclusive('\n').collect();
        for line in old.iter().take(start) {
            text.push_str(line);
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(lines);
        for line in old.iter().skip(end) {
            text.push_str(line);
        }
        *self = Self::new(&self.name, &text)?;
        Ok(())
    }
}

fn child(path: &[String], key: &str) -> Path {
    [path, &[key.to_owned()]].concat()
}

fn pointer(path: &[String]) -> String {
    path.iter().fold(String::new(), |pointer, key| {
        pointer + "/" + &key.replace('~', "~0").replace('/', "~1")
    })
}
