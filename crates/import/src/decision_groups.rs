//! Groups of decisions: one sentence per kind of difference, with the pattern that covers it.

use std::fmt;

use indexmap::IndexMap;

use super::decisions::{Decision, DecisionOptions};

/// Differences of one kind in one part of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionGroup {
    /// The pattern that fits all of them.
    pub pattern: String,
    /// The difference, without its place.
    pub kind: String,
    /// The differences.
    pub decisions: Vec<Decision>,
}

/// The differences of a group that are listed. Further ones are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupLength {
    /// The first ones.
    #[default]
    Short,
    /// All.
    Full,
}

/// The number of differences of a group that a short report lists.
const LISTED: usize = 3;

/// Groups decisions by kind, the largest group first.
pub fn groups(decisions: &[Decision]) -> Vec<DecisionGroup> {
    let mut groups: IndexMap<(String, String), Vec<Decision>> = IndexMap::new();
    for decision in decisions {
        let key = (decision.pattern(), decision.kind.clone());
        groups.entry(key).or_default().push(decision.clone());
    }
    let mut groups: Vec<DecisionGroup> = groups
        .into_iter()
        .map(|((pattern, kind), decisions)| DecisionGroup {
            pattern,
            kind,
            decisions,
        })
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.decisions.len()));
    groups
}

impl DecisionGroup {
    /// Returns the group as text: a sentence, the choices, and places with file and line.
    pub fn text(&self, length: GroupLength) -> String {
        let count = self.decisions.len();
        let mut text = format!("  {count} × {}: {}\n", self.pattern, self.kind);
        let options = self.decisions.iter().map(|decision| decision.options);
        let choices = match options.max_by_key(|options| *options as u8) {
            Some(DecisionOptions::TakeOrKeep) => {
                format!("--take '{0}', or --keep '{0}=REASON'", self.pattern)
            }
            Some(DecisionOptions::Take) => {
                format!("--take '{}', or edit the spec", self.pattern)
            }
            Some(DecisionOptions::Edit) | None => "edit the spec".to_owned(),
        };
        text += &format!("      {choices}\n");
        let listed = match length {
            // One more line is better than a line that counts it.
            GroupLength::Short if count > LISTED + 1 => LISTED,
            _ => count,
        };
        for decision in self.decisions.iter().take(listed) {
            text += &format!("      {decision}\n");
        }
        if listed < count {
            text += &format!("      … and {} more; --all lists them\n", count - listed);
        }
        text
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}: {}",
            self.file, self.line, self.place, self.what
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(place: &str, fact: &str, kind: &str) -> Decision {
        Decision {
            file: "spec/serp/widgets_live.yaml".to_owned(),
            line: 7,
            place: place.to_owned(),
            fact: fact.to_owned(),
            values: None,
            kind: kind.to_owned(),
            what: "what".to_owned(),
            options: DecisionOptions::TakeOrKeep,
        }
    }

    #[test]
    fn one_sentence_stands_for_a_kind() {
        let mut all = vec![decision("task.depth", "max", "max differs")];
        for place in [
            "result.a",
            "result.items.b",
            "Rating.c",
            "result.d",
            "result.e",
        ] {
            all.push(decision(place, "type", "type is integer"));
        }
        let groups = groups(&all);
        let patterns: Vec<&str> = groups.iter().map(|it| it.pattern.as_str()).collect();
        assert_eq!(patterns, ["result.*.type", "task.*.max"]);
        let text = groups[0].text(GroupLength::Short);
        assert!(
            text.starts_with("  5 × result.*.type: type is integer\n"),
            "{text}"
        );
        assert!(text.contains("--keep 'result.*.type=REASON'"), "{text}");
        assert!(
            text.contains("spec/serp/widgets_live.yaml:7: result.a: what\n"),
            "{text}"
        );
        assert!(text.contains("… and 2 more"), "{text}");
        let full = groups[0].text(GroupLength::Full);
        assert_eq!(full.lines().count(), 2 + 5, "{full}");
    }
}
