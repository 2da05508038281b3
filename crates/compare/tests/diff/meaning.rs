//! The meaning of changes for callers: edits of a spec, each with its row of the table.

use std::collections::BTreeSet;

use dataforseo_compare::diff::meaning::{Event, Meaning, RULES, Semver, event, meaning};
use dataforseo_compare::diff::surface::{CallSide, Fact};
use dataforseo_compare::diff::{ApiSource, DiffOptions, DiffReport, compare};
use serde_json::json;

use dataforseo_test_support::Workspace;

pub const SPEC: &str = "path: /v3/backlinks/widgets/live
method: POST
mode: live
charged: true
doc: Widgets of a site.
source:
  link: https://docs.dataforseo.com/v3/backlinks-widgets-live/
limits:
  tasks_per_call: 10
task:
  fields:
    target: { type: string, format: target, required: true, doc: The site. }
    note: { type: string, doc: A remark of your own. }
    mode: { type: string, use: Mode, default: all, doc: Which widgets are meant. }
    scale: { type: string, use: Mode, doc: How they are counted. }
    limit: { type: integer, default: 100, min: 1, max: 1000, doc: How many rows there are. }
    since: { type: string, format: date, doc: The first day that counts. }
    until: { type: string, format: date, not_after: today, doc: The last day that counts. }
    tag: { type: string, max_length: 255, doc: A mark of your own. }
    city: { type: string, required_unless: [note], doc: Where to look. }
rows:
  at: items
result:
  fields:
    total_count: { type: integer, doc: How many widgets there are. }
    seen: { type: string, format: timestamp, doc: When it was looked at. }
    kinds: { type: map, of: integer, values: [big, small], doc: How many of each kind. }
    colour: { type: string, use: Colour, doc: The colour of most. }
    items:
      type: list
      of: object
      use: Thing
      doc: The widgets.
    best:
      type: object
      doc: The best of them.
      fields:
        rank: { type: integer, doc: Its rank among all. }
        url: { type: string, format: url, doc: Where it stands. }
";

const PARTS: &str = "path: /v3/backlinks/parts/{shelf}
method: GET
mode: live
doc: Parts of a shelf.
source:
  link: https://docs.dataforseo.com/v3/backlinks-parts/
parameters:
  shelf: { type: string, required: true, doc: The shelf to look at. }
result:
  fields:
    items: { type: list, of: object, use: Thing, doc: The parts. }
    count: { type: integer, doc: How many there are. }
";

const TYPES: &str = "types:
  Mode:
    values: [all, new]
  Colour:
    values: [red, green]
  Thing:
    tag: type
    fields:
      place: { type: integer, doc: Its place in the list. }
    members:
      lamp:
        fields:
          bulb: { type: string, doc: The bulb that fits. }
      chair:
        fields:
          legs: { type: integer, doc: How many legs it has. }
";

/// Returns a workspace with a small spec.
pub fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("spec/backlinks/widgets_live.yaml", SPEC);
    workspace.write("spec/backlinks/parts.yaml", PARTS);
    workspace.write("spec/backlinks/types.yaml", TYPES);
    workspace
}

fn report(old: &Workspace, new: &Workspace) -> DiffReport {
    let read = |workspace: &Workspace| {
        let folder = ApiSource::Folder(workspace.path().join("spec"));
        folder.read(workspace.path()).unwrap()
    };
    compare(&read(old), &read(new), &DiffOptions::default())
}

const WIDGETS: &str = "widgets_live.yaml";
const SHARED: &str = "types.yaml";

/// An edit of a file, with the expected event, side and meaning.
struct EditCase {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    event: Event,
    side: CallSide,
    meaning: Meaning,
}

const fn case(
    file: &'static str,
    from: &'static str,
    to: &'static str,
    event: Event,
    side: CallSide,
    meaning: Meaning,
) -> EditCase {
    EditCase {
        file,
        from,
        to,
        event,
        side,
        meaning,
    }
}

