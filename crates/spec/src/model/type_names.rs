//! The names of types.

use std::collections::{BTreeMap, HashMap};

use crate::{Location, Scope};

/// The file and the location in which a type is named.
pub type NamedAt = (String, Location);

/// The names of types by scope. A name has one meaning in a scope and in all scopes inside of it.
#[derive(Debug, Default)]
pub struct TypeNames {
    scopes: BTreeMap<Scope, HashMap<String, NamedAt>>,
}

impl TypeNames {
    /// Adds a name to a scope. Returns the type that has the name in the scope or around it.
    pub fn claim(&mut self, scope: &Scope, name: &str, here: NamedAt) -> Option<NamedAt> {
        let other = self.find(scope, name).cloned();
        let names = self.scopes.entry(scope.clone()).or_default();
        names.insert(name.to_owned(), here);
        other
    }

    /// Returns where a name is given that is visible in a scope.
    pub fn find(&self, scope: &Scope, name: &str) -> Option<&NamedAt> {
        let mut scopes = scope.outward();
        scopes.find_map(|scope| self.scopes.get(&scope)?.get(name))
    }

    /// Returns whether a name is visible in a scope.
    pub fn has(&self, scope: &Scope, name: &str) -> bool {
        self.find(scope, name).is_some()
    }

    /// Returns a name of the scope that differs from another one by case only.
    pub fn in_other_case(&self, scope: &Scope, name: &str) -> Option<&str> {
        let names = self.scopes.get(scope)?.keys();
        let mut same = names.filter(|other| *other != name && other.eq_ignore_ascii_case(name));
        same.next().map(String::as_str)
    }
}
