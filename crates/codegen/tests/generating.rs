//! Generated code: up to date, reproducible and readable for every feature of the spec language.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

use std::fs;
use std::path::Path;

use dataforseo_codegen::output::{stale, write};
use dataforseo_codegen::{Files, emit, openapi};
use dataforseo_spec::files::FileChange;
use dataforseo_spec::fixtures::Fixtures;
use dataforseo_spec::model::load;
use dataforseo_synthetic::{Exchange, Tables};
use dataforseo_test_support::{Workspace, repository};
use serde_json::Value;

const CORNERS: &str = "\
path: /v3/backlinks/corners/live
method: POST
mode: live
renamed_from: [/v3/backlinks/edges/live]
doc: |
  Every corner of the language.

  A second paragraph.
source:
  link: https://docs.dataforseo.com/v3/backlinks-corners-live/
  revised: 2026-01-02
limits:
  tasks_per_call: 1
  calls_per_minute: 12
task:
  fields:
    target:
      type: string
      format: target
      required: true
      doc: What to look at.
    type:
      type: string
      values:
        one-by-one: Each alone.
        all: All together.
      default: all
      doc: A name that Rust keeps for itself.
    limit:
      type: integer
      min: 1
      max: 1000
      default: 100
      unit: rows
      doc: How many.
    since:
      type: string
      format: date
      min: 2019-01-30
      max: today
      doc: A day.
    weights:
      type: list
      of: float
      min_items: 2
      deprecated: use `limit`
      doc: Numbers.
    lost:
      type: boolean
      removed_upstream: 2026-11-23
      doc: What the page has no more.
    area:
      type: object
      use: Area
      doc: A shared object inside the task.
    preset:
      type: string
      values: [desktop, mobile]
      doc: A preset.
    width:
      type: integer
      default_by:
        field: preset
        values:
          desktop: 1920
          mobile: 390
      required_if:
        preset: mobile
      doc: A width by a preset.
    words:
      type: list
      of: string
      min_length: 3
      max_length: 80
      max_words: 10
      requires:
        lost: true
      excludes: [weights]
      doc: Words.
    until:
      type: string
      format: date
      max: today + 2 years
      doc: A day to come.
    labels:
      type: map
      of: string
      max_items: 5
      doc: A map with a limit.
    self:
      type: boolean
      ident: own
      doc: A name that Rust does not take at all.
    custom:
      type: object
      doc: An object inside the task.
      fields:
        field:
          type: string
          required: true
          doc: Which.
        value:
          type: integer
          max: 1000
          doc: How much.
result:
  fields:
    crawl:
      type: object
      doc: An object inside the result.
      fields:
        done:
          type: boolean
          absent: Null while it runs.
          doc: Whether it is over.
    entries:
      type: map
      of: object
      doc: Objects by key.
      fields:
        value:
          type: float
          unit: USD
          doc: What it costs.
    area:
      type: list
      of: object
      use: Place
      doc: Shared objects inside the result.
    raw:
      type: json
      doc: Whatever it is.
    days:
      type: list
      of: string
      format: timestamp
      doc: Moments.
";

const TYPES: &str = "\
types:
  Area:
    doc: A part of a page.
    fields:
      width:
        type: integer
        required: true
        min: 1
        doc: How wide.
      unit:
        type: string
        use: Unit
        default: px
        doc: In what.
  Place:
    doc: Where a part is.
    fields:
      left:
        type: integer
        doc: How far from the left.
  Unit:
    doc: What sizes are in.
    values: [px, cm]
";

fn files(workspace: &Path) -> Files {
    let model = load(&workspace.join("spec")).unwrap();
    emit(&model, &Fixtures::new()).unwrap()
}

/// A list: rows with paging, filters and an order, a union and lists in a map.
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
      type: map
      of: string
      format: target
      numbered: true
      required: true
      max_items: 20
      doc: What to look at.
    place:
      type: string
      required_unless: [place_code]
    place_code:
      type: integer
    filters:
      type: filters
      max_conditions: 8
    order_by:
      type: order
      max_items: 3
    offset:
      type: integer
      max: 20000
    limit:
      type: integer
      max: 1000
    token:
      type: string
