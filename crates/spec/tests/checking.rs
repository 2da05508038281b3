//! The errors that `cargo xtask check` reports.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use std::collections::BTreeMap;

use dataforseo_spec::fingerprints::{self, FileFingerprints, Fingerprints};
use dataforseo_spec::load::in_section;
use dataforseo_spec::model::{Model, load};
use dataforseo_spec::names::CORE_NAMES;
use dataforseo_spec::{Diagnostics, EndpointFile};
use dataforseo_test_support::{Workspace, repository};

const GOOD: &str = "\
path: /v3/backlinks/widgets/live
method: POST
mode: live
doc: Counts widgets.
source:
  link: https://docs.dataforseo.com/v3/backlinks-widgets-live/
limits:
  tasks_per_call: 1
task:
  fields:
    targets:
      type: list
      of: string
      required: true
      max_items: 1000
      doc: Sites.
    date_from:
      type: string
      format: date
      default: today - 1 month
      doc: A day.
    scale:
      type: string
      use: Scale
      default: small
      doc: A scale.
result:
  fields:
    items:
      type: list
      of: object
      doc: Widgets.
      fields:
        type:
          type: string
          values: [widget]
          doc: A kind.
";

const TYPES: &str = "\
types:
  Scale:
    doc: How large.
    values:
      small: Small.
      large: Large.
";

const FILE: &str = "spec/backlinks/widgets_live.yaml";

fn check(workspace: &Workspace) -> Result<Model, Diagnostics> {
    load(&workspace.path().join("spec"))
}

fn workspace(endpoint: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write(FILE, endpoint);
    workspace.write("spec/backlinks/types.yaml", TYPES);
    workspace
}

fn errors(workspace: &Workspace) -> String {
    check(workspace).expect_err("the spec is valid").to_string()
}

#[test]
fn the_good_one_is_good() {
    check(&workspace(GOOD)).unwrap();
}

/// A preset with a width, in the place of a task's scale.
const RELATED: &str = "\
    preset:
      type: string
      values: [desktop, mobile]
      doc: A preset.
    loud:
      type: boolean
      default: true
      doc: Whether.
    words:
      type: list
      of: string
      min_length: 3
      max_length: 80
      max_words: 10
      requires:
        loud: true
      excludes: [scale]
      doc: Words.
    width:
      type: integer
      default_by:
        field: preset
        values:
          desktop: 1920
          mobile: 390
      required_if:
        preset: mobile
      doc: A width.
    scale:
";

fn related(from: &str, to: &str) -> Workspace {
    assert!(RELATED.contains(from), "{from}");
    let fields = RELATED.replacen(from, to, 1);
    workspace(&GOOD.replace("    scale:\n", &format!("    {fields}")))
}

#[test]
fn relations_between_fields_name_fields_and_their_values() {
    check(&related("doc: A width.", "doc: A width.")).unwrap();
    for (from, to, message) in [
        (
            "loud: true",
            "lout: true",
            "no field `lout` in the same object; did you mean `loud`?",
        ),
        (
            "loud: true",
            "loud: 1",
            "1 is not a value of the type of `loud`",
        ),
        (
            "preset: mobile",
            "preset: mobil",
            "`mobil` is not one of the values of `preset`",
        ),
        (
            "desktop: 1920",
            "desk: 1920",
            "`desk` is not one of the values of `preset`",
        ),
        (
            "excludes: [scale]",
            "excludes: [scales]",
            "no field `scales` in the same object",
        ),
        ("min_length: 3", "min_length: 90", "above `max_length`, 80"),
        (
            "max_words: 10",
            "max_words: 0",
            "a limit of 0 allows nothing",
        ),
        (
            "      default: true\n",
            "      default: true\n      default_by:\n        field: scale\n",
            "`default_by` excludes `default` and `required`",
        ),
        (
            "      default: true\n",
            "      max_words: 3\n",
            "only a string or a list of strings has `max_words`",
        ),
    ] {
        let errors = errors(&related(from, to));
        assert!(errors.contains(message), "{errors}");
    }
}

