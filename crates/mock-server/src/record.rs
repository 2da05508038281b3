//! Recording: asking the real API, and keeping what it says as a fixture without secrets.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dataforseo_models::{Date, RawEnvelope, StatusCode, today};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::answer::Reply;
use crate::canonical::MatchRule;
use crate::digest;
use crate::fixture::{Fixture, FixtureError, files};
use crate::sanitize::{Clean, Exchange, Raw, Sanitizer, Secrets};
use crate::store::{Store, Wanted, endpoint, position};
use crate::tokens;
use crate::upstream::{Asker, Said, Upstream};

/// The headers of an answer that a fixture keeps.
const KEPT: [&str; 3] = ["content-type", "retry-after", "www-authenticate"];

/// What is recorded, from where, and for how much.
///
/// ```
/// use dataforseo_mock_server::{MockServer, Record, Upstream};
///
/// let mock = MockServer::builder().record(Record::to("fixtures").upstream(Upstream::Sandbox));
/// ```
#[derive(Clone)]
#[must_use]
pub struct Record {
    folder: PathBuf,
    upstream: Upstream,
    credentials: Option<String>,
    max_spend: Option<f64>,
    allow_network: bool,
    everything: bool,
    report: Option<ReportRecord>,
}

type ReportRecord = Arc<dyn Fn(&str) + Send + Sync>;

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("folder", &self.folder)
            .field("upstream", &self.upstream)
            .field("max_spend", &self.max_spend)
            .finish_non_exhaustive()
    }
}

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A CI job should not depend on the network, or pay.
    #[error(
        "the environment variable CI is set: nothing is recorded there, unless the network is allowed (`--allow-network`)"
    )]
    InCi,
    /// The live API costs money.
    #[error(
        "the live API costs money: say how many US dollars may be spent (`--max-spend`), or record from the sandbox"
    )]
    NoMaxSpend,
    /// The amount is none.
    #[error("{0} is no amount of money")]
    MaxSpend(f64),
    /// The server cannot be asked.
    #[error("{0}")]
    Upstream(String),
    /// The credentials cannot be used.
    #[error("{0}")]
    Credentials(String),
    /// There are fixtures in the folder that cannot be read.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// The folder cannot be made.
    #[error("{path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Record {
    /// Keeps fixtures in this folder; from the sandbox, with the credentials of whoever calls the
    /// mock.
    pub fn to(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            upstream: Upstream::Sandbox,
            credentials: None,
            max_spend: None,
            allow_network: false,
            everything: false,
            report: None,
        }
    }

    /// Asks this server.
    pub fn upstream(mut self, upstream: Upstream) -> Self {
        self.upstream = upstream;
        self
    }

    /// Asks with these, given as `login:password`, whatever the caller has.
    pub fn credentials(mut self, credentials: impl Into<String>) -> Self {
        self.credentials = Some(credentials.into());
        self
    }

    /// Asks nothing more when so many US dollars were spent. A call is not sent when the dearest
    /// one so far would go beyond it; so only the first call can. Without a limit the live API is
    /// not asked at all.
    pub fn max_spend(mut self, us_dollars: f64) -> Self {
        self.max_spend = Some(us_dollars);
        self
    }

    /// Records where the environment variable `CI` is set, too.
    pub fn allow_network(mut self) -> Self {
        self.allow_network = true;
        self
    }

    /// Asks about everything, not only about what no fixture has: to record anew.
    pub fn everything(mut self) -> Self {
        self.everything = true;
        self
    }

    /// Calls this with what became of each call.
    pub fn report(mut self, report: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.report = Some(Arc::new(report));
        self
    }

    pub(crate) fn wants_everything(&self) -> bool {
        self.everything
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Whether the environment says that this is a CI job.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// Records the exchanges of one session.
pub(crate) struct Recorder {
    record: Record,
    asker: Asker,
    authorization: Option<HeaderValue>,
    /// One call after the other: pseudonyms and money are counted in their order.
    state: Mutex<State>,
}

struct State {
    sanitizer: Sanitizer,
    /// What was in the folder before.
    known: Store,
    /// The answers to each request of this session, and the file that they are in.
    written: HashMap<String, Vec<Clean<Exchange>>>,
    spent: f64,
    dearest: f64,
    /// Whether there was an answer that does not say what it cost.
    price_unknown: bool,
}

impl Recorder {
    pub(crate) fn new(record: Record) -> Result<Self, RecordError> {
        if in_ci() && !record.allow_network {
            return Err(RecordError::InCi);
        }
        match record.max_spend {
            Some(amount) if !(amount.is_finite() && amount >= 0.0) => {
                return Err(RecordError::MaxSpend(amount));
            }
            None if record.upstream == Upstream::Live => return Err(RecordError::NoMaxSpend),
            _ => {}
        }
        let authorization = match &record.credentials {
            None => None,
            Some(credentials) => {
                Secrets::of(credentials).map_err(RecordError::Credentials)?;
                Some(basic(credentials)?)
            }
        };
        let asker = Asker::new(&record.upstream).map_err(RecordError::Upstream)?;
        let folder = &record.folder;
        fs::create_dir_all(folder).map_err(|source| RecordError::Folder {
            path: folder.clone(),
            source,
        })?;
        let mut known = Store::empty(false);
        for file in files(folder)? {
            known.add(Fixture::read_file(&file)?)?;
        }
        let state = State {
            sanitizer: Sanitizer::new(),
            known,
            written: HashMap::new(),
            spent: 0.0,
            dearest: 0.0,
            price_unknown: false,
        };
        Ok(Self {
            record,
            asker,
            authorization,
            state: Mutex::new(state),
        })
    }

    pub(crate) fn wants_everything(&self) -> bool {
        self.record.everything
    }

    fn tell(&self, what: &str) {
        if let Some(report) = &self.record.report {
            report(what);
        }
    }

    /// Asks the other server, keeps the answer, and passes it on as it came. What cannot be kept
    /// is passed on all the same: it may have been paid for.
    pub(crate) async fn answer(&self, head: &Parts, path: &str, body: &Bytes) -> Reply {
        let mut state = self.state.lock().await;
        let authorization = match (&self.authorization, head.headers.get(AUTHORIZATION)) {
            (Some(own), _) => own,
            (None, Some(callers)) => callers,
            (None, None) => {
                let code = StatusCode::NotAuthorized;
                return Reply::envelope(code, code.message(), "auth", None);
            }
        };
        let charged = position(path).is_none_or(|at| endpoint(at).info.charged);
        if let Some(max) = self.record.max_spend.filter(|_| charged)
            && (state.price_unknown || state.spent >= max || state.spent + state.dearest > max)
        {
            let why = match state.price_unknown {
                true => "an answer did not say what it cost".to_owned(),
                false => format!("{:.5} of {max} US dollars are spent", state.spent),
            };
            let detail = format!("not asked: {why}");
            self.tell(&format!("{} {path}: {detail}", head.method));
            let message = format!("dataforseo-mock-server: {detail}");
            let code = StatusCode::CostLimitExceeded;
            return Reply::envelope(code, &message, "record", Some(detail));
        }
        let method = head.method.as_str();
        let asked = self
            .asker
            .ask(method, path, authorization, body.clone())
            .await;
        let said = match asked {
            Ok(said) => said,
            Err(reason) => {
                // It may have been carried out, and charged.
                state.price_unknown |= charged && self.record.max_spend.is_some();
                self.tell(&format!("{method} {path}: not recorded: {reason}"));
                let message = format!("dataforseo-mock-server: {reason}");
                let code = StatusCode::UpstreamUnavailable;
                return Reply {
                    status: 502,
                    ..Reply::envelope(code, &message, "record", Some(reason))
                };
            }
        };
        let cost = RawEnvelope::parse(&said.body).ok().and_then(|it| it.cost);
        match cost {
            Some(cost) => {
                state.spent += cost;
                state.dearest = state.dearest.max(cost);
            }
            None => state.price_unknown |= charged && self.record.max_spend.is_some(),
        }
        let authorization = authorization.clone();
        let kept = self.keep(&mut state, head, path, body, &authorization, &said);
        let detail = match kept {
            Ok(name) => format!("recorded as {name}"),
            Err(reason) => format!("not recorded: {reason}"),
        };
        let shown = state.sanitizer.path(path);
        self.tell(&format!("{method} {shown}: {detail}"));
        let mut reply = Reply::new(said.status, said.body, "upstream");
        reply.detail = Some(detail);
        for name in KEPT {
            if let Some(value) = said.headers.get(name) {
                reply
                    .headers
                    .push((HeaderName::from_static(name), value.clone()));
            }
        }
        reply
    }

    /// Writes an exchange into the folder, and says as what.
    fn keep(
        &self,
        state: &mut State,
        head: &Parts,
        path: &str,
        body: &Bytes,
        authorization: &HeaderValue,
        said: &Said,
    ) -> Result<String, String> {
        let at = position(path).ok_or("the API has no such path, as far as this version knows")?;
        if said.status == 401 {
            return Err("the credentials were not taken".to_owned());
        }
        if RawEnvelope::parse(&said.body).is_err() {
            return Err("the answer is not in the API's form".to_owned());
        }
        let credentials = credentials_of(authorization).ok_or("the credentials cannot be read")?;
        let text = |bytes: &Bytes| {
            let text = String::from_utf8(bytes.to_vec()).ok()?;
            serde_json::from_str::<serde::de::IgnoredAny>(&text).ok()?;
            Some(text)
        };
        let request = match head.method.as_str() {
            "GET" => None,
            _ => Some(text(body).ok_or("the request is no JSON")?),
        };
        let body = text(&said.body).ok_or("the answer is no JSON")?;
        let kept = said
            .headers
            .iter()
            .filter(|(name, _)| KEPT.contains(&name.as_str()));
        let json = "application/json";
        let headers = kept
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .filter(|(name, value)| name != CONTENT_TYPE.as_str() || !value.starts_with(json));
        let raw = Raw::new(Exchange {
            method: head.method.to_string(),
            path: path.trim_end_matches('/').to_owned(),
            request,
            status: said.status,
            headers: headers.collect(),
            body,
        });
        let secrets = Secrets::of(&credentials)?;
        let clean = state.sanitizer.clean(raw, &secrets)?;
        let tasks = tasks_of(&clean);
        let path = clean.get().path.clone();
        let known = state.known.find(at, &Wanted::new(&path, &tasks));
        let known = known.and_then(|fixture| fixture.file.clone());
        let key = MatchRule::default().key(&path, &tasks);
        let file = match known {
            Some(file) => file,
            None => self.record.folder.join(file_name(at, &clean, &tasks, &key)),
        };
        let answers = state.written.entry(key).or_default();
        // What polling brings is a sequence; what is said twice is said once.
        let same = |last: &Clean<Exchange>| {
            last.get().body == clean.get().body && last.get().status == clean.get().status
        };
        if !answers.last().is_some_and(same) {
            answers.push(clean);
        }
        let kept = Kept::of(&file);
        let text = fixture_text(answers, self.record.upstream.name(), today(), &kept);
        write_whole(&file, &text).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(file.display().to_string())
    }
}

/// The header for credentials `login:password`.
pub(crate) fn basic(credentials: &str) -> Result<HeaderValue, RecordError> {
    HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials)))
        .map_err(|_| RecordError::Credentials("the credentials cannot be sent".to_owned()))
}

