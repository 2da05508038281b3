//! Text from a server, made fit for messages: without credentials and without control characters.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What is shown in place of a credential.
const REDACTED: &str = "[redacted]";
/// A login or password with fewer characters is replaced only where it is a whole word. Everywhere, it
/// would destroy most messages: a login `a` occurs in every sentence.
const MIN_ANYWHERE: usize = 4;
/// The beginning of an encoded pair of login and password is replaced from this many characters on, as a
/// server may cut what it repeats.
const MIN_BEGINNING: usize = 12;
/// The most characters of a text that are shown.
const MAX_SHOWN: usize = 10_000;

/// Replaces credentials in text from a server, and escapes its control characters.
///
/// The credentials are found as they are, in base64 (each alone and as a pair), and in each of these
/// forms with percent-encoding, HTML escapes or JSON escapes. The case of ASCII letters does not matter,
/// except in base64. Control characters within a credential do not hide it.
///
/// A login or password with fewer than 4 characters is replaced only where it is a whole word.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

/// One form of a credential.
#[derive(Clone)]
struct Secret {
    characters: Vec<char>,
    case: Case,
    /// The number of characters from its beginning that are replaced without the rest.
    min: usize,
    extent: Extent,
}

#[derive(Clone, Copy, PartialEq)]
enum Case {
    Matters,
    Ignored,
}

#[derive(Clone, Copy, PartialEq)]
enum Extent {
    Anywhere,
    WholeWord,
}

impl Redactor {
    /// Adds a login and a password. An empty one is ignored.
    #[must_use]
    pub fn with(mut self, login: &str, password: &str) -> Self {
        let pair = format!("{login}:{password}");
        for credential in [login, password] {
            self.add(credential, Case::Ignored, usize::MAX);
            self.add_base64(credential, usize::MAX);
        }
        self.add_base64(&pair, MIN_BEGINNING);
        let header = format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(pair)
        );
        self.add_base64(&header, MIN_BEGINNING);
        self
    }

    fn add_base64(&mut self, credential: &str, min: usize) {
        let standard = STANDARD_NO_PAD.encode(credential);
        let url_safe = URL_SAFE_NO_PAD.encode(credential);
        if url_safe != standard {
            self.add(&url_safe, Case::Matters, min);
        }
        self.add(&standard, Case::Matters, min);
    }

    fn add(&mut self, form: &str, case: Case, min: usize) {
        let characters: Vec<char> = form.chars().filter(|it| !it.is_control()).collect();
        if characters.is_empty() {
            return;
        }
        let extent = if characters.len() < MIN_ANYWHERE {
            Extent::WholeWord
        } else {
            Extent::Anywhere
        };
        self.secrets.push(Secret {
            min: min.min(characters.len()),
            characters,
            case,
            extent,
        });
    }

    /// Returns a text without credentials, with control characters escaped, and cut after 10,000
    /// characters.
    pub fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.is_clean(text) {
            return Cow::Borrowed(text);
        }
        let mut shown = String::new();
        let mut at = 0;
        for _ in 0..MAX_SHOWN {
            let Some(character) = text[at..].chars().next() else {
                return Cow::Owned(shown);
            };
            if let Some(end) = self.secret_at(text, at) {
                shown.push_str(REDACTED);
                at = end;
                continue;
            }
            if is_hidden(character) {
                shown.extend(character.escape_default());
            } else {
                shown.push(character);
            }
            at += character.len_utf8();
        }
        shown.push('…');
        Cow::Owned(shown)
    }

    /// Returns whether [`clean`](Self::clean) would leave a text unchanged.
    pub fn is_clean(&self, text: &str) -> bool {
        text.chars().count() <= MAX_SHOWN
            && !text.contains(is_hidden)
            && !text
                .char_indices()
                .any(|(at, _)| self.secret_at(text, at).is_some())
    }

    /// Returns the end of the longest secret that begins at a byte of a text.
    fn secret_at(&self, text: &str, at: usize) -> Option<usize> {
        let ends = self.secrets.iter().filter_map(|it| it.end_at(text, at));
        ends.max()
    }
}

