//! Where an answer and its documentation differ: what was left out or changed on the way into
//! the typed models.
//!
//! [`decode`] is the everyday way: it never fails on well-formed JSON, and names each value that
//! was not of the documented kind. [`losses`] is the strict way, for fixtures and for recordings:
//! it names unknown fields too. [`spots`] is for whoever must not keep anything of an answer: it
//! counts, and gives no value and no key that is data.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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
    /// The value is not among the documented ones; the models carry it all the same. Only
    /// [`spots`] tells of these.
    UnknownValue,
    /// The object is no documented member of its union; the models carry it all the same. Only
    /// [`spots`] tells of these.
    UnknownMember,
}

impl fmt::Display for DriftKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownField => "is not documented",
            Self::Dropped => "is of another kind than documented and was left out",
            Self::Changed => "lost a part, as it is of another kind than documented",
            Self::Coerced => "is of another kind than documented",
            Self::UnknownValue => "has a value that is not among the documented ones",
            Self::UnknownMember => "is of a type that is not among the documented ones",
        })
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.kind;
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

/// A place in answers that is not as documented, and nothing of what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Spot {
    /// Where: `[].items[]<organic>.rank`. `[]` is any element of a list, `{*}` any value of a map,
    /// `<organic>` a documented member of a union.
    pub place: String,
    /// What becomes of the value.
    pub kind: DriftKind,
    /// How often that is so.
    pub count: u64,
}

/// So many spots are told of in one text; an answer cannot make it use more memory.
const MOST_SPOTS: usize = 10_000;

/// What [`losses`] finds, and what the models carry though nobody documented it: counted by place,
/// without any value. Names of unknown fields are given if they look like those of the API, which
/// has no other ones; `*` stands for others, as they may be data.
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// use dataforseo_models::backlinks::BulkRanksLiveResult;
/// use dataforseo_models::drift::spots;
///
/// let json = r#"[{"items": [{"rank": 1.5, "owner": "somebody"}, {"rank": 2.5}]}]"#;
/// let spots = spots::<Vec<BulkRanksLiveResult>>(json)?;
/// let told: Vec<_> = spots.iter().map(|spot| (spot.place.as_str(), spot.count)).collect();
/// assert_eq!(told, [("[].items[].owner", 1), ("[].items[].rank", 2)]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the text is not JSON.
pub fn spots<T: Tolerant>(json: &str) -> Result<Vec<Spot>, serde_json::Error> {
    let look = |json: &str| {
        let outline = Trace {
            outline: Some(BTreeMap::new()),
            ..Trace::default()
        };
        trace(outline, || read(json, &mut None::<T>))
    };
    let (outcome, mut trace) = look(json);
    if let Err(error) = outcome {
        let repaired = repair(json);
        if repaired == json {
            return Err(error);
        }
        let (outcome, again) = look(&repaired);
        outcome?;
        trace = again;
    }
    let spots = trace.outline.unwrap_or_default().into_iter();
    let spots = spots.map(|((place, kind), count)| Spot { place, kind, count });
    Ok(spots.collect())
}

