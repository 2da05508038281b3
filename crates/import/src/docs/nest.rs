//! Nests the rows of a table into a tree of fields.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::flat;
use super::known::{ExampleShape, Known};
use super::page::{Row, Table, Unreadable};
use dataforseo_spec::language::{Api, Endpoint, Fields, ResultObject, SharedTypes};

/// A documented field with the fields inside it.
#[derive(Debug, Clone, PartialEq)]
pub struct DocField {
    /// The row.
    pub row: Row,
    /// The fields inside it. Those of elements of several kinds are merged.
    pub children: Vec<DocField>,
    /// The kinds of elements of a list, by the value of their tag. Empty if the page states none.
    pub kinds: Vec<String>,
}

/// The maximum depth of nested fields. The API has about seven levels. A spec file has two levels
/// per level of fields.
pub const MAX_LEVELS: usize = 16;

/// The number of characters by which the indentation of a row can be wrong.
const OUT_OF_LINE: usize = 2;

/// The fields of the spec, which determine the nesting of a page without indentation.
#[derive(Debug, Clone, Copy)]
pub struct NestingHints<'a> {
    /// The description of the API, with the envelope.
    pub api: &'a Api,
    /// The task fields in the spec.
    pub task: Option<&'a Fields>,
    /// The object in `result` in the spec.
    pub result: Option<&'a ResultObject>,
    /// The shared types that these fields use.
    pub shared: Option<&'a SharedTypes>,
}

impl<'a> NestingHints<'a> {
    /// Creates the hints from an endpoint of the spec, if it exists.
    pub fn of(
        api: &'a Api,
        endpoint: Option<&'a Endpoint>,
        shared: Option<&'a SharedTypes>,
    ) -> Self {
        Self {
            api,
            task: endpoint.and_then(|endpoint| Some(&endpoint.task.as_ref()?.fields)),
            result: endpoint.and_then(|endpoint| endpoint.result.as_ref()),
            shared,
        }
    }

    fn in_task(&self) -> Known<'a> {
        Known::of_fields(self.task, self.shared)
    }

    fn in_result(&self) -> Known<'a> {
        let used = self.result.and_then(|result| result.shared.as_ref());
        match used.and_then(|name| self.shared?.types.get(name)) {
            Some(used) => Known::of_type(used, self.shared),
            None => Known::of_fields(self.result.map(|result| &result.fields), self.shared),
        }
    }
}

/// Nests the rows of the table of task fields: by indentation if there is any, otherwise by the spec
/// and the example of a task.
///
/// # Errors
/// Returns an error for duplicate fields, fields inside a type without fields, and too many levels.
pub fn nest_task<'a>(
    table: &Table,
    hints: NestingHints<'a>,
    example: Option<&'a ExampleShape<'a>>,
    notes: &mut Vec<String>,
) -> Result<Vec<DocField>, Unreadable> {
    let rows = &table.rows;
    if table.shows_nesting() {
        return tree(rows, &by_indentation(rows, notes), Duplicates::Refused);
    }
    let parents = flat::nest_task(rows, hints.in_task().with_example(example), notes);
    tree(rows, &parents, Duplicates::Noted(notes))
}

/// Nests the rows of the table of response fields: by indentation if there is any, otherwise by the
/// spec and the example of a result.
///
/// # Errors
/// Returns an error for duplicate fields, fields inside a type without fields, and too many levels.
pub fn nest_response<'a>(
    table: &Table,
    hints: NestingHints<'a>,
    example: Option<&'a ExampleShape<'a>>,
    notes: &mut Vec<String>,
) -> Result<Vec<DocField>, Unreadable> {
    let rows = &table.rows;
    if table.shows_nesting() {
        return tree(rows, &by_indentation(rows, notes), Duplicates::Refused);
    }
    let envelope = Known::of_fields(Some(&hints.api.envelope.fields), None);
    let result = hints.in_result().with_example(example);
    let parents = flat::nest_response(rows, envelope, result, notes);
    tree(rows, &parents, Duplicates::Noted(notes))
}

/// The reaction to a name that occurs twice in one place.
enum Duplicates<'n> {
    /// An error.
    Refused,
    /// A note, and one field. The place can be a wrong guess.
    Noted(&'n mut Vec<String>),
}

