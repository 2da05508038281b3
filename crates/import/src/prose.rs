//! Reading facts out of the prose of a field's description.
//!
//! Each sentence is either understood, or plain description, or listed as not understood: that is
//! when it has a word that announces a constraint. A fact is taken only where the sentence states
//! a whole value of the field's type and nothing else: never a piece of prose.

use serde_json::Value;

use dataforseo_spec::dates::DateExpression;
use dataforseo_spec::language::{FieldType, Format};

/// What the prose of one field says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prose {
    /// `required field`, `optional field`; absent where neither stands.
    pub required: Option<bool>,
    /// The fields of which one must be there if this one is not.
    pub required_unless: Vec<String>,
    /// The field with which this one must be there.
    pub required_with: Option<String>,
    /// The field with a date that this one must not come after.
    pub not_after: Option<String>,
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
    /// How many conditions filters may have.
    pub max_conditions: Option<u32>,
    /// The field into which this one belongs: it is required where that one is given.
    pub belongs_to: Option<String>,
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
    let mut reader = Reader {
        type_word,
        prose: Prose::default(),
    };
    let mut at = 0;
    while at < lines.len() {
        let line = plain(&lines[at]);
        at += 1;
        if let Some((before, after)) = listing(&line) {
            reader.sentences(before);
            at += reader.values(after, &lines[at..]);
            continue;
        }
        match split_at_any(&line, &["example:", "examples:"]) {
            Some((before, _)) => {
                reader.sentences(before);
                at += lines[at..].iter().take_while(|line| is_data(line)).count();
            }
            None => reader.sentences(&line),
        }
    }
    reader.prose
}

/// The sentences of a text, as [`read`] looks at them.
pub fn sentences(line: &str) -> Vec<String> {
    let line = plain(line)
        .replace("; ", ";\u{0}")
        .replace(". ", ".\u{0}")
        .replace("e.g.\u{0}", "e.g. ")
        .replace("optional field ", "optional field\u{0}");
    line.split('\u{0}')
        .flat_map(unglued)
        .map(|sentence| sentence.trim().trim_end_matches([';', '.']).to_owned())
        .filter(|sentence| !sentence.is_empty())
        .collect()
}

/// Plain text glues `required field` to the words in front of it. Where those make a condition or
/// a denial of it, the sentence stays whole.
fn unglued(sentence: &str) -> Vec<&str> {
    let sentence = sentence.trim_end().trim_end_matches([';', '.']);
    let glued = ["required field", "optional field"];
    let Some(before) = glued.iter().find_map(|words| sentence.strip_suffix(words)) else {
        return vec![sentence];
    };
    let words: Vec<String> = before.split_whitespace().map(str::to_lowercase).collect();
    let conditions = [
        "if", "when", "unless", "not", "n't", "becomes", "is", "a", "an", "as", "the",
    ];
    let conditional = words
        .first()
        .is_some_and(|first| conditions[..3].contains(&first.as_str()))
        || words
            .last()
            .is_some_and(|last| conditions[3..].contains(&last.as_str()));
    match conditional {
        true => vec![sentence],
        false => vec![before, &sentence[before.len()..]],
    }
}

/// Whether a sentence has a word that announces a constraint.
pub fn announces(sentence: &str) -> bool {
    let phrases = [
        "at least",
        "at most",
        "no more than",
        "not more than",
        "up to",
        "less than",
        "greater than",
        "more than",
        "possible values",
        "required field",
        "optional field",
        "default value",
        "set from",
        "no longer",
        "deprecated",
        "obsolete",
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
    let sentence = &sentence.to_ascii_lowercase().replace("at least one", "");
    let numbers = sentence.contains(|c: char| c.is_ascii_digit());
    phrases.iter().any(|phrase| sentence.contains(phrase))
        || (numbers && (sentence.contains("range") || from_to(sentence).is_some()))
        || sentence
            .split(|c: char| !(c.is_alphanumeric() || c == '\''))
            .any(|word| words.contains(&word))
}

struct Reader<'a> {
    type_word: &'a str,
    prose: Prose,
}

