//! Helpers for both forms of a page, and limits of its size.

use super::page::Row;

/// The maximum size of a page in bytes, about 100 times that of real pages. It limits memory and
/// time.
pub const MAX_PAGE: usize = 4 << 20;

/// The maximum number of rows in a table. The longest tables of the API have about 2,000.
pub const MAX_ROWS: usize = 10_000;

/// The maximum length of a field name in bytes. The longest name of the API has about 40.
pub const MAX_NAME: usize = 200;

/// The start of the line before a table.
pub const ANNOUNCEMENT: &str = "Description of the fields";

/// The words for types that pages use.
pub const TYPE_WORDS: [&str; 9] = [
    "string", "integer", "float", "boolean", "array", "object", "number", "double", "bool",
];

/// Returns method and path in text such as `POST https://api.dataforseo.com/v3/…` or `// POST
/// /v3/…`. Other words can be between the two.
pub fn endpoint_in(text: &str) -> Option<(String, String)> {
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
        .find(|c: char| !(c.is_ascii_alphanumeric() || "/_$-.{}".contains(c)))
        .unwrap_or(path.len());
    Some((
        method,
        with_parameters(path[..end].trim_end_matches(['/', '.'])),
    ))
}

/// Writes the parameters of a path in braces. Examples have `$id`, `${id}`, or a task's identifier.
/// Some examples append the identifier in code, so it can be absent.
fn with_parameters(path: &str) -> String {
    let is_id =
        |part: &str| part.len() == 36 && part.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let part = |part: &str| match part.strip_prefix('$').or_else(|| part.strip_prefix('{')) {
        Some(name) => format!("{{{}}}", name.trim_matches(['{', '}', '$'])),
        None if is_id(part) => "{id}".to_owned(),
        None => part.to_owned(),
    };
    let mut parts: Vec<String> = path.split('/').map(part).collect();
    let gets_a_task = parts.iter().any(|part| part == "task_get");
    if gets_a_task && !parts.iter().any(|part| part.starts_with('{')) {
        parts.push("{id}".to_owned());
    }
    parts.join("/")
}

/// Returns whether the name of a row without a type announces a kind of element.
pub fn is_heading(name: &str) -> bool {
    name.contains(' ') && name.to_lowercase().contains("element")
}

/// Returns whether a table has the fields of a response, by the words before it or by its first row.
pub fn is_response(words: &str, rows: &[Row]) -> bool {
    let words = words.to_lowercase();
    words.contains("result")
        || words.contains("response")
        || rows.first().is_some_and(|row| row.name == "version")
}

/// Returns the body of a request example, after `--data-raw`.
pub fn request_body(example: &str) -> Option<String> {
    let (_, data) = example.split_once("--data-raw")?;
    let data = data
        .trim_start()
        .trim_start_matches(['\'', '"'])
        .trim_start();
    // A GET has an empty body.
    data.starts_with(['[', '{'])
        .then(|| balanced(data).map(str::to_owned))?
}

/// Returns a text that begins with a bracket, up to the closing bracket.
pub fn balanced(text: &str) -> Option<&str> {
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

/// Returns the beginning of a text, so that messages have a limited length.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Removes zero-width characters, and replaces no-break spaces by spaces.
pub fn visible(text: &str) -> String {
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
