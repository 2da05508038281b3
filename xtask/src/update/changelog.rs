//! The entries of the changelog for changes of the API.

use dataforseo_compare::diff;
use dataforseo_compare::diff::meaning::Meaning;

/// The number of changes of a kind above which one line stands for all of them.
const MANY: usize = 10;

/// Returns the lines of the changelog for the changes that affect callers.
pub fn entries(difference: &diff::DiffReport) -> Vec<String> {
    let kinds = difference.kinds();
    let matters = kinds.iter().filter(|kind| kind.meaning != Meaning::None);
    matters
        .flat_map(|kind| {
            let sentences = match kind.changes.len() {
                count if count > MANY => vec![kind.for_callers()],
                _ => kind.changes.iter().map(|it| it.for_callers()).collect(),
            };
            let title = kind.meaning.title();
            let line = move |sentence: String| format!("- {sentence} ({title}).");
            sentences.into_iter().map(line)
        })
        .collect()
}

/// The heading of the entries of an update.
const HEADING: &str = "### The API";

/// Adds lines to the unreleased section of a changelog. Returns the new text, and the lines that
/// were missing.
pub fn with_entries(changelog: &str, lines: &[String]) -> (String, Vec<String>) {
    let start = changelog.find("\n## ").map_or(changelog.len(), |at| at + 1);
    let body = changelog[start..]
        .find('\n')
        .map_or(changelog.len(), |at| start + at + 1);
    let end = changelog[body..]
        .find("\n## ")
        .map_or(changelog.len(), |at| body + at + 1);
    let known: Vec<&str> = changelog[body..end].lines().collect();
    let new: Vec<String> = lines
        .iter()
        .filter(|line| !known.contains(&line.as_str()))
        .cloned()
        .collect();
    if new.is_empty() {
        return (changelog.to_owned(), new);
    }
    let block = format!("{}\n", new.join("\n"));
    let text = match changelog[body..end].find(HEADING) {
        Some(heading) => {
            let heading = body + heading;
            let at = changelog[heading..]
                .find('\n')
                .map_or(end, |line| heading + line + 1);
            format!("{}{block}{}", &changelog[..at], &changelog[at..])
        }
        None => {
            let rest = changelog[body..].trim_start_matches('\n');
            format!("{}\n{HEADING}\n{block}\n{rest}", &changelog[..body])
        }
    };
    (text, new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changelog_takes_each_line_once() {
        let before = "# Changelog\n\nText.\n\n## Unreleased\n\n### Added\n- x\n\n## 0.1.0\n- a (additive).\n";
        let lines = ["- a (additive).".to_owned(), "- b (loosened).".to_owned()];
        let (after, added) = with_entries(before, &lines);
        assert_eq!(added, lines);
        let expected = "# Changelog\n\nText.\n\n## Unreleased\n\n### The API\n- a (additive).\n- b (loosened).\n\n### Added\n- x\n\n## 0.1.0\n- a (additive).\n";
        assert_eq!(after, expected);
        assert_eq!(with_entries(&after, &lines), (after.clone(), Vec::new()));
        let more = ["- c (additive).".to_owned()];
        let (after, _) = with_entries(&after, &more);
        assert!(
            after.contains("### The API\n- c (additive).\n- a (additive).\n"),
            "{after}"
        );
        let (empty, _) = with_entries("# Changelog\n", &more);
        assert!(
            empty.ends_with("- c (additive).\n\n") || empty.contains("- c"),
            "{empty}"
        );
    }
}