impl Reader<'_> {
    fn sentences(&mut self, text: &str) {
        for sentence in sentences(text) {
            if !self.sentence(&sentence) && announces(&sentence) {
                self.prose.not_understood.push(sentence);
            }
        }
    }

    /// Takes the facts out of a sentence. Whether it is understood.
    fn sentence(&mut self, sentence: &str) -> bool {
        let lower = sentence.to_ascii_lowercase();
        let prose = &mut self.prose;
        if lower.starts_with("e.g.") || is_reference(&lower) {
            return true;
        }
        // What holds under a condition is no fact that the language can say.
        if lower.starts_with("if ") {
            return false;
        }
        if lower == "required field" {
            prose.required = Some(true);
            return true;
        }
        if lower == "optional field" {
            prose.required = Some(false);
            return true;
        }
        let default = ["default value:", "default value is", "by default:"];
        let min = [
            "minimum value:",
            "minimum value equals",
            "minimum value is",
            "minimal value:",
            "min value:",
        ];
        let max = [
            "maximum value:",
            "maximum value equals",
            "maximum value is",
            "maximal value:",
            "max value:",
        ];
        // A date without the word that joins it.
        if let Some(day) = lower.strip_prefix("minimum value ")
            && day.len() == 10
            && DateExpression::parse(day).is_some()
        {
            prose.min = Some(day.into());
            return true;
        }
        let slots = [
            (&default[..], &mut prose.default),
            (&min[..], &mut prose.min),
            (&max[..], &mut prose.max),
        ];
        for (phrases, slot) in slots {
            let Some((before, text)) = split_at_any(sentence, phrases) else {
                continue;
            };
            // Anything else in front of it can be a condition, or another statement.
            let before = before.trim().to_ascii_lowercase();
            if !["", "the", "its", "note: the", "note that the"].contains(&before.as_str()) {
                continue;
            }
            let Some((value, rest)) = value(self.type_word, text) else {
                return false;
            };
            let is_bound = phrases != default;
            let is_date = |text: &str| DateExpression::parse(text).is_some();
            if is_bound && value.as_str().is_some_and(|text| !is_date(text)) {
                return false;
            }
            // What follows can be a condition as well; else it is for a person to read.
            let first = rest.split_whitespace().next().unwrap_or_default();
            let conditions = ["for", "if", "when", "unless", "and", "or", "in", "per"];
            if conditions.contains(&first.to_ascii_lowercase().as_str()) {
                return false;
            }
            // A second statement is one for another case.
            if slot.as_ref().is_some_and(|known| *known != value) {
                return false;
            }
            *slot = Some(value);
            return rest.is_empty();
        }
        let number_field = matches!(self.type_word, "integer" | "float" | "number" | "double");
        if let Some(text) = after(
            sentence,
            &["can be set from", "within the following range:"],
        ) && number_field
            && let Some((min, max)) = from_to(&format!("from {}", text.trim()))
        {
            (prose.min, prose.max) = (Some(min.into()), Some(max.into()));
            return true;
        }
        if let Some(names) = lower
            .strip_prefix("required field if you don't specify ")
            .and_then(listed)
        {
            prose.required_unless = names;
            return true;
        }
        if let Some(name) = lower
            .strip_prefix("required field if you specify ")
            .filter(|name| !name.contains(' '))
        {
            prose.required_with = Some(name.to_owned());
            return true;
        }
        if let Some(name) =
            lower.strip_prefix("maximum value shouldn't exceed the date specified in the ")
        {
            prose.not_after = Some(name.to_owned());
            return true;
        }
        for (start, end) in [
            ("required field if you choose to specify ", ""),
            ("required field if ", " is specified"),
        ] {
            if let Some(name) = lower
                .strip_prefix(start)
                .and_then(|rest| rest.strip_suffix(end))
                .filter(|name| !name.contains(' '))
            {
                prose.belongs_to = Some(name.to_owned());
                return true;
            }
        }
        let count = |phrases: &[&str]| {
            let text = after(sentence, phrases)?;
            Some((number(text).and_then(|n| u32::try_from(n).ok())?, text))
        };
        if let Some((calls, text)) = count(&["you can send up to"])
            && text.to_ascii_lowercase().contains("api calls per minute")
        {
            prose.calls_per_minute = Some(calls);
            return true;
        }
        if let Some((calls, _)) = count(&["requests that can be sent simultaneously is limited to"])
        {
            prose.simultaneous_calls = Some(calls);
            return true;
        }
        if let Some((length, _)) = count(&["character limit is", "maximum number of characters is"])
            && self.type_word == "string"
        {
            prose.max_length = Some(length);
            return true;
        }
        if let Some((domains, text)) = count(&["cannot belong to more than"])
            && text.contains("different domains")
        {
            prose.max_distinct_domains = Some(domains);
            return true;
        }
        if let Some((before, _)) = sentence.split_once(" filters maximum")
            && let Some(max) = before.rsplit(['(', ' ']).next()
            && let Ok(max) = max.parse()
        {
            prose.max_conditions = Some(max);
            return true;
        }
        if lower.contains("no more than three sorting rules") {
            prose.max_items = Some(3);
            return true;
        }
        if let Some((length, text)) = count(&["you can specify up to"])
            && self.type_word == "string"
            && text.contains("characters")
        {
            prose.max_length = Some(length);
            return true;
        }
        let counts = [
            "you can set up to",
            "you can specify up to",
            "you can use up to",
            "you can set no more than",
            "you can specify no more than",
        ];
        if matches!(self.type_word, "array" | "object")
            && let Some((items, _)) = count(&counts)
        {
            prose.max_items = Some(items);
            return true;
        }
        if let Some(text) = after(sentence, &["type of element ="]) {
            prose.values = vec![unquoted(text).to_owned()];
            return true;
        }
        self.format(&lower)
    }

    fn format(&mut self, lower: &str) -> bool {
        if lower.contains("count per each") && self.type_word == "object" {
            self.prose.map_of = Some(FieldType::Integer);
            return true;
        }
        // An object can hold targets under keys.
        if !matches!(self.type_word, "string" | "array" | "object") || lower.contains("yyyy-mm-ddt")
        {
            return false;
        }
        let forms = [
            ("yyyy-mm-dd hh", Format::Timestamp),
            ("yyyy-mm-dd", Format::Date),
            ("without https://", Format::Target),
            ("absolute url", Format::Target),
        ];
        let forms = forms.into_iter();
        let mut forms =
            forms.filter(|(_, format)| self.type_word != "object" || *format == Format::Target);
        let Some((_, format)) = forms.find(|(form, _)| lower.contains(form)) else {
            return false;
        };
        self.prose.format = Some(format);
        // The same sentence can bound the value, too; then it is listed.
        !announces(
            &lower
                .replace("should be specified", "")
                .replace("should be written", ""),
        )
    }

    /// The values behind `possible values:`: a list on the same line, or a line each. Gives how
    /// many further lines were used.
    fn values(&mut self, first: &str, rest: &[String]) -> usize {
        if !first.trim().is_empty() {
            // The list ends with its sentence.
            let mut parts = sentences(first).into_iter();
            let list = parts.next().unwrap_or_default();
            match listed(&list) {
                Some(values) => self.take(values),
                None => self
                    .prose
                    .not_understood
                    .push(format!("possible values: {list}")),
            }
            parts.for_each(|sentence| self.sentences(&sentence));
            return 0;
        }
        let mut used = 0;
        for line in rest {
            let line = plain(line);
            let (head, meaning) = match line.split_once(" – ").or_else(|| line.split_once(" - "))
            {
                Some((head, meaning)) => (head, Some(meaning)),
                None => (line.as_str(), None),
            };
            let Some(values) = listed(head).filter(|values| {
                !announces(head) && !head.ends_with(':') && (meaning.is_none() || values.len() == 1)
            }) else {
                break;
            };
            self.take(values);
            used += 1;
            if meaning.is_none() && line.contains(',') {
                break;
            }
        }
        if used == 0 {
            self.prose
                .not_understood
                .push("possible values: no list follows".to_owned());
        }
        used
    }

    fn take(&mut self, values: Vec<String>) {
        // That a boolean is true or false is no news.
        if matches!(self.type_word, "string" | "array" | "object") {
            self.prose.values.extend(values);
        } else if self.type_word != "boolean" {
            let list = values.join(", ");
            self.prose
                .not_understood
                .push(format!("possible values: {list}"));
        }
    }
}

