//! The type of an undocumented field, inferred from its values.

use indexmap::IndexMap;
use serde_json::Value;

use dataforseo_spec::language::{Evidence, Field, FieldType, Fields, Format, Member};

/// The `doc` of a field that was added because of drift.
pub const DOC: &str = "Not documented; seen in recorded responses.";
/// The `evidence` of a fact that was added because of drift.
pub const EVIDENCE: &str = "recorded responses";

/// The number of fields of an object. One with more is a map.
const MAX_FIELDS: usize = 100;

/// The kinds of value that were observed.
#[derive(Debug, Clone, Default)]
pub struct InferredType {
    booleans: bool,
    integers: bool,
    floats: bool,
    texts: bool,
    other_texts: bool,
    lists: bool,
    objects: bool,
    elements: Option<Box<InferredType>>,
    fields: IndexMap<String, InferredType>,
    too_many: bool,
}

impl InferredType {
    /// Includes a value.
    pub fn observe(&mut self, value: &Value) {
        match value {
            Value::Null => {}
            Value::Bool(_) => self.booleans = true,
            Value::Number(number) if number.is_f64() => self.floats = true,
            Value::Number(_) => self.integers = true,
            Value::String(text) => {
                self.texts = true;
                self.other_texts |= !is_timestamp(text);
            }
            Value::Array(list) => {
                self.lists = true;
                for element in list {
                    self.elements.get_or_insert_default().observe(element);
                }
            }
            Value::Object(map) => {
                self.objects = true;
                for (key, value) in map {
                    if let Some(field) = self.field(key) {
                        field.observe(value);
                    }
                }
            }
        }
    }

    fn field(&mut self, key: &str) -> Option<&mut Self> {
        if self.fields.len() >= MAX_FIELDS && !self.fields.contains_key(key) {
            self.too_many = true;
            return None;
        }
        Some(self.fields.entry(key.to_owned()).or_default())
    }

    /// Includes the values observed at another path.
    pub fn merge(&mut self, other: &Self) {
        self.booleans |= other.booleans;
        self.integers |= other.integers;
        self.floats |= other.floats;
        self.texts |= other.texts;
        self.other_texts |= other.other_texts;
        self.lists |= other.lists;
        self.objects |= other.objects;
        self.too_many |= other.too_many;
        if let Some(elements) = &other.elements {
            self.elements.get_or_insert_default().merge(elements);
        }
        for (key, value) in &other.fields {
            if let Some(field) = self.field(key) {
                field.merge(value);
            }
        }
    }

    /// Returns whether every value was null.
    pub fn is_nothing(&self) -> bool {
        self.kinds() == 0
    }

    /// Returns the number of kinds that have no type in common.
    fn kinds(&self) -> usize {
        let numbers = self.integers || self.floats;
        let kinds = [self.booleans, numbers, self.texts, self.lists, self.objects];
        kinds.into_iter().filter(|kind| *kind).count()
    }

    /// Returns the field, as the spec describes it.
    pub fn to_field(&self) -> Field {
        let mut field = self.bare();
        field.doc = Some(DOC.to_owned());
        field.evidence = Some(Evidence::Field(EVIDENCE.to_owned()));
        field
    }

    /// Returns a member of a union with the observed fields, except those in `known`.
    pub fn to_member(&self, known: &[&str]) -> Member {
        let mut fields = self.fields();
        fields.retain(|name, _| !known.contains(&name.as_str()));
        Member {
            doc: Some(DOC.to_owned()),
            shared: None,
            fields,
            ..Member::default()
        }
    }

    fn bare(&self) -> Field {
        if self.kinds() != 1 {
            return Field::new(FieldType::Json);
        }
        if self.lists {
            return self.holding(FieldType::List, self.elements.as_deref());
        }
        if self.objects && self.is_map() {
            let mut all = Self::default();
            self.fields.values().for_each(|value| all.merge(value));
            return self.holding(FieldType::Map, Some(&all));
        }
        let mut field = Field::new(match self {
            Self { booleans: true, .. } => FieldType::Boolean,
            Self { floats: true, .. } => FieldType::Float,
            Self { integers: true, .. } => FieldType::Integer,
            Self { objects: true, .. } => FieldType::Object,
            _ => FieldType::String,
        });
        if self.texts && !self.other_texts {
            field.format = Some(Format::Timestamp);
        }
        field.fields = self.fields();
        field
    }

    fn fields(&self) -> Fields {
        let fields = self.fields.iter();
        fields
            .map(|(name, field)| {
                let mut field = field.bare();
                field.doc = Some(DOC.to_owned());
                (name.clone(), field)
            })
            .collect()
    }

    /// Returns a list or a map of observed values.
    fn holding(&self, kind: FieldType, of: Option<&Self>) -> Field {
        let of = of.map_or_else(|| Field::new(FieldType::Json), Self::bare);
        let mut field = Field::new(kind);
        field.of = Some(of.kind);
        match of.kind {
            FieldType::List | FieldType::Map => field.each = Some(Box::new(of)),
            _ => {
                field.format = of.format;
                field.fields = of.fields;
            }
        }
        field
    }

    /// Returns whether the keys are data: `us`, `co.uk`, `2026-01`.
    fn is_map(&self) -> bool {
        let data = self.fields.keys().filter(|key| !is_name(key)).count();
        self.too_many || self.fields.is_empty() || data * 2 > self.fields.len()
    }
}

/// Returns whether a key looks like a field of the API: `rank`, `h1_count`, but not `us`.
fn is_name(key: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    key.len() > 2 && key.starts_with(|c: char| c.is_ascii_lowercase()) && key.bytes().all(word)
}

/// Returns whether a text has the format of the API's timestamps.
pub fn is_timestamp(text: &str) -> bool {
    jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %:z", text)
        .is_ok_and(|parsed| parsed.to_timestamp().is_ok())
}

/// Returns whether a text is a date, `yyyy-mm-dd`.
pub fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}
