//! Parsing of words, numbers and quotes in sentences.

use dataforseo_spec::dates::DateExpression;
use serde_json::Value;

/// Returns a list of words without spaces, separated by commas, `and` or `or`.
pub fn listed(text: &str) -> Option<Vec<String>> {
    let text = text
        .trim()
        .trim_start_matches('[')
        .trim_end_matches([']', ';', '.']);
    let text = text.replace(" and ", ",").replace(" or ", ",");
    let values: Vec<String> = text
        .split(',')
        .map(|value| unquoted(value).to_owned())
        .filter(|value| !value.is_empty())
        .collect();
    let fits = |value: &String| !value.contains("://") && !value.contains(['$', '{', '}']);
    // Several names can have spaces.
    let are_names = values.len() > 1 && values.iter().all(|value| is_name(value));
    let are_words = values.iter().all(|value| !value.contains(' '));
    let is_list = !values.is_empty() && (are_words || are_names);
    (is_list && values.iter().all(fits)).then_some(values)
}

/// Returns whether a text is a name of up to three words, each with a capital letter first in the
/// text: `New York`, `At this place`.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_uppercase()) && text.split(' ').count() <= 3
}

/// The starts of sentences that a source can join to the words before them.
const STARTS: [&str; 12] = [
    "required field",
    "optional field",
    "default value:",
    "default rule:",
    "minimum value",
    "maximum value",
    "possible values:",
    "example:",
    "Note",
    "note that",
    "Your ",
    "if you ",
];

/// Separates the sentences of a line that a source joined without a space.
pub fn unglued(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for (at, c) in line.char_indices() {
        let before = line[..at].chars().next_back();
        let is_start = STARTS.iter().any(|start| {
            line[at..].starts_with(start)
                && before.is_some_and(|before| match *start {
                    // These words also end other words, or follow them.
                    "if you " | "Your " => {
                        let is_value = ["true", "false"].iter().any(|it| line[..at].ends_with(it));
                        is_value || before == ';' || before.is_ascii_digit()
                    }
                    "note that" => ")]\"'".contains(before),
                    _ => before.is_alphanumeric() || ";.)".contains(before),
                })
        });
        if is_start {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

/// Returns an integer of digits, and nothing else.
pub fn exact_integer(text: &str) -> Option<i64> {
    unquoted(text).replace(',', "").parse().ok()
}

/// Returns a line with straight quotes, one kind of dash and ordinary spaces. Characters without a
/// width are removed.
pub fn plain(line: &str) -> String {
    line.chars()
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'))
        .map(|c| match c {
            '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' => ' ',
            '‘' | '’' | '`' => '\'',
            '“' | '”' => '"',
            '—' | '−' => '–',
            c => c,
        })
        .collect()
}

/// Returns the text after the first phrase that occurs. Ignores case.
pub fn after<'a>(text: &'a str, phrases: &[&str]) -> Option<&'a str> {
    split_at_any(text, phrases).map(|(_, after)| after)
}

/// Splits a text at the first phrase that occurs. Ignores case.
pub fn split_at_any<'a>(text: &'a str, phrases: &[&str]) -> Option<(&'a str, &'a str)> {
    // A change of ASCII case keeps byte positions.
    let lower = text.to_ascii_lowercase();
    phrases.iter().find_map(|phrase| {
        let at = lower.find(phrase)?;
        Some((&text[..at], &text[at + phrase.len()..]))
    })
}

/// Returns a text without the quotes and the punctuation around it.
pub fn unquoted(text: &str) -> &str {
    text.trim()
        .trim_end_matches([';', '.'])
        .trim_matches(['\'', '"', ' '])
}