/// Splits a line at the phrase that announces values: `possible values:`, `possible grouping
/// types:`, `can take the following values:`.
fn listing(line: &str) -> Option<(&str, &str)> {
    if let Some(split) = split_at_any(
        line,
        &[
            "can take the following values:",
            "can take the values:",
            "possible values are:",
        ],
    ) {
        return Some(split);
    }
    let lower = line.to_ascii_lowercase();
    let at = lower.find("possible ")?;
    let colon = at + lower[at..].find(':')?;
    let words = lower[at..colon].split_whitespace().count();
    (2..=4)
        .contains(&words)
        .then(|| (&line[..at], &line[colon + 1..]))
}

/// Words without spaces, separated by commas; `and` or `or` may stand before the last one.
fn listed(text: &str) -> Option<Vec<String>> {
    let text = text.replace(" and ", ",").replace(" or ", ",");
    let values: Vec<String> = text
        .split(',')
        .map(|value| unquoted(value).to_owned())
        .filter(|value| !value.is_empty())
        .collect();
    let fits = |value: &String| !value.contains(' ') && !value.contains("://");
    (!values.is_empty() && values.iter().all(fits)).then_some(values)
}

/// Whether a line behind `example:` is the example: quoted, a number, a bracket, or words without
/// spaces in a list.
fn is_data(line: &str) -> bool {
    let line = line.trim();
    line.starts_with(|c: char| c.is_ascii_digit() || "\"'“‘[]{}".contains(c))
        || line.split(',').all(|token| !token.trim().contains(' '))
}

