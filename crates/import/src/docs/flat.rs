//! Nests the rows of a table that shows no nesting, by known fields. Unknown fields are guessed, and
//! each guess is noted.

use std::collections::{HashMap, HashSet};

use super::known::Known;
use super::nest::{MAX_LEVELS, is_key};
use super::page::Row;
use crate::prose;

/// Returns the parents of the rows of a task. Unknown fields are at the top.
pub fn nest_task(rows: &[Row], known: Known<'_>, notes: &mut Vec<String>) -> Vec<Option<usize>> {
    let top = Level::new(None, known, Contents::Known);
    let mut nester = Nester::new(rows, top, Guess::AtTop);
    (0..rows.len()).for_each(|index| nester.place(index));
    nester.note_guesses(notes);
    nester.parents
}

/// Returns the parents of the rows of a response: the envelope, with the known fields of `result`.
pub fn nest_response(
    rows: &[Row],
    envelope: Known<'_>,
    result: Known<'_>,
    notes: &mut Vec<String>,
) -> Vec<Option<usize>> {
    let top = Level::new(None, envelope, Contents::Known);
    let mut nester = Nester::new(rows, top, Guess::Inside);
    nester.result = Some(result);
    (0..rows.len()).for_each(|index| nester.place(index));
    nester.note_guesses(notes);
    nester.parents
}

/// The parent of a field that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guess {
    /// None.
    AtTop,
    /// The object above.
    Inside,
}

/// Whether the fields of a level are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contents {
    Known,
    Unknown,
}

/// An open field, and the fields that are known inside it.
struct Level<'r, 'a> {
    /// The row. Absent for the top level.
    row: Option<usize>,
    known: Known<'a>,
    contents: Contents,
    /// The known fields of the current kind of element.
    kind: Option<Known<'a>>,
    /// The names that occurred, in the current kind of element.
    met: HashSet<&'r str>,
    /// The tag of the current kind of element.
    tag: Option<String>,
    in_result: bool,
}

impl<'a> Level<'_, 'a> {
    fn new(row: Option<usize>, known: Known<'a>, contents: Contents) -> Self {
        Self {
            row,
            known,
            contents,
            kind: None,
            met: HashSet::new(),
            tag: None,
            in_result: false,
        }
    }

    fn known(&self) -> &Known<'a> {
        self.kind.as_ref().unwrap_or(&self.known)
    }
}

struct Nester<'r, 'a> {
    rows: &'r [Row],
    parents: Vec<Option<usize>>,
    /// Whether a row has rows inside it.
    has_children: Vec<bool>,
    /// The last row with each name.
    last: HashMap<&'r str, usize>,
    /// The open fields, innermost last.
    open: Vec<Level<'r, 'a>>,
    guess: Guess,
    guessed: Vec<usize>,
    /// The fields of `result`, until that row.
    result: Option<Known<'a>>,
    /// The row of the list that has headings.
    headed: Option<usize>,
}

impl<'r, 'a> Nester<'r, 'a> {
    fn new(rows: &'r [Row], top: Level<'r, 'a>, guess: Guess) -> Self {
        Self {
            rows,
            parents: Vec::with_capacity(rows.len()),
            has_children: vec![false; rows.len()],
            last: rows
                .iter()
                .enumerate()
                .map(|(at, row)| (row.name.as_str(), at))
                .collect(),
            open: vec![top],
            guess,
            guessed: Vec::new(),
            result: None,
            headed: None,
        }
    }

    fn is_in_result(&self) -> bool {
        self.open.last().is_some_and(|level| level.in_result)
    }

    fn is_list(&self, level: &Level<'_, '_>) -> bool {
        level
            .row
            .is_some_and(|row| self.rows[row].type_word == "array")
    }

    /// Finds the parent of a row, and opens the row if it can have fields.
    fn place(&mut self, index: usize) {
        let rows = self.rows;
        let row = &rows[index];
        if row.heading.is_some() {
            self.close_to_headed_list();
        }
        let (level, is_known) = match self.level_of(row) {
            Some(level) => (level, true),
            None => (self.guessed_level(row), false),
        };
        self.open.truncate(level + 1);
        if !is_known || self.is_met(&row.name) {
            self.make_room_for(row);
        }
        let parent = self.open.last().and_then(|level| level.row);
        self.parents.push(parent);
        if let Some(parent) = parent {
            self.has_children[parent] = true;
        }
        if !is_known && !is_key(&row.name) && (self.guess == Guess::Inside || parent.is_some()) {
            self.guessed.push(index);
        }
        if let Some(level) = self.open.last_mut() {
            level.met.insert(&row.name);
            level.tag = row.tag_value().or(level.tag.take());
        }
        self.open_inside(index);
    }

