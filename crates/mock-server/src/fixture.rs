//! Fixture files: one recorded or documented exchange each.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::canonical::MatchRule;
use crate::sanitize::without_secrets;
use crate::tokens;

/// Why fixtures cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FixtureError {
    /// A file or a folder cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no fixture.
    #[error("{name}: {reason}")]
    Format {
        /// The fixture's name.
        name: String,
        /// What was found, and what was expected.
        reason: String,
    },
    /// Two fixtures answer the same request.
    #[error("{second} answers the same request as {first}: take one of them away")]
    Duplicate {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
}

/// A fixture, ready to be replayed.
#[derive(Debug)]
pub(crate) struct Fixture {
    /// The file, from the fixtures' folder on.
    pub(crate) name: String,
    /// The file itself, unless the fixture was given as text or came with this crate.
    pub(crate) file: Option<PathBuf>,
    /// Whether it came with this crate.
    pub(crate) embedded: bool,
    /// When it was recorded, as the file says.
    #[cfg(feature = "program")]
    pub(crate) recorded: Option<String>,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The tasks that it answers, without secrets.
    pub(crate) request: Value,
    pub(crate) rule: MatchRule,
    /// One, or several for one call after the other.
    pub(crate) responses: Vec<Response>,
    pub(crate) after: After,
    /// Whether it answered anything yet.
    used: AtomicBool,
    /// Its name, as a header.
    pub(crate) source: HeaderValue,
    /// Whether it can stand for other requests, once somebody asked: reading each answer would
    /// slow the start down.
    is_example: OnceLock<bool>,
}

/// What comes after the last of several responses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum After {
    /// The last one again.
    #[default]
    RepeatLast,
    /// A miss.
    Error,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// As it stands in the file, until it is asked for.
    written: Mutex<Option<(Arc<String>, Range<usize>)>>,
    body: OnceLock<Bytes>,
}

impl Response {
    /// The body, white space between tokens taken out if it is JSON, each token as it was.
    pub(crate) fn body(&self) -> &Bytes {
        self.body.get_or_init(|| {
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            let (file, range) = written.take().unwrap_or_default();
            tokens::compact(file.get(range).unwrap_or_default()).into()
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    dfs_fixture: u32,
    /// Where it is from: for people, and for `lint`.
    #[cfg_attr(not(feature = "program"), allow(dead_code, reason = "for `lint`"))]
    meta: Option<Value>,
    request: Request,
    #[serde(rename = "match", default)]
    rule: Match,
    #[serde(borrow)]
    response: Option<Answer<'a>>,
    #[serde(borrow)]
    responses: Option<Vec<Answer<'a>>>,
    after: Option<After>,
}

/// What a fixture of every format has.
#[derive(Deserialize)]
struct Version {
    dfs_fixture: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    path: String,
    #[serde(default)]
    body: Value,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default)]
    unordered: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer<'a> {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    /// For what is no JSON.
    body_text: Option<String>,
    /// For what is no text.
    body_base64: Option<String>,
}

impl Answer<'_> {
    /// `file` is the text that this was read from.
    fn read(self, file: &Arc<String>) -> Result<Response, String> {
        if !(200..=999).contains(&self.status) {
            let status = self.status;
            return Err(format!(
                "{status} is no HTTP status of an answer: 200 to 999"
            ));
        }
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            let pair = (HeaderName::try_from(name), HeaderValue::try_from(value));
            let (Ok(name), Ok(value)) = pair else {
                return Err(format!("`{name}` cannot be a header with this value"));
            };
            if ["content-length", "transfer-encoding", "connection"].contains(&name.as_str()) {
                return Err(format!("the header `{name}` is the server's own to set"));
            }
            headers.push((name, value));
        }
        let body = OnceLock::new();
        let mut written = None;
        let other = match (self.body, self.body_text, self.body_base64) {
            (Some(json), None, None) => {
                // A part of the text, which is not copied: most fixtures are never asked for.
                let start = json.get().as_ptr().addr() - file.as_ptr().addr();
                written = Some((Arc::clone(file), start..start + json.get().len()));
                None
            }
            (None, Some(text), None) => Some(Bytes::from(text)),
            (None, None, Some(encoded)) => {
                let bytes = STANDARD.decode(encoded);
                Some(
                    bytes
                        .map_err(|error| format!("`body_base64`: {error}"))?
                        .into(),
                )
            }
            _ => {
                let reason = "a response has one of `body`, `body_text` and `body_base64`";
                return Err(reason.to_owned());
            }
        };
        if let Some(other) = other {
            // It was made a line above and is empty.
            let _ = body.set(other);
        }
        Ok(Response {
            status: self.status,
            headers,
            written: Mutex::new(written),
            body,
        })
    }
}

impl Fixture {
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, FixtureError> {
        Self::parse_owned(name, text.to_owned())
    }

    fn parse_owned(name: &str, text: String) -> Result<Self, FixtureError> {
        Self::read(name, &Arc::new(text)).map_err(|reason| FixtureError::Format {
            name: name.to_owned(),
            reason,
        })
    }

