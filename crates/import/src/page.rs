//! Bringing documentation pages into the spec.

use std::path::{Path, PathBuf};

use dataforseo_spec::language::{Api, Endpoint, SharedTypes};
use dataforseo_spec::load::{File, parse};
use dataforseo_spec::{fixtures, write};

use crate::docs::nest::Known;
use crate::docs::{self, Page};
use crate::report::Report;
use crate::workspace::{ImportError, Options, optional, read, write_files};
use crate::{draft, fixture, merge};

/// Imports one page into the workspace at `root`.
///
/// # Errors
/// When the page or a spec file cannot be read; nothing was written then.
pub fn import(root: &Path, page_file: &Path, options: Options) -> Result<Report, ImportError> {
    let name = page_file.display().to_string();
    let content = read(page_file)?;
    let page = docs::read(&content).map_err(|reason| ImportError::Page {
        path: name.clone(),
        reason,
    })?;
    let (section, file) = place_of(&page);
    let spec = root.join("spec");
    let api: File<Api> =
        parse("spec/api.yaml", &read(&spec.join("api.yaml"))?).map_err(ImportError::Spec)?;
    if !api.content.sections.contains_key(&section) {
        return Err(ImportError::Section {
            path: name,
            section,
        });
    }
    let shared = optional::<SharedTypes>(&spec, &format!("{section}/types.yaml"))?;
    let shared = shared.as_ref().map(|(_, file)| &file.content);
    let existing = optional::<Endpoint>(&spec, &format!("{section}/{file}"))?;
    let known = existing.as_ref().filter(|_| !options.verify);
    let known = Known::of(&api.content, known.map(|(_, file)| &file.content), shared);
    let mut draft = draft::draft(&page, known).map_err(|reason| ImportError::Page {
        path: name.clone(),
        reason,
    })?;
    // What the path makes of a missing address is worth less than the one that is known.
    if let (None, Some((_, file))) = (&page.link, &existing) {
        draft
            .endpoint
            .source
            .link
            .clone_from(&file.content.source.link);
    }

    let mut report = Report {
        page: name,
        spec_file: format!("spec/{section}/{file}"),
        notes: draft.notes,
        not_understood: draft.not_understood,
        ..Report::default()
    };
    let known = existing
        .as_ref()
        .and_then(|(_, file)| file.content.source.revised.as_ref());
    if let (Some(page), Some(spec)) = (&draft.endpoint.source.revised, known)
        && page < spec
    {
        report.contradictions.push(format!(
            "the page is the revision of {page}, and the spec has that of {spec}: nothing was \
             taken from the older one"
        ));
        return Ok(report);
    }
    let text = match &existing {
        Some((text, file)) => {
            let day = options.mark_removed.filter(|_| !options.verify);
            let removed = day.map(|day| {
                let revised = draft.endpoint.source.revised.clone();
                revised.unwrap_or_else(|| day.to_string())
            });
            merge::merge(&draft.endpoint, file, text, shared, removed, &mut report)
                .map_err(ImportError::Spec)?
        }
        None => {
            report
                .added
                .push("a new endpoint; write the `doc` of it and of its fields".to_owned());
            write::endpoint(&draft.endpoint)
        }
    };
    if !options.verify {
        // What was told of before, in the same words, was read then.
        let unchanged = std::mem::take(&mut report.unchanged);
        let is_new = |sentence: &String| {
            let label = sentence.split(": ").next().unwrap_or_default();
            !unchanged.iter().any(|known| known == label)
        };
        report.not_understood.retain(is_new);
    }
    let merged: File<Endpoint> = parse(&report.spec_file, &text).map_err(ImportError::Spec)?;
    let mut files = vec![(PathBuf::from(&report.spec_file), text)];
    let folder = PathBuf::from(fixtures::FOLDER).join(page.path.trim_start_matches('/'));
    let documented = folder.join(fixture::DOCUMENTATION);
    match fixture::documented(&page, &merged.content, &mut report.notes) {
        Some((name, text)) => files.push((folder.join(name), text)),
        None if root.join(&documented).exists() => {}
        None if merged.content.example.is_none() && merged.content.task.is_some() => {
            report
                .notes
                .push("no fixture: the page has no example that could be used".to_owned());
        }
        None => {}
    }
    write_files(root, files, options, &mut report)?;
    Ok(report)
}

/// The section and the file name that a page's endpoint belongs to.
fn place_of(page: &Page) -> (String, String) {
    let rest = page.path.trim_start_matches("/v3/");
    let (section, rest) = rest.split_once('/').unwrap_or((rest, ""));
    (
        section.to_owned(),
        format!("{}.yaml", rest.replace('/', "_")),
    )
}
