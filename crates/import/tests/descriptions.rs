//! Small OpenAPI descriptions, each with one difficulty of the vendor's file.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use dataforseo_import::report::ImportReport;
use dataforseo_import::{ImportError, Options, openapi};
use dataforseo_test_support::Workspace;

/// A description with one endpoint.
struct Description<'a> {
    /// The fields of a task, as YAML in flow style.
    task: &'a str,
    /// An example of a task.
    example: &'a str,
    /// The fields of the result.
    result: &'a str,
    /// Further schemas, one per line.
    schemas: &'a [&'a str],
}

impl Default for Description<'_> {
    fn default() -> Self {
        Self {
            task: "site: { type: string, description: site }",
            example: "{ site: a.example }",
            result: "site: { type: string, description: site }",
            schemas: &[],
        }
    }
}

impl Description<'_> {
    fn text(&self) -> String {
        let list =
            |of: &str| format!("type: array, items: {{ $ref: '#/components/schemas/{of}' }}");
        let body =
            |schema: &str| format!("content: {{ application/json: {{ schema: {{ {schema} }} }} }}");
        let object = |fields: &str| format!("{{ type: object, properties: {{ {fields} }} }}");
        let request = body(&format!("{}, example: [ {} ]", list("Task"), self.example));
        let response = body("$ref: '#/components/schemas/Response'");
        let schemas = [
            format!("Task: {}", object(self.task)),
            format!(
                "Response: {}",
                object(&format!("tasks: {{ {} }}", list("Posted")))
            ),
            format!(
                "Posted: {}",
                object(&format!("result: {{ {} }}", list("Found")))
            ),
            format!("Found: {}", object(self.result)),
        ];
        let schemas = schemas
            .iter()
            .map(String::as_str)
            .chain(self.schemas.iter().copied());
        let schemas: String = schemas.map(|schema| format!("    {schema}\n")).collect();
        format!(
            "paths:\n  /v3/backlinks/sites/live:\n    post:\n      description: Sites.\n      \
             requestBody: {{ {request} }}\n      responses: {{ '200': {{ {response} }} }}\n\
             components:\n  schemas:\n{schemas}"
        )
    }
}

const TYPES: &str = "spec/backlinks/types.yaml";

/// Imports a description that is dated one day in 2026.
fn import(
    workspace: &Workspace,
    day: &str,
    description: &Description<'_>,
) -> Result<Vec<ImportReport>, ImportError> {
    let name = format!("openapi-{day}.yaml");
    workspace.write(&name, &description.text());
    let file = workspace.path().join(name);
    openapi::import(workspace.path(), &file, &[], Options::default())
}

fn show(reports: &[ImportReport]) -> String {
    reports.iter().map(ToString::to_string).collect()
}

const UNION: &str = "Shape: { type: object, discriminator: { propertyName: type, mapping: { box: '#/components/schemas/Box' } }, properties: { type: { type: string } } }";
const MEMBER: &str =
    "Box: { type: object, properties: { width: { type: integer, description: width } } }";
const OTHER: &str = "Other: { type: object, discriminator: { propertyName: type, mapping: { a: '#/components/schemas/OtherA' } }, properties: { type: { type: string } } }";
const OTHER_MEMBER: &str =
    "OtherA: { type: object, properties: { title: { type: string, description: title } } }";
const LISTS: &str = "shapes: { type: array, items: { $ref: '#/components/schemas/Shape' } }, others: { type: array, items: { $ref: '#/components/schemas/Other' } }";

/// A type that was a union in the last file is an object in this one, and the other way round.
#[test]
fn a_type_that_changes_its_kind_is_a_contradiction_and_nothing_is_lost() {
    let union = Description {
        result: LISTS,
        schemas: &[UNION, MEMBER, OTHER, OTHER_MEMBER],
        ..Description::default()
    };
    let object = Description {
        schemas: &[
            "Shape: { type: object, properties: { type: { type: string }, width: { type: integer } } }",
            OTHER,
            OTHER_MEMBER,
        ],
        ..union
    };
    let workspace = Workspace::new();
    import(&workspace, "2026-01-01", &union).unwrap();
    let before = workspace.read(TYPES);
    let reports = show(&import(&workspace, "2026-02-01", &object).unwrap());
    assert_eq!(workspace.read(TYPES), before);
    let told = "Shape: a union with the tag `type` in the spec and an object in the file";
    assert!(reports.contains(told), "{reports}");
    // The type of the spec is an object, and the file has a union.
    let text = "types:\n  Shape:\n    fields:\n      width:\n        type: integer\n  Other:\n    tag: type\n    members:\n      a: {}\n";
    workspace.write(TYPES, text);
    let reports = show(&import(&workspace, "2026-03-01", &union).unwrap());
    let told = "Shape: an object in the spec and a union with the tag `type` in the file";
    assert!(reports.contains(told), "{reports}");
    let after = workspace.read(TYPES);
    assert!(
        after.starts_with(&text[..text.find("  Other").unwrap()]),
        "{after}"
    );
    assert!(
        after.contains("      a:\n        fields:\n          title:\n"),
        "{after}"
    );
}

/// A union has fields of its own only in the later file.
#[test]
fn a_union_gets_its_first_own_field_before_its_members() {
    let with = UNION.replace(
        "type: { type: string }",
        "type: { type: string }, page: { type: integer }",
    );
    let without = Description {
        result: LISTS,
        schemas: &[UNION, MEMBER, OTHER, OTHER_MEMBER],
        ..Description::default()
    };
    let workspace = Workspace::new();
    import(&workspace, "2026-01-01", &without).unwrap();
    let before = workspace.read(TYPES);
    let later = Description {
        schemas: &[&with, MEMBER, OTHER, OTHER_MEMBER],
        ..without
    };
    import(&workspace, "2026-02-01", &later).unwrap();
    let after = workspace.read(TYPES);
    let added = after
        .find("    fields:\n      page:\n        type: integer\n")
        .expect(&after);
    assert!(added < after.find("    members:\n").unwrap(), "{after}");
    for line in before.lines() {
        assert!(after.contains(line), "{line}");
    }
}
