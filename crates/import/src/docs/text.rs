//! The page as plain text: no tags, and often no nesting.

use std::ops::Range;

use super::page::{Form, Page, Row, Table, Unreadable};
use super::scan::{ANNOUNCEMENT, TYPE_WORDS, balanced, endpoint_in, request_body, visible};

/// The head of a table, a line each.
const HEAD: [&str; 3] = ["field name", "type", "description"];

/// Reads the page.
pub fn read(text: &str) -> Result<Page, Unreadable> {
    let text = visible(text).replace("\r\n", "\n");
    // Blank lines mean nothing; the others keep their numbers.
    let numbered = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let (numbers, lines): (Vec<usize>, Vec<&str>) =
        numbered.map(|(at, line)| (at + 1, line)).unzip();
    let Some((method, path)) = endpoint(&lines) else {
        let message = "no endpoint in the text: expected POST or GET and an address under \
                       https://api.dataforseo.com/v3/. Is this a page of the documentation?";
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
        let announced = announced.map_or(String::new(), |line| line.to_lowercase());
        let answer = announced.contains("result") || announced.contains("response");
        let slot = if answer {
            &mut page.result
        } else {
            &mut page.task
        };
        if slot.rows.is_empty() {
            slot.rows = rows(&lines, &numbers, head + HEAD.len()..end, &mut page.notes);
        } else {
            page.notes.push(format!(
                "line {}: a second table of the same kind was left out",
                numbers[head]
            ));
        }
    }
    Ok(page)
}

/// The endpoint that the examples call: the text has no other line for it.
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

/// Where a table ends that another one follows: in front of the sentences that announce that.
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

/// A field begins where a line is a name and the next one a type: one that is known, or one that
/// is so much like it that it must be told of, not taken for prose.
/// In a list of values, one a line, any word may follow any other: so not there.
fn field_at(lines: &[&str], at: usize, end: usize, in_a_list: bool) -> bool {
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
    !in_a_list && next != name && is_like_a_type(&next)
}

/// `int`, `intger`, `array of integers`, `number or null`.
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
    // Whether the last sentence of this row ended in a colon.
    let mut in_a_list = false;
    while at < end {
        if field_at(lines, at, end, in_a_list) {
            let line = lines[at];
            in_a_list = false;
            rows.push(Row {
                place: format!("line {}", numbers[at]),
                depth: line.len() - line.trim_start().len(),
                name: line.trim().to_owned(),
                type_word: lines[at + 1].trim().to_lowercase(),
                lines: Vec::new(),
            });
            at += 2;
            continue;
        }
        let line = lines[at].trim();
        if line.contains(' ') || line.ends_with(':') {
            in_a_list = line.ends_with(':');
        }
        match rows.last_mut() {
            Some(row) => row.lines.push(line.to_owned()),
            None => notes.push(format!("line {}: belongs to no field: {line}", numbers[at])),
        }
        at += 1;
    }
    rows
}

/// The prose in front of the first table: what is left when the examples are taken out.
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

/// The line behind the response example that begins at a line, or that line if there is none.
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
        // It was cut off, and nobody knows where.
        None => end,
    }
}

/// The response example; one that is cut off goes up to the end, and the import tells of it.
fn response(text: &str) -> Option<String> {
    let after = &text[text.find("returns JSON structured like this:")?..];
    let (_, body) = after.split_once('\n')?;
    let body = body.trim_start();
    body.starts_with('{')
        .then(|| balanced(body).unwrap_or(body).to_owned())
}
