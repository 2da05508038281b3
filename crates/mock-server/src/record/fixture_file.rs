//! The files that a recording writes: their names and their texts.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use dataforseo_models::Date;
use serde_json::Value;

use super::sanitize::{Clean, Exchange};
use super::secrets::Secrets;
use crate::digest::hex_digest;
use crate::endpoints::EndpointIndex;
use crate::fixtures::read_text;
use crate::json::tokens;

/// The maximum length of the readable part of a file name, in bytes.
const MAX_SLUG: usize = 40;

/// Returns the path of a new fixture, relative to the folder of fixtures.
///
/// Its folders are the segments of the endpoint's path. Its name depends on the request only, so
/// the same request has the same file wherever it is recorded.
pub(super) fn file_name(
    endpoint: EndpointIndex,
    clean: &Clean<Exchange>,
    tasks: &Value,
    key: &str,
    secrets: &Secrets,
) -> PathBuf {
    let segments = endpoint.info().path.split('/');
    let folder: PathBuf = segments
        .filter(|segment| !segment.is_empty() && !segment.starts_with('{'))
        .collect();
    let task = tasks.get(0);
    let named = ["tag", "keyword", "target", "url"]
        .iter()
        .filter_map(|field| task?.get(field))
        .chain(task.and_then(|task| task.get("targets")?.get(0)))
        .find_map(Value::as_str);
    let named = named.unwrap_or(match clean.get().request {
        Some(_) => "task",
        None => "get",
    });
    // A slug has no punctuation, so it can resemble a secret that the text itself is not.
    let slug = match slug(named) {
        slug if secrets.is_in_name(&slug) => "task".to_owned(),
        slug => slug,
    };
    folder.join(format!("{slug}--{}.json", hex_digest("key", key, 8)))
}

/// Returns a text in the form of a file name: lower-case letters, digits and single hyphens.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
        if slug.len() == MAX_SLUG {
            break;
        }
    }
    match slug.trim_matches('-') {
        "" => "task".to_owned(),
        slug => slug.to_owned(),
    }
}

/// The parts of a fixture that people write, kept when it is recorded again.
#[derive(Default)]
pub(super) struct ManualParts {
    note: Option<Value>,
    rule: Option<Value>,
    after: Option<Value>,
}

impl ManualParts {
    /// Reads the parts of a file. A file that does not exist has none.
    pub(super) fn of(file: &Path) -> Self {
        let text = read_text(file).unwrap_or_default();
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        Self {
            note: value.pointer("/meta/note").cloned(),
            rule: value.get("match").cloned(),
            after: value.get("after").cloned(),
        }
    }
}

/// Returns the text of a fixture. The tokens of the exchanges keep their bytes.
pub(super) fn fixture_text(
    exchanges: &[Clean<Exchange>],
    source: &str,
    date: Date,
    manual: &ManualParts,
) -> String {
    let mut text = String::from("{\"dfs_fixture\":1,\"meta\":{");
    // Writing to a string does not fail.
    let _ = write!(text, "\"source\":\"{source}\",\"recorded\":\"{date}\"");
    if let Some(note) = &manual.note {
        let _ = write!(text, ",\"note\":{note}");
    }
    text.push('}');
    if let Some(first) = exchanges.first().map(Clean::get) {
        let (method, path) = (quote(&first.method), quote(&first.path));
        let _ = write!(text, ",\"request\":{{\"method\":{method},\"path\":{path}");
        if let Some(request) = &first.request {
            let _ = write!(text, ",\"body\":{request}");
        }
        text.push('}');
    }
    if let Some(rule) = &manual.rule {
        let _ = write!(text, ",\"match\":{rule}");
    }
    match exchanges {
        [only] => {
            let _ = write!(text, ",\"response\":{}", response_text(only.get()));
        }
        several => {
            let responses = several.iter().map(|it| response_text(it.get()));
            let responses: Vec<String> = responses.collect();
            let _ = write!(text, ",\"responses\":[{}]", responses.join(","));
            if let Some(after) = &manual.after {
                let _ = write!(text, ",\"after\":{after}");
            }
        }
    }
    text.push('}');
    tokens::layout(&text, 0) + "\n"
}

fn response_text(exchange: &Exchange) -> String {
    let mut text = format!("{{\"status\":{}", exchange.status);
    if !exchange.headers.is_empty() {
        let headers = exchange.headers.iter();
        let headers: Vec<String> = headers
            .map(|(name, value)| format!("{}:{}", quote(name), quote(value)))
            .collect();
        let _ = write!(text, ",\"headers\":{{{}}}", headers.join(","));
    }
    text + ",\"body\":" + &exchange.body + "}"
}

fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

/// Writes a file completely or not at all: to a temporary file first, which is then renamed.
///
/// # Errors
/// When a link leads from `root`, the folder of recordings, to another folder, or when the file cannot
/// be written.
pub(super) fn write_atomically(root: &Path, file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    // It can have been removed since the start.
    fs::create_dir_all(root)?;
    let existing = folder.ancestors().find(|it| it.exists()).unwrap_or(folder);
    if !existing.canonicalize()?.starts_with(root.canonicalize()?) {
        return Err(std::io::Error::other(
            "a link leads out of the folder of recordings: remove it",
        ));
    }
    fs::create_dir_all(folder)?;
    let mut temporary = tempfile::Builder::new()
        .prefix(".recording-")
        .tempfile_in(folder)?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Temporary files are private, but fixtures are for everyone who may read the folder.
        fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o644))?;
    }
    temporary.persist(file)?;
    Ok(())
}
