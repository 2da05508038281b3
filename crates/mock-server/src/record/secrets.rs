//! The detector of secrets, for the recorder and for `lint`.
//!
//! It knows the credentials of a recording, callback URLs, and the secrets of [`inline_secrets`].
//! It finds them in every reading of a text: encoded, escaped, and one in another.

use std::ops::Range;

use super::readings::{Reading, each_reading, reading_with_places};
use crate::inline_secrets::inline_secrets;
use crate::json::tokens::{self, Leaf};
use crate::redact::placeholder;

const LOGIN: &str = "the login";
const PASSWORD: &str = "the password";
const CREDENTIALS: &str = "the credentials";
const LOCAL_PART: &str = "the login before its `@`";
const CALLBACK: &str = "a callback URL";
const TOO_MANY_ENCODINGS: &str = "a text with too many encodings to be searched";

/// The replacement for credentials.
const REDACTED: &str = "[redacted]";

/// The maximum number of times that a text is searched for secrets and changed.
const MAX_ROUNDS: usize = 4;

/// The minimum length of a local part that is searched for, in bytes.
const MIN_LOCAL_PART: usize = 5;

/// Local parts that name a role instead of a person. They are ordinary words.
const ROLES: [&str; 24] = [
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "analytics",
    "billing",
    "contact",
    "developer",
    "developers",
    "email",
    "hello",
    "hostmaster",
    "mailbox",
    "marketing",
    "office",
    "postmaster",
    "sales",
    "search",
    "security",
    "service",
    "support",
    "tests",
    "webmaster",
];

/// A secret in a JSON text.
pub(crate) struct FoundSecret {
    /// The place, as a JSON pointer without secrets.
    pub(crate) pointer: String,
    /// The description of the secret, such as "the password".
    pub(crate) what: &'static str,
}

/// Which secrets of a text are searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Searched {
    /// The password, alone or with the login.
    Password,
    /// All except the login and its local part, which have other replacements as an address.
    AllButLogin,
    All,
}

impl Searched {
    fn includes(self, what: &str) -> bool {
        match self {
            Self::Password => what == PASSWORD || what == CREDENTIALS,
            Self::AllButLogin => what != LOGIN && what != LOCAL_PART,
            Self::All => true,
        }
    }
}

/// Texts that must not appear in anything that is written.
///
/// The default has none of its own. It finds what is a secret by its place in a text.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    texts: Vec<SecretText>,
}

#[derive(Clone)]
struct SecretText {
    what: &'static str,
    /// The text, in lower case.
    bytes: Vec<u8>,
    bounds: Bounds,
}

/// Where a text counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bounds {
    Anywhere,
    /// Only if neither a letter nor a digit is next to it.
    Word,
}

/// A secret in a text.
struct Occurrence {
    range: Range<usize>,
    what: &'static str,
    replacement: &'static str,
}

impl Secrets {
    /// Returns the secrets of credentials `login:password`.
    ///
    /// # Errors
    /// When login or password is so short that it would be found in ordinary text.
    pub(crate) fn of(credentials: &str) -> Result<Self, String> {
        let (login, password) = credentials
            .split_once(':')
            .ok_or("the credentials have no colon: expected `login:password`")?;
        if login.len() < 4 || password.len() < 6 {
            return Err(
                "login or password is too short to be distinguished from ordinary text: \
                     nothing is recorded with such credentials"
                    .to_owned(),
            );
        }
        let mut secrets = Self::default();
        secrets.add(CREDENTIALS, credentials, Bounds::Anywhere);
        secrets.add(PASSWORD, password, Bounds::Anywhere);
        secrets.add(LOGIN, login, Bounds::Anywhere);
        let local_part = login.split_once('@').map_or("", |(local, _)| local);
        let is_role = ROLES.contains(&local_part.to_ascii_lowercase().as_str());
        if local_part.len() >= MIN_LOCAL_PART && !is_role {
            secrets.add(LOCAL_PART, local_part, Bounds::Word);
        }
        Ok(secrets)
    }

    /// Adds a callback URL, which a response may contain anywhere.
    pub(crate) fn add_callback(&mut self, url: &str) {
        self.add(CALLBACK, url, Bounds::Anywhere);
    }

    fn add(&mut self, what: &'static str, text: &str, bounds: Bounds) {
        self.texts.push(SecretText {
            what,
            bytes: text.to_ascii_lowercase().into_bytes(),
            bounds,
        });
    }

