//! Differences between a response and its documentation: values that the typed models leave out,
//! change or do not know.
//!
//! - [`decode`] is the usual way. It never fails on well-formed JSON, and lists each value that is
//!   not of the documented kind.
//! - [`lossy_fields`] is the strict way, for fixtures and recordings. It lists unknown fields too.
//! - [`locations`] counts, and returns neither values nor keys that are data. Use it where nothing
//!   of a response may be kept.

use serde::Serialize;
use serde_json::Value;
use std::fmt::{self, Write as _};

use crate::codec::lenient::FromLenientJson;
use crate::codec::trace::{self, Outline};
use crate::codec::{Decode, de};

pub use crate::codec::trace::DriftKind;

/// One value of a response that is not as documented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Drift {
    /// The JSON pointer into the value that was decoded, such as `/0/items/3/rank`.
    pub pointer: String,
    /// What became of the value.
    pub kind: DriftKind,
    /// The value in the response, cut after 80 characters.
    pub found: String,
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind;
        let pointer = match self.pointer.as_str() {
            "" => "the whole value",
            pointer => pointer,
        };
        write!(f, "{} {kind}: {}", Escaped(pointer), Escaped(&self.found))
    }
}

/// Text of a response with its control characters escaped, which could control a terminal.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

impl Drift {
    /// The deviation of a text that was repaired, with the error that it had before.
    pub(crate) fn of_repair(error: &serde_json::Error) -> Self {
        Self::of_whole(format!("{error}; unreadable parts were replaced"))
    }

    /// The deviation of a text with more bytes than its JSON.
    pub(crate) fn of_trailing(error: &serde_json::Error) -> Self {
        Self::of_whole(format!("{error}; all after the JSON was ignored"))
    }

    fn of_whole(found: String) -> Self {
        Self {
            pointer: String::new(),
            kind: DriftKind::Changed,
            found,
        }
    }
}

/// A decoded value, and where the response differs from the documentation.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Decoded<T> {
    /// The value. `None` if the JSON is null or of a kind that cannot be used.
    pub value: Option<T>,
    /// The values that are not of the documented kind. Unknown fields are not listed: they are
    /// frequent, and finding them costs a second pass. [`lossy_fields`] lists them.
    pub drift: Vec<Drift>,
}

/// Decodes JSON into a model, and lists the values that are not of the documented kind.
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
pub fn decode<T: FromLenientJson>(json: &str) -> Result<Decoded<T>, serde_json::Error> {
    let mut value = None;
    let drift = decode_into(json, &mut value)?;
    Ok(Decoded { value, drift })
}

/// Decodes JSON in place, as [`decode`] does.
pub(crate) fn decode_into(
    json: &str,
    into: &mut dyn Decode,
) -> Result<Vec<Drift>, serde_json::Error> {
    let (outcome, count) = trace::counted(|| read(json, into));
    match outcome {
        Ok(()) if count == 0 => Ok(Vec::new()),
        Ok(()) => decode_and_locate(json, into),
        Err(error) => decode_repaired(json, into, error),
    }
}

/// Decodes JSON again, and locates the values that are not of the documented kind.
#[cold]
pub(crate) fn decode_and_locate(
    json: &str,
    into: &mut dyn Decode,
) -> Result<Vec<Drift>, serde_json::Error> {
    let mut drift = all_drift(json, into)?;
    drift.retain(|entry| entry.kind != DriftKind::UnknownField);
    Ok(drift)
}

/// Decodes well-formed JSON that cannot be read as it is: it holds half a surrogate pair in a
/// string, or a number that no type holds.
#[cold]
fn decode_repaired(
    json: &str,
    into: &mut dyn Decode,
    error: serde_json::Error,
) -> Result<Vec<Drift>, serde_json::Error> {
    let repaired = repair(json);
    if repaired == json {
        return Err(error);
    }
    let mut drift = decode_into(&repaired, into)?;
    drift.push(Drift::of_repair(&error));
    Ok(drift)
}

/// Replaces the parts of JSON that some writers produce and no reader accepts.
///
/// Half a surrogate pair (`\ud83d` alone) becomes the replacement character. A number beyond any type
/// (`1e999`), `NaN`, `Infinity` and `-Infinity` become null. Other text is returned unchanged.
pub fn repair(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    let mut in_string = false;
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            in_string = !in_string;
        }
        let token = match c {
            '\\' if in_string => escape(rest),
            'N' | 'I' | '-' if !in_string && no_number(rest) > 0 => {
                Token::Replaced(no_number(rest), "null")
            }
            '-' | '0'..='9' if !in_string => number(rest),
            _ => Token::Kept(plain(rest)),
        };
        let length = match token {
            Token::Kept(length) => {
                out.push_str(&rest[..length]);
                length
            }
            Token::Replaced(length, replacement) => {
                out.push_str(replacement);
                length
            }
        };
        rest = &rest[length..];
    }
    out
}

