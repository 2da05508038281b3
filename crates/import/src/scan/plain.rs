//! Plain patterns that read facts from a description, to check the import against.
//!
//! The patterns were written from the sentences alone. They share no code with
//! [`prose`](crate::prose), so that a mistake there does not occur here, too. A sentence that
//! states a fact for some values of another field only states no fact of the spec.

use std::collections::BTreeMap;

use dataforseo_spec::dates::DateExpression;
use regex::{Captures, Regex};
use serde_json::Value;

/// What kind of value a description is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// An integer or another number.
    Number,
    /// A boolean.
    Flag,
    /// A list of texts.
    Texts,
    /// A list of other values.
    List,
    /// A map.
    Map,
    /// An object, or a value of an unknown kind.
    Object,
    /// Filters of rows.
    Filters,
    /// The order of rows.
    Order,
}

/// The facts that a description states, by the name of the key of the spec.
pub type Facts = BTreeMap<&'static str, Value>;

/// A number: `20`, `1,000`, `0.5`.
const NUMBER: &str = r"(-?\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?)";

/// A pattern whose first group is the value of a fact, for values of some shapes.
struct Pattern {
    fact: &'static str,
    shapes: &'static [Shape],
    regex: Regex,
}

/// The patterns of facts that are a number. `N` is the number.
const NUMBERS: [(&str, &[Shape], &str); 20] = [
    // "maximum value: 100", "minimal possible value is 5", "max value, in grams: 9"
    (
        "max",
        &[Shape::Number],
        r"max(?:imum|imal)?(?: possible| allowed)? value(?:, in \w+)?(?: is| equals)?:? *N( ?M\b)?",
    ),
    (
        "min",
        &[Shape::Number],
        r"min(?:imum|imal)?(?: possible| allowed)? value(?:, in \w+)?(?: is| equals)?:? *N",
    ),
    ("min", &[Shape::Number], r"minimum and default value:? *N"),
    ("max", &[Shape::Number], r"maximum and default value:? *N"),
    // "range: 5-9", "values: from 0 to 1", "a level from 0 to 4", "the 0-to-10 range"
    (
        "min",
        &[Shape::Number],
        r"(?:range|values?|level|set)(?: is)?:? *(?:from )?N ?(?:-|–|—|to) ?\d",
    ),
    (
        "max",
        &[Shape::Number],
        r"(?:range|values?|level|set)(?: is)?:? *(?:from )?-?[\d.,]+ ?(?:-|–|—|to) ?N",
    ),
    ("min", &[Shape::Number], r"the N-to-\d[\d.]* range"),
    ("max", &[Shape::Number], r"the [\d.]+-to-N range"),
    // "up to 30 characters in the field", "the character limit is 30"
    (
        "max_length",
        &[Shape::Text],
        r"(?:specify|contain|use|with|have)(?: up to| no more than| a maximum of| at most) N +(?:characters|symbols)",
    ),
    ("max_length", &[Shape::Text], r"character limit is N"),
    (
        "max_length",
        &[Shape::Text],
        r"you enter must be no more than N characters",
    ),
    (
        "max_length",
        &[Shape::Text],
        r"(?:symbols|characters|symbols or characters) you can specify: N",
    ),
    // "up to 20 pages", "the maximum of 20 pages"
    (
        "max_items",
        &[Shape::Texts, Shape::List, Shape::Map],
        r"(?:specify|set|add) (?:up to|(?:a |the )?maximum(?: of)?|at most) N",
    ),
    (
        "max_items",
        &[Shape::Order],
        r"(?:specify|set|add) no more than N sorting rules",
    ),
    // "the maximum number of pages you can specify: 20"; see `count_of`.
    (
        "max_items",
        &[Shape::Texts, Shape::List, Shape::Map],
        r"max(?:imum)? (?:number|amount) of [^:.;\n\d]*?(?: is|:) *N",
    ),
    ("max_conditions", &[Shape::Filters], r"N filters maximum"),
    ("max_conditions", &[Shape::Filters], r"up to N filters"),
    (
        "max_distinct_domains",
        &[Shape::Texts, Shape::List],
        r"more than N different domains",
    ),
    (
        "default",
        &[Shape::Number],
        r"default(?: and minimum| and maximum)? (?:value|rule)[: ]+N",
    ),
    (
        "default",
        &[Shape::Number],
        r"by default, the parameter is set to N",
    ),
];

