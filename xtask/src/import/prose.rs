//! Reading facts out of the prose of a field's description.
//!
//! Each sentence is either understood, or plain description, or listed as not understood: that is
//! when it has a word that announces a constraint.

use serde_json::Value;

use crate::spec::language::{FieldType, Format};

/// What the prose of one field says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prose {
    /// `required field`, `optional field`; absent where neither stands.
    pub required: Option<bool>,
    /// What the API takes when the field is left out.
    pub default: Option<Value>,
    /// The smallest number or first date.
    pub min: Option<Value>,
    /// The largest number or last date.
    pub max: Option<Value>,
    /// How many characters there may be.
    pub max_length: Option<u32>,
    /// How many elements there may be.
    pub max_items: Option<u32>,
    /// To how many domains the elements may belong.
    pub max_distinct_domains: Option<u32>,
    /// The possible values.
    pub values: Vec<String>,
    /// What the text is.
    pub format: Option<Format>,
    /// What a map holds.
    pub map_of: Option<FieldType>,
    /// Calls a minute, of the whole account.
    pub calls_per_minute: Option<u32>,
    /// Calls at once, of the whole account.
    pub simultaneous_calls: Option<u32>,
    /// Sentences that announce a constraint and were not understood.
    pub not_understood: Vec<String>,
}

/// Reads the lines of a description.
pub fn read(type_word: &str, lines: &[String]) -> Prose {
    let mut prose = Prose::default();
    let list = type_word == "array";
    let mut at = 0;
    while at < lines.len() {
        let line = plain(&lines[at]);
        at += 1;
        let listing = [
            "possible values:",
            "possible values are:",
            "can take the following values:",
        ];
        let text = match split_at_any(&line, &listing) {
            Some((before, after)) => {
                at += values(after, &lines[at..], &mut prose.values);
                before
            }
            None => match split_at_any(&line, &["example:", "examples:"]) {
                Some((before, _)) => {
                    at += lines[at..].iter().take_while(|line| is_data(line)).count();
                    before
                }
                None => &line,
            },
        };
        for sentence in sentences(text) {
            if !sentence_facts(&sentence, list, &mut prose) && announces(&sentence) {
                prose.not_understood.push(sentence);
            }
        }
    }
    prose
}

/// Whether a line behind `example:` is the example: quoted, a number, a bracket, or words without
/// spaces in a list.
fn is_data(line: &str) -> bool {
    let line = line.trim();
    line.starts_with(|c: char| c.is_ascii_digit() || "\"'“‘[]{}".contains(c))
        || line.split(',').all(|token| !token.trim().contains(' '))
}

/// Lower case, straight quotes, one kind of dash.
fn plain(line: &str) -> String {
    line.chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '‘' | '’' | '`' => '\'',
            '“' | '”' => '"',
            '—' | '−' => '–',
            c => c,
        })
        .collect()
}

/// Sentences end with a full stop or a semicolon in front of a space.
fn sentences(line: &str) -> Vec<String> {
    line.replace("; ", ";\u{0}")
        .replace(". ", ".\u{0}")
        .replace("e.g.\u{0}", "e.g. ")
        // Plain text glues these to the words around them.
        .replace(" required field", "\u{0}required field")
        .replace(" optional field", "\u{0}optional field")
        .replace("optional field ", "optional field\u{0}")
        .split('\u{0}')
        .map(|sentence| sentence.trim().trim_end_matches([';', '.']).to_owned())
        .filter(|sentence| !sentence.is_empty())
        .collect()
}

/// Takes the facts out of a sentence. Whether there were any.
fn sentence_facts(sentence: &str, list: bool, prose: &mut Prose) -> bool {
    if sentence.starts_with("e.g.") || is_reference(sentence) {
        return true;
    }
    let small = |text| number(text).and_then(|n| u32::try_from(n).ok());
    if sentence == "required field" {
        prose.required = Some(true);
        return true;
    }
    if sentence == "optional field" {
        prose.required = Some(false);
        return true;
    }
    if let Some(text) = after(
        sentence,
        &["default value:", "default value is", "by default:"],
    ) {
        prose.default = Some(value(text));
        return prose.default.is_some();
    }
    if let Some(text) = after(
        sentence,
        &[
            "minimum value:",
            "minimum value equals",
            "minimum value is",
            "minimal value:",
            "min value:",
        ],
    ) {
        prose.min = Some(value(text));
        return true;
    }
    if let Some(text) = after(
        sentence,
        &[
            "maximum value:",
            "maximum value equals",
            "maximum value is",
            "maximal value:",
            "max value:",
        ],
    ) {
        prose.max = Some(value(text));
        return true;
    }
    if let Some(text) = after(sentence, &["within the following range:"])
        && let Some((min, max)) = text.trim().split_once(['-', '–'])
        && let (Some(min), Some(max)) = (number(min), number(max))
    {
        (prose.min, prose.max) = (Some(min.into()), Some(max.into()));
        return true;
    }
    if let Some(text) = after(
        sentence,
        &["character limit is", "maximum number of characters is"],
    ) {
        prose.max_length = small(text);
        return prose.max_length.is_some();
    }
    if let Some(text) = after(sentence, &["cannot belong to more than"])
        && text.contains("different domains")
    {
        prose.max_distinct_domains = small(text);
        return prose.max_distinct_domains.is_some();
    }
    let counts = [
        "you can set up to",
        "you can specify up to",
        "you can use up to",
        "you can set no more than",
        "you can specify no more than",
    ];
    if list
        && let Some(text) = after(sentence, &counts)
        && let Some(count) = small(text)
    {
        prose.max_items = Some(count);
        return true;
    }
    if let Some(text) = after(sentence, &["you can send up to"])
        && text.contains("api calls per minute")
    {
        prose.calls_per_minute = small(text);
        return prose.calls_per_minute.is_some();
    }
    if let Some(text) = after(
        sentence,
        &["requests that can be sent simultaneously is limited to"],
    ) {
        prose.simultaneous_calls = small(text);
        return prose.simultaneous_calls.is_some();
    }
    if let Some(text) = after(sentence, &["type of element ="]) {
        prose.values = vec![unquoted(text).to_owned()];
        return true;
    }
    if sentence.contains("yyyy-mm-dd hh") || sentence.contains("in the utc format") {
        prose.format = Some(Format::Timestamp);
        return true;
    }
    if sentence.starts_with("date format:") && sentence.contains("yyyy-mm-dd") {
        prose.format = Some(Format::Date);
        return true;
    }
    if sentence.contains("without https://") || sentence.contains("absolute url") {
        prose.format = Some(Format::Target);
        return true;
    }
    if sentence.contains("count per each") {
        prose.map_of = Some(FieldType::Integer);
        return true;
    }
    false
}

