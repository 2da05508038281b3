//! The spec's description of a value, and its location.

use std::collections::BTreeMap;

use dataforseo_spec::language::{Field, FieldType, Fields, SharedType, Values};
use dataforseo_spec::tree::{Path, Tree};
use dataforseo_spec::{EndpointFile, Scope, Spec};

/// A location in the spec.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SpecLocation {
    /// The file, relative to the workspace.
    pub file: String,
    /// The keys that lead to the location.
    pub path: Path,
}

impl SpecLocation {
    /// Returns the location of a key below this one.
    pub fn child(&self, key: &str) -> Self {
        Self {
            file: self.file.clone(),
            path: [self.path.as_slice(), &[key.to_owned()]].concat(),
        }
    }
}

/// The part of an exchange that contains a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The request. Senders make mistakes, so it proves nothing about the API.
    Task,
    /// The result.
    Result,
    /// The response around the results. Its types are written by hand.
    Envelope,
}

/// The task and the result of an endpoint, each in the form of a field.
#[derive(Debug)]
pub struct Roots {
    task: Field,
    result: Field,
}

impl Roots {
    /// Returns the task and the result of an endpoint.
    pub fn of(file: &EndpointFile) -> Self {
        let content = &file.file.content;
        let mut task = root(FieldType::Json);
        if let Some(object) = &content.task {
            task = root(FieldType::Object);
            task.fields = object.fields.clone();
        }
        let mut result = root(FieldType::Json);
        if let Some(object) = &content.result {
            result = root(FieldType::Object);
            result.shared = object.shared.clone();
            result.fields = object.fields.clone();
        }
        Self { task, result }
    }
}

/// Returns the envelope in the form of a field.
pub fn envelope(spec: &Spec) -> Field {
    let mut field = Field::new(FieldType::Object);
    field.fields = spec.api.content.envelope.fields.clone();
    field
}

/// Returns a list of such values. The envelope states when the list is null.
fn root(of: FieldType) -> Field {
    let mut field = Field::new(FieldType::List);
    field.of = Some(of);
    field.absent = Some("See the envelope.".to_owned());
    field
}

/// The spec's description of one value.
#[derive(Debug, Clone)]
pub struct SpecView<'s> {
    /// The field. For an element of a list or a value of a map, the field of the list or map.
    pub field: &'s Field,
    /// The documented type.
    pub kind: FieldType,
    /// Whether the value is an element of the field's list, or a value of its map.
    pub inside: bool,
    /// The location of the field.
    pub at: SpecLocation,
    /// The part of the exchange.
    pub role: Role,
    /// The folder whose types are visible.
    scope: Scope,
}

/// The spec's description of the fields of an object.
#[derive(Debug, Clone)]
pub struct FieldsView<'s> {
    /// The fields of the object itself. A new field is added here.
    pub own: &'s Fields,
    /// The location of these fields.
    pub at: SpecLocation,
    /// The fields that all members of the union share, and their location.
    pub common: Option<(&'s Fields, SpecLocation)>,
    /// The tag of the union. It does not count as a field.
    pub tag: Option<&'s str>,
}

impl<'s> FieldsView<'s> {
    /// Returns names and locations of all fields, in the order of the documentation.
    pub fn locations(&self) -> impl Iterator<Item = (&'s str, &SpecLocation)> {
        let common = self.common.iter().map(|(fields, at)| (*fields, at));
        let groups = common.chain([(self.own, &self.at)]);
        groups.flat_map(|(fields, at)| {
            let names = fields.keys();
            names.map(move |name| (name.as_str(), at))
        })
    }

    fn find(&self, name: &str) -> Option<(&'s Field, SpecLocation)> {
        if let Some(field) = self.own.get(name) {
            return Some((field, self.at.child(name)));
        }
        let (fields, at) = self.common.as_ref()?;
        Some((fields.get(name)?, at.child(name)))
    }
}

/// The spec's description of a union.
#[derive(Debug, Clone)]
pub struct UnionView<'s> {
    /// The field that distinguishes the members. Absent if the fields of the members do.
    pub tag: Option<&'s str>,
    /// The union.
    pub shared: &'s SharedType,
    /// The location of the union.
    pub at: SpecLocation,
}

/// The spec's description of an object.
#[derive(Debug, Clone)]
pub enum ObjectView<'s> {
    /// An object with fixed fields.
    Fields(FieldsView<'s>),
    /// A member of a union.
    Union(UnionView<'s>),
}

/// The spec, with lookups of its descriptions.
#[derive(Debug, Clone, Copy)]
pub struct SpecIndex<'s> {
    spec: &'s Spec,
}

impl<'s> SpecIndex<'s> {
    /// Creates an index of a spec.
    pub fn new(spec: &'s Spec) -> Self {
        Self { spec }
    }

    /// Returns the spec's description of an endpoint's tasks and results.
    pub fn roots(self, file: &'s EndpointFile, roots: &'s Roots) -> (SpecView<'s>, SpecView<'s>) {
        let view = |field, key: &str, role| SpecView {
            field,
            kind: FieldType::List,
            inside: false,
            at: SpecLocation {
                file: file.file.name.clone(),
                path: vec![key.to_owned()],
            },
            role,
            scope: file.scope.clone(),
        };
        (
            view(&roots.task, "task", Role::Task),
            view(&roots.result, "result", Role::Result),
        )
    }

