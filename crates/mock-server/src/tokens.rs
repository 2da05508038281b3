//! JSON as text: laid out, stripped or changed token by token, so that whatever is not meant to
//! change keeps its bytes (`1.0`, `1e-5`, `\/`, the order of keys, a key that stands twice).
//!
//! The text must be JSON already; nothing here recurses, so it may nest as deep as it likes.

#[cfg(any(feature = "record", test))]
use std::fmt::Write as _;
use std::ops::Range;

/// The way from the root to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// A key, as it stands between its quotes.
    Key(&'a str),
    Index(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Colon,
    Comma,
    /// A string, a number, `true`, `false` or `null`.
    Scalar,
}

/// The next token from `at` on, and where it stands.
fn next(text: &str, at: usize) -> Option<(Token, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut start = at;
    while bytes.get(start).is_some_and(u8::is_ascii_whitespace) {
        start += 1;
    }
    let mut end = start + 1;
    let token = match bytes.get(start)? {
        b'{' | b'[' => Token::Open,
        b'}' | b']' => Token::Close,
        b':' => Token::Colon,
        b',' => Token::Comma,
        b'"' => {
            while let Some(byte) = bytes.get(end) {
                end += 1;
                match byte {
                    b'\\' => end += 1,
                    b'"' => break,
                    _ => {}
                }
            }
            Token::Scalar
        }
        _ => {
            let ends = |byte: &u8| byte.is_ascii_whitespace() || b",:]}".contains(byte);
            while bytes.get(end).is_some_and(|byte| !ends(byte)) {
                end += 1;
            }
            Token::Scalar
        }
    };
    Some((token, start..end.min(bytes.len())))
}

/// What a walk tells of: each value once, when it begins and when it ends, and each key.
enum Visit {
    /// A key of an object; the way ends with it.
    Key,
    /// An object or a list begins.
    Begin,
    /// It ends. The place is its closing bracket.
    End,
    /// A string, number, `true`, `false` or `null`, as it is written.
    Scalar,
}

/// Goes through a text and tells of every value with the way to it and its place.
fn walk<'a>(text: &'a str, mut visit: impl FnMut(&[Step<'a>], Visit, Range<usize>)) {
    let mut path: Vec<Step<'a>> = Vec::new();
    // For each open bracket, whether it is one of an object.
    let mut open: Vec<bool> = Vec::new();
    let mut at = 0;
    let mut key_next = false;
    while let Some((token, place)) = next(text, at) {
        at = place.end;
        match token {
            Token::Open => {
                visit(&path, Visit::Begin, place.clone());
                let object = text.as_bytes()[place.start] == b'{';
                open.push(object);
                path.push(match object {
                    true => Step::Key(""),
                    false => Step::Index(0),
                });
                key_next = object;
            }
            Token::Close => {
                open.pop();
                path.pop();
                key_next = false;
                visit(&path, Visit::End, place);
            }
            Token::Comma => {
                if let Some(Step::Index(index)) = path.last_mut() {
                    *index += 1;
                }
                key_next = open.last() == Some(&true);
            }
            Token::Colon => {}
            Token::Scalar if key_next => {
                key_next = false;
                let raw = &text[place.clone()];
                let key = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
                if let Some(last) = path.last_mut() {
                    *last = Step::Key(key);
                }
                visit(&path, Visit::Key, place);
            }
            Token::Scalar => visit(&path, Visit::Scalar, place),
        }
    }
}

/// The text without white space between its tokens.
pub(crate) fn compact(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() / 2);
    let (mut kept, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while let Some(byte) = bytes.get(at) {
                    match byte {
                        b'\\' => at += 2,
                        b'"' => break,
                        _ => at += 1,
                    }
                }
                at += 1;
            }
            byte if byte.is_ascii_whitespace() => {
                out.push_str(&text[kept..at]);
                while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                    at += 1;
                }
                kept = at;
            }
            _ => at += 1,
        }
    }
    out.push_str(text.get(kept..).unwrap_or_default());
    out
}

