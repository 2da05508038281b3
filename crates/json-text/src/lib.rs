//! JSON as text: laid out, compacted and edited token by token.
//!
//! Everything else keeps its bytes: `1.0`, `1e-5`, `\/`, the order of keys, a repeated key. The text
//! must be valid JSON. Nothing here recurses, so the depth of nesting is not limited.

use std::fmt::Write as _;
use std::ops::Range;

/// One step of the path from the root of a JSON text to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep<'a> {
    /// A key, as written between its quotes.
    Key(&'a str),
    /// The position of an element of a list, from 0.
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

/// Returns the next token from `at` on, and its range.
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

/// An event of [`walk`].
enum Visit {
    /// A key of an object; the path ends with it.
    Key,
    /// The opening bracket of an object or a list.
    Begin,
    /// The closing bracket of an object or a list.
    End,
    /// A string, a number, `true`, `false` or `null`.
    Scalar,
}

/// An open bracket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Object,
    List,
}

/// Calls `visit` with every key, scalar and bracket of a text, the path to it and its range.
fn walk<'a>(text: &'a str, mut visit: impl FnMut(&[PathStep<'a>], Visit, Range<usize>)) {
    let mut path: Vec<PathStep<'a>> = Vec::new();
    let mut open: Vec<Bracket> = Vec::new();
    let mut at = 0;
    let mut key_next = false;
    while let Some((token, range)) = next(text, at) {
        at = range.end;
        match token {
            Token::Open => {
                visit(&path, Visit::Begin, range.clone());
                key_next = text.as_bytes()[range.start] == b'{';
                if key_next {
                    open.push(Bracket::Object);
                    path.push(PathStep::Key(""));
                } else {
                    open.push(Bracket::List);
                    path.push(PathStep::Index(0));
                }
            }
            Token::Close => {
                open.pop();
                path.pop();
                key_next = false;
                visit(&path, Visit::End, range);
            }
            Token::Comma => {
                if let Some(PathStep::Index(index)) = path.last_mut() {
                    *index += 1;
                }
                key_next = open.last() == Some(&Bracket::Object);
            }
            Token::Colon => {}
            Token::Scalar if key_next => {
                key_next = false;
                let raw = &text[range.clone()];
                let key = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
                if let Some(last) = path.last_mut() {
                    *last = PathStep::Key(key);
                }
                visit(&path, Visit::Key, range);
            }
            Token::Scalar => visit(&path, Visit::Scalar, range),
        }
    }
}

/// Returns the text without white space between its tokens.
pub fn compact(text: &str) -> String {
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

/// Returns the text with one line per value, indented by two spaces per level, starting at `level`.
pub fn layout(text: &str, level: usize) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = level;
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        for _ in 0..depth {
            out.push_str("  ");
        }
    };
    let (mut at, mut after_open) = (0, false);
    while let Some((token, range)) = next(text, at) {
        at = range.end;
        if token == Token::Close {
            depth = depth.saturating_sub(1);
            if !after_open {
                line(&mut out, depth);
            }
        } else if after_open {
            line(&mut out, depth);
        }
        after_open = false;
        out.push_str(&text[range]);
        match token {
            Token::Open => {
                depth += 1;
                after_open = true;
            }
            Token::Comma => line(&mut out, depth),
            Token::Colon => out.push(' '),
            Token::Close | Token::Scalar => {}
        }
    }
    out
}

