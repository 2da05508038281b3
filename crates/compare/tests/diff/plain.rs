//! A comparison of two OpenAPI documents that is independent of the tested one. It merges the
//! schemas of each field into one flat schema, and compares the flat schemas.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// A field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldEntry {
    /// The facts about the field, by name.
    pub facts: BTreeMap<&'static str, String>,
    /// The component that contains the field as a property.
    pub owner: Option<String>,
    /// The component of its values, or of its innermost elements.
    pub leaf: Option<String>,
    /// The description.
    pub words: String,
}

/// An endpoint and the path of a field. An empty path means the endpoint itself.
pub type FieldKey = (String, String);

/// A difference: the endpoint, the path, and `added`, `removed`, `words` or the name of a fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SimpleDifference {
    /// The endpoint.
    pub endpoint: String,
    /// The path of the field.
    pub path: String,
    /// The event or the fact.
    pub what: String,
}

impl SimpleDifference {
    /// Creates a difference.
    pub fn new(endpoint: &str, path: &str, what: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            path: path.to_owned(),
            what: what.to_owned(),
        }
    }
}

/// Returns all fields of a document.
pub fn entries(document: &Value) -> BTreeMap<FieldKey, FieldEntry> {
    let mut all = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut id = String::new();
            for segment in path.strip_prefix("/v3/").unwrap().split('/') {
                let segment = if segment.starts_with('{') {
                    "{}"
                } else {
                    segment
                };
                id = if id.is_empty() {
                    segment.to_owned()
                } else {
                    format!("{id}/{segment}")
                };
            }
            let mut walk = Walk {
                document,
                id: id.clone(),
                all: &mut all,
            };
            walk.operation(method, operation);
        }
    }
    all
}

/// Returns the differences between two documents.
pub fn differences(old: &Value, new: &Value) -> BTreeSet<SimpleDifference> {
    let (old, new) = (entries(old), entries(new));
    let mut found = BTreeSet::new();
    let mut say = |key: &FieldKey, what: &str| {
        found.insert(SimpleDifference::new(&key.0, &key.1, what));
    };
    let retyped = |key: &FieldKey| match (old.get(key), new.get(key)) {
        (Some(a), Some(b)) => a.facts["type"] != b.facts["type"],
        _ => false,
    };
    for (a, b, what) in [(&old, &new, "removed"), (&new, &old, "added")] {
        for key in a.keys().filter(|key| !b.contains_key(*key)) {
            // Inner fields of a reported field are not reported.
            let inside = above(key)
                .into_iter()
                .any(|up| retyped(&up) || (a.contains_key(&up) && !b.contains_key(&up)));
            if !inside {
                say(key, what);
            }
        }
    }
    for (key, before) in &old {
        let Some(after) = new.get(key) else { continue };
        if above(key).iter().any(&retyped) {
            continue;
        }
        let names: BTreeSet<_> = before.facts.keys().chain(after.facts.keys()).collect();
        for name in names {
            if before.facts.get(name) != after.facts.get(name) {
                say(key, name);
            }
        }
        if letters(&before.words) != letters(&after.words) {
            say(key, "words");
        } else if before.words != after.words {
            say(key, "punctuation");
        }
    }
    found
}

/// Returns the fields that contain a field. The endpoint is the last one.
fn above((id, path): &FieldKey) -> Vec<FieldKey> {
    let mut all = Vec::new();
    let mut rest = path.as_str();
    while let Some(at) = rest.rfind(['.', '<']) {
        rest = rest[..at].trim_end_matches(['[', ']', '{', '}']);
        all.push((id.clone(), rest.to_owned()));
    }
    if !path.is_empty() {
        all.push((id.clone(), String::new()));
    }
    all
}

/// Returns a text without punctuation and in lower case.
pub fn letters(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    plain
        .to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

struct Walk<'a> {
    document: &'a Value,
    id: String,
    all: &'a mut BTreeMap<FieldKey, FieldEntry>,
}

