//! The duration of `check` and `generate`, compared with their targets.
//!
//! `cargo bench -p dataforseo-codegen --bench speed` works in temporary folders: on the Backlinks section, and on
//! a spec of some 550 endpoints, the size of all of v3, which is the committed one with each section
//! again and again under other names. Each step is what the command does after its arguments are
//! read. The figures are the best of three runs.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use dataforseo_codegen::{emit, output};
use dataforseo_spec::files::files_below;
use dataforseo_spec::{fixtures, model};

type Failure = Box<dyn std::error::Error>;

/// The minimum number of endpoints in the large spec.
const ENDPOINTS: usize = 550;

/// The number of runs per step.
const RUNS: usize = 3;

fn main() -> Result<(), Failure> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let small = tempfile::tempdir()?;
    copy_section(&repository, small.path(), "backlinks", "backlinks")?;
    write_api(&repository, small.path(), &["backlinks".to_owned()])?;
    measure(small.path(), 2.0, 1.0)?;
    let large = tempfile::tempdir()?;
    write_large(&repository, large.path())?;
    measure(large.path(), 2.0, 5.0)
}

/// Measures each step, and prints its duration with its target in seconds.
fn measure(root: &Path, check_aim: f64, generate_aim: f64) -> Result<(), Failure> {
    let count = model::load(&root.join("spec"))?.endpoints().count();
    println!("{count} endpoints");
    let wanted = best(|| generate(root, false))?;
    show("generate, everything new", wanted, generate_aim);
    generate(root, true)?;
    show(
        "generate, nothing new",
        best(|| generate(root, false))?,
        generate_aim,
    );
    show("check", best(|| check(root))?, check_aim);
    let (loaded, made_up) = {
        let started = Instant::now();
        let model = model::load(&root.join("spec"))?;
        let loaded = started.elapsed();
        let started = Instant::now();
        fixtures::find(root, &model)?;
        (loaded, started.elapsed())
    };
    println!(
        "  of which loading {:.2} s, fixtures {:.2} s",
        loaded.as_secs_f64(),
        made_up.as_secs_f64()
    );
    Ok(())
}

fn show(what: &str, time: Duration, aim: f64) {
    let time = time.as_secs_f64();
    let verdict = if time <= aim { "met" } else { "MISSED" };
    println!("  {what}: {time:.2} s, aim {aim:.0} s, {verdict}");
}

fn best(mut step: impl FnMut() -> Result<(), Failure>) -> Result<Duration, Failure> {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let started = Instant::now();
        step()?;
        best = best.min(started.elapsed());
    }
    Ok(best)
}

/// Runs the steps of `cargo xtask generate`. Writing is optional, so that the next run starts from
/// the same state.
fn generate(root: &Path, write: bool) -> Result<(), Failure> {
    let model = model::load(&root.join("spec"))?;
    let files = emit(&model, &fixtures::find(root, &model)?)?;
    let stale = output::stale(root, &files)?;
    if write {
        output::write(root, &stale)?;
    }
    Ok(())
}

/// Runs the steps of `cargo xtask check`.
fn check(root: &Path) -> Result<(), Failure> {
    let model = model::load(&root.join("spec"))?;
    fixtures::check(root, &model, &fixtures::find(root, &model)?)?;
    Ok(())
}

/// Writes the committed spec, with copies of its sections under other names.
fn write_large(repository: &Path, root: &Path) -> Result<(), Failure> {
    let sections = ["appendix", "on_page", "serp", "backlinks"];
    let mut names = Vec::new();
    let mut count = 0;
    for turn in 1.. {
        for section in sections {
            if count >= ENDPOINTS {
                return write_api(repository, root, &names);
            }
            let name = match turn {
                1 => section.to_owned(),
                _ => format!("{section}_{turn}"),
            };
            count += copy_section(repository, root, section, &name)?;
            names.push(name);
        }
    }
    Ok(())
}

/// Copies a section with its fixtures under another name. Returns the number of its endpoints.
fn copy_section(
    repository: &Path,
    root: &Path,
    section: &str,
    name: &str,
) -> Result<usize, Failure> {
    let mut endpoints = 0;
    for folder in ["spec".to_owned(), format!("{}/v3", fixtures::FOLDER)] {
        let (from, to) = (
            repository.join(&folder).join(section),
            root.join(&folder).join(name),
        );
        for path in files_below(&from)? {
            let text = fs::read_to_string(&path)?;
            endpoints += usize::from(text.contains("\npath: /v3/"));
            let text = text
                .replace(&format!("/v3/{section}/"), &format!("/v3/{name}/"))
                .replace(&format!("over: {section}/"), &format!("over: {name}/"));
            let to = to.join(path.strip_prefix(&from)?);
            fs::create_dir_all(to.parent().unwrap_or(root))?;
            fs::write(to, text)?;
        }
    }
    Ok(endpoints)
}

/// Writes `api.yaml` with these sections, the status codes and the glossary.
fn write_api(repository: &Path, root: &Path, names: &[String]) -> Result<(), Failure> {
    let spec = repository.join("spec");
    for file in ["status_codes.yaml", "glossary.yaml"] {
        if spec.join(file).exists() {
            fs::copy(spec.join(file), root.join("spec").join(file))?;
        }
    }
    let api = fs::read_to_string(spec.join("api.yaml"))?;
    let (head, _) = api
        .split_once("\nsections:\n")
        .ok_or("api.yaml has no sections")?;
    let sections: String = names
        .iter()
        .map(|name| format!("  {name}:\n    doc: A section.\n"))
        .collect();
    fs::write(
        root.join("spec/api.yaml"),
        format!("{head}\nsections:\n{sections}"),
    )?;
    Ok(())
}
