//! Where an answer and its documentation differ: what was left out or changed on the way into
//! the typed models.
//!
//! [`decode`] is the everyday way: it never fails on well-formed JSON, and names each value that
//! was not of the documented kind. [`losses`] is the strict way, for fixtures and for recordings:
//! it names unknown fields too.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::json::Place;
use crate::tolerant::Tolerant;

/// One place where an answer was not what the documentation announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Drift {
    /// Where: a JSON pointer into the value that was decoded, such as `/0/items/3/rank`.
    pub pointer: String,
    /// What became of the value.
    pub kind: DriftKind,
    /// The value as it arrived, cut after 80 characters.
    pub found: String,
}

/// What became of a value that the documentation does not announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DriftKind {
    /// No documented field has this name; the models do not carry it.
    UnknownField,
    /// The kind was another one and the value could not be read; the models do not carry it.
    Dropped,
    /// A part was lost: the fraction of a float where an integer is documented.
    Changed,
    /// The kind was another one, the value is whole: `"12"` where an integer is documented.
    Coerced,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            DriftKind::UnknownField => "is not documented",
            DriftKind::Dropped => "is of another kind than documented and was left out",
            DriftKind::Changed => "lost a part, as it is of another kind than documented",
            DriftKind::Coerced => "is of another kind than documented",
        };
        let place = match self.pointer.as_str() {
            "" => "the whole value",
            pointer => pointer,
        };
        write!(f, "{place} {what}: {}", self.found)
    }
}

/// A decoded value, and where the answer differed from the documentation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Decoded<T> {
    /// The value; `None` if the JSON was null or of a kind that cannot be used.
    pub value: Option<T>,
    /// Values of another kind than documented. Unknown fields are not listed here: they are
    /// ordinary, and looking for them costs a second pass. [`losses`] lists them.
    pub drift: Vec<Drift>,
}

/// Decodes JSON into a model and says where the two differ.
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// use dataforseo_models::drift::{DriftKind, decode};
///
/// let decoded = decode::<Vec<i64>>("[1, 2.5]")?;
/// assert_eq!(decoded.value, Some(vec![1, 2]));
/// assert_eq!(decoded.drift[0].pointer, "/1");
/// assert_eq!(decoded.drift[0].kind, DriftKind::Changed);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the text is not JSON.
pub fn decode<T: Tolerant>(json: &str) -> Result<Decoded<T>, serde_json::Error> {
    let mut value = None;
    let drift = decode_into(json, &mut value)?;
    Ok(Decoded { value, drift })
}

/// Decodes JSON into a place, as [`decode`] does.
pub(crate) fn decode_into(
    json: &str,
    place: &mut dyn Place,
) -> Result<Vec<Drift>, serde_json::Error> {
    let (outcome, met) = counted(|| read(json, place));
    match outcome {
        Ok(()) if met == 0 => Ok(Vec::new()),
        Ok(()) => places(json, place),
        Err(error) => decode_repaired(json, place, error),
    }
}

/// Decodes JSON into a place once more, as something in it is of another kind than documented, and
/// says where.
#[cold]
pub(crate) fn places(json: &str, place: &mut dyn Place) -> Result<Vec<Drift>, serde_json::Error> {
    let mut drift = all_places(json, place)?;
    drift.retain(|place| place.kind != DriftKind::UnknownField);
    Ok(drift)
}

/// Decodes JSON that is well-formed and still cannot be read as it is: half a character in a
/// string, a number that no type holds.
#[cold]
fn decode_repaired(
    json: &str,
    place: &mut dyn Place,
    error: serde_json::Error,
) -> Result<Vec<Drift>, serde_json::Error> {
    let repaired = repair(json);
    if repaired == json {
        return Err(error);
    }
    let mut drift = decode_into(&repaired, place)?;
    drift.push(Drift {
        pointer: String::new(),
        kind: DriftKind::Changed,
        found: format!("{error}; read with a replacement for what cannot be read"),
    });
    Ok(drift)
}

/// JSON with what no reader takes replaced: half a surrogate pair (`\ud83d` alone) by the
/// replacement character, a number beyond any type (`1e999`) by null. Text without such comes back
/// as it is.
pub fn repair(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    let mut in_string = false;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => {
                in_string = !in_string;
                1
            }
            '\\' if in_string => match surrogate(rest) {
                None => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                Some(0xD800..=0xDBFF)
                    if matches!(rest.get(6..).and_then(surrogate), Some(0xDC00..=0xDFFF)) =>
                {
                    12
                }
                Some(_) => {
                    out.push_str("\\ufffd");
                    rest = &rest[6..];
                    continue;
                }
            },
            '-' | '0'..='9' if !in_string => {
                let is_part = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
                let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                if rest[..end].parse().is_ok_and(f64::is_infinite) {
                    out.push_str("null");
                    rest = &rest[end..];
                    continue;
                }
                end
            }
            c => c.len_utf8(),
        };
        let (kept, tail) = rest.split_at(length);
        out.push_str(kept);
        rest = tail;
    }
    out
}

