//! The surface of an OpenAPI file: the vendor's of version 3.0, with rules in prose, or one that
//! `cargo xtask openapi` printed, with rules in keys.
//!
//! A field is looked at through all schemas that hold at its place, references and parts included,
//! the nearest first: the first that states a fact is taken.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::from_spec::{facts_of, plain_number, settled};
use super::surface::{Endpoint, Fact, Facts, Field, Form, Surface, endpoint_id, words};
use dataforseo_import::docs::Unreadable;
use dataforseo_import::{draft, openapi, prose};
use dataforseo_spec::language::{self, FieldType};

/// Fields, at most: all of v3 has some 85,000.
const FIELDS: usize = 400_000;

/// References behind references, at most; more of them lead in a circle.
const DEPTH: usize = 40;

/// Reads the surface of a file.
///
/// # Errors
/// When the file has no paths, or a reference leads nowhere.
pub fn surface(name: &str, document: &Value) -> Result<Surface, Unreadable> {
    let Some(paths) = document.get("paths").and_then(Value::as_object) else {
        return Err(Unreadable::because(
            "`paths` is no map: expected an OpenAPI file with operations by path and method",
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
    let mut reader = Reader {
        document,
        own,
        said: HashMap::new(),
        read: 0,
        lost: Vec::new(),
    };
    let mut surface = Surface {
        name: name.to_owned(),
        form: if own { Form::OwnOpenApi } else { Form::OpenApi },
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
    match reader.lost.is_empty() {
        true => Ok(surface),
        false => Err(Unreadable(reader.lost)),
    }
}

fn is_method(name: &str) -> bool {
    ["get", "post", "put", "patch", "delete", "head", "options"].contains(&name)
}

type Schema<'a> = &'a Map<String, Value>;

/// The schemas that hold at a place, the nearest first, and the name of the first that has one.
struct View<'a> {
    schemas: Vec<Schema<'a>>,
    name: Option<&'a str>,
    nullable: bool,
}

impl<'a> View<'a> {
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.schemas.iter().find_map(|schema| schema.get(key))
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_str()
    }

    /// The type's name: the one besides `null` where there are two.
    fn kind(&self) -> Option<&'a str> {
        match self.get("type")? {
            Value::Array(kinds) => kinds
                .iter()
                .filter_map(Value::as_str)
                .find(|kind| *kind != "null"),
            kind => kind.as_str(),
        }
    }

    /// What several schemas say under one key: all of it holds.
    fn all(&self, key: &str) -> Vec<&'a Value> {
        let schemas = self.schemas.iter();
        schemas.filter_map(|schema| schema.get(key)).collect()
    }

    /// What stands inside: of a list, or of a map.
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

/// A place that is being read: which schemas are open around it, and which named one it is in.
#[derive(Clone, Default)]
struct At<'a> {
    open: Vec<&'a str>,
    within: Option<(String, String)>,
}

struct Reader<'a> {
    document: &'a Value,
    own: bool,
    /// What prose says, by kind and side and the prose itself: the same recurs all over.
    said: HashMap<(String, bool, &'a str), Facts>,
    /// How many fields were read.
    read: usize,
    lost: Vec<String>,
}

impl<'a> Reader<'a> {
    fn view(&mut self, schemas: &[&'a Value]) -> View<'a> {
        let mut view = View {
            schemas: Vec::new(),
            name: None,
            nullable: false,
        };
        for schema in schemas {
            self.look(schema, &mut view, 0);
        }
        view
    }

    fn look(&mut self, schema: &'a Value, view: &mut View<'a>, depth: usize) {
        let Some(schema) = schema.as_object() else {
            return;
        };
        // One that leads back to itself says nothing new.
        let known = view.schemas.iter().any(|it| std::ptr::eq(*it, schema));
        if known || depth > DEPTH {
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
                None => self.lose(reference),
            }
        }
        for part in list(schema, "allOf") {
            self.look(part, view, depth + 1);
        }
        for key in ["oneOf", "anyOf"] {
            let all = list(schema, key);
            let null = |it: &Value| it.get("type").and_then(Value::as_str) == Some("null");
            view.nullable |= all.iter().any(|it| null(it));
            // An alternative that is empty says that anything else may stand there, too.
            let said = |it: &&&Value| !null(it) && it.as_object().is_some_and(|it| !it.is_empty());
            let rest: Vec<_> = all.iter().filter(said).collect();
            if let [one] = rest.as_slice() {
                self.look(one, view, depth + 1);
            }
        }
    }

    fn component(&self, name: &str) -> Option<&'a Value> {
        let schemas = self.document.get("components")?.get("schemas")?;
        schemas.get(name)
    }

    fn lose(&mut self, reference: &str) {
        self.lose_with(format!(
            "`{reference}` leads nowhere: expected a schema of that name under components.schemas"
        ));
    }

