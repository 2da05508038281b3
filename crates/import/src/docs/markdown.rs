//! Reader of pages in Markdown, as tools write them that turn web pages into Markdown.
//!
//! The tools do not write valid Markdown: line ends have backslashes, code blocks repeat the code and
//! have the words of the editor's buttons, and rows have more cells than the head. So lines are read
//! one by one, and no parser of Markdown is used.

use super::page::{Form, Page, Row, Table, Unreadable};
use super::scan::{
    ANNOUNCEMENT, balanced, endpoint_in, is_heading, is_response, request_body, shortened, visible,
};

/// The words of the buttons in a code block.
const BUTTONS: [&str; 4] = [
    "Plain text",
    "Copy to clipboard",
    "Open code in new window",
    "EnlighterJS 3 Syntax Highlighter",
];

/// The beginning of links to pages of the documentation.
const DOCS: &str = "](https://docs.dataforseo.com/v3/";

/// The indentation per level. It exceeds the amount by which the indentation of a row can be wrong.
const STEP: usize = 8;

/// Returns whether a text is Markdown: it has a table of Markdown, or links to the documentation.
pub fn is_markdown(text: &str) -> bool {
    text.contains(DOCS) || text.lines().any(|line| cells(line).len() >= 3)
}

/// Reads a page.
pub fn read(text: &str) -> Result<Page, Unreadable> {
    let text = visible(text);
    let mut reader = MarkdownReader::default();
    for (index, line) in text.lines().enumerate() {
        reader.line(index + 1, line.trim_end().trim_end_matches('\\').trim_end());
    }
    if let Some(line) = reader.torn {
        return Err(Unreadable::because(format!(
            "line {line}: a row of a table whose head is missing: the page is cut off, so get it again"
        )));
    }
    let link = own_link(&text);
    let Some((method, path)) = reader.endpoint(link.as_deref()) else {
        let message = "no endpoint in the Markdown: expected POST or GET and a URL under \
                       https://api.dataforseo.com/v3/";
        return Err(Unreadable::because(message));
    };
    Ok(Page {
        form: Form::Markdown,
        link,
        revised: None,
        method,
        path,
        intro: reader.intro,
        task: nested(reader.task),
        result: nested(reader.result),
        request_example: reader.request_example,
        response_example: reader.response_example,
        notes: reader.notes,
    })
}

/// Returns the address of the page itself. The link of its menu leads to the page and ends with `#`.
fn own_link(text: &str) -> Option<String> {
    let links = text.split("](").skip(1).filter_map(|rest| {
        let (url, _) = rest.split_once(')')?;
        url.strip_suffix('#')
    });
    let mut own = links.filter(|url| url.starts_with("https://docs.dataforseo.com/v3/"));
    let url = own.next()?.split(['?', '#']).next()?;
    Some(format!("{}/", url.trim_end_matches('/')))
}

/// A row, with the fragment of the link to it, which some tools keep.
struct LinkedRow {
    row: Row,
    anchor: Option<String>,
}

/// A reader that visits the lines from top to bottom.
#[derive(Default)]
struct MarkdownReader {
    /// The lines of the open code block.
    code: Option<Vec<String>>,
    /// Whether the title of the page was seen. Menus are above it.
    is_below_title: bool,
    /// The endpoints in code and prose.
    endpoints: Vec<(String, String)>,
    intro: Vec<String>,
    /// The last text outside tables, which introduces the next table.
    last_words: String,
    /// The rows of the open table.
    table: Option<Vec<LinkedRow>>,
    /// The heading above the next row.
    heading: Option<String>,
    task: Vec<LinkedRow>,
    result: Vec<LinkedRow>,
    request_example: Option<String>,
    response_example: Option<String>,
    notes: Vec<String>,
    /// The line of the first row without a head.
    torn: Option<usize>,
}