/// A field whose name is reserved gets another Rust name and keeps its JSON name.
#[test]
fn a_field_can_be_renamed() {
    let renamed = GOOD.replace("    scale:\n", "    self:\n      ident: own\n");
    let model = check(&workspace(&renamed)).unwrap();
    let field = &model
        .endpoints()
        .next()
        .unwrap()
        .task
        .as_ref()
        .unwrap()
        .fields[2];
    assert_eq!((field.wire.as_str(), field.ident.as_str()), ("self", "own"));
}

#[test]
fn the_committed_spec_is_good() {
    load(&repository().join("spec")).unwrap();
}

/// The committed fingerprints are in the form that the import writes, and each belongs to a field.
#[test]
fn the_committed_fingerprints_are_those_of_the_fields() {
    let (spec, errors) = dataforseo_spec::load(&repository().join("spec"));
    assert_eq!(errors, []);
    let mut spec = spec.unwrap();
    let mut sections = BTreeMap::new();
    let new = FileFingerprints::new;
    let in_spec = |name: &str| name.strip_prefix("spec/").unwrap().to_owned();
    for (scope, files) in &mut spec.shared {
        let known: &mut Fingerprints = sections.entry(scope.section_name().to_owned()).or_default();
        for file in files {
            let read = fingerprints::of(&file.content);
            let name = in_spec(&file.name);
            known.update(in_section(&name), &mut file.content, read);
        }
    }
    for EndpointFile { scope, file } in &mut spec.endpoints {
        let known = sections.entry(scope.section_name().to_owned()).or_default();
        let name = in_spec(&file.name);
        let read = fingerprints::of(&file.content);
        known.update(in_section(&name), &mut file.content, read);
        known.update(in_section(&name), &mut file.content, new());
    }
    for (section, known) in sections {
        let file = format!("spec/{section}/{}", fingerprints::FILE);
        let committed = std::fs::read_to_string(repository().join(&file)).ok();
        assert_eq!(committed, known.text(), "{file}");
    }
}

#[test]
fn a_line_that_is_not_a_fingerprint_has_its_place() {
    let workspace = workspace(GOOD);
    let file = "spec/backlinks/fingerprints.lock";
    workspace.write(file, "# A comment.\nwidgets_live.yaml source\n");
    assert_eq!(
        errors(&workspace),
        "spec/backlinks/fingerprints.lock:2:1: not a fingerprint: expected a file, a path and 8 \
         hexadecimal digits, separated by spaces; delete the line; the next import then treats the \
         text as new\n1 error"
    );
    // A file that is not there, and fields that are not there, are right.
    workspace.write(
        file,
        "gone_live.yaml source 01234567\nwidgets_live.yaml task/fields/gone 01234567\n",
    );
    check(&workspace).unwrap();
}

#[test]
fn a_fingerprint_in_the_yaml_is_an_error_that_says_where_it_belongs() {
    let old = GOOD.replace(
        "max_items: 1000",
        "max_items: 1000\n      wording: \"01234567\"",
    );
    let errors = errors(&workspace(&old));
    assert!(
        errors.starts_with(&format!(
            "{FILE}:16:7: unknown key `wording`: fingerprints are in `fingerprints.lock` of the \
             section; delete the line"
        )),
        "{errors}"
    );
}