/// Returns a value of the field's type, and the rest of the sentence.
pub fn value<'a>(type_word: &str, text: &'a str) -> Option<(Value, &'a str)> {
    let text = text.trim();
    let whole = unquoted(text);
    match type_word {
        "boolean" | "bool" => {
            // The explanation of the value is not part of it.
            let (head, _) = whole.split_once(" – ").unwrap_or((whole, ""));
            let lower = head.trim_matches(['_', ' ']).to_ascii_lowercase();
            // Some texts have the `n` of a lost line break.
            let flag = lower.strip_suffix('n').filter(|it| it.ends_with('e'));
            let flag: bool = flag.unwrap_or(&lower).parse().ok()?;
            Some((flag.into(), ""))
        }
        "integer" | "float" | "number" | "double" => {
            let is_part = |c: char| c.is_ascii_digit() || ",.-".contains(c);
            let text = text.trim_start_matches(['\'', '"']);
            let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
            let token = text[..end].trim_end_matches([',', '.']);
            let rest = text[token.len()..].trim_matches(['\'', '"', ',', '.', ' ']);
            let bare = token.replace(',', "");
            let spelled = SPELLED.iter().position(|word| *word == whole);
            if let Some(number) = spelled.and_then(|at| i64::try_from(at).ok()) {
                return Some((number.into(), ""));
            }
            // "100M (100 million)"
            let million = rest
                .strip_prefix('M')
                .filter(|it| it.trim().is_empty() || it.starts_with(" ("));
            if let (Some(_), Ok(count)) = (million, bare.parse::<i64>()) {
                return Some((count.checked_mul(1_000_000)?.into(), ""));
            }
            let number = match bare.parse::<i64>() {
                Ok(number) => Value::from(number),
                Err(_) => Value::from(bare.parse::<f64>().ok().filter(|float| float.is_finite())?),
            };
            Some((number, rest))
        }
        "string" => {
            if let Some(moving) = moving_date(whole) {
                return Some((moving.into(), ""));
            }
            (!whole.is_empty() && !outside_parentheses(whole).contains(' '))
                .then(|| (whole.into(), ""))
        }
        "array" if text.starts_with('[') => {
            let (list, rest) = text.split_at(text.find(']')? + 1);
            let list: Value = serde_json::from_str(&list.replace('\'', "\"")).ok()?;
            Some((list, rest.trim_matches([';', '.', ' '])))
        }
        "array" => {
            let is_value = !whole.is_empty() && !whole.contains([' ', ',']);
            is_value.then(|| (Value::from(vec![whole]), ""))
        }
        _ => None,
    }
}

/// Returns the value without a part in parentheses, as of a user agent: `Name/1.0 (…)`.
fn outside_parentheses(text: &str) -> &str {
    let agent = text.strip_suffix(')').and_then(|it| it.split_once(" ("));
    match agent {
        Some((name, _)) if name.contains('/') => name,
        _ => text,
    }
}

/// The numbers that a sentence can state as words.
const SPELLED: [&str; 7] = ["zero", "one", "two", "three", "four", "five", "six"];

/// Returns `today's date -(minus) one month` in the format of the spec.
pub fn moving_date(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("today's date")?;
    let words: Vec<&str> = rest
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && *word != "minus")
        .collect();
    let expression = match words.as_slice() {
        [] => "today".to_owned(),
        [count, unit] => format!("today - {}", span(count, unit)),
        _ => return None,
    };
    DateExpression::parse(&expression).map(|date| date.to_string())
}

/// Returns a span such as `two years` with its number as digits.
pub fn span(count: &str, unit: &str) -> String {
    match SPELLED.iter().position(|word| *word == count) {
        Some(number) => format!("{number} {unit}"),
        None => format!("{count} {unit}"),
    }
}

/// Returns the first date that `two years back from today's date` allows. It is in the past without
/// the word `back`, too.
pub fn first_date(text: &str) -> Option<String> {
    let lower = unquoted(text).to_ascii_lowercase();
    let ends = [" from today's date", " from the current date"];
    let span = ends.iter().find_map(|end| lower.strip_suffix(end))?;
    let span = span.strip_suffix(" back").unwrap_or(span);
    moving_date(&format!("today's date minus {span}"))
}

/// Returns the first number in a text, such as `20,000`.
pub fn number(text: &str) -> Option<i64> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits: String = text[start..]
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == ',')
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

/// A range of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// The smallest number.
    pub min: Value,
    /// The largest number.
    pub max: Value,
}

/// Returns the two numbers of `from 1 to 1000` or `from 0.5-3`. Nothing can follow them.
pub fn from_to(text: &str) -> Option<Range> {
    let (_, range) = text.split_once("from ")?;
    let (min, max) = range
        .split_once(" to ")
        .or_else(|| range.split_once(['-', '–']))?;
    let parse = |text: &str| -> Option<Value> {
        let number: serde_json::Number = unquoted(text).replace(',', "").parse().ok()?;
        Some(number.into())
    };
    Some(Range {
        min: parse(min)?,
        max: parse(max)?,
    })
}