    fn lose_with(&mut self, message: String) {
        if !self.lost.contains(&message) {
            self.lost.push(message);
        }
    }

    fn endpoint(&mut self, path: &str, method: &str, operation: &'a Value) -> Endpoint {
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
            let mut field = self.field("path", name, &schema, &At::default());
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
            let at = At::default();
            match view.inside() {
                Some((_, task)) => self.object("task", &task, &at, &mut fields),
                None => self.object("task", &[body], &at, &mut fields),
            }
        }
        let answer = operation.get("responses").and_then(|all| all.get("200"));
        if let Some(answer) = answer.and_then(body) {
            self.answer(answer, &mut fields);
        }
        Endpoint {
            facts,
            fields,
            text: Some(text.to_owned()),
        }
    }

    /// The envelope, and the result inside of it.
    fn answer(&mut self, schema: &'a Value, fields: &mut IndexMap<String, Field>) {
        let view = self.view(&[schema]);
        for (name, schemas) in view.properties() {
            if name != "tasks" {
                self.add("answer", name, &schemas, &At::default(), fields);
                continue;
            }
            let field = self.field("answer", name, &schemas, &At::default());
            fields.insert("answer.tasks".to_owned(), field);
            let tasks = self.view(&schemas);
            let Some((_, task)) = tasks.inside() else {
                continue;
            };
            let task = self.view(&task);
            for (name, schemas) in task.properties() {
                if name != "result" {
                    self.add("answer.tasks[]", name, &schemas, &At::default(), fields);
                    continue;
                }
                let result = self.view(&schemas);
                if let Some((_, result)) = result.inside() {
                    self.object("result", &result, &At::default(), fields);
                }
            }
        }
    }

    /// A field with all that is in it.
    fn add(
        &mut self,
        parent: &str,
        name: &'a str,
        schemas: &[&'a Value],
        at: &At<'a>,
        fields: &mut IndexMap<String, Field>,
    ) {
        self.read += 1;
        if self.read > FIELDS {
            return self.lose_with(format!(
                "more than {FIELDS} fields with all references followed: expected schemas that do \
                 not multiply"
            ));
        }
        let field = self.field(parent, name, schemas, at);
        let mut path = format!("{parent}.{name}");
        fields.insert(path.clone(), field);
        let mut at = at.clone();
        if let Some((_, place)) = &mut at.within {
            place.push_str(&format!(".{name}"));
        }
        let mut schemas = schemas.to_vec();
        for _ in 0..DEPTH {
            let Some((bracket, inside)) = self.view(&schemas).inside() else {
                break;
            };
            path.push_str(bracket);
            if let Some((_, place)) = &mut at.within {
                place.push_str(bracket);
            }
            schemas = inside;
        }
        self.object(&path, &schemas, &at, fields);
    }

    /// The fields of an object, or the members of a union.
    fn object(
        &mut self,
        path: &str,
        schemas: &[&'a Value],
        at: &At<'a>,
        fields: &mut IndexMap<String, Field>,
    ) {
        let view = self.view(schemas);
        let Some(inner) = opened(at, view.name) else {
            return;
        };
        let Some((tag, members)) = view.union() else {
            for (name, schemas) in view.properties() {
                self.add(path, name, &schemas, &inner, fields);
            }
            demand(path, &view, fields);
            return;
        };
        for (wire, reference) in members {
            let name = component(reference);
            let Some(target) = self.component(name) else {
                self.lose(reference);
                continue;
            };
            let mut facts: Facts = [(Fact::Type, "member".into())].into();
            if let Some(words) = member_words(&view, tag, wire) {
                self.say(words, &mut facts);
            }
            let member = Field {
                parent: path.to_owned(),
                name: wire.to_owned(),
                facts,
                within: view.name.map(|name| (name.to_owned(), format!("<{wire}>"))),
                ..Field::default()
            };
            let path = format!("{path}<{wire}>");
            fields.insert(path.clone(), member);
            let Some(inner) = opened(&inner, Some(name)) else {
                continue;
            };
            let mut properties = view.properties();
            let own = self.view(&[target]);
            for (name, schemas) in own.properties() {
                // The member's own account of a field is the nearer one.
                let all = properties.entry(name).or_default();
                all.splice(0..0, schemas);
            }
            properties.shift_remove(tag);
            // What all members have is told of the union, once.
            let common = At {
                open: inner.open.clone(),
                within: view.name.map(|name| (name.to_owned(), String::new())),
            };
            let own_names = own.properties();
            for (name, schemas) in properties {
                let at = match own_names.contains_key(name) {
                    true => &inner,
                    false => &common,
                };
                self.add(&path, name, &schemas, at, fields);
            }
            demand(&path, &view, fields);
            demand(&path, &own, fields);
        }
    }

    fn field(&mut self, parent: &str, name: &str, schemas: &[&'a Value], at: &At<'a>) -> Field {
        let view = self.view(schemas);
        let task = parent.starts_with("task");
        let mut facts = Facts::new();
        let (kind, element_nullable) = self.kind(&view, 0);
        let kind = settled(task, name, kind);
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
            let said = self.prose(&view, &kind, text, task);
            prose.extend(said.keys().filter(|fact| !keys.contains_key(fact)));
            facts.extend(said);
        }
        facts.extend(keys);
        self.say(text, &mut facts);
        let within = at.within.clone();
        Field {
            parent: parent.to_owned(),
            name: name.to_owned(),
            facts,
            within: within.map(|(ty, place)| (ty, format!("{place}.{name}"))),
            values_of: self.leaf(&view).name.map(str::to_owned),
            text: (!text.is_empty()).then(|| text.to_owned()),
            prose,
            ..Field::default()
        }
    }

    /// The type in words, and whether what is inside of it can be null.
    fn kind(&mut self, view: &View<'a>, depth: usize) -> (String, Option<bool>) {
        if let Some((bracket, inside)) = view.inside().filter(|_| depth < DEPTH) {
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

    /// What the prose states, as the import reads it.
    fn prose(&mut self, view: &View<'a>, kind: &str, text: &'a str, task: bool) -> Facts {
        let key = (kind.to_owned(), task, text);
        if let Some(known) = self.said.get(&key) {
            return known.clone();
        }
        let word = match view.kind() {
            Some("number") => "float",
            Some(word) => word,
            None => "object",
        };
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let said = prose::read(word, &lines);
        let (kind, of) = match kind.split_once(" of ") {
            Some(("list", of)) => (FieldType::List, Some(field_type(of))),
            Some((_, of)) => (FieldType::Map, Some(field_type(of))),
            None => (field_type(kind), None),
        };
        let mut field = language::Field {
            of,
            ..language::Field::new(kind)
        };
        draft::apply_facts(&mut field, &said);
        if !task {
            openapi::forget_rules_of_tasks(&mut field);
        }
        let facts = facts_of(&field, None);
        self.said.insert(key, facts.clone());
        facts
    }

    /// What keys state.
    fn keys(&mut self, view: &View<'a>, facts: &mut Facts) {
        for (fact, keys) in [
            (Fact::Default, &["default", "x-default"][..]),
            (Fact::Min, &["minimum", "x-minimum"]),
            (Fact::Max, &["maximum", "x-maximum"]),
            (Fact::MaxLength, &["maxLength"]),
            (Fact::MinItems, &["minItems", "minProperties"]),
            (Fact::MaxItems, &["maxItems", "maxProperties"]),
            (Fact::MaxConditions, &["x-max-conditions"]),
            (Fact::MaxDistinctDomains, &["x-max-distinct-domains"]),
            (Fact::RequiredUnless, &["x-required-unless"]),
            (Fact::RequiredWith, &["x-required-with"]),
            (Fact::NotAfter, &["x-not-after"]),
        ] {
            let value = keys.iter().find_map(|key| view.get(key));
            facts.extend(value.map(|value| (fact, plain_number(value))));
        }
        // Our own documents say so of every list that is required.
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

    /// What lists and maps hold in the end.
    fn leaf(&mut self, view: &View<'a>) -> View<'a> {
        let mut leaf = View {
            schemas: view.schemas.clone(),
            name: view.name,
            nullable: view.nullable,
        };
        for _ in 0..DEPTH {
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

/// The place inside of a named schema; none if that is open already.
fn opened<'a>(at: &At<'a>, name: Option<&'a str>) -> Option<At<'a>> {
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

/// What is said of a member beside its reference: our own documents do.
fn member_words<'a>(view: &View<'a>, tag: &str, wire: &str) -> Option<&'a str> {
    let alternatives = view.get("oneOf")?.as_array()?.iter();
    let is_meant = |alternative: &&Value| {
        let parts = alternative.get("allOf").and_then(Value::as_array);
        let mut parts = parts.into_iter().flatten();
        parts.any(|part| {
            let tag = part.get("properties").and_then(|all| all.get(tag));
            tag.and_then(|tag| tag.get("const")?.as_str()) == Some(wire)
        })
    };
    let mut meant = alternatives.filter(is_meant);
    meant.next()?.get("description")?.as_str()
}

/// Notes which fields an object must have.
fn demand(path: &str, view: &View<'_>, fields: &mut IndexMap<String, Field>) {
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

fn list<'a>(schema: Schema<'a>, key: &str) -> Vec<&'a Value> {
    let list = schema.get(key).and_then(Value::as_array);
    list.into_iter().flatten().collect()
}

/// The schema of a body in its first media type.
fn body(body: &Value) -> Option<&Value> {
    let media = body.get("content")?.as_object()?.values().next()?;
    media.get("schema")
}

/// The kind of a word of [`Reader::kind`]; an outer list or map is looked into before.
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
