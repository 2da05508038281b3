//! Recognizers of facts. Each recognizes one kind of sentence.

use std::fmt;

use dataforseo_spec::language::{FieldType, Format};
use dataforseo_spec::price::FieldCost;
use serde_json::Value;

use super::announce::announces;
use super::bounds::{default_and_bounds, default_if_absent, default_of_values, range};
use super::charges;
use super::counts::{characters, items, maximum_number};
use super::relations::{Relations, relation};
use super::relative_dates::relative_date;
use super::text::{after, listed, number, unquoted};
use super::texts::elements;

/// The facts that the description of one field states.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prose {
    /// Whether the text states `required field` or `optional field`. Absent if it states neither.
    pub required: Option<bool>,
    /// The fields of which one is required if this one is absent.
    pub required_unless: Vec<String>,
    /// The field that requires this one.
    pub required_with: Option<String>,
    /// The field with a date that this date must not be after.
    pub not_after: Option<String>,
    /// The value that the API uses if the field is absent.
    pub default: Option<Value>,
    /// The smallest number or first date.
    pub min: Option<Value>,
    /// The largest number or last date.
    pub max: Option<Value>,
    /// The maximum number of characters.
    pub max_length: Option<u32>,
    /// The minimum number of characters.
    pub min_length: Option<u32>,
    /// The maximum number of words.
    pub max_words: Option<u32>,
    /// The relations to other fields.
    pub relations: Relations,
    /// The maximum number of elements.
    pub max_items: Option<u32>,
    /// The maximum number of different domains among the elements.
    pub max_distinct_domains: Option<u32>,
    /// The maximum number of conditions in filters.
    pub max_conditions: Option<u32>,
    /// What the field adds to the cost of a task.
    pub cost: Option<FieldCost>,
    /// The parent field, if this field is required whenever the parent is present.
    pub belongs_to: Option<String>,
    /// The possible values.
    pub values: Vec<String>,
    /// The format of a string.
    pub format: Option<Format>,
    /// The type of a map's values.
    pub map_of: Option<FieldType>,
    /// The maximum number of calls per minute, per account.
    pub calls_per_minute: Option<u32>,
    /// The maximum number of simultaneous calls, per account.
    pub simultaneous_calls: Option<u32>,
    /// The sentences with a constraint that were not understood.
    pub not_understood: Vec<String>,
    /// The limits with several values, each of which applies to a case.
    pub(super) contested: Vec<Limit>,
}

/// A default or a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The default.
    Default,
    /// The smallest number or first date.
    Min,
    /// The largest number or last date.
    Max,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default value",
            Self::Min => "minimum value",
            Self::Max => "maximum value",
        })
    }
}

impl Prose {
    /// Sets a default or a bound. Returns `false` if it has another value, which applies to another
    /// case.
    pub fn set(&mut self, limit: Limit, value: Value) -> bool {
        let slot = self.slot(limit);
        let is_other = slot.as_ref().is_some_and(|known| *known != value);
        *slot = Some(value);
        if is_other {
            self.contested.push(limit);
        }
        !is_other
    }

    /// Removes the defaults and bounds that apply to a case only.
    pub fn forget_cases(&mut self) {
        for limit in std::mem::take(&mut self.contested) {
            if self.slot(limit).take().is_some() {
                let sentence = format!("{limit}: several values, each in another case");
                self.not_understood.push(sentence);
            }
        }
    }

    fn slot(&mut self, limit: Limit) -> &mut Option<Value> {
        match limit {
            Limit::Default => &mut self.default,
            Limit::Min => &mut self.min,
            Limit::Max => &mut self.max,
        }
    }
}

/// A sentence of the description of a field.
pub struct Sentence<'a> {
    type_word: &'a str,
    text: &'a str,
    lower: String,
}

impl<'a> Sentence<'a> {
    /// Prepares a sentence of the description of a field. `type_word` is the field's type on the
    /// page.
    pub fn new(type_word: &'a str, text: &'a str) -> Self {
        Self {
            type_word,
            text,
            lower: text.to_ascii_lowercase(),
        }
    }

    /// Returns whether a recognizer understands the sentence. Adds its facts to `prose`.
    pub fn is_understood(&self, prose: &mut Prose) -> bool {
        let mut readings = RECOGNIZERS.iter().map(|recognize| recognize(self, prose));
        let reading = readings.find(|reading| *reading != Reading::Other);
        reading == Some(Reading::Understood)
    }

