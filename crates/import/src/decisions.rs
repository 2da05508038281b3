//! Decisions about differences between the spec and its source: the questions of an import, and
//! the choices that a person made for them.

use dataforseo_spec::glob::fits;
use jiff::civil::Date;

/// The fact of a question about something that the source no longer has.
pub const REMOVED: &str = "removed";

/// The fact of a question about something that the source may have by another name.
pub const RENAMED: &str = "renamed";

/// The fact of a question about a member of a union that the source no longer has.
pub const MEMBER_REMOVED: &str = "member_removed";

/// The place of the endpoint as a whole.
pub const ENDPOINT: &str = "endpoint";

/// A difference that a person decides about. The spec is unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The spec file.
    pub file: String,
    /// The line of the spec file, from 1.
    pub line: u64,
    /// The location in the file: `task.depth`, `RatingInfo.value`, or `endpoint`.
    pub place: String,
    /// The fact: `type`, `max` and so on, or `removed`.
    pub fact: String,
    /// Both values, such as `float -> integer`, where patterns can distinguish them.
    pub values: Option<String>,
    /// The difference without its place. Equal differences have equal texts.
    pub kind: String,
    /// The difference in one line, without the file.
    pub what: String,
    /// The choices that the import can apply.
    pub options: DecisionOptions,
}

/// The choices that an import can apply to a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionOptions {
    /// Neither: a person edits the spec.
    Edit,
    /// Take the source only. The spec has no place for a reason.
    Take,
    /// Take the source, or keep the spec with a reason.
    TakeOrKeep,
}

impl Decision {
    /// Returns the address that patterns are compared with: `SECTION/ENDPOINT/place.fact`.
    pub fn address(&self) -> String {
        address(&self.file, &self.place, &self.fact)
    }

    /// Returns the pattern for all differences in this fact of the same part of a call.
    pub fn pattern(&self) -> String {
        let part = self.place.split('.').next().unwrap_or_default();
        let values = self.values.as_deref();
        let values = values.map_or_else(String::new, |values| format!(": {values}"));
        if part == self.place && !is_type(part) {
            return format!("{part}.{}{values}", self.fact);
        }
        let part = if is_type(part) { "result" } else { part };
        format!("{part}.*.{}{values}", self.fact)
    }
}

/// Returns whether the first part of a place is the name of a shared type.
fn is_type(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_uppercase())
}

fn address(file: &str, place: &str, fact: &str) -> String {
    let file = file.strip_prefix("spec/").unwrap_or(file);
    let file = file.strip_suffix(".yaml").unwrap_or(file);
    format!("{file}/{place}.{fact}")
}

/// The choice of a person for a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The spec takes what the source states.
    Take,
    /// The spec stays, for a reason that is written next to it.
    Keep(String),
}

/// The choices of a person, by pattern.
///
/// A pattern with a `/` is compared with `SECTION/ENDPOINT/place.fact`, another one with
/// `place.fact`. `*` is any text. A pattern can end with the values of a fact: `result.*.type: float
/// -> integer`. A place in a shared type also begins with `result.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    rules: Vec<ChoiceRule>,
    /// The day that is written to what the source no longer has, if the source has no date.
    day: Date,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ChoiceRule {
    pattern: String,
    choice: Choice,
}

impl Default for Choices {
    fn default() -> Self {
        Self::NONE
    }
}

/// The error of a choice that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a choice: {expected}")]
pub struct InvalidChoice {
    /// The choice as it was written.
    pub text: String,
    /// What was expected instead.
    pub expected: &'static str,
}

impl Choices {
    /// No choices: every difference is open.
    pub const NONE: Self = Self {
        rules: Vec::new(),
        day: Date::ZERO,
    };

    /// Creates choices without rules. `day` is written to what the source no longer has.
    pub const fn on(day: Date) -> Self {
        Self {
            rules: Vec::new(),
            day,
        }
    }

    /// Returns the day that is written to what the source no longer has.
    pub fn day(&self) -> String {
        self.day.to_string()
    }

    /// Takes the source where a pattern fits.
    ///
    /// # Errors
    /// Returns an error if the pattern is empty.
    pub fn take(&mut self, pattern: &str) -> Result<(), InvalidChoice> {
        self.add(pattern, pattern, Choice::Take)
    }

    /// Keeps the spec where a pattern fits: `PATTERN=REASON`.
    ///
    /// # Errors
    /// Returns an error if the pattern or the reason is missing.
    pub fn keep(&mut self, text: &str) -> Result<(), InvalidChoice> {
        let (pattern, reason) = text.split_once('=').unwrap_or((text, ""));
        if reason.trim().is_empty() {
            return Err(InvalidChoice {
                text: text.to_owned(),
                expected: "expected PATTERN=REASON, where the reason states why the spec is right",
            });
        }
        self.add(text, pattern, Choice::Keep(reason.trim().to_owned()))
    }

