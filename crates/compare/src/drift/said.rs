//! What the spec says of a value, and in which file and where it says that.

use std::collections::BTreeMap;

use dataforseo_spec::language::{Field, FieldType, Fields, SharedType, Values};
use dataforseo_spec::tree::{Path, Tree};
use dataforseo_spec::{EndpointFile, Spec};

/// A place in the spec.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct At {
    /// The file, from the workspace's root on.
    pub file: String,
    /// The keys that lead to it.
    pub path: Path,
}

impl At {
    /// What stands under a key of this.
    pub fn child(&self, key: &str) -> Self {
        Self {
            file: self.file.clone(),
            path: [self.path.as_slice(), &[key.to_owned()]].concat(),
        }
    }
}

/// Which part of an exchange something is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What is sent: the sender makes mistakes of his own.
    Task,
    /// What comes back.
    Result,
    /// What stands around the tasks of an answer. Its types are written by hand.
    Envelope,
}

/// What an endpoint says of its task and of its result, each as if it were a field.
#[derive(Debug)]
pub struct Roots {
    task: Field,
    result: Field,
}

impl Roots {
    /// Those of an endpoint.
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

/// The envelope as if it were a field.
pub fn envelope(spec: &Spec) -> Field {
    let mut field = Field::new(FieldType::Object);
    field.fields = spec.api.content.envelope.fields.clone();
    field
}

/// A list of such values. That it can be null is said with the envelope.
fn root(of: FieldType) -> Field {
    let mut field = Field::new(FieldType::List);
    field.of = Some(of);
    field.absent = Some("With the envelope.".to_owned());
    field
}

/// What the spec says of one value.
#[derive(Debug, Clone)]
pub struct Said<'s> {
    /// The field that says it; for an element of a list and a value of a map, theirs.
    pub field: &'s Field,
    /// The kind of value.
    pub kind: FieldType,
    /// Whether this is an element of the field's list, or a value of its map.
    pub inside: bool,
    /// Where the field stands.
    pub at: At,
    /// The part of the exchange.
    pub role: Role,
    section: &'s str,
}

/// What the spec says of an object's fields.
#[derive(Debug, Clone)]
pub struct FieldsSaid<'s> {
    /// The fields, and where they stand; a further one belongs here.
    pub own: &'s Fields,
    /// Where these stand.
    pub at: At,
    /// The fields that all members of the union have, and where they stand.
    pub common: Option<(&'s Fields, At)>,
    /// The union's tag, which is no field besides.
    pub tag: Option<&'s str>,
}

impl<'s> FieldsSaid<'s> {
    /// All of them, in the order of the documentation.
    pub fn iter(&self) -> impl Iterator<Item = (&'s str, &'s Field, &At)> {
        let common = self.common.iter().map(|(fields, at)| (*fields, at));
        let groups = common.chain([(self.own, &self.at)]);
        groups.flat_map(|(fields, at)| {
            let fields = fields.iter();
            fields.map(move |(name, field)| (name.as_str(), field, at))
        })
    }

    fn find(&self, name: &str) -> Option<(&'s Field, At)> {
        if let Some(field) = self.own.get(name) {
            return Some((field, self.at.child(name)));
        }
        let (fields, at) = self.common.as_ref()?;
        Some((fields.get(name)?, at.child(name)))
    }
}

/// What the spec says of a union.
#[derive(Debug, Clone)]
pub struct UnionSaid<'s> {
    /// The field that tells the members apart.
    pub tag: &'s str,
    /// The union.
    pub shared: &'s SharedType,
    /// Where it stands.
    pub at: At,
}

/// What the spec says of an object.
#[derive(Debug, Clone)]
pub enum ObjectSaid<'s> {
    /// It has these fields.
    Fields(FieldsSaid<'s>),
    /// It is a member of this.
    Union(UnionSaid<'s>),
}

/// The spec, to look things up in.
#[derive(Debug, Clone, Copy)]
pub struct Book<'s> {
    spec: &'s Spec,
}

impl<'s> Book<'s> {
    /// This spec.
    pub fn new(spec: &'s Spec) -> Self {
        Self { spec }
    }