example:
  targets: { \"1\": a.example, \"2\": b.example }
  place: Here
rows:
  at: items
  keyed_by: parts
  paging:
    max_offset: 20000
    token: token
result:
  fields:
    total_count:
      type: integer
      doc: How many there are.
    items_count:
      type: integer
    token:
      type: string
      doc: Where to go on.
    items:
      type: list
      of: object
      doc: The things.
      fields:
        parts:
          type: map
          of: list
          doc: Parts by target.
          each:
            type: list
            of: object
            fields:
              type:
                type: string
                doc: The kind.
              rank:
                type: float
                doc: The rank.
              seen:
                type: string
                format: timestamp
                doc: When.
              sound:
                type: boolean
                doc: Whether it is sound.
              tags:
                type: list
                of: string
                doc: Marks.
              links:
                type: map
                of: integer
                doc: Links by kind.
              size:
                type: object
                doc: How large.
                fields:
                  height:
                    type: integer
                    doc: How high.
        elements:
          type: list
          of: object
          use: Element
          doc: Elements.
";

const POST: &str = "\
path: /v3/backlinks/things/task_post
method: POST
mode: task_post
doc: Takes things.
source:
  link: https://docs.dataforseo.com/v3/backlinks-things-task_post/
limits:
  tasks_per_call: 100
task:
  fields:
    when:
      type: string
      format: timestamp
      required: true
      doc: A moment.
example:
  when: 2026-01-02 03:04:05 +00:00
";

const GET: &str = "\
path: /v3/backlinks/things/task_get/{kind}/advanced/{id}
method: GET
mode: task_get
charged: false
doc: Gives things.
source:
  link: https://docs.dataforseo.com/v3/backlinks-things-task_get-advanced/
parameters:
  id:
    type: string
    required: true
    doc: Which.
  kind:
    type: string
    required: true
    doc: Of what kind.
result:
  use: Area
";

const UNION: &str = "\
types:
  Area:
    doc: A part of a page.
    fields:
      page:
        type: integer
        doc: The page.
      width:
        type: integer
        doc: How wide.
  Element:
    doc: An element of a page.
    tag: kind
    fields:
      page:
        type: integer
        doc: The page.
    members:
      text:
        doc: A text.
        fields:
          words:
            type: integer
            doc: How many words.
      box:
        doc: A box.
        fields:
          inside:
            type: list
            of: object
            use: Element
            doc: What is inside.
      area:
        doc: An area.
        use: Area
";

const GLOSSARY: &str = "\
task:
  place:
    doc: Where to look.
  place_code:
    doc: Where to look, as a number.
  filters:
    doc: Which rows.
  order_by:
    doc: In what order.
  offset:
    doc: How many to pass over.
  limit:
    doc: How many.
  token:
    doc: Where to go on.
result:
  items_count:
    doc: How many things are here.
";

fn corners() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("spec/backlinks/corners_live.yaml", CORNERS);
    workspace.write("spec/backlinks/types.yaml", TYPES);
    workspace
}

fn places() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("spec/backlinks/things_live.yaml", LIST);
    workspace.write("spec/backlinks/things_task_post.yaml", POST);
    workspace.write("spec/backlinks/things_task_get_by_kind_advanced.yaml", GET);
    workspace.write("spec/backlinks/types.yaml", UNION);
    workspace.write("spec/backlinks/glossary.yaml", GLOSSARY);
    workspace
}

#[test]
fn every_corner_of_the_language() {
    let files = files(corners().path());
    for (name, path) in [
        (
            "models",
            "crates/models/src/generated/backlinks/corners_live.rs",
        ),
        ("types", "crates/models/src/generated/backlinks/types.rs"),
        ("client", "crates/client/src/generated/backlinks.rs"),
        ("cli", "crates/cli/src/generated/backlinks.rs"),
        (
            "task_schema",
            "crates/models/schemas/backlinks/corners_live.task.json",
        ),
        (
            "result_schema",
            "crates/models/schemas/backlinks/corners_live.result.json",
        ),
    ] {
        insta::assert_snapshot!(name, files[Path::new(path)]);
    }
}

