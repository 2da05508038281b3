//! The commands on fixture files: `lint`, `unused`, `ls` and `show`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use dataforseo_models::today;

use super::arguments::credentials;
use super::exit::{ProgramError, exit_code};
use super::lint::{self, LintResult, LintSeverity};
use super::stderr::log;
use super::stdout::print_lines;
use crate::endpoints::{self, EndpointIndex};
use crate::fixtures::{Fixture, fixture_files, read_text};
use crate::synthetic::SyntheticFixture;

/// Whether warnings fail `lint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    Errors,
    ErrorsAndWarnings,
}

pub(super) fn lint(
    folders: &[PathBuf],
    max_age: Option<u32>,
    strictness: Strictness,
) -> Result<ExitCode, ProgramError> {
    let credentials = credentials();
    let checked = lint::lint(folders, today(), max_age, credentials.as_deref());
    let LintResult {
        file_count,
        findings,
    } = checked.map_err(ProgramError::start)?;
    let is_error = |finding: &&lint::Finding| finding.severity == LintSeverity::Error;
    let errors = findings.iter().filter(is_error).count();
    let findings_count = findings.len();
    let warnings = findings_count - errors;
    print_lines(findings.iter().map(|it| {
        let severity = match it.severity {
            LintSeverity::Error => "error",
            LintSeverity::Warning => "warning",
        };
        format!("{}: {severity}: {}", it.file.display(), it.message)
    }));
    log(format!(
        "{file_count} fixtures, {errors} errors, {warnings} warnings"
    ));
    if file_count == 0 {
        return Err(ProgramError::start(
            "the folders contain no fixtures: expected files that end in .json",
        ));
    }
    Ok(exit_code(match strictness {
        Strictness::Errors => errors,
        Strictness::ErrorsAndWarnings => findings_count,
    }))
}

pub(super) fn unused(folders: &[PathBuf], used: &Path) -> Result<ExitCode, ProgramError> {
    let cannot = |path: &Path| {
        let path = path.display().to_string();
        move |error| ProgramError::start(format!("{path}: {error}"))
    };
    let mut seen = BTreeSet::new();
    let lists = fs::read_dir(used).map_err(cannot(used))?;
    for list in lists {
        let path = list.map_err(cannot(used))?.path();
        let text = read_text(&path).map_err(cannot(&path))?;
        seen.extend(text.lines().map(PathBuf::from));
    }
    let mut unused = Vec::new();
    for folder in folders {
        for file in fixture_files(folder).map_err(ProgramError::start)? {
            let path = file.canonicalize().map_err(cannot(&file))?;
            if !seen.contains(&path) {
                unused.push(file.display().to_string());
            }
        }
    }
    let count = unused.len();
    print_lines(unused);
    Ok(exit_code(count))
}

pub(super) fn list(folders: &[PathBuf]) -> Result<ExitCode, ProgramError> {
    let line =
        |name: &str, fixture: &Fixture| format!("{name}\t{} {}", fixture.method, fixture.path);
    let mut lines = Vec::new();
    for folder in folders {
        for fixture in Fixture::read_folder(folder).map_err(ProgramError::start)? {
            lines.push(line(&fixture.name, &fixture));
        }
    }
    if folders.is_empty() {
        for (name, text) in endpoints::embedded_fixtures() {
            let fixture = Fixture::parse(name, text).map_err(ProgramError::start)?;
            lines.push(line(name, &fixture));
        }
        for synthetic in synthetic_fixtures() {
            lines.push(line(&synthetic.name(), &Fixture::synthetic(synthetic)));
        }
        lines.sort();
    }
    print_lines(lines);
    Ok(ExitCode::SUCCESS)
}

fn synthetic_fixtures() -> impl Iterator<Item = SyntheticFixture> {
    EndpointIndex::all().flat_map(SyntheticFixture::of)
}

pub(super) fn show(name: &str) -> Result<ExitCode, ProgramError> {
    let mut embedded = endpoints::embedded_fixtures();
    let embedded = embedded.find(|(known, _)| *known == name);
    let synthetic = || synthetic_fixtures().find(|fixture| fixture.name() == name);
    let embedded = match embedded {
        Some((_, text)) => Some((*text).to_owned()),
        None => synthetic().map(|fixture| fixture.text(today())),
    };
    let text = match embedded {
        Some(text) => text,
        None => read_text(Path::new(name)).map_err(|error| {
            ProgramError::start(format!(
                "{name}: not an embedded fixture (`ls` lists them), and not a readable file: {error}"
            ))
        })?,
    };
    print_lines(text.lines().map(str::to_owned));
    Ok(ExitCode::SUCCESS)
}
