//! Reader of pages in the WordPress JSON of the documentation site.

use std::collections::HashMap;

use scraper::{ElementRef, Html, Node};
use serde::Deserialize;

use super::page::{Form, Page, Row, Table, Unreadable};
use super::scan::{
    ANNOUNCEMENT, endpoint_in, is_heading, is_response, request_body, shortened, visible,
};

#[derive(Deserialize)]
struct Post {
    #[serde(default)]
    link: Option<String>,
    #[serde(default)]
    modified: Option<String>,
    content: Content,
}

#[derive(Deserialize)]
struct Content {
    rendered: String,
}

const HOST: &str = "https://docs.dataforseo.com/";

/// The maximum number of open tags. Real pages have about a dozen. The parser visits all open tags
/// at each tag, and the readers below recurse per level.
const MAX_DEPTH: usize = 300;

/// The maximum number of elements that the parser creates for unclosed tags.
const MAX_COPIES: usize = 200_000;

/// Reads a page.
pub fn read(json: &str) -> Result<Page, Unreadable> {
    // The search of the site returns a list, with one page for a search by slug.
    let post = if json.trim_start().starts_with('[') {
        serde_json::from_str::<Vec<Post>>(json).map(|posts| match <[Post; 1]>::try_from(posts) {
            Ok([post]) => Ok(post),
            Err(posts) => Err(posts.len()),
        })
    } else {
        serde_json::from_str(json).map(Ok)
    };
    let post: Result<Post, usize> = post.map_err(|error| {
        let hint = match error.classify() {
            serde_json::error::Category::Eof => {
                "the JSON ends too early: check whether the file is truncated"
            }
            serde_json::error::Category::Data => {
                "expected a WordPress page: an object with `content.rendered`"
            }
            _ => "not JSON",
        };
        Unreadable::because(format!("{hint} ({error})"))
    })?;
    let post = post.map_err(|pages| {
        Unreadable::because(format!(
            "a list of {pages} pages: expected one page, or a list of one"
        ))
    })?;
    if let Some(link) = &post.link
        && !link.starts_with(HOST)
    {
        let message = format!("{link} is a page of another site: expected one of {HOST}");
        return Err(Unreadable::because(message));
    }
    if let Some(message) = too_much_open(&post.content.rendered) {
        return Err(Unreadable::because(message));
    }
    let html = Html::parse_fragment(&post.content.rendered);
    if is_too_deep(&html) {
        let message = format!(
            "content.rendered: elements are nested deeper than {MAX_DEPTH} levels: expected a page of the \
             documentation"
        );
        return Err(Unreadable::because(message));
    }
    let mut reader = HtmlReader::default();
    reader.walk(html.root_element());
    let Some((method, path)) = reader.endpoint.or(reader.endpoint_in_prose) else {
        let message = "no endpoint on the page: expected POST or GET and a URL under \
                       https://api.dataforseo.com/v3/";
        return Err(Unreadable::because(message));
    };
    Ok(Page {
        form: Form::Json,
        link: post.link,
        revised: post
            .modified
            .map(|moment| moment.chars().take(10).collect()),
        method,
        path,
        intro: reader.intro,
        task: reader.task,
        result: reader.result,
        request_example: reader.request_example,
        response_example: reader.response_example,
        notes: reader.notes,
    })
}

/// A reader that visits the page from top to bottom.
#[derive(Default)]
struct HtmlReader {
    endpoint: Option<(String, String)>,
    /// The endpoint in running text, used if no other element states it.
    endpoint_in_prose: Option<(String, String)>,
    intro: Vec<String>,
    /// The last text outside tables, which introduces the next table.
    last_words: String,
    task: Table,
    result: Table,
    request_example: Option<String>,
    response_example: Option<String>,
    notes: Vec<String>,
}

impl HtmlReader {
    fn walk(&mut self, element: ElementRef<'_>) {
        // Text outside paragraphs, up to the next block.
        let mut loose = String::new();
        for child in element.children() {
            if let Some(child) = ElementRef::wrap(child) {
                let tag = child.value().name();
                // An unclosed tag contains everything after it, including tables.
                if !matches!(tag, "table" | "pre") && has_inside(child, &["table", "pre"]) {
                    self.prose(&without_shortcodes(&std::mem::take(&mut loose)));
                    self.walk(child);
                    continue;
                }
                if matches!(
                    tag,
                    "a" | "b" | "br" | "code" | "em" | "i" | "span" | "strong" | "u"
                ) {
                    loose.push_str(&inline_text(child));
                    loose.push_str(if tag == "br" { " " } else { "" });
                    continue;
                }
                self.prose(&without_shortcodes(&std::mem::take(&mut loose)));
                match tag {
                    "table" => self.table(child),
                    "pre" => self.code(child),
                    "p" | "li" | "blockquote" | "h1" | "h2" | "h3" | "h4" => {
                        self.prose(&without_shortcodes(&inline_text(child)));
                    }
                    _ if child.value().classes().any(|class| class == "endpoint") => {
                        self.endpoint = self
                            .endpoint
                            .take()
                            .or_else(|| endpoint_in(&inline_text(child)));
                    }
                    _ => self.walk(child),
                }
            } else if let Node::Text(text) = child.value() {
                loose.push_str(text);
            }
        }
        self.prose(&without_shortcodes(&loose));
    }