impl Secret {
    /// Returns the end of the secret if it begins at a byte of a text.
    fn end_at(&self, text: &str, at: usize) -> Option<usize> {
        // Every way to read the text, as a `%` can be itself or begin a code.
        let mut ends = vec![at];
        let mut found = None;
        for (index, wanted) in self.characters.iter().enumerate() {
            let mut next = Vec::new();
            for end in ends {
                let end = if index == 0 {
                    end
                } else {
                    after_control(text, end)
                };
                let readings = readings(&text[end..]).into_iter().flatten();
                let equal = readings.filter(|it| self.is_equal(it.character, *wanted));
                next.extend(equal.map(|it| end + it.length));
            }
            next.dedup();
            let Some(last) = next.iter().copied().max() else {
                break;
            };
            if index + 1 >= self.min {
                found = Some(last);
            }
            ends = next;
        }
        let end = found?;
        let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
        let within_word =
            is_word(text[..at].chars().next_back()) || is_word(text[end..].chars().next());
        (self.extent == Extent::Anywhere || !within_word).then_some(end)
    }

    fn is_equal(&self, found: char, wanted: char) -> bool {
        match self.case {
            Case::Matters => found == wanted,
            Case::Ignored => found.eq_ignore_ascii_case(&wanted),
        }
    }
}

/// A character, and the number of bytes that stand for it in a text.
#[derive(Clone, Copy)]
struct Reading {
    character: char,
    length: usize,
}

/// Returns how the beginning of a text can be read: as it is, and as the code of another character.
fn readings(text: &str) -> [Option<Reading>; 2] {
    let plain = text.chars().next().map(|character| Reading {
        character,
        length: character.len_utf8(),
    });
    let code = match plain.map(|it| it.character) {
        Some('%') => percent_code(text),
        Some('&') => html_code(text),
        Some('\\') => json_code(text),
        Some('+') => Some(Reading {
            character: ' ',
            length: 1,
        }),
        _ => None,
    };
    [plain, code]
}

/// Returns the first byte at or after `at` that is not a control character, such as a line break within
/// base64.
fn after_control(text: &str, mut at: usize) -> usize {
    let control = |at: usize| {
        let mut readings = readings(&text[at..]).into_iter().flatten();
        readings.rfind(|it| it.character.is_control())
    };
    while let Some(reading) = control(at) {
        at += reading.length;
    }
    at
}

/// Reads a character in percent-encoded UTF-8.
fn percent_code(text: &str) -> Option<Reading> {
    let byte = |index: usize| {
        let code = text.get(index * 3..index * 3 + 3)?.strip_prefix('%')?;
        u8::from_str_radix(code, 16).ok()
    };
    let bytes: Vec<u8> = (0..4).map_while(byte).collect();
    let valid = (1..=bytes.len()).find_map(|count| std::str::from_utf8(&bytes[..count]).ok())?;
    Some(Reading {
        character: valid.chars().next()?,
        length: valid.len() * 3,
    })
}

/// Reads an HTML escape, such as `&amp;`, `&#38;` or `&#x26;`.
fn html_code(text: &str) -> Option<Reading> {
    let end = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some(Reading {
        character,
        length: end + 1,
    })
}

/// Reads a JSON escape, such as `\"`, `\/` or `\u00fc`.
fn json_code(text: &str) -> Option<Reading> {
    let character = match text[1..].chars().next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let unit = |at: usize| {
                let code = text.get(at..at + 6)?.strip_prefix("\\u")?;
                u16::from_str_radix(code, 16).ok()
            };
            let units = [unit(0)?, unit(6).unwrap_or_default()];
            let character = char::decode_utf16(units).next()?.ok()?;
            return Some(Reading {
                character,
                length: 6 * character.len_utf16(),
            });
        }
        other => other,
    };
    Some(Reading {
        character,
        length: 1 + character.len_utf8(),
    })
}

