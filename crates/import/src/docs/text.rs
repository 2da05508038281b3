//! Reader of plain-text pages, which have no tags and often no nesting.

use std::ops::Range;

use super::page::{Form, Page, Row, Table, Unreadable};
use super::scan::{
    ANNOUNCEMENT, TYPE_WORDS, balanced, endpoint_in, is_heading, is_response, request_body, visible,
};

/// The lines of a table's head.
const HEAD: [&str; 3] = ["field name", "type", "description"];

/// Reads a page.
pub fn read(text: &str) -> Result<Page, Unreadable> {
    let text = visible(text).replace("\r\n", "\n");
    // Blank lines are skipped, the others keep their numbers.
    let numbered = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let (numbers, lines): (Vec<usize>, Vec<&str>) =
        numbered.map(|(at, line)| (at + 1, line)).unzip();
    let Some((method, path)) = endpoint(&lines) else {
        let message = "no endpoint in the text: expected POST or GET and a URL under \
                       https://api.dataforseo.com/v3/";
        return Err(Unreadable::because(message));
    };
    let heads: Vec<usize> = (0..lines.len()).filter(|at| is_head(&lines, *at)).collect();
    let mut page = Page {
        form: Form::Text,
        link: None,
        revised: None,
        method,
        path,
        intro: intro(&lines, heads.first().copied().unwrap_or(lines.len())),
        task: Table::default(),
        result: Table::default(),
        request_example: request_body(&text),
        response_example: response(&text),
        notes: Vec::new(),
    };
    for (index, &head) in heads.iter().enumerate() {
        let end = heads
            .get(index + 1)
            .map_or(lines.len(), |next| table_end(&lines, *next));
        let announced = lines[..head]
            .iter()
            .rev()
            .find(|line| !line.trim().is_empty());
        let rows = rows(&lines, &numbers, head + HEAD.len()..end, &mut page.notes);
        let slot = if is_response(announced.copied().unwrap_or_default(), &rows) {
            &mut page.result
        } else {
            &mut page.task
        };
        if slot.rows.is_empty() {
            slot.rows = rows;
        } else {
            page.notes.push(format!(
                "line {}: skipped a second table of the same kind",
                numbers[head]
            ));
        }
    }
    Ok(page)
}

/// Returns the endpoint that the examples call, as no other line states it.
fn endpoint(lines: &[&str]) -> Option<(String, String)> {
    lines.iter().find_map(|line| endpoint_in(line))
}

fn is_head(lines: &[&str], at: usize) -> bool {
    HEAD.iter().enumerate().all(|(offset, word)| {
        lines
            .get(at + offset)
            .is_some_and(|line| line.trim().eq_ignore_ascii_case(word))
    })
}

/// Returns the end of a table, before the sentences that introduce the next one.
fn table_end(lines: &[&str], next_head: usize) -> usize {
    let mut end = next_head;
    while end > 0 {
        let line = lines[end - 1].trim().to_lowercase();
        let announces = line.is_empty()
            || line.starts_with("description of the fields")
            || line.starts_with("as a response of the api")
            || line.starts_with("below you will find");
        if !announces {
            break;
        }
        end -= 1;
    }
    end
}

/// The text around a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineContext {
    /// The description of a field.
    Description,
    /// A list of values, one per line.
    ValueList,
}

/// Returns whether a field starts at a line: the line is a name, and the next line is a type or
/// similar to one. A similar type is reported later, as it is probably a typo. It does not count in
/// a list of values.
fn field_at(lines: &[&str], at: usize, end: usize, context: LineContext) -> bool {
    let name = lines[at].trim();
    let is_name = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let Some(next) = lines[..end].get(at + 1) else {
        return false;
    };
    let next = next.trim().to_lowercase();
    if !is_name || TYPE_WORDS.contains(&next.as_str()) {
        return is_name;
    }
    context == LineContext::Description && next != name && is_like_a_type(&next)
}

