//! Errors in spec files, with their locations.

use std::fmt;

/// A line and a column of a file, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

impl Location {
    /// The start of a file, for errors of the whole file.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// One error in a spec file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// The file, relative to the parent of the spec folder.
    pub file: String,
    /// The location in the file.
    pub location: Location,
    /// The error, and how to fix it.
    pub message: String,
}

impl Diagnostic {
    /// Creates a diagnostic.
    pub fn new(file: &str, location: Location, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            location,
            message: message.into(),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location { line, column } = self.location;
        write!(f, "{}:{line}:{column}: {}", self.file, self.message)
    }
}

/// All errors in a spec, ordered by file and line.
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

/// Returns the most similar name as the end of a message: `; did you mean …?`. Empty if no name is
/// similar.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wrong, known)
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}

/// Returns the known name that is most similar to a wrong one. `None` if no name is similar.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Skips names of a very different length, since the distance is expensive to calculate.
    let alike = |name: &&str| name.len().abs_diff(wrong.len()) <= 1 + 3 * (1 + name.len());
    known
        .into_iter()
        .filter(alike)
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().min(wrong.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
