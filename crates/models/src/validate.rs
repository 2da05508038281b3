//! Checking a task against the documented limits: all violations at once, each with its path.

use std::collections::HashSet;
use std::fmt;

use jiff::civil::Date;
use serde_json::Value;

use crate::endpoint::Task;
use crate::filter::Operator;
use crate::json;
use crate::path::Path;
use crate::rules::{FieldRule, Kind, Limit};

/// Everything that is wrong with a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Each violation, in the order of the documented fields.
    pub fn violations(&self) -> &[Violation] {
        &self.0
    }
}

impl From<Vec<Violation>> for Violations {
    fn from(violations: Vec<Violation>) -> Self {
        Self(violations)
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            violation.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// One thing that is wrong, or looks wrong, in a task.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Violation {
    /// Where in the task: `targets[3]`.
    pub path: String,
    /// What.
    pub problem: Problem,
}

impl Violation {
    /// Something wrong at a place of a task.
    pub fn new(path: impl Into<String>, problem: Problem) -> Self {
        Self {
            path: path.into(),
            problem,
        }
    }

    /// Whether the API refuses such a task, or may answer it.
    pub fn severity(&self) -> Severity {
        match self.problem {
            Problem::UnknownValue { .. } | Problem::TargetForm(_) => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

/// How sure it is that a task will be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The documentation rules it out.
    Error,
    /// The documentation advises against it, or does not know it; the API may take it.
    Warning,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// No documented field has this name.
    UnknownField {
        /// The documented names.
        known: Vec<&'static str>,
    },
    /// A required field is not there, is null, or is an empty list.
    Missing,
    /// Neither this field is there nor one of those that can stand for it.
    MissingUnless {
        /// Those that can.
        others: &'static [&'static str],
    },
    /// The field goes with another one, which is there.
    MissingWith {
        /// That one.
        other: &'static str,
    },
    /// The date, or the moment, comes after that of another field, which is the end of the range.
    AfterField {
        /// That field.
        other: &'static str,
    },
    /// Not a moment of the form `yyyy-mm-dd hh:mm:ss +00:00`.
    NotATimestamp,
    /// The endpoint answers at once: it takes no posts for later.
    AnsweredAtOnce,
    /// Another kind of value.
    WrongKind {
        /// The documented kind.
        expected: &'static str,
    },
    /// Infinite, or not a number at all: JSON cannot say that.
    NotFinite,
    /// Too few elements.
    TooFew {
        /// How many there are.
        found: usize,
        /// How many there must be.
        min: usize,
    },
    /// Too many elements.
    TooMany {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// Too many characters.
    TooLong {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// The elements belong to too many registrable domains.
    TooManyDomains {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// Filters with too many conditions.
    TooManyConditions {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// A number below the smallest that is allowed.
    Below(f64),
    /// A number above the largest that is allowed.
    Above(f64),
    /// Not a date of the form `yyyy-mm-dd`.
    NotADate,
    /// A date before the first that is allowed.
    Before(Date),
    /// A date after the last that is allowed.
    After(Date),
    /// None of the documented values.
    UnknownValue {
        /// The documented values.
        known: &'static [&'static str],
    },
    /// A target that is not written as documented.
    TargetForm(&'static str),
    /// A target without text: nothing could be found for it, and the call would be charged.
    EmptyTarget,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { known } => {
                write!(f, "no such field; there are {}", known.join(", "))
            }
            Self::Missing => f.write_str("required"),
            Self::MissingUnless { others } => {
                write!(f, "required unless {} is given", others.join(" or "))
            }
            Self::MissingWith { other } => write!(f, "required with {other}"),
            Self::AfterField { other } => write!(f, "after {other}"),
            Self::NotATimestamp => f.write_str("expected a moment, yyyy-mm-dd hh:mm:ss +00:00"),
            Self::AnsweredAtOnce => f.write_str("this endpoint answers at once: call it"),
            Self::WrongKind { expected } => write!(f, "expected {expected}"),
            Self::NotFinite => f.write_str("expected a finite number"),
            Self::TooFew { found, min } => {
                write!(f, "{found} elements, at least {min} are required")
            }
            Self::TooMany { found, max } => {
                write!(f, "{found} elements, at most {max} are allowed")
            }
            Self::TooLong { found, max } => {
                write!(f, "{found} characters, at most {max} are allowed")
            }
            Self::TooManyDomains { found, max } => {
                write!(f, "{found} different domains, at most {max} are allowed")
            }
            Self::TooManyConditions { found, max } => {
                write!(f, "{found} conditions, at most {max} are allowed")
            }
            Self::Below(min) => write!(f, "at least {min} is required"),
            Self::Above(max) => write!(f, "at most {max} is allowed"),
            Self::NotADate => f.write_str("expected a date, yyyy-mm-dd"),
            Self::Before(min) => write!(f, "{min} is the first date that is allowed"),
            Self::After(max) => write!(f, "{max} is the last date that is allowed"),
            Self::UnknownValue { known } => {
                write!(f, "not a documented value; there are {}", known.join(", "))
            }
            Self::TargetForm(advice) => f.write_str(advice),
            Self::EmptyTarget => f.write_str("an empty target"),
        }
    }
}

/// Checks a task on a given day, and gives everything that the documentation rules out.
///
/// Each generated task has this as its own methods `validate` and `validate_on`.
///
/// # Errors
/// All violations of [severity](Violation::severity) `Error`.
pub fn validate<T: Task>(task: &T, today: Date) -> Result<(), Violations> {
    let mut violations = all_violations(task, today);
    violations.retain(|violation| violation.severity() == Severity::Error);
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Violations(violations))
    }
}

/// Checks a task on a given day, and gives what the documentation advises against though the API
/// may take it: a target with `www.`, a value that is not documented.
pub fn warnings<T: Task>(task: &T, today: Date) -> Vec<Violation> {
    let mut violations = all_violations(task, today);
    violations.retain(|violation| violation.severity() == Severity::Warning);
    violations
}

fn all_violations<T: Task>(task: &T, today: Date) -> Vec<Violation> {
    // JSON has no such numbers: they would be sent as null, and the rules would never see them.
    let mut violations: Vec<Violation> = json::not_finite(task)
        .into_iter()
        .map(|path| Violation::new(path, Problem::NotFinite))
        .collect();
    // Tasks are written into a map of JSON values, which cannot fail.
    if let Ok(task) = serde_json::to_value(task) {
        violations.extend(check(T::RULES, &task, today));
    }
    violations
}

/// Today by UTC, the day that limits are reckoned from when none is given.
pub fn today() -> Date {
    jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
}

/// Checks a task in JSON against documented rules: violations of both severities.
///
/// The mock server uses this on requests of any client.
pub fn check(rules: &[FieldRule], task: &Value, today: Date) -> Vec<Violation> {
    let mut checker = Checker {
        today,
        found: Vec::new(),
    };
    checker.object(rules, task, Path::Whole);
    checker.found
}

struct Checker {
    today: Date,
    found: Vec<Violation>,
}

impl Checker {
    fn report(&mut self, path: Path<'_>, problem: Problem) {
        self.found.push(Violation::new(path.to_string(), problem));
    }

