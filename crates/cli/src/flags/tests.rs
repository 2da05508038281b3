//! Every task of every endpoint can be given as flags, without a difference.

use std::fs;
use std::path::Path;

use clap::{ArgMatches, Command};
use dataforseo_client::models::{FieldKind, FieldRule};
use serde_json::{Map, Value, json};

use super::names::RESERVED;
use super::{flag, read_tasks, to_flags};
use crate::generated::SECTIONS;
use crate::lookup::endpoints;
use crate::table::{Argument, EndpointEntry, kebab_case};

/// Parses the arguments of an endpoint's command.
fn parsed(endpoint: &EndpointEntry, line: &[String]) -> Result<ArgMatches, clap::Error> {
    let command = endpoint.command();
    let line = line.iter().map(String::as_str);
    let line = ["dataforseo"]
        .into_iter()
        .chain(command.split(' '))
        .chain(line);
    let mut matches = crate::command().try_get_matches_from(line)?;
    for _ in command.split(' ') {
        matches = matches.remove_subcommand().unwrap().1;
    }
    Ok(matches)
}

fn read(endpoint: &'static EndpointEntry, line: &[String]) -> Vec<Value> {
    let matches = parsed(endpoint, line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
    read_tasks(endpoint, &matches).unwrap_or_else(|error| panic!("{line:?}: {}", error.message))
}

fn assert_same(endpoint: &'static EndpointEntry, task: &Value) {
    let line = to_flags(endpoint, task.as_object().unwrap());
    assert_eq!(
        read(endpoint, &line),
        std::slice::from_ref(task),
        "{line:?}"
    );
}

#[test]
fn every_command_builds() {
    crate::command().debug_assert();
}

/// A new option of the program must not collide with the flag of a field.
#[test]
fn the_programs_own_flags_are_listed() {
    let mut command = crate::command();
    command.build();
    let sections = SECTIONS.iter().map(|section| kebab_case(section.name));
    for section in sections.chain(["bulk".to_owned()]) {
        let section = command.find_subcommand(section).unwrap();
        let of_groups = section.get_subcommands().flat_map(Command::get_subcommands);
        for endpoint in section.get_subcommands().chain(of_groups) {
            let own = endpoint
                .get_arguments()
                .filter(|arg| !arg.get_id().as_str().contains('.'));
            for flag in own.filter_map(clap::Arg::get_long) {
                assert!(RESERVED.contains(&flag), "{flag}");
            }
        }
    }
    assert_eq!(flag("include_subdomains"), "include-subdomains");
    assert_eq!(flag("timeout"), "task-timeout");
}

#[test]
fn the_table_matches_the_rules() {
    assert!(endpoints().count() > 0 || !cfg!(feature = "backlinks"));
    for endpoint in endpoints() {
        let names = endpoint.fields.iter().map(|field| field.name);
        let rules = endpoint.info.task_rules.iter().map(|rule| rule.name);
        assert!(names.eq(rules), "{}", endpoint.name);
        for argument in endpoint.fields.iter().chain(endpoint.parameters) {
            assert!(
                !argument.doc.is_empty(),
                "{} {}",
                endpoint.name,
                argument.name
            );
        }
    }
}

/// The tasks of the mock's fixtures; none if the endpoint has no fixture.
fn recorded(endpoint: &EndpointEntry) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mock-server/fixtures");
    let folder = folder.join(endpoint.info.path.trim_start_matches('/'));
    let entries = fs::read_dir(folder).into_iter().flatten();
    let files = entries.map(|entry| entry.unwrap().path());
    let tasks = files.filter(|path| path.is_file()).flat_map(|path| {
        let fixture: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        fixture["request"]["body"].as_array().unwrap().clone()
    });
    tasks.collect()
}

#[test]
fn recorded_and_documented_tasks_can_be_given_as_flags() {
    let mut count = 0;
    for endpoint in endpoints().filter(|endpoint| !endpoint.fields.is_empty()) {
        for task in recorded(endpoint) {
            assert_same(endpoint, &task);
            count += 1;
        }
        assert_same(
            endpoint,
            &serde_json::from_str(endpoint.example.unwrap()).unwrap(),
        );
    }
    assert!(count > 0);
}

/// A value of each kind for every field, including values that look like flags or files.
#[test]
fn every_field_can_be_given_as_a_flag() {
    for endpoint in endpoints() {
        let task = |nth| -> Map<String, Value> {
            let fields = endpoint.fields();
            fields
                .map(|(argument, rule)| (rule.name.to_owned(), value(argument, rule, nth)))
                .collect()
        };
        for nth in 0..3 {
            if !endpoint.fields.is_empty() {
                assert_same(endpoint, &task(nth).into());
            }
        }
    }
}