const CASES: &[EditCase] = {
    use CallSide as S;
    use Event as E;
    use Meaning as M;
    &[
        case(
            WIDGETS,
            "path: /v3/",
            "path: /v4/",
            E::PathChanged,
            S::Endpoint,
            M::BreaksRunTime,
        ),
        case(
            WIDGETS,
            "method: POST",
            "method: GET",
            E::MethodChanged,
            S::Endpoint,
            M::BreaksRunTime,
        ),
        case(
            WIDGETS,
            "mode: live",
            "mode: task_post",
            E::ModeChanged,
            S::Endpoint,
            M::BreaksCompile,
        ),
        case(
            "parts.yaml",
            "mode: live",
            "mode: live\ncharged: false",
            E::BecameFree,
            S::Endpoint,
            M::Loosened,
        ),
        case(
            WIDGETS,
            "tasks_per_call: 10",
            "tasks_per_call: 1",
            E::CallLimitTighter,
            S::Endpoint,
            M::BreaksRunTime,
        ),
        case(
            WIDGETS,
            "tasks_per_call: 10",
            "tasks_per_call: 20",
            E::CallLimitLooser,
            S::Endpoint,
            M::Loosened,
        ),
        case(
            WIDGETS,
            "  at: items",
            "  at: best",
            E::RowsChanged,
            S::Endpoint,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "doc: Widgets of a site",
            "doc: A site's widgets",
            E::Reworded,
            S::Endpoint,
            M::None,
        ),
        case(
            WIDGETS,
            "    tag:",
            "    fresh: { type: boolean }\n    tag:",
            E::FieldAdded,
            S::Task,
            M::Additive,
        ),
        case(
            WIDGETS,
            "    tag:",
            "    fresh: { type: boolean, required: true }\n    tag:",
            E::RequiredFieldAdded,
            S::Task,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "    seen:",
            "    fresh: { type: boolean }\n    seen:",
            E::FieldAdded,
            S::Result,
            M::Additive,
        ),
        case(
            WIDGETS,
            "    seen: { type: string, format: timestamp, doc: When it was looked at. }\n",
            "",
            E::FieldRemoved,
            S::Result,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "    tag: { type: string, max_length: 255, doc: A mark of your own. }\n",
            "",
            E::FieldRemoved,
            S::Task,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "    tag:",
            "    tags:",
            E::FieldRenamed,
            S::Task,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "total_count:",
            "total:",
            E::FieldRenamed,
            S::Result,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "        url: { type: string, format: url, doc: Where it stands. }\n",
            "    url: { type: string, format: url, doc: Where it stands. }\n",
            E::FieldMoved,
            S::Result,
            M::BreaksCompile,
        ),
        case(
            "parts.yaml",
            "  shelf:",
            "  shelves:",
            E::FieldRenamed,
            S::Path,
            M::None,
        ),
        case(
            SHARED,
            "      chair:",
            "      table:\n        fields: { top: { type: string } }\n      chair:",
            E::MemberAdded,
            S::Result,
            M::Additive,
        ),
        case(
            SHARED,
            "      chair:\n        fields:\n          legs: { type: integer, doc: How many legs it has. }\n",
            "",
            E::MemberRemoved,
            S::Result,
            M::BreaksCompile,
        ),
        case(
            SHARED,
            "chair:",
            "chairs:",
            E::MemberRenamed,
            S::Result,
            M::BreaksCompile,
        ),
        case(
            SHARED,
            "legs: { type: integer",
            "legs: { type: float",
            E::TypeChanged,
            S::Result,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "note: { type: string",
            "note: { type: integer",
            E::TypeChanged,
            S::Task,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "since: { type: string, format: date",
            "since: { type: string",
            E::TextTypeChanged,
            S::Task,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "format: timestamp, ",
            "",
            E::TextTypeChanged,
            S::Result,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "note: { type: string",
            "note: { type: string, format: target",
            E::TextRuleTighter,
            S::Task,
            M::BreaksRunTime,
        ),
        case(
            WIDGETS,
            "format: target, ",
            "",
            E::TextRuleLooser,
            S::Task,
            M::Loosened,
        ),
        case(
            WIDGETS,
            "format: url, ",
            "",
            E::TextHintChanged,
            S::Result,
            M::None,
        ),
        case(
            WIDGETS,
            "note: { type: string",
            "note: { type: string, required: true",
            E::BecameRequired,
            S::Task,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "required: true, ",
            "",
            E::BecameOptional,
            S::Task,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "note: { type: string",
            "note: { type: string, required_with: tag",
            E::RuleAdded,
            S::Task,
            M::BreaksRunTime,
        ),
        case(
            WIDGETS,
            "required_unless: [note]",
            "required_unless: [tag]",
            E::RuleChanged,
            S::Task,
            M::BreaksRunTime,
        ),
        case(
            WIDGETS,
            "not_after: today, ",
            "",
            E::RuleRemoved,
            S::Task,
            M::Loosened,
        ),
        case(
            WIDGETS,
            "default: 100",
            "default: 50",
            E::DefaultChanged,
            S::Task,
            M::BreaksRunTime,
        ),
        case(
            WIDGETS,
            "default: 100, ",
            "",
            E::DefaultStated,
            S::Task,
            M::None,
        ),
        case(
            WIDGETS,
            "max: 1000",
            "max: 500",
            E::BoundTighter,
            S::Task,
            M::BreaksRunTime,
        ),
        case(
            WIDGETS,
            "min: 1,",
            "min: 2,",
            E::BoundTighter,
            S::Task,
            M::BreaksRunTime,
        ),
        case(
            WIDGETS,
            "max: 1000, ",
            "",
            E::BoundLooser,
            S::Task,
            M::Loosened,
        ),
        case(
            WIDGETS,
            "max_length: 255",
            "max_length: 512",
            E::BoundLooser,
            S::Task,
            M::Loosened,
        ),
        case(
            WIDGETS,
            "note: { type: string",
            "note: { type: string, use: Mode",
            E::BecameEnum,
            S::Task,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "use: Colour, ",
            "",
            E::BecameText,
            S::Result,
            M::BreaksCompile,
        ),
        case(
            SHARED,
            "[all, new]",
            "[all, new, lost]",
            E::ValuesAdded,
            S::Task,
            M::Additive,
        ),
        case(
            SHARED,
            "[all, new]",
            "[all]",
            E::ValuesRemoved,
            S::Task,
            M::BreaksCompile,
        ),
        case(
            SHARED,
            "[red, green]",
            "[green, red, blue]",
            E::ValuesAdded,
            S::Result,
            M::Additive,
        ),
        case(
            SHARED,
            "[red, green]",
            "[green, blue]",
            E::ValuesRemoved,
            S::Result,
            M::BreaksCompile,
        ),
        case(
            WIDGETS,
            "[big, small]",
            "[big]",
            E::KeysChanged,
            S::Result,
            M::None,
        ),
        case(
            WIDGETS,
            "note: { type: string",
            "note: { type: string, deprecated: use tag",
            E::Deprecated,
            S::Task,
            M::Additive,
        ),
        case(
            WIDGETS,
            "A remark of your own",
            "Your own remark",
            E::Reworded,
            S::Task,
            M::None,
        ),
    ]
};