/// The length of the text up to the next character that can begin a part to be repaired, or at least of
/// one character.
fn plain(text: &str) -> usize {
    let mut bytes = text.bytes().skip(1);
    let special = |byte: u8| matches!(byte, b'"' | b'\\' | b'N' | b'I' | b'-' | b'0'..=b'9');
    // All special characters are ASCII, so each begins a character.
    bytes
        .position(special)
        .map_or(text.len(), |index| index + 1)
}

/// The first bytes of a text, and whether they are kept.
enum Token {
    Kept(usize),
    Replaced(usize, &'static str),
}

/// The escape sequence at the beginning of a text.
fn escape(text: &str) -> Token {
    match surrogate(text) {
        None => Token::Kept(1 + text[1..].chars().next().map_or(0, char::len_utf8)),
        Some(0xD800..=0xDBFF)
            if matches!(text.get(6..).and_then(surrogate), Some(0xDC00..=0xDFFF)) =>
        {
            Token::Kept(12)
        }
        Some(_) => Token::Replaced(6, "\\ufffd"),
    }
}

/// The length of the word at the beginning of a text that some writers use in place of a number; 0 for
/// other text.
fn no_number(text: &str) -> usize {
    let words = ["NaN", "Infinity", "-Infinity"].into_iter();
    let mut words = words.filter(|word| text.starts_with(word));
    words.next().map_or(0, str::len)
}

/// The number at the beginning of a text.
fn number(text: &str) -> Token {
    let is_part = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    if text[..end].parse().is_ok_and(f64::is_infinite) {
        Token::Replaced(end, "null")
    } else {
        Token::Kept(end)
    }
}

/// The code unit of the escape sequence at the beginning of a text, if it is a surrogate.
fn surrogate(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let code = u32::from_str_radix(digits, 16).ok()?;
    (0xD800..=0xDFFF).contains(&code).then_some(code)
}

/// Lists everything in a JSON text that a model would not write back unchanged, unknown fields
/// included. Null equals an absent field, and two spellings of one number are equal.
///
/// # Errors
/// When the text is not JSON.
pub fn lossy_fields<T: FromLenientJson>(json: &str) -> Result<Vec<Drift>, serde_json::Error> {
    all_drift(json, &mut None::<T>)
}

/// A location in responses that is not as documented, without any value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DriftLocation {
    /// The path, such as `[].items[]<organic>.rank`. `[]` is any element of a list, `{*}` any value
    /// of a map, `<organic>` a documented member of a union.
    pub path: String,
    /// What becomes of the value.
    pub kind: DriftKind,
    /// The number of values.
    pub count: u64,
}

/// Counts by location what [`lossy_fields`] lists, and what the models hold although it is not
/// documented. Returns no values.
///
/// The name of an unknown field is returned if it looks like a name of the API. `*` stands for any
/// other name, as it may be data.
///
/// ```
/// # fn main() -> Result<(), serde_json::Error> {
/// use dataforseo_models::backlinks::BulkRanksLiveResult;
/// use dataforseo_models::drift::locations;
///
/// let json = r#"[{"items": [{"rank": 1.5, "owner": "Ann"}, {"rank": 2.5}]}]"#;
/// let locations = locations::<Vec<BulkRanksLiveResult>>(json)?;
/// let counts: Vec<_> = locations.iter().map(|it| (it.path.as_str(), it.count)).collect();
/// assert_eq!(counts, [("[].items[].owner", 1), ("[].items[].rank", 2)]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the text is not JSON.
pub fn locations<T: FromLenientJson>(json: &str) -> Result<Vec<DriftLocation>, serde_json::Error> {
    let (outcome, mut outline) = outline::<T>(json);
    if let Err(error) = outcome {
        let repaired = repair(json);
        if repaired == json {
            return Err(error);
        }
        let (outcome, of_repaired) = self::outline::<T>(&repaired);
        outcome?;
        outline = of_repaired;
    }
    let locations = outline.into_iter();
    let locations = locations.map(|((path, kind), count)| DriftLocation { path, kind, count });
    Ok(locations.collect())
}

fn outline<T: FromLenientJson>(json: &str) -> (Result<(), serde_json::Error>, Outline) {
    trace::outlined(|| read(json, &mut None::<T>))
}

/// Decodes JSON in place, and lists what is not as documented, unknown fields included.
fn all_drift(json: &str, into: &mut dyn Decode) -> Result<Vec<Drift>, serde_json::Error> {
    let (outcome, found) = trace::located(|| read(json, into));
    outcome?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    // Locations are useful even if a part of the text cannot be shown.
    let whole: Value = serde_json::from_str(json)
        .or_else(|_| serde_json::from_str(&repair(json)))
        .unwrap_or_default();
    let entry = |(pointer, kind): (String, DriftKind)| Drift {
        found: whole.pointer(&pointer).map(shorten).unwrap_or_default(),
        pointer,
        kind,
    };
    Ok(found.into_iter().map(entry).collect())
}

fn read(json: &str, into: &mut dyn Decode) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    de::read(&mut deserializer, into)?;
    deserializer.end()
}

fn shorten(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}