/// Returns whether a character is invisible or changes how others are shown: control characters, marks
/// of direction, and line separators.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const LOGIN: &str = "quux@agency.test";
    const PASSWORD: &str = "S3&\"cr/ü%t?>";

    fn redactor() -> Redactor {
        Redactor::default().with(LOGIN, PASSWORD)
    }

    fn percent(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02x}")).collect()
    }

    fn html(text: &str) -> String {
        let numbers = text.chars().map(|it| format!("&#{};", u32::from(it)));
        numbers.collect()
    }

    fn json(text: &str) -> String {
        let units = text.encode_utf16();
        units.map(|unit| format!("\\u{unit:04X}")).collect()
    }

    #[test]
    fn credentials_are_replaced_in_every_form() {
        let pair = format!("{LOGIN}:{PASSWORD}");
        let plain = [
            LOGIN.to_owned(),
            LOGIN.to_uppercase(),
            PASSWORD.to_owned(),
            STANDARD.encode(LOGIN),
            STANDARD.encode(PASSWORD),
            STANDARD.encode(&pair),
            URL_SAFE_NO_PAD.encode(&pair),
            STANDARD.encode(format!("Basic {}", STANDARD.encode(&pair))),
        ];
        let encodings: [fn(&str) -> String; 6] = [
            str::to_owned,
            percent,
            |text| percent(text).to_uppercase(),
            html,
            json,
            |text| {
                text.replace('&', "&amp;")
                    .replace('"', "&quot;")
                    .replace('>', "&gt;")
            },
        ];
        for form in plain {
            for encode in encodings {
                let text = format!("no user {} here", encode(&form));
                let clean = redactor().clean(&text).replace("=", "").replace("%3d", "");
                let clean = clean
                    .replace("%3D", "")
                    .replace("&#61;", "")
                    .replace("\\u003D", "");
                assert_eq!(clean, "no user [redacted] here", "{text}");
            }
        }
        for text in [
            r#"S3&\"cr\/ü%t?>"#,
            "S3&\"cr/\n ü%t?>".replace(' ', "").as_str(),
            "S3%26%22cr/%C3%BC%25t?%3E",
        ] {
            assert_eq!(redactor().clean(text), REDACTED, "{text}");
        }
        // A server cut the header, or broke it into lines.
        let header = STANDARD.encode(&pair);
        let cut = format!("Basic {}...", &header[..14]);
        assert_eq!(redactor().clean(&cut), "Basic [redacted]...");
        let broken = format!("{}\r\n{}", &header[..8], &header[8..]);
        assert_eq!(redactor().clean(&broken).trim_end_matches('='), REDACTED);
    }

    #[test]
    fn short_credentials_are_replaced_as_whole_words() {
        let short = Redactor::default().with("a", "pw1");
        let text = "a target of user a (pw1) has a bad page pw12";
        let expected =
            "[redacted] target of user [redacted] ([redacted]) has [redacted] bad page pw12";
        assert_eq!(short.clean(text), expected);
        assert_eq!(short.clean("YTpwdzE"), REDACTED);
    }

    #[test]
    fn control_characters_are_escaped_and_other_text_is_kept() {
        let text = "\u{1b}[2J\u{9b}31m\r\n\u{202e}x\0";
        let expected = r"\u{1b}[2J\u{9b}31m\r\n\u{202e}x\u{0}";
        assert_eq!(redactor().clean(text), expected);
        for kept in ["Ok.", "Invalid Field: 'täglich/100%'. &amp; \\n", ""] {
            assert!(matches!(redactor().clean(kept), Cow::Borrowed(text) if text == kept));
        }
        let long = "é".repeat(MAX_SHOWN + 1);
        assert_eq!(redactor().clean(&long).chars().count(), MAX_SHOWN + 1);
        assert!(redactor().clean(&long).ends_with('…'));
        assert_eq!(format!("{:?}", redactor()), "Redactor { .. }");
    }

    /// Text that is made to be slow is not: each byte is read a bounded number of times.
    #[test]
    fn odd_text_is_read() {
        for odd in [
            "%", "&", "\\", "\\u", "&#", "%%%%", "\\ud800", "q%0a", "%F0%9F",
        ] {
            let text = odd.repeat(5000);
            let _ = redactor().clean(&text);
        }
    }
}