    fn object(&mut self, rules: &[FieldRule], value: &Value, path: Path<'_>) {
        let Value::Object(fields) = value else {
            let expected = "an object";
            return self.report(path, Problem::WrongKind { expected });
        };
        // Fields that can stand for one that was missed: to miss them too is the same mistake.
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
                if let Limit::NotAfter(other) = limit
                    && let (Some(first), Some(last)) =
                        (value.as_str(), fields.get(*other).and_then(Value::as_str))
                    && comes_after(first, last)
                {
                    self.report(path, Problem::AfterField { other });
                }
            }
        }
        for name in fields.keys() {
            if rules.iter().all(|rule| rule.name != name) {
                let known = rules.iter().map(|rule| rule.name).collect();
                self.report(Path::Field(&path, name), Problem::UnknownField { known });
            }
        }
    }

    /// Whether a field that is not there had to be, by itself or for the sake of others.
    fn absent(
        &mut self,
        rule: &FieldRule,
        fields: &serde_json::Map<String, Value>,
        missed: &mut Vec<&'static str>,
        path: Path<'_>,
    ) {
        let given = |name: &&str| fields.get(*name).is_some_and(is_given);
        if rule.required {
            self.report(path, Problem::Missing);
        }
        for limit in rule.limits {
            match limit {
                Limit::RequiredUnless(others)
                    if !others.iter().any(given) && !missed.contains(&rule.name) =>
                {
                    missed.extend(*others);
                    self.report(path, Problem::MissingUnless { others });
                }
                Limit::RequiredWith(other) if given(other) => {
                    self.report(path, Problem::MissingWith { other });
                }
                _ => {}
            }
        }
    }

    /// Whether the value is of the kind; if not, that is reported. What is inside of it is looked
    /// at and reported by itself.
    fn kind(&mut self, kind: &Kind, value: &Value, path: Path<'_>) -> bool {
        let (fits, expected) = match kind {
            Kind::String => (value.is_string(), "a string"),
            Kind::Integer => (
                value.is_i64() || value.as_f64().is_some_and(|n| n.fract() == 0.0),
                "an integer",
            ),
            Kind::Float => (value.is_number(), "a number"),
            Kind::Boolean => (value.is_boolean(), "true or false"),
            Kind::Any => (true, "any value"),
            Kind::Filters => {
                let before = self.found.len();
                self.filters(value, path);
                return self.found.len() == before;
            }
            Kind::Order => (
                value.as_str().is_some_and(is_order),
                "a field and a direction, `field,asc` or `field,desc`",
            ),
            Kind::List(of) => {
                if let Value::Array(list) = value {
                    for (index, element) in list.iter().enumerate() {
                        self.kind(of, element, Path::Element(&path, index));
                    }
                    return true;
                }
                (false, "a list")
            }
            Kind::Map(of) => {
                if let Value::Object(map) = value {
                    for (key, element) in map {
                        self.kind(of, element, Path::Entry(&path, key));
                    }
                    return true;
                }
                (false, "an object")
            }
            Kind::Object(rules) => {
                let before = self.found.len();
                self.object(rules, value, path);
                return self.found.len() == before;
            }
        };
        if !fits {
            self.report(path, Problem::WrongKind { expected });
        }
        fits
    }

