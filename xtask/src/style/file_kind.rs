//! How each kind of file is checked.

use super::text::{Mark, Marked};
use super::{hash, markdown, rust, yaml};

/// Marks a text by the kind of its file, or returns `None` if such files are not checked.
pub(super) fn mark<'t>(path: &str, text: &'t str) -> Option<Marked<'t>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let kind = name.rsplit_once('.').map_or(name, |(_, kind)| kind);
    let mut marked = Marked::new(text);
    match kind {
        "rs" => rust::mark(&mut marked, path),
        "md" => {
            marked.mark(0..text.len(), Mark::Prose);
            markdown::mark(&mut marked, 0..text.len(), markdown::Untagged::IsOutput);
            marked.documents.push(0..text.len());
        }
        "yaml" if path.starts_with("spec/") => yaml::mark(&mut marked),
        "sh" | "py" | "toml" | "yml" | "yaml" | "Dockerfile" => hash::mark(&mut marked, "#"),
        "ts" | "mjs" | "js" => hash::mark(&mut marked, "//"),
        _ if path.starts_with(".ci/") => hash::mark(&mut marked, "#"),
        _ => return None,
    }
    Some(marked)
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::marked_as;
    use super::*;

    #[test]
    fn files_of_data_are_not_checked() {
        for path in [
            "Cargo.lock",
            "LICENSE-MIT",
            "a/b.json",
            "a/b.snap",
            "tests/pages/a.txt",
        ] {
            assert!(mark(path, "text").is_none(), "{path}");
        }
    }

    #[test]
    fn yaml_outside_the_spec_has_only_comments() {
        let text = "# a comment\nname: some words\n";
        let marked = mark(".github/workflows/ci.yml", text).unwrap();
        assert_eq!(marked_as(&marked, Mark::Prose), " a comment");
    }
}
