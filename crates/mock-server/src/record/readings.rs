//! The readings of a text: the text itself, and what it becomes by decoding parts of it.
//!
//! Decodings are percent-encoding, HTML entities, escapes of JSON, hexadecimal digits and base64,
//! each within a longer text and up to [`MAX_DEPTH`] times, one in another. Each byte of a reading
//! knows its place in the text, so that what is found in a reading can be replaced in the text.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;

use super::entities::entity;

/// The maximum number of decodings, one in another.
const MAX_DEPTH: usize = 4;
/// The maximum number of bytes of all readings, per byte of the text and in addition to that.
const MAX_BYTES: (usize, usize) = (256, 1 << 20);
/// The smallest number of bytes that are decoded from hexadecimal digits or base64.
const MIN_DECODED: usize = 4;
/// The smallest part of decoded bytes that is decoded further, in bytes.
const MIN_TEXT: usize = 8;

/// A text with too many encodings to be searched.
#[derive(Debug)]
pub(super) struct TooManyReadings;

/// Whether the places of bytes are known. Without them, a search takes less memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Places {
    Known,
    Unknown,
}

/// One reading of a text.
pub(super) struct Reading {
    bytes: Vec<u8>,
    /// The place of each byte in the text. Empty if places are unknown.
    places: Vec<Range<usize>>,
    kind: Kind,
    /// Whether it was decoded from digits, at any step.
    from_digits: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// Decoded from digits that may mean nothing.
    Bytes,
}

type Decode = fn(&Reading) -> Option<Reading>;

const DECODINGS: [Decode; 10] = [
    |it| percent(it, Plus::Itself),
    |it| percent(it, Plus::Space),
    html,
    json,
    |it| hexadecimal(it, 0),
    |it| hexadecimal(it, 1),
    |it| base64(it, 0),
    |it| base64(it, 1),
    |it| base64(it, 2),
    |it| base64(it, 3),
];

/// The decodings that lead to a reading, in order.
pub(super) type Steps = Vec<usize>;

/// Calls `see` with each reading of a text, the text itself first. The places of bytes are unknown.
pub(super) fn each_reading(
    text: &str,
    mut see: impl FnMut(&Reading, &Steps),
) -> Result<(), TooManyReadings> {
    let hasher = RandomState::new();
    // The number of steps to each text. One that is reached with fewer steps is decoded further.
    let mut seen: HashMap<u64, usize> = HashMap::new();
    let mut bytes_left = text.len() * MAX_BYTES.0 + MAX_BYTES.1;
    let mut open = vec![(Reading::of(text, Places::Unknown), Steps::new())];
    while let Some((reading, steps)) = open.pop() {
        see(&reading, &steps);
        if steps.len() == MAX_DEPTH {
            continue;
        }
        let Some(text) = reading.into_text() else {
            continue;
        };
        for (number, decode) in DECODINGS.iter().enumerate() {
            let Some(child) = decode(&text) else { continue };
            let count = steps.len() + 1;
            let known = seen
                .entry(hasher.hash_one(&child.bytes))
                .or_insert(usize::MAX);
            if count < *known {
                *known = count;
                bytes_left = bytes_left
                    .checked_sub(child.bytes.len())
                    .ok_or(TooManyReadings)?;
                open.push((child, [steps.as_slice(), &[number]].concat()));
            }
        }
    }
    Ok(())
}

/// Returns the reading that some steps lead to, with the places of its bytes.
pub(super) fn reading_with_places(text: &str, steps: &Steps) -> Option<Reading> {
    let whole = Reading::of(text, Places::Known);
    steps.iter().try_fold(whole, |reading, step| {
        let decode = DECODINGS.get(*step)?;
        decode(&reading.into_text()?)
    })
}

