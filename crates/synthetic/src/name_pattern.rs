//! Patterns of field names.

/// A pattern of field names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NamePattern {
    /// This name.
    Is(&'static str),
    /// Names that start with this.
    Starts(&'static str),
    /// Names that end with this.
    Ends(&'static str),
    /// Names that contain this.
    Has(&'static str),
}

impl NamePattern {
    /// Returns whether a name has the pattern.
    pub(crate) fn matches(self, name: &str) -> bool {
        match self {
            Self::Is(other) => name == other,
            Self::Starts(start) => name.starts_with(start),
            Self::Ends(end) => name.ends_with(end),
            Self::Has(part) => name.contains(part),
        }
    }
}
