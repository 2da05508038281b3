//! `cargo xtask`: see `cargo xtask --help`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::diff::{self, Rendering, Source};
use xtask::drift::{self, drift};
use xtask::emit;
use xtask::import::{self, Options};
use xtask::model::Model;
use xtask::style::{self, Search};
use xtask::update::{self, Outcome};
use xtask::{fresh, model};

/// Keeps the crates in step with the documentation.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read documentation pages into the spec.
    Import {
        /// The pages: WordPress JSON or plain text.
        #[arg(required_unless_present = "openapi")]
        pages: Vec<PathBuf>,
        /// Read the vendor's OpenAPI file instead of pages.
        #[arg(long, value_name = "FILE", conflicts_with = "pages")]
        openapi: Option<PathBuf>,
        /// The paths of that file to read, all unless given; `*` is any text.
        #[arg(long, value_name = "GLOB", requires = "openapi")]
        only: Vec<String>,
        /// Say what would change, and write nothing.
        #[arg(long)]
        dry_run: bool,
        /// Write nothing, and fail if the pages alone do not give the facts of the spec.
        #[arg(long, conflicts_with = "dry_run")]
        verify: bool,
        /// Deprecate fields that the pages no longer have, instead of asking.
        #[arg(long, conflicts_with_all = ["openapi", "verify"])]
        removed: bool,
    },
    /// Bring documentation pages in, and everything else into step: check, generate, changelog, version.
    ///
    /// It stops with a list where a person has to decide; run it again then. What it tells of wording
    /// counts as read with the next run.
    ///
    /// Exit codes: 0 done, 10 a person has to decide, 1 something cannot be read or is not valid, 2 wrong
    /// usage.
    #[command(verbatim_doc_comment)]
    Update {
        /// The pages: WordPress JSON or plain text.
        #[arg(required = true)]
        pages: Vec<PathBuf>,
        /// The revision of git that the changes are told against.
        #[arg(long, default_value = "HEAD", value_name = "REV")]
        since: String,
    },
    /// Check the spec and the fixtures, and list everything that is wrong with them.
    Check,
    /// Compare two accounts of the API, and say what each change means for callers.
    ///
    /// Each is a spec folder, a revision of git (its folder spec/), REV:PATH, an OpenAPI file or a
    /// documentation page. What only one of them can say is not compared, and listed.
    ///
    /// Exit codes: 0 no difference, 10 nothing breaks (additive, loosened, or words), 11 something
    /// breaks for callers, 1 a source cannot be read, 2 wrong usage.
    #[command(verbatim_doc_comment)]
    Diff {
        /// What was.
        old: String,
        /// What is.
        new: String,
        /// How to write the report.
        #[arg(long, value_enum, default_value_t)]
        format: Rendering,
        /// The paths of endpoints to compare, all unless given; `*` is any text.
        #[arg(long, value_name = "GLOB")]
        only: Vec<String>,
    },
    /// Compare recorded answers with the spec, and propose edits. Exits with 0 if there is no drift,
    /// with 10 if there is, with 1 if something could not be looked at or changed.
    Drift {
        /// Fixtures, recordings, answers as they came, and folders of such.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Make the edits that need no person, if the spec is valid with them.
        #[arg(long)]
        apply: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Leave out the table of all that was seen, and count notes only.
        #[arg(long, conflicts_with = "json")]
        brief: bool,
        /// Tell of a field that was never seen when there were so many objects without it.
        #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        enough: u64,
    },
    /// Print the spec as an OpenAPI 3.1 document, in JSON.
    Openapi,
    /// Check words, names and sentences against `docs/style.md`.
    ///
    /// Exit codes: 0 nothing found, 1 something found or not readable, 2 wrong usage.
    Style {
        /// List sentences of more than 25 words instead. Exits with 0 whatever it finds.
        #[arg(long)]
        long: bool,
    },
    /// Generate code, schemas and tables from the spec.
    Generate {
        /// Write nothing, and fail if a generated file is not fresh.
        #[arg(long)]
        check: bool,
    },
}

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Import {
            pages,
            openapi,
            only,
            dry_run,
            verify,
            removed,
        } => {
            let options = Options {
                dry_run,
                verify,
                mark_removed: removed.then(today),
            };
            match openapi {
                Some(file) => import_openapi(&file, &only, options),
                None => import_pages(&pages, options),
            }
        }
        Command::Update { pages, since } => update(&pages, &since),
        Command::Check => check(),
        Command::Diff {
            old,
            new,
            format,
            only,
        } => diff(&old, &new, format, only),
        Command::Drift {
            paths,
            apply,
            json,
            brief,
            enough,
        } => compare(&paths, &drift::Options { apply, enough }, json, brief),
        Command::Openapi => openapi(),
        Command::Style { long: true } => list_long_sentences(),
        Command::Style { long: false } => check_style(),
        Command::Generate { check } => generate(check),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Today's date in UTC, as days of the spec are.
fn today() -> jiff::civil::Date {
    jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
}

/// The workspace's folder.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

