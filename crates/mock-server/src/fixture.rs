//! Fixture files: one recorded or documented exchange each.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

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
    /// Whether it came with this crate.
    pub(crate) embedded: bool,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The tasks that it answers.
    pub(crate) request: Value,
    pub(crate) status: u16,
    /// The answer, white space between tokens taken out, each token as it was.
    pub(crate) body: Bytes,
    /// Whether it can stand for other requests, once somebody asked: reading each answer would
    /// slow the start down.
    is_example: OnceLock<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    dfs_fixture: u32,
    /// Where it is from: for people.
    #[serde(rename = "meta")]
    _meta: Option<Value>,
    request: Request,
    #[serde(borrow)]
    response: Response<'a>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Response<'a> {
    status: u16,
    #[serde(borrow)]
    body: &'a RawValue,
}

impl Fixture {
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, FixtureError> {
        let refuse = |reason: String| FixtureError::Format {
            name: name.to_owned(),
            reason,
        };
        let other_format = |version: u32| {
            refuse(format!(
                "fixture format {version}, and this version reads format 1"
            ))
        };
        let file: File<'_> = serde_json::from_str(text).map_err(|error| {
            use serde_json::error::Category;
            match error.classify() {
                // Another format has other keys, so the version says more than what is missing.
                Category::Data => match serde_json::from_str(text) {
                    Ok(Version { dfs_fixture }) if dfs_fixture != 1 => other_format(dfs_fixture),
                    _ => refuse(format!("not a fixture: {error}")),
                },
                Category::Syntax | Category::Eof | Category::Io => {
                    refuse(format!("not JSON: {error}"))
                }
            }
        })?;
        if file.dfs_fixture != 1 {
            return Err(other_format(file.dfs_fixture));
        }
        if !(100..=999).contains(&file.response.status) {
            return Err(refuse(format!(
                "{} is no HTTP status",
                file.response.status
            )));
        }
        let tasks = file.request.body.as_array();
        let sends = file.request.method != "GET";
        if !sends && !file.request.body.is_null() {
            return Err(refuse(
                "a GET sends no body: leave `request.body` out".to_owned(),
            ));
        }
        if sends
            && tasks.is_none_or(|tasks| tasks.is_empty() || !tasks.iter().all(Value::is_object))
        {
            let reason = "`request.body` is what is sent: a list of tasks, each an object";
            return Err(refuse(reason.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            embedded: false,
            method: file.request.method,
            path: file.request.path,
            request: file.request.body,
            status: file.response.status,
            body: compact(file.response.body.get()).into(),
            is_example: OnceLock::new(),
        })
    }

    /// The tag of its first task.
    pub(crate) fn tag(&self) -> Option<&Value> {
        self.request.get(0)?.get("tag")
    }

    /// Whether it can stand for other requests: the call and its first task succeeded.
    pub(crate) fn is_example(&self) -> bool {
        *self.is_example.get_or_init(|| {
            let envelope = dataforseo_models::RawEnvelope::parse(&self.body);
            self.status == 200
                && envelope.is_ok_and(|envelope| {
                    let mut tasks = envelope.tasks.iter();
                    envelope.status_code.is_ok()
                        && tasks.next().is_some_and(|it| it.status_code.is_ok())
                })
        })
    }

    /// All fixtures of a folder and those below it, in order.
    pub(crate) fn read_folder(folder: &Path) -> Result<Vec<Self>, FixtureError> {
        let fail = |path: &Path| {
            let path = path.to_path_buf();
            move |source| FixtureError::Read { path, source }
        };
        let mut fixtures = Vec::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(current) = folders.pop() {
            for entry in fs::read_dir(&current).map_err(fail(&current))? {
                let path = entry.map_err(fail(&current))?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path
                    .extension()
                    .is_some_and(|extension| extension == "json")
                {
                    let text = fs::read_to_string(&path).map_err(fail(&path))?;
                    fixtures.push(Self::parse(&path.display().to_string(), &text)?);
                }
            }
        }
        if fixtures.is_empty() {
            return Err(FixtureError::Format {
                name: folder.display().to_string(),
                reason: "no fixture in this folder: expected files that end in .json".to_owned(),
            });
        }
        fixtures.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(fixtures)
    }
}

/// JSON without the white space between its tokens. Nothing is read as a number or a string, so
/// `1.0`, `1e-5` and `\/` stay what they are.
fn compact(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        if in_string {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
        } else if c.is_ascii_whitespace() {
            continue;
        } else if c == '"' {
            in_string = true;
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compacting_keeps_every_token() {
        let text =
            "{\n  \"a b\" : [ 1.0 , 1e-5,\t\"x\\/ \\\" y\" ],\n \"a b\": 12345678901234567890 }";
        assert_eq!(
            compact(text),
            "{\"a b\":[1.0,1e-5,\"x\\/ \\\" y\"],\"a b\":12345678901234567890}"
        );
    }
}