/// The credentials `login:password` of a header.
fn credentials_of(header: &HeaderValue) -> Option<String> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let credentials = String::from_utf8(decoded).ok()?;
    (scheme.eq_ignore_ascii_case("basic") && credentials.contains(':')).then_some(credentials)
}

fn tasks_of(clean: &Clean<Exchange>) -> Value {
    let request = clean.get().request.as_deref();
    request
        .and_then(|request| serde_json::from_str(request).ok())
        .unwrap_or_default()
}

/// Where a new fixture goes: folders as in the path, a name by what is asked for and by the key, so
/// that the same request has the same name wherever it is recorded.
fn file_name(at: usize, clean: &Clean<Exchange>, tasks: &Value, key: &str) -> PathBuf {
    let fixed = endpoint(at)
        .info
        .path
        .split('/')
        .filter(|part| !part.starts_with('{'));
    let folder: PathBuf = fixed.filter(|part| !part.is_empty()).collect();
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
    let mut slug = String::new();
    for c in named.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
        if slug.len() == 40 {
            break;
        }
    }
    let slug = match slug.trim_matches('-') {
        "" => "task",
        slug => slug,
    };
    folder.join(format!("{slug}--{}.json", digest("key", key, 8)))
}

/// What people wrote into a fixture that is recorded anew.
#[derive(Default)]
struct Kept {
    note: Option<Value>,
    rule: Option<Value>,
    after: Option<Value>,
}

