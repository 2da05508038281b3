//! The page as the documentation site's WordPress JSON has it.

use scraper::{ElementRef, Html, Node, Selector};
use serde::Deserialize;

use super::{ANNOUNCEMENT, Form, Page, Row, Table, Unreadable, endpoint_in, request_body, visible};

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
    let html = Html::parse_fragment(&post.content.rendered);
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
                if !matches!(tag, "table" | "pre") && has(child, "table, pre") {
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
        } else if has(pre, "code.language-json") || self.last_words.contains("returns JSON") {
            self.response_example.get_or_insert(text.trim().to_owned());
        }
    }

    fn table(&mut self, table: ElementRef<'_>) {
        let announced = self.last_words.to_lowercase();
        let answer = announced.contains("result") || announced.contains("response");
        let (name, slot) = match answer {
            true => ("answer", &mut self.result),
            false => ("task", &mut self.task),
        };
        if !slot.rows.is_empty() {
            self.notes.push(format!(
                "a second table of {name} fields was left out; it follows “{}”",
                self.last_words
            ));
            return;
        }
        for (index, tr) in elements(table, "tr").into_iter().enumerate() {
            let cells = elements(tr, "td");
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
                    slot.rows.push(Row {
                        place,
                        depth,
                        name,
                        type_word: visible(&inline_text(*type_word)).trim().to_lowercase(),
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
                        text.trim()
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
                let breaks = matches!(tag.name(), "br" | "p" | "div" | "li" | "ul" | "ol");
                if breaks {
                    text.push('\n');
                }
                if let Some(child) = ElementRef::wrap(child) {
                    collect_block(child, text);
                }
                if breaks && tag.name() != "br" {
                    text.push('\n');
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
        match tail.find(']') {
            Some(end) if name.starts_with("vc_") => {
                kept.push_str(&rest[..at]);
                kept.push(' ');
                rest = &tail[end + 1..];
            }
            _ => {
                kept.push_str(&rest[..=at]);
                rest = tail;
            }
        }
    }
    kept + rest
}

fn elements<'a>(element: ElementRef<'a>, selector: &str) -> Vec<ElementRef<'a>> {
    // The selectors are constants of this file; a test reads pages through each of them.
    Selector::parse(selector).map_or_else(
        |_| Vec::new(),
        |selector| element.select(&selector).collect(),
    )
}

fn has(element: ElementRef<'_>, selector: &str) -> bool {
    !elements(element, selector).is_empty()
}
