//! Readers of documentation pages. They return a [`Page`] with rows of text, which `draft`
//! interprets.

mod flat;
mod html;
pub mod known;
mod markdown;
pub mod nest;
pub mod openapi;
mod page;
mod scan;
mod text;

use dataforseo_spec::diagnostics::did_you_mean;

pub use nest::DocField;
pub use page::{Form, Page, Row, Table, Unreadable};
pub use scan::{MAX_NAME, MAX_PAGE, TYPE_WORDS};
use scan::{MAX_ROWS, shortened};

/// Reads a page of any form. A page that begins with a brace is JSON, and so is one that begins with a
/// bracket and is not Markdown.
///
/// # Errors
/// Returns all errors of the page.
pub fn read(content: &str) -> Result<Page, Unreadable> {
    if content.len() > MAX_PAGE {
        return Err(Unreadable::because(format!(
            "{} bytes: expected a documentation page of at most {MAX_PAGE} bytes",
            content.len()
        )));
    }
    let content = content.trim_start_matches('\u{feff}');
    let page = match content.trim_start().as_bytes().first() {
        None => return Err(Unreadable::because("the page is empty")),
        Some(b'{') => html::read(content)?,
        Some(_) if markdown::is_markdown(content) => markdown::read(content)?,
        Some(b'[') => html::read(content)?,
        Some(_) => text::read(content)?,
    };
    check(&page)?;
    Ok(page)
}

fn check(page: &Page) -> Result<(), Unreadable> {
    if page.task.rows.is_empty() && page.result.rows.is_empty() {
        return Err(Unreadable::because(format!(
            "no endpoint is described here: the page has no table of fields, with the columns Field name, \
             Type, Description (in plain text, each cell is a line). It is an overview, or a part of a \
             page; it mentions {} {}",
            page.method, page.path
        )));
    }
    let mut wrong = Vec::new();
    let segments: Vec<&str> = page.path.split('/').collect();
    let is_name = |segment: &&str| {
        let parameter = segment
            .strip_prefix('{')
            .and_then(|it| it.strip_suffix('}'));
        let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let segment = parameter.unwrap_or(segment);
        !segment.is_empty() && segment.chars().all(name)
    };
    // The path becomes part of file names, so it must not contain `..`.
    if segments.len() < 4 || !segments[1..].iter().all(is_name) {
        wrong.push(format!(
            "`{}` is not the path of an endpoint, such as /v3/backlinks/summary/live",
            page.path
        ));
    }
    for (name, table) in [
        ("the task fields", &page.task),
        ("the response fields", &page.result),
    ] {
        match table.rows.first() {
            // A GET has no task fields; a table describes its parameters.
            None if page.method == "GET" && std::ptr::eq(table, &page.task) => {}
            None => wrong.push(format!(
                "no table of {name}: expected one with the columns Field name, Type, Description (in \
                 plain text, each cell is a line)"
            )),
            Some(first) if first.depth > 0 => wrong.push(format!(
                "{}: the table of {name} begins with the indented row `{}`; the row \
                 that it belongs to is missing",
                first.location, first.name
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
                    "{}: a name of {} bytes, `{}`: expected a field name of at most {MAX_NAME} bytes",
                    row.location,
                    row.name.len(),
                    shortened(&row.name)
                ));
            }
            if !TYPE_WORDS.contains(&row.type_word.as_str()) {
                let meant = did_you_mean(&row.type_word, TYPE_WORDS);
                wrong.push(format!(
                    "{}: `{}` has the unknown type `{}`{meant}",
                    row.location,
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