impl MarkdownReader {
    fn line(&mut self, number: usize, line: &str) {
        let text = line.trim();
        if !text.contains("//docs.dataforseo.com") {
            self.endpoints.extend(endpoint_in(text));
        }
        if text.starts_with("```") {
            match self.code.take() {
                Some(lines) => self.code_block(&lines),
                None => self.code = Some(Vec::new()),
            }
        } else if let Some(code) = &mut self.code {
            if !BUTTONS.contains(&text) {
                code.push(line.to_owned());
            }
        } else if text.starts_with('|') {
            self.row(number, text);
        } else {
            self.end_of_table();
            self.prose(text);
        }
    }

    /// Reads a code block, which repeats the code. The first copy counts.
    fn code_block(&mut self, lines: &[String]) {
        let text = lines.join("\n");
        if let Some(body) = request_body(&text) {
            self.request_example.get_or_insert(body);
        } else if self.last_words.contains("returns JSON") && text.trim_start().starts_with('{') {
            let text = text.trim_start();
            let example = balanced(text).unwrap_or(text).trim_end();
            self.response_example.get_or_insert(example.to_owned());
        }
    }

    fn prose(&mut self, text: &str) {
        if text.starts_with("## ") || text.starts_with("# ") {
            self.is_below_title = true;
            return;
        }
        let words = plain(text.trim_start_matches(['>', '#', ' ']));
        if words.is_empty() {
            return;
        }
        self.last_words.clone_from(&words);
        let is_menu = !self.is_below_title || text == "…";
        if !is_menu && !words.starts_with(ANNOUNCEMENT) {
            self.intro.push(words);
        }
    }

    fn row(&mut self, number: usize, text: &str) {
        let cells = cells(text);
        let is_rule = |cell: &String| !cell.is_empty() && cell.bytes().all(|b| b"-: ".contains(&b));
        if cells.iter().all(is_rule) {
            return;
        }
        let [name, type_word, description, rest @ ..] = cells.as_slice() else {
            self.notes.push(format!(
                "line {number}: skipped a row of {} cells instead of 3: {}",
                cells.len(),
                shortened(&plain(text))
            ));
            return;
        };
        let (name, type_word) = (plain(name), plain(type_word).to_lowercase());
        if name.eq_ignore_ascii_case("field name") && type_word == "type" {
            self.end_of_table();
            self.table = Some(Vec::new());
            return;
        }
        if type_word.is_empty() && is_heading(&name) {
            self.heading = Some(name);
            return;
        }
        let Some(table) = &mut self.table else {
            self.torn.get_or_insert(number);
            return;
        };
        let lines = split_at_breaks(description).map(plain);
        let anchor = rest.iter().find_map(|cell| {
            let (_, anchor) = cell.trim_end_matches(')').rsplit_once('#')?;
            Some(anchor.to_owned())
        });
        let row = Row {
            location: format!("line {number}"),
            depth: 0,
            name,
            type_word,
            lines: lines.filter(|line| !line.is_empty()).collect(),
            heading: self.heading.take(),
        };
        table.push(LinkedRow { row, anchor });
    }

    fn end_of_table(&mut self) {
        let Some(table) = self.table.take() else {
            return;
        };
        let is_version = table
            .first()
            .is_some_and(|first| first.row.name == "version");
        let slot = if is_version || is_response(&self.last_words, &[]) {
            &mut self.result
        } else {
            &mut self.task
        };
        if slot.is_empty() {
            *slot = table;
        } else {
            self.notes.push(format!(
                "skipped a second table of the same kind; it follows “{}”",
                shortened(&self.last_words)
            ));
        }
    }

