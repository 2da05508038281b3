//! Edits of the spec that would settle findings: shown as patches, and made where they are safe.
//!
//! An edit is wished for once, however many endpoints show that it is due, and is worked out on
//! the text of the file as it is.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::Path as FilePath;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;
use similar::TextDiff;

use super::infer::{DOC, EVIDENCE, Inferred};
use super::said::{At, Role};
use super::tally::{MOST, shortened};
use dataforseo_spec::diagnostics::Diagnostics;
use dataforseo_spec::edit::Editor;
use dataforseo_spec::facts::FIELD_KEYS;
use dataforseo_spec::files::write_whole;
use dataforseo_spec::language::Values;
use dataforseo_spec::model;
use dataforseo_spec::tree::Tree;
use dataforseo_spec::write;

/// A longer value is no word of the API's, but somebody's data.
const LONGEST_VALUE: usize = 60;

/// What is to be changed at a place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    /// A field more, among those that stand here.
    AddField {
        /// Its name.
        name: String,
    },
    /// A value or a key more, among those that stand here.
    AddValue {
        /// The value.
        value: String,
        /// Whether there are more than can be kept, so that it is no list of words.
        of_many: bool,
    },
    /// A member more, among those that stand here.
    AddMember {
        /// The value of its tag.
        wire: String,
        /// The tag, and the fields that all members have.
        known: Vec<String>,
    },
    /// The field that stands here is a float, or holds floats.
    ToFloat {
        /// `type`, or `of`.
        key: &'static str,
        /// Whether a page says otherwise.
        corrects: bool,
    },
}

/// Edits that would settle findings, each once.
#[derive(Debug, Default)]
pub struct Wishes(IndexMap<(At, Change), Wish>);

#[derive(Debug)]
struct Wish {
    inferred: Inferred,
    role: Role,
    paths: Vec<String>,
}

impl Wishes {
    /// Wishes for an edit.
    pub fn add(
        &mut self,
        at: At,
        change: Change,
        inferred: Option<&Inferred>,
        role: Role,
        path: &str,
    ) {
        let wish = self.0.entry((at, change)).or_insert_with(|| Wish {
            inferred: Inferred::default(),
            role,
            paths: Vec::new(),
        });
        // What came back counts for more than what was sent.
        if wish.role == Role::Task {
            wish.role = role;
        }
        if let Some(inferred) = inferred {
            wish.inferred.merge(inferred);
        }
        if !wish.paths.iter().any(|known| known == path) {
            wish.paths.push(path.to_owned());
        }
    }

