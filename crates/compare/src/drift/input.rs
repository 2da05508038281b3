//! What drift is looked for in: fixtures as the mock server writes and replays them, and answers as
//! they came.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// An exchange with the API.
#[derive(Debug)]
pub struct Exchange {
    /// The path of the endpoint, parameters filled in: `/v3/serp/…/task_get/advanced/…`.
    pub path: String,
    /// The tasks that were sent, as far as the file has them.
    pub tasks: Value,
    /// The answers.
    pub answers: Vec<Value>,
    /// How many answers were no JSON.
    pub no_json: usize,
    /// Whether it was made up from the spec, and proves nothing.
    pub synthetic: bool,
}

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unread {
    /// The file.
    pub file: String,
    /// Why, and what was expected.
    pub reason: String,
}

impl Unread {
    fn new(file: &Path, reason: impl Into<String>) -> Self {
        Self {
            file: file.display().to_string(),
            reason: reason.into(),
        }
    }
}

/// The `.json` files that these paths name, those of folders in order. A link to a folder inside of
/// a folder is not followed: it could lead in a circle.
pub fn files(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<Unread>) {
    let (mut files, mut unread) = (Vec::new(), Vec::new());
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        let mut folders = vec![path.clone()];
        while let Some(folder) = folders.pop() {
            match fs::read_dir(&folder) {
                Ok(entries) => {
                    for entry in entries.flatten() {
                        let path = entry.path();
                        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                        if entry.file_name().as_encoded_bytes().starts_with(b".") {
                            continue;
                        }
                        if is_folder {
                            folders.push(path);
                        } else if path.extension().is_some_and(|it| it == "json") && !path.is_dir()
                        {
                            files.push(path);
                        }
                    }
                }
                Err(error) => unread.push(Unread::new(&folder, format!("cannot be read: {error}"))),
            }
        }
        if files.len() == before && unread.is_empty() {
            let reason =
                "no fixture and no answer in this folder: expected files that end in .json";
            unread.push(Unread::new(path, reason));
        }
        files[before..].sort();
    }
    // Folders may hold one another, and nothing is to be counted twice.
    let mut seen = BTreeSet::new();
    files.retain(|file| file.canonicalize().map_or(true, |whole| seen.insert(whole)));
    (files, unread)
}

/// Reads a file.
///
/// # Errors
/// When it cannot be read, or is neither a fixture nor an answer.
pub fn read(file: &Path) -> Result<Exchange, Unread> {
    let fail = |reason: String| Unread::new(file, reason);
    let text =
        fs::read_to_string(file).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let value: Value =
        serde_json::from_str(&text).map_err(|error| fail(format!("no JSON: {error}")))?;
    if value.get("dfs_fixture").is_some() {
        return fixture(&text).map_err(fail);
    }
    if value.get("tasks").is_some() {
        return answer(value).map_err(fail);
    }
    let expected = "neither a fixture nor an answer: expected an object with `dfs_fixture`, or one \
                    with `tasks`";
    Err(fail(expected.to_owned()))
}

#[derive(Deserialize)]
struct Fixture {
    dfs_fixture: u32,
    #[serde(default)]
    meta: Value,
    request: Request,
    response: Option<Answer>,
    responses: Option<Vec<Answer>>,
}

#[derive(Deserialize)]
struct Request {
    path: String,
    #[serde(default)]
    body: Value,
}

#[derive(Deserialize)]
struct Answer {
    body: Option<Value>,
    body_text: Option<String>,
}

fn fixture(text: &str) -> Result<Exchange, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let fixture: Fixture = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| format!("no fixture: {}: {}", error.path(), error.inner()))?;
    if fixture.dfs_fixture != 1 {
        let found = fixture.dfs_fixture;
        return Err(format!("dfs_fixture: fixture format {found}, expected 1"));
    }
    let mut exchange = Exchange {
        path: fixture.request.path,
        tasks: fixture.request.body,
        answers: Vec::new(),
        no_json: 0,
        synthetic: fixture.meta.get("source").and_then(Value::as_str) == Some("synthetic"),
    };
    let several = fixture.responses.into_iter().flatten();
    for answer in fixture.response.into_iter().chain(several) {
        let text = answer.body_text.as_deref();
        let read = || text.and_then(|text| serde_json::from_str(text).ok());
        match answer.body.or_else(read) {
            Some(body) => exchange.answers.push(body),
            None => exchange.no_json += 1,
        }
    }
    Ok(exchange)
}

/// An answer by itself: its tasks say which endpoint it is of.
fn answer(body: Value) -> Result<Exchange, String> {
    let tasks = body.get("tasks").and_then(Value::as_array);
    let path = tasks.into_iter().flatten().find_map(|task| {
        let parts = task.get("path")?.as_array()?;
        let parts = parts.iter().map(Value::as_str);
        Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
    });
    let path = path.ok_or(
        "an answer, and no task says of which endpoint: expected `tasks[].path`, a list of strings",
    )?;
    Ok(Exchange {
        path: format!("/{path}"),
        tasks: Value::Null,
        answers: vec![body],
        no_json: 0,
        synthetic: false,
    })
}
