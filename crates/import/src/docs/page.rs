//! A documentation page as rows of text.

use std::fmt;

use crate::prose;

/// A documentation page of any form.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The form of the source.
    pub form: Form,
    /// The URL, if the page states it.
    pub link: Option<String>,
    /// The date of the revision, `yyyy-mm-dd`, if the page states it.
    pub revised: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The path with the version.
    pub path: String,
    /// The paragraphs about the endpoint as a whole.
    pub intro: Vec<String>,
    /// The table of task fields.
    pub task: Table,
    /// The table of response fields, including the envelope.
    pub result: Table,
    /// The body of the request example.
    pub request_example: Option<String>,
    /// The response example.
    pub response_example: Option<String>,
    /// Decisions, and content that could not be used.
    pub notes: Vec<String>,
}

/// The form of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// WordPress JSON with HTML inside.
    Json,
    /// Plain text.
    Text,
    /// Markdown.
    Markdown,
}

/// A table of fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// The rows from top to bottom.
    pub rows: Vec<Row>,
}

impl Table {
    /// Returns whether the rows show nesting: at least one is indented.
    pub fn shows_nesting(&self) -> bool {
        self.rows.iter().any(|row| row.depth > 0)
    }
}

/// A row of a table: one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The location for messages: `row 12`, `line 140`.
    pub location: String,
    /// The indentation of the name in characters.
    pub depth: usize,
    /// The field's name.
    pub name: String,
    /// The word for the type.
    pub type_word: String,
    /// The lines of the description.
    pub lines: Vec<String>,
    /// The heading above the row. It announces another kind of element in a list.
    pub heading: Option<String>,
}

impl Row {
    /// Returns the value of a tag: the only value of a field such as `type`.
    pub fn tag_value(&self) -> Option<String> {
        if !self.name.ends_with("type") {
            return None;
        }
        let stated = self.lines.iter().find_map(|line| {
            let (before, value) = line.split_once('=')?;
            let value = value
                .trim()
                .trim_matches(['‘', '’', '“', '”', '\'', '"', ' ', '.']);
            let is_tag = before.to_lowercase().contains("type of") && !value.contains(' ');
            (is_tag && !value.is_empty()).then(|| value.to_owned())
        });
        if stated.is_some() {
            return stated;
        }
        let values = prose::read("string", &self.lines).values;
        <[String; 1]>::try_from(values).ok().map(|[value]| value)
    }
}

/// The errors of a page that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub Vec<String>);

impl Unreadable {
    /// Creates an error with a single reason.
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
