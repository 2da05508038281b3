//! The scan: holds every fact that the import reads from an OpenAPI file against plain patterns.
//!
//! An error of the import shows as a fact that the patterns find and the import misses, or as one
//! that the import invents. An error of both at once stays hidden, so the patterns are written from
//! the sentences of the file, and not from the code of the import.

mod plain;

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use dataforseo_spec::Payload;
use dataforseo_spec::facts::facts;
use dataforseo_spec::language::{Field, Fields};
use indexmap::IndexMap;
use serde_json::Value;

use crate::docs::Unreadable;
use crate::docs::openapi::{self, Document, Schema};
use crate::openapi::read_fields;
use plain::{Facts, Plain, Shape};

/// The facts that the scan compares, in the order of its table.
pub const SCANNED: [&str; 11] = [
    "required",
    "required_unless",
    "required_with",
    "default",
    "min",
    "max",
    "max_length",
    "max_items",
    "max_conditions",
    "max_distinct_domains",
    "values",
];

/// How often the import and the plain patterns agree about one fact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The number of fields of which the patterns find the fact.
    pub stated: usize,
    /// The number of them of which the import reads the same value.
    pub agree: usize,
    /// The number of them of which the import reads nothing, or another value.
    pub missed: usize,
    /// The number of fields of which the import reads a value that the patterns do not find.
    pub invented: usize,
}

impl Agreement {
    /// Returns whether at least 98 % of the stated facts agree, and none is invented.
    pub fn is_enough(self) -> bool {
        self.agree * 100 >= self.stated * 98 && self.invented == 0
    }
}

/// A fact about which the import and the plain patterns disagree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Disagreement {
    /// The name of the fact.
    pub fact: &'static str,
    /// The value that the patterns find.
    pub stated: Option<Value>,
    /// The value that the import reads.
    pub read: Option<Value>,
    /// The description of the field.
    pub description: String,
}

/// The result of a scan.
#[derive(Debug, Default)]
pub struct ScanReport {
    /// The agreement by fact.
    pub agreements: IndexMap<&'static str, Agreement>,
    /// The facts on which both agree, by place.
    pub agreed: BTreeMap<String, BTreeMap<&'static str, Value>>,
    /// The places of each disagreement.
    pub disagreements: IndexMap<Disagreement, Vec<String>>,
}

/// Scans an OpenAPI file.
///
/// # Errors
/// Returns an error if the text is not YAML or not an OpenAPI file.
pub fn scan(text: &str) -> Result<ScanReport, Unreadable> {
    let document = openapi::read(text)?;
    let plain = Plain::new().map_err(|error| Unreadable::because(error.to_string()))?;
    let mut report = ScanReport::default();
    for fact in SCANNED {
        report.agreements.insert(fact, Agreement::default());
    }
    let mut seen = HashSet::new();
    for (path, operations) in &document.paths {
        for operation in operations.values() {
            if let Some((task, _)) = document.task(operation) {
                let object = document.fields(task);
                report.compare(&plain, path, &object, Payload::Task);
                let queue = schemas_in(task, &document);
                report.compare_all(&plain, &document, queue, &mut seen, Payload::Task);
            }
            let result = document.result(operation).into_iter().collect();
            report.compare_all(&plain, &document, result, &mut seen, Payload::Result);
        }
    }
    Ok(report)
}

impl ScanReport {
    /// Returns whether each fact agrees enough.
    pub fn is_enough(&self) -> bool {
        self.agreements.values().all(|it| it.is_enough())
    }

    /// Compares the facts of schemas, and of those inside, each once.
    fn compare_all<'a>(
        &mut self,
        plain: &Plain,
        document: &'a Document,
        mut queue: Vec<&'a str>,
        seen: &mut HashSet<&'a str>,
        payload: Payload,
    ) {
        while let Some(name) = queue.pop() {
            let Some(schema) = document.schema(name).filter(|_| seen.insert(name)) else {
                continue;
            };
            self.compare(plain, name, &document.fields(schema), payload);
            queue.extend(schemas_in(schema, document));
        }
    }

    /// Compares the facts of the fields of an object.
    fn compare(
        &mut self,
        plain: &Plain,
        place: &str,
        object: &IndexMap<&str, &Schema>,
        payload: Payload,
    ) {
        let fields = read_fields(object, payload);
        for (name, schema) in object {
            let description = schema.description.as_deref().unwrap_or_default();
            let mut stated = plain.read(name, shape_of(name, schema, payload), description);
            if payload == Payload::Result {
                stated.retain(|fact, _| *fact == "values");
            }
            // A field can be required with the object around it, whose name is not known here.
            let is_beside = |it: &Value| it.as_str().is_some_and(|it| object.contains_key(it));
            stated.retain(|fact, it| *fact != "required_with" || is_beside(it));
            let read = facts_of(&fields, name);
            for fact in SCANNED {
                let disagreement = Disagreement {
                    fact,
                    stated: stated.remove(fact),
                    read: read.get(fact).cloned(),
                    description: description.to_owned(),
                };
                self.count(disagreement, format!("{place}: {name}"));
            }
        }
    }

    /// Counts one fact of a field, whether the two readings agree or not.
    fn count(&mut self, found: Disagreement, place: String) {
        let agreement = self.agreements.entry(found.fact).or_default();
        agreement.stated += usize::from(found.stated.is_some());
        if are_equal(found.stated.as_ref(), found.read.as_ref()) {
            if let Some(value) = found.stated {
                agreement.agree += 1;
                let facts = self.agreed.entry(place).or_default();
                facts.insert(found.fact, value);
            }
            return;
        }
        agreement.missed += usize::from(found.stated.is_some());
        agreement.invented += usize::from(found.read.is_some());
        self.disagreements.entry(found).or_default().push(place);
    }
}