/// Whether a sentence only says where to read on.
fn is_reference(sentence: &str) -> bool {
    let starts = [
        "learn more",
        "you can get the full list",
        "you can find",
        "more information",
        "note: we strongly",
        // What every page says about calls in general.
        "all post data should be",
        "when setting a task, you",
    ];
    starts.iter().any(|start| sentence.starts_with(start))
}

/// Whether a sentence has a word that announces a constraint.
fn announces(sentence: &str) -> bool {
    let phrases = [
        "at least",
        "at most",
        "no more than",
        "not more than",
        "up to",
        "less than",
        "greater than",
        "possible values",
        "required field",
        "optional field",
        "default value",
    ];
    let words = [
        "maximum",
        "minimum",
        "maximal",
        "minimal",
        "max",
        "min",
        "limit",
        "limited",
        "must",
        "cannot",
        "can't",
        "only",
        "required",
        "should",
        "allowed",
        "supported",
        "default",
    ];
    // "at least one link" counts links, and a range without numbers bounds nothing.
    let sentence = &sentence.replace("at least one", "");
    let numbers = sentence.contains(|c: char| c.is_ascii_digit());
    phrases.iter().any(|phrase| sentence.contains(phrase))
        || (numbers && sentence.contains("range"))
        || sentence
            .split(|c: char| !(c.is_alphanumeric() || c == '\''))
            .any(|word| words.contains(&word))
}

/// The values behind `possible values:`: a list on the same line, or a line each. Gives how many
/// further lines were used.
fn values(first: &str, rest: &[String], values: &mut Vec<String>) -> usize {
    let listed = |text: &str| -> Vec<String> {
        let values = text.split(',').map(|value| unquoted(value).to_owned());
        values.filter(|value| !value.is_empty()).collect()
    };
    if !first.trim().is_empty() {
        values.extend(listed(first));
        return 0;
    }
    let mut used = 0;
    for line in rest {
        let line = plain(line);
        let (head, meaning) = match line.split_once(" – ").or_else(|| line.split_once(" - ")) {
            Some((head, meaning)) => (head, Some(meaning)),
            None => (line.as_str(), None),
        };
        let tokens = listed(head);
        let is_value = |token: &String| {
            !token.contains(' ') && !token.contains("://") && !token.ends_with(':')
        };
        let fits = !tokens.is_empty()
            && tokens.iter().all(is_value)
            && (meaning.is_none() || tokens.len() == 1);
        if !fits || announces(head) {
            break;
        }
        values.extend(tokens);
        used += 1;
        if meaning.is_none() && line.contains(',') {
            break;
        }
    }
    used
}

/// What follows the first of these phrases that stands in the text.
fn after<'a>(text: &'a str, phrases: &[&str]) -> Option<&'a str> {
    split_at_any(text, phrases).map(|(_, after)| after)
}

fn split_at_any<'a>(text: &'a str, phrases: &[&str]) -> Option<(&'a str, &'a str)> {
    phrases.iter().find_map(|phrase| text.split_once(phrase))
}

fn unquoted(text: &str) -> &str {
    text.trim()
        .trim_end_matches([';', '.'])
        .trim_matches(['\'', '"', ' '])
}

/// A stated value: a number, true or false, a date that moves with the day, or text.
fn value(text: &str) -> Value {
    let text = unquoted(text);
    if let Some(moving) = moving_date(text) {
        return moving.into();
    }
    if let Ok(flag) = text.parse::<bool>() {
        return flag.into();
    }
    let bare = text.replace(',', "");
    if let Ok(number) = bare.parse::<i64>() {
        return number.into();
    }
    if let Ok(number) = bare.parse::<f64>()
        && number.is_finite()
    {
        return number.into();
    }
    text.into()
}

/// `today's date -(minus) one month` as the spec writes it.
fn moving_date(text: &str) -> Option<String> {
    let rest = text.strip_prefix("today's date")?;
    let words: Vec<&str> = rest
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && *word != "minus")
        .collect();
    let (count, unit) = match words.as_slice() {
        [] => return Some("today".to_owned()),
        [count, unit] => (count, unit.trim_end_matches('s')),
        _ => return None,
    };
    let spelled = ["one", "two", "three", "four", "five", "six"];
    let count: usize = match spelled.iter().position(|word| word == count) {
        Some(position) => position + 1,
        None => count.parse().ok()?,
    };
    matches!(unit, "day" | "month" | "year").then(|| {
        format!(
            "today - {count} {unit}{}",
            if count == 1 { "" } else { "s" }
        )
    })
}

/// The first number in a text; `20,000` is one.
fn number(text: &str) -> Option<i64> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits: String = text[start..]
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == ',')
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}