/// Each change alone causes one message.
#[test]
fn each_error_has_its_place_and_says_what_to_do() {
    let changes = [
        ("a typo in a key", "max_items: 1000", "max_itmes: 1000"),
        ("a typo in a top key", "mode: live", "mod: live"),
        (
            "a typo in a type",
            "type: list\n      of: string\n      required",
            "type: lst\n      of: string\n      required",
        ),
        (
            "a value of the wrong type",
            "max_items: 1000",
            "max_items: many",
        ),
        ("a missing key", "mode: live\n", ""),
        (
            "a key twice",
            "      doc: A day.\n",
            "      doc: A day.\n      format: date\n",
        ),
        (
            "a field twice",
            "    scale:\n",
            "    targets:\n      type: string\n      doc: Again.\n    scale:\n",
        ),
        ("a wrong indent", "    date_from:\n", "   date_from:\n"),
        ("a tab", "      doc: Sites.\n", "\tdoc: Sites.\n"),
        ("a dangling reference", "use: Scale", "use: Scales"),
        (
            "a reference of the wrong kind",
            "type: string\n      use: Scale\n      default: small",
            "type: object\n      use: Scale",
        ),
        ("no documentation", "      doc: A day.\n", ""),
        (
            "no documentation of the endpoint",
            "doc: Counts widgets.\n",
            "",
        ),
        ("a date that is none", "today - 1 month", "a month ago"),
        (
            "a limit that does not fit",
            "      doc: A day.\n",
            "      doc: A day.\n      max_items: 3\n",
        ),
        (
            "a list of nothing",
            "type: list\n      of: string",
            "type: list",
        ),
        (
            "an object without fields",
            "      of: object\n      doc: Widgets.\n      fields:\n        type:\n          type: string\n          values: [widget]\n          doc: A kind.\n",
            "      of: object\n      doc: Widgets.\n",
        ),
        (
            "required with a default",
            "default: today - 1 month",
            "default: today\n      required: true",
        ),
        (
            "a default of the wrong kind",
            "      max_items: 1000\n",
            "      max_items: 1000\n      default: 3\n",
        ),
        (
            "a path of another section",
            "/v3/backlinks/widgets",
            "/v3/serp/widgets",
        ),
        (
            "a path of another file",
            "widgets/live\nmethod",
            "gadgets/live\nmethod",
        ),
        ("a link that is none", "link: https:", "link: htps:"),
        (
            "a type name twice",
            "          values: [widget]\n",
            "          values: [widget]\n          name: Scale\n",
        ),
        (
            "values that collide",
            "[widget]",
            "[one-widget, one_widget]",
        ),
        ("a value that is no name", "[widget]", "[\"%\"]"),
        (
            "fields that collide",
            "    scale:\n",
            "    dateFrom:\n      type: string\n      doc: x\n    scale:\n",
        ),
        (
            "a default that the shared type does not have",
            "default: small",
            "default: smal",
        ),
        (
            "bounds that exclude each other",
            "max_items: 1000",
            "max_items: 1000\n      min_items: 2000",
        ),
        (
            "a limit of nothing",
            "tasks_per_call: 1",
            "tasks_per_call: 0",
        ),
        (
            "a default out of reach",
            "default: today - 1 month",
            "default: today - 2 years\n      min: today - 1 year",
        ),
        ("no values", "[widget]", "[]"),
        ("values twice", "[widget]", "[widget, widget]"),
        ("values that are no text", "[widget]", "[1, 2]"),
        (
            "a link in the documentation",
            "doc: A day.",
            "doc: A [`Day`].",
        ),
        ("the name of a method", "    scale:\n", "    validate:\n"),
        (
            "a name that Rust does not take",
            "    scale:\n",
            "    self:\n",
        ),
        (
            "an ident that Rust does not take",
            "    scale:\n",
            "    self:\n      ident: Self\n",
        ),
        (
            "evidence for no fact",
            "      doc: A day.\n",
            "      doc: A day.\n      evidence:\n        defautl: a recording\n",
        ),
        (
            "an inline type of the shape of a shared one",
            "      use: Scale\n",
            "      values: [small, large]\n",
        ),
        ("an empty file", GOOD, ""),
    ];
    let mut all = String::new();
    for (what, from, to) in changes {
        assert!(GOOD.contains(from), "{what}");
        all += &format!(
            "--- {what}\n{}\n",
            errors(&workspace(&GOOD.replacen(from, to, 1)))
        );
    }
    insta::assert_snapshot!(all);
}

