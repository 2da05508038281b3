//! From the rows of a table to a tree of fields.

use super::{Row, Table, Unreadable};
use crate::spec::language::{Api, Fields};

/// A documented field with the fields inside it.
#[derive(Debug, Clone, PartialEq)]
pub struct DocField {
    /// The row.
    pub row: Row,
    /// The fields inside it.
    pub children: Vec<DocField>,
}

/// What is known about nesting when a page does not tell.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// What holds for the API as a whole, the envelope with it.
    pub api: &'a Api,
    /// The result's fields in the spec as it is.
    pub result: Option<&'a Fields>,
}

/// Nests the rows of a table: by their indentation if they have any, else by what is known.
///
/// # Errors
/// Fields that stand twice in one place, and fields inside what cannot have any.
pub fn nest(
    table: &Table,
    known: Option<Known<'_>>,
    notes: &mut Vec<String>,
) -> Result<Vec<DocField>, Unreadable> {
    let parents = match known {
        Some(known) if !table.tells_nesting() => by_knowledge(&table.rows, known, notes),
        _ => by_indentation(&table.rows),
    };
    let mut wrong = Vec::new();
    for (row, parent) in table.rows.iter().zip(&parents) {
        if let Some(parent) = parent
            && !matches!(table.rows[*parent].type_word.as_str(), "array" | "object")
        {
            let parent = &table.rows[*parent];
            wrong.push(format!(
                "{}: `{}` stands inside `{}`, which is of the type {}: only an array or an object has fields",
                row.place, row.name, parent.name, parent.type_word
            ));
        }
    }
    for (index, row) in table.rows.iter().enumerate() {
        let twin = (0..index)
            .find(|other| table.rows[*other].name == row.name && parents[*other] == parents[index]);
        if let Some(twin) = twin {
            let first = &table.rows[twin].place;
            wrong.push(format!(
                "{}: `{}` stands here a second time (first: {first})",
                row.place, row.name
            ));
        }
    }
    if !wrong.is_empty() {
        return Err(Unreadable(wrong));
    }
    Ok(children(&table.rows, &parents, None))
}

fn children(rows: &[Row], parents: &[Option<usize>], parent: Option<usize>) -> Vec<DocField> {
    (0..rows.len())
        .filter(|index| parents[*index] == parent)
        .map(|index| DocField {
            row: rows[index].clone(),
            children: children(rows, parents, Some(index)),
        })
        .collect()
}

/// The steps are irregular, so only the order counts: a row that is deeper than the one above
/// is inside it.
fn by_indentation(rows: &[Row]) -> Vec<Option<usize>> {
    let mut open: Vec<usize> = Vec::new();
    let mut parents = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        while open
            .last()
            .is_some_and(|last| rows[*last].depth >= row.depth)
        {
            open.pop();
        }
        parents.push(open.last().copied());
        open.push(index);
    }
    parents
}

/// The envelope is known; a field that the spec has stands where the spec has it; after a list
/// `items`, fields belong to its elements.
fn by_knowledge(rows: &[Row], known: Known<'_>, notes: &mut Vec<String>) -> Vec<Option<usize>> {
    let mut parents = Vec::with_capacity(rows.len());
    // The fields that are open at this point, innermost last, with what the spec has in them.
    let mut open: Vec<(Option<usize>, Option<&Fields>)> =
        vec![(None, Some(&known.api.envelope.fields))];
    let mut in_result = false;
    let mut guessed: Vec<(usize, Option<usize>)> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let level = (0..open.len()).rev().find(|level| {
            open[*level]
                .1
                .is_some_and(|fields| fields.contains_key(&row.name))
        });
        // An envelope's name inside the result is the result's own: `status_code`, `id`, `data`.
        let level = level.filter(|level| {
            !in_result
                || open[*level]
                    .0
                    .is_some_and(|at| inside_result(rows, &parents, at))
        });
        if let Some(level) = level {
            open.truncate(level + 1);
        }
        let (parent, fields) = open.last().copied().unwrap_or((None, None));
        if level.is_none() {
            guessed.push((index, parent));
        }
        parents.push(parent);
        let inner = fields
            .and_then(|fields| fields.get(&row.name))
            .map(|field| &field.fields);
        let inner = inner.filter(|inner| !inner.is_empty());
        if row.name == "result" && row.type_word == "array" && !in_result {
            in_result = true;
            open.push((Some(index), known.result));
        } else if inner.is_some() || (in_result && row.name == "items" && row.type_word == "array")
        {
            open.push((Some(index), inner));
        }
    }
    // Neighbours that went to the same place are told of together.
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
