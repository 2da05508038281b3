//! Reader of the vendor's OpenAPI file: the schemas of requests and responses, and their prose.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::page::Unreadable;

/// The content of the file that the import uses.
#[derive(Debug, Default, Deserialize)]
pub struct Document {
    /// Operations by path and method.
    pub paths: IndexMap<String, IndexMap<String, Operation>>,
    /// The named schemas.
    pub components: Components,
}

/// The named parts of the file.
#[derive(Debug, Default, Deserialize)]
pub struct Components {
    /// The schemas by name.
    pub schemas: IndexMap<String, Schema>,
}

/// A method of a path.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// The purpose, with the URL of the page at the end.
    #[serde(default)]
    pub description: String,
    /// The parameters of the path.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// The request body.
    #[serde(default)]
    pub request_body: Option<MediaBody>,
    /// The responses by HTTP status.
    #[serde(default)]
    pub responses: IndexMap<String, MediaBody>,
}

/// A parameter.
#[derive(Debug, Deserialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The description.
    #[serde(default)]
    pub description: String,
}

/// The body of a request or a response.
#[derive(Debug, Deserialize)]
pub struct MediaBody {
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
    /// The description, one fact per line.
    pub description: Option<String>,
    /// The fields of an object.
    pub properties: IndexMap<String, Schema>,
    /// The elements of a list.
    pub items: Option<Box<Schema>>,
    /// The values of a map.
    pub additional_properties: Option<Additional>,
    /// The reference to a named schema.
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    /// A reference that can be null.
    pub one_of: Vec<Schema>,
    /// The parts of a composed schema.
    pub all_of: Vec<Schema>,
    /// The discriminator of a union.
    pub discriminator: Option<Discriminator>,
    /// An example.
    pub example: Option<Value>,
}

/// The values of a map, or whether other fields are allowed.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Additional {
    /// Whether other fields are allowed.
    Allowed(bool),
    /// The schema of the values.
    Schema(Box<Schema>),
}

/// The discriminator of a union.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Discriminator {
    /// The field.
    pub property_name: String,
    /// The members' schemas by the field's value.
    #[serde(default)]
    pub mapping: IndexMap<String, String>,
}

/// The maximum number of parts of a composed schema. The vendor's file has three.
const MAX_PARTS: usize = 100;

/// Reads an OpenAPI file.
///
/// # Errors
/// Returns an error if the text is not YAML or not an OpenAPI file.
pub fn read(text: &str) -> Result<Document, Unreadable> {
    serde_saphyr::from_str(text).map_err(|error| Unreadable::because(error.to_string()))
}

/// Returns the name at the end of a reference.
fn name(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

impl Schema {
    /// Returns the name of the schema that this one refers to.
    pub fn named(&self) -> Option<&str> {
        let one = match self.one_of.as_slice() {
            [one] => one.reference.as_deref(),
            _ => None,
        };
        self.reference.as_deref().or(one).map(name)
    }

    /// Returns the schema of the elements of a list or a map.
    pub fn element(&self) -> Option<&Schema> {
        let of_map = match &self.additional_properties {
            Some(Additional::Schema(of)) => Some(of.as_ref()),
            _ => None,
        };
        self.items.as_deref().or(of_map)
    }

    /// Returns the tag of a union, and its members by the tag's value.
    pub fn members(&self) -> Option<(&str, impl Iterator<Item = (&str, &str)>)> {
        let discriminator = self.discriminator.as_ref()?;
        let mapping = discriminator.mapping.iter();
        let members = mapping.map(|(tag, schema)| (tag.as_str(), name(schema)));
        Some((&discriminator.property_name, members))
    }
}

impl Document {
    /// Returns the schema with a name.
    pub fn schema(&self, name: &str) -> Option<&Schema> {
        self.components.schemas.get(name)
    }

    /// Returns the fields of a schema, including those of its parts.
    pub fn fields<'a>(&'a self, schema: &'a Schema) -> IndexMap<&'a str, &'a Schema> {
        let mut fields = IndexMap::new();
        self.add_fields(schema, &mut fields, &mut HashSet::new());
        fields
    }

    /// Adds the fields of a schema. Each part is added once, since parts can refer to each other.
    fn add_fields<'a>(
        &'a self,
        schema: &'a Schema,
        fields: &mut IndexMap<&'a str, &'a Schema>,
        seen: &mut HashSet<&'a str>,
    ) {
        for part in &schema.all_of {
            let part = match part.named() {
                Some(name) => self.schema(name).filter(|_| seen.insert(name)),
                None => Some(part),
            };
            // Each part is another level, so the limit of parts also limits the depth.
            if let Some(part) = part.filter(|_| seen.len() <= MAX_PARTS) {
                self.add_fields(part, fields, seen);
            }
        }
        let own = schema.properties.iter();
        fields.extend(own.map(|(name, field)| (name.as_str(), field)));
    }

    /// Returns the fields of a member and of its union, without the tag.
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

    /// Returns the schema of a task, and an example.
    pub fn task<'a>(&'a self, operation: &'a Operation) -> Option<(&'a Schema, Option<&'a Value>)> {
        let body = operation.request_body.as_ref()?;
        let media = body.content.values().next()?;
        let task = self.schema(media.schema.items.as_ref()?.named()?)?;
        let example = media.schema.example.as_ref();
        let example = example.or(task.example.as_ref());
        Some((task, example.and_then(|tasks| tasks.get(0))))
    }

    /// Returns the name of the schema of one element of a task's `result`.
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
