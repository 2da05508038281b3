//! The pages for maintainers name files and keys that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap().to_owned()
}

/// Returns the Markdown pages at the top of the repository, in `docs/` and of the crates.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    let mut folders = vec![root(), root().join("docs")];
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        folders.push(entry.unwrap().path());
    }
    for folder in folders {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages
}

/// Returns the texts between backquotes of one line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

#[test]
fn links_lead_to_files() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let targets = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for target in targets {
            let file = target.split('#').next().unwrap_or_default();
            let elsewhere =
                file.is_empty() || file.contains("://") || file.contains(char::is_whitespace);
            if !elsewhere && !page.parent().unwrap().join(file).exists() {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Returns whether a quoted text is a path of this repository, without placeholders such as
/// `spec/SECTION/types.yaml`.
fn is_path(text: &str) -> bool {
    let folders = [
        ".ci/", ".github/", "api/", "benches/", "crates/", "spec/", "tests/", "xtask/",
    ];
    let is_placeholder = |part: &str| part.chars().filter(|c| c.is_uppercase()).count() > 1;
    folders.iter().any(|folder| text.starts_with(folder))
        && !text.contains([' ', '*', '{', '…'])
        && !text.split('/').any(is_placeholder)
}

#[test]
fn paths_in_the_pages_exist() {
    let mut missing = Vec::new();
    // The style guide also names sections that are planned.
    let pages = pages()
        .into_iter()
        .filter(|page| !page.ends_with("docs/style.md"));
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for path in text.lines().flat_map(quoted).filter(|text| is_path(text)) {
            if !root().join(path).exists() {
                missing.push(format!("{}: {path}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// The first column of the tables under a heading such as ``### `crates/spec`: …`` names files of
/// that crate.
#[test]
fn the_code_map_names_files_that_exist() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let (mut folder, mut files, mut missing) = (None, 0, Vec::new());
    for line in text.lines() {
        if line.starts_with('#') {
            let path = quoted(line)
                .next()
                .map(|path| root().join(path).join("src"));
            folder = path.filter(|_| line.starts_with("### `crates/"));
        }
        let (Some(folder), true) = (&folder, line.starts_with("| `")) else {
            continue;
        };
        for file in quoted(line.split('|').nth(1).unwrap_or_default()) {
            files += 1;
            if !folder.join(file).exists() {
                missing.push(format!("{}: {file}", folder.display()));
            }
        }
    }
    assert!(files > 50, "only {files} files were found");
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_key_of_the_spec_language_is_documented() {
    fn collect<'a>(schema: &'a Value, keys: &mut BTreeSet<&'a str>) {
        match schema {
            Value::Object(map) => {
                if let Some(Value::Object(properties)) = map.get("properties") {
                    keys.extend(properties.keys().map(String::as_str));
                }
                map.values().for_each(|value| collect(value, keys));
            }
            Value::Array(list) => list.iter().for_each(|value| collect(value, keys)),
            _ => {}
        }
    }
    let schema = fs::read_to_string(root().join("spec/spec.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut keys = BTreeSet::new();
    collect(&schema, &mut keys);
    assert!(keys.contains("max_distinct_domains"), "{keys:?}");
    let page = fs::read_to_string(root().join("docs/spec-language.md")).unwrap();
    let documented: BTreeSet<&str> = page
        .lines()
        .flat_map(quoted)
        .flat_map(|name| name.split('.'))
        .collect();
    let missing: Vec<_> = keys.difference(&documented).collect();
    assert!(
        missing.is_empty(),
        "docs/spec-language.md lacks {missing:?}"
    );
}
