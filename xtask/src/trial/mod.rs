//! A trial of all tools with a whole OpenAPI file, in a copy of the checkout.
//!
//! Each stage prints its figures, and a stage that fails ends the trial.

mod copy;
mod measure;
mod requests;
mod sections;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::ValueEnum;
use dataforseo_codegen::{emit, output};
use dataforseo_import::decision_groups::groups;
use dataforseo_import::report::{ImportReport, place_and_sentence};
use dataforseo_import::{Options, openapi};
use dataforseo_spec::files::files_below;
use dataforseo_spec::language::{SentenceKind, Sentences};
use dataforseo_spec::load::parse;
use dataforseo_spec::model::{self, Model};
use dataforseo_spec::{fixtures, sentences};

use crate::update::report;

pub use copy::copy_checkout;
use measure::cargo;
pub use sections::declare as declare_sections;

/// The error of a trial.
pub type TrialError = Box<dyn Error>;

/// The stages of a trial, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Stage {
    /// Import the file.
    Import,
    /// Check the spec, with placeholders for missing texts.
    Check,
    /// Generate.
    Generate,
    /// Compile the models.
    Models,
    /// Compile the mock server, and send it the example of each endpoint.
    Mock,
}

/// The folders of a trial.
#[derive(Debug)]
pub struct Trial {
    root: PathBuf,
    /// The copy of the checkout.
    copy: PathBuf,
}

/// Prints a line.
type Show<'a> = dyn FnMut(&str) -> Result<(), TrialError> + 'a;

impl Trial {
    /// Creates a trial of the checkout at `root` in a folder, in which the copy is replaced.
    pub fn new(root: &Path, folder: &Path) -> Self {
        Self {
            root: root.to_path_buf(),
            copy: folder.join("checkout"),
        }
    }

    /// Returns the file of the import's reports.
    fn reports(&self) -> PathBuf {
        self.copy.with_file_name("import.txt")
    }

    /// Returns the folder of compiled code, which the next trial uses again.
    fn target(&self) -> PathBuf {
        self.copy.with_file_name("target")
    }
}

/// Runs the stages of a trial. Returns whether all of them passed.
///
/// # Errors
/// When a file cannot be read or written, or a program cannot be started.
pub fn run(
    trial: &Trial,
    openapi: &Path,
    until: Stage,
    show: &mut Show<'_>,
) -> Result<bool, TrialError> {
    copy::copy_checkout(&trial.root, &trial.copy)?;
    import(trial, openapi, show)?;
    if until < Stage::Check {
        return Ok(true);
    }
    let Some(model) = check(trial, show)? else {
        return Ok(false);
    };
    if until < Stage::Generate {
        return Ok(true);
    }
    generate(trial, &model, show)?;
    if until < Stage::Models {
        return Ok(true);
    }
    if !models(trial, show)? {
        return Ok(false);
    }
    if until < Stage::Mock {
        return Ok(true);
    }
    mock(trial, &model, show)
}

/// Imports all endpoints of the file, after their sections were added.
fn import(trial: &Trial, file: &Path, show: &mut Show<'_>) -> Result<(), TrialError> {
    let start = Instant::now();
    let added = sections::declare(&trial.copy, &fs::read_to_string(file)?)?;
    let reports = openapi::import(&trial.copy, file, &[], Options::default())?;
    let text: String = reports.iter().map(ToString::to_string).collect();
    fs::write(trial.reports(), text)?;
    let (places, decisions) = decisions(&reports);
    show(&format!(
        "import     {} endpoints and types files, {} new sections, {:.1} s; the reports are in {}",
        reports.len(),
        added.len(),
        start.elapsed().as_secs_f64(),
        trial.reports().display()
    ))?;
    for decision in &decisions {
        show(&format!("  {decision}"))?;
    }
    show(&format!(
        "decisions  {} lines for {places} places",
        decisions.len()
    ))?;
    decided(trial, &reports, show)
}

/// Shows the sentences that `spec/sentences.yaml` decides about by kind, and the decisions about none.
fn decided(trial: &Trial, reports: &[ImportReport], show: &mut Show<'_>) -> Result<(), TrialError> {
    let path = trial.copy.join("spec").join(sentences::FILE);
    if !path.exists() {
        return Ok(());
    }
    let name = format!("spec/{}", sentences::FILE);
    let decisions = parse::<Sentences>(&name, &fs::read_to_string(path)?)?.content;
    let mut kinds: BTreeMap<SentenceKind, usize> = BTreeMap::new();
    let mut used = BTreeSet::new();
    for sentence in reports.iter().flat_map(|report| &report.decided) {
        let (_, sentence) = place_and_sentence(sentence);
        if let Some((decision, like)) = decisions.decision(sentence) {
            *kinds.entry(decision.is).or_default() += 1;
            used.insert(like);
        }
    }
    let kinds: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.as_str()))
        .collect();
    show(&format!("sentences  {}", kinds.join(", ")))?;
    for (_, like) in decisions.patterns() {
        if !used.contains(like) {
            show(&format!("  {name}: no sentence fits `{like}`"))?;
        }
    }
    Ok(())
}

