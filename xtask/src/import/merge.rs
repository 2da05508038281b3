//! Bringing what a page says into a spec file: what is new is added, what people wrote stays, and
//! where the two contradict each other nothing is overwritten.

use serde_json::Value;

use super::facts::facts;
use super::report::Report;
use crate::spec::Diagnostics;
use crate::spec::edit::Editor;
use crate::spec::language::{Endpoint, Field, FieldType, Fields, SharedTypes, Values};
use crate::spec::load::File;
use crate::spec::tree::Path;
use crate::spec::write;

/// Facts that a page is expected to state if they hold. The others may be a person's refinement.
const STATED: [&str; 9] = [
    "required",
    "default",
    "min",
    "max",
    "max_length",
    "min_items",
    "max_items",
    "max_distinct_domains",
    "values",
];

/// Merges a draft into a file, and gives the file's new text.
///
/// # Errors
/// When the file is not written in the way that the import can edit.
pub fn merge(
    draft: &Endpoint,
    existing: &File<Endpoint>,
    text: &str,
    shared: Option<&SharedTypes>,
    report: &mut Report,
) -> Result<String, Diagnostics> {
    let mut merge = Merge {
        editor: Editor::new(&existing.name, text)?,
        shared,
        report,
    };
    merge.endpoint(draft, &existing.content)?;
    Ok(merge.editor.text().to_owned())
}

struct Merge<'a> {
    editor: Editor,
    shared: Option<&'a SharedTypes>,
    report: &'a mut Report,
}