    /// Returns the type of the field on the page.
    pub fn type_word(&self) -> &'a str {
        self.type_word
    }

    /// Returns the sentence.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the sentence in lower case.
    pub fn lower(&self) -> &str {
        &self.lower
    }

    /// Returns the number after the first phrase that occurs in the sentence.
    pub fn count(&self, phrases: &[&str]) -> Option<Count<'a>> {
        let rest = after(self.text, phrases)?;
        let number = u32::try_from(number(rest)?).ok()?;
        Some(Count { number, rest })
    }

    /// Returns whether the type of the field on the page is one of these.
    pub fn is_of_type(&self, type_words: &[&str]) -> bool {
        type_words.contains(&self.type_word)
    }
}

/// A number that follows a phrase.
pub struct Count<'a> {
    /// The number.
    pub number: u32,
    /// The text after the phrase, including the number.
    pub rest: &'a str,
}

/// The result of a recognizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The sentence is of another kind.
    Other,
    /// The sentence was understood completely.
    Understood,
    /// The sentence is of this kind, but was not understood completely.
    NotUnderstood,
}

impl Reading {
    /// Returns whether a sentence of this kind was understood.
    pub fn when(is_understood: bool) -> Self {
        if is_understood {
            Self::Understood
        } else {
            Self::NotUnderstood
        }
    }

    /// Stores a fact in its slot, if the sentence states it.
    pub fn of<T>(fact: Option<T>, slot: &mut Option<T>) -> Self {
        if fact.is_none() {
            return Self::Other;
        }
        *slot = fact;
        Self::Understood
    }
}

