//! Readers of documentation pages. What they make, a [`Page`], is plain: what stands where. What
//! it means is worked out in `import`.

mod html;
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
                let meant = did_you_mean(&row.type_word, TYPE_WORDS);
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