/// An endpoint whose rows are a union, and whose task has one.
const MIXED: &str = "\
path: /v3/backlinks/mixed/live
method: POST
mode: live
doc: Rows of several kinds.
source:
  link: https://docs.dataforseo.com/v3/backlinks-mixed-live/
limits:
  tasks_per_call: 1
task:
  fields:
    wanted:
      type: list
      of: object
      use: Wanted
      required: true
      max_items: 10
      doc: What to look at.
    filters:
      type: filters
      max_conditions: 8
      doc: Conditions.
    order_by:
      type: order
      doc: The order.
rows:
  at: items
result:
  fields:
    items:
      type: list
      of: object
      use: Row
      doc: Rows.
";

/// An endpoint whose results are rows, one per keyword.
const KEYWORDS: &str = "\
path: /v3/backlinks/volume/live
method: POST
mode: live
doc: Counts searches.
source:
  link: https://docs.dataforseo.com/v3/backlinks-volume-live/
limits:
  tasks_per_call: 1
task:
  fields:
    keywords:
      type: list
      of: string
      required: true
      max_items: 1000
      max_length: 80
      max_words: 10
      doc: Keywords.
example:
  keywords: [one word, other]
rows:
  at: result
  keyword: keyword
result:
  fields:
    keyword:
      type: string
      doc: The keyword.
    volume:
      type: integer
      doc: How many.
";

const MIXED_TYPES: &str = "\
types:
  Wanted:
    doc: A domain or a keyword.
    fields:
      scope:
        type: string
        doc: Where.
    members:
      domain:
        doc: A domain.
        fields:
          domain:
            type: string
            required: true
            doc: The domain.
      keyword:
        doc: A keyword.
        fields:
          keyword:
            type: string
            required: true
            max_length: 2000
            doc: The keyword.
  Row:
    doc: A row.
    tag: kind
    fields:
      url:
        type: string
        doc: Where it is.
    members:
      page:
        doc: A page.
        fields:
          size:
            type: integer
            doc: How large.
          inner:
            type: object
            doc: Inside of it.
            fields:
              title:
                type: string
                doc: What it is called.
      image:
        doc: An image.
        fields:
          size:
            type: integer
            doc: How large.
          alt:
            type: string
            doc: What it shows.
";

#[test]
fn rows_and_targets_of_several_kinds() {
    let workspace = Workspace::new();
    workspace.write("spec/backlinks/mixed_live.yaml", MIXED);
    workspace.write("spec/backlinks/volume_live.yaml", KEYWORDS);
    workspace.write("spec/backlinks/types.yaml", MIXED_TYPES);
    let files = files(workspace.path());
    let models = "crates/models/src/generated/backlinks";
    for (name, path) in [
        ("mixed", format!("{models}/mixed_live.rs")),
        ("mixed_types", format!("{models}/types.rs")),
        ("volume", format!("{models}/volume_live.rs")),
        (
            "mixed_schema",
            "crates/models/schemas/backlinks/mixed_live.task.json".to_owned(),
        ),
        (
            "mixed_cli",
            "crates/cli/src/generated/backlinks.rs".to_owned(),
        ),
    ] {
        insta::assert_snapshot!(name, files[Path::new(&path)]);
    }
    // Each element of a result is the row of a keyword.
    let tables = &files[Path::new("crates/mock-server/src/generated/backlinks.json")];
    let tables = Tables::parse(tables).unwrap();
    let (path, task) = (
        "/v3/backlinks/volume/live",
        serde_json::json!({"keywords": ["one word", "other", "one word"]}),
    );
    let endpoint = tables.endpoint(path).unwrap();
    let response = Exchange::new(path, &task).response(&tables, endpoint);
    let task = &response["tasks"][0];
    assert_eq!(task["result_count"], 2);
    assert_eq!(task["result"][0]["keyword"], "one word");
    assert_eq!(task["result"][1]["keyword"], "other");
}