/// A key or a scalar, as written in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaf<'a> {
    /// A key, with its quotes.
    Key(&'a str),
    /// A string with its quotes, a number, `true`, `false` or `null`.
    Scalar(&'a str),
}

/// Calls `see` with each key and scalar, and the path to it. The path to a key ends with the key.
pub fn each<'a>(text: &'a str, mut see: impl FnMut(&[PathStep<'a>], Leaf<'a>)) {
    walk(text, |path, visit, range| match visit {
        Visit::Key => see(path, Leaf::Key(&text[range])),
        Visit::Scalar => see(path, Leaf::Scalar(&text[range])),
        Visit::Begin | Visit::End => {}
    });
}

/// Returns the text with keys and scalars replaced by the JSON that `change` returns for them.
pub fn rewrite<'a>(
    text: &'a str,
    mut change: impl FnMut(&[PathStep<'a>], Leaf<'a>) -> Option<String>,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    walk(text, |path, visit, range| {
        let leaf = match visit {
            Visit::Key => Leaf::Key(&text[range.clone()]),
            Visit::Scalar => Leaf::Scalar(&text[range.clone()]),
            Visit::Begin | Visit::End => return,
        };
        if let Some(new) = change(path, leaf) {
            out.push_str(&text[kept..range.start]);
            out.push_str(&new);
            kept = range.end;
        }
    });
    out.push_str(&text[kept..]);
    out
}

/// Returns the text with the value at a JSON pointer replaced. A new key is added to the end of its
/// object.
///
/// # Errors
/// When the pointer leads neither to a value nor to a new key of an object.
pub fn set(text: &str, pointer: &str, value: &str) -> Result<String, String> {
    let steps = parse_pointer(pointer)?;
    if let Some(range) = find(text, &steps) {
        return Ok([&text[..range.start], value, &text[range.end..]].concat());
    }
    let nothing = || format!("{pointer} does not point to a value");
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

/// Returns the range of the value that the steps of a pointer lead to.
fn find(text: &str, steps: &[String]) -> Option<Range<usize>> {
    let mut start = None;
    let mut found = None;
    walk(text, |path, visit, range| {
        if found.is_some() || path.len() != steps.len() || !leads_to(path, steps) {
            return;
        }
        match visit {
            Visit::Begin => start = Some(range.start),
            Visit::End => found = start.map(|start| start..range.end),
            Visit::Scalar => found = Some(range),
            Visit::Key => {}
        }
    });
    found
}

fn leads_to(path: &[PathStep<'_>], steps: &[String]) -> bool {
    path.iter().zip(steps).all(|(step, wanted)| match step {
        PathStep::Key(key) => *key == wanted.as_str() || unescape(key) == *wanted,
        PathStep::Index(index) => wanted.parse() == Ok(*index) && !wanted.starts_with('+'),
    })
}

/// Returns the text of a key or string, given as written between its quotes.
pub fn unescape(raw: &str) -> String {
    if raw.contains('\\') {
        serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_else(|_| raw.to_owned())
    } else {
        raw.to_owned()
    }
}

/// Returns the steps of a JSON pointer (RFC 6901).
///
/// # Errors
/// When the text is not a JSON pointer.
pub fn parse_pointer(pointer: &str) -> Result<Vec<String>, String> {
    if pointer.is_empty() {
        return Ok(Vec::new());
    }
    let steps = pointer
        .strip_prefix('/')
        .ok_or_else(|| format!("`{pointer}` is not a JSON pointer: it must begin with `/`"))?;
    Ok(steps
        .split('/')
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect())
}

/// Returns a path as a JSON pointer.
pub fn pointer(path: &[PathStep<'_>]) -> String {
    let mut pointer = String::new();
    for step in path {
        // Writing to a string does not fail.
        let _ = match step {
            PathStep::Key(key) => write!(pointer, "/{}", escape_step(&unescape(key))),
            PathStep::Index(index) => write!(pointer, "/{index}"),
        };
    }
    pointer
}

/// Returns a key as a step of a JSON pointer.
pub fn escape_step(key: &str) -> String {
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
    fn a_layout_keeps_every_token() {
        let text = r#"{"a":[1.0,1e-5,{}, [ ]],"a":"x\/y: \" {","z":12345678901234567890}"#;
        let expected = r#"{
  "a": [
    1.0,
    1e-5,
    {},
    []
  ],
  "a": "x\/y: \" {",
  "z": 12345678901234567890
}"#;
        assert_eq!(layout(text, 0), expected);
        assert_eq!(layout(expected, 0), expected);
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
    fn keys_and_scalars_are_rewritten_by_their_path() {
        let text = "{\"a\": [1, \"x\"], \"b\\/\": {\"c\": true}}";
        let mut seen = Vec::new();
        let new = rewrite(text, |path, leaf| {
            seen.push(format!("{} {leaf:?}", pointer(path)));
            match leaf {
                Leaf::Scalar("1") => Some("[2]".to_owned()),
                Leaf::Key("\"c\"") => Some("\"d\"".to_owned()),
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