/// The patterns of other facts.
const TEXTS: [(&str, &[Shape], &str); 11] = [
    (
        "default",
        &[Shape::Number],
        r"(?m)^(\d+) [–—-] [^\n]*\((?:set )?by default\)",
    ),
    (
        "default",
        &[Shape::Number],
        r"don't specify this field, (?:the default value of )?(\w+) (?:will be applied|\w+ will be used by default)",
    ),
    (
        "default",
        &[Shape::Number],
        r"(?:minimum|maximum) and default value:? *(-?[\d.]+)",
    ),
    (
        "default",
        &[Shape::Flag],
        r"default value[:\s_]+(true|false)",
    ),
    (
        "default",
        &[Shape::Flag],
        r"by default, the parameter is set to (true|false)",
    ),
    (
        "default",
        &[Shape::Text],
        r#"default (?:value|rule):\s*((?:\([^)\n]*\)|[^;.(\n]|[.;][^\s])+)"#,
    ),
    (
        "default",
        &[Shape::Text],
        r"the (\w+) \w+(?: \w+)? is applied by default",
    ),
    (
        "default",
        &[Shape::Texts, Shape::Order],
        r#"default (?:value|rule):\s*(\[[^\]]*\])"#,
    ),
    (
        "default",
        &[Shape::Texts],
        r#"default value:\s*("?[a-z_]\w*"?)"#,
    ),
    (
        "min",
        &[Shape::Text],
        r#"min(?:imum|imal)?(?: possible)? (?:value|date)(?: is| equals)?:? *"?([^\n;]+)"#,
    ),
    (
        "max",
        &[Shape::Text],
        r#"max(?:imum|imal)?(?: possible)? (?:value|date)(?: is| equals)?:? *"?([^\n;]+)"#,
    ),
];

/// The numbers that a sentence can state as words.
const WORDS: [&str; 11] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
];

/// The plain patterns.
pub struct Plain {
    numbers: Vec<Pattern>,
    texts: Vec<Pattern>,
    required: Regex,
    unless: Vec<Regex>,
    with: Vec<Regex>,
    introduction: Regex,
    explained: Regex,
    value: Regex,
    ago: Regex,
}