    /// Returns the endpoint. Examples also call other endpoints, so the one that the page is named
    /// after counts. Without an example, the method follows from the tables.
    fn endpoint(&mut self, link: Option<&str>) -> Option<(String, String)> {
        self.end_of_table();
        let own = link.and_then(|link| endpoint_in(&format!("GET {link}")));
        let plain = |path: &str| {
            let parts = path.split('/').filter(|part| !part.starts_with('{'));
            parts.collect::<Vec<_>>().join("/")
        };
        let Some((_, own)) = own else {
            return self.endpoints.first().cloned();
        };
        let mut all = self.endpoints.iter();
        let same = all.find(|(_, path)| plain(path) == plain(&own));
        same.or(self.endpoints.first()).cloned().or_else(|| {
            let is_get = self.task.is_empty() || own.contains("/task_get/");
            let method = if is_get { "GET" } else { "POST" };
            Some((method.to_owned(), own))
        })
    }
}

/// Returns the cells of a row of a table. A row that is not one has no cells.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim().trim_end_matches('\\').trim_end();
    let inner = line.strip_prefix('|').and_then(|it| it.strip_suffix('|'));
    let Some(inner) = inner else {
        return Vec::new();
    };
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for c in inner.chars() {
        if c == '|' && !escaped {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// Splits the description of a field at `<br>`.
fn split_at_breaks(text: &str) -> impl Iterator<Item = &str> {
    text.split("<br")
        .enumerate()
        .map(|(index, part)| match index {
            0 => part,
            _ => part
                .trim_start()
                .trim_start_matches('/')
                .trim_start_matches('>'),
        })
}

/// Returns a text without emphasis, code marks, images and the addresses of links.
fn plain(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    let mut in_code = false;
    let has_links = text.contains("](");
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let next = rest.chars().next().unwrap_or(' ');
        match c {
            '\\' if next.is_ascii_punctuation() => {
                kept.push(next);
                rest = &rest[next.len_utf8()..];
                before = next;
                continue;
            }
            '`' => in_code = !in_code,
            '*' if !in_code => {}
            '_' if !(in_code || before.is_alphanumeric() && next.is_alphanumeric()) => {}
            '!' if has_links && next == '[' => rest = behind_link(rest).unwrap_or(rest),
            ']' if next == '(' => rest = behind_address(rest).unwrap_or(rest),
            '[' if has_links && is_link(rest) => {}
            _ => kept.push(c),
        }
        before = c;
    }
    let words: Vec<&str> = kept.split_whitespace().collect();
    words.join(" ")
}

/// The maximum length of a link's text in bytes. It limits searches for its end.
const MAX_LINK: usize = 500;

/// Returns whether a text begins inside a link: its text ends with an address.
fn is_link(rest: &str) -> bool {
    let end = rest
        .char_indices()
        .take(MAX_LINK)
        .find(|(at, c)| *c == ']' && rest[*at..].starts_with("]("));
    end.is_some()
}

/// Returns the text after a link that begins with `[`.
fn behind_link(rest: &str) -> Option<&str> {
    let mut ends = rest.char_indices().take(MAX_LINK);
    let (at, _) = ends.find(|(at, c)| *c == ']' && rest[*at..].starts_with("]("))?;
    behind_address(&rest[at + 1..])
}

/// Returns the text after an address in parentheses.
fn behind_address(rest: &str) -> Option<&str> {
    let mut ends = rest.char_indices().take(MAX_LINK);
    let (at, _) = ends.find(|(_, c)| *c == ')')?;
    Some(&rest[at + 1..])
}

/// Returns a table whose rows are indented by the fragments of the links to them: a fragment is that
/// of the parent with the name of the field. Without fragments, no row is indented.
fn nested(rows: Vec<LinkedRow>) -> Table {
    let mut open: Vec<String> = Vec::new();
    let mut table = Table::default();
    for LinkedRow { mut row, anchor } in rows {
        let Some(anchor) = anchor else {
            table.rows.push(row);
            continue;
        };
        let is_inside = |open: &String| {
            let rest = anchor.strip_prefix(open.as_str());
            rest.and_then(|rest| rest.strip_prefix('_')) == Some(row.name.as_str())
        };
        let level = open.iter().rposition(is_inside).map_or(0, |at| at + 1);
        open.truncate(level);
        row.depth = STEP * level;
        open.push(anchor);
        table.rows.push(row);
    }
    table
}