    fn is_met(&self, name: &str) -> bool {
        self.open
            .last()
            .is_some_and(|level| level.met.contains(name))
    }

    /// Closes all levels inside the list that has headings. The first heading is in the innermost
    /// list.
    fn close_to_headed_list(&mut self) {
        let level = match self.headed {
            Some(row) => self.open.iter().rposition(|level| level.row == Some(row)),
            None => self.open.iter().rposition(|level| self.is_list(level)),
        };
        let Some(level) = level else { return };
        self.open.truncate(level + 1);
        self.headed = self.open[level].row;
        self.begin_kind(level, None);
    }

    /// Begins another kind of element in a list.
    fn begin_kind(&mut self, level: usize, kind: Option<Known<'a>>) {
        if let Some(level) = self.open.get_mut(level) {
            level.met.clear();
            level.kind = kind;
        }
    }

    /// Returns the level in which a name is known. Prefers inner levels, and levels in which the name
    /// has not occurred yet. Names of the envelope such as `id` can also occur in the result.
    fn level_of(&mut self, row: &Row) -> Option<usize> {
        if let Some(level) = self.level_of_kind(row) {
            return Some(level);
        }
        let in_result = self.is_in_result();
        let has =
            |level: &Level<'_, '_>| level.in_result == in_result && level.known().has(&row.name);
        let free = |level: &Level<'_, '_>| has(level) && !level.met.contains(row.name.as_str());
        let free = self.open.iter().rposition(free);
        // The name fits better into an object of unknown contents than twice into a known one, or out
        // of order.
        let last = self.open.last()?;
        let fits = last.contents == Contents::Unknown && !last.met.contains(row.name.as_str());
        match free {
            Some(free) if fits && self.is_too_early(&self.open[free], &row.name) => None,
            Some(free) => Some(free),
            None if fits || row.tag_value().is_some() => None,
            None => self.open.iter().rposition(has),
        }
    }

    /// Returns whether a known field comes before others that are documented before it in the example or
    /// the spec, and that follow in the table.
    fn is_too_early(&self, level: &Level<'_, '_>, name: &str) -> bool {
        let mut skipped = level.known().between(&level.met, name).peekable();
        let placed = self.parents.len();
        let follows = |name: &str| self.last.get(name).is_some_and(|last| *last > placed);
        skipped.peek().is_some() && skipped.all(follows)
    }

    /// Returns the list that has elements of the kind that the row states.
    fn level_of_kind(&mut self, row: &Row) -> Option<usize> {
        let value = row.tag_value()?;
        let kind = |level: &Level<'_, 'a>| level.known.of_kind(&row.name, &value);
        let level = self.open.iter().rposition(|level| kind(level).is_some())?;
        let known = kind(&self.open[level]);
        if self.open[level].met.contains(row.name.as_str()) {
            self.begin_kind(level, known);
        } else {
            self.open[level].kind = known;
        }
        Some(level)
    }

    /// Returns the level of a row that is not known.
    fn guessed_level(&mut self, row: &Row) -> usize {
        let last = self.open.len() - 1;
        if is_key(&row.name) {
            return last;
        }
        if self.guess == Guess::AtTop {
            return 0;
        }
        if let Some(tag) = row.tag_value().filter(|_| self.is_met(&row.name))
            && let Some(level) = self.list_of_similar_kinds(&tag)
        {
            self.begin_kind(level, None);
            return level;
        }
        // Objects and lists follow each other more often than they contain each other.
        let mut level = last;
        if matches!(row.type_word.as_str(), "array" | "object") {
            let knows = |level: &Level<'_, '_>| level.known().has(&row.name);
            while level > 0
                && self.is_probably_flat(&self.open[level])
                && !knows(&self.open[level - 1])
            {
                level -= 1;
            }
        }
        level
    }

    /// Returns whether a level of unknown contents probably has no lists or objects. `items` do.
    fn is_probably_flat(&self, level: &Level<'_, '_>) -> bool {
        let is_items = level.row.is_some_and(|row| self.rows[row].name == "items");
        level.contents == Contents::Unknown && !is_items
    }

    /// Returns the innermost of the lists whose elements have the most similar tag.
    fn list_of_similar_kinds(&self, tag: &str) -> Option<usize> {
        let similarity = |level: &Level<'_, '_>| {
            let other = level.tag.as_ref().filter(|_| self.is_list(level))?;
            let same = |(a, b): &(u8, u8)| a == b;
            let start = tag.bytes().zip(other.bytes()).take_while(same).count();
            let end = tag.bytes().rev().zip(other.bytes().rev()).take_while(same);
            Some(start + end.count())
        };
        let levels = self.open.iter().enumerate();
        let all = levels.filter_map(|(at, level)| Some((similarity(level)?, at)));
        all.max().map(|(_, at)| at)
    }

