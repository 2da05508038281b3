//! The surface of a spec, and of a documentation page that the import converted to a spec.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::surface::{
    CallSide, Fact, Facts, SourceForm, Surface, SurfaceEndpoint, SurfaceField, endpoint_id,
    is_inside,
};
use dataforseo_spec::Spec;
use dataforseo_spec::facts;
use dataforseo_spec::language::{self, Evidence, FieldType, Fields, Member, SharedTypes};

/// Returns the surface of a spec. Its glossaries must already be applied.
pub fn surface(name: &str, spec: &Spec) -> Surface {
    let mut surface = Surface {
        name: name.to_owned(),
        form: SourceForm::Spec,
        endpoints: Default::default(),
        notes: Vec::new(),
    };
    let envelope = &spec.api.content.envelope.fields;
    let mut visible = BTreeMap::new();
    for endpoint in &spec.endpoints {
        let scope = &endpoint.scope;
        let shared = visible
            .entry(scope)
            .or_insert_with(|| spec.visible_types(scope));
        let content = &endpoint.file.content;
        let id = endpoint_id(&content.path);
        let read = self::endpoint(content, Some(shared), Some(envelope));
        surface.endpoints.insert(id, read);
    }
    surface
}

/// Returns the surface of a documentation page.
pub fn page(name: &str, endpoint: &language::Endpoint, notes: Vec<String>) -> Surface {
    let mut read = self::endpoint(endpoint, None, None);
    // The page does not state what the import assumes about every live endpoint.
    read.facts
        .retain(|fact, _| matches!(fact, Fact::Path | Fact::Method | Fact::Wording));
    Surface {
        name: name.to_owned(),
        form: SourceForm::Page,
        endpoints: [(endpoint_id(&endpoint.path), read)].into(),
        notes,
    }
}

fn endpoint(
    endpoint: &language::Endpoint,
    shared: Option<&SharedTypes>,
    envelope: Option<&Fields>,
) -> SurfaceEndpoint {
    let mut facts = Facts::new();
    facts.insert(Fact::Path, endpoint.path.clone().into());
    facts.insert(Fact::Method, endpoint.method.as_str().into());
    facts.insert(Fact::Mode, endpoint.mode.as_str().into());
    facts.insert(Fact::Charged, endpoint.charged.unwrap_or(true).into());
    let limits = &endpoint.limits;
    for (fact, limit) in [
        (Fact::TasksPerCall, limits.tasks_per_call),
        (Fact::CallsPerMinute, limits.calls_per_minute),
    ] {
        facts.extend(limit.map(|limit| (fact, limit.into())));
    }
    if let Some(rows) = &endpoint.rows {
        facts.insert(Fact::Rows, serde_json::to_value(rows).unwrap_or_default());
    }
    if endpoint.removed_upstream.is_some() {
        facts.insert(Fact::Deprecated, true.into());
    }
    if let Some(doc) = &endpoint.doc {
        facts.insert(Fact::Doc, doc.trim().into());
    }
    if let Some(wording) = &endpoint.source.wording {
        facts.insert(Fact::Wording, wording.clone().into());
    }
    let mut reader = SpecReader {
        shared,
        fields: IndexMap::new(),
        open: Vec::new(),
        side: CallSide::Path,
    };
    reader.fields("path", &endpoint.parameters, None);
    reader.side = CallSide::Task;
    if let Some(task) = &endpoint.task {
        reader.fields("task", &task.fields, None);
    }
    reader.side = CallSide::Result;
    if let Some(result) = &endpoint.result {
        reader.fields("result", &result.fields, None);
        if let Some(name) = &result.shared {
            reader.shared("result", name);
        }
    }
    reader.side = CallSide::Response;
    if let Some(envelope) = envelope {
        reader.fields("response", envelope, None);
        // Results are a side of their own.
        reader
            .fields
            .retain(|path, _| !is_inside(path, "response.tasks[].result"));
    }
    SurfaceEndpoint {
        facts,
        fields: reader.fields,
        text: None,
        deprecation: endpoint.removed_upstream.as_deref().map(gone),
    }
}