    /// The edits as they would be made to the files below a workspace's root.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn proposals(
        &self,
        root: &FilePath,
        trees: &BTreeMap<&str, &Tree>,
    ) -> Result<Vec<Proposal>, String> {
        let mut files = BTreeMap::new();
        let mut proposals = Vec::new();
        for ((at, change), wish) in &self.0 {
            let editor = open(&mut files, root, &at.file)?;
            let before = editor.text().to_owned();
            let tree = trees.get(at.file.as_str());
            let mut proposal = Proposal {
                file: at.file.clone(),
                line: tree.map_or(1, |tree| tree.location(&at.path).line),
                what: words(change),
                paths: wish.paths.clone(),
                by_hand: by_hand(change, wish),
                patch: String::new(),
            };
            let mut edited = editor.clone();
            match edit(&mut edited, at, change, wish) {
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

    /// Makes the safe edits. One after which the spec would not be valid is taken back.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the spec was not valid before.
    pub fn apply(&self, root: &FilePath) -> Result<Applied, String> {
        let mut files = BTreeMap::new();
        let mut safe = Vec::new();
        for (place, wish) in &self.0 {
            let (at, change) = place;
            let mut editor = open(&mut files, root, &at.file)?.clone();
            // What cannot be edited is told of with the proposals.
            if by_hand(change, wish).is_none() && edit(&mut editor, at, change, wish).is_ok() {
                safe.push((place, wish));
            }
        }
        let mut applied = Applied::default();
        make(root, &safe, &mut applied)?;
        Ok(applied)
    }
}

/// A place with its edit, and what shows that it is due.
type Due<'w> = (&'w (At, Change), &'w Wish);

/// Makes edits: all at once if the spec is valid then, else one half after the other.
fn make(root: &FilePath, due: &[Due<'_>], applied: &mut Applied) -> Result<(), String> {
    let Some(reason) = try_out(root, due, applied)? else {
        return Ok(());
    };
    if let [((at, change), _)] = due {
        let what = format!("{}: {}", at.file, words(change));
        applied.refused.push(Refused { what, reason });
        return Ok(());
    }
    let (first, second) = due.split_at(due.len() / 2);
    make(root, first, applied)?;
    make(root, second, applied)
}

/// Makes edits, or none of them if the spec would not be valid then: says why.
fn try_out(
    root: &FilePath,
    due: &[Due<'_>],
    applied: &mut Applied,
) -> Result<Option<String>, String> {
    let mut files: BTreeMap<&str, Editor> = BTreeMap::new();
    let mut before: BTreeMap<&str, String> = BTreeMap::new();
    let mut made = Vec::new();
    for ((at, change), wish) in due {
        let editor = open(&mut files, root, &at.file)?;
        let text = before.entry(&at.file);
        text.or_insert_with(|| editor.text().to_owned());
        if let Err(reason) = edit(editor, at, change, wish) {
            return Ok(Some(reason));
        }
        made.push(format!("{}: {}", at.file, words(change)));
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
        let path = root.join(file);
        write_whole(&path, text).map_err(|error| format!("{file}: cannot be written: {error}"))?;
    }
    Ok(())
}

/// The editor of a file, which is read when it is first asked for.
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

/// An edit of the spec that would settle findings.
#[derive(Debug, Clone, Serialize)]
pub struct Proposal {
    /// The file.
    pub file: String,
    /// The first line that changes.
    pub line: u64,
    /// What changes, in words.
    pub what: String,
    /// The places in answers that show that it is due.
    pub paths: Vec<String>,
    /// Why a person is to make it; `None` if `--apply` does.
    pub by_hand: Option<String>,
    /// The edit as a unified diff; empty if it cannot be worked out.
    pub patch: String,
}

/// What `--apply` did.
#[derive(Debug, Default, Serialize)]
pub struct Applied {
    /// The edits that were made.
    pub made: Vec<String>,
    /// Those that were not.
    pub refused: Vec<Refused>,
}

/// An edit that was not made.
#[derive(Debug, Serialize)]
pub struct Refused {
    /// The edit.
    pub what: String,
    /// Why.
    pub reason: String,
}

fn words(change: &Change) -> String {
    match change {
        Change::AddField { name } => format!("the field `{}`", shortened(name)),
        Change::AddValue { value, .. } => format!("the value `{}`", shortened(value)),
        Change::AddMember { wire, .. } => format!("the member `{}`", shortened(wire)),
        Change::ToFloat { .. } => "float instead of integer".to_owned(),
    }
}

/// Why a person is to make an edit, if one is.
fn by_hand(change: &Change, wish: &Wish) -> Option<String> {
    let word = |text: &str| {
        let fits = (1..=LONGEST_VALUE).contains(&text.chars().count());
        fits && !text.chars().any(char::is_control)
    };
    let reason = match (wish.role, change) {
        (Role::Task, _) => "it was sent, which does not show that the API knows it".to_owned(),
        (Role::Envelope, _) => {
            "the types of the envelope are written by hand, in crates/models/src/envelope.rs"
                .to_owned()
        }
        (_, Change::AddMember { .. }) => {
            "a member wants words, and the number in tests/it/unions.rs changes".to_owned()
        }
        (_, Change::AddField { .. }) if wish.inferred.is_nothing() => {
            "nothing but null was seen, so there is no type".to_owned()
        }
        (_, Change::AddValue { of_many: true, .. }) => {
            format!("more than {MOST} different ones were seen: is it a list of words at all?")
        }
        (_, Change::AddField { name: text } | Change::AddValue { value: text, .. })
            if !word(text) =>
        {
            "empty, too long or of odd characters: no word of the API's".to_owned()
        }
        _ => return None,
    };
    Some(reason)
}

/// Makes an edit.
fn edit(editor: &mut Editor, at: &At, change: &Change, wish: &Wish) -> Result<(), String> {
    match change {
        Change::AddField { name } => {
            let field = |indent| write::field(name, &wish.inferred.to_field(), indent);
            insert(editor, &at.path, name, &field)
        }
        Change::AddMember { wire, known } => {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let member = wish.inferred.to_member(&known);
            // That is how far the members of types.yaml are indented.
            insert(editor, &at.path, wire, &|_| write::member(wire, &member))
        }
        Change::AddValue { value, .. } => add_value(editor, &at.path, value),
        Change::ToFloat { key, corrects } => to_float(editor, &at.path, key, *corrects),
    }
}

/// Puts an entry behind all others of a mapping, which is made if it is not there.
fn insert(
    editor: &mut Editor,
    mapping: &[String],
    key: &str,
    lines: &dyn Fn(usize) -> String,
) -> Result<(), String> {
    let told = |error: Diagnostics| error.to_string();
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
                .map_err(told)
        }
        None => {
            let Some((name, parent)) = mapping.split_last() else {
                return Err("the file is empty".to_owned());
            };
            let indent = editor.indent(parent);
            let lines = format!("{:indent$}{name}:\n{}", "", lines(indent + 2));
            editor.set(parent, name, &FIELD_KEYS, &lines).map_err(told)
        }
    }
}

fn add_value(editor: &mut Editor, at: &[String], value: &str) -> Result<(), String> {
    let told = |error: Diagnostics| error.to_string();
    match editor.value(at) {
        Some(Value::Object(meanings)) => {
            if meanings.contains_key(value) {
                return Ok(());
            }
            let last = meanings.keys().next_back().cloned();
            let lines = write::entry(value, &DOC.into(), editor.indent(at));
            editor.insert(at, last.as_deref(), &lines).map_err(told)
        }
        Some(Value::Array(list)) => {
            let values = list.iter().filter_map(Value::as_str).map(str::to_owned);
            let mut values: Vec<String> = values.collect();
            if values.iter().any(|known| known == value) {
                return Ok(());
            }
            if editor.has_comments(at) {
                return Err("comments stand among the values: add it where it belongs".to_owned());
            }
            values.push(value.to_owned());
            let Some((key, field)) = at.split_last() else {
                return Err("no values stand here".to_owned());
            };
            let lines = write::values(&Values::Plain(values), editor.indent(field));
            editor.set(field, key, &FIELD_KEYS, &lines).map_err(told)
        }
        _ => Err("no values stand here".to_owned()),
    }
}

fn to_float(
    editor: &mut Editor,
    field: &[String],
    key: &str,
    corrects: bool,
) -> Result<(), String> {
    let told = |error: Diagnostics| error.to_string();
    let place = [field, &[key.to_owned()]].concat();
    if editor.value(&place).and_then(Value::as_str) != Some("integer") {
        return Ok(());
    }
    if editor.has_comments(&place) {
        return Err(format!("a comment stands behind `{key}`"));
    }
    let corrections = [field, &["corrections".to_owned()]].concat();
    if corrects && editor.value(&corrections).is_some() {
        return Err("the field has corrections already: add one".to_owned());
    }
    let indent = editor.indent(field);
    let line = write::entry(key, &"float".into(), indent);
    editor.set(field, key, &FIELD_KEYS, &line).map_err(told)?;
    if !corrects {
        return Ok(());
    }
    let lines = [
        format!("{:indent$}corrections:\n", ""),
        format!("{:indent$}  - fact: {key}\n", ""),
        format!("{:indent$}    documented: integer\n", ""),
        format!("{:indent$}    reason: fractions were seen\n", ""),
        format!("{:indent$}    evidence: {EVIDENCE}\n", ""),
    ];
    let lines = lines.concat();
    editor
        .set(field, "corrections", &FIELD_KEYS, &lines)
        .map_err(told)
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

/// The first line in which two texts differ, counted from 1.
fn first_change(before: &str, after: &str) -> u64 {
    let same = before
        .lines()
        .zip(after.lines())
        .take_while(|(a, b)| a == b);
    u64::try_from(same.count())
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}
