//! Imports documentation pages into the spec.

use std::path::{Path, PathBuf};

use dataforseo_spec::language::{Api, Endpoint, SharedTypes};
use dataforseo_spec::load::{File, in_section, parse};
use dataforseo_spec::{Placement, file_names, fixtures};

use crate::docs::{self, Page, Unreadable, nest};
use crate::draft::Draft;
use crate::merge::{MergeContext, Merged};
use crate::place_names::name_clashing_types;
use crate::report::ImportReport;
use crate::shared_files::SharedFiles;
use crate::workspace::{
    ImportError, Options, SectionFingerprints, SpecFile, places, read, write_files,
};
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
        spec_file: format!("spec/{}", known.place.file()),
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
    let file = known.place.file();
    let endpoint = known.fingerprints.update(in_section(&file), &merged)?;
    let mut files = vec![(PathBuf::from(&report.spec_file), merged.text)];
    files.extend(known.fingerprints.file());
    files.extend(documented_fixture(root, &page, &endpoint, &mut report));
    let mut reports = write_files(root, vec![(report, files)], options)?;
    Ok(reports.pop().unwrap_or_default())
}

/// The parts of the spec that concern the endpoint of a page.
struct SpecContext {
    place: Placement,
    api: File<Api>,
    fingerprints: SectionFingerprints,
    /// The shared types that are visible in the endpoint's folder.
    shared: SharedTypes,
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
        let spec = root.join("spec");
        let api: File<Api> =
            parse("spec/api.yaml", &read(&spec.join("api.yaml"))?).map_err(ImportError::Spec)?;
        let mut places = places(name, &api.content, [page.path.as_str()])?;
        let place = places.pop().ok_or_else(|| ImportError::Page {
            path: name.to_owned(),
            reason: Unreadable::because("the page has no path".to_owned()),
        })?;
        let fingerprints = SectionFingerprints::read(root, place.scope.section_name())?;
        let mut shared = SharedFiles::default();
        shared.read(root, &place.scope, &fingerprints)?;
        let existing = fingerprints.spec_file(root, in_section(&place.file()))?;
        Ok(Self {
            shared: shared.visible(&place.scope),
            place,
            api,
            fingerprints,
            existing,
        })
    }

    fn endpoint(&self) -> Option<&Endpoint> {
        self.existing.as_ref().map(|(_, file)| &file.content)
    }

    /// Returns the endpoint as the page describes it. To verify a page, the endpoint's file is not
    /// used.
    fn draft(&self, name: &str, page: &Page, options: Options<'_>) -> Result<Draft, ImportError> {
        let endpoint = self.endpoint().filter(|_| !options.verify);
        let known = nest::NestingHints::of(&self.api.content, endpoint, Some(&self.shared));
        let mut draft = draft::draft(page, known).map_err(|reason| ImportError::Page {
            path: name.to_owned(),
            reason,
        })?;
        name_clashing_types(
            &mut draft.endpoint,
            &self.place.name,
            self.shared.types.keys(),
        );
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
            return Ok(Merged::of_new_endpoint(&self.place.file(), draft));
        };
        let day = options.mark_removed.filter(|_| !options.verify);
        let removed = day.map(|day| {
            let revised = draft.source.revised.clone();
            revised.unwrap_or_else(|| day.to_string())
        });
        let context = MergeContext {
            shared: Some(&self.shared),
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