/// Decodes JSON into a place, and says where it is not as documented, unknown fields included.
fn all_places(json: &str, place: &mut dyn Place) -> Result<Vec<Drift>, serde_json::Error> {
    let (outcome, trace) = trace(Trace::default(), || read(json, place));
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
fn trace<R>(with: Trace, read: impl FnOnce() -> R) -> (R, Trace) {
    let outer = (TRACE.replace(with), TRACING.replace(true));
    let outcome = read();
    TRACING.set(outer.1);
    let trace = TRACE.replace(outer.0);
    (outcome, trace)
}

/// Reads something, and gives every place that was left out or changed, nulls in lists included.
pub(crate) fn trace_strictly<R>(read: impl FnOnce() -> R) -> (R, Vec<(String, DriftKind)>) {
    let (outcome, trace) = trace(Trace::default(), read);
    let nulls = trace
        .nulls
        .into_iter()
        .map(|pointer| (pointer, DriftKind::Dropped));
    (outcome, trace.met.into_iter().chain(nulls).collect())
}

#[derive(Default)]
struct Trace {
    path: Vec<Step>,
    met: Vec<(String, DriftKind)>,
    nulls: Vec<String>,
    /// Counts by place, in the stead of all others, if nothing of the values may be kept.
    outline: Option<BTreeMap<(String, DriftKind), u64>>,
}

/// One step into a value.
enum Step {
    /// Into a field of an object.
    Field(String),
    /// Into an element of a list.
    Element(usize),
    /// Into a value of a map.
    Entry(String),
    /// Into the fields of a union's member: the same object.
    Member(&'static str),
}

/// Notes that the value being read was not of the documented kind.
#[cold]
pub(crate) fn note(kind: DriftKind) {
    if TRACING.get() {
        TRACE.with_borrow_mut(|trace| trace.note(kind));
    } else {
        MET.set(MET.get() + 1);
    }
}

/// Notes a field that the type does not have.
pub(crate) fn note_unknown(name: &str) {
    if TRACING.get() {
        go_into(Step::Field(name.to_owned()));
        note(DriftKind::UnknownField);
        leave();
    }
}

/// Notes what the models carry though nobody documented it. No loss, so only an outline has it.
#[cold]
pub(crate) fn note_carried(kind: DriftKind) {
    if TRACING.get() {
        TRACE.with_borrow_mut(|trace| {
            if trace.outline.is_some() {
                trace.note(kind);
            }
        });
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

/// The reader goes into a field. When reading fails, the way back is left out: the whole trace is
/// thrown away then.
#[inline]
pub(crate) fn enter(name: &str) {
    if TRACING.get() {
        go_into(Step::Field(name.to_owned()));
    }
}

/// The reader goes into an element of a list.
#[inline]
pub(crate) fn enter_element(index: usize) {
    if TRACING.get() {
        go_into(Step::Element(index));
    }
}

/// The reader goes into a value of a map, whose key is data.
#[inline]
pub(crate) fn enter_entry(key: &str) {
    if TRACING.get() {
        go_into(Step::Entry(key.to_owned()));
    }
}

/// The reader knows by now of which member of a union the fields are.
#[inline]
pub(crate) fn enter_member(tag: &'static str) {
    if TRACING.get() {
        go_into(Step::Member(tag));
    }
}

#[cold]
fn go_into(step: Step) {
    TRACE.with_borrow_mut(|trace| trace.path.push(step));
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
    fn note(&mut self, kind: DriftKind) {
        let Some(outline) = &self.outline else {
            let pointer = self.pointer();
            self.met.push((pointer, kind));
            return;
        };
        let spot = (self.place(kind), kind);
        let room = outline.len() < MOST_SPOTS || outline.contains_key(&spot);
        if let Some(outline) = self.outline.as_mut().filter(|_| room) {
            *outline.entry(spot).or_default() += 1;
        }
    }

    /// Where the reader is, as a JSON pointer.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) | Step::Entry(name) => {
                    pointer.push('/');
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                }
                Step::Element(index) => pointer.push_str(&format!("/{index}")),
                Step::Member(_) => {}
            }
        }
        pointer
    }

    /// Where the reader is, with nothing of the answer in it.
    fn place(&self, kind: DriftKind) -> String {
        let mut place = String::new();
        let last = self.path.len().saturating_sub(1);
        for (index, step) in self.path.iter().enumerate() {
            match step {
                Step::Field(name) => {
                    let unknown = kind == DriftKind::UnknownField && index == last;
                    place.push('.');
                    place.push_str(if unknown && !is_name(name) { "*" } else { name });
                }
                Step::Element(_) => place.push_str("[]"),
                Step::Entry(_) => place.push_str("{*}"),
                Step::Member(tag) => place.push_str(&format!("<{tag}>")),
            }
        }
        place
    }
}

/// Whether a name looks like one of the API's: `referring_domains`, `h1`, but not `example.com`.
fn is_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() <= 60 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(word)
}
