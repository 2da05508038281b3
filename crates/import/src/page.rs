//! Imports documentation pages into the spec.

use std::path::{Path, PathBuf};

use dataforseo_spec::language::{Api, Endpoint, SharedTypes};
use dataforseo_spec::load::{File, parse};
use dataforseo_spec::{file_names, fixtures, names};

use crate::docs::{self, Page, Unreadable, nest};
use crate::draft::Draft;
use crate::merge::{MergeContext, Merged};
use crate::place_names::name_clashing_types;
use crate::report::ImportReport;
use crate::workspace::{ImportError, Options, SectionFingerprints, SpecFile, read, write_files};
use crate::{draft, fixture, merge};

/// Imports one page into the workspace at `root`.
///
/// # Errors
/// Returns an error if the page or a spec file cannot be read. Nothing is written in that case.
pub fn import(
    root: &Path,
    page_file: &Path,
    options: Options<'_>,
) -> Result<ImportReport, ImportError> {
    let name = page_file.display().to_string();
    let content = read(page_file)?;
    let page = docs::read(&content).map_err(|reason| ImportError::Page {
        path: name.clone(),
        reason,
    })?;
    let mut known = SpecContext::read(root, &name, &page)?;
    let draft = known.draft(&name, &page, options)?;
    let mut report = ImportReport {
        page: name,
        spec_file: format!("spec/{}/{}", known.section, known.file),
        notes: draft.notes,
        not_understood: draft.not_understood,
        ..ImportReport::default()
    };
    if let Some(objection) = known.objection(&draft.endpoint) {
        report.contradictions.push(objection);
        return Ok(report);
    }
    let merged = known.merge(&draft.endpoint, options, &mut report)?;
    if !options.verify {
        report.forget_known_sentences();
    }
    let endpoint = known.fingerprints.update(&known.file, &merged)?;
    let mut files = vec![(PathBuf::from(&report.spec_file), merged.text)];
    files.extend(known.fingerprints.file());
    files.extend(documented_fixture(root, &page, &endpoint, &mut report));
    let mut reports = write_files(root, vec![(report, files)], options)?;
    Ok(reports.pop().unwrap_or_default())
}

/// The parts of the spec that concern the endpoint of a page.
struct SpecContext {
    section: String,
    /// The name of the endpoint's file in the section's folder.
    file: String,
    api: File<Api>,
    fingerprints: SectionFingerprints,
    shared: Option<SpecFile<SharedTypes>>,
    /// The endpoint's file, if it exists.
    existing: Option<SpecFile<Endpoint>>,
}

impl SpecContext {
    /// Reads the spec files that concern a page. `name` is the name of the page, for errors.
    fn read(root: &Path, name: &str, page: &Page) -> Result<Self, ImportError> {
        file_names::check_path(&page.path).map_err(|reason| ImportError::Page {
            path: name.to_owned(),
            reason: Unreadable::because(format!(
                "the path {:?} cannot be a folder: {reason}",
                page.path
            )),
        })?;
        let (section, file) = location_of(page);
        let spec = root.join("spec");
        let api: File<Api> =
            parse("spec/api.yaml", &read(&spec.join("api.yaml"))?).map_err(ImportError::Spec)?;
        if !api.content.sections.contains_key(&section) {
            return Err(ImportError::Section {
                path: name.to_owned(),
                section,
            });
        }
        let fingerprints = SectionFingerprints::read(root, &section)?;
        let shared = fingerprints.spec_file(root, "types.yaml")?;
        let existing = fingerprints.spec_file(root, &file)?;
        Ok(Self {
            section,
            file,
            api,
            fingerprints,
            shared,
            existing,
        })
    }

    fn shared(&self) -> Option<&SharedTypes> {
        self.shared.as_ref().map(|(_, file)| &file.content)
    }

    fn endpoint(&self) -> Option<&Endpoint> {
        self.existing.as_ref().map(|(_, file)| &file.content)
    }

    /// Returns the endpoint as the page describes it. To verify a page, the endpoint's file is not
    /// used.
    fn draft(&self, name: &str, page: &Page, options: Options<'_>) -> Result<Draft, ImportError> {
        let endpoint = self.endpoint().filter(|_| !options.verify);
        let known = nest::NestingHints::of(&self.api.content, endpoint, self.shared());
        let mut draft = draft::draft(page, known).map_err(|reason| ImportError::Page {
            path: name.to_owned(),
            reason,
        })?;
        let shared = self
            .shared()
            .into_iter()
            .flat_map(|shared| shared.types.keys());
        name_clashing_types(&mut draft.endpoint, shared);
        // The known URL is better than one that is derived from the path.
        if let (None, Some(known)) = (&page.link, self.endpoint()) {
            draft.endpoint.source.link.clone_from(&known.source.link);
        }
        Ok(draft)
    }

    /// Returns a message if the page is older than the spec.
    fn objection(&self, draft: &Endpoint) -> Option<String> {
        let page = draft.source.revised.as_ref()?;
        let spec = self.endpoint()?.source.revised.as_ref()?;
        (page < spec).then(|| {
            format!(
                "the page is revision {page}, which is older than {spec} in the spec: nothing was \
                 imported"
            )
        })
    }

    /// Returns the endpoint's file after the merge.
    fn merge(
        &self,
        draft: &Endpoint,
        options: Options<'_>,
        report: &mut ImportReport,
    ) -> Result<Merged, ImportError> {
        let Some((text, file)) = &self.existing else {
            report
                .added
                .push("a new endpoint; write its `doc` and those of its fields".to_owned());
            return Ok(Merged::of_new_endpoint(draft));
        };
        let day = options.mark_removed.filter(|_| !options.verify);
        let removed = day.map(|day| {
            let revised = draft.source.revised.clone();
            revised.unwrap_or_else(|| day.to_string())
        });
        let context = MergeContext {
            shared: self.shared(),
            choices: options.choices,
        };
        merge::merge(draft, file, text, context, removed, report).map_err(ImportError::Spec)
    }
}

/// Returns the fixture of the page's example, as a path and a text.
fn documented_fixture(
    root: &Path,
    page: &Page,
    endpoint: &Endpoint,
    report: &mut ImportReport,
) -> Option<(PathBuf, String)> {
    let folder = PathBuf::from(fixtures::FOLDER).join(page.path.trim_start_matches('/'));
    if let Some((name, text)) = fixture::documented(page, endpoint, &mut report.notes) {
        return Some((folder.join(name), text));
    }
    let exists = root.join(folder.join(fixture::DOCUMENTATION)).exists();
    if !exists && endpoint.example.is_none() && endpoint.task.is_some() {
        report
            .notes
            .push("no fixture: the page has no usable example".to_owned());
    }
    None
}

/// Returns the section and the file name of a page's endpoint.
fn location_of(page: &Page) -> (String, String) {
    let rest = page.path.trim_start_matches("/v3/");
    let (section, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let name = names::plain_path(rest).replace('/', "_");
    (section.to_owned(), format!("{name}.yaml"))
}
