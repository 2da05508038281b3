//! Parsing of words, numbers and quotes in sentences.

use dataforseo_spec::dates::DateExpression;
use serde_json::Value;

/// Returns a list of words without spaces, separated by commas, `and` or `or`.
pub fn listed(text: &str) -> Option<Vec<String>> {
    let text = text.replace(" and ", ",").replace(" or ", ",");
    let values: Vec<String> = text
        .split(',')
        .map(|value| unquoted(value).to_owned())
        .filter(|value| !value.is_empty())
        .collect();
    let fits = |value: &String| !value.contains(' ') && !value.contains("://");
    (!values.is_empty() && values.iter().all(fits)).then_some(values)
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
            let flag: bool = whole.to_ascii_lowercase().parse().ok()?;
            Some((flag.into(), ""))
        }
        "integer" | "float" | "number" | "double" => {
            let is_part = |c: char| c.is_ascii_digit() || ",.-".contains(c);
            let text = text.trim_start_matches(['\'', '"']);
            let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
            let token = text[..end].trim_end_matches([',', '.']);
            let rest = text[token.len()..].trim_matches(['\'', '"', ',', '.', ' ']);
            let bare = token.replace(',', "");
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
            (!whole.is_empty() && !whole.contains(' ')).then(|| (whole.into(), ""))
        }
        _ => None,
    }
}

/// Returns `today's date -(minus) one month` in the format of the spec.
fn moving_date(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("today's date")?;
    let words: Vec<&str> = rest
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && *word != "minus")
        .collect();
    let expression = match words.as_slice() {
        [] => "today".to_owned(),
        [count, unit] => {
            let spelled = ["one", "two", "three", "four", "five", "six"];
            let count = match spelled.iter().position(|word| word == count) {
                Some(position) => (position + 1).to_string(),
                None => (*count).to_owned(),
            };
            format!("today - {count} {unit}")
        }
        _ => return None,
    };
    DateExpression::parse(&expression).map(|date| date.to_string())
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

/// Returns the two integers of `from 1 to 1000` or `from 10000-60000`. Nothing can follow them.
pub fn from_to(text: &str) -> Option<(i64, i64)> {
    let (_, range) = text.split_once("from ")?;
    let (min, max) = range
        .split_once(" to ")
        .or_else(|| range.split_once(['-', '–']))?;
    let parse = |text: &str| unquoted(text).replace(',', "").parse::<i64>().ok();
    Some((parse(min)?, parse(max)?))
}
