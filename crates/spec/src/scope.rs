//! Scopes: the folders of the spec whose files share types and descriptions.

use std::fmt;

use crate::file_names::{self, BadName};
use crate::language::Api;
use crate::names;

/// A folder of the spec: its root, a section, or a group of a section. Its files can use the types of
/// the folder and of the folders around it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The section and the group.
    parts: Vec<String>,
}

impl Scope {
    /// Returns the scope of the whole spec.
    pub const fn root() -> Self {
        Self { parts: Vec::new() }
    }

    /// Returns the scope of a section.
    pub fn section(name: &str) -> Self {
        Self::root().child(name)
    }

    /// Returns the scope of a folder inside of this one.
    pub fn child(&self, name: &str) -> Self {
        let mut parts = self.parts.clone();
        parts.push(name.to_owned());
        Self { parts }
    }

    /// Returns the names of the section and of the group, as far as there are any.
    pub fn parts(&self) -> &[String] {
        &self.parts
    }

    /// Returns the section; empty for the root.
    pub fn section_name(&self) -> &str {
        self.parts.first().map_or("", String::as_str)
    }

    /// Returns the group of a section.
    pub fn group_name(&self) -> Option<&str> {
        self.parts.get(1).map(String::as_str)
    }

    /// Returns the path of a file in the folder, relative to the root of the spec:
    /// `serp/google/types.yaml`.
    pub fn file(&self, name: &str) -> String {
        let mut parts = self.parts.clone();
        parts.push(name.to_owned());
        parts.join("/")
    }

    /// Returns the scope and all scopes around it, from the inside out.
    pub fn outward(&self) -> impl Iterator<Item = Self> + use<> {
        let parts = self.parts.clone();
        (0..=parts.len()).rev().map(move |length| Self {
            parts: parts[..length].to_vec(),
        })
    }

    /// Returns whether the types of another scope are visible in this one.
    pub fn is_within(&self, outer: &Self) -> bool {
        self.parts.starts_with(&outer.parts)
    }

    /// Returns the innermost scope whose types are visible in both.
    pub fn common(&self, other: &Self) -> Self {
        let both = self.parts.iter().zip(&other.parts);
        let parts = both.take_while(|(one, other)| one == other);
        Self {
            parts: parts.map(|(part, _)| part.clone()).collect(),
        }
    }
}

impl fmt::Display for Scope {
    /// Writes the folder: `spec/serp/google`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("spec")?;
        self.parts.iter().try_for_each(|part| write!(f, "/{part}"))
    }
}

/// The place of an endpoint in the spec, as its path determines it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The folder of the file.
    pub scope: Scope,
    /// The path after the folder: `organic/live/advanced`.
    pub rest: String,
    /// The Rust name of the endpoint.
    pub name: String,
    /// The Rust name of its module and its method, which is also the name of its files.
    pub module: String,
}

/// The names in a folder that belong to other files than those of endpoints.
const RESERVED_MODULES: [&str; 5] = ["mod", "lib", "main", "types", "glossary"];

/// The reason why a path has no place in the spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacementError {
    /// The path has no version or no section.
    NotAnEndpoint,
    /// A part of the path cannot be a folder.
    BadPath(BadName),
    /// No Rust name can be derived from the path.
    NoName(String),
    /// Another file of the folder has the name.
    Reserved(String),
    /// The name of the file cannot be used on every system.
    BadModule(String, BadName),
}

impl fmt::Display for PlacementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnEndpoint => f.write_str(
                "expected the version, a section and an endpoint, such as `/v3/backlinks/summary/live`",
            ),
            Self::BadPath(reason) => write!(f, "it cannot be a folder: {reason}"),
            Self::NoName(rest) => write!(f, "cannot derive a Rust name from `{rest}`"),
            Self::Reserved(module) => write!(
                f,
                "the module would be called `{module}`: another file of the section has this name"
            ),
            Self::BadModule(module, reason) => {
                write!(f, "the module would be called `{module}`: {reason}")
            }
        }
    }
}

