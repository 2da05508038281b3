//! The uses of the spec's shared types in an OpenAPI file. A type whose uses have different shapes in
//! the file keeps one of them; at the others, the fields use another type from now on.

use std::collections::{HashMap, HashSet};

use dataforseo_spec::Scope;
use indexmap::IndexMap;

/// A shared type of the spec, by the scope that defines it.
pub type TypeKey = (Scope, String);

/// The pass over the uses of types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LearnPass {
    /// Counts the shapes of each type.
    #[default]
    Count,
    /// Decides which shape a type keeps.
    Name,
}

/// The source that a file of the spec is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BasedOn {
    /// A documentation page. The OpenAPI file cannot change its types.
    Page,
    /// An earlier OpenAPI file.
    #[default]
    OpenApi,
}

/// The shapes that a file has for the types of the spec.
#[derive(Debug, Default)]
pub struct TypeUses {
    /// The current pass.
    pub pass: LearnPass,
    /// The source of the file whose types are being read.
    pub based_on: BasedOn,
    /// The shapes in the spec.
    own: HashMap<TypeKey, String>,
    /// The number of uses with each shape in the file.
    counts: HashMap<TypeKey, IndexMap<String, usize>>,
    /// The shapes that were already read in the second pass.
    read: HashSet<(TypeKey, String)>,
}

/// What to do at a use of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// The use was already read.
    Known,
    /// The type has this shape: the use names it.
    Names,
    /// The use has a shape that the type does not keep.
    Diverges,
    /// Only the fields inside are read.
    Counted,
}

impl TypeUses {
    /// Notes the shape of a type in the spec.
    pub fn insert_own(&mut self, key: TypeKey, shape: String) {
        self.own.insert(key, shape);
    }

    /// Notes a use of a type with a shape, and returns what to do.
    pub fn note(&mut self, key: &TypeKey, shape: &str) -> Use {
        match (self.pass, self.based_on) {
            (LearnPass::Count, BasedOn::Page) => Use::Known,
            (LearnPass::Count, BasedOn::OpenApi) => {
                let counts = self.counts.entry(key.clone()).or_default();
                let count = counts.entry(shape.to_owned()).or_default();
                *count += 1;
                if *count > 1 { Use::Known } else { Use::Counted }
            }
            (LearnPass::Name, based_on) => {
                let is_new = self.read.insert((key.clone(), shape.to_owned()));
                if based_on == BasedOn::Page || self.kept(key).is_none_or(|kept| kept == shape) {
                    return Use::Names;
                }
                if is_new { Use::Diverges } else { Use::Known }
            }
        }
    }

    /// Returns the shape that a type keeps: that of the spec if the file still has it, or the most
    /// frequent one.
    fn kept(&self, key: &TypeKey) -> Option<&str> {
        // A member of a union has the same fields as the type alone.
        let plain = |shape: &str| shape.strip_prefix("member ").unwrap_or(shape).to_owned();
        let counts = self.counts.get(key)?;
        let own = self.own.get(key).map(|shape| plain(shape));
        let same = counts.keys().find(|shape| Some(plain(shape)) == own);
        let most = counts.values().max()?;
        let frequent = counts.iter().find(|(_, count)| *count == most);
        same.or(frequent.map(|(shape, _)| shape))
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(shapes: &[&str]) -> Vec<Use> {
        let key = (Scope::section("serp"), "T".to_owned());
        let mut uses = TypeUses::default();
        uses.insert_own(key.clone(), "own".to_owned());
        for shape in shapes {
            uses.note(&key, shape);
        }
        uses.pass = LearnPass::Name;
        shapes.iter().map(|shape| uses.note(&key, shape)).collect()
    }

    #[test]
    fn a_type_keeps_the_shape_of_the_spec_or_the_most_frequent_one() {
        assert_eq!(
            uses(&["a", "a", "own"]),
            [Use::Diverges, Use::Known, Use::Names]
        );
        assert_eq!(
            uses(&["a", "b", "b"]),
            [Use::Diverges, Use::Names, Use::Names]
        );
        assert_eq!(uses(&["member own", "a"]), [Use::Names, Use::Diverges]);
    }
}
