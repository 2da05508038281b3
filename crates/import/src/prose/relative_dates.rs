//! Recognizes dates that are relative to today: bounds and defaults.

use dataforseo_spec::dates::DateExpression;
use serde_json::Value;

use super::facts::{Prose, Reading, Sentence};
use super::text::{first_date, span};

/// Recognizes a bound or a default that is relative to today.
pub fn relative_date(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    if !sentence.is_of_type(&["string"]) {
        return Reading::Other;
    }
    let text = sentence
        .lower()
        .strip_prefix("note: ")
        .unwrap_or(sentence.lower());
    let (fact, slot) = if let Some(day) = default(text) {
        (day, &mut prose.default)
    } else if let Some(day) = minimum(text) {
        (day, &mut prose.min)
    } else if let Some(day) = maximum(text) {
        (day, &mut prose.max)
    } else {
        return Reading::Other;
    };
    let day = DateExpression::parse(&fact).map(|day| Value::from(day.to_string()));
    let Some(day) = day else {
        return Reading::NotUnderstood;
    };
    // A second, different bound applies to another case.
    if slot.as_ref().is_some_and(|known| *known != day) {
        return Reading::NotUnderstood;
    }
    *slot = Some(day);
    Reading::Understood
}

/// Reads `if you don't specify this field, yesterday's date will be used by default`.
fn default(text: &str) -> Option<String> {
    let rest = text.strip_prefix("if you don't specify this field, ")?;
    let by_default = rest.strip_suffix(" will be used by default");
    if let Some(date) = by_default {
        return named(date);
    }
    let rest = rest.strip_prefix("our system will apply the date of ")?;
    let rest = rest.strip_suffix(" from now by default")?;
    let (count, unit) = rest.split_once(' ')?;
    Some(format!("today + {}", span(count, unit)))
}

/// Reads the first date that is allowed.
fn minimum(text: &str) -> Option<String> {
    let forms = [
        "the value must not be earlier than ",
        "the value cannot precede ",
    ];
    if let Some(date) = forms.iter().find_map(|form| text.strip_prefix(form)) {
        return named(date);
    }
    let forms = [
        "minimum value: ",
        "minimal value: ",
        "minimal possible value: ",
    ];
    let rest = forms.iter().find_map(|form| text.strip_prefix(form))?;
    first_date(rest)
}

/// Reads the last date that is allowed. `one month from today's date` can be in either direction, so
/// it is not read.
fn maximum(text: &str) -> Option<String> {
    if let Some(date) = text.strip_prefix("maximum value is ") {
        return (date == "current day and month of the next year")
            .then(|| "today + 1 year".to_owned());
    }
    let (subject, date) = text.split_once(" cannot be greater than ")?;
    let is_field = subject == "the indicated date" || !subject.contains(' ');
    is_field.then(|| named(date))?
}

/// Returns a date with a name of its own.
fn named(date: &str) -> Option<String> {
    let day = match date.strip_prefix("the ").unwrap_or(date) {
        "today's date" => "today",
        "yesterday's date" => "today - 1 day",
        "tomorrow's date" => "today + 1 day",
        "current day and month of the preceding year" => "today - 1 year",
        _ => return None,
    };
    Some(day.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Reading, Prose) {
        let mut prose = Prose::default();
        let reading = relative_date(&Sentence::new("string", text), &mut prose);
        (reading, prose)
    }

    #[test]
    fn bounds_in_both_directions_are_read() {
        for (text, day) in [
            (
                "minimum value: two years back from today's date",
                "today - 2 years",
            ),
            (
                "minimal value: 24 months from today's date",
                "today - 24 months",
            ),
            ("the value must not be earlier than today's date", "today"),
        ] {
            let (reading, prose) = read(text);
            assert_eq!(
                (reading, prose.min),
                (Reading::Understood, Some(day.into())),
                "{text}"
            );
        }
        for (text, day) in [
            (
                "Note: the indicated date cannot be greater than yesterday's date",
                "today - 1 day",
            ),
            (
                concat!(
                    "maximum value is current day ",
                    "and month of the next year"
                ),
                "today + 1 year",
            ),
        ] {
            let (reading, prose) = read(text);
            assert_eq!(
                (reading, prose.max),
                (Reading::Understood, Some(day.into())),
                "{text}"
            );
        }
    }

    #[test]
    fn defaults_are_read() {
        for (text, day) in [
            (
                "if you don't specify this field, the today's date will be used by default",
                "today",
            ),
            (
                "if you don't specify this field, tomorrow's date will be used by default",
                "today + 1 day",
            ),
        ] {
            let (reading, prose) = read(text);
            assert_eq!(
                (reading, prose.default),
                (Reading::Understood, Some(day.into())),
                "{text}"
            );
        }
    }

    #[test]
    fn a_date_in_an_unknown_direction_is_not_read() {
        let text = "maximum value: one month from today's date";
        assert_eq!(read(text), (Reading::Other, Prose::default()));
    }
}
