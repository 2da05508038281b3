//! Nests the rows of a table into a tree of fields.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::page::{Row, Table, Unreadable};
use dataforseo_spec::language::{Api, Endpoint, Field, Fields, SharedTypes};

/// A documented field with the fields inside it.
#[derive(Debug, Clone, PartialEq)]
pub struct DocField {
    /// The row.
    pub row: Row,
    /// The fields inside it.
    pub children: Vec<DocField>,
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
    /// The result fields in the spec.
    pub result: Option<&'a Fields>,
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
        let result = endpoint.and_then(|endpoint| endpoint.result.as_ref());
        let used = result.and_then(|result| shared?.types.get(result.shared.as_ref()?));
        Self {
            api,
            task: endpoint.and_then(|endpoint| Some(&endpoint.task.as_ref()?.fields)),
            result: used
                .map(|used| &used.fields)
                .or(result.map(|result| &result.fields)),
            shared,
        }
    }

    /// Returns the fields inside a field, or those of its shared type.
    fn inside(&self, field: &'a Field) -> Option<&'a Fields> {
        let shared = field.shared.as_ref();
        let used = shared.and_then(|name| self.shared?.types.get(name));
        let fields = used.map_or_else(|| field.inner(), |used| &used.fields);
        (!fields.is_empty()).then_some(fields)
    }
}

/// Nests the rows of the table of task fields.
///
/// # Errors
/// Returns an error for duplicate fields, fields inside a type without fields, and too many levels.
pub fn nest_task(
    table: &Table,
    known: NestingHints<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<DocField>, Unreadable> {
    let parents = match known.task {
        Some(task) if !table.shows_nesting() => task_by_knowledge(&table.rows, task, known),
        _ => by_indentation(&table.rows, notes),
    };
    tree(&table.rows, &parents)
}

/// Nests the rows of the table of response fields: by indentation if there is any, otherwise by the
/// spec.
///
/// # Errors
/// Returns an error for duplicate fields, fields inside a type without fields, and too many levels.
pub fn nest_response(
    table: &Table,
    known: NestingHints<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<DocField>, Unreadable> {
    let parents = if table.shows_nesting() {
        by_indentation(&table.rows, notes)
    } else {
        by_knowledge(&table.rows, known, notes)
    };
    tree(&table.rows, &parents)
}

fn tree(rows: &[Row], parents: &[Option<usize>]) -> Result<Vec<DocField>, Unreadable> {
    let mut wrong = Vec::new();
    let mut levels: Vec<usize> = Vec::with_capacity(rows.len());
    let mut first: HashMap<(Option<usize>, &str), usize> = HashMap::new();
    let mut inside: Vec<Vec<usize>> = vec![Vec::new(); rows.len()];
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
            Some(parent) => {
                inside[*parent].push(index);
                let parent = &rows[*parent];
                if !has_fields(parent) {
                    wrong.push(format!(
                        "{}: `{}` is inside `{}` of the type {}: only arrays and objects have fields",
                        row.location, row.name, parent.name, parent.type_word
                    ));
                }
            }
            None => outermost.push(index),
        }
        match first.entry((*parent, &row.name)) {
            Entry::Vacant(entry) => {
                entry.insert(index);
            }
            Entry::Occupied(entry) => wrong.push(format!(
                "{}: duplicate field `{}` (first: {})",
                row.location,
                row.name,
                rows[*entry.get()].location
            )),
        }
    }
    if wrong.is_empty() {
        Ok(fields(rows, &outermost, &inside))
    } else {
        Err(Unreadable(wrong))
    }
}

fn has_fields(row: &Row) -> bool {
    matches!(row.type_word.as_str(), "array" | "object")
}

fn fields(rows: &[Row], at: &[usize], inside: &[Vec<usize>]) -> Vec<DocField> {
    at.iter()
        .map(|index| DocField {
            row: rows[*index].clone(),
            children: fields(rows, &inside[*index], inside),
        })
        .collect()
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

/// Returns the parents of the rows of a task. Known fields are nested as in the spec, others are at
/// the top.
fn task_by_knowledge<'a>(
    rows: &[Row],
    task: &'a Fields,
    known: NestingHints<'a>,
) -> Vec<Option<usize>> {
    let mut parents = Vec::with_capacity(rows.len());
    let mut open = vec![Level::new(None, Some(task))];
    for (index, row) in rows.iter().enumerate() {
        let level = level_of(&open, &row.name, |_| true).unwrap_or(0);
        open.truncate(level + 1);
        let (parent, field) = open
            .last_mut()
            .map_or((None, None), |level| level.take(row));
        parents.push(parent);
        if let Some(inner) = field.and_then(|field| known.inside(field))
            && open.len() <= MAX_LEVELS
        {
            open.push(Level::new(Some(index), Some(inner)));
        }
    }
    parents
}

