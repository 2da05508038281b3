//! An update, from the changed page to the next version.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dataforseo_compare::diff::meaning::Semver;
use dataforseo_spec::language::{Endpoint, SharedTypes};
use dataforseo_spec::load::parse;
use dataforseo_test_support::render::{self, Quirks};
use dataforseo_test_support::repository;
use jiff::civil::date;
use tempfile::TempDir;
use xtask::update::{Update, UpdateError, UpdateOutcome, UpdateSummary, update};

const SPEC: &str = "spec/backlinks/bulk_pages_summary_live.yaml";
const TYPES: &str = "spec/backlinks/types.yaml";
const CHANGELOG: &str = "# Changelog\n\n## Unreleased\n\n### Added\n- Much.\n";

/// A released repository with the spec of this one.
struct Released(TempDir);

impl Released {
    fn new() -> Self {
        Self::with(str::to_owned)
    }

    /// Creates a repository in which `change` edits one file of the spec.
    fn with(change: impl Fn(&str) -> String) -> Self {
        let this = Self(TempDir::new().unwrap());
        copy(&repository().join("spec"), &this.path("spec"));
        // The fingerprints belong to the vendor's texts, and these pages contain our own.
        fs::remove_file(this.path("spec/backlinks/fingerprints.lock")).unwrap();
        fs::create_dir_all(this.path("crates/mock-server/fixtures")).unwrap();
        let before = fs::read_to_string(this.path(SPEC)).unwrap();
        let after = change(&before);
        fs::write(this.path(SPEC), after).unwrap();
        fs::write(this.path("CHANGELOG.md"), CHANGELOG).unwrap();
        let manifest = "[workspace.package]\nversion = \"1.2.3\"\n";
        fs::write(this.path("Cargo.toml"), manifest).unwrap();
        this.git(&["init", "-q"]);
        this.git(&["add", "-A"]);
        this.git(&["commit", "-q", "-m", "release"]);
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.current_dir(self.0.path()).args([
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.com",
            "-c",
            "commit.gpgsign=false",
        ]);
        assert!(git.args(arguments).status().unwrap().success());
    }