fn load() -> Result<Model, Failure> {
    Ok(model::load(&root().join("spec"))?)
}

fn import_pages(pages: &[PathBuf], options: Options) -> Result<ExitCode, Failure> {
    let mut failed = false;
    for page in pages {
        match import::import(&root(), page, options) {
            Ok(report) => {
                print!("{report}");
                failed |= report.needs_decision() || (options.verify && !report.verified());
            }
            Err(error) => {
                eprintln!("{error}");
                failed = true;
            }
        }
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn import_openapi(file: &Path, only: &[String], options: Options) -> Result<ExitCode, Failure> {
    let mut failed = false;
    for report in import::openapi::import(&root(), file, only, options)? {
        print!("{report}");
        failed |= report.needs_decision() || (options.verify && !report.verified());
    }
    Ok(match failed {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

fn update(pages: &[PathBuf], since: &str) -> Result<ExitCode, Failure> {
    let update = update::update(&root(), pages, since, today())?;
    for report in &update.imported {
        print!("{report}");
    }
    match update.outcome {
        Outcome::Decide(decisions) => {
            println!("\na person has to decide, then run this again:");
            for decision in decisions {
                println!("  - {decision}");
            }
            Ok(ExitCode::from(10))
        }
        Outcome::Done(done) => {
            print(&format!("\n{}", done.difference.render(Rendering::Text)))?;
            println!("\n{} generated files changed", done.generated.len());
            for line in &done.changelog {
                println!("CHANGELOG.md: {line}");
            }
            let (version, next) = done.version;
            match version == next {
                true => println!("the version stays {version}"),
                false => println!(
                    "the version after {version}: {next} ({})",
                    done.difference.semver().name()
                ),
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn check() -> Result<ExitCode, Failure> {
    let root = root();
    let model = load()?;
    let fixtures = model::fixtures::check(&root, &model, &emit::fixtures(&root, &model)?)?;
    println!(
        "the spec is valid: {} endpoints, {} status codes, {fixtures} fixtures that were not made up",
        model.endpoints().count(),
        model.status_codes.len()
    );
    Ok(ExitCode::SUCCESS)
}

/// How `drift` ends if it found drift.
const DRIFT: u8 = 10;

fn compare(
    paths: &[PathBuf],
    options: &drift::Options,
    json: bool,
    brief: bool,
) -> Result<ExitCode, Failure> {
    let report = drift(&root(), paths, options)?;
    match json {
        true => print(&format!("{}\n", serde_json::to_string_pretty(&report)?))?,
        false => print(&report.text(!brief).to_string())?,
    }
    Ok(match report.count() {
        _ if report.is_incomplete() => ExitCode::FAILURE,
        (0, _) => ExitCode::SUCCESS,
        _ => ExitCode::from(DRIFT),
    })
}

fn openapi() -> Result<ExitCode, Failure> {
    print(&emit::openapi::emit(&load()?))?;
    Ok(ExitCode::SUCCESS)
}

fn check_style() -> Result<ExitCode, Failure> {
    let findings = style::check(&root(), Search::Words)?;
    print(&style::lines(&findings))?;
    if findings.is_empty() {
        println!("the style is that of docs/style.md");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{} findings: docs/style.md has the reasons", findings.len());
    Ok(ExitCode::FAILURE)
}

fn list_long_sentences() -> Result<ExitCode, Failure> {
    let findings = style::check(&root(), Search::LongSentences)?;
    print(&style::lines(&findings))?;
    eprintln!("{} sentences have more than 25 words", findings.len());
    Ok(ExitCode::SUCCESS)
}

fn diff(old: &str, new: &str, format: Rendering, only: Vec<String>) -> Result<ExitCode, Failure> {
    let root = root();
    let read = |name: &str| Source::at(&root, name)?.read(&root);
    let report = diff::compare(&read(old)?, &read(new)?, &diff::Options { only });
    print(&report.render(format))?;
    Ok(report.exit_code().into())
}

/// Prints a whole text.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    // Whoever reads may have seen enough.
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn generate(check: bool) -> Result<ExitCode, Failure> {
    let root = root();
    let model = load()?;
    let files = emit::emit(&model, &emit::fixtures(&root, &model)?)?;
    let stale = fresh::stale(&root, &files)?;
    if check && !stale.is_empty() {
        for file in &stale {
            eprint!("{}", file.diff(60));
        }
        eprintln!(
            "{} generated files are not fresh: run `cargo xtask generate` and commit what it writes",
            stale.len()
        );
        return Ok(ExitCode::FAILURE);
    }
    fresh::write(&root, &stale)?;
    for file in &stale {
        let what = if file.wanted.is_some() {
            "wrote"
        } else {
            "removed"
        };
        println!("{what} {}", file.path.display());
    }
    println!("{} generated files, {} changed", files.len(), stale.len());
    let types = model.types();
    println!(
        "{} endpoints name types in {} places; {} types with {} fields were emitted for them",
        model.endpoints().count(),
        types.named,
        types.emitted,
        types.fields
    );
    Ok(ExitCode::SUCCESS)
}
