//! From the rows of a table to a tree of fields.

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

/// How many levels fields may be inside of fields. The API has some seven, and files of the spec
/// take twice as many levels as their fields.
pub const MAX_LEVELS: usize = 16;

/// By how many characters a row may be out of line with its neighbors.
const OUT_OF_LINE: usize = 2;

/// What is known about nesting when a page does not tell.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// What holds for the API as a whole, the envelope with it.
    pub api: &'a Api,
    /// The task's fields in the spec as it is.
    pub task: Option<&'a Fields>,
    /// The result's fields in the spec as it is.
    pub result: Option<&'a Fields>,
    /// The types that these name.
    pub shared: Option<&'a SharedTypes>,
}

impl<'a> Known<'a> {
    /// What an endpoint's file says, if there is one.
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

    /// The fields inside of a field, those of its shared type included.
    fn inside(&self, field: &'a Field) -> Option<&'a Fields> {
        let shared = field.shared.as_ref();
        let used = shared.and_then(|name| self.shared?.types.get(name));
        let fields = used.map_or_else(|| field.inner(), |used| &used.fields);
        (!fields.is_empty()).then_some(fields)
    }
}

/// Nests the rows of the table of the task's fields.
///
/// # Errors
/// Fields that stand twice in one place, inside what cannot have any, or too deep.
pub fn nest_task(
    table: &Table,
    known: Known<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<DocField>, Unreadable> {
    let parents = match known.task {
        Some(task) if !table.tells_nesting() => task_by_knowledge(&table.rows, task, known),
        _ => by_indentation(&table.rows, notes),
    };
    tree(&table.rows, &parents)
}

/// Nests the rows of the table of the answer's fields: by their indentation if they have any,
/// else by what is known.
///
/// # Errors
/// Fields that stand twice in one place, inside what cannot have any, or too deep.
pub fn nest_answer(
    table: &Table,
    known: Known<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<DocField>, Unreadable> {
    let parents = match table.tells_nesting() {
        true => by_indentation(&table.rows, notes),
        false => by_knowledge(&table.rows, known, notes),
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
                "{}: `{}` stands {MAX_LEVELS} levels deep: expected fewer",
                row.place, row.name
            ));
        }
        match parent {
            Some(parent) => {
                inside[*parent].push(index);
                let parent = &rows[*parent];
                if !has_fields(parent) {
                    wrong.push(format!(
                        "{}: `{}` stands inside `{}`, which is of the type {}: only an array or an object has fields",
                        row.place, row.name, parent.name, parent.type_word
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
                "{}: `{}` stands here a second time (first: {})",
                row.place,
                row.name,
                rows[*entry.get()].place
            )),
        }
    }
    match wrong.is_empty() {
        true => Ok(fields(rows, &outermost, &inside)),
        false => Err(Unreadable(wrong)),
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

/// The steps are irregular, so only the order counts: a row that is deeper than the one above
/// is inside it. But a row that is a little deeper than one that cannot hold it is out of line.
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
            more => format!(", and so {more} more fields"),
        };
        notes.push(format!(
            "{}: `{}` is set in a little deeper than the field above, which has no fields; taken as \
             beside it{more}",
            first.place, first.name
        ));
    }
    parents
}

/// A field of the task that the spec has stands where the spec has it; others stand outermost.
fn task_by_knowledge<'a>(rows: &[Row], task: &'a Fields, known: Known<'a>) -> Vec<Option<usize>> {
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

/// A field that is open at some point, and what the spec has in it.
struct Level<'a> {
    /// Its row; the outermost level has none.
    row: Option<usize>,
    fields: Option<&'a Fields>,
    /// The names of those that were met.
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

    /// Puts a row here. Gives this level's row, and the field that the spec has by that name.
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

/// The innermost level that has a field of this name and has not met it yet; else, the innermost
/// that has it.
fn level_of(open: &[Level<'_>], name: &str, allowed: impl Fn(&Level<'_>) -> bool) -> Option<usize> {
    let having = |open: &Level<'_>| open.has(name) && allowed(open);
    let free = |open: &Level<'_>| having(open) && !open.met.contains(name);
    open.iter()
        .rposition(free)
        .or_else(|| open.iter().rposition(having))
}

/// The envelope is known; a field that the spec has stands where the spec has it; after a list
/// `items`, fields belong to its elements; the first key of a map stands for all.
fn by_knowledge(rows: &[Row], known: Known<'_>, notes: &mut Vec<String>) -> Vec<Option<usize>> {
    let mut parents = Vec::with_capacity(rows.len());
    // The fields that are open at this point, innermost last, with what the spec has in them.
    let mut open = vec![Level::new(None, Some(&known.api.envelope.fields))];
    let mut in_result = false;
    let mut guessed: Vec<(usize, Option<usize>)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        // An envelope's name inside the result is the result's own: `status_code`, `id`, `data`.
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
        // What is deeper is refused once it is a tree.
        if let Some(inner) = next.filter(|_| open.len() <= MAX_LEVELS) {
            open.push(Level::new(Some(index), inner));
        }
    }
    // Neighbors that went to the same place are told of together.
    for group in guessed.chunk_by(|(a, into_a), (b, into_b)| a + 1 == *b && into_a == into_b) {
        if let (Some((first, parent)), Some((last, _))) = (group.first(), group.last()) {
            let into = parent.map_or("the envelope", |parent| rows[parent].name.as_str());
            let (first, last) = (&rows[*first], &rows[*last]);
            let which = match group.len() {
                1 => format!("`{}` ({})", first.name, first.place),
                count => format!(
                    "{count} fields from `{}` ({}) to `{}` ({})",
                    first.name, first.place, last.name, last.place
                ),
            };
            notes.push(format!(
                "{which} taken as inside `{into}`: the text does not tell"
            ));
        }
    }
    parents
}

/// Whether a name is a key that a task chose: maps with numbers for keys are documented by the
/// first of them.
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