    fn limit(&mut self, limit: &Limit, value: &Value, path: Path<'_>) {
        let elements = match value {
            Value::Array(list) => list.len(),
            Value::Object(map) => map.len(),
            _ => 0,
        };
        let text = value.as_str().unwrap_or_default();
        let number = value.as_f64().unwrap_or_default();
        let problem = match *limit {
            Limit::MinItems(min) => (elements < min).then_some(Problem::TooFew {
                found: elements,
                min,
            }),
            Limit::MaxItems(max) => (elements > max).then_some(Problem::TooMany {
                found: elements,
                max,
            }),
            Limit::MaxLength(max) => {
                let found = text.chars().count();
                (found > max).then_some(Problem::TooLong { found, max })
            }
            // So few elements cannot have so many domains.
            Limit::MaxDistinctDomains(max) if elements <= max => None,
            Limit::MaxDistinctDomains(max) => {
                let found = strings(value)
                    .filter_map(dataforseo_domains::domain_of)
                    .collect::<HashSet<_>>();
                let found = found.len();
                (found > max).then_some(Problem::TooManyDomains { found, max })
            }
            Limit::MaxConditions(max) => {
                let found = conditions(value);
                (found > max).then_some(Problem::TooManyConditions { found, max })
            }
            Limit::Min(min) => (number < min).then_some(Problem::Below(min)),
            Limit::Max(max) => (number > max).then_some(Problem::Above(max)),
            Limit::Date { min, max } => match text.parse::<Date>() {
                // jiff reads more than the API does, so the form is compared too.
                Ok(date) if date.to_string() == text => {
                    let min = min.map(|bound| bound.on(self.today));
                    let max = max.map(|bound| bound.on(self.today));
                    min.filter(|min| date < *min)
                        .map(Problem::Before)
                        .or(max.filter(|max| date > *max).map(Problem::After))
                }
                _ => Some(Problem::NotADate),
            },
            Limit::OneOf(known) => {
                (!known.contains(&text)).then_some(Problem::UnknownValue { known })
            }
            Limit::Targets => return self.targets(value, path),
            Limit::Timestamp => (!is_timestamp(text)).then_some(Problem::NotATimestamp),
            Limit::RequiredUnless(_) | Limit::RequiredWith(_) | Limit::NotAfter(_) => None,
        };
        if let Some(problem) = problem {
            self.report(path, problem);
        }
    }

    /// A condition, or parts with "and" or "or" between them.
    fn filters(&mut self, value: &Value, path: Path<'_>) {
        let list = value.as_array().map_or(&[][..], Vec::as_slice);
        let wrong = match list {
            [Value::String(_), operator, value] => {
                let empty = value.as_array().is_some_and(Vec::is_empty);
                if value.is_null() || empty {
                    // A number that is not finite arrives here as null.
                    let expected = match empty {
                        true => "at least one value to compare with",
                        false => "a value to compare with, which null and NaN are not",
                    };
                    self.report(Path::Element(&path, 2), Problem::WrongKind { expected });
                }
                let known = operator.as_str();
                let known = Operator::ALL
                    .iter()
                    .any(|operator| Some(operator.as_str()) == known);
                if !known {
                    let expected = "one of = <> < <= > >= in not_in like not_like ilike \
                                    not_ilike regex not_regex match not_match has has_not";
                    self.report(Path::Element(&path, 1), Problem::WrongKind { expected });
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
                        self.report(path, Problem::WrongKind { expected });
                    }
                }
                return;
            }
            _ => {
                "a condition, [field, operator, value], or conditions with \"and\" or \"or\" \
                  between them"
            }
        };
        self.report(path, Problem::WrongKind { expected: wrong });
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
            self.report(path, Problem::EmptyTarget);
        } else if let Some(advice) = target_advice(target) {
            self.report(path, Problem::TargetForm(advice));
        }
    }
}

/// Whether a field holds something: neither null nor empty.
fn is_given(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

/// Whether a date, or a moment, comes after another of its kind.
fn comes_after(first: &str, last: &str) -> bool {
    let moment = |text| crate::Timestamp::new(text).instant();
    match (moment(first), moment(last)) {
        (Some(first), Some(last)) => first > last,
        _ => first > last,
    }
}

/// Whether a text is a moment as the API writes it.
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
    same_form && crate::Timestamp::new(text).instant().is_some()
}

fn is_order(rule: &str) -> bool {
    rule.rsplit_once(',')
        .is_some_and(|(field, direction)| !field.is_empty() && matches!(direction, "asc" | "desc"))
}

/// How many conditions filters have.
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

/// What is wrong with how a target is written. Advice only: the API answers some such targets.
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
