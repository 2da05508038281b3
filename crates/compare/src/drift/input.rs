//! The input: fixtures of the mock server, and unchanged responses of the API.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// A recorded exchange with the API.
#[derive(Debug)]
pub struct RecordedExchange {
    /// The path of the request, with values for parameters: `/v3/serp/…/task_get/advanced/…`.
    pub path: String,
    /// The tasks of the request. Null if the file does not contain them.
    pub tasks: Value,
    /// The responses.
    pub responses: Vec<Value>,
    /// The number of responses that are not JSON.
    pub no_json: usize,
    /// Whether the fixture is synthetic: generated from the spec, so it proves nothing.
    pub synthetic: bool,
}

/// A file that cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct UnreadFile {
    /// The file.
    pub file: String,
    /// The reason, and the expected content.
    pub reason: String,
}

impl UnreadFile {
    fn new(file: &Path, reason: impl Into<String>) -> Self {
        Self {
            file: file.display().to_string(),
            reason: reason.into(),
        }
    }
}

/// Returns the `.json` files of the paths, sorted within each folder.
///
/// Links to folders are not followed inside a folder, because they could form a cycle.
pub fn files(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<UnreadFile>) {
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
                Err(error) => {
                    unread.push(UnreadFile::new(&folder, format!("cannot be read: {error}")))
                }
            }
        }
        if files.len() == before && unread.is_empty() {
            let reason =
                "neither a fixture nor a response in this folder: expected files that end in .json";
            unread.push(UnreadFile::new(path, reason));
        }
        files[before..].sort();
    }
    // One folder may contain another, and each file counts once.
    let mut seen = BTreeSet::new();
    files.retain(|file| file.canonicalize().map_or(true, |whole| seen.insert(whole)));
    (files, unread)
}

/// Reads a file.
///
/// # Errors
/// When the file cannot be read, or is neither a fixture nor a response.
pub fn read(file: &Path) -> Result<RecordedExchange, UnreadFile> {
    let fail = |reason: String| UnreadFile::new(file, reason);
    let text =
        fs::read_to_string(file).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let value: Value =
        serde_json::from_str(&text).map_err(|error| fail(format!("not JSON: {error}")))?;
    if value.get("dfs_fixture").is_some() {
        return fixture(&text).map_err(fail);
    }
    if value.get("tasks").is_some() {
        return response(value).map_err(fail);
    }
    let expected = "neither a fixture nor a response: expected an object with `dfs_fixture`, or one \
                    with `tasks`";
    Err(fail(expected.to_owned()))
}

#[derive(Deserialize)]
struct FixtureFile {
    dfs_fixture: u32,
    #[serde(default)]
    meta: Value,
    request: FixtureFileRequest,
    response: Option<FixtureFileResponse>,
    responses: Option<Vec<FixtureFileResponse>>,
}

#[derive(Deserialize)]
struct FixtureFileRequest {
    path: String,
    #[serde(default)]
    body: Value,
}

#[derive(Deserialize)]
struct FixtureFileResponse {
    body: Option<Value>,
    body_text: Option<String>,
}

fn fixture(text: &str) -> Result<RecordedExchange, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let fixture: FixtureFile = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| format!("not a fixture: {}: {}", error.path(), error.inner()))?;
    if fixture.dfs_fixture != 1 {
        let found = fixture.dfs_fixture;
        return Err(format!("dfs_fixture: fixture format {found}, expected 1"));
    }
    let mut exchange = RecordedExchange {
        path: fixture.request.path,
        tasks: fixture.request.body,
        responses: Vec::new(),
        no_json: 0,
        synthetic: fixture.meta.get("source").and_then(Value::as_str) == Some("synthetic"),
    };
    let several = fixture.responses.into_iter().flatten();
    for response in fixture.response.into_iter().chain(several) {
        let text = response.body_text.as_deref();
        let read = || text.and_then(|text| serde_json::from_str(text).ok());
        match response.body.or_else(read) {
            Some(body) => exchange.responses.push(body),
            None => exchange.no_json += 1,
        }
    }
    Ok(exchange)
}

/// Reads a response without its request. The tasks of the response state the endpoint.
fn response(body: Value) -> Result<RecordedExchange, String> {
    let tasks = body.get("tasks").and_then(Value::as_array);
    let path = tasks.into_iter().flatten().find_map(|task| {
        let segments = task.get("path")?.as_array()?;
        let segments = segments.iter().map(Value::as_str);
        Some(segments.collect::<Option<Vec<_>>>()?.join("/"))
    });
    let path = path.ok_or(
        "a response without its endpoint: expected `tasks[].path`, a list of strings, in a task",
    )?;
    Ok(RecordedExchange {
        path: format!("/{path}"),
        tasks: Value::Null,
        responses: vec![body],
        no_json: 0,
        synthetic: false,
    })
}