    /// Returns the spec's description of the envelope of every response.
    pub fn envelope(self, field: &'s Field) -> SpecView<'s> {
        SpecView {
            field,
            kind: FieldType::Object,
            inside: false,
            at: SpecLocation {
                file: self.spec.api.name.clone(),
                path: vec!["envelope".to_owned()],
            },
            role: Role::Envelope,
            scope: Scope::root(),
        }
    }

    /// Returns the files of the spec with their locations, by name.
    pub fn trees(self) -> BTreeMap<&'s str, &'s Tree> {
        let shared = self.spec.shared.values().flatten();
        let shared = shared.map(|file| (file.name.as_str(), &file.tree));
        let endpoints = self.spec.endpoints.iter();
        let endpoints = endpoints.map(|it| (it.file.name.as_str(), &it.file.tree));
        let api = [(self.spec.api.name.as_str(), &self.spec.api.tree)];
        shared.chain(endpoints).chain(api).collect()
    }

    fn shared(self, view: &SpecView<'s>) -> Option<(&'s SharedType, SpecLocation)> {
        let name = view.field.shared.as_ref()?;
        let (_, file, shared) = self.spec.find_type(&view.scope, name)?;
        let at = SpecLocation {
            file: file.name.clone(),
            path: vec!["types".to_owned(), name.clone()],
        };
        Some((shared, at))
    }

    /// Returns the spec's description of an object.
    pub fn object(self, view: &SpecView<'s>) -> ObjectView<'s> {
        let Some((shared, at)) = self.shared(view) else {
            return ObjectView::Fields(FieldsView {
                own: &view.field.fields,
                at: view.at.child("fields"),
                common: None,
                tag: None,
            });
        };
        let tag = shared.tag.as_deref();
        match shared.is_union() {
            true => ObjectView::Union(UnionView { tag, shared, at }),
            false => ObjectView::Fields(FieldsView {
                own: &shared.fields,
                at: at.child("fields"),
                common: None,
                tag: None,
            }),
        }
    }

    /// Returns the member of a union that an object is.
    pub fn member_of(
        self,
        view: &SpecView<'s>,
        union: &UnionView<'s>,
        object: &serde_json::Map<String, serde_json::Value>,
    ) -> Option<&'s str> {
        let find = |name: &str| self.spec.find_type(&view.scope, name).map(|(.., ty)| ty);
        union.shared.member_of(object, find)
    }

    /// Returns the fields of a union's member. `None` if the union has no such member.
    pub fn member(
        self,
        view: &SpecView<'s>,
        union: &UnionView<'s>,
        wire: &str,
    ) -> Option<FieldsView<'s>> {
        let member = union.shared.members.get(wire)?;
        let tag = union.tag;
        if let Some(name) = &member.shared {
            let (_, file, shared) = self.spec.find_type(&view.scope, name)?;
            let at = SpecLocation {
                file: file.name.clone(),
                path: ["types", name, "fields"].map(str::to_owned).to_vec(),
            };
            let own = &shared.fields;
            let common = None;
            return Some(FieldsView {
                own,
                at,
                common,
                tag,
            });
        }
        Some(FieldsView {
            own: &member.fields,
            at: union.at.child("members").child(wire).child("fields"),
            common: Some((&union.shared.fields, union.at.child("fields"))),
            tag,
        })
    }

    /// Returns the documented values of a string, or keys of a map, and their location.
    pub fn values(self, view: &SpecView<'s>) -> Option<(&'s Values, SpecLocation)> {
        // The `values` of a map's field are its keys. A shared type describes its values.
        let is_map = view.field.kind == FieldType::Map;
        if let Some(values) = view
            .field
            .values
            .as_ref()
            .filter(|_| !(is_map && view.inside))
        {
            return Some((values, view.at.child("values")));
        }
        if is_map && !view.inside {
            return None;
        }
        let (shared, at) = self.shared(view)?;
        Some((shared.values.as_ref()?, at.child("values")))
    }
}

impl<'s> SpecView<'s> {
    /// Returns the spec's description of an element of this list, or a value of this map.
    pub fn element(&self) -> Option<Self> {
        let kind = self.field.of?;
        if let (FieldType::List | FieldType::Map, Some(each)) = (kind, &self.field.each) {
            return Some(Self {
                field: each,
                kind: each.kind,
                inside: false,
                at: self.at.child("each"),
                ..self.clone()
            });
        }
        Some(Self {
            kind,
            inside: true,
            ..self.clone()
        })
    }

    /// Returns the spec's description of a field of this object.
    pub fn field(&self, fields: &FieldsView<'s>, name: &str) -> Option<Self> {
        let (field, at) = fields.find(name)?;
        Some(Self {
            field,
            kind: field.kind,
            inside: false,
            at,
            ..self.clone()
        })
    }
}