impl Plain {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// Returns an error if a pattern is not valid, which a test excludes.
    pub fn new() -> Result<Self, regex::Error> {
        let regex = |text: &str| Regex::new(&format!("(?i){text}"));
        let pattern = |(fact, shapes, text): &(&'static str, &'static [Shape], &str)| {
            let number = format!("(?:{NUMBER}|({}))", WORDS.join("|"));
            let regex = regex(&text.replace('N', &number))?;
            Ok(Pattern {
                fact,
                shapes,
                regex,
            })
        };
        let text = |(fact, shapes, text): &(&'static str, &'static [Shape], &str)| {
            Ok(Pattern {
                fact,
                shapes,
                regex: regex(text)?,
            })
        };
        Ok(Self {
            numbers: NUMBERS.iter().map(pattern).collect::<Result<_, _>>()?,
            texts: TEXTS.iter().map(text).collect::<Result<_, _>>()?,
            required: regex(r"required field\b( +if\b)?")?,
            unless: vec![
                regex(r"required(?: field)? if (?:you )?(?:don't|do not) specify ([a-z0-9_ ,]+)")?,
                regex(
                    r"required(?: field)? if ([a-z0-9_]+(?:,? (?:or|and) [a-z0-9_]+)*) (?:is|are) not specified",
                )?,
                regex(r"at least one field \(([^)]*)\) must be set")?,
                regex(r"required to specify either (\w+ or \w+)")?,
            ],
            with: vec![
                regex(r"required(?: field)? if you (?:choose to )?specify ([a-z0-9_]+)")?,
                regex(r"required(?: field)? if ([a-z0-9_]+) is specified")?,
            ],
            introduction: regex(
                r"(?:(?:minimal |maximal )?(?:possible|can take)\b[^:.\n]*|choose from the following values|specify the following values|the following sorting rules are supported|supported languages):",
            )?,
            explained: regex(r#"^"?([\w$.+-]+?)_?"?(?: *[–—] *| *- +|: | returns )\S"#)?,
            value: regex(r#"^[\["']*([\w+-][\w.+/-]*(?: [\w.+-]+){0,2})["'\]]*$"#)?,
            ago: regex(
                r"^(?:(\d+|one|two|three|four|five|six) (day|month|year)s?(?: back)? from (?:the )?(?:today's|current) date\b|today's date -\(minus\) one (year|month))",
            )?,
        })
    }

    /// Returns the facts that a description states about a field.
    pub fn read(&self, name: &str, shape: Shape, description: &str) -> Facts {
        let text = normal(description);
        let mut all: Vec<(&'static str, Value)> = Vec::new();
        for pattern in self.numbers.iter().filter(|it| it.shapes.contains(&shape)) {
            let found = pattern.regex.captures_iter(&text);
            let found = found.filter(|it| pattern.fact != "max_items" || is_count_of_items(it));
            all.extend(found.filter_map(|it| Some((pattern.fact, number_in(&it)?))));
        }
        for pattern in self.texts.iter().filter(|it| it.shapes.contains(&shape)) {
            let found = pattern.regex.captures_iter(&text);
            let found = found.filter_map(|it| Some(it.get(1)?.as_str()));
            all.extend(
                found.filter_map(|it| Some((pattern.fact, self.value(pattern, shape, it)?))),
            );
        }
        let mut facts = without_cases(all);
        let is_absent = |it: &str| text.contains(&format!("don't specify this field, {it}"));
        if let Some(min) = facts
            .get("min")
            .filter(|_| is_absent("the minimum value will"))
        {
            facts.insert("default", min.clone());
        }
        self.read_requirements(name, &text, &mut facts);
        self.read_values(shape, &text, &mut facts);
        facts
    }

    /// Returns the value that a text states.
    fn value(&self, pattern: &Pattern, shape: Shape, text: &str) -> Option<Value> {
        let text = text.trim().trim_end_matches(['.', ';', ',']);
        match (pattern.fact, shape) {
            // "a month from today" is a first date in the past, and a last date in any direction.
            ("max", _) if text.contains("from") => None,
            ("min" | "max", _) => self.date(text).map(Value::from),
            (_, Shape::Number) => number(text),
            (_, Shape::Flag) => Some(text.eq_ignore_ascii_case("true").into()),
            (_, Shape::Texts | Shape::Order) if text.starts_with('[') => {
                serde_json::from_str(&text.replace('\'', "\"")).ok()
            }
            (_, Shape::Texts) => Some(Value::from(vec![text.trim_matches('"')])),
            _ if text.starts_with("today") => self.date(text).map(Value::from),
            _ if text == "null" => None,
            _ => Some(text.trim_matches('"').into()),
        }
    }

    /// Returns a date, if the spec can state it.
    fn date(&self, text: &str) -> Option<String> {
        let text = text.trim_matches('"');
        let fixed = text.get(..10).unwrap_or_default();
        if DateExpression::parse(fixed).is_some() {
            return Some(fixed.to_owned());
        }
        let date = if text == "today's date" {
            "today".to_owned()
        } else {
            let it = self.ago.captures(text)?;
            let count = match it.get(1) {
                Some(count) => number(count.as_str())?.as_i64()?,
                None => 1,
            };
            let unit = it.get(2).or(it.get(3))?.as_str();
            let plural = if count == 1 { "" } else { "s" };
            format!("today - {count} {unit}{plural}")
        };
        DateExpression::parse(&date).map(|_| date)
    }

    /// Adds whether the field is required, and by which other fields.
    fn read_requirements(&self, name: &str, text: &str, facts: &mut Facts) {
        if self
            .required
            .captures_iter(text)
            .any(|it| it.get(1).is_none())
        {
            facts.insert("required", true.into());
        }
        let text = text.replace("_or ", " or ");
        let listed = |regexes: &[Regex]| {
            let found = regexes.iter().find_map(|it| it.captures(&text));
            let listed = found
                .as_ref()
                .and_then(|it| it.get(1))
                .map(|it| it.as_str());
            let names = listed.unwrap_or_default().split([' ', ',']);
            let names = names.map(|it| it.trim_end_matches('_')).filter(|it| {
                !["", "a", "an", "the", "or", "and", "either"].contains(it) && *it != name
            });
            names.map(str::to_owned).collect::<Vec<_>>()
        };
        let unless = listed(&self.unless);
        if !unless.is_empty() {
            facts.insert("required_unless", unless.into());
        }
        if let Some(with) = listed(&self.with).first() {
            facts.insert("required_with", with.as_str().into());
        }
    }

    /// Adds the values that the description lists, in a line or one per line.
    fn read_values(&self, shape: Shape, text: &str, facts: &mut Facts) {
        let mut values = self.values(text);
        if shape == Shape::Number {
            // Whole numbers without a gap are a range.
            let numbers = values.iter().map(|it| it.parse().ok());
            let mut numbers: Vec<i64> = numbers.collect::<Option<_>>().unwrap_or_default();
            numbers.sort_unstable();
            if let [first, .., last] = numbers[..]
                && numbers.windows(2).all(|it| it[0] + 1 == it[1])
            {
                facts.insert("min", first.into());
                facts.insert("max", last.into());
            }
        }
        if ![Shape::Text, Shape::Texts, Shape::Map].contains(&shape) {
            return;
        }
        let mut seen = Vec::new();
        values.retain(|it| {
            !seen.contains(it) && {
                seen.push(it.clone());
                true
            }
        });
        let is_pattern = values.iter().any(|it| it.contains('$'));
        if !values.is_empty() && !is_pattern {
            facts.insert("values", values.into());
        }
    }

    /// Returns the values that the description lists, in order.
    fn values(&self, text: &str) -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for introduction in self.introduction.find_iter(text) {
            // "minimal possible value: 5" is a bound, and "it is possible to: …" introduces advice.
            let words = introduction.as_str().to_lowercase();
            if words.starts_with('m') || words.starts_with("possible to") {
                continue;
            }
            let rest = text[introduction.end()..].trim_start_matches(' ');
            let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
            let mut found = self.listed(line);
            if line.trim().is_empty() || !found.is_empty() {
                found.extend(self.below(below));
            }
            values.extend(found);
        }
        values
    }

    /// Returns the values of the lines below an introduction.
    fn below(&self, text: &str) -> Vec<String> {
        let mut values = Vec::new();
        let mut is_explained = false;
        for line in text.lines().map(str::trim).filter(|it| !it.is_empty()) {
            let explained = self.explained.captures(line).and_then(|it| it.get(1));
            let explained = explained
                .map(|it| it.as_str())
                .filter(|it| !["example", "note", "default"].contains(&it.to_lowercase().as_str()));
            if let Some(value) = explained {
                is_explained = true;
                values.push(value.to_owned());
                continue;
            }
            let listed = self.listed(line);
            if is_explained || listed.is_empty() {
                break;
            }
            values.extend(listed);
        }
        values
    }

    /// Returns the values of a list in one line; none if it is a sentence.
    fn listed(&self, line: &str) -> Vec<String> {
        let ends = [line.find(';'), line.find(". ")];
        let end = ends.into_iter().flatten().min().unwrap_or(line.len());
        let list = line[..end].trim().trim_end_matches(['.', ',']);
        let values: Option<Vec<String>> = list
            .split(',')
            .map(|it| Some(self.value.captures(it.trim())?.get(1)?.as_str().to_owned()))
            .collect();
        let values = values.unwrap_or_default();
        let is_sentence = values.len() == 1 && values[0].contains(' ');
        if is_sentence || values.iter().any(|it| it.starts_with("etc")) {
            return Vec::new();
        }
        values
    }
}

/// Returns a description with simple spaces, quotes and apostrophes.
fn normal(text: &str) -> String {
    let plain = |it: char| match it {
        '\u{a0}' | '\u{202f}' | '\t' => ' ',
        '“' | '”' | '`' => '"',
        '‘' | '’' => '\'',
        it => it,
    };
    text.chars().map(plain).collect()
}

/// Returns whether a match counts the elements of a list, and not the parts of an element.
fn is_count_of_items(found: &Captures<'_>) -> bool {
    let matched = found.get(0).map_or("", |it| it.as_str()).to_lowercase();
    !["character", "digit", "each", "words for", "returned"]
        .iter()
        .any(|word| matched.contains(word))
}

/// Returns the first number of a match.
fn number_in(found: &Captures<'_>) -> Option<Value> {
    let value = found.get(1).or(found.get(2))?.as_str();
    let is_million = found
        .iter()
        .skip(3)
        .flatten()
        .any(|it| it.as_str().trim() == "M");
    match number(value)? {
        value if is_million => Some((value.as_i64()? * 1_000_000).into()),
        value => Some(value),
    }
}

/// Returns a number of digits or in a word.
fn number(text: &str) -> Option<Value> {
    let text = text.to_lowercase();
    if let Some(number) = WORDS.iter().position(|word| *word == text) {
        return Some(number.into());
    }
    serde_json::from_str(&text.replace([',', ' '], "")).ok()
}

/// Drops the facts that have several values: each applies in a case only.
fn without_cases(all: Vec<(&'static str, Value)>) -> Facts {
    let mut facts = Facts::new();
    for (fact, value) in &all {
        if all.iter().all(|(other, it)| other != fact || it == value) {
            facts.insert(fact, value.clone());
        }
    }
    facts
}
