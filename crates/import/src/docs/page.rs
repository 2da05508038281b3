//! A documentation page as rows of text: what stands where.

use std::fmt;

/// A documentation page, whatever form it came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The form it came in.
    pub form: Form,
    /// Its address, if it tells it.
    pub link: Option<String>,
    /// The day of its revision, `yyyy-mm-dd`, if it tells it.
    pub revised: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The path with the version.
    pub path: String,
    /// The prose about the endpoint as a whole, a paragraph each.
    pub intro: Vec<String>,
    /// The rows of the table of the task's fields.
    pub task: Table,
    /// The rows of the table of the answer's fields, envelope included.
    pub result: Table,
    /// The body of the request example.
    pub request_example: Option<String>,
    /// The response example.
    pub response_example: Option<String>,
    /// What was decided or could not be used.
    pub notes: Vec<String>,
}

/// The forms that pages come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// WordPress JSON with HTML inside.
    Json,
    /// Plain text.
    Text,
}

/// A table of fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// The rows from top to bottom.
    pub rows: Vec<Row>,
}

impl Table {
    /// Whether the rows tell how fields nest: at least one is indented.
    pub fn tells_nesting(&self) -> bool {
        self.rows.iter().any(|row| row.depth > 0)
    }
}

/// A row of a table: one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Where it stands, for messages: `row 12`, `line 140`.
    pub place: String,
    /// How far its name is indented, in characters.
    pub depth: usize,
    /// The field's name.
    pub name: String,
    /// The word for its type.
    pub type_word: String,
    /// The description, a line each.
    pub lines: Vec<String>,
}

/// Why a page could not be read: everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub Vec<String>);

impl Unreadable {
    /// A page with one thing wrong.
    pub fn because(reason: impl Into<String>) -> Self {
        Self(vec![reason.into()])
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Unreadable {}