    fn prose(&mut self, text: &str) {
        let text = visible(text);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() {
            if self.endpoint_in_prose.is_none() {
                self.endpoint_in_prose = endpoint_in(&text);
            }
            self.last_words.clone_from(&text);
            if !text.starts_with(ANNOUNCEMENT) {
                self.intro.push(text);
            }
        }
    }

    fn code(&mut self, pre: ElementRef<'_>) {
        let text = block_text(pre);
        if self.endpoint.is_none() {
            self.endpoint = endpoint_in(&text);
        }
        if let Some(body) = request_body(&text) {
            self.request_example.get_or_insert(body);
        } else if is_json(pre) || self.last_words.contains("returns JSON") {
            self.response_example.get_or_insert(text.trim().to_owned());
        }
    }

    fn table(&mut self, table: ElementRef<'_>) {
        let rows = rows_of(table);
        // A table around tables is only layout.
        let is_field = |row: &ElementRef<'_>| cells_of(*row).len() == 3;
        if !rows.iter().any(is_field) && has_inside(table, &["table"]) {
            let cells: Vec<_> = rows.into_iter().flat_map(cells_of).collect();
            cells.into_iter().for_each(|cell| self.walk(cell));
            return;
        }
        let (found, notes) = fields_in(rows);
        let (name, slot) = if is_response(&self.last_words, &found) {
            ("response", &mut self.result)
        } else {
            ("task", &mut self.task)
        };
        if !slot.rows.is_empty() {
            self.notes.push(format!(
                "skipped a second table of {name} fields; it follows “{}”",
                shortened(&self.last_words)
            ));
            return;
        }
        let located = |location: &str| format!("{name} table, {location}");
        self.notes.extend(notes.iter().map(|note| located(note)));
        slot.rows = found;
        for row in &mut slot.rows {
            row.location = located(&row.location);
        }
    }
}

/// Returns the rows of a table that describe fields, and notes about the others.
fn fields_in(rows: Vec<ElementRef<'_>>) -> (Vec<Row>, Vec<String>) {
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    let mut heading = None;
    for (index, tr) in rows.into_iter().enumerate() {
        let cells = cells_of(tr);
        let location = format!("row {index}");
        if let Some(text) = heading_in(&cells) {
            heading = Some(text);
            continue;
        }
        match cells.as_slice() {
            // A head with `th`, or an empty row.
            [] => {}
            [name, type_word, description] => {
                let (depth, name) = indented_name(&inline_text(*name));
                if name.is_empty() {
                    notes.push(format!("{location}: skipped a row without a name"));
                    continue;
                }
                let type_word = visible(&inline_text(*type_word)).trim().to_lowercase();
                // A head with `td`.
                if name.eq_ignore_ascii_case("field name") && type_word == "type" {
                    continue;
                }
                found.push(Row {
                    location,
                    depth,
                    name,
                    type_word,
                    lines: lines(&block_text(*description)),
                    heading: heading.take(),
                });
            }
            cells => {
                let text: Vec<String> = cells
                    .iter()
                    .map(|cell| visible(&inline_text(*cell)))
                    .collect();
                let text = text.join(" | ");
                notes.push(format!(
                    "{location}: skipped a row of {} cells instead of 3: {}",
                    cells.len(),
                    shortened(text.trim())
                ));
            }
        }
    }
    (found, notes)
}

