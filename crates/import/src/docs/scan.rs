//! Finding the parts that both forms of a page share, and the limits of what is read.

/// How long a page may be, in bytes: some 100 times as much as real ones. What reading takes, in
/// memory and in time, follows from it.
pub const MAX_PAGE: usize = 4 << 20;

/// How many rows a table may have. The longest in the API have some 2,000.
pub const MAX_ROWS: usize = 10_000;

/// How long the name of a field may be, in bytes. The longest in the API has some 40.
pub const MAX_NAME: usize = 200;

/// How the line in front of a table begins.
pub const ANNOUNCEMENT: &str = "Description of the fields";

/// The words for types that pages use.
pub const TYPE_WORDS: [&str; 9] = [
    "string", "integer", "float", "boolean", "array", "object", "number", "double", "bool",
];

/// Finds method and path in text such as `POST https://api.dataforseo.com/v3/…` or
/// `// POST /v3/…`; spaces and further words may stand between them.
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
        .find(|c: char| !(c.is_ascii_alphanumeric() || "/_$-.".contains(c)))
        .unwrap_or(path.len());
    Some((method, path[..end].trim_end_matches(['/', '.']).to_owned()))
}

/// The body that a request example sends: what follows `--data-raw`.
pub fn request_body(example: &str) -> Option<String> {
    let data = &example[example.find("--data-raw")?..];
    balanced(&data[data.find(['[', '{'])?..]).map(str::to_owned)
}

/// A text that begins with a bracket, up to the one that closes it.
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

/// The beginning of a text, for messages: what repeats it must not grow with the page.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Text without what nobody sees: zero-width characters; no-break spaces as spaces.
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