    fn read(name: &str, text: &Arc<String>) -> Result<Self, String> {
        let other_format =
            |version: u32| format!("fixture format {version}, and this version reads format 1");
        let file: File<'_> = serde_json::from_str(text).map_err(|error| {
            use serde_json::error::Category;
            match error.classify() {
                // Another format has other keys, so the version says more than what is missing.
                Category::Data => match serde_json::from_str(text) {
                    Ok(Version { dfs_fixture }) if dfs_fixture != 1 => other_format(dfs_fixture),
                    _ => format!("not a fixture: {error}"),
                },
                Category::Syntax | Category::Eof | Category::Io => format!("not JSON: {error}"),
            }
        })?;
        if file.dfs_fixture != 1 {
            return Err(other_format(file.dfs_fixture));
        }
        let answers = match (file.response, file.responses) {
            (Some(answer), None) if file.after.is_none() => vec![answer],
            (None, Some(answers)) if !answers.is_empty() => answers,
            (Some(_), None) => return Err("`after` belongs to `responses`".to_owned()),
            _ => return Err("a fixture has a `response`, or a list of `responses`".to_owned()),
        };
        let responses = answers
            .into_iter()
            .map(|answer| answer.read(text))
            .collect::<Result<_, _>>()?;
        let body = file.request.body;
        let sends = file.request.method != "GET";
        if !sends && !body.is_null() {
            return Err("a GET sends no body: leave `request.body` out".to_owned());
        }
        let tasks = body.as_array();
        if sends
            && tasks.is_none_or(|tasks| tasks.is_empty() || !tasks.iter().all(Value::is_object))
        {
            let reason = "`request.body` is what is sent: a list of tasks, each an object";
            return Err(reason.to_owned());
        }
        let rule = MatchRule::new(&file.rule.ignore, &file.rule.unordered)
            .map_err(|reason| format!("`match`: {reason}"))?;
        if let Some(pointer) = rule.points_to_no_list(&body) {
            let reason = format!("`match.unordered`: the request has no list at {pointer}");
            return Err(reason);
        }
        #[cfg(feature = "program")]
        let recorded = file.meta.as_ref().and_then(|meta| meta.get("recorded"));
        let name_of_bytes = || HeaderValue::from_static("fixture");
        Ok(Self {
            name: name.to_owned(),
            file: None,
            embedded: false,
            #[cfg(feature = "program")]
            recorded: recorded.and_then(Value::as_str).map(str::to_owned),
            method: file.request.method,
            path: file.request.path,
            request: without_secrets(body),
            rule,
            responses,
            after: file.after.unwrap_or_default(),
            used: AtomicBool::new(false),
            // A name that is no header is rare, and the header is for people.
            source: HeaderValue::try_from(name).unwrap_or_else(|_| name_of_bytes()),
            is_example: OnceLock::new(),
        })
    }

    /// Its first answer, which stands for all where only one is wanted.
    pub(crate) fn first(&self) -> Option<&Response> {
        self.responses.first()
    }

    /// Whether it answered anything yet.
    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// Notes that it answered something.
    pub(crate) fn use_up(&self) {
        // Looking first keeps the line of memory shared between threads.
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
    }

    /// The tag of its first task.
    pub(crate) fn tag(&self) -> Option<&Value> {
        self.request.get(0)?.get("tag")
    }

    /// Whether it can stand for other requests: the call and its first task succeeded.
    pub(crate) fn is_example(&self) -> bool {
        *self.is_example.get_or_init(|| {
            self.first().is_some_and(|response| {
                let envelope = dataforseo_models::RawEnvelope::parse(response.body());
                response.status == 200
                    && envelope.is_ok_and(|envelope| {
                        let mut tasks = envelope.tasks.iter();
                        envelope.status_code.is_ok()
                            && tasks.next().is_some_and(|it| it.status_code.is_ok())
                    })
            })
        })
    }

    /// All fixtures of a folder and those below it, in order.
    pub(crate) fn read_folder(folder: &Path) -> Result<Vec<Self>, FixtureError> {
        let mut fixtures = Vec::new();
        for file in files(folder)? {
            fixtures.push(Self::read_file(&file)?);
        }
        if fixtures.is_empty() {
            return Err(FixtureError::Format {
                name: folder.display().to_string(),
                reason: "no fixture in this folder: expected files that end in .json".to_owned(),
            });
        }
        Ok(fixtures)
    }

    pub(crate) fn read_file(file: &Path) -> Result<Self, FixtureError> {
        let text = fs::read_to_string(file).map_err(|source| FixtureError::Read {
            path: file.to_path_buf(),
            source,
        })?;
        let mut fixture = Self::parse_owned(&file.display().to_string(), text)?;
        fixture.file = Some(file.to_path_buf());
        Ok(fixture)
    }
}

/// All files of a folder that can be fixtures, in order.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, FixtureError> {
    let fail = |path: &Path| {
        let path = path.to_path_buf();
        move |source| FixtureError::Read { path, source }
    };
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(&current).map_err(fail(&current))? {
            let entry = entry.map_err(fail(&current))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(fail(&path))?;
            // Editors and recordings have files of their own there for a moment.
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            // A link to a folder is not followed: it could lead in a circle.
            if kind.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "json")
                && (kind.is_file() || !path.is_dir())
            {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
