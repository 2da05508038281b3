//! The cases that a synthetic response covers.

/// A case that a synthetic response covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SyntheticCase {
    /// Every field has a value.
    #[default]
    Plain,
    /// A success without results.
    Empty,
    /// Null in every field that can be null.
    Nulls,
    /// Undocumented fields, values and types.
    Unknown,
}

impl SyntheticCase {
    /// All cases.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Empty, Self::Nulls, Self::Unknown];

    /// Returns the tag of a task that selects the case. `None` for the plain one.
    pub const fn tag(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Empty => Some("empty"),
            Self::Nulls => Some("nulls"),
            Self::Unknown => Some("unknown"),
        }
    }

    /// Returns the name of the case's fixture, without extension.
    pub const fn name(self) -> &'static str {
        match self.tag() {
            None => "synthetic",
            Some(tag) => tag,
        }
    }

    /// Returns the description of the case, for people.
    pub const fn note(self) -> &'static str {
        match self {
            Self::Plain => "Generated from the spec. The numbers mean nothing.",
            Self::Empty => "Generated from the spec: a success that found nothing.",
            Self::Nulls => "Generated from the spec: null wherever the API can send it.",
            Self::Unknown => {
                "Generated from the spec: a field, a value and a member that are not documented, \
                 the map keys `` and `WW`, and floats where integers are documented."
            }
        }
    }
}