struct SpecReader<'a> {
    shared: Option<&'a SharedTypes>,
    fields: IndexMap<String, SurfaceField>,
    /// The types that are being read. A type that contains itself is read once.
    open: Vec<String>,
    side: CallSide,
}

impl<'a> SpecReader<'a> {
    fn find(&self, name: &str) -> Option<&'a language::SharedType> {
        self.shared?.types.get(name)
    }

    fn fields(&mut self, parent: &str, fields: &'a Fields, within: Option<&(String, String)>) {
        for (name, field) in fields {
            let within = within.map(|(ty, at)| (ty.clone(), format!("{at}.{name}")));
            self.field(parent, name, field, within);
        }
    }

    fn field(
        &mut self,
        parent: &str,
        name: &str,
        field: &'a language::Field,
        within: Option<(String, String)>,
    ) {
        let path = format!("{parent}.{name}");
        let leaf = leaf(field);
        let used = leaf.shared.as_deref();
        let kind = with_condition_type(self.side, name, self.kind(field));
        let mut facts = facts_of(field, self.shared);
        facts.insert(Fact::Type, kind.into());
        let read = SurfaceField {
            parent: parent.to_owned(),
            name: name.to_owned(),
            prose: facts.keys().copied().filter(|it| it.in_prose()).collect(),
            facts,
            within: within.clone(),
            values_of: used.map(str::to_owned),
            text: None,
            deprecation: deprecation(field),
            own: matches!(field.evidence, Some(Evidence::Field(_))),
            corrected: corrected(field),
        };
        self.fields.insert(path.clone(), read);
        let inside = format!("{path}{}", brackets(field));
        let within = within.map(|(ty, at)| (ty, format!("{at}{}", brackets(field))));
        self.fields(&inside, &leaf.fields, within.as_ref());
        if let Some(name) = used {
            self.shared(&inside, name);
        }
    }

    /// Adds the content of a shared type at the path that uses it.
    fn shared(&mut self, at: &str, name: &str) {
        let Some(ty) = self.find(name) else { return };
        if self.open.iter().any(|open| open == name) {
            return;
        }
        self.open.push(name.to_owned());
        match ty.is_union() {
            true => {
                for (tag, member) in &ty.members {
                    self.member(at, name, ty, tag, member);
                }
            }
            false => self.fields(at, &ty.fields, Some(&(name.to_owned(), String::new()))),
        }
        self.open.pop();
    }

    fn member(
        &mut self,
        at: &str,
        union: &str,
        ty: &'a language::SharedType,
        tag: &str,
        member: &'a Member,
    ) {
        let path = format!("{at}<{tag}>");
        let within = (union.to_owned(), format!("<{tag}>"));
        let mut facts: Facts = [(Fact::Type, "member".into())].into();
        facts.extend(
            member
                .doc
                .as_ref()
                .map(|doc| (Fact::Doc, doc.trim().into())),
        );
        if member.removed_upstream.is_some() {
            facts.insert(Fact::Deprecated, true.into());
        }
        let read = SurfaceField {
            parent: at.to_owned(),
            name: tag.to_owned(),
            facts,
            deprecation: member.removed_upstream.as_deref().map(gone),
            within: Some(within.clone()),
            ..SurfaceField::default()
        };
        self.fields.insert(path.clone(), read);
        match &member.shared {
            // A shared member is complete: it contains the fields of the union.
            Some(name) => self.shared(&path, name),
            None => {
                // Changes of common fields are reported once, for the union.
                self.fields(&path, &ty.fields, Some(&(union.to_owned(), String::new())));
                self.fields(&path, &member.fields, Some(&within));
            }
        }
    }

    /// Returns the type as text: `list of string`.
    fn kind(&self, field: &language::Field) -> String {
        let of = |of: Option<FieldType>| match &field.each {
            Some(each) => self.kind(each),
            None => self.plain(of.unwrap_or(FieldType::Json), field),
        };
        match field.kind {
            FieldType::List => format!("list of {}", of(field.of)),
            FieldType::Map => format!("map of {}", of(field.of)),
            other => self.plain(other, field),
        }
    }

    fn plain(&self, kind: FieldType, field: &language::Field) -> String {
        let union = || {
            let ty = self.find(field.shared.as_ref()?)?;
            let by = ty.tag.as_ref().map_or("its fields", |tag| tag);
            ty.is_union().then(|| format!("union by {by}"))
        };
        match kind {
            FieldType::Object => match union() {
                Some(union) => union,
                None if field.shared.is_none() && field.fields.is_empty() => "json".to_owned(),
                None => "object".to_owned(),
            },
            FieldType::String => "string".to_owned(),
            FieldType::Integer => "integer".to_owned(),
            FieldType::Float => "float".to_owned(),
            FieldType::Boolean => "boolean".to_owned(),
            FieldType::List => "list".to_owned(),
            FieldType::Map => "map".to_owned(),
            FieldType::Filters => "filters".to_owned(),
            FieldType::Order => "order".to_owned(),
            FieldType::Json => "json".to_owned(),
        }
    }
}

