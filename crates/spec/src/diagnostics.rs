//! What is wrong with a spec file, and where.

use std::fmt;

/// A line and a column of a file, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

impl Place {
    /// The beginning of a file, for what concerns it as a whole.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// One error in a spec file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// The file, relative to the spec's folder's parent.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Diagnostic {
    /// Makes one.
    pub fn new(file: &str, place: Place, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            place,
            message: message.into(),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column } = self.place;
        write!(f, "{}:{line}:{column}: {}", self.file, self.message)
    }
}

/// Everything that is wrong with a spec, in the order of files and lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.0 {
            writeln!(f, "{diagnostic}")?;
        }
        let (count, noun) = (
            self.0.len(),
            if self.0.len() == 1 { "error" } else { "errors" },
        );
        write!(f, "{count} {noun}")
    }
}

impl std::error::Error for Diagnostics {}

/// The name that was probably meant, as the tail of a message: ` (did you mean …?)`.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wrong, known)
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}

/// The known name that is most like a wrong one, if any is like it at all.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance is no less than the difference in length, and reckoning it takes the product.
    let alike = |name: &&str| name.len().abs_diff(wrong.len()) <= 1 + 3 * (1 + name.len());
    known
        .into_iter()
        .filter(alike)
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().min(wrong.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
