//! A task in JSON against a table of rules.

use std::collections::HashSet;

use jiff::civil::Date;
use serde_json::Value;

use super::path::Path;
use super::violation::{Violation, ViolationKind};
use crate::Timestamp;
use crate::endpoint::filter::Operator;
use crate::endpoint::rules::{FieldKind, FieldRule, Limit, MemberRule, UnionRule};

/// Collects the violations of one task.
pub struct Checker {
    today: Date,
    found: Vec<Violation>,
}

impl Checker {
    /// Returns a checker whose moving limits refer to this day.
    pub fn new(today: Date) -> Self {
        Self {
            today,
            found: Vec::new(),
        }
    }

    /// Checks a task in JSON.
    pub fn check(mut self, rules: &[FieldRule], task: &Value) -> Vec<Violation> {
        self.object(rules, task, Path::Whole);
        self.found
    }

    fn report(&mut self, path: Path<'_>, kind: ViolationKind) {
        self.found.push(Violation::new(path.to_string(), kind));
    }

    fn object(&mut self, rules: &[FieldRule], value: &Value, path: Path<'_>) {
        let Value::Object(fields) = value else {
            let expected = "an object";
            return self.report(path, ViolationKind::WrongKind { expected });
        };
        // The alternatives of an absent field: their absence is the same violation.
        let mut missed: Vec<&str> = Vec::new();
        for rule in rules {
            let path = Path::Field(&path, rule.name);
            if !fields.get(rule.name).is_some_and(is_given) {
                self.absent(rule, fields, &mut missed, path);
            }
            let value = match fields.get(rule.name) {
                None | Some(Value::Null) => continue,
                Some(value) if rule.required && !is_given(value) => continue,
                Some(value) => value,
            };
            if !self.kind(&rule.kind, value, path) {
                continue;
            }
            for limit in rule.limits {
                self.limit(limit, value, path);
                self.relation(limit, value, fields, path);
            }
        }
        for name in fields.keys() {
            if rules.iter().all(|rule| rule.name != name) {
                let known = rules.iter().map(|rule| rule.name).collect();
                self.report(
                    Path::Field(&path, name),
                    ViolationKind::UnknownField { known },
                );
            }
        }
    }

    /// Checks an object against the rules of the member that it is.
    fn union(&mut self, union: &UnionRule, value: &Value, path: Path<'_>) {
        let Value::Object(fields) = value else {
            let expected = "an object";
            return self.report(path, ViolationKind::WrongKind { expected });
        };
        let Some(tag) = union.tag else {
            let is_member = |member: &&MemberRule| fields.get(member.key).is_some_and(is_given);
            return match union.members.iter().find(is_member) {
                Some(member) => self.object(member.fields, value, path),
                None => {
                    let keys = union.members.iter().map(|member| member.key).collect();
                    self.report(path, ViolationKind::NoMember { keys });
                }
            };
        };
        let name = fields.get(tag).and_then(Value::as_str);
        match union
            .members
            .iter()
            .find(|member| Some(member.name) == name)
        {
            Some(member) => {
                let mut fields = fields.clone();
                fields.remove(tag);
                self.object(member.fields, &Value::Object(fields), path);
            }
            None if name.is_some() => {
                let known = union.members.iter().map(|member| member.name).collect();
                self.report(
                    Path::Field(&path, tag),
                    ViolationKind::UnknownMember { known },
                );
            }
            None => self.report(Path::Field(&path, tag), ViolationKind::Missing),
        }
    }