impl Reading {
    fn of(text: &str, places: Places) -> Self {
        let places = match places {
            Places::Known => (0..text.len()).map(|at| at..at + 1).collect(),
            Places::Unknown => Vec::new(),
        };
        Self {
            bytes: text.as_bytes().to_vec(),
            places,
            kind: Kind::Text,
            from_digits: false,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns whether the reading was decoded from hexadecimal digits or base64. A replacement must
    /// not be digits, too, as it would be decoded together with them.
    pub(super) fn is_from_digits(&self) -> bool {
        self.from_digits
    }

    /// Returns the place in the text of a part of the reading. Empty if places are unknown.
    pub(super) fn place(&self, part: Range<usize>) -> Range<usize> {
        let first = self.places.get(part.start);
        let last = self.places.get(part.end.saturating_sub(1));
        match (first, last) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => 0..0,
        }
    }

    /// Returns what can be decoded further: a text, or the parts of decoded bytes that can be text.
    fn into_text(self) -> Option<Self> {
        match self.kind {
            Kind::Text => Some(self),
            Kind::Bytes => self.text_parts(),
        }
    }

    /// Returns the parts that can be text, separated by zeros. `None` if there is none.
    fn text_parts(&self) -> Option<Self> {
        let mut parts = Decoded::of(self, Kind::Text);
        let mut start = 0;
        for chunk in self.bytes.utf8_chunks() {
            let mut piece = start..start;
            for c in chunk.valid().chars() {
                let end = piece.end + c.len_utf8();
                if c.is_control() && !matches!(c, '\n' | '\r' | '\t') {
                    parts.piece(piece);
                    piece = end..end;
                } else {
                    piece.end = end;
                }
            }
            parts.piece(piece);
            start += chunk.valid().len() + chunk.invalid().len();
        }
        parts.if_changed()
    }
}

/// A reading that is being decoded from another one.
struct Decoded<'a> {
    from: &'a Reading,
    new: Reading,
    changed: bool,
}

impl<'a> Decoded<'a> {
    fn of(from: &'a Reading, kind: Kind) -> Self {
        let new = Reading {
            bytes: Vec::new(),
            places: Vec::new(),
            kind,
            from_digits: from.from_digits || kind == Kind::Bytes,
        };
        Self {
            from,
            new,
            changed: false,
        }
    }

    fn push(&mut self, byte: u8, from: Range<usize>) {
        self.new.bytes.push(byte);
        if !self.from.places.is_empty() {
            self.new.places.push(self.from.place(from));
        }
    }

    /// Adds bytes that a part of the other reading was decoded to.
    fn decoded(&mut self, bytes: &[u8], from: Range<usize>) {
        self.changed = true;
        for byte in bytes {
            self.push(*byte, from.clone());
        }
    }

    /// Adds a part of the other reading, followed by a zero, if it is long enough.
    fn piece(&mut self, part: Range<usize>) {
        if part.len() >= MIN_TEXT {
            self.changed = true;
            let end = part.end;
            for at in part {
                self.push(self.from.bytes[at], at..at + 1);
            }
            self.push(0, end - 1..end);
        }
    }

    fn if_changed(self) -> Option<Reading> {
        self.changed.then_some(self.new)
    }
}

/// Decodes the sequences of a text. `sequence` returns the bytes and the length of the one at a
/// place.
fn sequences(
    from: &Reading,
    sequence: impl Fn(&[u8]) -> Option<(Vec<u8>, usize)>,
) -> Option<Reading> {
    let mut decoded = Decoded::of(from, Kind::Text);
    let mut at = 0;
    while let Some(rest) = from.bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match sequence(rest) {
            Some((bytes, length)) => {
                decoded.decoded(&bytes, at..at + length);
                at += length;
            }
            None => {
                decoded.push(rest[0], at..at + 1);
                at += 1;
            }
        }
    }
    decoded.if_changed()
}

/// What a `+` stands for in percent-encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plus {
    Itself,
    /// In the query of a form.
    Space,
}

fn percent(from: &Reading, plus: Plus) -> Option<Reading> {
    let is_special = |byte: &u8| *byte == b'%' || (plus == Plus::Space && *byte == b'+');
    if !from.bytes.iter().any(is_special) {
        return None;
    }
    sequences(from, |rest| match rest {
        [b'%', b'u' | b'U', digits @ ..] => Some((utf8(hex_number(digits, 4)?), 6)),
        [b'%', digits @ ..] => Some((vec![u8::try_from(hex_number(digits, 2)?).ok()?], 3)),
        [b'+', ..] if plus == Plus::Space => Some((vec![b' '], 1)),
        _ => None,
    })
}

