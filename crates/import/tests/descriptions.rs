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

const ENDPOINT: &str = "spec/backlinks/sites_live.yaml";
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
    let message = "SitesShape: a union with the tag `type` in the spec and an object in the file";
    assert!(reports.contains(message), "{reports}");
    // The type of the spec is an object, and the file has a union.
    let text = "types:\n  SitesShape:\n    fields:\n      width:\n        type: integer\n  SitesOther:\n    tag: type\n    members:\n      a: {}\n";
    workspace.write(TYPES, text);
    let reports = show(&import(&workspace, "2026-03-01", &union).unwrap());
    let message = "SitesShape: an object in the spec and a union with the tag `type` in the file";
    assert!(reports.contains(message), "{reports}");
    let after = workspace.read(TYPES);
    assert!(
        after.starts_with(&text[..text.find("  SitesOther").unwrap()]),
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

/// Returns the endpoint's file after an import of a task with these fields.
fn endpoint_of(task: &str, example: &str) -> String {
    let workspace = Workspace::new();
    let description = Description {
        task,
        example,
        ..Description::default()
    };
    import(&workspace, "2026-01-01", &description).unwrap();
    workspace.read(ENDPOINT)
}

/// Returns the entry of a field in a file.
fn entry<'a>(text: &'a str, field: &str) -> &'a str {
    let start = text
        .find(&format!("    {field}:\n"))
        .unwrap_or_else(|| panic!("{field}: {text}"));
    let rest = &text[start + 1..];
    let end = rest
        .match_indices("\n    ")
        .find(|(at, _)| !rest[at + 5..].starts_with(' '));
    &rest[..end.map_or(rest.len(), |(at, _)| at + 1)]
}

#[test]
fn fields_that_require_each_other_stay_side_by_side() {
    let text = endpoint_of(
        "date_from: { type: string, description: \"first\\noptional field\\nrequired field if date_to is specified\" }, \
         date_to: { type: string, description: \"last\\noptional field\\nrequired field if date_from is specified\" }, \
         alone: { type: string, description: \"a\\nrequired field if alone is specified\" }, \
         odd: { type: string, description: \"a\\nrequired field if missing is specified\" }",
        "{}",
    );
    assert!(
        entry(&text, "date_from").contains("required_with: date_to\n"),
        "{text}"
    );
    assert!(
        entry(&text, "date_to").contains("required_with: date_from\n"),
        "{text}"
    );
    for field in ["alone", "odd"] {
        assert!(!entry(&text, field).contains("required_with"), "{text}");
    }
    assert!(!text.contains("evidence"), "{text}");
}

#[test]
fn values_are_read_once_one_per_line_or_in_a_list() {
    let text = endpoint_of(
        "rating: { type: string, description: \"r\\npossible values: 4, 4.5, 3.5, 4\" }, \
         services: { type: array, items: { type: string }, description: \"s\\npossible values:\\n\\\"pool\\\",\\n\\\"bar\\\",\\n\\\"gym\\\"\" }, \
         spaced: { type: string, description: \"s\\npossible\u{a0}values:\u{a0}one,\u{a0}two\\n\u{200b}default value:\u{a0}one\" }",
        "{}",
    );
    assert!(
        entry(&text, "rating").contains("values: [\"4\", \"4.5\", \"3.5\"]"),
        "{text}"
    );
    assert!(
        entry(&text, "services").contains("values: [pool, bar, gym]"),
        "{text}"
    );
    assert!(
        entry(&text, "spaced").contains("values: [one, two]"),
        "{text}"
    );
    assert!(entry(&text, "spaced").contains("default: one"), "{text}");
}

#[test]
fn a_possible_value_that_is_a_bound_is_no_list() {
    let text = endpoint_of(
        "date_from: { type: string, description: \"d\\nminimal possible value: 2020-10-01\\ndate format: \\\"yyyy-mm-dd\\\"\" }, \
         depth: { type: integer, description: \"d\\nmaximum possible value: 700\" }",
        "{}",
    );
    assert!(
        entry(&text, "date_from").contains("min: 2020-10-01"),
        "{text}"
    );
    assert!(entry(&text, "depth").contains("max: 700"), "{text}");
    assert!(!text.contains("values"), "{text}");
}

#[test]
fn a_list_has_the_numbers_of_its_example() {
    let list = |name: &str| {
        format!("{name}: {{ type: array, items: {{ type: string }}, description: c }}")
    };
    let task = ["codes", "rates", "words", "empty"].map(list).join(", ");
    let text = endpoint_of(
        &task,
        "{ codes: [13418, 11494], rates: [1, 2.5], words: [a, 1], empty: [] }",
    );
    for (field, of) in [
        ("codes", "integer"),
        ("rates", "float"),
        ("words", "string"),
        ("empty", "string"),
    ] {
        assert!(
            entry(&text, field).contains(&format!("of: {of}\n")),
            "{field}: {text}"
        );
    }
}

