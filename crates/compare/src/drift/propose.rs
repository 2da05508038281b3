//! Edits of the spec that would resolve findings: shown as patches, and made if they are safe.
//!
//! Each edit is proposed once, even if several endpoints show the same difference. It is applied to
//! the current text of the file.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::Path as FilePath;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;
use similar::TextDiff;

use super::infer::{DOC, EVIDENCE, InferredType};
use super::observations::{MAX_UNDOCUMENTED, shortened};
use super::spec_view::{Role, SpecLocation};
use dataforseo_spec::diagnostics::Diagnostics;
use dataforseo_spec::edit::Editor;
use dataforseo_spec::facts::FIELD_KEYS;
use dataforseo_spec::files::{self, FileChange};
use dataforseo_spec::language::Values;
use dataforseo_spec::model;
use dataforseo_spec::tree::Tree;
use dataforseo_spec::write;

/// The length of the longest value, in characters. A longer one is data of a user.
const MAX_VALUE_CHARS: usize = 60;

/// A change at a location of the spec.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SpecChange {
    /// A new field.
    AddField {
        /// The name of the field.
        name: String,
    },
    /// A new value of a string, or key of a map.
    AddValue {
        /// The value.
        value: String,
        /// Whether more values occurred than are kept, so that a list may be wrong.
        of_many: bool,
    },
    /// A new member of a union.
    AddMember {
        /// The value of the tag.
        wire: String,
        /// The tag, and the fields that all members share.
        known: Vec<String>,
    },
    /// A float in place of an integer, as the type of a field or of its elements.
    ToFloat {
        /// `type`, or `of`.
        key: &'static str,
        /// Whether a documentation page states an integer.
        corrects: bool,
    },
}

/// The edits that would resolve the findings, without duplicates.
#[derive(Debug, Default)]
pub struct Proposals(IndexMap<(SpecLocation, SpecChange), EditBasis>);

#[derive(Debug)]
struct EditBasis {
    inferred: InferredType,
    role: Role,
    paths: Vec<String>,
}

impl Proposals {
    /// Adds an edit.
    pub fn add(
        &mut self,
        at: SpecLocation,
        change: SpecChange,
        inferred: Option<&InferredType>,
        role: Role,
        path: &str,
    ) {
        let basis = self.0.entry((at, change)).or_insert_with(|| EditBasis {
            inferred: InferredType::default(),
            role,
            paths: Vec::new(),
        });
        // A result proves more than a request.
        if basis.role == Role::Task {
            basis.role = role;
        }
        if let Some(inferred) = inferred {
            basis.inferred.merge(inferred);
        }
        if !basis.paths.iter().any(|known| known == path) {
            basis.paths.push(path.to_owned());
        }
    }

    /// Returns the edits as patches of the files in a workspace.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn patches(
        &self,
        root: &FilePath,
        trees: &BTreeMap<&str, &Tree>,
    ) -> Result<Vec<Proposal>, String> {
        let mut files = BTreeMap::new();
        let mut proposals = Vec::new();
        for ((at, change), basis) in &self.0 {
            let editor = open(&mut files, root, &at.file)?;
            let before = editor.text().to_owned();
            let tree = trees.get(at.file.as_str());
            let mut proposal = Proposal {
                file: at.file.clone(),
                line: tree.map_or(1, |tree| tree.location(&at.path).line),
                what: summary(change),
                paths: basis.paths.clone(),
                by_hand: by_hand(change, basis),
                patch: String::new(),
            };
            let mut edited = editor.clone();
            match edit(&mut edited, at, change, basis) {
                Ok(()) => {
                    proposal.line = first_change(&before, edited.text());
                    proposal.patch = patch(&at.file, &before, edited.text());
                }
                Err(reason) => proposal.by_hand = Some(reason),
            }
            proposals.push(proposal);
        }
        proposals.sort_by(|a, b| a.file.cmp(&b.file));
        Ok(proposals)
    }

    /// Makes the safe edits. Reverts an edit that makes the spec invalid.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the spec was already invalid.
    pub fn apply(&self, root: &FilePath) -> Result<AppliedEdits, String> {
        let mut files = BTreeMap::new();
        let mut safe = Vec::new();
        for ((at, change), basis) in &self.0 {
            let mut editor = open(&mut files, root, &at.file)?.clone();
            // The proposals state which edits cannot be made.
            if by_hand(change, basis).is_none() && edit(&mut editor, at, change, basis).is_ok() {
                safe.push(PlannedEdit { at, change, basis });
            }
        }
        let mut applied = AppliedEdits::default();
        make(root, &safe, &mut applied)?;
        Ok(applied)
    }
}

