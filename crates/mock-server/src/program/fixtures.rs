//! `lint`, `unused`, `ls` and `show`: what is asked of fixture files alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use dataforseo_models::today;

use super::stderr::tell;
use super::{FOUND, Failure, credentials, print_lines};
use crate::fixture::{Fixture, files};
use crate::generated::ENDPOINTS;
use crate::lint;

pub(super) fn lint(
    folders: &[PathBuf],
    max_age: Option<u32>,
    strict: bool,
) -> Result<ExitCode, Failure> {
    let credentials = credentials();
    let (count, findings) =
        lint::lint(folders, today(), max_age, credentials.as_deref()).map_err(Failure::begin)?;
    let errors = findings.iter().filter(|it| it.error).count();
    let warnings = findings.len() - errors;
    print_lines(findings.iter().map(|it| {
        let kind = if it.error { "error" } else { "warning" };
        format!("{}: {kind}: {}", it.file.display(), it.message)
    }));
    tell(format!(
        "{count} fixtures, {errors} errors, {warnings} warnings"
    ));
    if count == 0 {
        return Err(Failure::begin(
            "no fixture in these folders: expected files that end in .json",
        ));
    }
    Ok(match errors > 0 || strict && warnings > 0 {
        true => ExitCode::from(FOUND),
        false => ExitCode::SUCCESS,
    })
}

pub(super) fn unused(folders: &[PathBuf], used: &Path) -> Result<ExitCode, Failure> {
    let cannot = |path: &Path| {
        let path = path.display().to_string();
        move |error| Failure::begin(format!("{path}: {error}"))
    };
    let mut seen = BTreeSet::new();
    let notes = fs::read_dir(used).map_err(cannot(used))?;
    for note in notes {
        let path = note.map_err(cannot(used))?.path();
        let text = fs::read_to_string(&path).map_err(cannot(&path))?;
        seen.extend(text.lines().map(PathBuf::from));
    }
    let mut unused = Vec::new();
    for folder in folders {
        for file in files(folder).map_err(Failure::begin)? {
            let whole = file.canonicalize().map_err(cannot(&file))?;
            if !seen.contains(&whole) {
                unused.push(file.display().to_string());
            }
        }
    }
    let found = !unused.is_empty();
    print_lines(unused);
    Ok(match found {
        true => ExitCode::from(FOUND),
        false => ExitCode::SUCCESS,
    })
}

pub(super) fn list(folders: &[PathBuf]) -> Result<ExitCode, Failure> {
    let line =
        |name: &str, fixture: &Fixture| format!("{name}\t{} {}", fixture.method, fixture.path);
    let mut lines = Vec::new();
    for folder in folders {
        for fixture in Fixture::read_folder(folder).map_err(Failure::begin)? {
            lines.push(line(&fixture.name, &fixture));
        }
    }
    if folders.is_empty() {
        for (name, text) in ENDPOINTS.iter().flat_map(|endpoint| endpoint.fixtures) {
            let fixture = Fixture::parse(name, text).map_err(Failure::begin)?;
            lines.push(line(name, &fixture));
        }
    }
    print_lines(lines);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn show(name: &str) -> Result<ExitCode, Failure> {
    let mut embedded = ENDPOINTS.iter().flat_map(|endpoint| endpoint.fixtures);
    let text = match embedded.find(|(known, _)| *known == name) {
        Some((_, text)) => (*text).to_owned(),
        None => fs::read_to_string(name).map_err(|error| {
            Failure::begin(format!(
                "{name}: no embedded fixture has this name (`ls` lists them), and as a file: {error}"
            ))
        })?,
    };
    print_lines(text.lines().map(str::to_owned));
    Ok(ExitCode::SUCCESS)
}