    /// A name that occurred already belongs inside a list or an object above, and so do the rows
    /// between the two.
    fn make_room_for(&mut self, row: &'r Row) {
        let Some(level) = self.open.last() else {
            return;
        };
        if !level.met.contains(row.name.as_str()) {
            return;
        }
        let at = level.row;
        let in_result = level.in_result;
        let same = |index: &usize| self.parents[*index] == at;
        let placed = self.parents.len();
        let first = (0..placed)
            .rev()
            .filter(same)
            .find(|index| self.rows[*index].name == row.name);
        let is_open = |index: &usize| {
            let row = &self.rows[*index];
            matches!(row.type_word.as_str(), "array" | "object")
                && !self.has_children[*index]
                && !level.known().is_scalar(&row.name)
                && prose::read(&row.type_word, &row.lines).values.is_empty()
        };
        let owner = (first.unwrap_or(placed)..placed)
            .rev()
            .filter(same)
            .find(is_open);
        let Some(owner) = owner.filter(|_| self.open.len() <= MAX_LEVELS) else {
            return;
        };
        let mut inner = Level::new(Some(owner), Known::default(), Contents::Unknown);
        inner.in_result = in_result;
        for index in owner + 1..placed {
            if self.parents[index] == at {
                self.parents[index] = Some(owner);
                self.has_children[owner] = true;
                self.guessed.push(index);
                inner.met.insert(&self.rows[index].name);
            }
        }
        if let Some(level) = self.open.last_mut() {
            level.met.retain(|name| !inner.met.contains(name));
        }
        self.open.push(inner);
    }

    /// Opens a row that can have fields.
    fn open_inside(&mut self, index: usize) {
        let row = &self.rows[index];
        let can_have_fields = matches!(row.type_word.as_str(), "array" | "object");
        let Some(level) = self.open.last().filter(|_| can_have_fields) else {
            return;
        };
        let in_result = level.in_result;
        let is_list = row.type_word == "array";
        let inside = level.known().inside(&row.name);
        let begins_result = row.name == "result" && is_list && !in_result;
        let mut next = if let Some(result) = self.result.take_if(|_| begins_result) {
            Level::new(Some(index), result, Contents::Known)
        } else if is_key(&row.name) && !level.known().is_empty() {
            let inside = level.known().inside_key(&row.name);
            Level::new(Some(index), inside, Contents::Known)
        } else if !inside.is_empty() {
            Level::new(Some(index), inside, Contents::Known)
        } else if in_result && self.is_probably_open(index) {
            Level::new(Some(index), inside, Contents::Unknown)
        } else {
            return;
        };
        next.in_result = in_result || begins_result;
        // `tree` rejects deeper fields.
        if self.open.len() <= MAX_LEVELS {
            self.open.push(next);
        }
    }

    /// Returns whether a row of unknown contents probably has fields: an object of which neither spec nor
    /// example states otherwise, `items`, or a list whose elements have a tag.
    fn is_probably_open(&self, index: usize) -> bool {
        let row = &self.rows[index];
        let Some(level) = self.open.last() else {
            return false;
        };
        if level.known().field(&row.name).is_some() || level.known().is_scalar(&row.name) {
            return false;
        }
        let next = self.rows.get(index + 1);
        row.type_word == "object"
            || row.name == "items"
            || next.is_some_and(|next| next.name == "type" && next.tag_value().is_some())
    }

    /// Notes the guesses. Adjacent rows with the same parent share one note.
    fn note_guesses(&mut self, notes: &mut Vec<String>) {
        self.guessed.sort_unstable();
        self.guessed.dedup();
        let (rows, parents) = (self.rows, &self.parents);
        let adjacent = |a: &usize, b: &usize| a + 1 == *b && parents[*a] == parents[*b];
        for group in self.guessed.chunk_by(adjacent) {
            let (Some(first), Some(last)) = (group.first(), group.last()) else {
                continue;
            };
            let into = parents[*first].map_or("the envelope", |parent| rows[parent].name.as_str());
            let (first, last) = (&rows[*first], &rows[*last]);
            let which = match group.len() {
                1 => format!("`{}` ({})", first.name, first.location),
                count => format!(
                    "{count} fields from `{}` ({}) to `{}` ({})",
                    first.name, first.location, last.name, last.location
                ),
            };
            notes.push(format!(
                "{which} treated as inside `{into}`: the page shows no nesting, and neither spec nor \
                 example has them"
            ));
        }
    }
}