/// Straight quotes, one kind of dash.
fn plain(line: &str) -> String {
    line.chars()
        .map(|c| match c {
            '‘' | '’' | '`' => '\'',
            '“' | '”' => '"',
            '—' | '−' => '–',
            c => c,
        })
        .collect()
}

/// Whether a sentence only says where to read on.
fn is_reference(lower: &str) -> bool {
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
    starts.iter().any(|start| lower.starts_with(start))
}

/// What follows the first of these phrases that stands in the text, whatever its case.
fn after<'a>(text: &'a str, phrases: &[&str]) -> Option<&'a str> {
    split_at_any(text, phrases).map(|(_, after)| after)
}

fn split_at_any<'a>(text: &'a str, phrases: &[&str]) -> Option<(&'a str, &'a str)> {
    // ASCII case does not move bytes, so places in one text are places in the other.
    let lower = text.to_ascii_lowercase();
    phrases.iter().find_map(|phrase| {
        let at = lower.find(phrase)?;
        Some((&text[..at], &text[at + phrase.len()..]))
    })
}

fn unquoted(text: &str) -> &str {
    text.trim()
        .trim_end_matches([';', '.'])
        .trim_matches(['\'', '"', ' '])
}

/// A stated value of the field's type, and what follows it in the sentence.
fn value<'a>(type_word: &str, text: &'a str) -> Option<(Value, &'a str)> {
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

/// `today's date -(minus) one month` as the spec writes it.
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

/// `from 1 to 1000`, `from 10000-60000`: two whole numbers and nothing behind them.
fn from_to(text: &str) -> Option<(i64, i64)> {
    let (_, range) = text.split_once("from ")?;
    let (min, max) = range
        .split_once(" to ")
        .or_else(|| range.split_once(['-', '–']))?;
    let parse = |text: &str| unquoted(text).replace(',', "").parse::<i64>().ok();
    Some((parse(min)?, parse(max)?))
}
