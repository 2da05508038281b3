//! A replay of descriptions of the API at several dates: the first one is imported, each later one
//! updates the spec, and the result is compared with an import of the last one alone.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use dataforseo_codegen::{emit, output};
use dataforseo_compare::diff::surface::{Fact, Surface, is_inside};
use dataforseo_compare::diff::{ApiChange, ApiSource, ChangeKind, DiffOptions, compare};
use dataforseo_import::decision_groups::{DecisionGroup, groups};
use dataforseo_import::decisions::Choices;
use dataforseo_import::report::ImportReport;
use dataforseo_import::{Options, openapi};
use dataforseo_spec::files::files_below;
use dataforseo_spec::{fixtures, model};
use serde_json::Value;

use crate::trial::declare_sections;
use crate::update::report::open;

/// The error of a replay.
pub type ReplayError = Box<dyn Error>;

/// A replay in a folder with a spec.
#[derive(Debug)]
pub struct Replay<'a> {
    /// The folder that contains `spec/`.
    pub root: &'a Path,
    /// The paths to import, where `*` is any text. All if empty.
    pub only: &'a [String],
    /// The choices for all differences.
    pub choices: &'a Choices,
}

/// The figures of one step.
#[derive(Debug)]
pub struct ReplayStep {
    /// The kinds of decisions before the choices.
    pub groups: Vec<DecisionGroup>,
    /// The reports of the import with the choices.
    pub reports: Vec<ImportReport>,
}

impl ReplayStep {
    /// Returns the number of decisions before the choices.
    pub fn decisions(&self) -> usize {
        self.groups.iter().map(|group| group.decisions.len()).sum()
    }

    /// Returns the questions that no choice covers.
    pub fn open(&self) -> Vec<String> {
        let all = self.reports.iter().filter(|report| report.needs_decision());
        all.map(ToString::to_string).collect()
    }
}

impl Replay<'_> {
    /// Removes all endpoints, types and fixtures, so that the first file is a fresh import.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn clear(&self) -> Result<(), ReplayError> {
        let spec = self.root.join("spec");
        for entry in fs::read_dir(&spec)? {
            let path = entry?.path();
            if path.is_dir() {
                fs::remove_dir_all(path)?;
            }
        }
        let fixtures = self.root.join(fixtures::FOLDER);
        if fixtures.exists() {
            fs::remove_dir_all(&fixtures)?;
        }
        for name in ["types.yaml", "glossary.yaml", "fingerprints.lock"] {
            let path = spec.join(name);
            if path.exists() {
                fs::remove_file(path)?;
            }
        }
        Ok(fs::create_dir_all(fixtures)?)
    }

    /// Updates the spec from a file. Declares its sections before.
    ///
    /// # Errors
    /// When the file cannot be read, or the spec cannot be written.
    pub fn step(&self, file: &Path) -> Result<ReplayStep, ReplayError> {
        declare_sections(self.root, &fs::read_to_string(file)?)?;
        let before = Options {
            dry_run: true,
            ..Options::default()
        };
        let undecided = openapi::import(self.root, file, self.only, before)?;
        let options = Options {
            choices: self.choices,
            all_or_nothing: true,
            ..Options::default()
        };
        Ok(ReplayStep {
            groups: groups(&open(&undecided)),
            reports: openapi::import(self.root, file, self.only, options)?,
        })
    }

    /// Generates all files, with a placeholder for each missing text. Returns their number.
    ///
    /// # Errors
    /// When something other than a text is missing.
    pub fn generate(&self) -> Result<usize, ReplayError> {
        let (model, _) = model::load_with_placeholders(&self.root.join("spec"))?;
        let wanted = emit(&model, &fixtures::find(self.root, &model)?)?;
        output::write(self.root, &output::stale(self.root, &wanted)?)?;
        Ok(wanted.len())
    }

    /// Returns the differences to an import of a file alone, apart from what is marked as removed
    /// and from texts. `fresh` is an empty folder.
    ///
    /// # Errors
    /// When the file cannot be read, or a spec is not valid.
    pub fn differences(&self, file: &Path, fresh: &Path) -> Result<Vec<ApiChange>, ReplayError> {
        let only_general = |path: &PathBuf| path.extension().is_some_and(|it| it == "yaml");
        fs::create_dir_all(fresh.join("spec"))?;
        for path in files_below(&self.root.join("spec"))?
            .iter()
            .filter(|it| only_general(it))
        {
            if path.parent() == Some(&self.root.join("spec")) {
                let name = path.file_name().unwrap_or_default();
                fs::copy(path, fresh.join("spec").join(name))?;
            }
        }
        let alone = Replay {
            root: fresh,
            ..*self
        };
        alone.clear()?;
        alone.step(file)?;
        let read = |root: &Path| ApiSource::Folder(root.join("spec")).read(root);
        let replayed = without_departed(read(self.root)?);
        let report = compare(&replayed, &read(fresh)?, &DiffOptions::default());
        let is_fact = |change: &ApiChange| {
            !matches!(
                change.what,
                ChangeKind::Changed {
                    fact: Fact::Doc | Fact::Wording,
                    ..
                }
            )
        };
        Ok(report.changes.into_iter().filter(is_fact).collect())
    }
}

/// Removes what is deprecated, which a fresh import does not have.
fn without_departed(mut surface: Surface) -> Surface {
    let is_departed = |facts: &std::collections::BTreeMap<Fact, Value>| {
        facts.get(&Fact::Deprecated) == Some(&Value::Bool(true))
    };
    surface
        .endpoints
        .retain(|_, endpoint| !is_departed(&endpoint.facts));
    for endpoint in surface.endpoints.values_mut() {
        let departed: BTreeSet<String> = endpoint
            .fields
            .iter()
            .filter(|(_, field)| is_departed(&field.facts))
            .map(|(path, _)| path.clone())
            .collect();
        endpoint
            .fields
            .retain(|path, _| !departed.iter().any(|it| is_inside(path, it)));
    }
    surface
}
