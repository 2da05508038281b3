//! Checks of a whole section, after all of its types are resolved.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::type_names::TypeNames;
use super::types::{Object, Section, Type, TypeDef};
use crate::glossary::names_received;
use crate::language::SharedTypes;
use crate::load::File;
use crate::{Diagnostic, EndpointFile, Location};

/// Reports duplicate methods in a section's group: `new`, and two per endpoint.
pub fn duplicate_methods(section: &Section, found: &mut Vec<Diagnostic>) {
    let mut methods = HashMap::from([("new".to_owned(), "the group itself".to_owned())]);
    for endpoint in &section.endpoints {
        let former = endpoint.former.iter().map(|former| &former.module);
        for method in std::iter::once(&endpoint.module)
            .chain(former)
            .flat_map(|module| [module.clone(), format!("{module}_pages")])
        {
            if let Some(other) = methods.insert(method.clone(), endpoint.file.clone()) {
                let message = format!("the method name `{method}` is already used by {other}");
                found.push(Diagnostic::new(&endpoint.file, Location::START, message));
            }
        }
    }
}

/// Reports shared types that tasks and results use. Fields that a task requires can be missing in a
/// response.
pub fn sent_and_received<'a>(
    files: impl Iterator<Item = &'a EndpointFile>,
    shared: &File<SharedTypes>,
    sent: &BTreeSet<String>,
    found: &mut Vec<Diagnostic>,
) {
    let types = &shared.content.types;
    let received = names_received(files, types);
    for name in sent.intersection(&received) {
        if types.get(name).is_some_and(|ty| ty.values.is_none()) {
            let location = shared.tree.location(&["types".to_owned(), name.clone()]);
            let message =
                format!("`{name}` is used in a task and in a result: define a type for each");
            found.push(Diagnostic::new(&shared.name, location, message));
        }
    }
}

/// Reports objects that contain themselves. In a list, a map or a union, that is allowed.
pub fn infinite_types(section: &Section, type_names: &TypeNames, found: &mut Vec<Diagnostic>) {
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
                    let (file, location) = type_names
                        .get(*name)
                        .cloned()
                        .unwrap_or_else(|| (section.name.clone(), Location::START));
                    let message = format!(
                        "`{name}` contains itself, so its size is infinite: use a list or a map"
                    );
                    found.push(Diagnostic::new(&file, location, message));
                } else if seen.insert(inner.as_str())
                    && let Some(inner) = objects.get(inner.as_str())
                {
                    queue.push(inner);
                }
            }
        }
    }
}

/// Reports types with equal fields or values. They must be one shared type.
pub fn duplicate_types(section: &Section, type_names: &TypeNames, found: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<String, (Option<&str>, &str)> = BTreeMap::new();
    let shared = section.shared.iter().map(|ty| {
        let file = section.shared_file.as_deref().unwrap_or_default();
        (None, file, ty.name(), signature(ty))
    });
    let own = section.endpoints.iter().flat_map(|endpoint| {
        let file = endpoint.file.as_str();
        let result = endpoint.result.iter();
        let results =
            result.map(move |result| (file, result.name.as_str(), object_signature(result)));
        let types = endpoint.types.iter();
        let types = types.filter_map(move |ty| Some((file, ty.name(), signature(ty)?)));
        results
            .chain(types)
            .map(|(file, name, signature)| (Some(file), file, name, Some(signature)))
    });
    for (owner, file, name, signature) in shared.chain(own) {
        let Some(signature) = signature else { continue };
        let message = match seen.get(&signature) {
            None => {
                seen.insert(signature, (owner, name));
                continue;
            }
            Some((None, other)) => {
                format!("`{name}` is equal to the shared type `{other}`: refer to it with `use`")
            }
            Some((Some(other_file), other)) => format!(
                "`{name}` is equal to `{other}` in {other_file}: define a shared type in \
                 types.yaml and refer to it with `use` in both places"
            ),
        };
        let location = type_names
            .get(name)
            .map_or(Location::START, |(_, location)| *location);
        found.push(Diagnostic::new(file, location, message));
    }
}

/// Returns a text that is the same for equal types. Enums with a single value are not compared.
fn signature(ty: &TypeDef) -> Option<String> {
    match ty {
        TypeDef::Object(object) => Some(object_signature(object)),
        TypeDef::Enum(open) => {
            let values = open.variants.iter().map(|variant| variant.wire.as_str());
            let values: Vec<&str> = values.collect();
            (values.len() > 1).then(|| values.join(" | "))
        }
        TypeDef::Union(union) => {
            let members = union.members.iter();
            let members = members.map(|member| format!("{}: {}", member.wire, member.object));
            Some(format!(
                "{}{} of {}",
                if union.sent { "sent " } else { "" },
                union.tag.as_deref().unwrap_or_default(),
                members.collect::<Vec<_>>().join(", ")
            ))
        }
    }
}

fn object_signature(object: &Object) -> String {
    let fields = object.fields.iter();
    let fields = fields.map(|field| {
        let required = if field.required { "!" } else { "" };
        format!("{}{required}: {:?}", field.wire, field.ty)
    });
    let sent = if object.sent { "sent " } else { "" };
    format!("{sent}{}", fields.collect::<Vec<_>>().join(", "))
}
