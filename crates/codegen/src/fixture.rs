//! Synthetic fixtures generated from the spec, so that every endpoint has a response. The numbers
//! are arbitrary, and the types are the documented ones.
//!
//! An endpoint whose tasks have a `tag` also has the edge cases, which that tag selects. These are
//! an empty success, nulls wherever the API can send one, and undocumented fields and values.
//!
//! A response has at most [`MAX_VALUES`](super::fixture_size::MAX_VALUES) values. A type that
//! contains itself occurs inside of itself as often as that allows; the lists below are empty.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::fixture_size::{Extent, Size};
use dataforseo_spec::language::{Format, Mode, Rows};
use dataforseo_spec::model::{Endpoint, Field, Object, Section, Type, TypeDef};

/// Returns the synthetic fixtures of an endpoint by file name.
pub fn emit(section: &Section, endpoint: &Endpoint, documented: bool) -> Vec<(String, String)> {
    let mut fixtures = Vec::new();
    if !documented {
        fixtures.push(Case::Plain);
    }
    let tagged = endpoint.task.as_ref().is_some_and(|task| {
        let mut fields = task.fields.iter();
        fields.any(|field| field.wire == "tag" && field.ty == Type::String)
    });
    if tagged && endpoint.mode == Mode::Live {
        fixtures.extend([Case::Empty, Case::Nulls, Case::Unknown]);
    }
    fixtures
        .into_iter()
        .filter_map(|case| {
            let fixture = whole_fixture(section, endpoint, case)?;
            Some((case.file().to_owned(), fixture))
        })
        .collect()
}

/// Returns the fixture of the largest extent that is not too large. If even the smallest one is,
/// its last values are empty lists and nulls.
fn whole_fixture(section: &Section, endpoint: &Endpoint, case: Case) -> Option<String> {
    let attempt = |extent: Extent| {
        let synthesis = Synthesis::new(section, endpoint, case, extent)?;
        let results = synthesis.results();
        Some((synthesis, results))
    };
    let (mut synthesis, mut results) = attempt(Extent::LARGEST)?;
    if synthesis.size.is_exceeded() {
        let extent = Extent::largest(|extent| {
            attempt(extent).is_some_and(|(synthesis, _)| !synthesis.size.is_exceeded())
        });
        (synthesis, results) = attempt(extent)?;
    }
    Some(synthesis.fixture(results))
}

/// The case that a synthetic fixture covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    /// Every field has a value.
    Plain,
    /// A success without rows.
    Empty,
    /// Null wherever the API can send it.
    Nulls,
    /// Undocumented fields, values and types.
    Unknown,
}

impl Case {
    fn file(self) -> &'static str {
        match self {
            Self::Plain => "synthetic.json",
            Self::Empty => "empty.json",
            Self::Nulls => "nulls.json",
            Self::Unknown => "unknown.json",
        }
    }

    /// Returns the tag of a task that selects the case.
    fn tag(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Empty => Some("empty"),
            Self::Nulls => Some("nulls"),
            Self::Unknown => Some("unknown"),
        }
    }

    fn note(self) -> &'static str {
        match self {
            Self::Plain => "Generated from the spec. The numbers mean nothing.",
            Self::Empty => "Generated from the spec: a success that found nothing.",
            Self::Nulls => "Generated from the spec: null wherever the API may send it.",
            Self::Unknown => {
                "Generated from the spec: a field, a value and a member that are not documented, \
                 the map keys `` and `WW`, and floats where integers are documented."
            }
        }
    }
}

/// The identifier of all synthetic tasks.
const ID: &str = "01010000-0000-0000-0000-000000000000";

struct Synthesis<'a> {
    section: &'a Section,
    endpoint: &'a Endpoint,
    case: Case,
    /// Returns the example with the tag that selects the case.
    task: Map<String, Value>,
    targets: Vec<String>,
    size: Size,
}

