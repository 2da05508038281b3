//! Edits of spec files that keep all other bytes: comments, blank lines and the order of keys.

use serde_json::Value;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::load::parse;
use super::tree::{Path, Tree};
use super::write::scalar;

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
        let file = parse::<Value>(name, text)?;
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
    pub fn value(&self, path: &[String]) -> Option<&Value> {
        self.tree.value.pointer(&pointer(path))
    }

    /// Returns the indentation of the entries of the mapping at a path. The mapping does not have
    /// to exist.
    pub fn indent(&self, mapping: &[String]) -> usize {
        let first = self.keys(mapping).into_iter().next();
        match (first, mapping) {
            (Some(key), _) => self.column(&child(mapping, &key)),
            (None, []) => 0,
            (None, _) if self.tree.has(mapping) => self.column(mapping) + 2,
            (None, [parents @ .., _]) => self.indent(parents) + 2,
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
            let (start, end) = self.lines_of(&path)?;
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

    /// Removes an entry. Does nothing if it is not there. A mapping that becomes empty is removed,
    /// too.
    ///
    /// # Errors
    /// Returns an error if the mapping is not in block style.
    pub fn remove(&mut self, mapping: &[String], key: &str) -> Result<(), Diagnostics> {
        let path = child(mapping, key);
        if self.value(&path).is_none() {
            return Ok(());
        }
        if let ([parents @ .., name], [_]) = (mapping, self.keys(mapping).as_slice()) {
            return self.remove(parents, name);
        }
        self.refuse_flow_style(&path)?;
        let (start, end) = self.lines_of(&path)?;
        self.replace(start, end, "")
    }

    /// Inserts an entry after another one of the mapping, or before all. A mapping that is not
    /// there is added at the end of its parent.
    ///
    /// # Errors
    /// Returns an error if the mapping is not in block style, is another kind of value, or has no
    /// entry `after`.
    pub fn insert(
        &mut self,
        mapping: &[String],
        after: Option<&str>,
        lines: &str,
    ) -> Result<(), Diagnostics> {
        match self.value(mapping) {
            None => return self.add_mapping(mapping, lines),
            Some(Value::Object(_) | Value::Null) => {}
            Some(_) => {
                return Err(self.refusal(mapping, "is not a mapping, so no entry can be added"));
            }
        }
        let keys = self.keys(mapping);
        let Some(first) = keys.first() else {
            // An empty mapping is written `{}`, so its line is replaced.
            let (start, end) = self.lines_of(mapping)?;
            let key = mapping.last().map_or_else(String::new, |key| key_text(key));
            let head = format!("{:1$}{key}:\n", "", self.column(mapping));
            return self.replace(start, end, &(head + lines));
        };
        self.refuse_flow_style(&child(mapping, first))?;
        let at = match after {
            Some(key) => self.lines_of(&child(mapping, key))?.1,
            None => self.lines_of(&child(mapping, first))?.0,
        };
        self.replace(at, at, lines)
    }

    /// Adds a mapping that is not there, with its entries, at the end of its parent.
    fn add_mapping(&mut self, mapping: &[String], lines: &str) -> Result<(), Diagnostics> {
        let [parents @ .., key] = mapping else {
            let end = self.text.lines().count();
            return self.replace(end, end, lines);
        };
        let keys = self.keys(parents);
        // The members of a union are its last entry.
        let before = keys.iter().rfind(|other| *other != "members");
        let head = format!("{:1$}{2}:\n", "", self.indent(parents), key_text(key));
        self.insert(parents, before.map(String::as_str), &(head + lines))
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

    /// Returns the error for an edit at a path.
    fn refusal(&self, path: &[String], message: &str) -> Diagnostics {
        let message = format!("`{}` {message}", path.join("."));
        let location = self.tree.location(path);
        Diagnostics(vec![Diagnostic::new(&self.name, location, message)])
    }

    /// Returns whether an entry contains comments.
    pub fn has_comments(&self, path: &[String]) -> bool {
        let Ok((start, end)) = self.lines_of(path) else {
            return false;
        };
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
    ///
    /// # Errors
    /// Returns an error if the entry is not there. Its location would be that of a parent, whose
    /// lines must not be replaced.
    fn lines_of(&self, path: &[String]) -> Result<(usize, usize), Diagnostics> {
        if !self.tree.has(path) {
            return Err(self.refusal(path, "is not in this file, so the import cannot edit it"));
        }
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
        Ok((start, end))
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

fn key_text(key: &str) -> String {
    scalar(&key.into())
}

fn child(path: &[String], key: &str) -> Path {
    [path, &[key.to_owned()]].concat()
}

fn pointer(path: &[String]) -> String {
    path.iter().fold(String::new(), |pointer, key| {
        pointer + "/" + &key.replace('~', "~0").replace('/', "~1")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(keys: &[&str]) -> Path {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    const TEXT: &str =
        "types:\n  A:\n    tag: type\n    members:\n      \"1\": {}\n  B:\n    doc: Text.\n";

    #[test]
    fn a_mapping_that_is_not_there_is_added_to_its_parent() {
        let mut editor = Editor::new("a.yaml", TEXT).unwrap();
        let fields = path(&["types", "A", "fields"]);
        assert_eq!(editor.indent(&fields), 6);
        editor.insert(&fields, None, "      x: 1\n").unwrap();
        let member = path(&["types", "A", "members", "1", "fields"]);
        assert_eq!(editor.indent(&member), 10);
        editor.insert(&member, None, "          y: 2\n").unwrap();
        let expected = "types:\n  A:\n    tag: type\n    fields:\n      x: 1\n    members:\n      \"1\":\n        fields:\n          y: 2\n  B:\n    doc: Text.\n";
        assert_eq!(editor.text(), expected);
        editor
            .insert(&path(&["task", "fields"]), None, "    z: 3\n")
            .unwrap();
        assert_eq!(
            editor.text(),
            format!("{expected}task:\n  fields:\n    z: 3\n")
        );
    }

    #[test]
    fn an_entry_is_removed_with_a_mapping_that_becomes_empty() {
        let mut editor =
            Editor::new("a.yaml", "a:\n  b:\n    c: 1\n  d:\n    - 1\n    - 2\n").unwrap();
        editor.remove(&path(&["a"]), "x").unwrap();
        editor.remove(&path(&["a", "b"]), "c").unwrap();
        assert_eq!(editor.text(), "a:\n  d:\n    - 1\n    - 2\n");
        editor.insert(&path(&["a"]), Some("d"), "  e: 3\n").unwrap();
        editor.remove(&path(&["a"]), "d").unwrap();
        assert_eq!(editor.text(), "a:\n  e: 3\n");
    }

    #[test]
    fn an_edit_that_would_hit_other_lines_is_refused() {
        let mut editor = Editor::new("a.yaml", TEXT).unwrap();
        let types = path(&["types"]);
        let error = editor
            .insert(&types, Some("C"), "  D:\n    x: 1\n")
            .unwrap_err();
        assert!(
            error.to_string().contains("`types.C` is not in this file"),
            "{error}"
        );
        let text = path(&["types", "B", "doc"]);
        let error = editor.insert(&text, None, "      x: 1\n").unwrap_err();
        assert!(
            error.to_string().contains("`types.B.doc` is not a mapping"),
            "{error}"
        );
        assert_eq!(editor.text(), TEXT);
    }
}