    /// Checks a limit that refers to other fields of the object.
    fn relation(
        &mut self,
        limit: &Limit,
        value: &Value,
        fields: &serde_json::Map<String, Value>,
        path: Path<'_>,
    ) {
        match limit {
            Limit::NotAfter(other) => {
                let last = fields.get(*other).and_then(Value::as_str);
                if let (Some(first), Some(last)) = (value.as_str(), last)
                    && comes_after(first, last)
                {
                    self.report(path, ViolationKind::AfterField { other });
                }
            }
            Limit::Requires(conditions) if is_used(value) => {
                for condition in conditions.iter().filter(|it| !it.holds(fields)) {
                    let condition = *condition;
                    self.report(path, ViolationKind::Requires { condition });
                }
            }
            Limit::Excludes(others) if is_used(value) => {
                for other in *others {
                    if fields.get(*other).is_some_and(is_used) {
                        self.report(path, ViolationKind::Excludes { other });
                    }
                }
            }
            _ => {}
        }
    }

    /// Reports an absent field that is required, by itself or because of other fields.
    fn absent(
        &mut self,
        rule: &FieldRule,
        fields: &serde_json::Map<String, Value>,
        missed: &mut Vec<&'static str>,
        path: Path<'_>,
    ) {
        let given = |name: &&str| fields.get(*name).is_some_and(is_given);
        if rule.required {
            self.report(path, ViolationKind::Missing);
        }
        for limit in rule.limits {
            match limit {
                Limit::RequiredUnless(others)
                    if !others.iter().any(given) && !missed.contains(&rule.name) =>
                {
                    missed.extend(*others);
                    self.report(path, ViolationKind::MissingUnless { others });
                }
                Limit::RequiredIf(conditions) if conditions.iter().all(|it| it.holds(fields)) => {
                    self.report(path, ViolationKind::MissingIf { conditions });
                }
                Limit::RequiredWith(other) if given(other) => {
                    self.report(path, ViolationKind::MissingWith { other });
                }
                _ => {}
            }
        }
    }

    /// Reports a value of another kind, and returns whether it is of this kind. Checks the values
    /// inside of it, too.
    fn kind(&mut self, kind: &FieldKind, value: &Value, path: Path<'_>) -> bool {
        let (fits, expected) = match kind {
            FieldKind::String => (value.is_string(), "a string"),
            FieldKind::Integer => (
                value.is_i64() || value.as_f64().is_some_and(|n| n.fract() == 0.0),
                "an integer",
            ),
            FieldKind::Float => (value.is_number(), "a number"),
            FieldKind::Boolean => (value.is_boolean(), "true or false"),
            FieldKind::Any => (true, "any value"),
            FieldKind::Filters => {
                let before = self.found.len();
                self.filters(value, path);
                return self.found.len() == before;
            }
            FieldKind::Order => (
                value.as_str().is_some_and(is_order),
                "a field and a direction, `field,asc` or `field,desc`",
            ),
            FieldKind::List(of) => {
                if let Value::Array(list) = value {
                    for (index, element) in list.iter().enumerate() {
                        self.kind(of, element, Path::Element(&path, index));
                    }
                    return true;
                }
                (false, "a list")
            }
            FieldKind::Map(of) => {
                if let Value::Object(map) = value {
                    for (key, element) in map {
                        self.kind(of, element, Path::Entry(&path, key));
                    }
                    return true;
                }
                (false, "an object")
            }
            FieldKind::Object(rules) => {
                let before = self.found.len();
                self.object(rules, value, path);
                return self.found.len() == before;
            }
            FieldKind::Union(union) => {
                let before = self.found.len();
                self.union(union, value, path);
                return self.found.len() == before;
            }
        };
        if !fits {
            self.report(path, ViolationKind::WrongKind { expected });
        }
        fits
    }