impl<'a> Synthesis<'a> {
    /// Without an example of a task, there is no fixture.
    fn new(
        section: &'a Section,
        endpoint: &'a Endpoint,
        case: Case,
        extent: Extent,
    ) -> Option<Self> {
        let mut task = match &endpoint.example {
            Some(example) => example.as_object()?.clone(),
            None if endpoint.task.is_none() => Map::new(),
            None => return None,
        };
        if let Some(tag) = case.tag() {
            task.insert("tag".to_owned(), tag.into());
        }
        let names = endpoint
            .rows
            .as_ref()
            .map_or("targets", |rows| rows.spec.names_in_task());
        let targets: Vec<&Value> = match task.get(names) {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(Value::Object(map)) => map.values().collect(),
            _ => task.get("target").into_iter().collect(),
        };
        let targets = targets.into_iter().filter_map(Value::as_str);
        let targets = targets.map(str::to_owned).collect();
        Some(Self {
            section,
            endpoint,
            case,
            task,
            targets,
            size: Size::new(extent),
        })
    }

    /// Returns the file with the result of the task.
    fn fixture(&self, results: Value) -> String {
        let endpoint = self.endpoint;
        let parameter = |field: &Field| match field.wire.as_str() {
            "id" => ID,
            _ => "example",
        };
        let mut path = endpoint.path.clone();
        for field in &endpoint.parameters {
            path = path.replace(&format!("{{{}}}", field.wire), parameter(field));
        }
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        // The part of the path between section and mode, as the mock server echoes it.
        let modes = [
            "live",
            "task_post",
            "tasks_ready",
            "tasks_fixed",
            "task_get",
        ];
        let function = parts.iter().skip(2).take_while(|it| !modes.contains(it));
        let function: Vec<&str> = function.copied().collect();
        let mut data = Map::new();
        data.insert("api".into(), self.section.name.clone().into());
        data.insert("function".into(), function.join("/").into());
        data.extend(self.task.clone());
        let posted = endpoint.mode == Mode::TaskPost;
        let (code, message) = if posted {
            (20100, "Task Created.")
        } else {
            (20000, "Ok.")
        };
        let response = json!({
            "version": "0.1.synthetic",
            "status_code": 20000,
            "status_message": "Ok.",
            "time": "0.1000 sec.",
            "cost": 0,
            "tasks_count": 1,
            "tasks_error": 0,
            "tasks": [{
                "id": ID,
                "status_code": code,
                "status_message": message,
                "time": "0.1000 sec.",
                "cost": 0,
                "result_count": results.as_array().map_or(0, Vec::len),
                "path": parts,
                "data": data,
                "result": results,
            }],
        });
        let method = endpoint.method.as_str();
        let mut request = json!({ "method": method, "path": path });
        if endpoint.task.is_some() {
            request["body"] = json!([self.task]);
        }
        let fixture = json!({
            "dfs_fixture": 1,
            "meta": {
                "source": "synthetic",
                "page": endpoint.link,
                "note": self.case.note(),
            },
            "request": request,
            "response": { "status": 200, "body": response },
        });
        format!("{fixture:#}\n")
    }

    fn results(&self) -> Value {
        if self.case == Case::Empty || self.endpoint.mode == Mode::TaskPost {
            return Value::Null;
        }
        let rows = self.endpoint.rows.as_ref();
        if rows.is_some_and(|rows| {
            rows.spec.at == Rows::WHOLE_RESULT && rows.spec.named_by().is_some()
        }) {
            let result = |index| self.value(&self.endpoint.result_type, None, &format!("/{index}"));
            return (0..self.targets.len()).map(result).collect();
        }
        let one = self.value(&self.endpoint.result_type, None, "");
        match one {
            Value::Null => Value::Null,
            one => json!([one]),
        }
    }

    fn find(&self, name: &str) -> Option<&TypeDef> {
        self.section.find(self.endpoint, name)
    }

    fn object(&self, object: &Object, at: &str) -> Map<String, Value> {
        let has_rows = object.fields.iter().any(|field| field.wire == "items");
        let fields = object.fields.iter().map(|field| {
            let at = format!("{at}/{}", field.wire);
            let value = match field.wire.as_str() {
                // Counts are consistent with the rows.
                "items_count" | "total_count" if has_rows => self.rows(object).into(),
                _ => match self.echo(object, field, &at) {
                    Some(value) => value,
                    None => self.value(&field.ty, Some(field), &at),
                },
            };
            (field.wire.clone(), value)
        });
        let mut fields: Map<String, Value> = fields.collect();
        if self.case == Case::Unknown {
            fields.insert("undocumented".to_owned(), json!({ "a": [1, null] }));
        }
        fields
    }

