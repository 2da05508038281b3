//! Reader of the vendor's OpenAPI file: which schemas a path takes and gives, and their prose.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::page::Unreadable;

/// What the file says, as far as it is of use.
#[derive(Debug, Deserialize)]
pub struct Document {
    /// Operations by path and method.
    pub paths: IndexMap<String, IndexMap<String, Operation>>,
    /// What schemas refer to.
    pub components: Components,
}

/// The named parts of the file.
#[derive(Debug, Deserialize)]
pub struct Components {
    /// The schemas by name.
    pub schemas: IndexMap<String, Schema>,
}

/// A method of a path.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// What it is for, with the address of its page at the end.
    #[serde(default)]
    pub description: String,
    /// The parameters of the path.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// What is sent.
    #[serde(default)]
    pub request_body: Option<Body>,
    /// What is answered, by HTTP status.
    #[serde(default)]
    pub responses: IndexMap<String, Body>,
}

/// A parameter.
#[derive(Debug, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
}

/// A body in some media types.
#[derive(Debug, Deserialize)]
pub struct Body {
    /// The schemas by media type.
    #[serde(default)]
    pub content: IndexMap<String, Media>,
}

/// A body in one media type.
#[derive(Debug, Deserialize)]
pub struct Media {
    /// Its schema.
    pub schema: Schema,
}

/// A schema.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Schema {
    /// The kind of value.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What it is, a fact a line.
    pub description: Option<String>,
    /// The fields of an object.
    pub properties: IndexMap<String, Schema>,
    /// What a list holds.
    pub items: Option<Box<Schema>>,
    /// What a map holds.
    pub additional_properties: Option<Additional>,
    /// The named schema that stands here.
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    /// The file uses it for a reference that can be null.
    pub one_of: Vec<Schema>,
    /// Parts that hold together.
    pub all_of: Vec<Schema>,
    /// What tells the members of a union apart.
    pub discriminator: Option<Discriminator>,
    /// An example.
    pub example: Option<Value>,
}

/// What a map holds, or whether there can be other fields.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Additional {
    /// Whether there can be.
    Allowed(bool),
    /// What it holds.
    Schema(Box<Schema>),
}

/// What tells the members of a union apart.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Discriminator {
    /// The field.
    pub property_name: String,
    /// The members' schemas by the field's value.
    #[serde(default)]
    pub mapping: IndexMap<String, String>,
}

/// How many parts a schema may be put together of. The vendor's file has three.
const MAX_PARTS: usize = 100;

/// Reads the file.
///
/// # Errors
/// When it is no YAML, or not of the form of an OpenAPI file.
pub fn read(text: &str) -> Result<Document, Unreadable> {
    serde_saphyr::from_str(text).map_err(|error| Unreadable::because(error.to_string()))
}

/// The name at the end of a reference.
fn name(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

impl Schema {
    /// The name of the schema that stands here.
    pub fn named(&self) -> Option<&str> {
        let one = match self.one_of.as_slice() {
            [one] => one.reference.as_deref(),
            _ => None,
        };
        self.reference.as_deref().or(one).map(name)
    }

    /// What a list or a map holds.
    pub fn element(&self) -> Option<&Schema> {
        let of_map = match &self.additional_properties {
            Some(Additional::Schema(of)) => Some(of.as_ref()),
            _ => None,
        };
        self.items.as_deref().or(of_map)
    }

    /// The members of a union by the tag's value.
    pub fn members(&self) -> Option<(&str, impl Iterator<Item = (&str, &str)>)> {
        let discriminator = self.discriminator.as_ref()?;
        let mapping = discriminator.mapping.iter();
        let members = mapping.map(|(tag, schema)| (tag.as_str(), name(schema)));
        Some((&discriminator.property_name, members))
    }
}

impl Document {
    /// The schema with this name.
    pub fn schema(&self, name: &str) -> Option<&Schema> {
        self.components.schemas.get(name)
    }

    /// The fields of a schema, those of its parts included.
    pub fn fields<'a>(&'a self, schema: &'a Schema) -> IndexMap<&'a str, &'a Schema> {
        let mut fields = IndexMap::new();
        self.add_fields(schema, &mut fields, &mut HashSet::new());
        fields
    }

    /// A part is taken once, however often it is named: parts can name each other in a circle.
    fn add_fields<'a>(
        &'a self,
        schema: &'a Schema,
        fields: &mut IndexMap<&'a str, &'a Schema>,
        taken: &mut HashSet<&'a str>,
    ) {
        for part in &schema.all_of {
            let part = match part.named() {
                Some(name) => self.schema(name).filter(|_| taken.insert(name)),
                None => Some(part),
            };
            // Each level is one that was named, so a long chain is as deep as it is long.
            if let Some(part) = part.filter(|_| taken.len() <= MAX_PARTS) {
                self.add_fields(part, fields, taken);
            }
        }
        let own = schema.properties.iter();
        fields.extend(own.map(|(name, field)| (name.as_str(), field)));
    }

    /// The fields of a member and of its union, without the tag.
    pub fn member_fields<'a>(
        &'a self,
        union: &'a Schema,
        member: &'a Schema,
    ) -> IndexMap<&'a str, &'a Schema> {
        let mut fields = self.fields(union);
        fields.extend(self.fields(member));
        if let Some((tag, _)) = union.members() {
            fields.shift_remove(tag);
        }
        fields
    }

    /// What is sent: the schema of a task, and an example.
    pub fn task<'a>(&'a self, operation: &'a Operation) -> Option<(&'a Schema, Option<&'a Value>)> {
        let body = operation.request_body.as_ref()?;
        let media = body.content.values().next()?;
        let task = self.schema(media.schema.items.as_ref()?.named()?)?;
        let example = media.schema.example.as_ref();
        let example = example.or(task.example.as_ref());
        Some((task, example.and_then(|tasks| tasks.get(0))))
    }

    /// The name of the schema of one element of a task's `result`.
    pub fn result<'a>(&'a self, operation: &'a Operation) -> Option<&'a str> {
        let body = operation.responses.get("200")?;
        let media = body.content.values().next()?;
        let envelope = self.schema(media.schema.named()?)?;
        let tasks = *self.fields(envelope).get("tasks")?;
        let task = self.schema(tasks.items.as_ref()?.named()?)?;
        let result = *self.fields(task).get("result")?;
        result.items.as_ref()?.named()
    }
}
