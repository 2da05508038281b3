//! Descriptions of an invented API at several dates, and a spec that follows them.
//!
//! `cargo xtask replay` does the same with the vendor's files, which cannot be kept here.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use std::fs;
use std::path::PathBuf;

use dataforseo_import::decisions::{Choices, Decision};
use dataforseo_test_support::Workspace;
use jiff::civil::date;
use tempfile::TempDir;
use xtask::replay::{Replay, ReplayStep};
use xtask::update::report::open;
use xtask::update::{UpdateSources, import_sources};

/// A description of the API, as YAML in flow style.
#[derive(Clone)]
struct Description {
    day: &'static str,
    /// Paths with the schemas of task and result.
    paths: Vec<(&'static str, Option<&'static str>, &'static str)>,
    /// Schemas by name: the fields.
    schemas: Vec<(&'static str, String)>,
}

const SHAPES: [(&str, &str); 2] = [("box", "Box"), ("ball", "Ball")];

impl Description {
    /// Replaces a text in the schemas, where it must occur.
    fn with(mut self, from: &str, to: &str) -> Self {
        let mut count = 0;
        for (_, fields) in &mut self.schemas {
            count += fields.matches(from).count();
            *fields = fields.replace(from, to);
        }
        assert!(count > 0, "{from} is in no schema");
        self
    }

    fn on(mut self, day: &'static str) -> Self {
        self.day = day;
        self
    }

    fn without_path(mut self, path: &str) -> Self {
        self.paths.retain(|(other, ..)| *other != path);
        self
    }

    fn with_path(
        mut self,
        path: &'static str,
        task: Option<&'static str>,
        result: &'static str,
    ) -> Self {
        self.paths.push((path, task, result));
        self
    }

    fn text(&self) -> String {
        let reference = |name: &str| format!("$ref: '#/components/schemas/{name}'");
        let list = |name: &str| format!("{{ type: array, items: {{ {} }} }}", reference(name));
        let media =
            |schema: &str| format!("content: {{ application/json: {{ schema: {schema} }} }}");
        let mut text = String::from("openapi: 3.0.0\npaths:\n");
        for (at, (path, task, _)) in self.paths.iter().enumerate() {
            let method = if task.is_some() { "post" } else { "get" };
            text += &format!("  {path}:\n    {method}:\n      description: Widgets.\n");
            if let Some(task) = task {
                text += &format!("      requestBody: {{ {} }}\n", media(&list(task)));
            }
            let response = media(&format!("{{ {} }}", reference(&format!("Response{at}"))));
            text += &format!("      responses: {{ '200': {{ {response} }} }}\n");
        }
        text += "components:\n  schemas:\n";
        let mut object = |name: &str, fields: &str| {
            text += &format!("    {name}: {{ type: object, properties: {{ {fields} }} }}\n");
        };
        for (at, (.., result)) in self.paths.iter().enumerate() {
            object(
                &format!("Response{at}"),
                &format!("tasks: {}", list(&format!("Posted{at}"))),
            );
            object(&format!("Posted{at}"), &format!("result: {}", list(result)));
        }
        for (name, fields) in &self.schemas {
            object(name, fields);
        }
        let mapping = SHAPES
            .iter()
            .filter(|(_, schema)| self.schemas.iter().any(|(name, _)| name == schema));
        let mapping: Vec<String> = mapping
            .map(|(tag, schema)| format!("{tag}: '#/components/schemas/{schema}'"))
            .collect();
        text += &format!(
            "    Shape: {{ type: object, discriminator: {{ propertyName: type, mapping: {{ {} }} }}, \
             properties: {{ type: {{ type: string }}, place: {{ type: integer }} }} }}\n",
            mapping.join(", ")
        );
        text
    }
}

/// Returns the first description.
fn first() -> Description {
    let schemas = [
        (
            "Task",
            "site: { type: string, description: \"the site\\nrequired field\" }, limit: { type: integer, description: \"number of rows\\noptional field\\nmaximum value: 1000\" }, sort: { type: string, description: \"the way of sorting\\noptional field\" }",
        ),
        (
            "Found",
            "total: { type: number, description: rows }, legacy: { type: string, description: old }, shapes: { type: array, items: { $ref: '#/components/schemas/Shape' } }, rating: { $ref: '#/components/schemas/Rating' }, other: { $ref: '#/components/schemas/Rating' }",
        ),
        (
            "Rating",
            "value: { type: number, description: value }, votes: { type: number, description: votes }",
        ),
        ("Box", "width: { type: integer, description: width }"),
        ("Ball", "radius: { type: integer, description: radius }"),
        (
            "Row",
            "id: { type: integer, description: id }, name: { type: string, description: name }, code: { type: string, description: code }",
        ),
        ("Doomed", "gone: { type: string, description: gone }"),
    ];
    Description {
        day: "2026-01-01",
        paths: vec![
            ("/v3/backlinks/widgets/live", Some("Task"), "Found"),
            ("/v3/backlinks/widgets/list", None, "Row"),
            ("/v3/backlinks/doomed", None, "Doomed"),
        ],
        schemas: schemas
            .map(|(name, fields)| (name, fields.to_owned()))
            .to_vec(),
    }
}

/// Returns the second description: types, bounds, fields, members and endpoints changed.
fn second() -> Description {
    let mut second = first()
        .on("2026-02-01")
        .with("total: { type: number", "total: { type: integer")
        .with("votes: { type: number", "votes: { type: integer")
        .with("maximum value: 1000", "maximum value: 500")
        .with("legacy: { type: string, description: old }, ", "")
        .with("sort: {", "sort_by: {")
        .with(
            "width: {",
            "height: { type: integer, description: height }, width: {",
        )
        .without_path("/v3/backlinks/widgets/list")
        .without_path("/v3/backlinks/doomed")
        .with_path("/v3/backlinks/widgets/index", None, "Row")
        .with_path("/v3/backlinks/fresh/live", Some("Task"), "Row");
    second
        .schemas
        .retain(|(name, _)| *name != "Ball" && *name != "Doomed");
    second
}

/// Returns the third description, in which some of that came back.
fn third() -> Description {
    let mut third = second()
        .on("2026-03-01")
        .with(
            "total: {",
            "legacy: { type: string, description: old }, total: {",
        )
        .with("maximum value: 500", "maximum value: 1000")
        .with("description: votes", "description: the number of votes");
    third.schemas.push((
        "Ball",
        "radius: { type: number, description: radius }".to_owned(),
    ));
    third
}

/// A workspace with files of several days.
struct Series {
    workspace: Workspace,
    files: Vec<PathBuf>,
}

impl Series {
    fn new(descriptions: &[Description]) -> Self {
        let workspace = Workspace::new();
        fs::create_dir_all(workspace.path().join("crates/mock-server/fixtures")).unwrap();
        let files = descriptions.iter().map(|description| {
            let name = format!("openapi-{}.yaml", description.day);
            workspace.write(&name, &description.text());
            workspace.path().join(name)
        });
        let files = files.collect();
        Self { workspace, files }
    }

    fn step(&self, file: usize, choices: &Choices) -> ReplayStep {
        let replay = Replay {
            root: self.workspace.path(),
            only: &[],
            choices,
        };
        replay.step(&self.files[file]).unwrap()
    }
}

fn take_all() -> Choices {
    let mut choices = Choices::on(date(2026, 3, 9));
    choices.take("*").unwrap();
    choices
}

const WIDGETS: &str = "spec/backlinks/widgets_live.yaml";
const TYPES: &str = "spec/backlinks/types.yaml";

#[test]
fn every_step_generates_and_the_last_equals_a_fresh_import() {
    let series = Series::new(&[first(), second(), third()]);
    let choices = take_all();
    let replay = Replay {
        root: series.workspace.path(),
        only: &[],
        choices: &choices,
    };
    for file in 0..series.files.len() {
        let step = series.step(file, &choices);
        assert_eq!(step.open(), Vec::<String>::new());
        assert!(replay.generate().unwrap() > 0);
    }
    let fresh = TempDir::new().unwrap();
    let differences = replay.differences(&series.files[2], fresh.path()).unwrap();
    let differences: Vec<String> = differences.iter().map(|it| it.summary()).collect();
    assert_eq!(differences, Vec::<String>::new());
}

#[test]
fn all_decisions_are_in_one_report_and_nothing_is_written_while_one_is_open() {
    let series = Series::new(&[first(), second()]);
    series.step(0, &take_all());
    let read = || [WIDGETS, TYPES].map(|name| series.workspace.read(name));
    let before = read();
    let mut choices = Choices::on(date(2026, 3, 9));
    let step = series.step(1, &choices);
    assert_eq!(read(), before);
    let mut patterns: Vec<&str> = step.groups.iter().map(|it| it.pattern.as_str()).collect();
    patterns.sort_unstable();
    assert_eq!(
        patterns,
        [
            "endpoint.removed",
            "endpoint.renamed",
            "result.*.member_removed",
            "result.*.removed",
            "result.*.type: float -> integer",
            "task.*.max",
            "task.*.renamed",
        ]
    );
    // All but one are decided.
    for pattern in &patterns[1..] {
        choices.take(pattern).unwrap();
    }
    let step = series.step(1, &choices);
    assert_eq!(step.open().len(), 1, "{:#?}", step.open());
    assert_eq!(read(), before);
    choices.keep("endpoint.removed=still responds").unwrap();
    assert_eq!(series.step(1, &choices).open(), Vec::<String>::new());
    assert_ne!(read(), before);
    let doomed = series.workspace.read("spec/backlinks/doomed.yaml");
    assert!(doomed.contains("evidence: still responds"), "{doomed}");
    let index = series.workspace.read("spec/backlinks/widgets_index.yaml");
    assert!(
        index.contains("renamed_from: [/v3/backlinks/widgets/list]"),
        "{index}"
    );
    let old = series
        .workspace
        .path()
        .join("spec/backlinks/widgets_list.yaml");
    assert!(!old.exists());
    let widgets = series.workspace.read(WIDGETS);
    assert!(
        widgets.contains("removed_upstream: 2026-02-01"),
        "{widgets}"
    );
}

#[test]
fn what_was_decided_is_not_reported_again() {
    let series = Series::new(&[first(), second()]);
    series.step(0, &take_all());
    let mut choices = Choices::on(date(2026, 3, 9));
    choices.keep("*=recordings show it").unwrap();
    choices.take("endpoint.renamed").unwrap();
    assert_eq!(series.step(1, &choices).open(), Vec::<String>::new());
    let widgets = series.workspace.read(WIDGETS);
    let correction = "      corrections:\n        - fact: max\n          documented: 500\n          reason: recordings show it\n";
    assert!(widgets.contains(correction), "{widgets}");
    assert!(
        widgets.contains("evidence: recordings show it"),
        "{widgets}"
    );
    // No choice is needed any more, and nothing changes.
    let before = [WIDGETS, TYPES].map(|name| series.workspace.read(name));
    let none = Choices::on(date(2026, 3, 10));
    let again = series.step(1, &none);
    assert_eq!(again.decisions(), 0, "{:#?}", again.groups);
    assert_eq!(
        [WIDGETS, TYPES].map(|name| series.workspace.read(name)),
        before
    );
    let reported: Vec<&String> = again
        .reports
        .iter()
        .flat_map(|it| &it.not_understood)
        .collect();
    assert_eq!(reported, Vec::<&String>::new());
}

#[test]
fn a_decision_states_file_and_line() {
    let series = Series::new(&[first(), second()]);
    series.step(0, &take_all());
    let step = series.step(1, &Choices::on(date(2026, 3, 9)));
    let decisions: Vec<Decision> = open(&step.reports);
    let of = |address: &str| {
        let found = decisions.iter().find(|it| it.address() == address);
        found.unwrap_or_else(|| panic!("{decisions:#?}"))
    };
    let max = of("backlinks/widgets_live/task.limit.max");
    let line = usize::try_from(max.line).unwrap() - 1;
    let text = series.workspace.read(&max.file);
    assert_eq!(text.lines().nth(line).unwrap().trim(), "limit:");
    assert_eq!(max.what, "max is 1000 in the spec and 500 in the source");
    assert!(
        of("backlinks/types/WidgetsRating.votes.type")
            .what
            .contains("\"float\"")
    );
}

#[test]
fn a_section_that_is_not_declared_is_named_with_what_to_add() {
    let mut description = first();
    description
        .paths
        .push(("/v3/unheard_of/things/live", Some("Task"), "Row"));
    let series = Series::new(&[description]);
    let file = series.files[0].clone();
    let sources = UpdateSources::OpenApi {
        file,
        only: Vec::new(),
    };
    let root = series.workspace.path();
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.current_dir(root)
            .args(["-c", "user.name=x", "-c", "user.email=x@example.com"]);
        assert!(git.args(arguments).output().unwrap().status.success());
    };
    git(&["init", "-q"]);
    git(&["add", "spec"]);
    git(&["commit", "-q", "-m", "x"]);
    let today = date(2026, 3, 9);
    let error = import_sources(root, &sources, "HEAD", &Choices::on(today), today).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("sections:\n  unheard_of:\n    doc: …\n"),
        "{error}"
    );
}