/// An edit that is about to be made.
#[derive(Clone, Copy)]
struct PlannedEdit<'p> {
    at: &'p SpecLocation,
    change: &'p SpecChange,
    basis: &'p EditBasis,
}

/// Makes edits together. If the spec becomes invalid, tries each half of them.
fn make(
    root: &FilePath,
    due: &[PlannedEdit<'_>],
    applied: &mut AppliedEdits,
) -> Result<(), String> {
    let Some(reason) = try_out(root, due, applied)? else {
        return Ok(());
    };
    if let [PlannedEdit { at, change, .. }] = due {
        let what = format!("{}: {}", at.file, summary(change));
        applied.refused.push(RejectedEdit { what, reason });
        return Ok(());
    }
    let (first, second) = due.split_at(due.len() / 2);
    make(root, first, applied)?;
    make(root, second, applied)
}

/// Makes edits. If the spec becomes invalid, reverts all of them and returns the reason.
fn try_out(
    root: &FilePath,
    due: &[PlannedEdit<'_>],
    applied: &mut AppliedEdits,
) -> Result<Option<String>, String> {
    let mut files: BTreeMap<&str, Editor> = BTreeMap::new();
    let mut before: BTreeMap<&str, String> = BTreeMap::new();
    let mut made = Vec::new();
    for PlannedEdit { at, change, basis } in due {
        let editor = open(&mut files, root, &at.file)?;
        let text = before.entry(&at.file);
        text.or_insert_with(|| editor.text().to_owned());
        if let Err(reason) = edit(editor, at, change, basis) {
            return Ok(Some(reason));
        }
        made.push(format!("{}: {}", at.file, summary(change)));
    }
    let after = files.iter().map(|(file, editor)| (*file, editor.text()));
    let mut outcome = write_all(root, after).map(|()| None);
    if outcome.is_ok() {
        match model::load(&root.join("spec")) {
            Ok(_) => {
                applied.made.extend(made);
                return Ok(None);
            }
            Err(error) => outcome = Ok(Some(error.to_string())),
        }
    }
    let before = before.iter().map(|(file, text)| (*file, text.as_str()));
    write_all(root, before)?;
    outcome
}

fn write_all<'t>(
    root: &FilePath,
    texts: impl Iterator<Item = (&'t str, &'t str)>,
) -> Result<(), String> {
    for (file, text) in texts {
        let change = FileChange {
            path: file.into(),
            wanted: Some(text.to_owned()),
            found: None,
        };
        files::write(root, &["spec"], &[change])
            .map_err(|error| format!("{file}: cannot be written: {error}"))?;
    }
    Ok(())
}

/// Returns the editor of a file. Reads the file on the first call.
fn open<'e, 'f>(
    files: &'e mut BTreeMap<&'f str, Editor>,
    root: &FilePath,
    file: &'f str,
) -> Result<&'e mut Editor, String> {
    match files.entry(file) {
        Entry::Occupied(known) => Ok(known.into_mut()),
        Entry::Vacant(new) => {
            let text = fs::read_to_string(root.join(file));
            let text = text.map_err(|error| format!("{file}: cannot be read: {error}"))?;
            let editor = Editor::new(file, &text).map_err(|error| error.to_string())?;
            Ok(new.insert(editor))
        }
    }
}

