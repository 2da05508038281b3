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
    let before = MET.replace(0);
    let value = read(json);
    let met = MET.replace(before);
    let value = value?;
    let mut drift = Vec::new();
    if met > 0 {
        drift = losses::<T>(json)?;
        drift.retain(|place| place.kind != DriftKind::UnknownField);
    }
    Ok(Decoded { value, drift })
}

/// Everything in a JSON text that a model would not give back as it came, unknown fields
/// included. Null and absent count as the same, and so do two spellings of one number.
///
/// # Errors
/// When the text is not JSON.
pub fn losses<T: Tolerant>(json: &str) -> Result<Vec<Drift>, serde_json::Error> {
    TRACE.replace(Trace::default());
    TRACING.set(true);
    let outcome = read::<T>(json);
    TRACING.set(false);
    let trace = TRACE.take();
    outcome?;
    if trace.met.is_empty() {
        return Ok(Vec::new());
    }
    let whole: Value = serde_json::from_str(json)?;
    let place = |(pointer, kind): (String, DriftKind)| Drift {
        found: whole.pointer(&pointer).map(shorten).unwrap_or_default(),
        pointer,
        kind,
    };
    Ok(trace.met.into_iter().map(place).collect())
}

fn read<T: Tolerant>(json: &str) -> Result<Option<T>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = T::read(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
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

#[derive(Default)]
struct Trace {
    path: Vec<String>,
    met: Vec<(String, DriftKind)>,
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

/// The reader goes into a field, an entry or an element. When reading fails, the way back is
/// left out: the whole trace is thrown away then.
#[inline]
pub(crate) fn enter(segment: impl ToString) {
    if TRACING.get() {
        let segment = segment.to_string().replace('~', "~0").replace('/', "~1");
        TRACE.with_borrow_mut(|trace| trace.path.push(segment));
    }
}

/// The reader is back from where [`enter`] went.
#[inline]
pub(crate) fn leave() {
    if TRACING.get() {
        TRACE.with_borrow_mut(|trace| trace.path.pop());
    }
}

impl Trace {
    fn pointer(&self) -> String {
        self.path
            .iter()
            .fold(String::new(), |pointer, segment| pointer + "/" + segment)
    }
}