/// Schemas whose names end empty, begin with a digit, or belong to the core of the models. Their types
/// are named by their places.
#[test]
fn every_shared_type_gets_a_name() {
    let union = |name: &str, member: &str| {
        format!(
            "{name}: {{ type: object, discriminator: {{ propertyName: type, mapping: {{ tag_{member}: '#/components/schemas/{member}' }} }}, \
             properties: {{ type: {{ type: string }} }} }}"
        )
    };
    let unions = [
        union("Base", "A"),
        union("3D", "B"),
        union("WindowInfo", "C"),
    ];
    let member = |name: &str, field: &str| {
        format!("{name}: {{ type: object, properties: {{ {field}: {{ type: string }} }} }}")
    };
    let members = [member("A", "a"), member("B", "b"), member("C", "c")];
    let schemas: Vec<&str> = unions.iter().chain(&members).map(String::as_str).collect();
    let lists = ["Base", "3D", "WindowInfo"].map(|name| {
        format!(
            "l{}: {{ type: array, items: {{ $ref: '#/components/schemas/{name}' }} }}",
            name.to_lowercase()
        )
    });
    let workspace = Workspace::new();
    let description = Description {
        result: &lists.join(", "),
        schemas: &schemas,
        ..Description::default()
    };
    import(&workspace, "2026-01-01", &description).unwrap();
    let types = workspace.read(TYPES);
    for name in ["SitesLbase", "SitesL3d", "SitesLwindowinfo"] {
        assert!(types.contains(&format!("\n  {name}:\n")), "{types}");
    }
}

#[test]
fn types_of_the_same_name_are_named_by_their_place() {
    let inner =
        |name: &str, field: &str| format!("{name}: {{ type: object, properties: {{ {field} }} }}");
    let list = |of: &str| {
        format!("items: {{ type: array, items: {{ $ref: '#/components/schemas/{of}' }} }}")
    };
    let outer = inner(
        "Outer",
        "directory: { $ref: '#/components/schemas/Directory' }",
    );
    let directory = inner("Directory", &list("Inner"));
    let innermost = inner("Inner", "title: { type: string }");
    let workspace = Workspace::new();
    let description = Description {
        result: &list("Outer"),
        schemas: &[&outer, &directory, &innermost],
        ..Description::default()
    };
    import(&workspace, "2026-01-01", &description).unwrap();
    let text = workspace.read(ENDPOINT);
    assert_eq!(text.matches(" name: ").count(), 1, "{text}");
    assert!(text.contains("name: SitesLiveDirectoryItem\n"), "{text}");
    // A second import keeps the name.
    for report in import(&workspace, "2026-01-01", &description).unwrap() {
        assert!(report.verified(), "{report}");
    }
}

/// The same inside of a shared type.
#[test]
fn types_inside_of_shared_types_are_named_by_their_place() {
    let markets = |of: &str| {
        format!("markets: {{ type: array, items: {{ $ref: '#/components/schemas/{of}' }} }}")
    };
    let entry = |name: &str, values: &str| {
        format!(
            "{name}: {{ type: object, properties: {{ market: {{ type: string, description: \"m\\npossible values: {values}\" }} }} }}"
        )
    };
    let (of_site, of_box) = (entry("OfSite", "us, eu"), entry("OfBox", "asia, africa"));
    let site = format!(
        "SitesLive: {{ type: object, properties: {{ {} }} }}",
        markets("OfSite")
    );
    let group = format!(
        "Box: {{ type: object, properties: {{ {} }} }}",
        markets("OfBox")
    );
    let twice =
        ["a", "b"].map(|name| format!("{name}: {{ $ref: '#/components/schemas/SitesLive' }}"));
    let workspace = Workspace::new();
    let description = Description {
        result: &format!("{}, {LISTS}", twice.join(", ")),
        schemas: &[&of_site, &of_box, &site, UNION, &group, OTHER, OTHER_MEMBER],
        ..Description::default()
    };
    import(&workspace, "2026-01-01", &description).unwrap();
    let types = workspace.read(TYPES);
    assert!(types.contains("\n  SitesA:\n"), "{types}");
    assert!(types.contains("name: SitesAMarketsMarket\n"), "{types}");
    assert!(
        types.contains("name: SitesShapeBoxMarketsMarket\n"),
        "{types}"
    );
}

/// The member `box` of the union `SitesShape` is an object called `SitesShapeBox`, and so would be the
/// union in `shape_boxes`.
#[test]
fn a_union_and_its_members_have_names_of_their_own() {
    let mut unions = vec![UNION.to_owned(), MEMBER.to_owned(), OTHER_MEMBER.to_owned()];
    unions.push(OTHER.replace("Other:", "ShapeBox:"));
    let schemas: Vec<&str> = unions.iter().map(String::as_str).collect();
    let workspace = Workspace::new();
    let description = Description {
        result: &LISTS
            .replace("schemas/Other'", "schemas/ShapeBox'")
            .replace("others", "shape_boxes"),
        schemas: &schemas,
        ..Description::default()
    };
    let reports = show(&import(&workspace, "2026-01-01", &description).unwrap());
    let message = "two types of `spec/backlinks` would be named `SitesLiveShape`; one is named \
                   `BacklinksShape`";
    assert!(reports.contains(message), "{reports}");
    let types = workspace.read(TYPES);
    assert!(types.contains("\n  BacklinksShape:\n"), "{types}");
    assert!(types.contains("\n  SitesLiveShapeBox:\n"), "{types}");
}

#[test]
fn a_schema_that_the_file_lacks_needs_a_decision() {
    let workspace = Workspace::new();
    let description = Description {
        result: LISTS,
        schemas: &[UNION, OTHER, OTHER_MEMBER],
        ..Description::default()
    };
    let reports = import(&workspace, "2026-01-01", &description).unwrap();
    let shown = show(&reports);
    assert!(
        shown.contains("the file refers to the schema `Box` and does not contain it"),
        "{shown}"
    );
    assert!(reports.iter().any(ImportReport::needs_decision));
    let types = workspace.read(TYPES);
    assert!(types.contains("      box: {}\n"), "{types}");
}