/// Returns the number of places about which a person has to decide after an import, and a line for
/// each kind of decision and for each sentence.
fn decisions(reports: &[ImportReport]) -> (usize, Vec<String>) {
    let open = report::open(reports);
    let mut lines = report::unlocated(reports);
    let mut places = open.len() + lines.len();
    for group in groups(&open) {
        let count = group.decisions.len();
        lines.push(format!("{count} × {}: {}", group.pattern, group.kind));
    }
    for (sentence, of_sentence) in report::places_of_sentences(reports) {
        places += of_sentence.len();
        lines.push(format!(
            "{} × not understood: {sentence}",
            of_sentence.len()
        ));
    }
    (places, lines)
}

/// Checks the spec of the copy. Returns its model if nothing but texts is missing.
fn check(trial: &Trial, show: &mut Show<'_>) -> Result<Option<Model>, TrialError> {
    let folder = trial.copy.join("spec");
    let mut lines = 0;
    let mut longest = (0, PathBuf::new());
    for path in files_below(&folder)? {
        if path.extension().is_some_and(|end| end == "yaml") {
            let own = fs::read_to_string(&path)?.lines().count();
            lines += own;
            longest = longest.max((own, path));
        }
    }
    let (own, path) = longest;
    let path = path.strip_prefix(&trial.copy).unwrap_or(&path).display();
    show(&format!(
        "spec       {lines} lines of YAML, at most {own} in a file ({path})"
    ))?;
    let start = Instant::now();
    match model::load_with_placeholders(&folder) {
        Ok((model, filled)) => {
            show(&format!(
                "check      {} endpoints, {filled} missing texts, no other error, {:.1} s",
                model.endpoints().count(),
                start.elapsed().as_secs_f64()
            ))?;
            Ok(Some(model))
        }
        Err(errors) => {
            show(&errors.to_string())?;
            show(&format!("check      {} errors", errors.0.len()))?;
            Ok(None)
        }
    }
}

/// Writes the generated files of the copy.
fn generate(trial: &Trial, model: &Model, show: &mut Show<'_>) -> Result<(), TrialError> {
    let start = Instant::now();
    let wanted = emit(model, &fixtures::find(&trial.copy, model)?)?;
    let stale = output::stale(&trial.copy, &wanted)?;
    let time = start.elapsed().as_secs_f64();
    output::write(&trial.copy, &stale)?;
    let rust = wanted
        .iter()
        .filter(|(path, _)| path.extension().is_some_and(|end| end == "rs"));
    let lines: usize = rust.map(|(_, text)| text.lines().count()).sum();
    let bytes: usize = wanted.values().map(String::len).sum();
    show(&format!(
        "generate   {} files, {lines} lines of Rust, {:.1} MB in all, {time:.1} s",
        wanted.len(),
        bytes as f64 / 1e6
    ))
}

/// Compiles the models of a checkout with all sections. Returns whether they compile.
///
/// # Errors
/// When cargo cannot be started.
pub fn compile_models(checkout: &Path, target: &Path) -> Result<bool, TrialError> {
    let check = ["check", "--all-features", "-p", "dataforseo-models"];
    Ok(cargo(checkout, target, &check)?.success)
}

/// Compiles the models of the copy with all sections.
fn models(trial: &Trial, show: &mut Show<'_>) -> Result<bool, TrialError> {
    const CHECK: [&str; 4] = ["check", "--all-features", "-p", "dataforseo-models"];
    // The first run compiles the dependencies, too.
    let first = cargo(&trial.copy, &trial.target(), &CHECK)?;
    if !first.success {
        show("models     do not compile")?;
        return Ok(false);
    }
    let root = trial.copy.join("crates/models/src/lib.rs");
    fs::File::options()
        .append(true)
        .open(root)?
        .set_modified(std::time::SystemTime::now())?;
    let usage = cargo(&trial.copy, &trial.target(), &CHECK)?;
    show(&format!("models     {usage}"))?;
    Ok(usage.success)
}

/// Compiles the mock server of the copy, and sends it the example of each endpoint.
fn mock(trial: &Trial, model: &Model, show: &mut Show<'_>) -> Result<bool, TrialError> {
    let build = ["build", "--all-features", "-p", "dataforseo-mock-server"];
    let usage = cargo(&trial.copy, &trial.target(), &build)?;
    if !usage.success {
        show("mock       does not compile")?;
        return Ok(false);
    }
    let program = trial.target().join("debug/dataforseo-mock-server");
    let exchanges = requests::send_all(&program, model)?;
    for failure in &exchanges.failures {
        show(&format!("  {failure}"))?;
    }
    show(&format!(
        "mock       {} of {} endpoints responded; starts in {:.0} ms, first response after {:.1} ms, slowest {:.1} ms (debug build)",
        exchanges.responded,
        model.endpoints().count(),
        exchanges.start.as_secs_f64() * 1e3,
        exchanges.first.as_secs_f64() * 1e3,
        exchanges.slowest.as_secs_f64() * 1e3
    ))?;
    Ok(exchanges.failures.is_empty())
}