    fn limit(&mut self, limit: &Limit, value: &Value, path: Path<'_>) {
        if let Some(too) = text_limit(limit) {
            return self.texts(&too, value, path);
        }
        let elements = match value {
            Value::Array(list) => list.len(),
            Value::Object(map) => map.len(),
            _ => 0,
        };
        let text = value.as_str().unwrap_or_default();
        let number = value.as_f64().unwrap_or_default();
        let violation = match *limit {
            Limit::MinItems(min) => (elements < min).then_some(ViolationKind::TooFew {
                found: elements,
                min,
            }),
            Limit::MaxItems(max) => (elements > max).then_some(ViolationKind::TooMany {
                found: elements,
                max,
            }),
            // There are at most as many domains as elements.
            Limit::MaxDistinctDomains(max) if elements <= max => None,
            Limit::MaxDistinctDomains(max) => {
                let found = strings(value)
                    .filter_map(dataforseo_domains::domain_of)
                    .collect::<HashSet<_>>();
                let found = found.len();
                (found > max).then_some(ViolationKind::TooManyDomains { found, max })
            }
            Limit::MaxConditions(max) => {
                let found = conditions(value);
                (found > max).then_some(ViolationKind::TooManyConditions { found, max })
            }
            Limit::Min(min) => (number < min).then_some(ViolationKind::Below(min)),
            Limit::Max(max) => (number > max).then_some(ViolationKind::Above(max)),
            Limit::Date { min, max } => match text.parse::<Date>() {
                // jiff reads more than the API does, so the form is compared too.
                Ok(date) if date.to_string() == text => {
                    let min = min.map(|bound| bound.on(self.today));
                    let max = max.map(|bound| bound.on(self.today));
                    min.filter(|min| date < *min)
                        .map(ViolationKind::Before)
                        .or(max.filter(|max| date > *max).map(ViolationKind::After))
                }
                _ => Some(ViolationKind::NotADate),
            },
            Limit::OneOf(known) => {
                (!known.contains(&text)).then_some(ViolationKind::UnknownValue { known })
            }
            Limit::Targets => return self.targets(value, path),
            Limit::Timestamp => (!is_timestamp(text)).then_some(ViolationKind::NotATimestamp),
            // Checked as relations between fields, or text by text.
            Limit::RequiredUnless(_)
            | Limit::RequiredWith(_)
            | Limit::RequiredIf(_)
            | Limit::Requires(_)
            | Limit::Excludes(_)
            | Limit::NotAfter(_)
            | Limit::MinLength(_)
            | Limit::MaxLength(_)
            | Limit::MaxWords(_) => None,
        };
        if let Some(violation) = violation {
            self.report(path, violation);
        }
    }

    /// Checks a string, or each string of a list.
    fn texts(
        &mut self,
        violation: &dyn Fn(&str) -> Option<ViolationKind>,
        value: &Value,
        path: Path<'_>,
    ) {
        if let Some(kind) = value.as_str().and_then(violation) {
            self.report(path, kind);
        }
        for (index, element) in value.as_array().into_iter().flatten().enumerate() {
            if let Some(kind) = element.as_str().and_then(violation) {
                self.report(Path::Element(&path, index), kind);
            }
        }
    }

    /// Checks a condition, or conditions with "and" or "or" between them.
    fn filters(&mut self, value: &Value, path: Path<'_>) {
        let list = value.as_array().map_or(&[][..], Vec::as_slice);
        let wrong = match list {
            [Value::String(_), operator, value] => {
                let empty = value.as_array().is_some_and(Vec::is_empty);
                if value.is_null() || empty {
                    // A number that is not finite is null here.
                    let expected = if empty {
                        "at least one value to compare with"
                    } else {
                        "a value to compare with, not null or NaN"
                    };
                    self.report(
                        Path::Element(&path, 2),
                        ViolationKind::WrongKind { expected },
                    );
                }
                let known = operator.as_str();
                let known = Operator::ALL
                    .iter()
                    .any(|operator| Some(operator.as_str()) == known);
                if !known {
                    let expected = "one of = <> < <= > >= in not_in like not_like ilike \
                                    not_ilike regex not_regex match not_match has has_not";
                    self.report(
                        Path::Element(&path, 1),
                        ViolationKind::WrongKind { expected },
                    );
                }
                return;
            }
            [Value::Array(_), ..] if list.len() % 2 == 1 => {
                for (index, part) in list.iter().enumerate() {
                    let path = Path::Element(&path, index);
                    if index % 2 == 0 {
                        self.filters(part, path);
                    } else if !matches!(part.as_str(), Some("and" | "or")) {
                        let expected = "\"and\" or \"or\"";
                        self.report(path, ViolationKind::WrongKind { expected });
                    }
                }
                return;
            }
            _ => {
                "a condition, [field, operator, value], or conditions with \"and\" or \"or\" \
                  between them"
            }
        };
        self.report(path, ViolationKind::WrongKind { expected: wrong });
    }

