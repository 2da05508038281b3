//! Checks on a section as a whole, when all of its types are known.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::type_names::Taken;
use super::types::{Object, Section, Type, TypeDef};
use crate::glossary::names_received;
use crate::language::SharedTypes;
use crate::load::File;
use crate::{Diagnostic, EndpointFile, Place};

/// The methods of a section's group: one for each endpoint, one for its pages, and `new`.
pub fn equal_methods(section: &Section, found: &mut Vec<Diagnostic>) {
    let mut taken = HashMap::from([("new".to_owned(), "the group itself".to_owned())]);
    for endpoint in &section.endpoints {
        let former = endpoint.former.iter().map(|former| &former.module);
        for method in std::iter::once(&endpoint.module)
            .chain(former)
            .flat_map(|module| [module.clone(), format!("{module}_pages")])
        {
            if let Some(other) = taken.insert(method.clone(), endpoint.file.clone()) {
                let message = format!("the method `{method}` is taken by {other}");
                found.push(Diagnostic::new(&endpoint.file, Place::START, message));
            }
        }
    }
}

/// A shared object is sent or received: what is required in a task is not there in every answer,
/// and what an answer may leave out a task may not.
pub fn two_ways<'a>(
    files: impl Iterator<Item = &'a EndpointFile>,
    shared: &File<SharedTypes>,
    sent: &BTreeSet<String>,
    found: &mut Vec<Diagnostic>,
) {
    let types = &shared.content.types;
    let received = names_received(files, types);
    for name in sent.intersection(&received) {
        if types.get(name).is_some_and(|ty| ty.values.is_none()) {
            let place = shared.tree.place(&["types".to_owned(), name.clone()]);
            let message =
                format!("`{name}` stands in a task and in a result: give each a type of its own");
            found.push(Diagnostic::new(&shared.name, place, message));
        }
    }
}

/// An object that is a field of itself would have no end; in a list, a map or a union it has one.
pub fn endless_types(section: &Section, taken: &Taken, found: &mut Vec<Diagnostic>) {
    let own = section
        .endpoints
        .iter()
        .flat_map(|endpoint| &endpoint.types);
    let objects: HashMap<&str, &Object> = section
        .shared
        .iter()
        .chain(own)
        .filter_map(|ty| match ty {
            TypeDef::Object(object) => Some((object.name.as_str(), object)),
            _ => None,
        })
        .collect();
    for (name, object) in &objects {
        let mut seen = BTreeSet::new();
        let mut queue = vec![*object];
        while let Some(object) = queue.pop() {
            for field in &object.fields {
                let Type::Object(inner) = &field.ty else {
                    continue;
                };
                if inner == name {
                    let (file, place) = taken
                        .get(*name)
                        .cloned()
                        .unwrap_or_else(|| (section.name.clone(), Place::START));
                    let message = format!("`{name}` is a field of itself, so it has no end");
                    found.push(Diagnostic::new(&file, place, message));
                } else if seen.insert(inner.as_str())
                    && let Some(inner) = objects.get(inner.as_str())
                {
                    queue.push(inner);
                }
            }
        }
    }
}

/// Two types of equal shape that nobody named are one type that wants a name; one of the shape of
/// a shared type is that.
pub fn equal_types(section: &Section, taken: &Taken, found: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<String, (Option<&str>, &str)> = BTreeMap::new();
    let shared = section.shared.iter().map(|ty| {
        let file = section.shared_file.as_deref().unwrap_or_default();
        (None, file, ty.name(), shape(ty))
    });
    let own = section.endpoints.iter().flat_map(|endpoint| {
        let file = endpoint.file.as_str();
        let result = endpoint.result.iter();
        let results = result.map(move |result| (file, result.name.as_str(), object_shape(result)));
        let types = endpoint.types.iter();
        let types = types.filter_map(move |ty| Some((file, ty.name(), shape(ty)?)));
        results
            .chain(types)
            .map(|(file, name, shape)| (Some(file), file, name, Some(shape)))
    });
    for (owner, file, name, shape) in shared.chain(own) {
        let Some(shape) = shape else { continue };
        let message = match seen.get(&shape) {
            None => {
                seen.insert(shape, (owner, name));
                continue;
            }
            Some((None, other)) => {
                format!("`{name}` has the shape of the shared type `{other}`: name that with `use`")
            }
            Some((Some(other_file), other)) => format!(
                "`{name}` has the shape of `{other}` in {other_file}: give it a name in \
                 types.yaml and name that with `use` in both places"
            ),
        };
        let place = taken.get(name).map_or(Place::START, |(_, place)| *place);
        found.push(Diagnostic::new(file, place, message));
    }
}

/// What makes two types the same. One value says too little to call two enums that.
fn shape(ty: &TypeDef) -> Option<String> {
    match ty {
        TypeDef::Object(object) => Some(object_shape(object)),
        TypeDef::Enum(open) => {
            let values = open.variants.iter().map(|variant| variant.wire.as_str());
            let values: Vec<&str> = values.collect();
            (values.len() > 1).then(|| values.join(" | "))
        }
        TypeDef::Union(union) => {
            let members = union.members.iter();
            let members = members.map(|member| format!("{}: {}", member.wire, member.object));
            Some(format!(
                "{} of {}",
                union.tag,
                members.collect::<Vec<_>>().join(", ")
            ))
        }
    }
}

fn object_shape(object: &Object) -> String {
    let fields = object.fields.iter();
    let fields = fields.map(|field| {
        let required = if field.required { "!" } else { "" };
        format!("{}{required}: {:?}", field.wire, field.ty)
    });
    let sent = if object.sent { "sent " } else { "" };
    format!("{sent}{}", fields.collect::<Vec<_>>().join(", "))
}
