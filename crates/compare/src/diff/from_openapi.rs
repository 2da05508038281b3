//! The surface of an OpenAPI file: the vendor's file of version 3.0, or the output of `cargo xtask
//! openapi`. The vendor states rules in descriptions, and our output in keys.
//!
//! Several schemas apply to a field, including references and parts of `allOf`. The nearest schema
//! that states a fact decides.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::from_spec::{facts_of, plain_number, with_condition_type};
use super::surface::{
    CallSide, Fact, Facts, SourceForm, Surface, SurfaceEndpoint, SurfaceField, endpoint_id, words,
};
use dataforseo_import::docs::Unreadable;
use dataforseo_import::{draft, openapi, prose};
use dataforseo_spec::language::{self, FieldType};

/// The limit of fields in a file. The whole API v3 has about 85,000.
const MAX_FIELDS: usize = 400_000;

/// The limit of nested references. More of them form a cycle.
const MAX_DEPTH: usize = 40;

/// Reads the surface of a file.
///
/// # Errors
/// When the file has no paths, or a reference has no target.
pub fn surface(name: &str, document: &Value) -> Result<Surface, Unreadable> {
    let Some(paths) = document.get("paths").and_then(Value::as_object) else {
        return Err(Unreadable::because(
            "`paths` is not a map: expected an OpenAPI file with operations by path and method",
        ));
    };
    let operations = || {
        paths.iter().flat_map(|(path, item)| {
            let item = item.as_object().into_iter().flatten();
            let methods = item.filter(|(method, _)| is_method(method));
            methods.map(move |(method, operation)| (path, method, operation))
        })
    };
    let own = operations().any(|(_, _, operation)| operation.get("x-mode").is_some());
    let mut reader = OpenApiReader {
        document,
        own,
        prose_facts: HashMap::new(),
        read: 0,
        unresolved: Vec::new(),
    };
    let mut surface = Surface {
        name: name.to_owned(),
        form: if own {
            SourceForm::OwnOpenApi
        } else {
            SourceForm::OpenApi
        },
        endpoints: Default::default(),
        notes: Vec::new(),
    };
    for (path, method, operation) in operations() {
        let endpoint = reader.endpoint(path, method, operation);
        let mut id = endpoint_id(path);
        if surface.endpoints.contains_key(&id) {
            id = format!("{id} {}", method.to_uppercase());
        }
        surface.endpoints.insert(id, endpoint);
    }
    if reader.unresolved.is_empty() {
        Ok(surface)
    } else {
        Err(Unreadable(reader.unresolved))
    }
}

fn is_method(name: &str) -> bool {
    ["get", "post", "put", "patch", "delete", "head", "options"].contains(&name)
}

type SchemaMap<'a> = &'a Map<String, Value>;

/// The schemas that apply to a field, the nearest first, and the name of the first named one.
struct SchemaView<'a> {
    schemas: Vec<SchemaMap<'a>>,
    name: Option<&'a str>,
    nullable: bool,
}

impl<'a> SchemaView<'a> {
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.schemas.iter().find_map(|schema| schema.get(key))
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_str()
    }

    /// Returns the name of the type. Ignores `null` in a list of two.
    fn kind(&self) -> Option<&'a str> {
        match self.get("type")? {
            Value::Array(kinds) => kinds
                .iter()
                .filter_map(Value::as_str)
                .find(|kind| *kind != "null"),
            kind => kind.as_str(),
        }
    }

    /// Returns the values of a key in all schemas.
    fn all(&self, key: &str) -> Vec<&'a Value> {
        let schemas = self.schemas.iter();
        schemas.filter_map(|schema| schema.get(key)).collect()
    }

    /// Returns the brackets and the schemas of the elements of a list, or the values of a map.
    fn inside(&self) -> Option<(&'static str, Vec<&'a Value>)> {
        let items = self.all("items");
        if !items.is_empty() {
            return Some(("[]", items));
        }
        let mut values = self.all("additionalProperties");
        values.retain(|schema| schema.is_object());
        (!values.is_empty()).then_some(("{}", values))
    }

    fn properties(&self) -> IndexMap<&'a str, Vec<&'a Value>> {
        let mut all: IndexMap<&str, Vec<&Value>> = IndexMap::new();
        for properties in self.all("properties") {
            for (name, schema) in properties.as_object().into_iter().flatten() {
                all.entry(name).or_default().push(schema);
            }
        }
        all
    }

    fn union(&self) -> Option<(&'a str, Vec<(&'a str, &'a str)>)> {
        let discriminator = self.get("discriminator")?;
        let tag = discriminator.get("propertyName")?.as_str()?;
        let mapping = discriminator.get("mapping").and_then(Value::as_object);
        let members = mapping.into_iter().flatten();
        let members = members.filter_map(|(tag, to)| Some((tag.as_str(), to.as_str()?)));
        let members: Vec<_> = members.collect();
        (!members.is_empty()).then_some((tag, members))
    }
}