fn tree(
    rows: &[Row],
    parents: &[Option<usize>],
    mut duplicates: Duplicates<'_>,
) -> Result<Vec<DocField>, Unreadable> {
    let mut wrong = Vec::new();
    let mut levels: Vec<usize> = Vec::with_capacity(rows.len());
    let mut first: HashMap<(Option<usize>, usize, &str), usize> = HashMap::new();
    let mut inside: Vec<Vec<usize>> = vec![Vec::new(); rows.len()];
    // The kinds that each list or object has so far, and how often another kind begins in it.
    let mut kinds: Vec<Vec<String>> = vec![Vec::new(); rows.len()];
    let mut begun = vec![0_usize; rows.len()];
    let mut outermost = Vec::new();
    for (index, (row, parent)) in rows.iter().zip(parents).enumerate() {
        levels.push(parent.map_or(0, |parent| levels[parent] + 1));
        if levels[index] == MAX_LEVELS {
            wrong.push(format!(
                "{}: `{}` is nested {MAX_LEVELS} levels deep: expected fewer levels",
                row.location, row.name
            ));
        }
        match parent {
            Some(at) => {
                inside[*at].push(index);
                let parent = &rows[*at];
                if !has_fields(parent) {
                    wrong.push(format!(
                        "{}: `{}` is inside `{}` of the type {}: only arrays and objects have fields",
                        row.location, row.name, parent.name, parent.type_word
                    ));
                }
                begun[*at] += usize::from(row.heading.is_some());
                if let Some(value) = row.tag_value().filter(|it| !kinds[*at].contains(it)) {
                    // The heading, if any, already began the kind.
                    let is_next = !kinds[*at].is_empty() && row.heading.is_none();
                    begun[*at] += usize::from(is_next);
                    kinds[*at].push(value);
                }
            }
            None => outermost.push(index),
        }
        let kind = parent.map_or(0, |parent| begun[parent]);
        match first.entry((*parent, kind, &row.name)) {
            Entry::Vacant(entry) => {
                entry.insert(index);
            }
            Entry::Occupied(entry) => {
                let first = &rows[*entry.get()].location;
                let what = format!(
                    "{}: duplicate field `{}` (first: {first})",
                    row.location, row.name
                );
                match &mut duplicates {
                    Duplicates::Noted(notes) if parent.is_some() => notes.push(format!(
                        "{what}; the page shows no nesting, and the place of one of them is unknown"
                    )),
                    _ => wrong.push(what),
                }
            }
        }
    }
    if wrong.is_empty() {
        Ok(fields(rows, &outermost, &inside, &kinds))
    } else {
        Err(Unreadable(wrong))
    }
}

fn has_fields(row: &Row) -> bool {
    matches!(row.type_word.as_str(), "array" | "object")
}

/// Returns the fields at some rows. A field that several kinds of elements have is one field.
fn fields(
    rows: &[Row],
    at: &[usize],
    inside: &[Vec<usize>],
    kinds: &[Vec<String>],
) -> Vec<DocField> {
    let mut by_name: IndexMap<&str, Vec<usize>> = IndexMap::new();
    for index in at {
        by_name.entry(&rows[*index].name).or_default().push(*index);
    }
    let field = |all: &Vec<usize>| {
        let first = all.first()?;
        let inner: Vec<usize> = all.iter().flat_map(|at| inside[*at].clone()).collect();
        let mut own: Vec<String> = all.iter().flat_map(|at| kinds[*at].clone()).collect();
        let mut seen = HashSet::new();
        own.retain(|kind| seen.insert(kind.clone()));
        Some(DocField {
            row: rows[*first].clone(),
            children: fields(rows, &inner, inside, kinds),
            kinds: own,
        })
    };
    by_name.values().filter_map(field).collect()
}

/// Returns the parents of rows by indentation. The steps are irregular, so a row that is deeper
/// than the row above is inside it. A row slightly deeper than one that cannot have fields is its
/// sibling.
fn by_indentation(rows: &[Row], notes: &mut Vec<String>) -> Vec<Option<usize>> {
    let mut open: Vec<usize> = Vec::new();
    let mut parents = Vec::with_capacity(rows.len());
    let mut out_of_line = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        while let Some(last) = open.last() {
            let above = &rows[*last];
            let little = row.depth <= above.depth + OUT_OF_LINE && !has_fields(above);
            if above.depth < row.depth && !little {
                break;
            }
            if above.depth < row.depth {
                out_of_line.push(index);
            }
            open.pop();
        }
        parents.push(open.last().copied());
        open.push(index);
    }
    if let Some(first) = out_of_line.first() {
        let first = &rows[*first];
        let more = match out_of_line.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more fields"),
        };
        notes.push(format!(
            "{}: `{}` is indented slightly deeper than the field above, which has no fields; treated as \
             its sibling{more}",
            first.location, first.name
        ));
    }
    parents
}

/// Returns whether a name is a number, which is the key of a map in the request.
pub fn is_key(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}