#[test]
fn each_edit_of_a_spec_has_the_meaning_of_the_table() {
    let old = workspace();
    for EditCase {
        file,
        from,
        to,
        event,
        side,
        meaning,
    } in CASES
    {
        let new = workspace();
        new.edit(&format!("spec/backlinks/{file}"), from, to);
        let report = report(&old, &new);
        let [change] = report.changes.as_slice() else {
            panic!("{from} → {to}: {:#?}", report.changes);
        };
        let found = (change.event, change.side, change.meaning);
        assert_eq!(found, (*event, *side, *meaning), "{from} → {to}");
        assert_eq!(report.semver(), meaning.semver(), "{from} → {to}");
    }
}

#[test]
fn a_reverted_edit_is_reported_too() {
    for EditCase {
        file,
        from,
        to,
        event,
        ..
    } in CASES
    {
        let (old, new) = (workspace(), workspace());
        old.edit(&format!("spec/backlinks/{file}"), from, to);
        let report = report(&old, &new);
        assert_eq!(report.changes.len(), 1, "{to} → {from}");
        if *event == Event::Deprecated {
            assert_eq!(report.changes[0].event, Event::NoLongerDeprecated);
            assert_eq!(report.semver(), Semver::Patch);
        }
        if *event == Event::BecameFree {
            assert_eq!(report.changes[0].event, Event::BecameCharged);
            assert_eq!(report.semver(), Semver::Major);
        }
    }
}