/// Returns the names of the schemas that a schema refers to.
fn schemas_in<'a>(schema: &'a Schema, document: &'a Document) -> Vec<&'a str> {
    let mut names = Vec::new();
    for field in document.fields(schema).values() {
        let mut inner = Some(*field);
        while let Some(it) = inner {
            names.extend(it.named());
            inner = it.element();
        }
    }
    if let Some((_, members)) = schema.members() {
        names.extend(members.map(|(_, member)| member));
    }
    names
}

/// Returns the shape of the value of a field.
fn shape_of(name: &str, schema: &Schema, payload: Payload) -> Shape {
    let is_task = payload == Payload::Task;
    if let Some(element) = &schema.items {
        return match element.kind.as_deref() {
            _ if is_task && name == "order_by" => Shape::Order,
            _ if is_task && name.ends_with("filters") => Shape::Filters,
            Some("string") => Shape::Texts,
            _ => Shape::List,
        };
    }
    match schema.kind.as_deref() {
        Some("string") => Shape::Text,
        Some("integer" | "number") => Shape::Number,
        Some("boolean") => Shape::Flag,
        _ if schema.element().is_some() => Shape::Map,
        _ => Shape::Object,
    }
}

/// Returns the facts that the import reads about a field. A field that the import moved into the
/// object that requires it is required with that object.
fn facts_of(fields: &Fields, name: &str) -> Facts {
    let own = |field: &Field| -> BTreeMap<&'static str, Value> {
        facts(field, None)
            .into_iter()
            .filter(|(fact, value)| *fact != "required" || *value == Value::Bool(true))
            .collect()
    };
    if let Some(field) = fields.get(name) {
        return own(field);
    }
    let moved = fields
        .iter()
        .find_map(|(parent, field)| Some((parent, field.fields.get(name)?)));
    moved.map_or_else(Facts::new, |(parent, field)| {
        let mut facts = own(field);
        facts.remove("required");
        facts.insert("required_with", parent.as_str().into());
        facts
    })
}

/// Returns whether two values are the same, where numbers have several forms and the order of names
/// does not matter.
fn are_equal(one: Option<&Value>, other: Option<&Value>) -> bool {
    match (one, other) {
        (Some(Value::Number(one)), Some(Value::Number(other))) => one.as_f64() == other.as_f64(),
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            one.len() == other.len() && one.iter().all(|it| other.contains(it))
        }
        (one, other) => one == other,
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
        let text = self.description.lines().collect::<Vec<_>>().join(" / ");
        write!(
            f,
            "{}: stated {}, read {}\n    {text}",
            self.fact,
            show(&self.stated),
            show(&self.read)
        )
    }
}

impl ScanReport {
    /// Returns the table of the agreements, in Markdown.
    pub fn table(&self) -> String {
        let mut table = "| fact | stated | agree | missed | invented |\n".to_owned();
        table.push_str("| --- | ---: | ---: | ---: | ---: |\n");
        for (fact, it) in &self.agreements {
            let Agreement {
                stated,
                agree,
                missed,
                invented,
            } = it;
            table.push_str(&format!(
                "| `{fact}` | {stated} | {agree} | {missed} | {invented} |\n"
            ));
        }
        table
    }
}

impl fmt::Display for ScanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (disagreement, places) in &self.disagreements {
            writeln!(f, "{disagreement}")?;
            let more = match places.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            writeln!(
                f,
                "    at {}{more}",
                places.first().map_or("", String::as_str)
            )?;
        }
        f.write_str(&self.table())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the agreement about one field, of which the two readings have these values.
    fn agreement(stated: Option<Value>, read: Option<Value>) -> Agreement {
        let mut report = ScanReport::default();
        let found = Disagreement {
            fact: "max",
            stated,
            read,
            description: String::new(),
        };
        report.count(found, "task: depth".to_owned());
        report.agreements["max"]
    }

    #[test]
    fn another_value_is_missed_and_invented() {
        let counts = |it: Agreement| [it.stated, it.agree, it.missed, it.invented];
        let (one, two) = (Some(Value::from(1)), Some(Value::from(2)));
        assert_eq!(
            counts(agreement(one.clone(), Some(1.0.into()))),
            [1, 1, 0, 0]
        );
        assert_eq!(counts(agreement(one.clone(), None)), [1, 0, 1, 0]);
        assert_eq!(counts(agreement(None, two.clone())), [0, 0, 0, 1]);
        assert_eq!(counts(agreement(one, two)), [1, 0, 1, 1]);
    }

    #[test]
    fn two_of_a_hundred_can_be_missed_and_none_invented() {
        let agreement = |agree, invented| Agreement {
            stated: 100,
            agree,
            missed: 100 - agree,
            invented,
        };
        assert!(agreement(98, 0).is_enough());
        assert!(!agreement(97, 0).is_enough());
        assert!(!agreement(100, 1).is_enough());
    }
}