impl Placement {
    /// Returns the place of the endpoint with a path. A path whose second part is a group of its
    /// section belongs to the group.
    ///
    /// # Errors
    /// Returns an error if the path is not that of an endpoint, or gives no usable names.
    pub fn of(path: &str, api: &Api) -> Result<Self, PlacementError> {
        let rest = path
            .strip_prefix("/v3/")
            .ok_or(PlacementError::NotAnEndpoint)?;
        let (section, mut rest) = rest.split_once('/').ok_or(PlacementError::NotAnEndpoint)?;
        file_names::check_path(path).map_err(PlacementError::BadPath)?;
        let mut scope = Scope::section(section);
        if let Some((group, inner)) = rest.split_once('/')
            && let Some(section) = api.sections.get(section)
            && section.groups.contains_key(group)
        {
            (scope, rest) = (scope.child(group), inner);
        }
        let plain = names::plain_path(rest);
        let name = names::type_name(&plain);
        let module = names::field_name(&plain);
        let (Some(name), Some(module)) = (name, module) else {
            return Err(PlacementError::NoName(rest.to_owned()));
        };
        if RESERVED_MODULES.contains(&module.as_str()) {
            return Err(PlacementError::Reserved(module));
        }
        file_names::check(&module)
            .map_err(|reason| PlacementError::BadModule(module.clone(), reason))?;
        Ok(Self {
            scope,
            rest: rest.to_owned(),
            name,
            module,
        })
    }

    /// Returns the path of the file, relative to the root of the spec:
    /// `serp/google/organic_live_advanced.yaml`.
    pub fn file(&self) -> String {
        self.scope.file(&format!("{}.yaml", self.module))
    }

    /// Returns the group that `api.yaml` lacks, if the section has other groups and the path seems to
    /// belong to one of its own.
    pub fn missing_group(&self, api: &Api) -> Option<&str> {
        let section = api.sections.get(self.scope.section_name())?;
        if section.groups.is_empty() || self.scope.group_name().is_some() {
            return None;
        }
        let (group, inner) = self.rest.split_once('/')?;
        let is_parameter = |part: &str| part.starts_with('{');
        (!is_parameter(group) && !inner.split('/').all(is_parameter)).then_some(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: &str = "\
servers: {}
auth: basic
limits: {calls_per_minute: 1, simultaneous_calls: 1, server_timeout_seconds: 1}
rate_card: {since: 2026-07-28, evidence: x}
envelope: {fields: {}}
sections:
  serp: {doc: x, groups: {google: {doc: x}}}
  on_page: {doc: x}
";

    fn api() -> Api {
        crate::load::parse("api.yaml", API).unwrap().content
    }

    fn place(path: &str) -> Placement {
        Placement::of(path, &api()).unwrap()
    }

    #[test]
    fn a_declared_group_is_a_folder() {
        let place = place("/v3/serp/google/organic/live/advanced");
        assert_eq!(place.file(), "serp/google/organic_live_advanced.yaml");
        assert_eq!(place.name, "OrganicLiveAdvanced");
        assert_eq!(place.scope.group_name(), Some("google"));
    }

    #[test]
    fn other_paths_are_in_the_section() {
        for (path, file) in [
            ("/v3/serp/id_list", "serp/id_list.yaml"),
            ("/v3/serp/google", "serp/google.yaml"),
            (
                "/v3/on_page/lighthouse/task_get/json/{id}",
                "on_page/lighthouse_task_get_json.yaml",
            ),
            (
                "/v3/serp/google/locations/{country}",
                "serp/google/locations_by_country.yaml",
            ),
        ] {
            assert_eq!(place(path).file(), file);
        }
    }

    #[test]
    fn an_undeclared_group_is_noticed_where_there_are_groups() {
        let missing = |path: &str| place(path).missing_group(&api()).map(str::to_owned);
        assert_eq!(
            missing("/v3/serp/bing/organic/live").as_deref(),
            Some("bing")
        );
        assert_eq!(missing("/v3/serp/google/organic/live"), None);
        assert_eq!(missing("/v3/serp/id_list"), None);
        assert_eq!(missing("/v3/serp/locations/{country}"), None);
        assert_eq!(missing("/v3/on_page/lighthouse/audits"), None);
    }

    #[test]
    fn scopes_lead_outward_to_the_root() {
        let google = Scope::section("serp").child("google");
        let outward: Vec<String> = google.outward().map(|scope| scope.to_string()).collect();
        assert_eq!(outward, ["spec/serp/google", "spec/serp", "spec"]);
        let bing = Scope::section("serp").child("bing");
        assert_eq!(google.common(&bing), Scope::section("serp"));
        assert_eq!(google.common(&Scope::section("on_page")), Scope::root());
        assert!(google.is_within(&Scope::root()) && !google.is_within(&bing));
    }
}