/// Returns the text of a row that only announces a kind of element: `‘organic’ element in SERP`.
fn heading_in(cells: &[ElementRef<'_>]) -> Option<String> {
    let texts = cells.iter().map(|cell| visible(&inline_text(*cell)));
    let texts: Vec<String> = texts.map(|text| text.trim().to_owned()).collect();
    let (first, others) = texts.split_first()?;
    // The description of a heading can have a note.
    let is_heading = is_heading(first) && others.first().is_none_or(String::is_empty);
    is_heading.then(|| first.clone())
}

/// Returns the indentation of a name, and the name. Spaces and no-break spaces count, inside and
/// outside tags. Line breaks and tabs do not.
fn indented_name(cell: &str) -> (usize, String) {
    let seen = visible(cell);
    let seen = seen.trim_matches(['\n', '\r', '\t']);
    let name = seen.trim();
    let depth = seen
        .chars()
        .take_while(|c| c.is_whitespace())
        .filter(|c| *c == ' ')
        .count();
    (depth, name.trim_matches('`').to_owned())
}

fn lines(text: &str) -> Vec<String> {
    visible(text)
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect()
}

/// Returns the text of an element without its tags.
fn inline_text(element: ElementRef<'_>) -> String {
    element.text().collect()
}

/// Returns the text of an element with line breaks for `<br>` and around paragraphs.
fn block_text(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    collect_block(element, &mut text);
    text.replace("\r\n", "\n")
}

fn collect_block(element: ElementRef<'_>, text: &mut String) {
    for child in element.children() {
        match child.value() {
            Node::Text(words) => text.push_str(words),
            Node::Element(tag) => {
                let breaks = matches!(
                    tag.name(),
                    "br" | "p" | "div" | "li" | "ul" | "ol" | "table" | "tr"
                );
                if breaks {
                    text.push('\n');
                }
                if let Some(child) = ElementRef::wrap(child) {
                    collect_block(child, text);
                }
                if breaks && tag.name() != "br" {
                    text.push('\n');
                } else if matches!(tag.name(), "td" | "th") {
                    text.push(' ');
                }
            }
            _ => {}
        }
    }
}

/// Removes WordPress shortcodes such as `[vc_row]` and `[/vc_column_text]`.
fn without_shortcodes(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some(at) = rest.find('[') {
        let tail = &rest[at + 1..];
        let name = tail.strip_prefix('/').unwrap_or(tail);
        if !name.starts_with("vc_") {
            kept.push_str(&rest[..=at]);
            rest = tail;
            continue;
        }
        // Without this, each unclosed shortcode would cause a search to the end of the page.
        let Some(end) = tail.find(']') else { break };
        kept.push_str(&rest[..at]);
        kept.push(' ');
        rest = &tail[end + 1..];
    }
    kept + rest
}

/// Returns the rows of a table, without those of tables in its cells.
fn rows_of(table: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    let mut rows = Vec::new();
    for child in table.child_elements() {
        match child.value().name() {
            "tr" => rows.push(child),
            "thead" | "tbody" | "tfoot" => {
                let inside = child.child_elements();
                rows.extend(inside.filter(|row| row.value().name() == "tr"));
            }
            _ => {}
        }
    }
    rows
}

/// Returns the `td` cells of a row.
fn cells_of(row: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    let cells = row.child_elements();
    cells.filter(|cell| cell.value().name() == "td").collect()
}

/// Returns whether an element contains elements with one of these names.
fn has_inside(element: ElementRef<'_>, names: &[&str]) -> bool {
    let mut inside = element.descendent_elements().skip(1);
    inside.any(|inner| names.contains(&inner.value().name()))
}

/// Returns whether code is marked as JSON.
fn is_json(pre: ElementRef<'_>) -> bool {
    let mut inside = pre.descendent_elements();
    inside.any(|inner| {
        let mut classes = inner.value().classes();
        inner.value().name() == "code" && classes.any(|class| class == "language-json")
    })
}

/// Returns an error if too many tags are unclosed, since parsing such a page takes far more time
/// than its length suggests. The count is rough: the next end tag with the same name closes a tag,
/// and elements with an optional end tag do not count.
fn too_much_open(html: &str) -> Option<String> {
    let endless = [
        "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link",
        "meta", "option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr",
        "track", "wbr",
    ];
    // The parser reopens these in each following block until they are closed.
    let repeated = [
        "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt",
        "u",
    ];
    let mut open: HashMap<String, usize> = HashMap::new();
    let (mut all, mut again, mut copies) = (0_usize, 0_usize, 0_usize);
    for after in html.split('<').skip(1) {
        let (ends, after) = match after.strip_prefix('/') {
            Some(after) => (true, after),
            None => (false, after),
        };
        let length = after
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(after.len());
        let name = after[..length].to_ascii_lowercase();
        copies += again;
        if all > MAX_DEPTH || copies > MAX_COPIES {
            return Some(format!(
                "content.rendered: {all} tags are unclosed, most of them {}: expected a page of \
                 the documentation",
                most(&open)
            ));
        }
        if name.is_empty() || endless.contains(&name.as_str()) {
            continue;
        }
        let is_repeated = usize::from(repeated.contains(&name.as_str()));
        let count = open.entry(name).or_default();
        match (ends, *count) {
            (true, 0) => {}
            (true, _) => {
                *count -= 1;
                (all, again) = (all - 1, again - is_repeated);
            }
            (false, _) => {
                *count += 1;
                (all, again) = (all + 1, again + is_repeated);
            }
        }
    }
    None
}

fn most(open: &HashMap<String, usize>) -> String {
    let most = open.iter().max_by_key(|(name, count)| (**count, *name));
    most.map_or_else(String::new, |(name, _)| format!("`<{}>`", shortened(name)))
}

/// Returns whether the tree is deeper than the readers can recurse. This function itself does not
/// recurse.
fn is_too_deep(html: &Html) -> bool {
    let (mut node, mut depth) = (html.tree.root(), 0_usize);
    loop {
        if let Some(child) = node.first_child() {
            (node, depth) = (child, depth + 1);
            if depth > MAX_DEPTH {
                return true;
            }
            continue;
        }
        loop {
            if let Some(next) = node.next_sibling() {
                node = next;
                break;
            }
            match node.parent() {
                Some(parent) => (node, depth) = (parent, depth - 1),
                None => return false,
            }
        }
    }
}