#[test]
fn endpoints_come_and_go() {
    let (old, new) = (workspace(), workspace());
    let gone = new.path().join("spec/backlinks/parts.yaml");
    std::fs::remove_file(gone).unwrap();
    let there = report(&old, &new);
    assert_eq!(there.changes[0].event, Event::EndpointRemoved);
    assert_eq!(there.exit_code(), 11);
    let back = report(&new, &old);
    assert_eq!(back.changes[0].event, Event::EndpointAdded);
    assert_eq!(back.exit_code(), 10);
    new.write(
        "spec/backlinks/widget_live.yaml",
        &SPEC.replace("/widgets/", "/widget/"),
    );
    new.write("spec/backlinks/parts.yaml", PARTS);
    std::fs::remove_file(new.path().join("spec/backlinks/widgets_live.yaml")).unwrap();
    let renamed = report(&old, &new);
    assert_eq!(renamed.changes.len(), 1, "{renamed:#?}");
    assert_eq!(renamed.changes[0].event, Event::EndpointRenamed);
    assert_eq!(renamed.semver(), Semver::Major);
}

/// Facts of OpenAPI files that no spec states, and facts on other sides than in a spec.
#[test]
fn facts_that_no_spec_has_are_distinguished() {
    let on = json!(true);
    let off = json!(false);
    for (fact, side, old, new, wanted, means) in [
        (
            Fact::Nullable,
            CallSide::Task,
            &on,
            &off,
            Event::NullabilityChanged,
            Meaning::None,
        ),
        (
            Fact::ElementsNullable,
            CallSide::Result,
            &off,
            &on,
            Event::NullabilityChanged,
            Meaning::None,
        ),
        (
            Fact::NumberFormat,
            CallSide::Result,
            &json!("int64"),
            &json!("double"),
            Event::NumberFormatChanged,
            Meaning::None,
        ),
        (
            Fact::Required,
            CallSide::Result,
            &off,
            &on,
            Event::BecameRequired,
            Meaning::None,
        ),
        (
            Fact::Max,
            CallSide::Result,
            &json!(5),
            &json!(4),
            Event::BoundTighter,
            Meaning::None,
        ),
        (
            Fact::Min,
            CallSide::Task,
            &json!("2019-01-01"),
            &json!("2018-01-01"),
            Event::BoundLooser,
            Meaning::Loosened,
        ),
        (
            Fact::Max,
            CallSide::Task,
            &json!("today"),
            &json!("today - 1 day"),
            Event::BoundTighter,
            Meaning::BreaksRunTime,
        ),
        (
            Fact::Default,
            CallSide::Result,
            &json!(1),
            &json!(2),
            Event::DefaultChanged,
            Meaning::None,
        ),
        (
            Fact::Format,
            CallSide::Result,
            &json!("date"),
            &json!("url"),
            Event::TextHintChanged,
            Meaning::None,
        ),
        (
            Fact::Format,
            CallSide::Task,
            &json!("date"),
            &json!("url"),
            Event::TextTypeChanged,
            Meaning::BreaksCompile,
        ),
        (
            Fact::Numbered,
            CallSide::Task,
            &off,
            &on,
            Event::TypeChanged,
            Meaning::BreaksCompile,
        ),
        (
            Fact::Type,
            CallSide::Response,
            &json!("string"),
            &json!("float"),
            Event::TypeChanged,
            Meaning::BreaksRunTime,
        ),
    ] {
        let found = event(fact, side, "string", Some(old), Some(new));
        assert_eq!(found, wanted, "{fact:?}");
        assert_eq!(meaning(found, side).0, means, "{fact:?}");
    }
}

#[test]
fn the_table_has_one_row_per_event_and_side() {
    let mut seen = BTreeSet::new();
    for rule in RULES {
        for side in rule.sides {
            assert!(
                seen.insert((rule.event, *side)),
                "twice: {:?} {side:?}",
                rule.event
            );
        }
    }
    // The table contains every event of an edit.
    for EditCase { event, side, .. } in CASES {
        assert!(seen.contains(&(*event, *side)), "{event:?} {side:?}");
    }
    // On tasks and results, only texts, nullability and hints have no effect.
    let quiet: BTreeSet<String> = RULES
        .iter()
        .filter(|rule| rule.meaning == Meaning::None && rule.sides.contains(&CallSide::Task))
        .map(|rule| format!("{:?}", rule.event))
        .collect();
    assert_eq!(
        quiet.into_iter().collect::<Vec<_>>().join(" "),
        "DefaultStated KeysChanged NoLongerDeprecated NullabilityChanged NumberFormatChanged Reworded TextHintChanged"
    );
}
