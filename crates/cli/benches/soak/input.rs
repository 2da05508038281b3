//! Inputs: targets, their duplicates in other spellings, and lines that are not targets.

use fastrand::Rng;

/// The name of the file.
pub const FILE: &str = "targets.txt";
/// What a target contains that the server rejects.
const REJECTED: char = ',';
/// The number of characters of an unusable line that a table shows.
const SHOWN_CHARS: usize = 100;

/// An input.
#[derive(Debug)]
pub struct Input {
    pub bytes: Vec<u8>,
    /// The lines that are not blank, as a table shows them.
    pub lines: Vec<String>,
    /// Which lines cannot be sent.
    pub is_unusable: Vec<bool>,
}

/// Returns whether the server rejects a target.
pub fn is_rejected(target: &str) -> bool {
    target.contains(REJECTED)
}

/// A line of the input, as bytes and as a table shows it.
enum Line {
    Target(String),
    Unusable(Vec<u8>),
    Blank,
}

impl Input {
    pub fn draw(rng: &mut Rng) -> Self {
        let count = rng.usize(20..=200);
        let end: &[u8] = if rng.u32(..4) == 0 { b"\r\n" } else { b"\n" };
        let rejects = rng.u32(..4) == 0;
        let mut targets: Vec<String> = Vec::new();
        let mut input = Self {
            bytes: Vec::new(),
            lines: Vec::new(),
            is_unusable: Vec::new(),
        };
        if rng.u32(..8) == 0 {
            input.bytes.extend("\u{feff}".as_bytes());
        }
        for number in 0..count {
            let line = draw_line(rng, number, &targets, rejects);
            match &line {
                Line::Target(target) => {
                    input.bytes.extend(target.as_bytes());
                    input.lines.push(target.clone());
                    input.is_unusable.push(false);
                    targets.push(target.clone());
                }
                Line::Unusable(bytes) => {
                    input.bytes.extend(bytes);
                    input.lines.push(shown(bytes));
                    input.is_unusable.push(true);
                }
                Line::Blank => {}
            }
            input.bytes.extend(end);
        }
        input
    }
}

fn draw_line(rng: &mut Rng, number: usize, targets: &[String], rejects: bool) -> Line {
    let earlier = (!targets.is_empty()).then(|| &targets[rng.usize(..targets.len().max(1))]);
    match (rng.u32(..100), earlier) {
        (0, _) => Line::Unusable(format!("bell\u{7}{number}.example").into_bytes()),
        (1, _) => Line::Unusable([&b"caf\xe9"[..], number.to_string().as_bytes()].concat()),
        (2, _) if rng.u32(..4) == 0 => Line::Unusable(vec![b'x'; 9000]),
        (3 | 4, _) => Line::Blank,
        (5..=12, Some(target)) => Line::Target(target.clone()),
        (13..=19, Some(target)) => Line::Target(respelled(rng, target)),
        (20..=22, _) if rejects => Line::Target(format!("r{number}.example{REJECTED}two")),
        (23..=32, _) => Line::Target(page(rng, number)),
        (33..=35, _) => Line::Target(format!("www.t{}.example", number / 2)),
        (36..=38, _) => Line::Target(format!("bücher{number}.example")),
        _ => Line::Target(format!("t{number}.example")),
    }
}

fn page(rng: &mut Rng, number: usize) -> String {
    let page = [
        "https://p0.example/",
        "https://P0.example/Path",
        "http://p0.example/a b?c=d",
        "https://p0.example/?q=1&r=%C3%BC",
        "https://p0.example:443/%7euser#top",
        "p0.example/list/",
    ];
    page[rng.usize(..page.len())].replace('0', &number.to_string())
}

/// Returns another spelling of a target, or the same one.
fn respelled(rng: &mut Rng, target: &str) -> String {
    let is_page = target.contains('/');
    match rng.u32(..4) {
        0 if !is_page => target.to_uppercase(),
        1 if !is_page && !is_rejected(target) => format!("{target}."),
        2 => target.replace("https://p", "HTTPS://P"),
        _ => target.replace(".example", ".EXAMPLE"),
    }
}

/// Returns an unusable line as a table shows it.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.into_owned(),
    }
}