    /// The parts of a task that responses repeat: its fields in the result, its targets in the
    /// rows. A field of another type in the result has another meaning.
    fn echo(&self, object: &Object, field: &Field, at: &str) -> Option<Value> {
        if self.case == Case::Nulls {
            return None;
        }
        let rows = self.endpoint.rows.as_ref();
        let per_target = rows.filter(|rows| rows.row == object.name);
        let wire = &field.wire;
        if per_target.is_some_and(|rows| rows.spec.named_by() == Some(wire)) {
            let index: usize = at.split('/').rev().nth(1)?.parse().ok()?;
            return self.targets.get(index).cloned().map(Value::from);
        }
        let in_result = at.matches('/').count() == 1;
        let sent = self.task.get(wire).filter(|_| in_result)?;
        self.fits(sent, &field.ty).then(|| sent.clone())
    }

    /// Returns whether a value is of a type.
    fn fits(&self, value: &Value, ty: &Type) -> bool {
        match (ty, value) {
            (Type::Json, _) => true,
            (Type::Integer, value) => value.is_i64() || value.is_u64(),
            (Type::Float, value) => value.is_number(),
            (Type::Boolean, value) => value.is_boolean(),
            (Type::String | Type::Enum(_) | Type::Date | Type::Timestamp, value) => {
                value.is_string()
            }
            (Type::List(of), Value::Array(list)) => list.iter().all(|value| self.fits(value, of)),
            (Type::Map(of) | Type::Numbered(of), Value::Object(map)) => {
                map.values().all(|value| self.fits(value, of))
            }
            (Type::Object(name), Value::Object(map)) => {
                self.find_object(name).is_some_and(|object| {
                    object.fields.iter().all(|field| {
                        map.get(&field.wire)
                            .is_none_or(|value| self.fits(value, &field.ty))
                    })
                })
            }
            _ => false,
        }
    }

    fn rows(&self, object: &Object) -> usize {
        let items = object.fields.iter().find(|field| field.wire == "items");
        match items.map(|field| &field.ty) {
            Some(Type::List(of)) => self.length(of),
            _ => 0,
        }
    }

    /// Returns the number of elements of a list: one per target or per member of a union, otherwise
    /// one or two. A list that is nested too often is empty.
    fn length(&self, of: &Type) -> usize {
        if let Type::Object(name) | Type::Union(name) = of
            && self.size.is_nested_too_often(name)
        {
            return 0;
        }
        match (of, &self.endpoint.rows) {
            (Type::Union(name), _) => match self.find(name) {
                Some(TypeDef::Union(union)) => {
                    union.members.len() + usize::from(self.case == Case::Unknown)
                }
                _ => 0,
            },
            (Type::Object(name), Some(rows)) if rows.row == *name => match rows.spec.named_by() {
                Some(_) => self.targets.len(),
                None => 2,
            },
            _ => 1,
        }
    }