    fn targets(&mut self, value: &Value, path: Path<'_>) {
        if let Some(target) = value.as_str() {
            return self.target(target, path);
        }
        if let Value::Object(map) = value {
            for (key, target) in map {
                if let Some(target) = target.as_str() {
                    self.target(target, Path::Entry(&path, key));
                }
            }
            return;
        }
        for (index, target) in strings(value).enumerate() {
            self.target(target, Path::Element(&path, index));
        }
    }

    fn target(&mut self, target: &str, path: Path<'_>) {
        if target.trim().is_empty() {
            self.report(path, ViolationKind::EmptyTarget);
        } else if let Some(advice) = target_advice(target) {
            self.report(path, ViolationKind::TargetForm(advice));
        }
    }
}

/// A check of a single string.
type TextCheck = Box<dyn Fn(&str) -> Option<ViolationKind>>;

/// Returns the check of a single string, if the limit applies to strings.
fn text_limit(limit: &Limit) -> Option<TextCheck> {
    Some(match *limit {
        Limit::MinLength(min) => Box::new(move |text| {
            let found = text.chars().count();
            (found < min).then_some(ViolationKind::TooShort { found, min })
        }),
        Limit::MaxLength(max) => Box::new(move |text| {
            let found = text.chars().count();
            (found > max).then_some(ViolationKind::TooLong { found, max })
        }),
        Limit::MaxWords(max) => Box::new(move |text| {
            let found = text.split_whitespace().count();
            (found > max).then_some(ViolationKind::TooManyWords { found, max })
        }),
        _ => return None,
    })
}

/// Whether a field is used: set, and not `false`.
fn is_used(value: &Value) -> bool {
    is_given(value) && *value != Value::Bool(false)
}

/// Whether a field is set: neither null nor empty.
fn is_given(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

/// Whether a date, or a date and time, is after another of its kind.
fn comes_after(first: &str, last: &str) -> bool {
    let moment = |text| Timestamp::new(text).instant();
    match (moment(first), moment(last)) {
        (Some(first), Some(last)) => first > last,
        _ => first > last,
    }
}

/// Whether a text is a date and time in the format of the API.
fn is_timestamp(text: &str) -> bool {
    let form = "0000-00-00 00:00:00 +00:00";
    let same_form = text.len() == form.len()
        && text
            .bytes()
            .zip(form.bytes())
            .all(|(found, wanted)| match wanted {
                b'0' => found.is_ascii_digit(),
                other => found == other || (other == b'+' && found == b'-'),
            });
    same_form && Timestamp::new(text).instant().is_some()
}

fn is_order(rule: &str) -> bool {
    rule.rsplit_once(',')
        .is_some_and(|(field, direction)| !field.is_empty() && matches!(direction, "asc" | "desc"))
}

/// The number of conditions in filters.
fn conditions(filters: &Value) -> usize {
    match filters.as_array().map(Vec::as_slice) {
        Some([Value::String(_), _, _]) => 1,
        Some(parts) => parts.iter().map(conditions).sum(),
        None => 0,
    }
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Advice on the form of a target. It is only a warning, as the API accepts some such targets.
fn target_advice(target: &str) -> Option<&'static str> {
    if target.contains("://") {
        let known = target.starts_with("http://") || target.starts_with("https://");
        (!known).then_some("a page is written with http:// or https://")
    } else if target.contains('/') {
        Some("a page is written with its scheme, a domain without a path")
    } else if target.starts_with("www.") {
        Some("a domain is written without www.")
    } else {
        None
    }
}
