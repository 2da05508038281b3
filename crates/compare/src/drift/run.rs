//! The whole comparison, from files to the report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dataforseo_spec::model;
use dataforseo_spec::{EndpointFile, Spec};

use super::findings::Comparer;
use super::input;
use super::observations::Observations;
use super::propose::Proposals;
use super::report::{EndpointReport, SpecDriftReport};
use super::spec_view::{self, Roots, SpecIndex};

/// The options of a comparison.
#[derive(Debug, Clone, Default)]
pub struct DriftOptions {
    /// Whether to make the safe edits.
    pub apply: bool,
    /// The number of objects after which a field that none of them has is reported.
    pub enough: u64,
}

/// Compares recorded responses with the spec of the workspace at `root`.
///
/// # Errors
/// When the spec is not valid, or cannot be edited.
pub fn drift(
    root: &Path,
    paths: &[PathBuf],
    options: &DriftOptions,
) -> Result<SpecDriftReport, String> {
    let spec = model::load_spec(&root.join("spec")).map_err(|error| error.to_string())?;
    let roots: Vec<Roots> = spec.endpoints.iter().map(Roots::of).collect();
    let envelope = spec_view::envelope(&spec);
    let index = SpecIndex::new(&spec);
    let mut envelopes = Observations::new(index.envelope(&envelope), None, index);
    let mut by_endpoint: BTreeMap<usize, Observations<'_>> = BTreeMap::new();
    let (files, unread) = input::files(paths);
    let mut report = SpecDriftReport {
        unread,
        ..SpecDriftReport::default()
    };
    for file in files {
        let exchange = match input::read(&file) {
            Ok(exchange) => exchange,
            Err(unread) => {
                report.unread.push(unread);
                continue;
            }
        };
        report.files += 1;
        if exchange.synthetic {
            report.synthetic += 1;
            continue;
        }
        let Some(at) = endpoint(&spec, &exchange.path) else {
            *report.no_endpoint.entry(exchange.path).or_default() += 1;
            continue;
        };
        let (Some(file), Some(roots)) = (spec.endpoints.get(at), roots.get(at)) else {
            continue;
        };
        let observations = by_endpoint.entry(at).or_insert_with(|| {
            let (task, result) = index.roots(file, roots);
            Observations::new(result, Some(task), index)
        });
        observations.observe(&exchange, &mut envelopes, index);
    }
    let mut proposals = Proposals::default();
    let trees = index.trees();
    let mut compare = |observations: &Observations<'_>, names: Names<'_>| {
        let mut comparer = Comparer {
            trees: &trees,
            enough: options.enough,
            rows: Vec::new(),
            findings: Vec::new(),
            proposals: &mut proposals,
        };
        observations.compare(&mut comparer, names.root);
        report.endpoints.push(observations.report(comparer, &names));
    };
    for (at, observations) in &by_endpoint {
        if let Some(EndpointFile { file, .. }) = spec.endpoints.get(*at) {
            let names = Names {
                endpoint: &file.content.path,
                file: &file.name,
                root: "result",
            };
            compare(observations, names);
        }
    }
    if envelopes.responses > 0 {
        let names = Names {
            endpoint: "envelope",
            file: &spec.api.name,
            root: "envelope",
        };
        compare(&envelopes, names);
    }
    report.proposals = proposals.patches(root, &trees)?;
    if options.apply {
        report.applied = Some(proposals.apply(root)?);
    }
    Ok(report)
}

/// Returns the index of the endpoint for a path with values for parameters.
fn endpoint(spec: &Spec, path: &str) -> Option<usize> {
    let paths = || {
        spec.endpoints
            .iter()
            .map(|it| it.file.content.path.as_str())
    };
    let fits = |template: &str| {
        let (template, path) = (template.split('/'), path.split('/'));
        let count = template.clone().count() == path.clone().count();
        count
            && template
                .zip(path)
                .all(|(a, b)| a == b || a.starts_with('{'))
    };
    let exact = paths().position(|known| known == path);
    exact.or_else(|| paths().position(fits))
}

/// The names of an endpoint for the report.
struct Names<'a> {
    endpoint: &'a str,
    file: &'a str,
    /// The first segment of the paths of fields.
    root: &'a str,
}

impl Observations<'_> {
    /// Compares the observations with the spec.
    fn compare(&self, comparer: &mut Comparer<'_>, root: &str) {
        if let Some(request) = self.request.as_ref().filter(|node| node.seen() > 0) {
            comparer.compare(request, "request");
        }
        comparer.compare(&self.response, root);
    }

    fn report(&self, comparer: Comparer<'_>, names: &Names<'_>) -> EndpointReport {
        EndpointReport {
            endpoint: names.endpoint.to_owned(),
            file: names.file.to_owned(),
            responses: self.responses,
            no_json: self.no_json,
            tasks: self.tasks,
            results: self.results,
            rows: comparer.rows,
            findings: comparer.findings,
        }
    }
}