fn value(argument: &Argument, rule: &FieldRule, nth: usize) -> Value {
    match &rule.kind {
        FieldKind::Map(_) if argument.numbered && nth == 1 => json!({ "1": "@a", "2": "-b" }),
        kind => of_kind(kind, nth),
    }
}

fn of_kind(kind: &FieldKind, nth: usize) -> Value {
    match kind {
        FieldKind::String | FieldKind::Order => {
            ["two words, \"quoted\"", "@at", "--limit"][nth].into()
        }
        FieldKind::Integer => [0, -5, i64::MAX][nth].into(),
        FieldKind::Float => [json!(0.5), json!(-3), json!(1e-9)][nth].clone(),
        FieldKind::Boolean => [true, false, true][nth].into(),
        FieldKind::List(of) => (0..=nth).map(|nth| of_kind(of, nth)).collect(),
        FieldKind::Map(of) => json!({ "": of_kind(of, nth), "7": of_kind(of, 0) }),
        FieldKind::Object(fields) => fields
            .iter()
            .map(|field| (field.name, of_kind(&field.kind, nth)))
            .collect(),
        FieldKind::Filters => json!([["a", "=", 1], "and", ["b", "like", "%'\"%"]]),
        _ => json!([{ "any": [null, nth] }]),
    }
}

/// The behavior of flags, with an endpoint for each.
#[cfg(all(feature = "backlinks", feature = "serp"))]
mod by_example {
    use std::fs;

    use serde_json::json;

    use super::{parsed, read};
    use crate::lookup::endpoints;
    use crate::table::EndpointEntry;

    fn line(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    fn command(command: &str) -> &'static EndpointEntry {
        let mut all = endpoints();
        all.find(|endpoint| endpoint.command() == command).unwrap()
    }

    fn backlinks(name: &str) -> &'static EndpointEntry {
        command(&format!("backlinks {name}"))
    }

    #[test]
    fn a_file_has_an_element_per_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("targets.txt");
        fs::write(&file, "a.example\r\n\n  b.example  \n").unwrap();
        let at = format!("@{}", file.display());
        let summary = backlinks("bulk-pages-summary-live");
        let read = read(
            summary,
            &line(&["--targets", "first.example", "--targets", &at]),
        );
        let expected = json!({ "targets": ["first.example", "a.example", "b.example"] });
        assert_eq!(read, [expected]);
        let missing = parsed(summary, &line(&["--targets", "@no/such/file"])).unwrap_err();
        let missing = missing.to_string();
        assert!(
            missing.contains("--targets <TARGET>': no/such/file: "),
            "{missing}"
        );
    }

    #[test]
    fn flags_override_the_fields_of_a_task() {
        let list = backlinks("backlinks-live");
        let task = r#"{"target": "a.example", "limit": 5, "mode": null}"#;
        let read = read(
            list,
            &line(&["--task", task, "--limit", "7", "--include-subdomains"]),
        );
        let expected =
            json!({ "target": "a.example", "limit": 7, "mode": null, "include_subdomains": true });
        assert_eq!(read, [expected]);
    }

    #[test]
    fn flags_apply_to_every_task() {
        let post = command("serp google organic-task-post");
        let several = r#"[{"keyword": "a"}, {"keyword": "b", "depth": 1}]"#;
        let read = read(post, &line(&["--task", several, "--depth", "20"]));
        let expected = [
            json!({ "keyword": "a", "depth": 20 }),
            json!({ "keyword": "b", "depth": 20 }),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn required_fields_are_reported() {
        let list = backlinks("backlinks-live");
        let error = parsed(list, &line(&["--limit", "5"]))
            .unwrap_err()
            .to_string();
        assert!(error.contains("--target <TARGET>"), "{error}");
        assert!(parsed(list, &line(&["--task", "{}"])).is_ok());
    }

    #[test]
    fn a_number_can_be_negative() {
        let words = ["--target", "a.example", "--offset", "-5"];
        assert_eq!(
            read(backlinks("backlinks-live"), &line(&words))[0]["offset"],
            -5
        );
    }

    /// The documentation writes names with underscores.
    #[test]
    fn a_flag_can_be_written_like_the_field() {
        let words = ["--targets", "a.example", "--include_subdomains", "false"];
        let read = read(backlinks("bulk-pages-summary-live"), &line(&words));
        assert_eq!(read[0]["include_subdomains"], false);
    }
}
