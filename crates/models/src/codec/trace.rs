//! Where a reader is in JSON, and which values are not as documented.
//!
//! Decoding is one synchronous call, so a thread-local holds the state, and no type passes a
//! collector through serde. A response without drift costs a counter that stays 0. Locations are
//! determined in a second pass, only if the counter is not 0.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// What became of a value that is not as documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DriftKind {
    /// No documented field has this name. The decoded value lacks it.
    UnknownField,
    /// The value is of another kind and could not be converted. The decoded value lacks it.
    Dropped,
    /// A part was lost: the fraction of a float where an integer is documented.
    Changed,
    /// The value is of another kind and was converted without loss: `"12"` where an integer is
    /// documented.
    Coerced,
    /// The value is not among the documented ones. The decoded value holds it.
    UnknownValue,
    /// The object is not a documented member of its union. The decoded value holds it.
    UnknownMember,
    /// Two values of the response contradict each other, such as the costs of the envelope and of its
    /// tasks.
    Contradictory,
    /// The value cannot be right, such as a negative cost. The nearest possible value counts.
    OutOfRange,
}

impl fmt::Display for DriftKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownField => "is not documented",
            Self::Dropped => "is not of the documented kind and was left out",
            Self::Changed => "is not of the documented kind and lost a part",
            Self::Coerced => "is not of the documented kind and was converted",
            Self::UnknownValue => "has a value that is not documented",
            Self::UnknownMember => "is of a type that is not documented",
            Self::Contradictory => "contradicts another value of the response",
            Self::OutOfRange => "is outside of the possible range",
        })
    }
}

/// The most locations that are counted per text, which bounds the memory that a response can use.
const MAX_LOCATIONS: usize = 10_000;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static TRACING: Cell<bool> = const { Cell::new(false) };
    static TRACE: RefCell<Trace> = RefCell::default();
}

/// A JSON pointer, and what became of the value there.
pub type Pointed = (String, DriftKind);

/// Counts by location, without any value: `[].items[].rank`.
pub type Outline = BTreeMap<(String, DriftKind), u64>;

/// Runs a reader, and counts the values that are not of the documented kind.
pub fn counted<R>(read: impl FnOnce() -> R) -> (R, usize) {
    let before = COUNT.replace(0);
    let outcome = read();
    (outcome, COUNT.replace(before))
}

/// Runs a reader, and locates the values that are not as documented, unknown fields included.
pub fn located<R>(read: impl FnOnce() -> R) -> (R, Vec<Pointed>) {
    let (outcome, trace) = traced(Trace::default(), read);
    (outcome, trace.found)
}

/// Runs a reader, and locates the values that are left out or changed, nulls in lists included.
pub fn located_strictly<R>(read: impl FnOnce() -> R) -> (R, Vec<Pointed>) {
    let (outcome, trace) = traced(Trace::default(), read);
    let nulls = trace.nulls.into_iter();
    let nulls = nulls.map(|pointer| (pointer, DriftKind::Dropped));
    (outcome, trace.found.into_iter().chain(nulls).collect())
}

/// Runs a reader, and counts what is not as documented by location.
pub fn outlined<R>(read: impl FnOnce() -> R) -> (R, Outline) {
    let outline = Trace {
        outline: Some(Outline::new()),
        ..Trace::default()
    };
    let (outcome, trace) = traced(outline, read);
    (outcome, trace.outline.unwrap_or_default())
}

fn traced<R>(with: Trace, read: impl FnOnce() -> R) -> (R, Trace) {
    let outer_trace = TRACE.replace(with);
    let outer_tracing = TRACING.replace(true);
    let outcome = read();
    TRACING.set(outer_tracing);
    let trace = TRACE.replace(outer_trace);
    (outcome, trace)
}

#[derive(Default)]
struct Trace {
    path: Vec<Step>,
    found: Vec<Pointed>,
    nulls: Vec<String>,
    /// Counts by location instead of `found`, if no values may be kept.
    outline: Option<Outline>,
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

/// Records that the value that is being read is not of the documented kind.
#[cold]
pub fn note(kind: DriftKind) {
    if TRACING.get() {
        TRACE.with_borrow_mut(|trace| trace.note(kind));
    } else {
        COUNT.set(COUNT.get() + 1);
    }
}

/// Records a field that the type does not have.
pub fn note_unknown(name: &str) {
    if TRACING.get() {
        go_into(Step::Field(name.to_owned()));
        note(DriftKind::UnknownField);
        leave();
    }
}

/// Records a value that is held although it is not documented. Nothing is lost, so only an outline
/// has it.
#[cold]
pub fn note_carried(kind: DriftKind) {
    if TRACING.get() {
        TRACE.with_borrow_mut(|trace| {
            if trace.outline.is_some() {
                trace.note(kind);
            }
        });
    }
}

/// Records a null in a list, which is left out. This is normal in a response, and an error in a
/// task.
pub fn note_null_element() {
    if TRACING.get() {
        TRACE.with_borrow_mut(|trace| {
            let pointer = trace.pointer();
            // The reader of the element has recorded an element of another kind.
            if trace.found.last().is_none_or(|(last, _)| *last != pointer) {
                trace.nulls.push(pointer);
            }
        });
    }
}

/// Records that the reader enters a field. After a failure `leave` is not called: the whole trace
/// is discarded then.
#[inline]
pub fn enter(name: &str) {
    if TRACING.get() {
        go_into(Step::Field(name.to_owned()));
    }
}

/// Records that the reader enters an element of a list.
#[inline]
pub fn enter_element(index: usize) {
    if TRACING.get() {
        go_into(Step::Element(index));
    }
}

/// Records that the reader enters a value of a map, whose key is data.
#[inline]
pub fn enter_entry(key: &str) {
    if TRACING.get() {
        go_into(Step::Entry(key.to_owned()));
    }
}

/// Records the member of a union that the next fields belong to.
#[inline]
pub fn enter_member(tag: &'static str) {
    if TRACING.get() {
        go_into(Step::Member(tag));
    }
}

#[cold]
fn go_into(step: Step) {
    TRACE.with_borrow_mut(|trace| trace.path.push(step));
}

/// Records that the reader leaves what it entered last.
#[inline]
pub fn leave() {
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
            self.found.push((pointer, kind));
            return;
        };
        let location = (self.location(kind), kind);
        let has_room = outline.len() < MAX_LOCATIONS || outline.contains_key(&location);
        if let Some(outline) = self.outline.as_mut().filter(|_| has_room) {
            *outline.entry(location).or_default() += 1;
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

    /// Where the reader is, without any data of the response.
    fn location(&self, kind: DriftKind) -> String {
        let mut location = String::new();
        let last = self.path.len().saturating_sub(1);
        for (index, step) in self.path.iter().enumerate() {
            match step {
                Step::Field(name) => {
                    let unknown = kind == DriftKind::UnknownField && index == last;
                    let hidden = unknown && !is_name(name);
                    location.push('.');
                    location.push_str(if hidden { "*" } else { name });
                }
                Step::Element(_) => location.push_str("[]"),
                Step::Entry(_) => location.push_str("{*}"),
                Step::Member(tag) => location.push_str(&format!("<{tag}>")),
            }
        }
        location
    }
}

/// Whether a name looks like one of the API's: `referring_domains`, `h1`, but not `example.com`.
fn is_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() <= 60 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(word)
}
