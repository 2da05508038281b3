//! The sections of an OpenAPI file, added to a spec that lacks them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use dataforseo_spec::edit::Editor;
use dataforseo_spec::language::Api;
use dataforseo_spec::load::parse;
use dataforseo_spec::placeholders::PLACEHOLDER;

use super::TrialError;

/// The sections whose second part is a function. In all others, it is a group.
const FLAT: [&str; 4] = ["appendix", "backlinks", "content_analysis", "on_page"];

/// The file that lists the sections.
const API: &str = "spec/api.yaml";

/// Adds the sections of an OpenAPI file to `api.yaml`. Returns the sections that were added.
///
/// # Errors
/// When `api.yaml` cannot be read, edited or written.
pub fn declare(checkout: &Path, openapi: &str) -> Result<Vec<String>, TrialError> {
    let path = checkout.join(API);
    let text = fs::read_to_string(&path)?;
    let known = parse::<Api>(API, &text)?.content.sections;
    let mut editor = Editor::new(API, &text)?;
    let mut added = Vec::new();
    for (section, groups) in sections_of(openapi) {
        let own = ["sections".to_owned(), section.clone()];
        if !known.contains_key(&section) {
            add(&mut editor, &own[..1], &section)?;
            added.push(section.clone());
        }
        let mapping = [own.as_slice(), &["groups".to_owned()]].concat();
        let known = known.get(&section).map(|section| &section.groups);
        for group in groups {
            if !known.is_some_and(|known| known.contains_key(&group)) {
                add(&mut editor, &mapping, &group)?;
            }
        }
    }
    fs::write(path, editor.text())?;
    Ok(added)
}

/// Adds a section or a group at the end of a mapping.
fn add(editor: &mut Editor, mapping: &[String], name: &str) -> Result<(), TrialError> {
    let last = editor.value(mapping).and_then(|value| value.as_object());
    let last = last.and_then(|entries| entries.keys().next_back().cloned());
    let indent = editor.indent(mapping);
    let lines = format!(
        "{:indent$}{name}:\n{:indent$}  doc: {PLACEHOLDER}\n",
        "", ""
    );
    Ok(editor.insert(mapping, last.as_deref(), &lines)?)
}

/// Returns the sections of an OpenAPI file, with their groups.
fn sections_of(openapi: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut sections: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in openapi.lines() {
        let path = line.trim().trim_end_matches(':').trim_matches(['"', '\'']);
        let Some(path) = path.strip_prefix("/v3/") else {
            continue;
        };
        let mut parts = path.split('/');
        let (Some(section), Some(group)) = (parts.next(), parts.next()) else {
            continue;
        };
        let groups = sections.entry(section.to_owned()).or_default();
        if parts.next().is_some() && !FLAT.contains(&section) {
            groups.insert(group.to_owned());
        }
    }
    sections
}