/// The text with a line for each value, indented by two spaces a level, beginning at `level`.
#[cfg(any(feature = "record", test))]
pub(crate) fn layout(text: &str, level: usize) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = level;
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        for _ in 0..depth {
            out.push_str("  ");
        }
    };
    let (mut at, mut fresh) = (0, false);
    while let Some((token, place)) = next(text, at) {
        at = place.end;
        if token == Token::Close {
            depth = depth.saturating_sub(1);
            if !fresh {
                line(&mut out, depth);
            }
        } else if fresh {
            line(&mut out, depth);
        }
        fresh = false;
        out.push_str(&text[place]);
        match token {
            Token::Open => {
                depth += 1;
                fresh = true;
            }
            Token::Comma => line(&mut out, depth),
            Token::Colon => out.push(' '),
            Token::Close | Token::Scalar => {}
        }
    }
    out
}

/// A part of a text that can be looked at and replaced: a key or a scalar, as it is written.
#[cfg(any(feature = "record", test))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Key(&'a str),
    Scalar(&'a str),
}

/// Goes through all keys and scalars, each with the way to it; that to a key ends with the key.
#[cfg(any(feature = "record", test))]
pub(crate) fn each<'a>(text: &'a str, mut see: impl FnMut(&[Step<'a>], Part<'a>)) {
    walk(text, |path, visit, place| match visit {
        Visit::Key => see(path, Part::Key(&text[place])),
        Visit::Scalar => see(path, Part::Scalar(&text[place])),
        Visit::Begin | Visit::End => {}
    });
}

/// The text with keys and scalars replaced by what `change` gives for them: JSON again.
#[cfg(any(feature = "record", test))]
pub(crate) fn rewrite<'a>(
    text: &'a str,
    mut change: impl FnMut(&[Step<'a>], Part<'a>) -> Option<String>,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    walk(text, |path, visit, place| {
        let part = match visit {
            Visit::Key => Part::Key(&text[place.clone()]),
            Visit::Scalar => Part::Scalar(&text[place.clone()]),
            Visit::Begin | Visit::End => return,
        };
        if let Some(new) = change(path, part) {
            out.push_str(&text[kept..place.start]);
            out.push_str(&new);
            kept = place.end;
        }
    });
    out.push_str(&text[kept..]);
    out
}

/// The text with the value at a JSON pointer replaced. A key that an object does not have yet is
/// added to its end.
///
/// # Errors
/// When there is nothing that the pointer could mean.
pub(crate) fn set(text: &str, pointer: &str, value: &str) -> Result<String, String> {
    let steps = parse_pointer(pointer)?;
    if let Some(place) = find(text, &steps) {
        return Ok([&text[..place.start], value, &text[place.end..]].concat());
    }
    let nothing = || format!("{pointer} points to nothing");
    let (last, parents) = steps.split_last().ok_or_else(nothing)?;
    let parent = find(text, parents).ok_or_else(nothing)?;
    let inside = &text[parent.clone()];
    if !inside.starts_with('{') {
        return Err(nothing());
    }
    let empty = compact(inside) == "{}";
    let key = serde_json::Value::from(last.as_str());
    let comma = if empty { "" } else { "," };
    let end = parent.end - 1;
    Ok(format!(
        "{}{comma}{key}:{value}{}",
        text[..end].trim_end(),
        &text[end..]
    ))
}

/// The place of the value that a pointer's steps lead to.
fn find(text: &str, steps: &[String]) -> Option<Range<usize>> {
    let mut start = None;
    let mut found = None;
    walk(text, |path, visit, place| {
        if found.is_some() || path.len() != steps.len() || !leads_to(path, steps) {
            return;
        }
        match visit {
            Visit::Begin => start = Some(place.start),
            Visit::End => found = start.map(|start| start..place.end),
            Visit::Scalar => found = Some(place),
            Visit::Key => {}
        }
    });
    found
}

