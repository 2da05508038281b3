//! The page as the documentation site's WordPress JSON has it.

use std::collections::HashMap;

use scraper::{ElementRef, Html, Node};
use serde::Deserialize;

use super::page::{Form, Page, Row, Table, Unreadable};
use super::scan::{ANNOUNCEMENT, endpoint_in, request_body, shortened, visible};

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

/// How many tags may be open at once. Real pages nest a dozen; the parser asks all open ones at
/// each tag, and the readers below call themselves for each level.
const MAX_DEPTH: usize = 300;

/// How many elements the parser may make of tags that were opened and never closed.
const MAX_COPIES: usize = 200_000;

/// Reads the page.
pub fn read(json: &str) -> Result<Page, Unreadable> {
    // The site's search answers with a list, of one page if it was asked for one.
    let post = match json.trim_start().starts_with('[') {
        true => serde_json::from_str::<Vec<Post>>(json).map(|posts| {
            match <[Post; 1]>::try_from(posts) {
                Ok([post]) => Ok(post),
                Err(posts) => Err(posts.len()),
            }
        }),
        false => serde_json::from_str(json).map(Ok),
    };
    let post: Result<Post, usize> = post.map_err(|error| {
        let hint = match error.classify() {
            serde_json::error::Category::Eof => "the JSON ends too early: is the file cut off?",
            serde_json::error::Category::Data => {
                "expected a WordPress page: an object with `content.rendered`"
            }
            _ => "this is no JSON",
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
            "content.rendered: elements stand deeper than {MAX_DEPTH} levels: expected a page of the \
             documentation"
        );
        return Err(Unreadable::because(message));
    }
    let mut reader = Reader::default();
    reader.walk(html.root_element());
    let Some((method, path)) = reader.endpoint.or(reader.endpoint_in_prose) else {
        let message = "no endpoint on the page: expected POST or GET and an address under \
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

/// Goes through the page from top to bottom.
#[derive(Default)]
struct Reader {
    endpoint: Option<(String, String)>,
    /// The endpoint that running text names: used if nothing better does.
    endpoint_in_prose: Option<(String, String)>,
    intro: Vec<String>,
    /// What was read last outside of tables: it announces the table that follows.
    last_words: String,
    task: Table,
    result: Table,
    request_example: Option<String>,
    response_example: Option<String>,
    notes: Vec<String>,
}

impl Reader {
    fn walk(&mut self, element: ElementRef<'_>) {
        // Words that stand outside of paragraphs, up to the next block.
        let mut loose = String::new();
        for child in element.children() {
            if let Some(child) = ElementRef::wrap(child) {
                let tag = child.value().name();
                // An unclosed tag goes around all that follows, tables as well.
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
        // A table around tables only lays them out.
        let is_field = |row: &ElementRef<'_>| cells_of(*row).len() == 3;
        if !rows.iter().any(is_field) && has_inside(table, &["table"]) {
            let cells: Vec<_> = rows.into_iter().flat_map(cells_of).collect();
            cells.into_iter().for_each(|cell| self.walk(cell));
            return;
        }
        let announced = self.last_words.to_lowercase();
        let answer = announced.contains("result") || announced.contains("response");
        let (name, slot) = match answer {
            true => ("answer", &mut self.result),
            false => ("task", &mut self.task),
        };
        if !slot.rows.is_empty() {
            self.notes.push(format!(
                "a second table of {name} fields was left out; it follows “{}”",
                shortened(&self.last_words)
            ));
            return;
        }
        for (index, tr) in rows.into_iter().enumerate() {
            let cells = cells_of(tr);
            let place = format!("{name} table, row {index}");
            match cells.as_slice() {
                // The head has `th`; a row of nothing is decoration.
                [] => {}
                [name, type_word, description] => {
                    let (depth, name) = indented_name(&inline_text(*name));
                    if name.is_empty() {
                        self.notes
                            .push(format!("{place}: a row without a name was left out"));
                        continue;
                    }
                    let type_word = visible(&inline_text(*type_word)).trim().to_lowercase();
                    // A head of plain cells.
                    if name.eq_ignore_ascii_case("field name") && type_word == "type" {
                        continue;
                    }
                    slot.rows.push(Row {
                        place,
                        depth,
                        name,
                        type_word,
                        lines: lines(&block_text(*description)),
                    });
                }
                cells => {
                    let text: Vec<String> = cells
                        .iter()
                        .map(|cell| visible(&inline_text(*cell)))
                        .collect();
                    let text = text.join(" | ");
                    self.notes.push(format!(
                        "{place}: a row of {} cells instead of 3 was left out: {}",
                        cells.len(),
                        shortened(text.trim())
                    ));
                }
            }
        }
    }
}

/// How far a name is indented, and the name. Spaces and no-break spaces count alike, whichever
/// side of a tag they stand on; line breaks and tabs are the HTML's own layout.
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

/// The text of an element with nothing for its tags.
fn inline_text(element: ElementRef<'_>) -> String {
    element.text().collect()
}

/// The text of an element with a line break for each `<br>` and around each paragraph.
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

/// Text without WordPress's shortcodes: `[vc_row]`, `[/vc_column_text]`.
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
        // Without an end in sight, looking for one again and again would take for ever.
        let Some(end) = tail.find(']') else { break };
        kept.push_str(&rest[..at]);
        kept.push(' ');
        rest = &tail[end + 1..];
    }
    kept + rest
}

/// The rows of a table itself, not those of tables in its cells.
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

/// The plain cells of a row; those of a head are others.
fn cells_of(row: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    let cells = row.child_elements();
    cells.filter(|cell| cell.value().name() == "td").collect()
}

/// Whether elements with one of these names are inside of an element.
fn has_inside(element: ElementRef<'_>, names: &[&str]) -> bool {
    let mut inside = element.descendent_elements().skip(1);
    inside.any(|inner| names.contains(&inner.value().name()))
}

/// Whether code is marked as JSON.
fn is_json(pre: ElementRef<'_>) -> bool {
    let mut inside = pre.descendent_elements();
    inside.any(|inner| {
        let mut classes = inner.value().classes();
        inner.value().name() == "code" && classes.any(|class| class == "language-json")
    })
}

/// What is wrong with how the tags nest: a page that is none can cost the parser and the readers
/// below far more than its length. A rough count, as the parser itself would be too slow to ask: a
/// tag is closed by the next end of its name, and elements that need no end do not count.
fn too_much_open(html: &str) -> Option<String> {
    let endless = [
        "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link",
        "meta", "option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr",
        "track", "wbr",
    ];
    // The parser opens these again in each block that follows, until they are closed.
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
                "content.rendered: {all} tags are open at once, most of them {}: expected a page of \
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

/// Whether something stands deeper in the tree than the readers go. The tree is walked without
/// calls inside of calls, which is the point.
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
