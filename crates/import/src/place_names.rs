//! Names for types of the same name at several depths of one object: each is named by its place.

use std::collections::BTreeSet;

use dataforseo_spec::language::{Endpoint, Field, FieldType, Fields, SharedType};
use dataforseo_spec::names;

/// Names the types of an endpoint whose names by their own fields clash. `prefix` is the name of the
/// endpoint, and `shared` are the names of the shared types that are visible to it.
pub fn name_clashing_types<'a>(
    endpoint: &mut Endpoint,
    prefix: &str,
    shared: impl IntoIterator<Item = &'a String>,
) {
    let mut namer = Namer::new(prefix, shared);
    namer
        .used
        .extend(["", "Task", "Result"].map(|end| format!("{prefix}{end}")));
    namer.fields(&mut endpoint.parameters);
    if let Some(task) = &mut endpoint.task {
        namer.fields(&mut task.fields);
    }
    if let Some(result) = &mut endpoint.result {
        namer.fields(&mut result.fields);
    }
}

/// Names the types inside of a shared type whose names by their own fields clash. `shared` are the
/// names of the shared types that are visible to it.
pub fn name_clashing_types_inside<'a>(
    name: &str,
    ty: &mut SharedType,
    shared: impl IntoIterator<Item = &'a String> + Clone,
) {
    if !ty.is_union() {
        Namer::new(name, shared).fields(&mut ty.fields);
        return;
    }
    // The fields of the union are also fields of each member.
    for (wire, member) in &mut ty.members {
        let prefix = names::type_name(wire).map(|variant| format!("{name}{variant}"));
        let prefix = prefix.unwrap_or_default();
        let mut namer = Namer::new(&prefix, shared.clone());
        namer.fields(&mut ty.fields);
        namer.fields(&mut member.fields);
    }
}

/// Names types by their place, one object after the other.
struct Namer<'a> {
    /// The prefix of the names of all types of the endpoint.
    prefix: &'a str,
    used: BTreeSet<String>,
    /// The fields around the current one, from the outside in.
    parents: Vec<String>,
}

impl<'p> Namer<'p> {
    fn new<'a>(prefix: &'p str, shared: impl IntoIterator<Item = &'a String>) -> Self {
        Self {
            prefix,
            used: shared.into_iter().cloned().collect(),
            parents: Vec::new(),
        }
    }

    fn fields(&mut self, fields: &mut Fields) {
        for (wire, field) in fields {
            self.field(wire, field);
        }
    }

    fn field(&mut self, wire: &str, field: &mut Field) {
        if let Some(each) = &mut field.each {
            return self.field(wire, each);
        }
        if let Some(tail) = type_of(wire, field) {
            match &field.name {
                Some(name) => {
                    self.used.insert(name.clone());
                }
                None if self.used.insert(format!("{}{tail}", self.prefix)) => {}
                None => {
                    let by_place = names::by_place(&self.parents, &tail);
                    // Without fields around it, the kind of the value distinguishes it.
                    let kind = match field.kind {
                        FieldType::List => "Element",
                        FieldType::String => "Value",
                        _ => "Object",
                    };
                    field.name = by_place
                        .chain([format!("{tail}{kind}")])
                        .map(|name| format!("{}{name}", self.prefix))
                        .find(|name| self.used.insert(name.clone()));
                }
            }
        }
        self.parents.push(wire.to_owned());
        self.fields(&mut field.fields);
        self.parents.pop();
    }
}

/// Returns the end of the name of the type that a field defines; `None` if it defines none.
fn type_of(wire: &str, field: &Field) -> Option<String> {
    let kind = match field.kind {
        FieldType::List | FieldType::Map => field.of?,
        kind => kind,
    };
    let is_enum =
        kind == FieldType::String && field.values.is_some() && field.kind != FieldType::Map;
    if field.shared.is_some() || !(kind == FieldType::Object || is_enum) {
        return None;
    }
    match field.kind {
        FieldType::List => names::element_name(wire),
        _ => names::type_name(wire),
    }
}
