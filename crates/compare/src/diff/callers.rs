//! Changes as sentences for callers, for a changelog.

use serde_json::Value;

use super::group::show;
use super::kinds::KindOfChange;
use super::meaning::missing_from;
use super::report::{ApiChange, ChangeKind};
use super::surface::{CallSide, Fact};

/// The number of endpoints that a sentence names.
const NAMED: usize = 2;

/// The number of changes that a sentence about a kind names.
const EXAMPLES: usize = 3;

impl ApiChange {
    /// Returns the change as a sentence for callers, without a period.
    pub fn for_callers(&self) -> String {
        let subject = self.subject_for_callers();
        match &self.what {
            ChangeKind::Added { kind, required, .. } if !self.is_of_endpoint() => {
                let required = if *required { ", required" } else { "" };
                format!("{subject} is new ({kind}{required})")
            }
            ChangeKind::Added { .. } => format!("{subject} is new"),
            ChangeKind::Removed { .. } => format!("{subject} is removed"),
            ChangeKind::Renamed { to, .. } => format!("{subject} is probably `{to}` now"),
            ChangeKind::Moved { .. } => {
                let to = self.locations.first().and_then(|it| it.to.as_deref());
                format!("{subject} is probably `{}` now", to.unwrap_or_default())
            }
            ChangeKind::Changed { fact, old, new } => {
                let change = FactChange {
                    fact: *fact,
                    old: old.as_ref(),
                    new: new.as_ref(),
                };
                self.changed(&subject, &change)
            }
        }
    }

    fn is_of_endpoint(&self) -> bool {
        self.side == CallSide::Endpoint
    }

    /// Returns the field with its endpoints, or the endpoint.
    fn subject_for_callers(&self) -> String {
        let Some(first) = self.locations.first() else {
            return String::new();
        };
        let mut endpoints: Vec<&str> = Vec::new();
        for location in &self.locations {
            if !endpoints.contains(&location.endpoint.as_str()) {
                endpoints.push(&location.endpoint);
            }
        }
        let named: Vec<String> = endpoints
            .iter()
            .take(NAMED)
            .map(|endpoint| format!("`{endpoint}`"))
            .collect();
        let endpoints = match endpoints.len().saturating_sub(NAMED) {
            0 => named.join(" and "),
            1 => format!("{} and 1 more endpoint", named.join(", ")),
            more => format!("{} and {more} more endpoints", named.join(", ")),
        };
        match (&self.shared, first.path.as_str()) {
            (_, "") => endpoints,
            (Some(shared), _) => format!("`{shared}` in {endpoints}"),
            (None, path) => format!("`{path}` of {endpoints}"),
        }
    }

    /// Returns the sentence for a changed fact.
    fn changed(&self, subject: &str, change: &FactChange<'_>) -> String {
        let on = change.new == Some(&Value::Bool(true));
        let FactChange { fact, old, new } = *change;
        match (fact, old, new) {
            (Fact::Deprecated, _, _) if on => match &self.reason {
                Some(reason) => format!("{subject} is deprecated: {reason}"),
                None => format!("{subject} is deprecated"),
            },
            (Fact::Deprecated, _, _) => format!("{subject} is no longer deprecated"),
            (Fact::Required, _, _) if on => format!("{subject} is now required"),
            (Fact::Required, _, _) => format!("{subject} is no longer required"),
            (Fact::Charged, _, _) if on => format!("{subject} is now charged"),
            (Fact::Charged, _, _) => format!("{subject} is now free"),
            (Fact::Values, Some(old), Some(new)) => {
                let list = |values: Vec<&Value>| {
                    let values: Vec<String> = values
                        .into_iter()
                        .map(|value| format!("`{}`", show(Some(value))))
                        .collect();
                    values.join(", ")
                };
                let (gone, fresh) = (missing_from(old, new), missing_from(new, old));
                match (gone.is_empty(), fresh.is_empty()) {
                    (true, _) => format!("{subject} has the new values {}", list(fresh)),
                    (false, true) => format!("{subject} no longer has the values {}", list(gone)),
                    (false, false) => format!(
                        "{subject} has the new values {}, and no longer {}",
                        list(fresh),
                        list(gone)
                    ),
                }
            }
            (_, None, new) => format!("{subject}: {} is now {}", noun(fact), show(new)),
            (_, old, None) => {
                format!(
                    "{subject}: {} is no longer stated, before {}",
                    noun(fact),
                    show(old)
                )
            }
            (_, old, new) => {
                format!(
                    "{subject}: {} is {} instead of {}",
                    noun(fact),
                    show(new),
                    show(old)
                )
            }
        }
    }
}

/// A change of a fact.
struct FactChange<'a> {
    fact: Fact,
    old: Option<&'a Value>,
    new: Option<&'a Value>,
}

impl KindOfChange<'_> {
    /// Returns the sentence for callers about all changes of the kind, without a period.
    pub fn for_callers(&self) -> String {
        let named = self.changes.iter().take(EXAMPLES);
        let named: Vec<String> = named
            .filter_map(|change| {
                let first = change.locations.first()?;
                let subject = match (&change.shared, first.path.as_str()) {
                    (_, "") => &first.endpoint,
                    (Some(shared), _) => shared,
                    (None, _) => &first.path,
                };
                Some(format!("`{subject}`"))
            })
            .collect();
        format!(
            "{} {}, such as {}",
            self.changes.len(),
            self.sentence,
            named.join(", ")
        )
    }
}

/// Returns a fact as callers know it.
const fn noun(fact: Fact) -> &'static str {
    match fact {
        Fact::Path => "the path",
        Fact::Method => "the HTTP method",
        Fact::Mode => "the mode",
        Fact::Charged => "the charge",
        Fact::TasksPerCall => "the maximum number of tasks per call",
        Fact::CallsPerMinute => "the maximum number of calls per minute",
        Fact::Rows => "the description of its rows",
        Fact::Type => "the type",
        Fact::Nullable => "whether it can be null",
        Fact::ElementsNullable => "whether its elements can be null",
        Fact::Format => "the format",
        Fact::NumberFormat => "the size of the number",
        Fact::Numbered => "whether its keys are numbers",
        Fact::Over => "the endpoint whose rows it applies to",
        Fact::Required => "whether it is required",
        Fact::RequiredUnless => "the field that can replace it",
        Fact::RequiredWith => "the field that requires it",
        Fact::RequiredIf => "the values of other fields that require it",
        Fact::Requires => "the values of other fields that it requires",
        Fact::Excludes => "the fields that it excludes",
        Fact::NotAfter => "the field with a date that is not earlier",
        Fact::Default => "the default",
        Fact::DefaultBy => "the default by another field",
        Fact::Min => "the minimum",
        Fact::Max => "the maximum",
        Fact::MinLength => "the minimum number of characters",
        Fact::MaxLength => "the maximum number of characters",
        Fact::MaxWords => "the maximum number of words",
        Fact::MinItems => "the minimum number of elements",
        Fact::MaxItems => "the maximum number of elements",
        Fact::MaxConditions => "the maximum number of conditions",
        Fact::MaxDistinctDomains => "the maximum number of different domains",
        Fact::Values => "the list of values",
        Fact::Deprecated => "whether it is deprecated",
        Fact::Doc => "the description",
        Fact::Wording => "the vendor's description",
    }
}