/// No name in the spec leads out of a folder, or is one that a file system or Rust reserves.
#[test]
fn names_that_cannot_be_files_are_errors_with_file_line_and_field() {
    let long = format!("{}/live", "a".repeat(101));
    let paths = [
        "../../../../outside/live",
        "widgets/../live",
        "widgets//live",
        "/etc/live",
        "C:/live",
        "widgets\\live",
        "Widgets/live",
        "w\u{1b}[31m/live",
        "con",
        "lpt1",
        "mod",
        "lib",
        "types",
        "{../id}/live",
        &long,
    ];
    let mut all = String::new();
    for path in paths {
        let quoted = serde_json::to_string(&format!("/v3/backlinks/{path}")).unwrap();
        let endpoint = GOOD.replace(
            "path: /v3/backlinks/widgets/live",
            &format!("path: {quoted}"),
        );
        all += &format!("--- {path:?}\n{}\n", errors(&workspace(&endpoint)));
    }
    let former = GOOD.replace("mode:", "renamed_from: [/v3/backlinks/../x/live]\nmode:");
    all += &format!("--- a former path\n{}\n", errors(&workspace(&former)));
    insta::assert_snapshot!(all);
}

#[test]
fn names_in_the_facts_of_the_api_are_checked() {
    let workspace = workspace(GOOD);
    let api = workspace.read("spec/api.yaml");
    for name in ["..", "mod", "api", "aux", "Serp", "self", "sérp"] {
        let section = format!("sections:\n  \"{name}\":\n    doc: x\n");
        workspace.write("spec/api.yaml", &api.replace("sections:\n", &section));
        let found = errors(&workspace);
        let place = format!(
            "spec/api.yaml:{}",
            1 + api[..api.find("sections:\n").unwrap()].lines().count() + 1
        );
        assert!(
            found
                .lines()
                .any(|line| line.starts_with(&place) && line.contains("`sections`")),
            "{name}: {found}"
        );
    }
    let server = api.replace("  sandbox:\n", "  \"1 box\":\n");
    workspace.write("spec/api.yaml", &server);
    assert!(errors(&workspace).contains("`servers`: \"1 box\""));
}

/// The names that generated code imports would be ambiguous.
#[test]
fn names_of_the_core_are_errors_with_a_proposal() {
    let types = format!("{TYPES}  Window:\n    doc: x\n    values: [a, b]\n");
    let workspace = workspace(
        &GOOD
            .replace("use: Scale", "use: Window")
            .replace("default: small", "default: a"),
    );
    workspace.write("spec/backlinks/types.yaml", &types);
    let found = errors(&workspace);
    let message =
        "spec/backlinks/types.yaml:7:3: the type name `Window` belongs to the core of the models";
    assert!(found.contains(message), "{found}");
    assert!(found.contains("such as `BacklinksWindow`"), "{found}");
}

#[test]
fn the_names_of_the_core_are_those_of_the_prelude() {
    let prelude = repository().join("crates/models/src/prelude.rs");
    let prelude = std::fs::read_to_string(prelude).unwrap();
    let imports = prelude.split_once("pub(crate)").unwrap().1;
    let words = imports.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    for name in words.filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase())) {
        assert!(
            CORE_NAMES.contains(&name),
            "{name} is missing in CORE_NAMES"
        );
    }
    assert!(CORE_NAMES.is_sorted());
}

#[test]
fn a_clash_is_reported_with_a_name_by_place() {
    let nested = "    items:
      type: list
      of: object
      doc: Widgets.
      fields:
        directory:
          type: object
          doc: A directory.
          fields:
            items:
              type: list
              of: object
              doc: More widgets.
              fields:
                title:
                  type: string
                  doc: A title.
";
    let (before, _) = GOOD.split_once("    items:\n").unwrap();
    let found = errors(&workspace(&format!("{before}{nested}")));
    assert!(
        found.contains("`WidgetsLiveItem` is already used"),
        "{found}"
    );
    assert!(
        found.contains("such as `WidgetsLiveDirectoryItem`"),
        "{found}"
    );
}

#[test]
fn type_names_that_differ_by_case_only_are_errors() {
    let workspace = workspace(GOOD);
    let types = format!("{TYPES}  SCale:\n    doc: x\n    values: [a, b]\n");
    workspace.write("spec/backlinks/types.yaml", &types);
    let found = errors(&workspace);
    assert!(
        found.contains("types.yaml:7:3: the type names `SCale` and `Scale` differ by case only"),
        "{found}"
    );
}