fn leads_to(path: &[Step<'_>], steps: &[String]) -> bool {
    path.iter().zip(steps).all(|(step, wanted)| match step {
        Step::Key(key) => *key == wanted.as_str() || unquoted(key) == *wanted,
        Step::Index(index) => wanted.parse() == Ok(*index) && !wanted.starts_with('+'),
    })
}

/// A key or a string as it reads, given as it is written between its quotes.
pub(crate) fn unquoted(raw: &str) -> String {
    match raw.contains('\\') {
        true => serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_else(|_| raw.to_owned()),
        false => raw.to_owned(),
    }
}

/// The steps of a JSON pointer (RFC 6901).
///
/// # Errors
/// When it is none.
pub(crate) fn parse_pointer(pointer: &str) -> Result<Vec<String>, String> {
    if pointer.is_empty() {
        return Ok(Vec::new());
    }
    let steps = pointer
        .strip_prefix('/')
        .ok_or_else(|| format!("`{pointer}` is no JSON pointer: one begins with `/`"))?;
    Ok(steps
        .split('/')
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect())
}

/// A way as a JSON pointer.
#[cfg(any(feature = "record", test))]
pub(crate) fn pointer(path: &[Step<'_>]) -> String {
    let mut pointer = String::new();
    for step in path {
        // Writing to a string does not fail.
        let _ = match step {
            Step::Key(key) => write!(pointer, "/{}", escaped(&unquoted(key))),
            Step::Index(index) => write!(pointer, "/{index}"),
        };
    }
    pointer
}

/// A key as a step of a JSON pointer.
pub(crate) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: &str = "{\n  \"a b\" : [ 1.0 , 1e-5,\t\"x\\/ \\\" y\" ],\n \"a b\": 12345678901234567890, \"e\":{ } , \"l\":[] }";

    #[test]
    fn compacting_keeps_every_token() {
        assert_eq!(
            compact(ODD),
            "{\"a b\":[1.0,1e-5,\"x\\/ \\\" y\"],\"a b\":12345678901234567890,\"e\":{},\"l\":[]}"
        );
    }

    #[test]
    fn laying_out_and_compacting_undo_each_other() {
        let laid_out = layout(ODD, 0);
        assert_eq!(
            laid_out,
            "{\n  \"a b\": [\n    1.0,\n    1e-5,\n    \"x\\/ \\\" y\"\n  ],\n  \"a b\": 12345678901234567890,\n  \"e\": {},\n  \"l\": []\n}"
        );
        assert_eq!(compact(&laid_out), compact(ODD));
        assert_eq!(layout(&laid_out, 0), laid_out);
    }

    #[test]
    fn nesting_has_no_limit() {
        let deep = format!("{}{}", "[ ".repeat(100_000), "]".repeat(100_000));
        assert_eq!(compact(&deep).len(), 200_000);
        assert_eq!(compact(&layout(&deep[..40], 0)).len(), 20);
        assert_eq!(rewrite(&deep, |_, _| None), deep);
    }

    #[test]
    fn a_value_is_set_and_the_rest_keeps_its_bytes() {
        let text = "{\"a\": [1.0, {\"b\\u0041\": \"x\\/y\"}], \"c\": {}}";
        for (pointer, value, expected) in [
            (
                "/a/0",
                "2",
                "{\"a\": [2, {\"b\\u0041\": \"x\\/y\"}], \"c\": {}}",
            ),
            (
                "/a/1/bA",
                "null",
                "{\"a\": [1.0, {\"b\\u0041\": null}], \"c\": {}}",
            ),
            ("/a", "[]", "{\"a\": [], \"c\": {}}"),
            (
                "/c/d~1e",
                "1",
                "{\"a\": [1.0, {\"b\\u0041\": \"x\\/y\"}], \"c\": {\"d/e\":1}}",
            ),
            (
                "/d",
                "1",
                "{\"a\": [1.0, {\"b\\u0041\": \"x\\/y\"}], \"c\": {},\"d\":1}",
            ),
            ("", "0", "0"),
        ] {
            assert_eq!(
                set(text, pointer, value).as_deref(),
                Ok(expected),
                "{pointer}"
            );
        }
        for pointer in ["/a/2", "/a/x", "/x/y", "a", "/a/0/b"] {
            assert!(set(text, pointer, "1").is_err(), "{pointer}");
        }
    }

    #[test]
    fn scalars_are_rewritten_with_the_way_to_them() {
        let text = "{\"a\": [1, \"x\"], \"b\\/\": {\"c\": true}}";
        let mut seen = Vec::new();
        let new = rewrite(text, |path, part| {
            seen.push(format!("{} {part:?}", pointer(path)));
            match part {
                Part::Scalar("1") => Some("[2]".to_owned()),
                Part::Key("\"c\"") => Some("\"d\"".to_owned()),
                _ => None,
            }
        });
        assert_eq!(
            seen,
            [
                "/a Key(\"\\\"a\\\"\")",
                "/a/0 Scalar(\"1\")",
                "/a/1 Scalar(\"\\\"x\\\"\")",
                "/b~1 Key(\"\\\"b\\\\/\\\"\")",
                "/b~1/c Key(\"\\\"c\\\"\")",
                "/b~1/c Scalar(\"true\")",
            ]
        );
        assert_eq!(new, "{\"a\": [[2], \"x\"], \"b\\/\": {\"d\": true}}");
    }
}
