//! Recognizers of defaults, of bounds and of ranges.

use dataforseo_spec::dates::DateExpression;

use super::facts::{Limit, Prose, Reading, Sentence};
use super::text::{Range, after, first_date, from_to, split_at_any, value};

/// The types of numbers.
const NUMBERS: [&str; 4] = ["integer", "float", "number", "double"];

/// Recognizes a statement of a default or of a bound.
pub fn default_and_bounds(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let statements: [(&[Limit], &[&str]); 5] = [
        (
            &[Limit::Default, Limit::Min],
            &["default and minimum value:", "minimum and default value:"],
        ),
        (
            &[Limit::Default, Limit::Max],
            &["default and maximum value:", "maximum and default value:"],
        ),
        (
            &[Limit::Default],
            &[
                "default value:",
                "default value is",
                "default rule:",
                "by default:",
                "by default, the parameter is set to",
            ],
        ),
        (&[Limit::Min], &["minimum", "minimal", "min"]),
        (&[Limit::Max], &["maximum", "maximal", "max"]),
    ];
    for (limits, phrases) in statements {
        let split = match limits {
            [Limit::Min | Limit::Max] => split_at_bound(sentence.text(), phrases),
            _ => split_at_any(sentence.text(), phrases),
        };
        let Some((before, text)) = split else {
            continue;
        };
        // Any other text before it can be a condition or another statement.
        let before = before.trim().to_ascii_lowercase();
        if [
            "",
            "the",
            "its",
            "note: the",
            "note: ",
            "note:",
            "note that the",
        ]
        .contains(&before.as_str())
        {
            return state(limits, text, sentence, prose);
        }
    }
    Reading::Other
}

/// Splits a text at a phrase such as `minimum value:`, `minimal possible value is` or `minimum
/// value, in pixels:`.
fn split_at_bound<'a>(text: &'a str, words: &[&str]) -> Option<(&'a str, &'a str)> {
    let lower = text.to_ascii_lowercase();
    let (at, word) = words
        .iter()
        .find_map(|word| Some((lower.find(word)?, word)))?;
    let mut rest = &text[at + word.len()..];
    let mut skip = |phrases: &[&str]| {
        let lower = rest.to_ascii_lowercase();
        let found = phrases.iter().find(|phrase| lower.starts_with(**phrase));
        rest = &rest[found.map_or(0, |phrase| phrase.len())..];
        found.is_some()
    };
    skip(&[" possible", " allowed"]);
    if !skip(&[" value", " date"]) {
        return None;
    }
    if skip(&[", in "]) {
        let (_, after) = rest.split_once(':')?;
        return Some((&text[..at], after));
    }
    // "minimum value 2019-01-30" has neither a colon nor a verb.
    let is_stated = skip(&[":", " is", " equals"]) || rest.trim().starts_with("20");
    is_stated.then_some((&text[..at], rest))
}

/// Sets the default or the bounds to the value at the start of a text.
fn state(limits: &[Limit], text: &str, sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let past = first_date(text).filter(|_| limits == [Limit::Min]);
    let stated = match past {
        Some(date) if sentence.is_of_type(&["string"]) => Some((date.into(), "")),
        _ => value(sentence.type_word(), text),
    };
    let Some((value, rest)) = stated else {
        return Reading::NotUnderstood;
    };
    let is_date = |text: &str| DateExpression::parse(text).is_some();
    let is_bound = limits.iter().any(|limit| *limit != Limit::Default);
    if is_bound && value.as_str().is_some_and(|text| !is_date(text)) {
        return Reading::NotUnderstood;
    }
    // The rest of the sentence can be a condition.
    let first = rest.split_whitespace().next().unwrap_or_default();
    let conditions = ["for", "if", "when", "unless", "and", "or", "in", "per"];
    if conditions.contains(&first.to_ascii_lowercase().as_str()) {
        return Reading::NotUnderstood;
    }
    for limit in limits {
        if !prose.set(*limit, value.clone()) {
            return Reading::NotUnderstood;
        }
    }
    if rest.is_empty() {
        Reading::Understood
    } else {
        Reading::NotUnderstood
    }
}

/// Recognizes a default that is stated for the case that the field is absent.
pub fn default_if_absent(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let Some(rest) = sentence
        .lower()
        .strip_prefix("if you don't specify this field, ")
    else {
        return Reading::Other;
    };
    let is_number = sentence.is_of_type(&["integer"]);
    let stated = rest
        .strip_prefix("the default value of ")
        .and_then(|rest| rest.strip_suffix(" will be applied"))
        .or_else(|| {
            let (count, _) = rest
                .strip_suffix(" will be used by default")?
                .split_once(' ')?;
            Some(count).filter(|_| is_number)
        });
    if let Some((value, "")) = stated.and_then(|it| value(sentence.type_word(), it)) {
        return Reading::when(prose.set(Limit::Default, value));
    }
    let first = "the minimum value will be used by default";
    if let Some(min) = prose.min.clone().filter(|_| rest == first) {
        return Reading::when(prose.set(Limit::Default, min));
    }
    Reading::Other
}

/// Recognizes a default among the values that were listed before.
pub fn default_of_values(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let text = sentence.lower();
    let text = text.strip_prefix("note: ").unwrap_or(text);
    let value = text
        .strip_suffix(" is applied by default")
        .and_then(|text| text.strip_prefix("the "))
        .and_then(|text| text.split(' ').next());
    let value = value.filter(|value| prose.values.iter().any(|it| it == value));
    match value {
        Some(value) if sentence.is_of_type(&["string"]) => {
            Reading::when(prose.set(Limit::Default, value.into()))
        }
        _ => Reading::Other,
    }
}

/// Recognizes a range of numbers.
pub fn range(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let phrases = [
        "can be set from",
        "can specify a level from",
        "within the following range:",
        "in the following range:",
    ];
    if !sentence.is_of_type(&NUMBERS) {
        return Reading::Other;
    }
    let listed =
        after(sentence.text(), &phrases).and_then(|text| from_to(&format!("from {}", text.trim())));
    let range = listed.or_else(|| named_range(sentence.lower()));
    let Some(Range { min, max }) = range else {
        return Reading::Other;
    };
    Reading::when(prose.set(Limit::Min, min) && prose.set(Limit::Max, max))
}

/// Reads `any score in the 0-to-10 range`.
fn named_range(text: &str) -> Option<Range> {
    let range = text.strip_suffix(" range")?.rsplit(' ').next()?;
    from_to(&format!("from {}", range.replace("-to-", " to ")))
}