/// Unions, endpoints without tasks, rows with paging and filters, tasks whose results come later.
#[test]
fn the_hard_places() {
    let workspace = places();
    let files = files(workspace.path());
    let models = "crates/models/src/generated/backlinks";
    for (name, path) in [
        ("list", format!("{models}/things_live.rs")),
        ("post", format!("{models}/things_task_post.rs")),
        (
            "get",
            format!("{models}/things_task_get_by_kind_advanced.rs"),
        ),
        ("union", format!("{models}/types.rs")),
        (
            "places_client",
            "crates/client/src/generated/backlinks.rs".to_owned(),
        ),
        (
            "places_cli",
            "crates/cli/src/generated/backlinks.rs".to_owned(),
        ),
        (
            "places_mock",
            "crates/mock-server/src/generated/mod.rs".to_owned(),
        ),
        (
            "places_result_schema",
            "crates/models/schemas/backlinks/things_live.result.json".to_owned(),
        ),
        (
            "places_tables",
            "crates/mock-server/src/generated/backlinks.json".to_owned(),
        ),
    ] {
        insta::assert_snapshot!(name, files[Path::new(&path)]);
    }
    let model = load(&workspace.path().join("spec")).unwrap();
    let types = model.types();
    assert_eq!((types.named, types.emitted, types.fields), (12, 10, 29));
}

/// The OpenAPI document of an endpoint: its operation, its task and a list of values.
#[test]
fn an_endpoint_in_the_openapi_document() {
    let model = load(&corners().path().join("spec")).unwrap();
    let document: Value = serde_json::from_str(&openapi::emit(&model)).unwrap();
    let path = "/v3/backlinks/corners/live";
    insta::assert_json_snapshot!("openapi_operation", &document["paths"][path]);
    let schemas = &document["components"]["schemas"];
    insta::assert_json_snapshot!("openapi_task", &schemas["Backlinks.CornersLiveTask"]);
    insta::assert_json_snapshot!("openapi_enum", &schemas["Backlinks.CornersLiveType"]);
}

/// No field disappears at once, and neither does the method of a union for it.
#[test]
fn the_method_of_a_union_is_deprecated_with_the_field_of_all_members() {
    let field = |name: &str| format!("{name}:\n        type: integer\n");
    let removed = |name: &str| format!("{}        removed_upstream: 2026-01-02\n", field(name));
    let listing = |types: String| {
        let workspace = places();
        workspace.write("spec/backlinks/types.yaml", &types);
        files(workspace.path())[Path::new("api/backlinks.txt")].clone()
    };
    let all = listing(UNION.replace(&field("page"), &removed("page")));
    let method = "Element::fn page(&self) -> Option<i64>";
    assert!(all.contains(&format!("{method} #[deprecated]\n")), "{all}");
    // One of the two members with `width` still has it.
    let width = "          width:\n            type: integer\n            removed_upstream: 2026-01-02\n            doc: How wide.\n";
    let words = "          words:\n";
    let some = listing(UNION.replace(words, &format!("{width}{words}")));
    let method = "Element::fn width(&self) -> Option<i64>\n";
    assert!(some.contains(method), "{some}");
}

#[test]
fn generating_is_deterministic() {
    for workspace in [corners(), places()] {
        assert_eq!(files(workspace.path()), files(workspace.path()));
    }
}

