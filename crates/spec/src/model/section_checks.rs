//! Checks of a whole section, after all of its types are resolved.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::type_names::TypeNames;
use super::types::{Object, Section, Type, TypeDef};
use crate::glossary::{ScopedNames, names_received};
use crate::{Diagnostic, Location, Scope, Spec};

/// Reports duplicate methods of a section or of a group: `new`, the groups, and two per endpoint.
pub fn duplicate_methods(section: &Section, found: &mut Vec<Diagnostic>) {
    for scope in section.scopes() {
        let mut methods = HashMap::from([("new".to_owned(), "the group itself".to_owned())]);
        if scope.group_name().is_none() {
            let groups = section.groups.iter();
            methods.extend(groups.map(|group| (group.name.clone(), "a group".to_owned())));
        }
        for endpoint in section.endpoints_in(&scope) {
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
}

/// Reports shared types that tasks and results use. Fields that a task requires can be missing in a
/// response.
pub fn sent_and_received(spec: &Spec, sent: &ScopedNames, found: &mut Vec<Diagnostic>) {
    for (scope, name) in sent.intersection(&names_received(spec)) {
        if let Some((_, file, ty)) = spec.find_type(scope, name)
            && ty.values.is_none()
        {
            let location = file.tree.location(&["types".to_owned(), name.clone()]);
            let message =
                format!("`{name}` is used in a task and in a result: define a type for each");
            found.push(Diagnostic::new(&file.name, location, message));
        }
    }
}

/// Reports objects that contain themselves. In a list, a map or a union, that is allowed.
pub fn infinite_types(section: &Section, type_names: &TypeNames, found: &mut Vec<Diagnostic>) {
    for scope in section.scopes() {
        let own = section
            .endpoints_in(&scope)
            .flat_map(|endpoint| &endpoint.types);
        let objects: HashMap<&str, &Object> = section
            .shared_in(&scope)
            .chain(own)
            .filter_map(|ty| match ty {
                TypeDef::Object(object) => Some((object.name.as_str(), object)),
                _ => None,
            })
            .collect();
        for name in objects
            .keys()
            .filter(|name| contains_itself(name, &objects))
        {
            let (file, location) = type_names
                .find(&scope, name)
                .cloned()
                .unwrap_or_else(|| (section.name.clone(), Location::START));
            let message =
                format!("`{name}` contains itself, so its size is infinite: use a list or a map");
            found.push(Diagnostic::new(&file, location, message));
        }
    }
}

fn contains_itself(name: &str, objects: &HashMap<&str, &Object>) -> bool {
    let mut seen = BTreeSet::new();
    let mut queue: Vec<&Object> = objects.get(name).copied().into_iter().collect();
    while let Some(object) = queue.pop() {
        for field in &object.fields {
            let Type::Object(inner) = &field.ty else {
                continue;
            };
            if inner == name {
                return true;
            }
            if seen.insert(inner.as_str()) {
                queue.extend(objects.get(inner.as_str()));
            }
        }
    }
    false
}

/// A type that is compared with others.
struct Compared<'a> {
    /// The endpoint's file; `None` for a shared type.
    owner: Option<&'a str>,
    file: &'a str,
    name: &'a str,
    signature: String,
}

/// Reports types of a folder with equal fields or values. They must be one shared type. A type can be
/// equal to one of another folder, and a part of a shared type to another shared type: an import adds
/// shared types, and does not change the types that use them.
pub fn duplicate_types(
    spec: &Spec,
    section: &Section,
    type_names: &TypeNames,
    found: &mut Vec<Diagnostic>,
) {
    for scope in section.scopes() {
        let is_named = |name: &str| spec.find_type(&scope, name).is_some();
        let shared = section.files_of(&scope).iter().flat_map(|file| {
            let types = file.types.iter();
            let named = types.filter(|ty| is_named(ty.name()));
            named.filter_map(|ty| {
                Some(Compared {
                    owner: None,
                    file: &file.file,
                    name: ty.name(),
                    signature: signature(ty)?,
                })
            })
        });
        let own = section.endpoints_in(&scope).flat_map(|endpoint| {
            let file = endpoint.file.as_str();
            let compared = move |name, signature| Compared {
                owner: Some(file),
                file,
                name,
                signature,
            };
            let results = endpoint.result.iter();
            let results =
                results.map(move |result| compared(result.name.as_str(), object_signature(result)));
            let types = endpoint.types.iter();
            let types = types.filter_map(move |ty| Some(compared(ty.name(), signature(ty)?)));
            results.chain(types)
        });
        equal_types(shared.chain(own), &scope, type_names, found);
    }
}

fn equal_types<'a>(
    types: impl Iterator<Item = Compared<'a>>,
    scope: &Scope,
    type_names: &TypeNames,
    found: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<String, (Option<&str>, &str)> = BTreeMap::new();
    for Compared {
        owner,
        file,
        name,
        signature,
    } in types
    {
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
            .find(scope, name)
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
