//! The rows of a response: which of them the request gets.

use serde_json::Value;

use crate::scene::Scene;

/// The maximum number of rows in a response, except for a bulk endpoint with more targets.
pub const MAX_ROWS: usize = 100;

/// The number of rows of an endpoint without `limit` and `depth`.
const FEW_ROWS: usize = 3;

/// The rows of a list that a response has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// The number of rows before the first one.
    pub(crate) offset: usize,
    /// The number of rows.
    pub(crate) len: usize,
    /// The number of rows in the whole list.
    pub(crate) total: usize,
}

impl Page {
    /// Returns a page with the first rows of a list, and no others.
    pub(crate) fn whole(total: usize) -> Self {
        Self {
            offset: 0,
            len: total,
            total,
        }
    }

    /// Returns the page that a task requests of a list.
    pub(crate) fn of(scene: &Scene<'_>, total: usize) -> Self {
        let Some(default) = scene.endpoint.limit else {
            return Self::whole(total);
        };
        let limit = scene.number("limit").unwrap_or(default);
        let offset = match next_offset(scene) {
            Some(offset) => offset,
            None => scene.number("offset").unwrap_or(0),
        };
        let at_most = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let offset = at_most(offset);
        Self {
            offset,
            len: total.saturating_sub(offset).min(at_most(limit)),
            total,
        }
    }

    /// Returns the token of the next page, or null after the last one.
    pub(crate) fn token(self) -> Value {
        match self.offset + self.len {
            end if end < self.total => format!("{TOKEN}{end}").into(),
            _ => Value::Null,
        }
    }
}

/// The start of tokens. The offset of the next page follows.
const TOKEN: &str = "offset-";

/// Returns the offset that the token of a task stands for.
fn next_offset(scene: &Scene<'_>) -> Option<u64> {
    let mut names = ["search_after_token", "offset_token"].into_iter();
    let token = names.find_map(|name| scene.sent(name))?;
    token.strip_prefix(TOKEN)?.parse().ok()
}

/// Returns the number of rows in the whole list, if it is not determined by the types and targets.
pub(crate) fn plausible_total(scene: &Scene<'_>) -> usize {
    if scene.endpoint.limit.is_some() {
        let variable = usize::try_from(scene.seed.part("total").below(89)).unwrap_or(0);
        return MAX_ROWS - variable;
    }
    match scene.endpoint.depth {
        Some(_) => scene.depth(),
        None => periods(scene).unwrap_or(FEW_ROWS),
    }
}

/// Returns the number of periods between the dates of a task.
fn periods(scene: &Scene<'_>) -> Option<usize> {
    let first = scene.sent("date_from")?.parse().ok()?;
    let mut day = scene.last_day();
    let mut count = 0;
    while count < MAX_ROWS && day >= first {
        count += 1;
        day = day.checked_sub(scene.step()).ok()?;
    }
    Some(count.max(1))
}