    /// Returns the description of the first secret in a text, in any reading of it.
    pub(crate) fn find(&self, text: &str) -> Option<&'static str> {
        self.find_any(text, Searched::All)
    }

    /// Returns whether a text contains the password.
    pub(super) fn has_password(&self, text: &str) -> bool {
        self.find_any(text, Searched::Password).is_some()
    }

    fn find_any(&self, text: &str, of: Searched) -> Option<&'static str> {
        let mut found = None;
        let searched = each_reading(text, |reading, _| {
            if found.is_none() {
                let mut all = self.occurrences(reading).into_iter();
                found = all.find(|it| of.includes(it.what)).map(|it| it.what);
            }
        });
        found.or(searched.is_err().then_some(TOO_MANY_ENCODINGS))
    }

    /// Returns a text with its secrets replaced, or `None` if it has none.
    ///
    /// A text that cannot be searched is not changed.
    pub(super) fn replace(&self, text: &str, of: Searched) -> Option<String> {
        let mut replaced = None;
        // A replacement can leave half an encoded character, which is then found by itself.
        for _ in 0..MAX_ROUNDS {
            let current = replaced.as_deref().unwrap_or(text);
            match self.replace_once(current, of) {
                Some(next) => replaced = Some(next),
                None => break,
            }
        }
        replaced
    }

    fn replace_once(&self, text: &str, of: Searched) -> Option<String> {
        let mut with_secrets = Vec::new();
        let searched = each_reading(text, |reading, steps| {
            let mut all = self.occurrences(reading).into_iter();
            if all.any(|it| of.includes(it.what)) {
                with_secrets.push(steps.clone());
            }
        });
        searched.ok()?;
        if with_secrets.is_empty() {
            return None;
        }
        let mut found = Vec::new();
        // One after the other: the places take more memory than the bytes.
        for steps in with_secrets {
            let reading = reading_with_places(text, &steps)?;
            let all = self.occurrences(&reading).into_iter();
            let wanted = all.filter(|it| of.includes(it.what));
            found.extend(wanted.map(|it| Occurrence {
                range: reading.place(it.range),
                what: it.what,
                replacement: match reading.is_from_digits() {
                    true => REDACTED,
                    false => it.replacement,
                },
            }));
        }
        Some(replace(text, found))
    }

    /// Returns the secrets in a reading.
    fn occurrences(&self, reading: &Reading) -> Vec<Occurrence> {
        let lower = reading.bytes().to_ascii_lowercase();
        let mut found: Vec<Occurrence> = inline_secrets(reading.bytes())
            .into_iter()
            .map(|secret| Occurrence {
                range: secret.range,
                what: secret.what,
                replacement: secret.replacement,
            })
            .collect();
        for text in &self.texts {
            let replacement = match text.what {
                CALLBACK => placeholder("postback_url").unwrap_or(REDACTED),
                _ => REDACTED,
            };
            found.extend(text.find_in(&lower).map(|range| Occurrence {
                range,
                what: text.what,
                replacement,
            }));
        }
        found
    }

    /// Returns the first secret in the keys and values of a JSON text.
    pub(crate) fn find_in_json(&self, json: &str) -> Option<FoundSecret> {
        let mut found = None;
        tokens::each(json, |path, leaf| {
            if found.is_some() {
                return;
            }
            let (raw, place) = match leaf {
                Leaf::Key(raw) => (raw, &path[..path.len().saturating_sub(1)]),
                Leaf::Scalar(raw) => (raw, path),
            };
            let text: Option<String> = serde_json::from_str(raw).ok();
            let what = self.find(text.as_deref().unwrap_or(raw));
            found = what.map(|what| FoundSecret {
                pointer: tokens::pointer(place),
                what,
            });
        });
        // A secret can extend over several tokens.
        found.or_else(|| {
            let lower = json.to_ascii_lowercase();
            let mut texts = self.texts.iter();
            let text = texts.find(|text| text.find_in(lower.as_bytes()).next().is_some())?;
            Some(FoundSecret {
                pointer: String::new(),
                what: text.what,
            })
        })
    }

    /// Returns whether a file name resembles a secret: without punctuation, they are the same.
    pub(super) fn is_in_name(&self, name: &str) -> bool {
        let letters = |text: &[u8]| {
            let letters = text.iter().filter(|byte| byte.is_ascii_alphanumeric());
            letters.map(u8::to_ascii_lowercase).collect::<Vec<u8>>()
        };
        let name = letters(name.as_bytes());
        let mut texts = self.texts.iter().map(|text| letters(&text.bytes));
        texts.any(|text| text.len() >= 4 && name.windows(text.len()).any(|part| part == text))
    }
}

impl SecretText {
    /// Returns where the text occurs in another one, which is in lower case.
    fn find_in<'a>(&'a self, lower: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
        let length = self.bytes.len();
        let is_word = move |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
        let windows = lower.windows(length.max(1)).enumerate();
        windows
            .filter(|(_, part)| *part == self.bytes)
            .map(move |(at, _)| at..at + length)
            .filter(move |range| {
                let before = range.start.checked_sub(1).and_then(|at| lower.get(at));
                self.bounds == Bounds::Anywhere
                    || !(is_word(before) || is_word(lower.get(range.end)))
            })
    }
}

/// Returns a text with parts of it replaced. Of two that overlap, the first one says by what.
fn replace(text: &str, mut found: Vec<Occurrence>) -> String {
    found.sort_by_key(|spot| (spot.range.start, std::cmp::Reverse(spot.range.end)));
    let mut out = String::new();
    let mut kept = 0;
    let mut covered = 0;
    for Occurrence {
        range, replacement, ..
    } in found
    {
        // A decoded character can be a part of a longer one in the text.
        let start = text.floor_char_boundary(range.start);
        let end = text.ceil_char_boundary(range.end);
        if start >= covered {
            out.push_str(text.get(kept..start).unwrap_or_default());
            out.push_str(replacement);
        }
        covered = covered.max(end);
        kept = covered;
    }
    out.push_str(text.get(kept..).unwrap_or_default());
    out
}
