//! Rust names derived from the names of the API.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// Returns the name of a type: `bulk_ranks/live` becomes `BulkRanksLive`.
pub fn type_name(text: &str) -> Option<String> {
    identifier(text.to_upper_camel_case())
}

/// Returns the path that names are derived from. The `id` of a task is omitted: `task_get/{id}` is
/// `task_get`. Other parameters are part of the name: `locations/{country}` is
/// `locations/by_country`.
pub fn plain_path(path: &str) -> String {
    let parts = path.split('/').filter(|part| *part != "{id}");
    let parts = parts.map(|part| match part.strip_prefix('{') {
        Some(name) => format!("by_{}", name.trim_end_matches('}')),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Returns the parameters of a path, in path order.
pub fn parameters(path: &str) -> Vec<&str> {
    let parts = path.split('/');
    parts
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .collect()
}

/// Returns the name of a field or a module.
pub fn field_name(text: &str) -> Option<String> {
    identifier(text.to_snake_case())
}

/// Returns the name of a list's element type: `items` becomes `Item`.
pub fn element_name(field: &str) -> Option<String> {
    let singular = match field {
        plural if plural.ends_with("ies") => format!("{}y", &plural[..plural.len() - 3]),
        plural if plural.ends_with("ss") => plural.to_owned(),
        plural
            if ["rches", "tches", "shes", "sses", "xes"]
                .iter()
                .any(|end| plural.ends_with(end)) =>
        {
            plural[..plural.len() - 2].to_owned()
        }
        plural => plural.strip_suffix('s').unwrap_or(plural).to_owned(),
    };
    type_name(&singular)
}

/// Returns names for a type that is nested in fields, from the shortest: `DirectoryItem`, then
/// `ItemsDirectoryItem`. `parents` are the fields around it, from the outside in, and `tail` is its
/// name by its own field.
pub fn by_place<'a>(parents: &'a [String], tail: &'a str) -> impl Iterator<Item = String> + 'a {
    (0..parents.len()).rev().filter_map(move |start| {
        let place = parents[start..].join("_");
        type_name(&place).map(|place| format!("{place}{tail}"))
    })
}

/// The names that generated code uses from the core of the models and from Rust's prelude. A type
/// of the spec cannot have them.
pub const CORE_NAMES: [&str; 59] = [
    "Bool",
    "Box",
    "Clone",
    "ConditionValue",
    "Copy",
    "Date",
    "DateBound",
    "DateTime",
    "Debug",
    "Default",
    "Endpoint",
    "EndpointInfo",
    "Eq",
    "Err",
    "Field",
    "FieldCondition",
    "FieldKind",
    "FieldRule",
    "Filter",
    "From",
    "Hash",
    "Into",
    "IntoIterator",
    "Iterator",
    "Limit",
    "Map",
    "MemberRule",
    "Method",
    "Mode",
    "None",
    "Number",
    "Numbered",
    "Object",
    "Ok",
    "Option",
    "Order",
    "Page",
    "Paged",
    "Paging",
    "PartialEq",
    "PerTarget",
    "Result",
    "Send",
    "Some",
    "String",
    "Sync",
    "TargetKind",
    "Task",
    "TaskEndpoint",
    "Text",
    "TextList",
    "Timestamp",
    "Union",
    "UnionRule",
    "Value",
    "Vec",
    "Violation",
    "Violations",
    "Window",
];

/// Returns whether generated code uses a name for something of the core.
pub fn is_core(name: &str) -> bool {
    CORE_NAMES.contains(&name)
}

/// Returns the text if it is a Rust identifier, raw or not.
fn identifier(text: String) -> Option<String> {
    let never_raw = ["self", "Self", "super", "crate", "_"];
    let plain = syn::parse_str::<syn::Ident>(&text).is_ok();
    let raw = syn::parse_str::<syn::Ident>(&format!("r#{text}")).is_ok();
    ((plain || raw) && !never_raw.contains(&text.as_str())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_rust() {
        assert_eq!(
            type_name("bulk_pages_summary/live").as_deref(),
            Some("BulkPagesSummaryLive")
        );
        assert_eq!(
            type_name("message-boards").as_deref(),
            Some("MessageBoards")
        );
        assert_eq!(field_name("type").as_deref(), Some("type"));
        assert_eq!(element_name("items").as_deref(), Some("Item"));
        assert_eq!(element_name("entries").as_deref(), Some("Entry"));
        assert_eq!(element_name("address").as_deref(), Some("Address"));
        assert_eq!(element_name("searches").as_deref(), Some("Search"));
    }

    #[test]
    fn names_by_place_grow_from_the_inside() {
        let parents = ["items".to_owned(), "directory".to_owned()];
        let names: Vec<String> = by_place(&parents, "Item").collect();
        assert_eq!(names, ["DirectoryItem", "ItemsDirectoryItem"]);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        assert_eq!(type_name("4xx"), None);
        assert_eq!(field_name("self"), None);
        assert_eq!(field_name(""), None);
    }
}
