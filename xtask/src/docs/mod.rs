//! Readers of documentation pages. What they make, a [`Page`], is plain: what stands where. What
//! it means is worked out in `import`.

mod html;
pub mod nest;
pub mod openapi;
mod text;

use std::fmt;

pub use nest::DocField;

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

/// How long a page may be, in bytes: some 100 times as much as real ones. What reading takes, in
/// memory and in time, follows from it.
pub const MAX_PAGE: usize = 4 << 20;

/// How many rows a table may have. The longest in the API have some 2,000.
const MAX_ROWS: usize = 10_000;

/// How long the name of a field may be, in bytes. The longest in the API has some 40.
pub const MAX_NAME: usize = 200;

/// How the line in front of a table begins.
const ANNOUNCEMENT: &str = "Description of the fields";

/// The words for types that pages use.
pub const TYPE_WORDS: [&str; 9] = [
    "string", "integer", "float", "boolean", "array", "object", "number", "double", "bool",
];

/// Reads a page. Its form is told by its content: JSON begins with a brace.
///
/// # Errors
/// Everything that keeps the page from being read.
pub fn read(content: &str) -> Result<Page, Unreadable> {
    if content.len() > MAX_PAGE {
        return Err(Unreadable::because(format!(
            "{} bytes: expected one page of the documentation, of at most {MAX_PAGE}",
            content.len()
        )));
    }
    let content = content.trim_start_matches('\u{feff}');
    let page = match content.trim_start().as_bytes().first() {
        None => return Err(Unreadable::because("the page is empty")),
        Some(b'{' | b'[') => html::read(content)?,
        Some(_) => text::read(content)?,
    };
    check(&page)?;
    Ok(page)
}

fn check(page: &Page) -> Result<(), Unreadable> {
    let mut wrong = Vec::new();
    let segments: Vec<&str> = page.path.split('/').collect();
    let is_name = |segment: &&str| {
        let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_$".contains(c);
        !segment.is_empty() && segment.chars().all(name)
    };
    // The path becomes file names: nothing such as `..` may be in it.
    if segments.len() < 4 || !segments[1..].iter().all(is_name) {
        wrong.push(format!(
            "`{}` is no path of an endpoint, such as /v3/backlinks/summary/live",
            page.path
        ));
    }
    for (name, table) in [
        ("the task's fields", &page.task),
        ("the answer's fields", &page.result),
    ] {
        match table.rows.first() {
            // What is only fetched has no fields to send.
            None if page.method == "GET" && std::ptr::eq(table, &page.task) => {}
            None => wrong.push(format!(
                "no table of {name}: expected one with the columns Field name, Type, Description (in \
                 plain text, each cell is a line)"
            )),
            Some(first) if first.depth > 0 => wrong.push(format!(
                "{}: the table of {name} begins with `{}`, which is indented already; the row \
                 that it belongs to is missing",
                first.place, first.name
            )),
            Some(_) => {}
        }
        if table.rows.len() > MAX_ROWS {
            wrong.push(format!(
                "a table of {} rows for {name}: expected at most {MAX_ROWS}",
                table.rows.len()
            ));
        }
        for row in &table.rows {
            if row.name.len() > MAX_NAME {
                wrong.push(format!(
                    "{}: a name of {} bytes, `{}`: expected the name of a field, of at most {MAX_NAME}",
                    row.place,
                    row.name.len(),
                    shortened(&row.name)
                ));
            }
            if !TYPE_WORDS.contains(&row.type_word.as_str()) {
                let meant = crate::spec::diagnostics::did_you_mean(&row.type_word, TYPE_WORDS);
                wrong.push(format!(
                    "{}: `{}` has the type `{}`, which is none that is known{meant}",
                    row.place,
                    shortened(&row.name),
                    shortened(&row.type_word)
                ));
            }
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Unreadable(wrong))
    }
}

/// Finds method and path in text such as `POST https://api.dataforseo.com/v3/…` or
/// `// POST /v3/…`; spaces and further words may stand between them.
fn endpoint_in(text: &str) -> Option<(String, String)> {
    let methods = ["POST", "GET"];
    let at = text
        .find("https://api.dataforseo.com/v3/")
        .or_else(|| text.find("/v3/"))?;
    let before = &text[..at];
    let method = methods
        .into_iter()
        .filter_map(|method| Some((before.rfind(method)?, method)))
        .max()
        .map(|(_, method)| method.to_owned())?;
    let path = &text[at + text[at..].find("/v3/")?..];
    let end = path
        .find(|c: char| !(c.is_ascii_alphanumeric() || "/_$-.".contains(c)))
        .unwrap_or(path.len());
    Some((method, path[..end].trim_end_matches(['/', '.']).to_owned()))
}

/// The body that a request example sends: what follows `--data-raw`.
fn request_body(example: &str) -> Option<String> {
    let data = &example[example.find("--data-raw")?..];
    balanced(&data[data.find(['[', '{'])?..]).map(str::to_owned)
}

/// A text that begins with a bracket, up to the one that closes it.
fn balanced(text: &str) -> Option<&str> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '[' | '{' if !in_string => depth += 1,
            ']' | '}' if !in_string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(&text[..=at]);
                }
            }
            _ => {}
        }
    }
    None
}

/// The beginning of a text, for messages: what repeats it must not grow with the page.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Text without what nobody sees: zero-width characters; no-break spaces as spaces.
fn visible(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !matches!(
                c,
                '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
            )
        })
        .map(|c| if c == '\u{a0}' { ' ' } else { c })
        .collect()
}