#[test]
fn all_errors_come_at_once() {
    let broken = GOOD
        .replace("mode: live", "mode: alive")
        .replace("max_items: 1000", "max_itmes: 1000\n      unti: USD")
        .replace("format: date", "format: dat")
        .replace(
            "type: list\n      of: object",
            "type: list\n      of: objct",
        );
    let workspace = workspace(&broken);
    workspace.write("spec/backlinks/types.yaml", &TYPES.replace("doc:", "docs:"));
    workspace.write(
        "spec/api.yaml",
        &workspace
            .read("spec/api.yaml")
            .replace("auth: basic", "auth: basics"),
    );
    workspace.write("spec/apy.yaml", "");
    workspace.write("spec/backlinks/notes.md", "");
    workspace.write("spec/backlink/widgets_live.yaml", GOOD);
    insta::assert_snapshot!(errors(&workspace));
}

#[test]
fn errors_of_meaning_come_at_once_too() {
    let broken = GOOD
        .replace("      doc: Sites.\n", "")
        .replace("use: Scale", "use: Scal")
        .replace("[widget]", "[\"%\"]");
    insta::assert_snapshot!(errors(&workspace(&broken)));
}

#[test]
fn status_codes_are_checked() {
    let workspace = workspace(GOOD);
    let codes = workspace
        .read("spec/status_codes.yaml")
        .replace("code: 20100", "code: 20000")
        .replace("name: RateLimitExceeded", "name: NotFound")
        .replace("class: sandbox", "class: sandbax");
    workspace.write("spec/status_codes.yaml", &codes);
    let first = errors(&workspace);
    workspace.write(
        "spec/status_codes.yaml",
        &codes.replace("sandbax", "sandbox"),
    );
    insta::assert_snapshot!(format!("{first}\n---\n{}", errors(&workspace)));
}

/// All errors in one list are reported, each with its location in the file.
#[test]
fn errors_in_a_list_come_at_once() {
    let workspace = workspace(GOOD);
    let codes = workspace.read("spec/status_codes.yaml");
    let broken = codes
        .replacen("    class: auth\n", "    class: ath\n", 1)
        .replacen("    name: TaskCreated\n", "", 1)
        .replacen("    class: rate\n", "    clas: rate\n", 1)
        .replacen("class: sandbox", "class: sandbax", 1);
    workspace.write("spec/status_codes.yaml", &broken);
    insta::assert_snapshot!(errors(&workspace));
}

#[test]
fn equal_types_want_one_name() {
    let workspace = workspace(GOOD);
    let twin = GOOD
        .replace("backlinks/widgets", "backlinks/gadgets")
        .replace("backlinks-widgets", "backlinks-gadgets")
        .replace("type: string\n          values: [widget]", "type: string");
    workspace.write("spec/backlinks/gadgets_live.yaml", &twin);
    workspace.write(
        FILE,
        &GOOD.replace("type: string\n          values: [widget]", "type: string"),
    );
    insta::assert_snapshot!(errors(&workspace));
}

#[test]
fn a_folder_that_is_no_spec() {
    let workspace = Workspace::new();
    std::fs::remove_dir_all(workspace.path().join("spec")).unwrap();
    let message = errors(&workspace).replace(&workspace.path().display().to_string(), "");
    insta::assert_snapshot!(message);
}

/// A spec with a list, a union, a GET and a glossary.
const LIST: &str = "\
path: /v3/backlinks/things/live
method: POST
mode: live
doc: Lists things.
source:
  link: https://docs.dataforseo.com/v3/backlinks-things-live/
limits:
  tasks_per_call: 1
task:
  fields:
    targets:
      type: list
      of: string
      required: true
      doc: What to look at.
    place:
      type: string
      required_unless: [code]
      doc: Where.
    code:
      type: integer
      doc: Where, as a number.
    filters:
      type: filters
      doc: Which rows.
    offset:
      type: integer
    limit:
      type: integer
      doc: How many.
example:
  targets: [a.example]
rows:
  at: items
  target: url
  paging:
    max_offset: 20000