impl Walk<'_> {
    fn operation(&mut self, method: &str, operation: &Value) {
        let mut facts = BTreeMap::from([
            ("type", "endpoint".to_owned()),
            ("method", method.to_owned()),
        ]);
        if operation["deprecated"] == true {
            facts.insert("deprecated", "true".to_owned());
        }
        let entry = FieldEntry {
            facts,
            words: operation["description"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            ..FieldEntry::default()
        };
        self.all.insert((self.id.clone(), String::new()), entry);
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let mut schema = parameter["schema"].clone();
            if !schema.is_object() {
                schema = json!({});
            }
            schema["description"] = parameter["description"].clone();
            let name = parameter["name"].as_str().unwrap();
            self.field("path", name, &schema, true, None, &[]);
        }
        if let Some(content) = operation["requestBody"]["content"].as_object() {
            let body = &content.values().next().unwrap()["schema"];
            let flat = self.flat(body);
            let task = flat.get("items").cloned().unwrap_or_else(|| body.clone());
            self.inside("task", &task, &[]);
        }
        if let Some(content) = operation["responses"]["200"]["content"].as_object() {
            let body = content.values().next().unwrap()["schema"].clone();
            let mut envelope = self.flat(&body);
            // Results have their own path, so `tasks` only contains fields of the envelope.
            let tasks = envelope["properties"].get("tasks").cloned();
            if let Some(tasks) = tasks {
                let inner = self.flat(&tasks);
                let task = inner.get("items").cloned().unwrap_or_default();
                let mut task = self.flat(&task);
                let results = task
                    .get_mut("properties")
                    .and_then(|all| all.as_object_mut())
                    .and_then(|all| all.remove("result"));
                if let Some(results) = results {
                    let results = self.flat(&results);
                    if let Some(result) = results.get("items") {
                        self.inside("result", result, &[]);
                    }
                }
                self.properties("response.tasks[]", &task, None, &[]);
            }
            if let Some(tasks) = envelope["properties"].get_mut("tasks") {
                let mut flat = self.flat(tasks);
                flat["items"] = json!({ "properties": {}, "type": "object", "$name": "Task" });
                *tasks = Value::Object(flat);
            }
            self.properties("response", &envelope, None, &[]);
        }
    }

    fn inside(&mut self, path: &str, schema: &Value, open: &[String]) {
        let flat = self.flat(schema);
        let name = flat.get("$name").and_then(Value::as_str).map(str::to_owned);
        let mut open = open.to_vec();
        if let Some(name) = &name {
            if open.contains(name) {
                return;
            }
            open.push(name.clone());
        }
        let mapping = flat
            .get("discriminator")
            .and_then(|it| it["mapping"].as_object())
            .cloned();
        let Some(mapping) = mapping.filter(|all| !all.is_empty()) else {
            self.properties(path, &flat, name.as_deref(), &open);
            return;
        };
        let tag = flat["discriminator"]["propertyName"]
            .as_str()
            .unwrap()
            .to_owned();
        for (wire, reference) in &mapping {
            let path = format!("{path}<{wire}>");
            let entry = FieldEntry {
                facts: BTreeMap::from([("type", "member".to_owned())]),
                ..FieldEntry::default()
            };
            self.all.insert((self.id.clone(), path.clone()), entry);
            let member = reference
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned();
            if open.contains(&member) {
                continue;
            }
            let mut open = open.clone();
            open.push(member);
            let mut near = json!({ "$ref": reference });
            near = Value::Object(self.flat(&near));
            let mut both = self.flat(&json!({ "allOf": [near, flat] }));
            both["properties"].as_object_mut().unwrap().remove(&tag);
            self.properties(&path, &both, None, &open);
        }
    }

    fn properties(
        &mut self,
        path: &str,
        flat: &Map<String, Value>,
        owner: Option<&str>,
        open: &[String],
    ) {
        let required = flat
            .get("required")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        for (name, schema) in flat["properties"].as_object().unwrap() {
            self.field(
                path,
                name,
                schema,
                required.contains(&json!(name)),
                owner,
                open,
            );
        }
    }

    fn field(
        &mut self,
        parent: &str,
        name: &str,
        schema: &Value,
        required: bool,
        owner: Option<&str>,
        open: &[String],
    ) {
        let mut path = format!("{parent}.{name}");
        let key = (self.id.clone(), path.clone());
        let flat = self.flat(schema);
        let mut facts = BTreeMap::new();
        if required {
            facts.insert("required", "true".to_owned());
        }
        let filters =
            parent.starts_with("task") && (name.ends_with("filters") || name == "order_by");
        let kind = self.kind(&flat);
        let kind = if filters && kind.starts_with("list") {
            "conditions".to_owned()
        } else {
            kind
        };
        facts.insert("type", kind);
        facts.insert(
            "nullable",
            flat.get("nullable")
                .is_some_and(|it| it == true)
                .to_string(),
        );
        for (name, keys) in [
            ("default", ["default", "x-default"]),
            ("min", ["minimum", "x-minimum"]),
            ("max", ["maximum", "x-maximum"]),
            ("max_length", ["maxLength", ""]),
            ("min_items", ["minItems", "minProperties"]),
            ("max_items", ["maxItems", "maxProperties"]),
            ("deprecated", ["deprecated", ""]),
        ] {
            if let Some(value) = keys.iter().find_map(|key| flat.get(*key)) {
                facts.insert(name, value.to_string());
            }
        }
        let mut leaf = flat.clone();
        let mut element = None;
        while let Some((bracket, inner)) = self.element(&leaf) {
            path.push_str(bracket);
            let inner = self.flat(&inner);
            element = element.or(Some(inner.get("nullable").is_some_and(|it| it == true)));
            leaf = inner;
        }
        if let Some(nullable) = element {
            facts.insert("elements_nullable", nullable.to_string());
        }
        if let Some(values) = leaf.get("enum") {
            let values: BTreeSet<String> = values
                .as_array()
                .unwrap()
                .iter()
                .map(Value::to_string)
                .collect();
            facts.insert("values", format!("{values:?}"));
        }
        if let Some(format) = leaf.get("format") {
            let name = if format == "date" {
                "format"
            } else {
                "number_format"
            };
            facts.insert(name, format.to_string());
        }
        let entry = FieldEntry {
            facts,
            owner: owner.map(str::to_owned),
            leaf: leaf.get("$name").and_then(Value::as_str).map(str::to_owned),
            words: flat
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
        };
        self.all.insert(key, entry);
        self.inside(&path, &Value::Object(leaf), open);
    }

    fn kind(&self, flat: &Map<String, Value>) -> String {
        if let Some((bracket, inner)) = self.element(flat) {
            let word = if bracket == "[]" { "list" } else { "map" };
            return format!("{word} of {}", self.kind(&self.flat(&inner)));
        }
        if let Some(union) = flat.get("discriminator") {
            return format!("union by {}", union["propertyName"]);
        }
        let named = flat.contains_key("$name");
        let empty = flat["properties"].as_object().unwrap().is_empty();
        match flat.get("type").and_then(Value::as_str) {
            Some("object") if empty && !named => "json".to_owned(),
            Some(kind) => kind.to_owned(),
            None if named => "object".to_owned(),
            None => "json".to_owned(),
        }
    }

    fn element(&self, flat: &Map<String, Value>) -> Option<(&'static str, Value)> {
        if let Some(items) = flat.get("items") {
            return Some(("[]", items.clone()));
        }
        let values = flat.get("additionalProperties").filter(|it| it.is_object());
        Some(("{}", values?.clone()))
    }

    /// Returns the merged schemas of a field. The nearest schema wins, and `$name` is the first
    /// component.
    fn flat(&self, schema: &Value) -> Map<String, Value> {
        let mut out = Map::from_iter([("properties".to_owned(), json!({}))]);
        self.merge(schema, &mut out, 0);
        out
    }

    fn merge(&self, schema: &Value, out: &mut Map<String, Value>, depth: usize) {
        let Some(schema) = schema.as_object().filter(|_| depth < 30) else {
            return;
        };
        for (key, value) in schema {
            match key.as_str() {
                "properties" => {
                    for (name, field) in value.as_object().unwrap() {
                        let all = out["properties"].as_object_mut().unwrap();
                        let merged = match all.get(name) {
                            Some(near) => json!({ "allOf": [near, field] }),
                            None => field.clone(),
                        };
                        all.insert(name.clone(), merged);
                    }
                }
                "items" | "additionalProperties" => {
                    let merged = match out.get(key).filter(|it| it.is_object()) {
                        Some(near) if value.is_object() => json!({ "allOf": [near, value] }),
                        Some(near) => near.clone(),
                        None => value.clone(),
                    };
                    out.insert(key.clone(), merged);
                }
                "required" if value.is_array() => {
                    let mut all = out
                        .get("required")
                        .and_then(Value::as_array)
                        .cloned()
                        .unwrap_or_default();
                    all.extend(value.as_array().unwrap().iter().cloned());
                    out.insert(key.clone(), json!(all));
                }
                "nullable" => {
                    if *value == true {
                        out.insert(key.clone(), json!(true));
                    }
                }
                "type" => {
                    let mut kind = value.clone();
                    if let Some(kinds) = value.as_array() {
                        if kinds.contains(&json!("null")) {
                            out.insert("nullable".to_owned(), json!(true));
                        }
                        kind = kinds.iter().find(|kind| **kind != "null").unwrap().clone();
                    }
                    out.entry("type").or_insert(kind);
                }
                "allOf" | "oneOf" | "anyOf" | "$ref" => {}
                _ => {
                    out.entry(key.clone()).or_insert(value.clone());
                }
            }
        }
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap();
            out.entry("$name").or_insert(json!(name));
            self.merge(
                &self.document["components"]["schemas"][name],
                out,
                depth + 1,
            );
        }
        for member in schema
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.merge(member, out, depth + 1);
        }
        for key in ["oneOf", "anyOf"] {
            let all = schema
                .get(key)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            let (null, mut rest): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|it| it["type"] == "null");
            if !null.is_empty() {
                out.insert("nullable".to_owned(), json!(true));
            }
            rest.retain(|it| *it != json!({}));
            if let [one] = rest.as_slice() {
                self.merge(one, out, depth + 1);
            }
        }
    }
}
