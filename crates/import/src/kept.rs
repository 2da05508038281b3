//! The guard of an import: no entry of a spec file is ever lost.

use std::fs;
use std::path::{Path, PathBuf};

use dataforseo_spec::load::parse;
use serde_json::Value;

use super::workspace::ImportError;

/// Checks that the new texts of spec files contain every mapping entry of the files in the
/// workspace, except for those that a person gave up. New files, fixtures and fingerprints are not
/// compared.
///
/// # Errors
/// Returns an error with the entries that a new text lacks, or if a new text is not YAML.
pub fn ensure_kept(
    root: &Path,
    files: &[(PathBuf, String)],
    given_up: &[String],
) -> Result<(), ImportError> {
    for (path, wanted) in files {
        let is_spec = path.starts_with("spec") && path.extension().is_some_and(|it| it == "yaml");
        if !is_spec {
            continue;
        }
        let name = path.display().to_string();
        let new = parse::<Value>(&name, wanted).map_err(ImportError::Spec)?;
        let Ok(found) = fs::read_to_string(root.join(path)) else {
            continue;
        };
        if found == *wanted {
            continue;
        }
        let old = parse::<Value>(&name, &found).map_err(ImportError::Spec)?;
        let mut entries = Vec::new();
        lost(&old.content, &new.content, "", &mut entries);
        entries.retain(|entry| !given_up.iter().any(|it| is_inside(entry, it)));
        if !entries.is_empty() {
            return Err(ImportError::Lost {
                path: name,
                entries,
            });
        }
    }
    Ok(())
}

/// Returns whether an entry is another one, or inside of it.
fn is_inside(entry: &str, outer: &str) -> bool {
    let rest = entry.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Lists the mapping entries of `old` that `new` lacks. An entry that is lost as a whole is listed
/// without the entries inside.
fn lost(old: &Value, new: &Value, at: &str, entries: &mut Vec<String>) {
    match old {
        Value::Object(old) => {
            for (key, value) in old {
                let at = if at.is_empty() {
                    key.clone()
                } else {
                    format!("{at}.{key}")
                };
                match new.get(key) {
                    Some(new) => lost(value, new, &at, entries),
                    None => entries.push(at),
                }
            }
        }
        Value::Array(old) => {
            for (index, value) in old.iter().enumerate() {
                let new = new.get(index).unwrap_or(&Value::Null);
                lost(value, new, &format!("{at}.{index}"), entries);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dataforseo_test_support::Workspace;

    const OLD: &str = "a:\n  b: 1\n  c:\n    - d: 1\n      e: 2\n    - f: 3\n";

    fn check(new: &str) -> Result<(), ImportError> {
        check_without(new, &[])
    }

    fn check_without(new: &str, given_up: &[String]) -> Result<(), ImportError> {
        let workspace = Workspace::new();
        workspace.write("spec/x.yaml", OLD);
        let files = [("spec/x.yaml".into(), new.to_owned())];
        ensure_kept(workspace.path(), &files, given_up)
    }

    #[test]
    fn entries_that_a_person_gave_up_are_not_listed() {
        let new = "a:\n  c:\n    - d: 7\n";
        let given_up = ["a.b", "a.c.0", "a.c.1"].map(str::to_owned);
        check_without(new, &given_up).unwrap();
        let error = check_without(new, &given_up[1..]).unwrap_err().to_string();
        assert!(error.contains("would remove a.b, and"), "{error}");
    }

    #[test]
    fn lost_entries_are_listed() {
        let error = check("a:\n  c:\n    - d: 7\n").unwrap_err().to_string();
        assert!(
            error.contains("spec/x.yaml: the import would remove a.b, a.c.0.e, a.c.1.f, and"),
            "{error}"
        );
    }

    #[test]
    fn new_entries_and_other_values_are_fine() {
        check(&format!("{OLD}    - g: 4\nb: 5\n").replace("b: 1", "b: 9")).unwrap();
    }

    #[test]
    fn a_text_that_is_not_yaml_is_refused() {
        let error = check(&format!("{OLD}  : [\n")).unwrap_err();
        assert!(matches!(error, ImportError::Spec(_)), "{error}");
    }

    #[test]
    fn other_files_are_not_compared() {
        let workspace = Workspace::new();
        workspace.write("fixtures/x.json", "{\"a\": 1}");
        ensure_kept(
            workspace.path(),
            &[("fixtures/x.json".into(), "{}".to_owned())],
            &[],
        )
        .unwrap();
    }
}