/// An edit of the spec that would resolve findings.
#[derive(Debug, Clone, Serialize)]
pub struct Proposal {
    /// The spec file.
    pub file: String,
    /// The first line that changes.
    pub line: u64,
    /// The edit as text.
    pub what: String,
    /// The paths in responses that show the difference.
    pub paths: Vec<String>,
    /// The reason why a person has to make the edit. `None` if `--apply` makes it.
    pub by_hand: Option<String>,
    /// The edit as a unified diff. Empty if it cannot be made.
    pub patch: String,
}

/// The result of `--apply`.
#[derive(Debug, Default, Serialize)]
pub struct AppliedEdits {
    /// The edits that were made.
    pub made: Vec<String>,
    /// The edits that were rejected.
    pub refused: Vec<RejectedEdit>,
}

/// An edit that was rejected.
#[derive(Debug, Serialize)]
pub struct RejectedEdit {
    /// The edit.
    pub what: String,
    /// The reason.
    pub reason: String,
}

fn summary(change: &SpecChange) -> String {
    match change {
        SpecChange::AddField { name } => format!("the field `{}`", shortened(name)),
        SpecChange::AddValue { value, .. } => format!("the value `{}`", shortened(value)),
        SpecChange::AddMember { wire, .. } => format!("the member `{}`", shortened(wire)),
        SpecChange::ToFloat { .. } => "type float in place of integer".to_owned(),
    }
}

/// Returns the reason why a person has to make an edit. `None` if `--apply` makes it.
fn by_hand(change: &SpecChange, basis: &EditBasis) -> Option<String> {
    let word = |text: &str| {
        let fits = (1..=MAX_VALUE_CHARS).contains(&text.chars().count());
        fits && !text.chars().any(char::is_control)
    };
    let reason = match (basis.role, change) {
        (Role::Task, _) => {
            "it occurs in requests only, which does not prove that the API supports it".to_owned()
        }
        (Role::Envelope, _) => {
            "the types of the envelope are written by hand, in crates/models/src/envelope.rs"
                .to_owned()
        }
        (_, SpecChange::AddMember { .. }) => {
            "a member requires a `doc`, and a new count in tests/it/unions.rs".to_owned()
        }
        (_, SpecChange::AddField { .. }) if basis.inferred.is_nothing() => {
            "every value was null, so the type is unknown".to_owned()
        }
        (_, SpecChange::AddValue { of_many: true, .. }) => {
            format!(
                "more than {MAX_UNDOCUMENTED} different values occurred: check whether they are a fixed list"
            )
        }
        (_, SpecChange::AddField { name: text } | SpecChange::AddValue { value: text, .. })
            if !word(text) =>
        {
            "empty, too long, or with control characters: probably not a value of the API"
                .to_owned()
        }
        _ => return None,
    };
    Some(reason)
}

/// Makes an edit.
fn edit(
    editor: &mut Editor,
    at: &SpecLocation,
    change: &SpecChange,
    basis: &EditBasis,
) -> Result<(), String> {
    match change {
        SpecChange::AddField { name } => {
            let field = |indent| write::field(name, &basis.inferred.to_field(), indent);
            insert(editor, &at.path, name, &field)
        }
        SpecChange::AddMember { wire, known } => {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let member = basis.inferred.to_member(&known);
            // `write::member` has the indentation of members in types.yaml.
            insert(editor, &at.path, wire, &|_| write::member(wire, &member))
        }
        SpecChange::AddValue { value, .. } => add_value(editor, &at.path, value),
        SpecChange::ToFloat { key, corrects } => {
            if !is_integer(editor, &at.path, key) {
                return Ok(());
            }
            to_float(editor, &at.path, key)?;
            if *corrects {
                add_correction(editor, &at.path, key)?;
            }
            Ok(())
        }
    }
}