    /// Adds the choices of a file: a line `take PATTERN` or `keep PATTERN=REASON` each. Empty lines
    /// and lines that start with `#` are skipped.
    ///
    /// # Errors
    /// Returns an error for the first line that is neither.
    pub fn read(&mut self, text: &str) -> Result<(), InvalidChoice> {
        for line in text.lines().map(str::trim) {
            match line.split_once(' ') {
                _ if line.is_empty() || line.starts_with('#') => {}
                Some(("take", pattern)) => self.take(pattern)?,
                Some(("keep", rule)) => self.keep(rule)?,
                _ => {
                    return Err(InvalidChoice {
                        text: line.to_owned(),
                        expected: "expected a line `take PATTERN` or `keep PATTERN=REASON`",
                    });
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, text: &str, pattern: &str, choice: Choice) -> Result<(), InvalidChoice> {
        let pattern = pattern.trim();
        if pattern.is_empty() {
            return Err(InvalidChoice {
                text: text.to_owned(),
                expected: "expected a pattern such as `task.*.max_items`",
            });
        }
        self.rules.push(ChoiceRule {
            pattern: pattern.to_owned(),
            choice,
        });
        Ok(())
    }

    /// Returns the choice for a difference: that of the longest pattern that fits, and of the later
    /// one among equals.
    pub fn choice(&self, file: &str, place: &str, fact: &str) -> Option<&Choice> {
        self.choice_with(file, place, fact, None)
    }

    /// Returns the choice for a difference between values such as `float -> integer`, with which a
    /// pattern can end after a colon.
    pub fn choice_with(
        &self,
        file: &str,
        place: &str,
        fact: &str,
        values: Option<&str>,
    ) -> Option<&Choice> {
        if self.rules.is_empty() {
            return None;
        }
        let whole = address(file, place, fact);
        let local = format!("{place}.{fact}");
        let of_type = is_type(place).then(|| format!("result.{local}"));
        let rules = self.rules.iter().filter(|rule| {
            let (pattern, wanted) = match rule.pattern.split_once(": ") {
                Some((pattern, wanted)) => (pattern, Some(wanted)),
                None => (rule.pattern.as_str(), None),
            };
            if wanted.is_some() && wanted != values {
                return false;
            }
            if pattern.contains('/') {
                return fits(pattern, &whole);
            }
            fits(pattern, &local) || of_type.as_ref().is_some_and(|local| fits(pattern, local))
        });
        let rule = rules.max_by_key(|rule| rule.pattern.len())?;
        Some(&rule.choice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(choices: &Choices, place: &str, fact: &str) -> Option<Choice> {
        let file = "spec/serp/google/organic_live_advanced.yaml";
        choices.choice(file, place, fact).cloned()
    }

    #[test]
    fn the_longest_pattern_decides() {
        let mut choices = Choices::default();
        choices.take("task.*").unwrap();
        choices.keep("task.*.max=measured: 700").unwrap();
        let text = "# By kind.\n\ntake serp/google/*/task.depth.max\nkeep result.*.type = r\n";
        choices.read(text).unwrap();
        assert_eq!(choice(&choices, "task.depth", "max"), Some(Choice::Take));
        assert_eq!(
            choice(&choices, "task.limit", "max"),
            Some(Choice::Keep("measured: 700".to_owned()))
        );
        assert_eq!(choice(&choices, "task.limit", "min"), Some(Choice::Take));
        let kept = Some(Choice::Keep("r".to_owned()));
        assert_eq!(choice(&choices, "Rating.value", "type"), kept);
        assert_eq!(choice(&choices, "Rating.value", "values"), None);
        choices.take("result.*.type: float -> integer").unwrap();
        let typed = |values| {
            let place = "result.rank";
            choices.choice_with("spec/a/b.yaml", place, "type", Some(values))
        };
        assert_eq!(typed("float -> integer"), Some(&Choice::Take));
        assert_eq!(typed("float -> string"), kept.as_ref());
    }

    #[test]
    fn a_choice_without_pattern_or_reason_is_refused() {
        let mut choices = Choices::default();
        assert!(choices.keep("task.*").is_err());
        assert!(choices.keep("=reason").is_err());
        assert!(choices.take(" ").is_err());
        let error = choices.read("leave task.*").unwrap_err();
        assert!(
            error.to_string().contains("`leave task.*` is not a choice"),
            "{error}"
        );
        assert_eq!(choices, Choices::default());
    }
}