impl Merge<'_> {
    fn endpoint(&mut self, draft: &Endpoint, existing: &Endpoint) -> Result<(), Diagnostics> {
        let facts = |endpoint: &Endpoint| {
            [
                ("path", Value::from(endpoint.path.clone())),
                ("method", format!("{:?}", endpoint.method).into()),
                ("mode", format!("{:?}", endpoint.mode).into()),
                ("source.link", endpoint.source.link.clone().into()),
                (
                    "limits.tasks_per_call",
                    endpoint.limits.tasks_per_call.into(),
                ),
            ]
        };
        for ((name, page), (_, spec)) in facts(draft).into_iter().zip(facts(existing)) {
            if page == spec {
                self.report.agreed += 1;
            } else {
                self.report.contradicts("the endpoint", name, &spec, &page);
            }
        }
        self.source(draft, existing)?;
        let at = |key: &str| vec![key.to_owned(), "fields".to_owned()];
        self.fields(
            &draft.task.fields,
            &existing.task.fields,
            &at("task"),
            "task",
        )?;
        self.fields(
            &draft.result.fields,
            &existing.result.fields,
            &at("result"),
            "result",
        )
    }

    fn source(&mut self, draft: &Endpoint, existing: &Endpoint) -> Result<(), Diagnostics> {
        let path = vec!["source".to_owned()];
        let order = ["link", "revised", "wording"];
        if let Some(page) = &draft.source.revised {
            match &existing.source.revised {
                Some(spec) if spec > page => self.report.notes.push(format!(
                    "the page is the revision of {page}; the spec knows that of {spec}"
                )),
                Some(spec) if spec == page => self.report.agreed += 1,
                _ => {
                    self.report.added.push(format!("revision of {page}"));
                    self.set(&path, "revised", &order, &page.clone().into())?;
                }
            }
        }
        self.wording(
            &path,
            &order,
            "the endpoint",
            &draft.source.wording,
            &existing.source.wording,
        )
    }

    /// The fingerprint of the wording: a change of it is for a person to read.
    fn wording(
        &mut self,
        path: &[String],
        order: &[&str],
        label: &str,
        page: &Option<String>,
        spec: &Option<String>,
    ) -> Result<(), Diagnostics> {
        match (page, spec) {
            (Some(page), Some(spec)) if page == spec => Ok(()),
            (Some(page), spec) => {
                if spec.is_some() {
                    self.report.reworded.push(label.to_owned());
                }
                self.set(path, "wording", order, &page.clone().into())
            }
            (None, _) => Ok(()),
        }
    }

    fn set(
        &mut self,
        path: &[String],
        key: &str,
        order: &[&str],
        value: &Value,
    ) -> Result<(), Diagnostics> {
        let lines = write::entry(key, value, self.editor.indent(path));
        self.editor.set(path, key, order, &lines)
    }

    /// `path` leads to the mapping of fields.
    fn fields(
        &mut self,
        draft: &Fields,
        existing: &Fields,
        path: &[String],
        label: &str,
    ) -> Result<(), Diagnostics> {
        let mut before: Option<&str> = None;
        for (name, page) in draft {
            let label = format!("{label}.{name}");
            match existing.get(name) {
                Some(spec) => {
                    let path: Path = [path, std::slice::from_ref(name)].concat();
                    self.field(page, spec, &path, &label)?;
                }
                None => {
                    let lines = write::field(name, page, self.editor.indent(path));
                    self.editor.insert(path, before, &lines)?;
                    self.report
                        .added
                        .push(format!("{label}: a new field; write its `doc`"));
                }
            }
            before = Some(name);
        }
        for (name, spec) in existing {
            if !draft.contains_key(name) {
                self.report.kept(
                    &format!("{label}.{name}"),
                    "the page has no such field",
                    spec,
                );
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        page: &Field,
        spec: &Field,
        path: &[String],
        label: &str,
    ) -> Result<(), Diagnostics> {
        let stated = facts(page, None);
        let known = facts(spec, self.shared);
        for (name, value) in &stated {
            let correction = spec
                .corrections
                .iter()
                .find(|correction| correction.fact == *name);
            match known.get(name) {
                Some(known) if known == value || refines(name, spec, known, value) => {
                    self.report.agreed += 1;
                }
                _ if correction.is_some_and(|correction| correction.documented == *value) => {
                    self.report.agreed += 1;
                }
                // A field of objects gets its fields along with `of`.
                None => {
                    self.report.added.push(format!("{label}: {name} {value}"));
                    match (&page.values, *name) {
                        (Some(values), "values") => {
                            let lines = write::values(values, self.editor.indent(path));
                            self.editor.set(path, name, &write::FIELD_KEYS, &lines)?;
                        }
                        _ => self.set(path, name, &write::FIELD_KEYS, value)?,
                    }
                }
                Some(known)
                    if *name == "values" && spec.shared.is_none() && grows(known, value) =>
                {
                    let values = with_new(spec.values.as_ref(), page.values.as_ref());
                    let lines = write::values(&values, self.editor.indent(path));
                    self.editor.set(path, name, &write::FIELD_KEYS, &lines)?;
                    self.report
                        .added
                        .push(format!("{label}: values {value}, before {known}"));
                }
                Some(known) => self.report.contradicts(label, name, known, value),
            }
        }
        for correction in &spec.corrections {
            let documented = stated.get(correction.fact.as_str()).unwrap_or(&Value::Null);
            if *documented != correction.documented {
                self.report.contradictions.push(format!(
                    "{label}: the correction of `{}` no longer applies: it is for {}, the page has {documented}; take it out",
                    correction.fact, correction.documented
                ));
            }
        }
        for (name, value) in &known {
            if STATED.contains(name) && !stated.contains_key(name) {
                self.report.kept(
                    label,
                    &format!("the page does not state {name} {value}"),
                    spec,
                );
            }
        }
        self.wording(
            path,
            &write::FIELD_KEYS,
            label,
            &page.wording,
            &spec.wording,
        )?;
        let inner: Path = [path, &["fields".to_owned()]].concat();
        if spec.fields.is_empty() && !page.fields.is_empty() && spec.shared.is_none() {
            let indent = self.editor.indent(path);
            let lines = format!(
                "{:indent$}fields:\n{}",
                "",
                write::fields(&page.fields, indent + 2)
            );
            self.report
                .added
                .push(format!("{label}: {} fields", page.fields.len()));
            return self.editor.set(path, "fields", &write::FIELD_KEYS, &lines);
        }
        let shared = spec
            .shared
            .as_ref()
            .and_then(|name| self.shared?.types.get(name));
        match shared {
            // A shared type is looked at where it stands, not changed from one of its users.
            Some(shared) => {
                for name in page
                    .fields
                    .keys()
                    .filter(|name| !shared.fields.contains_key(*name))
                {
                    self.report.contradictions.push(format!(
                        "{label}.{name}: the shared type has no such field; add it in types.yaml"
                    ));
                }
                Ok(())
            }
            None => self.fields(&page.fields, &spec.fields, &inner, label),
        }
    }
}

/// Whether the page has all the values that the spec knows, and more.
fn grows(known: &Value, stated: &Value) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let stated = list(stated);
    list(known).iter().all(|value| stated.contains(value))
}

/// The page's values, with the meanings that people wrote; a new one still wants its meaning.
fn with_new(known: Option<&Values>, page: Option<&Values>) -> Values {
    let stated: Vec<String> = page
        .into_iter()
        .flat_map(|page| page.names())
        .map(str::to_owned)
        .collect();
    match known {
        Some(Values::Explained(known)) => {
            let meaning = |value: &String| known.get(value).cloned().unwrap_or_default();
            Values::Explained(
                stated
                    .iter()
                    .map(|value| (value.clone(), meaning(value)))
                    .collect(),
            )
        }
        _ => Values::Plain(stated),
    }
}

/// Whether the spec says more than the page without contradicting it.
fn refines(fact: &str, spec: &Field, known: &Value, stated: &Value) -> bool {
    match fact {
        // The page knew no more than that it is an object, or a list.
        "type" => *stated == "json" && matches!(spec.kind, FieldType::Map | FieldType::Object),
        "of" => *stated == "json",
        // Values that the page leaves out were seen elsewhere.
        "values" => {
            let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
            let known = list(known);
            list(stated).iter().all(|value| known.contains(value))
        }
        _ => false,
    }
}