    /// Imports a page.
    fn update(&self, page: &str) -> Update {
        self.try_update(page)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_update(&self, page: &str) -> Result<Update, UpdateError> {
        let file = self.path("page");
        fs::write(&file, page).unwrap();
        let today = date(2026, 11, 23);
        let update = update(self.0.path(), std::slice::from_ref(&file), "HEAD", today);
        fs::remove_file(file).unwrap();
        update
    }

    /// Imports a page that requires no decision.
    fn done(&self, page: &str) -> UpdateSummary {
        match self.update(page).outcome {
            UpdateOutcome::Completed(done) => *done,
            UpdateOutcome::NeedsDecision(decisions) => panic!("{decisions:#?}"),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Returns the endpoint of this repository.
fn endpoint() -> Endpoint {
    let text = fs::read_to_string(repository().join(SPEC)).unwrap();
    parse(SPEC, &text).unwrap().content
}

/// Returns the page of an endpoint in both formats.
fn pages(endpoint: &Endpoint) -> [String; 2] {
    let text = fs::read_to_string(repository().join(TYPES)).unwrap();
    let types: SharedTypes = parse(TYPES, &text).unwrap().content;
    let quirks = Quirks::number(0);
    [
        render::html(endpoint, Some(&types), quirks),
        render::text(endpoint, Some(&types), quirks),
    ]
}

/// Returns a spec file without one field.
fn without(spec: &str, field: &str) -> String {
    let start = spec.find(&format!("    {field}:\n")).unwrap();
    let rest = &spec[start + 1..];
    let ends = |(_, line): &(usize, &str)| !line.trim().is_empty() && !line.starts_with("      ");
    let mut at = 0;
    let lines = rest.lines().map(|line| {
        let from = at;
        at += line.len() + 1;
        (from, line)
    });
    let end = lines
        .skip(1)
        .find(ends)
        .map_or(rest.len(), |(from, _)| from);
    format!("{}{}", &spec[..start], &rest[end..])
}

#[test]
fn a_new_field_is_an_addition() {
    let mut endpoint = endpoint();
    // The page itself states a fact that has other evidence here.
    let task = endpoint.task.as_mut().unwrap();
    task.fields.get_mut("rank_scale").unwrap().evidence = None;
    for page in pages(&endpoint) {
        let released = Released::with(|spec| without(spec, "rank_scale"));
        assert!(!released.read(SPEC).contains("rank_scale:"));
        // The first run stops, because the new field has the shape of a shared type.
        let error = released.try_update(&page).unwrap_err().to_string();
        assert!(
            error.contains("is equal to the shared type `RankScale`: refer to it with `use`"),
            "{error}"
        );
        let imported = released.read(SPEC);
        let values = "      values: [one_hundred, one_thousand]\n";
        assert!(imported.contains(values), "{imported}");
        let decided = imported.replace(values, "      use: RankScale\n");
        fs::write(released.path(SPEC), decided).unwrap();
        let done = released.done(&page);
        // The field in the spec, in the models, in the docs.
        assert!(released.read(SPEC).contains("\n    rank_scale:\n"));
        let module = "crates/models/src/generated/backlinks/bulk_pages_summary_live.rs";
        assert!(
            released
                .read(module)
                .contains("pub rank_scale: Option<RankScale>")
        );
        let client = released.read("crates/client/src/generated/backlinks.rs");
        assert!(client.contains("bulk_pages_summary_live"));
        let listing = released.read("api/backlinks.txt");
        assert!(listing.contains("BulkPagesSummaryLiveTask.rank_scale: Option<RankScale>"));
        // The meaning for callers.
        assert_eq!(
            done.difference.semver(),
            Semver::Minor,
            "{:#?}",
            done.difference
        );
        assert_eq!(done.version, ("1.2.3".to_owned(), "1.3.0".to_owned()));
        let changelog = released.read("CHANGELOG.md");
        let entry = "- `task.rank_scale` of `backlinks/bulk_pages_summary/live` is new (string) (additive).\n";
        assert!(
            changelog.contains(&format!("## Unreleased\n\n### The API\n{entry}")),
            "{changelog}"
        );
        // A second run changes nothing.
        let again = released.done(&page);
        assert!(
            again.generated.is_empty() && again.changelog.is_empty(),
            "{again:#?}"
        );
        assert_eq!(released.read("CHANGELOG.md"), changelog);
    }
}

#[test]
fn a_removed_field_is_deprecated() {
    let mut endpoint = endpoint();
    endpoint
        .task
        .as_mut()
        .unwrap()
        .fields
        .shift_remove("include_subdomains");
    for page in pages(&endpoint) {
        let released = Released::new();
        let done = match released.update(&page).outcome {
            UpdateOutcome::Completed(done) => *done,
            UpdateOutcome::NeedsDecision(_) => released.done(&page),
        };
        assert!(released.read(SPEC).contains("      removed_upstream: "));
        let listing = released.read("api/backlinks.txt");
        let line = "BulkPagesSummaryLiveTask.include_subdomains: Option<bool> #[deprecated]";
        assert!(listing.contains(line));
        assert_eq!(
            done.difference.semver(),
            Semver::Minor,
            "{:#?}",
            done.difference
        );
        let changelog = released.read("CHANGELOG.md");
        assert!(
            changelog.contains(
                "- `task.include_subdomains` of `backlinks/bulk_pages_summary/live` is deprecated: no \
                 longer documented since 20"
            ),
            "{changelog}"
        );
        let again = released.done(&page);
        assert!(
            again.generated.is_empty() && again.changelog.is_empty(),
            "{again:#?}"
        );
    }
}

#[test]
fn an_update_stops_for_a_decision() {
    let mut endpoint = endpoint();
    let task = endpoint.task.as_mut().unwrap();
    task.fields.get_mut("targets").unwrap().max_items = Some(500);
    let [page, _] = pages(&endpoint);
    let released = Released::new();
    for _ in 0..2 {
        let UpdateOutcome::NeedsDecision(decisions) = released.update(&page).outcome else {
            panic!("no decision was required");
        };
        let is_listed = decisions.iter().any(|it| {
            it.contains("task.targets: max_items is 1000 in the spec and 500 on the page")
        });
        assert!(is_listed, "{decisions:#?}");
        assert!(!released.path("api/backlinks.txt").exists());
        assert_eq!(released.read("CHANGELOG.md"), CHANGELOG);
    }
    // The decision is made.
    let spec = released
        .read(SPEC)
        .replace("max_items: 1000", "max_items: 500");
    fs::write(released.path(SPEC), spec).unwrap();
    let done = released.done(&page);
    assert_eq!(
        done.difference.semver(),
        Semver::Major,
        "{:#?}",
        done.difference
    );
    assert_eq!(done.version.1, "2.0.0");
}

#[test]
fn a_missing_revision_changes_nothing() {
    let released = Released::new();
    let page = released.path("page");
    fs::write(&page, &pages(&endpoint())[0]).unwrap();
    let before = released.read(SPEC);
    let error = update(released.0.path(), &[page], "v9.9.9", date(2026, 11, 23)).unwrap_err();
    assert!(error.to_string().contains("v9.9.9"), "{error}");
    assert_eq!(released.read(SPEC), before);
}