/// Appends an entry to a mapping. Creates the mapping if it does not exist.
fn insert(
    editor: &mut Editor,
    mapping: &[String],
    key: &str,
    lines: &dyn Fn(usize) -> String,
) -> Result<(), String> {
    let message = |error: Diagnostics| error.to_string();
    match editor.value(mapping) {
        Some(value) => {
            let keys = value.as_object();
            if keys.is_some_and(|keys| keys.contains_key(key)) {
                return Ok(());
            }
            let last = keys.and_then(|keys| keys.keys().next_back().cloned());
            let lines = lines(editor.indent(mapping));
            editor
                .insert(mapping, last.as_deref(), &lines)
                .map_err(message)
        }
        None => {
            let Some((name, parent)) = mapping.split_last() else {
                return Err("the file is empty".to_owned());
            };
            let indent = editor.indent(parent);
            let lines = format!("{:indent$}{name}:\n{}", "", lines(indent + 2));
            editor
                .set(parent, name, &FIELD_KEYS, &lines)
                .map_err(message)
        }
    }
}

fn add_value(editor: &mut Editor, at: &[String], value: &str) -> Result<(), String> {
    let message = |error: Diagnostics| error.to_string();
    match editor.value(at) {
        Some(Value::Object(meanings)) => {
            if meanings.contains_key(value) {
                return Ok(());
            }
            let last = meanings.keys().next_back().cloned();
            let lines = write::entry(value, &DOC.into(), editor.indent(at));
            editor.insert(at, last.as_deref(), &lines).map_err(message)
        }
        Some(Value::Array(list)) => {
            let values = list.iter().filter_map(Value::as_str).map(str::to_owned);
            let mut values: Vec<String> = values.collect();
            if values.iter().any(|known| known == value) {
                return Ok(());
            }
            if editor.has_comments(at) {
                return Err("the list contains comments: add the value by hand".to_owned());
            }
            values.push(value.to_owned());
            let Some((key, field)) = at.split_last() else {
                return Err("the spec lists no values here".to_owned());
            };
            let lines = write::values(&Values::Plain(values), editor.indent(field));
            editor.set(field, key, &FIELD_KEYS, &lines).map_err(message)
        }
        _ => Err("the spec lists no values here".to_owned()),
    }
}

/// Returns whether a key of a field states an integer.
fn is_integer(editor: &Editor, field: &[String], key: &str) -> bool {
    let path = [field, &[key.to_owned()]].concat();
    editor.value(&path).and_then(Value::as_str) == Some("integer")
}

/// Replaces the type of a field, or of its elements.
fn to_float(editor: &mut Editor, field: &[String], key: &str) -> Result<(), String> {
    let path = [field, &[key.to_owned()]].concat();
    if editor.has_comments(&path) {
        return Err(format!("a comment follows `{key}`"));
    }
    let line = write::entry(key, &"float".into(), editor.indent(field));
    editor
        .set(field, key, &FIELD_KEYS, &line)
        .map_err(|error| error.to_string())
}

/// States that the documentation wrongly gives an integer.
fn add_correction(editor: &mut Editor, field: &[String], key: &str) -> Result<(), String> {
    let corrections = [field, &["corrections".to_owned()]].concat();
    if editor.value(&corrections).is_some() {
        return Err("the field already has corrections: add one by hand".to_owned());
    }
    let indent = editor.indent(field);
    let lines = [
        format!("{:indent$}corrections:\n", ""),
        format!("{:indent$}  - fact: {key}\n", ""),
        format!("{:indent$}    documented: integer\n", ""),
        format!("{:indent$}    reason: fractions occur\n", ""),
        format!("{:indent$}    evidence: {EVIDENCE}\n", ""),
    ];
    let lines = lines.concat();
    editor
        .set(field, "corrections", &FIELD_KEYS, &lines)
        .map_err(|error| error.to_string())
}

fn patch(file: &str, before: &str, after: &str) -> String {
    let mut diff = TextDiff::from_lines(before, after)
        .unified_diff()
        .header(&format!("a/{file}"), &format!("b/{file}"))
        .to_string();
    if !diff.is_empty() && !diff.ends_with('\n') {
        diff.push('\n');
    }
    diff
}

/// Returns the first line in which two texts differ, counted from 1.
fn first_change(before: &str, after: &str) -> u64 {
    let same = before
        .lines()
        .zip(after.lines())
        .take_while(|(a, b)| a == b);
    u64::try_from(same.count())
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}