impl Kept {
    fn of(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_default();
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        Self {
            note: value.pointer("/meta/note").cloned(),
            rule: value.get("match").cloned(),
            after: value.get("after").cloned(),
        }
    }
}

/// The text of a fixture. What is in the exchange stays token by token.
fn fixture_text(answers: &[Clean<Exchange>], source: &str, date: Date, kept: &Kept) -> String {
    let mut text = String::from("{\"dfs_fixture\":1,\"meta\":{");
    // Writing to a string does not fail.
    let _ = write!(text, "\"source\":\"{source}\",\"recorded\":\"{date}\"");
    if let Some(note) = &kept.note {
        let _ = write!(text, ",\"note\":{note}");
    }
    text.push('}');
    let quoted = |text: &str| Value::from(text).to_string();
    if let Some(first) = answers.first().map(Clean::get) {
        let (method, path) = (quoted(&first.method), quoted(&first.path));
        let _ = write!(text, ",\"request\":{{\"method\":{method},\"path\":{path}");
        if let Some(request) = &first.request {
            let _ = write!(text, ",\"body\":{request}");
        }
        text.push('}');
    }
    if let Some(rule) = &kept.rule {
        let _ = write!(text, ",\"match\":{rule}");
    }
    let response = |answer: &Clean<Exchange>| {
        let answer = answer.get();
        let mut text = format!("{{\"status\":{}", answer.status);
        if !answer.headers.is_empty() {
            let pairs = answer.headers.iter();
            let pairs: Vec<String> = pairs
                .map(|(name, value)| format!("{}:{}", quoted(name), quoted(value)))
                .collect();
            let _ = write!(text, ",\"headers\":{{{}}}", pairs.join(","));
        }
        text + ",\"body\":" + &answer.body + "}"
    };
    match answers {
        [only] => {
            let _ = write!(text, ",\"response\":{}", response(only));
        }
        several => {
            let all: Vec<String> = several.iter().map(response).collect();
            let _ = write!(text, ",\"responses\":[{}]", all.join(","));
            if let Some(after) = &kept.after {
                let _ = write!(text, ",\"after\":{after}");
            }
        }
    }
    text.push('}');
    tokens::layout(&text, 0) + "\n"
}

/// Writes a file whole or not at all: beside its place first, and then into it.
fn write_whole(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut beside = tempfile::Builder::new()
        .prefix(".recording-")
        .tempfile_in(folder)?;
    beside.write_all(text.as_bytes())?;
    beside.as_file().sync_all()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any file that somebody makes: fixtures are for everybody.
        fs::set_permissions(beside.path(), fs::Permissions::from_mode(0o644))?;
    }
    beside.persist(file)?;
    Ok(())
}