/// Returns the type of a field, with filters and orders recognized by their names.
///
/// Pages and OpenAPI files describe both as lists. The import applies the same rule.
pub fn with_condition_type(side: CallSide, name: &str, kind: String) -> String {
    if side != CallSide::Task || !kind.starts_with("list of") {
        return kind;
    }
    if name.ends_with("filters") {
        "filters".to_owned()
    } else if name == "order_by" {
        "order".to_owned()
    } else {
        kind
    }
}

/// Returns the facts about a field, without its type.
pub fn facts_of(field: &language::Field, shared: Option<&SharedTypes>) -> Facts {
    let stated = facts::facts(field, shared);
    let mut read = Facts::new();
    for fact in Fact::ALL {
        let value = match fact {
            Fact::Type | Fact::Wording | Fact::Doc | Fact::Deprecated => None,
            _ => stated.get(fact.name()),
        };
        read.extend(value.map(|value| (fact, plain_number(value))));
    }
    for (fact, text) in [(Fact::Doc, &field.doc), (Fact::Wording, &field.wording)] {
        let text = text.as_ref().map(|text| text.trim().into());
        read.extend(text.map(|text| (fact, text)));
    }
    if field.deprecated.is_some() || field.removed_upstream.is_some() {
        read.insert(Fact::Deprecated, true.into());
    }
    if field.numbered == Some(true) {
        read.insert(Fact::Numbered, true.into());
    }
    if let Some(over) = &field.over {
        read.insert(Fact::Over, over.clone().into());
    }
    read
}

/// Returns the reason why a field is deprecated, without a period.
fn deprecation(field: &language::Field) -> Option<String> {
    let stated = field.deprecated.as_deref();
    let stated = stated.map(|text| text.trim().trim_end_matches('.').to_owned());
    stated.or_else(|| field.removed_upstream.as_deref().map(gone))
}

/// Returns the reason why something is deprecated that the documentation lacks since a day.
fn gone(day: &str) -> String {
    format!("no longer documented since {day}")
}

/// Normalizes a number: `1` and `1.0` are the same bound.
pub fn plain_number(value: &Value) -> Value {
    match value.as_f64() {
        // An f64 represents whole numbers of this size exactly.
        Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => json!(number as i64),
        _ => value.clone(),
    }
}

/// Returns the innermost element of lists and maps.
fn leaf(field: &language::Field) -> &language::Field {
    field.each.as_deref().map_or(field, leaf)
}

/// Returns `[]` for each list and `{}` for each map around the innermost element.
fn brackets(field: &language::Field) -> String {
    let own = match field.kind {
        FieldType::List => "[]",
        FieldType::Map => "{}",
        _ => "",
    };
    let rest = field.each.as_deref().map(brackets).unwrap_or_default();
    format!("{own}{rest}")
}

fn corrected(field: &language::Field) -> BTreeSet<String> {
    let corrections = field.corrections.iter();
    corrections
        .map(|correction| correction.fact.clone())
        .collect()
}