fn html(from: &Reading) -> Option<Reading> {
    if !from.bytes.contains(&b'&') {
        return None;
    }
    sequences(from, |rest| {
        let name = rest.strip_prefix(b"&")?;
        let length = name
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#')
            .count();
        let end = usize::from(name.get(length) == Some(&b';'));
        let name = std::str::from_utf8(&name[..length]).ok()?;
        let number = match name.strip_prefix("#x").or(name.strip_prefix("#X")) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => name.strip_prefix('#').and_then(|it| it.parse().ok()),
        };
        let c = number.or_else(|| entity(name).map(u32::from))?;
        Some((utf8(c), 1 + length + end))
    })
}

fn json(from: &Reading) -> Option<Reading> {
    if !from.bytes.contains(&b'\\') {
        return None;
    }
    sequences(from, |rest| {
        let escape = rest.strip_prefix(b"\\")?;
        let byte = match escape {
            [b'u', digits @ ..] => {
                let first = hex_number(digits, 4)?;
                let second = match (first, digits.get(4..)) {
                    (0xd800..=0xdbff, Some([b'\\', b'u', digits @ ..])) => hex_number(digits, 4),
                    _ => None,
                };
                return Some(match second.filter(|it| (0xdc00..=0xdfff).contains(it)) {
                    Some(second) => {
                        let c = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                        (utf8(c), 12)
                    }
                    None => (utf8(first), 6),
                });
            }
            [b'x', digits @ ..] => {
                return Some((vec![u8::try_from(hex_number(digits, 2)?).ok()?], 4));
            }
            [b'n', ..] => b'\n',
            [b'r', ..] => b'\r',
            [b't', ..] => b'\t',
            [b'b', ..] => 8,
            [b'f', ..] => 12,
            [byte @ (b'"' | b'\\' | b'/' | b'\''), ..] => *byte,
            _ => return None,
        };
        Some((vec![byte], 2))
    })
}

/// Returns the number of exactly this many hexadecimal digits.
fn hex_number(text: &[u8], digits: usize) -> Option<u32> {
    let digits = text.get(..digits)?;
    digits.iter().try_fold(0, |number, byte| {
        Some(number * 16 + char::from(*byte).to_digit(16)?)
    })
}

fn utf8(c: u32) -> Vec<u8> {
    let c = char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER);
    c.to_string().into_bytes()
}

fn hexadecimal(from: &Reading, skipped: usize) -> Option<Reading> {
    let value = |byte: u8| char::from(byte).to_digit(16);
    digits(from, skipped, 4, b" \t\r\n:-,_", value)
}

fn base64(from: &Reading, skipped: usize) -> Option<Reading> {
    let value = |byte: u8| {
        Some(u32::from(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        }))
    };
    digits(from, skipped, 6, b" \t\r\n", value)
}

/// Decodes the runs of digits that have a number of bits each. `separators` can be between the
/// digits of a run, and `skipped` digits of each run belong to something else.
fn digits(
    from: &Reading,
    skipped: usize,
    bits: u32,
    separators: &[u8],
    value: impl Fn(u8) -> Option<u32>,
) -> Option<Reading> {
    let mut decoded = Decoded::of(from, Kind::Bytes);
    let mut run: Vec<(u32, usize)> = Vec::new();
    for (at, byte) in from.bytes.iter().enumerate() {
        match value(*byte) {
            Some(digit) => run.push((digit, at)),
            None if separators.contains(byte) => {}
            None => {
                decode_run(&mut decoded, &run, skipped, bits);
                run.clear();
            }
        }
    }
    decode_run(&mut decoded, &run, skipped, bits);
    decoded.if_changed()
}

fn decode_run(decoded: &mut Decoded<'_>, run: &[(u32, usize)], skipped: usize, bits: u32) {
    let run = run.get(skipped..).unwrap_or_default();
    if run.len() * (bits as usize) < MIN_DECODED * 8 {
        return;
    }
    let (mut buffer, mut filled, mut start) = (0_u32, 0, 0);
    for (digit, at) in run {
        if filled == 0 {
            start = *at;
        }
        buffer = (buffer << bits) | digit;
        filled += bits;
        if filled >= 8 {
            filled -= 8;
            decoded.decoded(&[(buffer >> filled) as u8], start..at + 1);
            buffer &= (1 << filled) - 1;
            start = *at;
        }
    }
    // A zero, so that two runs are not one text.
    if let Some((_, last)) = run.last() {
        decoded.decoded(&[0], *last..last + 1);
    }
}
