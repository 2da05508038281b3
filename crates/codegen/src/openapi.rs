//! The spec as an OpenAPI 3.1 document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::docs;
use super::schema::Schemas;
use dataforseo_spec::language::{FieldType, Fields};
use dataforseo_spec::model::{Endpoint, Model, Section, TypeDef};

/// Emits the document as JSON.
pub fn emit(model: &Model) -> String {
    let mut schemas = Map::new();
    let mut paths = Map::new();
    for section in &model.sections {
        for endpoint in &section.endpoints {
            let operation = operation(section, endpoint, &mut schemas);
            let method = endpoint.method.as_str().to_lowercase();
            let path = paths
                .entry(endpoint.path.clone())
                .or_insert_with(|| json!({}));
            path[&method] = operation;
        }
    }
    envelope(model, &mut schemas);
    schemas.sort_keys();
    let servers = model.api.servers.values();
    let servers: Vec<Value> = servers
        .map(|server| json!({ "url": server.url, "description": server.doc.trim() }))
        .collect();
    let tags: Vec<Value> = model
        .sections
        .iter()
        .map(|section| json!({ "name": section.name, "description": section.doc.trim() }))
        .collect();
    let document = json!({
        "openapi": "3.1.1",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {
            "title": "DataForSEO v3 API",
            "version": "3",
            "description": format!(
                "Made by `cargo xtask openapi` from the spec; no document of the vendor.\n\n\
                 An error comes inside HTTP 200: look at `status_code` of the answer and of each \
                 task. An account may make {} calls a minute, {} at once.",
                model.api.limits.calls_per_minute, model.api.limits.simultaneous_calls
            ),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": servers,
        "security": [{ "basic": [] }],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The login and the password of the API.",
                },
            },
            "schemas": schemas,
        },
    });
    format!("{document:#}\n")
}

/// Returns the name of a type in the whole document, as type names are unique per section only.
fn component(section: &Section, name: &str) -> String {
    let prefix = heck::ToUpperCamelCase::to_upper_camel_case(section.name.as_str());
    format!("{prefix}.{name}")
}

fn operation(section: &Section, endpoint: &Endpoint, schemas: &mut Map<String, Value>) -> Value {
    let own = endpoint.types.iter().chain(&section.shared);
    let types: Vec<&TypeDef> = own.collect();
    let refs = format!("#/components/schemas/{}", component(section, ""));
    let reference = |name: &str| json!({ "$ref": format!("{refs}{name}") });
    let writer = |strict: bool| Schemas {
        types: &types,
        refs: &refs,
        strict,
        named: BTreeSet::new(),
    };
    let mut keep = |mut writer: Schemas<'_>| {
        for (name, schema) in writer.definitions() {
            schemas.insert(component(section, &name), schema);
        }
    };
    let mut own_schemas: Vec<(&String, Value)> = Vec::new();
    let mut summary = endpoint.doc.lines();
    let mut operation = json!({
        "operationId": format!("{}_{}", section.name, endpoint.module),
        "tags": [section.name],
        "summary": summary.next().unwrap_or_default(),
        "description": docs::endpoint(endpoint),
        "externalDocs": { "url": endpoint.link, "description": "The vendor's page." },
        "x-mode": endpoint.mode.as_str(),
        "x-charged": endpoint.charged,
    });
    if !endpoint.parameters.is_empty() {
        let parameters = endpoint.parameters.iter().map(|field| {
            let schema = writer(true).schema(&field.ty, false);
            json!({
                "name": field.wire,
                "in": "path",
                "required": true,
                "description": field.spec.doc.as_deref().unwrap_or_default().trim(),
                "schema": schema,
            })
        });
        operation["parameters"] = parameters.collect();
    }
    if let Some(task) = &endpoint.task {
        let mut writer = writer(true);
        let object = writer.object(task);
        keep(writer);
        own_schemas.push((&task.name, Value::from(object)));
        operation["requestBody"] = request_body(endpoint, reference(&task.name));
    }
    let result = match &endpoint.result {
        Some(result) => {
            let mut writer = writer(false);
            let mut object = Value::from(writer.object(result));
            keep(writer);
            object["description"] = format!("One result of {}.", endpoint.path).into();
            own_schemas.push((&result.name, object));
            json!({ "anyOf": [reference(&result.name), { "type": "null" }] })
        }
        None => {
            let mut writer = writer(false);
            let schema = writer.schema(&endpoint.result_type, true);
            keep(writer);
            schema.into()
        }
    };
    for (name, schema) in own_schemas {
        schemas.insert(component(section, name), schema);
    }
    operation["responses"] = responses(result);
    operation
}

/// Returns the body of a request: a list of tasks.
fn request_body(endpoint: &Endpoint, task: Value) -> Value {
    let mut body = json!({
        "schema": {
            "type": "array",
            "items": task,
            "minItems": 1,
        },
    });
    if let Some(max) = endpoint.limits.tasks_per_call {
        body["schema"]["maxItems"] = max.into();
    }
    if let Some(example) = &endpoint.example {
        body["example"] = json!([example]);
    }
    json!({
        "required": true,
        "content": { "application/json": body },
    })
}

/// Returns the responses to a call.
fn responses(result: Value) -> Value {
    json!({
        "200": {
            "description": "The answer, or an error: `status_code` tells.",
            "content": { "application/json": { "schema": answer(result) } },
        },
        "default": {
            "description": "An error of the call as a whole (401, 402, 404, 500), in the same envelope.",
            "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/Envelope" } },
            },
        },
    })
}

/// Returns the envelope with the results of an endpoint.
fn answer(result: Value) -> Value {
    json!({
        "allOf": [
            { "$ref": "#/components/schemas/Envelope" },
            {
                "properties": {
                    "tasks": {
                        "items": {
                            "properties": {
                                "result": { "type": ["array", "null"], "items": result },
                            },
                        },
                    },
                },
            },
        ],
    })
}

/// Returns the envelope from `api.yaml`.
fn envelope(model: &Model, schemas: &mut Map<String, Value>) {
    let codes: Vec<Value> = model
        .status_codes
        .iter()
        .map(|code| json!({ "const": code.code, "title": code.name, "description": code.doc }))
        .collect();
    // The documented values. The API can add more.
    let status = json!({ "type": "integer", "anyOf": [{ "oneOf": codes }, {}] });
    schemas.insert("StatusCode".to_owned(), status);
    let schema = fields(&model.api.envelope.fields);
    schemas.insert("Envelope".to_owned(), schema);
}

fn fields(fields: &Fields) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|(name, field)| {
            let kind = match field.kind {
                FieldType::String => "string",
                FieldType::Integer => "integer",
                FieldType::Float => "number",
                FieldType::Boolean => "boolean",
                FieldType::List | FieldType::Filters | FieldType::Order => "array",
                FieldType::Object | FieldType::Map | FieldType::Json => "object",
            };
            let mut schema = match name.as_str() {
                "status_code" => json!({ "$ref": "#/components/schemas/StatusCode" }),
                _ => json!({ "type": [kind, "null"] }),
            };
            schema["description"] = field.doc.as_deref().unwrap_or_default().trim().into();
            if let Some(unit) = &field.unit {
                schema["x-unit"] = unit.clone().into();
            }
            if !field.fields.is_empty() {
                schema["items"] = self::fields(&field.fields);
            }
            (name.clone(), schema)
        })
        .collect();
    json!({ "type": "object", "properties": properties, "required": ["status_code"] })
}