/// The context of a field: the schemas that are being read, and the named one that contains it.
#[derive(Clone, Default)]
struct SchemaContext<'a> {
    open: Vec<&'a str>,
    within: Option<(String, String)>,
}

/// The key of a description whose facts were already read.
#[derive(PartialEq, Eq, Hash)]
struct ProseKey<'a> {
    kind: String,
    side: CallSide,
    text: &'a str,
}

struct OpenApiReader<'a> {
    document: &'a Value,
    own: bool,
    /// The facts of descriptions that were already read, because many fields share one.
    prose_facts: HashMap<ProseKey<'a>, Facts>,
    /// The number of fields that were read.
    read: usize,
    unresolved: Vec<String>,
}

impl<'a> OpenApiReader<'a> {
    fn view(&mut self, schemas: &[&'a Value]) -> SchemaView<'a> {
        let mut view = SchemaView {
            schemas: Vec::new(),
            name: None,
            nullable: false,
        };
        for schema in schemas {
            self.look(schema, &mut view, 0);
        }
        view
    }

    fn look(&mut self, schema: &'a Value, view: &mut SchemaView<'a>, depth: usize) {
        let Some(schema) = schema.as_object() else {
            return;
        };
        // A schema that refers to itself adds no facts.
        let known = view.schemas.iter().any(|it| std::ptr::eq(*it, schema));
        if known || depth > MAX_DEPTH {
            return;
        }
        view.schemas.push(schema);
        view.nullable |= schema.get("nullable") == Some(&Value::Bool(true));
        if let Some(Value::Array(kinds)) = schema.get("type") {
            view.nullable |= kinds.iter().any(|kind| kind == "null");
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = component(reference);
            view.name = view.name.or(Some(name));
            match self.component(name) {
                Some(target) => self.look(target, view, depth + 1),
                None => self.note_unresolved(reference),
            }
        }
        for member in list(schema, "allOf") {
            self.look(member, view, depth + 1);
        }
        for key in ["oneOf", "anyOf"] {
            let all = list(schema, key);
            let null = |it: &Value| it.get("type").and_then(Value::as_str) == Some("null");
            view.nullable |= all.iter().any(|it| null(it));
            // An empty alternative means that any other value is allowed, too.
            let is_stated =
                |it: &&&Value| !null(it) && it.as_object().is_some_and(|it| !it.is_empty());
            let rest: Vec<_> = all.iter().filter(is_stated).collect();
            if let [one] = rest.as_slice() {
                self.look(one, view, depth + 1);
            }
        }
    }

    fn component(&self, name: &str) -> Option<&'a Value> {
        let schemas = self.document.get("components")?.get("schemas")?;
        schemas.get(name)
    }

    fn note_unresolved(&mut self, reference: &str) {
        self.note_error(format!(
            "`{reference}` has no target: expected a schema of that name under components.schemas"
        ));
    }

    fn note_error(&mut self, message: String) {
        if !self.unresolved.contains(&message) {
            self.unresolved.push(message);
        }
    }

    fn endpoint(&mut self, path: &str, method: &str, operation: &'a Value) -> SurfaceEndpoint {
        let mut facts: Facts = [
            (Fact::Path, path.into()),
            (Fact::Method, method.to_uppercase().into()),
        ]
        .into();
        for (fact, key) in [(Fact::Mode, "x-mode"), (Fact::Charged, "x-charged")] {
            facts.extend(operation.get(key).map(|value| (fact, value.clone())));
        }
        if operation.get("deprecated") == Some(&Value::Bool(true)) {
            facts.insert(Fact::Deprecated, true.into());
        }
        let text = operation.get("description").and_then(Value::as_str);
        let text = text.unwrap_or_default();
        self.say(text, &mut facts);
        let mut fields = IndexMap::new();
        for parameter in operation
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let Some(name) = parameter.get("name").and_then(Value::as_str) else {
                continue;
            };
            let schema: Vec<&Value> = parameter.get("schema").into_iter().collect();
            let mut field = self.field("path", name, &schema, &SchemaContext::default());
            field.facts.insert(Fact::Required, true.into());
            if let Some(text) = parameter.get("description").and_then(Value::as_str) {
                self.say(text, &mut field.facts);
                field.text = Some(text.to_owned());
            }
            fields.insert(format!("path.{name}"), field);
        }
        if let Some(body) = operation.get("requestBody").and_then(body) {
            let view = self.view(&[body]);
            if let Some(max) = view.get("maxItems") {
                facts.insert(Fact::TasksPerCall, max.clone());
            }
            let at = SchemaContext::default();
            match view.inside() {
                Some((_, task)) => self.object("task", &task, &at, &mut fields),
                None => self.object("task", &[body], &at, &mut fields),
            }
        }
        let response = operation.get("responses").and_then(|all| all.get("200"));
        if let Some(response) = response.and_then(body) {
            self.envelope(response, &mut fields);
        }
        SurfaceEndpoint {
            facts,
            fields,
            text: Some(text.to_owned()),
            deprecation: None,
        }
    }