/// The number of a `\uD83D` at the beginning, if it is one of a surrogate.
fn surrogate(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let code = u32::from_str_radix(digits, 16).ok()?;
    (0xD800..=0xDFFF).contains(&code).then_some(code)
}

/// Everything in a JSON text that a model would not give back as it came, unknown fields
/// included. Null and absent count as the same, and so do two spellings of one number.
///
/// # Errors
/// When the text is not JSON.
pub fn losses<T: Tolerant>(json: &str) -> Result<Vec<Drift>, serde_json::Error> {
    all_places(json, &mut None::<T>)
}

/// Decodes JSON into a place, and says where it is not as documented, unknown fields included.
fn all_places(json: &str, place: &mut dyn Place) -> Result<Vec<Drift>, serde_json::Error> {
    let (outcome, trace) = trace(|| read(json, place));
    outcome?;
    let met = trace.met;
    if met.is_empty() {
        return Ok(Vec::new());
    }
    // Places are worth telling though a part of the text cannot be shown.
    let whole: Value = serde_json::from_str(json)
        .or_else(|_| serde_json::from_str(&repair(json)))
        .unwrap_or_default();
    let place = |(pointer, kind): (String, DriftKind)| Drift {
        found: whole.pointer(&pointer).map(shorten).unwrap_or_default(),
        pointer,
        kind,
    };
    Ok(met.into_iter().map(place).collect())
}

fn read(json: &str, place: &mut dyn Place) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    crate::json::read(&mut deserializer, place)?;
    deserializer.end()
}

fn shorten(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

// What the readers in `object` and `tolerant` report to. Decoding is one synchronous call, so a
// thread-local serves, and no type has to carry a collector through serde. A clean answer pays
// for a counter that stays 0; places are worked out in a second pass, when there are any.

thread_local! {
    static MET: Cell<usize> = const { Cell::new(0) };
    static TRACING: Cell<bool> = const { Cell::new(false) };
    static TRACE: RefCell<Trace> = RefCell::default();
}

/// Reads something, and counts what was not of the documented kind.
pub(crate) fn counted<R>(read: impl FnOnce() -> R) -> (R, usize) {
    let before = MET.replace(0);
    let outcome = read();
    (outcome, MET.replace(before))
}

/// Reads something, and notes the places that were not as documented.
fn trace<R>(read: impl FnOnce() -> R) -> (R, Trace) {
    let outer = (TRACE.take(), TRACING.replace(true));
    let outcome = read();
    TRACING.set(outer.1);
    let trace = TRACE.replace(outer.0);
    (outcome, trace)
}

/// Reads something, and gives every place that was left out or changed, nulls in lists included.
pub(crate) fn trace_strictly<R>(read: impl FnOnce() -> R) -> (R, Vec<(String, DriftKind)>) {
    let (outcome, trace) = trace(read);
    let nulls = trace
        .nulls
        .into_iter()
        .map(|pointer| (pointer, DriftKind::Dropped));
    (outcome, trace.met.into_iter().chain(nulls).collect())
}

#[derive(Default)]
struct Trace {
    path: Vec<String>,
    met: Vec<(String, DriftKind)>,
    nulls: Vec<String>,
}

/// Notes that the value being read was not of the documented kind.
#[cold]
pub(crate) fn note(kind: DriftKind) {
    if TRACING.get() {
        TRACE.with_borrow_mut(|trace| {
            let pointer = trace.pointer();
            trace.met.push((pointer, kind));
        });
    } else {
        MET.set(MET.get() + 1);
    }
}

/// Notes a field that the type does not have.
pub(crate) fn note_unknown(name: &str) {
    if TRACING.get() {
        enter(name);
        note(DriftKind::UnknownField);
        leave();
    }
}

/// Notes a null in a list, which is left out. In answers that is ordinary; in a task it is not.
pub(crate) fn note_null_element() {
    if TRACING.get() {
        TRACE.with_borrow_mut(|trace| {
            let pointer = trace.pointer();
            // An element of another kind was noted by its own reader.
            if trace.met.last().is_none_or(|(last, _)| *last != pointer) {
                trace.nulls.push(pointer);
            }
        });
    }
}

/// The reader goes into a field, an entry or an element. When reading fails, the way back is
/// left out: the whole trace is thrown away then.
#[inline]
pub(crate) fn enter(segment: impl ToString) {
    if TRACING.get() {
        go_into(segment.to_string());
    }
}

#[cold]
fn go_into(segment: String) {
    let segment = segment.replace('~', "~0").replace('/', "~1");
    TRACE.with_borrow_mut(|trace| trace.path.push(segment));
}

/// The reader is back from where [`enter`] went.
#[inline]
pub(crate) fn leave() {
    if TRACING.get() {
        go_back();
    }
}

#[cold]
fn go_back() {
    TRACE.with_borrow_mut(|trace| trace.path.pop());
}

impl Trace {
    fn pointer(&self) -> String {
        self.path
            .iter()
            .fold(String::new(), |pointer, segment| pointer + "/" + segment)
    }
}