result:
  fields:
    total_count:
      type: integer
      doc: How many there are.
    items_count:
      type: integer
      doc: How many are here.
    items:
      type: list
      of: object
      doc: The things.
      fields:
        url:
          type: string
          doc: An address.
        grid:
          type: list
          of: list
          doc: A grid.
          each:
            type: list
            of: integer
";

const GET: &str = "\
path: /v3/backlinks/things/{id}
method: GET
mode: task_get
doc: Gives a thing.
source:
  link: https://docs.dataforseo.com/v3/backlinks-things/
parameters:
  id:
    type: string
    required: true
    doc: Which.
result:
  use: Element
";

const ELEMENT: &str = "\
types:
  Element:
    doc: An element of a page.
    tag: kind
    members:
      text:
        doc: A text.
        fields:
          words:
            type: integer
            doc: How many words.
";

const WORDS: &str = "\
task:
  offset:
    doc: How many to pass over.
";

#[test]
fn errors_in_the_hard_places() {
    let list = "spec/backlinks/things_live.yaml";
    let get = "spec/backlinks/things.yaml";
    let types = "spec/backlinks/types.yaml";
    let glossary = "spec/backlinks/glossary.yaml";
    let workspace = || {
        let workspace = Workspace::new();
        workspace.write(list, LIST);
        workspace.write(get, GET);
        workspace.write(types, ELEMENT);
        workspace.write(glossary, WORDS);
        workspace
    };
    check(&workspace()).unwrap();
    let union = "    tag: kind\n    members:\n";
    let changes = [
        ("a row that is none", list, "at: items", "at: item"),
        (
            "rows without their target",
            list,
            "target: url",
            "target: target",
        ),
        (
            "paging without a limit",
            list,
            "    limit:\n",
            "    most:\n",
        ),
        (
            "paging by a token that is none",
            list,
            "    max_offset: 20000\n",
            "    max_offset: 20000\n    token: token\n",
        ),
        (
            "filters without rows",
            list,
            "rows:\n  at: items\n  target: url\n  paging:\n    max_offset: 20000\n",
            "",
        ),
        (
            "filters over an endpoint that is none",
            list,
            "      type: filters\n",
            "      type: filters\n      over: backlinks/thing/live\n",
        ),
        (
            "a key that rows do not have",
            list,
            "  target: url\n",
            "  keyed_by: parts\n",
        ),
        ("a field that cannot stand in", list, "[code]", "[codes]"),
        (
            "an example with a typo",
            list,
            "  targets: [a",
            "  target: [a",
        ),
        (
            "an example of another kind",
            list,
            "  targets: [a.example]\n",
            "  targets:\n    - a.example\n    - 5\n",
        ),
        (
            "an example beyond a limit",
            list,
            "      doc: How many.\nexample:\n",
            "      doc: How many.\n      max: 10\nexample:\n  limit: 11\n",
        ),
        (
            "a GET with tasks",
            get,
            "parameters:",
            "limits:\n  tasks_per_call: 1\nparameters:",
        ),
        ("a parameter without words", get, "    doc: Which.\n", ""),
        ("a POST that fetches", list, "mode: live", "mode: task_get"),
        (
            "a list of lists of nothing",
            list,
            "          each:\n            type: list\n            of: integer\n",
            "",
        ),
        (
            "a POST without a task",
            list,
            "task:\n  fields:\n",
            "parameters:\n",
        ),
        (
            "a task without a limit of calls",
            list,
            "limits:\n  tasks_per_call: 1\n",
            "",
        ),
        (
            "filters in a result",
            list,
            "        url:\n          type: string\n",
            "        url:\n          type: filters\n",
        ),
        (
            "numbers in a list",
            list,
            "      of: string\n",
            "      of: string\n      numbered: true\n",
        ),
        (
            "a parameter that is not described",
            get,
            "things/{id}",
            "things/{id}/{kind}",
        ),
        (
            "a parameter that the path does not have",
            get,
            "things/{id}",
            "things",
        ),
        (
            "a parameter that can be left out",
            get,
            "    required: true\n",
            "",
        ),
        (
            "a GET with a task",
            get,
            "parameters:",
            "task:\n  fields: {}\nparameters:",
        ),
        (
            "a result of a post",
            get,
            "mode: task_get",
            "mode: task_post",
        ),
        (
            "a result that is no type",
            get,
            "use: Element",
            "use: Elements",
        ),
        (
            "a union without members",
            types,
            "    members:\n      text:\n        doc: A text.\n        fields:\n          words:\n            type: integer\n            doc: How many words.\n",
            "",
        ),
        (
            "a field of all members without words",
            types,
            union,
            "    tag: kind\n    fields:\n      place:\n        type: integer\n    members:\n      image:\n        doc: An image.\n",
        ),
        ("members without a tag", types, "    tag: kind\n", ""),
        (
            "a tag that is a field",
            types,
            union,
            "    tag: kind\n    fields:\n      kind:\n        type: string\n        doc: x\n    members:\n",
        ),
        (
            "a field of both",
            types,
            union,
            "    tag: kind\n    fields:\n      words:\n        type: integer\n        doc: x\n    members:\n",
        ),
        (
            "members that collide",
            types,
            union,
            "    tag: kind\n    members:\n      Text:\n        doc: A text.\n",
        ),
        (
            "a member without a name",
            types,
            "      text:\n",
            "      \"%\":\n",
        ),
        (
            "a member without words",
            types,
            "        doc: A text.\n",
            "",
        ),
        (
            "a union in a task",
            list,
            "    place:\n      type: string\n      required_unless: [code]\n",
            "    place:\n      type: object\n      use: Element\n",
        ),
        (
            "paging further than the offset goes",
            list,
            "    offset:\n      type: integer\n",
            "    offset:\n      type: integer\n      max: 9000\n",
        ),
        (
            "filters that are required",
            list,
            "      type: filters\n",
            "      type: filters\n      required: true\n",
        ),
        (
            "a limit that cannot be left out",
            list,
            "    limit:\n      type: integer\n",
            "    limit:\n      type: integer\n      required: true\n",
        ),
        (
            "a target that is no text",
            list,
            "        url:\n          type: string\n",
            "        url:\n          type: integer\n",
        ),
        (
            "a member that is a union",
            types,
            "        fields:\n          words:\n            type: integer\n            doc: How many words.\n",
            "        use: Element\n",
        ),
        (
            "a member with the tag",
            types,
            "          words:\n",
            "          kind:\n            type: string\n            doc: x\n          words:\n",
        ),
        (
            "a shared member without the fields of all",
            types,
            "    members:\n      text:\n        doc: A text.\n        fields:\n          words:\n            type: integer\n            doc: How many words.\n",
            "    fields:\n      page:\n        type: integer\n        doc: x\n    members:\n      text:\n        doc: A text.\n        use: Text\n  Text:\n    doc: A text.\n    fields:\n      words:\n        type: integer\n        doc: x\n",
        ),
        (
            "a range that ends nowhere",
            list,
            "    code:\n      type: integer\n",
            "    day:\n      type: string\n      format: date\n      not_after: last\n      doc: x\n    code:\n      type: integer\n",
        ),
        (
            "a type that is sent and received",
            list,
            "    place:\n      type: string\n",
            "    area:\n      type: object\n      use: Area\n      doc: x\n    place:\n      type: string\n",
        ),
        (
            "an object without an end",
            types,
            "types:\n",
            "types:\n  Endless:\n    doc: A thing.\n    fields:\n      again:\n        type: object\n        use: Endless\n        doc: Itself.\n",
        ),
        (
            "words that no field needs",
            glossary,
            "  offset:",
            "  offsets:",
        ),
        ("words for a result", glossary, "task:", "result:"),
    ];
    let mut found = String::new();
    for (name, file, from, to) in changes {
        let workspace = workspace();
        workspace.edit(file, from, to);
        if to.contains("use: Area") {
            let area = "  Area:\n    doc: A part.\n    fields:\n      width:\n        type: integer\n        doc: x\n";
            workspace.edit(types, "types:\n", &format!("types:\n{area}"));
            workspace.edit(get, "use: Element", "use: Area");
        }
        found += &format!("--- {name}\n{}\n", errors(&workspace));
    }
    insta::assert_snapshot!("hard_places", found);
}