#[test]
fn only_what_changed_is_written_and_what_is_stale_goes() {
    let workspace = corners();
    let root = workspace.path();
    let files = files(root);
    write(root, &stale(root, &files).unwrap()).unwrap();
    assert_eq!(stale(root, &files).unwrap().len(), 0);

    let kept = root.join("crates/models/src/generated/status_code.rs");
    let before = fs::metadata(&kept).unwrap().modified().unwrap();
    let edited = "crates/models/src/generated/backlinks/corners_live.rs";
    workspace.write(edited, &workspace.read(edited).replace("Which.", "What."));
    workspace.write(
        "crates/models/src/generated/backlinks/gone_live.rs",
        "// old\n",
    );
    fs::remove_file(root.join("crates/client/src/generated/mod.rs")).unwrap();

    let found = stale(root, &files).unwrap();
    let diffs: Vec<String> = found.iter().map(|file| file.diff(12)).collect();
    insta::assert_snapshot!("stale", diffs.join("\n"));
    write(root, &found).unwrap();
    assert_eq!(stale(root, &files).unwrap().len(), 0);
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), before);
}

/// A change outside of the folders of generated files is refused before anything is written.
#[test]
fn only_the_folders_of_generated_files_are_written() {
    let workspace = corners();
    let root = workspace.path();
    let outside = tempfile::TempDir::new().unwrap();
    let absolute = outside.path().join("x.rs");
    let models = "crates/models/src/generated";
    for path in [
        Path::new("crates/models/src/lib.rs"),
        &Path::new(models).join("../lib.rs"),
        Path::new("../x.rs"),
        Path::new("spec/backlinks/corners_live.yaml"),
        Path::new("crates/models/src/generated_too/x.rs"),
        &absolute,
    ] {
        let change = |path: &Path, wanted| FileChange {
            path: path.into(),
            wanted,
            found: None,
        };
        let good = change(&Path::new(models).join("good.rs"), Some(String::new()));
        for wanted in [Some("x".to_owned()), None] {
            let changes = [
                change(&good.path, good.wanted.clone()),
                change(path, wanted),
            ];
            let error = write(root, &changes).unwrap_err().to_string();
            assert!(error.contains("only these may change"), "{error}");
            assert!(!root.join(&good.path).exists(), "{path:?}");
        }
    }
    assert!(!absolute.exists());
}

/// A link in a folder of generated files leads no write and no removal to another place.
#[cfg(unix)]
#[test]
fn links_out_of_the_folders_of_generated_files_are_refused() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::TempDir::new().unwrap();
    let kept = outside.path().join("kept.rs");
    fs::write(&kept, "kept").unwrap();
    let folder = "crates/models/src/generated";
    for (link, target) in [
        (folder.to_owned(), outside.path()),
        (format!("{folder}/backlinks"), outside.path()),
        (format!("{folder}/status_code.rs"), &kept),
        ("crates".to_owned(), outside.path()),
    ] {
        let workspace = corners();
        let root = workspace.path();
        let files = files(root);
        let link = root.join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(target, &link).unwrap();
        let stale = stale(root, &files);
        let error = stale.and_then(|stale| write(root, &stale)).unwrap_err();
        assert!(error.to_string().contains("remove it"), "{error}");
        assert_eq!(fs::read_to_string(&kept).unwrap(), "kept");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    }

    // A link in place of the temporary file.
    let workspace = corners();
    let files = files(workspace.path());
    let temporary = workspace.path().join(folder).join("status_code.rs.tmp");
    let changes = stale(workspace.path(), &files).unwrap();
    fs::create_dir_all(temporary.parent().unwrap()).unwrap();
    symlink(&kept, &temporary).unwrap();
    write(workspace.path(), &changes).unwrap();
    assert_eq!(fs::read_to_string(&kept).unwrap(), "kept");
}

/// The committed code is up to date with the committed spec.
#[test]
fn generated_code_is_fresh() {
    let root = repository();
    let model = load(&root.join("spec")).unwrap();
    let fixtures = dataforseo_spec::fixtures::find(&root, &model).unwrap();
    let stale = stale(&root, &emit(&model, &fixtures).unwrap()).unwrap();
    let diffs: Vec<String> = stale.iter().map(|file| file.diff(20)).collect();
    assert!(
        stale.is_empty(),
        "run `cargo xtask generate`:\n{}",
        diffs.join("\n")
    );
}