    fn value(&self, ty: &Type, field: Option<&Field>, at: &str) -> Value {
        let index: usize = at
            .split('/')
            .filter_map(|part| part.parse().ok())
            .next_back()
            .unwrap_or(0);
        let nulls = self.case == Case::Nulls;
        self.size.count();
        // A union can contain itself, so the size is limited.
        if self.size.is_beyond(at.matches('/').count()) {
            return match ty {
                Type::List(_) => json!([]),
                _ => Value::Null,
            };
        }
        let digest = Sha256::digest(at);
        let seed = digest
            .iter()
            .take(4)
            .fold(0_u32, |seed, byte| seed << 8 | u32::from(*byte));
        let structure = matches!(
            ty,
            Type::List(_) | Type::Map(_) | Type::Object(_) | Type::Union(_)
        );
        // All fields of the first row are null. In the second row, the innermost nullable values
        // are null, and lists also contain a null.
        let first_row = at.split('/').nth(2) == Some("0") && at.matches('/').count() > 2;
        if nulls && (!structure || first_row) {
            return Value::Null;
        }
        match ty {
            Type::Integer if self.case == Case::Unknown && seed % 2 == 0 => {
                f64::from(seed % 1000).into()
            }
            Type::Integer => (seed % 1000).into(),
            Type::Float => (f64::from(seed % 10_000) / 100.0).into(),
            Type::Boolean => (seed % 2 == 0).into(),
            Type::Date => "2026-01-01".into(),
            Type::Timestamp => format!("2026-01-{:02} 08:00:00 +00:00", 1 + seed % 28).into(),
            Type::Json => Value::Null,
            Type::String => self.string(field, index),
            Type::Enum(name) => match (self.case, self.find(name)) {
                (Case::Unknown, _) => "undocumented_value".into(),
                (_, Some(TypeDef::Enum(open))) => open
                    .variants
                    .get(seed as usize % open.variants.len().max(1))
                    .map_or(Value::Null, |variant| variant.wire.clone().into()),
                _ => Value::Null,
            },
            Type::List(of) => {
                let elements = (0..self.length(of))
                    .map(|index| self.value(of, field, &format!("{at}/{index}")));
                let null = nulls && at.matches('/').count() > 2;
                elements.chain(null.then_some(Value::Null)).collect()
            }
            Type::Map(of) => Value::Object(
                self.keys(field)
                    .into_iter()
                    .map(|key| {
                        let value = self.value(of, field, &format!("{at}/{key}"));
                        (key, value)
                    })
                    .collect(),
            ),
            Type::Object(name) => match self.find_object(name) {
                Some(_) if self.size.is_nested_too_often(name) => Value::Null,
                Some(object) => self
                    .size
                    .within(name, || Value::Object(self.object(object, at))),
                None => Value::Null,
            },
            Type::Union(name) if self.size.is_nested_too_often(name) => Value::Null,
            Type::Union(name) => self.size.within(name, || self.member(name, index, at)),
            Type::Numbered(_) | Type::Filters(_) | Type::Order(_) => Value::Null,
        }
    }

    fn string(&self, field: Option<&Field>, index: usize) -> Value {
        match field.and_then(|field| field.spec.format) {
            Some(Format::Date) => "2026-01-01".into(),
            Some(Format::Timestamp) => "2026-01-01 08:00:00 +00:00".into(),
            Some(Format::Url) => "https://example.com/".into(),
            Some(Format::Target) => {
                let target = self.targets.get(index).cloned();
                target.unwrap_or_else(|| "example.com".to_owned()).into()
            }
            None => "example".into(),
        }
    }

    fn find_object(&self, name: &str) -> Option<&Object> {
        self.section.find_object(self.endpoint, name)
    }

    fn member(&self, name: &str, index: usize, at: &str) -> Value {
        let Some(TypeDef::Union(union)) = self.find(name) else {
            return Value::Null;
        };
        let mut fields = Map::new();
        let tag = union.tag.clone().unwrap_or_default();
        let Some(member) = union.members.get(index) else {
            fields.insert(tag, "undocumented_member".into());
            fields.insert("anything".to_owned(), json!([1, { "b": null }]));
            return Value::Object(fields);
        };
        fields.insert(tag, member.wire.clone().into());
        if let Some(object) = self.find_object(&member.object) {
            fields.extend(self.object(object, at));
        }
        Value::Object(fields)
    }

    /// Returns the keys of a synthetic map: the numbers of targets, the documented keys, or the
    /// keys of responses for unknown values.
    fn keys(&self, field: Option<&Field>) -> Vec<String> {
        let by_target = field.is_some_and(|field| {
            let keyed = self.endpoint.rows.as_ref();
            let keyed = keyed.and_then(|rows| rows.spec.keyed_by.as_ref());
            keyed == Some(&field.wire) || field.wire == "targets"
        });
        let mut of_task = self.endpoint.task.iter().flat_map(|task| &task.fields);
        let numbered = of_task.any(|it| it.wire == "targets" && matches!(it.ty, Type::Numbered(_)));
        if by_target && numbered {
            return (1..=self.targets.len()).map(|n| n.to_string()).collect();
        }
        let values = field.and_then(|field| field.spec.values.as_ref());
        let known = values.map(|values| values.names()).unwrap_or_default();
        let mut keys: Vec<&str> = if known.is_empty() {
            vec!["", "example"]
        } else {
            known.into_iter().take(3).collect()
        };
        if self.case == Case::Unknown {
            keys = vec!["", "WW", "undocumented"];
        }
        keys.into_iter().map(str::to_owned).collect()
    }
}