/// An open field, and its fields in the spec.
struct Level<'a> {
    /// The row. Absent for the top level.
    row: Option<usize>,
    fields: Option<&'a Fields>,
    /// The names of the fields that already occurred.
    met: HashSet<&'a str>,
}

impl<'a> Level<'a> {
    fn new(row: Option<usize>, fields: Option<&'a Fields>) -> Self {
        Self {
            row,
            fields,
            met: HashSet::new(),
        }
    }

    /// Adds a row to this level. Returns the row of the level, and the field of the spec with that
    /// name.
    fn take(&mut self, row: &Row) -> (Option<usize>, Option<&'a Field>) {
        let field = self
            .fields
            .and_then(|fields| fields.get_key_value(&row.name));
        self.met.extend(field.map(|(name, _)| name.as_str()));
        (self.row, field.map(|(_, field)| field))
    }

    fn has(&self, name: &str) -> bool {
        self.fields.is_some_and(|fields| fields.contains_key(name))
    }
}

/// Returns the innermost level with a field of this name. Prefers levels in which the name has not
/// occurred yet.
fn level_of(open: &[Level<'_>], name: &str, allowed: impl Fn(&Level<'_>) -> bool) -> Option<usize> {
    let having = |open: &Level<'_>| open.has(name) && allowed(open);
    let free = |open: &Level<'_>| having(open) && !open.met.contains(name);
    open.iter()
        .rposition(free)
        .or_else(|| open.iter().rposition(having))
}

/// Returns the parents of the rows of a response. Known fields are nested as in the envelope or the
/// spec. Fields after a list `items` belong to its elements. The first key of a map represents all
/// keys.
fn by_knowledge(
    rows: &[Row],
    known: NestingHints<'_>,
    notes: &mut Vec<String>,
) -> Vec<Option<usize>> {
    let mut parents = Vec::with_capacity(rows.len());
    // The open fields, innermost last.
    let mut open = vec![Level::new(None, Some(&known.api.envelope.fields))];
    let mut in_result = false;
    let mut guessed: Vec<(usize, Option<usize>)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        // Names of the envelope such as `status_code` and `id` can also occur in the result.
        let allowed = |level: &Level<'_>| {
            !in_result
                || level
                    .row
                    .is_some_and(|at| inside_result(rows, &parents, at))
        };
        let level = level_of(&open, &row.name, allowed);
        if let Some(level) = level {
            open.truncate(level + 1);
        }
        let (parent, field) = open
            .last_mut()
            .map_or((None, None), |level| level.take(row));
        let of_map = open.last().and_then(|level| level.fields);
        parents.push(parent);
        let inner = field.and_then(|field| known.inside(field));
        let is_list = row.type_word == "array";
        let next = if row.name == "result" && is_list && !in_result {
            in_result = true;
            Some(known.result)
        } else if is_key(&row.name) && of_map.is_some() && has_fields(row) {
            Some(of_map)
        } else if inner.is_some() || (in_result && row.name == "items" && is_list) {
            Some(inner)
        } else {
            None
        };
        if level.is_none() && !(is_key(&row.name) && of_map.is_some()) {
            guessed.push((index, parent));
        }
        // `tree` rejects deeper fields.
        if let Some(inner) = next.filter(|_| open.len() <= MAX_LEVELS) {
            open.push(Level::new(Some(index), inner));
        }
    }
    // Adjacent rows with the same parent share one note.
    for group in guessed.chunk_by(|(a, into_a), (b, into_b)| a + 1 == *b && into_a == into_b) {
        if let (Some((first, parent)), Some((last, _))) = (group.first(), group.last()) {
            let into = parent.map_or("the envelope", |parent| rows[parent].name.as_str());
            let (first, last) = (&rows[*first], &rows[*last]);
            let which = match group.len() {
                1 => format!("`{}` ({})", first.name, first.location),
                count => format!(
                    "{count} fields from `{}` ({}) to `{}` ({})",
                    first.name, first.location, last.name, last.location
                ),
            };
            notes.push(format!(
                "{which} treated as inside `{into}`: the text shows no nesting"
            ));
        }
    }
    parents
}

/// Returns whether a name is a number, which is the key of a map in the request.
pub fn is_key(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

fn inside_result(rows: &[Row], parents: &[Option<usize>], mut at: usize) -> bool {
    loop {
        if rows[at].name == "result" {
            return true;
        }
        match parents.get(at).copied().flatten() {
            Some(parent) => at = parent,
            None => return false,
        }
    }
}