/// A recognizer of one kind of sentence.
type Recognizer = fn(&Sentence<'_>, &mut Prose) -> Reading;

/// The recognizers, in order. The first one that matches the kind of a sentence reads it.
const RECOGNIZERS: [Recognizer; 27] = [
    reference,
    charge,
    relative_date,
    relation,
    default_if_absent,
    condition,
    requirement,
    default_of_values,
    default_and_bounds,
    range,
    required_unless,
    required_with,
    not_after,
    belongs_to,
    calls_per_minute,
    simultaneous_calls,
    character_limit,
    distinct_domains,
    conditions_of_filters,
    sorting_rules,
    elements,
    characters,
    items,
    maximum_number,
    element_value,
    map_of_counts,
    format,
];

/// Recognizes examples and references to other texts.
fn reference(sentence: &Sentence<'_>, _: &mut Prose) -> Reading {
    const STARTS: [&str; 8] = [
        "e.g.",
        "learn more",
        "you can get the full list",
        "you can find",
        "more information",
        "note: we strongly",
        // Every page contains these sentences about calls in general.
        "all post data should be",
        "when setting a task, you",
    ];
    if STARTS.iter().any(|start| sentence.lower.starts_with(start)) {
        return Reading::Understood;
    }
    Reading::Other
}

/// Recognizes conditions, which the spec language cannot express.
fn condition(sentence: &Sentence<'_>, _: &mut Prose) -> Reading {
    if sentence.lower.starts_with("if ") {
        return Reading::NotUnderstood;
    }
    Reading::Other
}

fn requirement(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let required = match sentence.lower.as_str() {
        "required field" => Some(true),
        "optional field" => Some(false),
        _ => None,
    };
    Reading::of(required, &mut prose.required)
}

fn charge(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    // A consequence of the size of a page, which another sentence states.
    if sentence.lower.contains("may result in additional charges") {
        return Reading::Understood;
    }
    let cost = charges::charge(sentence.text);
    if prose.cost.is_some() && cost.is_some() {
        return Reading::NotUnderstood;
    }
    Reading::of(cost, &mut prose.cost)
}

fn required_unless(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let forms = [
        ("required field if you don't specify ", ""),
        ("required field if you do not specify ", ""),
        ("required field if don't specify ", ""),
        ("required field if ", " is not specified"),
        ("required field if ", " are not specified"),
    ];
    let names = forms.into_iter().find_map(|(start, end)| {
        let names = sentence.lower.strip_prefix(start)?.strip_suffix(end)?;
        let articles = ["a ", "an ", "the "];
        let named = articles.iter().find_map(|it| names.strip_prefix(it));
        let names = named.filter(|name| !name.contains(' ')).unwrap_or(names);
        // A page has `a_or b` where Markdown was lost.
        let names = listed(&names.replace("_or ", " or "))?;
        let names = names
            .iter()
            .map(|name| name.trim_end_matches('_').to_owned());
        Some(names.collect())
    });
    let Some(names) = names else {
        return Reading::Other;
    };
    prose.required_unless = names;
    Reading::Understood
}

fn required_with(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let name = sentence
        .lower
        .strip_prefix("required field if you specify ")
        .filter(|name| !name.contains(' '));
    Reading::of(name.map(str::to_owned), &mut prose.required_with)
}

fn not_after(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let name = sentence
        .lower
        .strip_prefix("maximum value shouldn't exceed the date specified in the ");
    Reading::of(name.map(str::to_owned), &mut prose.not_after)
}

fn belongs_to(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let forms = [
        ("required field if you choose to specify ", ""),
        ("required field if ", " is specified"),
        ("required if ", " is specified"),
    ];
    let name = forms.into_iter().find_map(|(start, end)| {
        let rest = sentence.lower.strip_prefix(start)?;
        rest.strip_suffix(end).filter(|name| !name.contains(' '))
    });
    Reading::of(name.map(str::to_owned), &mut prose.belongs_to)
}

fn calls_per_minute(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let calls = sentence.count(&["up to"]).filter(|calls| {
        let is_number = |c: char| c.is_ascii_digit() || ", ".contains(c);
        let rest = calls.rest.trim_start_matches(is_number);
        rest.to_ascii_lowercase()
            .starts_with("api calls per minute")
    });
    Reading::of(calls.map(|it| it.number), &mut prose.calls_per_minute)
}

fn simultaneous_calls(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let calls = sentence.count(&["requests that can be sent simultaneously is limited to"]);
    Reading::of(calls.map(|it| it.number), &mut prose.simultaneous_calls)
}

fn character_limit(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let length = sentence
        .count(&["character limit is", "maximum number of characters is"])
        .filter(|_| sentence.is_of_type(&["string"]));
    Reading::of(length.map(|it| it.number), &mut prose.max_length)
}

fn distinct_domains(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let domains = sentence
        .count(&["cannot belong to more than"])
        .filter(|domains| domains.rest.contains("different domains"));
    Reading::of(domains.map(|it| it.number), &mut prose.max_distinct_domains)
}

fn conditions_of_filters(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let max = sentence
        .text
        .split_once(" filters maximum")
        .and_then(|(before, _)| before.rsplit(['(', ' ']).next()?.parse().ok());
    Reading::of(max, &mut prose.max_conditions)
}

fn sorting_rules(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let max = sentence
        .lower
        .contains("no more than three sorting rules")
        .then_some(3);
    Reading::of(max, &mut prose.max_items)
}

fn element_value(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let phrases = [
        "type of element =",
        "type of the element =",
        "type of component =",
    ];
    let Some(text) = after(sentence.text, &phrases) else {
        return Reading::Other;
    };
    prose.values = vec![unquoted(text).to_owned()];
    Reading::Understood
}

fn map_of_counts(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let is_map = sentence.lower.contains("count per each") && sentence.is_of_type(&["object"]);
    Reading::of(is_map.then_some(FieldType::Integer), &mut prose.map_of)
}

fn format(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    const FORMS: [(&str, Format); 4] = [
        ("yyyy-mm-dd hh", Format::Timestamp),
        ("yyyy-mm-dd", Format::Date),
        ("without https://", Format::Target),
        ("absolute url", Format::Target),
    ];
    let lower = &sentence.lower;
    // An object can contain targets as values.
    if !sentence.is_of_type(&["string", "array", "object"]) || lower.contains("yyyy-mm-ddt") {
        return Reading::Other;
    }
    let is_object = sentence.is_of_type(&["object"]);
    let mut forms = FORMS
        .into_iter()
        .filter(|(_, format)| !is_object || *format == Format::Target);
    let Some((_, format)) = forms.find(|(form, _)| lower.contains(form)) else {
        return Reading::Other;
    };
    prose.format = Some(format);
    // A sentence that also states a limit is listed as not understood.
    let rest = lower
        .replace("should be specified", "")
        .replace("should be written", "");
    if announces(&rest) {
        Reading::NotUnderstood
    } else {
        Reading::Understood
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the result of one recognizer for a sentence.
    fn read(recognize: Recognizer, type_word: &str, text: &str) -> (Reading, Prose) {
        let mut prose = Prose::default();
        let reading = recognize(&Sentence::new(type_word, text), &mut prose);
        (reading, prose)
    }

    /// A recognizer, a type word, a sentence and the fact in it.
    struct Case(Recognizer, &'static str, &'static str, fn(&mut Prose));

    const CASES: [Case; 18] = [
        Case(requirement, "string", "required field", |it| {
            it.required = Some(true)
        }),
        Case(requirement, "string", "Optional field", |it| {
            it.required = Some(false)
        }),
        Case(
            default_and_bounds,
            "string",
            "minimum value 2019-01-30",
            |it| {
                it.min = Some("2019-01-30".into());
            },
        ),
        Case(default_and_bounds, "integer", "default value: 100", |it| {
            it.default = Some(100.into());
        }),
        Case(
            default_and_bounds,
            "integer",
            "the maximum value is 1,000",
            |it| {
                it.max = Some(1000.into());
            },
        ),
        Case(
            default_and_bounds,
            "string",
            "minimal possible value: 2020-10-01",
            |it| {
                it.min = Some("2020-10-01".into());
            },
        ),
        Case(range, "integer", "can be set from 1 to 10", |it| {
            (it.min, it.max) = (Some(1.into()), Some(10.into()));
        }),
        Case(
            required_unless,
            "string",
            "required field if you don't specify a or b",
            |it| {
                it.required_unless = vec!["a".to_owned(), "b".to_owned()];
            },
        ),
        Case(
            required_with,
            "string",
            "required field if you specify a",
            |it| {
                it.required_with = Some("a".to_owned());
            },
        ),
        Case(
            belongs_to,
            "string",
            "required field if a is specified",
            |it| {
                it.belongs_to = Some("a".to_owned());
            },
        ),
        Case(
            calls_per_minute,
            "array",
            "you can send up to 2000 API calls per minute",
            |it| {
                it.calls_per_minute = Some(2000);
            },
        ),
        Case(character_limit, "string", "character limit is 255", |it| {
            it.max_length = Some(255)
        }),
        Case(
            distinct_domains,
            "array",
            "targets cannot belong to more than 100 different domains",
            |it| it.max_distinct_domains = Some(100),
        ),
        Case(
            conditions_of_filters,
            "array",
            "several filters are allowed (8 filters maximum)",
            |it| {
                it.max_conditions = Some(8);
            },
        ),
        Case(
            sorting_rules,
            "array",
            "set no more than three sorting rules",
            |it| {
                it.max_items = Some(3);
            },
        ),
        Case(items, "array", "you can set up to 1000 targets", |it| {
            it.max_items = Some(1000)
        }),
        Case(
            map_of_counts,
            "object",
            "has the count per each type",
            |it| {
                it.map_of = Some(FieldType::Integer);
            },
        ),
        Case(format, "string", "in the format yyyy-mm-dd", |it| {
            it.format = Some(Format::Date)
        }),
    ];

    #[test]
    fn each_recognizer_takes_its_fact() {
        for Case(recognize, type_word, text, fact) in CASES {
            let mut expected = Prose::default();
            fact(&mut expected);
            assert_eq!(
                read(recognize, type_word, text),
                (Reading::Understood, expected),
                "{text}"
            );
        }
    }

    #[test]
    fn more_than_a_fact_is_not_understood() {
        let cases: [(Recognizer, &str, &str); 4] = [
            (condition, "string", "if you leave it out, 10 is used"),
            (
                default_and_bounds,
                "integer",
                "default value: 100 for tasks",
            ),
            (default_and_bounds, "string", "maximum value: large"),
            (format, "string", "yyyy-mm-dd, only of this year"),
        ];
        for (recognize, type_word, text) in cases {
            let (reading, _) = read(recognize, type_word, text);
            assert_eq!(reading, Reading::NotUnderstood, "{text}");
        }
    }

    #[test]
    fn other_types_are_of_another_kind() {
        let cases: [(Recognizer, &str, &str); 4] = [
            (character_limit, "integer", "character limit is 255"),
            (items, "string", "you can set up to 1000 targets"),
            (range, "string", "can be set from 1 to 10"),
            (map_of_counts, "string", "has the count per each type"),
        ];
        for (recognize, type_word, text) in cases {
            assert_eq!(
                read(recognize, type_word, text),
                (Reading::Other, Prose::default())
            );
        }
    }
}