    /// What is said of an endpoint's tasks and of its results.
    pub fn roots(self, file: &'s EndpointFile, roots: &'s Roots) -> (Said<'s>, Said<'s>) {
        let said = |field, key: &str, role| Said {
            field,
            kind: FieldType::List,
            inside: false,
            at: At {
                file: file.file.name.clone(),
                path: vec![key.to_owned()],
            },
            role,
            section: &file.section,
        };
        (
            said(&roots.task, "task", Role::Task),
            said(&roots.result, "result", Role::Result),
        )
    }

    /// What is said of every answer's envelope.
    pub fn envelope(self, field: &'s Field) -> Said<'s> {
        Said {
            field,
            kind: FieldType::Object,
            inside: false,
            at: At {
                file: self.spec.api.name.clone(),
                path: vec!["envelope".to_owned()],
            },
            role: Role::Envelope,
            section: "",
        }
    }

    /// The files of the spec that can be edited, with the places in them.
    pub fn trees(self) -> BTreeMap<&'s str, &'s Tree> {
        let shared = self.spec.shared.values();
        let shared = shared.map(|file| (file.name.as_str(), &file.tree));
        let endpoints = self.spec.endpoints.iter();
        let endpoints = endpoints.map(|it| (it.file.name.as_str(), &it.file.tree));
        let api = [(self.spec.api.name.as_str(), &self.spec.api.tree)];
        shared.chain(endpoints).chain(api).collect()
    }

    fn shared(self, said: &Said<'s>) -> Option<(&'s SharedType, At)> {
        let name = said.field.shared.as_ref()?;
        let file = self.spec.shared.get(said.section)?;
        let at = At {
            file: file.name.clone(),
            path: vec!["types".to_owned(), name.clone()],
        };
        Some((file.content.types.get(name)?, at))
    }

    /// What is said of an object's fields.
    pub fn object(self, said: &Said<'s>) -> ObjectSaid<'s> {
        let Some((shared, at)) = self.shared(said) else {
            return ObjectSaid::Fields(FieldsSaid {
                own: &said.field.fields,
                at: said.at.child("fields"),
                common: None,
                tag: None,
            });
        };
        match &shared.tag {
            Some(tag) => ObjectSaid::Union(UnionSaid { tag, shared, at }),
            None => ObjectSaid::Fields(FieldsSaid {
                own: &shared.fields,
                at: at.child("fields"),
                common: None,
                tag: None,
            }),
        }
    }

    /// What is said of a union's member; nothing if it has no such one.
    pub fn member(
        self,
        said: &Said<'s>,
        union: &UnionSaid<'s>,
        wire: &str,
    ) -> Option<FieldsSaid<'s>> {
        let member = union.shared.members.get(wire)?;
        let tag = Some(union.tag);
        if let Some(name) = &member.shared {
            let file = self.spec.shared.get(said.section)?;
            let at = At {
                file: file.name.clone(),
                path: ["types", name, "fields"].map(str::to_owned).to_vec(),
            };
            let own = &file.content.types.get(name)?.fields;
            let common = None;
            return Some(FieldsSaid {
                own,
                at,
                common,
                tag,
            });
        }
        Some(FieldsSaid {
            own: &member.fields,
            at: union.at.child("members").child(wire).child("fields"),
            common: Some((&union.shared.fields, union.at.child("fields"))),
            tag,
        })
    }

    /// The documented values of a string, or keys of a map, and where they stand.
    pub fn values(self, said: &Said<'s>) -> Option<(&'s Values, At)> {
        // What a map's field lists are its keys; what it shares is of its values.
        let is_map = said.field.kind == FieldType::Map;
        if let Some(values) = said
            .field
            .values
            .as_ref()
            .filter(|_| !(is_map && said.inside))
        {
            return Some((values, said.at.child("values")));
        }
        if is_map && !said.inside {
            return None;
        }
        let (shared, at) = self.shared(said)?;
        Some((shared.values.as_ref()?, at.child("values")))
    }
}

impl<'s> Said<'s> {
    /// What is said of an element of this list, or of a value of this map.
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

    /// What is said of a field of this object.
    pub fn field(&self, fields: &FieldsSaid<'s>, name: &str) -> Option<Self> {
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