/// Returns whether a line is similar to a type: `int`, `intger`, `array of integers`, `number or
/// null`.
fn is_like_a_type(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let like = |word: &str| {
        TYPE_WORDS.iter().any(|ty| {
            word == *ty
                || (word.len() >= 3 && ty.starts_with(word))
                || (word.len().abs_diff(ty.len()) <= 1
                    && word.len() >= 4
                    && strsim::damerau_levenshtein(word, ty) == 1)
        })
    };
    match words.as_slice() {
        [word] => like(word),
        ["array" | "list", "of", _] => true,
        [first, "or", last] => TYPE_WORDS.contains(first) || TYPE_WORDS.contains(last),
        _ => false,
    }
}

fn rows(
    lines: &[&str],
    numbers: &[usize],
    table: Range<usize>,
    notes: &mut Vec<String>,
) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let (mut at, end) = (table.start, table.end);
    // A sentence that ends in a colon introduces a list.
    let mut context = LineContext::Description;
    let mut heading = None;
    while at < end {
        if field_at(lines, at, end, context) {
            let line = lines[at];
            context = LineContext::Description;
            rows.push(Row {
                location: format!("line {}", numbers[at]),
                depth: line.len() - line.trim_start().len(),
                name: line.trim().to_owned(),
                type_word: lines[at + 1].trim().to_lowercase(),
                lines: Vec::new(),
                heading: heading.take(),
            });
            at += 2;
            continue;
        }
        let line = lines[at].trim();
        // A description can contain the same words, but not at the beginning and in quotes.
        let is_quoted = line.starts_with(['‘', '“', '\'', '"']);
        if is_quoted && is_heading(line) && at + 1 < end && field_at(lines, at + 1, end, context) {
            heading = Some(line.to_owned());
            at += 1;
            continue;
        }
        if line.contains(' ') || line.ends_with(':') {
            context = if line.ends_with(':') {
                LineContext::ValueList
            } else {
                LineContext::Description
            };
        }
        match rows.last_mut() {
            Some(row) => row.lines.push(line.to_owned()),
            None => notes.push(format!("line {}: belongs to no field: {line}", numbers[at])),
        }
        at += 1;
    }
    rows
}

/// Returns the prose before the first table, without the examples.
fn intro(lines: &[&str], end: usize) -> Vec<String> {
    let first_example = lines
        .iter()
        .position(|line| {
            ["Instead of", "#", "curl "]
                .iter()
                .any(|start| line.starts_with(start))
        })
        .unwrap_or(end);
    let after_examples = lines[..end]
        .iter()
        .rposition(|line| line.starts_with("The above command returns"))
        .map_or(end, |at| behind_response(lines, at + 1, end));
    let last = after_examples.max(first_example);
    lines[..first_example.min(end)]
        .iter()
        .chain(
            lines
                .get(last..end)
                .filter(|_| after_examples < end)
                .unwrap_or_default(),
        )
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty() && !line.starts_with(ANNOUNCEMENT))
        .collect()
}

/// Returns the line after the response example that begins at a line, or that line if there is no
/// example.
fn behind_response(lines: &[&str], at: usize, end: usize) -> usize {
    if !lines
        .get(at)
        .is_some_and(|line| line.trim_start().starts_with('{'))
    {
        return at;
    }
    let rest = lines[at..end].join("\n");
    match balanced(rest.trim_start()) {
        Some(example) => at + example.lines().count(),
        // The example is truncated at an unknown line.
        None => end,
    }
}

/// Returns the response example. A truncated example extends to the end, and the import reports it.
fn response(text: &str) -> Option<String> {
    let after = &text[text.find("returns JSON structured like this:")?..];
    let (_, body) = after.split_once('\n')?;
    let body = body.trim_start();
    body.starts_with('{')
        .then(|| balanced(body).unwrap_or(body).to_owned())
}