    /// Adds the envelope, and the result inside it.
    fn envelope(&mut self, schema: &'a Value, fields: &mut IndexMap<String, SurfaceField>) {
        let view = self.view(&[schema]);
        for (name, schemas) in view.properties() {
            if name != "tasks" {
                self.add(
                    "response",
                    name,
                    &schemas,
                    &SchemaContext::default(),
                    fields,
                );
                continue;
            }
            let field = self.field("response", name, &schemas, &SchemaContext::default());
            fields.insert("response.tasks".to_owned(), field);
            let tasks = self.view(&schemas);
            let Some((_, task)) = tasks.inside() else {
                continue;
            };
            let task = self.view(&task);
            for (name, schemas) in task.properties() {
                if name != "result" {
                    self.add(
                        "response.tasks[]",
                        name,
                        &schemas,
                        &SchemaContext::default(),
                        fields,
                    );
                    continue;
                }
                let result = self.view(&schemas);
                if let Some((_, result)) = result.inside() {
                    self.object("result", &result, &SchemaContext::default(), fields);
                }
            }
        }
    }

    /// Adds a field and its inner fields.
    fn add(
        &mut self,
        parent: &str,
        name: &'a str,
        schemas: &[&'a Value],
        at: &SchemaContext<'a>,
        fields: &mut IndexMap<String, SurfaceField>,
    ) {
        self.read += 1;
        if self.read > MAX_FIELDS {
            return self.note_error(format!(
                "more than {MAX_FIELDS} fields with all references followed: expected schemas that \
                 do not multiply"
            ));
        }
        let field = self.field(parent, name, schemas, at);
        let mut path = format!("{parent}.{name}");
        fields.insert(path.clone(), field);
        let mut at = at.clone();
        if let Some((_, path)) = &mut at.within {
            path.push_str(&format!(".{name}"));
        }
        let mut schemas = schemas.to_vec();
        for _ in 0..MAX_DEPTH {
            let Some((bracket, inside)) = self.view(&schemas).inside() else {
                break;
            };
            path.push_str(bracket);
            if let Some((_, path)) = &mut at.within {
                path.push_str(bracket);
            }
            schemas = inside;
        }
        self.object(&path, &schemas, &at, fields);
    }

    /// Adds the fields of an object, or the members of a union.
    fn object(
        &mut self,
        path: &str,
        schemas: &[&'a Value],
        at: &SchemaContext<'a>,
        fields: &mut IndexMap<String, SurfaceField>,
    ) {
        let view = self.view(schemas);
        let Some(inner) = opened(at, view.name) else {
            return;
        };
        let Some((tag, members)) = view.union() else {
            for (name, schemas) in view.properties() {
                self.add(path, name, &schemas, &inner, fields);
            }
            mark_required(path, &view, fields);
            return;
        };
        for (wire, reference) in members {
            let name = component(reference);
            let Some(target) = self.component(name) else {
                self.note_unresolved(reference);
                continue;
            };
            let mut facts: Facts = [(Fact::Type, "member".into())].into();
            if let Some(words) = member_description(&view, tag, wire) {
                self.say(words, &mut facts);
            }
            let member = SurfaceField {
                parent: path.to_owned(),
                name: wire.to_owned(),
                facts,
                within: view.name.map(|name| (name.to_owned(), format!("<{wire}>"))),
                ..SurfaceField::default()
            };
            let path = format!("{path}<{wire}>");
            fields.insert(path.clone(), member);
            let Some(inner) = opened(&inner, Some(name)) else {
                continue;
            };
            let mut properties = view.properties();
            let own = self.view(&[target]);
            for (name, schemas) in own.properties() {
                // The member's own description of a field is nearer.
                let all = properties.entry(name).or_default();
                all.splice(0..0, schemas);
            }
            properties.shift_remove(tag);
            // Changes of common fields are reported once, for the union.
            let common = SchemaContext {
                open: inner.open.clone(),
                within: view.name.map(|name| (name.to_owned(), String::new())),
            };
            let own_names = own.properties();
            for (name, schemas) in properties {
                let at = if own_names.contains_key(name) {
                    &inner
                } else {
                    &common
                };
                self.add(&path, name, &schemas, at, fields);
            }
            mark_required(&path, &view, fields);
            mark_required(&path, &own, fields);
        }
    }

    fn field(
        &mut self,
        parent: &str,
        name: &str,
        schemas: &[&'a Value],
        at: &SchemaContext<'a>,
    ) -> SurfaceField {
        let view = self.view(schemas);
        // A task may be a union: `task<member>`.
        let side = if parent.starts_with("task") {
            CallSide::Task
        } else {
            CallSide::of(parent)
        };
        let mut facts = Facts::new();
        let (kind, element_nullable) = self.kind(&view, 0);
        let kind = with_condition_type(side, name, kind);
        facts.insert(Fact::Type, kind.clone().into());
        facts.insert(Fact::Nullable, view.nullable.into());
        if let Some(nullable) = element_nullable {
            facts.insert(Fact::ElementsNullable, nullable.into());
        }
        let text = view.text("description").unwrap_or_default();
        let mut keys = Facts::new();
        self.keys(&view, &mut keys);
        let mut prose = BTreeSet::new();
        if !self.own {
            let stated = self.prose(&view, &kind, text, side);
            prose.extend(stated.keys().filter(|fact| !keys.contains_key(fact)));
            facts.extend(stated);
        }
        facts.extend(keys);
        self.say(text, &mut facts);
        let within = at.within.clone();
        SurfaceField {
            parent: parent.to_owned(),
            name: name.to_owned(),
            facts,
            within: within.map(|(ty, path)| (ty, format!("{path}.{name}"))),
            values_of: self.leaf(&view).name.map(str::to_owned),
            text: (!text.is_empty()).then(|| text.to_owned()),
            prose,
            ..SurfaceField::default()
        }
    }

    /// Returns the type as text, and whether its elements can be null.
    fn kind(&mut self, view: &SchemaView<'a>, depth: usize) -> (String, Option<bool>) {
        if let Some((bracket, inside)) = view.inside().filter(|_| depth < MAX_DEPTH) {
            let inside = self.view(&inside);
            let (of, _) = self.kind(&inside, depth + 1);
            let word = if bracket == "[]" { "list" } else { "map" };
            return (format!("{word} of {of}"), Some(inside.nullable));
        }
        if let Some((tag, _)) = view.union() {
            return (format!("union by {tag}"), None);
        }
        let kind = match view.kind() {
            Some("number") => "float",
            Some("array") => "list of json",
            Some("object") if view.properties().is_empty() && view.name.is_none() => "json",
            Some(kind) => kind,
            None if view.name.is_some() => "object",
            None => "json",
        };
        (kind.to_owned(), None)
    }

    /// Returns the facts of a description, as the import reads it.
    fn prose(&mut self, view: &SchemaView<'a>, kind: &str, text: &'a str, side: CallSide) -> Facts {
        let key = ProseKey {
            kind: kind.to_owned(),
            side,
            text,
        };
        if let Some(known) = self.prose_facts.get(&key) {
            return known.clone();
        }
        let word = match view.kind() {
            Some("number") => "float",
            Some(word) => word,
            None => "object",
        };
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let statements = prose::read(word, &lines);
        let (kind, of) = match kind.split_once(" of ") {
            Some(("list", of)) => (FieldType::List, Some(field_type(of))),
            Some((_, of)) => (FieldType::Map, Some(field_type(of))),
            None => (field_type(kind), None),
        };
        let mut field = language::Field {
            of,
            ..language::Field::new(kind)
        };
        draft::apply_facts(&mut field, &statements);
        if side != CallSide::Task {
            openapi::forget_rules_of_tasks(&mut field);
        }
        let facts = facts_of(&field, None);
        self.prose_facts.insert(key, facts.clone());
        facts
    }

    /// Adds the facts of keys.
    fn keys(&mut self, view: &SchemaView<'a>, facts: &mut Facts) {
        for (fact, keys) in [
            (Fact::Default, &["default", "x-default"][..]),
            (Fact::Min, &["minimum", "x-minimum"]),
            (Fact::Max, &["maximum", "x-maximum"]),
            (Fact::MinLength, &["minLength"]),
            (Fact::MaxLength, &["maxLength"]),
            (Fact::MaxWords, &["x-max-words"]),
            (Fact::DefaultBy, &["x-default-by"]),
            (Fact::RequiredIf, &["x-required-if"]),
            (Fact::Requires, &["x-requires"]),
            (Fact::Excludes, &["x-excludes"]),
            (Fact::MinItems, &["minItems", "minProperties"]),
            (Fact::MaxItems, &["maxItems", "maxProperties"]),
            (Fact::MaxConditions, &["x-max-conditions"]),
            (Fact::MaxDistinctDomains, &["x-max-distinct-domains"]),
            (Fact::RequiredUnless, &["x-required-unless"]),
            (Fact::RequiredWith, &["x-required-with"]),
            (Fact::NotAfter, &["x-not-after"]),
        ] {
            // The lengths of texts in a list are keys of its elements.
            let of_elements = |key: &str| match fact {
                Fact::MinLength | Fact::MaxLength | Fact::MaxWords => view.get("items")?.get(key),
                _ => None,
            };
            let value = keys
                .iter()
                .find_map(|key| view.get(key).or_else(|| of_elements(key)));
            facts.extend(value.map(|value| (fact, plain_number(value))));
        }
        // Our own documents state it for every required list.
        if self.own && facts.get(&Fact::MinItems) == Some(&json!(1)) {
            facts.remove(&Fact::MinItems);
        }
        if view.get("deprecated") == Some(&Value::Bool(true)) {
            facts.insert(Fact::Deprecated, true.into());
        }
        let names = view.get("propertyNames");
        if names.and_then(|names| names.get("pattern")).is_some() {
            facts.insert(Fact::Numbered, true.into());
        }
        let leaf = self.leaf(view);
        let known = leaf.get("enum");
        let of_map = names.and_then(|names| names.get("anyOf")?.get(0)?.get("enum"));
        if let Some(values) = known.or(of_map) {
            facts.insert(Fact::Values, values.clone());
        }
        match leaf.text("format") {
            Some("date") => facts.insert(Fact::Format, "date".into()),
            Some(format) => facts.insert(Fact::NumberFormat, format.into()),
            None if leaf.get("x-format").is_some() && leaf.kind() == Some("string") => {
                facts.insert(Fact::Format, "timestamp".into())
            }
            None => None,
        };
    }

    /// Returns the innermost element of lists and maps.
    fn leaf(&mut self, view: &SchemaView<'a>) -> SchemaView<'a> {
        let mut leaf = SchemaView {
            schemas: view.schemas.clone(),
            name: view.name,
            nullable: view.nullable,
        };
        for _ in 0..MAX_DEPTH {
            match leaf.inside() {
                Some((_, inside)) => leaf = self.view(&inside),
                None => break,
            }
        }
        leaf
    }

    fn say(&self, text: &str, facts: &mut Facts) {
        let text = text.trim();
        if self.own {
            facts.insert(Fact::Doc, text.into());
        } else {
            facts.insert(Fact::Wording, words(text).join(" ").into());
        }
    }
}

/// Returns the context inside a named schema. `None` if the schema is already being read.
fn opened<'a>(at: &SchemaContext<'a>, name: Option<&'a str>) -> Option<SchemaContext<'a>> {
    let mut inner = at.clone();
    if let Some(name) = name {
        if inner.open.contains(&name) {
            return None;
        }
        inner.open.push(name);
        inner.within = Some((name.to_owned(), String::new()));
    }
    Some(inner)
}

/// Returns the description of a member next to its reference. Only our own documents have one.
fn member_description<'a>(view: &SchemaView<'a>, tag: &str, wire: &str) -> Option<&'a str> {
    let alternatives = view.get("oneOf")?.as_array()?.iter();
    let is_meant = |alternative: &&Value| {
        let schemas = alternative.get("allOf").and_then(Value::as_array);
        let mut schemas = schemas.into_iter().flatten();
        schemas.any(|part| {
            let tag = part.get("properties").and_then(|all| all.get(tag));
            tag.and_then(|tag| tag.get("const")?.as_str()) == Some(wire)
        })
    };
    let mut meant = alternatives.filter(is_meant);
    meant.next()?.get("description")?.as_str()
}

/// Marks the required fields of an object.
fn mark_required(path: &str, view: &SchemaView<'_>, fields: &mut IndexMap<String, SurfaceField>) {
    let names = view.all("required").into_iter().filter_map(Value::as_array);
    for name in names.flatten().filter_map(Value::as_str) {
        if let Some(field) = fields.get_mut(&format!("{path}.{name}")) {
            field.facts.insert(Fact::Required, true.into());
        }
    }
}

fn component(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

fn list<'a>(schema: SchemaMap<'a>, key: &str) -> Vec<&'a Value> {
    let list = schema.get(key).and_then(Value::as_array);
    list.into_iter().flatten().collect()
}

/// Returns the schema of a body in its first media type.
fn body(body: &Value) -> Option<&Value> {
    let media = body.get("content")?.as_object()?.values().next()?;
    media.get("schema")
}

/// Returns the type for a name from [`OpenApiReader::kind`], without an outer list or map.
fn field_type(kind: &str) -> FieldType {
    match kind.split(' ').next().unwrap_or(kind) {
        "string" => FieldType::String,
        "integer" => FieldType::Integer,
        "float" => FieldType::Float,
        "boolean" => FieldType::Boolean,
        "object" | "union" => FieldType::Object,
        "list" => FieldType::List,
        "map" => FieldType::Map,
        "filters" => FieldType::Filters,
        "order" => FieldType::Order,
        _ => FieldType::Json,
    }
}
